"""The daily series on real parts: a day's list becomes a post in the form of formats the community knows."""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from bot import clock
from bot.digests import compose
from bot.digests.render import Frame, render
from bot.editions import markdown, series
from bot.editions.collect import Collected
from bot.editions.daily import DAILY
from bot.editions.series import NotCollected
from bot.editions.talk import TALK
from bot.editions.weekly import WEEKLY
from bot.errors import RejectedError, TransientError
from bot.forum.discourse import Discourse
from bot.forum.published import read_post
from bot.jobs import editions
from bot.jobs import review as reviewing
from bot.jobs.tasks import Parts, run_daily
from bot.languages.ko import labels
from bot.sandbox import daily_list
from bot.sandbox import world as sandbox
from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.state import Post
from bot.sandbox.upstream import Fault, read_recorded, stand_in_papers
from bot.sandbox.world import MODERATOR, SAMPLE_DAY, SAMPLE_PERIOD, World
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Edition, ModelCall, Paper, Passage, Segment, Sighting, StoredFinding, Topic
from bot.translation import passages
from bot.translation.drafting import Again
from tests.integration.world import Store, own_store
from tests.shared import shared_path

DAYS = {"2024-06-10": 9, "2025-01-21": 1, "2025-08-25": 13, "2025-09-30": 50, "2026-08-21": 17}


@dataclass
class Stage:
    """Production code between an empty store and the sandbox world."""

    world: World
    sessions: Sessions
    settings: Settings
    forum: Discourse

    def collect(self, day: str = SAMPLE_DAY, of: series.Series = DAILY) -> Collected:
        found = editions.collect(self.sessions, self.settings, of, day)
        assert isinstance(found, Collected)
        return found

    def drafted(self, day: str = SAMPLE_DAY, of: series.Series = DAILY) -> int:
        edition_id = self.collect(day, of).edition_id
        assert editions.draft(self.sessions, self.settings, edition_id).failed == {}
        return edition_id

    def post(self, edition_id: int) -> str:
        return editions.preview(self.sessions, self.settings, edition_id)

    def submit(self, edition_id: int) -> int:
        return editions.submit(self.sessions, self.settings, edition_id, forum=self.forum).topic_id

    def publish(self, edition_id: int) -> int:
        """Submit, have a moderator publish, and read it; the topic's id."""
        topic_id = self.submit(edition_id)
        self.world.forum.publish(MODERATOR, topic_id, self.world.forum.papers_category.id)
        self.read(edition_id)
        return topic_id

    def read(self, edition_id: int) -> Any:
        with self.sessions() as session:
            row = session.scalars(select(Topic.id).where(Topic.edition_id == edition_id)).one()
        return reviewing.read_topic(self.sessions, self.settings, self.forum, row, now=clock.now())

    def entries(self) -> list[dict[str, Any]]:
        """The sample day's list."""
        papers = stand_in_papers(read_recorded(sandbox.SAMPLE / "week.jsonl"))
        return daily_list.entries_of(dataclasses.asdict(paper) for paper in papers)

    def first_post(self, topic_id: int) -> Post:
        """The topic's first post as the forum has it."""
        return self.world.forum.posts(topic_id)[0]

    def calls(self, purpose: str) -> int:
        with self.sessions() as session:
            return len(session.scalars(select(ModelCall).filter_by(purpose=purpose)).all())


@pytest.fixture(scope="module")
def store(postgres: str, template: str) -> Iterator[Store]:
    with own_store(postgres, template, "daily_stage") as made:
        yield made


@pytest.fixture
def stage(store: Store) -> Iterator[Stage]:
    sessions = store.emptied()
    with ExitStack() as stack:
        world = stack.enter_context(sandbox.running())
        world.forum.settings.admin_api_requests_per_minute = None
        settings = Settings(_env_file=None, arxiv_interval_s=0, **world.settings)
        forum = stack.enter_context(editions.forum_of(settings))
        yield Stage(world, sessions, settings, forum)
        assert not world.model.unfired()
        assert not world.upstream.unfired


