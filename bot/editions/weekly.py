"""The weekly series: DAIR.AI's ten papers of a week become one topic, keyed by the week's Monday."""

import datetime as dt

from bot.languages.ko import labels

SERIES = "weekly"
SOURCE = "dair"


def monday_of(day: dt.date) -> dt.date:
    """The Monday of the week that `day` lies in."""
    return day - dt.timedelta(days=day.weekday())


def title(start: dt.date, end: dt.date) -> str:
    """The topic's title."""
    return labels.weekly_title(start, end)


def external_id(period: str, attempt: int = 1) -> str:
    """The key that makes the topic unique on the forum, e.g. `weekly-2026-11-09-ko`; at most 50 of `[A-Za-z0-9_-]`.

    A deleted topic keeps its key for ever, so a second topic for the same week has a number behind it.
    """
    return f"weekly-{period}-ko" + (f"-{attempt}" if attempt > 1 else "")
