"""Real worker processes on a real Postgres: killed, stopped, cut off, and nothing is lost or done twice."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from bot.jobs import queue
from bot.jobs.service import EXIT_LATER
from bot.store.engine import Sessions
from tests.integration import service_process

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = Path(sys.executable).with_name("paperbot")


@pytest.fixture
def engine_with_effects(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text(service_process.TABLES))
    return engine


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts workers; what still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start_one() -> "subprocess.Popen[bytes]":
        log = (tmp_path / f"worker-{len(started)}.log").open("wb")
        command = [sys.executable, "-m", "tests.integration.service_process", database_url]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT))
        return started[-1]

    yield start_one
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()


def logs(tmp_path: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(tmp_path.glob("worker-*.log")))


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def wait_until(claim: Callable[[], object], *, seconds: float = 20) -> float:
    """Seconds until the claim held."""
    start = time.monotonic()
    while True:
        with contextlib.suppress(Exception):  # the database may be away meanwhile
            if claim():
                return time.monotonic() - start
        assert time.monotonic() - start < seconds, "it did not come true"
        time.sleep(0.05)


def defer(sessions: Sessions, name: str, **args: Any) -> None:
    with sessions.begin() as session:
        queue.defer(session, name, **args)


def begun(engine: Engine) -> list[tuple[Any, ...]]:
    return rows(engine, "select key, pid from begun")


def effects(engine: Engine) -> list[Any]:
    return [row[0] for row in rows(engine, "select key from effects order by key")]


def states(engine: Engine) -> list[Any]:
    return [row[0] for row in rows(engine, "select status::text from procrastinate_jobs order by id")]


def test_job_of_a_killed_worker_is_done_by_the_other(
    engine_with_effects: Engine, sessions: Sessions, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    engine = engine_with_effects
    workers = {child.pid: child for child in (start(), start())}
    wait_until(lambda: len(rows(engine, "select 1 from procrastinate_workers")) == 2)
    defer(sessions, "slow", lock="l", key="a", seconds=1.5)
    defer(sessions, "slow", lock="l", key="b", seconds=0)
    wait_until(lambda: begun(engine))
    victim = begun(engine)[0][1]
    os.kill(victim, signal.SIGKILL)
    workers[victim].wait()
    # What a minute without a sign of life looks like.
    with engine.begin() as connection:
        connection.execute(
            text(
                "update procrastinate_workers set last_heartbeat = now() - interval '61 s' "
                "where id = (select worker_id from procrastinate_jobs where status = 'doing')"
            )
        )
    defer(sessions, "rescue_stalled", priority=10)
    wait_until(lambda: states(engine)[:2] == ["succeeded", "succeeded"])
    assert effects(engine) == ["a", "b"]
    assert [key for key, _ in begun(engine)] == ["a", "a", "b"]
    assert {pid for _, pid in begun(engine)[1:]} == set(workers) - {victim}


def test_term_lets_short_jobs_end_and_gives_long_ones_back(
    engine_with_effects: Engine, sessions: Sessions, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    engine = engine_with_effects
    worker = start()
    defer(sessions, "slow", key="short", seconds=1)
    defer(sessions, "slow", key="long", seconds=60)
    defer(sessions, "slow", key="next", seconds=0)
    wait_until(lambda: len(begun(engine)) == 2)
    asked_at = time.monotonic()
    worker.terminate()
    assert worker.wait(10) == 0
    assert time.monotonic() - asked_at < 10
    assert states(engine) == ["succeeded", "todo", "todo"]
    assert effects(engine) == ["short"]
    assert rows(engine, "select 1 from procrastinate_workers") == []
    assert rows(engine, "select 1 from procrastinate_jobs where args ? '_notes'") == [], "it counts against nobody"


def test_idle_worker_stops_at_once(engine_with_effects: Engine, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
    worker = start()
    wait_until(lambda: rows(engine_with_effects, "select 1 from procrastinate_workers"))
    worker.send_signal(signal.SIGINT)
    assert worker.wait(3) == 0


def test_errors_become_tries_failures_and_reasons_without_foreign_texts(
    engine_with_effects: Engine,
    sessions: Sessions,
    start: Callable[[], "subprocess.Popen[bytes]"],
    tmp_path: Path,
) -> None:
    engine = engine_with_effects
    for name in ("busy_at_first", "refused", "broken"):
        defer(sessions, name, key=name)
    defer(sessions, "unknown_task", key="x")
    worker = start()
    wait_until(lambda: states(engine) == ["succeeded", "failed", "failed", "failed"])
    assert effects(engine) == ["busy_at_first"]
    assert len(begun(engine)) == 4
    with sessions() as session:
        reasons = {job.task: job.reason for job in queue.failed_jobs(session)}
    assert reasons["refused"] == "RejectedError: refused was refused."
    assert "ValueError" in str(reasons["broken"])
    worker.terminate()
    worker.wait(10)
    assert "planted-secret" not in logs(tmp_path) + str(reasons)
    assert re.search(r"job failed", logs(tmp_path))


def test_job_that_is_to_be_tried_again_steps_back_for_one_that_waits(
    engine_with_effects: Engine, sessions: Sessions, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    engine = engine_with_effects
    start()
    defer(sessions, "busy_at_first", lock="l", queueing_lock="q", key="a", seconds=0.5)
    wait_until(lambda: begun(engine))
    defer(sessions, "busy_at_first", lock="l", queueing_lock="q", key="a", seconds=0)
    wait_until(lambda: states(engine) == ["succeeded", "succeeded"])
    assert effects(engine) == ["a"]
    assert rows(engine, "select attempts from procrastinate_jobs order by id") == [(1,), (2,)]


def test_job_that_a_living_worker_lost_is_done_nevertheless(
    engine_with_effects: Engine, sessions: Sessions, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    engine = engine_with_effects
    start()
    wait_until(lambda: rows(engine, "select 1 from procrastinate_workers"))
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into procrastinate_jobs (queue_name, task_name, args, status, worker_id) "
                """select 'default', 'slow', '{"key": "lost", "seconds": 0}', 'doing', id from procrastinate_workers"""
            )
        )
    wait_until(lambda: effects(engine) == ["lost"])


def test_cut_connections_do_not_stop_the_service(
    engine_with_effects: Engine, sessions: Sessions, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    engine = engine_with_effects
    worker = start()
    defer(sessions, "slow", key="across", seconds=1)
    wait_until(lambda: begun(engine))
    cut_all(engine)
    defer(sessions, "slow", key="after", seconds=0)
    end = time.monotonic() + 30
    while effects(engine) != ["across", "after"]:
        # It may go on, or leave and say so; then its supervisor starts it again.
        if worker.poll() is not None:
            assert worker.returncode == EXIT_LATER
            worker = start()
        assert time.monotonic() < end
        time.sleep(0.1)


def test_worker_that_the_queue_forgot_leaves_to_be_started_again(
    engine_with_effects: Engine, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    worker = start()
    wait_until(lambda: rows(engine_with_effects, "select 1 from procrastinate_workers"))
    with engine_with_effects.begin() as connection:
        connection.execute(text("delete from procrastinate_workers"))
    assert worker.wait(15) == EXIT_LATER


def cut_all(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


@contextlib.contextmanager
def database_away(postgres: str, name: str) -> Iterator[None]:
    """Refuse connections to the database, as a stopped server does."""
    admin = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"alter database {name} allow_connections false"))
        connection.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"), {"name": name}
        )
        yield
        connection.execute(text(f"alter database {name} allow_connections true"))
    admin.dispose()


def test_worker_without_database_leaves_with_a_code_that_says_again(
    engine_with_effects: Engine, start: Callable[[], "subprocess.Popen[bytes]"], postgres: str
) -> None:
    engine = engine_with_effects
    worker = start()
    wait_until(lambda: rows(engine, "select 1 from procrastinate_workers"))
    with database_away(postgres, str(engine.url.database)):
        engine.dispose()
        assert worker.wait(30) == EXIT_LATER


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator["Service"]:
    """`paperbot up` on this test's database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "WEB_PORT": str(port),
        "WEBHOOK_SECRETS": "a secret of the forum",
        "FORUM_URL": "http://127.0.0.1:9",
    }
    environment.pop("FORUM_API_KEY", None)
    with (tmp_path / "up.log").open("wb") as log:
        child = subprocess.Popen([COMMAND, "up"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    made = Service(child, f"http://127.0.0.1:{port}")
    try:
        yield made
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


class Service:
    """The running service."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        self.process, self.url = process, url

    def is_ready(self) -> bool:
        return httpx.get(f"{self.url}/readyz").status_code == 200

    def parts(self) -> list[int]:
        """The process ids of its parts."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]


def is_alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_service_keeps_its_parts_running_and_stops_them_all(
    service: Service, engine: Engine, sessions: Sessions, postgres: str, tmp_path: Path
) -> None:
    wait_until(service.is_ready, seconds=40)
    assert len(service.parts()) == 2
    for pid in service.parts():
        os.kill(pid, signal.SIGKILL)
    with engine.begin() as connection:
        connection.execute(text("delete from procrastinate_workers"))
    wait_until(service.is_ready, seconds=40)

    with database_away(postgres, str(engine.url.database)):
        engine.dispose()
        assert httpx.get(f"{service.url}/healthz").status_code == 200
        time.sleep(2)
    defer(sessions, "rescue_stalled")
    wait_until(lambda: states(engine)[-1] == "succeeded", seconds=30)
    wait_until(service.is_ready, seconds=30)

    parts = service.parts()
    service.process.terminate()
    asked_at = time.monotonic()
    assert service.process.wait(12) == 0
    assert time.monotonic() - asked_at < 10
    assert not any(is_alive(pid) for pid in parts)
    assert "is started again" in (tmp_path / "up.log").read_text()
    assert "a secret of the forum" not in (tmp_path / "up.log").read_text()


def test_parts_stop_when_their_supervisor_is_killed(service: Service) -> None:
    wait_until(service.is_ready, seconds=40)
    parts = service.parts()
    service.process.kill()
    service.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in parts), seconds=10)
