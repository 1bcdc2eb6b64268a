"""When a digest is due: a pure function of the time; restarts, late starts and clocks set back change nothing."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.digests.states import Cadence
from bot.errors import SettingsError
from bot.settings import Settings

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LATE_WEEKLY = dt.timedelta(days=3)
LATE_DAILY = dt.timedelta(hours=18)
LOOKED_BACK = dt.timedelta(days=28)
"""Slots missed longer ago are not told of."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The wall-clock times of the two cadences; `weekday` from Monday, 0."""

    weekday: int = 0
    weekly_at: dt.time = dt.time(8)
    daily_at: dt.time = dt.time(8)


@dataclass(frozen=True, slots=True)
class Period:
    """One slot of a cadence in a zone.

    Attributes:
        key: the local date, or the ISO week, e.g. `2026-W47`.
        start, slot: what was published from `start` until just before `slot` is new; in UTC.
        is_late: too old to be sent any more.
    """

    cadence: Cadence
    zone: str
    key: str
    start: dt.datetime
    slot: dt.datetime
    is_late: bool


def due_periods(now: dt.datetime, zone: str, rules: Rules, *, since: dt.datetime) -> list[Period]:
    """All periods whose slot lies after `since`, at most four weeks back, and not after `now`; oldest first.

    A time that the zone leaves out in spring means the first instant after the gap; one that comes twice in autumn
    means the first.
    """
    area = ZoneInfo(zone)
    since = max(since, now - LOOKED_BACK)
    found: list[Period] = []
    day = since.astimezone(area).date() - dt.timedelta(days=1)
    last = now.astimezone(area).date()
    while day <= last:
        found += _of_day(day, now, area, zone, rules)
        day += dt.timedelta(days=1)
    return sorted((p for p in found if since < p.slot <= now), key=lambda p: (p.slot, p.cadence))


def _of_day(day: dt.date, now: dt.datetime, area: ZoneInfo, zone: str, rules: Rules) -> list[Period]:
    slot, before = first_instant(day, rules.daily_at, area), day - dt.timedelta(days=1)
    found = [
        Period(
            "daily", zone, day.isoformat(), first_instant(before, rules.daily_at, area), slot, now - slot > LATE_DAILY
        )
    ]
    if day.weekday() == rules.weekday:
        slot, before = first_instant(day, rules.weekly_at, area), day - dt.timedelta(days=7)
        start = first_instant(before, rules.weekly_at, area)
        found.append(Period("weekly", zone, week_key(day), start, slot, now - slot > LATE_WEEKLY))
    return found


def week_key(day: dt.date) -> str:
    """The ISO week, whose year may differ from the date's."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def first_instant(day: dt.date, at: dt.time, area: ZoneInfo) -> dt.datetime:
    """When the wall clock of the zone first shows this time, or one after it, on this day; in UTC."""
    wall = dt.datetime.combine(day, at)
    instant = wall.replace(tzinfo=area).astimezone(dt.UTC)
    if instant.astimezone(area).replace(tzinfo=None) == wall:
        return instant
    # The clock jumps over it: find the jump between both readings of the time, which lie around it.
    low, high = sorted(int(wall.replace(tzinfo=area, fold=fold).astimezone(dt.UTC).timestamp()) for fold in (0, 1))
    offset = dt.datetime.fromtimestamp(high, area).utcoffset()
    while low < high:
        middle = (low + high) // 2
        if dt.datetime.fromtimestamp(middle, area).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    return dt.datetime.fromtimestamp(low, dt.UTC)


def rules_of(settings: Settings) -> Rules:
    """The times that the settings ask for.

    Raises:
        SettingsError: one has another form.
    """
    name, _, clock_time = settings.digest_weekly_at.partition(" ")
    try:
        return Rules(
            WEEKDAYS.index(name), dt.time.fromisoformat(clock_time), dt.time.fromisoformat(settings.digest_daily_at)
        )
    except ValueError:
        raise SettingsError(
            "DIGEST_WEEKLY_AT must be a weekday and a time such as `Mon 08:00`, DIGEST_DAILY_AT a time such as `08:00`."
        ) from None
