"""The daily series' questions to the model: one a paper, its abstract as bullets.

A paper listed on two days has one summary. Where a weekly edition has its whole abstract in Korean already, that is
taken over sentence by sentence, and nobody is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions.draft import Redone, Task
from bot.store.tables import Edition, EditionItem, Passage, Revision, Segment, Sighting
from bot.translation import drafting, memory, passages
from bot.translation.asking import Desk
from bot.translation.drafting import MOST_BULLETS, Again, SourceSegment, Summary
from bot.translation.memory import Match
from bot.translation.passages import FirstDraft

SummaryOf = Callable[[Sequence[Passage], Sighting], Passage | None]


@dataclass(frozen=True, slots=True)
class _Work:
    """An abstract without bullets: what to ask, and which segment each id stands for."""

    item_id: int
    paper_id: int
    title: str
    abstract: str
    segments: tuple[SourceSegment, ...]
    segment_ids: dict[str, int]
    references: tuple[Match, ...]


def tasks(summary_of: SummaryOf, session: Session, desk: Desk, edition: Edition) -> list[Task]:
    """What of the day has no bullets yet. What the store can tell is taken over at once."""
    known = passages.load_all(session, edition)
    found = []
    asked: set[tuple[int, str]] = set()
    for item in edition.items:
        sighting = item.sighting
        abstract = passages.find(known, "abstract", sighting.description, paper_id=sighting.paper_id)
        key = (sighting.paper_id, sighting.description)
        if abstract is None or key in asked or summary_of(known, sighting) is not None:
            continue
        asked.add(key)
        if _taken_over(session, abstract):
            continue
        work = _work(session, item, abstract)
        ask = partial(_summarize, desk, edition.id, work)
        found.append(Task(item.rank, sighting.label, len(sighting.description), ask))
    return found


def redraft(desk: Desk, edition_id: int, rank: int, again: Again) -> Redone:
    """Have one paper's bullets written once more, each from what it rests on, all but those that a person wrote."""
    with desk.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        item = next(item for item in edition.items if item.rank == rank)
        known = passages.load_all(session, edition, {passages.SUMMARY})
        summary = passages.find(known, passages.SUMMARY, item.sighting.description, paper_id=item.sighting.paper_id)
        paper_id, item_id = item.sighting.paper_id, item.id
        current = {s.id: passages.current(s) for s in (summary.segments if summary else ())}
        wanted = {
            f"s{segment.position + 1}": (segment, revision)
            for segment in (summary.segments if summary else ())
            if segment.source and (revision := current[segment.id]) is not None and revision.author_kind == "model"
        }
    kept = len(current) - len(wanted)
    if not wanted:
        return Redone(0, kept)
    translation = drafting.translate_paper(
        desk,
        title=None,
        segments=[SourceSegment(short_id, segment.source) for short_id, (segment, _) in wanted.items()],
        edition_id=edition_id,
        paper_id=paper_id,
        again=again,
    )
    changed = 0
    with desk.sessions.begin() as session:
        for short_id, text in translation.texts.items():
            segment, revision = wanted[short_id]
            if revision.text != text:
                changed += passages.add_revision(
                    session,
                    session.get_one(Segment, segment.id),
                    text,
                    author_kind="model",
                    author=translation.model,
                    reason="drafted again",
                    replacing=session.get_one(Revision, revision.id),
                    prompt_version=translation.prompt_version,
                    model_call_id=translation.call_ids[short_id],
                )
        session.execute(update(EditionItem).where(EditionItem.id == item_id).values(failure=None))
    return Redone(changed, kept)


def _work(session: Session, item: EditionItem, abstract: Passage) -> _Work:
    ids = {f"a{segment.position + 1}": segment for segment in abstract.segments}
    return _Work(
        item.id,
        item.sighting.paper_id,
        item.sighting.label,
        abstract.source,
        tuple(SourceSegment(short_id, segment.source) for short_id, segment in ids.items()),
        {short_id: segment.id for short_id, segment in ids.items()},
        tuple(memory.near(session, [segment.source for segment in ids.values()])),
    )


def _summarize(desk: Desk, edition_id: int, work: _Work, cached_prefix: bool, on_started: Callable[[], None]) -> None:
    summary = drafting.summarize_paper(
        desk,
        title=work.title,
        segments=work.segments,
        edition_id=edition_id,
        paper_id=work.paper_id,
        cached_prefix=cached_prefix,
        on_started=on_started,
        references=work.references,
    )
    with desk.sessions.begin() as session:
        _store(session, work, summary)


def _store(session: Session, work: _Work, summary: Summary) -> None:
    rows = [tuple(work.segment_ids[short_id] for short_id in bullet.rests_on) for bullet in summary.bullets]
    segments = _made(session, work.paper_id, work.abstract, rows)
    passages.add_first_revisions(
        session,
        [
            FirstDraft(segment.id, bullet.text, summary.model, summary.prompt_version, summary.call_id)
            for segment, bullet in zip(segments, summary.bullets, strict=False)
        ],
    )
    session.execute(update(EditionItem).where(EditionItem.id == work.item_id).values(failure=None))


def _made(session: Session, paper_id: int, abstract: str, rows: Sequence[Sequence[int]]) -> list[Segment]:
    """The summary's passage with a segment a bullet; nothing if another process was first.

    A bullet's English is what it rests on, so that checks, memory and corrections read it as any translation.
    """
    passage_id = session.scalar(
        insert(Passage)
        .values(kind=passages.SUMMARY, source=abstract, source_hash=passages.text_hash(abstract), paper_id=paper_id)
        .on_conflict_do_nothing()
        .returning(Passage.id)
    )
    if passage_id is None:
        return []
    segments = []
    for position, ids in enumerate(rows):
        parts = [session.get_one(Segment, id_) for id_ in ids]
        source = " ".join(part.source for part in parts)
        segments.append(
            Segment(
                passage_id=passage_id,
                position=position,
                start=parts[0].start if parts else 0,
                end=parts[-1].end if parts else 0,
                source=source,
                source_hash=passages.text_hash(source),
                rests_on=list(ids),
            )
        )
    session.add_all(segments)
    session.flush()
    return segments


def _taken_over(session: Session, abstract: Passage) -> bool:
    """Make the abstract's own Korean the bullets, where all of it is there and short enough; whether that was so."""
    current = [passages.current(segment) for segment in abstract.segments]
    if not 1 <= len(current) <= MOST_BULLETS or any(one is None or one.is_markdown for one in current):
        return False
    assert abstract.paper_id is not None
    segments = _made(session, abstract.paper_id, abstract.source, [[segment.id] for segment in abstract.segments])
    for segment, revision in zip(segments, current, strict=False):
        assert revision is not None
        passages.take_over(session, segment, revision)
    return True
