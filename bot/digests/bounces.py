"""What comes back: bounces, complaints, and requests to leave by mail. Read as data, matched by our own tokens only.

A mail without a valid token of ours changes nothing, whatever it claims: bounces are easily forged.
"""

import datetime as dt
import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

import flufl.bounce
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.digests import outcome, subscribers
from bot.digests.links import Signer
from bot.store.tables import BounceEvent, BounceScore, Delivery, InboxEvent, Subscriber

_log = logging.getLogger(__name__)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it quotes the mail

EVENT_TYPE = "mail"
LARGEST = 1_000_000
FORGOTTEN_AFTER = dt.timedelta(days=30)
LIMIT = 4.0
POINTS = {"hard": 2.0, "soft": 1.0}
PER_MAIL_SENT = 0.1
NO_SUCH_ADDRESS = ("5.1.1", "5.1.2", "5.1.6")

Kind = Literal["hard", "soft", "delayed", "policy", "complaint", "leave", "other"]

_VERP = re.compile(r"\bb\+([0-9]{1,15}-[a-z2-7]{26})@", re.IGNORECASE)
_LEAVE = re.compile(r"\bu\+([0-9]{1,15}-[a-z2-7]{26})@", re.IGNORECASE)
_OURS = re.compile(r"<d\d{1,15}\.(\d{1,15})@", re.IGNORECASE)
_ARRIVED = ("Delivered-To", "X-Original-To", "Envelope-To", "To")


@dataclass(frozen=True, slots=True)
class Returned:
    """What a returned mail says, without anybody's address.

    Attributes:
        bounce_token, leave_token: found in the address it came to; to be checked.
        quoted_token, quoted_delivery: found in the header of ours that it quotes. The number alone could be guessed;
            with the token of the same reader it counts.
    """

    kind: Kind
    status: str | None
    bounce_token: str | None
    leave_token: str | None
    quoted_token: str | None = None
    quoted_delivery: int | None = None


def read(raw: bytes) -> Returned:
    """What a mail in the mailbox of returned mail is about."""
    mail = message_from_bytes(raw[:LARGEST], policy=policy.compat32)
    arrived = " ".join(str(value) for name in _ARRIVED for value in mail.get_all(name, []))
    leave, verp = _LEAVE.search(arrived), _VERP.search(arrived)
    try:
        quoted = _quoted(mail)
        kind, status = _kind(mail)
    except Exception as exc:  # noqa: BLE001 - an edge: the detectors of others stumble over odd mails in many ways
        _log.warning("returned mail not understood", extra={"reason": type(exc).__name__})
        quoted, kind, status = "", "other", None
    quoted_token, quoted_delivery = _LEAVE.search(quoted), _OURS.search(quoted)
    if leave is not None and verp is None:
        kind = "leave"
    return Returned(
        kind,
        status,
        verp[1].lower() if verp else None,
        leave[1].lower() if leave else None,
        quoted_token[1].lower() if quoted_token else None,
        int(quoted_delivery[1]) if quoted_delivery else None,
    )


def _kind(mail: Message) -> tuple[Kind, str | None]:
    content_type = mail.get_content_type()
    report_type = str(mail.get_param("report-type", "")).lower()
    if content_type == "multipart/report" and report_type == "feedback-report":
        return "complaint", None
    if content_type == "multipart/report" and report_type == "delivery-status":
        for part in mail.walk():
            found = _from_status(part)
            if found is not None:
                return found
    if str(mail.get("Auto-Submitted", "no")).lower().startswith("auto-replied"):
        return "other", None
    temporary, permanent = flufl.bounce.all_failures(mail)
    if permanent:
        return "hard", None
    return ("soft", None) if temporary else ("other", None)


def _from_status(part: Message) -> tuple[Kind, str | None] | None:
    """RFC 3464, and its UTF-8 form of RFC 6533: the first recipient's action and status."""
    if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
        return None
    blocks = [block for block in part.walk() if not block.is_multipart()]
    text_of = "\n".join(block.as_string() for block in blocks)
    action = re.search(r"(?im)^action:\s*([a-z]+)", text_of)
    found = re.search(r"(?im)^status:\s*([245]\.\d{1,3}\.\d{1,3})", text_of)
    status = found[1] if found else None
    return kind_of(action[1].lower() if action else "", status), status


def kind_of(action: str, status: str | None) -> Kind:
    """What a delivery status means for the reader."""
    if action == "delayed":
        return "delayed"
    if action != "failed":
        return "other"
    if status is None:
        return "hard"
    if status.startswith("5.7."):
        return "policy"
    return "soft" if status.startswith("4.") or status == "5.2.2" else "hard"


def _quoted(mail: Message) -> str:
    """The text of the report's parts, in which the returned mail's header stands."""
    found = []
    for part in mail.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            found.append(part.as_string()[:20_000])
    return "\n".join(found)


def store(session: Session, raw: bytes) -> int | None:
    """Keep what a mail says in the inbox; its id, or None if the same mail is there already. The caller commits."""
    key = f"{EVENT_TYPE}:{hashlib.sha256(raw).hexdigest()}"
    body = json.dumps(asdict(read(raw)))
    return session.scalar(
        insert(InboxEvent)
        .values(event_type=EVENT_TYPE, event="returned", content_key=key, body=body)
        .on_conflict_do_nothing()
        .returning(InboxEvent.id)
    )


def returned_in(event: InboxEvent) -> Returned:
    """What was kept by `store`."""
    return Returned(**json.loads(event.body))


