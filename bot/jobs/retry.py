"""When a failed job is tried again. Only the category of the error decides (`bot/errors.py`), never its text.

| error                              | what happens                                                          |
| ---------------------------------- | --------------------------------------------------------------------- |
| `TransientError`, database trouble | again when the other side said, else after 15 s, 1, 4, 15 min, hourly |
| `ConflictError`                    | again soon: somebody else did it or is at it                          |
| `RejectedError`, `DoubtfulError`   | failed, and shown                                                     |
| any other exception                | failed, and shown: a mistake in the code, which waiting does not mend |

A job that was tried too often, or for too long, fails with its last error.
"""

import datetime as dt
import random
from dataclasses import dataclass

import psycopg
import sqlalchemy.exc
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from bot.errors import BotError, ConflictError, TransientError

TRANSIENT_WAITS_S = (15.0, 60.0, 240.0, 900.0)
LONGEST_WAIT_S = 3600.0
CONFLICT_WAITS_S = (2.0, 5.0, 15.0, 30.0)
LONGEST_CONFLICT_WAIT_S = 60.0
JITTER = 0.25
"""A wait is made longer by up to this part of itself, so that jobs that failed together do not come back together."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How often and how long a job is tried before it fails for good."""

    tries: int = 60
    age: dt.timedelta = dt.timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The job goes back into the queue until then."""

    at: dt.datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The job fails; `reason` is for the operator."""

    reason: str


def is_database_trouble(error: BaseException) -> bool:
    """Whether the database was away, busy or cut us off: a repetition from the start is right."""
    if isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError | sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):  # 25006 (read only) is an InternalError of psycopg's
        return error.connection_invalidated or isinstance(error.orig, psycopg.errors.ReadOnlySqlTransaction)
    return isinstance(error, psycopg.OperationalError)


def reason_of(error: BaseException) -> str:
    """The error in a sentence that may be stored and shown.

    Our own messages hold no secret; those of others may quote statements and bodies, so only their kind is kept.
    """
    if isinstance(error, BotError):
        return f"{type(error).__name__}: {error}"
    if is_database_trouble(error):
        return f"The database was not ready ({type(error).__name__})."
    return f"A mistake in the code: {type(error).__name__}; the log has its place."


def decide(
    error: BaseException,
    *,
    tries: int,
    failing_since: dt.datetime,
    now: dt.datetime,
    ceiling: Ceiling,
    random_part: float | None = None,
) -> TryAgain | GiveUp:
    """What becomes of a job that just failed.

    Args:
        tries: how often it was tried, this time included.
        failing_since: when it failed first.
        random_part: 0 to 1, for the jitter; None draws one.
    """
    if isinstance(error, TransientError):
        wait_s = error.retry_after_s if error.retry_after_s is not None else _nth(tries, TRANSIENT_WAITS_S)
    elif is_database_trouble(error):
        wait_s = _nth(tries, TRANSIENT_WAITS_S)
    elif isinstance(error, ConflictError):
        wait_s = _nth(tries, CONFLICT_WAITS_S, LONGEST_CONFLICT_WAIT_S)
    else:
        return GiveUp(reason_of(error))
    if tries >= ceiling.tries:
        return GiveUp(f"{reason_of(error)} (given up after {tries} tries)")
    part = random.random() if random_part is None else random_part  # noqa: S311 - no secret hangs on it
    wait = dt.timedelta(seconds=max(wait_s, 0.0) * (1 + JITTER * part))
    if now + wait - failing_since > ceiling.age:
        hours = (now - failing_since).total_seconds() / 3600
        return GiveUp(f"{reason_of(error)} (given up after {tries} tries in {hours:.0f} h)")
    return TryAgain(now + wait)


def _nth(tries: int, waits_s: tuple[float, ...], longest_s: float = LONGEST_WAIT_S) -> float:
    return waits_s[tries - 1] if tries <= len(waits_s) else longest_s


class JobPostponed(Exception):  # noqa: N818 - a signal to the queue
    """Leaves a task to tell the queue when to run it again."""

    def __init__(self, at: dt.datetime, reason: str) -> None:
        super().__init__(reason)
        self.at = at


class JobFailed(Exception):  # noqa: N818 - a signal to the queue
    """Leaves a task to tell the queue that it is over."""


class AsDecided(BaseRetryStrategy):
    """Hands our decision, which travels as an exception, to procrastinate."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        """Again at the time the exception names; otherwise not."""
        return RetryDecision(retry_at=exception.at) if isinstance(exception, JobPostponed) else None
