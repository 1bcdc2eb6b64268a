"""Bringing what the store renders to the page: merged into each post, and into other posts where one grew too long."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from bot.editions import markdown
from bot.editions.compose import Article, Frame
from bot.errors import ConflictError, RejectedError
from bot.forum import notices, parts, readback, takeover
from bot.forum.answers import HeldForApproval
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.limits import normalised
from bot.forum.merge import merge
from bot.languages.ko import review as words
from bot.store.engine import Sessions
from bot.store.tables import Post, Revision, Topic

log = logging.getLogger(__name__)

MOST_NAMED = 3
"""Readers named in the reason of an edit."""


def push(
    sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic, frame: Frame
) -> tuple[ForumTopic, list[int]]:
    """Merge what the store renders by now into each part, and edit the parts that this changes.

    Returns:
        The topic as it stands then, and the numbers of the parts that were edited.

    Raises:
        ConflictError: somebody edited since `seen` was read.
        TransientError: the forum is not ready.
    """
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        if topic.held_by is not None:
            return seen, []
        article = parts.article_of(session, topic, frame)
        key = topic.external_id
        is_draft = topic.edition.state in takeover.OPEN
    if not _news(sessions, topic_row_id, article):
        return seen, []
    pushed: list[int] = []
    seen = _make_room(sessions, forum, topic_row_id, seen, article, may_add=is_draft)
    # From the last to the first: what moves to a later part stands there before it leaves the earlier one.
    for row in reversed(_news(sessions, topic_row_id, article)):
        fresh = parts.text_of(row.blocks, article, key, row.part)
        there = seen.post(row.discourse_id)
        if there is None or there.deleted:
            continue
        merged = merge(row.rendered_raw, there.raw, fresh)
        if merged.conflicts:
            log.info(
                "merge left the forum's text: topic=%d part=%d places=%d", seen.id, row.part, len(merged.conflicts)
            )
        if len(normalised(merged.text)) > forum.rules().max_post_length and merged.text != there.raw:
            _plan_too_long(sessions, topic_row_id, row, len(merged.text), forum.rules().max_post_length)
            continue
        reason = words.EDIT_REASON.format(what=_reason(key, fresh, _reporters(sessions, row.id)))
        after = _edit(forum, there, merged.text, reason)
        _agree(sessions, row.id, after, fresh)
        if after.raw != there.raw:
            pushed.append(row.part)
        seen = replace(seen, posts=tuple(after if post.id == after.id else post for post in seen.posts))
    return seen, sorted(pushed)


def _news(sessions: Sessions, topic_row_id: int, article: Article) -> list[Post]:
    """The parts whose rendering is another by now; posts without any block are not ours to render."""
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        return [
            post
            for post in topic.posts
            if post.blocks and parts.text_of(post.blocks, article, topic.external_id, post.part) != post.rendered_raw
        ]


def _make_room(
    sessions: Sessions,
    forum: Discourse,
    topic_row_id: int,
    seen: ForumTopic,
    article: Article,
    *,
    may_add: bool,
) -> ForumTopic:
    """Let blocks move on to later parts where a part grew too long for a post. Recorded before the old text goes.

    Args:
        may_add: a new part may be posted; in an article's topic it would stand below what readers wrote.
    """
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        key = topic.external_id
        known = [
            parts.Part(row.part, tuple(row.blocks), row.rendered_raw, there)
            for row in topic.posts
            if (there := seen.post(row.discourse_id)) is not None and not there.deleted
        ]
        if len(known) < len(topic.posts):
            return seen
    found = parts.plan(known, article, key, forum.rules().max_post_length)
    if found is None or (len(found) > len(known) and not may_add):
        return seen
    made: dict[int, ForumPost] = {}
    for number in range(len(known) + 1, len(found) + 1):
        raw = parts.text_of(found[number - 1], article, key, number)
        post = parts.post_of(seen, key, number, forum.username) or forum.reply(seen.id, raw)
        if isinstance(post, HeldForApproval):
            raise RejectedError(
                f"The forum put part {number} of topic {seen.id} into its review queue: reject it there, and make the "
                "bot's account a moderator."
            )
        made[number] = post
    with sessions.begin() as session:
        topic = session.get_one(Topic, topic_row_id, with_for_update=True)
        for row, part, keys in zip(topic.posts, known, found, strict=False):
            if tuple(row.blocks) != part.keys:
                raise ConflictError(f"Topic {seen.id} was arranged by another process; run again.")
            row.blocks = keys
        for number, post in made.items():
            row = Post(
                topic_id=topic.id,
                part=number,
                discourse_id=post.id,
                post_number=post.number,
                base_raw=post.raw,
                rendered_raw=post.raw,
                blocks=found[number - 1],
                version=post.version,
            )
            session.add(row)
            session.flush()
            readback.record_shown(session, topic.edition, [row])
    return replace(seen, posts=tuple({post.id: post for post in (*seen.posts, *made.values())}.values()))


def _plan_too_long(sessions: Sessions, topic_row_id: int, row: Post, length: int, limit: int) -> None:
    """Tell moderators, once for each length, why the page does not follow."""
    log.error("part is too long for the forum: topic=%d part=%d length=%d", topic_row_id, row.part, length)
    text = words.TOO_LONG.format(part=row.part, length=length, limit=limit)
    with sessions.begin() as session:
        notices.plan(session, topic_row_id, f"too-long-{row.discourse_id}-{length}-{limit}", "problem", text)


def _reason(key: str, fresh: str, reporters: Sequence[str]) -> str:
    what = words.EDIT_REPORTED.format(readers=", ".join(reporters)) if reporters else words.EDIT_MERGED
    # A reason of its own makes the forum keep a version of its own.
    return f"{what.format(key=key)} {hashlib.sha256(fresh.encode()).hexdigest()[:6]}"


def _reporters(sessions: Sessions, post_id: int) -> list[str]:
    """The readers whose wording the part does not show yet, at most three."""
    with sessions() as session:
        shown = {int(key): str(text) for key, text in session.get_one(Post, post_id).shown.items()}
        fresh = session.scalars(
            select(Revision)
            .where(Revision.segment_id.in_(shown), Revision.current, Revision.author_kind == "reader")
            .order_by(Revision.id)
        )
        names = [name for revision in fresh if not _shows(shown, revision) for name in revision.author.split(", ")]
    return list(dict.fromkeys(names))[:MOST_NAMED]


def _shows(shown: Mapping[int, str], revision: Revision) -> bool:
    text = revision.text if revision.is_markdown else markdown.escape_inline(revision.text)
    return readback.says(text, shown[revision.segment_id])


def _edit(forum: Discourse, there: ForumPost, text: str, reason: str) -> ForumPost:
    if normalised(text) == normalised(there.raw):
        return there
    return forum.edit_post(there.id, text, raw_old=there.raw, reason=reason)


def _agree(sessions: Sessions, post_id: int, after: ForumPost, rendered: str) -> None:
    with sessions.begin() as session:
        post = session.get_one(Post, post_id)
        post.base_raw, post.version, post.rendered_raw = after.raw, after.version, rendered
        readback.record_shown(session, post.topic.edition, [post])


def plan_offers(sessions: Sessions, topic_row_id: int) -> None:
    """One whisper with all texts of ours that lost to a person's since the last one."""
    with sessions.begin() as session:
        topic = session.get_one(Topic, topic_row_id)
        offers = readback.open_offers(session, [post.id for post in topic.posts])
        if not offers:
            return
        lines = [words.OFFER_LINE.format(forum=offer.forum_text, ours=offer.our_text) for offer in offers]
        key = f"offer-{topic.external_id}-{offers[-1].id}"
        notice_id = notices.plan(session, topic_row_id, key, "offer", "\n\n".join([words.OFFER_HEAD, *lines]))
        for offer in offers:
            offer.notice_id = notice_id
