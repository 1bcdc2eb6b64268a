"""Telling moderators what readers ask for: one whisper a comment, with both sentences, the English and what checks say.

A reader who writes many comments at once gets one whisper for all of them, and only so many a day: moderators are not
to be flooded. What waits is told later.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.corrections import decide, lifecycle, safety, wording
from bot.corrections.detected import Detected
from bot.corrections.intake import ASKING, Page
from bot.corrections.wording import Place
from bot.editions import markdown
from bot.forum import notices
from bot.forum.answers import Topic as ForumTopic
from bot.languages.ko import corrections as words
from bot.store.tables import Comment, Correction, CorrectionReport, Notice, Topic
from bot.translation.checks import pairing, run
from bot.translation.checks.base import Finding
from bot.translation.termbase import Termbase

MOST_IN_ONE = 8
"""Proposals in one whisper; what is more follows in the next."""
SETTLED_AFTER = dt.timedelta(hours=1)
AGAIN = "-again"
"""At the end of the key of a whisper that is said a second time."""
WHISPERS_PER_READER = 5
"""Whispers about one reader's proposals in a topic and day."""
LONGEST_SHOWN, AROUND = 500, 80
"""Characters of a sentence that is shown whole, and of the text on each side of a change in a longer one."""
SMALL_CHANGE = 40
"""Characters, old and new together, of a change that a trusted reader may make without a moderator."""


def plan(session: Session, topic: Topic, termbase: Termbase, *, trusted_after: int, now: dt.datetime) -> int:
    """Plan whispers for the settled comments with corrections that nobody was told of; how many. The caller commits.

    Args:
        trusted_after: a reader with so many applied corrections needs no moderator for small ones that pass all
            checks; 0: every reader does.
    """
    waiting = _waiting(session, topic)
    if not waiting:
        return 0
    standing = {place.segment.id: place for place in wording.places(session, topic.edition, topic.posts)}
    told = 0
    for author in dict.fromkeys(comment.author for comment, _ in waiting):
        own = [(comment, correction) for comment, correction in waiting if comment.author == author]
        while own and _told_today(session, topic, author, now) < WHISPERS_PER_READER:
            told += _tell(session, topic, own[:MOST_IN_ONE], standing, termbase, trusted_after=trusted_after, now=now)
            own = own[MOST_IN_ONE:]
    return told


def say_again(session: Session, topic: Topic, seen: ForumTopic, *, now: dt.datetime) -> int:
    """Say whispers once more that somebody deleted while their proposals wait; how many. The caller commits.

    One that is deleted a second time stays away: `paperbot corrections list` still names what waits.
    """
    there = {post.id for post in seen.posts if not post.deleted}
    lost = session.scalars(
        select(Notice)
        .where(
            Notice.topic_id == topic.id,
            Notice.kind == decide.PROPOSAL,
            Notice.discourse_id.not_in(there),
            Notice.sent_at < now - SETTLED_AFTER,  # a younger one may not have stood there when the page was read
            ~Notice.key.endswith(AGAIN),
            select(Correction.id).where(Correction.notice_id == Notice.id, Correction.state == "proposed").exists(),
        )
        .order_by(Notice.id)
    ).all()
    for notice in lost:
        again = notices.plan(
            session, topic.id, f"{notice.key}{AGAIN}", notice.kind, notice.raw, reply_to=notice.reply_to
        )
        waiting = (Correction.notice_id == notice.id) & (Correction.state == "proposed")
        session.execute(update(Correction).where(waiting).values(notice_id=again))
    return len(lost)


