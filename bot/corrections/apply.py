"""Bringing accepted corrections to the store, within the day's budget of edits, and seeing that the page shows them."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.corrections import learn, lifecycle, ripple
from bot.forum import notices, readback
from bot.languages.ko import corrections as words
from bot.store.tables import Correction, Ripple, Segment, Topic
from bot.translation import passages
from bot.translation.termbase import Termbase


def room_today(session: Session, per_day: int, now: dt.datetime) -> int:
    """How many more posts corrections may edit until a day has passed since the earlier ones."""
    since = now - dt.timedelta(days=1)
    corrected = session.scalar(select(func.count(Correction.id)).where(Correction.applied_at > since)) or 0
    rippled = session.scalar(
        select(func.count(func.distinct(Ripple.topic_id))).where(Ripple.applied_at > since, Ripple.state == "applied")
    )
    return max(0, per_day - corrected - (rippled or 0))


def store_accepted(session: Session, topic: Topic, *, per_day: int, now: dt.datetime) -> int:
    """Make the accepted corrections of the topic the current Korean of their segments; how many. The caller commits.

    What no longer fits becomes stale and moderators are told; what the budget has no room for waits.
    """
    waiting = session.scalars(
        select(Correction)
        .where(Correction.topic_id == topic.id, Correction.state == "accepted", Correction.revision_id.is_(None))
        .order_by(Correction.id)
    ).all()
    room = room_today(session, per_day, now) if waiting else 0
    stored = 0
    for correction in waiting:
        if stored >= room:
            _say(session, correction, f"waits-{correction.id}", words.WAITS_FOR_ROOM)
        elif _stored(session, correction):
            stored += 1
        else:
            _stale(session, correction, "its sentence changed meanwhile")
    return stored


def confirm(session: Session, topic: Topic, termbase: Termbase, *, now: dt.datetime) -> list[Correction]:
    """Those whose words the page shows by now: they are applied, and their like elsewhere is offered. Commits nothing.

    Where a person's edit of the same sentence won, the correction is stale: nobody's text is overwritten.
    """
    shown: dict[int, str] = {int(key): str(text) for post in topic.posts for key, text in post.shown.items()}
    applied = []
    for correction in session.scalars(
        select(Correction)
        .where(Correction.topic_id == topic.id, Correction.state == "accepted", Correction.revision_id.is_not(None))
        .order_by(Correction.id)
    ):
        segment = session.get_one(Segment, correction.segment_id)
        present = passages.current(segment)
        ours = readback.as_markdown(segment)
        there = shown.get(segment.id, "")
        is_later = present is not None and present.id != correction.revision_id
        if ours is not None and readback.says(ours, there) and (not is_later or _holds(there, correction)):
            lifecycle.move(session, correction, "applied", actor="paperbot", reason="the page shows it", applied_at=now)
            ripple.offer(session, correction, termbase)
            applied.append(correction)
        elif is_later or topic.held_by is None:
            _stale(session, correction, "the page shows another sentence")
    return applied


def _stored(session: Session, correction: Correction) -> bool:
    """Make the correction's text the segment's current Korean; False if the sentence is another one by now.

    The sentence may have changed elsewhere: then the reader's words are put into what stands there now.
    """
    segment = session.get_one(Segment, correction.segment_id)
    present = passages.current(segment)
    text, is_markdown = correction.text, correction.is_markdown
    if present is None or text is None:
        return False
    if present.id != correction.base_revision_id:
        if not correction.new or not correction.old or present.text.count(correction.old) != 1:
            return False
        text, is_markdown = present.text.replace(correction.old, correction.new), present.is_markdown
    stored = passages.add_revision(
        session,
        segment,
        text,
        author_kind="reader",
        author=", ".join(reporters(correction)) or "reader",
        reason=f"correction {correction.id}, accepted by {correction.decided_by}",
        is_markdown=is_markdown,
        replacing=present,
    )
    if not stored:
        return False
    current = passages.current(segment)
    assert current is not None
    correction.base_revision_id, correction.revision_id = present.id, current.id
    session.flush()
    learn.remember(session, correction, segment.source, before=present.text, after=current.text)
    return True


def reporters(correction: Correction) -> list[str]:
    """The names of all readers who asked for it, each once, the first first."""
    return list(dict.fromkeys(report.comment.author for report in correction.reports))


def _holds(shown: str, correction: Correction) -> bool:
    """Whether a later text still has what was corrected."""
    return correction.new is not None and "".join(correction.new.split()) in "".join(shown.split())


def _stale(session: Session, correction: Correction, reason: str) -> None:
    if lifecycle.move(session, correction, "stale", actor="paperbot", reason=reason):
        _say(session, correction, f"stale-{correction.id}", words.STALE)


def _say(session: Session, correction: Correction, key: str, text: str) -> None:
    notices.plan(session, correction.topic_id, key, "answer", text.format(number=correction.id))
