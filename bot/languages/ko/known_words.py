"""The words of the trade that the shipped termbase has, for telling a mistyped word from a right one."""

import csv
from functools import cache
from pathlib import Path


def is_word(word: str) -> bool:
    """Whether it is a word, or the words, of a Korean term."""
    return word in _words()


@cache
def _words() -> frozenset[str]:
    targets: list[str] = []
    for path in sorted((Path(__file__).parent / "terms").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            targets += [row["target"] for row in csv.DictReader(file)]
    return frozenset(targets) | frozenset(word for target in targets for word in target.split())