def recorded_day(day: str) -> list[dict[str, Any]]:
    path = shared_path(f"data/huggingface/daily_papers_{day}.json")
    entries = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(entries, list)
    return entries


# --- the post --------------------------------------------------------------------------------------------------------


def test_sample_day_has_the_form_of_a_daily_post(stage: Stage) -> None:
    raw = stage.post(stage.drafted())
    blocks = raw.split("\n\n")
    assert blocks[0] == f"## Daily Papers ({SAMPLE_DAY})"
    assert re.fullmatch(r"### \[[^\n]+\]\(https://arxiv\.org/abs/\d{4}\.\d{5}\)", blocks[1])
    assert re.fullmatch(
        r"!\[\]\(https://cdn-thumbnails\.huggingface\.co/social-thumbnails/papers/\d{4}\.\d{5}\.png\)", blocks[2]
    )
    assert re.fullmatch(r"Vote: \d+", blocks[3])
    assert blocks[4].startswith("Authors: ")
    assert all(line.startswith("- ") and re.search("[가-힣]", line) for line in blocks[5].split("\n"))
    assert blocks[6].startswith("### [")
    assert f"\n\n초안 작성: {stage.settings.draft_model} (" in raw
    assert labels.NOTE_MACHINE in raw


@pytest.mark.parametrize("day", DAYS)
def test_recorded_day_is_posted_as_it_was(stage: Stage, day: str) -> None:
    """Papers, order, votes, authors and links equal the recording."""
    entries = recorded_day(day)
    stage.world.upstream.publish_day(day, entries)
    raw = stage.post(stage.drafted(day))
    post = read_post(raw)
    assert (post.series, post.period) == ("daily", day)
    assert len(post.items) == len(entries) == DAYS[day]
    for item, entry in zip(post.items, entries, strict=True):
        paper = entry["paper"]
        names = [" ".join(one["name"].split()) for one in paper["authors"] if not one["hidden"]]
        assert item.votes == paper["upvotes"]
        assert item.links == (f"https://arxiv.org/abs/{paper['id']}",)
        assert f"![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper['id']}.png)\n" in raw
        assert item.english_title is not None
        assert markdown.unescape(item.english_title, at_line_start=False) == " ".join(paper["title"].split())
        shown = [markdown.unescape(name) for name in item.authors]
        if len(names) > 50:
            assert shown[:49] == names[:49]
            assert shown[-1] == f"{names[49]} 외 {len(names) - 50}명"
        else:
            assert shown == names


def test_bullets_name_the_sentences_they_rest_on_and_cover_the_abstract(stage: Stage) -> None:
    edition_id = stage.drafted()
    with stage.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        known = passages.load_all(session, edition)
        for item in edition.items:
            (summary,) = DAILY.texts(known, item)
            abstract = passages.find(known, "abstract", item.sighting.description, paper_id=item.sighting.paper_id)
            assert abstract is not None
            rested = [segment_id for segment in summary.segments for segment_id in segment.rests_on]
            assert rested == [segment.id for segment in abstract.segments]
            assert all(segment.source for segment in summary.segments)
            assert 1 <= len(summary.segments) <= 10


