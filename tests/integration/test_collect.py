"""From the list to a stored edition: everything once, arXiv asked once, and a bad day upstream that costs nothing."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import sessionmaker

from bot.editions.collect import Collected
from bot.editions.series import NotCollected
from bot.editions.weekly import WEEKLY
from bot.errors import RejectedError, TransientError
from bot.jobs import editions
from bot.sandbox.upstream import Fault
from bot.sandbox.world import World
from bot.store import pacing
from bot.store.engine import Sessions, make_engine
from bot.store.tables import Base, Edition, EditionItem, Paper, Passage, Segment, Sighting, Transition
from tests.integration.world import (
    MONDAY,
    InventedPaper,
    Stage,
    Store,
    list_text,
    listed_week,
    outside_world,
    paper,
    papers,
)

THIS_WEEK = "(November 9 - November 15) - 2026"
PROJECT = paper(4, abstract=None)
LISTED = papers(10, PROJECT)


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with outside_world(LISTED) as made:
        yield made


@pytest.fixture
def stage(outside: World, stage: Stage) -> Iterator[Stage]:
    yield stage
    outside.upstream.publish_list(list_text((THIS_WEEK, LISTED)))


def _count(sessions: Sessions, table: type[Base]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _counts(sessions: Sessions) -> dict[str, int]:
    tables = (Edition, EditionItem, Paper, Sighting, Passage, Segment, Transition)
    return {table.__tablename__: _count(sessions, table) for table in tables}


def _collect(stage: Stage, day: dt.date = MONDAY) -> Collected:
    found = editions.collect(stage.sessions, stage.settings(), WEEKLY, str(day))
    assert isinstance(found, Collected)
    return found


def test_a_week_is_stored_with_papers_abstracts_and_segments(stage: Stage) -> None:
    found = _collect(stage)
    assert (found.papers, found.new, found.fetched, found.unknown_ids, found.withdrawn) == (10, True, 9, (), ())
    assert _counts(stage.sessions) == {
        "editions": 1,
        "edition_items": 10,
        "papers": 10,
        "sightings": 10,
        "passages": 10 + 10 + 9,
        "segments": 10 * 1 + 10 * 2 + 9 * 4,
        "transitions": 2,
    }
    with stage.sessions() as session:
        edition = session.get_one(Edition, found.edition_id)
        assert (edition.series, edition.period, edition.state) == ("weekly", "2026-11-09", "drafting")
        assert edition.title == "[2026/11/09 ~ 11/15] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)"
        assert [item.rank for item in edition.items] == list(range(1, 11))
        first = edition.items[0].sighting
        assert (first.label, first.paper.title) == ("Ship 1", "Ship 1: Sailing by Lamplight")
        assert first.links[1] == {"label": "Tweet", "url": "https://x.com/reader/status/1?s=20"}
        assert first.paper.metadata_source == "arxiv"
        assert first.paper.authors
        assert first.paper.published_at is not None


def test_one_batched_request_asks_arxiv_for_the_whole_edition(stage: Stage) -> None:
    _collect(stage)
    (request,) = [request for request in stage.upstream.requests if request.upstream == "arxiv"]
    assert request.params["id_list"].split(",") == [f"2611.{rank:05}" for rank in range(1, 11) if rank != 4]
    assert int(request.params["max_results"]) == 9
    assert "sandbox@localhost" in request.user_agent


def test_second_run_stores_nothing_new_and_asks_arxiv_nothing(stage: Stage) -> None:
    first = _collect(stage)
    before = _counts(stage.sessions)
    again = _collect(stage)
    assert again == Collected(first.edition_id, 10, new=False, fetched=0)
    assert _counts(stage.sessions) == before
    assert stage.upstream.count("arxiv") == 1


def test_paper_without_arxiv_keeps_the_lists_text_and_has_no_abstract(stage: Stage) -> None:
    _collect(stage)
    with stage.sessions() as session:
        project = session.scalars(select(Paper).filter_by(url="https://lab.example/projects/4")).one()
        assert (project.title, project.abstract, project.arxiv_id, project.metadata_at) == ("Ship 4", None, None, None)
        assert [passage.kind for passage in project.passages] == ["title"]


def test_an_id_that_arxiv_does_not_know_keeps_the_lists_text(stage: Stage) -> None:
    stray = paper(2, links=[("Paper", "https://arxiv.org/abs/2611.77777")])
    found = stage.collect(papers(3, stray))
    assert (found.fetched, found.unknown_ids) == (2, ("2611.77777",))
    assert stage.state(found.edition_id) == "drafting"
    with stage.sessions() as session:
        unknown = session.scalars(select(Paper).filter_by(arxiv_id="2611.77777")).one()
        assert (unknown.title, unknown.abstract) == ("Ship 2", None)


def test_one_empty_answer_of_arxiv_is_asked_again(stage: Stage) -> None:
    stage.upstream.fail_next("empty_feed")
    found = _collect(stage)
    assert (found.fetched, found.unknown_ids) == (9, ())


def test_empty_answer_that_comes_twice_is_believed(stage: Stage) -> None:
    stage.upstream.fail_next("empty_feed", times=2)
    found = _collect(stage)
    assert found.fetched == 0
    assert len(found.unknown_ids) == 9
    assert stage.state(found.edition_id) == "drafting"


@pytest.mark.parametrize(("fault", "pause_s"), [("rate_exceeded", 300), ("unavailable", 120)])
def test_a_busy_arxiv_leaves_the_edition_collecting_and_holds_every_process_off(
    stage: Stage, store: Store, fault: Fault, pause_s: int
) -> None:
    stage.upstream.fail_next(fault)
    with pytest.raises(TransientError) as caught:
        _collect(stage)
    assert caught.value.retry_after_s == pause_s
    with stage.sessions() as session:
        edition_id = session.scalars(select(Edition.id)).one()
    assert stage.state(edition_id) == "collecting"

    other_process = make_engine(store.url)
    with pytest.raises(TransientError) as refused:
        editions.collect(sessionmaker(other_process), stage.settings(), WEEKLY, str(MONDAY))
    other_process.dispose()
    assert refused.value.retry_after_s == pytest.approx(pause_s, abs=10)
    assert stage.upstream.count("arxiv") == 1, "the second process must not have called"

    with stage.sessions.begin() as session:  # the pause is over
        session.execute(text("update paces set next_free_at = now()"))
    found = _collect(stage)
    assert (found.edition_id, found.fetched, stage.state(edition_id)) == (edition_id, 9, "drafting")


@pytest.mark.parametrize("fault", ["html", "half_body", "not_found"])
def test_an_answer_that_is_no_feed_stores_nothing_half(stage: Stage, fault: Fault) -> None:
    stage.upstream.fail_next(fault)
    with pytest.raises((TransientError, RejectedError)):
        _collect(stage)
    assert _count(stage.sessions, Passage) == 0
    assert _collect(stage).fetched == 9


def test_callers_take_turns_at_the_pace_whoever_they_are(sessions: Sessions) -> None:
    waits: list[float] = []
    for _ in range(3):
        pacing.take_turn(sessions, "arXiv", 2.0, sleep=waits.append)
    assert len(waits) == 2, "the first one goes at once"
    assert 1.5 < waits[0] <= 2.0
    assert 3.5 < waits[1] <= 4.0
    with pytest.raises(TransientError) as caught:
        pacing.take_turn(sessions, "arXiv", 2.0, sleep=waits.append)
    assert len(waits) == 2, "a wait longer than 5 s is not slept"
    assert caught.value.retry_after_s == pytest.approx(6.0, abs=1)


def test_a_hold_never_shortens_a_longer_one(sessions: Sessions) -> None:
    pacing.hold(sessions, "arXiv", 900)
    pacing.hold(sessions, "arXiv", 10)
    with pytest.raises(TransientError) as caught:
        pacing.take_turn(sessions, "arXiv", 3.0)
    assert caught.value.retry_after_s == pytest.approx(900, abs=10)


def test_a_week_that_is_not_listed_yet_is_awaited_and_leaves_no_row(stage: Stage) -> None:
    found = editions.collect(stage.sessions, stage.settings(), WEEKLY, str(dt.date(2026, 11, 18)))
    assert isinstance(found, NotCollected)
    assert found.comes
    assert found.reason == "The week of 2026-11-16 is awaited: the list does not have it yet."
    assert _count(stage.sessions, Edition) == 0
    with pytest.raises(
        RejectedError, match=r"the week of 2026-11-16 yet: run `paperbot collect weekly --period 2026-11-16`"
    ):
        editions.find_edition(stage.sessions, WEEKLY, "2026-11-18")


def test_a_half_written_week_is_refused_with_its_line_and_nothing_is_stored(stage: Stage) -> None:
    stage.upstream.publish_list(list_text((THIS_WEEK, LISTED[:7])))
    with pytest.raises(RejectedError, match=r"line \d+: .*7 papers"):
        editions.collect(stage.sessions, stage.settings(), WEEKLY, str(MONDAY))
    assert _count(stage.sessions, Edition) == 0
    stage.upstream.publish_list(list_text((THIS_WEEK, LISTED)))
    assert _collect(stage).new


def test_a_list_edited_later_is_reported_and_not_applied(stage: Stage) -> None:
    found = _collect(stage)
    edited = papers(10, PROJECT, paper(2, label="Ship Two"), paper(7, description=("shows something else.", "")))
    stage.upstream.publish_list(list_text((THIS_WEEK, edited)))
    again = _collect(stage)
    assert again.changed_ranks == (2, 7)
    assert (again.edition_id, again.new) == (found.edition_id, False)
    with stage.sessions() as session:
        labels = session.scalars(select(Sighting.label).order_by(Sighting.rank)).all()
        assert labels[1] == "Ship 2"
        assert session.scalars(select(Sighting.description).filter_by(rank=7)).one() == LISTED[6].description[0]


def test_the_same_paper_in_two_editions_is_one_row_and_its_abstract_is_drafted_once(stage: Stage) -> None:
    shared = LISTED[0]
    first = stage.collected(papers(2))
    stage.draft(first)
    asked_before = len(stage.seen())
    moved = InventedPaper(
        2, "Ship 1 again", shared.title, ("comes back with news.", ""), shared.abstract,
        (("Paper", "https://arxiv.org/pdf/2611.00001v1"),),
    )  # fmt: skip
    later = stage.collect(
        listed_week(
            [paper(1, abstract=None, links=[("Paper", "https://lab.example/new")]), moved], MONDAY + dt.timedelta(7)
        )
    )
    assert later.fetched == 0, "its texts are in the store already"
    assert _count(stage.sessions, Paper) == 3
    assert _count(stage.sessions, Sighting) == 4

    stage.draft(later.edition_id)
    data = [call.data for call in stage.seen()[asked_before:] if call.data and "d1" in str(call.data)]
    (asked,) = [one for one in data if one["segments"][0]["text"] == "comes back with news."]
    assert asked["title"] is None
    assert [segment["id"] for segment in asked["segments"]] == ["d1"]
    assert "등불에는 초 100개가 들어갑니다." in stage.raw(later.edition_id)


def test_links_to_one_paper_in_any_form_meet_in_one_row(stage: Stage) -> None:
    forms = (
        "https://arxiv.org/pdf/2611.00005v1",
        "http://www.arxiv.org/abs/2611.00005",
        "https://arxiv.org/html/2611.00005v2",
    )
    weeks = [
        listed_week([paper(1, links=[("Paper", form)])], MONDAY + dt.timedelta(7 * number))
        for number, form in enumerate(forms)
    ]
    ids = {stage.collect(week).edition_id for week in weeks}
    assert len(ids) == 3
    with stage.sessions() as session:
        assert session.scalars(select(Paper.url)).all() == ["https://arxiv.org/abs/2611.00005"]
    assert stage.upstream.count("arxiv") == 1


def test_irregular_weeks_and_weeks_across_years_have_periods_of_their_own(stage: Stage) -> None:
    weeks = {
        "(March 31 - April 6) - 2025": ("2025-03-31", dt.date(2025, 3, 31), "[2025/03/31 ~ 04/06]"),
        "(April 6 - April 13) - 2025": ("2025-04-07", dt.date(2025, 4, 6), "[2025/04/06 ~ 04/13]"),
        "(December 30 - January 5) - 2025": ("2024-12-30", dt.date(2024, 12, 30), "[2024/12/30 ~ 2025/01/05]"),
        "(January 6 - January 12) - 2025": ("2025-01-06", dt.date(2025, 1, 6), "[2025/01/06 ~ 01/12]"),
    }
    stage.upstream.publish_list(list_text(*((dates, LISTED) for dates in weeks)))
    found = {dates: _collect(stage, start) for dates, (_, start, _) in weeks.items()}
    assert len({one.edition_id for one in found.values()}) == 4
    with stage.sessions() as session:
        for dates, (period, start, title) in weeks.items():
            edition = session.get_one(Edition, found[dates].edition_id)
            assert (edition.period, edition.period_start) == (period, start)
            assert edition.title.startswith(f"{title} ")
            assert editions.find_edition(stage.sessions, WEEKLY, str(start)) == edition.id
            assert WEEKLY.external_id(edition.period) == f"weekly-{period}-ko"
    assert _count(stage.sessions, Paper) == 10, "the same ten papers each week"
    assert stage.upstream.count("arxiv") == 1


def test_two_processes_collecting_at_once_make_one_edition_and_both_succeed(stage: Stage, store: Store) -> None:
    other = make_engine(store.url)
    start = threading.Barrier(2)

    def run(sessions: Sessions) -> Collected | NotCollected:
        start.wait(5)
        return editions.collect(sessions, stage.settings(), WEEKLY, str(MONDAY))

    with ThreadPoolExecutor(2) as pool:
        both = [job.result(20) for job in [pool.submit(run, sessionmaker(one)) for one in (store.engine, other)]]
    other.dispose()
    assert all(isinstance(one, Collected) for one in both)
    assert sorted(one.new for one in both if isinstance(one, Collected)) == [False, True]
    counts = _counts(stage.sessions)
    assert (counts["editions"], counts["edition_items"], counts["papers"], counts["segments"]) == (1, 10, 10, 66)
    assert counts["transitions"] == 2


def test_the_slower_of_two_processes_finds_the_work_done(stage: Stage) -> None:
    stage.upstream.fail_next("slow", delay_s=0.5)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(stage.collect, papers(3))
        while not stage.upstream.requests and not slow.done():
            time.sleep(0.01)
        quick = stage.collect(papers(3))
        late = slow.result(20)
    assert late.edition_id == quick.edition_id
    assert stage.state(quick.edition_id) == "drafting"
    assert _counts(stage.sessions)["transitions"] == 2


def test_the_days_of_a_week_all_mean_its_edition(stage: Stage) -> None:
    found = _collect(stage, dt.date(2026, 11, 12))
    assert {editions.find_edition(stage.sessions, WEEKLY, str(MONDAY + dt.timedelta(day))) for day in range(7)} == {
        found.edition_id
    }
    with pytest.raises(RejectedError, match="2026-11-02"):
        editions.find_edition(stage.sessions, WEEKLY, str(MONDAY - dt.timedelta(1)))


def test_the_last_whole_week_ends_with_sunday_where_the_readers_live(stage: Stage) -> None:
    settings = stage.settings()
    sunday_in_seoul = dt.datetime(2026, 11, 15, 14, 59, tzinfo=dt.UTC)
    assert editions.newest_period(settings, WEEKLY, sunday_in_seoul) == "2026-11-02"
    assert editions.newest_period(settings, WEEKLY, sunday_in_seoul + dt.timedelta(minutes=1)) == "2026-11-09"
