"""What a list gets wrong: measured on the whole real list, and on the row that carried another paper's link."""

import datetime as dt

import pytest

from bot.editions.source_facts import of_row, shares_words, tweeted_on
from bot.sources.dair import parse
from bot.translation.checks.base import Severity
from tests.shared import shared_path

WEEK = dt.date(2026, 11, 9)


def test_real_list_has_eleven_tweets_out_of_their_weeks_and_forty_nine_texts_without_an_end() -> None:
    parsed = parse(shared_path("data/dair/README.md").read_text(encoding="utf-8"))
    tweets, cut = [], 0
    for week in parsed.weeks:
        for row in week.papers:
            found = list(of_row(row.title, row.description, [link.url for link in row.links], week.start, None, None))
            tweets += [row.line for doubt in found if doubt.severity is Severity.MAJOR]
            cut += sum(doubt.severity is Severity.MINOR for doubt in found)
    assert tweets == [*range(706, 716), 1395]
    assert cut == 49


def test_row_with_another_papers_link_is_found() -> None:
    title = "A Survey of NL2SQL with Large Language Models: Where are we, and where are we going?"
    (doubt,) = of_row("Scaling LLM Test-Time Compute Optimally", "It scales.", [], WEEK, title, None)
    assert (doubt.about, doubt.severity) == ("title", Severity.CRITICAL)


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("NLLB", "Scaling neural machine translation: NLLB for 200 languages"),
        ("Mamba-2", "Transformers are SSMs: Mamba2 and state space duality"),
        ("Extracting Concepts from GPT-4", "Extracting concepts from GPT-4"),
        ("LLM Agents", "Anything at all"),
    ],
)
def test_label_in_other_words_is_no_doubt(label: str, title: str) -> None:
    assert shares_words(label, title)


def test_label_in_the_abstracts_words_is_a_small_doubt() -> None:
    (doubt,) = of_row("Lamplight", "It glows.", [], WEEK, "A study of candles", "We use lamplight.")
    assert doubt.severity is Severity.MINOR


def test_day_of_a_tweet_is_in_its_number() -> None:
    assert tweeted_on("https://x.com/omarsar0/status/1861139543242174817") == dt.date(2024, 11, 25)
    assert tweeted_on("https://example.org/status/1861139543242174817") is None
