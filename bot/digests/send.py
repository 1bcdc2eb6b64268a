"""Sending a planned digest: lease rows, then for each row check, send, record. It may be killed at any moment.

A mail cannot be looked up once it was handed over, so `sending` is committed before, and a row that is left in it is
doubtful: held and listed, not sent again. Every write names the row's owner and the state it expects; one that does not
meet them stops the line, because somebody else has its rows.

A line is one connection to the mail server. Several lines, in one process or on several machines, share a digest.
"""

import datetime as dt
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from bot.digests import smtp
from bot.digests.links import Links, Signer
from bot.digests.message import Envelope, Message, Reader, Splicer, UnfitMessageError
from bot.digests.smtp import Connection, MailServerError, Outcome
from bot.errors import ConflictError
from bot.store.engine import Sessions
from bot.store.tables import Digest, Rendering

_log = logging.getLogger(__name__)

LEASE_S = 180.0
LARGEST_LEASE = 100
WAITS_S = (300, 900, 2_700, 7_200, 14_400, 28_800)
"""Between the tries of a mail that the server could not take just now."""
GIVEN_UP_AFTER = dt.timedelta(hours=24)
POLICY_IN_A_ROW = 5
"""So many refusals for policy or spam one after another pause the digest."""
SLOWEST = 0.01


@dataclass(frozen=True)
class Office:
    """What a line works with.

    Attributes:
        rate_per_second: of all lines together.
        lines: how many lines there are.
        resends: whether the relay knows a repeated mail, so that what is in doubt may be sent again by itself.
    """

    sessions: Sessions
    server: smtp.Server
    signer: Signer
    links: Links
    envelope: Callable[[Digest], Envelope]
    rate_per_second: float
    lines: int
    resends: bool = False
    lease_s: float = LEASE_S


@dataclass(slots=True)
class Sent:
    """What one run of a line did, by outcome."""

    counts: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None
    """Why the digest was paused; None if it was not."""

    def add(self, kind: str) -> None:
        """Count one more."""
        self.counts[kind] = self.counts.get(kind, 0) + 1


_LEASE = """
    with mine as (
        select id from deliveries
        where digest_id = %(digest)s and subscriber_id > %(after)s and state = 'planned' and owner is null
            and (not_before is null or not_before <= clock_timestamp())
        order by subscriber_id limit %(count)s for update skip locked
    )
    update deliveries d
    set owner = %(owner)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s),
        attempts = d.attempts + 1
    from mine, subscribers s
    where d.id = mine.id and s.id = d.subscriber_id
    returning d.id, d.subscriber_id, d.rendering_id, s.address, s.token_version, d.attempts, d.first_tried_at
"""
# The last row's outcome and the next row's beginning, in one commit. Two numbers tell whether both were still ours.
_STEP = """
    with last as (
        update deliveries set state = %(state)s, reason = %(reason)s, answer = %(answer)s, server = %(server)s,
            not_before = clock_timestamp() + make_interval(secs => %(wait_s)s),
            owner = case when %(state)s = 'planned' then null else owner end, lease_until = null,
            changed_at = clock_timestamp()
        where id = %(last)s and owner = %(owner)s and state in ('sending', 'doubtful')
        returning 1
    ), next as (
        update deliveries d set
            state = case when s.state = 'active' then 'sending' else 'skipped' end,
            reason = case when s.state = 'active' then null else s.state end,
            lease_until = case when s.state = 'active'
                then clock_timestamp() + make_interval(secs => %(lease_s)s) end,
            first_tried_at = coalesce(d.first_tried_at, clock_timestamp()), changed_at = clock_timestamp()
        from subscribers s
        where d.id = %(next)s and s.id = d.subscriber_id and d.owner = %(owner)s and d.state = 'planned'
        returning d.state, s.address
    )
    select (select count(*) from last), (select state from next), (select address from next)
"""
_GIVE_BACK = """
    update deliveries set owner = null, lease_until = null, attempts = attempts - 1
    where owner = %(owner)s and state = 'planned'
"""
_NOTHING: dict[str, Any] = {
    "last": None,
    "next": None,
    "state": None,
    "reason": None,
    "answer": None,
    "server": None,
    "wait_s": None,
}


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    subscriber_id: int
    rendering_id: int
    address: str
    token_version: int
    attempts: int
    first_tried_at: dt.datetime | None


def work(
    office: Office,
    digest_id: int,
    *,
    until: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], dt.datetime],
) -> Sent:
    """Send what is planned and not taken by others, until nothing is left or `until` says stop.

    A stop comes after the mail in hand: its outcome is recorded, the other leased rows are given back.

    Raises:
        ConflictError: our rows were taken over, e.g. because this process was frozen for long.
        TransientError: the mail server is away or asks us to wait.
        psycopg.Error: the database is away; recorded is what could be.
    """
    line = _Line(office, digest_id, sleep, now)
    with line.at_work():
        while not until() and line.lease():
            if line.send_leased(until):
                break
    return line.sent


