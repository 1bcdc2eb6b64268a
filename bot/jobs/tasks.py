"""What the queue can be asked to do. Each task builds its parts from the settings and calls the module that does it.

Tasks are plain functions of `Parts` and JSON arguments; they run in threads, may run twice, and say by the category of
their error what becomes of the job (`retry.py`).
"""

import datetime as dt
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import procrastinate
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import clock
from bot.errors import ConflictError, RejectedError, TransientError
from bot.jobs import queue
from bot.jobs.calendar import defer_weekly
from bot.jobs.queue import NOTES
from bot.jobs.retry import AsDecided, Ceiling, GiveUp, JobFailed, JobPostponed, decide, reason_of
from bot.settings import Settings
from bot.store.engine import Sessions

_log = logging.getLogger(__name__)

AWAITED_AGAIN = dt.timedelta(hours=6)
AWAITED_FOR = dt.timedelta(weeks=8)
"""The list comes a day to six weeks after the week's end."""
SETTLE = dt.timedelta(seconds=0.5)
"""One act on the forum sends several webhooks; they are answered by one reading."""

UNTIL_NEXT_SWEEP = Ceiling(tries=3, age=dt.timedelta(minutes=10))
"""What comes again by itself need not be tried for days."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What tasks are built from."""

    settings: Settings
    sessions: Sessions
    now: Callable[[], dt.datetime] = clock.now


@dataclass(frozen=True, slots=True)
class Task:
    """One thing the queue can be asked to do; `run` takes `Parts` and the job's arguments, and returns a remark."""

    run: Callable[..., object]
    ceiling: Ceiling = field(default_factory=Ceiling)


def run_weekly(parts: Parts, *, period: str) -> str:
    """Collect, draft and submit the week that begins on the Monday `period`. A late list is asked for again in hours.

    Raises:
        RejectedError: the list has not had the week for `AWAITED_FOR`, or somebody has to change something.
        TransientError: an upstream or the model is busy.
    """
    from bot.jobs import weekly
    from bot.sources.dair import Awaited

    settings, sessions = parts.settings, parts.sessions
    # What the last step needs is checked before the first one spends anything.
    settings.require("forum_url", "forum_api_user", "forum_api_key", "weekly_category_id", "anthropic_api_key")
    monday = dt.date.fromisoformat(period)
    found = weekly.collect(sessions, settings, monday)
    if isinstance(found, Awaited):
        now = parts.now()
        if now.date() - monday > AWAITED_FOR:
            raise RejectedError(
                f"The list has not had the week of {period} for {AWAITED_FOR.days // 7} weeks. "
                f"When it has: paperbot run weekly --period {period}"
            )
        with sessions.begin() as session:
            defer_weekly(session, period, run_at=now + AWAITED_AGAIN)
        return "awaited: the list does not have the week yet"
    drafted = weekly.draft(sessions, settings, found.edition_id)
    if drafted.waiting:
        raise TransientError(
            f"The model is busy; {', '.join(drafted.waiting)} wait for it.", retry_after_s=drafted.retry_after_s
        )
    with weekly.forum_of(settings) as forum:
        done = weekly.submit(sessions, settings, found.edition_id, forum=forum)
    with sessions.begin() as session:
        defer_reading(session, _topic_row(session, found.edition_id))
    return f"{done.outcome}: topic {done.topic_id}"


def read_topic(parts: Parts, *, topic_id: int) -> object:
    """Bring a topic of ours (`topic_id` is our row's) and the store in step, and do what moderators said in it."""
    from bot.jobs import review, weekly

    with weekly.forum_of(parts.settings) as forum:
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
            defer_reading(session, topic_id, run_at=parts.now() + SETTLE)
        outcome = "not ours" if topic_id is None else "own post" if is_own else f"reads topic {topic_id}"
        inbox.finish(event, parts.now(), outcome)
    return outcome


def sweep_posts(parts: Parts) -> str:
    """Look for new and changed posts that no webhook told of."""
    from bot.forum import sweep
    from bot.jobs import weekly

    with weekly.forum_of(parts.settings) as forum:
        topic_ids = sweep.posts(parts.sessions, forum, now=parts.now())
    return _defer_readings(parts, topic_ids)


def sweep_topics(parts: Parts) -> str:
    """Look for topics that were moved, renamed or deleted without a webhook telling."""
    from bot.forum import sweep
    from bot.jobs import weekly

    with weekly.forum_of(parts.settings) as forum:
        topic_ids = sweep.topics(parts.sessions, forum, now=parts.now())
    return _defer_readings(parts, topic_ids)


def remind(parts: Parts) -> str:
    """Remind the moderators of drafts that nobody looked at."""
    from bot.forum import review
    from bot.jobs import weekly

    with weekly.forum_of(parts.settings) as forum:
        count = review.remind(parts.sessions, forum, now=parts.now())
    return f"{count} reminded"


def apply_ripples(parts: Parts) -> str:
    """Mend the next topic that has a corrected mistake too; comes again at once while there is more and room for it."""
    from bot.jobs import corrections

    topic_ids = corrections.apply_ripples(parts.sessions, parts.settings, now=parts.now())
    with parts.sessions.begin() as session:
        for topic_id in topic_ids:
            defer_reading(session, topic_id)
        if topic_ids:
            defer_ripples(session)
    return f"{len(topic_ids)} topics to be edited"


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
    from bot.jobs import retention

    counts = retention.apply(parts.sessions, parts.settings, now=parts.now())
    return ", ".join(f"{count} {what}" for what, count in counts.items()) + " deleted"


TASKS: Mapping[str, Task] = {
    "run_weekly": Task(run_weekly),
    "read_topic": Task(read_topic),
    "handle_event": Task(handle_event),
    "sweep_posts": Task(sweep_posts, UNTIL_NEXT_SWEEP),
    "sweep_topics": Task(sweep_topics, UNTIL_NEXT_SWEEP),
    "remind": Task(remind, UNTIL_NEXT_SWEEP),
    "apply_ripples": Task(apply_ripples, UNTIL_NEXT_SWEEP),
    "rescue_stalled": Task(rescue_stalled, UNTIL_NEXT_SWEEP),
    "prune": Task(prune, Ceiling(tries=3)),
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
