"""The post of an adopted edition: kept in pieces as it was found, so that only what changes looks different.

An edition of the bot's own is composed by one form (`compose.py`); people published theirs in many. An adopted post is
therefore not composed anew. It is a row of pieces, each either kept for ever or the Korean of a segment, and a segment
is written anew only once it has another text than the one that was found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.editions import markdown
from bot.store.tables import Edition, Layout, Omission, Revision, Segment
from bot.translation import passages


class Kept(NamedTuple):
    """A piece of an adopted post.

    Attributes:
        text: its characters as they were found.
        segment: id of the segment whose Korean it is; None for everything else.
        revision: id of the revision that was stored from it.
        item: id of the edition's item it is part of; it leaves the article together with that.
    """

    text: str
    segment: int | None = None
    revision: int | None = None
    item: int | None = None


def pieces_of(row: Layout) -> tuple[Kept, ...]:
    """The stored pieces, in order."""
    return tuple(Kept(**piece) for piece in row.pieces)


def to_store(pieces: Iterable[Kept]) -> list[dict[str, Any]]:
    """The pieces as `Layout.pieces` holds them."""
    return [{name: value for name, value in piece._asdict().items() if value is not None} for piece in pieces]


def as_markdown(segment: Segment) -> str | None:
    """The segment's current text as we would write it; None without one."""
    revision = passages.current(segment)
    return None if revision is None else markdown_of(revision)


def markdown_of(revision: Revision) -> str:
    """The text as we would write it."""
    return revision.text if revision.is_markdown else markdown.escape_inline(revision.text)


def article(session: Session, edition: Edition, row: Layout) -> str:
    """The whole post as it is to stand on the forum: as it was found, but for what has changed since."""
    segments = {segment.id: segment for passage in passages.load_all(session, edition) for segment in passage.segments}
    omitted = frozenset(session.scalars(select(Omission.segment_id).where(Omission.edition_id == edition.id)))
    dropped = frozenset(item.id for item in edition.items if item.dropped_by is not None)
    return rendered(pieces_of(row), segments, omitted, dropped)


def rendered(
    pieces: Sequence[Kept], segments: Mapping[int, Segment], omitted: Collection[int], dropped: Collection[int]
) -> str:
    """The pieces as text.

    Args:
        segments: by id, all that the pieces name.
        omitted: segments that were taken out of this edition.
        dropped: items that were.
    """
    return "".join(
        text_of(piece, segments) for piece in pieces if piece.segment not in omitted and piece.item not in dropped
    )


def text_of(piece: Kept, segments: Mapping[int, Segment]) -> str:
    """The piece as it is to stand on the forum."""
    if piece.segment is None:
        return piece.text
    segment = segments[piece.segment]
    revision = passages.current(segment)
    # Not what we would write: people write the same text in more than one way, and theirs stays.
    if revision is not None and revision.id == piece.revision:
        return piece.text
    return as_markdown(segment) or ""
