"""Captions show words longer than they are said; this takes out what a caption only shows again.

Seen in automatic WebVTT of YouTube: each line stands twice or three times, once growing and once above its successor.
In json3 and in captions made by people lines follow each other, and what a speaker repeats has to stay.
"""

from collections.abc import Sequence
from typing import NamedTuple

SCROLLS_FROM = 0.25
"""Share of lines that stand again on the next screen, from which captions are taken for scrolling ones."""
OVERLAP_WORDS = 3
"""So many words at the end of one line and again at the start of the next, at the same time, are one and the same."""
LONGEST_OVERLAP = 40
_GAP_S = 0.2
"""Lines no farther apart belong to screens that follow each other."""


class Shown(NamedTuple):
    """A line and when it was on the screen, in seconds; None where nobody knows."""

    start_s: float | None
    end_s: float | None
    text: str


def without_repeats(lines: Sequence[Shown]) -> tuple[list[str], int]:
    """What each line says that was not said by the lines before it, perhaps nothing; and how many words were left out.

    Lines without times are left as they are: nobody can tell a repeated word from one that is shown again.
    """
    scrolls = _scrolls(lines)
    said: list[str] = []
    left_out = 0
    before: list[Shown] = []
    heard: list[str] = []
    for line in lines:
        words = line.text.split()
        known = _known_words(line, words, before, heard, scrolls)
        left_out += known
        said.append(" ".join(words[known:]))
        heard = [*heard, *words[known:]][-LONGEST_OVERLAP:]
        if words:
            before = [*before, line][-2:]
    return said, left_out


def _scrolls(lines: Sequence[Shown]) -> bool:
    spoken = [line for line in lines if line.text]
    again = sum(
        line.text in [other.text for other in spoken[max(0, i - 2) : i] if _follows(line, other)]
        for i, line in enumerate(spoken)
    )
    return again > SCROLLS_FROM * len(spoken)


def _known_words(
    line: Shown, words: Sequence[str], before: Sequence[Shown], heard: Sequence[str], scrolls: bool
) -> int:
    near = [other for other in before if _follows(line, other)]
    if not near:
        return 0
    if scrolls and any(line.text == other.text for other in near):
        return len(words)
    last = near[-1].text.split()
    if scrolls and list(words[: len(last)]) == last:
        return len(last)  # the line grew
    if not _overlaps(line, near[-1]):
        return 0
    longest = min(len(words), len(heard))
    return next((n for n in range(longest, OVERLAP_WORDS - 1, -1) if list(heard[-n:]) == list(words[:n])), 0)


def _follows(line: Shown, other: Shown) -> bool:
    return line.start_s is not None and other.end_s is not None and line.start_s <= other.end_s + _GAP_S


def _overlaps(line: Shown, other: Shown) -> bool:
    return line.start_s is not None and other.end_s is not None and line.start_s < other.end_s
