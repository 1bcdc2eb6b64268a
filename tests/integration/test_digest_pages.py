"""Readers' pages over HTTP: asking, confirming, choosing, leaving; looking at a page never changes anything."""

import datetime as dt
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select, text

from bot import clock
from bot.digests import subscribers
from bot.jobs import digests as jobs
from bot.sandbox.server import serve
from bot.store.engine import Sessions
from bot.store.tables import Base, Digest, Subscriber
from bot.web import subscriptions
from bot.web.app import strict_headers
from tests.integration.digest_world import DAY, MONDAY, Desk, open_desk


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions) as made:
        yield made


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx.Client]:
    from fastapi import FastAPI

    pages = subscriptions.pages_of(desk.settings, desk.sessions)
    assert pages is not None
    app = FastAPI()
    app.include_router(subscriptions.router_of(pages))
    with serve(strict_headers(app)) as url, httpx.Client(base_url=url, timeout=20) as made:
        yield made


def everything(desk: Desk) -> dict[str, int | str]:
    """A fingerprint of all tables."""
    found: dict[str, int | str] = {}
    with desk.sessions() as session:
        for table in Base.metadata.sorted_tables:
            whole = text(f"select md5(string_agg(t::text, '|' order by t::text)) from {table.name} t")
            found[table.name] = session.execute(whole).scalar_one() or ""
        found["jobs"] = session.execute(text("select count(*) from procrastinate_jobs")).scalar_one()
    return found


def path_of(url: str) -> str:
    return urlsplit(url).path


def confirm_path(desk: Desk, client: httpx.Client, address: str = "minji@naver.com", **form: str) -> str:
    """Fill in the form, let the job run, and read the link in the mail."""
    answer = client.post("/subscribe", data={"address": address, **form})
    assert answer.status_code == 200
    deliver(desk)
    return path_of(re.findall(r"https://news.example.org/\S+", desk.mailbox.to(address)[-1].part("plain"))[0])


def deliver(desk: Desk) -> None:
    """Do the jobs that pages deferred."""
    with desk.sessions.begin() as session:
        rows = session.execute(
            text("delete from procrastinate_jobs where task_name = 'send_confirmation' returning args")
        ).scalars()
        ids = [row["subscriber_id"] for row in rows]
    for number in ids:
        jobs.send_confirmation(desk.sessions, desk.settings, number, now=clock.now())


def row_of(desk: Desk, address: str = "minji@naver.com") -> Subscriber:
    with desk.sessions() as session:
        return session.scalars(select(Subscriber).where(Subscriber.address == address)).one()


def test_a_reader_signs_up_confirms_once_and_chooses(desk: Desk, client: httpx.Client) -> None:
    assert "확인 메일 받기" in client.get("/subscribe").text
    path = confirm_path(desk, client, cadence="daily", language="both")
    assert row_of(desk).state == "pending"
    page = client.get(path)
    assert "k***" not in page.text
    assert "m***@naver.com" in page.text
    assert row_of(desk).state == "pending"
    answer = client.post(path)
    assert "구독이 시작되었습니다" in answer.text
    row = row_of(desk)
    assert (row.state, row.cadence, row.language, row.wording) == ("active", "daily", "both", subscribers.WORDING)
    assert row.confirmed_at is not None
    assert "구독이 시작되었습니다" in client.post(path).text  # a second press
    preferences = re.search(r'href="(/p/[^"]+)"', answer.text)
    assert preferences is not None
    saved = client.post(preferences[1], data={"act": "save", "cadence": "weekly", "language": "en", "zone": "UTC"})
    assert "저장했습니다" in saved.text
    row = row_of(desk)
    assert (row.cadence, row.language, row.zone) == ("weekly", "en", "UTC")


def test_answer_is_the_same_for_known_and_unknown_addresses(desk: Desk, client: httpx.Client) -> None:
    desk.reader("active@example.com")
    desk.reader("gone@example.com")
    desk.reader("complained@example.com")
    with desk.sessions.begin() as session:
        for name, stop in (("gone", subscribers.leave), ("complained", subscribers.complain)):
            number = subscribers.by_address(session, f"{name}@example.com")
            assert number is not None
            extra = {"actor": "reader"} if name == "gone" else {}
            stop(session, number, reason="test", now=MONDAY, **extra)
    answers = {
        client.post("/subscribe", data={"address": f"{name}@example.com"}).text
        for name in ("active", "gone", "complained", "new")
    }
    assert len(answers) == 1
    deliver(desk)
    counts = {name: len(desk.mailbox.to(f"{name}@example.com")) for name in ("active", "gone", "complained", "new")}
    assert counts == {"active": 1, "gone": 1, "complained": 0, "new": 1}
    assert row_of(desk, "active@example.com").state == "active"
    assert "이미" in desk.mailbox.to("active@example.com")[0].part("plain")


