"""What is in a digest, for whom: nothing missed, nothing twice, best first, from published text only."""

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.digests import compose, plan, subscribers
from bot.digests.compose import Received
from bot.digests.periods import Rules
from bot.store.engine import Sessions
from bot.store.tables import Base, Cursor, Digest, Edition, Rendering, Segment, Topic, Transition
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk
from tests.integration.world import Store, own_store


@pytest.fixture(scope="module")
def store(postgres: str, template: str) -> Iterator[Store]:
    with own_store(postgres, template, "digest_content") as made:
        yield made


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    with open_desk(store.emptied()) as made:
        yield made


def html_of(desk: Desk, digest_id: int, language: str = "ko") -> str:
    with desk.sessions() as session:
        return session.query(Rendering).filter_by(digest_id=digest_id, language=language).first().html  # type: ignore[union-attr]


def told(desk: Desk, address: str) -> list[list[str]]:
    """The paper titles in each mail to an address."""
    found = []
    for mail in desk.mailbox.to(address):
        text = mail.part("plain")
        found.append([line.partition(". ")[2] for line in text.splitlines() if line[:1].isdigit() and ". " in line[:5]])
    return found


def test_mail_has_korean_english_authors_summary_and_links(desk: Desk) -> None:
    topic_id, _ = desk.edition(MONDAY - DAY, "Ship One", authors=["Kim", "Lee", "Park", "Choi"])
    desk.reader("one@example.com")
    desk.run(MONDAY)
    [mail] = desk.mailbox.to("one@example.com")
    for kind in ("html", "plain"):
        text = mail.part(kind)
        for wanted in (
            "Ship One의 한국어 제목",
            "Ship One",
            "Kim, Lee, Park 외 1명",
            "배가 길을 찾는 법을 보입니다. 지도는 필요 없습니다.",
            f"https://forum.example.org/t/{topic_id}",
            "hello@example.org",
        ):
            assert wanted in text, (kind, wanted)
    assert mail.parsed["Subject"] == "이번 주 ML 논문 소식 · 2026년 11월 16일"


