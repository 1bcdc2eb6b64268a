"""Pages for readers of the digest: plain HTML without script or cookie. GET shows, POST acts.

Whoever holds a link of a mail may do what it is for, so tokens are the authority and stand in no log. The form answers
the same to every address, known or not, within limits or over them.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse

from bot import clock
from bot.digests import addresses, archive, bounces, limits, links, office, render, subscribers
from bot.errors import RejectedError
from bot.jobs import queue
from bot.languages.ko import digest as ko_digest
from bot.languages.ko import pages as ko
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Subscriber
from bot.web.hooks import Gate, is_signed

LARGEST_FORM = 8_192
LARGEST_ID = 2**63 - 1
SIGNATURE = "x-paperbot-signature"
"""Of returned mail that a relay posts: `sha256=` and the HMAC-SHA256 of the body."""


@dataclass(frozen=True)
class Pages:
    """What the pages work with."""

    sessions: Sessions
    settings: Settings
    signer: links.Signer
    links: links.Links

    @cached_property
    def style(self) -> str:
        """The one style sheet, inside each page."""
        return render.environment().get_template("pages/style.css").render()

    @cached_property
    def headers(self) -> dict[str, str]:
        """Stricter than the web part's own where tokens are, but for the style and the forms."""
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        return {
            "content-security-policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'",
            "x-robots-tag": "noindex, nofollow",
        }

    def page(self, name: str, title: str, status: int = 200, **values: object) -> Response:
        """A page from its template."""
        text = (
            render.environment()
            .get_template(f"pages/{name}.html")
            .render(
                title=title,
                sender=self.settings.digest_sender or ko_digest.SENDER,
                contact=self.settings.digest_contact or "",
                cadences=ko_digest.CADENCES,
                languages=ko_digest.LANGUAGES,
                zones=ko_digest.ZONES,
                **values,
            )
        )
        return HTMLResponse(text, status, headers=self.headers)

    def said(
        self, title: str, lines: tuple[str, ...], *, link: tuple[str, str] | None = None, status: int = 200
    ) -> Response:
        """A page that says something."""
        return self.page("said", title, status, lines=lines, link=link)


def pages_of(settings: Settings, sessions: Sessions) -> Pages | None:
    """The pages; None where no digests are wanted.

    Raises:
        SettingsError: a secret is short.
    """
    if not office.is_set_up(settings):
        return None
    return Pages(sessions, settings, links.signer_of(settings), links.links_of(settings))


def router_of(pages: Pages) -> APIRouter:
    """All routes of readers."""
    router = APIRouter()

    def show(path: str, act: Callable[..., Response], *names: str) -> None:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(act, pages, *(request.path_params[name] for name in names))

        router.add_route(path, endpoint, methods=["GET", "HEAD"])

    def act_on(path: str, act: Callable[..., Response], *names: str) -> None:
        async def endpoint(request: Request) -> Response:
            form = await _form(request)
            if form is None:
                return PlainTextResponse("too large", 413)
            values = [request.path_params[name] for name in names]
            return await run_in_threadpool(act, pages, *values, form, _network(request))

        router.add_route(path, endpoint, methods=["POST"])

    show("/subscribe", subscribe_form)
    act_on("/subscribe", subscribe)
    show("/confirm/{token}", confirm_form, "token")
    act_on("/confirm/{token}", confirm, "token")
    show("/u/{token}", unsubscribe_form, "token")
    act_on("/u/{token}", unsubscribe, "token")
    show("/p/{token}", preferences_form, "token")
    act_on("/p/{token}", preferences, "token")
    show("/digests", archive_list)
    show("/digests/{digest_id:int}", archive_page, "digest_id")
    router.add_route("/hooks/mail", _returned_mail(pages), methods=["POST"])
    return router


Form = Mapping[str, str]


def subscribe_form(pages: Pages) -> Response:
    """The form for new readers."""
    return pages.page("subscribe", ko.SUBSCRIBE, problem=None, address="", chosen=subscribers.Choice())


