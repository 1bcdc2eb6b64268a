"""Forum members as readers: their forum preference is theirs, ours follows, and a choice made here is written back.

What the forum said at the last sync is kept as base, and both sides are merged three ways (`states.merge`): less mail
wins where both changed. Reading is one call a member, paced; writing the same value twice is harmless.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.digests import addresses, states, subscribers
from bot.digests.addresses import Address, NoAddressError
from bot.digests.links import Signer
from bot.digests.states import Choice
from bot.digests.subscribers import Language
from bot.errors import RejectedError
from bot.forum import admin
from bot.forum.discourse import Discourse
from bot.forum.errors import NotFoundError
from bot.store import pacing
from bot.store.engine import Sessions
from bot.store.tables import Subscriber

PACE = "forum members"
INTERVAL_S = 1.1
"""An admin key may call 60 times a minute (`max_admin_api_reqs_per_minute`)."""
UNSEEN_FOR = dt.timedelta(days=180)
"""As the forum's own digests do."""
MINUTES = {"daily": 1_440, "weekly": 10_080}


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the forum tells of one.

    Attributes:
        wants: by the preference; `is_skipped` says that the forum itself would not write now.
    """

    id: int
    username: str
    address: Address
    wants: Choice
    is_skipped: bool


@dataclass(slots=True)
class Swept:
    """What a page of members came to; `write_back` are subscribers whose choice the forum is to be told."""

    seen: int
    joined: int
    changed: int
    write_back: list[int]


def require_silent(forum: Discourse) -> None:
    """Members are written to only where the forum does not, or they would get two digests without asking for two.

    Raises:
        TransientError: the forum is busy or away.
        RejectedError: the forum sends digests itself.
    """
    if admin.client_settings(forum).get("disable_digest_emails") == "false":
        raise RejectedError(
            "The forum mails digests itself, and members would get two: switch on disable_digest_emails "
            "(Admin → Settings), or empty MEMBERS_API_KEY."
        )


def sweep_page(sessions: Sessions, forum: Discourse, page: int, *, signer: Signer, now: dt.datetime) -> Swept | None:
    """Bring the members of one page (from 1) in step; None behind the last page. Who was erased stays so.

    Raises:
        TransientError: the forum is busy or away; the page is read again from the start, which changes nothing twice.
        RejectedError: the key may not read members with their addresses.
    """
    listed = forum.read(
        "/admin/users/list/active.json", show_emails="true", order="created", asc="true", page=str(page)
    )
    if not isinstance(listed, list):
        raise RejectedError("The forum's list of members has an unknown form.")
    if not listed:
        return None
    done = Swept(0, 0, 0, [])
    for entry in listed:
        member = _member(sessions, forum, entry, now)
        if member is None:
            continue
        done.seen += 1
        with sessions.begin() as session:
            if not subscribers.was_erased(session, signer, member.address):
                _bring_in_step(session, member, done, now)
    return done


def _member(sessions: Sessions, forum: Discourse, entry: Mapping[str, Any], now: dt.datetime) -> Member | None:
    number, username, email = entry.get("id"), entry.get("username"), entry.get("email")
    if not isinstance(number, int) or number < 1 or not isinstance(username, str):
        return None
    if not isinstance(email, str):
        raise RejectedError(
            "The forum does not show members' addresses to MEMBERS_API_USER: it has to be an administrator."
        )
    try:
        address = addresses.parse(email)
    except NoAddressError:
        return None
    pacing.take_turn(sessions, PACE, INTERVAL_S)
    try:
        user = forum.read(f"/u/{quote(username, safe='')}.json")["user"]
        option = user["user_option"]
    except NotFoundError:
        return None
    except (KeyError, TypeError):
        raise RejectedError("The forum does not show members' options to MEMBERS_API_KEY: add users:show.") from None
    seen_at = user.get("last_seen_at")
    is_gone = seen_at is None or now - dt.datetime.fromisoformat(seen_at.replace("Z", "+00:00")) > UNSEEN_FOR
    flags = ("staged", "suspended_till", "silenced_till", "suspended", "silenced")
    minutes = option.get("digest_after_minutes")
    return Member(
        number,
        username,
        address,
        states.forum_choice(
            email_digests=option.get("email_digests") is True,
            minutes=minutes if isinstance(minutes, int) else None,
            mailing_list_mode=option.get("mailing_list_mode") is True,
        ),
        is_gone or entry.get("active") is False or any(entry.get(flag) for flag in flags),
    )


def _bring_in_step(session: Session, member: Member, done: Swept, now: dt.datetime) -> None:
    known = _known(session, member)
    if known is None:
        if member.wants != "none" and not member.is_skipped:
            choice = subscribers.Choice("daily" if member.wants == "daily" else "weekly")
            made = subscribers.join(
                session, member.address, choice, source="member", reason="forum preference", now=now
            )
            if made is not None:
                made.forum_user_id, made.forum_username, made.forum_base = member.id, member.username, member.wants
                done.joined += 1
        return
    known.forum_username = member.username
    if known.source == "member" and known.address_key != member.address.key:
        _move_to(session, known, member.address)
    if known.forum_user_id is None:
        # Known from the form: what they chose there stays, and from now on changes are followed.
        known.forum_user_id, known.forum_base = member.id, member.wants
        return
    theirs: Choice = "none" if member.is_skipped and known.source == "member" else member.wants
    merged = states.merge(_choice(known.forum_base), ours(known), theirs)
    if merged.choice != ours(known):
        done.changed += int(_apply(session, known, merged.choice, now))
    if merged.write_back:
        done.write_back.append(known.id)
    else:
        known.forum_base = theirs


def _move_to(session: Session, known: Subscriber, address: Address) -> None:
    """Follow a member to another address, unless that is a reader of its own; links in mails to the old one end."""
    is_taken = session.scalar(select(exists().where(Subscriber.address_key == address.key)))
    if known.address is None or known.state == "pending" or is_taken:
        return
    known.address, known.address_key = address.given, address.key
    known.token_version += 1
    known.confirmations += 1


def _known(session: Session, member: Member) -> Subscriber | None:
    by_id = select(Subscriber).where(Subscriber.forum_user_id == member.id)
    by_address = select(Subscriber).where(Subscriber.address_key == member.address.key)
    return (
        session.scalars(by_id.with_for_update()).one_or_none()
        or session.scalars(by_address.with_for_update()).one_or_none()
    )


def ours(subscriber: Subscriber) -> Choice:
    """What a reader chose here, in the forum's terms."""
    if subscriber.state != "active":
        return "none"
    return "daily" if subscriber.cadence == "daily" else "weekly"


