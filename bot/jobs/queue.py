"""The job queue: procrastinate's tables on the store's own Postgres.

Jobs are deferred on the session's connection, so that a job and the row it is about live or die together. They are
written by one statement of ours instead of procrastinate's function, because a second job under a queueing lock is no
error here: it asks the first to hurry. (procrastinate's way raises `AlreadyEnqueued`, which kills the transaction.)

What procrastinate 3.10 leaves to its user, and is done here (measured, see `tests/integration/test_service_queue.py`):

- A job of a worker that died stays `doing` for ever, and everything behind its lock waits: `rescue`.
- So does a job whose end could not be written because the database was away, although its worker lives: `rescue` too.
- A job that goes back to `todo` while another with its queueing lock waits there violates an index, and then nothing is
  written at all: `is_superseded` is asked first.
- It keeps no reason why a job failed, nor when it failed first: both stand in the job's arguments under `NOTES`.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import procrastinate
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from bot.store.engine import LIMITS
from bot.store.rows import affected

QUEUE = "default"
NOTES = "_notes"
"""The argument of a job that holds our notes about it: `tries`, `failing_since`, `error`, `rescues`."""
RESCUES = 3
"""A job whose workers died so often is taken for their murderer."""
SILENT_S = 60.0
"""A worker without a sign of life for so long is dead; it gives one every 10 s."""
CHANNEL = "procrastinate_any_queue_v1"


def conninfo_of(url: URL, *, application_name: str = "paperbot") -> str:
    """The engine's address in psycopg's form, with our time limits; a Unix socket's folder is kept."""
    return make_conninfo(
        **url.translate_connect_args(username="user", database="dbname"),
        **{name: value for name, value in url.query.items() if isinstance(value, str)},
        connect_timeout=5,
        options=LIMITS,
        application_name=application_name,
    )


def open_app(conninfo: str, *, connections: int) -> procrastinate.App:
    """procrastinate's application, not opened yet. It waits 3 s for a connection, then takes the database for away."""
    connector = procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=connections, timeout=3.0)
    return procrastinate.App(connector=connector)


_DEFER = text(
    """
    insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    values (:queue, :task_name, :priority, :lock, :queueing_lock, cast(:args as jsonb), :run_at)
    on conflict (queueing_lock) where status = 'todo' do update
        set scheduled_at = case
            when procrastinate_jobs.scheduled_at is null or excluded.scheduled_at is null then null
            else least(procrastinate_jobs.scheduled_at, excluded.scheduled_at)
        end
    returning id, xmax = 0
    """
)
_ANNOUNCE = text("select pg_notify(:channel, json_build_object('type', 'job_inserted', 'job_id', 0)::text)")


def defer(
    session: Session,
    task_name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    run_at: dt.datetime | None = None,
    priority: int = 0,
    **args: Any,
) -> bool:
    """Put a job into the queue when the session commits; False if one with this queueing lock waits there already.

    The one that waits is then moved forward if this one would have run earlier. (Without that, news of a topic would
    wait for as long as a job about it that failed has to.)

    Args:
        lock: no two jobs with the same lock run at the same time; a courtesy, not a guarantee.
        queueing_lock: no two jobs with the same one wait at the same time.
        run_at: not before; None: at once.
        args: of the task; what JSON can hold.
    """
    row = session.execute(
        _DEFER,
        {
            "queue": QUEUE,
            "task_name": task_name,
            "priority": priority,
            "lock": lock,
            "queueing_lock": queueing_lock,
            "args": json.dumps(args),
            "run_at": run_at,
        },
    ).one()
    is_new = bool(row[1])
    if not is_new:
        _announce(session)
    return is_new


