"""Digests as web pages: what a Korean reader of the digest before got, without anybody's links."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.digests.links import Links
from bot.digests.render import filled
from bot.languages.ko import pages as ko
from bot.store.tables import Digest, Rendering

SHOWN = ("sending", "paused", "sent")


@dataclass(frozen=True, slots=True)
class Listed:
    """A digest in the list."""

    id: int
    subject: str


def newest(session: Session, limit: int = 60) -> list[Listed]:
    """The digests that have a page, newest first."""
    rows = session.execute(
        select(Digest.id, Digest.subject)
        .join(Rendering, (Rendering.digest_id == Digest.id) & (func.cardinality(Rendering.paper_ids) > 0))
        .where(Digest.state.in_(SHOWN), Rendering.start == Digest.window_start)
        .group_by(Digest.id)
        .order_by(Digest.slot_at.desc(), Digest.id)
        .limit(limit)
    ).all()
    return [Listed(number, subject or "") for number, subject in rows]


def page(session: Session, links: Links, digest_id: int) -> str | None:
    """The digest's page; None if there is none."""
    found = session.scalars(
        select(Rendering)
        .join(Digest, Digest.id == Rendering.digest_id)
        .where(
            Digest.id == digest_id,
            Digest.state.in_(SHOWN),
            Rendering.language == "ko",
            func.cardinality(Rendering.paper_ids) > 0,
        )
        .order_by((Rendering.start == Digest.window_start).desc(), func.cardinality(Rendering.seen), Rendering.id)
        .limit(1)
    ).one_or_none()
    return None if found is None else for_nobody(found.html, found.boundary, links)


def for_nobody(text: str, boundary: str, links: Links) -> str:
    """A rendering with links that lead to the form."""
    return filled(
        text,
        boundary,
        {"address": ko.READER, "unsubscribe": links.subscribe, "preferences": links.subscribe},
    )
