"""Mail addresses at the border: what is one, when two are the same, and what may be shown of one."""

import unicodedata
from dataclasses import dataclass

import idna

from bot.errors import RejectedError

LONGEST = 254
LONGEST_LOCAL = 64
_ATOM = frozenset("!#$%&'*+-/=?^_`{|}~.")


class NoAddressError(RejectedError):
    """The text is not a mail address that we write to."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address.

    Attributes:
        given: the spelling mail is sent to, with the domain in ASCII; the local part may hold other letters.
        key: the same for spellings of one mailbox: lower case, NFC. Tags and dots still make another one.
    """

    given: str
    key: str

    @property
    def is_ascii(self) -> bool:
        """Whether every mail server takes it; another one needs SMTPUTF8."""
        return self.given.isascii()


def parse(text: str) -> Address:
    """The address in `text`, alone and unadorned: no display name, no quotes, no comments, no line breaks.

    Raises:
        NoAddressError: it is none.
    """
    cleaned = unicodedata.normalize("NFC", text.strip(" \t\r\n"))
    local, at, domain = cleaned.rpartition("@")
    if not at or not _is_local_part(local):
        raise NoAddressError("That is not a mail address of the form name@example.org.")
    try:
        ascii_domain = idna.encode(domain.lower().rstrip("."), uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        raise NoAddressError("The part after @ is not a domain name.") from None
    if "." not in ascii_domain or ascii_domain.rpartition(".")[2].isdigit():
        raise NoAddressError("The part after @ is not a domain name.")
    given = f"{local}@{ascii_domain}"
    if len(given.encode()) > LONGEST:
        raise NoAddressError("The address is too long.")
    return Address(given, unicodedata.normalize("NFC", local.lower()) + "@" + ascii_domain)


def _is_local_part(local: str) -> bool:
    """Whether it is a dot-atom (RFC 5322, widened by RFC 6531): what every provider hands out, and nothing that a
    header could be broken with."""
    if not local or len(local.encode()) > LONGEST_LOCAL or ".." in local or local[0] == "." or local[-1] == ".":
        return False
    return all(
        char in _ATOM or (char.isalnum() if char.isascii() else unicodedata.category(char)[0] in "LMN")
        for char in local
    )


def masked(given: str) -> str:
    """What may be shown on a page of whoever holds the link: `k***@naver.com`."""
    local, _, domain = given.rpartition("@")
    return f"{local[:1]}***@{domain}"
