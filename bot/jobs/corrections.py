"""Readers' corrections under one article: from the comments on the page to the stored texts, and the answers.

`work` follows a reading of the page. What it stores, the next reading brings to the page, and `finish` follows that
one. Both may be stopped anywhere and run again.
"""

import datetime as dt
import logging
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.corrections import apply, credit, decide, intake, propose, reading, ripple
from bot.corrections.article import Sentence
from bot.corrections.detect import detect
from bot.corrections.intake import ASKING, Page
from bot.corrections.reading import Read
from bot.errors import RejectedError, TransientError
from bot.forum import notices, takeover
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, RefusedError
from bot.jobs import editions
from bot.languages.ko import corrections as words
from bot.settings import Settings
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Comment, Correction, CorrectionReport, Topic
from bot.translation import stored_terms

log = logging.getLogger(__name__)


def work(
    sessions: Sessions, settings: Settings, forum: Discourse, topic_row_id: int, page: ForumTopic, *, now: dt.datetime
) -> int:
    """Take in comments and decisions of a public article; how many corrections became current texts.

    Args:
        page: the topic as it was read a moment ago.

    Raises:
        ConflictError: another process is at the topic.
        TransientError: the forum or the model is not ready. What could be done without is done.
    """
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        if topic.edition.state not in takeover.PUBLIC:
            return 0
    with locks.held(sessions, f"topic {topic_row_id}"):
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id)
            intake.take_in(session, topic, page, bot=forum.username, per_day=settings.corrections_per_reader, now=now)
        busy = _read_open(sessions, settings, topic_row_id, page, now)
        _decide(sessions, forum, topic_row_id, page, now)
        _propose(sessions, settings, topic_row_id, page, now)
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id)
            stored = apply.store_accepted(session, topic, per_day=settings.correction_edits_per_day, now=now)
        _sign(sessions, settings, forum, topic_row_id, page, now)
        notices.say_planned(sessions, forum, topic_row_id, page, now)
    if busy is not None and not stored:
        raise busy
    return stored


def finish(sessions: Sessions, forum: Discourse, topic_row_id: int, page: ForumTopic, *, now: dt.datetime) -> int:
    """Note what the page shows by now, offer to mend the same elsewhere, and answer readers; how many were applied."""
    with locks.held(sessions, f"topic {topic_row_id}"):
        with sessions.begin() as session:
            topic = session.get_one(Topic, topic_row_id)
            if topic.edition.state not in takeover.PUBLIC:
                return 0
            applied = len(apply.confirm(session, topic, stored_terms.termbase(session), now=now))
            credit.answer(session, topic, now=now)
        notices.say_planned(sessions, forum, topic_row_id, page, now)
        with sessions.begin() as session:
            credit.note_answered(session, session.get_one(Topic, topic_row_id))
    return applied


def apply_ripples(session: Session, settings: Settings, *, now: dt.datetime) -> list[int]:
    """Store the next topic's accepted sentences, if the day's budget has room; the topics whose pages have to follow.

    Also offers the next batch where one was full and is done. The caller commits, together with what makes the pages
    follow.
    """
    waits, topic_id = ripple.next_topic(session)
    if waits and (topic_id is None or apply.room_today(session, settings.correction_edits_per_day, now) > 0):
        return ripple.apply_topic(session, topic_id, now=now) or ([] if topic_id is None else [topic_id])
    if waits:
        return []
    termbase = stored_terms.termbase(session)
    topics = set()
    for correction in ripple.finished(session):
        if ripple.offer(session, correction, termbase):
            topics.add(correction.topic_id)
    return sorted(topics)


def _read_open(
    sessions: Sessions, settings: Settings, topic_row_id: int, page: ForumTopic, now: dt.datetime
) -> TransientError | None:
    """Have a model read what rules left open, and settle those comments; the error if the model is not ready."""
    with sessions() as session:
        waiting = list(
            session.scalars(
                select(Comment.id)
                .where(Comment.topic_id == topic_row_id, Comment.settled_at.is_(None), ~Comment.is_gone)
                .order_by(Comment.id)
            )
        )
        if not waiting:
            return None
        known = intake.page_of(session, session.get_one(Topic, topic_row_id), page)
    busy: TransientError | None = None
    for comment_id in waiting:
        try:
            found = _by_model(sessions, settings, comment_id, known, now)
        except TransientError as exc:
            log.warning("comment not read yet: comment=%d reason=%s", comment_id, exc)
            busy = exc
            continue
        _settle(sessions, settings, comment_id, known, found, now)
    return busy


