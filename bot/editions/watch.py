"""What changes upstream after an edition was made: rows of a list, versions of papers. Found here, never applied."""

import datetime as dt
import difflib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import collect, markdown, series
from bot.editions.series import Reach
from bot.editions.weekly import WEEKLY
from bot.errors import RejectedError, TransientError
from bot.languages.ko import review as words
from bot.papers.identity import ArxivId
from bot.sources import arxiv, dair
from bot.sources.arxiv import ArxivPaper
from bot.sources.dair import ListedWeek
from bot.sources.fetch import read_text
from bot.store import pacing
from bot.store.tables import Edition, EditionItem, Paper, PaperVersion, Sighting, Topic
from bot.translation import segments

WATCHED_FOR = dt.timedelta(days=90)
"""So long after its article a paper's versions are looked at."""
LISTS_REREAD = dt.timedelta(weeks=8)
"""So long after its end a week's rows are compared again; the list is edited for weeks."""
PUBLIC = ("published", "revised")
ON_FORUM = ("submitted", "in_review", *PUBLIC)


@dataclass(frozen=True, slots=True)
class News:
    """Something for the moderators of one topic.

    Attributes:
        topic_id: our row's.
        key: says it once: made of what changed.
        text: Korean Markdown.
    """

    topic_id: int
    key: str
    text: str


# --- lists -----------------------------------------------------------------------------------------------------------


def list_changes(reach: Reach) -> list[News]:
    """Rows of the weekly list that are other by now than when their edition was collected.

    Raises:
        TransientError, RejectedError: the list cannot be read.
    """
    parsed = dair.parse(read_text(reach.settings.dair_list, client=reach.http))
    since = reach.now().date() - LISTS_REREAD
    news = []
    with reach.sessions() as session:
        topics = session.execute(
            select(Edition, Topic.id, Topic.external_id)
            .join(Topic, Topic.edition_id == Edition.id)
            .where(Edition.series == collect.WEEKLY, Edition.state.in_(ON_FORUM), Edition.period_end >= since)
            .order_by(Edition.period)
        ).all()
        for edition, topic_id, external_id in topics:
            try:
                week = dair.week_of(parsed, edition.period_start)
            except RejectedError:
                continue  # being edited just now; it is read again
            if isinstance(week, ListedWeek) and (changes := list(_row_changes(edition, week))):
                told = "\n\n".join([words.LIST_CHANGED, *changes])
                mark = hashlib.sha256(told.encode()).hexdigest()[:8]
                news.append(News(topic_id, f"list-{external_id}-{mark}", told))
    return news


def _row_changes(edition: Edition, week: ListedWeek) -> Iterator[str]:
    stored = {item.rank: item.sighting for item in edition.items}
    for listed in week.papers:
        known = stored.get(listed.rank)
        if known is None:
            continue
        label, description, links = collect.as_stored(listed)
        pairs = [
            (words.LIST_LABEL, known.label, label),
            (words.LIST_DESCRIPTION, known.description, description),
            (words.LIST_LINKS, _addresses(known.links), _addresses(links)),
        ]
        lines = [
            words.LIST_LINE.format(what=what, old=markdown.escape_inline(old), new=markdown.escape_inline(new))
            for what, old, new in pairs
            if old != new
        ]
        if lines:
            yield "\n".join(
                [words.LIST_ROW.format(rank=listed.rank, label=markdown.escape_inline(known.label)), *lines]
            )


def _addresses(links: Sequence[dict[str, str]]) -> str:
    return ", ".join(link["url"] for link in links)


# --- versions --------------------------------------------------------------------------------------------------------


def new_versions(reach: Reach) -> list[News]:
    """Later versions and withdrawals of papers in articles of the last 90 days; each is noted when first seen.

    Raises:
        TransientError: arXiv cannot be asked now.
    """
    now = reach.now()
    with reach.sessions() as session:
        query = _posted(now - WATCHED_FOR).with_only_columns(Paper.arxiv_id).distinct()
        ids = [ArxivId(found) for found in session.scalars(query) if found]
    if not ids:
        return []
    found = _from_arxiv(reach, ids)
    with reach.sessions.begin() as session:
        for paper in session.scalars(select(Paper).where(Paper.arxiv_id.in_(found))):
            _note_version(session, paper, found[paper.arxiv_id or ""], now)
    with reach.sessions() as session:
        rows = session.execute(
            _posted(now - WATCHED_FOR)
            .with_only_columns(Topic.id, Topic.external_id, EditionItem.rank, Paper, PaperVersion)
            .join(PaperVersion, PaperVersion.paper_id == Paper.id)
            .order_by(Topic.id, EditionItem.rank, PaperVersion.version)
        )
        return [
            News(
                topic_id,
                f"version-{external_id}-{rank}-{version.version}-{'w' if version.withdrawn else 'n'}",
                version_text(rank, paper, version),
            )
            for topic_id, external_id, rank, paper, version in rows
        ]


