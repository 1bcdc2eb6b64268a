"""Three texts of one post become one: what we last agreed on, what the forum holds now, and what the store renders.

The forum wins wherever a person changed anything; the store's changes arrive everywhere else. What both changed stays
as the forum has it and is reported, so that the store's version can be offered to a person.

The three-way logic is that of `merge3`, over sentences instead of lines. Around it stand three things it does not do:
papers that a moderator put in another order are compared with themselves; repeated lines (labels, rules, blanks) are
compared only beside a sentence that is the same; and changes that merely touch are both taken.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, cast

from merge3 import Merge3

from bot.forum.align import longest_rise
from bot.forum.tokens import Token, joined, title_level, tokens

LARGEST_GRID = 40_000
"""A stretch without any sentence of its own is searched for equal runs up to this size (tokens times tokens)."""
SAME_BLOCK = 0.3
"""Share of a paper's text that must be there still for a block without its title to count as that paper."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that a person and the store changed differently; the forum's text stands in the result.

    Attributes:
        heading: the title over it on the forum; empty before the first.
        base: what was agreed on; empty where both added something.
        forum: what stands there now; empty if a person deleted it.
        fresh: what the store would have there; empty if it would have nothing.
    """

    heading: str
    base: str
    forum: str
    fresh: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The text to show, and what of the store's version could not be taken, in the order of the post."""

    text: str
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    """Tokens `start` to `end` of the base became tokens `left` to `right` of the other text."""

    start: int
    end: int
    left: int
    right: int


_Row = list[tuple[int, Token]]
"""Tokens, each with the number of the paper it stands in."""
_Run = tuple[int, int, int]
"""So many equal tokens: where in the base, where in the other text, how many."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two texts beside the base, and what it changed, in order."""

    row: Sequence[Token]
    edits: Sequence[_Edit]
    titles: Sequence[tuple[int, str]] = ()

    def text_tokens(self, edit: _Edit) -> list[Token]:
        return [token for token in self.row[edit.left : edit.right] if token.kind == "text"]

    def within(self, edits: Sequence[_Edit]) -> "_Side":
        return _Side(self.row, edits, self.titles)

    def part(self, start: int, end: int, left: int, right: int) -> "_Side":
        """Only what was changed between these places of the base and of this text."""
        first = bisect_left(self.edits, start, key=lambda edit: edit.start)
        reached = itertools.takewhile(lambda edit: edit.start <= end, itertools.islice(self.edits, first, None))
        return self.within([edit for edit in reached if edit.end <= end and left <= edit.left and edit.right <= right])

    def applied(self, base: Sequence[Token], start: int, end: int) -> list[Token]:
        """A stretch of the base with the edits, all of which lie in it."""
        out: list[Token] = []
        for edit in self.edits:
            out += [*base[start : edit.start], *self.row[edit.left : edit.right]]
            start = edit.end
        return [*out, *base[start:end]]

    def only(self, base: Sequence[Token], edits: Sequence[_Edit]) -> "_Side":
        """The base with these edits and no others."""
        shift, kept = 0, list[_Edit]()
        for edit in edits:
            left = edit.start + shift
            kept.append(_Edit(edit.start, edit.end, left, left + edit.right - edit.left))
            shift = kept[-1].right - edit.end
        return _Side(self.within(edits).applied(base, 0, len(base)), kept)

    def runs(self, base_length: int) -> list[_Run]:
        """What it left equal, closed by an empty run at the end, as difflib gives it."""
        runs: list[_Run] = []
        i = j = 0
        for edit in self.edits:
            if i < edit.start:
                runs.append((i, j, edit.start - i))
            i, j = edit.end, edit.right
        if i < base_length:
            runs.append((i, j, base_length - i))
        return [*runs, (base_length, len(self.row), 0)]


@dataclass(slots=True)
class _Block:
    """The tokens from one title to the next."""

    row: list[Token]
    title: str
    texts: Counter[str] = field(default_factory=Counter)


