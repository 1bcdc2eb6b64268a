"""One server for the forums of doctor's and setup's tests, and below it a web part that takes every webhook."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.forum.admin import ping
from bot.forum.discourse import Discourse
from bot.sandbox.server import serve

SECRET = "a-secret-for-webhooks"


class ForumServer:
    """Each test puts its own forum on it.

    Attributes:
        takes: the status with which the web part answers every webhook.
    """

    url = ""
    forum: ASGIApp
    takes: int = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the web part if it is a webhook, else to the forum of the day."""
        hooked = PlainTextResponse("ok", self.takes)
        await (hooked if scope["path"] == "/hooks/discourse" else self.forum)(scope, receive, send)


@contextmanager
def serving() -> Iterator[ForumServer]:
    """The server, running."""
    server = ForumServer()
    with serve(server) as url:
        server.url = url
        yield server


def hasty_ping(admin: Discourse, hook_id: int) -> int | None:
    """A ping whose pauses are short, because the stand-in delivers within milliseconds."""
    return ping(admin, hook_id, wait_s=60, sleep=lambda pause_s: time.sleep(pause_s / 20))
