"""What people did to the machine's drafts: posts they approved, sentences they touched, characters they changed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from sqlalchemy import text
from sqlalchemy.orm import Session

READ_BACK = dt.timedelta(minutes=15)
"""An edit made just before publication is read by the same look at the topic, a little after the move is noted."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An edition that a person published.

    Attributes:
        hours: from the draft's submission to its publication.
        sentences: on its page; `touched` of them a moderator changed before.
    """

    series: str
    period: str
    title: str
    published_at: dt.datetime
    hours: float
    sentences: int
    touched: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A sentence's new text by a person; `characters` is the edit distance to the text before it."""

    at: dt.datetime
    by: str
    """`moderator` or `reader`."""
    characters: int


_APPROVED = text(
    """
    with approved as (
        select subject_id as edition_id, min(at) as at from transitions
        where subject = 'edition' and to_state = 'published' and from_state in ('submitted', 'in_review')
            and at >= :start and at < :end
        group by subject_id
    ), shown as (
        select a.edition_id, a.at, e.created_at, cast(k.key as bigint) as segment_id
        from approved a
        join editions e on e.id = a.edition_id
        join topics t on t.edition_id = a.edition_id
        join posts p on p.topic_id = t.id
        cross join lateral jsonb_object_keys(p.shown) k(key)
    ), touched as materialized (
        select edition_id, count(*) as sentences, count(*) filter (where exists (
            select from revisions r where r.segment_id = shown.segment_id and r.author_kind = 'moderator'
                and r.created_at >= shown.created_at and r.created_at <= shown.at + :read_back
        )) as touched
        from shown group by edition_id
    )
    select e.series, e.period, coalesce(p.title, e.title), a.at,
        extract(epoch from a.at - coalesce(s.at, e.created_at)) / 3600,
        coalesce(t.sentences, 0), coalesce(t.touched, 0)
    from approved a
    join editions e on e.id = a.edition_id
    left join topics p on p.edition_id = a.edition_id
    left join touched t on t.edition_id = a.edition_id
    left join lateral (
        select min(at) as at from transitions
        where subject = 'edition' and subject_id = a.edition_id and to_state = 'submitted'
    ) s on true
    order by a.at, e.id
    """
)
_CHANGED = text(
    """
    select r.created_at, r.author_kind, before.text, r.text
    from revisions r
    cross join lateral (
        select text from revisions b where b.segment_id = r.segment_id and b.id < r.id order by b.id desc limit 1
    ) before
    where r.author_kind in ('moderator', 'reader') and r.created_at >= :start and r.created_at < :end
    order by r.created_at
    """
)


def approved(session: Session, start: dt.datetime, end: dt.datetime) -> list[Approved]:
    """The editions published from drafts between these times, oldest first; adopted ones are none."""
    rows = session.execute(_APPROVED, {"start": start, "end": end, "read_back": READ_BACK})
    return [
        Approved(series, period, title, at, max(float(hours), 0.0), sentences, touched)
        for series, period, title, at, hours, sentences, touched in rows
    ]


def changed(session: Session, start: dt.datetime, end: dt.datetime) -> list[Changed]:
    """People's texts between these times, oldest first; a sentence that a person wrote first of all is none."""
    rows = session.execute(_CHANGED, {"start": start, "end": end})
    return [Changed(at, by, Levenshtein.distance(before, after)) for at, by, before, after in rows]


def untouched_rate(editions: Sequence[Approved]) -> float | None:
    """Which part of the approved sentences stands as the machine wrote it; None where there is no sentence."""
    sentences = sum(one.sentences for one in editions)
    return None if sentences == 0 else 1 - sum(one.touched for one in editions) / sentences