def merge(base: str, forum: str, fresh: str) -> Merged:
    """`forum` with the changes that lead from `base` to `fresh`, as far as no person's change is in the way.

    `forum` if `fresh` is `base`; `fresh` if `forum` is `base`. Nothing a person added is lost, nothing a person deleted
    returns, and the order of papers on the forum is kept. Deterministic; never raises.
    """
    if forum == base:
        return Merged(fresh, ())
    if fresh in (base, forum):
        return Merged(forum, ())
    conflicts: list[Conflict] = []
    base_blocks, forum_blocks, fresh_blocks = (_blocks(tokens(text)) for text in (base, forum, fresh))
    on_forum = _same_blocks(base_blocks, forum_blocks)
    in_fresh = _same_blocks(base_blocks, fresh_blocks)
    doubled = _put_back(forum_blocks, on_forum, fresh_blocks, in_fresh)
    for i, j in sorted(doubled.items(), reverse=True):
        brought, there = joined(fresh_blocks[i].row).strip(), joined(forum_blocks[j].row).strip()
        if brought != there:
            conflicts.append(Conflict(forum_blocks[j].title, "", there, brought))
        del fresh_blocks[i]
    in_fresh = _same_blocks(base_blocks, fresh_blocks) if doubled else in_fresh
    order = _order(len(base_blocks), on_forum)
    rank = {block: position for position, block in enumerate(order)}
    arranged = _arranged(len(fresh_blocks), in_fresh, rank)
    if arranged != list(range(len(fresh_blocks))) and not _is_rising(in_fresh):
        titles = [[block.title for block in blocks] for blocks in (base_blocks, forum_blocks, fresh_blocks)]
        conflicts.append(Conflict("", *("\n".join(title for title in side if title) for side in titles)))
    forum_ids = [on_forum.get(i, -1 - i) for i in range(len(forum_blocks))]
    fresh_ids = [in_fresh.get(i, -1 - i) for i in arranged]
    old = _row(base_blocks, order, order)
    ours = _row(forum_blocks, range(len(forum_blocks)), forum_ids)
    new = _row(fresh_blocks, arranged, fresh_ids)
    text, more = _merge_rows(old, ours, new)
    return _follow_moves(base, text, [*conflicts, *more])


# --- papers ----------------------------------------------------------------------------------------------------------


def _blocks(row: Sequence[Token]) -> list[_Block]:
    blocks = [_Block([], "")]
    for i, token in enumerate(row):
        if title_level(token):
            blocks.append(_Block([], _title(row, i + 1)))
        blocks[-1].row.append(token)
        if token.kind == "text":
            blocks[-1].texts[token.text] += 1
    return blocks


def _same_blocks(base: Sequence[_Block], other: Sequence[_Block]) -> dict[int, int]:
    """Which block of the other text is which of the base: block of the other to block of the base, one to one.

    Of a paper and a pasted copy of it, the one between its old neighbours is the paper, even if a person changed a
    few words there and none in the copy.
    """
    found = {0: 0}
    scores: list[tuple[bool, int, int, int, int, int]] = []
    for i, block in enumerate(other[1:], 1):
        for j, old in enumerate(base[1:], 1):
            shared = sum(len(text) * count for text, count in (block.texts & old.texts).items())
            whole = sum(len(text) * count for text, count in old.texts.items())
            if block.title != old.title and shared < SAME_BLOCK * whole:
                continue
            beside = (other[i - 1].title == base[j - 1].title) + (
                (other[i + 1].title if i + 1 < len(other) else None)
                == (base[j + 1].title if j + 1 < len(base) else None)
            )
            halves = round(2 * shared / whole) if whole else 2
            scores.append((block.title != old.title, -halves, -beside, -shared, j, i))
    taken: set[int] = {0}
    for *_, j, i in sorted(scores):
        if i not in found and j not in taken:
            found[i] = j
            taken.add(j)
    return found


def _put_back(
    forum: Sequence[_Block], on_forum: Mapping[int, int], fresh: Sequence[_Block], in_fresh: Mapping[int, int]
) -> dict[int, int]:
    """New blocks of the fresh text that a person put on the page already, wherever: block there to block on the forum.

    A paper that was taken out and is put back by hand stands where the person put it, and not a second time.
    """
    found: dict[int, int] = {}
    for i, block in enumerate(fresh):
        if i in in_fresh:
            continue
        whole = sum(len(text) * count for text, count in block.texts.items())
        for j, other in enumerate(forum):
            shared = sum(len(text) * count for text, count in (block.texts & other.texts).items())
            is_same = block.title == other.title or shared >= SAME_BLOCK * whole
            if j not in on_forum and j not in found.values() and block.title and is_same:
                found[i] = j
                break
    return found


def _is_rising(same: Mapping[int, int]) -> bool:
    return all(a < b for a, b in itertools.pairwise(same[i] for i in sorted(same)))