def test_bullet_without_support_is_a_finding_for_the_moderators(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = stage.world.model._bullets

    def with_a_bullet_of_its_own(data: Any) -> Any:
        return [*honest(data)[:9], {"ko": "이 방법은 모든 문제를 풉니다.", "rests_on": []}]

    monkeypatch.setattr(stage.world.model, "_bullets", with_a_bullet_of_its_own)
    edition_id = stage.drafted()
    with stage.sessions() as session:
        found = session.scalars(
            select(StoredFinding).join(Segment, Segment.id == StoredFinding.segment_id).where(Segment.source == "")
        ).all()
        count = len(session.get_one(Edition, edition_id).items)
    unsupported = [one for one in found if one.check == "grounding"]
    assert len(unsupported) == count
    assert {one.severity for one in unsupported} == {"critical"}


def test_bullet_on_a_sentence_that_is_not_there_is_asked_for_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = stage.world.model._bullets
    asked: list[Any] = []

    def wrong_at_first(data: Any) -> Any:
        asked.append(data)
        bullets = honest(data)
        return [{**bullets[0], "rests_on": ["a99"]}, *bullets[1:]] if len(asked) == 1 else bullets

    monkeypatch.setattr(stage.world.model, "_bullets", wrong_at_first)
    edition_id = stage.drafted()
    with stage.sessions() as session:
        assert len(asked) == len(session.get_one(Edition, edition_id).items) + 1


def test_settings_choose_papers_by_votes_and_number(stage: Stage) -> None:
    stage.settings = stage.settings.model_copy(update={"daily_min_votes": 9, "daily_max_papers": 3})
    edition_id = stage.collect().edition_id
    with stage.sessions() as session:
        votes = [item.sighting.votes for item in session.get_one(Edition, edition_id).items]
    assert len(votes) == 3
    assert votes == sorted((vote for vote in votes if vote is not None), reverse=True)
    assert min(vote for vote in votes if vote is not None) >= 9


def test_hidden_authors_are_left_out(stage: Stage) -> None:
    paper = {"arxiv_id": "2611.90417", "title": "Lamps", "abstract": "It glows.", "published": "2026-11-09T00:00:00Z"}
    authors = ["Ann Lamp", "Bo Secret", "Cy Wick"]
    entry = daily_list.entry({**paper, "authors": authors}, votes=1, hidden=["Bo Secret"])
    stage.world.upstream.publish_day(SAMPLE_DAY, [entry])
    assert "\n\nAuthors: Ann Lamp, Cy Wick\n\n" in stage.post(stage.drafted())


# --- days ------------------------------------------------------------------------------------------------------------


def test_day_without_papers_makes_no_post_and_says_so(stage: Stage) -> None:
    found = editions.collect(stage.sessions, stage.settings, DAILY, "2026-11-14")
    assert found == NotCollected("There are no papers on the list of 2026-11-14, a Saturday: no post.", comes=False)
    assert run_daily(Parts(stage.settings, stage.sessions), period="2026-11-14").startswith("There are no papers")
    with stage.sessions() as session:
        assert session.scalars(select(Edition)).all() == []


def test_open_list_is_waited_for_until_the_hour_that_is_set(stage: Stage) -> None:
    reach = series.Reach(
        stage.sessions,
        stage.settings,
        editions.http_client(),
        now=lambda: dt.datetime(2026, 11, 10, 9, 30, tzinfo=dt.UTC),
    )
    found = DAILY.collect(reach, SAMPLE_DAY)
    assert isinstance(found, NotCollected)
    assert (found.comes, found.again_after) == (True, dt.timedelta(hours=6, minutes=30))
    assert stage.world.upstream.count("huggingface") == 0
    at_four = replace(reach, now=lambda: dt.datetime(2026, 11, 10, 16, tzinfo=dt.UTC))
    assert isinstance(DAILY.collect(at_four, SAMPLE_DAY), Collected)


def test_votes_are_taken_once(stage: Stage) -> None:
    first = stage.post(stage.drafted())
    grown = [{**entry, "paper": {**entry["paper"], "upvotes": 999}} for entry in stage.entries()]
    stage.world.upstream.publish_day(SAMPLE_DAY, grown)
    assert not stage.collect().new
    assert stage.post(stage.drafted()) == first


def test_list_cut_at_fifty_is_read_to_its_end(stage: Stage) -> None:
    papers = [
        {
            "arxiv_id": f"2611.{number:05}",
            "title": f"Lamp {number}",
            "abstract": "It glows at night.",
            "authors": ["Ann Lamp"],
            "published": "2026-11-09T00:00:00Z",
        }
        for number in range(1, 121)
    ]
    stage.world.upstream.publish_day(SAMPLE_DAY, daily_list.entries_of(papers))
    stage.world.upstream.fail_next("default_page", 3, at="huggingface")
    assert stage.collect().papers == 120


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("html", TransientError, "not JSON"),
        ("half_body", TransientError, "not JSON"),
        ("unavailable", TransientError, "503"),
        ("rate_exceeded", TransientError, "429"),
        ("bad_request", RejectedError, "400"),
        ("endless", RejectedError, "longer than"),
        ("not_found", RejectedError, "404"),
    ],
)
def test_every_bad_answer_ends_in_a_clear_message(
    stage: Stage, fault: Fault, error: type[Exception], message: str
) -> None:
    stage.world.upstream.fail_next(fault, at="huggingface", retry_after_s=143)
    with pytest.raises(error, match=message) as caught:
        stage.collect()
    if fault == "rate_exceeded":
        assert isinstance(caught.value, TransientError)
        assert caught.value.retry_after_s == 143
    with stage.sessions() as session:
        assert session.scalars(select(Edition)).all() == []
    assert stage.collect().new


