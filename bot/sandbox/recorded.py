"""Recorded translations: which Korean belongs to an English text, and how whole passages are cut into segments.

A recorded paper is one JSON object (see `upstream.read_recorded`): `title`, `intro` and `abstract` are each null or an
object with `en` and `ko`. They hold whole passages while a model is asked for segments, so the Korean of a passage is
cut at blanks into as many pieces as there are segments, at ends of sentences where that fits. The pieces joined with a
blank are the recorded Korean again, but for white space and the `-` that opens a bullet line (part of no segment).

English is compared without white space, case and the shape of quotes and dashes.
"""

import bisect
import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MINIMUM_PART = 12
"""A part of a passage is recognised from this many characters (without blanks) on."""

_BULLET = re.compile(r"^\s*-\s+(?=\S)", re.MULTILINE)
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "`": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "…": "..."}
)
_SENTENCE_END = re.compile(r"""(?:[가-힣\d%)\]"'”’$][.?!]|[?!。])["'”’)\]]*$""")
_CLAUSE_END = re.compile(r"[,;:]$")
_COST_CLAUSE, _COST_WORD = 1.0, 2.0
_NEVER = float("inf")


@dataclass(frozen=True)
class _Passage:
    key: str
    """The English, as compared."""
    words: tuple[str, ...]
    """The Korean."""
    anchors: tuple[tuple[int, int], ...]
    """Where lines begin, and the end: offsets in `key` with the numbers of words there."""


class Translations:
    """Korean by English, for titles and for passages in whole or in part."""

    def __init__(self, recorded: Iterable[Mapping[str, Any]] = ()) -> None:
        self._titles: dict[str, str] = {}
        self._passages: list[_Passage] = []
        self._whole: dict[str, _Passage] = {}
        self._cut_before: dict[str, dict[int, int]] = {}
        for paper in recorded:
            self._add(paper)

    def _add(self, paper: Mapping[str, Any]) -> None:
        title = paper.get("title")
        if title and title["ko"].strip():
            self._titles.setdefault(_key(title["en"]), " ".join(title["ko"].split()))
        for kind in ("intro", "abstract"):
            text = paper.get(kind)
            if not text or not text["ko"].strip() or not _key(text["en"]):
                continue
            passage = _passage(text["en"], text["ko"])
            self._passages.append(passage)
            self._whole.setdefault(passage.key, passage)

    def title(self, english: str) -> str | None:
        """The Korean title, or None if it is not recorded."""
        return self._titles.get(_key(english))

    def passage(self, segments: Sequence[str]) -> tuple[str | None, ...]:
        """The Korean of consecutive segments of one passage, in their order; None for what is not recorded.

        Segments may be a whole passage or a part of one. What is not recognised together is looked up one by one.
        """
        found = self._cut(segments)
        if found is not None:
            return found
        return tuple((self._cut([segment]) or (None,))[0] for segment in segments)

    def _cut(self, segments: Sequence[str]) -> tuple[str | None, ...] | None:
        """The pieces for these segments; None: not a passage nor a part of one."""
        keys = [_key(segment) for segment in segments]
        asked = "".join(keys)
        if not all(keys):
            return None
        passage = self._whole.get(asked)
        if passage is None and len(asked) >= MINIMUM_PART:
            passage = next((known for known in self._passages if asked in known.key), None)
        if passage is None:
            return None
        start = passage.key.index(asked)
        edges = [start + offset for offset in itertools.accumulate((len(key) for key in keys), initial=0)]
        # A part asked after the whole (an answer that was cut is asked again in halves) gets the pieces it had then.
        numbers = self._cut_before.get(passage.key, {})
        if not numbers.keys() >= set(edges):
            cuts = _word_numbers(passage, edges)
            if cuts is None:
                return (None,) * len(segments)
            numbers = cuts
        if asked == passage.key:
            self._cut_before[passage.key] = numbers
        return tuple(" ".join(passage.words[numbers[a] : numbers[b]]) for a, b in itertools.pairwise(edges))


