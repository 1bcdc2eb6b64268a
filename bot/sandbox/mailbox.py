"""A mail server for one machine: takes mails in a real SMTP conversation, shows them, fails when it is told to.

Nothing leaves the machine. It also plays the mailbox's owner: what arrived is found by address, and each copy of a
mail is counted by its Message-ID.
"""

# ruff: noqa: ARG001, ARG002, N802 - the names and arguments of methods are aiosmtpd's

import asyncio
import html
import re
import socket
import ssl
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

KEPT = 2_000
"""So many mails are kept whole; copies of all are counted."""

Stage = Literal["MAIL", "RCPT", "DATA", "TEXT", "DOT", "AFTER"]
"""Where a fault strikes: at a command, in the middle of the text, at the final dot, or after the mail was taken."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as it came."""

    number: int
    sender: str
    recipient: str
    data: bytes

    @property
    def parsed(self) -> EmailMessage:
        """The mail, read by the standard library."""
        found = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def part(self, kind: str) -> str:
        """Its text of this kind, `plain` or `html`."""
        body = self.parsed.get_body((kind,))
        return "" if body is None else str(body.get_content())


@dataclass
class Fault:
    """What the server does wrong: an answer of its own, or the line cut (`None`).

    Attributes:
        times: how often; `after` mails are taken first.
        silent_s: says nothing for so long before.
    """

    stage: Stage
    answer: str | None
    times: int = 1
    after: int = 0
    silent_s: float = 0.0
    fired: int = 0


