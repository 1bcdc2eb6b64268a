"""The report to moderators beside a draft: what to read first, what could not be done, what it cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.editions import markdown
from bot.editions.risk import Risk, risk_of
from bot.languages.ko import review as words
from bot.store.tables import Edition, ModelCall, Passage, Segment
from bot.translation import passages

MOST_SENTENCES = 6
LONGEST_QUOTE = 600


@dataclass(frozen=True, slots=True)
class _Sentence:
    rank: int
    passage: str
    source: str
    target: str
    risk: Risk


def for_moderators(session: Session, edition: Edition) -> str:
    """The report in Korean Markdown; a person's sentences are not in it."""
    return "\n\n".join([words.REPORT_HEAD, *_reading(session, edition), *_failures(edition), _cost(session, edition)])


def _reading(session: Session, edition: Edition) -> list[str]:
    risky = sorted(_sentences(session, edition), key=lambda sentence: (-sentence.risk.weight, sentence.rank))
    if not risky:
        return [words.REPORT_NO_RISKS]
    blocks = [words.REPORT_RISKS]
    for number, sentence in enumerate(risky[:MOST_SENTENCES], 1):
        head = words.REPORT_RISK.format(
            number=number,
            rank=sentence.rank,
            passage=words.PASSAGE_NAMES[sentence.passage],
            reason=sentence.risk.reason,
        )
        blocks += [head, _shown(sentence.target), markdown.quote_block(_cut(sentence.source))]
    return blocks


def _shown(text: str) -> str:
    return markdown.paragraph_block(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]} …"


def _sentences(session: Session, edition: Edition) -> list[_Sentence]:
    ranks_of_sightings = {item.sighting_id: item.rank for item in edition.items if item.dropped_by is None}
    ranks_of_papers = {item.sighting.paper_id: item.rank for item in edition.items if item.dropped_by is None}
    found = session.scalars(
        select(Passage)
        .where(or_(Passage.sighting_id.in_(ranks_of_sightings), Passage.paper_id.in_(ranks_of_papers)))
        .options(selectinload(Passage.segments).selectinload(Segment.revisions))
    )
    sentences = []
    for passage in found:
        rank = ranks_of_sightings.get(passage.sighting_id or 0) or ranks_of_papers[passage.paper_id or 0]
        for segment in passage.segments:
            revision = passages.current(segment)
            if revision is None or revision.author_kind != "model" or passage.kind == "title":
                continue
            if risk := risk_of(segment.source, revision.text):
                sentences.append(_Sentence(rank, passage.kind, segment.source, revision.text, risk))
    return sentences


def _failures(edition: Edition) -> list[str]:
    lines = []
    if edition.introduction_failure:
        lines.append(words.REPORT_FAILED_INTRODUCTION.format(reason=edition.introduction_failure))
    items = [item for item in edition.items if item.dropped_by is None]
    for item in items:
        if item.failure:
            lines.append(words.REPORT_FAILED_PAPER.format(rank=item.rank, reason=item.failure))
    if bare := [item.rank for item in items if not item.sighting.paper.abstract]:
        lines.append(words.REPORT_NO_ABSTRACT.format(ranks=_listed(bare)))
    if withdrawn := [item.rank for item in items if item.sighting.paper.withdrawn]:
        lines.append(words.REPORT_WITHDRAWN.format(ranks=_listed(withdrawn)))
    for paper_id, count in Counter(item.sighting.paper_id for item in items).items():
        if count > 1:
            same = [item.rank for item in items if item.sighting.paper_id == paper_id]
            lines.append(words.REPORT_DOUBLED.format(ranks=_listed(same)))
    return [words.REPORT_FAILED, "\n".join(lines)] if lines else []


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(map(str, ranks))


def _cost(session: Session, edition: Edition) -> str:
    booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
    calls, cost = session.execute(
        select(func.count(ModelCall.id), func.coalesce(func.sum(booked), 0)).where(ModelCall.edition_id == edition.id)
    ).one()
    models = session.scalars(select(ModelCall.model).where(ModelCall.edition_id == edition.id).distinct())
    line = words.REPORT_COST.format(models=", ".join(sorted(models)) or "-", calls=calls, cost=Decimal(cost))
    return f"{line}\n\n{words.REPORT_HOW}"