def _announce(session: Session) -> None:
    """Wake the workers after the commit; procrastinate does so for new jobs only."""
    session.execute(_ANNOUNCE, {"channel": CHANNEL})


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One job on one line. `at` is when it failed, or when it is tried again."""

    id: int
    task: str
    args: dict[str, Any]
    tries: int
    reason: str | None
    at: dt.datetime | None


_FAILED = text(
    """
    select j.id, j.task_name, j.args, max(e.at)
    from procrastinate_jobs j left join procrastinate_events e on e.job_id = j.id and e.type in ('failed', 'aborted')
    where j.status in ('failed', 'aborted') group by j.id order by j.id desc limit :limit
    """
)
_WAITING = text(
    """
    select id, task_name, args, scheduled_at from procrastinate_jobs
    where status = 'todo' and args -> :notes ->> 'error' is not null order by id desc limit :limit
    """
)


def failed_jobs(session: Session, limit: int = 50) -> list[JobSummary]:
    """The jobs that failed for good, newest first: each waits for a person."""
    return [_summary(row) for row in session.execute(_FAILED, {"limit": limit})]


def postponed_jobs(session: Session, limit: int = 50) -> list[JobSummary]:
    """The jobs that failed and are tried again, newest first."""
    return [_summary(row) for row in session.execute(_WAITING, {"limit": limit, "notes": NOTES})]


def _summary(row: Sequence[Any]) -> JobSummary:
    job_id, task, args, at = row
    notes = args.get(NOTES, {})
    own = {name: value for name, value in args.items() if name != NOTES}
    return JobSummary(job_id, task, own, notes.get("tries", 0), notes.get("error"), at)


_LOCK_ENDED = text("select queueing_lock from procrastinate_jobs where id = :id and status = any(:states) for update")
_RUN_AGAIN = text(
    """
    update procrastinate_jobs set status = 'todo', scheduled_at = null, worker_id = null, args = args - :notes
    where id = :id and status in ('failed', 'aborted')
    """
)


def run_again(session: Session, job_id: int) -> bool:
    """Put a failed job back into the queue as if it were new; False if no such job has failed.

    Also True if another one with its queueing lock waits already: that one will do the work.
    """
    row = session.execute(_LOCK_ENDED, {"id": job_id, "states": ["failed", "aborted"]}).one_or_none()
    if row is None:
        return False
    if not is_superseded(session, job_id, row[0]):
        session.execute(_RUN_AGAIN, {"id": job_id, "notes": NOTES})
    _announce(session)
    return True


_SUPERSEDED = text(
    "select exists (select 1 from procrastinate_jobs where status = 'todo' and queueing_lock = :lock and id <> :id)"
)


def is_superseded(session: Session, job_id: int, queueing_lock: str | None) -> bool:
    """Whether another job with this queueing lock waits, so that this one must not go back into the queue."""
    if queueing_lock is None:
        return False
    return bool(session.execute(_SUPERSEDED, {"lock": queueing_lock, "id": job_id}).scalar_one())


_NOTE = text(
    """
    update procrastinate_jobs
    set args = jsonb_set(args, array[:key], coalesce(args -> :key, '{}') || cast(:notes as jsonb))
    where id = :id
    """
)


def note(session: Session, job_id: int, **notes: Any) -> None:
    """Add to our notes about a job."""
    session.execute(_NOTE, {"id": job_id, "key": NOTES, "notes": json.dumps(notes)})


@dataclass(frozen=True, slots=True)
class Rescued:
    """What was done about jobs that nobody works on any more, by their ids."""

    returned: tuple[int, ...] = ()
    poison: tuple[int, ...] = ()
    superseded: tuple[int, ...] = ()


_SILENT = text(
    """
    select j.id, j.queueing_lock, coalesce((j.args -> :key ->> 'rescues')::int, 0)
    from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
    where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - make_interval(secs => :silent_s))
    order by j.id for update of j skip locked
    """
)
_LISTED = text(
    """
    select id, queueing_lock, coalesce((args -> :key ->> 'rescues')::int, 0)
    from procrastinate_jobs where status = 'doing' and worker_id = :worker_id and id = any(:ids)
    order by id for update skip locked
    """
)
_RETURN = text(
    """
    update procrastinate_jobs set status = 'todo', scheduled_at = null, worker_id = null
    where id = :id and status = 'doing'
    """
)
_END = text("select procrastinate_finish_job_v1(:id, cast(:status as procrastinate_job_status), false)")


def rescue(session: Session, *, silent_s: float = SILENT_S) -> Rescued:
    """Return the jobs of workers that died to the queue, each at most `RESCUES` times; then it fails as poison."""
    return _rescue(session, session.execute(_SILENT, {"key": NOTES, "silent_s": silent_s}).all())


def rescue_orphans(session: Session, worker_id: int, job_ids: Sequence[int]) -> Rescued:
    """The same for jobs that the living worker `worker_id` holds and does not work on."""
    rows = session.execute(_LISTED, {"key": NOTES, "worker_id": worker_id, "ids": list(job_ids)}).all()
    return _rescue(session, rows)


def _rescue(session: Session, rows: Sequence[Any]) -> Rescued:
    returned, poison, superseded = [], [], []
    for job_id, queueing_lock, rescues in rows:
        if rescues >= RESCUES:
            note(session, job_id, error=f"Poison: {rescues + 1} workers died while they worked on it.")
            session.execute(_END, {"id": job_id, "status": "failed"})
            poison.append(job_id)
        elif is_superseded(session, job_id, queueing_lock):
            session.execute(_END, {"id": job_id, "status": "succeeded"})
            superseded.append(job_id)
        else:
            note(session, job_id, rescues=rescues + 1)
            session.execute(_RETURN, {"id": job_id})
            returned.append(job_id)
    if rows:
        _announce(session)
    return Rescued(tuple(returned), tuple(poison), tuple(superseded))


_HELD = text("select id, queueing_lock from procrastinate_jobs where status = 'doing' and worker_id = :id for update")
_UNREGISTER = text("select procrastinate_unregister_worker_v1(:id)")


def give_back(session: Session, worker_id: int) -> list[int]:
    """Return the jobs of a worker that is about to leave, without counting it against them; their ids."""
    rows = session.execute(_HELD, {"id": worker_id}).all()
    for job_id, queueing_lock in rows:
        if is_superseded(session, job_id, queueing_lock):
            session.execute(_END, {"id": job_id, "status": "succeeded"})
        else:
            session.execute(_RETURN, {"id": job_id})
    session.execute(_UNREGISTER, {"id": worker_id})
    _announce(session)
    return [row[0] for row in rows]


_DOING = text("select id from procrastinate_jobs where status = 'doing' and worker_id = :id")


def held_by(session: Session, worker_id: int) -> set[int]:
    """The jobs that the queue believes this worker to be working on."""
    return set(session.scalars(_DOING, {"id": worker_id}))


_REGISTERED = text("select exists (select 1 from procrastinate_workers where id = :id)")


def is_registered(session: Session, worker_id: int) -> bool:
    """Whether the queue still knows this worker; it forgets those that were silent for too long, e.g. frozen."""
    return bool(session.execute(_REGISTERED, {"id": worker_id}).scalar_one())


_PRUNE = text(
    """
    delete from procrastinate_jobs where id in (
        select j.id from procrastinate_jobs j
        where j.status = any(cast(:states as procrastinate_job_status[]))
            and not exists (select 1 from procrastinate_events e where e.job_id = j.id and e.at > :before)
        order by j.id limit :limit
    )
    """
)


def prune_finished(session: Session, before: dt.datetime, limit: int = 5_000) -> int:
    """Delete jobs that succeeded or were cancelled before this time, at most `limit`; how many."""
    return _prune(session, ["succeeded", "cancelled"], before, limit)


def prune_failed(session: Session, before: dt.datetime, limit: int = 5_000) -> int:
    """Delete jobs that failed before this time, at most `limit`; how many."""
    return _prune(session, ["failed", "aborted"], before, limit)


def _prune(session: Session, states: list[str], before: dt.datetime, limit: int) -> int:
    return affected(session, _PRUNE, {"states": states, "before": before, "limit": limit})


_WORKERS = text(
    "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :silent_s)"
)


def living_workers(session: Session, *, silent_s: float = SILENT_S) -> int:
    """How many workers gave a sign of life lately."""
    return int(session.execute(_WORKERS, {"silent_s": silent_s}).scalar_one())
