"""When digests are due: over year ends, gaps, folds, days of standstill, and clocks set back."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.periods import Period, Rules, due_periods, first_instant

SEOUL = "Asia/Seoul"
NEW_YORK = "America/New_York"
EIGHT = Rules()
TIMES = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def due(now: str, zone: str = SEOUL, *, since: str, rules: Rules = EIGHT) -> list[Period]:
    return due_periods(utc(now), zone, rules, since=utc(since))


def keys(found: list[Period]) -> list[tuple[str, str]]:
    return [(period.cadence, period.key) for period in found]


def test_monday_eight_in_seoul_brings_both_cadences() -> None:
    found = due("2026-11-15 23:00", since="2026-11-15 22:59")
    assert keys(found) == [("daily", "2026-11-16"), ("weekly", "2026-W47")]
    assert [(p.start, p.slot) for p in found] == [
        (utc("2026-11-14 23:00"), utc("2026-11-15 23:00")),
        (utc("2026-11-08 23:00"), utc("2026-11-15 23:00")),
    ]


def test_nothing_is_due_a_second_before() -> None:
    assert due("2026-11-15 22:59:59", since="2026-11-14 23:00") == []


@pytest.mark.parametrize(
    ("monday", "key"),
    [("2024-12-30", "2025-W01"), ("2026-12-28", "2026-W53"), ("2027-01-04", "2027-W01"), ("2028-02-28", "2028-W09")],
)
def test_week_is_named_by_iso_over_year_ends(monday: str, key: str) -> None:
    found = due_periods(utc(f"{monday} 01:00"), SEOUL, EIGHT, since=utc(f"{monday} 01:00") - dt.timedelta(hours=3))
    assert ("weekly", key) in keys(found)


def test_time_in_the_spring_gap_runs_right_after_it() -> None:
    at = first_instant(dt.date(2026, 3, 8), dt.time(2, 30), ZoneInfo(NEW_YORK))
    assert at == utc("2026-03-08 07:00")


def test_hour_that_comes_twice_runs_once_at_its_first() -> None:
    rules = Rules(daily_at=dt.time(1, 30))
    found = due("2026-11-01 23:00", NEW_YORK, since="2026-11-01 00:00", rules=rules)
    assert keys(found) == [("daily", "2026-11-01")]
    assert found[0].slot == utc("2026-11-01 05:30")


def test_three_days_down_are_told_of_and_late_ones_are_marked() -> None:
    found = due("2026-11-19 00:00", since="2026-11-15 22:00")
    assert [(p.key, p.is_late) for p in found] == [
        ("2026-11-16", True),
        ("2026-W47", True),
        ("2026-11-17", True),
        ("2026-11-18", True),
        ("2026-11-19", False),
    ]
    assert not next(p for p in due("2026-11-18 22:59", since="2026-11-15 22:00") if p.cadence == "weekly").is_late


@given(
    start=TIMES,
    steps=st.lists(st.integers(-3_000, 30_000), min_size=1, max_size=12),
    zone=st.sampled_from([SEOUL, NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]),
    at=st.times().map(lambda t: t.replace(microsecond=0, second=0)),
)
def test_each_slot_comes_once_however_the_clock_is_looked_at(
    start: dt.datetime, steps: list[int], zone: str, at: dt.time
) -> None:
    rules = Rules(daily_at=at, weekly_at=at)
    begin = now = start
    seen: dict[tuple[str, str], Period] = {}
    latest = now
    for step in steps:
        now += dt.timedelta(minutes=step)
        latest = max(latest, now)
        for period in due_periods(now, zone, rules, since=begin):
            key = (period.cadence, period.key)
            known = seen.setdefault(key, period)
            assert (known.start, known.slot) == (period.start, period.slot)
    if latest - begin < dt.timedelta(days=28):
        whole = due_periods(latest, zone, rules, since=begin)
        assert {(p.cadence, p.key) for p in whole} == set(seen)


@given(
    now=TIMES,
    zone=st.sampled_from([SEOUL, NEW_YORK, "Australia/Lord_Howe", "Europe/Berlin"]),
    at=st.times().map(lambda t: t.replace(microsecond=0, second=0)),
)
def test_windows_of_a_cadence_join_without_gap_or_overlap(now: dt.datetime, zone: str, at: dt.time) -> None:
    found = due_periods(now, zone, Rules(daily_at=at, weekly_at=at), since=now - dt.timedelta(days=28))
    for cadence in ("daily", "weekly"):
        row = [p for p in found if p.cadence == cadence]
        assert all(p.start < p.slot for p in row)
        assert all(left.slot == right.start for left, right in itertools.pairwise(row))
