"""Storing a post that people published before the bot, so that from then on the bot tends it like its own.

One transaction stores all of it, or nothing: running it again after a crash begins anew, or finds it done. Nothing is
written to the forum.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import layout, lifecycle
from bot.editions.collect import is_tweet, main_link
from bot.editions.layout import Kept
from bot.errors import RejectedError
from bot.forum import adopt_plan, parts, readback
from bot.forum.adopt_plan import PassageKey, Plan, PlannedPassage
from bot.forum.answers import Topic as ForumTopic
from bot.forum.discourse import Discourse
from bot.forum.errors import NotFoundError
from bot.forum.published import Item, PublishedPost, read_post
from bot.papers.identity import arxiv_id_of
from bot.sources.dair import Link
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Layout, Paper, Passage, Post, Revision, Segment, Sighting, Topic
from bot.translation import passages

NOBODY = "unknown"
"""Author of a file whose author was not told."""

_TOPIC_PATH = re.compile(r"/t/(?:[^/]+/)?(?P<id>\d+)(?:/\d+)?(?:\.json)?/?")
_FRONT_DATE = re.compile(r"^date:[ \t]*(\d{4}-\d\d-\d\d)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """A post to adopt.

    Attributes:
        origin: its topic's address, or the file's name.
        raw: the post as it stands.
        title: the topic's title, where it is known.
        author: who published it.
        seen: its topic on the forum; None for a file.
        changed_on: the day it was last changed, where that is known.
    """

    origin: str
    raw: str
    title: str | None
    author: str
    seen: ForumTopic | None = None
    changed_on: dt.date | None = None

    @property
    def post(self) -> PublishedPost:
        """The post, read by its own marks."""
        return read_post(self.raw, title=self.title)


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of it.

    Attributes:
        new: False if it was there already, and nothing was stored.
        attached: a post that had been adopted from a file got its topic.
        papers: papers with an address, each of which is stored.
        segments: Korean sentences.
        paired: those among them whose English is known.
        without_address: numbers of the papers of which the post tells no address; their texts belong to the edition.
        kept: lines that have no place in the form and stay as they are.
    """

    edition_id: int
    new: bool
    attached: bool = False
    papers: int = 0
    segments: int = 0
    paired: int = 0
    without_address: tuple[int, ...] = ()
    kept: tuple[str, ...] = ()


def topic_id_of(address: str, forum_url: str) -> int:
    """The topic that an address means.

    Raises:
        RejectedError: it is no topic of this forum.
    """
    there, here = urlsplit(address), urlsplit(forum_url)
    path = there.path.removeprefix(here.path.rstrip("/"))
    found = _TOPIC_PATH.fullmatch(path)
    if (there.hostname, there.port) != (here.hostname, here.port) or found is None:
        raise RejectedError(f"{address} is not the address of a topic on {forum_url}; copy it from the browser.")
    return int(found["id"])


def from_forum(forum: Discourse, topic_id: int) -> Found:
    """The topic's first post.

    Raises:
        RejectedError: there is no such topic, or it is not public.
    """
    try:
        seen = forum.topic(topic_id)
    except NotFoundError as exc:
        raise RejectedError(f"Topic {topic_id} is not on the forum, or the bot's account may not see it.") from exc
    first = next((post for post in seen.posts if post.number == 1), None)
    if seen.deleted or first is None or first.deleted or first.hidden:
        raise RejectedError(f"Topic {topic_id} is deleted or hidden; only what readers see is adopted.")
    if seen.is_shared_draft or seen.category_id is None:
        raise RejectedError(f"Topic {topic_id} is a draft or a message; only published articles are adopted.")
    changed_on = first.updated_at.date() if first.updated_at else None
    return Found(seen.url, first.raw, seen.title, first.username, seen, changed_on)


@dataclass(frozen=True, slots=True)
class Readable:
    """A post whose form and time are known, so that it can be adopted."""

    series: str
    period: str
    start: dt.date
    end: dt.date
    post: PublishedPost


def checked(found: Found) -> Readable:
    """The post, if it can be adopted at all.

    Raises:
        RejectedError: its form or period is not known; the sentence says what to do.
    """
    post = found.post
    if post.series is None:
        raise RejectedError(f"{found.origin} has none of the known forms (weekly, daily, talk); nothing is stored.")
    if post.period is None:
        raise RejectedError(f"{found.origin} does not tell its {_PERIODS[post.series]}; nothing is stored.")
    if "\x00" in found.raw:
        raise RejectedError(f"{found.origin} holds a NUL character, which is no text; nothing is stored.")
    start, end = _days(post, found)
    return Readable(post.series, post.period, start, end, post)


