"""After sending: whether a digest is through, what became of it, and what a person does about the mails in doubt."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from bot.digests import plan
from bot.store.rows import affected, as_dict
from bot.store.tables import BounceEvent, Delivery, Digest, Subscriber, Transition

WAITING = ("planned", "sending")
GMAIL_STOPS_AT = 0.003


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a digest, in numbers that add up: planned = sent + refused + skipped + doubtful + waiting.

    Attributes:
        sent: handed over; of these `bounced` came back and `complained` were called spam.
        empty: readers without anything new, who were not planned for.
        left: readers who left since it was sent first, by any way.
    """

    digest_id: int
    cadence: str
    zone: str
    period: str
    state: str
    reason: str | None
    planned: int
    sent: int
    refused: int
    skipped: int
    doubtful: int
    waiting: int
    bounced: int
    complained: int
    empty: int
    left: int

    def line(self) -> str:
        """One line for people."""
        why = f" ({self.reason})" if self.reason else ""
        return (
            f"{self.digest_id}  {self.cadence} {self.period} {self.zone}  {self.state}{why}: planned {self.planned}, "
            f"sent {self.sent}, refused {self.refused}, skipped {self.skipped}, doubtful {self.doubtful}, waiting "
            f"{self.waiting}; came back {self.bounced}, complaints {self.complained}, left {self.left}, "
            f"nothing new {self.empty}"
        )


def report(session: Session, digest_id: int) -> Report:
    """The digest in numbers."""
    digest = session.get_one(Digest, digest_id)
    is_empty = (Delivery.state == "skipped") & (func.coalesce(Delivery.reason, "") == "empty")
    rows = session.execute(
        select(Delivery.state, is_empty, func.count())
        .where(Delivery.digest_id == digest_id)
        .group_by(Delivery.state, is_empty)
    ).all()
    counts = {state: count for state, empty, count in rows if not empty}
    came_back, complained = counts.get("bounced", 0), counts.get("complained", 0)
    left = session.scalar(
        select(func.count(func.distinct(Transition.subject_id)))
        .join(Delivery, Delivery.subscriber_id == Transition.subject_id)
        .where(
            Delivery.digest_id == digest_id,
            Transition.subject == "subscriber",
            Transition.to_state == "unsubscribed",
            Transition.at >= func.coalesce(Delivery.first_tried_at, digest.frozen_at),
            Transition.at < func.coalesce(Delivery.first_tried_at, digest.frozen_at) + dt.timedelta(days=7),
        )
    )
    return Report(
        digest.id,
        digest.cadence,
        digest.zone,
        digest.period,
        digest.state,
        digest.reason,
        planned=sum(counts.values()),
        sent=counts.get("sent", 0) + came_back + complained,
        refused=counts.get("refused", 0),
        skipped=counts.get("skipped", 0),
        doubtful=counts.get("doubtful", 0),
        waiting=sum(counts.get(state, 0) for state in WAITING),
        bounced=came_back,
        complained=complained,
        empty=sum(count for _, empty, count in rows if empty),
        left=left or 0,
    )


def newest(session: Session, limit: int = 20) -> list[Report]:
    """The newest digests in numbers."""
    ids = session.scalars(select(Digest.id).order_by(Digest.slot_at.desc(), Digest.id.desc()).limit(limit))
    return [report(session, digest_id) for digest_id in ids]


def finish(session: Session, digest_id: int, now: dt.datetime) -> Report | None:
    """Close a digest of which nothing waits; its report, for the one caller who closed it. The caller commits."""
    digest = session.scalars(select(Digest).where(Digest.id == digest_id).with_for_update()).one()
    waits = session.scalar(
        select(func.count()).where(Delivery.digest_id == digest_id, Delivery.state.in_(WAITING)).select_from(Delivery)
    )
    if digest.state != "sending" or waits:
        return None
    digest.state, digest.finished_at = "sent", now
    plan.record_coverage(session, now)
    session.flush()
    return report(session, digest_id)