@dataclass
class Mailbox:
    """The server's state; safe to look at from other threads."""

    password: str | None = None
    mails: deque[Arrived] = field(default_factory=lambda: deque(maxlen=KEPT))
    copies: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    connections: int = 0
    slow_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail_next(
        self, stage: Stage, answer: str | None = None, *, times: int = 1, after: int = 0, silent_s: float = 0.0
    ) -> Fault:
        """Have the next mails meet a fault; look at its `fired` afterwards."""
        fault = Fault(stage, answer, times, after, silent_s)
        with self._lock:
            self.faults.append(fault)
        return fault

    def to(self, address: str) -> list[Arrived]:
        """The mails that came to an address, oldest first."""
        with self._lock:
            return [mail for mail in self.mails if mail.recipient == address]

    def take(self, sender: str, recipient: str, data: bytes) -> None:
        """Count a mail, and keep it."""
        found = re.search(rb"(?im)^message-id:\s*(\S+)", data)
        with self._lock:
            self.copies[found[1].decode("ascii", "replace") if found else ""] += 1
            self.recipients[recipient] += 1
            self.mails.append(Arrived(sum(self.recipients.values()), sender, recipient, data))

    def fault_at(self, stage: Stage) -> Fault | None:
        """The fault that strikes now, counted as fired."""
        with self._lock:
            for fault in self.faults:
                if fault.stage != stage:
                    continue
                if fault.after:
                    fault.after -= 1
                elif fault.fired < fault.times:
                    fault.fired += 1
                    return fault
        return None

    def app(self) -> ASGIApp:
        """Pages to read the mails on."""
        return Starlette(
            routes=[
                Route("/", self._list),
                Route("/mails/{number:int}", self._show),
                Route("/mails/{number:int}/html", self._html),
            ]
        )

    def _mail(self, request: Request) -> Arrived | None:
        number = request.path_params["number"]
        with self._lock:
            return next((mail for mail in self.mails if mail.number == number), None)

    def _list(self, _: Request) -> Response:
        with self._lock:
            mails = list(self.mails)[::-1][:200]
        rows = "".join(
            f'<li><a href="/mails/{mail.number}">{html.escape(str(mail.parsed["Subject"]))}</a> '
            f"<small>{html.escape(mail.recipient)}</small></li>"
            for mail in mails
        )
        return HTMLResponse(f"{_HEAD}<h1>받은 메일</h1><ul>{rows or '<li>아직 없습니다.</li>'}</ul>")

    def _show(self, request: Request) -> Response:
        mail = self._mail(request)
        if mail is None:
            return PlainTextResponse("없는 메일입니다", 404)
        head = "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>" for name, value in mail.parsed.items()
        )
        text = re.sub(r"(https?://[^\s<]+)", r'<a href="\1">\1</a>', html.escape(mail.part("plain")))
        frame = (
            f'<iframe sandbox="allow-popups allow-top-navigation-by-user-activation" src="/mails/{mail.number}/html">'
        )
        return HTMLResponse(
            f'{_HEAD}<p><a href="/">받은 메일</a></p>{frame}</iframe><details><summary>글자로만</summary>'
            f"<pre>{text}</pre></details><details><summary>머리글</summary><dl>{head}</dl></details>"
        )

    def _html(self, request: Request) -> Response:
        mail = self._mail(request)
        if mail is None:
            return PlainTextResponse("없는 메일입니다", 404)
        # As mail programmes do: links leave the frame, nothing is loaded.
        text = mail.part("html").replace("<head>", '<head><base target="_top">', 1)
        return HTMLResponse(text, headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"})


_HEAD = (
    '<!DOCTYPE html><html lang="ko"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>받은 메일</title><style>body{font:16px/1.6 sans-serif;max-width:760px;margin:24px auto;padding:0 12px}"
    "iframe{width:100%;height:75vh;border:1px solid #999;border-radius:8px}pre{white-space:pre-wrap}"
    "dd{margin:0 0 6px 16px;overflow-wrap:anywhere}</style>"
)


class _Conversation(SMTP):
    """One server side of a conversation, with faults."""

    mailbox: Mailbox

    async def smtp_DATA(self, arg: str) -> None:
        if self.mailbox.fault_at("TEXT") is not None:
            await self.push("354 go on")
            await self._reader.read(1_000)
            _cut(self)
            return
        fault = self.mailbox.fault_at("DATA") if self.envelope and self.envelope.rcpt_tos else None
        if fault is not None:
            await self._obey(fault)
            return
        await super().smtp_DATA(arg)

    async def _obey(self, fault: Fault) -> None:
        await asyncio.sleep(fault.silent_s)
        if fault.answer is None:
            _cut(self)
        else:
            await self.push(fault.answer)


def _cut(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-SMTPUTF8", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._mailbox.fault_at("MAIL")
        if fault is not None:
            return await self._struck(server, fault)
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._mailbox.fault_at("RCPT")
        if fault is not None:
            return await self._struck(server, fault)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._mailbox.fault_at("DOT")
        if fault is not None:
            return await self._struck(server, fault)
        await asyncio.sleep(self._mailbox.slow_s)
        content = envelope.content
        data = content if isinstance(content, bytes) else str(content).encode()
        for recipient in envelope.rcpt_tos:
            self._mailbox.take(envelope.mail_from or "", recipient, data)
        fault = self._mailbox.fault_at("AFTER")
        if fault is not None:
            return await self._struck(server, fault)
        return f"250 2.0.0 Ok: queued as {sum(self._mailbox.recipients.values())}"

    async def _struck(self, server: SMTP, fault: Fault) -> str:
        await asyncio.sleep(fault.silent_s)
        if fault.answer is None:
            _cut(server)
            return "421 4.3.0 gone"
        return fault.answer


@contextmanager
def running(mailbox: Mailbox, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve SMTP on loopback in a thread for the time of the block; yields the port.

    Args:
        port: 0 takes a free one; another that is in use is replaced by a free one.
        tls: offers STARTTLS with this certificate.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()
    started = threading.Event()

    def authenticated(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password.decode() == mailbox.password
        return AuthResult(success=is_right, handled=is_right)

    def conversation() -> SMTP:
        mailbox.connections += 1
        made = _Conversation(
            _Handler(mailbox),
            hostname="mail.sandbox.localhost",
            data_size_limit=None,
            enable_SMTPUTF8=False,
            decode_data=False,
            tls_context=tls,
            authenticator=authenticated if mailbox.password else None,
            auth_require_tls=tls is not None,
            loop=loop,
        )
        made.mailbox = mailbox
        return made

    async def serve() -> None:
        server = await loop.create_server(conversation, sock=listener)
        started.set()
        await stopping.wait()
        server.close()
        for task in asyncio.all_tasks(loop) - {asyncio.current_task(loop)}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="sandbox-mailbox", daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield listener.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)
        listener.close()
