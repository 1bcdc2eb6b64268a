"""The translation checks: loading, throughput, and what they locate beside translate-toolkit's `pofilter`.

Both read the same pairs, sentence by sentence for `pofilter`, which names a whole unit and no place in it; a unit wider
than 120 characters shows nobody where to look and locates nothing (as `score_checks.py` counts).
"""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.figures import Figure
from benchmarks.inputs import REAL, ROOT, SAMPLE_WEEK

PAIRS = REAL / "quality" / "dev_pairs.jsonl"
GOLD = REAL / "quality" / "dev_gold.json"
OWN_PAIRS = ROOT / "tests" / "unit" / "checks"
CHARACTERS_A_SECOND = 20_000
LOADING_BAR_S = 3.0
WIDEST = 120

Span = tuple[int, int]
Key = tuple[str, Any, str]


def checking(repeats: int) -> list[Figure]:
    """Seconds of loading, seconds for 20,000 Korean characters on one core, and both tools on the annotated pairs."""
    from bot.translation.checks.pairing import paired
    from bot.translation.checks.run import find_all

    pairs = _pairs()
    started = time.perf_counter()
    from bot.languages.ko import morphology
    from bot.translation.termbase import shipped

    morphology.morphemes(pairs[0]["ko"])
    find_all([paired("abstract", pairs[0]["en"], pairs[0]["ko"])], shipped())
    loading = time.perf_counter() - started
    characters = sum(len(pair["ko"]) for pair in pairs)
    ours, theirs = [], []
    for number in range(repeats):
        # A blank more in each round, so that nothing remembered from the round before is of use.
        fresh = [{**pair, "ko": pair["ko"] + " " * number, "en": pair["en"] + " " * number} for pair in pairs]
        ours.append(_seconds(_all_checks, fresh) * CHARACTERS_A_SECOND / characters)
        theirs.append(_seconds(_pofilter, fresh) * CHARACTERS_A_SECOND / characters)
    note = f"{characters:,} characters"
    figures = [
        Figure("checks: loading", "s", (loading,), LOADING_BAR_S, "termbase and morphology, once a process"),
        Figure("checks: 20,000 Korean characters", "s", tuple(ours), 1.0, note),
        Figure("  against pofilter", "x", tuple(a / b for a, b in zip(ours, theirs, strict=True)), None, note),
    ]
    return [*figures, *_located()] if PAIRS.exists() else figures


def _pairs() -> list[dict[str, Any]]:
    """Real pairs where they lie beside the checkout, and the project's own."""
    pairs = []
    for path in [*([PAIRS] if PAIRS.exists() else []), *sorted(OWN_PAIRS.glob("clean_*.jsonl"))]:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        pairs += [{"doc": path.stem, "paper": number, "field": "abstract", **line} for number, line in enumerate(lines)]
    for line in SAMPLE_WEEK.read_text(encoding="utf-8").splitlines():
        paper = json.loads(line)
        pairs += [
            {"doc": "sample", "paper": paper["rank"], "field": field, **paper[field]}
            for field in ("title", "intro", "abstract")
            if paper[field]
        ]
    return pairs


def _seconds(tool: Any, pairs: Sequence[dict[str, Any]]) -> float:
    started = time.perf_counter()
    tool(pairs)
    return time.perf_counter() - started


def _all_checks(pairs: Sequence[dict[str, Any]]) -> dict[Key, list[Span]]:
    from bot.translation.checks.pairing import paired
    from bot.translation.checks.run import find_all
    from bot.translation.termbase import shipped

    papers: dict[tuple[str, Any], list[dict[str, Any]]] = {}
    for pair in pairs:
        papers.setdefault((pair["doc"], pair["paper"]), []).append(pair)
    spans: dict[Key, list[Span]] = {}
    for (doc, paper), own in papers.items():
        texts = [paired(pair["field"], pair["en"], pair["ko"]) for pair in own]
        for pair, found in zip(own, find_all(texts, shipped()), strict=True):
            spans[doc, paper, pair["field"]] = [(finding.start, finding.end) for finding in found]
    return spans


def _pofilter(pairs: Sequence[dict[str, Any]]) -> dict[Key, list[Span]]:
    from translate.filters.checks import StandardChecker, StandardUnitChecker
    from translate.storage.po import pounit

    from bot.translation.checks.pairing import paired

    checkers = (StandardChecker(), StandardUnitChecker())
    spans: dict[Key, list[Span]] = {}
    for pair in pairs:
        text = paired(pair["field"], pair["en"], pair["ko"])
        here = spans.setdefault((pair["doc"], pair["paper"], pair["field"]), [])
        for unit in text.units:
            entry = pounit(unit.source)
            entry.target = text.target_of(unit)
            if any(checker.run_filters(entry) for checker in checkers):
                here.append((unit.start, unit.end))
    return spans


def _located() -> Iterator[Figure]:
    """Errors that two annotators agree on and a program can find, and sentences free of any; lower is better."""
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    gold = json.loads(GOLD.read_text(encoding="utf-8"))
    errors = [error for error in gold["errors"] if error["agreed"] and error["certain"] and error["mechanical"]]
    for name, spans in (("checks", _all_checks(pairs)), ("pofilter", _pofilter(pairs))):
        missed = sum(
            not any(
                end - start <= WIDEST and start < stop and begin < end
                for start, end in spans.get((error["doc"], error["paper"], error["field"]), [])
                for begin, stop in error["spans"]
            )
            for error in errors
        )
        alarms = sum(
            any(
                start < clean["end"] and clean["start"] < end
                for start, end in spans.get((clean["doc"], clean["paper"], clean["field"]), [])
            )
            for clean in gold["clean"]
        )
        bars = (0.3, 0.05) if name == "checks" else (None, None)
        note = f"of {len(errors)} errors, a week that was seen while building"
        yield Figure(f"{name}: errors missed", "x", (missed / len(errors),), bars[0], note)
        yield Figure(f"{name}: clean sentences flagged", "x", (alarms / len(gold["clean"]),), bars[1])