def give_wording(session: Session, comment: Comment, found: Detected, page: Page) -> bool:
    """Put a model's wording beside a report that has none; False if the comment has no such report.

    Marked as a model's, so that moderators know whose words they are. The caller commits.
    """
    if found.sentence is None or found.new is None:
        return False
    place = wording.place_of(found.sentence, page.places)
    change = wording.change(place, found) if place is not None else None
    if place is None or change is None or safety.problem(place.revision.text, change.text):
        return False
    waiting = session.scalars(
        select(Correction)
        .join(CorrectionReport, CorrectionReport.correction_id == Correction.id)
        .where(
            CorrectionReport.comment_id == comment.id,
            Correction.segment_id == place.segment.id,
            Correction.state == "detected",
            Correction.text.is_(None),
        )
    ).first()
    if waiting is None:
        return False
    waiting.old, waiting.new, waiting.text = change.old, change.new, change.text
    waiting.is_markdown, waiting.is_model_wording = change.is_markdown, True
    session.flush()
    return True


def ask_back(session: Session, comment: Comment, *, is_ambiguous: bool) -> None:
    """Plan the one polite question to a reader whose sentence was not found. The caller commits."""
    text = words.ASK_WHICH if is_ambiguous else words.ASK
    key = f"ask-{comment.discourse_id}"
    notices.plan(session, comment.topic_id, key, "ask", text, reply_to=comment.post_number, is_whisper=False)


def unsigned(session: Session, topic: Topic) -> list[Comment]:
    """Comments whose author waits for a sign that they were seen."""
    return [
        comment
        for comment in session.scalars(
            select(Comment)
            .where(Comment.topic_id == topic.id, ~Comment.is_gone, Comment.signed_at.is_(None))
            .order_by(Comment.id)
        )
        if ASKING & set(comment.kinds)
    ]


def findings_of(place: Place, text: str, termbase: Termbase) -> list[Finding]:
    """What the checks say of a segment's new text beside its English."""
    pair = pairing.of_segments(place.kind, [(place.segment.source, text)])
    (found,) = run.find_all([pair], termbase)
    return found


def _waiting(session: Session, topic: Topic) -> list[tuple[Comment, Correction]]:
    """Corrections proposed to nobody yet, each with the comment that asked for it first."""
    rows = session.execute(
        select(Comment, Correction)
        .join(Correction, Comment.id == lifecycle.asked_first())
        .where(
            Correction.topic_id == topic.id,
            Correction.state == "detected",
            Comment.settled_at.is_not(None),
            ~Comment.is_gone,
        )
        .order_by(Correction.id)
    )
    return [(comment, correction) for comment, correction in rows]


def _told_today(session: Session, topic: Topic, author: str, now: dt.datetime) -> int:
    """Whispers of the last day about what this reader asked for in the topic."""
    query = (
        select(func.count(Notice.id.distinct()))
        .join(Correction, Correction.notice_id == Notice.id)
        .join(CorrectionReport, CorrectionReport.correction_id == Correction.id)
        .join(Comment, Comment.id == CorrectionReport.comment_id)
        .where(Notice.topic_id == topic.id, Comment.author == author, Notice.created_at > now - dt.timedelta(days=1))
    )
    return session.scalar(query) or 0


def _tell(
    session: Session,
    topic: Topic,
    waiting: Sequence[tuple[Comment, Correction]],
    standing: dict[int, Place],
    termbase: Termbase,
    *,
    trusted_after: int,
    now: dt.datetime,
) -> int:
    comment = waiting[0][0]
    blocks = [words.PROPOSAL_HEAD.format(readers=markdown.escape_inline(comment.author))]
    told: list[Correction] = []
    approved: list[Correction] = []
    for _, correction in waiting:
        place = standing.get(correction.segment_id)
        if place is None:
            lifecycle.move(session, correction, "withdrawn", actor="paperbot", reason="its sentence left the page")
            continue
        if correction.base_revision_id != place.revision.id and not _follows(session, correction, place):
            lifecycle.move(session, correction, "withdrawn", actor="paperbot", reason="its sentence changed")
            continue
        found = [] if correction.text is None else findings_of(place, correction.text, termbase)
        blocks += _blocks(correction, place, found)
        told.append(correction)
        if trusted_after and _is_approved(session, comment.author, correction, found, trusted_after):
            approved.append(correction)
            blocks.append(words.PROPOSAL_TRUSTED)
    if not told:
        return 0
    if len(approved) < len(told):
        blocks.append(words.PROPOSAL_HOW.format(number=told[0].id))
    key = f"proposal-{comment.discourse_id}-{told[0].id}"
    notice_id = notices.plan(session, topic.id, key, "proposal", "\n\n".join(blocks), reply_to=comment.post_number)
    for correction in told:
        lifecycle.move(session, correction, "proposed", actor="paperbot", reason="moderators told", notice_id=notice_id)
    for correction in approved:
        decide.decide_one(session, correction, decide.Said("accept"), actor=decide.TRUST, now=now)
    return 1