def _order(count: int, on_forum: Mapping[int, int]) -> list[int]:
    """The blocks of the base in the order of the forum; those that are gone there, behind their old neighbour."""
    order = [on_forum[i] for i in sorted(on_forum)]
    there = set(order)
    for block in range(count):
        if block not in there:
            order.insert(order.index(block - 1) + 1, block)
    return order


def _arranged(count: int, in_fresh: Mapping[int, int], rank: Mapping[int, int]) -> list[int]:
    """The blocks of the fresh text in that order; new ones behind their neighbour."""
    arranged = sorted(in_fresh, key=lambda i: rank[in_fresh[i]])
    for i in range(count):
        if i not in in_fresh:
            arranged.insert(arranged.index(i - 1) + 1, i)
    return arranged


def _row(blocks: Sequence[_Block], order: Sequence[int], ids: Sequence[int]) -> _Row:
    """The tokens of the blocks in this order, each with the number of the paper it stands in."""
    return [(name, token) for i, name in zip(order, ids, strict=True) for token in blocks[i].row]


# --- sentences -------------------------------------------------------------------------------------------------------


def _equal_runs(base: _Row, other: _Row) -> list[_Run]:
    """Which tokens are the same, in order: anchored at sentences that occur once, first within their own paper.

    Labels, rules and glue are the same only beside something that is.
    """
    pairs: list[tuple[int, int]] = []
    waiting = [(0, len(base), 0, len(other))]
    while waiting:
        i1, i2, j1, j2 = waiting.pop()
        while i1 < i2 and j1 < j2 and base[i1][1] == other[j1][1]:
            pairs.append((i1, j1))
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and base[i2 - 1][1] == other[j2 - 1][1]:
            i2, j2 = i2 - 1, j2 - 1
            pairs.append((i2, j2))
        if i1 == i2 or j1 == j2:
            continue
        anchors = _anchors(base, other, i1, i2, j1, j2)
        if anchors:
            pairs += anchors
            # A run ends before each anchor: the stretches beside it are looked at again, from both ends.
            bounds = [(i1 - 1, j1 - 1), *anchors, (i2, j2)]
            waiting += [(a + 1, c, b + 1, d) for (a, b), (c, d) in itertools.pairwise(bounds)]
        else:
            pairs += _equal_glue([token for _, token in base[i1:i2]], [token for _, token in other[j1:j2]], i1, j1)
    return _runs(sorted(pairs), len(base), len(other))


def _anchors(base: _Row, other: _Row, i1: int, i2: int, j1: int, j2: int) -> list[tuple[int, int]]:
    for with_paper in (True, False):
        left, right = _once(base, i1, i2, with_paper), _once(other, j1, j2, with_paper)
        both = [(i, right[key]) for key, i in left.items() if key in right]
        if both:
            in_order = longest_rise([j for _, j in both])
            return [(i, j) for i, j in both if j in in_order]
    if (i2 - i1) * (j2 - j1) <= LARGEST_GRID:
        matcher = SequenceMatcher(None, [t for _, t in base[i1:i2]], [t for _, t in other[j1:j2]], autojunk=False)
        i, j, size = matcher.find_longest_match()
        if any(token.kind == "text" for _, token in base[i1 + i : i1 + i + size]):
            return [(i1 + i + k, j1 + j + k) for k in range(size)]
    return []


def _once(row: _Row, start: int, end: int, with_paper: bool) -> dict[tuple[int, str], int]:
    """Where the sentences stand that occur once in this stretch, in order."""
    seen: dict[tuple[int, str], list[int]] = {}
    for i in range(start, end):
        paper, token = row[i]
        if token.kind == "text":
            seen.setdefault((paper if with_paper else 0, token.text), []).append(i)
    return {key: places[0] for key, places in seen.items() if len(places) == 1}


def _equal_glue(base: Sequence[Token], other: Sequence[Token], i1: int, j1: int) -> list[tuple[int, int]]:
    """Sentences typed anew one for one: the glue between them is the same."""
    if len(base) != len(other) or any(
        a.kind != b.kind or a.kind in ("label", "rule") or title_level(a) or (a.kind == "glue" and a != b)
        for a, b in zip(base, other, strict=True)
    ):
        return []
    return [(i1 + k, j1 + k) for k, token in enumerate(base) if token == other[k]]


