"""An edition becomes a shared draft on the forum: once, whatever happens in between.

The effect is keyed: a topic by its external id, a further part by a token at its end. So every run looks up what is
there, adds what is missing, reads all of it back, and records it. A text that a person changed on the forum is never
touched here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import compose, lifecycle, weekly
from bot.editions.compose import RULE, Frame
from bot.errors import ConflictError, RejectedError
from bot.forum.answers import HeldForApproval
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import LostAnswerError, RefusedError
from bot.forum.limits import check_limits, normalised, stored_title, token_of, with_token, without_token
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, Post, Topic

TOKEN_ROOM = 100
"""Characters kept free in each part for its token."""
LOST_WAIT_S = 5.0
"""Pause before a lost creation is tried again: the first may still be at work on the server."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edition goes on the forum."""

    category_id: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission found and did.

    Attributes:
        topic_id: the topic on the forum.
        parts: posts of the article.
        outcome: `created`, `adopted` (it was there already, from an interrupted run), `updated` (parts that nobody had
            touched got new text), or `unchanged`.
        left_alone: numbers of parts that differ from ours because a person changed them; they were not touched.
        remarks: what the forum made of title and tags, where it is not what was sent.
    """

    topic_id: int
    parts: int
    outcome: str
    left_alone: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    external_id: str
    title: str
    blocks: tuple[str, ...]


def topic_url(forum_url: str, topic_id: int) -> str:
    """Address of a topic for people; the forum completes the slug."""
    return f"{forum_url.rstrip('/')}/t/{topic_id}"


def submit(
    sessions: Sessions,
    forum: Discourse,
    edition_id: int,
    *,
    frame: Frame,
    place: Place,
    again: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Submitted:
    """Put the edition on the forum as a shared draft, or bring an untouched draft up to date. Repeatable.

    Args:
        again: make a second topic although the first was deleted on the forum; otherwise a deleted topic is a decision
            of a person and is respected.

    Raises:
        RejectedError: the edition is not ready, or the forum refuses it; the message says what to change.
        TransientError: the forum is not ready; the same call goes on later.
        ConflictError: another process is at work on this edition.
    """
    with locks.held(sessions, f"edition {edition_id}"):
        plan, recorded = _plan(sessions, edition_id, frame, place, again)
        if recorded is not None:
            return _refresh(sessions, forum, edition_id, plan, recorded)
        parts = _parts(plan, forum.rules().max_post_length)
        check_limits(plan.title, parts, place.tags, forum.rules())
        found = forum.find_topic(plan.external_id)
        is_new = found is None
        topic = found or _create(sessions, forum, edition_id, plan, parts[0], place, sleep)
        topic = _complete(forum, topic, plan, parts)
        _record(sessions, edition_id, topic, plan, parts, is_new=is_new)
        remarks = _remarks(topic, plan.title, place.tags, forum)
        return Submitted(topic.id, len(parts), "created" if is_new else "adopted", remarks=remarks)


def _plan(sessions: Sessions, edition_id: int, frame: Frame, place: Place, again: bool) -> tuple[_Plan, int | None]:
    """What is to stand on the forum, and the topic's id if that is recorded already. Writes the intent."""
    with sessions.begin() as session:
        edition = session.get_one(Edition, edition_id)
        topic = edition.topic
        if topic is None:
            if edition.state != "checked":
                raise RejectedError(
                    f"Edition {edition.series} {edition.period} is {edition.state}, not ready to submit: "
                    f"run `paperbot draft {edition.series} --period {edition.period}` first."
                )
            topic = Topic(
                edition_id=edition.id,
                external_id=weekly.external_id(edition.period),
                category_id=place.category_id,
            )
            session.add(topic)
        if topic.held_reviewable_id is not None:
            raise RejectedError(
                f"The forum holds this edition in its review queue (entry {topic.held_reviewable_id}): approve it "
                "there, or make the bot a moderator so that its posts are not held."
            )
        if again:
            if topic.discourse_id is not None:
                raise RejectedError(f"This edition has a topic ({topic.discourse_id}); a second one is not made.")
            topic.external_id = _next_external_id(topic.external_id, edition.period)
        blocks = compose.weekly_blocks(session, edition, frame)
        return _Plan(topic.external_id, edition.title, tuple(blocks)), topic.discourse_id


def _next_external_id(present: str, period: str) -> str:
    first = weekly.external_id(period)
    attempt = int(present.removeprefix(f"{first}-")) if present != first else 1
    return weekly.external_id(period, attempt + 1)


def _parts(plan: _Plan, limit: int) -> list[str]:
    texts = compose.split(plan.blocks, limit - TOKEN_ROOM)
    return [texts[0], *(with_token(text, _token(plan, part)) for part, text in enumerate(texts[1:], 2))]


def _token(plan: _Plan, part: int) -> str:
    return f"{plan.external_id}-part-{part}"


def _create(
    sessions: Sessions,
    forum: Discourse,
    edition_id: int,
    plan: _Plan,
    raw: str,
    place: Place,
    sleep: Callable[[float], None],
) -> ForumTopic:
    for is_last_try in (False, True):
        try:
            made = forum.create_shared_draft(
                title=plan.title,
                raw=raw,
                destination_category_id=place.category_id,
                tags=place.tags,
                external_id=plan.external_id,
            )
        except (LostAnswerError, RefusedError) as exc:
            found = forum.find_topic(plan.external_id)
            if found is not None:
                return found
            if isinstance(exc, RefusedError):
                raise RejectedError(
                    f"{exc} If a draft of this edition was deleted on the forum, `--new-topic` makes another."
                ) from exc
            if is_last_try:
                raise
            sleep(LOST_WAIT_S)
            continue
        if isinstance(made, HeldForApproval):
            _record_hold(sessions, edition_id, made)
            raise RejectedError(
                "The forum put the draft into its review queue instead of the drafts category: approve it there, and "
                "make the bot's account a moderator so that this does not happen again."
            )
        return forum.confirm_shared_draft(made.topic_id)
    raise AssertionError("unreachable: the last try returns or raises")


