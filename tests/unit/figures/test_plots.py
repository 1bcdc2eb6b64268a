"""Shapes of plots: inside their picture, in the right proportion, whatever the numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.figures import plots

VALUES = st.floats(0, 1e9, allow_nan=False).map(lambda value: 0.0 if value < 1e-6 else value)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=0, max_size=40))
def test_columns_stay_in_the_picture_and_stack(pairs: list[tuple[float, float]]) -> None:
    labels = [str(number) for number in range(len(pairs))]
    plot = plots.columns(labels, {"one": [a for a, _ in pairs], "two": [b for _, b in pairs]})
    for bar in plot.bars:
        assert bar.x >= plots.LEFT
        assert bar.x + bar.width <= plot.width
        assert bar.y >= plots.TOP - 1e-6
        assert bar.y + bar.height <= plot.height - plots.BOTTOM + 1e-6
    assert len(plot.bars) == sum((a > 0) + (b > 0) for a, b in pairs)
    assert len(plot.below) <= plots.MOST_LABELS


def test_a_column_twice_as_high_is_drawn_twice_as_high() -> None:
    low, high = plots.columns(["a", "b"], {"one": [2, 4]}).bars
    assert high.height == pytest.approx(2 * low.height)


def test_series_without_values_have_no_colour() -> None:
    plot = plots.columns(["a"], {"one": [0], "two": [3], "three": [1]})
    assert plot.legend == ("two", "three")
    assert [bar.series for bar in plot.bars] == [0, 1]
    assert plots.columns(["a"], {"one": [0]}).is_empty
    assert plots.columns([], {}).is_empty


@given(st.floats(1e-6, 1e9))
def test_axis_is_round_and_reaches_the_highest_value(highest: float) -> None:
    ticks = plots.axis(highest)
    assert ticks[0] == 0
    assert ticks[-1] >= highest * 0.999999
    assert 3 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))


@given(st.integers(1, 10**6))
def test_counts_have_no_halves_on_their_axis(highest: int) -> None:
    ticks = plots.axis(highest, smallest=1.0)
    assert ticks[-1] >= highest
    assert min(later - earlier for earlier, later in pairwise(ticks)) >= 1
    assert len(ticks) <= 6


@given(st.lists(st.tuples(st.text(max_size=80), VALUES, st.just("9 h")), max_size=30))
def test_rows_leave_room_for_their_numbers(values: list[tuple[str, float, str]]) -> None:
    plot = plots.rows(values)
    for bar, name in zip(plot.bars, plot.below, strict=True):
        assert bar.x + bar.width + plots.NUMBERS <= plot.width + 1e-6
        assert bar.y + bar.height <= plot.height
        assert sum(2 if ord(letter) > 0x1100 else 1 for letter in name.text.removesuffix("…")) <= plots.NAME_LETTERS
