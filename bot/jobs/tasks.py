"""What the queue can be asked to do. Each task builds its parts from the settings and calls the module that does it.

Tasks are plain functions of `Parts` and JSON arguments; they run in threads, may run twice, and say by the category of
their error what becomes of the job (`retry.py`).
"""

import datetime as dt
import logging
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import procrastinate
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import clock
from bot.errors import ConflictError, RejectedError, TransientError
from bot.jobs import queue
from bot.jobs.calendar import defer_series
from bot.jobs.queue import NOTES
from bot.jobs.retry import AsDecided, Ceiling, GiveUp, JobFailed, JobPostponed, decide, reason_of
from bot.settings import Settings
from bot.store.engine import Sessions

if TYPE_CHECKING:
    from bot.editions.series import NotCollected, Series
    from bot.editions.watch import News

_log = logging.getLogger(__name__)

AWAITED_AGAIN = dt.timedelta(hours=6)
AWAITED_FOR = dt.timedelta(weeks=8)
"""The list comes a day to six weeks after the week's end."""
SETTLE = dt.timedelta(seconds=0.5)
"""One edit, move or publication sends several webhooks; they are answered by one reading. A new post sends one."""

UNTIL_NEXT_SWEEP = Ceiling(tries=3, age=dt.timedelta(minutes=10))
"""What comes again by itself need not be tried for days."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What tasks are built from."""

    settings: Settings
    sessions: Sessions
    now: Callable[[], dt.datetime] = clock.now
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the worker is to stop: long jobs end what they have in hand and leave the rest."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing the queue can be asked to do; `run` takes `Parts` and the job's arguments, and returns a remark."""

    run: Callable[..., object]
    ceiling: Ceiling = field(default_factory=Ceiling)


def warm_up() -> None:
    """Load what the first reading of a topic would have to load: some seconds that nobody is to wait for."""
    from bot.jobs import review  # noqa: F401 - loaded, not used
    from bot.translation.checks import run

    run.warm_up()


def run_series(parts: Parts, *, series: str, period: str) -> str:
    """Collect, draft and submit one edition. A late list is asked for again in hours.

    Raises:
        RejectedError: the source has not had the edition for `AWAITED_FOR`, or somebody has to change something.
        TransientError: an upstream or the model is busy.
    """
    from bot.editions import series as all_series
    from bot.jobs import editions

    settings, sessions = parts.settings, parts.sessions
    of = all_series.named(series)
    # What the last step needs is checked before the first one spends anything.
    settings.require("forum_url", "forum_api_user", "forum_api_key", of.place[0], "anthropic_api_key")
    found = editions.collect(sessions, settings, of, period)
    if isinstance(found, all_series.NotCollected):
        return _come_again(parts, of, period, found)
    drafted = editions.draft(sessions, settings, found.edition_id)
    if drafted.waiting:
        raise TransientError(
            f"The model is busy; {', '.join(drafted.waiting)} wait for it.", retry_after_s=drafted.retry_after_s
        )
    with editions.forum_of(settings, sessions) as forum:
        done = editions.submit(sessions, settings, found.edition_id, forum=forum)
    with sessions.begin() as session:
        defer_reading(session, _topic_row(session, found.edition_id))
    return f"{done.outcome}: topic {done.topic_id}"


run_weekly = partial(run_series, series="weekly")
run_daily = partial(run_series, series="daily")


def _come_again(parts: Parts, of: "Series", period: str, found: "NotCollected") -> str:
    """Ask for a late list again, in its time."""
    from bot.editions import watch

    if not found.comes:
        return found.reason
    now = parts.now()
    if now.date() - dt.date.fromisoformat(period) > AWAITED_FOR:
        raise RejectedError(
            f"The list has not had the {of.what} of {period} for {AWAITED_FOR.days // 7} weeks. "
            f"When it has: paperbot run {of.name} --period {period}"
        )
    with parts.sessions.begin() as session:
        defer_series(session, of.name, period, run_at=now + (found.again_after or AWAITED_AGAIN))
        if of.name == "weekly":
            late = watch.late_list(session, period, now.date(), parts.settings.weekly_late_after_days)
            if late is not None:
                _log.warning("list is late", extra={"period": period})
                _tell(session, [late])
    return f"awaited: {found.reason}"


