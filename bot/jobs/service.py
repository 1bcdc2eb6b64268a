"""Running the parts: a worker with its calendar in one process, and a supervisor that keeps processes running.

| exit code | meaning                                                                                  |
| --------- | ---------------------------------------------------------------------------------------- |
| 0         | stopped because it was asked to; jobs under way were finished or given back              |
| 75        | stopped by itself, e.g. by a restart of the database: start it again                     |

procrastinate 3.10 leaves without an error when its listener or heartbeat fails (measured), so the run loop here tells
"asked" from "unasked" itself. It also cannot stop a job that runs in a thread; one that takes longer than the grace
period is given back, and the caller has to leave the process with `os._exit`.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from procrastinate import exceptions
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.jobs import calendar as calendars
from bot.jobs import queue
from bot.jobs.tasks import TASKS, Parts, Task, register

_log = logging.getLogger(__name__)

EXIT_LATER = 75
GRACE_S = 5.0
"""Jobs under way have so long to end after a stop; then they are given back."""
HEARTBEAT_S = 10.0
POLL_S = 2.0
"""Between two looks for jobs; new ones are announced, those whose time has come are not."""
WATCH_S = 5.0
ORPHAN_S = 15.0
"""A job held by this worker, and not under way for so long, is an orphan: its end could not be written."""

BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
STEADY_S = 60.0
"""A part that lived so long starts again with the shortest pause."""
STOP_PARTS_S = 8.0


class _Threads(ThreadPoolExecutor):
    """Threads for jobs, which nobody waits for at the end: a stuck one would hold up the stop."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)


def run_worker(
    parts: Parts,
    *,
    tasks: Mapping[str, Task] = TASKS,
    rules: Sequence[calendars.Rule] | None = None,
    grace_s: float = GRACE_S,
) -> int:
    """Work until SIGTERM or SIGINT; the exit code. Threads of jobs that were given back may still run on return.

    Args:
        rules: of the calendar; None: the settings' own.

    Raises:
        SettingsError: the settings of the calendar are wrong.
    """
    settings = parts.settings
    rules = calendars.rules_of(settings) if rules is None else rules
    calendar = calendars.Calendar(parts.sessions, calendars.zone_of(settings), rules, now=parts.now)
    return asyncio.run(_Run(parts, tasks, calendar, grace_s).until_stopped())


