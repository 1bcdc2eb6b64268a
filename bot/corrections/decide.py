"""Moderators' decisions: read from their answers or likes, or given on the command line; each counts once.

A decision moves a correction only from the state it was made in, so that two moderators at once decide once.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections import lifecycle, ripple, safety
from bot.editions import markdown
from bot.forum import notices
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.languages.ko import corrections as words
from bot.store.tables import Comment, Correction, Decision, Notice, Revision, Ripple, Segment, Topic
from bot.translation import passages

_QUOTE = re.compile(r"\[quote[^\]]*\].*?\[/quote\]", re.DOTALL | re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NUMBER = re.compile(r"\d{1,9}")
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """One decision: `accept`, `reject` or `reword`, on the corrections of these numbers (none: all that are meant).

    Attributes:
        text: the reason of a rejection, or the other wording.
    """

    action: str
    numbers: tuple[int, ...] = ()
    text: str = ""


def read(raw: str) -> Said | None:
    """The decision in a moderator's post; None where it is none. Korean or English, forgiving, never guessed."""
    text = _COMMENT.sub(" ", _QUOTED_LINE.sub(" ", _QUOTE.sub(" ", raw))).strip().strip("`\"'“”‘’*").strip()
    if not text or len(text) > LONGEST:
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # A forum wants twenty characters, so people go on: the first sentence decides.
    for candidate in (text, lines[0], re.split(r"(?<=[.!?~])\s", lines[0])[0]):
        for action, pattern in words.DECISIONS:
            if match := pattern.fullmatch(candidate):
                groups = match.groupdict()
                numbers = _NUMBER.findall(f"{groups.get('numbers') or ''} {groups.get('after') or ''}")
                said = " ".join((groups.get("text") or "").split())
                return Said(action, tuple(dict.fromkeys(map(int, numbers))), said)
    return None


def take_decisions(session: Session, topic: Topic, seen: ForumTopic, *, bot: str, now: dt.datetime) -> int:
    """Carry out what staff decided under the topic, each post once; how many decided something. The caller commits."""
    whispers = {
        notice.discourse_id: notice
        for notice in session.scalars(
            select(Notice).where(Notice.topic_id == topic.id, Notice.kind.in_(("proposal", "ripple")))
        )
        if notice.discourse_id is not None
    }
    if not whispers:
        return 0
    numbered = {post.number: whispers[post.id] for post in seen.posts if post.id in whispers}
    decided = 0
    for post in seen.posts:
        if not post.is_staff or post.deleted or post.hidden or post.username.lower() == bot.lower():
            continue
        notice = numbered.get(post.reply_to or 0)
        said = read(post.raw)
        # Who says "yes" to nobody in particular, without a number, talks to people.
        if said is None or (notice is None and not (said.numbers and post.is_whisper)):
            continue
        if _note(session, topic, post, said):
            outcome = decide(session, topic, said, notice, actor=post.username, now=now)
            _answer(session, topic, post, outcome)
            decided += 1
    return decided


def take_likes(
    session: Session, topic: Topic, likers: Iterable[tuple[Notice, str]], *, now: dt.datetime
) -> int:
    """Accept what moderators liked: pairs of a whisper and who liked it. The caller commits."""
    decided = 0
    for notice, who in likers:
        decide(session, topic, Said("accept"), notice, actor=who, now=now)
        decided += 1
    return decided


def open_whispers(session: Session, topic: Topic) -> list[Notice]:
    """Whispers with a proposal that nobody decided on."""
    return list(
        session.scalars(
            select(Notice)
            .join(Correction, Correction.notice_id == Notice.id)
            .where(Notice.topic_id == topic.id, Correction.state == "proposed", Notice.discourse_id.is_not(None))
            .distinct()
        )
    )


def decide(
    session: Session, topic: Topic, said: Said, notice: Notice | None, *, actor: str, now: dt.datetime
) -> list[str]:
    """Carry out one decision; what could not be done, in sentences for the moderator. The caller commits.

    Args:
        notice: the whisper that was answered; None if the corrections were named by number.
    """
    if notice is not None and notice.kind == "ripple":
        ripple.decide(session, notice, is_accepted=said.action == "accept", actor=actor)
        return []
    meant = _meant(session, topic, said, notice)
    problems = []
    if unknown := [number for number in said.numbers if number not in {one.id for one in meant}]:
        problems.append(words.DECISION_UNKNOWN.format(numbers=_listed(unknown)))
    settled = [one for one in meant if one.state != "proposed"]
    if settled and (said.numbers or len(settled) == len(meant)):
        problems.append(words.DECIDED_BEFORE.format(numbers=_listed([one.id for one in settled])))
    for correction in meant:
        if correction.state == "proposed" and (problem := decide_one(session, correction, said, actor=actor, now=now)):
            problems.append(problem)
    return problems


