"""The calendar decides when; the queue does the work (`queue.py`).

A pure function says which slots are due, a row in `due_runs` says that a slot was begun, and the job is deferred in the
transaction that writes the row. So two calendars, a restart and a clock set back change nothing. APScheduler only wakes
this up: its own memory of firings is not used, because it forgets one that is a second late.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.editions import series
from bot.errors import SettingsError
from bot.jobs import queue
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.schedule import began_before, begin_slot

_log = logging.getLogger(__name__)

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TICK_S = 10.0
LATE_WEEKLY = dt.timedelta(days=3)
NIGHT = dt.time(3, 30)
WATCH = dt.time(10, 30)
"""When upstreams are looked at for changes: arXiv announces new versions before."""
SERIES_OF = {"run_weekly": "weekly", "run_daily": "daily"}
"""Slots that make an edition of a series: the newest one, by the slot's day."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once a week at a wall-clock time. A slot is called by its local date; `late` is how long it may still begin."""

    task: str
    weekday: int
    at: dt.time
    late: dt.timedelta = LATE_WEEKLY


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a wall-clock time. A slot is called by its local date.

    Attributes:
        late: how long it may still begin.
        made_up: so many of the last days are made up for where they were missed, however late.
    """

    task: str
    at: dt.time
    late: dt.timedelta = dt.timedelta(hours=18)
    made_up: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many minutes, counted from the epoch: no wall clock can skip or double one. Only the newest counts."""

    task: str
    minutes: int


Rule = Weekly | Daily | Every
Slot = tuple[str, str]
"""Task, and the slot's name; names of one task sort by time."""


