"""Every setting that limits how long something is kept is applied by the nightly job."""

from bot.jobs.retention import KEPT
from bot.settings import Settings


def test_every_keep_days_setting_has_its_row_and_every_row_its_setting() -> None:
    settings = {name for name in Settings.model_fields if name.endswith("_keep_days")}
    assert {kept.days for kept in KEPT} == settings


def test_kinds_of_data_are_named_apart() -> None:
    assert len({kept.what for kept in KEPT}) == len(KEPT)
