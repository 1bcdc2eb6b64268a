"""Money: no answer is paid twice, no call is made beyond the month's cap, and whatever was spent is booked."""

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import delete, select

from bot.sandbox.model import FaultKind
from bot.sandbox.world import World
from bot.store import summary
from bot.store.engine import Sessions
from bot.store.tables import ModelCall, Passage, Revision, Segment, StoredFinding
from bot.translation import calls, prices, prompts
from bot.translation.answers import AnswerRefusedError, ModelAccessError, ModelRequest, ModelUnavailableError
from bot.translation.calls import BookedAnswer, Cap, Purpose, SpendingCapError
from bot.translation.prices import PRICES
from tests.integration.world import MODEL, NOW, Stage, Store, outside_world, papers

LISTED = papers(3)
PURPOSE = Purpose("translate_paper", "test-1")
CENT = Decimal("0.01")
MICRO = Decimal("0.000001")


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with outside_world(LISTED) as made:
        yield made


def _request(text: str = "Ship 1 sails at night.") -> ModelRequest:
    prompt = prompts.load("translate_paper")
    data = {"title": None, "segments": [{"id": "a1", "text": text}]}
    return ModelRequest(MODEL, ("Translate.",), prompt.with_data(data), prompts.TRANSLATION_SCHEMA, max_tokens=1_000)


def _worst(request: ModelRequest) -> Decimal:
    worst = prices.worst_case_usd(PRICES, MODEL, request.input_tokens_bound, request.max_tokens)
    return worst.quantize(MICRO, rounding="ROUND_UP")


def _ask(
    stage: Stage, request: ModelRequest, cap_usd: Decimal = Decimal(20), now: dt.datetime = NOW, **options: object
) -> BookedAnswer:
    return calls.ask(
        stage.sessions,
        stage.claude,
        request,
        PURPOSE,
        cap=Cap(cap_usd, "Asia/Seoul"),
        price_table=PRICES,
        now=lambda: now,
        **options,  # type: ignore[arg-type]
    )


# --- asked once ------------------------------------------------------------------------------------------------------


def test_an_answer_is_stored_with_its_tokens_and_cost_before_it_is_used(stage: Stage) -> None:
    booked = _ask(stage, _request())
    (row,) = stage.booked()
    seen = stage.model.calls[0].usage
    assert (row.id, row.state, row.answer) == (booked.call_id, "answered", booked.answer.text)
    assert (row.input_tokens, row.output_tokens) == (seen["input_tokens"], seen["output_tokens"])
    assert row.cost_usd == ((seen["input_tokens"] * 2 + seen["output_tokens"] * 10) / Decimal(1_000_000)).quantize(
        MICRO
    )
    assert row.cost_usd < row.worst_case_usd
    assert (row.model, row.prompt_version, row.stop_reason) == (MODEL, "test-1", "end_turn")
    assert row.request_id == stage.model.calls[0].request_id
    assert row.latency_s is not None
    assert booked.is_paid


def test_the_same_question_is_answered_from_the_store_and_costs_nothing(stage: Stage) -> None:
    first = _ask(stage, _request())
    again = _ask(stage, _request(), cap_usd=Decimal(0))
    assert again.answer.text == first.answer.text
    assert (again.call_id, again.is_paid) == (first.call_id, False)
    assert len(stage.model.calls) == 1


def test_a_larger_limit_is_the_same_question_and_another_word_is_not(stage: Stage) -> None:
    _ask(stage, _request())
    assert not _ask(stage, replace(_request(), max_tokens=2_000)).is_paid
    assert _ask(stage, _request("Ship 2 sails at night.")).is_paid
    assert len(stage.model.calls) == 2


def test_a_rejected_answer_is_kept_with_its_cost_but_not_used_again(stage: Stage) -> None:
    first = _ask(stage, _request())
    calls.reject_answer(stage.sessions, first.call_id, "segments a2 are missing.")
    second = _ask(stage, _request())
    assert second.is_paid
    rejected, fresh = stage.booked()
    assert (rejected.state, rejected.error, rejected.answer) == (
        "failed",
        "segments a2 are missing.",
        first.answer.text,
    )
    assert fresh.state == "answered"
    assert calls.spent_since(stage.sessions, NOW) == (rejected.cost_usd or 0) + (fresh.cost_usd or 0)


def test_two_who_ask_the_same_at_once_use_one_answer_and_both_costs_are_booked(stage: Stage) -> None:
    stage.model.latency_s = 0.2
    with ThreadPoolExecutor(2) as pool:
        first, second = (job.result() for job in [pool.submit(_ask, stage, _request()) for _ in range(2)])
    assert first.call_id == second.call_id
    rows = stage.booked()
    assert sorted(row.state for row in rows) == ["answered", "failed"]
    assert all(row.cost_usd and row.finished_at for row in rows)


# --- the cap ---------------------------------------------------------------------------------------------------------


def test_a_call_whose_worst_case_exactly_fits_is_made(stage: Stage) -> None:
    request = _request()
    assert _ask(stage, request, cap_usd=_worst(request)).is_paid


