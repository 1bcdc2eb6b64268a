"""DAIR's real list of 2025-07-20, an independent table of its first 420 papers, and four weeks of older states.

Line numbers name the rows with irregularities; the assertions look at shapes and at a few words, not at whole texts.
"""

import csv
import datetime as dt
import itertools
import re
import time
from collections import Counter

import pytest

from bot.sources.dair import Awaited, ListedPaper, ListedWeek, ParsedList, parse, week_of
from bot.sources.plain_text import plain_text
from tests.shared import shared_path


@pytest.fixture(scope="module")
def text() -> str:
    return shared_path("data/dair/README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(text: str) -> ParsedList:
    return parse(text)


@pytest.fixture(scope="module")
def papers(parsed: ParsedList) -> dict[int, ListedPaper]:
    """All papers by line."""
    return {paper.line: paper for week in parsed.weeks for paper in week.papers}


@pytest.fixture(scope="module")
def weeks(parsed: ParsedList) -> dict[int, ListedWeek]:
    """All weeks by line."""
    return {week.line: week for week in parsed.weeks}


def test_the_whole_list_is_read(parsed: ParsedList, papers: dict[int, ListedPaper]) -> None:
    assert parsed.problems == ()
    assert len(parsed.weeks) == 130
    assert len(papers) == 1300
    assert (parsed.weeks[-1].start, parsed.weeks[0].end) == (dt.date(2023, 1, 1), dt.date(2025, 6, 29))


def test_reading_the_whole_list_is_quick(text: str) -> None:
    def seconds() -> float:
        started = time.perf_counter()
        parse(text)
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 5  # half a second at most on a machine with nothing else to do


# --- weeks ------------------------------------------------------------------------------------------------------------


def test_weeks_follow_each_other_with_one_day_of_overlap(parsed: ParsedList) -> None:
    steps = {
        newer.line: (newer.start - older.end).days
        for newer, older in itertools.pairwise(parsed.weeks)
        if (newer.start - older.end).days != 1
    }
    assert steps == {308: 0}
    periods = [week.period for week in parsed.weeks]
    assert all(newer - older == dt.timedelta(days=7) for newer, older in itertools.pairwise(periods))


def test_all_but_the_irregular_weeks_run_from_monday_to_sunday(parsed: ParsedList) -> None:
    irregular = {
        week.line: (week.end - week.start).days + 1
        for week in parsed.weeks
        if week.start.weekday() != 0 or (week.end - week.start).days != 6
    }
    assert irregular == {308: 8, 1088: 6, 1103: 8, 2128: 8}


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        (154, "2025-06-23", "2025-06-29"),
        (308, "2025-04-06", "2025-04-13"),
        (504, "2024-12-30", "2025-01-05"),
        (518, "2024-12-23", "2024-12-29"),
        (1088, "2024-03-26", "2024-03-31"),
        (1103, "2024-03-18", "2024-03-25"),
        (1261, "2024-01-01", "2024-01-07"),
        (1276, "2023-12-25", "2023-12-31"),
        (1773, "2023-05-29", "2023-06-04"),
        (1790, "2023-05-22", "2023-05-28"),
        (1807, "2023-05-15", "2023-05-21"),
        (1824, "2023-05-08", "2023-05-14"),
        (1841, "2023-05-01", "2023-05-07"),
        (1924, "2023-03-27", "2023-04-02"),
        (1941, "2023-03-20", "2023-03-26"),
        (1958, "2023-03-13", "2023-03-19"),
        (1975, "2023-03-06", "2023-03-12"),
        (1992, "2023-02-27", "2023-03-05"),
        (2009, "2023-02-20", "2023-02-26"),
        (2026, "2023-02-13", "2023-02-19"),
        (2043, "2023-02-06", "2023-02-12"),
        (2060, "2023-01-30", "2023-02-05"),
        (2077, "2023-01-23", "2023-01-29"),
        (2094, "2023-01-16", "2023-01-22"),
        (2111, "2023-01-09", "2023-01-15"),
        (2128, "2023-01-01", "2023-01-08"),
    ],
)
def test_the_heading_gives_the_dates(weeks: dict[int, ListedWeek], line: int, start: str, end: str) -> None:
    assert (weeks[line].start.isoformat(), weeks[line].end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("day", "line"),
    [("2024-12-30", 504), ("2025-04-05", 322), ("2025-04-07", 308), ("2024-06-03", 939), ("2024-03-25", 1088)],
)
def test_a_day_finds_its_week(parsed: ParsedList, day: str, line: int) -> None:
    found = week_of(parsed, dt.date.fromisoformat(day))
    assert isinstance(found, ListedWeek)
    assert found.line == line


