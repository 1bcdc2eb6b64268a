"""What stands before the application: the log of API calls, and the scripted faults."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.forum.faults import AFTER, BEFORE, Fault, fault_answer
from bot.sandbox.forum.forum import Call, Forum
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.times import http_date
from bot.sandbox.server import DROP_CONNECTION


class Gate:
    """Passes requests on to `inner`, except where the script says otherwise; pages are left alone."""

    def __init__(self, forum: Forum, inner: ASGIApp, as_response: Callable[[Refusal], Response]) -> None:
        self._forum = forum
        self._inner = inner
        self._as_response = as_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event."""
        headers = {name for name, _ in scope.get("headers", ())}
        if scope["type"] != "http" or not (b"api-key" in headers or scope["path"].endswith(".json")):
            await self._inner(scope, receive, send)
            return
        forum = self._forum
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        with forum.lock:
            fault = forum.faults.take(f"{method} {path}{'?' + query if query else ''}")
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                date = http_date(forum.now()).encode()
                message["headers"] = [h for h in message.get("headers", ()) if h[0].lower() != b"date"]
                message["headers"].append((b"date", date))
            await send(message)

        try:
            await self._answer(fault, scope, receive, noting)
        finally:
            with forum.lock:
                forum.calls.append(Call(method, path, status))

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            fault = None
        if fault is None:
            await self._inner(scope, receive, send)
            return
        if fault.kind in BEFORE:
            await _read_all(receive)
        else:
            assert fault.kind in AFTER
            await self._inner(scope, receive, _unheard)
        if fault.kind in ("drop_before", "drop_after"):
            drop = scope.get("extensions", {}).get(DROP_CONNECTION)
            if drop is None:  # called without a server
                raise ConnectionResetError("the forum closed the connection, as scripted")
            await drop()
            return
        response = self._as_response(fault_answer(fault, self._forum.mode, self._forum.texts))
        await response(scope, receive, send)


async def _read_all(receive: Receive) -> None:
    """Take the whole request first: an answer while the client still sends would look like another fault."""
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()


async def _unheard(message: Message) -> None:
    """Where an answer goes that nobody gets."""
