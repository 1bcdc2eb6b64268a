"""Bringing what the store changed to an adopted post: sentence by sentence, where each stands now.

Nothing is merged here. What people did to the post was read back already, so all that can differ is a segment that has
another text in the store than on the page; its place gets the new text, and every other character stays.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.editions import layout
from bot.forum import push, readback
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, RefusedError
from bot.forum.readback import Anatomy
from bot.store.engine import Sessions
from bot.store.tables import Post, Segment, Topic
from bot.translation import passages

log = logging.getLogger(__name__)


def push_adopted(
    sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic
) -> tuple[ForumTopic, list[int]]:
    """Edit the post where the store has other texts by now.

    Returns:
        The topic as it stands then, and the numbers of the parts that were edited.

    Raises: as `push.push`.
    """
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        (row,) = topic.posts
        there = seen.post(row.discourse_id)
        if there is None or there.deleted:
            return seen, []
        shown = {int(segment_id): text for segment_id, text in row.shown.items()}
        text, now_shown = brought(readback.anatomy(session, topic.edition), shown, there.raw)
        key = topic.external_id
    if text == there.raw:
        return seen, []
    if len(text) > forum.rules().max_post_length:
        push.plan_too_long(sessions, topic_row_id, row, len(text), forum.rules().max_post_length)
        return seen, []
    try:
        after = push.edit(forum, there, text, push.reason_for(sessions, row.id, key, text))
    except (ForbiddenError, RefusedError) as exc:
        push.plan_refused(sessions, topic_row_id, row, text, exc)
        return seen, []
    with sessions.begin() as session:
        post = session.get_one(Post, row.id)
        post.base_raw, post.rendered_raw, post.version = after.raw, after.raw, after.version
        post.shown = {str(segment_id): shown_text for segment_id, shown_text in now_shown.items()}
    return replace(seen, posts=tuple(after if post.id == after.id else post for post in seen.posts)), [row.part]


def brought(of: Anatomy, shown: Mapping[int, str], raw: str) -> tuple[str, dict[int, str]]:
    """The post with the store's texts in place of those it shows, and what it shows then.

    A segment that cannot be found any more keeps what it shows.

    Args:
        shown: by segment id, its Markdown in `raw`.
    """
    now_shown = dict(shown)
    places: list[tuple[int, int, str]] = []
    waiting = {
        segment.id: wish
        for own in of.segments.values()
        for segment in own
        if segment.id in shown and (wish := _wish(segment, shown[segment.id])) is not None
    }
    if not waiting:
        return raw, now_shown
    spans = readback.places(of, shown, raw)
    for segment_id, wish in waiting.items():
        if (span := spans.get(segment_id)) is None:
            log.error("corrected sentence is not found on the page: segment=%d", segment_id)
            continue
        places.append((*span, wish))
        now_shown[segment_id] = wish
    for start, end, wish in sorted(places, reverse=True):
        raw = raw[:start] + wish + raw[end:]
    return raw, now_shown


def _wish(segment: Segment, shown: str) -> str | None:
    """What is to stand there instead; None if the page says the same, however it is written."""
    revision = passages.current(segment)
    plain = readback.plain_of(shown)
    if revision is None or revision.text == (shown if plain is None else plain):
        return None
    return layout.as_markdown(segment)
