"""An edition becomes a shared draft on the forum: once, whatever happens in between.

The effect is keyed: a topic by its external id, a further part by a token at its end. So every run looks up what is
there, adds what is missing, reads all of it back, and records it. A topic that is recorded already is read as any
other (`review.py`), so that what people changed is kept.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import compose, lifecycle, report
from bot.editions import series as all_series
from bot.editions.compose import Article, Frame
from bot.errors import ConflictError, RejectedError
from bot.forum import notices, parts, readback, review
from bot.forum.answers import HeldForApproval
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import LostAnswerError, NotFoundError, RefusedError
from bot.forum.limits import check_limits, normalised, stored_title, with_token, without_token
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, Post, Topic

TOKEN_ROOM = 100
"""Characters kept free in each part for its token."""
LOST_WAIT_S = 5.0
"""Pause before a lost creation is tried again: the first may still be at work on the server."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edition goes on the forum.

    Attributes:
        category_id: where it is to be published.
        tags: names.
        staff_category_id: where its draft is made as an ordinary topic that only staff reads, on forums without shared
            drafts; None for a shared draft.
        setting: what the operator calls the category.
    """

    category_id: int
    tags: tuple[str, ...]
    staff_category_id: int | None = None
    setting: str = "WEEKLY_CATEGORY_ID"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission found and did.

    Attributes:
        topic_id: the topic on the forum.
        parts: posts of the article.
        outcome: `created`, `adopted` (it was there already, from an interrupted run), `updated` (parts that nobody had
            touched got new text), or `unchanged`.
        edited_parts: numbers of parts in which a person had edited something; it was kept, and taken into the store.
        remarks: what the forum made of title and tags, where it is not what was sent.
        seen: the topic as it was read back, where it was.
    """

    topic_id: int
    parts: int
    outcome: str
    edited_parts: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    seen: ForumTopic | None = field(default=None, compare=False, repr=False)


class _DraftRefusedError(RejectedError):
    """The forum does not make the topic: its key or title is taken, or something else is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to stand on the forum, and what is known of it.

    Attributes:
        recorded: the topic's id, once it is recorded.
        is_held: whether the forum put a post of ours into its review queue, where no look-up finds it.
    """

    external_id: str
    title: str
    article: Article
    recorded: int | None
    is_held: bool


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
    now: dt.datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> Submitted:
    """Put the edition on the forum as a shared draft, or bring the topic and the store in step. Repeatable.

    Args:
        again: make another topic if the edition's was deleted on the forum, or post again what its review queue took;
            otherwise both are decisions of a person and are respected. Repeatable too: a living topic is kept.

    Raises:
        RejectedError: the edition is not ready, or the forum refuses it; the message says what to change.
        TransientError: the forum is not ready; the same call goes on later.
        ConflictError: another process is at work on this edition.
    """
    with locks.held(sessions, f"edition {edition_id}"):
        plan = _plan(sessions, edition_id, frame, place)
        if again:
            plan = _given_up(sessions, forum, edition_id, plan)
        if plan.recorded is not None:
            return _follow(sessions, forum, edition_id, plan.recorded, frame, now)
        try:
            done = _put(sessions, forum, edition_id, plan, place, sleep)
        except _DraftRefusedError:
            if not again:
                raise
            done = _put(sessions, forum, edition_id, _with_next_key(sessions, edition_id, plan), place, sleep)
        if done.outcome == "created":
            return done
        # The article may have changed since the interrupted run, and people may have been at it.
        followed = _follow(sessions, forum, edition_id, done.topic_id, frame, now)
        return replace(
            done, parts=followed.parts, edited_parts=followed.edited_parts, remarks=done.remarks + followed.remarks
        )


def _plan(sessions: Sessions, edition_id: int, frame: Frame, place: Place) -> _Plan:
    """What is to stand on the forum. Writes the intent."""
    with sessions.begin() as session:
        edition = session.get_one(Edition, edition_id)
        topic = edition.topic
        if topic is None:
            if edition.state != "checked":
                step = "collect" if edition.state == "collecting" else "draft"
                raise RejectedError(
                    f"Edition {edition.series} {edition.period} is {edition.state}, not ready to submit: "
                    f"run `paperbot {step} {edition.series} --period {edition.period}` first."
                )
            topic = Topic(
                edition_id=edition.id,
                external_id=all_series.of(edition).external_id(edition.period),
                category_id=place.category_id,
                flow="shared_draft" if place.staff_category_id is None else "staff_category",
                drafts_category_id=place.staff_category_id,
            )
            session.add(topic)
        article = all_series.of(edition).article(session, edition, frame)
        is_held = topic.held_reviewable_id is not None
        return _Plan(topic.external_id, edition.title, article, topic.discourse_id, is_held)


