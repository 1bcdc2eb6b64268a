"""An idle service leaves the forum alone: at most thirty calls in any hour, with five drafts and thirty articles."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url, select

from bot.forum.answers import Post as ForumPost
from bot.sandbox.forum.state import Mode
from bot.store.tables import Edition, Post, Topic
from tests.integration.clockwork import Clockwork
from tests.integration.test_review import Desk, open_desk

BUDGET = 30
DRAFTS, ARTICLES = 5, 30
HOUR = dt.timedelta(hours=1)
WEEK_0 = dt.date(2026, 1, 5)
TEXT = "이번 주에는 긴 문맥을 싸게 다루는 방법이 여럿 나왔습니다. 두 논문은 캐시를 줄입니다."


@pytest.fixture(params=["now", "2022"])
def service(request: pytest.FixtureRequest, database_url: str) -> Iterator[Clockwork]:
    """A service with so many topics, of which nobody has said anything new."""
    mode: Mode = request.param
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(database_url), mode, None)
        desk.world.forum.settings.admin_api_requests_per_minute = None
        made = Clockwork(desk)
        made.now -= 12 * HOUR  # all was written before it was read last
        for number in range(ARTICLES + DRAFTS):
            _add(desk, number, now=made.now + 12 * HOUR, is_draft=number >= ARTICLES)
        made.now += 12 * HOUR
        yield made


def _add(desk: Desk, number: int, *, now: dt.datetime, is_draft: bool) -> None:
    """A topic that forum and store agree on, read last at some time within its turn."""
    forum, key = desk.world.forum, f"weekly-{number}"
    first = desk.forum.create_shared_draft(
        title=f"주간 논문 모음 {number}호를 올립니다",
        raw=f"{number}호입니다. {TEXT}",
        destination_category_id=forum.papers_category.id,
        tags=(),
        external_id=key,
    )
    assert isinstance(first, ForumPost)
    desk.forum.reply(first.topic_id, f"{number}호의 보고입니다. {TEXT}", whisper=True)
    if not is_draft:
        forum.publish("moderator", first.topic_id, forum.papers_category.id)
    there = desk.forum.topic(first.topic_id)
    turn = HOUR if is_draft else 6 * HOUR
    week = WEEK_0 + dt.timedelta(weeks=number)
    with desk.sessions.begin() as session:
        edition = Edition(
            series="weekly",
            period=week.isoformat(),
            period_start=week,
            period_end=week + dt.timedelta(days=6),
            state="submitted" if is_draft else "published",
            title=there.title,
        )
        topic = Topic(
            edition=edition,
            external_id=key,
            discourse_id=there.id,
            category_id=forum.papers_category.id,
            title=there.title,
            drafts_category_id=forum.drafts_category.id,
            forum_category_id=there.category_id,
            touched_at=now,  # so that no reminder is due
            read_at=now - turn * (number % 10) / 10,
            created_at=now - dt.timedelta(hours=1),
        )
        raw = there.posts[0].raw
        post = Post(
            topic=topic, part=1, discourse_id=first.id, post_number=1, base_raw=raw, rendered_raw=raw, version=1
        )
        session.add_all([edition, topic, post])


def calls_by_hour(service: Clockwork, hours: int) -> list[int]:
    counts = []
    for _ in range(hours):
        before = len(service.desk.world.forum.calls)
        service.advance(HOUR, step=dt.timedelta(minutes=10))
        counts.append(len(service.desk.world.forum.calls) - before)
    return counts


def read_in_time(service: Clockwork) -> Counter[str]:
    """How many topics were read within their turn and half an hour, by their edition's state."""
    turns = {"submitted": HOUR, "published": 6 * HOUR}
    with service.desk.sessions() as session:
        return Counter(
            topic.edition.state
            for topic in session.scalars(select(Topic))
            if topic.read_at and service.now - topic.read_at <= turns[topic.edition.state] + HOUR / 2
        )


def test_idle_hour_costs_at_most_thirty_calls_and_reads_what_is_due(service: Clockwork) -> None:
    counts = calls_by_hour(service, 7)
    assert max(counts) <= BUDGET, counts
    assert {call.method for call in service.desk.world.forum.calls[-sum(counts) :]} == {"GET"}
    within = read_in_time(service)
    assert (within["submitted"], within["published"]) == (DRAFTS, ARTICLES)


def test_service_that_was_away_for_a_day_catches_up_within_the_budget(service: Clockwork) -> None:
    service.now += dt.timedelta(days=1)
    counts = calls_by_hour(service, 3)
    assert max(counts) <= BUDGET, counts
    assert read_in_time(service)["submitted"] == DRAFTS
