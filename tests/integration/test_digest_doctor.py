"""What `doctor` says of the mail side: each thing that would keep digests from being sent, and nothing sent."""

from collections.abc import Iterator

import pytest

from bot.forum.doctor import Sight, own_mail
from bot.jobs import mail_checkup
from bot.settings import Settings
from bot.store.engine import Sessions
from tests.integration.digest_world import Desk, open_desk
from tests.integration.imap_server import Maildrop, serving_imap


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions) as made:
        yield made


def found(settings: Settings) -> dict[str, bool | None]:
    return {finding.check: finding.ok for finding in mail_checkup.mail(settings)}


def test_nothing_is_wanted_and_nothing_is_wrong() -> None:
    assert found(Settings(_env_file=None)) == {"digest": True}


def test_half_of_the_settings_are_named(desk: Desk) -> None:
    half = desk.settings.model_copy(update={"digest_contact": None, "public_url": None})
    [finding] = [one for one in mail_checkup.mail(half) if one.check == "digest"]
    assert finding.ok is False
    assert "DIGEST_CONTACT, PUBLIC_URL" in finding.message


def test_server_and_mailbox_that_answer_are_in_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_imap(Maildrop([b"x"]), monkeypatch) as changes:
        settings = desk.settings.model_copy(update=changes)
        assert found(settings) == {"digest": True, "mail server": True, "returned mail": True}
    assert not desk.mailbox.copies


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"smtp_port": 1}, "mail server"),
        ({"smtp_security": "starttls"}, "mail server"),
        ({"digest_weekly_at": "soon"}, "digest"),
        ({"digest_from": "News <digest@news.example.org>"}, "digest"),
        ({"digest_from": "digest@news.example.org\r\nBcc: x@evil.example"}, "digest"),
        ({"digest_report_to": "nobody"}, "digest"),
        ({"digest_bounce_domain": "a b"}, "digest"),
        ({"digest_idempotency_header": "Bcc: x"}, "digest"),
        ({"digest_idempotency_header": "list-id"}, "digest"),
        ({"imap_host": None}, "returned mail"),
    ],
)
def test_what_is_wrong_is_found(desk: Desk, change: dict[str, object], check: str) -> None:
    assert found(desk.settings.model_copy(update=change))[check] is False


def test_forum_that_mails_too_is_to_be_mended_only_beside_our_digests() -> None:
    on = Sight({"disable_digest_emails": "false", "default_email_digest_frequency": "10080"})
    assert own_mail(on).ok is True
    assert own_mail(on, sends_digests=True).ok is False
    assert own_mail(Sight({"disable_digest_emails": "true"}), sends_digests=True).ok is True
