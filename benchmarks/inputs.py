"""What is measured on: real data where it lies beside the checkout, otherwise invented text of the same size."""

import csv
import datetime as dt
import itertools
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "data"
REAL_LIST = REAL / "dair" / "README.md"
REAL_ABSTRACTS = REAL / "dair" / "ml-potw-10232023.csv"
REAL_PERIOD = "2024-06-03"
REAL_RECORDED = REAL / "recorded" / f"{REAL_PERIOD}.jsonl"
SAMPLE_WEEK = ROOT / "bot" / "sandbox" / "sample" / "week.jsonl"

WEEKS = 130
LIST_CHARACTERS = 970_000
"""The real list's size on 2025-07-20, with as many weeks."""

_SENTENCE = "It keeps {0} lamps lit on ship {1} (e.g., 2.5x longer than before) and needs **no** map at sea. "


def weekly_list() -> tuple[str, str]:
    """The weekly list's Markdown, and where it is from."""
    if REAL_LIST.exists():
        return REAL_LIST.read_text(encoding="utf-8"), "the real list"
    return invented_list(), "an invented list, about as long as the real one"


def invented_list() -> str:
    """130 weeks of ten made-up papers, the newest first, in the list's own form."""
    start = dt.date(2024, 1, 1)
    mondays = [start + dt.timedelta(weeks=number) for number in range(WEEKS)]
    return "# ML Papers of The Week\n\n" + "\n".join(
        _week(number, mondays[number]) for number in reversed(range(WEEKS))
    )


def english_texts() -> tuple[list[str], str]:
    """Abstracts and descriptions, and where they are from."""
    if REAL_ABSTRACTS.exists():
        with REAL_ABSTRACTS.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [row[column] for row in rows for column in ("Abstract", "Description") if row[column]], "real abstracts"
    with SAMPLE_WEEK.open(encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
    texts = [paper[kind]["en"] for paper in papers for kind in ("abstract", "intro") if paper[kind]]
    return list(itertools.islice(itertools.cycle(texts), 800)), "the sample week's texts"


def _week(number: int, monday: dt.date) -> str:
    sunday = monday + dt.timedelta(days=6)
    dates = f"({monday:%B} {monday.day} - {sunday:%B} {sunday.day}) - {sunday.year}"
    rows = "\n".join(_row(number, rank) for rank in range(1, 11))
    return (
        f"## Top ML Papers of the Week {dates}\n| **Paper**  | **Links** |\n| ------------- | ------------- |\n{rows}\n"
    )


def _row(week: int, rank: int) -> str:
    identifier = f"24{week % 12 + 1:02}.{week * 10 + rank:05}"
    links = f"[Paper](https://arxiv.org/abs/{identifier}), [Tweet](https://x.com/reader/status/{week}{rank}?s=20)"
    frame = f"| {rank}) **Ship {week}-{rank}** -  | {links} |\n"
    wanted = LIST_CHARACTERS // (WEEKS * 10) - len(frame)
    sentences = itertools.chain.from_iterable(_SENTENCE.format(lamp, rank) for lamp in itertools.count(1))
    return frame.replace(" -  |", f" - {''.join(itertools.islice(sentences, wanted)).strip()} |").rstrip("\n")