def subscribe(pages: Pages, form: Form, network: str) -> Response:
    """Take an address in, and have a mail sent to it that asks to confirm."""
    coming = pages.said(ko.MAIL_IS_COMING, ko.MAIL_IS_COMING_LINES)
    if form.get("website"):
        return coming  # no person sees that field
    try:
        address = addresses.parse(form.get("address", ""))
        choice = subscribers.checked_choice(
            form.get("cadence", "weekly"), form.get("language", "ko"), form.get("zone", "Asia/Seoul")
        )
    except RejectedError:
        shown = form.get("address", "")[:254]
        chosen = subscribers.Choice()
        return pages.page("subscribe", ko.SUBSCRIBE, 400, problem=ko.NO_ADDRESS, address=shown, chosen=chosen)
    now = clock.now()
    wishes = (
        (pages.signer.hash_of("address", address.key), limits.PER_ADDRESS),
        (pages.signer.hash_of("network", network), limits.PER_NETWORK),
    )
    with pages.sessions.begin() as session:
        if limits.take(session, wishes, now):
            subscriber_id = subscribers.ask(session, address, choice, now)
            key = f"send_confirmation-{subscriber_id}"
            queue.defer(session, "send_confirmation", lock=key, queueing_lock=key, subscriber_id=subscriber_id)
    return coming


def confirm_form(pages: Pages, token: str) -> Response:
    """The button that makes a reader active; mail scanners open this, too."""
    with pages.sessions() as session:
        number = pages.signer.number_in(token)
        subscriber = session.get(Subscriber, number) if number is not None else None
        if subscriber is not None and subscribers.may_confirm(subscriber, pages.signer, token, clock.now()):
            return pages.page(
                "confirm",
                ko.CONFIRM,
                masked=addresses.masked(subscriber.address or ""),
                cadence=ko_digest.CADENCES[subscriber.cadence],
                here=f"/confirm/{token}",
            )
        return _confirmed_before(pages, subscriber, token)


def confirm(pages: Pages, token: str, _form: Form, network: str) -> Response:
    """Make the reader active; a second press says so again."""
    with pages.sessions.begin() as session:
        network_hash = pages.signer.hash_of("network", network)
        made = subscribers.confirm(session, pages.signer, token, network_hash=network_hash, now=clock.now())
        number = pages.signer.number_in(token)
        subscriber = made or (session.get(Subscriber, number) if number is not None else None)
        return _confirmed_before(pages, subscriber, token)


def _confirmed_before(pages: Pages, subscriber: Subscriber | None, token: str) -> Response:
    was_valid = (
        subscriber is not None
        and subscriber.state == "active"
        and pages.signer.is_valid(token, "confirm", subscriber.confirmations - 1)
    )
    if subscriber is None or not was_valid:
        return pages.said(ko.EXPIRED, ko.EXPIRED_LINES, link=("/subscribe", ko.AGAIN), status=410)
    own = pages.signer.token("preferences", subscriber.id, subscriber.token_version)
    return pages.said(ko.CONFIRMED, ko.CONFIRMED_LINES, link=(f"/p/{own}", ko.MY_CHOICES))


def unsubscribe_form(pages: Pages, token: str) -> Response:
    """Two ways out; opening it changes nothing."""
    if not pages.signer.is_valid(token, "unsubscribe"):
        return pages.said(ko.UNKNOWN, ko.UNKNOWN_LINES, status=404)
    return pages.page("unsubscribe", ko.LEAVE, here=f"/u/{token}")


def unsubscribe(pages: Pages, token: str, form: Form, _network: str) -> Response:
    """Stop at once (RFC 8058: no redirect, no cookie, no question); the same answer for any token, any number of times.

    A form that says `cadence` changes that instead.
    """
    cadence = form.get("cadence")
    with pages.sessions.begin() as session:
        number = subscribers.by_token(session, pages.signer, token, "unsubscribe")
        if number is not None and cadence in ko.CHANGED_LINES:
            _change_cadence(pages, session, number, cadence)
            return pages.said(ko.CHANGED, ko.CHANGED_LINES[cadence])
        if number is not None:
            subscribers.leave(session, number, actor="reader", reason="one click", now=clock.now())
            _tell_forum(pages, session, number)
    return pages.said(ko.LEFT, ko.LEFT_LINES)


def _change_cadence(pages: Pages, session: Session, number: int, cadence: str) -> None:
    subscriber = subscribers.locked(session, number)
    if subscriber is not None and subscriber.state == "active":
        choice = subscribers.checked_choice(cadence, subscriber.language, subscriber.zone)
        subscribers.change(subscriber, choice)
        _tell_forum(pages, session, number)


def preferences_form(pages: Pages, token: str) -> Response:
    """A reader's choices."""
    with pages.sessions() as session:
        number = subscribers.by_token(session, pages.signer, token, "preferences")
        if number is None:
            return pages.said(ko.UNKNOWN, ko.UNKNOWN_LINES, status=404)
        return _preferences(pages, session.get_one(Subscriber, number), token, None)


