"""What stands now: the figures that `/metrics`, `paperbot status` and the operator's alerts all show.

Each is a query over an index or over a stretch of time, so that none gets slower with the years
(`tests/integration/test_figures.py` reads their plans).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.figures import effort, silence
from bot.figures.silence import Source
from bot.forum.sweep import POSTS_CURSOR
from bot.jobs import backlog
from bot.jobs.backlog import Backlog, FailingJob
from bot.settings import Settings
from bot.store.rows import as_dict
from bot.store.tables import Alert, Cursor, Edition, ForumCalls, HookCount, ModelCall, Subscriber
from bot.translation.calls import Cap

LATELY = dt.timedelta(days=30)
"""Rates and times are of the last so many days."""
WAITING = ("submitted", "in_review")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that waits for moderators.

    Attributes:
        since: when it was submitted.
        touched_at: when a person did something in it; None: nobody did.
        held_by: the moderator who told the bot to wait.
    """

    series: str
    period: str
    since: dt.datetime
    touched_at: dt.datetime | None
    held_by: str | None


@dataclass(frozen=True, slots=True)
class Effort:
    """What people did in `LATELY`.

    Attributes:
        posts: drafts that were published; `untouched_posts` of them without any change.
        untouched_rate: part of their sentences that nobody changed; None without posts.
        characters: changed by `moderator` and `reader`.
        hours_to_publish: median from submission to publication; None without posts.
    """

    posts: int
    untouched_posts: int
    untouched_rate: float | None
    characters: Mapping[str, int]
    hours_to_publish: float | None


@dataclass(frozen=True, slots=True)
class Corrections:
    """Readers' corrections: those open, by state, and those of `LATELY` that pages show, with their median time."""

    open: Mapping[str, int]
    applied: int
    hours_to_apply: float | None


@dataclass(frozen=True, slots=True)
class Money:
    """The model's cost of this month, in US dollars; calls without a bill at their worst case."""

    spent: Decimal
    cap: Decimal
    calls: int
    failed: int