def _choice(stored: str | None) -> Choice:
    return "daily" if stored == "daily" else "weekly" if stored == "weekly" else "none"


def _apply(session: Session, known: Subscriber, choice: Choice, now: dt.datetime) -> bool:
    """Follow the forum; a complaint, a bounce or an erasure is not undone by a preference."""
    if choice == "none":
        return subscribers.leave(session, known.id, actor="forum", reason="forum preference", now=now)
    if known.state == "unsubscribed":
        subscribers.return_member(session, known, now=now)
    if known.state == "active":
        language: Language = "both" if known.language == "both" else "en" if known.language == "en" else "ko"
        subscribers.change(known, subscribers.Choice(choice, language, known.zone))
        return True
    return False


def write_back(sessions: Sessions, forum: Discourse, subscriber_id: int) -> str:
    """Tell the forum what a member chose here.

    Raises:
        TransientError: the forum is busy or away.
    """
    with sessions() as session:
        row = session.get(Subscriber, subscriber_id)
        if row is None or row.forum_username is None:
            return "no member"
        username, choice = row.forum_username, ours(row)
    fields: dict[str, object] = {"email_digests": "false" if choice == "none" else "true"}
    if choice != "none":
        fields["digest_after_minutes"] = MINUTES[choice]
    pacing.take_turn(sessions, PACE, INTERVAL_S)
    forum.write("PUT", f"/u/{quote(username, safe='')}.json", fields)
    with sessions.begin() as session:
        session.get_one(Subscriber, subscriber_id).forum_base = choice
    return f"told the forum: {choice}"
