"""What every series owes the code that asks it."""

import re
from pathlib import Path

import pytest

from bot.editions import series
from bot.editions.series import Series
from bot.errors import RejectedError
from bot.jobs import calendar, tasks
from bot.settings import Settings

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "adding-a-series.md"


@pytest.mark.parametrize("of", series.known(), ids=lambda of: of.name)
def test_description_fits_what_asks_it(of: Series) -> None:
    assert series.named(of.name) is of
    assert all(name in Settings.model_fields for name in of.place)
    if of.newest is None:
        return
    period = of.period_of("2026-11-12")
    assert of.period_of(period) == period
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,50}", of.external_id(period, 12))
    with pytest.raises(RejectedError, match="YYYY-MM-DD"):
        of.period_of("someday")


def test_every_slot_that_makes_an_edition_has_its_task() -> None:
    for task, name in calendar.SERIES_OF.items():
        assert task in tasks.TASKS
        assert series.named(name).newest is not None


def test_unknown_series_is_named_with_the_known_ones() -> None:
    with pytest.raises(RejectedError, match="weekly, daily"):
        series.named("hourly")


def test_guide_names_files_and_functions_that_are_there() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    root = GUIDE.parent.parent
    named = set(re.findall(r"`((?:bot|tests)/[\w/]+\.py)`", text))
    assert len(named) > 8
    assert [name for name in named if not (root / name).is_file()] == []
    fields = set(
        re.findall(r"^    (\w+)=", text.partition("MONTHLY = Series(")[2].partition(")\n```")[0], re.MULTILINE)
    )
    assert fields == set(Series.__dataclass_fields__)
