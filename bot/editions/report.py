"""The report to moderators beside a draft: what to read first, what could not be done, what it cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.editions import markdown, series, talk_report
from bot.languages.ko import review as words
from bot.store.tables import (
    Edition,
    EditionItem,
    ModelCall,
    Omission,
    Passage,
    Revision,
    Segment,
    StoredFinding,
    TalkSection,
)
from bot.translation import findings as stored
from bot.translation import passages
from bot.translation.checks.base import Severity
from bot.translation.repairing import WEIGHTS

MOST_SENTENCES = 6
MOST_REASONS = 4
LONGEST_QUOTE = 600


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding with where it stands: rank of the paper (0: the introduction), kind of passage, both texts."""

    rank: int
    passage: str
    source: str
    target: str
    finding: StoredFinding


def for_moderators(session: Session, edition: Edition) -> str:
    """The report in Korean Markdown; a person's sentences are not in it."""
    return "\n\n".join(
        [words.REPORT_HEAD, *_reading(session, edition), *_failures(session, edition), _cost(session, edition)]
    )


def findings_of(session: Session, edition: Edition) -> list[Placed]:
    """The open findings of the edition, those of the worst sentence first, in a sentence by their place."""
    sentences = _sentences(session, edition)
    return [placed for _, found in sorted(sentences, key=lambda one: one[0]) for placed in found]


def _reading(session: Session, edition: Edition) -> list[str]:
    sentences = sorted(_sentences(session, edition), key=lambda one: one[0])
    if not sentences:
        return [words.REPORT_NO_RISKS]
    blocks = [words.REPORT_RISKS]
    names = {entry.rank: paper_name(entry) for entry in edition.entries}
    for _, found in sentences[:MOST_SENTENCES]:
        first = found[0]
        kind = words.PASSAGE_NAMES[first.passage]
        where = kind if first.rank == 0 else words.REPORT_PAPER.format(paper=names[first.rank], passage=kind)
        blocks.append(f"**{where}**")
        blocks.append("\n".join(_reason(placed) for placed in found[:MOST_REASONS]))
        blocks.append(_shown(first.target))
        if first.source:
            blocks.append(markdown.quote_block(_cut(first.source)))
    left = len(sentences) - MOST_SENTENCES
    if left > 0:
        blocks.append(words.REPORT_MORE.format(count=left))
    return blocks


def _reason(placed: Placed) -> str:
    finding = placed.finding
    said = words.REPORT_REASON.format(
        severity=words.SEVERITIES[finding.severity], message=markdown.escape_inline(finding.message), number=finding.id
    )
    if finding.suggestion is None:
        return said
    old, new = (
        markdown.escape_inline(text) for text in (placed.target[finding.start : finding.end], finding.suggestion)
    )
    return said + words.REPORT_SUGGESTION.format(old=old, new=new)


def _shown(text: str) -> str:
    return markdown.paragraph_block(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]} …"


def _sentences(session: Session, edition: Edition) -> list[tuple[tuple[int, int], list[Placed]]]:
    """By sentence that has findings: its sort key (worst first, then by rank) and the findings in order."""
    ranks_of_sightings = {item.sighting_id: item.rank for item in edition.items if item.dropped_by is None}
    ranks_of_papers = {item.sighting.paper_id: item.rank for item in edition.items if item.dropped_by is None}
    sections = edition.talk.sections if edition.talk is not None else []
    ranks_of_sections = {section.id: section.rank for section in sections if section.dropped_by is None}
    own = list(
        session.scalars(
            select(Passage)
            .where(
                or_(
                    Passage.sighting_id.in_(ranks_of_sightings),
                    Passage.paper_id.in_(ranks_of_papers),
                    Passage.talk_section_id.in_(ranks_of_sections),
                    Passage.edition_id == edition.id,
                ),
                Passage.kind.in_(series.of(edition).kinds),
            )
            .options(selectinload(Passage.segments).selectinload(Segment.revisions))
        )
    )
    found = stored.open_of(session, [segment.id for passage in own for segment in passage.segments])
    sentences = []
    for passage in own:
        rank = (
            ranks_of_sightings.get(passage.sighting_id or 0)
            or ranks_of_papers.get(passage.paper_id or 0)
            or ranks_of_sections.get(passage.talk_section_id or 0, 0)
        )
        for segment in passage.segments:
            revision = passages.current(segment)
            if revision is None or revision.author_kind != "model" or segment.id not in found:
                continue
            placed = [Placed(rank, passage.kind, segment.source, revision.text, one) for one in found[segment.id]]
            weight = sum(WEIGHTS[Severity(one.severity)] for one in found[segment.id])
            sentences.append(((-weight, rank), placed))
    return sentences