def _runs(pairs: Sequence[tuple[int, int]], base_end: int, other_end: int) -> list[_Run]:
    runs: list[_Run] = []
    for i, j in pairs:
        if runs and runs[-1][0] + runs[-1][2] == i and runs[-1][1] + runs[-1][2] == j:
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((i, j, 1))
    return [*runs, (base_end, other_end, 0)]


def _edits(base: _Row, other: _Row, runs: Sequence[_Run]) -> list[_Edit]:
    """What lies between the equal runs. Of the places where an addition or deletion could be, the first is taken.

    `A A` made from `A` has one added before or behind the other: both sides have to see it in the same place.
    """
    edits: list[_Edit] = []
    i = j = 0
    for start, left, size in runs:
        if i < start or j < left:
            floor = edits[-1] if edits else _Edit(0, 0, 0, 0)
            edits.append(_slid(base, other, _Edit(i, start, j, left), floor))
        i, j = start + size, left + size
    return edits


def _slid(base: _Row, other: _Row, edit: _Edit, floor: _Edit) -> _Edit:
    i, start, j, left = edit.start, edit.end, edit.left, edit.right
    row, end = (other, left) if i == start else (base, start)
    if i != start and j != left:
        return edit
    # All that stands between this edit and the one before is the same on both sides.
    while i > floor.end and j > floor.right and row[end - 1][1] == base[i - 1][1]:
        i, start, j, left, end = i - 1, start - 1, j - 1, left - 1, end - 1
    return _Edit(i, start, j, left)


# --- three ways ------------------------------------------------------------------------------------------------------


class _FoundRuns:
    """Gives `merge3` the equal runs that were found; it asks for them as it would ask difflib."""

    def __init__(self, runs: Sequence[_Run]) -> None:
        self._runs = list(runs)

    def get_matching_blocks(self) -> list[_Run]:
        return self._runs


def _merge_rows(base: _Row, forum: _Row, fresh: _Row) -> tuple[str, list[Conflict]]:
    ours = _side(base, forum)
    new = _side(base, fresh)
    old = [token for _, token in base]
    new, conflicts = _without_repeats(old, ours, new)
    old_texts, our_texts, new_texts = ([token.text for token in row] for row in (old, ours.row, new.row))

    def matcher(_junk: Any, _base: Sequence[str], other: Sequence[str]) -> _FoundRuns:
        return _FoundRuns((ours if other is our_texts else new).runs(len(old)))

    out: list[str] = []
    for region in Merge3(old_texts, our_texts, new_texts, sequence_matcher=cast(Any, matcher)).merge_regions():
        if region[0] == "conflict":
            _, start, end, left, right, new_left, new_right = region
            assert start is not None  # only merge3's reprocessing, not used here, leaves these out
            assert end is not None
            text, more = _woven(
                old, ours.part(start, end, left, right), new.part(start, end, new_left, new_right), (start, end)
            )
            out.append(text)
            conflicts += more
        else:
            source = {"unchanged": old_texts, "a": our_texts, "same": our_texts, "b": new_texts}[region[0]]
            out += source[region[1] : region[2]]
    return "".join(out), conflicts


def _side(base: _Row, other: _Row) -> _Side:
    row = [token for _, token in other]
    titles = [(i, _title(row, i)) for i in range(1, len(row)) if title_level(row[i - 1])]
    return _Side(row, _edits(base, other, _equal_runs(base, other)), titles)


def _title(row: Sequence[Token], start: int) -> str:
    """The rest of a heading's line."""
    rest = itertools.islice(row, start, None)
    return joined(list(itertools.takewhile(lambda token: "\n" not in token.text, rest)))


def _without_repeats(base: Sequence[Token], ours: _Side, new: _Side) -> tuple[_Side, list[Conflict]]:
    """The fresh side without edits that bring a sentence to where a person has put the same one already.

    The store takes over what people wrote, and may render it with other blanks, or a line further up or down: without
    this, it would stand on the page twice.
    """
    conflicts: list[Conflict] = []
    kept: list[_Edit] = []
    around = [_widened(base, edit) for edit in ours.edits]
    for edit in new.edits:
        start, end = _widened(base, edit)
        first = bisect_left(around, start, key=lambda reach: reach[1])
        near = ours.edits[first : bisect_right(around, end, key=lambda reach: reach[0])]
        written = Counter(token.text for other in near for token in ours.text_tokens(other))
        brought = Counter(token.text for token in new.text_tokens(edit))
        gone = [i for i in range(edit.start, edit.end) if base[i].kind == "text"]
        if near and all(
            token.kind == "glue" for token in [*base[edit.start : edit.end], *new.row[edit.left : edit.right]]
        ):
            continue  # only blanks, beside a person's change: the layout there is the person's
        if not brought & written:
            kept.append(edit)
            continue
        gone_on_forum = {i for other in near for i in range(other.start, other.end)}
        if brought - written or not gone_on_forum.issuperset(gone):
            hull = (min(edit.start, *(other.start for other in near)), max(edit.end, *(other.end for other in near)))
            conflicts += _conflict(base, ours.within(near), new.within([edit]), hull)
    return new.only(base, kept), conflicts