def _complete(forum: Discourse, topic: ForumTopic, plan: _Plan, parts: Sequence[str]) -> ForumTopic:
    """Add the parts that are missing; a part that is there, whatever its text by now, is not sent again."""
    missing = [n for n in range(2, len(parts) + 1) if _post_of(topic, plan, n, forum.username) is None]
    for number in missing:
        try:
            made = forum.reply(topic.id, parts[number - 1])
        except LostAnswerError:
            if _post_of(forum.topic(topic.id), plan, number, forum.username) is None:
                raise
            continue
        if isinstance(made, HeldForApproval):
            raise RejectedError(
                f"The forum put part {number} of topic {topic.id} into its review queue: approve it there, and make "
                "the bot's account a moderator."
            )
    return forum.topic(topic.id) if missing else topic


def _post_of(topic: ForumTopic, plan: _Plan, part: int, username: str) -> ForumPost | None:
    if part == 1:
        return next((post for post in topic.posts if post.number == 1), None)
    ours = [post for post in topic.posts if post.username.lower() == username.lower()]
    return next((post for post in ours if token_of(post.raw) == _token(plan, part)), None)


def _record(
    sessions: Sessions, edition_id: int, topic: ForumTopic, plan: _Plan, parts: Sequence[str], *, is_new: bool
) -> None:
    with sessions.begin() as session:
        edition = session.get_one(Edition, edition_id)
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        row.discourse_id = topic.id
        for number, sent in enumerate(parts, 1):
            post = next(
                (
                    post
                    for post in topic.posts
                    if (post.number == 1 if number == 1 else token_of(post.raw) == _token(plan, number))
                ),
                None,
            )
            if post is None:
                raise ConflictError(f"Part {number} of topic {topic.id} vanished while it was recorded; run again.")
            _record_post(session, row, number, post, sent, is_new=is_new)
        if edition.state == "checked":
            reason = f"shared draft {topic.id} with {len(parts)} part(s)"
            lifecycle.move(session, edition, "submitted", actor="paperbot", reason=reason)


def _record_post(session: Session, row: Topic, part: int, post: ForumPost, sent: str, *, is_new: bool) -> None:
    # Right after creation what came back is what the forum makes of our text. Later it may hold a person's edit, and
    # what we agreed on is what we sent.
    base = post.raw if is_new else normalised(sent)
    session.execute(
        insert(Post)
        .values(
            topic_id=row.id,
            part=part,
            discourse_id=post.id,
            post_number=post.number,
            base_raw=base,
            version=post.version,
        )
        .on_conflict_do_nothing()
    )


def _record_hold(sessions: Sessions, edition_id: int, held: HeldForApproval) -> None:
    with sessions.begin() as session:
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        row.held_reviewable_id = held.reviewable_id or 0


def _refresh(sessions: Sessions, forum: Discourse, edition_id: int, plan: _Plan, topic_id: int) -> Submitted:
    """Bring parts up to date that nobody touched; no call at all where nothing of ours changed."""
    with sessions() as session:
        edition = session.get_one(Edition, edition_id)
        rows = session.scalars(
            select(Post)
            .join(Topic, Topic.id == Post.topic_id)
            .where(Topic.edition_id == edition_id)
            .order_by(Post.part)
        ).all()
        bases = {row.part: row.base_raw for row in rows}
        is_open = edition.state == "submitted"
    agreed = RULE.join(without_token(base) for base in bases.values())
    if not is_open or normalised(RULE.join(plan.blocks)) == normalised(agreed):
        return Submitted(topic_id, len(bases), "unchanged")
    parts = _parts(plan, forum.rules().max_post_length)
    topic = forum.topic(topic_id)
    if len(parts) != len(bases):
        raise RejectedError(
            f"The article now needs {len(parts)} posts and topic {topic_id} has {len(bases)}: delete the draft on the "
            "forum and submit with --new-topic, or raise max_post_length there."
        )
    edited, left_alone = [], []
    for number, fresh in enumerate(parts, 1):
        post = _post_of(topic, plan, number, forum.username)
        if normalised(fresh) == normalised(bases[number]):
            continue
        if post is None or normalised(post.raw) != normalised(bases[number]):
            left_alone.append(number)
            continue
        reason = f"paperbot: {plan.external_id}, part {number} drafted again"
        edited.append(forum.edit_post(post.id, fresh, raw_old=post.raw, reason=reason))
    with sessions.begin() as session:
        for post in edited:
            row = session.scalars(select(Post).where(Post.discourse_id == post.id)).one()
            row.base_raw, row.version = post.raw, post.version
    outcome = "updated" if edited else "unchanged"
    return Submitted(topic_id, len(parts), outcome, left_alone=tuple(left_alone))


def _remarks(topic: ForumTopic, title: str, tags: Sequence[str], forum: Discourse) -> tuple[str, ...]:
    remarks = []
    if topic.title != title:
        expected = (
            " (its setting title_prettify does that)" if topic.title == stored_title(title, forum.rules()) else ""
        )
        remarks.append(f'the forum stored the title as "{topic.title}"{expected}')
    if dropped := [tag for tag in tags if tag.lower() not in {kept.lower() for kept in topic.tags}]:
        remarks.append(f"the forum dropped the tags {', '.join(dropped)}: create them there first")
    return tuple(remarks)
