"""What people give on the command line: files from other systems, numbers and texts that are none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import cli

BOM = b"\xef\xbb\xbf"


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, arguments)
    return done.exit_code, done.output


def test_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    article, comments = tmp_path / "a.md", tmp_path / "c.jsonl"
    article.write_bytes(BOM + "# 제목\n\n침대 프롬프트를 씁니다.\n".encode())
    line = {"id": 1, "author": "minji", "raw": "침대 프롬프트 → CoT 프롬프트"}
    comments.write_bytes(BOM + json.dumps(line).encode())
    files = ("--article", str(article), "--comments", str(comments))
    code, output = run("corrections", "detect", "--no-model", "--format", "jsonl", *files)
    assert code == 0
    assert json.loads(output)["new"] == "CoT 프롬프트"


def test_half_a_surrogate_pair_in_a_comment_is_shown_escaped(tmp_path: Path) -> None:
    article, comments = tmp_path / "a.md", tmp_path / "c.jsonl"
    article.write_text("침대 프롬프트를 씁니다.\n", encoding="utf-8")
    comments.write_text('{"id": "\\ud800", "raw": "침대 \\ud800 오타"}\n', encoding="utf-8")
    files = ("--article", str(article), "--comments", str(comments))
    for form in ("text", "jsonl"):
        code, output = run("corrections", "detect", "--no-model", "--format", form, *files)
        assert code == 0
        assert "\\ud800" in output


@pytest.mark.parametrize(
    "command", [("corrections", "show"), ("corrections", "accept"), ("findings", "dismiss"), ("jobs", "retry")]
)
@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_a_number_that_no_row_can_have_is_wrong_usage(command: tuple[str, ...], number: str) -> None:
    code, output = run(*command, number)
    assert code == 2
    assert "range" in output


def test_a_text_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    transcript = tmp_path / "talk.txt"
    transcript.write_text("hello there\n", encoding="utf-8")
    code, output = run("run", "talk", "--transcript", str(transcript), "--title", "a\udcffb", "--dry-run")
    assert code == 1
    assert "'a\\udcffb' is not UTF-8 text" in output