def test_a_millionth_less_and_it_is_not_made_and_the_message_names_the_setting(stage: Stage) -> None:
    request = _request()
    with pytest.raises(SpendingCapError, match="MODEL_MONTHLY_CAP_USD") as caught:
        _ask(stage, request, cap_usd=_worst(request) - MICRO)
    assert "$0.00 of $0.0" in str(caught.value)
    assert stage.model.calls == []
    assert stage.booked() == []


def test_what_was_spent_before_counts(stage: Stage) -> None:
    _ask(stage, _request())
    spent = calls.spent_since(stage.sessions, NOW)
    other = _request("Another sentence.")
    with pytest.raises(SpendingCapError):
        _ask(stage, other, cap_usd=spent + _worst(other) - MICRO)
    assert _ask(stage, other, cap_usd=spent + _worst(other)).is_paid


def test_calls_at_once_never_pass_the_cap_together(stage: Stage) -> None:
    stage.model.latency_s = 0.3
    requests = [_request(f"Sentence number {number:02}.") for number in range(16)]
    room_for = 5
    cap_usd = max(map(_worst, requests)) * room_for
    start = threading.Barrier(len(requests))

    def run(request: ModelRequest) -> bool:
        start.wait(10)
        try:
            return _ask(stage, request, cap_usd=cap_usd).is_paid
        except SpendingCapError:
            return False

    with ThreadPoolExecutor(len(requests)) as pool:
        paid = sum(pool.map(run, requests))
    assert room_for <= paid < len(requests)
    assert len(stage.model.calls) == paid
    for call in stage.model.calls:
        under_way = [
            other
            for other in stage.model.calls
            if other.arrived_at <= call.arrived_at and (other.finished_at or 0.0) > call.arrived_at
        ]
        assert len(under_way) <= room_for
    assert calls.spent_since(stage.sessions, NOW) <= cap_usd


def test_the_month_begins_at_midnight_in_seoul(stage: Stage) -> None:
    last_second = dt.datetime(2026, 10, 31, 14, 59, 59, tzinfo=dt.UTC)
    midnight = last_second + dt.timedelta(seconds=1)
    october, november, late = (
        _request(f"A sentence of {month}.") for month in ("October", "November", "late November")
    )
    cap_usd = max(map(_worst, (october, november, late)))
    assert _ask(stage, october, cap_usd, last_second).is_paid
    with pytest.raises(SpendingCapError):
        _ask(stage, november, cap_usd, last_second)
    assert _ask(stage, november, cap_usd, midnight).is_paid
    with pytest.raises(SpendingCapError):
        _ask(stage, late, cap_usd, dt.datetime(2026, 11, 30, 14, 59, 59, tzinfo=dt.UTC))
    assert _ask(stage, late, cap_usd, dt.datetime(2026, 11, 30, 15, 0, tzinfo=dt.UTC)).is_paid


@pytest.mark.parametrize(
    ("zone", "now", "start"),
    [
        ("Asia/Seoul", "2026-11-16T01:00:00", "2026-10-31T15:00:00"),
        ("Asia/Seoul", "2026-12-31T15:00:00", "2026-12-31T15:00:00"),
        ("Asia/Seoul", "2026-12-31T14:59:59", "2026-11-30T15:00:00"),
        ("Asia/Seoul", "2028-02-29T20:00:00", "2028-02-29T15:00:00"),
        ("UTC", "2026-11-01T00:00:00", "2026-11-01T00:00:00"),
        ("America/New_York", "2026-11-16T01:00:00", "2026-11-01T04:00:00"),  # summer time ended on the 1st
    ],
)
def test_first_instant_of_the_month(zone: str, now: str, start: str) -> None:
    found = Cap(Decimal(1), zone).month_start(dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC))
    assert found == dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)


# --- failures and losses ---------------------------------------------------------------------------------------------


def test_a_refused_answer_is_booked_at_what_it_cost(stage: Stage) -> None:
    stage.model.fail_next("refusal")
    with pytest.raises(AnswerRefusedError):
        _ask(stage, _request())
    (row,) = stage.booked()
    assert (row.state, row.stop_reason, row.answer) == ("failed", "refusal", None)
    assert row.cost_usd is not None
    assert row.cost_usd > 0
    assert row.input_tokens == stage.model.calls[0].usage["input_tokens"]


@pytest.mark.parametrize("fault", ["cut_stream", "clean_end", "half_json", "html_200"])
def test_a_call_of_unknown_cost_counts_with_its_worst_case(stage: Stage, fault: FaultKind) -> None:
    stage.model.fail_next(fault)
    request = _request()
    with pytest.raises(ModelUnavailableError):
        _ask(stage, request)
    (row,) = stage.booked()
    assert (row.state, row.cost_usd) == ("failed", None)
    assert calls.spent_since(stage.sessions, NOW) == row.worst_case_usd == pytest.approx(_worst(request), abs=MICRO)
    with pytest.raises(SpendingCapError):
        _ask(stage, request, cap_usd=_worst(request))


