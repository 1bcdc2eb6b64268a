"""Carrying out what moderators told the bot in a draft, and reading topics with all the parts that needs."""

import datetime as dt

from sqlalchemy import select, update

from bot.editions import compose, lifecycle, report
from bot.errors import RejectedError
from bot.forum import notices, review, takeover
from bot.forum.discourse import Discourse
from bot.forum.instructions import Said, known
from bot.forum.review import Reading
from bot.jobs import weekly
from bot.languages.ko import review as words
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Instruction, Topic
from bot.translation import findings
from bot.translation.drafting import Again

FOR_DRAFTS = frozenset({"redraft", "drop", "hold", "release", "reject"})
"""Instructions that mean nothing once the article is public."""


def read_topic(
    sessions: Sessions, settings: Settings, forum: Discourse, topic_row_id: int, *, now: dt.datetime
) -> Reading:
    """Read a topic, carry out what moderators said in it, and bring the result to the page. Repeatable.

    Raises: as `review.read_topic` and the drafting of papers.
    """
    frame = compose.frame_of(settings)
    reading = review.read_topic(sessions, forum, topic_row_id, frame=frame, now=now)
    if not reading.instructions:
        return reading
    for instruction_id in _waiting(sessions, topic_row_id):
        _carry_out(sessions, settings, instruction_id, now)
    # Merges what changed into the post, then gives the answers: nobody is told of a change that is not there yet.
    after = review.read_topic(sessions, forum, topic_row_id, frame=frame, now=now)
    reading.pushed_parts += after.pushed_parts
    reading.instructions = after.instructions
    return reading


def _waiting(sessions: Sessions, topic_row_id: int) -> list[int]:
    with sessions() as session:
        return list(
            session.scalars(
                select(Instruction.id)
                .where(Instruction.topic_id == topic_row_id, Instruction.done_at.is_(None))
                .order_by(Instruction.id)
            )
        )


def _carry_out(sessions: Sessions, settings: Settings, instruction_id: int, now: dt.datetime) -> None:
    """Do it, then plan the answer and note it done at once; doing it may be repeated after a crash."""
    with sessions() as session:
        row = session.get_one(Instruction, instruction_id)
    text = _done(sessions, settings, row, now)
    key = f"answer-{row.discourse_id}-{row.raw_hash[:8]}"
    with sessions.begin() as session:
        notices.plan(session, row.topic_id, key, "answer", text, reply_to=row.post_number)
        session.execute(
            update(Instruction)
            .where(Instruction.id == instruction_id, Instruction.done_at.is_(None))
            .values(done_at=now, outcome=text[:500])
        )


def _done(sessions: Sessions, settings: Settings, row: Instruction, now: dt.datetime) -> str:
    said = Said(row.action, tuple(row.ranks), row.remark)
    if said.action in FOR_DRAFTS and _is_public(sessions, row):
        return words.ANSWER_TOO_LATE
    match said.action:
        case "show":
            with sessions() as session:
                return report.for_moderators(session, session.get_one(Topic, row.topic_id).edition)
        case "dismiss":
            return _dismiss(sessions, row, now)
        case "redraft":
            return _redraft(sessions, settings, row, said)
        case "drop":
            return _drop(sessions, row, said)
        case "hold" | "release":
            return _hold(sessions, row, is_held=said.action == "hold")
        case "reject":
            return _reject(sessions, row)
        case "explain":
            return words.ANSWER_EXPLAIN
        case _:
            return words.ANSWER_UNCLEAR


def _is_public(sessions: Sessions, row: Instruction) -> bool:
    with sessions() as session:
        return session.get_one(Topic, row.topic_id).edition.state not in takeover.OPEN


def _dismiss(sessions: Sessions, row: Instruction, now: dt.datetime) -> str:
    """Findings of this edition only: whoever reviews one draft says nothing about another."""
    with sessions.begin() as session:
        own = {one.finding.id for one in report.findings_of(session, session.get_one(Topic, row.topic_id).edition)}
        own |= findings.dismissed_by(session, row.author, row.ranks)  # by this very instruction, before a crash
        there = [number for number in row.ranks if number in own]
        for number in there:
            findings.dismiss(session, number, by=row.author, now=now)
    lines = [words.ANSWER_DISMISSED.format(numbers=_listed(there))] if there else []
    if missing := [number for number in row.ranks if number not in own]:
        lines.append(words.ANSWER_UNKNOWN_FINDING.format(numbers=_listed(missing)))
    return "\n\n".join(lines)


def _redraft(sessions: Sessions, settings: Settings, row: Instruction, said: Said) -> str:
    there, missing = _papers(sessions, row, said)
    if not there:
        return words.ANSWER_UNKNOWN_PAPER.format(ranks=_listed(missing))
    with sessions() as session:
        edition_id = session.get_one(Topic, row.topic_id).edition_id
    try:
        done = weekly.redraft(sessions, settings, edition_id, there, Again(row.id, said.remark))
    except RejectedError as exc:
        return words.ANSWER_REDRAFT_FAILED.format(ranks=_listed(there), reason=exc)
    lines = []
    good = [rank for rank in there if rank not in done.failed]
    if good and done.changed:
        lines.append(
            words.ANSWER_REDRAFTED.format(ranks=_listed(good)) + (words.ANSWER_REDRAFTED_KEPT if done.kept else "")
        )
    elif good:
        lines.append(words.ANSWER_NOTHING.format(reason=words.NOTHING_TO_REDRAFT))
    lines += [
        words.ANSWER_REDRAFT_FAILED.format(ranks=rank, reason=reason) for rank, reason in sorted(done.failed.items())
    ]
    if missing:
        lines.append(words.ANSWER_UNKNOWN_PAPER.format(ranks=_listed(missing)))
    return "\n\n".join(lines)


def _drop(sessions: Sessions, row: Instruction, said: Said) -> str:
    there, missing = _papers(sessions, row, said)
    with sessions.begin() as session:
        for item in session.get_one(Topic, row.topic_id).edition.items:
            if item.rank in there and item.dropped_by is None:
                item.dropped_by = row.author
    lines = [words.ANSWER_DROPPED.format(ranks=_listed(there))] if there else []
    if missing:
        lines.append(words.ANSWER_UNKNOWN_PAPER.format(ranks=_listed(missing)))
    return "\n\n".join(lines)


def _papers(sessions: Sessions, row: Instruction, said: Said) -> tuple[tuple[int, ...], tuple[int, ...]]:
    with sessions() as session:
        items = session.get_one(Topic, row.topic_id).edition.items
        return known(said, [item.rank for item in items if item.dropped_by in (None, row.author)])


def _hold(sessions: Sessions, row: Instruction, *, is_held: bool) -> str:
    with sessions.begin() as session:
        session.get_one(Topic, row.topic_id).held_by = row.author if is_held else None
    return words.ANSWER_HELD if is_held else words.ANSWER_RELEASED


def _reject(sessions: Sessions, row: Instruction) -> str:
    with sessions.begin() as session:
        topic = session.get_one(Topic, row.topic_id)
        if topic.edition.state in takeover.OPEN:
            lifecycle.move(session, topic.edition, "rejected", actor=row.author, reason="told so in the draft")
    return words.ANSWER_REJECTED


def _listed(ranks: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, ranks))
