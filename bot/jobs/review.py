"""Carrying out what moderators told the bot in a draft, and reading topics with all the parts that needs."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update

from bot.editions import compose, lifecycle, report
from bot.errors import RejectedError
from bot.forum import notices, review, takeover
from bot.forum.discourse import Discourse
from bot.forum.instructions import Said, known
from bot.forum.review import Reading
from bot.jobs import corrections, editions
from bot.languages.ko import review as words
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import EditionItem, Instruction, Topic
from bot.translation import findings
from bot.translation.drafting import Again

FOR_DRAFTS = frozenset({"redraft", "drop", "restore", "hold", "release", "reject"})
"""Instructions that mean nothing once the article is public."""
CHANGING = frozenset({"redraft", "drop", "restore"})
"""Those that change the page, which a held draft does not let them."""


def read_topic(
    sessions: Sessions, settings: Settings, forum: Discourse, topic_row_id: int, *, now: dt.datetime
) -> Reading:
    """Read a topic, carry out what people said in it, and bring the result to the page. Repeatable.

    Raises: as `review.read_topic` and the drafting of papers.
    """
    frame = compose.frame_of(settings)
    reading = review.read_topic(sessions, forum, topic_row_id, frame=frame, now=now)
    if reading.instructions:
        for instruction_id in _waiting(sessions, topic_row_id):
            _carry_out(sessions, settings, instruction_id, now)
    corrected = 0
    if reading.page is not None:
        corrected = corrections.work(sessions, settings, forum, topic_row_id, reading.page, now=now)
    page = reading.page
    if reading.instructions or corrected:
        # Merges what changed into the post, then gives the answers: nobody is told of a change that is not there yet.
        after = review.read_topic(sessions, forum, topic_row_id, frame=frame, now=now)
        reading.pushed_parts += after.pushed_parts
        reading.instructions = after.instructions
        page = after.page
    if page is not None:
        corrections.finish(sessions, forum, topic_row_id, page, now=now)
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
    with sessions() as session:
        topic = session.get_one(Topic, row.topic_id)
        state, is_held = topic.edition.state, topic.held_by is not None
    if row.action in FOR_DRAFTS and state not in takeover.OPEN:
        if state != "rejected":
            return words.ANSWER_TOO_LATE
        if row.action not in ("release", "reject"):
            return words.ANSWER_IS_REJECTED
    text = _carried_out(sessions, settings, row, now)
    return f"{text}\n\n{words.ANSWER_WHILE_HELD}" if is_held and row.action in CHANGING else text


def _carried_out(sessions: Sessions, settings: Settings, row: Instruction, now: dt.datetime) -> str:
    said = Said(row.action, tuple(row.ranks), row.remark)
    match said.action:
        case "show":
            with sessions() as session:
                return report.for_moderators(session, session.get_one(Topic, row.topic_id).edition)
        case "dismiss":
            return _dismiss(sessions, row, now)
        case "redraft":
            return _redraft(sessions, settings, row, said)
        case "drop" | "restore":
            return _place(sessions, row, said, is_left_out=said.action == "drop")
        case "hold":
            return _hold(sessions, row)
        case "release":
            return _release(sessions, row, now)
        case "reject":
            return _reject(sessions, row)
        case "explain":
            return words.ANSWER_EXPLAIN
        case _:
            return words.ANSWER_UNCLEAR


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
    papers = _papers(sessions, row)
    there, missing = known(said, list(papers))
    wanted = [rank for rank in there if papers[rank].dropped_by is None]
    left_out = [rank for rank in there if rank not in wanted]
    lines = _redrafted(sessions, settings, row, wanted, papers) if wanted else []
    if left_out:
        lines.append(words.ANSWER_LEFT_OUT.format(papers=_named(left_out, papers), ranks=_listed(left_out)))
    if missing:
        lines.append(words.ANSWER_UNKNOWN_PAPER.format(ranks=_listed(missing)))
    return "\n\n".join(lines)


def _redrafted(
    sessions: Sessions, settings: Settings, row: Instruction, ranks: list[int], papers: dict[int, EditionItem]
) -> list[str]:
    with sessions() as session:
        edition_id = session.get_one(Topic, row.topic_id).edition_id
    try:
        done = editions.redraft(sessions, settings, edition_id, ranks, Again(row.id, row.remark))
    except RejectedError as exc:
        return [words.ANSWER_REDRAFT_FAILED.format(ranks=_listed(ranks), reason=exc)]
    lines = []
    good = [rank for rank in ranks if rank not in done.failed]
    if good and done.changed:
        kept = words.ANSWER_REDRAFTED_KEPT if done.kept else ""
        lines.append(words.ANSWER_REDRAFTED.format(papers=_named(good, papers)) + kept)
    elif good:
        lines.append(words.ANSWER_NOTHING.format(reason=words.NOTHING_TO_REDRAFT))
    return lines + [
        words.ANSWER_REDRAFT_FAILED.format(ranks=rank, reason=reason) for rank, reason in sorted(done.failed.items())
    ]


def _place(sessions: Sessions, row: Instruction, said: Said, *, is_left_out: bool) -> str:
    """Take papers out of the article, or put them back; both may be said twice."""
    papers = _papers(sessions, row)
    there, missing = known(said, list(papers))
    with sessions.begin() as session:
        edition = session.get_one(Topic, row.topic_id).edition
        for item in edition.items:
            if item.rank in there:
                item.dropped_by = (item.dropped_by or row.author) if is_left_out else None
        session.flush()
        lines = report.names_of_dropped(session, edition) if is_left_out and there else []
    if there:
        answer = words.ANSWER_DROPPED if is_left_out else words.ANSWER_RESTORED
        lines.insert(0, answer.format(papers=_named(there, papers), ranks=_listed(there)))
    if missing:
        lines.append(words.ANSWER_UNKNOWN_PAPER.format(ranks=_listed(missing)))
    return "\n\n".join(lines)


def _papers(sessions: Sessions, row: Instruction) -> dict[int, EditionItem]:
    """By rank: the edition's papers, those that were taken out among them."""
    with sessions() as session:
        return {item.rank: item for item in session.get_one(Topic, row.topic_id).edition.items}


def _hold(sessions: Sessions, row: Instruction) -> str:
    with sessions.begin() as session:
        session.get_one(Topic, row.topic_id).held_by = row.author
    return words.ANSWER_HELD


def _release(sessions: Sessions, row: Instruction, now: dt.datetime) -> str:
    """End a hold, and take a rejection back."""
    with sessions.begin() as session:
        topic = session.get_one(Topic, row.topic_id)
        topic.held_by = None
        if topic.edition.state != "rejected":
            return words.ANSWER_RELEASED
        lifecycle.move(session, topic.edition, "submitted", actor=row.author, reason="the rejection was taken back")
        takeover.note_person(session, topic, actor=row.author, what="took the rejection back", now=now)
        return words.ANSWER_REOPENED


def _reject(sessions: Sessions, row: Instruction) -> str:
    with sessions.begin() as session:
        topic = session.get_one(Topic, row.topic_id)
        if topic.edition.state in takeover.OPEN:
            lifecycle.move(session, topic.edition, "rejected", actor=row.author, reason="told so in the draft")
    return words.ANSWER_REJECTED


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(map(str, ranks))


def _named(ranks: Sequence[int], papers: Mapping[int, EditionItem]) -> str:
    return ", ".join(report.paper_name(papers[rank]) for rank in ranks)
