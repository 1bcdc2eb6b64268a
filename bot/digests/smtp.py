"""One conversation with the mail server: the only importer of smtplib.

Not `sendmail`: it hides the server's last answer, and cannot tell a line that broke in the middle of the text (not
taken, safe to repeat) from one that broke after the final dot (nobody knows).
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from bot.digests.message import Message
from bot.errors import RejectedError, TransientError
from bot.settings import Settings

AFTER_DOT_S = 600.0
"""RFC 5321, 4.5.3.2.6: so long may the answer to the final dot take."""
CONNECT_S = 10.0
MESSAGES_PER_CONNECTION = 100
SLOW_DOWN = (421, 452, 454)

Security = Literal["starttls", "tls", "none"]
Kind = Literal["sent", "refused", "again", "doubtful", "stop"]
Stage = Literal["mail", "rcpt", "data", "dot"]


class MailServerError(RejectedError):
    """The server takes no mail from us as we are set up: nothing is sent until a person changes something."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail.

    Attributes:
        kind: sent; refused (this mail, for good); again (not taken, safe to repeat); doubtful (may have been taken);
            stop (all mails would be refused).
        answer: the server's last words, or what happened instead, on one line.
        status: the enhanced code (RFC 3463), `5.1.1`, or an empty text.
        slow: the server asks for less at once.
        usable: whether the connection may be used again.
    """

    kind: Kind
    answer: str
    status: str = ""
    slow: bool = False
    usable: bool = True


def judged(stage: Stage, code: int, text: str) -> Outcome:
    """What the server's answer at this stage means."""
    found = re.match(r"([245]\.\d{1,3}\.\d{1,3})\b", text)
    status, answer, usable = found[1] if found else "", f"{code} {text}"[:300], code != 421
    if stage == "dot" and 200 <= code < 300:
        return Outcome("sent", answer, status)
    if code in (530, 535) or (stage == "mail" and code >= 500):
        return Outcome("stop", answer, status, usable=usable)
    if 500 <= code < 600:
        return Outcome("refused", answer, status, usable=usable)
    # 4xx; and what is no answer at all, before anything was taken
    kind: Kind = "again" if 400 <= code < 500 or stage != "dot" else "doubtful"
    return Outcome(kind, answer, status, slow=code in SLOW_DOWN and stage == "mail", usable=usable and code >= 200)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed in."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = None
    timeout_s: float = 60.0
    after_dot_s: float = AFTER_DOT_S
    trusted: ssl.SSLContext | None = None
    """Replaces the system's certificates, for tests."""


def server_of(settings: Settings) -> Server:
    """The server that the settings name.

    Raises:
        SettingsError: SMTP_HOST is not set.
        MailServerError: a password would travel unprotected.
    """
    settings.require("smtp_host")
    assert settings.smtp_host is not None
    if settings.smtp_user is not None:
        settings.require("smtp_password")
        if settings.smtp_security == "none":
            raise MailServerError(
                "SMTP_SECURITY is none, and a password would travel unprotected: use starttls or tls."
            )
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        password,
        settings.smtp_timeout_s,
    )


def greet(server: Server) -> str:
    """Connect, encrypt, log in and leave again; what was agreed on, in words. Sends no mail. Raises as `Connection`."""
    with Connection(server):
        how = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "without encryption"}[server.security]
        login = " and takes the login" if server.user is not None else ""
        return f"{server.host}:{server.port} answers {how}{login}"


