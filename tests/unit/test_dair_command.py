"""`paperbot source dair`."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.source import source
from tests.shared import shared_path


def week(dates: str, count: int = 10) -> str:
    rows = [
        f"| {rank}) Tïtle {rank}  Lead.  <br>● point "
        f"| [Paper](https://a.test/{rank}), [Tweet)](https://x.test/{rank}?s=20) |"
        for rank in range(1, count + 1)
    ]
    return "\n".join(
        [f"## Top ML Papers of the Week ({dates}) - 2025", "| **Paper** | **Links** |", "| --- | --- |", *rows, ""]
    )


GOOD, OLDER = week("June 23 - June 29"), week("June 16 - June 22")


@pytest.fixture
def list_file(tmp_path: Path) -> Path:
    path = tmp_path / "list.md"
    path.write_text(GOOD + OLDER, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(source, ["dair", *map(str, arguments)])


def test_jsonl_prints_one_object_a_paper(list_file: Path) -> None:
    result = run(list_file, "--format", "jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert len(lines) == 20
    assert "Tïtle" in lines[0]
    assert json.loads(lines[0]) == {
        "week_start": "2025-06-23",
        "week_end": "2025-06-29",
        "rank": 1,
        "title": "Tïtle 1",
        "description": "Lead.\n- point",
        "links": [
            {"label": "Paper", "url": "https://a.test/1"},
            {"label": "Tweet", "url": "https://x.test/1?s=20"},
        ],
        "line": 4,
    }
    assert [json.loads(line)["rank"] for line in lines] == [*range(1, 11), *range(1, 11)]


def test_text_is_for_people(list_file: Path) -> None:
    result = run(list_file)
    assert result.stdout.startswith("2025-06-23 to 2025-06-29 (line 1)\n\n  1. Tïtle 1\n     Lead.\n     - point\n")


def test_refused_weeks_go_to_standard_error_and_the_others_are_printed(list_file: Path) -> None:
    list_file.write_text(week("June 23 - June 29", count=9) + OLDER, encoding="utf-8")
    result = run(list_file, "--format", "jsonl")
    assert result.exit_code == 1
    assert {json.loads(line)["week_start"] for line in result.stdout.splitlines()} == {"2025-06-16"}
    assert result.stderr == (
        f"{list_file}:1: the week 2025-06-23 to 2025-06-29 is left out: the week has 9 papers instead of 10.\n"
    )


def test_one_week_can_be_chosen_by_any_of_its_days(list_file: Path) -> None:
    result = run(list_file, "--format", "jsonl", "--week", "2025-06-18")
    assert result.exit_code == 0
    assert {json.loads(line)["week_start"] for line in result.stdout.splitlines()} == {"2025-06-16"}


def test_a_week_not_listed_yet_is_awaited_and_no_failure(list_file: Path) -> None:
    result = run(list_file, "--week", "2025-07-01")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "The week of 2025-06-30 is awaited" in result.stderr


def test_a_chosen_week_that_is_refused_fails_with_the_reason(list_file: Path) -> None:
    list_file.write_text(week("June 23 - June 29", count=9) + OLDER, encoding="utf-8")
    result = run(list_file, "--week", "2025-06-23")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 1: the week has 9 papers instead of 10" in result.stderr
    assert run(list_file, "--week", "2025-06-16").exit_code == 0


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    missing = run(tmp_path / "none.md")
    assert (missing.exit_code, missing.stderr.count("\n")) == (1, 1)
    assert "There is no file" in missing.stderr
    page = tmp_path / "page.html"
    page.write_text("<html></html>", encoding="utf-8")
    other = run(page)
    assert (other.exit_code, other.stdout) == (1, "")
    assert "this is not DAIR's list" in other.stderr


def test_a_reader_that_stops_early_gets_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text(GOOD.replace("Lead.", "Lead " * 3000), encoding="utf-8")  # more than a pipe holds
    program = "from bot.cli.source import source; source()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "dair", str(path), "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        complaints = process.stderr.read()
    assert (complaints, process.returncode) == (b"", 0)


def test_the_real_list_gives_1300_rows() -> None:
    result = run(shared_path("data/dair/README.md"), "--format", "jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1300


def test_help_does_not_load_the_heavy_parts() -> None:
    program = "import sys, bot.cli.source; print(sorted({'httpx', 'bot.sources.dair'} & {*sys.modules}))"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


def test_identities_print_what_each_paper_is_known_by(tmp_path: Path) -> None:
    urls = [
        "https://arxiv.org/pdf/2506.17298v2",
        "https://www.nature.com/articles/s41586-024-08252-9",
        "https://a.test/3",
    ]
    rows = [f"| {rank}) Title {rank}  Lead. | [Paper]({url}) |" for rank, url in enumerate(urls, 1)]
    text = week("June 23 - June 29")
    for rank, row in enumerate(rows, 1):
        text = re.sub(rf"(?m)^\| {rank}\) .*$", row, text)
    path = tmp_path / "list.md"
    path.write_text(text, encoding="utf-8")
    result = run(path, "--identities", "--format", "jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [json.loads(line) for line in result.stdout.splitlines()][:4] == [
        {"line": 4, "kind": "arxiv", "id": "2506.17298"},
        {"line": 5, "kind": "doi", "id": "10.1038/s41586-024-08252-9"},
        {"line": 6, "kind": "url", "id": "https://a.test/3"},
        {"line": 7, "kind": "url", "id": "https://a.test/4"},
    ]
    assert run(path, "--identities").stdout.splitlines()[0] == "4\tarxiv\t2506.17298"


def test_all_rows_of_the_real_list_are_known_by_something() -> None:
    result = run(shared_path("data/dair/README.md"), "--identities", "--format", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len({row["line"] for row in rows}) == 1300
    assert Counter(row["kind"] for row in rows) == {"arxiv": 1101, "doi": 31, "url": 168}
