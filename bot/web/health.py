"""Yes or no, without details: `/healthz` says that the process answers, `/readyz` that work gets done."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.jobs import queue
from bot.store.engine import Sessions


def router_of(sessions: Sessions) -> APIRouter:
    """Both routes."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        is_ready = await run_in_threadpool(_works, sessions)
        return Response("ready" if is_ready else "not ready", 200 if is_ready else 503, media_type="text/plain")

    return router


def _works(sessions: Sessions) -> bool:
    """Whether the database answers and a worker is alive."""
    try:
        with sessions() as session:
            return queue.living_workers(session) > 0
    except SQLAlchemyError:
        return False
