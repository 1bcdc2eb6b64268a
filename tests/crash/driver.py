"""The whole weekly job as a real process against stand-ins of this one, with a trap that kills it at a chosen moment.

The trap sits in front of the stand-ins: it sees every request of the job and can kill the job when the request comes
in, when its effect is done but not answered, or when the answer is out. Production code knows nothing of it.
"""

import asyncio
import datetime as dt
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import clock
from bot.sandbox.forum import Forum
from bot.sandbox.model import ModelStandIn
from bot.sandbox.recorded import Translations
from bot.sandbox.server import serve
from bot.sandbox.upstream import ARXIV_BASE_PATH, LIST_PATH, UpstreamStandIn, read_recorded
from bot.sandbox.world import BOT_USER, MODEL_KEY, MODERATOR, SAMPLE, SAMPLE_PERIOD
from bot.store.engine import make_engine

COMMAND = Path(sys.executable).with_name("paperbot")
TAGS = ("weekly", "papers")
POST_LIMIT = 7_500
"""Characters; makes three posts of the sample week."""
PARTS = 3
RUN_TIMEOUT_S = 60.0

When = Literal["arrival", "effect", "middle", "answered"]


@dataclass
class Moment:
    """When the job is to be killed.

    Attributes:
        request: a regular expression searched in `METHOD path what`, e.g. `POST /posts.json draft`; see `_task`.
        when: the request came in (`arrival`), it was carried out but no answer went out (`effect`), half of the answer
            went out (`middle`), or all of it (`answered`).
        nth: at which of the matching requests, from 1.
        late_s: seconds from there to the kill; meanwhile the request goes on.
    """

    request: str
    when: When
    nth: int = 1
    late_s: float = 0.0
    seen: int = 0
    fired: bool = False

    def __str__(self) -> str:
        late = f" +{self.late_s * 1000:.0f} ms" if self.late_s else ""
        return f"{self.request} no. {self.nth}: {self.when}{late}"


