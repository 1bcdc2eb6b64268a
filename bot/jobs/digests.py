"""The digest's jobs on real parts: look what is due, plan it, send it in lines, follow up what came of it."""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.digests import (
    bounces,
    compose,
    limits,
    links,
    mailbox,
    members,
    office,
    outcome,
    periods,
    plan,
    send,
    subscribers,
)
from bot.digests.compose import Received
from bot.errors import BotError, RejectedError
from bot.forum.discourse import Discourse
from bot.jobs import queue
from bot.settings import Settings
from bot.store import inbox
from bot.store.engine import Sessions
from bot.store.tables import Digest

_log = logging.getLogger(__name__)

SLICE = dt.timedelta(seconds=30)
"""A line gives its place in the worker to other jobs after so long."""
BEHIND_OTHERS = -10


def tend(sessions: Sessions, settings: Settings, *, now: dt.datetime) -> str:
    """Each minute: begin what is due, free what dead senders left, wake the lines, close what is through."""
    office_ = office.office_of(settings, sessions)
    with sessions.begin() as session:
        for digest_id in plan.insert_due(session, now, periods.rules_of(settings)):
            defer_plan(session, digest_id)
        for digest_id in session.scalars(select(Digest.id).where(Digest.state == "due")):
            defer_plan(session, digest_id)
    with sessions.begin() as session:
        freed = send.recover(session, resends=office_.resends)
    if freed.get("doubtful"):
        _log.warning("mails in doubt", extra={"count": freed["doubtful"]})
    with sessions() as session:
        under_way = outcome.under_way(session)
    for digest_id in under_way:
        follow_up(sessions, settings, digest_id, now=now)
    return f"{len(under_way)} under way, freed {freed}"


def follow_up(sessions: Sessions, settings: Settings, digest_id: int, *, now: dt.datetime, defers: bool = True) -> None:
    """Count refusals, pause what goes badly, wake the lines or close the digest and report."""
    signer = links.signer_of(settings)
    with sessions.begin() as session:
        bounces.note_refusals(session, signer, digest_id, now)
        bad = outcome.should_pause(session, digest_id)
    if bad is not None:
        send.pause(sessions, digest_id, bad)
    with sessions.begin() as session:
        report = outcome.finish(session, digest_id, now)
        if report is None:
            if defers and outcome.has_work(session, digest_id):
                defer_lines(session, settings, digest_id)
            return
        bounces.ease_scores(session, signer, digest_id, now.date())
        if settings.digest_report_to is not None:
            queue.defer(session, "report_digest", lock=f"report_digest-{digest_id}", digest_id=digest_id)
    _log.info("digest sent", extra={"report": report.line()})


def plan_digest(
    sessions: Sessions,
    settings: Settings,
    digest_id: int,
    *,
    forum_of: Callable[[Settings], AbstractContextManager[Discourse]],
    now: dt.datetime,
    defers: bool = True,
) -> str:
    """Freeze a digest and have it sent; `defers`: by the queue."""
    with sessions() as session:
        digest = session.get_one(Digest, digest_id)
        start = digest.slot_at - plan.LONGEST_COVERAGE
        topic_ids = compose.topics_of(session, start, digest.slot_at)
        errata = compose.errata(session, start, digest.slot_at, forum_url=str(settings.forum_url or ""))
    received = received_on_forum(settings, topic_ids, forum_of)
    with sessions.begin() as session:
        done = plan.freeze(
            session, digest_id, settings, links.links_of(settings), received=received, errata=errata, now=now
        )
        if done is None:
            return "planned before"
        if defers and done.state == "sending":
            defer_lines(session, settings, digest_id)
    if done.state == "empty":
        _log.warning("digest without news", extra={"digest": digest_id, "readers": done.skipped})
    return f"{done.state}: {done.planned} planned, {done.skipped} without news"


def received_on_forum(
    settings: Settings, topic_ids: list[int], forum_of: Callable[[Settings], AbstractContextManager[Discourse]]
) -> Mapping[int, Received]:
    """Likes and replies of the newest topics; nothing where the forum is away: they only decide the order."""
    if not topic_ids or settings.weekly_category_id is None:
        return {}
    try:
        with forum_of(settings) as forum:
            listed = forum.category_topics(settings.weekly_category_id)
    except BotError as exc:
        _log.warning("likes not read", extra={"reason": str(exc)})
        return {}
    return {topic.id: Received(topic.like_count, max(topic.posts_count - 1, 0)) for topic in listed}


def send_line(
    sessions: Sessions,
    settings: Settings,
    digest_id: int,
    line: int,
    *,
    stopping: Callable[[], bool],
    now: Callable[[], dt.datetime],
) -> str:
    """Send for a while on one connection; then go on behind the jobs that wait."""
    end = now() + SLICE
    done = send.work(office.office_of(settings, sessions), digest_id, until=lambda: stopping() or now() >= end, now=now)
    if stopping():
        return f"{done.counts}, stopped"
    with sessions.begin() as session:
        if outcome.has_work(session, digest_id) and session.get_one(Digest, digest_id).state == "sending":
            _defer_line(session, digest_id, line)
            return f"{done.counts}, goes on"
    follow_up(sessions, settings, digest_id, now=now())
    return f"{done.counts}"


def defer_plan(session: Session, digest_id: int) -> None:
    """Have a digest planned."""
    key = f"plan_digest-{digest_id}"
    queue.defer(session, "plan_digest", lock=key, queueing_lock=key, digest_id=digest_id)


