"""A talk's questions to the model: its sections side by side, in each the passages in order, and the summary.

A passage sees the names so far and the passage before it, English and Korean, so that both read as one text. All that
comes from the store, so after a crash the same question is asked with the same words, and a paid answer is found again.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from bot.editions.draft import Redone, Task, reason_of
from bot.errors import RejectedError
from bot.store.tables import Edition, Passage, Revision, Segment, Spoken, Talk, TalkSection
from bot.translation import drafting, hearing, memory, passages, summarizing
from bot.translation.asking import Desk
from bot.translation.drafting import Again, SourceSegment, Translation
from bot.translation.passages import FirstDraft, FreeSentence
from bot.translation.summarizing import SaidSection, Statement, Summary
from bot.translation.termbase import Kind

MOST_NAMES = 60
_BEFORE = 600
"""Characters of the passage before that travel with a passage, from its end."""


def tasks(session: Session, desk: Desk, edition: Edition) -> list[Task]:
    """What of the talk has no Korean yet: sections, and the summary."""
    talk = _talk(edition)
    known = passages.load_all(session, edition)
    texts = {p.id: p.source for p in known if p.kind == passages.TRANSCRIPT}
    found = []
    for section in talk.sections:
        missing = [
            segment
            for passage in known
            if passage.talk_section_id == section.id
            for segment in passage.segments
            if passages.current(segment) is None
        ]
        if missing and section.dropped_by is None:
            length = sum(len(segment.source) for segment in missing)
            first = min(segment.passage_id for segment in missing)
            names = _names_before(desk, texts, first)
            ask = partial(_draft_section, desk, edition.id, section.id, names)
            found.append(Task(section.rank, f"section {section.rank}", length, ask))
    if not any(passage.kind == passages.OVERVIEW for passage in known):
        found.append(Task(0, "summary", 0, partial(_draft_summary, desk, edition.id), shares_prefix=False))
    return found


def redraft(desk: Desk, edition_id: int, rank: int, again: Again) -> Redone:
    """Draft one section once more, all but the sentences that a person wrote."""
    with desk.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        section = next(section for section in _talk(edition).sections if section.rank == rank)
        section_id = section.id
        ids = [passage.id for passage in section.passages]
        texts = {p.id: p.source for p in passages.load_all(session, edition) if p.kind == passages.TRANSCRIPT}
    changed = kept = 0
    for passage_id in ids:
        with desk.sessions() as session:
            passage = _loaded(session, passage_id)
            current = [(segment, passages.current(segment)) for segment in passage.segments]
            asked = [segment for segment, revision in current if revision is None or revision.author_kind == "model"]
            kept += len(current) - len(asked)
            before = {segment.id: revision.id for segment, revision in current if revision and segment in asked}
            context = _context(session, desk, passage, _names_before(desk, texts, passage_id))
        if asked:
            translation = _ask(desk, edition_id, asked, context, again=again)
            with desk.sessions.begin() as session:
                changed += _replace(session, asked, translation, before)
    with desk.sessions.begin() as session:
        session.execute(update(TalkSection).where(TalkSection.id == section_id).values(failure=None))
    return Redone(changed, kept)


def about(talk: Talk) -> dict[str, object]:
    """What the model is told of the talk as a whole."""
    return {"title": talk.title, "speakers": list(talk.speakers)}


def _draft_section(
    desk: Desk, edition_id: int, section_id: int, names: Sequence[str], cached: bool, on_started: Callable[[], None]
) -> None:
    """Draft the passages in order. One that cannot be drafted does not stop those behind it."""
    with desk.sessions() as session:
        ids = session.scalars(
            select(Passage.id).where(Passage.talk_section_id == section_id).order_by(Passage.id)
        ).all()
    failed: RejectedError | None = None
    seen = list(names)
    for passage_id in ids:
        with desk.sessions() as session:
            passage = _loaded(session, passage_id)
            asked = [segment for segment in passage.segments if passages.current(segment) is None]
            context = _context(session, desk, passage, seen)
            references = memory.near(session, [segment.source for segment in asked]) if asked else []
        seen = list(dict.fromkeys([*seen, *_names(desk, passage.source)]))
        if not asked:
            continue
        try:
            translation = _ask(
                desk, edition_id, asked, context, references, cached=cached or len(ids) > 1, on_started=on_started
            )
        except RejectedError as exc:
            failed = failed or exc
            continue
        with desk.sessions.begin() as session:
            passages.add_first_revisions(session, _drafts(asked, translation))
    with desk.sessions.begin() as session:
        reason = reason_of(failed) if failed is not None else None
        session.execute(update(TalkSection).where(TalkSection.id == section_id).values(failure=reason))
    if failed is not None:
        raise failed


def _ask(
    desk: Desk,
    edition_id: int,
    asked: Sequence[Segment],
    context: dict[str, object],
    references: Sequence[memory.Match] = (),
    *,
    cached: bool = False,
    on_started: Callable[[], None] | None = None,
    again: Again | None = None,
) -> Translation:
    return drafting.translate_talk(
        desk,
        segments=[SourceSegment(_short_id(segment), segment.source) for segment in asked],
        context=context,
        edition_id=edition_id,
        cached_prefix=cached,
        on_started=on_started,
        again=again,
        references=references,
    )


def _short_id(segment: Segment) -> str:
    return f"t{segment.position + 1}"


def _drafts(asked: Sequence[Segment], translation: Translation) -> list[FirstDraft]:
    return [
        FirstDraft(
            segment.id,
            translation.texts[_short_id(segment)],
            translation.model,
            translation.prompt_version,
            translation.call_ids[_short_id(segment)],
        )
        for segment in asked
    ]


def _replace(session: Session, asked: Sequence[Segment], translation: Translation, before: dict[int, int]) -> int:
    changed = 0
    for draft in _drafts(asked, translation):
        replacing = session.get(Revision, before.get(draft.segment_id, 0))
        if replacing is not None and replacing.text == draft.text:
            continue
        changed += passages.add_revision(
            session,
            session.get_one(Segment, draft.segment_id),
            draft.text,
            author_kind="model",
            author=draft.model,
            reason="drafted again",
            replacing=replacing,
            prompt_version=draft.prompt_version,
            model_call_id=draft.model_call_id,
        )
    return changed


# --- what a passage sees ---------------------------------------------------------------------------------------------


def _context(session: Session, desk: Desk, passage: Passage, names: Sequence[str]) -> dict[str, object]:
    assert passage.talk_section is not None
    context: dict[str, object] = {"talk": about(passage.talk_section.talk)}
    if known := list(dict.fromkeys([*names, *_names(desk, passage.source)]))[-MOST_NAMES:]:
        context["names"] = known
    if before := _before(session, passage):
        context["before"] = before
    return context


def _before(session: Session, passage: Passage) -> dict[str, str]:
    """The end of the passage before: its English, and its Korean where it stands in the same section.

    Another section is drafted at the same time, so its Korean is here today and was not yesterday.
    """
    section, number = passage.talk_section, session.get_one(Spoken, passage.id).number
    assert section is not None
    row = session.scalars(
        select(Passage)
        .join(Spoken, Spoken.passage_id == Passage.id)
        .join(TalkSection, TalkSection.id == Passage.talk_section_id)
        .where(TalkSection.talk_id == section.talk_id, Spoken.number < number)
        .order_by(Spoken.number.desc())
        .limit(1)
        .options(selectinload(Passage.segments).selectinload(Segment.revisions))
    ).one_or_none()
    if row is None:
        return {}
    found = {"en": row.source[-_BEFORE:]}
    korean = [revision.text for segment in row.segments if (revision := passages.current(segment)) is not None]
    if row.talk_section_id == passage.talk_section_id and len(korean) == len(row.segments):
        found["ko"] = " ".join(korean)[-_BEFORE:]
    return found


def _names_before(desk: Desk, texts: dict[int, str], passage_id: int) -> list[str]:
    """The names that were said before this passage, in the order of their first mention."""
    return list(dict.fromkeys(name for key, text in texts.items() if key < passage_id for name in _names(desk, text)))


def _names(desk: Desk, text: str) -> list[str]:
    mentioned = [mention.term.source for mention in desk.termbase.mentions(text) if mention.term.kind is Kind.NAME]
    return list(dict.fromkeys([*mentioned, *hearing.names_in(text)]))


def _loaded(session: Session, passage_id: int) -> Passage:
    return session.scalars(
        select(Passage)
        .where(Passage.id == passage_id)
        .options(
            selectinload(Passage.segments).selectinload(Segment.revisions),
            selectinload(Passage.talk_section).selectinload(TalkSection.talk),
        )
    ).one()


def _talk(edition: Edition) -> Talk:
    if edition.talk is None:
        raise RejectedError(f"Edition {edition.series} {edition.period} has no talk.")
    return edition.talk


# --- the summary -----------------------------------------------------------------------------------------------------


def _draft_summary(desk: Desk, edition_id: int, _cached: bool, _on_started: Callable[[], None]) -> None:
    with desk.sessions() as session:
        talk = _talk(session.get_one(Edition, edition_id))
        told = about(talk)
        numbered: dict[int, int] = {}
        sections = []
        for section in talk.sections:
            own = {passage.spoken.number: passage for passage in section.passages if passage.spoken is not None}
            numbered |= {number: passage.id for number, passage in own.items()}
            said = {number: passage.source for number, passage in own.items()}
            sections.append(SaidSection(section.rank, section.title, said))
    summary = summarizing.summarize_talk(desk, told, sections, edition_id=edition_id)
    with desk.sessions.begin() as session:
        _store_summary(session, edition_id, summary, numbered)
        headings = [(Statement(summary.headings[s.rank], (min(s.passages),)), 0) for s in sections]
        _store_free(session, edition_id, passages.OUTLINE, headings, summary, numbered)
        session.execute(update(Edition).where(Edition.id == edition_id).values(introduction_failure=None))


def _store_summary(session: Session, edition_id: int, summary: Summary, numbered: dict[int, int]) -> None:
    """The summary as one passage: paragraph 0 opens it, a point is one with its heading first, the last closes it."""
    statements = [(one, 0) for one in summary.opening]
    for place, point in enumerate(summary.points, 1):
        rests_on = tuple(dict.fromkeys(number for bullet in point.bullets for number in bullet.passages))
        statements.append((Statement(point.heading, rests_on), place))
        statements += ((bullet, place) for bullet in point.bullets)
    statements.append((summary.closing, len(summary.points) + 1))
    _store_free(session, edition_id, passages.OVERVIEW, statements, summary, numbered)


def _store_free(
    session: Session,
    edition_id: int,
    kind: str,
    statements: Sequence[tuple[Statement, int]],
    summary: Summary,
    numbered: dict[int, int],
) -> None:
    passage_id = session.scalar(
        insert(Passage)
        .values(kind=kind, source="", source_hash=passages.text_hash(""), edition_id=edition_id)
        .on_conflict_do_nothing()
        .returning(Passage.id)
    )
    if passage_id is None:
        return  # another process was first; its text stays
    passages.add_free_text(
        session,
        passage_id,
        [
            FreeSentence(statement.text, paragraph, tuple(numbered[number] for number in statement.passages))
            for statement, paragraph in statements
        ],
        model=summary.model,
        prompt_version=summary.prompt_version,
        model_call_id=summary.call_id,
    )