def _failures(session: Session, edition: Edition) -> list[str]:
    if edition.talk is not None:
        return talk_report.to_check(edition, edition.talk)
    lines = names_of_dropped(session, edition)
    if edition.introduction_failure:
        lines.append(words.REPORT_FAILED_INTRODUCTION.format(reason=edition.introduction_failure))
    items = [item for item in edition.items if item.dropped_by is None]
    for item in items:
        if item.failure:
            lines.append(words.REPORT_FAILED_PAPER.format(rank=item.rank, reason=item.failure))
    if bare := [item.rank for item in items if not item.sighting.paper.abstract]:
        lines.append(words.REPORT_NO_ABSTRACT.format(ranks=_listed(bare)))
    if unjudged := [item.rank for item in items if item.judge_failure]:
        lines.append(words.REPORT_UNJUDGED.format(ranks=_listed(unjudged)))
    if withdrawn := [item.rank for item in items if item.sighting.paper.withdrawn]:
        lines.append(words.REPORT_WITHDRAWN.format(ranks=_listed(withdrawn)))
    for paper_id, count in Counter(item.sighting.paper_id for item in items).items():
        if count > 1:
            same = [item.rank for item in items if item.sighting.paper_id == paper_id]
            lines.append(words.REPORT_DOUBLED.format(ranks=_listed(same)))
    return [words.REPORT_FAILED, "\n".join(lines)] if lines else []


def names_of_dropped(session: Session, edition: Edition) -> list[str]:
    """The sentences of the introduction about papers that were taken out, one line each.

    A sentence that a person wrote counts if it still has the paper's name.
    """
    dropped = {item.sighting_id: item for item in edition.items if item.dropped_by is not None}
    if not dropped:
        return []
    left_out = select(Omission.segment_id).where(Omission.edition_id == edition.id)
    rows = session.execute(
        select(Segment.rests_on, Revision.text, Revision.author_kind)
        .join(Passage, Passage.id == Segment.passage_id)
        .join(Revision, (Revision.segment_id == Segment.id) & Revision.current)
        .where(Passage.edition_id == edition.id, Segment.id.not_in(left_out))
        .order_by(Segment.position)
    )
    lines = []
    for rests_on, text, author_kind in rows:
        gone = [dropped[key] for key in rests_on if key in dropped]
        named = [item for item in gone if author_kind == "model" or item.sighting.label.lower() in text.lower()]
        if named:
            ranks = _listed(sorted(item.rank for item in named))
            lines.append(words.REPORT_NAMES_DROPPED.format(ranks=ranks, text=markdown.escape_inline(text)))
    return lines


def paper_name(entry: EditionItem | TalkSection) -> str:
    """The paper, or section, as moderators call it: its number and its name, in Markdown."""
    return words.PAPER.format(rank=entry.rank, label=markdown.escape_inline(entry.label)).strip()


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(map(str, ranks))


def _cost(session: Session, edition: Edition) -> str:
    booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
    calls, cost = session.execute(
        select(func.count(ModelCall.id), func.coalesce(func.sum(booked), 0)).where(ModelCall.edition_id == edition.id)
    ).one()
    models = session.scalars(select(ModelCall.model).where(ModelCall.edition_id == edition.id).distinct())
    line = words.REPORT_COST.format(models=", ".join(sorted(models)) or "-", calls=calls, cost=Decimal(cost))
    papers = " · ".join(
        words.REPORT_LEFT_OUT.format(paper=paper_name(entry)) if entry.dropped_by else paper_name(entry)
        for entry in edition.entries
    )
    numbers = words.REPORT_PAPERS if edition.talk is None else words.REPORT_SECTIONS
    return "\n\n".join([line, numbers.format(papers=papers), words.REPORT_HOW])
