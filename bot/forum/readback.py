"""Reading an edited post back: what of it belongs to which segment, and what people made of it.

A sentence that a person wrote becomes the segment's current revision, in that person's name. A sentence that a person
deleted stays out of this edition. Text that belongs to no segment is nobody's business here: it stays on the page,
because the merge keeps whatever stands there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import markdown, series
from bot.forum.align import Aligned, align
from bot.forum.parse import Kind, KnownPaper, KnownPassage, Parsed, parse_article
from bot.forum.parse_daily import parse_daily
from bot.store.tables import Edition, Offer, Omission, Post, Segment
from bot.translation import passages

SYSTEM = "system"
"""The forum itself edits posts (it fetches remote images); such an edit is nobody's words."""
SOMEBODY = "moderator"
"""Name of an editor whom the forum no longer tells: publication wipes a first post's history."""

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

PaperKind = Literal["title", "description", "abstract", "summary"]
PARSERS: Mapping[str, Callable[..., Parsed]] = {"daily": parse_daily}
"""Forms of post by series; any other is read as a weekly one."""
PassageKey = tuple[Kind, int | None]
"""Kind, and the item's id; None for the introduction."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What an edition's posts may hold: its papers, and the segments of each passage in order."""

    papers: tuple[KnownPaper, ...]
    segments: Mapping[PassageKey, Sequence[Segment]]
    parse: Callable[..., Parsed] = parse_article
    """How a post of this series is read."""


@dataclass(slots=True)
class Taken:
    """What one post's edit changed in the store."""

    changed: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    dropped_items: list[int] = field(default_factory=list)
    restored_items: list[int] = field(default_factory=list)
    offers: int = 0

    def __bool__(self) -> bool:
        return bool(self.changed or self.deleted or self.moved or self.dropped_items or self.restored_items)


def anatomy(session: Session, edition: Edition) -> Anatomy:
    """The papers and passages that the edition's article is made of."""
    of = series.of(edition)
    known = passages.load_all(session, edition, of.kinds)
    segments: dict[PassageKey, Sequence[Segment]] = {}
    papers = []
    for item in edition.items:
        own = [(cast("PaperKind", passage.kind), passage) for passage in of.texts(known, item)]
        segments |= {(kind, item.id): passage.segments for kind, passage in own}
        found = tuple(KnownPassage(kind, passage.source) for kind, passage in own)
        title = item.sighting.label if edition.series in PARSERS else item.sighting.paper.title
        papers.append(KnownPaper(item.id, title, found, item.sighting.paper.url))
    introduction = passages.introduction_of(known)
    if introduction is not None:
        segments["introduction", None] = introduction.segments
    return Anatomy(tuple(papers), segments, PARSERS.get(edition.series, parse_article))


def shown(of: Anatomy, raw: str, expected: Mapping[int, str], *, has_opening: bool) -> dict[str, str]:
    """By segment id (as text, for JSON): its Markdown as it stands in `raw`, a post that should show `expected`."""
    parsed = of.parse(raw, of.papers, has_opening=has_opening)
    found: dict[str, str] = {}
    for key, segments in of.segments.items():
        for segment, fate in zip(segments, _fates(parsed, raw, key, segments, expected), strict=False):
            if fate is not None:
                found[str(segment.id)] = fate
    return found


def record_shown(session: Session, edition: Edition, posts: Sequence[Post]) -> None:
    """Remember which segment stands where in posts whose text is just our own rendering. The caller commits."""
    of = anatomy(session, edition)
    expected = {
        segment.id: text
        for segments in of.segments.values()
        for segment in segments
        if (text := as_markdown(segment)) is not None
    }
    for post in posts:
        post.shown = shown(of, post.base_raw, expected, has_opening="opening" in post.blocks)


def as_markdown(segment: Segment) -> str | None:
    """The segment's current text as we would write it; None without one."""
    revision = passages.current(segment)
    if revision is None:
        return None
    return revision.text if revision.is_markdown else markdown.escape_inline(revision.text)


