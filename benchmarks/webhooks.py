"""Accepting webhooks beside a bare FastAPI route that does one insert: same server, same client, taking turns.

Each is one uvicorn process on loopback; the database is the embedded Postgres with its commits written to disk.
`python -m benchmarks.webhooks serve bare|ours ADDRESS PORT` is the child.
"""

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from sqlalchemy import Engine
from starlette.types import ASGIApp

from benchmarks.figures import Figure
from benchmarks.inputs import ROOT

SECRET = b"benchmark-secret"
CLIENTS = 16
BARE_CONNECTIONS = 8
BAR = 1 / 0.7
"""Ours may take so much longer than the bare route; 0.7 of its rate."""

_numbers = itertools.count(1)


def accepting(folder: Path, repeats: int, requests: int = 600) -> list[Figure]:
    """The rate of both, and how much longer ours takes; `requests` in each repeat."""
    from sqlalchemy import text

    from bot.settings import Settings
    from bot.store.engine import opened

    with opened(Settings(_env_file=None, database_url=None, data_dir=folder)) as sessions:
        engine = sessions.kw["bind"]
        assert isinstance(engine, Engine)
        with engine.begin() as connection:
            connection.execute(text("create table if not exists bare (id bigserial primary key, body text)"))
        url = engine.url.render_as_string(hide_password=False)
        with _served("bare", url) as bare, _served("ours", url) as ours:
            asyncio.run(_send(bare, requests))
            asyncio.run(_send(ours, requests))
            seconds = [(asyncio.run(_send(bare, requests)), asyncio.run(_send(ours, requests))) for _ in range(repeats)]
        with engine.connect() as connection:
            stored = connection.execute(text("select count(*) from inbox")).scalar_one()
            jobs = connection.execute(text("select count(*) from procrastinate_jobs")).scalar_one()
    assert stored == jobs == requests * (repeats + 1), f"{stored} webhooks stored, {jobs} jobs deferred"
    rates = [tuple(requests / taken for taken in pair) for pair in seconds]
    return [
        Figure(
            "webhooks accepted", "/s", tuple(rate for _, rate in rates), None, f"{CLIENTS} clients, stored and deferred"
        ),
        Figure("  a bare route with one insert", "/s", tuple(rate for rate, _ in rates)),
        Figure(
            "  time against the bare route", "x", tuple(ours / bare for bare, ours in seconds), BAR, "0.7 of its rate"
        ),
    ]


@contextlib.contextmanager
def _served(kind: str, database: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.webhooks", "serve", kind, database, str(port)], cwd=ROOT
    )
    try:
        _wait_for(port, child)
        yield f"http://127.0.0.1:{port}/hooks/discourse"
    finally:
        child.terminate()
        child.wait(10)


def _wait_for(port: int, child: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


async def _send(url: str, requests: int) -> float:
    """Seconds until all are answered; made before the clock starts, each with content of its own."""
    prepared = [_request(url, next(_numbers)) for _ in range(requests)]
    waiting = iter(prepared)
    parts = urlsplit(url)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return time.perf_counter() - start


def _request(url: str, number: int) -> bytes:
    """A webhook of usual size (5 kB), signed, as bytes on the wire."""
    post = {
        "id": number,
        "username": "reader",
        "raw": "A comment of usual length. " * 40,
        "cooked": "<p>" + "A comment of usual length. " * 40 + "</p>",
        "post_number": 7,
        "post_type": 1,
        "version": 1,
        "topic_id": 42,
        "topic_archetype": "regular",
        "more": {f"field_{n}": "value" * 5 for n in range(50)},
    }
    body = json.dumps({"post": post}).encode()
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    head = (
        f"POST {urlsplit(url).path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-discourse-instance: https://forum.example\r\n"
        f"x-discourse-event-id: {number}\r\nx-discourse-event-type: post\r\nx-discourse-event: post_created\r\n"
        f"x-discourse-event-signature: sha256={signature}\r\n\r\n"
    )
    return head.encode() + body


def _serve(kind: str, database: str, port: int) -> None:
    import uvicorn

    from bot.store.engine import make_engine

    engine = make_engine(database)
    app: ASGIApp
    if kind == "bare":
        app = _bare_app(engine)
    else:
        from sqlalchemy.orm import sessionmaker

        from bot.settings import Settings
        from bot.web import app as web
        from bot.web.health import Watch
        from bot.web.hooks import Gate

        sessions = sessionmaker(engine)
        watch = Watch(Settings(_env_file=None), sessions)
        app = web.make_app(Gate((SECRET,), frozenset({"forum.example"})), sessions, watch)
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False, ws="none")


def _bare_app(engine: Engine) -> FastAPI:
    from psycopg_pool import AsyncConnectionPool

    from bot.jobs.queue import conninfo_of

    pool = AsyncConnectionPool(
        conninfo_of(engine.url), min_size=BARE_CONNECTIONS, max_size=BARE_CONNECTIONS, open=False
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/hooks/discourse")
    async def receive(request: Request) -> dict[str, bool]:
        body = await request.body()
        async with pool.connection() as connection:
            await connection.execute("insert into bare (body) values (%s)", (body.decode(),))
        return {"ok": True}

    return app


if __name__ == "__main__":
    _serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
