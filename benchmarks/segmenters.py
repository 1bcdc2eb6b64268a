"""Compare sentence splitters with `bot.translation.segments` on real texts and on the hard cases of the tests.

    python -m benchmarks.segmenters DAIR_CSV [--list]

DAIR_CSV is DAIR.AI's list with the columns Abstract and Description (ml-potw-10232023.csv). The candidates are no
dependencies of the project: install the wanted ones (`pip install pysbd syntok ...`) into a scratch environment; those
missing are named and left out. `docs/segmentation.md` has the outcome and what it led to.
"""

import argparse
import csv
import importlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.translation.segments import split

# A candidate cuts one line into pieces that hold all its characters but white space.
Cut = Callable[[str], Iterable[str]]

# Candidate: the module it needs, and how to make it from that module.
CANDIDATES: dict[str, tuple[str, Callable[[Any], Cut]]] = {
    "sentencex": ("sentencex", lambda module: lambda text: module.segment("en", text)),
    "pysbd": ("pysbd", lambda module: module.Segmenter(language="en", clean=False).segment),
    "syntok": ("syntok.segmenter", lambda module: lambda text: _syntok(module, text)),
    "blingfire": ("blingfire", lambda module: lambda text: module.text_to_sentences(text).split("\n")),
    "spacy": ("spacy", lambda module: _spacy(module)),
    "sentence_splitter": ("sentence_splitter", lambda module: module.SentenceSplitter("en").split),
    "segtok": ("segtok.segmenter", lambda module: module.split_single),
    "punkt_untrained": ("nltk.tokenize.punkt", lambda module: module.PunktSentenceTokenizer().tokenize),
    "phrasplit": ("phrasplit", lambda module: lambda text: module.split_sentences(text, use_spacy=False)),
}

# Where at least two candidates disagreed on ml-potw-10232023.csv, each place was read and judged. These are the real
# boundaries among them: A(bstract) or D(escription), row from 0, then offsets of the first character after the
# boundary. Every other place where they disagree is no boundary.
_JUDGED_BOUNDARIES = """
A6 705 1052
A16 879 1055
A21 289 354 509 785 934 1165 1279
A43 1267
A50 512
A57 596
A60 922 1000 1124 1255 1460 1623 1721 1786
A71 889
A76 319 419 511 708 882
A78 566 994 1331 1496 1656 1728
A80 612 1041
A84 566 1573
A108 831 905
A111 1114
A114 467
A127 604 793 902 1057 1214 1340 1521
A129 319 419 511 708 882
A132 792
A133 820
A134 459 503 574
A145 353
A161 380
A169 234 418 510 737 889 1017 1078 1123 1317 1498 1626
A193 929
A204 1361
A218 203
A220 578 1117
A222 1038
A237 608 811 1004
A254 816
A259 386 503 934
A266 582
A279 429 626 821 1013 1137 1253 1472
A311 429
A312 247
A316 731
A326 1136
A334 424
A340 461
A341 997
A397 121
A405 634
A410 922 1118
A418 570
"""


def _syntok(module: Any, text: str) -> list[str]:
    sentences = (sentence for paragraph in module.analyze(text) for sentence in paragraph)
    return ["".join(token.spacing + token.value for token in sentence) for sentence in sentences]


def _spacy(module: Any) -> Cut:
    pipeline = module.blank("en")
    pipeline.add_pipe("sentencizer")
    return lambda text: [sentence.text for sentence in pipeline(text).sents]