def take(session: Session, of: Anatomy, post: Post, raw: str, *, article: str, editor: str, edition: Edition) -> Taken:
    """Store what a person's edit of this part means for the segments. The caller commits.

    Args:
        raw: the post as the forum holds it now.
        article: all parts as they are now, so that what was moved to another part is not taken for deleted.
        editor: who edited it last.
    """
    taken = Taken()
    parsed = of.parse(raw, of.papers, has_opening=_has_opening(post))
    before = {int(segment_id): text for segment_id, text in post.shown.items()}
    stood = _standing(of, before)
    arrived = set(parsed.papers) - stood
    for key, segments in of.segments.items():
        if key[1] in arrived:  # put back, or brought from another part: compared with what the store has
            before |= {segment.id: text for segment in segments if (text := as_markdown(segment)) is not None}
    now_shown: dict[str, str] = {}
    gone_papers = _gone_papers(of, parsed, before) - set(of.parse(article, of.papers).papers)
    for key, segments in of.segments.items():
        if not any(segment.id in before for segment in segments) and parsed.find(key[0], key[1]) is None:
            continue  # stands in another part
        if key[1] in gone_papers:
            continue
        aligned = _aligned(parsed, raw, key, segments, before, article)
        for segment, fate in zip(segments, aligned.fates, strict=True):
            old = before.get(segment.id)
            if fate.state == "deleted":
                if old is not None:
                    _omit(session, edition, segment, editor)
                    taken.deleted.append(segment.id)
                continue
            now_shown[str(segment.id)] = fate.text
            if fate.state == "changed":
                taken.offers += _store(session, post, segment, old, fate.text, editor)
                taken.changed.append(segment.id)
            elif fate.moved:
                taken.moved.append(segment.id)
            _unomit(session, edition, segment)
    for item in edition.items:
        if item.id in gone_papers and item.dropped_by is None:
            item.dropped_by = editor
            taken.dropped_items.append(item.id)
        elif item.dropped_by is not None and item.id in arrived:
            item.dropped_by = None
            taken.restored_items.append(item.id)
    post.shown = now_shown
    return taken


def _has_opening(post: Post) -> bool:
    return not post.blocks or "opening" in post.blocks


def _aligned(
    parsed: Parsed, raw: str, key: PassageKey, segments: Sequence[Segment], before: Mapping[int, str], article: str
) -> Aligned:
    region = parsed.find(key[0], key[1])
    text = raw[region.start : region.end] if region else ""
    own = {segment.id for segment in segments}
    others = [shown for segment_id, shown in before.items() if segment_id not in own]
    return align([before.get(segment.id, "") for segment in segments], text, article, others)


def _fates(
    parsed: Parsed, raw: str, key: PassageKey, segments: Sequence[Segment], expected: Mapping[int, str]
) -> list[str | None]:
    if parsed.find(key[0], key[1]) is None:
        return []
    aligned = _aligned(parsed, raw, key, segments, expected, raw)
    return [fate.text if fate.state != "deleted" else None for fate in aligned.fates]


def _gone_papers(of: Anatomy, parsed: Parsed, before: Mapping[int, str]) -> set[int]:
    """Papers that stood in this part and of which nothing is recognised any more: a person took them out."""
    return {item_id for item_id in _standing(of, before) if item_id not in parsed.papers}


def _standing(of: Anatomy, shown: Mapping[int, str]) -> set[int]:
    """Papers of which some sentence is shown."""
    return {
        key[1] for key, segments in of.segments.items() if key[1] and any(segment.id in shown for segment in segments)
    }


def _store(session: Session, post: Post, segment: Segment, old: str | None, text: str, editor: str) -> int:
    """The person's text as the current revision; returns 1 if a text of ours that nobody had seen lost to it."""
    present = passages.current(segment)
    plain = None if "\n" in text else markdown.unescape(text)
    if plain is None and "\n" not in text:
        plain = markdown.unescape(text, at_line_start=False)
    if present is not None and present.text == (text if plain is None else plain):
        return 0
    offers = 0
    ours = as_markdown(segment)
    if ours is not None and not says(ours, old or "") and not says(ours, text):
        session.execute(insert(Offer).values(post_id=post.id, forum_text=text, our_text=ours).on_conflict_do_nothing())
        offers = 1
    passages.add_revision(
        session,
        segment,
        text if plain is None else plain,
        author_kind="moderator",
        author=editor,
        reason="edited on the forum",
        is_markdown=plain is None,
        replacing=present,
    )
    return offers


def says(ours: str, other: str) -> bool:
    """Whether both show the same. How a sentence is escaped depends on its neighbours, which `ours` does not have."""
    return _ESCAPED.sub(r"\1", ours.strip()) == _ESCAPED.sub(r"\1", other.strip())


def _omit(session: Session, edition: Edition, segment: Segment, editor: str) -> None:
    session.execute(
        insert(Omission).values(edition_id=edition.id, segment_id=segment.id, actor=editor).on_conflict_do_nothing()
    )


def _unomit(session: Session, edition: Edition, segment: Segment) -> None:
    session.execute(delete(Omission).where(Omission.edition_id == edition.id, Omission.segment_id == segment.id))


def open_offers(session: Session, post_ids: Sequence[int]) -> list[Offer]:
    """Offers that were not shown to moderators yet."""
    return list(
        session.scalars(select(Offer).where(Offer.post_id.in_(post_ids), Offer.notice_id.is_(None)).order_by(Offer.id))
    )
