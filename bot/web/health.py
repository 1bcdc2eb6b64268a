"""For machines that watch: `/healthz` (the process answers), `/readyz` (work gets done), `/metrics` (the figures).

The first two say yes or no without details. The figures are for whoever has `METRICS_TOKEN`: the web part stands behind
a proxy that passes everything on, so without the token there is no such page.
"""

import datetime as dt
import hmac
import threading
import time

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot import clock
from bot.errors import SettingsError
from bot.jobs import backlog
from bot.settings import Settings
from bot.store.engine import Sessions

QUEUE_WAITS_S = 900.0
"""A job that could run and is not taken for so long: the workers do not keep up, or hang."""
SWEEP_OVERDUE = dt.timedelta(minutes=30)
"""Three sweeps in a row did not come through."""
KEPT_S = 10.0
"""Figures are counted anew after so long: however often they are asked for, the database has little to do."""
SHORTEST_TOKEN = 16


class Watch:
    """What the pages ask: readiness and figures of one store."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        """Prepare to answer; nothing is asked yet.

        Raises:
            SettingsError: METRICS_TOKEN is short.
        """
        token = settings.metrics_token.get_secret_value() if settings.metrics_token is not None else ""
        if token and len(token) < SHORTEST_TOKEN:
            raise SettingsError(
                f"METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe())' makes one."
            )
        self._token = token
        self._settings, self._sessions = settings, sessions
        self._lock = threading.Lock()
        self._counted: tuple[float, bytes] | None = None

    def is_ready(self) -> bool:
        """Whether the database answers, a worker is alive, no job waits for long, and the forum was looked at."""
        from bot.figures import standing

        settings = self._settings
        try:
            with self._sessions() as session:
                queue = backlog.backlog(session)
                swept_at = standing.swept_at(session)
        except SQLAlchemyError:
            return False
        sweeps = settings.forum_url is not None and settings.forum_api_key is not None
        # Before the first sweep there is nothing to be late.
        is_overdue = sweeps and swept_at is not None and clock.now() - swept_at > SWEEP_OVERDUE
        return queue.workers > 0 and queue.oldest_s < QUEUE_WAITS_S and not is_overdue

    def may_see_metrics(self, authorization: str) -> bool:
        """Whether the header `Authorization` holds the token."""
        expected = f"Bearer {self._token}".encode()
        return bool(self._token) and hmac.compare_digest(authorization.encode(), expected)

    def metrics(self) -> bytes:
        """The figures, at most `KEPT_S` old.

        Raises:
            SQLAlchemyError: the database is away.
        """
        from bot.figures import metrics, standing

        with self._lock:
            if self._counted is None or time.monotonic() - self._counted[0] > KEPT_S:
                with self._sessions() as session:
                    text = metrics.metrics(standing.standing(session, self._settings, clock.now()))
                self._counted = (time.monotonic(), text)
            return self._counted[1]


def router_of(watch: Watch) -> APIRouter:
    """The three routes."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        is_ready = await run_in_threadpool(watch.is_ready)
        return Response("ready" if is_ready else "not ready", 200 if is_ready else 503, media_type="text/plain")

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not watch.may_see_metrics(request.headers.get("authorization", "")):
            return Response("not found", 404, media_type="text/plain")
        from bot.figures.metrics import CONTENT_TYPE

        try:
            text = await run_in_threadpool(watch.metrics)
        except SQLAlchemyError:
            return Response("the database is away", 503, media_type="text/plain")
        return Response(text, headers={"content-type": CONTENT_TYPE})

    return router
