"""What becomes of a failed job follows from the category of its error, its tries and its age."""

import datetime as dt

import psycopg
import pytest
import sqlalchemy.exc

from bot.errors import ConflictError, DoubtfulError, RejectedError, SettingsError, TransientError
from bot.jobs.retry import Ceiling, GiveUp, TryAgain, decide, reason_of

NOW = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)


def outcome(
    error: BaseException, *, tries: int = 1, failing_for: dt.timedelta = dt.timedelta(0), jitter: float = 0.0
) -> TryAgain | GiveUp:
    return decide(error, tries=tries, failing_since=NOW - failing_for, now=NOW, ceiling=Ceiling(), random_part=jitter)


def wait_s(error: BaseException, *, tries: int = 1, jitter: float = 0.0) -> float:
    found = outcome(error, tries=tries, jitter=jitter)
    assert isinstance(found, TryAgain)
    return (found.at - NOW).total_seconds()


@pytest.mark.parametrize(("tries", "seconds"), [(1, 15), (2, 60), (3, 240), (4, 900), (5, 3600), (50, 3600)])
def test_transient_error_waits_longer_each_time(tries: int, seconds: float) -> None:
    assert wait_s(TransientError("busy"), tries=tries) == seconds


def test_other_side_says_when_and_is_never_asked_earlier() -> None:
    assert wait_s(TransientError("busy", retry_after_s=7)) == 7
    assert 7 <= wait_s(TransientError("busy", retry_after_s=7), jitter=1.0) <= 9


def test_conflict_comes_back_soon() -> None:
    assert wait_s(ConflictError("at it")) == 2
    assert wait_s(ConflictError("at it"), tries=40) == 60


@pytest.mark.parametrize(
    "error", [RejectedError("no"), SettingsError("X"), DoubtfulError("perhaps"), ZeroDivisionError("x"), KeyError("x")]
)
def test_what_waiting_does_not_mend_fails_at_once(error: BaseException) -> None:
    assert isinstance(outcome(error), GiveUp)


@pytest.mark.parametrize(
    "error",
    [
        sqlalchemy.exc.OperationalError("select", {}, psycopg.errors.SerializationFailure()),
        sqlalchemy.exc.OperationalError("select", {}, psycopg.errors.AdminShutdown()),
        sqlalchemy.exc.InternalError("select", {}, psycopg.errors.ReadOnlySqlTransaction()),
        sqlalchemy.exc.TimeoutError(),
        psycopg.OperationalError(),
    ],
)
def test_database_trouble_is_transient(error: BaseException) -> None:
    assert wait_s(error) == 15


def test_tries_and_age_have_a_ceiling() -> None:
    assert isinstance(outcome(TransientError("busy"), tries=60), GiveUp)
    assert isinstance(outcome(TransientError("busy"), tries=9, failing_for=dt.timedelta(hours=47.5)), GiveUp)
    assert isinstance(outcome(TransientError("busy"), tries=9, failing_for=dt.timedelta(hours=46)), TryAgain)
    # 49 days, as some services ask for
    assert isinstance(outcome(TransientError("busy", retry_after_s=4_233_600)), GiveUp)


def test_reason_quotes_our_messages_and_nobody_elses() -> None:
    assert reason_of(RejectedError("The key was revoked.")) == "RejectedError: The key was revoked."
    assert "secret body" not in reason_of(ValueError("secret body"))
    assert "secret body" not in reason_of(sqlalchemy.exc.OperationalError("secret body", {}, Exception("secret body")))
