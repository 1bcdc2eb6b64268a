"""Which sentence of a passage became what, after a person edited the passage on the forum.

Texts found word for word are anchors, wherever they stand now. Only what lies between them is cut into sentences and
compared by likeness, so the cutting rule matters in changed stretches alone. Everything a person wrote is assigned to
some segment: added sentences to the segment before them, or to the first one.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from bot.languages.ko import sentences

ALIKE = 0.5
"""Likeness (0 to 1) from which a sentence in the place of another counts as its new wording."""
ALIKE_ELSEWHERE = 0.75
"""The same for a sentence that stands elsewhere in the passage now."""
MOST_SENTENCES = 4
"""So many sentences on the forum may be the new wording of one segment."""

_LINE = re.compile(r"[^\n]+")
_OTHER_LINE = re.compile(r">.*|<?https?://\S+")
_BULLET = re.compile(r"[ \t]*[-*+](?:[ \t]+|$)")
_FINISHED = re.compile(r"[.?!…。！？:;](?:<!-- -->)?[)\]\"'”’」』》*_\\]*$")

State = Literal["unchanged", "changed", "deleted", "displaced"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one segment.

    Attributes:
        state: unchanged, changed (also by a sentence added to it), deleted, or displaced: gone from the passage, but
            still word for word elsewhere in the post. What a person moved out of its passage is not deleted.
        moved: it stands in another order among the passage's segments than before.
        text: its Markdown now, with line ends and bullets that are inside it; empty if deleted.
        start: where that text begins in the region, in characters; 0 if deleted or displaced.
        end: where it ends.
    """

    state: State
    moved: bool
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """What became of a passage.

    Attributes:
        fates: one a segment, in the order of the segments.
        order: the numbers of the segments that are left, in the order in which they stand in the region.
        unassigned: the region's sentences if there is no segment at all that could hold them; else empty.
        others: what a person put into the region that is no wording of its sentences: quotes, bare addresses, sentences
            of other passages. It stays on the page where it is and belongs to no segment, unless it stands within one.
    """

    fates: tuple[Fate, ...]
    order: tuple[int, ...]
    unassigned: str
    others: tuple[str, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether every segment stands as it stood, and nothing was added."""
        return not self.unassigned and all(fate.state == "unchanged" and not fate.moved for fate in self.fates)


@dataclass(slots=True)
class _Piece:
    """A stretch of the region: a segment's text, or a sentence that belongs to none yet."""

    start: int
    end: int
    owner: int | None = None


def align(old: Sequence[str], region: str, post: str = "", others: Iterable[str] = ()) -> Aligned:
    """What became of the segments with the texts `old`, given the text of their passage on the forum now.

    The texts of the fates, put together in `order`, are the whole region but for `others`, blanks, and the bullet marks
    between them. Deterministic; never raises.

    Args:
        old: Markdown of the segments as it stood in the last agreed post, in reading order; empty for a segment that
            had no text.
        region: the passage in the post as it is now, paragraphs or bullets.
        post: all of the post (or the article) as it is now, to tell displaced sentences from deleted ones.
        others: Markdown of the segments of all other passages, to tell sentences moved here from new ones.
    """
    pieces, moved_in = _cut(old, region, others)
    _match_between(old, region, pieces)
    _join_openings(region, pieces)
    _match_elsewhere(old, region, pieces)
    for segments, free in list(_gaps(len(old), pieces)):
        # Nothing alike is left: a sentence typed anew stands where the old one stood.
        for number, index in zip(segments, free, strict=False):
            pieces[index].owner = number
    return _fates(old, region, pieces, moved_in, post)


def longest_rise(numbers: Sequence[int]) -> set[int]:
    """A longest rising subsequence of different numbers, as a set: what kept its order."""
    tails: list[int] = []
    before: list[int | None] = []
    tail_positions: list[int] = []
    for position, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(tail_positions[length - 1] if length else None)
        tails[length : length + 1] = [number]
        tail_positions[length : length + 1] = [position]
    kept: set[int] = set()
    at = tail_positions[-1] if tail_positions else None
    while at is not None:
        kept.add(numbers[at])
        at = before[at]
    return kept


def _cut(old: Sequence[str], region: str, others: Iterable[str]) -> tuple[list[_Piece], tuple[str, ...]]:
    """The region as the segments found word for word and the sentences between them; and what is none of it."""
    own = _find_exact(old, region, ())
    foreign = _find_exact([text for text in others if text in region], region, own)
    pieces: list[_Piece] = []
    position = 0
    for anchor in sorted([*own, *foreign], key=lambda piece: piece.start):
        pieces += [*_sentences(region, position, anchor.start), anchor]
        position = anchor.end
    pieces += _sentences(region, position, len(region))
    strange = [
        piece
        for piece in pieces
        if piece in foreign or (piece.owner is None and _OTHER_LINE.fullmatch(region, piece.start, piece.end))
    ]
    return [piece for piece in pieces if piece not in strange], tuple(region[p.start : p.end] for p in strange)


def _find_exact(texts: Sequence[str], region: str, taken: Sequence[_Piece]) -> list[_Piece]:
    """The texts that stand word for word, owned by their number. Longer ones choose first, equal ones in order."""
    found: list[_Piece] = []
    for number in sorted(range(len(texts)), key=lambda n: (-len(texts[n]), n)):
        text = texts[number]
        start = region.find(text) if text.strip() else -1
        while start >= 0:
            end = start + len(text)
            alone = (start == 0 or region[start - 1].isspace()) and (end == len(region) or region[end].isspace())
            if alone and all(end <= other.start or other.end <= start for other in (*taken, *found)):
                found.append(_Piece(start, end, number))
                break
            start = region.find(text, start + 1)
    return sorted(found, key=lambda piece: piece.start)


def _sentences(region: str, start: int, end: int) -> list[_Piece]:
    """The sentences and other lines of a stretch; blanks and bullet marks between them belong to none."""
    found: list[_Piece] = []
    for line in _LINE.finditer(region, start, end):
        left = line.start()
        if left == 0 or region[left - 1] == "\n":
            if _OTHER_LINE.fullmatch(line.group().strip()) and region[line.end() : line.end() + 1] in ("", "\n"):
                found.append(_trimmed(region, left, line.end()))
                continue
            bullet = _BULLET.match(region, left, line.end())
            left = bullet.end() if bullet else left
        found += (_Piece(left + a, left + b) for a, b in sentences.split(region[left : line.end()]))
    return found


def _trimmed(region: str, start: int, end: int) -> _Piece:
    text = region[start:end]
    return _Piece(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _gaps(count: int, pieces: Sequence[_Piece]) -> Iterator[tuple[list[int], list[int]]]:
    """What has no partner yet between two neighbours that kept their order: numbers of segments, and of pieces."""
    owners = [piece.owner for piece in pieces]
    owned = {owner for owner in owners if owner is not None}
    in_place = longest_rise(_in_order(pieces))
    bounds = [(-1, -1), *((owner, i) for i, owner in enumerate(owners) if owner in in_place), (count, len(pieces))]
    for (segment, index), (next_segment, next_index) in itertools.pairwise(bounds):
        yield (
            [number for number in range(segment + 1, next_segment) if number not in owned],
            [i for i in range(index + 1, next_index) if owners[i] is None],
        )


def _in_order(pieces: Sequence[_Piece]) -> list[int]:
    """The segments in the order in which they stand in the region, each once."""
    return list(dict.fromkeys(piece.owner for piece in pieces if piece.owner is not None))


def _match_between(old: Sequence[str], region: str, pieces: Sequence[_Piece]) -> None:
    """Give new wordings to their segments between the anchors, in order, so that the sum of likeness is greatest."""
    for segments, free in list(_gaps(len(old), pieces)):
        # best[i][j]: value of the first i segments and j pieces, and how many of each the last step took.
        best: list[list[tuple[float, int, int]]] = []
        for i in range(len(segments) + 1):
            best.append([])
            for j in range(len(free) + 1):
                options = [(0.0, 0, 0)]
                if i:
                    options.append((best[i - 1][j][0], 1, 0))
                if j:
                    options.append((best[i][j - 1][0], 0, 1))
                for taken in range(1, min(j, MOST_SENTENCES) + 1 if i else 1):
                    likeness = _likeness(old[segments[i - 1]], region, pieces, free[j - taken : j])
                    if likeness >= ALIKE:
                        gain = (likeness - ALIKE / 2) * len(old[segments[i - 1]])
                        options.append((best[i - 1][j - taken][0] + gain, 1, taken))
                best[i].append(max(options, key=lambda option: option[0]))
        i, j = len(segments), len(free)
        while i or j:
            _, down, taken = best[i][j]
            if not down and not taken:
                break
            if down:
                for index in free[j - taken : j]:
                    pieces[index].owner = segments[i - 1]
            i, j = i - down, j - taken


def _likeness(text: str, region: str, pieces: Sequence[_Piece], indices: Sequence[int]) -> float:
    if indices[-1] - indices[0] != len(indices) - 1:
        return 0.0  # something else stands between them
    return fuzz.ratio(text, region[pieces[indices[0]].start : pieces[indices[-1]].end]) / 100


def _join_openings(region: str, pieces: list[_Piece]) -> None:
    """Words put in front of a sentence in its line are the beginning of that sentence, not a sentence of their own."""
    for i in range(len(pieces) - 2, -1, -1):
        piece, following = pieces[i], pieces[i + 1]
        is_one_line = "\n" not in region[piece.start : following.start]
        is_finished = _FINISHED.search(region, piece.start, piece.end) is not None
        if piece.owner is None and following.owner is not None and is_one_line and not is_finished:
            following.start = piece.start
            del pieces[i]


def _match_elsewhere(old: Sequence[str], region: str, pieces: Sequence[_Piece]) -> None:
    """Sentences that were both moved and changed."""
    owned = set(_in_order(pieces))
    pairs = [
        (likeness, number, index)
        for number in range(len(old))
        if number not in owned and old[number].strip()
        for index, piece in enumerate(pieces)
        if piece.owner is None
        and (likeness := fuzz.ratio(old[number], region[piece.start : piece.end]) / 100) >= ALIKE_ELSEWHERE
    ]
    for _, number, index in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if number not in owned and pieces[index].owner is None:
            pieces[index].owner = number
            owned.add(number)


def _fates(old: Sequence[str], region: str, pieces: Sequence[_Piece], others: tuple[str, ...], post: str) -> Aligned:
    order = _in_order(pieces)
    if not order:
        unassigned = region[pieces[0].start : pieces[-1].end] if pieces else ""
        return Aligned(tuple(_absent(text, post) for text in old), (), unassigned, others)
    spans: dict[int, tuple[int, int]] = {}
    owner = order[0]
    for piece in pieces:
        owner = owner if piece.owner is None else piece.owner
        spans[owner] = (spans.get(owner, (piece.start, 0))[0], piece.end)
    in_place = longest_rise(order)
    fates = []
    for number, text in enumerate(old):
        if number not in spans:
            fates.append(_absent(text, post))
            continue
        start, end = spans[number]
        state: State = "unchanged" if region[start:end] == text else "changed"
        fates.append(Fate(state, number not in in_place, region[start:end], start, end))
    return Aligned(tuple(fates), tuple(order), "", others)


def _absent(text: str, post: str) -> Fate:
    if not text.strip():
        return Fate("unchanged", False, "", 0, 0)
    if text in post:
        return Fate("displaced", False, text, 0, 0)
    return Fate("deleted", False, "", 0, 0)