def test_limits_hold_and_do_not_show(desk: Desk, client: httpx.Client) -> None:
    same = [client.post("/subscribe", data={"address": "minji@naver.com"}).text for _ in range(3)]
    others = [client.post("/subscribe", data={"address": f"a{n}@example.com"}).text for n in range(20)]
    assert len({*same, *others}) == 1
    deliver(desk)
    assert len(desk.mailbox.to("minji@naver.com")) == 1
    assert sum(desk.mailbox.recipients.values()) == 10  # per network and hour


def test_network_is_told_by_the_proxy_in_front(desk: Desk, client: httpx.Client) -> None:
    for n in range(15):
        client.post(
            "/subscribe", data={"address": f"a{n}@example.com"}, headers={"x-forwarded-for": f"1.2.3.4, 10.0.{n}.1"}
        )
    deliver(desk)
    assert sum(desk.mailbox.recipients.values()) == 15


def test_machine_that_fills_every_field_gets_no_mail(desk: Desk, client: httpx.Client) -> None:
    client.post("/subscribe", data={"address": "minji@naver.com", "website": "https://spam.example"})
    with desk.sessions() as session:
        assert session.query(Subscriber).count() == 0


def test_confirmation_mail_carries_nothing_of_who_asked(desk: Desk, client: httpx.Client) -> None:
    confirm_path(desk, client, cadence="daily")
    [mail] = desk.mailbox.to("minji@naver.com")
    assert "daily" not in mail.data.decode()
    assert mail.parsed["Subject"] == "구독 확인: ML 논문 소식 메일"


def test_bad_address_is_told(client: httpx.Client) -> None:
    answer = client.post("/subscribe", data={"address": '"><script>@x'})
    assert answer.status_code == 400
    assert "<script>" not in answer.text


def test_confirmation_ends_after_two_days(desk: Desk, client: httpx.Client) -> None:
    path = confirm_path(desk, client)
    with desk.sessions.begin() as session:
        session.execute(text("update subscribers set confirmation_sent_at = now() - interval '49 hours'"))
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert row_of(desk).state == "pending"


def test_addresses_of_readers_who_left_long_ago_are_erased_and_bounced_ones_kept(desk: Desk) -> None:
    gone, recent, bounced = (desk.reader(f"{name}@example.com") for name in ("gone", "recent", "bounced"))
    long_ago = clock.now() - dt.timedelta(days=desk.settings.unsubscribed_addresses_days, minutes=1)
    with desk.sessions.begin() as session:
        subscribers.leave(session, gone, actor="reader", reason="left", now=long_ago)
        subscribers.bounce(session, bounced, reason="5.1.1", now=long_ago)
        subscribers.leave(session, recent, actor="reader", reason="left", now=clock.now())
    jobs.prune(desk.sessions, desk.settings, now=clock.now())
    assert [desk.state(number) for number in (gone, recent, bounced)] == ["erased", "unsubscribed", "bounced"]


def test_unconfirmed_address_is_forgotten_and_a_known_one_returns_to_what_it_was(
    desk: Desk, client: httpx.Client
) -> None:
    number = desk.reader("old@example.com")
    with desk.sessions.begin() as session:
        subscribers.bounce(session, number, reason="5.1.1", now=MONDAY)
    confirm_path(desk, client, "old@example.com")
    confirm_path(desk, client, "typed-by-another@example.com")
    assert desk.state(number) == "pending"
    with desk.sessions.begin() as session:
        assert subscribers.lapse(session, clock.now() + dt.timedelta(days=8)) == 2
    assert desk.state(number) == "bounced"
    with desk.sessions() as session:
        assert session.query(Subscriber).count() == 1


def test_one_click_unsubscribes_at_once_and_again(desk: Desk, client: httpx.Client) -> None:
    number = desk.reader("one@example.com")
    path = f"/u/{desk.signer.token('unsubscribe', number)}"
    for body in (
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
    ):
        answer = client.post(path, **body)
        assert answer.status_code == 200
        assert not answer.history
        assert "set-cookie" not in answer.headers
        assert desk.state(number) == "unsubscribed"
    wrong = client.post(path[:-1] + ("a" if path[-1] != "a" else "b"))
    assert (wrong.status_code, wrong.text) == (200, client.post(path).text)


def test_one_click_skips_what_was_planned(desk: Desk, client: httpx.Client) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    number = desk.reader("one@example.com")
    digest_id = desk.plan()
    client.post(f"/u/{desk.signer.token('unsubscribe', number)}", data={"List-Unsubscribe": "One-Click"})
    assert desk.states(digest_id) == {number: ("skipped", "unsubscribed")}
    desk.send(digest_id)
    assert not desk.mailbox.copies


