"""Who gets the digest: asking, confirming, choosing, leaving, being forgotten. Every move is recorded with who and why.

Nobody is active who did not confirm, and who left gets nothing more: what was planned for them is skipped in the same
transaction.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.digests import states
from bot.digests.addresses import Address, parse
from bot.digests.links import Signer
from bot.digests.states import Cadence, Event
from bot.errors import RejectedError
from bot.store.rows import affected
from bot.store.tables import BounceScore, Delivery, Subscriber, Transition

CONFIRM_WITHIN = dt.timedelta(hours=48)
MOST_ERASED = 1_000
"""Addresses erased in one night."""
PENDING_FOR = dt.timedelta(days=7)
WORDING = "2026-11"
"""Version of the words on the confirmation page that a reader agrees to."""

Language = Literal["ko", "both", "en"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose."""

    cadence: Cadence = "weekly"
    language: Language = "ko"
    zone: str = "Asia/Seoul"


def checked_choice(cadence: str, language: str, zone: str) -> Choice:
    """The choice, if each part is one that we offer.

    Raises:
        RejectedError: one is not.
    """
    if cadence not in ("weekly", "daily") or language not in ("ko", "both", "en"):
        raise RejectedError("The rhythm must be weekly or daily, the language ko, both or en.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise RejectedError("The time zone must be an IANA name such as Asia/Seoul.") from None
    return Choice("daily" if cadence == "daily" else "weekly", _language(language), zone)


def _language(name: str) -> Language:
    return "both" if name == "both" else "en" if name == "en" else "ko"


def ask(session: Session, address: Address, choice: Choice, now: dt.datetime) -> int:
    """Note that somebody gave this address in the form; the subscriber's id. A confirmation mail is to follow.

    The statements are the same for known and unknown addresses. Whoever is active or complained stays as they are.
    """
    rejoins = Subscriber.state.in_(("unsubscribed", "bounced"))
    waits = Subscriber.state.in_(("unsubscribed", "bounced", "pending"))
    statement = insert(Subscriber).values(
        address=address.given,
        address_key=address.key,
        state="pending",
        state_since=now,
        source="form",
        cadence=choice.cadence,
        language=choice.language,
        zone=choice.zone,
    )

    def kept_unless(condition: ColumnElement[bool], column: str, new: object) -> object:
        return case((condition, new), else_=getattr(Subscriber, column))

    row = session.execute(
        statement.on_conflict_do_update(
            index_elements=["address_key"],
            set_={
                "state_before": kept_unless(rejoins, "state_before", Subscriber.state),
                "state": kept_unless(waits, "state", "pending"),
                "state_since": kept_unless(rejoins, "state_since", now),
                "address": kept_unless(waits, "address", statement.excluded.address),
                "cadence": kept_unless(waits, "cadence", choice.cadence),
                "language": kept_unless(waits, "language", choice.language),
                "zone": kept_unless(waits, "zone", choice.zone),
            },
        ).returning(Subscriber.id)
    ).one()
    return int(row[0])


def by_address(session: Session, text: str) -> int | None:
    """The subscriber with this address.

    Raises:
        NoAddressError: the text is no address.
    """
    return session.scalar(select(Subscriber.id).where(Subscriber.address_key == parse(text).key))


def locked(session: Session, subscriber_id: int) -> Subscriber | None:
    """The row, kept from others until the transaction ends."""
    return session.scalars(
        select(Subscriber)
        .where(Subscriber.id == subscriber_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def by_token(
    session: Session, signer: Signer, token: str, purpose: Literal["unsubscribe", "preferences"]
) -> int | None:
    """The subscriber whose token this is; None for one that we did not make, or made void."""
    number = signer.number_in(token)
    if number is None:
        return None
    if purpose == "unsubscribe":
        found = signer.is_valid(token, purpose) and session.scalar(select(exists().where(Subscriber.id == number)))
        return number if found else None
    version = session.scalar(select(Subscriber.token_version).where(Subscriber.id == number))
    return number if version is not None and signer.is_valid(token, purpose, version) else None


def may_confirm(subscriber: Subscriber | None, signer: Signer, token: str, now: dt.datetime) -> bool:
    """Whether this token makes the subscriber active now."""
    if subscriber is None or subscriber.state != "pending" or subscriber.confirmation_sent_at is None:
        return False
    in_time = now - subscriber.confirmation_sent_at < CONFIRM_WITHIN
    return in_time and signer.is_valid(token, "confirm", subscriber.confirmations)


def confirm(session: Session, signer: Signer, token: str, *, network_hash: str, now: dt.datetime) -> Subscriber | None:
    """Make the reader active who pressed the button; None if the token is not, or no longer, good for it."""
    number = signer.number_in(token)
    subscriber = locked(session, number) if number is not None else None
    if subscriber is None or not may_confirm(subscriber, signer, token, now):
        return None
    _move(session, subscriber, "confirmed", actor="reader", reason="confirmation page", now=now)
    subscriber.confirmed_at, subscriber.wording, subscriber.network_hash = now, WORDING, network_hash
    subscriber.confirmations += 1
    assert subscriber.address_key is not None
    session.execute(
        delete(BounceScore).where(BounceScore.address_hash == signer.hash_of("address", subscriber.address_key))
    )
    return subscriber


def leave(session: Session, subscriber_id: int, *, actor: str, reason: str, now: dt.datetime) -> bool:
    """Stop all mails to a reader, planned ones too; False if they had left before. Repeating it is harmless."""
    return _stop(session, subscriber_id, "left", actor=actor, reason=reason, skipped="unsubscribed", now=now)


def bounce(session: Session, subscriber_id: int, *, reason: str, now: dt.datetime) -> bool:
    """Stop mails to an address that does not take them; a fresh confirmation starts them again."""
    return _stop(session, subscriber_id, "bounced", actor="bounces", reason=reason, skipped="bounced", now=now)


def complain(session: Session, subscriber_id: int, *, reason: str, now: dt.datetime) -> bool:
    """Stop mails of any kind to a reader who called one spam, until a person clears it."""
    return _stop(session, subscriber_id, "complained", actor="bounces", reason=reason, skipped="complained", now=now)


def clear(session: Session, subscriber_id: int, *, actor: str, now: dt.datetime) -> bool:
    """Let a reader who complained, or whose mail came back, ask again."""
    subscriber = locked(session, subscriber_id)
    if subscriber is None or not states.may(subscriber.state, "cleared"):
        return False
    _move(session, subscriber, "cleared", actor=actor, reason="cleared by a person", now=now)
    return True


def change(subscriber: Subscriber, choice: Choice) -> None:
    """Give a reader another rhythm, language or zone; what they were sent so far counts on."""
    subscriber.cadence, subscriber.language, subscriber.zone = choice.cadence, choice.language, choice.zone


def erase(session: Session, signer: Signer, subscriber_id: int, *, actor: str, now: dt.datetime) -> bool:
    """Forget the address; a keyed hash of it blocks imports, deliveries keep their counts. False: done before."""
    subscriber = locked(session, subscriber_id)
    if subscriber is None or subscriber.state == "erased":
        return False
    _skip_planned(session, subscriber_id, "erased", now)
    key = erased_key(signer, subscriber.address_key)
    # Whoever was erased, came back and is erased again: the first row keeps the hash.
    taken = session.scalar(select(exists().where(Subscriber.address_key == key)))
    _move(session, subscriber, "erased", actor=actor, reason="erasure asked for", now=now)
    subscriber.address_key = f"{key}-{subscriber.id}" if taken else key
    subscriber.address = subscriber.network_hash = subscriber.forum_username = None
    subscriber.forum_user_id = None
    subscriber.token_version += 1
    return True


def left_before(session: Session, before: dt.datetime) -> list[int]:
    """Who unsubscribed before then, a bounded number; bounced and complaining addresses stay, so that none is tried."""
    left = (Subscriber.state == "unsubscribed") & (Subscriber.state_since < before)
    return list(session.scalars(select(Subscriber.id).where(left).order_by(Subscriber.id).limit(MOST_ERASED)))


def erased_key(signer: Signer, address_key: str) -> str:
    """What stands in place of an erased address."""
    return f"erased:{signer.hash_of('address', address_key)}"


def was_erased(session: Session, signer: Signer, address: Address) -> bool:
    """Whether somebody with this address had it erased: only the form takes it again."""
    key = erased_key(signer, address.key)
    return bool(session.scalar(select(exists().where(Subscriber.address_key.startswith(key)))))


def lapse(session: Session, now: dt.datetime) -> int:
    """End what nobody confirmed for a week: a new row goes, another returns to what it was. How many."""
    old = (Subscriber.state == "pending") & (Subscriber.state_since < now - PENDING_FOR)
    gone = affected(session, delete(Subscriber).where(old, Subscriber.state_before.is_(None)))
    back = affected(
        session,
        update(Subscriber)
        .where(old)
        .values(state=Subscriber.state_before, state_before=None, state_since=now)
        .execution_options(synchronize_session=False),
    )
    return gone + back


def join(
    session: Session,
    address: Address,
    choice: Choice,
    *,
    source: Literal["member", "import"],
    reason: str,
    now: dt.datetime,
) -> Subscriber | None:
    """A new active reader whose consent was given elsewhere; None if the address is known already."""
    made = session.scalars(
        insert(Subscriber)
        .values(
            address=address.given,
            address_key=address.key,
            state=states.after(None, "joined"),
            state_since=now,
            source=source,
            cadence=choice.cadence,
            language=choice.language,
            zone=choice.zone,
        )
        .on_conflict_do_nothing(index_elements=["address_key"])
        .returning(Subscriber)
    ).one_or_none()
    if made is not None:
        _record(session, made.id, None, "active", actor=source, reason=reason)
    return made


def return_member(session: Session, subscriber: Subscriber, *, now: dt.datetime) -> None:
    """Make a member active again who switched digests on on the forum."""
    _move(session, subscriber, "returned", actor="forum", reason="digests switched on", now=now)


def _stop(
    session: Session, subscriber_id: int, event: Event, *, actor: str, reason: str, skipped: str, now: dt.datetime
) -> bool:
    subscriber = locked(session, subscriber_id)
    if subscriber is None or not states.may(subscriber.state, event):
        return False
    _move(session, subscriber, event, actor=actor, reason=reason, now=now)
    _skip_planned(session, subscriber_id, skipped, now)
    return True


def _skip_planned(session: Session, subscriber_id: int, reason: str, now: dt.datetime) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.subscriber_id == subscriber_id, Delivery.state == "planned")
        .values(state="skipped", reason=reason, changed_at=now, owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _move(session: Session, subscriber: Subscriber, event: Event, *, actor: str, reason: str, now: dt.datetime) -> None:
    to = states.after(subscriber.state, event)
    assert to is not None
    _record(session, subscriber.id, subscriber.state, to, actor=actor, reason=reason)
    subscriber.state, subscriber.state_before, subscriber.state_since = to, None, now


def _record(
    session: Session, subscriber_id: int, from_state: str | None, to_state: str, *, actor: str, reason: str
) -> None:
    session.add(
        Transition(
            subject="subscriber",
            subject_id=subscriber_id,
            from_state=from_state,
            to_state=to_state,
            actor=actor,
            reason=reason,
        )
    )