def watch_sources(parts: Parts) -> str:
    """Tell moderators of rows that the weekly list changed, and of later versions of papers in articles."""
    from bot.editions import watch
    from bot.editions.series import Reach
    from bot.jobs import editions

    with editions.http_client() as http:
        reach = Reach(parts.sessions, parts.settings, http, parts.now)
        news = watch.list_changes(reach)
        news += watch.new_versions(reach)
    with parts.sessions.begin() as session:
        told = _tell(session, news)
    return f"{told} changes told"


def _tell(session: Session, news: "Sequence[News]") -> int:
    """Plan what was not said before, and have those topics read, which says it; how many were new."""
    from bot.forum import notices

    told = 0
    for one in sorted(news, key=lambda one: one.topic_id):
        if not notices.is_planned(session, one.key):
            notices.plan(session, one.topic_id, one.key, "news", one.text)
            defer_reading(session, one.topic_id)
            told += 1
    return told


def read_topic(parts: Parts, *, topic_id: int) -> object:
    """Bring a topic of ours (`topic_id` is our row's) and the store in step, and do what moderators said in it."""
    from bot.jobs import editions, review

    with editions.forum_of(parts.settings, parts.sessions) as forum:
        reading = review.read_topic(parts.sessions, parts.settings, forum, topic_id, now=parts.now())
    with parts.sessions.begin() as session:
        defer_ripples(session)
    return reading


def handle_event(parts: Parts, *, inbox_id: int) -> str:
    """Have the topic read again that a stored webhook is about; what the webhook says is not believed."""
    from bot.forum import sweep
    from bot.store import inbox

    with parts.sessions.begin() as session:
        event = inbox.unprocessed(session, inbox_id)
        if event is None:
            return "done before"
        topic_id = sweep.topic_of_event(session, event)
        is_own = sweep.is_own_post(event, parts.settings.forum_api_user or "")
        if topic_id is not None and not is_own:
            # The queue looks for jobs whose time has come only now and then: who writes is answered at once.
            is_new_post = event.event == "post_created"
            defer_reading(session, topic_id, run_at=None if is_new_post else parts.now() + SETTLE)
        outcome = "not ours" if topic_id is None else "own post" if is_own else f"reads topic {topic_id}"
        inbox.finish(event, parts.now(), outcome)
    return outcome


def sweep_posts(parts: Parts) -> str:
    """Look for new and changed posts that no webhook told of."""
    from bot.forum import sweep
    from bot.jobs import editions

    with editions.forum_of(parts.settings, parts.sessions) as forum:
        topic_ids = sweep.posts(parts.sessions, forum, now=parts.now())
    return _defer_readings(parts, topic_ids)


def sweep_topics(parts: Parts) -> str:
    """Look for topics that were moved, renamed or deleted without a webhook telling."""
    from bot.forum import sweep
    from bot.jobs import editions

    with editions.forum_of(parts.settings, parts.sessions) as forum:
        topic_ids = sweep.topics(parts.sessions, forum, now=parts.now())
    return _defer_readings(parts, topic_ids)


def remind(parts: Parts) -> str:
    """Remind the moderators of drafts that nobody looked at."""
    from bot.forum import review
    from bot.jobs import editions

    with editions.forum_of(parts.settings, parts.sessions) as forum:
        count = review.remind(parts.sessions, forum, now=parts.now())
    return f"{count} reminded"


def apply_ripples(parts: Parts) -> str:
    """Mend the next topic that has a corrected mistake too; comes again at once while there is more and room for it."""
    from bot.jobs import corrections

    with parts.sessions.begin() as session:
        topic_ids = corrections.apply_ripples(session, parts.settings, now=parts.now())
        for topic_id in topic_ids:
            defer_reading(session, topic_id)
        if topic_ids:
            defer_ripples(session)
    return f"{len(topic_ids)} topics to be edited"


def tell_operator(parts: Parts) -> str:
    """Say once what needs a person: silent sources, drafts that wait, jobs that keep failing."""
    from bot.jobs import alerts

    return alerts.tell_operator(parts.sessions, parts.settings, now=parts.now())