@dataclass(frozen=True, slots=True)
class Mailing:
    """The newest digest of a cadence, all time zones together: mails by state of delivery."""

    cadence: str
    period: str
    states: tuple[str, ...]
    mails: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything at one moment."""

    at: dt.datetime
    editions: Mapping[tuple[str, str], int]
    """By series and state."""
    drafts: tuple[Draft, ...]
    effort: Effort
    corrections: Corrections
    money: Money
    forum_calls: Mapping[str, int]
    """By outcome, since the beginning."""
    forum_calls_today: Mapping[str, int]
    """By outcome, of this day (UTC)."""
    webhooks: Mapping[str, int]
    """By outcome, since the beginning."""
    swept_at: dt.datetime | None
    """When the newest posts of the forum were looked through last."""
    mailings: tuple[Mailing, ...]
    subscribers: Mapping[str, int]
    """Active ones by cadence."""
    sources: tuple[Source, ...]
    queue: Backlog
    failing: tuple[FailingJob, ...]
    untold: int
    """Alerts of which nobody knows whether they were said."""


def standing(session: Session, settings: Settings, now: dt.datetime) -> Standing:
    """All figures as they are `now`."""
    forum_calls, today = _forum_calls(session, now)
    return Standing(
        at=now,
        editions=_editions(session),
        drafts=tuple(waiting_drafts(session)),
        effort=_effort(session, now),
        corrections=_corrections(session, now),
        money=_money(session, settings, now),
        forum_calls=forum_calls,
        forum_calls_today=today,
        webhooks=_webhooks(session),
        swept_at=swept_at(session),
        mailings=tuple(_mailings(session)),
        subscribers=_subscribers(session),
        sources=tuple(silence.sources(session, silence.wanted(settings), now)),
        queue=backlog.backlog(session),
        failing=tuple(backlog.failing(session, now)),
        untold=_untold(session, now),
    )


def _editions(session: Session) -> dict[tuple[str, str], int]:
    rows = session.execute(select(Edition.series, Edition.state, func.count()).group_by(Edition.series, Edition.state))
    return {(series, state): count for series, state, count in rows}


_DRAFTS = text(
    """
    select e.series, e.period, coalesce(s.at, e.created_at), t.touched_at, t.held_by
    from editions e
    left join topics t on t.edition_id = e.id
    left join lateral (
        select max(at) as at from transitions
        where subject = 'edition' and subject_id = e.id and to_state = 'submitted'
    ) s on true
    where e.state in ('submitted', 'in_review')
    order by 3, e.id
    """
)


def waiting_drafts(session: Session) -> list[Draft]:
    """The drafts that nobody has published or rejected yet, the oldest first."""
    return [Draft(*row) for row in session.execute(_DRAFTS)]


def _effort(session: Session, now: dt.datetime) -> Effort:
    posts = effort.approved(session, now - LATELY, now)
    characters = dict.fromkeys(("moderator", "reader"), 0)
    for one in effort.changed(session, now - LATELY, now):
        characters[one.by] += one.characters
    return Effort(
        len(posts),
        sum(one.touched == 0 for one in posts),
        effort.untouched_rate(posts),
        characters,
        median([one.hours for one in posts]),
    )


def median(values: list[float]) -> float | None:
    """The middle one, or the mean of the two in the middle; None of none."""
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


_OPEN = text(
    "select state, count(*) from corrections where state in ('detected', 'proposed', 'accepted') group by state"
)
_APPLIED = text(
    """
    select count(*), percentile_cont(0.5) within group (order by extract(epoch from applied_at - created_at)) / 3600
    from corrections where applied_at >= :since
    """
)


def _corrections(session: Session, now: dt.datetime) -> Corrections:
    by_state: dict[str, int] = as_dict(session.execute(_OPEN))
    applied, hours = session.execute(_APPLIED, {"since": now - LATELY}).one()
    states = ("detected", "proposed", "accepted")
    return Corrections({state: by_state.get(state, 0) for state in states}, applied, None if hours is None else hours)


def _money(session: Session, settings: Settings, now: dt.datetime) -> Money:
    cap = Cap(settings.model_monthly_cap_usd, settings.time_zone)
    booked = func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)
    spent, calls, failed = session.execute(
        select(
            func.coalesce(func.sum(booked), 0),
            func.count(),
            func.count().filter(ModelCall.state.in_(("failed", "lost"))),
        ).where(ModelCall.started_at >= cap.month_start(now))
    ).one()
    return Money(Decimal(spent), cap.usd, calls, failed)


def _forum_calls(session: Session, now: dt.datetime) -> tuple[dict[str, int], dict[str, int]]:
    today = func.sum(ForumCalls.count).filter(ForumCalls.day == now.astimezone(dt.UTC).date())
    rows = session.execute(
        select(ForumCalls.outcome, func.sum(ForumCalls.count), func.coalesce(today, 0)).group_by(ForumCalls.outcome)
    ).all()
    return {outcome: int(count) for outcome, count, _ in rows}, {outcome: int(count) for outcome, _, count in rows}


def _webhooks(session: Session) -> dict[str, int]:
    rows = session.execute(select(HookCount.outcome, func.sum(HookCount.count)).group_by(HookCount.outcome))
    return {outcome: int(count) for outcome, count in rows}


def swept_at(session: Session) -> dt.datetime | None:
    """When the newest posts of the forum were looked through last; None: never."""
    return session.scalar(select(Cursor.moved_at).where(Cursor.name == POSTS_CURSOR))


_MAILINGS = text(
    """
    with newest as (
        select d.id, d.cadence, d.period, d.state
        from (values ('weekly'), ('daily')) c(cadence)
        cross join lateral (select period from digests where cadence = c.cadence order by slot_at desc limit 1) n
        join digests d on d.cadence = c.cadence and d.period = n.period
    )
    select n.cadence, n.period, array_agg(distinct n.state), m.state, sum(m.mails)
    from newest n
    left join lateral (
        select state, count(*) as mails from deliveries where digest_id = n.id group by state
    ) m on true
    group by n.cadence, n.period, m.state
    order by n.cadence
    """
)


def _mailings(session: Session) -> list[Mailing]:
    found: dict[tuple[str, str], tuple[set[str], dict[str, int]]] = {}
    for cadence, period, digest_states, state, mails in session.execute(_MAILINGS):
        states, counts = found.setdefault((cadence, period), (set(), {}))
        states.update(digest_states)
        if state is not None:
            counts[state] = int(mails)
    return [Mailing(*key, tuple(sorted(states)), counts) for key, (states, counts) in found.items()]


def _subscribers(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Subscriber.cadence, func.count()).where(Subscriber.state == "active").group_by(Subscriber.cadence)
    )
    return {"weekly": 0, "daily": 0, **as_dict(rows)}


def _untold(session: Session, now: dt.datetime) -> int:
    doubtful = select(func.count()).where(Alert.said_at.is_(None), Alert.tried_at < now - dt.timedelta(minutes=15))
    return session.scalar(doubtful) or 0


def day_of(at: dt.datetime, zone: str) -> dt.date:
    """The day that people in `zone` had."""
    return at.astimezone(ZoneInfo(zone)).date()
