"""Taking in comments: what stands under an article is stored, searched for corrections, and followed when it changes.

Comments of the bot, whispers, notices of the forum, deleted and hidden posts say nothing. A comment that is edited is
searched again, and what it no longer asks for is withdrawn; so is what a deleted one asked for, unless somebody else
asks for the same.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections import lifecycle, safety, wording
from bot.corrections.article import Article, read_article
from bot.corrections.detect import Detected, detect
from bot.corrections.wording import Place
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.store.tables import Comment, Correction, CorrectionReport, Topic

REGULAR = 1
ASKING = frozenset({"correction", "report", "term", "unclear"})
"""Kinds of comment whose author expects something to happen."""
LONGEST = 20_000
"""Characters of a comment that are searched."""

Read = Callable[[Article, str], Sequence[Detected]]
"""Another reader of comments, for what rules leave open."""


@dataclass(slots=True)
class Intake:
    """What a reading of the comments brought; ids of comments."""

    fresh: list[int] = field(default_factory=list)
    unclear: dict[int, bool] = field(default_factory=dict)
    """By comment: whether several sentences could be meant (else none was found)."""


def is_comment(post: ForumPost, *, bot: str, article: Iterable[int]) -> bool:
    """Whether a post is a reader's, to be read."""
    return (
        post.number > 1
        and post.id not in article
        and post.post_type == REGULAR
        and not post.action_code
        and post.username.lower() != bot.lower()
    )


def take_in(session: Session, topic: Topic, seen: ForumTopic, *, bot: str, per_day: int, now: dt.datetime) -> Intake:
    """Store and search what is new or changed under the topic. The caller commits.

    Args:
        per_day: so many corrections of one reader are taken up in a day; more are stored as comments only.
    """
    ours = {post.discourse_id for post in topic.posts}
    comments = [post for post in seen.posts if is_comment(post, bot=bot, article=ours)]
    known = {
        row.discourse_id: row for row in session.scalars(select(Comment).where(Comment.topic_id == topic.id))
    }
    intake = Intake()
    gone = {post.id for post in comments if post.deleted or post.hidden}
    gone |= known.keys() - {post.id for post in comments}
    for discourse_id in gone & known.keys():
        if not known[discourse_id].is_gone:
            known[discourse_id].is_gone = True
            _withdraw(session, known[discourse_id], keep=set(), reason="its comment was deleted or hidden")
    news = [
        post
        for post in comments
        if post.id not in gone
        and (post.id not in known or known[post.id].raw_hash != _hash(post.raw) or known[post.id].is_gone)
    ]
    if not news:
        return intake
    article = read_article("\n\n".join(post.raw for post in seen.posts if post.id in ours), title=topic.title)
    standing = wording.places(session, topic.edition, topic.posts)
    for post in news:
        comment = _stored(session, topic, post, known.get(post.id))
        found = detect(article, post.raw[:LONGEST])
        comment.kinds = sorted({one.kind for one in found})
        intake.fresh.append(comment.id)
        kept = _propose(session, topic, comment, found, standing, per_day=per_day, now=now)
        _withdraw(session, comment, keep=kept, reason="its comment asks for it no longer")
        if not kept and any(one.kind in ASKING for one in found):
            intake.unclear[comment.id] = any(one.candidates for one in found)
    return intake


def _stored(session: Session, topic: Topic, post: ForumPost, comment: Comment | None) -> Comment:
    if comment is None:
        comment = Comment(
            topic_id=topic.id, discourse_id=post.id, post_number=post.number, author=post.username, kinds=[]
        )
        session.add(comment)
    comment.raw, comment.raw_hash, comment.is_gone = post.raw, _hash(post.raw), False
    session.flush()
    return comment


def _propose(
    session: Session,
    topic: Topic,
    comment: Comment,
    found: Sequence[Detected],
    standing: Sequence[Place],
    *,
    per_day: int,
    now: dt.datetime,
) -> set[int]:
    """The corrections this comment asks for, new ones among them."""
    kept: set[int] = set()
    for one in found:
        if one.kind not in ("correction", "report", "term") or one.sentence is None:
            continue
        place = wording.place_of(one.sentence, standing)
        if place is None:
            continue
        change = wording.change(place, one)
        if change is not None and safety.problem(place.revision.text, change.text):
            continue  # what a sentence may not become is no proposal; the reader is asked to say it otherwise
        if change is None and one.new is not None:
            continue
        correction = _known(session, place, change, one)
        if correction is None:
            if _taken_up(session, comment.author, now) >= per_day:
                break
            correction = Correction(
                topic_id=topic.id,
                segment_id=place.segment.id,
                state="detected",
                kind=one.kind,
                method=one.method,
                old=change.old if change else one.sentence.text,
                new=change.new if change else None,
                text=change.text if change else None,
                is_markdown=change.is_markdown if change else False,
                reason=one.reason,
                base_revision_id=place.revision.id,
            )
            session.add(correction)
            session.flush()
            lifecycle.record(session, correction.id, None, "detected", actor=comment.author, reason=one.method)
        session.execute(
            insert(CorrectionReport)
            .values(correction_id=correction.id, comment_id=comment.id)
            .on_conflict_do_nothing()
        )
        kept.add(correction.id)
    return kept


def _known(session: Session, place: Place, change: wording.Change | None, one: Detected) -> Correction | None:
    """An open correction that asks for the same."""
    query = select(Correction).where(
        Correction.segment_id == place.segment.id, Correction.state.in_(lifecycle.OPEN | {"accepted"})
    )
    if change is not None:
        query = query.where(Correction.text == change.text)
    else:
        query = query.where(Correction.kind == one.kind, Correction.text.is_(None) | Correction.is_model_wording)
    return session.scalars(query.order_by(Correction.id).limit(1)).one_or_none()


def _taken_up(session: Session, author: str, now: dt.datetime) -> int:
    return (
        session.scalar(
            select(func.count(CorrectionReport.correction_id))
            .join(Comment, Comment.id == CorrectionReport.comment_id)
            .join(Correction, Correction.id == CorrectionReport.correction_id)
            .where(Comment.author == author, Correction.created_at > now - dt.timedelta(days=1))
        )
        or 0
    )


def _withdraw(session: Session, comment: Comment, *, keep: set[int], reason: str) -> None:
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
        others = [report for report in correction.reports if report.comment_id != comment.id and not report.comment.is_gone]
        if not others:
            lifecycle.move(session, correction, "withdrawn", actor=comment.author, reason=reason)
        for report in correction.reports:
            if report.comment_id == comment.id:
                session.delete(report)


def _hash(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()
