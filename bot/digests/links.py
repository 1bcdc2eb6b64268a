"""Signed tokens: the authority behind a link in a mail, and behind the address a bounce comes back to.

A token is `NUMBER-SIGNATURE`, the number of a row and 128 bits of HMAC-SHA256 over purpose, number and version. It is
written in base32 small letters, because mail servers on the way back may change the case of an address.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import SettingsError
from bot.settings import Settings

Purpose = Literal["unsubscribe", "preferences", "confirm", "bounce"]
SHORTEST_SECRET = 32
_TOKEN = re.compile(r"([0-9]{1,15})-([a-z2-7]{26})")


@dataclass(frozen=True)
class Signer:
    """Makes tokens with the newest of its secrets and takes those of any."""

    secrets: tuple[bytes, ...]

    def token(self, purpose: Purpose, number: int, version: int = 0) -> str:
        """The token of a row for this purpose."""
        return f"{number}-{_signature(self.secrets[-1], purpose, number, version)}"

    def number_in(self, token: str) -> int | None:
        """The row that a token claims to be of, unchecked: the version is in that row."""
        match = _TOKEN.fullmatch(token.lower())
        return int(match[1]) if match else None

    def is_valid(self, token: str, purpose: Purpose, version: int = 0) -> bool:
        """Whether we made it. All secrets are tried, in constant time each."""
        match = _TOKEN.fullmatch(token.lower())
        if match is None:
            return False
        matches = [
            hmac.compare_digest(match[2], _signature(secret, purpose, int(match[1]), version))
            for secret in self.secrets
        ]
        return any(matches)

    def hash_of(self, kind: str, text: str) -> str:
        """A keyed hash, under which an address or a network may be remembered outside `subscribers`.

        Made with the oldest secret, so that it stays the same while a newer one is added.
        """
        return hmac.new(self.secrets[0], f"hash:{kind}:{text}".encode(), hashlib.sha256).hexdigest()[:40]


def _signature(secret: bytes, purpose: str, number: int, version: int) -> str:
    digest = hmac.digest(secret, f"{purpose}:{number}:{version}".encode(), "sha256")[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def signer_of(settings: Settings) -> Signer:
    """The signer that the settings ask for.

    Raises:
        SettingsError: no secret is set, or one is short.
    """
    settings.require("digest_secrets")
    assert settings.digest_secrets is not None
    secrets: Sequence[str] = [part.strip() for part in settings.digest_secrets.get_secret_value().split(",")]
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise SettingsError(
            f"DIGEST_SECRETS must be secrets of {SHORTEST_SECRET} or more characters, separated by single commas. "
            "`openssl rand -hex 32` makes one."
        )
    return Signer(tuple(secret.encode() for secret in secrets))


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of our pages, under PUBLIC_URL."""

    base: str

    def unsubscribe(self, token: str) -> str:
        """Page that stops the mails; a POST to it does so at once."""
        return f"{self.base}/u/{token}"

    def preferences(self, token: str) -> str:
        """Page of a reader's choices."""
        return f"{self.base}/p/{token}"

    def confirm(self, token: str) -> str:
        """Page of the button that makes a reader active."""
        return f"{self.base}/confirm/{token}"

    def archive(self, digest_id: int) -> str:
        """A digest as a web page."""
        return f"{self.base}/digests/{digest_id}"

    @property
    def subscribe(self) -> str:
        """The form for new readers."""
        return f"{self.base}/subscribe"


def links_of(settings: Settings) -> Links:
    """The links that the settings ask for.

    Raises:
        SettingsError: PUBLIC_URL is not set.
    """
    settings.require("public_url")
    return Links(str(settings.public_url).rstrip("/"))
