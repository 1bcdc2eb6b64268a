"""`paperbot adopt --dry-run`: a person sees what a post would become."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import cli
from tests.unit.adopt.posts import DAILY, NO_KNOWN_FORM, TALK, WEEKLY_2024


def test_dry_run_prints_the_mapping_and_what_has_no_place(tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_text(WEEKLY_2024, encoding="utf-8")
    shown = CliRunner().invoke(cli, ["adopt", str(post), "--dry-run"])
    assert shown.exit_code == 0
    assert "series: weekly" in shown.output
    assert "3 items, 7 links." in shown.output
    assert "| 어느 분이 덧붙인 말입니다." in shown.output
    assert "byte for byte" in shown.output


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (WEEKLY_2024, "does not tell its week (give the topic's title with --title)"),
        (NO_KNOWN_FORM, "has none of the known forms"),
        (DAILY.replace("2024-06-10", "2024-06-31"), "is no day of the calendar"),
        (TALK.replace("date: 2025-05-01\n", ""), "does not tell the talk's day"),
        (f"{DAILY}\x00", "holds a NUL character"),
    ],
)
def test_what_cannot_be_adopted_is_refused_before_a_database_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: str, said: str
) -> None:
    post = tmp_path / "post.md"
    post.write_text(raw, encoding="utf-8")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    refused = CliRunner().invoke(cli, ["adopt", str(post)])
    assert refused.exit_code == 1
    assert said in refused.output
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("no-such-file.md",), ("https://forum.example/t/5", "--title", "이번 주")])
def test_what_is_neither_file_nor_topic_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cli, ["adopt", *arguments]).exit_code == 2


def test_a_file_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_bytes(b"\xff\xfe\x00")
    refused = CliRunner().invoke(cli, ["adopt", str(post), "--dry-run"])
    assert refused.exit_code == 1
    assert "is not UTF-8 text" in refused.output
