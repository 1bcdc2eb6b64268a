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

from bot.editions import layout, markdown, series
from bot.editions.layout import Kept
from bot.forum import regions
from bot.forum.align import Aligned, align
from bot.forum.parse import KnownPaper, KnownPassage, Parsed, parse_article
from bot.forum.parse_daily import parse_daily
from bot.forum.parse_talk import KnownSection, parse_talk, readable
from bot.forum.regions import Run
from bot.store.tables import Edition, Offer, Omission, Passage, Post, Segment, Talk
from bot.translation import passages

SYSTEM = "system"
"""The forum itself edits posts (it fetches remote images); such an edit is nobody's words."""
SOMEBODY = "moderator"
"""Name of an editor whom the forum no longer tells: publication wipes a first post's history."""

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

PaperKind = Literal["title", "description", "abstract", "summary"]
PARSERS: Mapping[str, Callable[..., Parsed]] = {"daily": parse_daily}
"""Forms of post by series; any other is read as a weekly one."""
PassageKey = tuple[str, int | None]
"""Kind, and the item's id; None for the introduction. In adopted posts, the key of a run (`regions.py`)."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What an edition's posts may hold: its papers or sections, and the segments of each passage in order.

    Attributes:
        reader: how a post of this series is read.
        readable: the post without what stands around sentences, as long as before.
        pieces: of an adopted post, whose passages are its runs; empty for the bot's own form.
    """

    papers: tuple[KnownPaper, ...]
    segments: Mapping[PassageKey, Sequence[Segment]]
    reader: Callable[..., Parsed] = parse_article
    readable: Callable[[str], str] = str
    pieces: tuple[Kept, ...] = ()
    runs: tuple[Run, ...] = ()

    def parse(self, raw: str, texts: Mapping[int, str], *, has_opening: bool = True) -> Parsed:
        """Where the passages stand in a post that should show these texts (by segment id)."""
        if self.pieces:
            return regions.find(self.pieces, self.runs, texts, raw)
        return self.reader(raw, self.papers, has_opening=has_opening)

    def texts(self) -> dict[int, str]:
        """By segment id: what the store would show."""
        segments = {segment.id: segment for own in self.segments.values() for segment in own}
        found = {id_: text for id_, segment in segments.items() if (text := layout.as_markdown(segment)) is not None}
        return found | {
            piece.segment: layout.text_of(piece, segments) for piece in self.pieces if piece.segment is not None
        }


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
    if edition.layout is not None:
        return _adopted_anatomy(layout.pieces_of(edition.layout), passages.load_all(session, edition))
    of = series.of(edition)
    known = passages.load_all(session, edition, of.kinds)
    if edition.talk is not None:
        return _anatomy_of_talk(known, edition.talk)
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


def _adopted_anatomy(pieces: tuple[Kept, ...], known: Sequence[Passage]) -> Anatomy:
    by_id = {segment.id: segment for passage in known for segment in passage.segments}
    runs = regions.runs_of(pieces, {segment_id: segment.passage_id for segment_id, segment in by_id.items()})
    segments = {run.key: [by_id[segment_id] for segment_id in run.segments] for run in runs}
    return Anatomy((), segments, pieces=pieces, runs=runs)


def _anatomy_of_talk(known: Sequence[Passage], talk: Talk) -> Anatomy:
    """A section's transcript is one passage here, however many the store has of it."""
    segments: dict[PassageKey, Sequence[Segment]] = {}
    ids = {section.rank: section.id for section in talk.sections}
    for passage in known:
        if passage.kind == passages.OVERVIEW:
            segments["overview", None] = passage.segments
        elif passage.kind == passages.OUTLINE:
            segments |= {("outline", ids[segment.position + 1]): [segment] for segment in passage.segments}
    for section in talk.sections:
        own = [passage for passage in known if passage.talk_section_id == section.id]
        segments["transcript", section.id] = [segment for passage in own for segment in passage.segments]
    sections = tuple(KnownSection(section.id, section.rank, section.start_s) for section in talk.sections)

    def parse(raw: str, _papers: Sequence[KnownPaper], **_: bool) -> Parsed:
        return parse_talk(raw, sections)

    return Anatomy((), segments, parse, readable)


def shown(of: Anatomy, raw: str, expected: Mapping[int, str], *, has_opening: bool) -> dict[str, str]:
    """By segment id (as text, for JSON): its Markdown as it stands in `raw`, a post that should show `expected`."""
    parsed = of.parse(raw, expected, has_opening=has_opening)
    raw = of.readable(raw)
    found: dict[str, str] = {}
    for key, segments in of.segments.items():
        for segment, fate in zip(segments, _fates(parsed, raw, key, segments, expected), strict=False):
            if fate is not None:
                found[str(segment.id)] = fate
    return found


def places(of: Anatomy, shown: Mapping[int, str], raw: str) -> dict[int, tuple[int, int]]:
    """By segment id: where its text stands in `raw`, first character and the one after the last.

    Texts that were moved out of their passage are found if they stand once in the post.
    """
    parsed = of.parse(raw, shown)
    found: dict[int, tuple[int, int]] = {}
    for key, segments in of.segments.items():
        region = parsed.find(key[0], key[1])
        aligned = _aligned(parsed, raw, key, segments, shown, raw)
        for segment, fate in zip(segments, aligned.fates, strict=True):
            text = shown.get(segment.id)
            if not text:
                continue
            if region is not None and fate.state == "unchanged":
                found[segment.id] = (region.start + fate.start, region.start + fate.end)
            elif raw.count(text) == 1:
                found[segment.id] = (raw.index(text), raw.index(text) + len(text))
    return found


def record_shown(session: Session, edition: Edition, posts: Sequence[Post]) -> None:
    """Remember which segment stands where in posts whose text is just our own rendering. The caller commits."""
    of = anatomy(session, edition)
    expected = of.texts()
    for post in posts:
        post.shown = shown(of, post.base_raw, expected, has_opening="opening" in post.blocks)


def take(session: Session, of: Anatomy, post: Post, raw: str, *, article: str, editor: str, edition: Edition) -> Taken:
    """Store what a person's edit of this part means for the segments. The caller commits.

    Args:
        raw: the post as the forum holds it now.
        article: all parts as they are now, so that what was moved to another part is not taken for deleted.
        editor: who edited it last.
    """
    taken = Taken()
    before = {int(segment_id): text for segment_id, text in post.shown.items()}
    parsed = of.parse(raw, before, has_opening=_has_opening(post))
    everything = of.parse(article, before)
    raw, article = of.readable(raw), of.readable(article)
    stood = _standing(of, before)
    arrived = set(parsed.papers) - stood
    ours = of.texts() if arrived else {}
    for key, segments in of.segments.items():
        if key[1] in arrived:  # put back, or brought from another part: compared with what the store has
            before |= {segment.id: ours[segment.id] for segment in segments if segment.id in ours}
    now_shown: dict[str, str] = {}
    gone_papers = _gone_papers(of, parsed, before) - set(everything.papers)
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
    for item in edition.entries:
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
    plain = plain_of(text)
    if present is not None and present.text == (text if plain is None else plain):
        return 0
    offers = 0
    ours = layout.as_markdown(segment)
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


def plain_of(text: str) -> str | None:
    """What a person's Markdown says, where it is nothing but plain text; None where it has markup of its own."""
    if "\n" in text:
        return None
    plain = markdown.unescape(text)
    return plain if plain is not None else markdown.unescape(text, at_line_start=False)


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
