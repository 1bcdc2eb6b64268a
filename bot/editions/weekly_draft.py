"""The weekly series' questions to the model: one a paper for its texts, one for the week's introduction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions.draft import Redone, Task
from bot.store.tables import Edition, EditionItem, Passage, Revision, Segment
from bot.translation import drafting, memory, passages
from bot.translation.asking import Desk
from bot.translation.drafting import Again, IntroducedPaper, Introduction, SourceSegment, Translation
from bot.translation.memory import Match
from bot.translation.passages import FirstDraft, FreeSentence


@dataclass(frozen=True, slots=True)
class _Work:
    """One paper's missing Korean: what to ask, and which segment each id stands for."""

    rank: int
    item_id: int
    paper_id: int
    label: str
    title: str | None
    segments: tuple[SourceSegment, ...]
    segment_ids: dict[str, int]
    references: tuple[Match, ...] = ()


def tasks(session: Session, desk: Desk, edition: Edition) -> list[Task]:
    """What of the week has no Korean yet: papers, and the introduction."""
    known = passages.load_all(session, edition)
    works = _once([work for item in edition.items if (work := _missing(known, item))])
    works = [replace(work, references=_references(session, work)) for work in works]
    found = [
        Task(
            work.rank,
            work.label,
            sum(len(segment.text) for segment in work.segments),
            partial(_draft_paper, desk, edition.id, work),
        )
        for work in works
    ]
    if passages.introduction_of(known) is None:
        ask = partial(_draft_introduction, desk, edition.id, _introduced(edition))
        found.append(Task(0, "introduction", 0, ask, shares_prefix=False))
    return found


def redraft(desk: Desk, edition_id: int, rank: int, again: Again) -> Redone:
    """Draft one paper once more, all but the sentences that a person wrote."""
    with desk.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        item = next(item for item in edition.items if item.rank == rank)
        known = passages.load_all(session, edition)
        work = _missing(known, item, also_drafted=True)
        kept = _count_of_people(known, item)
        before = _present(known, work)
    if work is None:
        return Redone(0, kept)
    translation = drafting.translate_paper(
        desk,
        title=work.title,
        segments=work.segments,
        edition_id=edition_id,
        paper_id=work.paper_id,
        cached_prefix=False,
        again=again,
    )
    with desk.sessions.begin() as session:
        return Redone(_replace_drafts(session, work, translation, before), kept)


def _references(session: Session, work: _Work) -> tuple[Match, ...]:
    return tuple(memory.near(session, [segment.text for segment in work.segments]))


def _count_of_people(known: Sequence[Passage], item: EditionItem) -> int:
    """How many of the paper's segments have a person's text."""
    own = [p for p in known if p.paper_id == item.sighting.paper_id or p.sighting_id == item.sighting_id]
    revisions = [passages.current(segment) for passage in own for segment in passage.segments]
    return sum(revision is not None and revision.author_kind != "model" for revision in revisions)


def _present(known: Sequence[Passage], work: _Work | None) -> dict[int, int]:
    """By segment: the id of its current revision, for the segments that are asked again."""
    asked = set(work.segment_ids.values()) if work else set()
    return {
        segment.id: revision.id
        for passage in known
        for segment in passage.segments
        if segment.id in asked and (revision := passages.current(segment)) is not None
    }


def _replace_drafts(session: Session, work: _Work, translation: Translation, before: dict[int, int]) -> int:
    texts = dict(translation.texts) | ({"title": translation.title} if translation.title is not None else {})
    changed = 0
    for short_id, text in texts.items():
        segment = session.get_one(Segment, work.segment_ids[short_id])
        replacing = session.get(Revision, before.get(segment.id, 0))
        if replacing is not None and replacing.text == text:
            continue
        changed += passages.add_revision(
            session,
            segment,
            text,
            author_kind="model",
            author=translation.model,
            reason="drafted again",
            replacing=replacing,
            prompt_version=translation.prompt_version,
            model_call_id=translation.call_ids[short_id],
        )
    session.execute(update(EditionItem).where(EditionItem.id == work.item_id).values(failure=None))
    return changed