def test_language_decides_what_is_shown(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    for language in ("ko", "both", "en"):
        desk.reader(f"{language}@example.com", language=language)
    desk.run(MONDAY)
    english, korean = "Shows how a ship finds its way.", "배가 길을 찾는 법을"
    shown = {
        language: [part in desk.mailbox.to(f"{language}@example.com")[0].part("plain") for part in (english, korean)]
        for language in ("ko", "both", "en")
    }
    assert shown == {"ko": [False, True], "both": [True, True], "en": [True, False]}


def test_five_best_come_first_and_whole(desk: Desk) -> None:
    topics = [desk.edition(MONDAY - DAY + n * HOUR, f"Ship {n}", topic_title=f"글 {n}")[0] for n in range(7)]
    received = {topic: Received(likes=n, replies=n) for n, topic in enumerate(topics)}
    desk.reader("one@example.com")
    desk.run(MONDAY, received=received)
    text = desk.mailbox.to("one@example.com")[0].part("plain")
    order = [text.index(f"글 {n}\r\n" if "\r" in text else f"글 {n}\n") for n in (6, 5, 4, 3, 2, 1, 0)]
    assert order == sorted(order)
    assert [f"Ship {n}의 한국어 제목" in text for n in range(7)] == [False, False, True, True, True, True, True]


def test_only_text_on_the_forum_is_told(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    with desk.sessions.begin() as session:
        topic = session.query(Topic).one()
        second = session.query(Segment).filter(Segment.source == "It needs no map.").one()
        post = topic.posts[0]
        post.shown = {key: text for key, text in post.shown.items() if key != str(second.id)}
    desk.reader("one@example.com")
    desk.run(MONDAY)
    text = desk.mailbox.to("one@example.com")[0].part("plain")
    assert "배가 길을 찾는 법을 보입니다." in text
    assert "지도는 필요 없습니다." not in text


@pytest.mark.parametrize("state", ["in_review", "withdrawn", "rejected", "submitted"])
def test_what_is_not_public_makes_no_mail(desk: Desk, state: str) -> None:
    desk.edition(MONDAY - DAY, "Ship One", state=state)
    reader = desk.reader()
    digest_id = desk.plan()
    assert desk.states(digest_id) == {reader: ("skipped", "empty")}
    with desk.sessions() as session:
        assert session.get_one(Digest, digest_id).state == "empty"


def test_corrections_come_with_thanks_but_alone_make_no_mail(desk: Desk) -> None:
    topic_id, _ = desk.edition(MONDAY - 20 * DAY, "Ship Zero", topic_title="지난 *논문*")
    desk.corrected(topic_id, MONDAY - 15 * DAY, "먼저 일.", "먼저 이.")
    reader = desk.reader("one@example.com", language="both")
    assert desk.states(desk.plan(MONDAY - 7 * DAY))[reader] == ("skipped", "empty")
    desk.edition(MONDAY - DAY, "Ship One")
    desk.corrected(
        topic_id, MONDAY - DAY, "침대 \\<프롬프트\\>를 씁니다.", "**CoT** 프롬프트를 씁니다.", "minji", "jiho"
    )
    desk.run(MONDAY)
    [mail] = desk.mailbox.to("one@example.com")
    plain, html = mail.part("plain"), mail.part("html")
    assert "지난 논문\r\n  전: 침대 <프롬프트>를 씁니다.\r\n  후: CoT 프롬프트를 씁니다.\r\n" in plain
    assert "원문: It needs no map." in plain
    assert f"https://forum.example.org/t/{topic_id}" in plain
    assert "침대 &lt;프롬프트&gt;를 씁니다." in html
    for part in (plain, html):
        assert "알려 주신 minji, jiho 님, 고맙습니다." in part
        assert "먼저 이" not in part


def test_correction_waits_for_the_next_mail_and_comes_once(desk: Desk) -> None:
    topic_id, _ = desk.edition(MONDAY - 20 * DAY, "Ship Zero")
    desk.corrected(topic_id, MONDAY - DAY, "전에는 이랬음.", "이제는 이럼.", "minji")
    desk.reader("one@example.com", covered_until=MONDAY - 7 * DAY)
    desk.edition(MONDAY + DAY, "Ship One")
    desk.edition(MONDAY + 8 * DAY, "Ship Two")
    for week in range(3):
        desk.run(MONDAY + 7 * week * DAY)
    assert ["이제는 이럼." in mail.part("plain") for mail in desk.mailbox.to("one@example.com")] == [True, False]


def test_many_corrections_are_told_in_short_and_none_of_withdrawn_pages(desk: Desk) -> None:
    topic_id, _ = desk.edition(MONDAY - DAY, "Ship One")
    hidden, _ = desk.edition(MONDAY - DAY, "Ship Two")
    for number in range(13):
        desk.corrected(topic_id, MONDAY - HOUR, f"{number}째 " + "긴 말 " * 500, f"{number}째 새 말", *"abcde")
    desk.corrected(hidden, MONDAY - HOUR, "숨은 말", "숨은 새 말")
    with desk.sessions.begin() as session:
        session.query(Topic).filter_by(discourse_id=hidden).one().is_listed = False
    desk.reader("one@example.com")
    desk.run(MONDAY)
    plain = desk.mailbox.to("one@example.com")[0].part("plain")
    assert plain.count("째 새 말") == 10
    assert "이 밖에 3곳을 더 고쳤습니다." in plain
    assert "a, b, c 외 2명, 고맙습니다." in plain
    assert "숨은" not in plain
    assert len(plain) < 10_000


def test_mail_stays_small_whatever_editions_bring(desk: Desk) -> None:
    for _ in range(5):
        desk.edition(MONDAY - DAY, "Ship", introduction=["긴 말 " * 600] * 8)
    desk.reader("one@example.com")
    desk.run(MONDAY)
    html = desk.mailbox.to("one@example.com")[0].part("html")
    assert len(html.encode()) <= 80_000
    assert "Ship의 한국어 제목" in html


def test_hostile_text_stays_text(desk: Desk) -> None:
    desk.edition(
        MONDAY - DAY,
        "<script>alert(1)</script> Ship\u202e",
        description='<img src=x onerror=alert(1)> [a](javascript:x) {{ 7*7 }} "quoted\u2028line".',
        korean="<b>굵게</b> ![그림](https://evil.example/pixel.png) [링크](https://evil.example).",
        authors=['"><svg onload=x>'],
    )
    desk.reader("one@example.com", language="both")
    desk.run(MONDAY)
    html = desk.mailbox.to("one@example.com")[0].part("html")
    for bad in ("<script", "<img", "<svg", "<b>굵게", "evil.example", 'javascript:x)"', "\u202e", "\u2028", "49"):
        assert bad not in html, bad
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html


def test_large_digest_is_cut_at_the_end_and_says_so(desk: Desk) -> None:
    long = "배가 길을 찾는 법을 자세히 " * 80
    desk.edition(MONDAY - DAY, *(f"Ship {n}" for n in range(60)), korean=long.strip())
    desk.reader("one@example.com")
    desk.run(MONDAY)
    [mail] = desk.mailbox.to("one@example.com")
    html = mail.part("html")
    assert len(html.encode()) <= 80_000
    assert len(mail.data) < 200_000
    assert "Ship 0의 한국어 제목" in html
    assert "Ship 59의" not in html
    assert "편이 더 있습니다" in html
    assert "논문 60편" in html


def test_weekly_then_daily_then_weekly_misses_and_repeats_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "BEST", 50)  # all whole, so that each paper stands in the text
    reader = desk.reader("one@example.com")
    for day in range(-6, 16):
        desk.edition(MONDAY + day * DAY - HOUR, f"Paper {day}")
    desk.run(MONDAY)

    def change(cadence: str) -> None:
        with desk.sessions.begin() as session:
            row = subscribers.locked(session, reader)
            assert row is not None
            subscribers.change(row, subscribers.checked_choice(cadence, "ko", "Asia/Seoul"))

    change("daily")
    for day in (0, 1, 2, 3):
        desk.run(MONDAY + day * DAY, cadence="daily")
    change("weekly")
    desk.run(MONDAY + 7 * DAY)
    desk.run(MONDAY + 14 * DAY)
    titles = [title for mail in told(desk, "one@example.com") for title in mail]
    wanted = [f"Paper {day}의 한국어 제목" for day in range(-6, 15)]
    assert sorted(titles) == sorted(wanted)
    assert len(desk.mailbox.to("one@example.com")) == 6


def test_paper_of_another_edition_is_not_told_twice(desk: Desk) -> None:
    daily, weekly = "daily@example.com", "weekly@example.com"
    desk.reader(daily, cadence="daily")
    desk.reader(weekly)
    _, ids = desk.edition(MONDAY - 2 * DAY, "Ship One", series="daily")
    desk.run(MONDAY - DAY, cadence="daily")
    desk.edition(MONDAY - HOUR, "Ship Two", papers=ids)
    desk.run(MONDAY, cadence="daily")
    desk.run(MONDAY)
    assert told(desk, daily) == [["Ship One의 한국어 제목"], ["Ship Two의 한국어 제목"]]
    assert sorted(told(desk, weekly)[0]) == ["Ship One의 한국어 제목", "Ship Two의 한국어 제목"]


def test_restored_edition_is_no_news(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    reader = desk.reader("one@example.com")
    desk.run(MONDAY)
    with desk.sessions.begin() as session:
        edition = session.query(Edition).one()
        for state, at in (("withdrawn", MONDAY + HOUR), ("published", MONDAY + DAY)):
            session.add(
                Transition(
                    subject="edition",
                    subject_id=edition.id,
                    from_state="x",
                    to_state=state,
                    actor="sujin",
                    reason="",
                    at=at,
                )
            )
    assert desk.states(desk.plan(MONDAY + 7 * DAY))[reader] == ("skipped", "empty")


def test_refused_digest_is_made_up_for_by_the_next(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    desk.reader("one@example.com")
    desk.mailbox.fail_next("RCPT", "450 4.2.1 later")
    first = desk.plan()
    desk.send(first)
    desk.edition(MONDAY + DAY, "Ship Two")
    second = desk.run(MONDAY + 7 * DAY)
    assert list(desk.states(first).values()) == [("skipped", "superseded")]
    assert list(desk.states(second).values()) == [("sent", None)]
    assert sorted(told(desk, "one@example.com")[0]) == ["Ship One의 한국어 제목", "Ship Two의 한국어 제목"]


def test_long_absence_brings_two_weeks_at_most(desk: Desk) -> None:
    desk.edition(MONDAY - 20 * DAY, "Old")
    desk.edition(MONDAY - 13 * DAY, "Ship One")
    desk.reader("one@example.com", covered_until=MONDAY - 30 * DAY)
    desk.run(MONDAY)
    assert told(desk, "one@example.com") == [["Ship One의 한국어 제목"]]


def test_readers_of_one_coverage_share_a_rendering(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    desk.readers(50)
    digest_id = desk.plan()
    with desk.sessions() as session:
        assert session.query(Rendering).filter_by(digest_id=digest_id).count() == 1


def test_frozen_digest_does_not_change(desk: Desk) -> None:
    desk.edition(MONDAY - DAY, "Ship One")
    desk.reader("one@example.com")
    digest_id = desk.plan()
    desk.edition(MONDAY - HOUR, "Ship Two")
    with desk.sessions.begin() as session:
        again = plan.freeze(session, digest_id, desk.settings, desk.links, received={}, errata=(), now=MONDAY + HOUR)
    assert again is None
    desk.send(digest_id)
    assert told(desk, "one@example.com") == [["Ship One의 한국어 제목"]]


def test_due_digests_are_begun_once_in_every_zone(desk: Desk) -> None:
    desk.reader()
    desk.reader(zone="America/New_York")
    sessions, rules = desk.sessions, Rules()

    def look(now: dt.datetime) -> int:
        with sessions.begin() as session:
            return len(plan.insert_due(session, now, rules))

    assert look(MONDAY - HOUR) == 0  # the first look only remembers
    assert look(MONDAY) == 2
    assert look(MONDAY) == 0
    assert look(MONDAY - 3 * HOUR) == 0
    assert look(MONDAY + 14 * HOUR) == 2  # eight o'clock in New York, on the same Monday
    with sessions() as session:
        rows = [
            (d.cadence, d.zone, d.period, d.state) for d in session.query(Digest).order_by(Digest.slot_at, Digest.id)
        ]
    assert ("weekly", "Asia/Seoul", "2026-W47", "due") in rows
    assert ("weekly", "America/New_York", "2026-W47", "due") in rows


def test_missed_digests_are_shown_as_missed(desk: Desk) -> None:
    desk.reader()
    with desk.sessions.begin() as session:
        plan.insert_due(session, MONDAY - HOUR, Rules())
    with desk.sessions.begin() as session:
        plan.insert_due(session, MONDAY + 4 * DAY, Rules())
    with desk.sessions() as session:
        states = {(d.cadence, d.period): d.state for d in session.query(Digest)}
        assert session.query(Cursor).count() == 1
    assert states["weekly", "2026-W47"] == "missed"
    assert states["daily", "2026-11-20"] == "due"


@pytest.fixture
def compose_whole() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def empty(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_paper_comes_exactly_once_whatever_the_reader_does(
    desk: Desk, compose_whole: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    """Random publications, changes of rhythm, papers of several editions, and answers of the mail server."""
    compose_whole.setattr(compose, "BEST", 50)
    empty(desk.sessions)
    desk.mailbox.mails.clear()
    desk.mailbox.faults.clear()
    reader = desk.reader("one@example.com", covered_until=MONDAY - DAY)
    days = data.draw(st.integers(8, 13))  # longer, and two weeks may not reach back
    stored: list[int] = []
    cadence = "weekly"
    for day in range(days):
        slot = MONDAY + day * DAY
        for _ in range(data.draw(st.integers(0, 2))):
            repeated = data.draw(st.lists(st.sampled_from(stored), unique=True, max_size=2)) if stored else []
            at = slot - data.draw(st.integers(1, 23)) * HOUR
            stored += desk.edition(at, f"Paper {len(stored)} of {day}", papers=repeated)[1][len(repeated) :]
        if data.draw(st.integers(0, 5)) == 0:
            desk.mailbox.fail_next("RCPT", "450 4.2.1 later")
        desk.run(slot, cadence="daily")
        if day % 7 == 0:
            desk.run(slot)
        new = data.draw(st.sampled_from(["weekly", "daily"]))
        if new != cadence:
            with desk.sessions.begin() as session:
                row = subscribers.locked(session, reader)
                assert row is not None
                subscribers.change(row, subscribers.checked_choice(new, "ko", "Asia/Seoul"))
            cadence = new
    desk.mailbox.faults.clear()
    last = MONDAY + days * DAY
    desk.run(last, cadence="daily")
    desk.run(last + HOUR, cadence="weekly")
    titles = [title for mail in told(desk, "one@example.com") for title in mail]
    assert len(titles) == len(set(titles))
    with desk.sessions() as session:
        everything = {
            item.title_ko
            for section in compose.load(session, MONDAY - DAY, last, forum_url="", received={})
            for item in section.items
        }
    assert set(titles) == everything, (everything - set(titles), set(titles) - everything)
