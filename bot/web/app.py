"""The web part: webhooks, health, figures and readers' pages, on plain HTTP behind the operator's TLS proxy."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import SettingsError
from bot.jobs.queue import conninfo_of
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.inbox import Writer
from bot.web import health, hooks, subscriptions

_log = logging.getLogger(__name__)

STOP_S = 5
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer that does not set its own."""


def make_app(
    gate: hooks.Gate, sessions: Sessions, watch: health.Watch, pages: subscriptions.Pages | None = None
) -> ASGIApp:
    """The web part as an ASGI application; with the readers' pages where digests are wanted."""
    engine = sessions.kw["bind"]
    assert isinstance(engine, Engine)
    receiver = hooks.Hooks(gate, Writer(conninfo_of(engine.url, application_name="paperbot web")))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        counting = asyncio.create_task(receiver.keep_counts())
        try:
            yield
        finally:
            counting.cancel()
            await receiver.write_counts()
            await receiver.writer.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.router.routes.append(hooks.route_of(receiver))
    app.include_router(health.router_of(watch))
    if pages is not None:
        app.include_router(subscriptions.router_of(pages))
    return strict_headers(app)


def strict_headers(app: ASGIApp) -> ASGIApp:
    """Adds `HEADERS` to every answer."""
    strict = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in strict if pair[0] not in present)]
            await send(message)

        await app(scope, receive, with_headers)

    return wrapped


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: they would end the process by the signal, not with our exit code."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                ws="none",
                timeout_graceful_shutdown=STOP_S,
                timeout_keep_alive=30,
                backlog=1024,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, sessions: Sessions, *, say: Callable[[str], None]) -> bool:
    """Serve until SIGTERM or SIGINT; requests under way are answered, for at most `STOP_S`. False: it ended unasked.

    Raises:
        SettingsError: a secret is short, or the port is taken.
    """
    gate, pages = hooks.gate_of(settings), subscriptions.pages_of(settings, sessions)
    watch = health.Watch(settings, sessions)
    listener = _listen(settings.web_host, settings.web_port)
    host, port = listener.getsockname()[:2]
    say(f"Listening on http://{host}:{port}/hooks/discourse for {hooks.hosts_for_people(gate.hosts)}")
    if not gate.secrets:
        say("WEBHOOK_SECRETS is not set: all webhooks are refused; the forum is only polled.")
    with contextlib.closing(listener):
        return asyncio.run(_serve(Server(make_app(gate, sessions, watch, pages)), listener))


@contextlib.contextmanager
def serving(settings: Settings, sessions: Sessions) -> Iterator[str]:
    """Serve in a thread for the time of the block; yields the address that webhooks are to be sent to.

    Raises:
        SettingsError: as `serve`.
    """
    gate, pages = hooks.gate_of(settings), subscriptions.pages_of(settings, sessions)
    watch = health.Watch(settings, sessions)
    listener = _listen(settings.web_host, settings.web_port)
    host, port = listener.getsockname()[:2]
    server = Server(make_app(gate, sessions, watch, pages))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
    # Webhooks that come before the server runs wait in the listener's queue.
    listener.listen(server.config.backlog)
    thread.start()
    try:
        yield f"http://{host}:{port}/hooks/discourse"
    finally:
        server.should_exit = True
        thread.join(STOP_S + 1)
        listener.close()


async def _serve(server: Server, listener: socket.socket) -> bool:
    asked = asyncio.Event()

    def stop() -> None:
        asked.set()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve(sockets=[listener])
    return asked.is_set()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY by the last
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise SettingsError(
            f"WEB_HOST and WEB_PORT ({host}:{port}) cannot be listened on: {exc.strerror}. "
            "Another paperbot may run already; else choose another port."
        ) from None
    return listener
