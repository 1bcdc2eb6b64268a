"""Telling moderators what readers ask for: one whisper a comment, with both sentences, the English and what checks say."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.corrections import lifecycle, wording
from bot.corrections.intake import Intake
from bot.corrections.wording import Place
from bot.editions import markdown
from bot.forum import notices
from bot.languages.ko import corrections as words
from bot.store.tables import Comment, Correction, CorrectionReport, Topic
from bot.translation.checks import pairing, run
from bot.translation.checks.base import Finding
from bot.translation.termbase import Termbase

MOST_IN_ONE = 8
"""Proposals in one whisper; a comment that asks for more is cut there, and the rest follows when these are decided."""
LONGEST_SHOWN = 500


def plan(session: Session, topic: Topic, intake: Intake, termbase: Termbase, *, now: dt.datetime) -> int:
    """Plan a whisper for every comment with corrections that nobody was told of; how many. The caller commits.

    Also plans the one polite question to readers whose sentence was not found.
    """
    standing = {place.segment.id: place for place in wording.places(session, topic.edition, topic.posts)}
    told = 0
    for comment in session.scalars(
        select(Comment).where(Comment.topic_id == topic.id, ~Comment.is_gone).order_by(Comment.id)
    ):
        waiting = _waiting(session, comment)
        if waiting:
            told += _tell(session, topic, comment, waiting[:MOST_IN_ONE], standing, termbase)
    for comment_id, is_ambiguous in intake.unclear.items():
        comment = session.get_one(Comment, comment_id)
        text = words.ASK_WHICH if is_ambiguous else words.ASK
        key = f"ask-{comment.discourse_id}"
        notices.plan(session, topic.id, key, "ask", text, reply_to=comment.post_number, is_whisper=False)
        comment.signed_at = comment.signed_at or now
    return told


def findings_of(place: Place, text: str, termbase: Termbase) -> list[Finding]:
    """What the checks say of a segment's new text beside its English."""
    pair = pairing.of_segments(place.kind, [(place.segment.source, text)])
    (found,) = run.find_all([pair], termbase)
    return found


def _waiting(session: Session, comment: Comment) -> list[Correction]:
    """Corrections first asked for by this comment, proposed to nobody yet."""
    first = (
        select(CorrectionReport.comment_id)
        .where(CorrectionReport.correction_id == Correction.id)
        .order_by(CorrectionReport.comment_id)
        .limit(1)
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(Correction).where(Correction.state == "detected", first == comment.id).order_by(Correction.id)
        )
    )


def _tell(
    session: Session,
    topic: Topic,
    comment: Comment,
    waiting: Sequence[Correction],
    standing: dict[int, Place],
    termbase: Termbase,
) -> int:
    blocks = [words.PROPOSAL_HEAD.format(readers=markdown.escape_inline(comment.author))]
    told = []
    for correction in waiting:
        place = standing.get(correction.segment_id)
        if place is None:
            lifecycle.move(session, correction, "withdrawn", actor="paperbot", reason="its sentence left the page")
            continue
        blocks += _blocks(correction, place, termbase)
        told.append(correction)
    if not told:
        return 0
    blocks.append(words.PROPOSAL_HOW.format(number=told[0].id))
    key = f"proposal-{comment.discourse_id}-{told[0].id}"
    notice_id = notices.plan(session, topic.id, key, "proposal", "\n\n".join(blocks), reply_to=comment.post_number)
    for correction in told:
        lifecycle.move(session, correction, "proposed", actor="paperbot", reason="moderators told", notice_id=notice_id)
    return 1


def _blocks(correction: Correction, place: Place, termbase: Termbase) -> list[str]:
    where = f"{place.rank}번 논문 {words.FIELDS.get(place.kind, place.kind)}" if place.rank else words.FIELDS.get(place.kind, place.kind)
    blocks = [
        words.PROPOSAL_ITEM.format(number=correction.id, where=where),
        words.PROPOSAL_OLD.format(text=_shown(place.revision.text)),
    ]
    if correction.text is None:
        blocks.append(words.PROPOSAL_NO_WORDING)
    else:
        line = words.PROPOSAL_NEW_MODEL if correction.is_model_wording else words.PROPOSAL_NEW
        blocks.append(line.format(text=_shown(correction.text)))
    if place.segment.source:
        blocks.append(markdown.quote_block(_cut(place.segment.source)))
    if correction.reason:
        blocks.append(words.PROPOSAL_REASON.format(text=_shown(correction.reason)))
    if correction.text is not None:
        found = findings_of(place, correction.text, termbase)
        said = "; ".join(markdown.escape_inline(one.message) for one in found[:3])
        blocks.append(words.PROPOSAL_FINDINGS.format(text=said) if said else words.PROPOSAL_CLEAN)
    return blocks


def _shown(text: str) -> str:
    return markdown.escape_inline(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …"
