"""From what a comment says to the segment's whole new text: where the sentence is stored, and what it would become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.corrections import safety
from bot.corrections.article import Sentence
from bot.corrections.detected import Detected
from bot.editions import markdown
from bot.store.tables import Correction, Edition, Post, Revision, Segment
from bot.translation import passages

_FIELDS = {passages.OVERVIEW: "summary", passages.TRANSCRIPT: "details", passages.OUTLINE: "details"}
"""What a published talk calls its texts; all others are called by their kind."""


@dataclass(frozen=True, slots=True)
class Place:
    """A segment as it stands on the page.

    Attributes:
        shown: its Markdown there.
        rank: of the paper in its edition, or of the section in its talk; 0 for what belongs to the edition itself.
    """

    segment: Segment
    revision: Revision
    shown: str
    kind: str
    rank: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a segment's text would become; `old` and `new` are the words that differ, as plain text where possible."""

    old: str
    new: str
    text: str
    is_markdown: bool


def places(session: Session, edition: Edition, posts: Sequence[Post]) -> list[Place]:
    """Every segment of the edition that stands in these posts, in no particular order."""
    shown: dict[int, str] = {int(key): str(text) for post in posts for key, text in post.shown.items()}
    ranks = {("paper", item.sighting.paper_id): item.rank for item in edition.items}
    ranks |= {("sighting", item.sighting_id): item.rank for item in edition.items}
    if edition.talk is not None:
        ranks |= {("section", section.id): section.rank for section in edition.talk.sections}
    found = session.scalars(
        select(Segment)
        .where(Segment.id.in_(shown))
        .options(selectinload(Segment.revisions), selectinload(Segment.passage))
    )
    standing = []
    for segment in found:
        revision = passages.current(segment)
        if revision is not None and shown[segment.id].strip():
            rank = _rank(segment, ranks)
            standing.append(Place(segment, revision, shown[segment.id], segment.passage.kind, rank))
    return standing


def place_of(sentence: Sentence, standing: Sequence[Place]) -> Place | None:
    """The one segment that the sentence of the page belongs to; None if none or several could be meant."""
    held = [place for place in standing if sentence.text in place.shown]
    if len(held) > 1:
        held = [place for place in held if _FIELDS.get(place.kind, place.kind) == sentence.field] or held
    if len(held) > 1:
        held = [place for place in held if sentence.english and place.segment.source in sentence.english] or held
    if len(held) > 1:
        held = [place for place in held if place.rank == (sentence.item or 0)] or held
    return held[0] if len(held) == 1 else None


def change(place: Place, found: Detected) -> Change | None:
    """What the segment would become; None where there is no wording, or the words do not stand there any more."""
    if found.sentence is None or found.old is None or found.new is None:
        return None
    at = place.shown.find(found.sentence.text)
    if at < 0:
        return None
    start = at + found.start
    before, old, after = (
        place.shown[:start],
        place.shown[start : start + len(found.old)],
        place.shown[start + len(found.old) :],
    )
    if old != found.old:
        return None
    return replaced(place, before, old, after, found.new)


def replaced(place: Place, before: str, old: str, after: str, new: str) -> Change:
    """The segment with `new`, plain text, in place of the Markdown `old`."""
    plain = [_plain(part) for part in (before, old, after)]
    whole = _plain(before + old + after)
    if not place.revision.is_markdown and whole is not None and all(part is not None for part in plain):
        text = "".join((plain[0] or "", new, plain[2] or ""))
        return Change(plain[1] or "", new, text, is_markdown=False)
    return Change(old, new, before + markdown.escape_inline(new) + after, is_markdown=True)


def moved(correction: Correction, present: Revision) -> tuple[str, bool] | None:
    """The correction's words in a later text of its segment, and whether that is Markdown; None if they do not fit."""
    old, new = correction.old, correction.new
    if present.is_markdown and new:
        # The words were plain text, or stood in another Markdown: they come as characters only.
        old, new = old if correction.is_markdown else markdown.escape_inline(old), markdown.escape_inline(new)
    if not new or not old or present.text.count(old) != 1:
        return None
    text = present.text.replace(old, new)
    return None if safety.problem(present.text, text) else (text, present.is_markdown)


def rewritten(place: Place, text: str) -> Change:
    """The segment with another text altogether."""
    old = place.revision.text
    return Change(old, text, text, is_markdown=False)


def _plain(part: str) -> str | None:
    """The part as the text it shows, blanks around it kept; None where a person used Markdown in it."""
    if not part.strip():
        return part
    left, right = len(part) - len(part.lstrip()), len(part.rstrip())
    inner = markdown.unescape(part[left:right], at_line_start=False)
    if inner is None:
        inner = markdown.unescape(part[left:right])
    return None if inner is None else part[:left] + inner + part[right:]


def _rank(segment: Segment, ranks: Mapping[tuple[str, int], int]) -> int:
    passage = segment.passage
    if passage.kind == passages.OUTLINE:
        return segment.position + 1  # a heading a section, in their order
    if passage.talk_section_id is not None:
        return ranks.get(("section", passage.talk_section_id), 0)
    if passage.sighting_id is not None:
        return ranks.get(("sighting", passage.sighting_id), 0)
    return ranks.get(("paper", passage.paper_id or 0), 0)
