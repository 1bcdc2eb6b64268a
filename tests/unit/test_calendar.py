"""Which slots are due, as a pure function of the time: late starts, jumps of the clock, and both changes of it."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.jobs.calendar import Daily, Every, Weekly, due_slots, parse_weekly, rules_of
from bot.settings import Settings

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
MONDAY_NINE = Weekly("run_weekly", 0, dt.time(9))


def utc(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "slots"),
    [
        ("2026-11-15T23:59:59", []),  # Monday 08:59:59 in Seoul; last week's slot is too old
        ("2026-11-16T00:00:00", ["2026-11-16"]),
        ("2026-11-19T00:00:00", ["2026-11-16"]),  # three days late to the second
        ("2026-11-19T00:00:01", []),
        ("2026-12-28T00:00:00", ["2026-12-28"]),  # ISO week 53
        ("2027-01-01T00:00:00", []),
        ("2028-02-29T01:00:00", ["2028-02-28"]),
    ],
)
def test_weekly_run_is_due_from_its_time_on_for_three_days(now: str, slots: list[str]) -> None:
    assert due_slots(utc(now), SEOUL, [MONDAY_NINE]) == [("run_weekly", slot) for slot in slots]


def test_missed_days_are_due_again_up_to_a_number_the_oldest_first() -> None:
    rule = Daily("run_daily", dt.time(9), made_up=3)
    now = utc("2026-11-16T23:00:00")  # Tuesday 08:00 in Seoul: Monday's time was 23 hours ago
    days = ["2026-11-14", "2026-11-15", "2026-11-16"]
    assert due_slots(now, SEOUL, [rule]) == [("run_daily", day) for day in days]
    assert due_slots(now, SEOUL, [Daily("run_daily", dt.time(9))]) == []


@pytest.mark.parametrize(
    ("at", "first_instant"),
    [
        # 8 March 2026: 02:00 becomes 03:00 at 07:00 UTC.
        ("01:59", "2026-03-08T06:59:00"),
        ("02:00", "2026-03-08T07:00:00"),
        ("02:30", "2026-03-08T07:00:00"),
        ("03:00", "2026-03-08T07:00:00"),
        ("03:30", "2026-03-08T07:30:00"),
        # 1 November 2026: 02:00 becomes 01:00 at 06:00 UTC.
        ("01:30", "2026-11-01T05:30:00"),
        ("02:00", "2026-11-01T07:00:00"),
    ],
)
def test_new_york_changes_its_clocks(at: str, first_instant: str) -> None:
    instant = utc(first_instant)
    rule = Daily("prune", dt.time.fromisoformat(at), dt.timedelta(hours=1))
    day = ("prune", instant.astimezone(NEW_YORK).date().isoformat())
    assert due_slots(instant, NEW_YORK, [rule]) == [day]
    assert day not in due_slots(instant - dt.timedelta(seconds=1), NEW_YORK, [rule])


def test_doubled_hour_has_one_slot() -> None:
    rule = Daily("prune", dt.time(1, 30))
    start = utc("2026-11-01T05:30:00")
    slots = {tuple(due_slots(start + dt.timedelta(minutes=n), NEW_YORK, [rule])) for n in range(180)}
    assert slots == {(("prune", "2026-11-01"),)}


def test_sweeps_missed_while_down_are_one_sweep() -> None:
    rule = Every("sweep_posts", 10)
    assert due_slots(utc("2026-11-16T03:19:59"), SEOUL, [rule]) == [("sweep_posts", "2026-11-16T03:10Z")]
    assert due_slots(utc("2026-11-17T09:00:00"), SEOUL, [rule]) == [("sweep_posts", "2026-11-17T09:00Z")]


moments = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2029, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
times = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59))
zones = st.sampled_from([SEOUL, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"), ZoneInfo("UTC")])


@given(moments, times, zones, st.integers(0, 6))
def test_every_week_has_its_slot_and_slots_only_grow(
    moment: dt.datetime, at: dt.time, zone: ZoneInfo, weekday: int
) -> None:
    rule = Weekly("run_weekly", weekday, at, dt.timedelta(days=8))
    hours = [due_slots(moment + dt.timedelta(hours=n), zone, [rule]) for n in range(0, 24 * 15, 6)]
    days = [dt.date.fromisoformat(slots[0][1]) for slots in hours]
    assert days == sorted(days)
    assert all(day.weekday() == weekday for day in days)
    assert 3 <= len(set(days)) <= 4
    assert all(later - earlier in (dt.timedelta(0), dt.timedelta(7)) for earlier, later in itertools.pairwise(days))


@pytest.mark.parametrize("value", ["Monday 09:00", "Mon", "Mon 25:00", "", "09:00 Mon"])
def test_malformed_time_of_the_weekly_run_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="WEEKLY_RUN_AT"):
        parse_weekly(value)


def test_without_a_forum_only_the_house_is_kept() -> None:
    without = Settings(_env_file=None, forum_url=None, forum_api_key=None)
    assert {rule.task for rule in rules_of(without)} == {"rescue_stalled", "prune"}
    forum = Settings(_env_file=None, forum_url="https://forum.example", forum_api_key="key")
    assert {rule.task for rule in rules_of(forum)} >= {"run_weekly", "sweep_posts", "sweep_topics", "remind"}