def _draft_paper(desk: Desk, edition_id: int, work: _Work, cached_prefix: bool, on_started: Callable[[], None]) -> None:
    translation = drafting.translate_paper(
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
        _store_translation(session, work, translation)


def _draft_introduction(
    desk: Desk, edition_id: int, papers: list[IntroducedPaper], _cached: bool, _on_started: Callable[[], None]
) -> None:
    introduction = drafting.introduce_week(desk, papers, edition_id=edition_id)
    with desk.sessions.begin() as session:
        _store_introduction(session, edition_id, introduction)


def _missing(known: Sequence[Passage], item: EditionItem, *, also_drafted: bool = False) -> _Work | None:
    """What of this paper has no Korean yet (or, `also_drafted`, none of a person's); None if all has.

    A title of one word is a name and stays as it is (formats of the published posts), so it is not asked for.
    """
    sighting, paper = item.sighting, item.sighting.paper
    title_passage = passages.find(known, "title", paper.title, paper_id=paper.id)
    texts = [("d", passages.find(known, "description", sighting.description, sighting_id=sighting.id))]
    if paper.abstract:
        texts.append(("a", passages.find(known, "abstract", paper.abstract, paper_id=paper.id)))
    title = None
    segment_ids: dict[str, int] = {}
    if title_passage is not None and not passages.is_name_only(paper.title):
        (segment,) = title_passage.segments
        if _is_wanted(segment, also_drafted):
            title, segment_ids["title"] = paper.title, segment.id
    asked: list[SourceSegment] = []
    for letter, passage in texts:
        for segment in passage.segments if passage else ():
            if _is_wanted(segment, also_drafted):
                short_id = f"{letter}{segment.position + 1}"
                asked.append(SourceSegment(short_id, segment.source))
                segment_ids[short_id] = segment.id
    if not segment_ids:
        return None
    return _Work(item.rank, item.id, paper.id, sighting.label, title, tuple(asked), segment_ids)


def _once(works: Sequence[_Work]) -> list[_Work]:
    """The works without what an earlier one asks already: a list may name the same paper twice."""
    asked: set[int] = set()
    once = []
    for work in works:
        own = {short_id: segment_id for short_id, segment_id in work.segment_ids.items() if segment_id not in asked}
        asked |= set(own.values())
        if own:
            segments = tuple(segment for segment in work.segments if segment.id in own)
            once.append(replace(work, title=work.title if "title" in own else None, segments=segments, segment_ids=own))
    return once


def _is_wanted(segment: Segment, also_drafted: bool) -> bool:
    revision = passages.current(segment)
    return revision is None or (also_drafted and revision.author_kind == "model")


def _introduced(edition: Edition) -> list[IntroducedPaper]:
    return [
        IntroducedPaper(
            rank=item.rank,
            label=item.sighting.label,
            title=item.sighting.paper.title,
            description=item.sighting.description,
            abstract=item.sighting.paper.abstract,
        )
        for item in edition.items
    ]


def _store_translation(session: Session, work: _Work, translation: Translation) -> None:
    texts = dict(translation.texts)
    if translation.title is not None:
        texts["title"] = translation.title
    passages.add_first_revisions(
        session,
        [
            FirstDraft(
                work.segment_ids[short_id],
                text,
                translation.model,
                translation.prompt_version,
                translation.call_ids[short_id],
            )
            for short_id, text in texts.items()
        ],
    )
    session.execute(update(EditionItem).where(EditionItem.id == work.item_id).values(failure=None))


def _store_introduction(session: Session, edition_id: int, introduction: Introduction) -> None:
    passage_id = session.scalar(
        insert(Passage)
        .values(kind=passages.INTRODUCTION, source="", source_hash=passages.text_hash(""), edition_id=edition_id)
        .on_conflict_do_nothing()
        .returning(Passage.id)
    )
    if passage_id is None:
        return  # another process was first; its introduction stays
    session.execute(update(Edition).where(Edition.id == edition_id).values(introduction_failure=None))
    edition = session.get_one(Edition, edition_id)
    sighting_ids = {item.rank: item.sighting_id for item in edition.items}
    passages.add_free_text(
        session,
        passage_id,
        [
            FreeSentence(sentence.text, number, tuple(sighting_ids[rank] for rank in sentence.ranks))
            for number, paragraph in enumerate(introduction.paragraphs)
            for sentence in paragraph
        ],
        model=introduction.model,
        prompt_version=introduction.prompt_version,
        model_call_id=introduction.call_id,
    )
