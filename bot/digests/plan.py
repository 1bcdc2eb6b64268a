"""Planning a digest: its row when it is due, then everything about it frozen in one transaction.

Once planned, a digest's texts, date and recipients do not change: what is sent again is byte for byte the same mail.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections.credit import Erratum
from bot.digests import compose
from bot.digests.compose import Content, Received
from bot.digests.links import Links
from bot.digests.periods import Period, Rules, due_periods
from bot.digests.render import Frame, Rendered, render
from bot.digests.states import Cadence
from bot.languages.ko import digest as ko
from bot.settings import Settings
from bot.store.rows import as_dict
from bot.store.tables import Cursor, Digest, Rendering, Subscriber

LONGEST_COVERAGE = dt.timedelta(days=14)
"""A reader whose last digest is longer ago gets no more than this at once."""
HAD_IT = "('sent', 'bounced', 'complained')"


def insert_due(session: Session, now: dt.datetime, rules: Rules) -> list[int]:
    """Write the rows of digests that are due in the zones of active readers; the ids of those to be planned.

    Whoever writes the row plans the digest; everybody else finds it there. A slot that is too old is kept as missed.
    """
    zones = session.scalars(select(Subscriber.zone).where(Subscriber.state == "active").distinct()).all()
    made: list[int] = []
    for zone in sorted(zones):
        for period in due_periods(now, zone, rules, since=_looked_until(session, zone, now)):
            made += _insert(session, period)
        _look_on(session, zone, now)
    return made


def begin_now(session: Session, cadence: Cadence, zone: str, now: dt.datetime) -> int | None:
    """Write the row of a digest outside of the rhythm, and the next is shorter by it; None: one began this minute."""
    start = now - (dt.timedelta(days=1) if cadence == "daily" else dt.timedelta(days=7))
    made = _insert(session, Period(cadence, zone, f"now-{now:%Y-%m-%dT%H:%MZ}", start, now, is_late=False))
    return made[0] if made else None


def _insert(session: Session, period: Period) -> list[int]:
    state = "missed" if period.is_late else "due"
    made = session.scalar(
        insert(Digest)
        .values(
            cadence=period.cadence,
            zone=period.zone,
            period=period.key,
            window_start=period.start,
            slot_at=period.slot,
            state=state,
            reason="the service was down when it was due" if period.is_late else None,
        )
        .on_conflict_do_nothing()
        .returning(Digest.id)
    )
    return [made] if made is not None and state == "due" else []


def _looked_until(session: Session, zone: str, now: dt.datetime) -> dt.datetime:
    """Until when slots of this zone were looked for; a new zone begins now."""
    mark = session.scalar(select(Cursor.value).where(Cursor.name == f"digests {zone}"))
    return now if mark is None else dt.datetime.fromtimestamp(mark, dt.UTC)


def _look_on(session: Session, zone: str, now: dt.datetime) -> None:
    value = int(now.timestamp())
    session.execute(
        insert(Cursor)
        .values(name=f"digests {zone}", value=value, moved_at=now)
        .on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "moved_at": now}, where=Cursor.value < value
        )
    )


def frame_of(settings: Settings, cadence: str, day: dt.date, archive: str) -> Frame:
    """What stands around the papers, by the settings."""
    settings.require("digest_from", "digest_contact")
    return Frame(
        cadence,
        ko.subject(cadence, day, advertising=settings.digest_advertising),
        settings.digest_sender or ko.SENDER,
        settings.digest_contact or "",
        archive,
    )


def preview(
    session: Session,
    settings: Settings,
    links: Links,
    cadence: Cadence,
    language: str,
    *,
    received: Mapping[int, Received],
    errata: Sequence[Erratum],
    now: dt.datetime,
) -> Rendered | None:
    """What a reader of this rhythm would get now who got the last one; None if nothing is new."""
    longest = dt.timedelta(days=1) if cadence == "daily" else dt.timedelta(days=7)
    last = session.scalar(
        select(func.max(Digest.slot_at)).where(
            Digest.cadence == cadence, Digest.frozen_at.is_not(None), Digest.slot_at < now
        )
    )
    start = max(last or now - longest, now - LONGEST_COVERAGE)
    sections = compose.load(session, start, now, forum_url=str(settings.forum_url or ""), received=received)
    content = compose.for_readers(sections, errata, start=start, slot=now, mailed_until=start, seen=frozenset())
    if content.is_empty:
        return None
    day = now.astimezone(ZoneInfo(settings.time_zone)).date()
    return render(content, language, frame_of(settings, cadence, day, f"{links.base}/digests"))


def local_day(digest: Digest) -> dt.date:
    """The day a digest is due on, where its readers live."""
    return digest.slot_at.astimezone(ZoneInfo(digest.zone)).date()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan came to."""

    state: str
    planned: int
    skipped: int


