"""Serving an ASGI application on loopback for the time of a `with` block. All stand-ins are served this way."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import clock

# An application that finds this in `scope["extensions"]` may await it to close the connection without an answer.
DROP_CONNECTION = "sandbox.drop_connection"

_START_TIMEOUT_S = 10.0


class _Server(uvicorn.Server):
    """A server that stops within milliseconds: uvicorn's own loop looks only every 100 ms."""

    async def main_loop(self) -> None:
        counter = 0
        while not self.should_exit:
            await self.on_tick(counter % 10)
            counter += 1
            for _ in range(10):
                if not self.should_exit:
                    await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Not uvicorn's own: that sleeps for 100 ms, and a world of five servers for half a second.
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            transport: Any = connection.transport
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)  # what still runs is cancelled with the loop


@contextlib.contextmanager
def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in a thread; yields its base address, e.g. `http://127.0.0.1:40123`.

    Leaving the block stops the server: connections are closed, requests still running are broken off, and the thread is
    gone.

    Args:
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
        RuntimeError: the server did not start.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY by it
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    config = uvicorn.Config(
        _droppable(app),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # a stand-in may live by a clock of its own
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox-server", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    waited_s = 0.0
    while not server.started:
        if not thread.is_alive() or waited_s > _START_TIMEOUT_S:
            raise RuntimeError("the loopback server did not start")
        pause.wait(0.002)
        waited_s += 0.002


def _droppable(app: ASGIApp) -> ASGIApp:
    """Offer the application a way to close the connection, which ASGI itself does not have."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        cycle: Any = getattr(send, "__self__", None)  # uvicorn's request cycle
        transport = getattr(cycle, "transport", None)

        async def drop() -> None:
            if transport is not None:
                transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if all(name.lower() != b"date" for name, _ in headers):
                    headers.append((b"date", format_datetime(clock.now(), usegmt=True).encode()))
                message["headers"] = headers
            await send(message)

        scope.setdefault("extensions", {})[DROP_CONNECTION] = drop
        await app(scope, receive, dated)

    return wrapped
