"""What the queue says of its own health: how long work waits, and which jobs keep failing."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.jobs import queue

FAILING_AFTER = 3
"""A job that failed so often needs a person, whether it is tried again or not."""
FAILED_WITHIN = dt.timedelta(days=7)
"""Older failures were told long ago."""
MOST_FAILING = 50


@dataclass(frozen=True, slots=True)
class Backlog:
    """The queue at one moment.

    Attributes:
        ready: jobs that could run now.
        oldest_s: how long the oldest of them has waited; the lines of a digest, which let others pass, do not count.
        under_way: jobs that a worker holds.
        failed: jobs that failed for good and were not thinned out yet.
        workers: workers that gave a sign of life lately.
    """

    ready: int
    oldest_s: float
    under_way: int
    failed: int
    workers: int


@dataclass(frozen=True, slots=True)
class FailingJob:
    """A job that failed for good, or at least `FAILING_AFTER` times.

    Attributes:
        since: when it failed first.
        gave_up: whether it is not tried again.
    """

    id: int
    task: str
    tries: int
    since: dt.datetime
    reason: str
    gave_up: bool


_READY = text(
    """
    with ready as (
        select priority, coalesce(
            scheduled_at, (select min(at) from procrastinate_events e where e.job_id = j.id)
        ) as since
        from procrastinate_jobs j
        where status = 'todo' and (scheduled_at is null or scheduled_at <= now())
    )
    select count(*), coalesce(extract(epoch from now() - min(since) filter (where priority >= 0)), 0),
        (select count(*) from procrastinate_jobs where status = 'doing'),
        (select count(*) from procrastinate_jobs where status in ('failed', 'aborted'))
    from ready
    """
)
_FAILING = text(
    """
    select j.id, j.task_name, j.args -> :notes, j.status = 'failed', max(e.at)
    from procrastinate_jobs j left join procrastinate_events e on e.job_id = j.id
    where (j.status = 'failed' or j.status = 'todo' and (j.args -> :notes ->> 'tries')::int >= :tries)
    group by j.id having max(e.at) >= :since order by j.id desc limit :limit
    """
)


def backlog(session: Session) -> Backlog:
    """How much waits, and for how long."""
    ready, oldest_s, under_way, failed = session.execute(_READY).one()
    return Backlog(ready, max(float(oldest_s), 0.0), under_way, failed, queue.living_workers(session))


def failing(session: Session, now: dt.datetime) -> list[FailingJob]:
    """The jobs that need a person, newest first, at most `MOST_FAILING`."""
    rows = session.execute(
        _FAILING,
        {"notes": queue.NOTES, "tries": FAILING_AFTER, "since": now - FAILED_WITHIN, "limit": MOST_FAILING},
    )
    found = []
    for job_id, task, noted, gave_up, last_at in rows:
        notes = noted or {}
        since = dt.datetime.fromisoformat(notes["failing_since"]) if "failing_since" in notes else last_at
        reason = notes.get("error") or "unknown"
        found.append(FailingJob(job_id, task, max(notes.get("tries", 1), 1), since, reason, gave_up))
    return found