def rescue_stalled(parts: Parts) -> str:
    """Return the jobs of dead workers to the queue."""
    with parts.sessions.begin() as session:
        done = queue.rescue(session)
    if done.returned or done.poison or done.superseded:
        _log.warning(
            "stalled jobs rescued",
            extra={"returned": done.returned, "poison": done.poison, "superseded": done.superseded},
        )
    return f"{len(done.returned)} returned, {len(done.poison)} poison"


def prune(parts: Parts) -> str:
    """Delete what is kept for a time only, as the settings say; a bounded number a night."""
    from bot.jobs import digests, retention

    now = parts.now()
    counts = retention.apply(parts.sessions, parts.settings, now=now)
    counts["unconfirmed readers and old addresses"] = digests.prune(parts.sessions, parts.settings, now=now)
    return ", ".join(f"{count} {what}" for what, count in counts.items()) + " deleted"


def tend_digests(parts: Parts) -> str:
    """Begin what digests are due, and see to those under way."""
    from bot.jobs import digests

    return digests.tend(parts.sessions, parts.settings, now=parts.now())


def plan_digest(parts: Parts, *, digest_id: int) -> str:
    """Fix a digest's texts and recipients."""
    from bot.jobs import digests, editions

    forum_of = partial(editions.forum_of, sessions=parts.sessions)
    return digests.plan_digest(parts.sessions, parts.settings, digest_id, forum_of=forum_of, now=parts.now())


def send_digest(parts: Parts, *, digest_id: int, line: int) -> str:
    """Send a digest on one of its connections."""
    from bot.jobs import digests

    return digests.send_line(
        parts.sessions, parts.settings, digest_id, line, stopping=parts.stopping.is_set, now=parts.now
    )


def report_digest(parts: Parts, *, digest_id: int) -> str:
    """Mail the operator what became of a digest."""
    from bot.jobs import digests

    return digests.report_digest(parts.sessions, parts.settings, digest_id, now=parts.now())


def send_confirmation(parts: Parts, *, subscriber_id: int) -> str:
    """Ask somebody who filled in the form to confirm."""
    from bot.jobs import digests

    return digests.send_confirmation(parts.sessions, parts.settings, subscriber_id, now=parts.now())


def read_mailbox(parts: Parts) -> str:
    """Fetch returned mail."""
    from bot.jobs import digests

    return digests.read_mailbox(parts.sessions, parts.settings)


def handle_returned(parts: Parts, *, inbox_id: int) -> str:
    """Do what follows from a returned mail."""
    from bot.jobs import digests

    return digests.handle_returned(parts.sessions, parts.settings, inbox_id, now=parts.now())


def sweep_members(parts: Parts, *, page: int = 1) -> str:
    """Bring a page of forum members in step with the readers."""
    from bot.jobs import digests

    return digests.sweep_members(parts.sessions, parts.settings, page, now=parts.now())


def write_member(parts: Parts, *, subscriber_id: int) -> str:
    """Tell the forum what a member chose here."""
    from bot.jobs import digests

    return digests.write_member(parts.sessions, parts.settings, subscriber_id)


TASKS: Mapping[str, Task] = {
    "run_weekly": Task(run_weekly),
    "run_daily": Task(run_daily),
    "watch_sources": Task(watch_sources, Ceiling(tries=5, age=dt.timedelta(hours=20))),
    "read_topic": Task(read_topic),
    "handle_event": Task(handle_event),
    "sweep_posts": Task(sweep_posts, UNTIL_NEXT_SWEEP),
    "sweep_topics": Task(sweep_topics, UNTIL_NEXT_SWEEP),
    "remind": Task(remind, UNTIL_NEXT_SWEEP),
    "apply_ripples": Task(apply_ripples, UNTIL_NEXT_SWEEP),
    "tell_operator": Task(tell_operator, UNTIL_NEXT_SWEEP),
    "rescue_stalled": Task(rescue_stalled, UNTIL_NEXT_SWEEP),
    "prune": Task(prune, Ceiling(tries=3)),
    "tend_digests": Task(tend_digests, UNTIL_NEXT_SWEEP),
    "plan_digest": Task(plan_digest),
    "send_digest": Task(send_digest, UNTIL_NEXT_SWEEP),
    "report_digest": Task(report_digest),
    "send_confirmation": Task(send_confirmation),
    "read_mailbox": Task(read_mailbox, UNTIL_NEXT_SWEEP),
    "handle_returned": Task(handle_returned),
    "sweep_members": Task(sweep_members),
    "write_member": Task(write_member),
}


