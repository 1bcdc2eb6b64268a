"""Times as Discourse writes them."""

import datetime as dt
from email.utils import format_datetime


def stamp(at: dt.datetime | None) -> str | None:
    """UTC with milliseconds."""
    return (
        None if at is None else at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    )


def http_date(at: dt.datetime) -> str:
    """For the `Date` header."""
    return format_datetime(at.astimezone(dt.UTC), usegmt=True)