def test_busy_arxiv_does_not_keep_a_day_waiting(stage: Stage) -> None:
    stage.world.upstream.fail_next("rate_exceeded")
    edition_id = stage.drafted()
    with stage.sessions() as session:
        papers = [item.sighting.paper for item in session.get_one(Edition, edition_id).items]
        assert {paper.metadata_source for paper in papers} == {"huggingface"}


# --- one paper, one record -------------------------------------------------------------------------------------------


def test_seen_daily_then_weekly_is_one_record_one_translation_and_two_mentions(stage: Stage) -> None:
    day_id = stage.drafted()
    topic_id = stage.publish(day_id)
    summaries = stage.calls("summarize_paper")
    week_id = stage.drafted(SAMPLE_PERIOD, WEEKLY)
    with stage.sessions() as session:
        daily, weekly = (session.get_one(Edition, key) for key in (day_id, week_id))
        both = {item.sighting.paper_id for item in daily.items}
        assert both < {item.sighting.paper_id for item in weekly.items}
        for paper in session.scalars(select(Paper).where(Paper.id.in_(both))):
            assert len(session.scalars(select(Sighting).filter_by(paper_id=paper.id)).all()) == 2
        known = passages.load_all(session, weekly)
        for item in daily.items:
            abstract = passages.find(known, "abstract", item.sighting.description, paper_id=item.sighting.paper_id)
            (summary,) = DAILY.texts(known, item)
            assert abstract is not None
            by_hash = {s.source_hash: passages.current(s) for s in summary.segments}
            for segment in abstract.segments:
                if (bullet := by_hash.get(segment.source_hash)) is not None:
                    taken = passages.current(segment)
                    assert taken is not None
                    assert taken.text == bullet.text
                    assert taken.reason == "the same sentence in another text of the paper"
    raw = stage.post(week_id)
    link = f"지난 소개: [Daily Papers ({SAMPLE_DAY})]({stage.world.forum_url}/t/{topic_id})"
    assert raw.count(link) == len(both)
    assert "지난 소개" not in stage.post(day_id)
    assert stage.calls("summarize_paper") == summaries
    stage.submit(week_id)
    assert stage.read(week_id).edited_parts == []


def test_seen_weekly_then_daily_asks_nobody_for_the_bullets(stage: Stage) -> None:
    week_id = stage.drafted(SAMPLE_PERIOD, WEEKLY)
    topic_id = stage.publish(week_id)
    day_id = stage.drafted()
    with stage.sessions() as session:
        long = [
            passage
            for passage in session.scalars(select(Passage).filter_by(kind="abstract"))
            if len(passage.segments) > 10
        ]
    assert stage.calls("summarize_paper") == len(long)
    raw = stage.post(day_id)
    assert f"]({stage.world.forum_url}/t/{topic_id})" in raw
    texts = [line for item in read_post(raw).items for section in item.sections for line in section.korean]
    assert texts
    assert not any("지난 소개" in line for line in texts)