def test_less_often_instead_of_leaving(desk: Desk, client: httpx.Client) -> None:
    number = desk.reader("one@example.com", cadence="daily")
    client.post(f"/u/{desk.signer.token('unsubscribe', number)}", data={"cadence": "weekly"})
    row = row_of(desk, "one@example.com")
    assert (row.state, row.cadence) == ("active", "weekly")


def test_erasure_forgets_the_address_and_keeps_the_counts(desk: Desk, client: httpx.Client) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    number = desk.reader("one@example.com")
    digest_id = desk.run(MONDAY)
    path = f"/p/{desk.signer.token('preferences', number)}"
    assert "표시해 주세요" in client.post(path, data={"act": "erase"}).text
    assert "지웠습니다" in client.post(path, data={"act": "erase", "sure": "yes"}).text
    with desk.sessions() as session:
        dump = "".join(
            str(row)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(text("t::text")).select_from(text(f"{table.name} t"))).scalars()
        )
    assert "one@example.com" not in dump
    assert desk.finish(digest_id).sent == 1
    assert client.get(path).status_code == 404
    assert client.post(f"/u/{desk.signer.token('unsubscribe', number)}").status_code == 200


def test_every_link_of_a_mail_opens_and_opening_changes_nothing(desk: Desk, client: httpx.Client) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    desk.reader("one@example.com")
    desk.run(MONDAY)
    path = confirm_path(desk, client)
    links = re.findall(r'href="(https://news[^"]+)"', desk.mailbox.to("one@example.com")[0].part("html"))
    assert len(links) == 3
    before = everything(desk)
    for url in (*(path_of(link) for link in links), path, "/subscribe", "/digests", "/digests/999", "/p/1-x", "/u/1-x"):
        for method in ("GET", "HEAD"):
            answer = client.request(method, url)
            assert answer.status_code in (200, 404), url
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert answer.headers["referrer-policy"] == "no-referrer"
            if not url.startswith("/digests/"):
                assert "noindex" in answer.headers["x-robots-tag"]
            assert "<script" not in answer.text
            assert "set-cookie" not in answer.headers
    assert everything(desk) == before


def test_archive_shows_the_digest_without_anybodys_links(desk: Desk, client: httpx.Client) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    number = desk.reader("one@example.com")
    digest_id = desk.run(MONDAY)
    with desk.sessions() as session:
        assert session.get_one(Digest, digest_id).subject in client.get("/digests").text  # type: ignore[operator]
    page = client.get(f"/digests/{digest_id}").text
    assert "Ship One의 한국어 제목" in page
    assert "one@example.com" not in page
    assert desk.signer.token("unsubscribe", number) not in page
    assert "/u/" not in page
    unplanned = desk.plan(MONDAY + 7 * DAY)
    assert client.get(f"/digests/{unplanned}").status_code == 404


def test_large_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/subscribe", content=b"a=" + b"x" * 9_000).status_code == 413


def test_relay_must_sign_what_it_posts(desk: Desk, client: httpx.Client) -> None:
    assert client.post("/hooks/mail", content=b"From: x\r\n\r\n").status_code == 403


def test_pages_without_mail_do_not_exist(sessions: Sessions) -> None:
    from bot.settings import Settings

    assert subscriptions.pages_of(Settings(_env_file=None), sessions) is None


def test_member_who_changes_here_has_the_forum_told(sessions: Sessions) -> None:
    with open_desk(sessions, members_api_user="admin", members_api_key="k") as desk:
        number = desk.reader("one@example.com")
        with desk.sessions.begin() as session:
            session.get_one(Subscriber, number).forum_user_id = 7
        pages = subscriptions.pages_of(desk.settings, desk.sessions)
        assert pages is not None
        subscriptions.unsubscribe(pages, desk.signer.token("unsubscribe", number), {}, "")
        with desk.sessions() as session:
            tasks = session.execute(text("select task_name, args from procrastinate_jobs")).all()
    assert [(name, args["subscriber_id"]) for name, args in tasks] == [("write_member", number)]


def test_a_number_that_no_digest_can_have_is_an_unknown_page(client: httpx.Client) -> None:
    assert client.get(f"/digests/{2**63}").status_code == 404
    assert client.get(f"/digests/{'9' * 400}").status_code == 404


def test_readers_behind_a_proxy_that_writes_ipv4_as_ipv6_share_no_limit(desk: Desk, client: httpx.Client) -> None:
    for n in range(12):
        headers = {"x-forwarded-for": f"::ffff:10.0.{n}.1"}
        assert client.post("/subscribe", data={"address": f"r{n}@example.com"}, headers=headers).status_code == 200
    with desk.sessions() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 12
    scoped = client.post("/subscribe", data={"address": "z@example.com"}, headers={"x-forwarded-for": "fe80::1%eth0"})
    assert scoped.status_code == 200
