"""Sending a digest: once to each reader, and every answer of the mail server becomes a named state."""

import datetime as dt
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.digests import outcome, send, smtp, subscribers
from bot.digests.message import Message
from bot.errors import ConflictError, TransientError
from bot.sandbox import mailbox as sandbox
from bot.sandbox.mailbox import Mailbox, Stage
from bot.store.engine import Sessions
from bot.store.tables import Delivery, Digest
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk, settings_for


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions) as made:
        made.edition(MONDAY - DAY, "Ship One", "Ship Two")
        yield made


def only(desk: Desk, digest_id: int) -> Delivery:
    with desk.sessions() as session:
        return session.query(Delivery).filter_by(digest_id=digest_id).one()


def test_every_reader_gets_one_mail_of_their_own(desk: Desk) -> None:
    ids = [desk.reader(f"reader{n}@example.com") for n in range(250)]
    digest_id = desk.plan()
    desk.send(digest_id)
    report = desk.finish(digest_id)
    assert (report.state, report.planned, report.sent, report.waiting) == ("sent", 250, 250, 0)
    assert set(desk.mailbox.recipients.values()) == {1}
    assert set(desk.states(digest_id).values()) == {("sent", None)}
    assert desk.mailbox.connections == 3  # a hundred mails each
    mail = desk.mailbox.to("reader7@example.com")[0]
    token = desk.signer.token("unsubscribe", ids[7])
    assert f"https://news.example.org/u/{token}" in mail.part("html")
    assert f"https://news.example.org/u/{token}" in mail.part("plain")
    assert mail.sender == f"b+{desk.signer.token('bounce', only_id(desk, ids[7]))}@bounce.news.example.org"


def only_id(desk: Desk, subscriber_id: int) -> int:
    with desk.sessions() as session:
        return session.query(Delivery).filter_by(subscriber_id=subscriber_id).one().id


