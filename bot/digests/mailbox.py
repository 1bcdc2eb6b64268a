"""The mailbox that returned mail goes to, read by IMAP: each mail is stored first and deleted then."""

import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from bot.digests import bounces
from bot.errors import RejectedError, TransientError
from bot.settings import Settings
from bot.store.engine import Sessions

TIMEOUT_S = 30.0
MOST_AT_ONCE = 500


def collect(sessions: Sessions, settings: Settings) -> list[int]:
    """Move the mailbox's mails into the inbox; the ids of what is new. Killed anywhere, it counts nothing twice.

    Raises:
        RejectedError: login or folder is refused.
        TransientError: the server is away.
    """
    found: list[int] = []
    with _opened(settings) as mailbox:
        for number in _numbers(mailbox):
            raw = _fetched(mailbox, number)
            if raw is None:
                continue
            with sessions.begin() as session:
                stored = bounces.store(session, raw)
            if stored is not None:
                found.append(stored)
            mailbox.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
        mailbox.expunge()
    return found


def waiting(settings: Settings) -> int:
    """How many mails wait; raises as `collect`."""
    with _opened(settings) as mailbox:
        return len(_numbers(mailbox))


@contextmanager
def _opened(settings: Settings) -> Iterator[imaplib.IMAP4]:
    settings.require("imap_host", "imap_user", "imap_password")
    assert settings.imap_host is not None
    assert settings.imap_user is not None
    assert settings.imap_password is not None
    try:
        mailbox = imaplib.IMAP4_SSL(settings.imap_host, settings.imap_port, timeout=TIMEOUT_S)
        try:
            mailbox.login(settings.imap_user, settings.imap_password.get_secret_value())
            state, _ = mailbox.select(f'"{settings.imap_folder}"')
            if state != "OK":
                raise RejectedError(f"The mailbox has no folder {settings.imap_folder}: correct IMAP_FOLDER.")
            yield mailbox
        finally:
            mailbox.shutdown()
    except (imaplib.IMAP4.abort, OSError) as exc:
        raise TransientError(f"The mailbox at {settings.imap_host} is away: {type(exc).__name__}.") from exc
    except imaplib.IMAP4.error:
        raise RejectedError("The mailbox refuses the login: correct IMAP_USER and IMAP_PASSWORD.") from None


def _numbers(mailbox: imaplib.IMAP4) -> list[str]:
    state, answer = mailbox.uid("SEARCH", "UNDELETED")
    words = answer[0].split() if state == "OK" and answer and answer[0] else []
    return [word.decode("ascii") for word in words[:MOST_AT_ONCE]]


def _fetched(mailbox: imaplib.IMAP4, number: str) -> bytes | None:
    state, answer = mailbox.uid("FETCH", number, f"(BODY.PEEK[]<0.{bounces.LARGEST}>)")
    if state != "OK":
        return None
    return next((part[1] for part in answer if isinstance(part, tuple) and re.search(rb"BODY\[\]", part[0])), None)
