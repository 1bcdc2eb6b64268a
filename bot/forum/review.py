"""Keeping an edition and its topic in step: reading what people did, and bringing what the store changed to the page.

One reading of a topic: take over what was decided (`takeover.py`), take every edit into the store in its editor's name
(`readback.py`), note instructions (`instructions.py`), merge what the store changed meanwhile into the post
(`merge.py`), and say what is to be said (`notices.py`). It may run at any time and any number of times.
"""

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions.compose import Frame
from bot.forum import instructions, notices, push, readback, takeover
from bot.forum.answers import WHISPER
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, NotFoundError, RefusedError
from bot.forum.readback import SOMEBODY, SYSTEM
from bot.languages.ko import review as words
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, Instruction, Notice, Post, Topic

log = logging.getLogger(__name__)

UNSEEN_FOR = dt.timedelta(days=1)
"""After so long without a person's trace, a draft reminds the moderators once."""
DRAFTS = takeover.OPEN | {"rejected"}
"""States in which all that staff says in the topic may be meant for the bot."""
IN_PUBLIC = frozenset({"show", "explain", "redraft", "drop", "restore", "reject"})
"""What is read in whispers to nobody in an article's topic: most of it to say that it comes too late."""


@dataclass(slots=True)
class Reading:
    """What one reading of a topic brought.

    Attributes:
        news: what people decided: `published`, `rejected`, `withdrawn`, `restored`, `limbo`, `title changed`, ...
        edited_parts: parts that a person had edited.
        changed: segments that have a person's new text.
        pushed_parts: parts that the bot edited.
        instructions: how many instructions wait to be carried out.
        is_gone: the topic is not on the forum any more, or only staff sees it as deleted.
        page: the topic as it stood at the end; None if it is gone or only intended so far.
    """

    news: list[str] = field(default_factory=list)
    edited_parts: list[int] = field(default_factory=list)
    changed: int = 0
    pushed_parts: list[int] = field(default_factory=list)
    instructions: int = 0
    is_gone: bool = False
    page: ForumTopic | None = field(default=None, repr=False)


def read_topic(sessions: Sessions, forum: Discourse, topic_row_id: int, *, frame: Frame, now: dt.datetime) -> Reading:
    """Read one topic and bring store and page in step.

    Raises:
        ConflictError: another process is at it, or somebody edited between reading and writing; run again soon, and
            the edit is merged.
        TransientError: the forum is not ready.
    """
    with locks.held(sessions, f"topic {topic_row_id}"):
        reading = Reading()
        with sessions() as session:
            topic = session.get_one(Topic, topic_row_id)
            discourse_id = topic.discourse_id
        if discourse_id is None:
            return reading  # only intended so far
        seen = _seen(forum, discourse_id)
        reading.is_gone = seen is None or seen.deleted
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id, with_for_update=True)
            was_draft = topic.edition.state in DRAFTS
            reading.news = takeover.take_over(session, topic, seen, now=now)
            topic.read_at = now
            state = topic.edition.state
            flow = topic.flow
            if seen is not None and not seen.deleted:
                # What was said just before somebody published is answered, too.
                reading.instructions = _note_instructions(
                    session, topic, seen, forum.username, now, is_draft=was_draft or state in DRAFTS
                )
        if "published" in reading.news and flow == "staff_category" and seen is not None:
            _complete_move(forum, seen.id, now)
        if seen is None or seen.deleted:
            return reading
        _take_edits(sessions, forum, topic_row_id, seen, reading, now)
        # What was rejected or unlisted people may work on; the bot keeps its hands off.
        if state in takeover.OPEN | takeover.PUBLIC:
            seen, reading.pushed_parts = push.push(sessions, forum, topic_row_id, seen, frame)
            push.plan_offers(sessions, topic_row_id)
        notices.say_planned(sessions, forum, topic_row_id, seen, now)
        reading.page = seen
        return reading


def remind(sessions: Sessions, forum: Discourse, *, now: dt.datetime) -> int:
    """Remind the moderators, once, of every draft that nobody has touched for a day; returns how many reminders."""
    with sessions() as session:
        waiting = session.scalars(
            select(Topic)
            .join(Edition, Edition.id == Topic.edition_id)
            .where(
                Edition.state == "submitted",
                Topic.touched_at.is_(None),
                Topic.held_by.is_(None),
                Topic.created_at <= now - UNSEEN_FOR,
                ~select(Notice.id).where(Notice.topic_id == Topic.id, Notice.kind == "reminder").exists(),
            )
        ).all()
        due = [(topic.id, topic.external_id, topic.discourse_id) for topic in waiting if topic.discourse_id]
    for topic_row_id, external_id, discourse_id in due:
        seen = _seen(forum, discourse_id)
        if seen is None or seen.deleted:
            continue
        with sessions.begin() as session:
            notices.plan(session, topic_row_id, f"reminder-{external_id}", "reminder", words.REMINDER)
        notices.say_planned(sessions, forum, topic_row_id, seen, now)
    return len(due)


