"""How a post from before the bot is cut into what the store holds: passages, their segments, and what is kept as it is.

Sentences are paired with their English where both sides have as many; otherwise the Korean sentences are stored without
one, and the passage keeps the English.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.editions import markdown
from bot.forum.published import Field, Piece, PublishedPost
from bot.languages.ko import sentences as korean
from bot.translation import segments as english

_SECTION_TITLE = re.compile(r"(?P<before>\*{0,2}\d{1,2}[.)]\s*)(?P<text>\S.*?)(?P<after>:?\*{0,2})")

PassageKey = tuple[int | None, Field]
"""The paper's number in the post, None for what belongs to the edition; and which of its texts it is."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A Korean sentence as it was found, and which part of its passage's source it translates.

    Attributes:
        start: the first character of its English in the source; equal to `end` where its English is not known.
        line: number of its line or bullet in the passage, from 0.
    """

    text: str
    start: int
    end: int
    line: int


@dataclass(slots=True)
class PlannedPassage:
    """A passage to be stored: all its English, and its Korean sentences in order."""

    source: str = ""
    units: list[Unit] = field(default_factory=list)


class Slot(NamedTuple):
    """A stretch of the post: kept as it is, or unit number `unit` of a passage."""

    text: str
    item: int | None
    passage: PassageKey | None = None
    unit: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a post is to become; the slots put together are the post."""

    passages: Mapping[PassageKey, PlannedPassage]
    slots: tuple[Slot, ...]


def plan(post: PublishedPost, papers: AbstractSet[int]) -> Plan:
    """The passages of a post and what stands between them.

    Args:
        papers: numbers of the items that are papers of their own; texts of all others belong to the edition.
    """
    own = papers if post.series != "talk" else frozenset[int]()
    found: dict[PassageKey, PlannedPassage] = {}
    spans: dict[tuple[int | None, Field], Iterator[english.Span]] = {}
    slots: list[Slot] = []
    for piece in post.pieces:
        owner = piece.item if piece.item in own else None
        if piece.role != "korean" or piece.field is None:
            _keep(slots, piece.text, owner)
            continue
        passage = found.setdefault((owner, piece.field), PlannedPassage())
        if (piece.item, piece.field) not in spans:
            spans[piece.item, piece.field] = _paired(passage, post.pieces, piece.item, piece.field)
        line = passage.units[-1].line + 1 if passage.units else 0
        for text, is_sentence in _cut(piece):
            if not is_sentence:
                _keep(slots, text, owner)
                continue
            slots.append(Slot(text, owner, (owner, piece.field), len(passage.units)))
            passage.units.append(Unit(text, *next(spans[piece.item, piece.field]), line))
    return Plan(found, tuple(slots))


def _keep(slots: list[Slot], text: str, item: int | None) -> None:
    if not text:
        return
    if slots and slots[-1].passage is None and slots[-1].item == item:
        slots[-1] = Slot(slots[-1].text + text, item)
    else:
        slots.append(Slot(text, item))


def _paired(passage: PlannedPassage, pieces: Sequence[Piece], item: int | None, name: Field) -> Iterator[english.Span]:
    """Add the English of this text to its passage; for each Korean sentence in order, where its English is in there."""
    here = [piece for piece in pieces if (piece.item, piece.field) == (item, name)]
    count = sum(is_sentence for piece in here if piece.role == "korean" for _, is_sentence in _cut(piece))
    source = "\n".join(_plain(piece.text) for piece in here if piece.role == "english")
    offset = len(passage.source) + bool(passage.source and source)
    passage.source = "\n".join(filter(None, (passage.source, source)))
    found = (english.Span(0, len(source)),) if name == "title" and source else english.split(source)
    if len(found) != count:
        return iter([english.Span(0, 0)] * count)
    return iter([english.Span(offset + start, offset + end) for start, end in found])


def _cut(piece: Piece) -> Iterator[tuple[str, bool]]:
    """A Korean piece as sentences (True) and what stands around them, which may be nothing."""
    if piece.field == "title":
        title = _SECTION_TITLE.fullmatch(piece.text)
        spans = [title.span("text") if title else (0, len(piece.text))]
    else:
        spans = korean.split(piece.text)
    position = 0
    for start, end in spans:
        yield piece.text[position:start], False
        yield piece.text[start:end], True
        position = end
    yield piece.text[position:], False


def _plain(line: str) -> str:
    """English as it is, without the escapes that Markdown asked for."""
    plain = markdown.unescape(line)
    return line if plain is None else plain
