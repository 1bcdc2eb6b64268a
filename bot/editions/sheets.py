"""An edition as the checks read it: every paper's texts with their Korean, sentence beside sentence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bot.editions import series, source_facts
from bot.editions.source_facts import Doubt
from bot.store.tables import Edition, Passage, Talk
from bot.translation import passages
from bot.translation.checks import grounding, pairing, run
from bot.translation.checks.base import Finding, Text
from bot.translation.judging import Draft
from bot.translation.termbase import Termbase

SOURCE = "source"
"""What stands in place of a check's name where the list itself is in doubt."""


@dataclass(frozen=True, slots=True)
class Place:
    """One segment: its English, its Korean now, and who wrote that."""

    segment_id: int
    revision_id: int
    short_id: str
    source: str
    target: str
    is_drafted: bool
    """Whether a model wrote it; people's words are read for context and never found fault with."""
    is_checked: bool
    grounds: tuple[str, ...] = ()
    """For a freely written sentence: the English it has to rest on."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper's texts, or the introduction."""

    item_id: int | None
    """Of the edition's paper, or of the talk's section."""
    paper_id: int | None
    rank: int
    """0 for what belongs to the edition itself: introduction, summary."""
    rows: Mapping[str, tuple[Place, ...]]
    """By kind of passage, places in reading order."""
    doubts: tuple[Doubt, ...] = ()
    """What of the list's row does not fit."""

    @property
    def drafted(self) -> list[Place]:
        """What a model wrote, in reading order."""
        return [place for row in self.rows.values() for place in row if place.is_drafted]

    @property
    def drafts(self) -> list[Draft]:
        """The whole paper as a judge reads it."""
        return [Draft(place.short_id, place.source, place.target) for row in self.rows.values() for place in row]


def of_edition(session: Session, edition: Edition) -> list[Sheet]:
    """The introduction and every paper that is in the edition, as far as they have Korean."""
    known = passages.load_all(session, edition, series.of(edition).kinds)
    if edition.talk is not None:
        return _of_talk(known, edition.talk)
    by_sighting = {item.sighting_id: item for item in edition.items}
    sheets = []
    introduction = passages.introduction_of(known)
    if introduction is not None:
        texts = {id_: _english(known, item.sighting.paper_id, id_) for id_, item in by_sighting.items()}
        grounds = {
            segment.id: tuple(text for sighting_id in segment.rests_on for text in texts.get(sighting_id, ()))
            for segment in introduction.segments
        }
        sheets.append(Sheet(None, None, 0, {introduction.kind: tuple(_places(introduction, "i", grounds))}))
    seen: set[int] = set()
    doubts = source_facts.doubts(session, edition)
    for item in edition.items:
        if item.dropped_by is not None:
            continue
        own = [p for p in known if p.paper_id == item.sighting.paper_id or p.sighting_id == item.sighting_id]
        rows = {p.kind: tuple(_places(p, p.kind[0])) for p in own if p.id not in seen}
        seen |= {p.id for p in own}
        if any(rows.values()):
            own_doubts = tuple(doubts.get(item.id, ()))
            sheets.append(Sheet(item.id, item.sighting.paper_id, item.rank, rows, own_doubts))
    return sheets


def _of_talk(known: Sequence[Passage], talk: Talk) -> list[Sheet]:
    """The talk's summary with its headings, and its sections: what was said, as one row of sentences each."""
    said = {passage.id: passage.source for passage in known if passage.kind == passages.TRANSCRIPT}
    free: dict[str, tuple[Place, ...]] = {}
    for passage in known:
        if passage.kind in (passages.OVERVIEW, passages.OUTLINE):
            grounds = {s.id: tuple(said[key] for key in s.rests_on if key in said) for s in passage.segments}
            free[passage.kind] = tuple(_places(passage, passage.kind[0], grounds))
    sheets = [Sheet(None, None, 0, free)] if any(free.values()) else []
    for section in talk.sections:
        own = [passage for passage in known if passage.talk_section_id == section.id]
        places = [place for passage in own for place in _places(passage, "t")]
        if places and section.dropped_by is None:
            numbered = tuple(replace(place, short_id=f"t{number}") for number, place in enumerate(places, 1))
            sheets.append(Sheet(section.id, None, section.rank, {passages.TRANSCRIPT: numbered}))
    return sheets