def _key(english: str) -> str:
    text = unicodedata.normalize("NFC", _BULLET.sub("", english)).translate(_ALIKE).casefold()
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) != "Cf")


def _passage(english: str, korean: str) -> _Passage:
    korean_lines = [line for line in _BULLET.sub("", korean).splitlines() if line.strip()]
    english_lines = [line for line in _BULLET.sub("", english).splitlines() if line.strip()]
    words = [line.split() for line in korean_lines]
    key = _key(english)
    if len(words) == len(english_lines):
        offsets = itertools.accumulate((len(_key(line)) for line in english_lines), initial=0)
        counts = itertools.accumulate((len(line) for line in words), initial=0)
        anchors = tuple(zip(offsets, counts, strict=True))
    else:
        anchors = ((0, 0), (len(key), sum(map(len, words))))
    return _Passage(key, tuple(itertools.chain.from_iterable(words)), anchors)


def _word_numbers(passage: _Passage, edges: Sequence[int]) -> dict[int, int] | None:
    """For each of `edges` (offsets in the key) the number of the word to cut before; None: there are too few words."""
    # The passage's own ends are known, what lies between has to be found.
    inner = [edge for edge in edges if 0 < edge < len(passage.key)]
    ends = (passage.anchors[0], passage.anchors[-1])
    cuts = _best_cuts(passage, inner, passage.anchors)
    if cuts is None:
        cuts = _best_cuts(passage, inner, ends)
    return None if cuts is None else {**dict(ends), **dict(zip(inner, cuts, strict=True))}


def _best_cuts(passage: _Passage, edges: Sequence[int], anchors: Sequence[tuple[int, int]]) -> tuple[int, ...] | None:
    """For each edge the number of the word before which the Korean is cut; strictly rising, cheapest in total.

    A cut is cheap at the end of a sentence and near the place that corresponds to its edge by length. What it costs
    does not depend on the other edges, so a passage asked in two halves is cut at the same places as a whole one.
    """
    words = passage.words
    ends = tuple(itertools.accumulate((len(word) + 1 for word in words), initial=0))
    sentence = ends[-1] / max(1, sum(1 for word in words if _SENTENCE_END.search(word)))
    # best[number]: the cheapest way to place the edges so far with the last cut before word `number`.
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ()), *[(_NEVER, ())] * len(words)]
    for edge in edges:
        target, fixed = _target(edge, anchors, ends)
        placed: list[tuple[float, tuple[int, ...]]] = [(_NEVER, ())] * (len(words) + 1)
        cheapest: tuple[float, tuple[int, ...]] = (_NEVER, ())
        for number in range(1, len(words)):
            cheapest = min(cheapest, best[number - 1], key=lambda way: way[0])
            if fixed is not None and number != fixed:
                continue
            cost = 0.0 if fixed is not None else ((ends[number] - target) / sentence) ** 2 + _cost(words[number - 1])
            placed[number] = (cheapest[0] + cost, (*cheapest[1], number))
        best = placed
    total, cuts = min(best, key=lambda way: way[0])
    return cuts if total < _NEVER else None


def _target(edge: int, anchors: Sequence[tuple[int, int]], ends: Sequence[int]) -> tuple[float, int | None]:
    """Where `edge` lies in the Korean by proportion, in characters; and the word's number if a line begins there."""
    after = min(bisect.bisect_right(anchors, edge, key=lambda anchor: anchor[0]), len(anchors) - 1)
    (left, left_word), (right, right_word) = anchors[after - 1], anchors[after]
    if edge == left and len(anchors) > 2:
        return 0.0, left_word
    share = (edge - left) / max(1, right - left)
    return ends[left_word] + share * (ends[right_word] - ends[left_word]), None


def _cost(last_word: str) -> float:
    if _SENTENCE_END.search(last_word):
        return 0.0
    return _COST_CLAUSE if _CLAUSE_END.search(last_word) else _COST_WORD
