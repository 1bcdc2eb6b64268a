"""`paperbot check` reads pairs and prints findings."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli

GOOD = {"doc": "w1", "paper": 1, "field": "title", "en": "Attention", "ko": "어텐션"}
BAD = {"doc": "w1", "paper": 1, "field": "abstract", "en": "", "ko": "당사의 모델은 빠릅니다."}


def check(tmp_path: Path, content: str | bytes, *options: str) -> Result:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_bytes(content.encode() if isinstance(content, str) else content)
    return CliRunner().invoke(cli, ["check", "--pairs", str(pairs), *options])


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_one_json_object_a_finding(tmp_path: Path) -> None:
    result = check(tmp_path, lines(GOOD, BAD), "--format", "jsonl")
    assert result.exit_code == 0
    [row] = [json.loads(line) for line in result.stdout.splitlines()]
    columns = "doc paper field start end check category severity message suggestion"
    assert list(row) == columns.split()
    assert (row["doc"], row["paper"], row["field"], row["check"]) == ("w1", 1, "abstract", "inventions")
    assert BAD["ko"][row["start"] : row["end"]] == "당사"  # type: ignore[index]


def test_text_for_people(tmp_path: Path) -> None:
    result = check(tmp_path, lines(BAD))
    assert "w1 1 abstract" in result.stdout
    assert "당사 -> 저희" in result.stdout


def test_nothing_found_prints_nothing(tmp_path: Path) -> None:
    result = check(tmp_path, lines(GOOD) + "\n")
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{not json\n", "no JSON"),
        (b"\xff\xfe\n", "no JSON"),
        ("[1]\n", "no JSON object"),
        (lines({"doc": "w1", "paper": 1}), "field, en, ko missing"),
        (lines({**GOOD, "ko": None}), "ko must be a text"),
        (lines({**GOOD, "paper": 1.5}), "paper must be a text"),
    ],
)
def test_line_that_cannot_be_read_is_named(tmp_path: Path, content: str | bytes, reason: str) -> None:
    good = lines(GOOD).encode()
    result = check(tmp_path, good + (content.encode() if isinstance(content, str) else content))
    assert result.exit_code == 1
    assert "pairs.jsonl:2: " in result.stderr
    assert reason in result.stderr
    assert result.stdout == ""


def test_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["check", "--pairs", str(tmp_path / "none.jsonl")]).exit_code == 2