class Trap:
    """Passes requests on to a stand-in, and springs at the moment it was set to."""

    def __init__(self) -> None:
        self.moment: Moment | None = None
        self.spring: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def before(self, inner: ASGIApp) -> ASGIApp:
        """The stand-in `inner` with this trap in front of it."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            body, replay = await _whole_body(receive)
            moment = self._taken(f"{scope['method']} {scope['path']} {_task(body)}")
            if moment is None:
                await inner(scope, replay, send)
                return
            await self._answer(moment, inner, scope, replay, send)

        return guarded

    def _taken(self, request: str) -> Moment | None:
        with self._lock:
            moment = self.moment
            if moment is None or moment.fired or not re.search(moment.request, request):
                return None
            moment.seen += 1
            if moment.seen < moment.nth:
                return None
            moment.fired = True
            return moment

    async def _answer(self, moment: Moment, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if moment.when == "arrival":
            self._spring(moment)
            if moment.late_s:
                await inner(scope, receive, send)
            return
        if moment.when == "effect":
            await inner(scope, receive, _unheard)
            self._spring(moment)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await inner(scope, receive, hold)
        if moment.when == "middle":
            await _send_half(held, send)
            await asyncio.sleep(0.02)  # so that the half is really read
            self._spring(moment)
            return
        for message in held:
            await send(message)
        self._spring(moment)

    def _spring(self, moment: Moment) -> None:
        if moment.late_s:
            threading.Timer(moment.late_s, self.spring).start()
        else:
            self.spring()


@dataclass
class Stage:
    """One world for one test: stand-ins, trap, and the environment that leads the job to them."""

    forum: Forum
    model: ModelStandIn
    upstream: UpstreamStandIn
    trap: Trap
    environment: dict[str, str]
    skew: list[dt.timedelta] = field(default_factory=list)
    jobs: list["Job"] = field(default_factory=list)

    def command(self, *arguments: str) -> "Job":
        """Start `paperbot` with these arguments."""
        job = Job(arguments, self.environment)
        self.jobs.append(job)
        return job

    def weekly(self) -> "Job":
        """Start the whole job of the sample week."""
        return self.command("run", "weekly", "--period", SAMPLE_PERIOD)

    def killed_at(self, moment: Moment) -> "Job":
        """Run the job until the trap kills it; the job must not have ended by itself."""
        self.trap.moment = moment
        job = self.weekly()
        self.trap.spring = job.kill
        job.wait()
        self.trap.moment = None
        assert moment.fired, f"the job never came to: {moment}\n{job.said}"
        return job

    def killed_after(self, seconds: float) -> "Job":
        """Run the job and kill it after some time, wherever it is then; it may have ended already."""
        job = self.weekly()
        with suppress(subprocess.TimeoutExpired):
            job.process.wait(seconds)
        job.kill()
        job.wait()
        return job

    def later(self, seconds: float) -> None:
        """Let time pass for the forum, so that its short memory of requests is gone."""
        self.skew.append(dt.timedelta(seconds=seconds))


class Job:
    """A running command. Its output is kept; it is killed by its own process id only."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.arguments = arguments
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [str(COMMAND), *arguments],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=environment["DATA_DIR"],
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return "".join(self._lines)

    def kill(self) -> None:
        """`kill -9`; harmless once it has ended."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """`kill`, as an operator or a supervisor does it."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = RUN_TIMEOUT_S) -> int:
        """The exit code; the job is killed when it takes longer than allowed."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait(5)
            raise AssertionError(f"{self.arguments} did not end within {timeout_s:.0f} s:\n{self.said}") from None
        self._reader.join(5)
        return code

    def done(self, timeout_s: float = RUN_TIMEOUT_S) -> str:
        """What it printed in the end; it must have succeeded."""
        code = self.wait(timeout_s)
        assert code == 0, f"{self.arguments} ended with {code}:\n{self.said}"
        return self.said

    def wait_for(self, words: str, timeout_s: float = 20.0) -> None:
        """Return as soon as it has printed `words`."""
        end = time.monotonic() + timeout_s
        while words not in self.said:
            assert time.monotonic() < end, f"no {words!r} in:\n{self.said}"
            assert self.process.poll() is None, f"it ended without {words!r}:\n{self.said}"
            time.sleep(0.01)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            self._lines.extend(iter(stream.readline, ""))


@contextmanager
def stage(folder: Path, *, database_url: str | None, latency_s: float = 0.05) -> Iterator[Stage]:
    """The world for one test.

    Args:
        folder: the job's working directory and DATA_DIR.
        database_url: a migrated database; None lets the job use its embedded Postgres in `folder`.
        latency_s: how long the model takes for an answer.
    """
    skew: list[dt.timedelta] = []
    forum = Forum(now=lambda: clock.now() + sum(skew, dt.timedelta()))
    forum.settings.max_post_length = POST_LIMIT
    forum.settings.admin_api_requests_per_minute = None
    for name in (BOT_USER, MODERATOR):
        forum.add_user(name, moderator=True, trust_level=4)
    recorded = read_recorded(SAMPLE / "week.jsonl")
    introduction = json.loads((SAMPLE / "introduction.json").read_text(encoding="utf-8"))
    model = ModelStandIn(Translations(recorded), introduction=introduction, latency_s=latency_s, api_key=MODEL_KEY)
    upstream = UpstreamStandIn((SAMPLE / "list.md").read_text(encoding="utf-8"), recorded)
    trap = Trap()
    with ExitStack() as stack:
        forum_url, model_url, upstream_url = (
            stack.enter_context(serve(trap.before(app))) for app in (forum.app(), model, upstream)
        )
        environment = {
            # Nothing of the developer's own settings or proxies.
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ},
            "DATA_DIR": str(folder),
            "FORUM_URL": forum_url,
            "FORUM_API_USER": BOT_USER,
            "FORUM_API_KEY": forum.add_api_key(BOT_USER),
            "WEEKLY_CATEGORY_ID": str(forum.papers_category.id),
            "WEEKLY_TAGS": ",".join(TAGS),
            "ANTHROPIC_API_KEY": MODEL_KEY,
            "ANTHROPIC_BASE_URL": model_url,
            "DAIR_LIST": f"{upstream_url}{LIST_PATH}",
            "ARXIV_URL": f"{upstream_url}{ARXIV_BASE_PATH}",
            "ARXIV_INTERVAL_S": "0",
            "CONTACT": "tests@localhost",
            # The post names its day; far from midnight two runs a minute apart agree on it.
            "TIME_ZONE": _zone_at_noon(clock.now()),
        }
        if database_url is not None:
            environment["DATABASE_URL"] = database_url
        made = Stage(forum, model, upstream, trap, environment, skew)
        try:
            yield made
        finally:
            for job in made.jobs:  # only a failed test leaves any
                job.kill()
                job.wait()


def settle(database_url: str, timeout_s: float = 10.0) -> None:
    """Return when database and stand-ins have seen the last of a killed process."""
    end = time.monotonic() + timeout_s
    while ask_database(
        database_url,
        "select 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend' "
        "and pid <> pg_backend_pid()",
    ):
        assert time.monotonic() < end, "connections of a killed process are still there"
        time.sleep(0.02)
    time.sleep(0.05)  # requests that it still sent


def ask_database(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    engine = make_engine(database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


@contextmanager
def fresh_database(server_url: str, template: str, name: str) -> Iterator[str]:
    """Address of a new copy of `template`, dropped in the end."""
    admin = create_engine(make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} template {template}"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
    finally:
        admin.dispose()


@dataclass(frozen=True)
class Kitchen:
    """Where worlds are made: a server with a migrated template database, and room for files."""

    server_url: str
    template: str
    folder: Path

    @contextmanager
    def world(self) -> Iterator[tuple[Stage, str]]:
        """A world of its own with its database."""
        name = f"world_{secrets.token_hex(6)}"
        folder = self.folder / name
        folder.mkdir()
        with fresh_database(self.server_url, self.template, name) as url, stage(folder, database_url=url) as world:
            yield world, url


def wait_until(is_true: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return as soon as it is true."""
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def server_pid(folder: Path) -> int:
    """The embedded server's process id, as it notes it itself."""
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_running(folder: Path) -> bool:
    """Whether the embedded server of this folder is running: its note is there, and so is its process."""
    try:
        pid = server_pid(folder)
    except FileNotFoundError:
        return False
    # A process that has ended and is not collected yet is no server any more.
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def posts_on_forum(forum: Forum) -> list[dict[str, Any]]:
    """All that the bot made on the forum, without what differs between two worlds anyway."""
    return [
        {
            "external_id": topic.external_id,
            "title": topic.title,
            "tags": sorted(topic.tags),
            "category_id": topic.category_id,
            "destination": topic.draft_destination,
            "deleted": topic.deleted_at is not None,
            "raws": [post.raw for post in forum.posts(topic.id)],
        }
        for topic in forum.state.topics.values()
    ]


def _zone_at_noon(now: dt.datetime) -> str:
    offset = 12 - now.hour
    # POSIX names count westwards: Etc/GMT-9 is nine hours ahead of UTC.
    return "Etc/GMT" + (f"{-offset:+d}" if offset else "")


async def _whole_body(receive: Receive) -> tuple[bytes, Receive]:
    """The request's body, and a `receive` that gives it once more."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again


def _task(body: bytes) -> str:
    """What is asked for: the model's task, or whether a post is a draft or a further part; else nothing."""
    if found := re.search(rb'\\"task\\": ?\\"(\w+)', body):
        return found[1].decode()
    if found := re.search(rb"<!-- paperbot [\w-]*-(part-\d+) -->", body):
        return found[1].decode()
    return "draft" if b'"shared_draft"' in body else ""


async def _send_half(messages: list[Message], send: Send) -> None:
    start, *bodies = messages
    await send(start)
    for message in bodies[: max(1, len(bodies) // 2)]:
        half = message.get("body", b"")
        await send({"type": "http.response.body", "body": half[: max(1, len(half) // 2)], "more_body": True})


async def _unheard(message: Message) -> None:
    """Where an answer goes that nobody gets."""
