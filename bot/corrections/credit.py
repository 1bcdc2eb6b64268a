"""Telling readers what became of what they reported, and the list of errata for digests and export."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.corrections import lifecycle
from bot.corrections.apply import reporters
from bot.editions import markdown
from bot.forum import notices
from bot.languages.ko import corrections as words
from bot.store.tables import Comment, Correction, Notice, Revision, Segment, Topic

PATIENCE = dt.timedelta(days=1)
"""A reader is thanked for what is done after so long, though something of the same comment is not decided yet."""
SHOWN = 200
"""Characters of a sentence in an answer."""
_NAME = re.compile(r"[\w.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Erratum:
    """An applied correction, for people who read the article before.

    Attributes:
        old: the sentence as it was.
        new: the sentence as it is.
        source: its English; empty where there is none.
        reporters: readers who asked for it, the first first.
    """

    topic_id: int
    topic_title: str
    topic_url: str
    old: str
    new: str
    source: str
    reporters: tuple[str, ...]
    applied_at: dt.datetime


def answer(session: Session, topic: Topic, *, now: dt.datetime) -> int:
    """Plan one reply to each comment whose corrections are decided and done; how many. The caller commits."""
    planned = 0
    for comment, own in _untold(session, topic).values():
        open_ones = [one for one in own if one.state in lifecycle.UNDER_WAY]
        done = [one for one in own if one.state not in lifecycle.UNDER_WAY]
        since = min((one.applied_at for one in done if one.applied_at is not None), default=None)
        if not done or (open_ones and (since is None or now - since < PATIENCE)):
            continue
        notice_id = notices.plan(
            session,
            topic.id,
            f"answer-{comment.discourse_id}-{done[-1].id}",
            "thanks",
            _text(done),
            reply_to=comment.post_number,
            is_whisper=False,
        )
        for one in done:
            one.answer_id = notice_id
        planned += 1
    session.flush()
    return planned


def note_answered(session: Session, topic: Topic) -> int:
    """Credit the applied corrections whose readers have their answer; how many. The caller commits."""
    answered = session.scalars(
        select(Correction)
        .join(Notice, Notice.id == Correction.answer_id)
        .where(Correction.topic_id == topic.id, Correction.state == "applied", Notice.sent_at.is_not(None))
    ).all()
    for correction in answered:
        lifecycle.move(session, correction, "credited", actor="paperbot", reason="its readers were thanked")
    return len(answered)


def errata(
    session: Session, since: dt.datetime, until: dt.datetime | None = None, *, forum_url: str = ""
) -> list[Erratum]:
    """The corrections that pages show since then, oldest first.

    Args:
        until: left out: now.
        forum_url: what the topics' addresses begin with, without a slash at the end.
    """
    query = (
        select(Correction, Topic, Segment.source)
        .join(Topic, Topic.id == Correction.topic_id)
        .join(Segment, Segment.id == Correction.segment_id)
        .where(Correction.state.in_(lifecycle.DONE), Correction.applied_at >= since)
        .order_by(Correction.applied_at, Correction.id)
    )
    if until is not None:
        query = query.where(Correction.applied_at < until)
    found = []
    for correction, topic, source in session.execute(query):
        old, new = _sentences(session, correction)
        assert correction.applied_at is not None
        found.append(
            Erratum(
                topic_id=topic.id,
                topic_title=topic.title or topic.external_id,
                topic_url=f"{forum_url}/t/{topic.discourse_id}",
                old=old,
                new=new,
                source=source,
                reporters=tuple(reporters(correction)),
                applied_at=correction.applied_at,
            )
        )
    return found


def _untold(session: Session, topic: Topic) -> dict[int, tuple[Comment, list[Correction]]]:
    """By the comment that asked first: its corrections whose readers know nothing yet, in order."""
    rows = session.execute(
        select(Comment, Correction)
        .join(Correction, Comment.id == lifecycle.asked_first())
        .where(Correction.topic_id == topic.id, Correction.answer_id.is_(None), Correction.state != "withdrawn")
        .order_by(Correction.id)
    )
    found: dict[int, tuple[Comment, list[Correction]]] = {}
    for comment, correction in rows:
        found.setdefault(comment.id, (comment, []))[1].append(correction)
    return found


def _text(done: Sequence[Correction]) -> str:
    names = words.readers([_mention(name) for name in dict.fromkeys(n for one in done for n in reporters(one))])
    thanked = [one for one in done if one.state in lifecycle.DONE]
    declined = [one for one in done if one.state == "rejected"]
    overtaken = [one for one in done if one.state == "stale"]
    blocks: list[str] = []
    for group, alone, beside, line in (
        (thanked, words.THANKS, words.THANKS, _change_line),
        (declined, words.DECLINED, words.ALSO_DECLINED, _declined_line),
        (overtaken, words.OVERTAKEN, words.ALSO_OVERTAKEN, _declined_line),
    ):
        if group:
            blocks.append((beside if blocks else alone).format(readers=names))
            blocks.append("\n".join(line(one) for one in group))
    return "\n\n".join(blocks)


def _change_line(correction: Correction) -> str:
    return words.THANKS_LINE.format(old=_shown(correction.old), new=_shown(correction.new or correction.text or ""))


def _declined_line(correction: Correction) -> str:
    if correction.decision_note:
        reason = markdown.escape_inline(correction.decision_note)
        return words.DECLINED_BECAUSE.format(old=_shown(correction.old), reason=reason)
    return words.DECLINED_LINE.format(old=_shown(correction.old))


def _sentences(session: Session, correction: Correction) -> tuple[str, str]:
    before = session.get_one(Revision, correction.base_revision_id)
    after = session.get_one(Revision, correction.revision_id) if correction.revision_id is not None else before
    return before.text, after.text


def _mention(name: str) -> str:
    return f"@{name}" if _NAME.fullmatch(name) else markdown.escape_inline(name)


def _shown(text: str) -> str:
    return markdown.escape_inline(text if len(text) <= SHOWN else f"{text[:SHOWN]} …")
