"""Counting the calls of the forum over all processes, by day and by how they ended."""

import datetime as dt
import logging
from collections.abc import Mapping

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from bot.store.engine import Sessions
from bot.store.tables import ForumCalls

_log = logging.getLogger(__name__)


def record(sessions: Sessions, outcomes: Mapping[str, int], now: dt.datetime) -> None:
    """Add to the day's counts. Where the database is away, these calls go uncounted: no work fails for a figure."""
    if not outcomes:
        return
    day = now.astimezone(dt.UTC).date()
    rows = [{"day": day, "outcome": name, "count": count} for name, count in sorted(outcomes.items())]
    statement = insert(ForumCalls).values(rows)
    try:
        with sessions.begin() as session:
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["day", "outcome"], set_={"count": ForumCalls.count + statement.excluded.count}
                )
            )
    except SQLAlchemyError as exc:
        _log.warning("forum calls not counted", extra={"reason": type(exc).__name__})
