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

from bot.editions import compose
from bot.editions.compose import RULE, Frame
from bot.errors import RejectedError
from bot.forum import instructions, notices, readback, takeover
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, NotFoundError, RefusedError
from bot.forum.limits import normalised, with_token
from bot.forum.merge import merge
from bot.forum.readback import SOMEBODY, SYSTEM
from bot.languages.ko import review as words
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, Instruction, Notice, Post, Topic

log = logging.getLogger(__name__)

UNSEEN_FOR = dt.timedelta(days=1)
"""After so long without a person's trace, a draft reminds the moderators once."""


@dataclass(slots=True)
class Reading:
    """What one reading of a topic brought.

    Attributes:
        news: what people decided: `published`, `rejected`, `withdrawn`, `restored`, `limbo`, `title changed`, ...
        edited_parts: parts that a person had edited.
        changed: segments that have a person's new text.
        pushed_parts: parts that the bot edited.
        instructions: how many instructions wait to be carried out.
    """

    news: list[str] = field(default_factory=list)
    edited_parts: list[int] = field(default_factory=list)
    changed: int = 0
    pushed_parts: list[int] = field(default_factory=list)
    instructions: int = 0


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
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id, with_for_update=True)
            reading.news = takeover.take_over(session, topic, seen, now=now)
            topic.read_at = now
            state = topic.edition.state
            flow = topic.flow
        if "published" in reading.news and flow == "staff_category" and seen is not None:
            _complete_move(forum, seen.id, now)
        if seen is None or seen.deleted:
            return reading
        if state not in takeover.OPEN | takeover.PUBLIC | {"withdrawn"}:
            notices.say_planned(sessions, forum, topic_row_id, seen, now)
            return reading
        _take_edits(sessions, forum, topic_row_id, seen, reading, now)
        if state == "withdrawn":  # unlisted: people may work on it, the bot keeps its hands off
            notices.say_planned(sessions, forum, topic_row_id, seen, now)
            return reading
        # What was said just before somebody published is answered, too.
        if state in takeover.OPEN or "published" in reading.news:
            reading.instructions = _note_instructions(sessions, topic_row_id, seen, forum.username, now)
        seen = _push(sessions, forum, topic_row_id, seen, reading, frame)
        _plan_offers(sessions, topic_row_id)
        notices.say_planned(sessions, forum, topic_row_id, seen, now)
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


def _post_in(seen: ForumTopic, discourse_id: int) -> ForumPost | None:
    return next((post for post in seen.posts if post.id == discourse_id), None)


# --- people's edits --------------------------------------------------------------------------------------------------


def _take_edits(
    sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic, reading: Reading, now: dt.datetime
) -> None:
    with sessions() as session:
        known = {post.id: (post.discourse_id, post.base_raw) for post in session.get_one(Topic, topic_row_id).posts}
    ours = {discourse_id for discourse_id, _ in known.values()}
    article = "\n\n".join(post.raw for post in seen.posts if post.id in ours)
    for post_id, (discourse_id, base) in known.items():
        there = _post_in(seen, discourse_id)
        if there is None or there.deleted or there.raw == base:
            continue
        editor = forum.last_editor(discourse_id) or SOMEBODY
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


def _note_instructions(sessions: Sessions, topic_row_id: int, seen: ForumTopic, bot: str, now: dt.datetime) -> int:
    """Store what staff told the bot in this draft, each post once (again if it is edited); returns how many wait."""
    ours = {post.number for post in seen.posts if post.username.lower() == bot.lower() and post.number > 1}
    with sessions.begin() as session:
        topic = session.get_one(Topic, topic_row_id)
        for post in seen.posts:
            if post.number == 1 or post.username.lower() == bot.lower() or not post.is_staff:
                continue
            if post.deleted or post.hidden or post.action_code or post.post_type not in (1, 4):
                continue
            if topic.touched_at is None:
                takeover.note_person(session, topic, actor=post.username, what="answered in the draft", now=now)
            said = instructions.read(post.raw, bot=bot, is_addressed=post.reply_to in ours)
            if said is None:
                continue
            session.execute(
                insert(Instruction)
                .values(
                    topic_id=topic_row_id,
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
        return (
            session.scalar(
                select(func.count(Instruction.id)).where(
                    Instruction.topic_id == topic_row_id, Instruction.done_at.is_(None)
                )
            )
            or 0
        )


# --- the bot's changes -----------------------------------------------------------------------------------------------


def _push(
    sessions: Sessions, forum: Discourse, topic_row_id: int, seen: ForumTopic, reading: Reading, frame: Frame
) -> ForumTopic:
    """Merge what the store renders by now into each part, and edit the parts that this changes."""
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        if topic.held_by is not None:
            return seen
        fresh = _fresh_parts(session, topic, frame)
        rows = [(post.id, post.part, post.discourse_id, post.rendered_raw) for post in topic.posts]
        key = topic.external_id
    for post_id, part, discourse_id, rendered in rows:
        if fresh.get(part) is None or fresh[part] == rendered:
            continue
        there = _post_in(seen, discourse_id)
        if there is None or there.deleted:
            continue
        merged = merge(rendered, there.raw, fresh[part])
        if merged.conflicts:
            log.info("merge left the forum's text: topic=%d part=%d places=%d", seen.id, part, len(merged.conflicts))
        after = _edit(forum, there, merged.text, words.EDIT_REASON.format(what=_reason(key, fresh[part])))
        _agree(sessions, post_id, after, fresh[part])
        if after.raw != there.raw:
            reading.pushed_parts.append(part)
        seen = replace(seen, posts=tuple(after if post.id == after.id else post for post in seen.posts))
    return seen


def _reason(key: str, fresh: str) -> str:
    # A reason of its own makes the forum keep a version of its own.
    return f"{words.EDIT_MERGED.format(key=key)} {hashlib.sha256(fresh.encode()).hexdigest()[:6]}"


def _fresh_parts(session: Session, topic: Topic, frame: Frame) -> dict[int, str]:
    """By part: the store's rendering of the blocks that stand in it."""
    blocks = dict(
        zip(compose.weekly_keys(topic.edition), compose.weekly_blocks(session, topic.edition, frame), strict=True)
    )
    parts = {}
    for post in topic.posts:
        text = RULE.join(blocks[key] for key in post.blocks if key in blocks)
        if text:
            parts[post.part] = text if post.part == 1 else with_token(text, f"{topic.external_id}-part-{post.part}")
    return {part: normalised(text) for part, text in parts.items()}


def _edit(forum: Discourse, there: ForumPost, text: str, reason: str) -> ForumPost:
    if normalised(text) == normalised(there.raw):
        return there
    if len(normalised(text)) > forum.rules().max_post_length:
        raise RejectedError(
            f"Post {there.id} would have {len(text)} characters, more than the forum takes: raise max_post_length."
        )
    return forum.edit_post(there.id, text, raw_old=there.raw, reason=reason)


def _agree(sessions: Sessions, post_id: int, after: ForumPost, rendered: str) -> None:
    with sessions.begin() as session:
        post = session.get_one(Post, post_id)
        post.base_raw, post.version, post.rendered_raw = after.raw, after.version, rendered
        readback.record_shown(session, post.topic.edition, [post])


def _plan_offers(sessions: Sessions, topic_row_id: int) -> None:
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
