"""Published editions, readers and a mail server for tests of the digest: real Postgres, real SMTP conversations."""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.digests import addresses, compose, office, outcome, plan, send, subscribers
from bot.digests.compose import Received
from bot.digests.links import Links, Signer, links_of, signer_of
from bot.digests.send import Office, Sent
from bot.digests.states import Cadence
from bot.digests.subscribers import Language
from bot.sandbox import mailbox as sandbox
from bot.sandbox.mailbox import Mailbox
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import (
    Comment,
    Correction,
    CorrectionReport,
    Delivery,
    Digest,
    Edition,
    EditionItem,
    Paper,
    Passage,
    Post,
    Revision,
    Segment,
    Sighting,
    Subscriber,
    Topic,
    Transition,
)
from bot.translation import passages

MONDAY = dt.datetime(2026, 11, 15, 23, 0, tzinfo=dt.UTC)
"""Monday, 16 November 2026, 08:00 in Seoul."""
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

_numbers = itertools.count(1)


def settings_for(port: int, **changes: Any) -> Settings:
    """Settings under which digests go to the mail server on this port."""
    given = {
        "digest_from": "digest@news.example.org",
        "digest_contact": "파이토치 한국 사용자 모임, hello@example.org",
        "digest_bounce_domain": "bounce.news.example.org",
        "digest_secrets": "a" * 40,
        "digest_rate_per_second": 100_000.0,
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_timeout_s": 5.0,
        "public_url": "https://news.example.org",
        "forum_url": "https://forum.example.org",
        **changes,
    }
    return Settings(_env_file=None, **given)