def _by_model(
    sessions: Sessions, settings: Settings, comment_id: int, page: Page, now: dt.datetime
) -> list[Read] | None:
    """What a model reads in the comment; None where none is asked: no key, or a reader who wrote too much today."""
    with sessions() as session:
        comment = session.get_one(Comment, comment_id)
        raw, edition_id = comment.raw, session.get_one(Topic, comment.topic_id).edition_id
        is_over = intake.taken_up(session, comment.author, now) >= settings.corrections_per_reader
        wordless = _wordless(session, comment_id)
        texts = {place.shown for place in page.places if place.segment.id in wordless}
    if settings.anthropic_api_key is None or is_over:
        return None
    about = [sentence.key for sentence in page.article.sentences if _stands_in(sentence, texts)]
    if not about:
        about = list(dict.fromkeys(key for one in detect(page.article, raw) for key in one.candidates))
    try:
        with editions.model_desk(sessions, settings) as desk:
            return reading.read(desk, page.article, raw, about, edition_id=edition_id)
    except RejectedError as exc:
        log.warning("comment not read by a model: comment=%d reason=%s", comment_id, exc)
        return None


def _wordless(session: Session, comment_id: int) -> set[int]:
    """Segments that the comment reports without a wording."""
    return set(
        session.scalars(
            select(Correction.segment_id)
            .join(CorrectionReport, CorrectionReport.correction_id == Correction.id)
            .where(
                CorrectionReport.comment_id == comment_id,
                Correction.state == "detected",
                Correction.text.is_(None),
            )
        )
    )


def _stands_in(sentence: Sentence, texts: set[str]) -> bool:
    return any(sentence.text in text for text in texts)


def _settle(
    sessions: Sessions, settings: Settings, comment_id: int, page: Page, found: list[Read] | None, now: dt.datetime
) -> None:
    """Store what was read, and ask back, once, where nothing could be placed."""
    with sessions.begin() as session:
        comment = session.get_one(Comment, comment_id, with_for_update=True)
        if comment.settled_at is not None:
            return
        if found is not None:
            comment.kinds = sorted(
                {*(kind for kind in comment.kinds if kind != "unclear"), *(one.found.kind for one in found)}
            )
        for one in found or ():
            if one.is_model_wording and propose.give_wording(session, comment, one.found, page):
                continue
            # What the reader asks for first, then the model's words beside it.
            asked = replace(one.found, kind="report", new=None) if one.is_model_wording else one.found
            intake.propose(session, comment, [asked], page, per_day=settings.corrections_per_reader, now=now)
            if one.is_model_wording:
                propose.give_wording(session, comment, one.found, page)
        comment.settled_at = now
        has_any = session.scalar(
            select(CorrectionReport.correction_id).where(CorrectionReport.comment_id == comment.id).limit(1)
        )
        if has_any is None and ASKING & set(comment.kinds):
            is_ambiguous = any(one.candidates for one in detect(page.article, comment.raw))
            propose.ask_back(session, comment, is_ambiguous=is_ambiguous)
            comment.signed_at = comment.signed_at or now


def _decide(sessions: Sessions, forum: Discourse, topic_row_id: int, page: ForumTopic, now: dt.datetime) -> None:
    with sessions.begin() as session:
        topic = session.get_one(Topic, topic_row_id)
        decide.take_decisions(session, topic, page, bot=forum.username, now=now)
        liked = [(notice.id, post_id) for notice, post_id in decide.whispers_liked(session, topic, page)]
    for notice_id, post_id in liked:
        who = next((name for name in forum.likers(post_id) if name.lower() != forum.username.lower()), None)
        if who is not None:
            with sessions.begin() as session:
                topic = session.get_one(Topic, topic_row_id)
                decide.accept_liked(session, topic, notice_id, actor=who, now=now)


def _propose(sessions: Sessions, settings: Settings, topic_row_id: int, page: ForumTopic, now: dt.datetime) -> None:
    with sessions.begin() as session:
        topic = session.get_one(Topic, topic_row_id)
        propose.say_again(session, topic, page, now=now)
        propose.plan(
            session,
            topic,
            stored_terms.termbase(session),
            trusted_after=settings.corrections_trusted_after,
            now=now,
        )


def _sign(
    sessions: Sessions, settings: Settings, forum: Discourse, topic_row_id: int, page: ForumTopic, now: dt.datetime
) -> None:
    """Show readers that their reports were read: by a like, or a short reply where the bot may not like."""
    with sessions() as session:
        waiting = [
            (comment.id, comment.discourse_id)
            for comment in propose.unsigned(session, session.get_one(Topic, topic_row_id))
        ]
    for comment_id, discourse_id in waiting:
        by_reply = settings.correction_sign == "reply"
        there = page.post(discourse_id)
        if settings.correction_sign == "like" and there is not None and not there.is_liked:
            try:
                forum.like(discourse_id)
            except (ForbiddenError, RefusedError) as exc:
                log.info("like refused, a reply instead: post=%d reason=%s", discourse_id, exc)
                by_reply = True
        with sessions.begin() as session:
            comment = session.get_one(Comment, comment_id)
            comment.signed_at = now
            if by_reply:
                notices.plan(
                    session,
                    comment.topic_id,
                    f"seen-{comment.discourse_id}",
                    "seen",
                    words.SEEN,
                    reply_to=comment.post_number,
                    is_whisper=False,
                )
