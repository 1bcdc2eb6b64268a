"""The rules behind the figures: what is usual for a source, what a month is, what counts as limited."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.figures import month, silence
from bot.figures.standing import median
from bot.forum.discourse import Call
from bot.languages.ko import figures as words

DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


def arrivals(*pauses_days: int, late: int = 0) -> list[tuple[dt.date, dt.datetime]]:
    """Lists with these pauses between them, newest first, each seen `late` days after its date."""
    days = [NOON]
    for pause in pauses_days:
        days.insert(0, days[0] + pause * DAY)
    return [(at.date(), at + late * DAY) for at in days]


def test_usual_is_the_longest_pause() -> None:
    assert silence.usual_pause(arrivals(1, 1, 3, 1)) == 3 * DAY
    assert silence.usual_pause(arrivals(7, 7, 7, late=10)) == 7 * DAY


def test_lists_collected_in_one_go_are_as_far_apart_as_their_dates() -> None:
    together = [(day, NOON) for day, _ in arrivals(7, 7, 7)]
    assert silence.usual_pause(together) == 7 * DAY


def test_three_lists_say_nothing_yet() -> None:
    assert silence.usual_pause(arrivals(1, 1)) is None
    assert silence.usual_pause([]) is None


@pytest.mark.parametrize(("silent_days", "is_silent"), [(7, False), (10, False), (11, True)])
def test_silence_begins_after_half_as_long_again(silent_days: int, is_silent: bool) -> None:
    source = silence.Source("dair", NOON.date(), NOON, silent_days * DAY, 7 * DAY)
    assert source.is_silent is is_silent
    assert not silence.Source("dair", NOON.date(), NOON, 900 * DAY, None).is_silent


def test_months_follow_each_other_without_a_gap() -> None:
    for zone in ("Asia/Seoul", "Europe/Berlin", "America/Santiago"):
        spans = [month.span_of(f"{2025 + number // 12}-{number % 12 + 1:02}", zone) for number in range(36)]
        assert all(before.end == after.start for before, after in pairwise(spans))
        assert sum(len(span.days) for span in spans) == 3 * 365
    assert len(month.span_of("2028-02", "Asia/Seoul").days) == 29


@pytest.mark.parametrize("given_", ["2026-13", "2026-00", "2026-1", "26-01", "november", "2026-11-01", "0000-01", ""])
def test_what_is_no_month_is_refused(given_: str) -> None:
    with pytest.raises(RejectedError, match="2026-11"):
        month.span_of(given_, "Asia/Seoul")


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_median_lies_in_the_middle(values: list[float]) -> None:
    found = median(values)
    assert found is not None
    assert sum(value <= found for value in values) * 2 >= len(values)
    assert sum(value >= found for value in values) * 2 >= len(values)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "ok"),
        (302, "ok"),
        (429, "limited"),
        (403, "refused"),
        (422, "refused"),
        (503, "failed"),
        (None, "unanswered"),
    ],
)
def test_calls_are_counted_by_how_they_ended(status: int | None, outcome: str) -> None:
    assert Call("GET", "topics/show", status).outcome == outcome


def test_times_are_said_as_people_say_them() -> None:
    assert [words.hours(value) for value in (None, 0.5, 3.25, 72)] == ["–", "30분", "3.2시간", "3.0일"]
    assert [words.days(span) for span in (5 * dt.timedelta(hours=1), 2 * DAY)] == ["5시간", "2일"]
