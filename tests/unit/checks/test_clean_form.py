"""Good translations, written for this test, stay without findings of form."""

import json
from pathlib import Path

from bot.translation.checks import (
    completeness,
    endings,
    markup,
    numbers,
    particles,
    polarity,
    repetition,
    script,
    spacing,
)
from tests.unit.checks.form_case import findings

CHECKS = (completeness, endings, markup, numbers, particles, polarity, repetition, script, spacing)
ROWS = [
    json.loads(line) for line in Path(__file__).with_name("clean_form.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_no_clean_sentence_is_flagged() -> None:
    flagged = [
        (row["ko"], one.message)
        for row in ROWS
        for module in CHECKS
        for one in findings(module.check, (row["en"], row["ko"]))
    ]
    assert len(ROWS) >= 60
    assert flagged == []


def test_the_sentences_as_one_text_are_clean_too() -> None:
    pairs = [(row["en"], row["ko"]) for row in ROWS]
    assert [one.message for module in CHECKS for one in findings(module.check, *pairs)] == []