def _widened(base: Sequence[Token], edit: _Edit) -> tuple[int, int]:
    """The range of an edit with what lies between it and the next sentences."""
    start, end = edit.start, edit.end
    while start and base[start - 1].kind != "text":
        start -= 1
    while end < len(base) and base[end].kind != "text":
        end += 1
    return start, end


def _woven(base: Sequence[Token], ours: _Side, new: _Side, bounds: tuple[int, int]) -> tuple[str, list[Conflict]]:
    """A stretch that both changed: changes that only touch are both taken, those that overlap are the forum's."""
    conflicts: list[Conflict] = []
    out: list[Token] = []
    position = bounds[0]
    for our_edits, new_edits in _clusters(ours, new):
        both = [*our_edits, *new_edits]
        hull = (min(edit.start for edit in both), max(edit.end for edit in both))
        out += base[position : hull[0]]
        side = ours.within(our_edits) if our_edits else new.within(new_edits)
        out += side.applied(base, *hull)
        position = hull[1]
        if our_edits and new_edits:
            conflicts += _conflict(base, side, new.within(new_edits), hull)
    return joined([*out, *base[position : bounds[1]]]), conflicts


def _clusters(ours: _Side, new: _Side) -> Iterator[tuple[list[_Edit], list[_Edit]]]:
    """Edits of both sides in order, those together that cannot both be taken."""
    todo = sorted(
        [(edit.start, edit.end, 0, edit) for edit in ours.edits]
        + [(edit.start, edit.end, 1, edit) for edit in new.edits],
        key=lambda item: item[:3],
    )
    cluster: tuple[list[_Edit], list[_Edit]] = ([], [])
    for _, _, side, edit in todo:
        if any(cluster) and not any(
            _clash(*((other, edit) if side else (edit, other)), new) for other in cluster[1 - side]
        ):
            yield cluster
            cluster = ([], [])
        cluster[side].append(edit)
    if any(cluster):
        yield cluster


def _clash(our: _Edit, their: _Edit, new: _Side) -> bool:
    if our.start == our.end and their.start == their.end:
        return our.start == their.start
    if our.start == our.end or their.start == their.end:
        point, span = (our, their) if our.start == our.end else (their, our)
        if span.start < point.start < span.end:
            return True
        # Added by the store to a line right beside a sentence that a person deleted: perhaps the rest of its segment.
        is_edge = point.start in (span.start, span.end)
        is_inline = not any("\n" in token.text for token in new.row[their.left : their.right])
        return point is their and our.left == our.right and is_edge and is_inline
    return max(our.start, their.start) < min(our.end, their.end)


def _conflict(base: Sequence[Token], ours: _Side, new: _Side, hull: tuple[int, int]) -> Iterator[Conflict]:
    """The report of a place, unless both sides say the same there."""
    texts = [joined(row).strip() for row in (base[slice(*hull)], ours.applied(base, *hull), new.applied(base, *hull))]
    if texts[2] not in texts[:2]:
        over = bisect_right(ours.titles, max(edit.right for edit in ours.edits), key=lambda title: title[0])
        yield Conflict(ours.titles[over - 1][1] if over else "", *texts)


def _follow_moves(base: str, text: str, conflicts: Sequence[Conflict]) -> Merged:
    """Where a person only moved a sentence that the store changed, the change follows it."""
    left: list[Conflict] = []
    for conflict in conflicts:
        old, new = conflict.base, conflict.fresh
        at = text.find(old)
        is_move = not conflict.forum and old and new and base.count(old) == 1 and text.count(old) == 1
        if is_move and _stands_alone(text, at, at + len(old)):
            text = text[:at] + new + text[at + len(old) :]
        else:
            left.append(conflict)
    return Merged(text, tuple(left))


def _stands_alone(text: str, start: int, end: int) -> bool:
    return (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
