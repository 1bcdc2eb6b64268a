"""Taking in comments: what stands under an article is stored, searched for corrections, and followed when it changes.

Comments of the bot, whispers, notices of the forum, deleted and hidden posts say nothing. A comment that is edited is
searched again, and what it no longer asks for is withdrawn; so is what a deleted one asked for, unless somebody else
asks for the same.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections import decide, lifecycle, safety, wording
from bot.corrections.article import Article, read_article
from bot.corrections.detect import detect
from bot.corrections.detected import Detected
from bot.corrections.wording import Place
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.store.tables import Comment, Correction, CorrectionReport, Topic

REGULAR = 1
ASKING = frozenset({"correction", "report", "term", "unclear"})
"""Kinds of comment whose author expects something to happen."""
LONGEST = 20_000
"""Characters of a comment that are searched."""


@dataclass(frozen=True, slots=True)
class Page:
    """An article as readers see it, and where its sentences are stored."""

    article: Article
    places: Sequence[Place]


def page_of(session: Session, topic: Topic, seen: ForumTopic) -> Page:
    """The article as it was read a moment ago."""
    ours = {post.discourse_id for post in topic.posts}
    raw = "\n\n".join(post.raw for post in seen.posts if post.id in ours and not post.deleted)
    return Page(read_article(raw, title=topic.title), wording.places(session, topic.edition, topic.posts))


def take_in(session: Session, topic: Topic, seen: ForumTopic, *, bot: str, per_day: int, now: dt.datetime) -> None:
    """Store and search what is new or changed under the topic. The caller commits.

    A comment that rules settle is settled; one with a report they cannot place or that has no wording is left for a
    model (`Comment.settled_at` stays empty).

    Args:
        per_day: so many corrections of one reader are taken up in a day; more are stored as comments only.
    """
    comments = [post for post in seen.posts if _is_comment(post, topic, bot)]
    known = {row.discourse_id: row for row in session.scalars(select(Comment).where(Comment.topic_id == topic.id))}
    gone = {post.id for post in comments if post.deleted or post.hidden}
    gone |= known.keys() - {post.id for post in comments}
    for discourse_id in gone & known.keys():
        if not known[discourse_id].is_gone:
            known[discourse_id].is_gone = True
            withdraw(session, known[discourse_id], keep=set(), reason="its comment was deleted or hidden")
    news = [post for post in comments if post.id not in gone and _is_news(post, known.get(post.id))]
    if not news:
        return
    page = page_of(session, topic, seen)
    for post in news:
        comment = _stored(session, topic, post, known.get(post.id))
        found = detect(page.article, post.raw[:LONGEST])
        comment.kinds = sorted({one.kind for one in found})
        kept = propose(session, comment, found, page, per_day=per_day, now=now)
        withdraw(session, comment, keep=kept, reason="its comment asks for it no longer")
        if not _needs_reading(session, comment, kept):
            comment.settled_at = now


def propose(
    session: Session, comment: Comment, found: Sequence[Detected], page: Page, *, per_day: int, now: dt.datetime
) -> set[int]:
    """Store what a comment asks for; the ids of its corrections, those that others asked for too among them."""
    kept: set[int] = set()
    for one in found:
        located = _located(one, page)
        place = wording.place_of(located.sentence, page.places) if located and located.sentence else None
        if located is None or place is None:
            continue
        change = wording.change(place, located)
        if change is not None and safety.problem(place.revision.text, change.text):
            continue  # what a sentence may not become is no proposal; the reader is asked to say it otherwise
        if change is None and located.new is not None and located.kind != "term":
            continue
        correction = _known(session, place, change, located)
        if correction is None:
            if taken_up(session, comment.author, now) >= per_day:
                break
            correction = _stored_correction(session, comment, place, change, located)
        session.execute(
            insert(CorrectionReport).values(correction_id=correction.id, comment_id=comment.id).on_conflict_do_nothing()
        )
        kept.add(correction.id)
    return kept


def taken_up(session: Session, author: str, now: dt.datetime) -> int:
    """How many corrections this reader asked for within a day."""
    query = (
        select(func.count(CorrectionReport.correction_id))
        .join(Comment, Comment.id == CorrectionReport.comment_id)
        .join(Correction, Correction.id == CorrectionReport.correction_id)
        .where(Comment.author == author, Correction.created_at > now - dt.timedelta(days=1))
    )
    return session.scalar(query) or 0


def withdraw(session: Session, comment: Comment, *, keep: set[int], reason: str) -> None:
    """Take back what this comment alone asked for and asks for no longer, as far as nobody has decided on it."""
    asked = session.scalars(
        select(Correction)
        .join(CorrectionReport, CorrectionReport.correction_id == Correction.id)
        .where(
            CorrectionReport.comment_id == comment.id,
            Correction.state.in_(lifecycle.OPEN),
            Correction.id.not_in(keep),
        )
    ).all()
    for correction in asked:
        if not any(other.comment_id != comment.id and not other.comment.is_gone for other in correction.reports):
            lifecycle.move(session, correction, "withdrawn", actor=comment.author, reason=reason)
        session.execute(
            delete(CorrectionReport).where(
                CorrectionReport.comment_id == comment.id, CorrectionReport.correction_id == correction.id
            )
        )
        session.expire(correction, ["reports"])


def _is_comment(post: ForumPost, topic: Topic, bot: str) -> bool:
    """Whether a post is a reader's, to be read. What staff decides about corrections is no comment."""
    return (
        post.number > 1
        and post.id not in {own.discourse_id for own in topic.posts}
        and post.post_type == REGULAR
        and not post.action_code
        and post.username.lower() != bot.lower()
        and not (post.is_staff and decide.read(post.raw) is not None)
    )