def test_the_week_after_the_newest_is_awaited(parsed: ParsedList) -> None:
    assert week_of(parsed, dt.date(2025, 6, 30)) == Awaited(dt.date(2025, 6, 30))


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "title", "opening"),
    [
        (158, "MEM1", "This work introduces MEM1"),  # two blanks
        (215, "An Operating System for Memory-Augmented Generation in LLMs", "Introduces a unified"),  # one blank
        (216, "Building Production-Grade Conversational Agents with Workflow Graphs", "This paper presents"),
        (480, "MiniMax-01", "introduces a new series"),  # a dash, two blanks only later
        (500, "Process Reinforcement through Implicit Rewards", "a framework"),
        (513, "1.58-bit FLUX", "presents the first"),
        (516, "HuatuoGPT-o1", "presents a novel"),
        (522, "Large Concept Models", "presents an approach"),  # two blanks after the rank
        (556, "The Byte Latent Transformer (BLT)", "introduces"),  # no blank before the dash
        (567, "Auto-RAG", "an autonomous"),
        (579, "o1 Replication Journey - Part 2", "shows that"),  # a dash inside
        (584, "TÜLU 3", "releases"),
        (707, "Molmo", "presents a family"),
        (715, "Minstrel", "a multi-generative"),
        (999, "AlphaFold 3", "releases"),  # no blank after the dash
        (1001, "DeepSeek-V2", "a strong"),
        (1006, None, "presents an overview"),
        (1008, "Granite Code Models", "introduce Granite"),
        (1055, "LM In-Context Recall is Prompt Dependent", "analyzes"),
        (1112, "Agent-FLAN", "designs data"),
        (1237, "AlphaCodium", "a code-oriented"),
        (1245, "MoE-Mamba", "an approach"),
        (1332, "RankZephyr", "an open-source LLM"),  # broken bold
        (1333, "The Efficiency Spectrum of LLMs", "a comprehensive review"),
        (1363, "TÜLU 2", "presents a suite"),
        (1884, None, ""),  # no description
        (1886, "ChatGPT: Applications, Opportunities, and Threats", ""),
        (2031, "Transformer models: an introduction and catalog", ""),
        (2069, "Benchmarking Large Language Models for News Summarization", ""),
        (2105, "Dataset Distillation: A Comprehensive Review", ""),
    ],
)
def test_title_and_description_are_cut_apart(
    papers: dict[int, ListedPaper], line: int, title: str | None, opening: str
) -> None:
    paper = papers[line]
    assert title is None or paper.title == title
    assert paper.description.startswith(opening)
    assert bool(paper.description) == bool(opening)


@pytest.mark.parametrize(("line", "part"), [(1954, "PanGu-Σ: "), (2118, "Campaigns—and How"), (2140, "Science Q&A by")])
def test_titles_keep_their_signs(papers: dict[int, ListedPaper], line: int, part: str) -> None:
    assert part in papers[line].title


def test_no_title_or_description_keeps_markup_or_stray_blanks(papers: dict[int, ListedPaper]) -> None:
    markup = re.compile(r"\*|\]\(|<br|●|\\[~&_]|[ \t]{2}|\s\n|^\s|\s$| -$")
    found = {line for line, paper in papers.items() if markup.search(paper.title) or markup.search(paper.description)}
    assert found == {526}
    assert "uses A* search to" in papers[526].description
    assert max(len(paper.title) for paper in papers.values()) == 134


# --- descriptions -----------------------------------------------------------------------------------------------------


def test_every_bullet_is_a_line(papers: dict[int, ListedPaper]) -> None:
    bullets = {line: paper.description.count("\n- ") for line, paper in papers.items() if "\n" in paper.description}
    assert sum(bullets.values()) == 788
    assert len(bullets) == 149 + 16
    # Sixteen rows have bullets without `<br>`.
    assert all(bullets[line] >= 3 for line in (*range(325, 333), *range(339, 347)))


