"""Paid calls: asked at most once for the same input, booked before and after, never beyond the month's cap.

A model call is a blind effect (nobody can be asked whether it happened), so its intent is written first. Answers are
kept under the hash of their input; whoever asks the same again gets the stored answer for nothing.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select, text, update
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.store.engine import Sessions
from bot.store.rows import affected
from bot.store.tables import ModelCall
from bot.translation import prices
from bot.translation.answers import ModelAnswer, ModelCallError, ModelRequest, usage_of_error
from bot.translation.prices import PriceTable, Usage

if TYPE_CHECKING:  # the SDK behind it takes a second to import, and most readers of calls need no model
    from bot.translation.claude import Claude

_CAP_LOCK_KEY = 7_265_110_002


class SpendingCapError(BotError):
    """The month's cap would be passed; nothing was asked and nothing was paid."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is for, as it is booked."""

    name: str
    prompt_version: str
    edition_id: int | None = None
    paper_id: int | None = None


@dataclass(frozen=True, slots=True)
class BookedAnswer:
    """A whole answer and the row it is stored in; `is_paid` is false where it was reused."""

    answer: ModelAnswer
    call_id: int
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `usd` in one calendar month of `zone`."""

    usd: Decimal
    zone: str

    def month_start(self, now: dt.datetime) -> dt.datetime:
        """First instant of the month that `now` lies in, in UTC."""
        local = now.astimezone(ZoneInfo(self.zone))
        return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def ask(
    sessions: Sessions,
    claude: "Claude",
    request: ModelRequest,
    purpose: Purpose,
    *,
    cap: Cap,
    price_table: PriceTable,
    now: Callable[[], dt.datetime],
    on_started: Callable[[], None] | None = None,
) -> BookedAnswer:
    """The stored answer to `request`, or a new one that is stored before it is returned.

    Raises:
        SpendingCapError: the worst case of this call would pass the cap.
        BotError: whatever `Claude.ask` raises; its cost, where known, is booked.
    """
    stored = find(sessions, request.input_hash)
    if stored is not None:
        return stored
    call_id = _book_intent(sessions, request, purpose, cap, price_table, now())
    try:
        answer = claude.ask(request, on_started=on_started)
    except BotError as exc:
        _book_failure(sessions, call_id, request.model, exc, price_table, now())
        raise
    return _book_answer(sessions, call_id, request, answer, price_table, now())


def find(sessions: Sessions, input_hash: str) -> BookedAnswer | None:
    """The stored answer to this input, if there is one."""
    with sessions() as session:
        row = session.scalars(
            select(ModelCall).where(ModelCall.input_hash == input_hash, ModelCall.state == "answered")
        ).one_or_none()
        if row is None:
            return None
        return _stored(row, is_paid=False)


def reject_answer(sessions: Sessions, call_id: int, reason: str) -> None:
    """The stored answer proved unusable: keep it and its cost, but never reuse it."""
    with sessions.begin() as session:
        session.execute(
            update(ModelCall)
            .where(ModelCall.id == call_id, ModelCall.state == "answered")
            .values(state="failed", error=reason)
        )


def settle_lost(sessions: Sessions, edition_id: int) -> int:
    """Mark calls of this edition that a dead process left behind; returns how many.

    Only whoever holds the edition's lock may call this. Their cost stays booked at the worst case.
    """
    with sessions.begin() as session:
        settled = session.scalars(
            update(ModelCall)
            .where(ModelCall.edition_id == edition_id, ModelCall.state == "started")
            .values(state="lost", error="The process ended before the answer was stored; it may have been paid.")
            .returning(ModelCall.id)
        ).all()
        return len(settled)


def forget_answers(session: Session, before: dt.datetime, limit: int = 5_000) -> int:
    """Delete answers to calls begun before this time, at most `limit`; how many. What was paid stays on the books.

    Answers that proved unusable go too. The same question, asked again, is paid again.
    """
    old = (
        select(ModelCall.id)
        .where(ModelCall.started_at < before, ModelCall.answer.is_not(None))
        .order_by(ModelCall.started_at)
        .limit(limit)
    )
    kept_state = case((ModelCall.state == "answered", "forgotten"), else_=ModelCall.state)
    return affected(session, update(ModelCall).where(ModelCall.id.in_(old)).values(answer=None, state=kept_state))


def spent_since(sessions: Sessions, start: dt.datetime) -> Decimal:
    """USD booked since `start`; calls without a known cost count with their worst case."""
    with sessions() as session:
        booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
        return session.scalar(
            select(func.coalesce(func.sum(booked), 0)).where(ModelCall.started_at >= start)
        ) or Decimal(0)


def _book_intent(
    sessions: Sessions,
    request: ModelRequest,
    purpose: Purpose,
    cap: Cap,
    price_table: PriceTable,
    now: dt.datetime,
) -> int:
    worst = prices.worst_case_usd(price_table, request.model, request.input_tokens_bound, request.max_tokens)
    with sessions.begin() as session:
        # Two processes must not both see room for one last call. Many wait in line here while a disk is slow.
        session.execute(text("set local lock_timeout = '30s'"))
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CAP_LOCK_KEY})
        booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
        month = select(func.coalesce(func.sum(booked), 0)).where(ModelCall.started_at >= cap.month_start(now))
        spent = session.scalar(month) or Decimal(0)
        if spent + worst > cap.usd:
            raise SpendingCapError(
                f"This month's model spending is at ${spent:.2f} of ${cap.usd:.2f}, and the next call may cost up to "
                f"${worst:.2f}: raise MODEL_MONTHLY_CAP_USD or wait for the next month."
            )
        row = ModelCall(
            purpose=purpose.name,
            edition_id=purpose.edition_id,
            paper_id=purpose.paper_id,
            model=request.model,
            prompt_version=purpose.prompt_version,
            input_hash=request.input_hash,
            state="started",
            worst_case_usd=worst,
            started_at=now,
        )
        session.add(row)
        session.flush()
        return row.id


def _book_answer(
    sessions: Sessions,
    call_id: int,
    request: ModelRequest,
    answer: ModelAnswer,
    price_table: PriceTable,
    now: dt.datetime,
) -> BookedAnswer:
    with sessions.begin() as session:
        # Two processes may have asked the same at once: both are paid, one answer is used.
        session.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:input_hash, 0))"), {"input_hash": request.input_hash}
        )
        first = session.scalars(
            select(ModelCall).where(ModelCall.input_hash == request.input_hash, ModelCall.state == "answered")
        ).one_or_none()
        row = session.get_one(ModelCall, call_id)
        _book_usage(row, request.model, answer.usage, price_table)
        row.latency_s = answer.latency_s
        row.stop_reason = answer.stop_reason
        row.request_id = answer.request_id
        row.finished_at = now
        if first is not None:
            row.state = "failed"
            row.error = f"Another process had stored an answer to the same input (call {first.id})."
            return _stored(first, is_paid=True)
        row.state = "answered"
        row.answer = answer.text
        return BookedAnswer(answer, row.id, is_paid=True)


def _book_failure(
    sessions: Sessions, call_id: int, model: str, error: BotError, price_table: PriceTable, now: dt.datetime
) -> None:
    usage, may_have_cost = usage_of_error(error)
    with sessions.begin() as session:
        row = session.get_one(ModelCall, call_id)
        row.state = "failed"
        row.error = str(error)
        row.finished_at = now
        if isinstance(error, ModelCallError):
            row.request_id = error.request_id
            row.stop_reason = error.answer.stop_reason if error.answer else None
        if usage is not None:
            _book_usage(row, model, usage, price_table)
        elif not may_have_cost:
            row.cost_usd = Decimal(0)


def _book_usage(row: ModelCall, model: str, usage: Usage, price_table: PriceTable) -> None:
    row.input_tokens = usage.input_tokens
    row.cache_write_tokens = usage.cache_write_tokens
    row.cache_read_tokens = usage.cache_read_tokens
    row.output_tokens = usage.output_tokens
    row.cost_usd = prices.cost_usd(price_table, model, usage)


def _stored(row: ModelCall, *, is_paid: bool) -> BookedAnswer:
    usage = Usage(
        input_tokens=row.input_tokens or 0,
        cache_write_tokens=row.cache_write_tokens or 0,
        cache_read_tokens=row.cache_read_tokens or 0,
        output_tokens=row.output_tokens or 0,
    )
    answer = ModelAnswer(
        text=row.answer or "",
        stop_reason=row.stop_reason or "",
        model=row.model,
        request_id=row.request_id,
        usage=usage,
        latency_s=row.latency_s or 0.0,
    )
    return BookedAnswer(answer, row.id, is_paid)
