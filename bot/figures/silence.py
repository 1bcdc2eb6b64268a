"""How long a source is usually silent, and whether it is silent for longer now."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.settings import Settings

LISTS = 13
"""So many of the newest lists tell what is usual."""
PATIENCE = 1.5
"""A source is silent when nothing came for so many times its longest pause among them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source of lists.

    Attributes:
        list_date: first day of the newest list.
        seen_at: when that list was collected.
        silent: for how long nothing came since.
        usual: the longest pause between two of the last lists; None while too few are known.
    """

    name: str
    list_date: dt.date
    seen_at: dt.datetime
    silent: dt.timedelta
    usual: dt.timedelta | None

    @property
    def is_silent(self) -> bool:
        """Whether it is silent for longer than usual."""
        return self.usual is not None and self.silent > self.usual * PATIENCE


def wanted(settings: Settings) -> list[str]:
    """The sources that the calendar asks, as they are stored in `sightings.source`."""
    if settings.forum_url is None or settings.forum_api_key is None:
        return []
    return ["dair"] if settings.daily_category_id is None else ["dair", "huggingface"]


_NEWEST = text(
    """
    select list_date, min(seen_at) from sightings where source = :source
    group by list_date order by list_date desc limit :lists
    """
)


def sources(session: Session, names: Sequence[str], now: dt.datetime) -> list[Source]:
    """Those of the sources that ever had a list."""
    found = []
    for name in names:
        arrivals = [(day, at) for day, at in session.execute(_NEWEST, {"source": name, "lists": LISTS})]
        if arrivals:
            day, at = arrivals[0]
            found.append(Source(name, day, at, now - max(seen for _, seen in arrivals), usual_pause(arrivals)))
    return found


def usual_pause(arrivals: Sequence[tuple[dt.date, dt.datetime]]) -> dt.timedelta | None:
    """The longest pause between two lists, by their dates and by when they came; None with fewer than four lists.

    Both, because lists that were collected in one go came without any pause, and a list may come late.

    Args:
        arrivals: date of each list and when it was seen, newest first.
    """
    if len(arrivals) < 4:
        return None
    by_date = [later - earlier for (later, _), (earlier, _) in pairwise(arrivals)]
    seen = sorted(at for _, at in arrivals)
    return max(*by_date, *(later - earlier for earlier, later in pairwise(seen)))