def test_the_flattened_nested_list_keeps_its_headings_as_lines(papers: dict[int, ListedPaper]) -> None:
    lines = papers[456].description.split("\n")
    assert [line for line in lines if line.startswith("1. ")] == [
        "1. Prompt Engineering:",
        "1. Output Formatting:",
        "1. Language:",
    ]
    assert (len(lines), sum(line.startswith("- ") for line in lines)) == (10, 5)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (158, "(<IS>) each"),
        (191, "<think"),
        (205, "“</think>”"),
        (233, "<think></think>"),
        (247, "(<think, <answer"),
        (332, "<think delimiters"),
        (798, "<Terminate> or <Continue>"),
        (1018, "<RET>, when"),
        (1476, "<pause> token"),
        (248, "< 20ms"),
        (314, "< 1"),
        (395, "<1% in"),
        (740, "p <0.05)"),
        (513, "{-1, 0, +1}"),
        (1152, "{-1, 0, 1}"),
        (292, "~$9 "),
        (341, "~$3.11"),
        (413, "$32,000 feature"),
        (795, "$15;"),
        (1033, "$2 million"),
        (1082, "$ 0.1"),
        (1124, "under $20."),
        (1264, "under $32K"),
        (1546, "$100K budget"),
        (1562, "called FacTool to"),
        (2086, "~300 references"),
        (2140, "Science Q&A through"),
        (163, "from its Claude.ai assistant"),
        (202, "at openthoughts.ai, providing"),
        (317, "infrastructure. Report"),
        (410, "the claimed speedups (Sakana"),
        (457, "Docling is an open-source"),
    ],
)
def test_what_looks_like_markup_but_is_text_stays(papers: dict[int, ListedPaper], line: int, part: str) -> None:
    assert part in papers[line].description


@pytest.mark.parametrize(
    ("line", "ending"),
    [
        (159, "joint multi-agent"),
        (270, "making them id"),
        (345, "to maximize engagement."),
        (738, "science-related benchmarks."),  # followed by a stray dash
        (1375, "perceive multimodal input"),
        (1376, "extractive question answering"),
        (1387, "with fewer parameters"),
        (1405, "while vision transformers"),
        (1408, "38M density functional theory"),
        (1424, "benchmark results show"),
        (1427, "Creative-Commons-licensed"),
        (1445, "smaller language models"),
        (1457, "in the first stage"),
        (1458, "chain-of-thought"),
        (1557, "segment anything models"),
        (1573, "foundation base models"),
        (1901, "ChatGPT and GPT-4"),
    ],
)
def test_texts_that_upstream_cut_off_stay_as_they_are(papers: dict[int, ListedPaper], line: int, ending: str) -> None:
    assert papers[line].description.endswith(ending)


def test_texts_without_final_punctuation_are_as_many_as_upstream_has(papers: dict[int, ListedPaper]) -> None:
    texts = [paper.description for paper in papers.values() if paper.description]
    assert sum(not re.search(r"[.!?:”\")]$", text) for text in texts) == 49


@pytest.mark.parametrize(
    ("line", "start"),
    [(217, "Spurios "), (317, "Compute Agent Arena"), (1285, "Pricipled "), (1937, "Machine Learning")],
)
def test_typing_mistakes_of_upstream_are_kept(papers: dict[int, ListedPaper], line: int, start: str) -> None:
    assert papers[line].title.startswith(start)


# --- links ------------------------------------------------------------------------------------------------------------


def labels(paper: ListedPaper) -> list[str]:
    return [link.label for link in paper.links]


def test_links_are_counted_by_label(papers: dict[int, ListedPaper]) -> None:
    rows = list(papers.values())
    assert sum(labels(paper) == ["Paper", "Tweet"] for paper in rows) == 1170
    assert sum(labels(paper) == ["Paper"] for paper in rows) == 61
    assert sum("Tweet" not in labels(paper) for paper in rows) == 66
    assert sum(bool({*labels(paper)} - {"Paper", "Tweet"}) for paper in rows) == 68
    counts = Counter(label for paper in rows for label in labels(paper))
    assert (counts["Code"], counts["Project"], counts["GitHub"], counts["Blog"], counts["Models"]) == (
        19,
        19,
        11,
        10,
        5,
    )
    assert {line for line, paper in papers.items() if "Paper" not in labels(paper)} == {
        317, 339, 384, 395, 396, 410, 451, 1984, 2001, 2032, 2098, 2117, 2133,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (273, ["Paper", "Tweet", "Model"]),
        (317, ["Tweet"]),
        (339, ["Blog", "Paper 1", "Paper 2", "Tweet"]),
        (384, ["Technical Report"]),
        (395, ["System Card", "Tweet"]),
        (410, ["Technical Report", "Blog", "Dataset", "Tweet"]),
        (494, ["Paper", "Tweet"]),  # `Tweet)`, and no comma
        (497, ["Paper", "Tweet"]),
        (498, ["Paper", "Tweet"]),
        (1953, ["Paper", "Project", "Tweet"]),  # nothing between the links
        (1981, ["Paper", "GitHub", "Tweet"]),
        (2002, ["Paper", "Project", "Tweet"]),
        (2015, ["Paper", "GitHub", "Tweet"]),
        (2016, ["Paper", "Code", "Tweet"]),
        (2032, ["Project", "Tweet"]),
        (2035, ["Paper", "Code", "Tweet"]),
        (2067, ["Paper", "Code", "Tweet"]),
        (2088, ["Paper", "Project", "Code", "Tweet"]),
        (2117, ["Book", "Tweet"]),
        (2140, ["Paper", "Code", "Tweet"]),
    ],
)
def test_labels_are_kept_in_order(papers: dict[int, ListedPaper], line: int, expected: list[str]) -> None:
    assert labels(papers[line]) == expected