def version_text(rank: int, paper: Paper, version: PaperVersion) -> str:
    """What moderators are told of a version: what of the abstract is new, and what is gone."""
    head = words.VERSION_WITHDRAWN if version.withdrawn else words.VERSION_NEW
    lines = [head.format(rank=rank, title=markdown.escape_inline(paper.title), version=version.version)]
    if version.title != paper.title:
        lines.append(words.VERSION_TITLE.format(title=markdown.escape_inline(version.title)))
    gone, new = difference(paper.abstract or "", version.abstract)
    if gone:
        lines += [words.VERSION_GONE, *(markdown.quote_block(sentence) for sentence in gone)]
    if new:
        lines += [words.VERSION_ADDED, *(markdown.quote_block(sentence) for sentence in new)]
    if not gone and not new:
        lines.append(words.VERSION_SAME)
    return "\n\n".join([*lines, f"https://arxiv.org/abs/{paper.arxiv_id}v{version.version}"])


def difference(old: str, new: str) -> tuple[list[str], list[str]]:
    """The sentences of `old` that `new` has not, and those that only `new` has, in their order."""
    before, after = (
        [text[span.start : span.end] for span in segments.split(text)] if text else [] for text in (old, new)
    )
    gone: list[str] = []
    added: list[str] = []
    for tag, i, j, k, n in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += before[i:j]
            added += after[k:n]
    return gone, added


def _posted(since: dt.datetime) -> Select[Paper]:
    """Papers of arXiv in articles made since then."""
    return (
        select(Paper)
        .join(Sighting, Sighting.paper_id == Paper.id)
        .join(EditionItem, EditionItem.sighting_id == Sighting.id)
        .join(Edition, Edition.id == EditionItem.edition_id)
        .join(Topic, Topic.edition_id == Edition.id)
        .where(
            Paper.arxiv_id.is_not(None),
            Edition.state.in_(PUBLIC),
            EditionItem.dropped_by.is_(None),
            Topic.created_at >= since,
        )
    )


def _from_arxiv(reach: Reach, ids: Sequence[ArxivId]) -> dict[str, ArxivPaper]:
    settings = reach.settings
    try:
        return arxiv.fetch(
            ids,
            client=reach.http,
            base_url=str(settings.arxiv_url),
            take_turn=lambda: pacing.take_turn(reach.sessions, "arXiv", settings.arxiv_interval_s),
            contact=settings.contact or str(settings.forum_url or "paperbot"),
        ).papers
    except TransientError as exc:
        if exc.retry_after_s is not None:
            pacing.hold(reach.sessions, "arXiv", exc.retry_after_s)
        raise


def _note_version(session: Session, paper: Paper, seen: ArxivPaper, now: dt.datetime) -> None:
    if paper.arxiv_version is None:
        # Its texts came from elsewhere; what arXiv has now is what later versions are later than.
        session.execute(update(Paper).where(Paper.id == paper.id).values(arxiv_version=seen.version))
        return
    known = session.scalar(select(func.max(PaperVersion.version)).where(PaperVersion.paper_id == paper.id))
    is_newer = seen.version > max(paper.arxiv_version, known or 0)
    if not is_newer and not (seen.withdrawn and not paper.withdrawn and not known):
        return
    session.execute(
        insert(PaperVersion)
        .values(
            paper_id=paper.id,
            version=seen.version,
            title=seen.title,
            abstract=seen.abstract,
            withdrawn=seen.withdrawn,
            seen_at=now,
        )
        .on_conflict_do_nothing()
    )


# --- late lists ------------------------------------------------------------------------------------------------------


def days_since(period: str, today: dt.date) -> int:
    """How many days a week has been over."""
    return (today - (dt.date.fromisoformat(period) + dt.timedelta(days=7))).days


def missing_week(session: Session, today: dt.date, after_days: int) -> tuple[str, int] | None:
    """The newest week, and how many days it has been over, if there is no edition of it so long after."""
    assert WEEKLY.newest is not None
    period = WEEKLY.newest(today)
    days = days_since(period, today)
    if days < after_days or series.find(session, WEEKLY, period) is not None:
        return None
    return period, days


def late_list(session: Session, period: str, today: dt.date, after_days: int) -> News | None:
    """What to say of a week that its list still lacks, in the newest article's topic; None before the set day."""
    days = days_since(period, today)
    if days < after_days:
        return None
    newest = session.execute(
        select(Topic.id)
        .join(Edition, Edition.id == Topic.edition_id)
        .where(Edition.series == collect.WEEKLY, Edition.state.in_(ON_FORUM), Topic.discourse_id.is_not(None))
        .order_by(Edition.period.desc())
        .limit(1)
    ).scalar()
    if newest is None:
        return None
    return News(newest, f"late-weekly-{period}", words.LIST_LATE.format(week=period, days=days))
