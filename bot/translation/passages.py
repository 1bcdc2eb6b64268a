"""Storing texts as passages cut into segments, and finding what still has no Korean."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, true, update
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from bot.store.tables import Edition, Passage, Revision, Segment
from bot.translation.segments import Span, split

INTRODUCTION = "introduction"
TRANSCRIPT = "transcript"
OVERVIEW = "overview"
OUTLINE = "outline"
"""Of a talk: a piece of what was said, its summary, the headings of its sections."""
SUMMARY = "summary"


def text_hash(text: str) -> str:
    """The key a source text is found under."""
    return hashlib.sha256(text.encode()).hexdigest()


def store(
    session: Session,
    kind: str,
    source: str,
    *,
    paper_id: int | None = None,
    sighting_id: int | None = None,
    talk_section_id: int | None = None,
) -> Passage:
    """The passage of this owner, kind and text; made with its segments if it is not there yet. The caller commits.

    A title is one segment; everything else is cut into sentences.
    """
    source_hash = text_hash(source)
    owner = {"paper_id": paper_id, "sighting_id": sighting_id, "talk_section_id": talk_section_id}
    made = session.scalars(
        insert(Passage)
        .values(kind=kind, source=source, source_hash=source_hash, **owner)
        .on_conflict_do_nothing()
        .returning(Passage)
    ).one_or_none()
    if made is None:
        return session.scalars(select(Passage).filter_by(kind=kind, source_hash=source_hash, **owner)).one()
    spans = (Span(0, len(source)),) if kind == "title" else split(source)
    session.add_all(
        Segment(
            passage_id=made.id,
            position=position,
            start=start,
            end=end,
            source=source[start:end],
            source_hash=text_hash(source[start:end]),
        )
        for position, (start, end) in enumerate(spans)
    )
    session.flush()
    return made


def load_all(session: Session, edition: Edition, kinds: Collection[str] | None = None) -> list[Passage]:
    """All passages of the edition, its papers and what the list says of them, with segments and revisions.

    Three statements, however many papers.

    Args:
        kinds: only those; the same paper may have texts for other series.
    """
    paper_ids = [item.sighting.paper_id for item in edition.items]
    sighting_ids = [item.sighting_id for item in edition.items]
    section_ids = [section.id for section in edition.talk.sections] if edition.talk is not None else []
    return list(
        session.scalars(
            select(Passage)
            .where(
                Passage.paper_id.in_(paper_ids)
                | Passage.sighting_id.in_(sighting_ids)
                | Passage.talk_section_id.in_(section_ids)
                | (Passage.edition_id == edition.id)
            )
            .where(true() if kinds is None else Passage.kind.in_(kinds))
            .options(selectinload(Passage.segments).selectinload(Segment.revisions))
            .order_by(Passage.id)
        )
    )


def find(
    known: Iterable[Passage], kind: str, source: str, *, paper_id: int | None = None, sighting_id: int | None = None
) -> Passage | None:
    """The passage of this owner, kind and text among `known`, if it was stored."""
    wanted = (kind, text_hash(source), paper_id, sighting_id)
    return next((p for p in known if (p.kind, p.source_hash, p.paper_id, p.sighting_id) == wanted), None)


def introduction_of(known: Iterable[Passage]) -> Passage | None:
    """The edition's introduction among `known`, if it was written."""
    return next((passage for passage in known if passage.kind == INTRODUCTION), None)


def is_name_only(title: str) -> bool:
    """Whether a title is only a name: one word. It then stands alone, without a Korean title."""
    return len(title.split()) == 1


def current(segment: Segment) -> Revision | None:
    """The segment's current Korean, if it has one."""
    return next((revision for revision in segment.revisions if revision.current), None)


@dataclass(frozen=True, slots=True)
class FirstDraft:
    """A model's text for a segment that has none."""

    segment_id: int
    text: str
    model: str
    prompt_version: str
    model_call_id: int


def add_first_revisions(session: Session, drafts: Sequence[FirstDraft]) -> None:
    """Store first drafts, in one statement; where a text came meanwhile, that one stays. The caller commits."""
    if not drafts:
        return
    rows = [
        {
            "segment_id": draft.segment_id,
            "text": draft.text,
            "current": True,
            "author_kind": "model",
            "author": draft.model,
            "reason": "draft",
            "prompt_version": draft.prompt_version,
            "model_call_id": draft.model_call_id,
        }
        for draft in drafts
    ]
    session.execute(
        insert(Revision)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["segment_id"], index_where=sql_text("current"))
    )


def take_over(session: Session, segment: Segment, revision: Revision) -> bool:
    """Give a segment without Korean the text that the same English has elsewhere; a person's counts as memory's.

    The caller commits. False if a text came meanwhile.
    """
    is_model = revision.author_kind == "model"
    return add_revision(
        session,
        segment,
        revision.text,
        author_kind="model" if is_model else "memory",
        author=revision.author,
        reason="the same sentence in another text of the paper",
        replacing=None,
        prompt_version=revision.prompt_version,
        model_call_id=revision.model_call_id,
    )


@dataclass(frozen=True, slots=True)
class FreeSentence:
    """A sentence that translates no single one: the paragraph it stands in, and the ids of what it rests on."""

    text: str
    paragraph: int
    rests_on: tuple[int, ...]


def add_free_text(
    session: Session,
    passage_id: int,
    sentences: Sequence[FreeSentence],
    *,
    model: str,
    prompt_version: str,
    model_call_id: int,
) -> None:
    """Fill a passage without English, an introduction say, with a model's sentences, in order. The caller commits."""
    segments = [
        Segment(
            passage_id=passage_id,
            position=position,
            start=0,
            end=0,
            source="",
            source_hash=text_hash(""),
            paragraph=sentence.paragraph,
            rests_on=list(sentence.rests_on),
        )
        for position, sentence in enumerate(sentences)
    ]
    session.add_all(segments)
    session.flush()
    add_first_revisions(
        session,
        [
            FirstDraft(segment.id, sentence.text, model, prompt_version, model_call_id)
            for segment, sentence in zip(segments, sentences, strict=True)
        ],
    )


def add_revision(
    session: Session,
    segment: Segment,
    text: str,
    *,
    author_kind: str,
    author: str,
    reason: str,
    is_markdown: bool = False,
    replacing: Revision | None,
    prompt_version: str | None = None,
    model_call_id: int | None = None,
) -> bool:
    """Make `text` the segment's current Korean in place of `replacing`; the older one is kept. The caller commits.

    A model's text never takes the place of a person's.

    Args:
        replacing: the revision that was current when `text` was written; None if there was none.

    Returns:
        False, and nothing is stored, if the current revision is another one by now.
    """
    if author_kind == "model" and replacing is not None and replacing.author_kind != "model":
        return False
    if replacing is not None:
        retired = session.scalar(
            update(Revision)
            .where(Revision.id == replacing.id, Revision.current)
            .values(current=False)
            .returning(Revision.id)
        )
        if retired is None:
            return False
    made = session.scalar(
        insert(Revision)
        .values(
            segment_id=segment.id,
            text=text,
            current=True,
            author_kind=author_kind,
            author=author,
            reason=reason,
            is_markdown=is_markdown,
            prompt_version=prompt_version,
            model_call_id=model_call_id,
        )
        .on_conflict_do_nothing(index_elements=["segment_id"], index_where=sql_text("current"))
        .returning(Revision.id)
    )
    session.expire(segment, ["revisions"])
    return made is not None
