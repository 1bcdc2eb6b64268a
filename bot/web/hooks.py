"""The forum's webhooks: checked, stored, answered. Nothing is worked on here, and nothing in them is believed.

A webhook only says that something may have changed; the job it defers reads the object itself. So one that is old,
doubled, late or forged with a stolen secret changes nothing that is not so on the forum.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.inbox import Arrival, Counts, StoreAwayError, Writer

_log = logging.getLogger(__name__)

SHORTEST_SECRET = 12
"""Discourse takes no shorter one, except none at all, and then it does not sign."""
LARGEST_BODY = 1_000_000
READ_S = 10.0
COUNTS_EVERY_S = 2.0
COUNTED_NAMES = 100
"""Event names counted each on their own; the header that holds them is not signed."""
WHISPER = 4
PRIVATE_MESSAGE = "private_message"
STORED_TYPES = ("post", "topic", "like", "reviewable")
"""Others are answered and counted. `user` holds e-mail addresses and nothing that we handle."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may send, and how much at once.

    Attributes:
        secrets: any of them may have signed; none at all refuses everything.
        hosts: of the forums that may send, in lower case.
    """

    secrets: tuple[bytes, ...]
    hosts: frozenset[str]
    in_flight: int = 100


def gate_of(settings: Settings) -> Gate:
    """The gate that the settings ask for.

    Raises:
        SettingsError: a secret is blank or short.
    """
    secrets: tuple[str, ...] = ()
    if settings.webhook_secrets is not None:
        secrets = tuple(secret.strip() for secret in settings.webhook_secrets.get_secret_value().split(","))
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise SettingsError(
            f"WEBHOOK_SECRETS must be secrets of {SHORTEST_SECRET} or more characters, separated by single commas: "
            "without one, anybody could send webhooks. `openssl rand -hex 32` makes one."
        )
    hosts = settings.webhook_hosts or ((urlsplit(str(settings.forum_url)).netloc,) if settings.forum_url else ())
    return Gate(
        tuple(secret.encode() for secret in secrets),
        frozenset(host.lower() for host in hosts),
        settings.webhooks_in_flight,
    )


def is_signed(gate: Gate, body: bytes, signature: str | None) -> bool:
    """Whether one of the secrets signed exactly these bytes. All are tried, so that time tells nothing."""
    given = (signature or "").encode("latin-1", "replace")
    matches = [
        hmac.compare_digest(b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode(), given)
        for secret in gate.secrets
    ]
    return any(matches)


def is_from_listed_forum(gate: Gate, instance: str | None) -> bool:
    """Whether the sender calls itself by a listed address. It is not signed: this finds mistakes, not attacks."""
    value = (instance or "").strip().lower()
    return (urlsplit(value).netloc if "//" in value else value.rstrip("/")) in gate.hosts


class UnreadableError(Exception):
    """A signed webhook that is not what Discourse sends."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A webhook that nothing is done about."""


def arrival_of(event_type: str, event: str, body: bytes) -> Arrival | Ignored:
    """What is kept of a webhook. Private messages are not; whispers only if their topic is ours.

    Raises:
        UnreadableError: no JSON, or without the object that its type names.
    """
    if event_type not in STORED_TYPES:
        return Ignored()
    try:
        payload = json.loads(body)
        subject = payload[event_type]
        post = subject["post"] if event_type == "like" else subject
        object_id = int(post["id"])
    except (ValueError, TypeError, LookupError, RecursionError) as exc:
        raise UnreadableError(type(exc).__name__) from None
    if PRIVATE_MESSAGE in (post.get("topic_archetype"), post.get("archetype")):
        return Ignored()
    topic_id = post.get("topic_id")
    is_whisper = event_type in ("post", "like") and post.get("post_type") == WHISPER
    if is_whisper and not isinstance(topic_id, int):
        return Ignored()
    digest = hashlib.sha256(body).hexdigest()
    return Arrival(
        event_type,
        event,
        object_id,
        content_key=f"{event_type}:{object_id}:{digest}",
        body=_stored_body(event_type, subject, body),
        only_if_ours=topic_id if is_whisper else None,
    )


def _stored_body(event_type: str, subject: Mapping[str, Any], body: bytes) -> str:
    """Posts and topics whole; of the others, which may show e-mail addresses, only what says what they are about."""
    match event_type:
        case "like":
            liker = subject.get("user") or {}
            user = {name: liker.get(name) for name in ("id", "username")} if isinstance(liker, Mapping) else {}
            return json.dumps({"like": {"post": _only(subject["post"], "id", "topic_id", "post_number"), "user": user}})
        case "reviewable":
            return json.dumps({"reviewable": _only(subject, "id", "type", "status", "topic_id")})
    return body.decode()