def decide_one(session: Session, correction: Correction, said: Said, *, actor: str, now: dt.datetime) -> str | None:
    """Decide on one proposed correction; why it could not be done, if so. The caller commits."""
    decision = {"decided_by": actor, "decided_at": now, "decision_note": said.text or None}
    if said.action == "reject":
        lifecycle.move(session, correction, "rejected", actor=actor, reason=said.text or "rejected", **decision)
        _decline(session, correction, said.text)
        return None
    if said.action == "reword":
        base = session.get_one(Revision, correction.base_revision_id)
        if problem := safety.problem(base.text, said.text):
            return words.REWORD_REFUSED.format(problem=problem)
        correction.text, correction.new, correction.is_markdown = said.text, said.text, False
        correction.is_model_wording = False
        decision["decision_note"] = None
        session.flush()
    if correction.text is None:
        return words.DECISION_NEEDS_WORDING.format(numbers=correction.id)
    if not lifecycle.move(session, correction, "accepted", actor=actor, reason=said.action, **decision):
        return words.DECIDED_BEFORE.format(numbers=correction.id)
    if not apply_revision(session, correction):
        lifecycle.move(session, correction, "stale", actor="paperbot", reason="its sentence changed meanwhile")
        return words.STALE.format(number=correction.id)
    return None


def apply_revision(session: Session, correction: Correction) -> bool:
    """Make the correction's text the segment's current Korean; False if the sentence is another one by now.

    The sentence may have changed elsewhere: then the reader's words are put into what stands there now.
    """
    segment = session.get_one(Segment, correction.segment_id)
    present = passages.current(segment)
    assert correction.text is not None
    text = correction.text
    if present is None:
        return False
    if present.id != correction.base_revision_id:
        if correction.new is None or present.text.count(correction.old) != 1:
            return False
        text = present.text.replace(correction.old, correction.new)
    names = words.readers(sorted({report.comment.author for report in correction.reports}))
    stored = passages.add_revision(
        session,
        segment,
        text,
        author_kind="reader",
        author=names,
        reason=f"correction {correction.id}, accepted by {correction.decided_by}",
        is_markdown=correction.is_markdown,
        replacing=present,
    )
    if not stored:
        return False
    current = passages.current(session.get_one(Segment, segment.id))
    assert current is not None
    correction.revision_id = current.id
    session.flush()
    ripple.learn(session, correction, before=present, after=current)
    return True


def _meant(session: Session, topic: Topic, said: Said, notice: Notice | None) -> Sequence[Correction]:
    query = select(Correction).where(Correction.topic_id == topic.id).order_by(Correction.id)
    if notice is not None:
        query = query.where(Correction.notice_id == notice.id)
    if said.numbers:
        query = query.where(Correction.id.in_(said.numbers))
    return session.scalars(query).all()


def _decline(session: Session, correction: Correction, reason: str) -> None:
    """One polite answer to the reader."""
    first = correction.reports[0].comment if correction.reports else None
    if first is None:
        return
    names = words.readers([f"@{name}" for name in sorted({one.comment.author for one in correction.reports})])
    text = words.DECLINED.format(readers=names)
    if reason:
        text += words.DECLINED_BECAUSE.format(reason=markdown.escape_inline(reason))
    key = f"declined-{correction.id}"
    notices.plan(
        session, correction.topic_id, key, "declined", text, reply_to=first.post_number, is_whisper=False
    )


def _note(session: Session, topic: Topic, post: ForumPost, said: Said) -> bool:
    """Remember the decision; False if it was carried out before."""
    made = session.scalar(
        insert(Decision)
        .values(
            topic_id=topic.id,
            discourse_id=post.id,
            raw_hash=hashlib.sha256(post.raw.encode()).hexdigest(),
            author=post.username,
            action=said.action,
        )
        .on_conflict_do_nothing()
        .returning(Decision.id)
    )
    return made is not None


def _answer(session: Session, topic: Topic, post: ForumPost, problems: Sequence[str]) -> None:
    if problems:
        key = f"undecided-{post.id}-{hashlib.sha256(post.raw.encode()).hexdigest()[:8]}"
        notices.plan(session, topic.id, key, "answer", "\n\n".join(problems), reply_to=post.number)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