_SENDABLE = text(
    "select exists (select 1 from deliveries where digest_id = :id and state = 'planned' and owner is null"
    " and (not_before is null or not_before <= clock_timestamp()))"
)


def has_work(session: Session, digest_id: int) -> bool:
    """Whether a line would find a row."""
    return bool(session.scalar(_SENDABLE, {"id": digest_id}))


def under_way(session: Session) -> list[int]:
    """The digests that are being sent."""
    return list(session.scalars(select(Digest.id).where(Digest.state == "sending").order_by(Digest.id)))


def resume(session: Session, digest_id: int) -> bool:
    """Go on with a paused digest; False if it is not paused."""
    paused = (Digest.id == digest_id) & (Digest.state == "paused")
    return bool(affected(session, update(Digest).where(paused).values(state="sending", reason=None)))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A mail that may have arrived or not."""

    delivery_id: int
    digest_id: int
    address: str | None
    at: dt.datetime
    attempts: int
    server: str | None
    reason: str | None


def doubts(session: Session, digest_id: int | None = None) -> list[Doubt]:
    """The mails in doubt, oldest first."""
    statement = (
        select(Delivery, Subscriber.address)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.state == "doubtful")
        .order_by(Delivery.id)
    )
    if digest_id is not None:
        statement = statement.where(Delivery.digest_id == digest_id)
    return [
        Doubt(d.id, d.digest_id, address, d.changed_at, d.attempts, d.server, d.reason)
        for d, address in session.execute(statement)
    ]


def resend(session: Session, delivery_ids: Sequence[int]) -> int:
    """Plan mails in doubt once more: the same bytes under the same Message-ID, marked as perhaps second copies."""
    digests = set(
        session.scalars(
            update(Delivery)
            .where(Delivery.id.in_(delivery_ids), Delivery.state == "doubtful")
            .values(state="planned", owner=None, not_before=None, may_be_second_copy=True, first_tried_at=None)
            .returning(Delivery.digest_id)
            .execution_options(synchronize_session=False)
        ).all()
    )
    count = session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.state == "planned", Delivery.may_be_second_copy)
    )
    session.execute(update(Digest).where(Digest.id.in_(digests), Digest.state == "sent").values(state="sending"))
    return count or 0


def settle(session: Session, delivery_id: int, now: dt.datetime) -> None:
    """Something came of a mail in doubt (a bounce, a click on its link): it was delivered."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == "doubtful")
        .values(state="sent", reason="settled by evidence", changed_at=now)
    )


def should_pause(session: Session, digest_id: int) -> str | None:
    """Why a digest should not go on: one receiving domain sends too much back or complains too often."""
    domain = func.lower(func.split_part(Subscriber.address, "@", 2))
    rows = session.execute(
        select(
            domain,
            func.count(),
            func.count().filter(Delivery.state == "bounced"),
            func.count().filter(Delivery.state == "complained"),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.digest_id == digest_id, Delivery.state.in_(("sent", "bounced", "complained")))
        .group_by(domain)
    ).all()
    for name, sent, bounced, complained in rows:
        # Below these numbers a share says little.
        if sent >= 100 and bounced / sent > 0.05:
            return f"{bounced} of {sent} mails to {name} came back"
        if sent >= 1_000 and complained / sent > 0.001:
            return f"{complained} of {sent} readers at {name} called it spam; at {GMAIL_STOPS_AT:.1%} Gmail stops it"
    return None


def events_of(session: Session, digest_id: int) -> dict[str, int]:
    """What came back about a digest, by kind."""
    rows = session.execute(
        select(BounceEvent.kind, func.count())
        .join(Delivery, Delivery.id == BounceEvent.delivery_id)
        .where(Delivery.digest_id == digest_id)
        .group_by(BounceEvent.kind)
    ).all()
    return as_dict(rows)