def _follows(session: Session, correction: Correction, place: Place) -> bool:
    """Put the reader's words into what the sentence became since; False where they have no place there."""
    if correction.text is not None:
        moved = wording.moved(correction, place.revision)
        if moved is None:
            return False
        correction.text, correction.is_markdown = moved
    correction.base_revision_id = place.revision.id
    session.flush()
    return True


def _is_approved(
    session: Session, author: str, correction: Correction, found: Sequence[Finding], trusted_after: int
) -> bool:
    if correction.text is None or correction.is_model_wording or found:
        return False
    if len(correction.old) + len(correction.new or "") > SMALL_CHANGE:
        return False
    proven = session.scalar(
        select(func.count(Correction.id.distinct()))
        .join(CorrectionReport, CorrectionReport.correction_id == Correction.id)
        .join(Comment, Comment.id == CorrectionReport.comment_id)
        .where(Comment.author == author, Correction.state.in_(lifecycle.DONE))
    )
    return (proven or 0) >= trusted_after


def _blocks(correction: Correction, place: Place, found: Sequence[Finding]) -> list[str]:
    where = words.place(place.kind, place.rank)
    before, after = _sides(place.revision.text, correction.text or place.revision.text)
    blocks = [
        words.PROPOSAL_ITEM.format(number=correction.id, where=where),
        words.PROPOSAL_OLD.format(text=markdown.escape_inline(before)),
    ]
    if correction.text is None:
        wanted = words.PROPOSAL_TERM if correction.new else words.PROPOSAL_NO_WORDING
        blocks.append(wanted.format(old=_shown(correction.old), new=_shown(correction.new or "")))
    else:
        line = words.PROPOSAL_NEW_MODEL if correction.is_model_wording else words.PROPOSAL_NEW
        blocks.append(line.format(text=markdown.escape_inline(after)))
    if place.segment.source:
        blocks.append(markdown.quote_block(_cut(place.segment.source)))
    if correction.reason:
        blocks.append(words.PROPOSAL_REASON.format(text=_shown(correction.reason)))
    if correction.text is not None:
        said = "; ".join(markdown.escape_inline(one.message) for one in found[:3])
        blocks.append(words.PROPOSAL_FINDINGS.format(text=said) if said else words.PROPOSAL_CLEAN)
    return blocks


def _sides(before: str, after: str) -> tuple[str, str]:
    """Both texts as they are shown: of long ones all that differs, so that nothing is accepted unseen."""
    if before == after:
        return _cut(before), _cut(after)
    if max(len(before), len(after)) <= LONGEST_SHOWN:
        return before, after
    same_start = _shared(before, after)
    same_end = _shared(before[same_start:][::-1], after[same_start:][::-1])
    first = max(0, same_start - AROUND)
    ends = [len(text) - max(0, same_end - AROUND) for text in (before, after)]
    shown = [text[first:end] for text, end in zip((before, after), ends, strict=True)]
    opening, closing = "… " if first else "", " …" if ends[0] < len(before) else ""
    return f"{opening}{shown[0]}{closing}", f"{opening}{shown[1]}{closing}"


def _shared(text: str, other: str) -> int:
    """How many characters both begin with."""
    return next((n for n, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))


def _shown(text: str) -> str:
    return markdown.escape_inline(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …"