def defer_lines(session: Session, settings: Settings, digest_id: int) -> None:
    """Have a digest sent on as many connections as allowed, by whatever workers there are."""
    for line in range(settings.digest_connections):
        _defer_line(session, digest_id, line)


def _defer_line(session: Session, digest_id: int, line: int) -> None:
    key = f"send_digest-{digest_id}-{line}"
    queue.defer(
        session,
        "send_digest",
        lock=key,
        queueing_lock=key,
        priority=BEHIND_OTHERS,
        digest_id=digest_id,
        line=line,
    )


def send_confirmation(sessions: Sessions, settings: Settings, subscriber_id: int, *, now: dt.datetime) -> str:
    """Answer whoever filled in the form. Sent twice at worst, which does no harm; to who complained, never."""
    signer, pages = links.signer_of(settings), links.links_of(settings)
    with sessions.begin() as session:
        row = subscribers.locked(session, subscriber_id)
        if row is None or row.address is None or row.state not in ("pending", "active"):
            return "no mail"
        if row.state == "pending":
            letter = office.confirmation(pages, signer, row.id, row.confirmations)
            row.confirmation_sent_at = now
        else:
            letter = office.already_subscribed(pages, signer, row.id, row.token_version)
        address = row.address
    key = f"c{subscriber_id}.{int(now.timestamp())}"
    return office.send_now(settings, office.written(settings, letter, address, key=key, now=now))


def report_digest(sessions: Sessions, settings: Settings, digest_id: int, *, now: dt.datetime) -> str:
    """Mail the operator what became of a digest."""
    settings.require("digest_report_to")
    assert settings.digest_report_to is not None
    with sessions() as session:
        report = outcome.report(session, digest_id)
    subject = f"[digest] {report.cadence} {report.period}: {report.sent} sent, {report.doubtful} doubtful"
    letter = office.Letter("letter_report", subject, {"lines": report.line()})
    message = office.written(settings, letter, settings.digest_report_to, key=f"r{digest_id}", now=now)
    return office.send_now(settings, message)


def read_mailbox(sessions: Sessions, settings: Settings) -> str:
    """Bring returned mail into the inbox, and have it handled."""
    found = mailbox.collect(sessions, settings)
    with sessions.begin() as session:
        for inbox_id in found:
            queue.defer(session, "handle_returned", inbox_id=inbox_id)
    return f"{len(found)} returned mails"


def handle_returned(sessions: Sessions, settings: Settings, inbox_id: int, *, now: dt.datetime) -> str:
    """Do what follows from one returned mail."""
    with sessions.begin() as session:
        event = inbox.unprocessed(session, inbox_id)
        if event is None:
            return "done before"
        if event.event_type != bounces.EVENT_TYPE:
            raise RejectedError(f"Inbox entry {inbox_id} is no returned mail.")
        result = bounces.take(
            session,
            links.signer_of(settings),
            bounces.returned_in(event),
            content_key=event.content_key,
            now=now,
        )
        inbox.finish(event, now, result)
    return result


def sweep_members(sessions: Sessions, settings: Settings, page: int, *, now: dt.datetime) -> str:
    """Bring one page of members in step, and have the next one done."""
    with members_forum(settings) as forum:
        if page == 1:
            members.require_silent(forum)
        done = members.sweep_page(sessions, forum, page, signer=links.signer_of(settings), now=now)
    if done is None:
        return "all pages seen"
    with sessions.begin() as session:
        for subscriber_id in done.write_back:
            defer_write_back(session, subscriber_id)
        queue.defer(session, "sweep_members", lock="sweep_members", queueing_lock="sweep_members", page=page + 1)
    return f"page {page}: {done.seen} seen, {done.joined} joined, {done.changed} changed"


def write_member(sessions: Sessions, settings: Settings, subscriber_id: int) -> str:
    """Tell the forum what a member chose here."""
    with members_forum(settings) as forum:
        return members.write_back(sessions, forum, subscriber_id)


def defer_write_back(session: Session, subscriber_id: int) -> None:
    """Have the forum told what a member chose here."""
    key = f"write_member-{subscriber_id}"
    queue.defer(session, "write_member", lock=key, queueing_lock=key, subscriber_id=subscriber_id)


def members_forum(settings: Settings) -> Discourse:
    """The forum seen with the key that may read members."""
    settings.require("forum_url", "members_api_user", "members_api_key")
    assert settings.members_api_user is not None
    assert settings.members_api_key is not None
    return Discourse(
        str(settings.forum_url),
        username=settings.members_api_user,
        api_key=settings.members_api_key.get_secret_value(),
        timeout_s=settings.forum_timeout_s,
    )


def prune(sessions: Sessions, settings: Settings, *, now: dt.datetime) -> int:
    """End what nobody confirmed, forget who asked how often, and erase the addresses of those who left long ago."""
    with sessions.begin() as session:
        count = subscribers.lapse(session, now) + limits.prune(session, now)
    if not office.is_set_up(settings):
        return count
    signer = links.signer_of(settings)
    before = now - dt.timedelta(days=settings.unsubscribed_addresses_days)
    with sessions.begin() as session:
        for subscriber_id in subscribers.left_before(session, before):
            count += subscribers.erase(session, signer, subscriber_id, actor="paperbot", now=now)
    return count