def freeze(
    session: Session,
    digest_id: int,
    settings: Settings,
    links: Links,
    *,
    received: Mapping[int, Received],
    errata: Sequence[Erratum],
    now: dt.datetime,
) -> Planned | None:
    """Fix the digest's texts and recipients; None if that was done before. The caller commits.

    Args:
        received: how topics were received, by the forum's id; without it the oldest come first.
        errata: corrections of about the last two weeks; each reader is told those since their last digest.
    """
    digest = session.scalars(select(Digest).where(Digest.id == digest_id).with_for_update()).one()
    if digest.state != "due":
        return None
    record_coverage(session, now)
    digest.frozen_at = now
    frame = frame_of(settings, digest.cadence, local_day(digest), links.archive(digest.id))
    digest.subject = frame.subject
    sections = compose.load(
        session,
        digest.slot_at - LONGEST_COVERAGE,
        digest.slot_at,
        forum_url=str(settings.forum_url or ""),
        received=received,
    )
    candidates = sorted({item.paper_id for section in sections for item in section.items})
    groups = _groups(session, digest, candidates)
    # The archive shows what a reader of the digest before got, whether there is one or not.
    for group in {Group("ko", digest.window_start, digest.window_start, ()), *groups}:
        content = compose.for_readers(
            sections,
            errata,
            start=group.start,
            slot=digest.slot_at,
            mailed_until=group.mailed_until,
            seen=frozenset(group.seen),
        )
        _store(session, digest, group, content, frame)
    session.flush()
    counts = _insert_deliveries(session, digest, candidates, now)
    digest.state = "sending" if counts.get("planned") else "empty"
    if digest.state == "empty":
        digest.finished_at = now
        record_coverage(session, now)
    return Planned(digest.state, counts.get("planned", 0), counts.get("skipped", 0))


@dataclass(frozen=True, slots=True)
class Group:
    """Readers who get the same rendering; see `Rendering`."""

    language: str
    start: dt.datetime
    mailed_until: dt.datetime
    seen: tuple[int, ...]


def _store(session: Session, digest: Digest, group: Group, content: Content, frame: Frame) -> None:
    rendered = render(content, group.language, frame)
    told = [] if content.is_empty else rendered.content.paper_ids
    session.add(
        Rendering(
            digest_id=digest.id,
            language=group.language,
            start=group.start,
            mailed_until=group.mailed_until,
            seen=list(group.seen),
            paper_ids=told,
            boundary=rendered.boundary,
            html="" if content.is_empty else rendered.html,
            plain="" if content.is_empty else rendered.plain,
        )
    )


