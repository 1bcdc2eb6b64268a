"""The sample week: a valid list, recorded texts equal to it, good Korean, and every awkward thing really there."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

import bot.languages.ko
import bot.sandbox
from bot.sandbox.upstream import read_recorded, stand_in_papers
from bot.sources import dair
from bot.translation.checks.pairing import paired
from bot.translation.checks.run import find_all
from bot.translation.segments import split
from bot.translation.termbase import shipped

SAMPLE = Path(bot.sandbox.__file__).parent / "sample"
LIST = (SAMPLE / "list.md").read_text(encoding="utf-8")
WEEK = read_recorded(SAMPLE / "week.jsonl")
INTRODUCTION = json.loads((SAMPLE / "introduction.json").read_text(encoding="utf-8"))
ROWS = [line for line in LIST.splitlines() if re.match(r"\| \d+\) ", line)]
KOREAN = Path(bot.languages.ko.__file__).parent
PROMPT_FILES = {name: (KOREAN / name).read_text(encoding="utf-8") for name in ("style_guide.md", "examples.md")}
HANGUL = re.compile(r"[가-힣]")
MONDAY = dt.datetime(2026, 11, 9, tzinfo=dt.UTC)
TWEET_EPOCH_MS = 1288834974657

everyone = pytest.mark.parametrize("paper", WEEK, ids=lambda paper: f"rank {paper['rank']}")


def first_cell(row: str) -> str:
    return row.split("|")[1].strip()


def links_cell(row: str) -> str:
    return row.split("|")[2].strip()


def plain(markdown: str) -> str:
    """A crude reading of a cell, made for these ten rows only and without the production parser."""
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", markdown).replace("\\&", "&")
    text = re.sub(r"\s*<br>\s*●\s*", "\n- ", text)
    return re.sub(r" {2,}", " ", text)


def description(row: str) -> str:
    text = re.sub(r"^\d+\) ", "", first_cell(row))
    separator = "** - " if text.startswith("**") else "  "
    return plain(text.partition(separator)[2])


def korean_texts(paper: dict[str, Any]) -> list[str]:
    return [paper[part]["ko"] for part in ("title", "intro", "abstract") if paper[part]]


def test_the_list_is_one_week_of_ten_rows_between_index_and_closing_lines() -> None:
    heading = "## Top ML Papers of the Week (November 9 - November 15) - 2026"
    assert LIST.count(heading) == 1
    assert "](./#top-ml-papers-of-the-week-november-9---november-15---2026)" in LIST
    table = [line for line in LIST.splitlines() if line.startswith("|")]
    assert len(table) == 12
    assert all(line.count("|") == 3 for line in table)
    assert [int(re.findall(r"^\| (\d+)\)", row)[0]) for row in ROWS] == list(range(1, 11))


def test_the_recorded_week_has_the_papers_of_the_list_in_order() -> None:
    assert [paper["rank"] for paper in WEEK] == list(range(1, 11))
    for row, paper in zip(ROWS, WEEK, strict=True):
        links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", links_cell(row))
        assert [(link["label"], link["url"]) for link in paper["links"]] == links


def test_every_recorded_introduction_is_the_text_of_the_list_with_its_first_letter_raised() -> None:
    for row, paper in zip(ROWS, WEEK, strict=True):
        text = description(row)
        assert paper["intro"]["en"] == text[0].upper() + text[1:]


def test_arxiv_knows_exactly_the_papers_with_an_abstract() -> None:
    known = {paper.abstract for paper in stand_in_papers(WEEK)}
    assert known == {paper["abstract"]["en"] for paper in WEEK if paper["abstract"]}
    assert len(known) == 9


def test_the_week_cannot_be_mistaken_for_a_real_one() -> None:
    assert all(paper.arxiv_id.startswith("2611.9") for paper in stand_in_papers(WEEK))
    hosts = set(re.findall(r"https?://([^/\s)]+)", LIST + json.dumps(WEEK)))
    assert {host for host in hosts if not host.endswith("lab.example")} == {
        "arxiv.org",
        "www.arxiv.org",
        "x.com",
        "twitter.com",
    }
    accounts = set(re.findall(r"(?:x|twitter)\.com/(\w+)/", LIST))
    assert all("example" in account for account in accounts)


def test_every_tweet_was_written_in_its_week() -> None:
    tweets = [int(number) for number in re.findall(r"/status/(\d+)", LIST)]
    times = [dt.datetime.fromtimestamp(((number >> 22) + TWEET_EPOCH_MS) / 1000, tz=dt.UTC) for number in tweets]
    assert len(tweets) == 9
    assert all(MONDAY <= time < MONDAY + dt.timedelta(days=7) for time in times)
    assert times == sorted(times)


def test_papers_were_published_before_the_week_ended() -> None:
    for paper in WEEK:
        if paper["published"]:
            published = dt.datetime.fromisoformat(paper["published"])
            assert MONDAY - dt.timedelta(days=7) <= published < MONDAY + dt.timedelta(days=7)


ABSTRACTS = " ".join(paper["abstract"]["en"] for paper in WEEK if paper["abstract"])


@pytest.mark.parametrize(
    ("place", "awkward"),
    [
        (ABSTRACTS, r"$O(n \log n)$"),
        (ABSTRACTS, r"\textbf{Tidewater}"),
        (ABSTRACTS, r"\texttt{hop3}"),
        (ABSTRACTS, r"$\min(1, \eta |g|)$"),
        (ABSTRACTS, r"62.5\%"),
        (ABSTRACTS, "(e.g., fixed"),
        (ABSTRACTS, "Ostrander et al. (2025)."),
        (ABSTRACTS, "(i.e., 61.4 vs. 63.1)"),
        (ABSTRACTS, "at https://code.lab.example/tidewater."),
        (ABSTRACTS, "https://harborbench.lab.example/ for"),
        (LIST, "<think> block"),
        (LIST, "</think>"),
        (LIST, "<answer tag"),
        (LIST, "(p <0.05)"),
        (LIST, "$32K"),
        (LIST, "40K questions"),
        (LIST, "16 million"),
        (LIST, "{-1, 0, 1}"),
        (LIST, "**never**"),
        (LIST, r" \& "),
        (LIST, "e.g., 0.02"),
        (LIST, "  <br>● "),
        (LIST, "@lab_example"),
        (LIST, "#idontknow"),
        (LIST, "topic:question:answer"),
        (LIST, "shared_state_log"),
        (LIST, "?s=20"),
        (LIST, "?s=46&t="),
        (LIST, "https://twitter.com/"),
        (LIST, "http://arxiv.org/abs/"),
        (LIST, "https://www.arxiv.org/abs/"),
        (LIST, "/pdf/2611.91187v1"),
        (LIST, "/abs/2611.90417v2"),
    ],
)
def test_the_awkward_thing_is_there(place: str, awkward: str) -> None:
    assert awkward in place


def test_one_abstract_has_an_unbalanced_dollar() -> None:
    odd = [paper["rank"] for paper in WEEK if paper["abstract"] and paper["abstract"]["en"].count("$") % 2]
    assert odd == [4]


def test_one_paper_is_a_research_page_without_abstract() -> None:
    without = [paper for paper in WEEK if paper["abstract"] is None]
    assert [paper["links"][0]["url"] for paper in without] == [
        "https://research.lab.example/posts/when-assistants-do-not-know"
    ]


def test_one_title_is_only_a_name_and_its_paper_has_thirty_authors() -> None:
    (paper,) = [paper for paper in WEEK if " " not in paper["title"]["en"]]
    assert paper["title"]["ko"] == paper["title"]["en"] == "Murmuration"
    assert len(set(paper["authors"])) == 30
    assert any(not name.isascii() for name in paper["authors"])


def test_one_row_has_code_and_no_tweet() -> None:
    without_tweet = [paper for paper in WEEK if "Tweet" not in {link["label"] for link in paper["links"]}]
    assert [[link["label"] for link in paper["links"]] for paper in without_tweet] == [["Paper", "Code"]]


@everyone
def test_korean_sentences_are_korean_and_polite(paper: dict[str, Any]) -> None:
    for part in ("intro", "abstract"):
        if not paper[part]:
            continue
        for line in paper[part]["ko"].split("\n"):
            assert line.endswith("니다."), line
            for sentence in re.split(r"(?<=다\.) ", line):
                assert sentence.endswith("니다."), sentence
                words = re.sub(r"\([^)]*\)", "", sentence).split()
                assert sum(bool(HANGUL.search(word)) for word in words) > len(words) / 2, sentence


@everyone
def test_titles_are_korean_unless_they_are_a_name(paper: dict[str, Any]) -> None:
    title = paper["title"]
    assert HANGUL.search(title["ko"]) or title["ko"] == title["en"]
    assert not title["ko"].endswith(".")


@everyone
def test_no_english_sentence_is_left_over(paper: dict[str, Any]) -> None:
    for text in korean_texts(paper):
        without_brackets = re.sub(r"\([^)]*\)", "", text)
        assert not re.search(r"(?:\b[A-Za-z]+\b ){4}", without_brackets), text


@everyone
def test_code_markup_addresses_and_percentages_survive_the_translation(paper: dict[str, Any]) -> None:
    literal = re.compile(
        r"https?://[^\s)]*[\w/]|\\[a-z]+\{[^}]*\}|\$[^\s$]+\$|\$[^$]*\\[^$]*\$|\{-1[^}]*\}|</?[a-z]+>?"
        r"|(?<![\w.])[@#]\w+|\w+(?::\w+){2}|\w+(?:_\w+)+|\d+\.\d+|(?<!\d)\d{1,3}\\?%"
    )
    for part in ("intro", "abstract"):
        if paper[part]:
            english = re.sub(r"(\d+)% to (\d+%)", r"\2", paper[part]["en"])
            missing = [
                token
                for token in literal.findall(english)
                # Magnitudes are written out in Korean: 1.3B is 13억.
                if token not in paper[part]["ko"] and not re.search(re.escape(token) + r"(?:B| trillion)\b", english)
            ]
            assert missing == []


@everyone
def test_abstracts_are_translated_sentence_by_sentence(paper: dict[str, Any]) -> None:
    if paper["abstract"]:
        english = re.split(r"(?<!et al\.)(?<!vs\.)(?<=[.)])\s+(?=[A-Z])", paper["abstract"]["en"])
        korean = re.split(r"(?<=다\.) ", paper["abstract"]["ko"])
        assert len(korean) == len(english)


@everyone
def test_bullets_correspond_line_by_line(paper: dict[str, Any]) -> None:
    english, korean = (paper["intro"][language].split("\n") for language in ("en", "ko"))
    assert [line.startswith("- ") for line in korean] == [line.startswith("- ") for line in english]


def test_the_introduction_names_the_papers_its_sentences_rest_on() -> None:
    sentences = [sentence for paragraph in INTRODUCTION for sentence in paragraph["sentences"]]
    assert all(sentence["ko"].endswith("니다.") for sentence in sentences)
    assert {rank for sentence in sentences for rank in sentence["ranks"]} == set(range(1, 11))


def test_numbers_in_the_introduction_stand_in_its_papers() -> None:
    for paragraph in INTRODUCTION:
        for sentence in paragraph["sentences"]:
            sources = " ".join(WEEK[rank - 1]["intro"]["en"] for rank in sentence["ranks"])
            for number in re.findall(r"\d+(?:\.\d+)?%?", sentence["ko"]):
                assert number in sources


def test_the_production_parser_reads_the_list_as_recorded() -> None:
    parsed = dair.parse(LIST)
    assert parsed.problems == ()
    (week,) = parsed.weeks
    assert (week.start, week.end) == (MONDAY.date(), MONDAY.date() + dt.timedelta(days=6))
    for listed, paper in zip(week.papers, WEEK, strict=True):
        assert [{"label": link.label, "url": link.url} for link in listed.links] == paper["links"]
        assert listed.description[0].upper() + listed.description[1:] == paper["intro"]["en"]


def test_the_production_splitter_finds_one_korean_sentence_for_each_english_one() -> None:
    for paper in WEEK:
        if paper["abstract"]:
            assert len(split(paper["abstract"]["en"])) == len(re.split(r"(?<=다\.) ", paper["abstract"]["ko"]))


@everyone
def test_the_checks_find_nothing_in_the_korean(paper: dict[str, Any]) -> None:
    texts = [
        paired(part, paper[part]["en"], paper[part]["ko"]) for part in ("title", "intro", "abstract") if paper[part]
    ]
    found = find_all(texts, shipped())
    assert [finding.message for in_text in found for finding in in_text] == []


def test_examples_obey_the_style_guide() -> None:
    sentences = re.findall(r"^(?:[ad]\d: .*)?-> `([^`]*)`$", PROMPT_FILES["examples.md"], re.MULTILINE)
    assert sentences
    assert all(re.search(r"니다(?:\([^)]*\))?\.$", sentence) for sentence in sentences)


def test_prompt_files_are_the_same_bytes_every_day() -> None:
    for name, text in PROMPT_FILES.items():
        assert not re.search(r"\b20[12]\d-\d\d|\b(?:today|yesterday)\b", text, re.IGNORECASE), name
        assert "\r" not in text
        assert text.endswith("\n")


def test_the_system_prompt_is_long_enough_to_be_cached_and_not_longer_than_planned() -> None:
    """Caching needs up to 4,096 tokens. Rough bounds: 3.3-4.2 Latin letters a token, 0.7-1.2 tokens a syllable."""
    text = "".join(PROMPT_FILES.values())
    syllables = len(HANGUL.findall(text))
    at_least = (len(text) - syllables) / 4.2 + syllables * 0.7
    at_most = (len(text) - syllables) / 3.3 + syllables * 1.2
    assert at_least > 4096
    assert at_most < 9000
