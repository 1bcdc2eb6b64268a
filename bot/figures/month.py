"""The editors' month: what was published, what it took, what readers reported, what it cost, whom it reached."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.errors import RejectedError
from bot.figures import effort
from bot.figures.effort import Approved, Changed
from bot.settings import Settings
from bot.store.rows import as_dict
from bot.store.tables import ModelCall, Subscriber

MONTHS_SHOWN = 6
"""Cost is shown for so many months, this one the last."""
REPORTERS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar month where the readers live; `start` and `end` are its first instant and that of the next, in UTC."""

    year: int
    month: int
    zone: str
    start: dt.datetime
    end: dt.datetime

    @property
    def days(self) -> list[dt.date]:
        """All its days."""
        first = dt.date(self.year, self.month, 1)
        count = (_next(first) - first).days
        return [first + dt.timedelta(days=number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Reporter:
    """A reader: how many corrections of the month they reported, and how many of those were taken up."""

    name: str
    reported: int
    applied: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Model calls of one purpose, in US dollars; without a bill at their worst case."""

    purpose: str
    calls: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Sent:
    """A digest of the month, all time zones together."""

    cadence: str
    day: dt.date
    state: str
    sent: int
    bounced: int
    complained: int
    doubtful: int
    refused: int


@dataclass(frozen=True, slots=True)
class Month:
    """All figures of one month."""

    span: Span
    posts: tuple[Approved, ...]
    changed: tuple[Changed, ...]
    corrections: Counter[tuple[str, str, str]]
    """By series, kind and state (`applied`, `rejected`, `open`, `other`), as they stand now."""
    hours_to_apply: float | None
    reporters: tuple[Reporter, ...]
    costs: tuple[Cost, ...]
    cost_by_day: dict[dt.date, Decimal]
    cost_by_month: dict[str, Decimal]
    """The last `MONTHS_SHOWN` months, oldest first, by `YYYY-MM`."""
    cap: Decimal
    digests: tuple[Sent, ...]
    subscribers: dict[str, int]
    """Active ones by cadence, as of now."""
    joined: int
    left: int

    @property
    def spent(self) -> Decimal:
        """The month's model calls, in US dollars."""
        return sum((cost.usd for cost in self.costs), Decimal(0))


def span_of(given: str, zone: str) -> Span:
    """The month that `YYYY-MM` means.

    Raises:
        RejectedError: it is no month.
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})", given)
    if not found or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 9998:
        raise RejectedError(f"{given!r} is no month; write it like 2026-11.")
    first = dt.date(int(found[1]), int(found[2]), 1)
    return Span(first.year, first.month, zone, _begins(first, zone), _begins(_next(first), zone))


def month(session: Session, settings: Settings, span: Span) -> Month:
    """The figures of the month; of one that is not over, so far."""
    applied_hours = session.execute(_HOURS, {"start": span.start, "end": span.end}).scalar_one()
    joined, left = _comings(session, span)
    return Month(
        span=span,
        posts=tuple(effort.approved(session, span.start, span.end)),
        changed=tuple(effort.changed(session, span.start, span.end)),
        corrections=_corrections(session, span),
        hours_to_apply=applied_hours,
        reporters=tuple(_reporters(session, span)),
        costs=tuple(_costs(session, span)),
        cost_by_day=_cost_by_day(session, span),
        cost_by_month=_cost_by_month(session, span),
        cap=settings.model_monthly_cap_usd,
        digests=tuple(_digests(session, span)),
        subscribers=_subscribers(session),
        joined=joined,
        left=left,
    )


_HOURS = text(
    """
    select percentile_cont(0.5) within group (order by extract(epoch from applied_at - created_at)) / 3600
    from corrections where applied_at >= :start and applied_at < :end
    """
)
_STATE = """
    case when c.state in ('applied', 'credited') then 'applied' when c.state = 'rejected' then 'rejected'
        when c.state in ('detected', 'proposed', 'accepted') then 'open' else 'other' end
"""
_CORRECTIONS = text(
    f"""
    select e.series, c.kind, {_STATE} as outcome, count(*)
    from corrections c join topics t on t.id = c.topic_id join editions e on e.id = t.edition_id
    where c.created_at >= :start and c.created_at < :end
    group by 1, 2, 3
    """  # noqa: S608 - a constant of ours
)
_REPORTERS = text(
    """
    select m.author, count(distinct c.id), count(distinct c.id) filter (where c.state in ('applied', 'credited'))
    from corrections c
    join correction_reports r on r.correction_id = c.id
    join comments m on m.id = r.comment_id
    where c.created_at >= :start and c.created_at < :end
    group by m.author order by 3 desc, 2 desc, 1 limit :limit
    """
)
_DIGESTS = text(
    """
    select d.cadence, d.zone, d.slot_at, d.state, m.state, coalesce(m.mails, 0)
    from digests d
    left join lateral (
        select state, count(*) as mails from deliveries where digest_id = d.id group by state
    ) m on true
    where d.slot_at >= :start and d.slot_at < :end
    order by d.slot_at, d.id
    """
)


def _corrections(session: Session, span: Span) -> Counter[tuple[str, str, str]]:
    rows = session.execute(_CORRECTIONS, {"start": span.start, "end": span.end})
    return Counter({(series, kind, outcome): count for series, kind, outcome, count in rows})


def _reporters(session: Session, span: Span) -> Iterable[Reporter]:
    rows = session.execute(_REPORTERS, {"start": span.start, "end": span.end, "limit": REPORTERS})
    return [Reporter(name, reported, applied) for name, reported, applied in rows]


_BOOKED = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)


def _costs(session: Session, span: Span) -> list[Cost]:
    rows = session.execute(
        select(ModelCall.purpose, func.count(), func.sum(_BOOKED))
        .where(ModelCall.started_at >= span.start, ModelCall.started_at < span.end)
        .group_by(ModelCall.purpose)
        .order_by(func.sum(_BOOKED).desc(), ModelCall.purpose)
    )
    return [Cost(purpose, calls, Decimal(usd)) for purpose, calls, usd in rows]


def _cost_by_day(session: Session, span: Span) -> dict[dt.date, Decimal]:
    day = func.date(func.timezone(span.zone, ModelCall.started_at)).label("day")
    rows = session.execute(
        select(day, func.sum(_BOOKED))
        .where(ModelCall.started_at >= span.start, ModelCall.started_at < span.end)
        .group_by(day)
    )
    return {at: Decimal(usd) for at, usd in rows}


def _cost_by_month(session: Session, span: Span) -> dict[str, Decimal]:
    months = [dt.date(span.year, span.month, 1)]
    while len(months) < MONTHS_SHOWN:
        months.insert(0, (months[0] - dt.timedelta(days=1)).replace(day=1))
    name = func.to_char(func.timezone(span.zone, ModelCall.started_at), "YYYY-MM").label("name")
    rows = session.execute(
        select(name, func.sum(_BOOKED))
        .where(ModelCall.started_at >= _begins(months[0], span.zone), ModelCall.started_at < span.end)
        .group_by(name)
    )
    found = {of: Decimal(usd) for of, usd in rows}
    return {key: found.get(key, Decimal(0)) for key in (f"{first:%Y-%m}" for first in months)}


def _digests(session: Session, span: Span) -> list[Sent]:
    """One row a cadence and local day; a row of several zones is in the first state of theirs that is not `sent`."""
    mails: dict[tuple[str, dt.date], Counter[str]] = {}
    states: dict[tuple[str, dt.date], set[str]] = {}
    for cadence, zone, slot_at, state, delivery, count in session.execute(
        _DIGESTS, {"start": span.start, "end": span.end}
    ):
        key = (cadence, slot_at.astimezone(ZoneInfo(zone)).date())
        states.setdefault(key, set()).add(state)
        mails.setdefault(key, Counter())[delivery or "none"] += count
    found = []
    for (cadence, day), counts in sorted(mails.items(), key=lambda one: (one[0][1], one[0][0])):
        open_states = sorted(states[cadence, day] - {"sent", "empty"})
        state = open_states[0] if open_states else "sent" if "sent" in states[cadence, day] else "empty"
        arrived = counts["sent"] + counts["bounced"] + counts["complained"]
        found.append(
            Sent(
                *(cadence, day, state, arrived),
                *(counts[name] for name in ("bounced", "complained", "doubtful", "refused")),
            )
        )
    return found


def _subscribers(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Subscriber.cadence, func.count()).where(Subscriber.state == "active").group_by(Subscriber.cadence)
    )
    return as_dict(rows)


def _comings(session: Session, span: Span) -> tuple[int, int]:
    """How many readers confirmed in the month, and how many left in it and stayed away."""
    within = (Subscriber.confirmed_at >= span.start) & (Subscriber.confirmed_at < span.end)
    since = (Subscriber.state_since >= span.start) & (Subscriber.state_since < span.end)
    away = Subscriber.state.in_(("unsubscribed", "complained", "erased")) & since
    joined, left = session.execute(select(func.count().filter(within), func.count().filter(away))).one()
    return joined, left


def _begins(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


def _next(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)
