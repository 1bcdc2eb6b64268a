"""Where the passages of an adopted post stand after people edited it.

Such a post has no form that could be counted on, so it is compared with the text that it should be: passages stand
between the same neighbours as before. A paper is gone once nothing of it is left anywhere in the post.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from bot.editions.layout import Kept
from bot.forum.parse import Parsed, Region

TELLING = 16
"""So many letters and digits must a line have to tell which paper it belongs to."""

_BLANKS_AND_MARKS = re.compile(r"(?:\s|[-*+•●>#_]|(?<!\S)\d{1,2}\.(?=\s))*")
_WORD = re.compile(r"\w+|\s|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Run:
    """Korean of one passage that stands together.

    Attributes:
        key: unlike that of every other run; with the item it belongs to, if it does.
        first: number of its first piece.
        last: number of its last piece.
        segments: their ids, in order.
    """

    key: tuple[str, int | None]
    first: int
    last: int
    segments: tuple[int, ...]


def runs_of(pieces: Sequence[Kept], passage_of: Mapping[int, int]) -> tuple[Run, ...]:
    """The runs of a post, in order.

    Args:
        passage_of: the passage of every segment.
    """
    runs: list[Run] = []
    for number, piece in enumerate(pieces):
        if piece.segment is None:
            continue
        last = runs[-1] if runs else None
        if (
            last
            and last.key[1] == piece.item
            and passage_of[last.segments[-1]] == passage_of[piece.segment]
            and _BLANKS_AND_MARKS.fullmatch("".join(between.text for between in pieces[last.last + 1 : number]))
        ):
            runs[-1] = Run(last.key, last.first, number, (*last.segments, piece.segment))
        else:
            runs.append(Run((f"run {len(runs)}", piece.item), number, number, (piece.segment,)))
    return tuple(runs)


def find(pieces: Sequence[Kept], runs: Sequence[Run], texts: Mapping[int, str], raw: str) -> Parsed:
    """The regions of the runs in a post that people may have edited. Never raises.

    Args:
        texts: by segment id, what is expected to stand there; those without one are expected to be absent.
        raw: the post as the forum holds it now.
    """
    shown = [piece.text if piece.segment is None else texts.get(piece.segment, "") for piece in pieces]
    order = _as_arranged(pieces, raw)
    starts: dict[int, int] = {}
    position = 0
    for number in order:
        starts[number] = position
        position += len(shown[number])
    same = list(_same("".join(shown[number] for number in order), raw))
    regions: list[Region] = []
    free = 0
    for run in sorted(runs, key=lambda run: starts[run.first]):
        start, end = _between(same, raw, starts[run.first], starts[run.last] + len(shown[run.last]))
        start, end = _trimmed(raw, max(start, free), max(end, free))
        free = end
        regions.append(Region(start, end, *run.key))
    papers = _papers(pieces, shown, texts, raw)
    return Parsed(tuple(region for region in regions if region.paper is None or region.paper in papers), papers)


def _papers(pieces: Sequence[Kept], shown: Sequence[str], texts: Mapping[int, str], raw: str) -> tuple[int, ...]:
    """The papers of which something is left; of those that were taken out, the ones that are back."""
    standing = {piece.item for piece in pieces if piece.segment in texts}
    found: dict[int, list[bool]] = {}
    for piece, text in zip(pieces, shown, strict=True):
        if piece.item is not None:
            marks = found.setdefault(piece.item, [])
            marks += (line in raw for line in _telling(text))
    # An address in a note does not bring a paper back.
    return tuple(
        item
        for item, marks in found.items()
        if (any(marks) or not marks if item in standing else sum(marks) * 2 > len(marks))
    )


def _as_arranged(pieces: Sequence[Kept], raw: str) -> list[int]:
    """Numbers of the pieces, papers in the order in which they stand in `raw` where all of them are found there."""
    groups = [(item, list(own)) for item, own in itertools.groupby(range(len(pieces)), lambda n: pieces[n].item)]
    papers = [own for item, own in groups if item is not None]
    places = [_place(pieces, own, raw) for own in papers]
    if None not in places:
        arranged = iter(own for _, own in sorted(zip(places, papers, strict=True), key=lambda pair: pair[0] or 0))
        groups = [(item, own if item is None else next(arranged)) for item, own in groups]
    return [number for _, own in groups for number in own]


def _place(pieces: Sequence[Kept], own: Sequence[int], raw: str) -> int | None:
    """Where a paper stands, told by the first line of it that is kept and stands there once."""
    kept = (pieces[number].text for number in own if pieces[number].segment is None)
    lines = (line for text in kept for line in _telling(text))
    return next((raw.index(line) for line in lines if raw.count(line) == 1), None)


def _telling(text: str) -> Iterator[str]:
    """Its lines that are hardly found in another paper."""
    return (line.strip() for line in text.split("\n") if sum(map(str.isalnum, line)) >= TELLING)


def _same(base: str, raw: str) -> Iterator[tuple[int, int, int]]:
    """What both texts have in the same order: where in `base` it starts and ends, and where in `raw` it starts."""
    for start, end, left, right, is_same in _compared(base, raw, _LINE):
        if is_same:
            yield (start, end, left)
        else:
            for a, b, c, _, is_equal in _compared(base[start:end], raw[left:right], _WORD):
                if is_equal:
                    yield (start + a, start + b, left + c)


def _compared(base: str, raw: str, unit: re.Pattern[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Stretches of both texts side by side, equal and unequal ones in turn, compared by units."""
    ours, theirs = unit.findall(base), unit.findall(raw)
    our_ends, their_ends = ([0, *itertools.accumulate(map(len, units))] for units in (ours, theirs))
    for is_equal, own in itertools.groupby(Indel.opcodes(ours, theirs), lambda step: step.tag == "equal"):
        steps = list(own)
        first, last = steps[0], steps[-1]
        yield (
            our_ends[first.src_start],
            our_ends[last.src_end],
            their_ends[first.dest_start],
            their_ends[last.dest_end],
            is_equal,
        )


def _between(same: Sequence[tuple[int, int, int]], raw: str, start: int, end: int) -> tuple[int, int]:
    """What stands in `raw` between the neighbours that the base has before `start` and behind `end`.

    A paragraph that was put beside the passage, with an empty line between, is no part of it.
    """
    before = [block for block in same if block[0] < start]
    behind = [block for block in same if block[1] > end]
    left = before[-1][2] + min(start, before[-1][1]) - before[-1][0] if before else 0
    right = behind[0][2] + max(end, behind[0][0]) - behind[0][0] if behind else len(raw)
    inside = [block for block in same if block[0] < end and block[1] > start]
    if inside:
        first = inside[0][2] + max(start, inside[0][0]) - inside[0][0]
        last = inside[-1][2] + min(end, inside[-1][1]) - inside[-1][0]
        gap = raw.rfind("\n\n", left, first)
        left = gap if gap >= 0 else left
        gap = raw.find("\n\n", last, right)
        right = gap if gap >= 0 else right
    return left, right


def _trimmed(raw: str, start: int, end: int) -> tuple[int, int]:
    text = raw[start:end]
    if not text.strip():
        return end, end
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())
