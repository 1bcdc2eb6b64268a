"""Moderators' decisions: read from their answers or likes, or given on the command line; each counts once.

A decision moves a correction only from the state it was made in, so that two moderators at once decide once.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections import lifecycle, safety
from bot.forum import notices
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.languages.ko import corrections as words
from bot.store.tables import Correction, Decision, Notice, Revision, Ripple, Topic

_QUOTE = re.compile(r"\[quote[^\]]*\].*?\[/quote\]", re.DOTALL | re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NUMBER = re.compile(r"\d{1,9}")
LONGEST = 2_000
PROPOSAL, RIPPLE = "proposal", "ripple"
"""Kinds of whispers that wait for a decision."""
TRUST = words.TRUSTED_READER
"""Who decides where a trusted reader needs no moderator."""


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
            select(Notice).where(Notice.topic_id == topic.id, Notice.kind.in_((PROPOSAL, RIPPLE)))
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


def whispers_liked(session: Session, topic: Topic, seen: ForumTopic) -> list[tuple[Notice, int]]:
    """Whispers that somebody likes and that wait for a decision, each with its post. Only who reads whispers can."""
    posts = {post.id for post in seen.posts if post.likes > 0 and post.is_whisper}
    waiting = select(Notice).where(
        Notice.topic_id == topic.id,
        Notice.discourse_id.in_(posts),
        select(Correction.id).where(Correction.notice_id == Notice.id, Correction.state == "proposed").exists()
        | select(Ripple.id).where(Ripple.notice_id == Notice.id, Ripple.state == "offered").exists(),
    )
    return [(notice, notice.discourse_id) for notice in session.scalars(waiting) if notice.discourse_id is not None]


def accept_liked(session: Session, topic: Topic, notice_id: int, *, actor: str, now: dt.datetime) -> None:
    """Accept what stands in a whisper that a moderator likes. The caller commits."""
    decide(session, topic, Said("accept"), session.get_one(Notice, notice_id), actor=actor, now=now)


def decide(
    session: Session, topic: Topic, said: Said, notice: Notice | None, *, actor: str, now: dt.datetime
) -> list[str]:
    """Carry out one decision; what could not be done, in sentences for the moderator. The caller commits.

    Args:
        notice: the whisper that was answered; None if the corrections were named by number.
    """
    if notice is not None and notice.kind == RIPPLE:
        if not said.numbers:
            return ripples_decided(session, notice, said, actor=actor)
        notice = None
    meant = _meant(session, topic, said, notice)
    problems = []
    if unknown := [number for number in said.numbers if number not in {one.id for one in meant}]:
        problems.append(words.DECISION_UNKNOWN.format(numbers=_listed(unknown)))
    settled = [one for one in meant if one.state != "proposed"]
    if settled and (said.numbers or len(settled) == len(meant)):
        problems.append(words.DECIDED_BEFORE.format(numbers=_listed([one.id for one in settled])))
    waiting = [one for one in meant if one not in settled]
    if said.action == "reword" and len(waiting) > 1:
        return [*problems, words.REWORD_WHICH.format(number=waiting[0].id)]
    for correction in waiting:
        if problem := decide_one(session, correction, said, actor=actor, now=now):
            problems.append(problem)
    return problems


def decide_one(session: Session, correction: Correction, said: Said, *, actor: str, now: dt.datetime) -> str | None:
    """Decide on one proposed correction; why it could not be done, if so. The caller commits.

    An accepted one is brought to the store and the page by `apply.py`.
    """
    note = said.text if said.action == "reject" else None
    decision = {"decided_by": actor, "decided_at": now, "decision_note": note or None}
    if said.action == "reject":
        is_moved = lifecycle.move(session, correction, "rejected", actor=actor, reason=note or "rejected", **decision)
        return None if is_moved else words.DECIDED_BEFORE.format(numbers=correction.id)
    if said.action == "reword":
        base = session.get_one(Revision, correction.base_revision_id)
        if problem := safety.problem(base.text, said.text):
            return words.REWORD_REFUSED.format(problem=problem)
        decision |= {"text": said.text, "old": base.text, "new": said.text}
        decision |= {"is_markdown": False, "is_model_wording": False}
    elif correction.text is None:
        return words.DECISION_NEEDS_WORDING.format(numbers=correction.id)
    if not lifecycle.move(session, correction, "accepted", actor=actor, reason=said.action, **decision):
        return words.DECIDED_BEFORE.format(numbers=correction.id)
    return None


def ripples_decided(session: Session, notice: Notice, said: Said, *, actor: str) -> list[str]:
    """Decide on a batch of sentences with the same mistake. The caller commits."""
    if said.action == "reword":
        return [words.RIPPLE_ALL_OR_NONE]
    session.execute(
        update(Ripple)
        .where(Ripple.notice_id == notice.id, Ripple.state == "offered")
        .values(state="accepted" if said.action == "accept" else "rejected", decided_by=actor)
    )
    return []


def _meant(session: Session, topic: Topic, said: Said, notice: Notice | None) -> Sequence[Correction]:
    query = select(Correction).where(Correction.topic_id == topic.id).order_by(Correction.id)
    if notice is not None:
        query = query.where(Correction.notice_id == notice.id)
    if said.numbers:
        query = query.where(Correction.id.in_(said.numbers))
    return session.scalars(query).all()


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