def take(session: Session, signer: Signer, returned: Returned, *, content_key: str, now: dt.datetime) -> str:
    """Do what follows from a returned mail, once; what was done in a word. The caller commits."""
    if returned.kind == "leave" and returned.leave_token is not None:
        subscriber_id = subscribers.by_token(session, signer, returned.leave_token, "unsubscribe")
        if subscriber_id is None:
            return "no token of ours"
        left = subscribers.leave(session, subscriber_id, actor="reader", reason="mail", now=now)
        return "unsubscribed" if left else "had left"
    delivery = _delivery(session, signer, returned)
    if delivery is None:
        return "no token of ours"
    return note(session, signer, delivery, returned.kind, returned.status, content_key=content_key, now=now)


def _delivery(session: Session, signer: Signer, returned: Returned) -> Delivery | None:
    if returned.bounce_token is not None and signer.is_valid(returned.bounce_token, "bounce"):
        number = signer.number_in(returned.bounce_token)
        return session.get(Delivery, number)
    if returned.quoted_token is None or not signer.is_valid(returned.quoted_token, "unsubscribe"):
        return None
    return session.scalars(
        select(Delivery).where(
            Delivery.id == returned.quoted_delivery,
            Delivery.subscriber_id == signer.number_in(returned.quoted_token),
        )
    ).one_or_none()


def note(
    session: Session,
    signer: Signer,
    delivery: Delivery,
    kind: Kind,
    status: str | None,
    *,
    content_key: str,
    now: dt.datetime,
) -> str:
    """Record what came back about a delivery, and end the reader's mails where it is enough; each key counts once."""
    made = session.scalar(
        insert(BounceEvent)
        .values(content_key=content_key, delivery_id=delivery.id, kind=kind, status=status, outcome="", at=now)
        .on_conflict_do_nothing()
        .returning(BounceEvent.id)
    )
    if made is None:
        return "counted before"
    result = _consequence(session, signer, delivery, kind, status, now)
    session.execute(update(BounceEvent).where(BounceEvent.id == made).values(outcome=result))
    return result


def _consequence(
    session: Session, signer: Signer, delivery: Delivery, kind: Kind, status: str | None, now: dt.datetime
) -> str:
    if kind in ("delayed", "other"):
        return "nothing follows"
    outcome.settle(session, delivery.id, now)
    state = "complained" if kind == "complaint" else "bounced"
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state.in_(("sent", "bounced")))
        .values(state=state, reason=status or kind, changed_at=now)
    )
    if kind == "complaint":
        subscribers.complain(session, delivery.subscriber_id, reason="feedback report", now=now)
        return "complained"
    if kind == "policy":
        return "policy: the reader is not blamed"
    subscriber = session.get_one(Subscriber, delivery.subscriber_id)
    if subscriber.address is None:
        return "erased"
    score = add_points(session, signer.hash_of("address", subscriber.address_key), POINTS[kind], now.date())
    if status in NO_SUCH_ADDRESS or score >= LIMIT:
        subscribers.bounce(session, subscriber.id, reason=status or f"score {score:.1f}", now=now)
        return "bounced"
    return f"score {score:.1f}"


def add_points(session: Session, address_hash: str, points: float, day: dt.date) -> float:
    """The address's score with these points, of which one a day counts; an old score was forgotten."""
    score = session.scalars(
        select(BounceScore).where(BounceScore.address_hash == address_hash).with_for_update()
    ).one_or_none()
    if score is None:
        session.add(BounceScore(address_hash=address_hash, score=points, last_day=day))
        return points
    if score.last_day == day:
        return score.score
    kept = score.score if day - score.last_day < FORGOTTEN_AFTER else 0.0
    score.score, score.last_day = kept + points, day
    return score.score


def note_refusals(session: Session, signer: Signer, digest_id: int, now: dt.datetime) -> int:
    """Count addresses that the mail server refused at once like those whose mail came back; how many were new."""
    rows = session.scalars(
        select(Delivery)
        .outerjoin(BounceEvent, BounceEvent.delivery_id == Delivery.id)
        .where(
            Delivery.digest_id == digest_id,
            Delivery.state == "refused",
            Delivery.reason.like("5__ 5.1.%"),
            BounceEvent.id.is_(None),
        )
        .order_by(Delivery.id)
        .limit(1_000)
    ).all()
    for delivery in rows:
        status = (delivery.reason or "").rpartition(" ")[2]
        note(session, signer, delivery, "hard", status, content_key=f"refused:{delivery.id}", now=now)
    return len(rows)


_HASHES = text(
    """
    select s.id, s.address_key from deliveries d join subscribers s on s.id = d.subscriber_id
    where d.digest_id = :digest_id and d.state = 'sent' and s.address is not null
        and exists (
            select 1 from bounce_events e join deliveries o on o.id = e.delivery_id where o.subscriber_id = s.id
        )
    """
)


def ease_scores(session: Session, signer: Signer, digest_id: int, today: dt.date) -> None:
    """Take a little off the scores of those whose mail of this digest went out, and forget old scores."""
    hashes = [signer.hash_of("address", key) for _, key in session.execute(_HASHES, {"digest_id": digest_id})]
    session.execute(
        update(BounceScore)
        .where(BounceScore.address_hash.in_(hashes), BounceScore.score > 0)
        .values(score=BounceScore.score - PER_MAIL_SENT)
    )
    session.execute(
        text("delete from bounce_scores where last_day < :day or score <= 0"), {"day": today - FORGOTTEN_AFTER}
    )