def adopt(sessions: Sessions, found: Found) -> Adopted:
    """Store the post as an edition that was published, with all its texts as approved ones. Repeatable.

    Raises:
        RejectedError: as `checked`; or the topic, or the edition, is one that the bot has already.
        ConflictError: another process is adopting it.
    """
    what = checked(found)
    with locks.held(sessions, f"{what.series} {what.period}"), sessions.begin() as session:
        known = _known(session, what.series, what.period, found)
        if known is not None:
            return known
        edition = Edition(
            series=what.series,
            period=what.period,
            period_start=what.start,
            period_end=what.end,
            state="published",
            title=found.title or what.post.title or f"{what.series} {what.period}",
        )
        session.add(edition)
        session.flush()
        lifecycle.record(session, edition, None, "published", actor=found.author, reason=f"adopted: {found.origin}")
        return _store(session, edition, what.post, found)


_PERIODS = {
    "weekly": "week (give the topic's title with --title)",
    "daily": "day",
    "talk": "video",
}


def _days(post: PublishedPost, found: Found) -> tuple[dt.date, dt.date]:
    """First and last day of the edition; a talk has that of its front matter, else that of its post's last change."""
    told = post.period
    if post.series == "talk":
        dated = _FRONT_DATE.search(found.raw)
        told = dated[1] if dated else found.changed_on.isoformat() if found.changed_on else None
    if told is None:
        raise RejectedError(f"{found.origin} does not tell the talk's day: add `date: YYYY-MM-DD` in front matter.")
    try:
        start = dt.date.fromisoformat(told)
    except ValueError as exc:
        raise RejectedError(f"{told} is no day of the calendar; nothing is stored.") from exc
    return start, start + dt.timedelta(days=6 if post.series == "weekly" else 0)


# --- what is known already -------------------------------------------------------------------------------------------


def _known(session: Session, series: str, period: str, found: Found) -> Adopted | None:
    """What the store has of this topic and edition; None if both are new."""
    seen = found.seen
    topic = session.scalars(select(Topic).where(Topic.discourse_id == seen.id)).one_or_none() if seen else None
    edition = session.scalars(select(Edition).filter_by(series=series, period=period)).one_or_none()
    if topic is not None:
        if topic.edition.layout is None:
            raise RejectedError(
                f"{found.origin} is an article of the bot's own ({topic.edition.series} {topic.edition.period}); it "
                "is tended already."
            )
        return Adopted(topic.edition_id, new=False)
    if edition is None:
        return None
    if edition.layout is None:
        raise RejectedError(f"The bot has an edition {series} {period} of its own already; nothing is stored.")
    if edition.topic is not None:
        raise RejectedError(f"{series} {period} was adopted from {edition.layout.origin} already; nothing is stored.")
    if layout.article(session, edition, edition.layout) != found.raw:
        raise RejectedError(
            f"{series} {period} was adopted from {edition.layout.origin} already, with another text; nothing is stored."
        )
    if seen is not None:
        edition.layout.origin, edition.layout.author = found.origin, found.author
        _store_topic(session, edition, seen)
    return Adopted(edition.id, new=False, attached=seen is not None)


# --- storing ---------------------------------------------------------------------------------------------------------


def _store(session: Session, edition: Edition, post: PublishedPost, found: Found) -> Adopted:
    addresses = {} if post.series == "talk" else {item.number: _address(item) for item in post.items}
    with_address = {item.number: url for item in post.items if (url := addresses.get(item.number))}
    items = {
        item.number: _store_item(session, edition, item, with_address[item.number])
        for item in post.items
        if item.number in with_address
    }
    plan = adopt_plan.plan(post, items.keys())
    revisions = {
        key: _store_passage(session, edition, passage, key, items, found.author)
        for key, passage in plan.passages.items()
    }
    pieces = _pieces(plan, items, revisions)
    row = Layout(edition_id=edition.id, origin=found.origin, author=found.author, pieces=layout.to_store(pieces))
    session.add(row)
    session.flush()
    session.expire_all()
    assert layout.article(session, edition, row) == found.raw
    if found.seen is not None:
        _store_topic(session, edition, found.seen)
    units = [unit for passage in plan.passages.values() for unit in passage.units]
    return Adopted(
        edition.id,
        new=True,
        papers=len(items),
        segments=len(units),
        paired=sum(unit.start < unit.end for unit in units),
        without_address=tuple(number for number, url in addresses.items() if url is None),
        kept=post.unmapped,
    )