# Each active reader with the start of what is new to them, and those papers of the period that they had before.
# The f-strings below hold constants of this module only.
_READERS = f"""
    select s.id, s.language, greatest(coalesce(s.covered_until, :window_start), :oldest) as start,
        greatest(coalesce(s.mailed_until, :window_start), :oldest) as mailed_until,
        case when cardinality(cast(:repeated as bigint[])) = 0 then '{{}}' else coalesce((
            select array_agg(distinct had.paper order by had.paper)
            from deliveries d
            join renderings r on r.id = d.rendering_id and r.paper_ids && cast(:repeated as bigint[])
            cross join unnest(r.paper_ids) as had (paper)
            where d.subscriber_id = s.id and d.state in {HAD_IT} and had.paper = any(cast(:repeated as bigint[]))
        ), '{{}}') end as seen
    from subscribers s
    where s.state = 'active' and s.cadence = :cadence and s.zone = :zone
        and coalesce(s.covered_until, '-infinity') < :slot
"""  # noqa: S608 - HAD_IT is a constant of ours
_GROUPS = text(f"select distinct language, start, mailed_until, seen from ({_READERS}) as reader")  # noqa: S608 - see above
_REPEATED = text(
    "select distinct paper from renderings cross join unnest(paper_ids) as told (paper)"
    " where digest_id <> :digest_id and paper = any(:candidates) order by paper"
)
_PLAN = text(
    f"""
    with inserted as (
        insert into deliveries (digest_id, subscriber_id, rendering_id, state, reason, changed_at)
        select :digest_id, reader.id, r.id,
            case when cardinality(r.paper_ids) = 0 then 'skipped' else 'planned' end,
            case when cardinality(r.paper_ids) = 0 then 'empty' end, :now
        from ({_READERS}) as reader
        join renderings r on r.digest_id = :digest_id and r.language = reader.language and r.start = reader.start
            and r.mailed_until = reader.mailed_until and r.seen = reader.seen
        order by reader.id
        on conflict (digest_id, subscriber_id) do nothing
        returning state
    )
    select state, count(*) from inserted group by state
    """  # noqa: S608 - see above
)
# A reader's first digest says where their coverage begins, whether it reaches them or not.
_BEGIN_COVERAGE = text(
    """
    update subscribers s set covered_until = :window_start, mailed_until = :window_start
    from deliveries d where d.digest_id = :digest_id and s.id = d.subscriber_id and s.covered_until is null
    """
)
_SUPERSEDE = text(
    """
    update deliveries older set state = 'skipped', reason = 'superseded', changed_at = :now
    from deliveries newer
    where newer.digest_id = :digest_id and newer.state = 'planned' and older.subscriber_id = newer.subscriber_id
        and older.digest_id <> :digest_id and older.state = 'planned' and older.owner is null
    """
)


def _arguments(session: Session, digest: Digest, candidates: Sequence[int]) -> dict[str, object]:
    repeated = session.scalars(_REPEATED, {"digest_id": digest.id, "candidates": list(candidates)}).all()
    return {
        "window_start": digest.window_start,
        "oldest": digest.slot_at - LONGEST_COVERAGE,
        "repeated": list(repeated),
        "cadence": digest.cadence,
        "zone": digest.zone,
        "slot": digest.slot_at,
    }


def _groups(session: Session, digest: Digest, candidates: Sequence[int]) -> list[Group]:
    rows = session.execute(_GROUPS, _arguments(session, digest, candidates))
    return [Group(language, start, mailed_until, tuple(seen)) for language, start, mailed_until, seen in rows]


def _insert_deliveries(session: Session, digest: Digest, candidates: Sequence[int], now: dt.datetime) -> dict[str, int]:
    rows = session.execute(_PLAN, {**_arguments(session, digest, candidates), "digest_id": digest.id, "now": now})
    counts: dict[str, int] = as_dict(rows)
    session.execute(_BEGIN_COVERAGE, {"digest_id": digest.id, "window_start": digest.window_start})
    # What still waited for these readers is in this digest, too: it reaches back to the last one they got.
    session.execute(_SUPERSEDE, {"digest_id": digest.id, "now": now})
    return counts


_COVER = text(
    f"""
    update subscribers s set covered_until = greatest(s.covered_until, c.slot_at),
        mailed_until = greatest(s.mailed_until, c.mailed_at)
    from (
        select d.subscriber_id, max(g.slot_at) as slot_at,
            max(g.slot_at) filter (where d.state in {HAD_IT}) as mailed_at
        from digests g join deliveries d on d.digest_id = g.id
        where g.slot_at > :since and (d.state in {HAD_IT} or (d.state = 'skipped' and d.reason = 'empty'))
        group by d.subscriber_id
    ) as c
    where s.id = c.subscriber_id and (
        coalesce(s.covered_until, '-infinity') < c.slot_at or coalesce(s.mailed_until, '-infinity') < c.mailed_at
    )
    """  # noqa: S608 - see above
)


def record_coverage(session: Session, now: dt.datetime) -> None:
    """Move on until when readers are covered, by what was sent to them or had nothing new."""
    session.execute(_COVER, {"since": now - LONGEST_COVERAGE})
