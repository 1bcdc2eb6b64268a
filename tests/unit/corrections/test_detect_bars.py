"""How many reports the rules resolve, over comments in many styles, and that nothing else is taken for one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.corrections.article import Article, read_article
from bot.corrections.detect import detect
from bot.corrections.detected import Detected
from tests.unit.corrections import week

HERE = Path(__file__).parent
CALLS_FOR_CHANGE = ("correction", "report", "term")


def comments(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def article() -> Article:
    return read_article(week.with_mistakes())


def named(found: tuple[Detected, ...]) -> set[str]:
    return {one.sentence.key for one in found if one.sentence and one.kind in CALLS_FOR_CHANGE}


def scored(article: Article, name: str) -> Iterator[tuple[str, set[str], set[str], tuple[Detected, ...]]]:
    for comment in comments(name):
        found = detect(article, comment["raw"])
        yield comment["id"], {report["segment"] for report in comment["reports"]}, named(found), found


@pytest.mark.parametrize(("name", "share"), [("comments.jsonl", 0.95), ("comments_second.jsonl", 0.9)])
def test_most_reports_are_resolved_to_their_sentences(article: Article, name: str, share: float) -> None:
    reports = [(right, found) for _, right, found, _ in scored(article, name) if right]
    assert sum(right <= found for right, found in reports) >= share * len(reports)


@pytest.mark.parametrize("name", ["comments.jsonl", "comments_second.jsonl"])
def test_no_comment_is_resolved_to_a_wrong_sentence(article: Article, name: str) -> None:
    assert {id_: found - right for id_, right, found, _ in scored(article, name) if found - right} == {}


@pytest.mark.parametrize("name", ["comments.jsonl", "comments_second.jsonl"])
def test_no_other_comment_is_taken_for_a_report(article: Article, name: str) -> None:
    taken = {
        id_: [one.kind for one in found]
        for id_, right, _, found in scored(article, name)
        if not right and any(one.kind in (*CALLS_FOR_CHANGE, "unclear") for one in found)
    }
    assert taken == {}


@pytest.mark.parametrize("name", ["comments.jsonl", "comments_second.jsonl"])
def test_thanks_and_questions_are_told_apart(article: Article, name: str) -> None:
    for comment in comments(name):
        if comment.get("kind"):
            assert detect(article, comment["raw"])[0].kind == comment["kind"], comment["raw"]


def test_the_wording_that_readers_gave_is_taken(article: Article) -> None:
    for comment in comments("comments.jsonl"):
        found = detect(article, comment["raw"])
        for report in comment["reports"]:
            if report["new"]:
                proposed = [one.new for one in found if one.sentence and one.sentence.key == report["segment"]]
                assert proposed, comment["raw"]
                assert report["new"] in (proposed[0] or ""), comment["raw"]


def test_the_sets_hold_as_many_reports_as_other_comments() -> None:
    assert [bool(comment["reports"]) for comment in comments("comments.jsonl")].count(True) == 60
    assert len(comments("comments.jsonl")) == 120
    assert len(comments("comments_second.jsonl")) == 60