def _complete_move(forum: Discourse, topic_id: int, now: dt.datetime) -> None:
    """A topic moved out of the staff category keeps its old date: give it today's, as publishing would have."""
    try:
        forum.date_now(topic_id, now)
    except (ForbiddenError, RefusedError) as exc:
        log.warning("article keeps the date of its draft: topic=%d reason=%s", topic_id, exc)


def _seen(forum: Discourse, discourse_id: int) -> ForumTopic | None:
    try:
        return forum.topic(discourse_id)
    except NotFoundError:
        return None


# --- people's edits --------------------------------------------------------------------------------------------------


def _take_edits(
    sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic, reading: Reading, now: dt.datetime
) -> None:
    with sessions() as session:
        known = {post.id: (post.discourse_id, post.base_raw) for post in session.get_one(Topic, topic_row_id).posts}
    ours = {discourse_id for discourse_id, _ in known.values()}
    article = "\n\n".join(post.raw for post in seen.posts if post.id in ours and not post.deleted)
    for post_id, (discourse_id, base) in known.items():
        there = seen.post(discourse_id)
        if there is None:
            continue
        if there.deleted:
            there = replace(there, raw="")  # a part that a person deleted shows nothing
        if there.raw == base:
            continue
        editor = (forum.last_editor(discourse_id) if there.raw else None) or SOMEBODY
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id, with_for_update=True)
            post = session.get_one(Post, post_id)
            if post.base_raw == there.raw:
                continue  # another process took it in already
            # The bot's own edit whose answer was lost is no person's; nor is what the forum does to images.
            is_person = editor.lower() not in (SYSTEM, forum.username.lower())
            if is_person:
                of = readback.anatomy(session, topic.edition)
                taken = readback.take(
                    session, of, post, there.raw, article=article, editor=editor, edition=topic.edition
                )
                reading.changed += len(taken.changed)
                reading.edited_parts.append(post.part)
                takeover.note_person(session, topic, actor=editor, what=f"edited part {post.part}", now=now)
            post.base_raw, post.version, post.seen_at = there.raw, there.version, now
            if not is_person:
                readback.record_shown(session, topic.edition, [post])


# --- instructions ----------------------------------------------------------------------------------------------------


def _note_instructions(
    session: Session, topic: Topic, seen: ForumTopic, bot: str, now: dt.datetime, *, is_draft: bool
) -> int:
    """Store what staff told the bot, each post once (again if it is edited); returns how many wait. The caller commits.

    Args:
        is_draft: everything said is looked at; else only whispers that answer nobody.
    """
    ours = {post.number for post in seen.posts if post.username.lower() == bot.lower() and post.number > 1}
    names = {
        name: item.rank for item in topic.edition.items for name in (item.sighting.paper.title, item.sighting.label)
    }
    for post in seen.posts:
        if post.number == 1 or post.username.lower() == bot.lower() or not post.is_staff:
            continue
        if post.deleted or post.hidden or post.action_code or post.post_type not in (1, WHISPER):
            continue
        if not is_draft and (post.post_type != WHISPER or post.reply_to is not None):
            continue
        if topic.touched_at is None:
            takeover.note_person(session, topic, actor=post.username, what="answered in the draft", now=now)
        said = instructions.read(post.raw, bot=bot, is_addressed=post.reply_to in ours, names=names)
        if said is None or (not is_draft and said.action not in IN_PUBLIC):
            continue
        session.execute(
            insert(Instruction)
            .values(
                topic_id=topic.id,
                discourse_id=post.id,
                post_number=post.number,
                raw_hash=hashlib.sha256(post.raw.encode()).hexdigest(),
                author=post.username,
                raw=post.raw,
                action=said.action,
                ranks=list(said.ranks),
                remark=said.remark,
            )
            .on_conflict_do_nothing()
        )
    waiting = select(func.count(Instruction.id)).where(Instruction.topic_id == topic.id, Instruction.done_at.is_(None))
    return session.scalar(waiting) or 0
