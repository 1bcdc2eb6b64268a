"""Finding by polling what a lost webhook would have told, within a small budget of forum calls.

An hour of quiet costs, with five drafts and thirty recent articles: six looks at the newest posts, six at the list of
drafts, five readings of drafts and five of articles; never more than twelve readings, however many are due. Cheapest
first: a list shows thirty topics in one call, but no
edit of a topic that has replies; only a reading of the topic itself shows everything.
"""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.forum.answers import Post as ForumPost
from bot.forum.discourse import Discourse
from bot.forum.takeover import OPEN, PUBLIC
from bot.store.engine import Sessions
from bot.store.tables import Cursor, Edition, InboxEvent, Topic

POSTS_CURSOR = "latest posts"
WINDOW = 50
"""Forums of 2022 answer with the posts of exactly so many ids, visible or not."""
AGAIN = 20
"""Ids can become visible out of order, so that many are looked at again; few enough to stand on the first page."""
MOST_PAGES = 40
"""Bound of one sweep after a long absence; the rest is found by reading the topics."""

DRAFT_EVERY = dt.timedelta(hours=1)
RECENT_EVERY = dt.timedelta(hours=6)
RECENT_FOR = dt.timedelta(days=30)
OLDER_EVERY = dt.timedelta(days=7)
MOST_READINGS = 2
"""Drafts and recent articles read because of their age in one sweep: six sweeps an hour, ten readings due in it."""
MOST_OLDER = 1
"""Older articles read in one sweep besides."""


def posts(sessions: Sessions, forum: Discourse, *, now: dt.datetime) -> list[int]:
    """Our topics in which somebody has written since the last sweep.

    The first sweep ever only remembers where it begins. Edits and publication do not show here.
    """
    mark = _mark(sessions)
    seen: dict[int, ForumPost] = {}
    before: int | None = None
    for _ in range(MOST_PAGES):
        page = forum.latest_posts(before)
        seen |= {post.id: post for post in page}
        if mark is None or (before is None and not page):
            break
        lowest = min((post.id for post in page), default=(before or 1) - WINDOW)
        if before is not None and lowest >= before:  # 2022 shows the post `before` itself again, and here no other
            lowest = before - WINDOW
        if lowest <= mark - AGAIN + 1 or lowest <= 1:
            break
        before = lowest
    newest = max(seen, default=0)
    with sessions.begin() as session:
        found = (
            [] if mark is None else _ours(session, {post.topic_id for post in seen.values() if post.id > mark - AGAIN})
        )
        if seen:
            _move(session, max(newest, mark or 0), now)
        # Posts inside the window may be old news: what was read after they were written is.
        return [topic.id for topic in found if _is_news(topic, seen.values(), mark)]


def topics(sessions: Sessions, forum: Discourse, *, now: dt.datetime) -> list[int]:
    """Our topics that have moved in the list of drafts, have left it, or were not read for long."""
    with sessions() as session:
        drafts = [topic for topic in _in_states(session, OPEN) if topic.discourse_id and topic.drafts_category_id]
        # What was withdrawn or rejected may come back, and its lost webhook is found by nothing else.
        articles = [topic for topic in _in_states(session, PUBLIC | {"withdrawn", "rejected"}) if topic.discourse_id]
    news: list[int] = []
    for category_id in sorted({topic.drafts_category_id for topic in drafts if topic.drafts_category_id}):
        listed = {topic.id: topic for topic in forum.category_topics(category_id)}
        for topic in drafts:
            if topic.drafts_category_id != category_id or topic.discourse_id is None:
                continue
            there = listed.get(topic.discourse_id)
            bumped_at = there.bumped_at if there else None
            if there is None or topic.read_at is None or (bumped_at is not None and bumped_at > topic.read_at):
                news.append(topic.id)
    recent = [topic for topic in articles if topic.created_at > now - RECENT_FOR]
    older = [topic for topic in articles if topic not in recent]
    due_drafts, due_recent = _due(drafts, DRAFT_EVERY, now), _due(recent, RECENT_EVERY, now)
    # One of each kind first: neither keeps the other waiting after a long absence.
    due = [*due_drafts[:1], *due_recent[:1], *due_drafts[1:], *due_recent[1:]]
    return list(dict.fromkeys([*news, *due[:MOST_READINGS], *_due(older, OLDER_EVERY, now)[:MOST_OLDER]]))


def is_own_post(event: InboxEvent, bot: str) -> bool:
    """Whether the webhook only tells the bot of a post it has just written; nobody else writes in its name."""
    author = _object_of(event).get("username")
    return event.event == "post_created" and isinstance(author, str) and author.lower() == bot.lower()


def topic_of_event(session: Session, event: InboxEvent) -> int | None:
    """The row of the topic a webhook is about; None for a topic that is not ours."""
    inner = _object_of(event)
    topic_id = inner.get("id") if event.event_type == "topic" else inner.get("topic_id")
    if not isinstance(topic_id, int):
        return None
    return session.scalar(select(Topic.id).where(Topic.discourse_id == topic_id))


def _object_of(event: InboxEvent) -> dict[str, Any]:
    """The post or topic in the body; empty if there is none."""
    try:
        body = json.loads(event.body)
    except ValueError:
        return {}
    inner = body.get(event.event_type) if isinstance(body, dict) else None
    liked = inner.get("post") if event.event_type == "like" and isinstance(inner, dict) else None
    found = liked if isinstance(liked, dict) else inner
    return found if isinstance(found, dict) else {}


def _mark(sessions: Sessions) -> int | None:
    with sessions() as session:
        return session.scalar(select(Cursor.value).where(Cursor.name == POSTS_CURSOR))


def _move(session: Session, value: int, now: dt.datetime) -> None:
    """Never back; `moved_at` tells when a sweep came through last, whether there was news or not."""
    session.execute(
        insert(Cursor)
        .values(name=POSTS_CURSOR, value=value, moved_at=now)
        .on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "moved_at": now}, where=Cursor.value <= value
        )
    )


def _ours(session: Session, discourse_ids: set[int]) -> list[Topic]:
    return list(session.scalars(select(Topic).where(Topic.discourse_id.in_(discourse_ids)).order_by(Topic.id)))


def _is_news(topic: Topic, seen: Iterable[ForumPost], mark: int | None) -> bool:
    own = [post for post in seen if post.topic_id == topic.discourse_id]
    return any(
        post.id > (mark or 0)
        or topic.read_at is None
        or (post.updated_at is not None and post.updated_at > topic.read_at)
        for post in own
    )


def _in_states(session: Session, states: Iterable[str]) -> list[Topic]:
    return list(
        session.scalars(
            select(Topic)
            .join(Edition, Edition.id == Topic.edition_id)
            .where(Edition.state.in_(states))
            .order_by(Topic.id)
        )
    )


def _due(topics: Iterable[Topic], every: dt.timedelta, now: dt.datetime) -> list[int]:
    """Those not read for so long, the one read longest ago first."""
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    since = sorted((topic.read_at or never, topic.id) for topic in topics)
    return [topic_id for read_at, topic_id in since if read_at <= now - every]
