"""Does the queue's jobs until none is left, and kills itself at the step it is told.

Each line of its input is one life: `{"where": "after commit", "nth": 3}`. A life is a fork of this process, which has
loaded everything already; it does what a worker does, with the production tasks and settings from the environment, and
ends by SIGKILL at the nth step of that kind, or by itself when the queue is empty. One line of output says how.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, sessionmaker

from bot.errors import ConflictError, TransientError
from bot.jobs import queue
from bot.jobs.tasks import TASKS, Parts
from bot.settings import Settings
from bot.store.engine import Sessions, make_engine
from bot.translation.checks import run

PATIENCE_S = 20.0

_TAKE = text(
    "update procrastinate_jobs set status = 'doing' where id = (select id from procrastinate_jobs "
    "where status = 'todo' order by id limit 1 for update skip locked) returning id, task_name, args"
)
_FORGET_RESCUES = text("update procrastinate_jobs set args = args - :notes where status = 'doing'")
_FINISH = text("select procrastinate_finish_job_v1(:id, 'succeeded', false)")
_LATER = text("update procrastinate_jobs set status = 'todo' where id = :id")


class Steps:
    """Counts the steps of one kind, and ends the process at the chosen one."""

    def __init__(self, where: str | None, nth: int) -> None:
        self.where, self.left = where, nth

    def at(self, where: str, what: str) -> None:
        """One step."""
        if where != self.where:
            return
        self.left -= 1
        if self.left == 0:
            _say(killed=what)
            os.kill(os.getpid(), signal.SIGKILL)


def _say(**told: object) -> None:
    os.write(1, (json.dumps(told) + "\n").encode())


def main() -> None:
    """Live once for every line."""
    run.warm_up()
    _say(ready=True)
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                live(Steps(told["where"], told["nth"]))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            _say(ended=os.waitstatus_to_exitcode(status))


def live(steps: Steps) -> None:
    """Return the jobs of the dead to the queue, and do what there is to do."""
    settings = Settings(_env_file=None)
    assert settings.database_url is not None
    engine = make_engine(settings.database_url.get_secret_value())
    own, watched = sessionmaker(engine), sessionmaker(engine)
    _watch_commits(watched, steps)
    _watch_requests(steps)
    with own.begin() as session:
        session.execute(_FORGET_RESCUES, {"notes": queue.NOTES})
        queue.rescue(session)
    end = time.monotonic() + PATIENCE_S
    while (job := _taken(own)) is not None:
        job_id, task, arguments = job
        try:
            TASKS[task].run(Parts(settings, watched), **arguments)
        except (TransientError, ConflictError):  # e.g. the lock of a process that was killed a moment ago
            assert time.monotonic() < end
            time.sleep(0.05)
            _end(own, job_id, _LATER)
        else:
            _end(own, job_id, _FINISH)


def _watch_commits(sessions: Sessions, steps: Steps) -> None:
    """Commits of what was written are steps, called by the tables."""

    def flushed(session: Session, _: UOWTransaction) -> None:
        written: set[str] = session.info.setdefault("written", set())
        written.update(type(one).__tablename__ for one in (*session.new, *session.dirty, *session.deleted))

    def executed(state: ORMExecuteState) -> None:
        if state.is_insert or state.is_update or state.is_delete:
            table = getattr(state.statement, "table", None)
            state.session.info.setdefault("written", set()).add(str(table))

    def committed(session: Session) -> None:
        if written := session.info.get("written"):
            steps.at("after commit", " ".join(sorted(written)))

    event.listen(sessions, "after_flush", flushed)
    event.listen(sessions, "do_orm_execute", executed)
    event.listen(sessions, "after_commit", committed)


def _watch_requests(steps: Steps) -> None:
    """Requests that change the forum are steps."""
    send: Callable[..., httpx.Response] = httpx.HTTPTransport.handle_request

    def watched(self: Any, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return send(self, request)
        response = send(self, request)
        response.read()
        steps.at("after request", f"{request.method} {request.url.path}")
        return response

    httpx.HTTPTransport.handle_request = watched  # type: ignore[method-assign]


def _taken(sessions: Sessions) -> tuple[int, str, dict[str, Any]] | None:
    with sessions.begin() as session:
        row = session.execute(_TAKE).one_or_none()
    if row is None:
        return None
    return row.id, row.task_name, {name: value for name, value in row.args.items() if name != queue.NOTES}


def _end(sessions: Sessions, job_id: int, statement: Any) -> None:
    with sessions.begin() as session:
        session.execute(statement, {"id": job_id})


if __name__ == "__main__":
    main()