def _only(subject: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: subject[name] for name in names if name in subject}


@dataclass
class Hooks:
    """The receiver's state: how many webhooks are under way, and what to count."""

    gate: Gate
    writer: Writer
    under_way: int = 0
    counts: Counts = field(default_factory=Counts)
    names: set[str] = field(default_factory=set)

    async def receive(self, request: Request) -> Response:
        """Answer one webhook.

        200: stored, known, or none of our business; 400: signed, but unreadable; 403: not signed by us; 408, 413: too
        slow, too large; 429: too many at once; 503: not stored, send it again. Never 404 or 410: those would switch
        the webhook off.
        """
        if self.under_way >= self.gate.in_flight:
            self._count("(any)", "refused")
            return _answer(429, "too many", **{"retry-after": "60"})
        self.under_way += 1
        try:
            return await self._receive(request)
        except StoreAwayError:
            return _answer(503, "later", **{"retry-after": "60"})
        finally:
            self.under_way -= 1

    async def _receive(self, request: Request) -> Response:
        headers = request.headers
        signature = headers.get("x-discourse-event-signature")
        if signature is None:
            return self._refused(403, "(unsigned)")
        if not is_from_listed_forum(self.gate, headers.get("x-discourse-instance")):
            return self._refused(403, "(other forum)")
        try:
            async with asyncio.timeout(READ_S):
                body = await _read(request)
        except TimeoutError:
            return self._refused(408, "(slow)")
        except ClientDisconnect:
            return self._refused(400, "(cut off)")
        if body is None:
            return self._refused(413, "(too large)")
        if not is_signed(self.gate, body, signature):
            return self._refused(403, "(badly signed)")
        event_type = headers.get("x-discourse-event-type", "")
        event = self._name(headers.get("x-discourse-event", ""))
        try:
            arrival = arrival_of(event_type, event, body)
        except UnreadableError as exc:
            _log.warning("webhook unreadable", extra={"event": event, "reason": str(exc)})
            return self._refused(400, event)
        if isinstance(arrival, Ignored):
            self._count(event, "ignored")
            return _answer(200, "ok")
        is_new = await self.writer.store(arrival)
        self._count(event, "stored" if is_new else "repeated" if arrival.only_if_ours is None else "ignored")
        return _answer(200, "ok")

    def _name(self, event: str) -> str:
        """The event's name if it looks like one, within bounds: attackers may replay bodies under any name."""
        if not re.fullmatch(r"[a-z_]{1,60}", event):
            return "(other)"
        if event not in self.names and len(self.names) >= COUNTED_NAMES:
            return "(other)"
        self.names.add(event)
        return event

    def _refused(self, status: int, event: str) -> Response:
        self._count(event, "refused")
        return _answer(status, "refused")

    def _count(self, event: str, outcome: str) -> None:
        self.counts[event, outcome] += 1

    async def keep_counts(self) -> None:
        """Write the counts every few seconds, until cancelled. A row of its own for each would queue the webhooks."""
        while True:
            await asyncio.sleep(COUNTS_EVERY_S)
            await self.write_counts()

    async def write_counts(self) -> None:
        """Write the counts; what cannot be written now is kept for the next time."""
        if not self.counts:
            return
        counts, self.counts = self.counts, Counts()
        try:
            await self.writer.write_counts(counts)
        except psycopg.Error as exc:
            _log.warning("webhook counts not written", extra={"reason": type(exc).__name__})
            self.counts.update(counts)


async def _read(request: Request) -> bytes | None:
    """The body as it came; None as soon as it is too large, whatever its length was said to be."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > LARGEST_BODY:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _answer(status: int, text: str, **headers: str) -> Response:
    return Response(text, status, headers=headers or None, media_type="text/plain")


def route_of(hooks: Hooks) -> Route:
    """The one route. It is Starlette's own: FastAPI's would look for parameters in each request."""
    return Route("/hooks/discourse", hooks.receive, methods=["POST"])


def hosts_for_people(hosts: Sequence[str] | frozenset[str]) -> str:
    """The hosts in one line."""
    return ", ".join(sorted(hosts)) or "nobody: neither WEBHOOK_HOSTS nor FORUM_URL is set"
