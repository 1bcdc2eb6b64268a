"""Queries behind `paperbot status` and `paperbot costs`."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from bot.store.tables import (
    Edition,
    EditionItem,
    ModelCall,
    Passage,
    Revision,
    Segment,
    Sighting,
    Talk,
    TalkSection,
    Topic,
    Transition,
)


@dataclass(frozen=True, slots=True)
class EditionSummary:
    """One edition on one line.

    `entries` are its papers, or its talk's sections; `changed_at` is when its state last moved.
    """

    series: str
    period: str
    state: str
    entries: int
    failed: int
    topic_id: int | None
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class CostSummary:
    """The calls of one month, purpose and model. `unsure` calls may have been paid: counted at their worst case."""

    month: str
    purpose: str
    model: str
    calls: int
    failed: int
    unsure: int
    input_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    output_tokens: int
    cost_usd: Decimal
    mean_latency_s: float | None


def editions(session: Session, limit: int = 20) -> list[EditionSummary]:
    """The newest editions, latest day first; a talk's day is that of its video."""
    changed = (
        select(func.max(Transition.at))
        .where(Transition.subject == "edition", Transition.subject_id == Edition.id)
        .scalar_subquery()
    )
    papers = select(func.count(EditionItem.id)).where(EditionItem.edition_id == Edition.id)
    sections = select(func.count(TalkSection.id)).join(Talk).where(Talk.edition_id == Edition.id)
    failed = (
        papers.where(EditionItem.failure.is_not(None)).scalar_subquery()
        + sections.where(TalkSection.failure.is_not(None)).scalar_subquery()
    )
    rows = session.execute(
        select(
            Edition.series,
            Edition.period,
            Edition.state,
            papers.scalar_subquery() + sections.scalar_subquery(),
            failed,
            Topic.discourse_id,
            func.coalesce(changed, Edition.created_at),
        )
        .outerjoin(Topic, Topic.edition_id == Edition.id)
        .order_by(Edition.period_start.desc(), Edition.id.desc())
        .limit(limit)
    )
    return [EditionSummary(*row) for row in rows]


def costs(session: Session, zone: str) -> list[CostSummary]:
    """All booked calls by month (of `zone`), purpose and model, newest month first."""
    month = func.to_char(func.timezone(zone, ModelCall.started_at), "YYYY-MM")
    booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
    is_unsure = ModelCall.cost_usd.is_(None)
    rows = session.execute(
        select(
            month,
            ModelCall.purpose,
            ModelCall.model,
            func.count(),
            func.sum(case((ModelCall.state == "failed", 1), else_=0)),
            func.sum(case((is_unsure, 1), else_=0)),
            func.coalesce(func.sum(ModelCall.input_tokens), 0),
            func.coalesce(func.sum(ModelCall.cache_write_tokens), 0),
            func.coalesce(func.sum(ModelCall.cache_read_tokens), 0),
            func.coalesce(func.sum(ModelCall.output_tokens), 0),
            func.sum(booked),
            func.avg(ModelCall.latency_s),
        )
        .group_by(month, ModelCall.purpose, ModelCall.model)
        .order_by(month.desc(), ModelCall.purpose, ModelCall.model)
    )
    return [CostSummary(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was booked in a stretch of time."""

    calls: int
    input_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    output_tokens: int
    cost_usd: Decimal


def calls_since(session: Session, start: dt.datetime) -> Spent:
    """All calls started since `start`."""
    tokens = (
        ModelCall.input_tokens,
        ModelCall.cache_write_tokens,
        ModelCall.cache_read_tokens,
        ModelCall.output_tokens,
    )
    booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
    columns = [func.coalesce(func.sum(column), 0) for column in (*tokens, booked)]
    row = session.execute(select(func.count(ModelCall.id), *columns).where(ModelCall.started_at >= start)).one()
    return Spent(*row)


def paper_count(session: Session, edition_id: int) -> int:
    """How many papers the edition has."""
    return session.scalar(select(func.count(EditionItem.id)).where(EditionItem.edition_id == edition_id)) or 0


def segment_counts(session: Session, edition_id: int, kinds: Collection[str]) -> tuple[int, int]:
    """Segments of the edition's texts of these kinds that need Korean, and how many of them have it.

    A title of one word is a name and needs none.
    """
    items = select(Sighting.id, Sighting.paper_id).join(EditionItem).where(EditionItem.edition_id == edition_id)
    sighting_ids = items.with_only_columns(Sighting.id)
    paper_ids = items.with_only_columns(Sighting.paper_id)
    section_ids = select(TalkSection.id).join(Talk).where(Talk.edition_id == edition_id)
    owned = or_(
        Passage.paper_id.in_(paper_ids),
        Passage.sighting_id.in_(sighting_ids),
        Passage.talk_section_id.in_(section_ids),
        Passage.edition_id == edition_id,
    )
    total, drafted = session.execute(
        select(func.count(Segment.id), func.count(Revision.id))
        .join(Passage, Passage.id == Segment.passage_id)
        .outerjoin(Revision, (Revision.segment_id == Segment.id) & Revision.current)
        .where(owned, Passage.kind.in_(kinds), or_(Passage.kind != "title", Passage.source.regexp_match(r"\s")))
    ).one()
    return total, drafted
