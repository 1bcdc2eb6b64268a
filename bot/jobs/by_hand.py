"""A digest by hand: `paperbot digest preview` and `send`, in the foreground and beside whatever workers there are."""

import datetime as dt
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot import clock
from bot.digests import archive, compose, links, office, outcome, periods, plan, send, subscribers
from bot.digests.states import Cadence
from bot.errors import BotError, RejectedError
from bot.forum.discourse import Discourse
from bot.jobs.digests import follow_up, plan_digest, received_on_forum
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Digest, Subscriber


def preview(
    sessions: Sessions,
    settings: Settings,
    cadence: Cadence,
    language: str,
    *,
    forum_of: Callable[[Settings], AbstractContextManager[Discourse]],
    now: dt.datetime,
) -> tuple[str, str] | None:
    """HTML and text of the next mail, with links of nobody; None if nothing is new."""
    pages = links.links_of(settings)
    with sessions() as session:
        start = now - plan.LONGEST_COVERAGE
        topic_ids = compose.topics_of(session, start, now)
        errata = compose.errata(session, start, now, forum_url=str(settings.forum_url or ""))
    received = received_on_forum(settings, topic_ids, forum_of)
    with sessions() as session:
        made = plan.preview(session, settings, pages, cadence, language, received=received, errata=errata, now=now)
    if made is None:
        return None
    texts = (archive.for_nobody(text, made.boundary, pages) for text in (made.html, made.plain))
    return next(texts), next(texts)


def question(sessions: Sessions, digest_id: int | None, cadence: Cadence | None, zone: str) -> str:
    """What a person is asked before `begin`, with how many readers it is about where that is known."""
    with sessions() as session:
        if digest_id is not None and session.get(Digest, digest_id) is not None:
            return f"Digest {digest_id}: send the {outcome.report(session, digest_id).waiting} mails that wait?"
        if cadence is not None:
            readers = session.scalar(
                select(func.count())
                .select_from(Subscriber)
                .where(Subscriber.state == "active", Subscriber.cadence == cadence, Subscriber.zone == zone)
            )
            return f"Send a {cadence} digest to {readers} readers now?"
    return "Send what is due?"


def begin(
    sessions: Sessions, settings: Settings, digest_id: int | None, cadence: Cadence | None, zone: str
) -> list[int]:
    """The digests that a person at the command line wants sent: this one, one of now, or those that are due."""
    now = clock.now()
    with sessions.begin() as session:
        if digest_id is not None:
            if session.get(Digest, digest_id) is None:
                raise RejectedError(f"There is no digest {digest_id}; `paperbot digest status` shows them.")
            outcome.resume(session, digest_id)
            send.recover(session, resends=office.office_of(settings, sessions).resends)
            return [digest_id]
        if cadence is not None:
            subscribers.checked_choice(cadence, "ko", zone)
            made = plan.begin_now(session, cadence, zone, now)
            return [made] if made is not None else []
        plan.insert_due(session, now, periods.rules_of(settings))
        return [*session.scalars(select(Digest.id).where(Digest.state == "due")), *outcome.under_way(session)]


def plan_now(sessions: Sessions, settings: Settings, digest_id: int) -> None:
    """Plan a digest unless it is planned."""
    from bot.jobs import weekly  # takes a second

    plan_digest(sessions, settings, digest_id, forum_of=weekly.forum_of, now=clock.now(), defers=False)


def send_all(sessions: Sessions, settings: Settings, digest_id: int, *, stop: threading.Event) -> outcome.Report:
    """Send on all connections in threads of this process until nothing is left that can be sent now."""
    office_ = office.office_of(settings, sessions)
    errors: list[Exception] = []

    def line() -> None:
        try:
            send.work(office_, digest_id, until=stop.is_set, now=clock.now)
        except (BotError, SQLAlchemyError, psycopg.Error) as exc:
            errors.append(exc)
            stop.set()

    threads = [threading.Thread(target=line, name=f"line {n}") for n in range(settings.digest_connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    follow_up(sessions, settings, digest_id, now=clock.now(), defers=False)
    if errors:
        raise errors[0]
    with sessions() as session:
        return outcome.report(session, digest_id)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """For the time of the block, Ctrl-C and SIGTERM ask the lines to end after the mail in hand."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
