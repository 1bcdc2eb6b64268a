"""How often strangers may ask for something. Who asks is remembered under a keyed hash, for two days."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from bot.store.rows import affected
from bot.store.tables import Attempt


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in `within`."""

    count: int
    within: dt.timedelta


PER_ADDRESS = (Limit(1, dt.timedelta(minutes=10)), Limit(3, dt.timedelta(days=1)))
PER_NETWORK = (Limit(10, dt.timedelta(hours=1)),)
KEPT = dt.timedelta(days=2)


def take(session: Session, wishes: Sequence[tuple[str, Sequence[Limit]]], now: dt.datetime) -> bool:
    """Count one attempt of each of `wishes` (who, limits); False, and nothing is counted, if one is over a limit."""
    for who, limits in sorted(wishes, key=lambda wish: wish[0]):  # one order: two requests cannot block each other
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:who, 0))"), {"who": f"attempt:{who}"})
        for limit in limits:
            seen = session.scalar(
                select(func.count()).select_from(Attempt).where(Attempt.who == who, Attempt.at > now - limit.within)
            )
            if (seen or 0) >= limit.count:
                return False
    session.add_all(Attempt(who=who, at=now) for who, _ in wishes)
    return True


def prune(session: Session, now: dt.datetime) -> int:
    """Forget attempts that no limit looks at any more; how many."""
    return affected(session, delete(Attempt).where(Attempt.at < now - KEPT))