@dataclass
class Desk:
    """One database, one mail server, and the production code between them."""

    sessions: Sessions
    mailbox: Mailbox
    settings: Settings

    @property
    def links(self) -> Links:
        return links_of(self.settings)

    @property
    def signer(self) -> Signer:
        return signer_of(self.settings)

    def office(self, **changes: Any) -> Office:
        return replace(office.office_of(self.settings, self.sessions), **changes)

    def reader(
        self,
        address: str | None = None,
        *,
        cadence: Cadence = "weekly",
        language: Language = "ko",
        zone: str = "Asia/Seoul",
        covered_until: dt.datetime | None = None,
    ) -> int:
        """An active reader."""
        parsed = addresses.parse(address or f"reader{next(_numbers)}@example.com")
        with self.sessions.begin() as session:
            made = subscribers.join(
                session,
                parsed,
                subscribers.Choice(cadence, language, zone),
                source="import",
                reason="test",
                now=MONDAY,
            )
            assert made is not None
            made.covered_until = made.mailed_until = covered_until
            session.flush()
            return made.id

    def readers(self, count: int) -> None:
        """Many active readers, quickly."""
        with self.sessions.begin() as session:
            session.execute(
                text(
                    "insert into subscribers (address, address_key, state, source)"
                    " select a, a, 'active', 'import' from generate_series(1, :count) n,"
                    " concat('r', n, '@example.com') a"
                ),
                {"count": count},
            )

    def edition(
        self,
        published_at: dt.datetime,
        *titles: str,
        papers: Sequence[int] = (),
        description: str = "shows how a ship finds its way. It needs no map.",
        korean: str = "배가 길을 찾는 법을 보입니다. 지도는 필요 없습니다.",
        state: str = "published",
        series: str = "weekly",
        authors: Sequence[str] = ("Kim Minji", "Lee Jun"),
        topic_title: str | None = None,
        introduction: Sequence[str] = (),
    ) -> tuple[int, list[int]]:
        """A published edition of papers with these titles, and of papers stored before; its topic and all paper ids."""
        number = next(_numbers)
        with self.sessions.begin() as session:
            edition = Edition(
                series=series,
                period=f"p{number}",
                period_start=published_at.date(),
                period_end=published_at.date(),
                state=state,
                title=f"이번 주의 논문 {number}",
            )
            session.add(edition)
            session.flush()
            shown: dict[str, Any] = {}
            ids = list(papers)
            for title in titles:
                paper = Paper(url=f"https://papers.example/{next(_numbers)}", title=title, authors=list(authors))
                session.add(paper)
                session.flush()
                ids.append(paper.id)
            for rank, paper_id in enumerate(ids, 1):
                title = session.get_one(Paper, paper_id).title
                shown |= _translated(session, "title", title, f"{title}의 한국어 제목", paper_id=paper_id)
                sighting = Sighting(
                    paper_id=paper_id,
                    source=f"list{number}",
                    list_date=published_at.date(),
                    rank=rank,
                    label="a ship",
                    description=description,
                    links=[],
                )
                session.add(sighting)
                session.flush()
                session.add(EditionItem(edition_id=edition.id, sighting_id=sighting.id, rank=rank))
                shown |= _translated(session, "description", description, korean, sighting_id=sighting.id)
            if introduction:
                shown |= _introduced(session, edition.id, introduction)
            topic_id = 1_000 + number
            topic = Topic(
                edition_id=edition.id,
                external_id=f"x{number}",
                discourse_id=topic_id,
                category_id=1,
                title=topic_title or edition.title,
            )
            session.add(topic)
            session.flush()
            session.add(
                Post(
                    topic_id=topic.id,
                    part=1,
                    discourse_id=number,
                    post_number=1,
                    base_raw="",
                    rendered_raw="",
                    version=1,
                    shown=shown,
                )
            )
            session.add(
                Transition(
                    subject="edition",
                    subject_id=edition.id,
                    from_state="submitted",
                    to_state="published",
                    actor="sujin",
                    reason="",
                    at=published_at,
                )
            )
        return topic_id, ids

    def corrected(self, topic_id: int, at: dt.datetime, old: str, new: str, *reporters: str) -> None:
        """A sentence of the topic's page was corrected as these readers asked."""
        with self.sessions.begin() as session:
            topic = session.query(Topic).filter_by(discourse_id=topic_id).one()
            segment_id = max(int(number) for number in topic.posts[0].shown)
            before, after = (
                Revision(segment_id=segment_id, text=text, current=False, author_kind="model", author="m", reason="")
                for text in (old, new)
            )
            session.add_all((before, after))
            session.flush()
            correction = Correction(
                topic_id=topic.id,
                segment_id=segment_id,
                state="applied",
                kind="wording",
                method="quote",
                old=old,
                new=new,
                text=new,
                base_revision_id=before.id,
                revision_id=after.id,
                applied_at=at,
            )
            session.add(correction)
            session.flush()
            for reporter in reporters:
                number = next(_numbers)
                comment = Comment(
                    topic_id=topic.id, discourse_id=number, post_number=2, author=reporter, raw="", raw_hash=""
                )
                session.add(comment)
                session.flush()
                session.add(CorrectionReport(correction_id=correction.id, comment_id=comment.id))

    def plan(
        self,
        slot: dt.datetime = MONDAY,
        *,
        cadence: Cadence = "weekly",
        zone: str = "Asia/Seoul",
        received: dict[int, Received] | None = None,
    ) -> int:
        """A digest of the slot, planned; its id."""
        start = slot - (DAY if cadence == "daily" else 7 * DAY)
        with self.sessions.begin() as session:
            digest = Digest(
                cadence=cadence,
                zone=zone,
                period=slot.isoformat(),
                window_start=start,
                slot_at=slot,
                state="due",
            )
            session.add(digest)
            session.flush()
            errata = compose.errata(session, start - 14 * DAY, slot, forum_url=str(self.settings.forum_url))
            plan.freeze(session, digest.id, self.settings, self.links, received=received or {}, errata=errata, now=slot)
            return digest.id

    def send(self, digest_id: int, now: dt.datetime = MONDAY, **changes: Any) -> Sent:
        """Send on one line until nothing is left."""
        return send.work(self.office(**changes), digest_id, until=lambda: False, now=lambda: now)

    def finish(self, digest_id: int, now: dt.datetime = MONDAY) -> outcome.Report:
        """Close the digest if it is through; its numbers."""
        with self.sessions.begin() as session:
            outcome.finish(session, digest_id, now)
        with self.sessions() as session:
            return outcome.report(session, digest_id)

    def run(self, slot: dt.datetime, **planning: Any) -> int:
        """Plan and send the digest of a slot."""
        digest_id = self.plan(slot, **planning)
        self.send(digest_id, slot)
        self.finish(digest_id, slot)
        return digest_id

    def states(self, digest_id: int) -> dict[int, tuple[str, str | None]]:
        """State and reason by subscriber."""
        with self.sessions() as session:
            rows = session.query(Delivery).filter_by(digest_id=digest_id).order_by(Delivery.id)
            return {row.subscriber_id: (row.state, row.reason) for row in rows}

    def state(self, subscriber_id: int) -> str:
        """The reader's state."""
        with self.sessions() as session:
            return session.get_one(Subscriber, subscriber_id).state


def _translated(session: Session, kind: str, english: str, korean: str, **owner: int) -> dict[str, str]:
    passage = passages.store(session, kind, english, **owner)
    texts = [korean] if kind == "title" else [part.strip() + "." for part in korean.rstrip(".").split(". ")]
    shown = {}
    for number, segment in enumerate(
        session.query(Segment).filter_by(passage_id=passage.id).order_by(Segment.position)
    ):
        written = texts[min(number, len(texts) - 1)]
        if not session.query(Revision).filter_by(segment_id=segment.id).count():
            session.add(
                Revision(
                    segment_id=segment.id, text=written, current=True, author_kind="model", author="m", reason="draft"
                )
            )
        shown[str(segment.id)] = written
    return shown


def _introduced(session: Session, edition_id: int, paragraphs: Sequence[str]) -> dict[str, str]:
    passage = Passage(kind=passages.INTRODUCTION, source="", source_hash=passages.text_hash(""), edition_id=edition_id)
    passage.segments = [
        Segment(position=number, paragraph=number, start=0, end=0, source="", source_hash="")
        for number in range(len(paragraphs))
    ]
    session.add(passage)
    session.flush()
    return {str(segment.id): text for segment, text in zip(passage.segments, paragraphs, strict=True)}


@contextmanager
def open_desk(sessions: Sessions, **changes: Any) -> Iterator[Desk]:
    """A desk with a mail server of its own."""
    mailbox = Mailbox()
    with sandbox.running(mailbox) as port:
        yield Desk(sessions, mailbox, settings_for(port, **changes))
