"""Doctor greets the mail server: a real SMTP conversation, encrypted, with a login; a sentence for each fault."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from bot.digests.smtp import Server, greet
from bot.errors import RejectedError, TransientError
from bot.jobs import mail_checkup
from bot.settings import Settings


class Mailbox:
    """Takes no mail; nobody here sends any."""


def _may_enter(_server: object, _session: object, _envelope: object, _how: str, login: object) -> AuthResult:
    assert isinstance(login, LoginPassword)
    return AuthResult(success=(login.login, login.password) == (b"bot", b"secret"), handled=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    """A mail server that insists on STARTTLS and knows one login."""
    own, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(own)
    authority.configure_trust(trusted)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        Mailbox(),
        hostname="127.0.0.1",
        port=port,
        tls_context=own,
        require_starttls=True,
        authenticator=_may_enter,
    )
    controller.start()
    yield Server("localhost", port, user="bot", password="secret", timeout_s=5, trusted=trusted)
    controller.stop()


def test_a_server_that_takes_the_login_is_in_order(server: Server) -> None:
    assert greet(server) == f"localhost:{server.port} answers with STARTTLS and takes the login"


def test_a_wrong_password_is_refused_without_being_shown(server: Server) -> None:
    with pytest.raises(RejectedError, match="refuses us: 535") as refused:
        greet(replace(server, password="wrong-password"))
    assert "wrong-password" not in str(refused.value)


def test_a_certificate_of_nobody_is_not_trusted(server: Server) -> None:
    with pytest.raises(RejectedError, match="certificate is not to be trusted"):
        greet(replace(server, trusted=None))


def test_no_server_is_come_back_later(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(TransientError, match="is away"):
            greet(replace(server, port=free.getsockname()[1]))


def test_doctor_says_what_mail_lacks(server: Server) -> None:
    settings = Settings(_env_file=None, smtp_host="localhost", smtp_port=server.port)
    [found] = [one for one in mail_checkup.mail(settings) if one.check == "mail server"]
    assert found.ok is False
    assert "certificate" in found.message
    assert "SMTP_HOST" in found.mend
