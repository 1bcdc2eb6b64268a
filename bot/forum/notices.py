"""What the bot says in a topic besides the article, said exactly once.

A reply is keyed by a token at its end. The intent is stored first; whoever runs next looks for the token in the topic
before sending. Reports and offers are whispers, for staff only; where the forum has whispers switched off they are not
said at all, because an ordinary reply would become public with the article. Answers to readers are ordinary replies.
"""

import datetime as dt
import logging

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.errors import RejectedError
from bot.forum.answers import HeldForApproval
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, RefusedError
from bot.forum.limits import token_of, with_token
from bot.store.engine import Sessions
from bot.store.tables import Notice

log = logging.getLogger(__name__)


def plan(
    session: Session,
    topic_row_id: int,
    key: str,
    kind: str,
    raw: str,
    *,
    reply_to: int | None = None,
    is_whisper: bool = True,
) -> int:
    """Store the intent to say `raw` once under `key`; the notice's id, whether it is new or not. The caller commits.

    Args:
        is_whisper: for staff only; otherwise everybody reads it.
    """
    made = session.scalar(
        insert(Notice)
        .values(topic_id=topic_row_id, key=key, kind=kind, raw=raw, reply_to=reply_to, is_whisper=is_whisper)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Notice.id)
    )
    return made if made is not None else session.scalars(select(Notice.id).where(Notice.key == key)).one()


def is_planned(session: Session, key: str) -> bool:
    """Whether something was said, or is to be said, under this key."""
    return session.scalar(select(Notice.id).where(Notice.key == key)) is not None


def say_planned(sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic, now: dt.datetime) -> int:
    """Say what is planned in this topic and not said yet, oldest first; returns how many could not be said.

    What the forum refuses (whispers are off, say) is given up, with a line in the log: it is not tried for ever.

    Args:
        seen: the topic as it was read a moment ago, so that what an interrupted run said is found.

    Raises:
        TransientError: the forum is not ready, or an answer was lost; run again.
    """
    with sessions() as session:
        waiting = session.scalars(
            select(Notice).where(Notice.topic_id == topic_row_id, Notice.sent_at.is_(None)).order_by(Notice.id)
        ).all()
    ours = {token_of(post.raw): post.id for post in seen.posts if post.username.lower() == forum.username.lower()}
    unsaid = 0
    for notice in waiting:
        post_id = ours.get(notice.key)
        if post_id is None:
            post_id = _say(forum, notice, seen)
        unsaid += post_id is None
        _record(sessions, notice.id, post_id, now)
    return unsaid


def _say(forum: Discourse, notice: Notice, seen: ForumTopic) -> int | None:
    if notice.is_whisper and forum.rules().whispers is False:
        log.error("notice not said, whispers are switched off: kind=%s topic=%d", notice.kind, seen.id)
        return None
    try:
        made = forum.reply(
            seen.id, with_token(notice.raw, notice.key), whisper=notice.is_whisper, reply_to=notice.reply_to
        )
    except (ForbiddenError, RefusedError) as exc:
        log.error("notice not said: kind=%s topic=%d reason=%s", notice.kind, seen.id, exc)
        return None
    if isinstance(made, HeldForApproval):
        return None
    if notice.is_whisper and not made.is_whisper:
        # A forum of 2022 with whispers off makes an ordinary reply of it, which would become public with the article.
        # Where the key may not delete it, the refusal itself tells the operator which post to remove.
        forum.delete_post(made.id)
        raise RejectedError(
            "Whispers are switched off on the forum, so moderators get no report: switch on enable_whispers (or set "
            "whispers_allowed_groups) and run again."
        )
    return made.id


def _record(sessions: Sessions, notice_id: int, post_id: int | None, now: dt.datetime) -> None:
    with sessions.begin() as session:
        session.execute(
            update(Notice)
            .where(Notice.id == notice_id, Notice.sent_at.is_(None))
            .values(sent_at=now, discourse_id=post_id)
        )
