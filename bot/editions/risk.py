"""Which sentences a moderator should read first: cheap signs that a translation went wrong, the strongest first.

These are signs, not judgements: numbers that differ, names that vanished, odd lengths, text left in English.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.languages.ko import review as words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"\b(?:[A-Z][a-z]*[A-Z0-9][A-Za-z0-9\-]*|[A-Z]{2,}[A-Za-z0-9\-]*)\b")
_HANGUL = re.compile(r"[가-힣]")
_SHORTEST_JUDGED = 40
"""Characters of English; below that, lengths say nothing."""
SHORT_RATIO, LONG_RATIO = 0.22, 1.15
"""Korean characters for one English character. In published weekly posts the middle is 0.5 and nine in ten lie between
0.35 and 0.75; these bounds are wide on purpose."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One sign. Higher `weight` is read first; `reason` is a Korean sentence for moderators."""

    weight: float
    reason: str


def risk_of(source: str, target: str) -> Risk | None:
    """The strongest sign that `target` is not what `source` says; None if there is none."""
    return max(_risks(source, target), key=lambda risk: risk.weight, default=None)


def _risks(source: str, target: str) -> Iterable[Risk]:
    if not _HANGUL.search(target) and len(source) >= _SHORTEST_JUDGED:
        yield Risk(5, words.RISK_UNTRANSLATED)
    elif _longest_english_run(target) >= 60:
        yield Risk(4, words.RISK_UNTRANSLATED)
    if len(source) >= _SHORTEST_JUDGED:
        ratio = len(target) / len(source)
        if ratio < SHORT_RATIO:
            yield Risk(4 + SHORT_RATIO - ratio, words.RISK_SHORT)
        if ratio > LONG_RATIO:
            yield Risk(2 + ratio, words.RISK_LONG)
    if missing := _digits(source) - _digits(target):
        # Magnitudes are written differently in Korean (16 million, 1,600만), so a different number is a weak sign.
        yield Risk(1 + len(missing) / 10, words.RISK_NUMBERS)
    if names := sorted(name for name in set(_NAME.findall(source)) if name.lower() not in target.lower()):
        yield Risk(1.5 + len(names) / 10, words.RISK_NAMES.format(names=", ".join(names[:4])))


def _digits(text: str) -> set[str]:
    return {number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text)}


def _longest_english_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"[A-Za-z ,.;:'\-]+", text)), default=0)
