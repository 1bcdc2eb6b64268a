"""`paperbot corrections detect`: one line or more a comment, as data or for people."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from tests.unit.corrections import week

COMMENTS = [
    {"id": "a", "author": "x", "raw": "공구 호출 → 도구 호출, 분유기 → 분류기"},
    {"id": 2, "author": "y", "raw": "감사합니다!"},
]


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.md"
    path.write_text(week.with_mistakes(), encoding="utf-8")
    return path


def run(article: Path, lines: list[Any], *options: str) -> Result:
    comments = article.with_name("comments.jsonl")
    comments.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    arguments = ["corrections", "detect", "--article", str(article), "--comments", str(comments), *options]
    return CliRunner().invoke(cli, arguments)


def test_each_comment_has_at_least_one_line_of_data(article: Path) -> None:
    result = run(article, COMMENTS, "--format", "jsonl", "--no-model")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["id"], row["kind"], row["segment"]) for row in rows] == [
        ("a", "correction", "p9.description.3"),
        ("a", "correction", "p6.abstract.3"),
        (2, "thanks", None),
    ]
    assert rows[0]["old"] == "공구 호출"
    assert rows[0]["new"] == "도구 호출"
    assert rows[0]["result"] == rows[0]["sentence"].replace("공구", "도구")
    assert result.stderr == ""


def test_without_a_model_it_says_that_only_rules_were_used(article: Path) -> None:
    assert "Only rules were used" in run(article, COMMENTS).stderr


@pytest.mark.parametrize(("line", "said"), [("{", "no JSON"), ({"id": 1}, "needs `id` and a text `raw`")])
def test_a_line_that_is_no_comment_is_refused_with_its_number(article: Path, line: Any, said: str) -> None:
    result = run(article, [*COMMENTS, line], "--no-model")
    assert result.exit_code == 1
    assert f":3: this line {'is ' if said == 'no JSON' else ''}{said}" in result.stderr


def test_an_article_without_korean_is_refused(article: Path) -> None:
    article.write_text("Nothing here.", encoding="utf-8")
    result = run(article, COMMENTS, "--no-model")
    assert result.exit_code == 1
    assert "holds no Korean text" in result.stderr