def test_addresses_are_kept_as_written_but_for_stray_signs(papers: dict[int, ListedPaper], text: str) -> None:
    addresses = [link.url for paper in papers.values() for link in paper.links]
    assert all(re.fullmatch(r"https?://[^\s()\[\]|]+", address) for address in addresses)
    assert all(f"({address})" in text for address in {*addresses})
    tweets = [address for address in addresses if re.match(r"https://(?:x|twitter)\.com/", address)]
    assert sum("?s=20" in address or "&t=" in address for address in tweets) == 645
    assert papers[1819].links[0].url.endswith("/2305.08298")  # `))`
    assert all(papers[line].links[-1].url.endswith("?s=20") for line in range(1297, 1304))  # `_` after the cell
    assert papers[729].links[0].url == papers[729].links[1].url  # labelled Tweet, leads to the paper
    assert len(papers[706].links) == len(papers[715].links) == 2  # a blank after the last pipe


def test_links_inside_descriptions_are_kept_apart(papers: dict[int, ListedPaper]) -> None:
    found = {line: len(paper.description_links) for line, paper in papers.items() if paper.description_links}
    assert found == {163: 1, 202: 1, 317: 1, 410: 2, 457: 1}


# --- other readings ---------------------------------------------------------------------------------------------------


def test_upstreams_own_table_agrees(parsed: ParsedList) -> None:
    path = shared_path("data/dair/ml-potw-10232023.csv")
    with path.open(encoding="utf-8", newline="") as file:
        theirs = list(csv.DictReader(file))
    ours = [paper for week in parsed.weeks for paper in week.papers][-len(theirs) :]
    pairs = list(zip(theirs, ours, strict=True))
    assert len(pairs) == 420
    assert sum(plain_text(row["Title"]) == paper.title for row, paper in pairs) >= 419
    assert sum(plain_text(row["Description"]) == paper.description for row, paper in pairs) >= 417
    assert all(row["PaperURL"].strip() == paper.links[0].url for row, paper in pairs)
    # A second opinion that does not use our own rules: only the signs that Markdown may swallow are taken out.
    assert sum(letters(row["Title"]) == letters(paper.title) for row, paper in pairs) >= 419


def letters(text: str) -> str:
    return re.sub(r"[\\*\s]", "", text)


def test_weeks_of_older_states_are_read() -> None:
    parsed = parse(shared_path("data/dair/older_revisions.md").read_text(encoding="utf-8"))
    assert parsed.problems == ()
    assert [week.start.isoformat() for week in parsed.weeks] == ["2023-08-07", "2023-08-14", "2024-03-04", "2024-09-23"]
    assert all(len(paper.links) == 2 for week in parsed.weeks for paper in week.papers)
    databases, *_, trustworthy = parsed.weeks[0].papers
    assert (databases.title, databases.description[:15]) == ("LLMs as Database Administrators", "presents D-Bot,")
    assert (trustworthy.title, trustworthy.description[:10]) == ("Trustworthy LLMs", "presents a")
    compression = parsed.weeks[1].papers[2]
    assert (compression.title, compression.description[:14]) == ("Model Compression for LLMs", "a short survey")


def test_older_states_read_the_same_week_as_the_current_one(parsed: ParsedList) -> None:
    older = parse(shared_path("data/dair/older_revisions.md").read_text(encoding="utf-8"))
    march = dt.date(2024, 3, 4)
    then, now = week_of(older, march), week_of(parsed, march)
    assert isinstance(then, ListedWeek)
    assert isinstance(now, ListedWeek)
    assert [paper.title for paper in then.papers] == [paper.title for paper in now.papers]