def _is_news(post: ForumPost, known: Comment | None) -> bool:
    return known is None or known.is_gone or known.raw_hash != _hash(post.raw)


def _stored(session: Session, topic: Topic, post: ForumPost, comment: Comment | None) -> Comment:
    if comment is None:
        comment = Comment(
            topic_id=topic.id, discourse_id=post.id, post_number=post.number, author=post.username, kinds=[]
        )
        session.add(comment)
    comment.raw, comment.raw_hash, comment.is_gone = post.raw, _hash(post.raw), False
    comment.settled_at = None
    session.flush()
    return comment


def _needs_reading(session: Session, comment: Comment, kept: Iterable[int]) -> bool:
    """Whether rules left something open: a report that found no sentence, or one without a wording."""
    if not ASKING & set(comment.kinds):
        return False
    wanting = session.scalar(
        select(func.count(Correction.id)).where(
            Correction.id.in_(kept), Correction.text.is_(None), Correction.state == "detected"
        )
    )
    return not kept or bool(wanting)


def _located(one: Detected, page: Page) -> Detected | None:
    """What is found with a sentence. A term that stands in several is proposed for the first: the rest follows it."""
    if one.kind not in ("correction", "report", "term"):
        return None
    if one.sentence is not None:
        return one
    first = next((sentence for sentence in page.article.sentences if sentence.key in one.candidates), None)
    if one.kind != "term" or first is None:
        return None
    return replace(one, sentence=first, start=max(0, first.text.find(one.old or "")))


def _stored_correction(
    session: Session, comment: Comment, place: Place, change: wording.Change | None, one: Detected
) -> Correction:
    correction = Correction(
        topic_id=comment.topic_id,
        segment_id=place.segment.id,
        state="detected",
        kind=one.kind,
        method=one.method,
        old=change.old if change else one.old or place.revision.text,
        new=change.new if change else one.new,
        text=change.text if change else None,
        is_markdown=change.is_markdown if change else False,
        reason=one.reason,
        base_revision_id=place.revision.id,
    )
    session.add(correction)
    session.flush()
    lifecycle.record(session, correction.id, None, "detected", actor=comment.author, reason=one.method)
    return correction


def _known(session: Session, place: Place, change: wording.Change | None, one: Detected) -> Correction | None:
    """A correction under way that asks for the same."""
    query = select(Correction).where(
        Correction.segment_id == place.segment.id, Correction.state.in_(lifecycle.UNDER_WAY)
    )
    if change is not None:
        query = query.where(Correction.text == change.text)
    else:
        query = query.where(Correction.kind == one.kind, Correction.text.is_(None) | Correction.is_model_wording)
    return session.scalars(query.order_by(Correction.id).limit(1)).one_or_none()


def _hash(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()