def test_paper_on_two_days_has_one_summary(stage: Stage) -> None:
    stage.world.upstream.publish_day("2026-11-11", stage.entries()[:2])
    first = stage.drafted()
    asked = stage.calls("summarize_paper")
    second = stage.drafted("2026-11-11")
    assert stage.calls("summarize_paper") == asked
    bullets = [line for line in stage.post(second).split("\n") if line.startswith("- ")]
    assert bullets
    assert all(line in stage.post(first) for line in bullets)


# --- review ----------------------------------------------------------------------------------------------------------


def test_moderators_edit_of_a_bullet_is_taken_into_the_store_and_kept(stage: Stage) -> None:
    edition_id = stage.drafted()
    topic_id = stage.submit(edition_id)
    post = stage.first_post(topic_id)
    line = next(line for line in post.raw.split("\n") if line.startswith("- "))
    stage.world.forum.edit_post(MODERATOR, post.id, post.raw.replace(line, "- 수진이 새로 쓴 문장입니다."))
    reading = stage.read(edition_id)
    assert reading.changed == 1
    assert "- 수진이 새로 쓴 문장입니다.\n" in stage.post(edition_id)
    assert line not in stage.post(edition_id)
    editions.redraft(stage.sessions, stage.settings, edition_id, [1], Again(1))
    assert "- 수진이 새로 쓴 문장입니다.\n" in stage.post(edition_id)


def test_paper_deleted_from_the_page_is_dropped_and_comes_back(stage: Stage) -> None:
    edition_id = stage.drafted()
    topic_id = stage.submit(edition_id)
    post = stage.first_post(topic_id)
    whole = post.raw
    second = whole.index("### [", whole.index("### [") + 1)
    without = whole[: whole.index("### [")] + whole[second:]
    stage.world.forum.edit_post(MODERATOR, post.id, without)
    stage.read(edition_id)
    with stage.sessions() as session:
        assert [item.dropped_by for item in session.get_one(Edition, edition_id).items][:2] == [MODERATOR, None]
    stage.world.forum.edit_post(MODERATOR, post.id, whole)
    stage.read(edition_id)
    with stage.sessions() as session:
        assert all(item.dropped_by is None for item in session.get_one(Edition, edition_id).items)


def test_two_runs_make_one_topic(stage: Stage) -> None:
    parts = Parts(stage.settings, stage.sessions)
    assert run_daily(parts, period=SAMPLE_DAY).startswith("created")
    calls = len(stage.world.model.calls)
    assert run_daily(parts, period=SAMPLE_DAY).startswith("unchanged")
    assert len(stage.world.model.calls) == calls


# --- in the mail -----------------------------------------------------------------------------------------------------


def test_a_day_and_a_talk_are_mailed_in_the_korean_that_the_forum_shows(stage: Stage) -> None:
    day_id, talk_id = stage.drafted(), stage.drafted("TideWater-1", TALK)
    topics = [stage.publish(edition_id) for edition_id in (day_id, talk_id)]
    now = clock.now()
    start, end = now - dt.timedelta(days=1), now + dt.timedelta(days=1)
    with stage.sessions() as session:
        loaded = compose.load(session, start, end, forum_url="https://forum.example", received={})
    content = compose.for_readers(loaded, (), start=start, slot=end, mailed_until=start, seen=frozenset())
    day, talk = content.best
    assert [section.url for section in content.best] == [f"https://forum.example/t/{topic}" for topic in topics]
    page = cook(stage.first_post(topics[0]).raw)
    for item in day.items:
        assert item.summary_ko
        assert item.summary_ko.split(". ")[0] in page
    (said,) = talk.items
    assert said.summary_ko
    assert said.summary_ko in cook(stage.first_post(topics[1]).raw)
    assert said.url == "https://www.youtube.com/watch?v=TideWater-1"
    assert -talk_id in content.paper_ids
    frame = Frame("weekly", "소식", "모임", "hello@example.org", "https://forum.example/digests/1")
    for text in (mail := render(content, "ko", frame)).plain, mail.html:
        assert f"논문 {len(day.items)}편과 세미나 1편을" in text
    told = frozenset(content.paper_ids)
    assert compose.for_readers(loaded, (), start=start, slot=end, mailed_until=start, seen=told).is_empty