def _ours(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


def _judged() -> dict[str, set[int]]:
    rows = (line.split() for line in _JUDGED_BOUNDARIES.split("\n") if line.strip())
    return {row[0]: {int(offset) for offset in row[1:]} for row in rows}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without bullet marks: a candidate is not blamed for what we would never show it."""
    for match in re.finditer(r"[^\n]+", text):
        bullet = re.match(r"\s*-\s+|\s*", match.group())
        start = match.start() + (bullet.end() if bullet else 0)
        if text[start : match.end()].strip():
            yield start, text[start : match.end()]


def _starts(cut: Cut, text: str) -> set[int]:
    """Where second and later pieces of each line begin, found by counting characters other than white space."""
    found: set[int] = set()
    for offset, line in _lines(text):
        solid = [place for place, character in enumerate(line) if not character.isspace()]
        count = 0
        for piece in cut(line):
            size = sum(not character.isspace() for character in piece)
            if count and size and count < len(solid):
                found.add(offset + solid[count])
            count += size
        if count != len(solid):
            raise ValueError(f"{count} of {len(solid)} characters came back")
    return found


def _load() -> dict[str, Cut]:
    cutters: dict[str, Cut] = {}
    missing = []
    for name, (module, make) in CANDIDATES.items():
        try:
            cutters[name] = make(importlib.import_module(module))
        except ImportError:
            missing.append(name)
    print("not installed, left out:", ", ".join(missing) or "none")
    return cutters | {"ours": _ours}


def _start_up(module: str) -> str:
    """Seconds and megabytes that importing a module costs a fresh interpreter (Linux)."""
    program = (
        "import re, time; size = lambda: int(re.search(r'VmRSS:\\s+(\\d+)', open('/proc/self/status').read())[1]); "
        f"before, start = size(), time.perf_counter(); import {module}; "
        "print(f'{time.perf_counter() - start:.3f} s {(size() - before) / 1024:.1f} MB')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _hard_cases() -> list[tuple[str, set[int]]]:
    from tests.unit.test_segments import HARD_CASES

    cases = []
    for marked in HARD_CASES:
        parts = marked.split("|")
        ends = [len("".join(parts[: count + 1])) for count in range(len(parts) - 1)]
        cases.append(("".join(parts), set(ends)))
    return cases


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare sentence splitters.")
    parser.add_argument("csv", type=Path)
    parser.add_argument("--list", action="store_true", help="print every place where they disagree")
    arguments = parser.parse_args()

    cutters = _load()
    with arguments.csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = {
        f"{column[0]}{number}": row[column]
        for column in ("Abstract", "Description")
        for number, row in enumerate(rows)
        if row[column].strip()
    }

    found: dict[str, dict[str, set[int]]] = {}
    seconds: dict[str, float] = {}
    for name, cut in cutters.items():
        cut("Warm up. Once.")
        start = time.perf_counter()
        found[name] = {key: _starts(cut, text) for key, text in texts.items()}
        seconds[name] = time.perf_counter() - start

    judged = _judged()
    wrong_cuts = dict.fromkeys(cutters, 0)
    missed = dict.fromkeys(cutters, 0)
    places = boundaries = 0
    for key, text in texts.items():
        for place in sorted(set().union(*(found[name][key] for name in cutters))):
            who = [name for name in cutters if place in found[name][key]]
            if len(who) == len(cutters):
                continue
            is_boundary = place in judged.get(key, ())
            places += 1
            boundaries += is_boundary
            for name in cutters:
                wrong_cuts[name] += name in who and not is_boundary
                missed[name] += name not in who and is_boundary
            if arguments.list:
                verdict = "boundary" if is_boundary else "no boundary"
                print(
                    f"{key}:{place} {verdict} {','.join(who)}: {text[max(0, place - 50) : place]!r}",
                    repr(text[place:][:30]),
                )

    hard = _hard_cases()
    print(
        f"{len(texts)} texts; {places} places of disagreement, {boundaries} of them boundaries; {len(hard)} hard cases"
    )
    print(f"{'':18}{'cut wrongly':>12}{'missed':>8}{'hard wrong':>12}{'all texts':>11}   import")
    for name, cut in cutters.items():
        hard_wrong = sum(_starts(cut, text) != expected for text, expected in hard)
        module = CANDIDATES[name][0] if name in CANDIDATES else "bot.translation.segments"
        row = f"{name:18}{wrong_cuts[name]:12}{missed[name]:8}{hard_wrong:12}{seconds[name]:9.2f} s"
        print(f"{row}   {_start_up(module)}")


if __name__ == "__main__":
    main()
