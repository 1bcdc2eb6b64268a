"""The mail server: the only importer of smtplib. So far it is only greeted, to see whether mails could be handed in."""

import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from bot.errors import RejectedError, TransientError

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed in; `trusted` replaces the system's certificates."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = None
    timeout_s: float = 10.0
    trusted: ssl.SSLContext | None = None


def greet(server: Server) -> str:
    """Connect, encrypt, log in and leave again; what was agreed on, in words. Sends no mail.

    Raises:
        RejectedError: certificate, login or encryption is refused; a person has to change something.
        TransientError: the server cannot be reached or is busy.
    """
    place = f"{server.host}:{server.port}"
    context = server.trusted or ssl.create_default_context()
    try:
        with _connection(server, context) as smtp:
            smtp.ehlo()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            smtp.noop()
    except ssl.SSLCertVerificationError as exc:
        raise RejectedError(f"{place} shows a certificate that is not trusted: {exc.verify_message}") from exc
    except smtplib.SMTPAuthenticationError as exc:
        raise RejectedError(f"{place} refuses user or password ({exc.smtp_code})") from exc
    except smtplib.SMTPNotSupportedError as exc:
        raise RejectedError(f"{place} does not offer what is asked of it: {exc}") from exc
    except (OSError, smtplib.SMTPException) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise TransientError(f"{place} cannot be talked to: {reason or type(exc).__name__}") from exc
    how = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "without encryption"}[server.security]
    return f"{place} answers {how}" + (" and takes the login" if server.user is not None else "")


def _connection(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