def due_slots(now: dt.datetime, zone: ZoneInfo, rules: Sequence[Rule]) -> list[Slot]:
    """The newest slot of each rule that has come and is not too old, whether begun or not.

    Before it stand the days that a rule makes up for, oldest first.

    A wall-clock time that a zone leaves out in spring means the first instant after the gap; one that comes twice in
    autumn means the first.
    """
    found = []
    for rule in rules:
        if isinstance(rule, Every):
            step_s = rule.minutes * 60
            start = dt.datetime.fromtimestamp(int(now.timestamp()) // step_s * step_s, dt.UTC)
            found.append((rule.task, f"{start:%Y-%m-%dT%H:%MZ}"))
            continue
        day = _newest_day(now, zone, rule)
        if isinstance(rule, Daily) and rule.made_up:
            earlier = (day - dt.timedelta(days=days) for days in range(rule.made_up - 1, -1, -1))
            found += [(rule.task, one.isoformat()) for one in earlier]
            continue
        if now - _instant(day, rule.at, zone) <= rule.late:
            found.append((rule.task, day.isoformat()))
    return found


def _newest_day(now: dt.datetime, zone: ZoneInfo, rule: Weekly | Daily) -> dt.date:
    """The latest day on which the rule's time has come."""
    day = now.astimezone(zone).date()
    step = 1
    if isinstance(rule, Weekly):
        day -= dt.timedelta(days=(day.weekday() - rule.weekday) % 7)
        step = 7
    return day if _instant(day, rule.at, zone) <= now else day - dt.timedelta(days=step)


def _instant(day: dt.date, at: dt.time, zone: ZoneInfo) -> dt.datetime:
    """When the wall clock shows this time first, in UTC."""
    instant = dt.datetime.combine(day, at, zone).astimezone(dt.UTC)
    if instant.astimezone(zone).time() == at:
        return instant
    # In the gap. Its end is the first instant of the new offset; clocks change on whole minutes.
    after = dt.datetime.combine(day, at, zone).replace(fold=1).astimezone(dt.UTC)
    low, high = int(after.timestamp() // 60), int(instant.timestamp() // 60)
    offset = instant.astimezone(zone).utcoffset()
    while low < high:
        middle = (low + high) // 2
        if dt.datetime.fromtimestamp(middle * 60, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    return dt.datetime.fromtimestamp(low * 60, dt.UTC)


def rules_of(settings: Settings) -> list[Rule]:
    """What the settings want done. Without a forum only the house is kept."""
    rules: list[Rule] = [Every("rescue_stalled", 1), Daily("prune", NIGHT)]
    if settings.forum_url is not None and settings.forum_api_key is not None:
        weekday, at = parse_weekly(settings.weekly_run_at)
        rules += [
            Weekly("run_weekly", weekday, at),
            Every("sweep_posts", 10),
            Every("sweep_topics", 10),
            Every("remind", 60),
            Every("apply_ripples", 10),
            Daily("watch_sources", WATCH),
        ]
        if settings.daily_category_id is not None:
            rules.append(Daily("run_daily", settings.daily_run_at, made_up=settings.daily_made_up_days))
    # Imported here: the templates take a moment.
    from bot.digests import office, periods
    from bot.jobs import alerts

    if alerts.has_way(settings):
        rules.append(Every("tell_operator", 15))

    if office.is_set_up(settings):
        periods.rules_of(settings)
        rules.append(Every("tend_digests", 1))
        if settings.imap_host is not None:
            rules.append(Every("read_mailbox", 5))
        if settings.members_api_key is not None:
            rules.append(Daily("sweep_members", NIGHT))
    return rules


def parse_weekly(value: str) -> tuple[int, dt.time]:
    """Weekday (Monday is 0) and time of `Mon 09:00`.

    Raises:
        SettingsError: it has another form.
    """
    try:
        name, _, clock_time = value.partition(" ")
        return WEEKDAYS.index(name), dt.time.fromisoformat(clock_time)
    except ValueError:
        raise SettingsError(
            f"WEEKLY_RUN_AT must be a weekday and a time such as `Mon 09:00` (one of {', '.join(WEEKDAYS)})."
        ) from None


def zone_of(settings: Settings) -> ZoneInfo:
    """The forum's time zone.

    Raises:
        SettingsError: there is no such zone.
    """
    try:
        return ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError("TIME_ZONE must be an IANA name such as Asia/Seoul.") from None


def begin(sessions: Sessions, slot: Slot, *, is_missed: bool = False) -> bool:
    """Begin a slot: its row and its job, or neither; False if it was begun before, here or elsewhere.

    Args:
        is_missed: a later one has come; begun only if the task was at work before it, so that a new service does not
            make up for days before its own.
    """
    task, name = slot
    with sessions.begin() as session:
        if (is_missed and not began_before(session, task, name)) or not begin_slot(session, task, name):
            return False
        if task in SERIES_OF:
            of = series.named(SERIES_OF[task])
            assert of.newest is not None
            defer_series(session, of.name, of.newest(dt.date.fromisoformat(name)))
        else:
            # The rescue has no lock: a worker that died with it would keep it for ever.
            is_rescue = task == "rescue_stalled"
            lock = None if is_rescue else task
            queue.defer(session, task, lock=lock, queueing_lock=task, priority=10 if is_rescue else 0)
    return True


def defer_series(session: Session, name: str, period: str, *, run_at: dt.datetime | None = None) -> bool:
    """Defer the job of one edition of a series; one edition is never made twice at a time."""
    key = f"run_{name}-{period}"
    return queue.defer(session, f"run_{name}", lock=key, queueing_lock=key, run_at=run_at, period=period)


class Calendar:
    """Looks every few seconds which slots are due, and begins them. Runs in threads of its own."""

    def __init__(
        self, sessions: Sessions, zone: ZoneInfo, rules: Sequence[Rule], *, now: Callable[[], dt.datetime]
    ) -> None:
        self._sessions, self._zone, self._rules, self._now = sessions, zone, rules, now
        self._begun: set[Slot] = set()
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._scheduler = BackgroundScheduler(timezone=zone)
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    def start(self) -> None:
        """Begin to look, now first: what was missed is caught up."""
        self._scheduler.add_job(
            self.look,
            "interval",
            seconds=TICK_S,
            id="look",
            next_run_time=self._now(),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()

    def stop(self) -> None:
        """Look no more; does not wait."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def look(self) -> list[Slot]:
        """Begin what is due; the slots that this call began."""
        with self._lock:
            self._looked_at = time.monotonic()
            begun = []
            due = due_slots(self._now(), self._zone, self._rules)
            newest = dict(due)
            self._begun.intersection_update(due)
            for slot in due:
                task, name = slot
                if slot in self._begun:
                    continue
                try:
                    if begin(self._sessions, slot, is_missed=name != newest[task]):
                        begun.append(slot)
                        _log.debug("slot begun", extra={"task": task, "slot": name})
                except SQLAlchemyError as exc:
                    # The next look comes in seconds; the slot is still due then.
                    _log.warning("slot not begun", extra={"task": task, "slot": name, "reason": type(exc).__name__})
                else:
                    self._begun.add(slot)
            return begun

    def nudge(self, *, silent_s: float = 3 * TICK_S) -> bool:
        """Wake the scheduler if it has not looked for so long; True if that was needed.

        APScheduler plans by the wall clock: set back by a day, it would sleep through that day.
        """
        if time.monotonic() - self._looked_at < silent_s:
            return False
        self._scheduler.modify_job("look", next_run_time=self._now())
        return True
