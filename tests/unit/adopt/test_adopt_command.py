"""`paperbot adopt --dry-run`: a person sees what a post would become."""

from pathlib import Path

from click.testing import CliRunner

from bot.cli.main import cli
from tests.unit.adopt.posts import WEEKLY_2024


def test_dry_run_prints_the_mapping_and_what_has_no_place(tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_text(WEEKLY_2024, encoding="utf-8")
    shown = CliRunner().invoke(cli, ["adopt", str(post), "--dry-run"])
    assert shown.exit_code == 0
    assert "series: weekly" in shown.output
    assert "3 items, 7 links." in shown.output
    assert "| 어느 분이 덧붙인 말입니다." in shown.output
    assert "byte for byte" in shown.output


def test_nothing_is_stored_without_saying_so(tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_text(WEEKLY_2024, encoding="utf-8")
    assert CliRunner().invoke(cli, ["adopt", str(post)]).exit_code == 2


def test_a_file_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_bytes(b"\xff\xfe\x00")
    refused = CliRunner().invoke(cli, ["adopt", str(post), "--dry-run"])
    assert refused.exit_code == 1
    assert "is not UTF-8 text" in refused.output