@dataclass
class _Run:
    parts: Parts
    tasks: Mapping[str, Task]
    calendar: calendars.Calendar
    grace_s: float
    under_way: set[int] = field(default_factory=set)
    suspects: dict[int, float] = field(default_factory=dict)

    async def until_stopped(self) -> int:
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked.set)
        concurrency = self.parts.settings.worker_concurrency
        loop.set_default_executor(_Threads(concurrency + 4, "job"))
        engine = self.parts.sessions.kw["bind"]
        assert isinstance(engine, Engine)
        conninfo = queue.conninfo_of(engine.url, application_name="paperbot worker")
        app = queue.open_app(conninfo, connections=concurrency + 4)
        register(app, self.parts, self.tasks)
        try:
            async with app.open_async():
                worker = Worker(
                    app,
                    name=None,
                    concurrency=concurrency,
                    fetch_job_polling_interval=POLL_S,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=queue.SILENT_S,
                    worker_middleware=[self._noted],
                )
                await self._work(worker, asked)
        except exceptions.ConnectorException as exc:
            _log.error("database away", extra={"reason": type(exc.__cause__ or exc).__name__})
        except OSError as exc:
            _log.error("database away", extra={"reason": type(exc).__name__})
        return 0 if asked.is_set() else EXIT_LATER

    async def _work(self, worker: Worker, asked: asyncio.Event) -> None:
        running = asyncio.create_task(worker.run(), name="worker")  # type: ignore[no-untyped-call]
        stopping = asyncio.create_task(asked.wait(), name="stop")
        watching = asyncio.create_task(self._watch(worker), name="watch")
        self.calendar.start()
        _log.info("worker started", extra={"concurrency": worker.concurrency})
        await asyncio.wait({running, stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        self.calendar.stop()
        self.parts.stopping.set()
        stopping.cancel()
        watching.cancel()
        worker_id = worker.worker_id
        worker.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({running}, timeout=self.grace_s)
        # After an error a job may still be held, too: then its end or its beginning was not recorded.
        if worker_id is not None and (not running.done() or running.exception() is not None):
            await self._give_back(worker_id)
        if running.done() and (error := running.exception()) is not None:
            _log.error("worker ended by an error", extra={"reason": type(error).__name__, "text": str(error)[:200]})
        elif not asked.is_set():
            _log.error("worker ended unasked")
        else:
            _log.info("worker stopped", extra={"unfinished": sorted(self.under_way)})

    async def _noted(self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _: Worker) -> Any:
        """Know which jobs are under way."""
        job_id = context.job.id
        assert job_id is not None
        self.under_way.add(job_id)
        try:
            return await call_next()
        finally:
            self.under_way.discard(job_id)

    async def _give_back(self, worker_id: int) -> None:
        def act() -> list[int]:
            with self.parts.sessions.begin() as session:
                return queue.give_back(session, worker_id)

        try:
            job_ids = await asyncio.wait_for(asyncio.to_thread(act), 2.0)
        except (SQLAlchemyError, TimeoutError) as exc:
            _log.warning("jobs not given back", extra={"reason": type(exc).__name__})
        else:
            _log.warning("jobs given back", extra={"jobs": job_ids})

    async def _watch(self, worker: Worker) -> None:
        """Keep the calendar awake, and return orphans to the queue. Ends if the queue does not know the worker."""
        is_known = True
        while is_known:
            await asyncio.sleep(WATCH_S)
            self.calendar.nudge()
            if worker.worker_id is None:
                continue
            try:
                is_known = await asyncio.to_thread(self._look_after_jobs, worker.worker_id)
            except SQLAlchemyError as exc:
                _log.warning("orphans not looked for", extra={"reason": type(exc).__name__})
        _log.error("worker forgotten by the queue")

    def _look_after_jobs(self, worker_id: int) -> bool:
        """Return orphans; False if the queue has forgotten the worker, so that its signs of life go nowhere."""
        now = time.monotonic()
        with self.parts.sessions.begin() as session:
            if not queue.is_registered(session, worker_id):
                return False
            idle = queue.held_by(session, worker_id) - self.under_way
            self.suspects = {job_id: self.suspects.get(job_id, now) for job_id in idle}
            orphans = [job_id for job_id, since in self.suspects.items() if now - since >= ORPHAN_S]
            if orphans:
                queue.rescue_orphans(session, worker_id, orphans)
                _log.warning("orphaned jobs returned", extra={"jobs": orphans})
        return True


@dataclass(frozen=True, slots=True)
class Part:
    """A process to be kept running."""

    name: str
    command: tuple[str, ...]


@dataclass
class _Kept:
    part: Part
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0


def supervise(parts: Sequence[Part], *, say: Callable[[str], None], stop: threading.Event | None = None) -> None:
    """Keep the parts running until SIGTERM or SIGINT (or `stop`); then stop them all, within ten seconds.

    A part that ends is started again whatever its exit code, after pauses of up to 5 s. If this process is killed, its
    parts notice that their standard input ends (`leave_with_parent`), and stop.
    """
    stop = stop or threading.Event()
    with _signals(stop):
        kept = [_Kept(part) for part in parts]
        try:
            while not stop.is_set():
                for entry in kept:
                    _look_after(entry, say)
                stop.wait(0.1)
        finally:
            _stop_all(kept)


def _look_after(entry: _Kept, say: Callable[[str], None]) -> None:
    now = time.monotonic()
    if entry.child is None:
        if now >= entry.start_again_at:
            # A group of its own: Ctrl-C reaches the supervisor only, which stops its parts in order.
            entry.child = subprocess.Popen(entry.part.command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
            entry.started_at = now
        return
    code = entry.child.poll()
    if code is None:
        return
    _close(entry.child)
    entry.child = None
    entry.failures = 1 if now - entry.started_at > STEADY_S else entry.failures + 1
    pause_s = BACKOFF_S[min(entry.failures, len(BACKOFF_S)) - 1]
    entry.start_again_at = now + pause_s
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    say(f"The {entry.part.name} {how}; it is started again in {pause_s:g} s.")


def _stop_all(kept: Sequence[_Kept]) -> None:
    children = [entry.child for entry in kept if entry.child is not None]
    for child in children:
        child.terminate()
    end = time.monotonic() + STOP_PARTS_S
    for child in children:
        try:
            child.wait(max(end - time.monotonic(), 0.05))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        _close(child)


def _close(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Any:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_with_parent() -> None:
    """Stop this process like SIGTERM does when standard input ends: its supervisor is gone."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