def _address(item: Item) -> str | None:
    """Where the paper is; posts copied from the page have lost it."""
    links = [Link("", url) for url in item.links if not is_tweet(url)]
    try:
        return main_link(links) if links else None
    except RejectedError:
        return None


def _store_item(session: Session, edition: Edition, item: Item, url: str) -> EditionItem:
    title = item.english_title or item.korean_title or f"{edition.title} {item.number}"
    sighting = Sighting(
        paper_id=_paper_id(session, url, title),
        source=f"adopted-{edition.series}",
        list_date=edition.period_start,
        rank=item.number,
        label=title,
        description="",
        links=[{"label": "", "url": link} for link in item.links],
        votes=item.votes,
    )
    session.add(sighting)
    session.flush()
    row = EditionItem(edition_id=edition.id, sighting_id=sighting.id, rank=item.number)
    session.add(row)
    session.flush()
    return row


def _paper_id(session: Session, url: str, title: str) -> int:
    arxiv_id = arxiv_id_of(url)
    made = session.scalar(
        insert(Paper)
        .values(url=url, arxiv_id=arxiv_id.id if arxiv_id else None, title=title)
        .on_conflict_do_nothing()
        .returning(Paper.id)
    )
    is_known = or_(Paper.url == url, Paper.arxiv_id == arxiv_id.id) if arxiv_id else Paper.url == url
    return made if made is not None else session.scalars(select(Paper.id).where(is_known)).one()


def _store_passage(
    session: Session,
    edition: Edition,
    passage: PlannedPassage,
    key: PassageKey,
    items: Mapping[int, EditionItem],
    author: str,
) -> list[Revision]:
    """The passage with its segments; the revisions that were stored from its sentences, in order."""
    number, kind = key
    row = Passage(
        sighting_id=items[number].sighting_id if number is not None else None,
        edition_id=edition.id if number is None else None,
        kind=kind,
        source=passage.source,
        source_hash=passages.text_hash(passage.source),
    )
    session.add(row)
    session.flush()
    revisions = []
    for position, unit in enumerate(passage.units):
        source = passage.source[unit.start : unit.end]
        segment = Segment(
            passage_id=row.id,
            position=position,
            start=unit.start,
            end=unit.end,
            source=source,
            source_hash=passages.text_hash(source),
            paragraph=unit.line,
        )
        plain = readback.plain_of(unit.text)
        revisions.append(
            Revision(
                segment=segment,
                text=unit.text if plain is None else plain,
                current=True,
                author_kind="memory",
                author=author,
                reason="published before the bot",
                is_markdown=plain is None,
            )
        )
    session.add_all(revisions)
    session.flush()
    return revisions


def _pieces(plan: Plan, items: Mapping[int, EditionItem], revisions: Mapping[PassageKey, list[Revision]]) -> list[Kept]:
    pieces = []
    for slot in plan.slots:
        item = items[slot.item].id if slot.item is not None else None
        revision = revisions[slot.passage][slot.unit] if slot.passage is not None else None
        pieces.append(
            Kept(slot.text, revision.segment_id, revision.id, item) if revision else Kept(slot.text, item=item)
        )
    return pieces


def _store_topic(session: Session, edition: Edition, seen: ForumTopic) -> None:
    """The topic and its first post: text and page agree as they are."""
    first = next(post for post in seen.posts if post.number == 1)
    assert seen.category_id is not None
    topic = Topic(
        edition_id=edition.id,
        external_id=f"adopted-{edition.series}-{edition.period}",
        discourse_id=seen.id,
        category_id=seen.category_id,
        forum_category_id=seen.category_id,
        title=seen.title,
        tags=list(seen.tags),
        is_listed=seen.visible,
        # Looked at as often as other articles of that time, not as a new one.
        created_at=dt.datetime.combine(edition.period_end, dt.time(), dt.UTC),
    )
    session.add(topic)
    session.flush()
    row = Post(
        topic_id=topic.id,
        part=parts.FIRST_PART,
        discourse_id=first.id,
        post_number=first.number,
        base_raw=first.raw,
        rendered_raw=first.raw,
        version=first.version,
    )
    session.add(row)
    session.flush()
    session.expire_all()
    readback.record_shown(session, edition, [row])