def test_second_run_sends_nothing(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    desk.send(digest_id)
    assert desk.send(digest_id).counts == {}
    assert sum(desk.mailbox.copies.values()) == 1


def test_two_lines_at_once_share_the_readers(desk: Desk) -> None:
    desk.readers(400)
    digest_id = desk.plan()
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(desk.send(digest_id).counts)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(count.get("sent", 0) for count in counts) == 400
    assert set(desk.mailbox.copies.values()) == {1}


def test_rows_that_another_line_gives_back_are_sent_although_they_stand_before(desk: Desk) -> None:
    first = desk.reader()
    desk.readers(2)
    digest_id = desk.plan()
    with desk.sessions.begin() as session:
        session.query(Delivery).filter_by(subscriber_id=first).update({"owner": "another"})

    def given_back() -> bool:
        with desk.sessions.begin() as session:
            session.query(Delivery).filter_by(owner="another").update({"owner": None})
        return False

    send.work(desk.office(), digest_id, until=given_back, now=lambda: MONDAY)
    assert set(desk.states(digest_id).values()) == {("sent", None)}


def test_recording_a_mail_touches_no_index(desk: Desk) -> None:
    desk.readers(200)
    digest_id = desk.plan()
    desk.send(digest_id)
    # The server tells such figures with a delay.
    changed = on_page = 0
    until = time.monotonic() + 20
    while changed < 400 and time.monotonic() < until:
        with desk.sessions() as session:
            changed, on_page = session.execute(
                text("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'deliveries'")
            ).one()
    assert changed > 0
    assert on_page > 0.8 * changed


def test_who_leaves_between_lease_and_sending_gets_nothing(desk: Desk) -> None:
    first, second = desk.reader(), desk.reader()
    digest_id = desk.plan()
    desk.mailbox.slow_s = 0.3
    line = threading.Thread(target=lambda: desk.send(digest_id))
    line.start()
    while not any(state == "sending" for state, _ in desk.states(digest_id).values()):
        pass
    with desk.sessions.begin() as session:
        subscribers.leave(session, second, actor="reader", reason="one click", now=MONDAY)
    line.join()
    assert desk.states(digest_id) == {first: ("sent", None), second: ("skipped", "unsubscribed")}


TABLE: list[tuple[Stage, str | None, str, str]] = [
    ("RCPT", "550 5.1.1 no such user", "refused", "550 5.1.1"),
    ("RCPT", "554 no", "refused", "554 no"),
    ("DOT", "552 5.2.2 mailbox full", "refused", "552 5.2.2"),
    ("DOT", "550 5.7.1 looks like spam", "refused", "550 5.7.1"),
    ("RCPT", "450 4.2.1 later", "planned", "450 4.2.1 later"),
    ("DATA", "451 4.3.0 later", "planned", "451 4.3.0 later"),
    ("DOT", "452 4.3.1 disk full", "planned", "452 4.3.1 disk full"),
    ("MAIL", "421 4.7.0 too much", "planned", "421 4.7.0 too much"),
    ("MAIL", None, "planned", "no answer: SMTPServerDisconnected"),
    ("RCPT", None, "planned", "no answer: SMTPServerDisconnected"),
    ("TEXT", None, "doubtful", "no answer: SMTPServerDisconnected"),  # all of it lay in the line's buffers
    ("DOT", None, "doubtful", "no answer: SMTPServerDisconnected"),
    ("AFTER", None, "doubtful", "no answer: SMTPServerDisconnected"),
]


@pytest.mark.parametrize(("stage", "answer", "state", "reason"), TABLE)
def test_answer_of_the_server_becomes(desk: Desk, stage: Stage, answer: str | None, state: str, reason: str) -> None:
    one, other = desk.reader(), desk.reader()
    digest_id = desk.plan()
    fault = desk.mailbox.fail_next(stage, answer)
    desk.send(digest_id)
    assert fault.fired == 1
    states = desk.states(digest_id)
    assert states[one][0] == state
    assert (states[one][1] or "").startswith(reason.removesuffix("SMTPServerDisconnected"))
    assert states[other] == ("sent", None)
    assert desk.finish(digest_id).planned == 2


def test_line_that_breaks_in_the_middle_of_the_text_is_safe_to_repeat(desk: Desk) -> None:
    desk.mailbox.fail_next("TEXT")
    large = Message("b@bounce.example.org", "one@example.com", b"x: y\r\n\r\n" + b"a" * 70 * 500_000 + b"\r\n")
    with smtp.Connection(smtp.server_of(desk.settings)) as connection:
        outcome_ = connection.send(large)
    assert (outcome_.kind, outcome_.usable) == ("again", False)


def test_silence_after_the_dot_is_doubt(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    desk.mailbox.fail_next("DOT", "250 ok", silent_s=3)
    desk.send(digest_id, server=replace(smtp.server_of(desk.settings), after_dot_s=0.3))
    assert only(desk, digest_id).state == "doubtful"


def test_postponed_mail_is_tried_again_later_and_given_up_after_a_day(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    desk.mailbox.fail_next("RCPT", "450 4.2.1 later", times=1)
    desk.send(digest_id)
    with desk.sessions() as session:
        wait = session.scalar(text("select extract(epoch from not_before - clock_timestamp()) from deliveries"))
    assert 290 < wait <= 300
    assert desk.send(digest_id).counts == {}
    with desk.sessions.begin() as session:
        session.execute(text("update deliveries set not_before = now() - interval '1 s'"))
    desk.send(digest_id)
    assert only(desk, digest_id).state == "sent"


def test_waits_grow_and_end() -> None:
    later = smtp.Outcome("again", "450 later")
    waits = [send.decided(later, n, None, MONDAY)[2] for n in range(1, 8)]
    assert waits == [300, 900, 2700, 7200, 14400, 28800, 28800]
    assert send.decided(later, 6, MONDAY - 20 * HOUR, MONDAY)[:2] == ("refused", "expired")


@pytest.mark.parametrize("answer", ["530 5.7.0 authenticate first", "535 5.7.8 bad password", "550 5.1.8 not you"])
def test_refusal_of_ourselves_pauses_the_digest(desk: Desk, answer: str) -> None:
    desk.reader()
    desk.reader()
    digest_id = desk.plan()
    desk.mailbox.fail_next("MAIL", answer)
    done = desk.send(digest_id)
    assert done.stopped is not None
    report = desk.finish(digest_id)
    assert (report.state, report.waiting, report.sent) == ("paused", 2, 0)
    assert answer[:3] in (report.reason or "")
    with desk.sessions.begin() as session:
        assert outcome.resume(session, digest_id)
    desk.send(digest_id)
    assert desk.finish(digest_id).sent == 2


def test_five_policy_refusals_in_a_row_pause(desk: Desk) -> None:
    for _ in range(8):
        desk.reader()
    digest_id = desk.plan()
    desk.mailbox.fail_next("DOT", "550 5.7.1 looks like spam", times=8)
    desk.send(digest_id)
    report = desk.finish(digest_id)
    assert (report.state, report.refused, report.waiting) == ("paused", 5, 3)


def test_server_that_asks_for_less_gets_half(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    desk.mailbox.fail_next("MAIL", "452 4.3.2 too many")
    desk.send(digest_id)
    with desk.sessions() as session:
        digest = session.get_one(Digest, digest_id)
        assert (digest.rate_factor, digest.slowed_at) == (0.5, MONDAY)
    assert send.factor_at(0.5, MONDAY, MONDAY) == 0.5
    assert send.factor_at(0.5, MONDAY, MONDAY + dt.timedelta(minutes=3)) == pytest.approx(0.5 * 1.1**3)
    assert send.factor_at(0.5, MONDAY, MONDAY + HOUR) == 1.0


def test_rate_is_kept_over_all_lines(desk: Desk) -> None:
    for _ in range(5):
        desk.reader()
    digest_id = desk.plan()
    slept: list[float] = []
    send.work(
        desk.office(rate_per_second=10.0, lines=4),
        digest_id,
        until=lambda: False,
        sleep=slept.append,
        now=lambda: MONDAY,
    )
    assert len(slept) == 4
    assert all(one > 0.1 for one in slept)
    assert 1.0 < max(slept) < 1.7  # sleeping is pretended, so the debt adds up


def test_server_that_is_away_leaves_the_rows_planned(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    with pytest.raises(TransientError, match="away"):
        desk.send(digest_id, server=replace(smtp.server_of(desk.settings), port=1))
    assert only(desk, digest_id).state == "planned"
    assert only(desk, digest_id).owner is None
    desk.send(digest_id)
    assert only(desk, digest_id).state == "sent"


def test_frozen_sender_finds_its_rows_taken_and_stops(desk: Desk) -> None:
    desk.reader()
    desk.reader()
    digest_id = desk.plan()

    def taken_over(_: float) -> None:
        with desk.sessions.begin() as session:
            session.execute(text("update deliveries set lease_until = now() - interval '1 s' where owner is not null"))
        with desk.sessions.begin() as session:
            send.recover(session)

    office = desk.office(rate_per_second=2.0, lines=1)
    with pytest.raises(ConflictError):
        send.work(office, digest_id, until=lambda: False, sleep=taken_over, now=lambda: MONDAY)
    desk.send(digest_id)
    assert max(desk.mailbox.copies.values()) == 1


def test_outcome_known_late_settles_the_doubt(desk: Desk) -> None:
    desk.reader()
    digest_id = desk.plan()
    desk.mailbox.slow_s = 1.2
    line = threading.Thread(target=lambda: desk.send(digest_id, lease_s=0.4))
    line.start()
    while only(desk, digest_id).state != "doubtful":
        with desk.sessions.begin() as session:
            send.recover(session)
    line.join()
    assert only(desk, digest_id).state == "sent"


def test_doubtful_mail_is_listed_and_sent_again_as_the_same_bytes(desk: Desk) -> None:
    desk.reader("one@example.com")
    digest_id = desk.plan()
    desk.mailbox.fail_next("AFTER")
    desk.send(digest_id)
    assert desk.finish(digest_id).state == "sent"
    assert desk.send(digest_id).counts == {}
    with desk.sessions() as session:
        [doubt] = outcome.doubts(session)
    assert (doubt.address, doubt.attempts) == ("one@example.com", 1)
    with desk.sessions.begin() as session:
        assert outcome.resend(session, [doubt.delivery_id]) == 1
    desk.send(digest_id)
    first, second = desk.mailbox.to("one@example.com")
    assert first.data == second.data
    assert only(desk, digest_id).may_be_second_copy


def test_relay_that_knows_repeated_mails_gets_doubts_again(sessions: Sessions) -> None:
    with open_desk(sessions, digest_doubtful="resend", digest_idempotency_header="Resend-Idempotency-Key") as desk:
        desk.edition(MONDAY - DAY, "Ship One")
        desk.reader("one@example.com")
        digest_id = desk.plan()
        with desk.sessions.begin() as session:
            session.execute(
                text("update deliveries set state = 'sending', owner = 'dead', lease_until = now() - interval '1 s'")
            )
        with desk.sessions.begin() as session:
            send.recover(session, resends=True)
        desk.send(digest_id)
        [mail] = desk.mailbox.to("one@example.com")
        assert mail.parsed["Resend-Idempotency-Key"] == str(only(desk, digest_id).id)


def certificate(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def test_starttls_checks_the_certificate_and_logs_in(sessions: Sessions, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    box = Mailbox(password="right")
    with sandbox.running(box, tls=context) as port:
        settings = settings_for(
            port, smtp_host="localhost", smtp_security="starttls", smtp_user="paperbot", smtp_password="right"
        )
        desk = Desk(sessions, box, settings)
        desk.edition(MONDAY - DAY, "Ship One")
        desk.reader()
        digest_id = desk.plan()
        with pytest.raises(smtp.MailServerError, match="certificate"):
            desk.send(digest_id)
        with desk.sessions.begin() as session:
            outcome.resume(session, digest_id)
        trusted = ssl.create_default_context(cafile=cert)
        server = replace(smtp.server_of(settings), trusted=trusted)
        with pytest.raises(smtp.MailServerError, match="535"):
            desk.send(digest_id, server=replace(server, password="wrong"))
        with desk.sessions.begin() as session:
            outcome.resume(session, digest_id)
        desk.send(digest_id, server=server)
        assert only(desk, digest_id).state == "sent"


def test_no_password_travels_unprotected() -> None:
    with pytest.raises(smtp.MailServerError, match="unprotected"):
        smtp.server_of(settings_for(25, smtp_user="paperbot", smtp_password="secret"))


def test_server_without_starttls_is_refused(sessions: Sessions) -> None:
    with open_desk(sessions, smtp_security="starttls") as desk:
        desk.edition(MONDAY - DAY, "Ship One")
        desk.reader()
        with pytest.raises(smtp.MailServerError, match="STARTTLS"):
            desk.send(desk.plan())
