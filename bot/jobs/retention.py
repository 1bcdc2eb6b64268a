"""What is kept for a time only: one row a kind of data, applied by the nightly job."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.jobs import queue
from bot.settings import Settings
from bot.store import inbox, schedule
from bot.store.engine import Sessions
from bot.translation import calls


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data with an end.

    Attributes:
        what: its name, for the log.
        days: name of the setting that says how many days it is kept.
        delete: deletes what is older than a time, a bounded number at once; returns how many.
    """

    what: str
    days: str
    delete: Callable[[Session, dt.datetime], int]


KEPT = (
    Kept("webhooks", "inbox_keep_days", inbox.prune),
    Kept("finished jobs", "jobs_keep_days", queue.prune_finished),
    Kept("failed jobs", "failed_jobs_keep_days", queue.prune_failed),
    Kept("slots", "jobs_keep_days", schedule.prune_slots),
    Kept("model answers", "answers_keep_days", calls.forget_answers),
)
"""Every setting whose name ends in `_keep_days` has its row here."""


def apply(sessions: Sessions, settings: Settings, *, now: dt.datetime) -> dict[str, int]:
    """Delete what is too old, each kind in a transaction of its own; how many, by kind."""
    counts = {}
    for kept in KEPT:
        with sessions.begin() as session:
            before = now - dt.timedelta(days=getattr(settings, kept.days))
            counts[kept.what] = kept.delete(session, before)
    return counts