class Connection:
    """An open conversation, for one thread. Close it when done."""

    def __init__(self, server: Server) -> None:
        """Connect, secure the line, log in.

        Raises:
            MailServerError: certificate, login or protection fails: waiting does not help.
            TransientError: the server is away or busy.
        """
        self.server = server
        self.sent = 0
        try:
            self._smtp = self._connected()
            self._secure()
        except (ssl.SSLCertVerificationError, smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as exc:
            raise MailServerError(f"The mail server {server.host}:{server.port} refuses us: {_said(exc)}") from exc
        except smtplib.SMTPResponseException as exc:
            if exc.smtp_code in (530, 535):
                raise MailServerError(f"The mail server {server.host} refuses us: {_said(exc)}") from exc
            raise TransientError(f"The mail server {server.host} is busy: {_said(exc)}") from exc
        except (smtplib.SMTPException, OSError) as exc:
            raise TransientError(f"The mail server {server.host}:{server.port} is away: {_said(exc)}") from exc
        sock = self._smtp.sock
        assert sock is not None
        self._sock: socket.socket = sock
        # The final dot is a write of its own; without this it waits for the other side's acknowledgement.
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pipelining = self._smtp.has_extn("pipelining")
        self.takes_utf8 = self._smtp.has_extn("smtputf8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave; errors on the way do not matter."""
        try:
            self._sock.settimeout(2.0)
            self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()

    @property
    def is_used_up(self) -> bool:
        """Whether a new connection is due."""
        return self.sent >= MESSAGES_PER_CONNECTION

    def send(self, message: Message) -> Outcome:
        """Hand one mail in. Never raises for what the server or the line does."""
        if not message.recipient.isascii() and not self.takes_utf8:
            return Outcome("refused", "the mail server takes no addresses with other letters than ASCII", "5.6.7")
        self.sent += 1
        dotted = False
        try:
            self._sock.settimeout(self.server.timeout_s)
            refusal = self._offer(message)
            if refusal is not None:
                return refusal
            data = message.data if b"\r\n." not in message.data else message.data.replace(b"\r\n.", b"\r\n..")
            self._sock.sendall(data)
            dotted = True
            self._sock.sendall(b".\r\n")
            self._sock.settimeout(self.server.after_dot_s)
            return judged("dot", *self._reply())
        except (smtplib.SMTPException, OSError) as exc:
            kind: Kind = "doubtful" if dotted else "again"
            return Outcome(kind, f"no answer: {type(exc).__name__}", usable=False)

    def _offer(self, message: Message) -> Outcome | None:
        """MAIL, RCPT and DATA, in one write where the server allows it; the refusal, or None to go on."""
        options = "" if message.recipient.isascii() else " SMTPUTF8 BODY=8BITMIME"
        steps: list[tuple[Stage, bytes]] = [
            ("mail", f"MAIL FROM:<{message.sender}>{options}\r\n".encode()),
            ("rcpt", f"RCPT TO:<{message.recipient}>\r\n".encode()),
            ("data", b"DATA\r\n"),
        ]
        if self._pipelining:
            self._sock.sendall(b"".join(line for _, line in steps))
        refusal: Outcome | None = None
        for stage, line in steps:
            if not self._pipelining:
                self._sock.sendall(line)
            code, text = self._reply()
            taken = code == 354 if stage == "data" else 200 <= code < 300
            if refusal is None and not taken:
                refusal = judged(stage, code, text)
                if not self._pipelining:
                    break
            elif refusal is not None and stage == "data" and code == 354:
                self._sock.sendall(b".\r\n")  # RFC 2920: nothing was accepted, so nothing is sent
                self._reply()
        if refusal is not None and refusal.usable:
            self._sock.sendall(b"RSET\r\n")
            self._reply()
        return refusal

    def _reply(self) -> tuple[int, str]:
        code, text = self._smtp.getreply()
        return code, " ".join(text.decode("utf-8", "replace").split())

    def _connected(self) -> smtplib.SMTP:
        server = self.server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_S, context=self._context())
        return smtplib.SMTP(server.host, server.port, timeout=CONNECT_S)

    def _secure(self) -> None:
        server = self.server
        self._smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            self._smtp.starttls(context=self._context())
            self._smtp.ehlo()
        if server.user is not None and server.password is not None:
            self._smtp.login(server.user, server.password)

    def _context(self) -> ssl.SSLContext:
        return self.server.trusted or ssl.create_default_context()


def _said(error: Exception) -> str:
    """What went wrong, without anything of ours that it may quote."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {' '.join(str(text).split())}"[:200]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS or no login; see SMTP_SECURITY"
    return type(error).__name__ if isinstance(error, smtplib.SMTPException) else str(error)[:200]
