"""What comes back: counted once, believed only with a token of ours, and answered by the rules of the score."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.digests import bounces, mailbox, subscribers
from bot.digests.bounces import Returned
from bot.jobs import digests as jobs
from bot.sandbox.server import serve
from bot.store.engine import Sessions
from bot.store.tables import BounceScore, Delivery, InboxEvent
from bot.web import subscriptions
from tests.integration.digest_world import DAY, MONDAY, Desk, open_desk
from tests.integration.imap_server import Maildrop, serving_imap

SECRET = "a secret between us and the relay"


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions, bounce_hook_secrets=SECRET) as made:
        made.edition(MONDAY - DAY, "Ship One")
        yield made


def sent_to(desk: Desk, address: str = "one@example.com") -> tuple[int, Delivery]:
    """A reader whose mail was sent, and its delivery."""
    number = desk.reader(address)
    desk.run(MONDAY)
    return number, delivery_of(desk, number)


def delivery_of(desk: Desk, number: int) -> Delivery:
    with desk.sessions() as session:
        return session.query(Delivery).filter_by(subscriber_id=number).order_by(Delivery.id.desc()).first()  # type: ignore[return-value]


def report(
    to: str, *, action: str = "failed", status: str = "5.1.1", quoted: bytes = b"", kind: str = "delivery-status"
) -> bytes:
    """A delivery status notification as RFC 3464 has it."""
    return (
        (
            f"From: MAILER-DAEMON@mx.example.com\r\nTo: <{to}>\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
            f"--b\r\nContent-Type: message/{kind}\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
            f"Final-Recipient: rfc822; one@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        ).encode()
        + quoted
        + b"\r\n--b--\r\n"
    )


def complaint(quoted: bytes) -> bytes:
    """A feedback report as RFC 5965 has it."""
    return (
        b"From: fbl@naver.com\r\nTo: <abuse@news.example.org>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + quoted + b"\r\n--b--\r\n"
    )


def bounce_address(desk: Desk, delivery: Delivery) -> str:
    return f"b+{desk.signer.token('bounce', delivery.id)}@bounce.news.example.org"


def take(desk: Desk, raw: bytes, now: dt.datetime = MONDAY) -> str:
    with desk.sessions.begin() as session:
        key = hashlib.sha256(raw).hexdigest()
        return bounces.take(session, desk.signer, bounces.read(raw), content_key=key, now=now)


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.6"])
@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status"])
def test_no_such_address_ends_the_mails(desk: Desk, status: str, kind: str) -> None:
    number, delivery = sent_to(desk)
    assert take(desk, report(bounce_address(desk, delivery), status=status, kind=kind)) == "bounced"
    assert desk.state(number) == "bounced"
    assert delivery_of(desk, number).state == "bounced"
    assert desk.finish(delivery.digest_id).sent == 1


def test_address_may_come_back_in_capitals(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    take(desk, report(bounce_address(desk, delivery).upper()))
    assert desk.state(number) == "bounced"


@pytest.mark.parametrize(
    ("action", "status", "score"), [("failed", "4.4.1", 1.0), ("failed", "5.2.2", 1.0), ("failed", "5.4.4", 2.0)]
)
def test_other_failures_are_scored(desk: Desk, action: str, status: str, score: float) -> None:
    number, delivery = sent_to(desk)
    assert take(desk, report(bounce_address(desk, delivery), action=action, status=status)) == f"score {score}"
    assert desk.state(number) == "active"


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.7"), ("delivered", "2.0.0"), ("relayed", "2.0.0")])
def test_delay_and_success_change_nothing(desk: Desk, action: str, status: str) -> None:
    number, delivery = sent_to(desk)
    take(desk, report(bounce_address(desk, delivery), action=action, status=status))
    with desk.sessions() as session:
        assert session.query(BounceScore).count() == 0
    assert delivery_of(desk, number).state == "sent"


def test_policy_never_counts_against_the_reader(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    take(desk, report(bounce_address(desk, delivery), status="5.7.1"))
    with desk.sessions() as session:
        assert session.query(BounceScore).count() == 0
    assert desk.state(number) == "active"


def test_two_hard_bounces_on_two_days_are_enough_and_one_day_counts_once(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    to = bounce_address(desk, delivery)
    assert take(desk, report(to, status="5.4.4")) == "score 2.0"
    assert take(desk, report(to, status="5.4.4", quoted=b"again")) == "score 2.0"
    assert take(desk, report(to, status="5.4.4", quoted=b"next"), MONDAY + DAY) == "bounced"
    assert desk.state(number) == "bounced"


def test_score_is_forgotten_after_a_month_and_eased_by_mails_that_arrive(desk: Desk) -> None:
    _, delivery = sent_to(desk)
    to = bounce_address(desk, delivery)
    take(desk, report(to, status="5.4.4"))
    assert take(desk, report(to, status="5.4.4", quoted=b"late"), MONDAY + 31 * DAY) == "score 2.0"
    desk.edition(MONDAY + 6 * DAY, "Ship Two")
    digest_id = desk.run(MONDAY + 7 * DAY)
    with desk.sessions.begin() as session:
        bounces.ease_scores(session, desk.signer, digest_id, (MONDAY + 31 * DAY).date())
    with desk.sessions() as session:
        assert session.query(BounceScore).one().score == pytest.approx(1.9)


def test_same_bounce_counts_once(desk: Desk) -> None:
    _, delivery = sent_to(desk)
    raw = report(bounce_address(desk, delivery), status="5.4.4")
    assert take(desk, raw) == "score 2.0"
    assert take(desk, raw, MONDAY + DAY) == "counted before"


def test_complaint_ends_mails_of_any_kind_until_a_person_clears_it(desk: Desk) -> None:
    number, _ = sent_to(desk)
    [mail] = desk.mailbox.to("one@example.com")
    assert take(desk, complaint(mail.data)) == "complained"
    assert desk.state(number) == "complained"
    assert delivery_of(desk, number).state == "complained"
    assert jobs.send_confirmation(desk.sessions, desk.settings, number, now=MONDAY) == "no mail"
    with desk.sessions.begin() as session:
        assert subscribers.clear(session, number, actor="operator", now=MONDAY)
    assert desk.state(number) == "unsubscribed"


def test_forged_notices_change_nothing(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    wrong = desk.signer.token("unsubscribe", delivery.id)
    quoted = f"Message-ID: <d{delivery.digest_id}.{delivery.id}@news.example.org>\r\n".encode()
    for raw in (
        report(f"b+{wrong}@bounce.news.example.org"),
        report(f"b+{delivery.id}-{'a' * 26}@bounce.news.example.org"),
        report("bounce@news.example.org", quoted=quoted),
        complaint(quoted),
        b"",
        b"\xff\xfe" * 500,
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=\r\n\r\n--\r\n",
    ):
        assert take(desk, raw) == "no token of ours"
    assert desk.state(number) == "active"


def test_out_of_office_answer_changes_nothing(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    raw = f"To: {bounce_address(desk, delivery)}\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n".encode()
    assert take(desk, raw) == "nothing follows"
    assert desk.state(number) == "active"


def test_dialects_of_old_servers_are_understood(desk: Desk) -> None:
    _, delivery = sent_to(desk)
    raw = (
        f"From: MAILER-DAEMON@qmail.example\r\nTo: {bounce_address(desk, delivery)}\r\nSubject: failure notice\r\n\r\n"
        "Hi. This is the qmail-send program at qmail.example.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        "<one@example.com>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n"
        "--- Below this line is a copy of the message.\r\n"
    ).encode()
    assert bounces.read(raw).kind == "hard"
    assert take(desk, raw) == "score 2.0"


def test_mail_to_the_unsubscribe_address_is_like_the_button(desk: Desk) -> None:
    number, _ = sent_to(desk)
    to = f"u+{desk.signer.token('unsubscribe', number)}@news.example.org"
    raw = f"From: one@example.com\r\nTo: {to}\r\nSubject: unsubscribe\r\n\r\n".encode()
    assert take(desk, raw) == "unsubscribed"
    assert take(desk, raw) == "had left"
    assert desk.state(number) == "unsubscribed"


def test_bounce_settles_a_doubt(desk: Desk) -> None:
    number = desk.reader("one@example.com")
    digest_id = desk.plan()
    desk.mailbox.fail_next("AFTER")
    desk.send(digest_id)
    assert delivery_of(desk, number).state == "doubtful"
    take(desk, report(bounce_address(desk, delivery_of(desk, number)), status="5.4.4"))
    assert delivery_of(desk, number).state == "bounced"


def test_refusal_at_once_counts_like_a_bounce(desk: Desk) -> None:
    number = desk.reader("one@example.com")
    digest_id = desk.plan()
    desk.mailbox.fail_next("RCPT", "550 5.1.1 no such user")
    desk.send(digest_id)
    for _ in range(2):
        with desk.sessions.begin() as session:
            bounces.note_refusals(session, desk.signer, digest_id, MONDAY)
    assert desk.state(number) == "bounced"
    assert delivery_of(desk, number).state == "refused"


def test_nothing_of_the_returned_mail_is_kept_but_what_it_means(desk: Desk) -> None:
    _, delivery = sent_to(desk)
    raw = report(bounce_address(desk, delivery))
    with desk.sessions.begin() as session:
        assert bounces.store(session, raw) is not None
        assert bounces.store(session, raw) is None
    with desk.sessions() as session:
        [event] = session.query(InboxEvent)
    assert "one@example.com" not in event.body
    assert bounces.returned_in(event) == Returned(
        "hard", "5.1.1", desk.signer.token("bounce", delivery.id), None, None, None
    )


def run_jobs(desk: Desk) -> list[str]:
    with desk.sessions.begin() as session:
        rows = session.execute(
            text("delete from procrastinate_jobs where task_name = 'handle_returned' returning args")
        ).scalars()
        ids = [row["inbox_id"] for row in rows]
    return [jobs.handle_returned(desk.sessions, desk.settings, number, now=MONDAY) for number in ids]


def test_relay_may_post_returned_mail(desk: Desk) -> None:
    number, delivery = sent_to(desk)
    pages = subscriptions.pages_of(desk.settings, desk.sessions)
    assert pages is not None
    app = FastAPI()
    app.include_router(subscriptions.router_of(pages))
    raw = report(bounce_address(desk, delivery))
    signature = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    with serve(app) as url:
        wrong = httpx.post(f"{url}/hooks/mail", content=raw + b" ", headers={subscriptions.SIGNATURE: signature})
        assert wrong.status_code == 403
        for _ in range(2):
            answer = httpx.post(f"{url}/hooks/mail", content=raw, headers={subscriptions.SIGNATURE: signature})
            assert answer.status_code == 200
    assert run_jobs(desk) == ["bounced"]
    assert desk.state(number) == "bounced"


def test_mailbox_is_read_and_emptied_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number, delivery = sent_to(desk)
    drop = Maildrop([report(bounce_address(desk, delivery)), b"Subject: lottery\r\n\r\nYou won.\r\n"])
    with serving_imap(drop, monkeypatch) as changes:
        settings = desk.settings.model_copy(update=changes)
        assert jobs.read_mailbox(desk.sessions, settings) == "2 returned mails"
        assert drop.mails == []
        assert jobs.read_mailbox(desk.sessions, settings) == "0 returned mails"
    assert sorted(run_jobs(desk)) == ["bounced", "no token of ours"]
    assert desk.state(number) == "bounced"


def test_mailbox_that_refuses_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.errors import RejectedError

    with serving_imap(Maildrop([], password="another"), monkeypatch) as changes:
        settings = desk.settings.model_copy(update=changes)
        with pytest.raises(RejectedError, match="IMAP_PASSWORD"):
            mailbox.collect(desk.sessions, settings)


def test_bad_domain_pauses(desk: Desk) -> None:
    from bot.digests import outcome

    desk.readers(120)
    digest_id = desk.run(MONDAY)
    with desk.sessions.begin() as session:
        session.execute(text("update deliveries set state = 'bounced' where id % 10 = 0"))
    with desk.sessions() as session:
        assert "example.com came back" in (outcome.should_pause(session, digest_id) or "")