def _given_up(sessions: Sessions, forum: Discourse, edition_id: int, plan: _Plan) -> _Plan:
    """The plan without a topic that was deleted on the forum, and without a hold."""
    if plan.recorded is not None and _living(forum, plan.recorded) is not None:
        return plan
    with sessions.begin() as session:
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        row.held_reviewable_id = None
        if plan.recorded is not None:
            session.execute(delete(Post).where(Post.topic_id == row.id))
            row.discourse_id = None
            edition = session.get_one(Edition, edition_id)
            reason = f"topic {plan.recorded} was deleted on the forum; another is made"
            lifecycle.record(session, edition, edition.state, edition.state, actor="paperbot", reason=reason)
    return replace(plan, recorded=None, is_held=False)


def _with_next_key(sessions: Sessions, edition_id: int, plan: _Plan) -> _Plan:
    """The plan under a new key: a deleted topic keeps the old one for ever."""
    with sessions.begin() as session:
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        edition = session.get_one(Edition, edition_id)
        first = all_series.of(edition).external_id(edition.period)
        attempt = int(row.external_id.removeprefix(f"{first}-")) if row.external_id != first else 1
        row.external_id = f"{first}-{attempt + 1}"
        return replace(plan, external_id=row.external_id)


def _living(forum: Discourse, topic_id: int) -> ForumTopic | None:
    try:
        topic = forum.topic(topic_id)
    except NotFoundError:
        return None
    return None if topic.deleted else topic


def _put(
    sessions: Sessions,
    forum: Discourse,
    edition_id: int,
    plan: _Plan,
    place: Place,
    sleep: Callable[[float], None],
) -> Submitted:
    """Make the topic, or find it from an interrupted run; add what is missing; record it."""
    texts = _texts(plan, forum.rules().max_post_length)
    check_limits(plan.title, texts, place.tags, forum.rules())
    _check_category(forum, place)
    found = forum.find_topic(plan.external_id)
    is_new = found is None
    topic = found or _create(sessions, forum, edition_id, plan, texts[0], place, sleep)
    topic = _complete(sessions, forum, edition_id, topic, plan, texts)
    _record(sessions, edition_id, topic, plan, texts, forum.username)
    return Submitted(
        topic.id,
        len(texts),
        "created" if is_new else "adopted",
        remarks=_remarks(topic, plan.title, place.tags, forum),
        seen=topic,
    )


def _check_category(forum: Discourse, place: Place) -> None:
    """A shared draft's destination is not checked by the forum, so a wrong one would show at publication only."""
    known = forum.rules().category_ids
    if known is not None and place.category_id not in known:
        raise RejectedError(
            f'The forum has no category {place.category_id} that "{forum.username}" can see: correct {place.setting} '
            "(the number is in the category's address: /c/papers/12 is 12)."
        )


def _texts(plan: _Plan, limit: int) -> list[str]:
    texts = compose.split(list(plan.article.blocks.values()), limit - TOKEN_ROOM, plan.article.joint)
    return [
        texts[0],
        *(with_token(text, parts.token(plan.external_id, part)) for part, text in enumerate(texts[1:], 2)),
    ]


def _create(
    sessions: Sessions,
    forum: Discourse,
    edition_id: int,
    plan: _Plan,
    raw: str,
    place: Place,
    sleep: Callable[[float], None],
) -> ForumTopic:
    if plan.is_held:
        raise _held_before()
    for is_last_try in (False, True):
        try:
            made = _send(forum, plan, raw, place)
        except (LostAnswerError, RefusedError) as exc:
            found = forum.find_topic(plan.external_id)
            if found is not None:
                return found
            if isinstance(exc, RefusedError) and exc.status == 422:
                raise _DraftRefusedError(
                    f"{exc}. If a draft of this edition was deleted on the forum, `--new-topic` makes another."
                ) from exc
            if isinstance(exc, RefusedError):
                raise RejectedError(
                    f"{exc}. Usually shared drafts are off: set shared_drafts_category on the forum, and let "
                    f'"{forum.username}" use them.'
                ) from exc
            if is_last_try:
                raise
            sleep(LOST_WAIT_S)
            continue
        if isinstance(made, HeldForApproval):
            _record_hold(sessions, edition_id, made)
            raise RejectedError(
                "The forum put the draft into its review queue instead of the drafts category: reject it there, make "
                "the bot's account a moderator, then submit with `--new-topic`."
            )
        if place.staff_category_id is None:
            return forum.confirm_shared_draft(made.topic_id)
        return forum.topic(made.topic_id)
    raise AssertionError("unreachable: the last try returns or raises")


def _held_before() -> RejectedError:
    return RejectedError(
        "The forum's review queue holds a post of this edition since an earlier run, so it is not sent again: approve "
        "or reject it there; if it was rejected, make the bot's account a moderator and submit with `--new-topic`."
    )


def _send(forum: Discourse, plan: _Plan, raw: str, place: Place) -> ForumPost | HeldForApproval:
    if place.staff_category_id is None:
        return forum.create_shared_draft(
            title=plan.title,
            raw=raw,
            destination_category_id=place.category_id,
            tags=place.tags,
            external_id=plan.external_id,
        )
    return forum.create_topic(
        title=plan.title,
        raw=raw,
        category_id=place.staff_category_id,
        tags=place.tags,
        external_id=plan.external_id,
    )


