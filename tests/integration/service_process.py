"""A worker process with tasks of its own, for tests that kill it: `python -m tests.integration.service_process URL`.

It is the production worker; only the tasks differ. Their effects are rows of the table `effects`, under a key, as all
effects of the product are.
"""

import os
import sys
import time

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from bot.errors import RejectedError, TransientError
from bot.jobs import service
from bot.jobs.tasks import TASKS, Parts, Task
from bot.settings import Settings
from bot.store.engine import make_engine

TABLES = "create table begun (key text, pid int); create table effects (key text primary key, pid int)"
BEGIN = text("insert into begun values (:key, :pid)")
ACT = text("insert into effects values (:key, :pid) on conflict do nothing")


def slow(parts: Parts, *, key: str, seconds: float) -> str:
    """Say that it began, take its time, act."""
    with parts.sessions.begin() as session:
        session.execute(BEGIN, {"key": key, "pid": os.getpid()})
    time.sleep(seconds)
    with parts.sessions.begin() as session:
        session.execute(ACT, {"key": key, "pid": os.getpid()})
    return key


def busy_at_first(parts: Parts, *, key: str, seconds: float = 0) -> str:
    """Fails twice as busy services do, each time after a while, then acts."""
    with parts.sessions.begin() as session:
        tries = session.execute(text("select count(*) from begun where key = :key"), {"key": key}).scalar_one()
        session.execute(BEGIN, {"key": key, "pid": os.getpid()})
    time.sleep(seconds)
    if tries < 2:
        raise TransientError("Busy.", retry_after_s=0.2)
    return slow(parts, key=key, seconds=0)


def refused(parts: Parts, *, key: str) -> None:
    """Fails for good."""
    raise RejectedError(f"{key} was refused.")


def broken(parts: Parts, *, key: str) -> None:
    """Has a mistake; its text may be anything."""
    raise ValueError(f"planted-secret in {key}")


TEST_TASKS = {
    "slow": Task(slow),
    "busy_at_first": Task(busy_at_first),
    "refused": Task(refused),
    "broken": Task(broken),
    "rescue_stalled": TASKS["rescue_stalled"],
}


def main(url: str) -> None:
    """Work until told to stop."""
    import logging

    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    # What takes a quarter of a minute in production may not take it here.
    service.WATCH_S, service.ORPHAN_S = 0.5, 1.0
    engine = make_engine(url)
    settings = Settings(_env_file=None, worker_concurrency=2)
    code = service.run_worker(Parts(settings, sessionmaker(engine)), tasks=TEST_TASKS, rules=[], grace_s=3.0)
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
