"""Setting English sentences beside their Korean, for texts whose Korean came as a whole.

Sentences keep their order, so a small dynamic program finds the cheapest way to lay both sides against each other: by
length, and by the numbers and Latin words that both sides show (after Gale and Church, "A Program for Aligning
Sentences in Bilingual Corpora", 1993, with anchors).
"""

import math
import re
from collections.abc import Iterable, Sequence

from bot.languages.ko import sentences
from bot.translation import segments
from bot.translation.checks.base import Text, Unit

_ANCHOR = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z][A-Za-z0-9]+")
_CLAUSE = re.compile(r"(?<=;)\s+")
_STEPS = {
    (1, 1): 0.0,
    (1, 2): 1.8,
    (2, 1): 1.8,
    (1, 3): 3.0,
    (3, 1): 3.0,
    (1, 4): 4.2,
    (4, 1): 4.2,
    (1, 0): 2.2,
    (0, 1): 2.2,
}
"""How many English and Korean sentences may stand beside each other, and how unusual that is."""
_LENGTH_WEIGHT = 1.6
_ANCHOR_WEIGHT = 1.0
_USUAL_RATIO = (0.42, 0.62)
"""Korean characters for an English one; the text's own ratio counts within these, for a sentence may be missing."""
_FLOOR = 8.0
"""Characters added to both lengths, so that short sentences may differ."""

Span = tuple[int, int]


def paired(field: str, source: str, target: str) -> Text:
    """A text of both sides, cut and aligned.

    A unit without English has an empty source; English without Korean has a unit with `start == end`.
    """
    if not source.strip():
        return Text(field, source, target, tuple(Unit("", *span) for span in _korean(target)))
    return Text(field, source, target, tuple(_aligned(_clauses(source), target, _korean(target))))


def of_segments(field: str, pairs: Iterable[tuple[str, str]], *, between: str = " ") -> Text:
    """A text of segments that are already aligned: English and Korean of each; the text joins them with a blank."""
    aligned = list(pairs)
    sources = [source for source, _ in aligned]
    target = ""
    units: list[Unit] = []
    for (source, translated), (start, _) in zip(
        aligned, segment_spans((ko for _, ko in aligned), between), strict=True
    ):
        target = target + between if start > len(target) else target
        units += _within(source, translated, start)
        target += translated
    return Text(field, between.join(sources) if any(sources) else "", target, tuple(units))


def segment_spans(targets: Iterable[str], between: str = " ") -> list[Span]:
    """Where the Korean of each segment stands in the text that `of_segments` makes of them."""
    spans: list[Span] = []
    end = 0
    for target in targets:
        start = end + len(between) if end and target else end
        end = start + len(target)
        spans.append((start, end))
    return spans


def _within(source: str, translated: str, offset: int) -> list[Unit]:
    """The pair, or where both sides have several sentences or clauses, those that stand beside each other."""
    spans = _korean(translated)
    clauses = _clauses(source)
    if len(clauses) < 2 or len(spans) < 2:
        return [Unit(source, offset, offset + len(translated))]
    return [Unit(unit.source, offset + unit.start, offset + unit.end) for unit in _aligned(clauses, translated, spans)]


def _clauses(source: str) -> list[str]:
    """The sentences of an English text, cut after semicolons too."""
    sentences = (source[span.start : span.end] for span in segments.split(source))
    return [clause.strip() for sentence in sentences for clause in _CLAUSE.split(sentence) if clause.strip()]


def _korean(text: str) -> list[Span]:
    found: list[Span] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        found += [(offset + start, offset + end) for start, end in sentences.split(body)]
        offset += len(line)
    return found


def _aligned(english: Sequence[str], target: str, spans: Sequence[Span]) -> Iterable[Unit]:
    korean = [target[start:end] for start, end in spans]
    place = 0
    e = k = 0
    for taken, given in _cheapest(english, korean):
        source = " ".join(english[e : e + taken])
        if given:
            yield Unit(source, spans[k][0], spans[k + given - 1][1])
            place = spans[k + given - 1][1]
        else:
            yield Unit(source, place, place)
        e, k = e + taken, k + given


def _cheapest(english: Sequence[str], korean: Sequence[str]) -> list[tuple[int, int]]:
    """The steps of the cheapest alignment, first to last."""
    if min(len(english), len(korean)) == 1:
        return [(len(english), len(korean))]
    shortest, longest = _USUAL_RATIO
    ratio = min(longest, max(shortest, sum(map(len, korean)) / max(1, sum(map(len, english)))))
    left = [_anchors(sentence) for sentence in english]
    right = [_anchors(sentence) for sentence in korean]
    telling = _union(left) & _union(right)  # only what both sides show tells where a sentence belongs
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for e in range(len(english) + 1):
        for k in range(len(korean) + 1):
            for (taken, given), unusual in _STEPS.items():
                before = best.get((e - taken, k - given))
                if before is None:
                    continue
                cost = before[0] + unusual
                if taken and given:
                    cost += _mismatch(english[e - taken : e], korean[k - given : k], ratio)
                    there = _union(left[e - taken : e]), _union(right[k - given : k])
                    cost += _ANCHOR_WEIGHT * _apart(there[0] & telling, there[1] & telling)
                if (e, k) not in best or cost < best[e, k][0]:
                    best[e, k] = (cost, (taken, given))
    return _steps_back(best, (len(english), len(korean)))


def _steps_back(
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]], end: tuple[int, int]
) -> list[tuple[int, int]]:
    steps: list[tuple[int, int]] = []
    while end != (0, 0):
        step = best[end][1]
        steps.append(step)
        end = (end[0] - step[0], end[1] - step[1])
    return steps[::-1]


def _mismatch(english: Sequence[str], korean: Sequence[str], ratio: float) -> float:
    expected = sum(map(len, english)) * ratio + _FLOOR
    return _LENGTH_WEIGHT * abs(math.log((sum(map(len, korean)) + _FLOOR) / expected))


def _anchors(sentence: str) -> frozenset[str]:
    return frozenset(match.group().lower().removesuffix("s") for match in _ANCHOR.finditer(sentence))


def _union(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _apart(left: frozenset[str], right: frozenset[str]) -> float:
    """Anchors that stand on one side only, as a share: 0 all shared, 1 none."""
    both = left | right
    return len(left ^ right) / len(both) if both else 0.0