def _complete(
    sessions: Sessions, forum: Discourse, edition_id: int, topic: ForumTopic, plan: _Plan, texts: Sequence[str]
) -> ForumTopic:
    """Add the parts that are missing; a part that is there, whatever its text by now, is not sent again."""
    missing = [n for n in range(2, len(texts) + 1) if parts.post_of(topic, plan.external_id, n, forum.username) is None]
    if missing and plan.is_held:
        raise _held_before()
    for number in missing:
        try:
            made = forum.reply(topic.id, texts[number - 1])
        except LostAnswerError:
            if parts.post_of(forum.topic(topic.id), plan.external_id, number, forum.username) is None:
                raise
            continue
        if isinstance(made, HeldForApproval):
            _record_hold(sessions, edition_id, made)
            raise RejectedError(
                f"The forum put part {number} of topic {topic.id} into its review queue: approve it there, make the "
                "bot's account a moderator, then submit again."
            )
    return forum.topic(topic.id) if missing else topic


def _record(
    sessions: Sessions, edition_id: int, topic: ForumTopic, plan: _Plan, texts: Sequence[str], username: str
) -> None:
    """Record topic and posts."""
    with sessions.begin() as session:
        edition = session.get_one(Edition, edition_id)
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        row.discourse_id = topic.id
        row.held_reviewable_id = None
        row.title, row.tags = topic.title, list(topic.tags)
        row.forum_category_id = topic.category_id
        if topic.is_shared_draft:
            row.drafts_category_id = topic.category_id
        is_draft = topic.category_id == row.drafts_category_id
        keys = _keys_by_part(plan, texts)
        for number, sent in enumerate(texts, 1):
            post = parts.post_of(topic, plan.external_id, number, username)
            if post is None:
                raise ConflictError(f"Part {number} of topic {topic.id} vanished while it was recorded; run again.")
            # What the forum made of our text, unless a person may have edited it: then what we agreed on is what we
            # sent. Somebody else's edit of a draft always makes a new version; publishing takes versions back to 1.
            is_untouched = is_draft and post.version == 1
            _record_post(session, row, number, post, post.raw if is_untouched else normalised(sent), keys[number - 1])
        session.flush()
        session.expire(row, ["posts"])
        readback.record_shown(session, edition, row.posts)
        key = f"report-{plan.external_id}"
        notices.plan(session, row.id, key, "report", report.for_moderators(session, edition))
        if edition.state in ("checked", "rejected"):
            reason = f"shared draft {topic.id} with {len(texts)} part(s)"
            lifecycle.move(session, edition, "submitted", actor="paperbot", reason=reason)


def _keys_by_part(plan: _Plan, texts: Sequence[str]) -> list[list[str]]:
    """Which blocks of the article stand in each part."""
    waiting = list(plan.article.blocks)
    keys: list[list[str]] = []
    for given in texts:
        text = without_token(given)
        taken = next(n for n in range(1, len(waiting) + 1) if plan.article.text(waiting[:n]) == text)
        keys.append(waiting[:taken])
        waiting = waiting[taken:]
    return keys


def _record_post(session: Session, row: Topic, part: int, post: ForumPost, base: str, keys: list[str]) -> None:
    session.execute(
        insert(Post)
        .values(
            topic_id=row.id,
            part=part,
            discourse_id=post.id,
            post_number=post.number,
            base_raw=base,
            rendered_raw=base,
            blocks=keys,
            version=post.version,
        )
        .on_conflict_do_nothing()
    )


def _record_hold(sessions: Sessions, edition_id: int, held: HeldForApproval) -> None:
    with sessions.begin() as session:
        row = session.scalars(select(Topic).where(Topic.edition_id == edition_id)).one()
        row.held_reviewable_id = held.reviewable_id or 0


def _follow(
    sessions: Sessions, forum: Discourse, edition_id: int, topic_id: int, frame: Frame, now: dt.datetime
) -> Submitted:
    """Bring store and topic in step, as any reading does: edits of people are taken in, what is new is merged in."""
    with sessions() as session:
        topic_row_id = session.scalars(select(Topic.id).where(Topic.edition_id == edition_id)).one()
    reading = review.read_topic(sessions, forum, topic_row_id, frame=frame, now=now)
    if reading.is_gone:
        raise RejectedError(
            f"Topic {topic_id} was deleted on the forum, so the edition is left as it is: `--new-topic` makes another."
        )
    with sessions() as session:
        topic = session.get_one(Topic, topic_row_id)
        count, state, is_held = len(topic.posts), topic.edition.state, topic.held_by is not None
    remarks = []
    if state == "rejected":
        remarks.append(f"topic {topic_id} was rejected by a moderator, so its text was not brought up to date")
    elif is_held:
        remarks.append(f"a moderator holds topic {topic_id}, so its text was not brought up to date")
    outcome = "updated" if reading.pushed_parts else "unchanged"
    return Submitted(topic_id, count, outcome, tuple(reading.edited_parts), tuple(remarks))


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
