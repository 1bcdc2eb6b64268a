"""Webhooks as they came, and how often each came.

The receiver writes with one statement that stores what is new and defers its job, for all webhooks that wait at that
moment. Between the events of a burst lies one commit, not one each.
"""

import asyncio
import datetime as dt
import logging
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from bot.errors import TransientError
from bot.store.rows import affected
from bot.store.tables import InboxEvent

_log = logging.getLogger(__name__)

CONNECTIONS = 2
LARGEST_BATCH = 100
ANSWER_S = 4.0
"""A statement that takes longer counts as the database being away."""
PAUSE_S = 1.0
"""After a failed connection, webhooks are refused for so long without another try."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook to be stored.

    Attributes:
        content_key: the same for repetitions of the same content.
        only_if_ours: the forum's id of a topic; unless it is ours, nothing is stored.
    """

    event_type: str
    event: str
    object_id: int | None
    content_key: str
    body: str
    only_if_ours: int | None = None


_STORE = """
    with arrived as (
        insert into inbox (event_type, event, object_id, content_key, body)
        select event_type, event, object_id, content_key, body
        from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
            as a (event_type, event, object_id, content_key, body, only_if_ours)
        where only_if_ours is null or exists (select 1 from topics where discourse_id = only_if_ours)
        on conflict (content_key) do nothing
        returning id, content_key
    ), deferred as (
        insert into procrastinate_jobs (queue_name, task_name, args)
        select 'default', 'handle_event', jsonb_build_object('inbox_id', id) from arrived
    )
    select content_key from arrived
"""


_AWAY = "The database is away; send the webhook again later."


class StoreAwayError(TransientError):
    """The webhook could not be stored; the forum may repeat it, and the sweeps find what it told of."""


class _Line:
    """A connection to the database, made when it is needed and replaced when it is cut."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[tuple[str]] | None = None
        self._away_until = 0.0

    async def write(self, batch: list[Arrival]) -> set[str]:
        """The keys that are new. After a cut the statement is repeated: the keys make that safe.

        Raises:
            StoreAwayError: the database is away.
        """
        loop = asyncio.get_running_loop()
        if self._connection is None and loop.time() < self._away_until:
            raise StoreAwayError(_AWAY)
        for _ in range(2):
            was_connected = self._connection is not None
            try:
                async with asyncio.timeout(ANSWER_S):
                    return await self._execute(batch)
            except (psycopg.Error, TimeoutError) as exc:
                await self.close()
                if not was_connected:
                    _log.error("webhooks not stored", extra={"count": len(batch), "reason": type(exc).__name__})
                    break
        self._away_until = loop.time() + PAUSE_S
        raise StoreAwayError(_AWAY)

    async def _execute(self, batch: list[Arrival]) -> set[str]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        columns = (
            [arrival.event_type for arrival in batch],
            [arrival.event for arrival in batch],
            [arrival.object_id for arrival in batch],
            [arrival.content_key for arrival in batch],
            [arrival.body for arrival in batch],
            [arrival.only_if_ours for arrival in batch],
        )
        cursor = await self._connection.execute(_STORE, columns, prepare=True)
        return {row[0] for row in await cursor.fetchall()}

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class Writer:
    """Stores webhooks on a few connections of its own, as many at a time as wait. Use within one event loop."""

    def __init__(self, conninfo: str, *, connections: int = CONNECTIONS) -> None:
        self._conninfo = conninfo
        self._free = [_Line(conninfo) for _ in range(connections)]
        self._waiting: deque[tuple[Arrival, asyncio.Future[bool]]] = deque()
        self._writing: set[asyncio.Task[None]] = set()

    async def store(self, arrival: Arrival) -> bool:
        """True if it is new; False if it was stored before, or is not ours to store.

        Raises:
            StoreAwayError: the database is away; it may have been stored nevertheless.
        """
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, future))
        if self._free:
            task = asyncio.create_task(self._write_waiting(self._free.pop()))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return await future

    async def close(self) -> None:
        """Write what waits, then close the connections."""
        if self._writing:
            await asyncio.wait(self._writing)
        for line in self._free:
            await line.close()

    async def _write_waiting(self, line: _Line) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
                try:
                    new = await line.write([arrival for arrival, _ in batch])
                except StoreAwayError as exc:
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(StoreAwayError(str(exc)))
                    continue
                for arrival, future in batch:
                    is_new = arrival.content_key in new
                    new.discard(arrival.content_key)
                    if not future.done():  # its caller may have gone
                        future.set_result(is_new)
        finally:
            self._free.append(line)

    async def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Add to the counts of (event, outcome), on a connection of its own: nobody waits for it.

        Raises:
            psycopg.Error: the database is away.
        """
        rows = [(event, outcome, count) for (event, outcome), count in sorted(counts.items())]
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            await connection.cursor().executemany(_COUNT, rows)


_COUNT = """
    insert into hook_counts (event, outcome, count, last_at) values (%s, %s, %s, now())
    on conflict (event, outcome) do update set count = hook_counts.count + excluded.count, last_at = excluded.last_at
"""

Counts = Counter[tuple[str, str]]
"""How often each (event, outcome) came since the counts were last written."""


def counted(session: Session) -> dict[tuple[str, str], int]:
    """How often each (event, outcome) came."""
    rows = session.execute(text("select event, outcome, count from hook_counts")).all()
    return {(event, outcome): count for event, outcome, count in rows}


def unprocessed(session: Session, inbox_id: int) -> InboxEvent | None:
    """The stored webhook, locked for this transaction; None if it was dealt with or is gone."""
    return session.scalars(
        select(InboxEvent).where(InboxEvent.id == inbox_id, InboxEvent.processed_at.is_(None)).with_for_update()
    ).one_or_none()


def finish(event: InboxEvent, now: dt.datetime, outcome: str) -> None:
    """Record that a webhook was dealt with."""
    event.processed_at, event.outcome = now, outcome


def prune(session: Session, before: dt.datetime, limit: int = 10_000) -> int:
    """Delete webhooks that were received before this time, at most `limit`; how many.

    A repetition of one that was deleted is stored and handled again, which changes nothing: objects are re-read.
    """
    old = select(InboxEvent.id).where(InboxEvent.received_at < before).order_by(InboxEvent.id).limit(limit)
    return affected(session, delete(InboxEvent).where(InboxEvent.id.in_(old)))