@pytest.mark.parametrize(
    ("fault", "error"), [("unauthorized", ModelAccessError), ("overloaded", ModelUnavailableError)]
)
def test_a_call_that_was_turned_away_costs_nothing(stage: Stage, fault: FaultKind, error: type[Exception]) -> None:
    stage.model.fail_next(fault)
    with pytest.raises(error):
        _ask(stage, _request())
    (row,) = stage.booked()
    assert (row.state, row.cost_usd) == ("failed", Decimal(0))
    assert row.request_id == stage.model.calls[0].request_id
    assert calls.spent_since(stage.sessions, NOW) == 0


class _Killed(BaseException):
    """Stands for the end of the process: nothing after it runs."""


def _die() -> None:
    raise _Killed


def test_a_call_lost_with_its_process_is_settled_counted_and_asked_again(stage: Stage) -> None:
    edition_id = stage.collected(LISTED)
    with pytest.raises(_Killed):
        calls.ask(
            stage.sessions,
            stage.claude,
            _request(),
            replace(PURPOSE, edition_id=edition_id),
            cap=Cap(Decimal(20), "Asia/Seoul"),
            price_table=PRICES,
            now=lambda: NOW,
            on_started=_die,
        )
    (row,) = stage.booked()
    assert row.state == "started"
    assert calls.spent_since(stage.sessions, NOW) == row.worst_case_usd

    stage.draft(edition_id)
    lost = stage.booked()[0]
    assert (lost.state, lost.cost_usd) == ("lost", None)
    assert "may have been paid" in (lost.error or "")
    with stage.sessions() as session:
        assert sum(line.unsure for line in summary.costs(session, "Asia/Seoul")) == 1
    others = sum((row.cost_usd or Decimal(0) for row in stage.booked()[1:]), Decimal(0))
    assert calls.spent_since(stage.sessions, NOW) == row.worst_case_usd + others
    assert _ask(stage, _request()).is_paid


def test_calls_of_another_edition_are_not_settled(stage: Stage) -> None:
    edition_id = stage.collected(LISTED)
    with stage.sessions.begin() as session:
        session.add(
            ModelCall(
                purpose="translate_paper", model=MODEL, prompt_version="x", input_hash="x", state="started",
                worst_case_usd=CENT,
            )
        )  # fmt: skip
    assert calls.settle_lost(stage.sessions, edition_id) == 0
    assert stage.booked()[0].state == "started"


# --- the whole edition -----------------------------------------------------------------------------------------------


def test_stored_answers_are_used_again_when_the_drafts_are_lost(stage: Stage) -> None:
    edition_id = stage.collected(LISTED)
    stage.draft(edition_id)
    before = stage.raw(edition_id)
    paid = len(stage.model.calls)
    with stage.sessions.begin() as session:
        introduction = select(Passage.id).where(Passage.edition_id == edition_id).scalar_subquery()
        session.execute(delete(StoredFinding))
        session.execute(delete(Revision))
        session.execute(delete(Segment).where(Segment.passage_id == introduction))
        session.execute(delete(Passage).where(Passage.edition_id == edition_id))
    assert stage.raw(edition_id) != before
    stage.draft(edition_id)
    assert stage.raw(edition_id) == before
    assert len(stage.model.calls) == paid


def test_drafting_stops_at_the_cap_and_keeps_what_it_has(stage: Stage) -> None:
    edition_id = stage.collected(LISTED)
    with pytest.raises(SpendingCapError, match="MODEL_MONTHLY_CAP_USD"):
        stage.draft(edition_id, stage.desk(cap_usd=Decimal("0.001")))
    assert stage.model.calls == []
    assert stage.state(edition_id) == "drafting"
    assert stage.draft(edition_id).failed == {}
    assert stage.state(edition_id) == "checked"


# --- kept for a time ---------------------------------------------------------------------------------------------


def test_an_old_answer_is_forgotten_but_not_what_it_cost(stage: Stage) -> None:
    _ask(stage, _request())
    spent = calls.spent_since(stage.sessions, NOW - dt.timedelta(days=1))
    with stage.sessions.begin() as session:
        assert calls.forget_answers(session, NOW) == 0, "younger than the limit"
        assert calls.forget_answers(session, NOW + dt.timedelta(seconds=1)) == 1
    (row,) = stage.booked()
    assert (row.state, row.answer) == ("forgotten", None)
    assert calls.spent_since(stage.sessions, NOW - dt.timedelta(days=1)) == spent > 0


def test_a_question_whose_answer_was_forgotten_is_asked_and_paid_again(stage: Stage) -> None:
    _ask(stage, _request())
    with stage.sessions.begin() as session:
        calls.forget_answers(session, NOW + dt.timedelta(seconds=1))
    again = _ask(stage, _request())
    assert again.is_paid
    assert again.answer.text
    assert [row.state for row in stage.booked()] == ["forgotten", "answered"]


def test_a_night_forgets_a_bounded_number_of_answers_oldest_first(stage: Stage) -> None:
    for number in range(3):
        _ask(stage, _request(f"Ship {number} sails."), now=NOW + dt.timedelta(hours=number))
    with stage.sessions.begin() as session:
        assert calls.forget_answers(session, NOW + dt.timedelta(days=1), limit=2) == 2
    assert [row.state for row in stage.booked()] == ["forgotten", "forgotten", "answered"]