class _Line:
    """One connection to the database and at most one to the mail server."""

    def __init__(
        self, office: Office, digest_id: int, sleep: Callable[[float], None], now: Callable[[], dt.datetime]
    ) -> None:
        self.office, self.digest_id, self._sleep, self._now = office, digest_id, sleep, now
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.sent = Sent()
        self._rows: list[_Row] = []
        self._after = 0
        self._splicers: dict[int, Splicer] = {}
        self._connection: Connection | None = None
        self._policy_refusals = 0
        self._pause_s = 0.0
        self._free_at = 0.0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        engine = self.office.sessions.kw["bind"]
        assert isinstance(engine, Engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            self._database: psycopg.Connection[Any] = driver
            self._steps = driver.cursor()  # one for all: a new one for each mail costs as much as its statement
            try:
                yield
            finally:
                if self._connection is not None:
                    self._connection.close()
                with suppress(psycopg.Error):  # gone: the lease runs out by itself
                    driver.execute(_GIVE_BACK, {"owner": self.owner})

    def lease(self) -> bool:
        """Take some rows; False if there are none, or the digest is not being sent."""
        with self.office.sessions() as session:
            digest = session.get_one(Digest, self.digest_id)
            if digest.state != "sending":
                return False
            rate = self.office.rate_per_second * factor_at(digest.rate_factor, digest.slowed_at, self._now())
            self._envelope = self.office.envelope(digest)
        self._pause_s = self.office.lines / rate
        # So many that half of the lease is enough for them.
        count = max(1, min(LARGEST_LEASE, int(self.office.lease_s / 2 / self._pause_s)))
        self._rows = self._leased(count)
        if not self._rows and self._after:  # what was given back or became due meanwhile may stand before
            self._after = 0
            self._rows = self._leased(count)
        return bool(self._rows)

    def _leased(self, count: int) -> list[_Row]:
        """Rows behind those taken last: there is no index of what waits, and what is done is not read again."""
        arguments = {
            "digest": self.digest_id,
            "after": self._after,
            "owner": self.owner,
            "count": count,
            "lease_s": self.office.lease_s,
        }
        found = [_Row(*row) for row in self._database.execute(_LEASE, arguments)]
        self._after = max((row.subscriber_id for row in found), default=self._after)
        return sorted(found, key=lambda row: row.id)

    def send_leased(self, until: Callable[[], bool]) -> bool:
        """Send to the leased rows; True if there is no use in leasing more now."""
        record = dict(_NOTHING)
        for row in self._rows:
            if until() or self.sent.stopped:
                break
            # What cannot be connected to is found out before a row is said to be sending.
            if self._connection is None:
                record = self._recorded(record)
                self._connect()
            self._keep_pace()
            state, address = self._step(record, row.id)
            record = dict(_NOTHING)
            if state != "sending":
                self.sent.add("skipped")
                continue
            outcome = self._deliver(row, address)
            self.sent.add(outcome.kind)
            record = self._consequence(row, outcome)
        self._recorded(record)
        return self.sent.stopped is not None or until()

    def _recorded(self, record: dict[str, Any]) -> dict[str, Any]:
        if record["last"] is not None:
            self._step(record, None)
        return dict(_NOTHING)

    def _step(self, record: dict[str, Any], next_id: int | None) -> tuple[str | None, str]:
        """Record the last row and begin the next one.

        Raises:
            ConflictError: one of them is not ours any more.
        """
        arguments = {**record, "next": next_id, "owner": self.owner, "lease_s": self.office.lease_s}
        try:
            done, state, address = self._steps.execute(_STEP, arguments, prepare=True).fetchone() or (0, None, "")
        except psycopg.Error:
            self._record_late(arguments)
            raise
        if next_id is not None and state is None and self._was_skipped(next_id):
            state = "skipped"
        if (record["last"] is not None and done != 1) or (next_id is not None and state is None):
            raise ConflictError(f"Digest {self.digest_id}: rows of this line were taken over; it stops.")
        return state, address or ""

    def _was_skipped(self, delivery_id: int) -> bool:
        """Whether its reader left after the row was leased."""
        found = self._database.execute("select state from deliveries where id = %s", (delivery_id,)).fetchone()
        return found is not None and found[0] == "skipped"

    def _record_late(self, arguments: dict[str, Any]) -> None:
        """The connection broke while an outcome was to be written: it is known, so try once more on another one."""
        if arguments["last"] is None:
            return
        engine = self.office.sessions.kw["bind"]
        assert isinstance(engine, Engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            driver.execute(_STEP, {**arguments, "next": None})

    def _connect(self) -> None:
        try:
            self._connection = Connection(self.office.server)
        except MailServerError as exc:
            pause(self.office.sessions, self.digest_id, str(exc))
            self.sent.stopped = str(exc)
            raise

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + self._pause_s

    def _deliver(self, row: _Row, address: str) -> Outcome:
        assert self._connection is not None
        try:
            message = self._message(row, address)
        except UnfitMessageError as exc:
            return Outcome("refused", str(exc), "unfit")
        outcome = self._connection.send(message)
        if not outcome.usable or self._connection.is_used_up:
            self._connection.close()
            self._connection = None
        return outcome

    def _message(self, row: _Row, address: str) -> Message:
        signer, links = self.office.signer, self.office.links
        leave = signer.token("unsubscribe", row.subscriber_id)
        return self._splicer(row.rendering_id).message(
            Reader(
                self.digest_id,
                row.id,
                address,
                links.unsubscribe(leave),
                leave,
                links.preferences(signer.token("preferences", row.subscriber_id, row.token_version)),
                signer.token("bounce", row.id),
            )
        )

    def _splicer(self, rendering_id: int) -> Splicer:
        found = self._splicers.get(rendering_id)
        if found is None:
            with self.office.sessions() as session:
                rendering = session.get_one(Rendering, rendering_id)
                found = self._splicers[rendering_id] = Splicer(
                    self._envelope,
                    html_text=rendering.html,
                    plain_text=rendering.plain,
                    boundary=rendering.boundary,
                )
        return found

    def _consequence(self, row: _Row, outcome: Outcome) -> dict[str, Any]:
        """What is to be recorded of a row, after what it means for the others was done."""
        is_policy = outcome.status.startswith("5.7.")
        self._policy_refusals = self._policy_refusals + 1 if is_policy else 0
        if outcome.slow:
            slow_down(self.office.sessions, self.digest_id, self._now())
            self._pause_s *= 2
        if outcome.kind == "stop" or self._policy_refusals >= POLICY_IN_A_ROW:
            why = "our mails" if outcome.kind == "stop" else f"{POLICY_IN_A_ROW} mails one after another"
            self.sent.stopped = f"The mail server refuses {why}: {outcome.answer}"
            pause(self.office.sessions, self.digest_id, self.sent.stopped)
        state, reason, wait_s = decided(outcome, row.attempts, row.first_tried_at, self._now())
        return {
            "last": row.id,
            "state": state,
            "reason": reason,
            "answer": outcome.answer,
            "server": f"{self.office.server.host}:{self.office.server.port}",
            "wait_s": wait_s,
        }


def decided(
    outcome: Outcome, attempts: int, first_tried_at: dt.datetime | None, now: dt.datetime
) -> tuple[str, str | None, float | None]:
    """State, reason and wait in seconds that follow from an outcome.

    Args:
        attempts: this one included.
        first_tried_at: None at the first try.
    """
    match outcome.kind:
        case "sent":
            return "sent", None, None
        case "refused":
            return (
                "refused",
                outcome.answer[:100] if not outcome.status else f"{outcome.answer[:3]} {outcome.status}",
                None,
            )
        case "doubtful":
            return "doubtful", outcome.answer, None
        case "stop":
            return "planned", outcome.answer[:100], None
    wait_s = WAITS_S[min(attempts, len(WAITS_S)) - 1]
    if first_tried_at is not None and now + dt.timedelta(seconds=wait_s) - first_tried_at > GIVEN_UP_AFTER:
        return "refused", "expired", None
    return "planned", outcome.answer[:100], float(wait_s)


def factor_at(factor: float, slowed_at: dt.datetime | None, now: dt.datetime) -> float:
    """Part of the full rate that is allowed: after a slow-down it grows by a tenth each minute."""
    if slowed_at is None:
        return 1.0
    minutes = max((now - slowed_at).total_seconds(), 0.0) / 60
    return float(min(1.0, max(factor, SLOWEST) * 1.1 ** min(minutes, 1_000)))


def slow_down(sessions: Sessions, digest_id: int, now: dt.datetime) -> None:
    """Halve the rate of all lines."""
    with sessions.begin() as session:
        digest = session.scalars(select(Digest).where(Digest.id == digest_id).with_for_update()).one()
        digest.rate_factor = max(factor_at(digest.rate_factor, digest.slowed_at, now) / 2, SLOWEST)
        digest.slowed_at = now


def pause(sessions: Sessions, digest_id: int, reason: str) -> None:
    """Send nothing more of a digest until a person has a look; what waits stays planned."""
    with sessions.begin() as session:
        session.execute(
            update(Digest)
            .where(Digest.id == digest_id, Digest.state == "sending")
            .values(state="paused", reason=reason)
        )
    _log.error("digest paused", extra={"digest": digest_id, "reason": reason})


_RECOVER = text(
    """
    update deliveries set
        state = case when state = 'planned' or :resends then 'planned' else 'doubtful' end,
        reason = case when state = 'planned' then reason else 'the sender died before it knew' end,
        may_be_second_copy = may_be_second_copy or state = 'sending',
        owner = case when state = 'planned' or :resends then null else owner end,
        lease_until = null, changed_at = case when state = 'planned' then changed_at else clock_timestamp() end
    where digest_id in (select id from digests where state in ('sending', 'paused'))
        and lease_until < clock_timestamp() and state in ('planned', 'sending')
    returning state
    """
)


def recover(session: Session, *, resends: bool = False) -> dict[str, int]:
    """Free the rows of senders that are gone: planned ones go to others, a mail under way is in doubt. How many."""
    found: dict[str, int] = {}
    for state in session.scalars(_RECOVER, {"resends": resends}):
        found[state] = found.get(state, 0) + 1
    return found
