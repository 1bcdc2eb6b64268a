"""From the store to the post: the weekly article in Markdown, and its parts where the forum's limit asks for several.

The form is the one the community has used since 2024: for each paper its Korean beside its English, then its links.
Texts from outside are escaped (`markdown.py`), so that nothing in them changes the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.editions import markdown
from bot.editions.collect import is_tweet
from bot.editions.draft import INTRODUCTION, is_name_only
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.papers.identity import canonical_url, is_research_page
from bot.settings import Settings
from bot.store.tables import Edition, EditionItem, Passage, Revision, Segment
from bot.translation import passages
from bot.translation.segments import Span, rebuild

RULE = "\n\n---\n\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the papers: lines of the operator's own, in Markdown; None leaves one out."""

    byline: str | None
    notes: tuple[str, ...]
    source_page: str
    zone: str


def frame_of(settings: Settings) -> Frame:
    """The frame the settings ask for; the word `none` leaves a line out."""
    notes = (
        _line(settings.note_machine, labels.NOTE_MACHINE),
        _line(settings.note_digest, labels.NOTE_DIGEST),
        _line(settings.note_like, labels.NOTE_LIKE),
    )
    return Frame(
        _line(settings.byline, labels.BYLINE),
        tuple(note for note in notes if note),
        str(settings.dair_page),
        settings.time_zone,
    )


def weekly_blocks(session: Session, edition: Edition, frame: Frame) -> list[str]:
    """The article's blocks in order: opening, one a paper, closing. Joined by `RULE` they are the whole article."""
    return [
        _opening(session, edition, frame),
        *(_paper(session, item) for item in edition.items),
        _closing(session, edition, frame),
    ]


def split(blocks: Sequence[str], limit: int) -> list[str]:
    """The blocks as texts of at most `limit` characters, in order, cut between blocks only.

    Raises:
        RejectedError: one block alone is longer.
    """
    parts: list[str] = []
    for block in blocks:
        if len(block) > limit:
            raise RejectedError(
                f"One paper alone makes {len(block)} characters, and the forum takes {limit} in a post: "
                "raise max_post_length on the forum (100,000 is recommended)."
            )
        if parts and len(parts[-1]) + len(RULE) + len(block) <= limit:
            parts[-1] += RULE + block
        else:
            parts.append(block)
    return parts


def _opening(session: Session, edition: Edition, frame: Frame) -> str:
    introduction = session.scalars(
        select(Passage).where(Passage.edition_id == edition.id, Passage.kind == INTRODUCTION)
    ).one_or_none()
    lines = [frame.byline] if frame.byline else []
    if introduction is not None:
        lines.append("\n".join(f"- {markdown.escape_inline(text)}" for text in _paragraphs(introduction.segments)))
    elif edition.introduction_failure:
        lines.append(labels.INTRODUCTION_FAILED.format(reason=edition.introduction_failure))
    else:
        lines.append(labels.INTRODUCTION_WAITS)
    return "\n\n".join(lines)


def _paragraphs(segments: Iterable[Segment]) -> list[str]:
    texts: dict[int, list[str]] = {}
    for segment in segments:
        revision = passages.current(segment)
        if revision is not None:
            texts.setdefault(segment.paragraph, []).append(revision.text)
    return [" ".join(texts[number]) for number in sorted(texts)]


def _paper(session: Session, item: EditionItem) -> str:
    sighting, paper = item.sighting, item.sighting.paper
    is_research = paper.arxiv_id is None and is_research_page(paper.url)
    title = passages.load(session, "title", paper.title, paper_id=paper.id)
    parts = [markdown.heading(2, _title(paper.title, _korean(title)))]
    description = passages.load(session, "description", sighting.description, sighting_id=sighting.id)
    abstract = passages.load(session, "abstract", paper.abstract, paper_id=paper.id) if paper.abstract else None
    if any(passage is not None and _korean(passage) is None for passage in (description, abstract)):
        failed = item.failure
        parts.append(labels.PAPER_FAILED.format(reason=failed) if failed else labels.PAPER_WAITS)
    if description is not None:
        label = labels.RESEARCH_DESCRIPTION if is_research else labels.DESCRIPTION
        english = description.source[:1].upper() + description.source[1:]
        parts += _bilingual(label, _korean(description), english)
    if abstract is not None:
        label = labels.RESEARCH_ABSTRACT if is_research else labels.ABSTRACT
        parts += _bilingual(label, _korean(abstract), abstract.source)
    label = labels.RESEARCH_LINK if is_research else labels.PAPER_LINK
    parts += [f"### {label}", markdown.link_line(paper.url)]
    more = _more_links([link["url"] for link in sighting.links], paper.url)
    if more:
        parts += [f"### {labels.READ_MORE}", "\n".join(more)]
    return "\n\n".join(parts)


def _title(english: str, korean: str | None) -> str:
    if korean is None or korean == english or is_name_only(english):
        return english
    return f"{korean} / {english}"


def _korean(passage: Passage | None) -> str | None:
    """The passage's Korean as a whole; None unless every segment has one."""
    if passage is None:
        return None
    revisions = [passages.current(segment) for segment in passage.segments]
    texts = [revision.text for revision in revisions if revision is not None]
    if not texts or len(texts) != len(revisions):
        return None
    return rebuild(passage.source, [Span(segment.start, segment.end) for segment in passage.segments], texts)


def _bilingual(label: str, korean: str | None, english: str) -> list[str]:
    shown = [markdown.paragraph_block(korean)] if korean is not None else []
    return [f"### {label}", *shown, markdown.quote_block(english)]


def _more_links(urls: Sequence[str], main_url: str) -> list[str]:
    """All further addresses of the row, tweets first, without tracking and without the paper's own address again."""
    lines: list[str] = []
    for url in sorted(urls, key=lambda url: not is_tweet(url)):
        try:
            canonical = canonical_url(url)
            line = markdown.link_line(canonical)
        except RejectedError:
            continue  # not an address of the web; shown to moderators by `paperbot source dair`
        if canonical != main_url and line not in lines:
            lines.append(line)
    return lines


def _closing(session: Session, edition: Edition, frame: Frame) -> str:
    source = f"## {labels.SOURCE_LIST}\n\n{markdown.link_line(frame.source_page)}"
    made = _provenance(session, edition, frame.zone)
    notes = [*frame.notes, *([made] if made else [])]
    return RULE.join([source, "\n\n".join(notes)]) if notes else source


def _provenance(session: Session, edition: Edition, zone: str) -> str | None:
    """Which models drafted the edition's texts, and the day the last of them did."""
    paper_ids = [item.sighting.paper_id for item in edition.items]
    sighting_ids = [item.sighting_id for item in edition.items]
    rows: Sequence[tuple[str, datetime]] = [
        (model, last)
        for model, last in session.execute(
            select(Revision.author, func.max(Revision.created_at))
            .join(Segment, Segment.id == Revision.segment_id)
            .join(Passage, Passage.id == Segment.passage_id)
            .where(
                Revision.author_kind == "model",
                Passage.paper_id.in_(paper_ids)
                | Passage.sighting_id.in_(sighting_ids)
                | (Passage.edition_id == edition.id),
            )
            .group_by(Revision.author)
        )
    ]
    if not rows:
        return None
    day = max(last for _, last in rows).astimezone(ZoneInfo(zone)).date()
    return labels.provenance(sorted(model for model, _ in rows), day)


def _line(setting: str | None, default: str) -> str | None:
    if setting is None:
        return default
    return None if setting.strip().lower() == "none" else setting