def findings(sheets: Sequence[Sheet], termbase: Termbase, over: Mapping[int, str]) -> dict[int, list[Finding]]:
    """What the checks find, by segment a model wrote; offsets are those of the segment's Korean.

    Args:
        over: other Korean than the current one, by segment.
    """
    texts = [[_text(kind, row, over) for kind, row in sheet.rows.items()] for sheet in sheets]
    everything = [text for own in texts for text in own]
    found: dict[int, list[Finding]] = {}
    for sheet, own in zip(sheets, texts, strict=True):
        seen = run.find_all(own, termbase, everything)
        for row, text, in_text in zip(sheet.rows.values(), own, seen, strict=True):
            spans = pairing.segment_spans(target for _, target in _pairs(row, over))
            for finding in in_text:
                for place, (start, end) in zip(row, spans, strict=True):
                    if place.is_drafted and start <= finding.start < end:
                        found.setdefault(place.segment_id, []).append(_moved(finding, start, end))
            for place in row:
                if place.is_drafted and text.field == passages.SUMMARY and not place.source:
                    target = over.get(place.segment_id, place.target)
                    found.setdefault(place.segment_id, []).extend(grounding.unsupported(target))
                if place.is_drafted and place.grounds:
                    target = over.get(place.segment_id, place.target)
                    found.setdefault(place.segment_id, []).extend(grounding.check(target, place.grounds))
    return found


def doubtful(sheets: Sequence[Sheet], over: Mapping[int, str]) -> dict[int, list[Finding]]:
    """What the lists' rows get wrong, as findings beside a drafted sentence of the passage it is about, or another."""
    found: dict[int, list[Finding]] = {}
    for sheet in sheets:
        for doubt in sheet.doubts:
            beside = [*(place for place in sheet.rows.get(doubt.about, ()) if place.is_drafted), *sheet.drafted]
            if beside:
                place = beside[0]
                end = len(over.get(place.segment_id, place.target))
                finding = Finding(0, end, SOURCE, doubt.category, doubt.severity, doubt.message)
                found.setdefault(place.segment_id, []).append(finding)
    return found


def _text(kind: str, row: Sequence[Place], over: Mapping[int, str]) -> Text:
    return pairing.of_segments(kind, _pairs(row, over))


def _pairs(row: Sequence[Place], over: Mapping[int, str]) -> list[tuple[str, str]]:
    return [(place.source, over.get(place.segment_id, place.target)) for place in row]


def _moved(finding: Finding, segment_start: int, segment_end: int) -> Finding:
    """The finding with offsets in its segment; what reaches into the next segment is cut."""
    end = min(finding.end, segment_end)
    is_whole = end == finding.end
    return replace(
        finding,
        start=finding.start - segment_start,
        end=end - segment_start,
        suggestion=finding.suggestion if is_whole else None,
    )


def _places(passage: Passage, letter: str, grounds: Mapping[int, tuple[str, ...]] | None = None) -> Iterator[Place]:
    for segment in passage.segments:
        revision = passages.current(segment)
        if revision is None:
            continue
        yield Place(
            segment.id,
            revision.id,
            f"{letter}{segment.position + 1}",
            segment.source,
            revision.text,
            revision.author_kind == "model",
            revision.checked_at is not None,
            (grounds or {}).get(segment.id, ()),
        )


def _english(known: Sequence[Passage], paper_id: int, sighting_id: int) -> tuple[str, ...]:
    return tuple(p.source for p in known if p.paper_id == paper_id or p.sighting_id == sighting_id)