def preferences(pages: Pages, token: str, form: Form, _network: str) -> Response:
    """Save choices, leave, or be forgotten."""
    now = clock.now()
    with pages.sessions.begin() as session:
        number = subscribers.by_token(session, pages.signer, token, "preferences")
        subscriber = subscribers.locked(session, number) if number is not None else None
        if number is None or subscriber is None:
            return pages.said(ko.UNKNOWN, ko.UNKNOWN_LINES, status=404)
        match form.get("act"):
            case "leave":
                subscribers.leave(session, number, actor="reader", reason="preference page", now=now)
                _tell_forum(pages, session, number)
                return pages.said(ko.LEFT, ko.LEFT_LINES)
            case "erase" if form.get("sure") == "yes":
                subscribers.erase(session, pages.signer, number, actor="reader", now=now)
                return pages.said(ko.ERASED, ko.ERASED_LINES)
            case "erase":
                return _preferences(pages, subscriber, token, ko.SURE_FIRST)
            case "save" if subscriber.state == "active":
                try:
                    choice = subscribers.checked_choice(
                        form.get("cadence", ""), form.get("language", ""), form.get("zone", "")
                    )
                except RejectedError:
                    return _preferences(pages, subscriber, token, None)
                subscribers.change(subscriber, choice)
                _tell_forum(pages, session, number)
                return _preferences(pages, subscriber, token, ko.SAVED)
        return _preferences(pages, subscriber, token, None)


def _preferences(pages: Pages, subscriber: Subscriber, token: str, notice: str | None) -> Response:
    return pages.page(
        "preferences",
        ko.PREFERENCES,
        masked=addresses.masked(subscriber.address or ""),
        is_member=subscriber.forum_user_id is not None,
        is_active=subscriber.state == "active",
        chosen=subscriber,
        notice=notice,
        here=f"/p/{token}",
    )


def _tell_forum(pages: Pages, session: Session, number: int) -> None:
    subscriber = session.get_one(Subscriber, number)
    if subscriber.forum_user_id is not None and pages.settings.members_api_key is not None:
        key = f"write_member-{number}"
        queue.defer(session, "write_member", lock=key, queueing_lock=key, subscriber_id=number)


def archive_list(pages: Pages) -> Response:
    """The digests that were sent."""
    with pages.sessions() as session:
        return pages.page("archive", ko.ARCHIVE, digests=archive.newest(session))


def archive_page(pages: Pages, digest_id: int) -> Response:
    """A digest as it was sent; its styles stand on its elements, as mail programmes want them."""
    with pages.sessions() as session:
        text = archive.page(session, pages.links, digest_id) if digest_id <= LARGEST_ID else None
    if text is None:
        return pages.said(ko.UNKNOWN, ko.UNKNOWN_LINES, status=404)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return HTMLResponse(text, headers={"content-security-policy": policy, "cache-control": "public, max-age=300"})


def _returned_mail(pages: Pages) -> Any:
    secrets = pages.settings.bounce_hook_secrets
    known = tuple(part.strip().encode() for part in secrets.get_secret_value().split(",")) if secrets else ()
    gate = Gate(known, frozenset())

    def store(body: bytes) -> None:
        with pages.sessions.begin() as session:
            stored = bounces.store(session, body)
            if stored is not None:
                queue.defer(session, "handle_returned", inbox_id=stored)

    async def endpoint(request: Request) -> Response:
        body = await _body(request, bounces.LARGEST)
        if body is None:
            return PlainTextResponse("too large", 413)
        if not known or not is_signed(gate, body, request.headers.get(SIGNATURE)):
            return PlainTextResponse("refused", 403)
        await run_in_threadpool(store, body)
        return PlainTextResponse("ok")

    return endpoint


async def _form(request: Request) -> Form | None:
    """The fields of a small form; None for a large one. A form in parts, as one-click may send it, says nothing new."""
    body = await _body(request, LARGEST_FORM)
    if body is None:
        return None
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return {}


async def _body(request: Request, limit: int) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def _network(request: Request) -> str:
    """The visitor's network: /24, or /56 for IPv6. A proxy on this machine is believed about who stands behind it."""
    peer = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(peer)
        if address.is_loopback:
            told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            address = ipaddress.ip_address(told) if told else address
        if isinstance(address, ipaddress.IPv6Address):
            # A proxy that listens for both says IPv4 so; all of it is one /56.
            address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 56), strict=False))