def defer_reading(session: Session, topic_id: int, *, run_at: dt.datetime | None = None) -> bool:
    """Have a topic of ours read soon; one reading at a time, and at most one waiting."""
    key = f"read_topic-{topic_id}"
    return queue.defer(session, "read_topic", lock=key, queueing_lock=key, run_at=run_at, topic_id=topic_id)


def defer_ripples(session: Session) -> bool:
    """Have accepted sentences with a corrected mistake mended; one topic after the other."""
    return queue.defer(session, "apply_ripples", lock="apply_ripples", queueing_lock="apply_ripples")


def _defer_readings(parts: Parts, topic_ids: Sequence[int]) -> str:
    with parts.sessions.begin() as session:
        for topic_id in sorted(topic_ids):  # one order for everybody: two sweeps cannot block each other
            defer_reading(session, topic_id)
    return f"{len(topic_ids)} topics with news"


def _topic_row(session: Session, edition_id: int) -> int:
    from sqlalchemy import select

    from bot.store.tables import Topic

    return int(session.scalars(select(Topic.id).where(Topic.edition_id == edition_id)).one())


def register(app: procrastinate.App, parts: Parts, tasks: Mapping[str, Task]) -> None:
    """Make the tasks known to the queue's worker."""
    for name, task in tasks.items():
        app.task(name=name, pass_context=True, retry=AsDecided())(_as_job(parts, task))


def _as_job(parts: Parts, task: Task) -> Callable[..., object]:
    """The function that a worker calls in a thread: runs the task, and turns an error into a decision."""

    def job(context: procrastinate.JobContext, **args: Any) -> object:
        notes = args.pop(NOTES, {})
        try:
            result = task.run(parts, **args)
        except Exception as exc:  # noqa: BLE001 - the edge: every error becomes a decision
            return _decided(parts, task, context, notes, exc)
        _log.info("job done", extra=_fields(context, result=result))
        return result

    return job


def _decided(
    parts: Parts, task: Task, context: procrastinate.JobContext, notes: Mapping[str, Any], error: Exception
) -> object:
    """Note the error and leave with what becomes of the job."""
    now = parts.now()
    tries = int(notes.get("tries", 0)) + 1
    since = dt.datetime.fromisoformat(notes["failing_since"]) if "failing_since" in notes else now
    decision = decide(error, tries=tries, failing_since=since, now=now, ceiling=task.ceiling)
    reason = decision.reason if isinstance(decision, GiveUp) else reason_of(error)
    is_superseded = False
    job_id, queueing_lock = context.job.id, context.job.queueing_lock
    assert job_id is not None
    try:
        with parts.sessions.begin() as session:
            queue.note(session, job_id, tries=tries, failing_since=since.isoformat(), error=reason)
            is_superseded = queue.is_superseded(session, job_id, queueing_lock)
    except SQLAlchemyError as exc:  # the database is away: the job goes on without the note
        _log.warning("job's error not noted", extra=_fields(context, reason=type(exc).__name__))
    if isinstance(decision, GiveUp):
        place = () if isinstance(error, RejectedError | TransientError | ConflictError) else _place(error)
        _log.error("job failed", extra=_fields(context, reason=reason, tries=tries, place=place))
        raise JobFailed(reason) from None
    if is_superseded:
        _log.info("job left to the next of its kind", extra=_fields(context, reason=reason))
        return "superseded"
    _log.warning("job postponed", extra=_fields(context, reason=reason, tries=tries, until=decision.at.isoformat()))
    raise JobPostponed(decision.at, reason) from None


def _place(error: Exception) -> tuple[str, ...]:
    """Where it happened, without the error's text: that may quote bodies."""
    frames = traceback.extract_tb(error.__traceback__)
    return tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-6:])


def _fields(context: procrastinate.JobContext, **fields: object) -> dict[str, object]:
    return {"job": context.job.id, "task": context.job.task_name, **fields}
