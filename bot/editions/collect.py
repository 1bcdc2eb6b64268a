"""From a source's list to a stored edition: the list's rows, the papers behind them, and their abstracts."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import lifecycle
from bot.errors import RejectedError, TransientError
from bot.languages.ko import labels
from bot.papers.identity import ArxivId, arxiv_id_of, canonical_url
from bot.sources import arxiv, dair
from bot.sources.arxiv import ArxivPaper
from bot.sources.dair import Awaited, Link, ListedPaper, ListedWeek
from bot.store import pacing
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Paper, Sighting
from bot.translation import passages

WEEKLY = "weekly"
"""The series made of this list."""
DAIR = "dair"
"""What its sightings have as their source."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection found and did.

    Attributes:
        new: whether this run stored the edition's rows (False: an earlier one had).
        unknown_ids: arXiv ids of the list that arXiv does not know; those papers keep the list's text.
        changed_ranks: ranks whose row in the list differs from what was stored earlier; the stored one stays.
        remarks: what else people should know, in sentences.
    """

    edition_id: int
    papers: int
    new: bool
    fetched: int
    unknown_ids: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    changed_ranks: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


def week_in_list(text: str, day: dt.date) -> ListedWeek | Awaited:
    """The week that `day` lies in, as the list has it.

    Raises:
        RejectedError: the list has the week in a bad state; the message names the line.
    """
    return dair.week_of(dair.parse(text), day)


def collect_week(
    sessions: Sessions,
    week: ListedWeek,
    *,
    http: httpx.Client,
    arxiv_url: str,
    arxiv_interval_s: float,
    contact: str,
    now: Callable[[], dt.datetime],
    on_step: Callable[[str], None] = lambda _: None,
) -> Collected:
    """Store the week's edition and the papers in it, and fill in titles and abstracts from arXiv. Repeatable.

    Raises:
        TransientError: arXiv cannot be asked now; the edition stays `collecting` and the same call goes on later.
    """
    with sessions.begin() as session:
        edition, new = _store_edition(session, week)
        changed = _store_rows(session, edition, week)
        edition_id, state = edition.id, edition.state
    if state != "collecting":
        return Collected(edition_id, len(week.papers), new, 0, changed_ranks=changed)
    on_step("arxiv")
    wanted = _without_metadata(sessions, edition_id)
    found, unknown = _from_arxiv(sessions, wanted, http, arxiv_url, arxiv_interval_s, contact)
    with sessions.begin() as session:
        # Another process may be collecting the same week: the second waits here and finds the work done.
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        if edition.state == "collecting":
            _store_metadata(session, found, now())
            _store_passages(session, edition)
            lifecycle.move(session, edition, "drafting", actor="paperbot", reason="list and abstracts collected")
        withdrawn = tuple(item.sighting.label for item in edition.items if item.sighting.paper.withdrawn)
    return Collected(edition_id, len(week.papers), new, len(found), unknown, withdrawn, changed)


def main_link(links: Sequence[Link]) -> str:
    """The canonical address of the work a row is about: its arXiv page, else `Paper`, else the first that is no tweet.

    Raises:
        RejectedError: no link of the row is a usable address.
    """
    for link in links:
        if found := arxiv_id_of(link.url):
            return f"https://arxiv.org/abs/{found.id}"
    ordered = sorted(links, key=lambda link: (not link.label.startswith("Paper"), is_tweet(link.url)))
    for link in ordered:
        try:
            return canonical_url(link.url)
        except RejectedError:
            continue
    raise RejectedError(f"No usable address among the row's links: {', '.join(link.url for link in links)[:200]}")


def is_tweet(url: str) -> bool:
    """Whether the address is a post on X (Twitter)."""
    return (urlsplit(url).hostname or "").removeprefix("www.") in {"x.com", "twitter.com", "mobile.twitter.com"}


def _store_edition(session: Session, week: ListedWeek) -> tuple[Edition, bool]:
    period = week.period.isoformat()
    made = session.scalars(
        insert(Edition)
        .values(
            series=WEEKLY,
            period=period,
            period_start=week.start,
            period_end=week.end,
            state="collecting",
            title=labels.weekly_title(week.start, week.end),
        )
        .on_conflict_do_nothing(index_elements=["series", "period"])
        .returning(Edition)
    ).one_or_none()
    if made is not None:
        lifecycle.record(session, made, None, "collecting", actor="paperbot", reason="week found in the list")
        return made, True
    return session.scalars(select(Edition).filter_by(series=WEEKLY, period=period)).one(), False


def _store_rows(session: Session, edition: Edition, week: ListedWeek) -> tuple[int, ...]:
    changed = []
    for listed in week.papers:
        links = [{"label": link.label, "url": link.url} for link in (*listed.links, *listed.description_links)]
        key = {"source": DAIR, "list_date": week.period, "rank": listed.rank}
        sighting = session.scalars(select(Sighting).filter_by(**key)).one_or_none()
        if sighting is None:
            paper_id = _paper_id(session, listed)
            sighting_id = session.scalars(
                insert(Sighting)
                .values(paper_id=paper_id, label=listed.title, description=listed.description, links=links, **key)
                .on_conflict_do_update(index_elements=["source", "list_date", "rank"], set_={"rank": listed.rank})
                .returning(Sighting.id)
            ).one()
        else:
            sighting_id = sighting.id
            if (sighting.label, sighting.description, sighting.links) != (listed.title, listed.description, links):
                changed.append(listed.rank)
        session.execute(
            insert(EditionItem)
            .values(edition_id=edition.id, sighting_id=sighting_id, rank=listed.rank)
            .on_conflict_do_nothing()
        )
    return tuple(changed)


def _paper_id(session: Session, listed: ListedPaper) -> int:
    links = (*listed.links, *listed.description_links)
    url = main_link(links)
    arxiv_id = arxiv_id_of(url)
    known = select(Paper.id).where(
        or_(Paper.url == url, Paper.arxiv_id == arxiv_id.id) if arxiv_id else Paper.url == url
    )
    version = next((found.version for link in links if (found := arxiv_id_of(link.url)) and found.version), None)
    made = session.scalar(
        insert(Paper)
        .values(url=url, arxiv_id=arxiv_id.id if arxiv_id else None, arxiv_version=version, title=listed.title)
        .on_conflict_do_nothing()
        .returning(Paper.id)
    )
    return made if made is not None else session.scalars(known).one()


def _without_metadata(sessions: Sessions, edition_id: int) -> list[ArxivId]:
    with sessions() as session:
        ids = session.scalars(
            select(Paper.arxiv_id)
            .join(Sighting, Sighting.paper_id == Paper.id)
            .join(EditionItem, EditionItem.sighting_id == Sighting.id)
            .where(EditionItem.edition_id == edition_id, Paper.arxiv_id.is_not(None), Paper.metadata_at.is_(None))
            .order_by(EditionItem.rank)
        )
        return [ArxivId(found, None) for found in dict.fromkeys(ids) if found]


def _from_arxiv(
    sessions: Sessions, ids: list[ArxivId], http: httpx.Client, base_url: str, interval_s: float, contact: str
) -> tuple[dict[str, ArxivPaper], tuple[str, ...]]:
    if not ids:
        return {}, ()

    def fetch() -> arxiv.FetchResult:
        return arxiv.fetch(
            ids,
            client=http,
            base_url=base_url,
            take_turn=lambda: pacing.take_turn(sessions, "arXiv", interval_s),
            contact=contact,
        )

    try:
        result = fetch()
        if not result.papers:
            # On bad days arXiv sends empty answers. One that comes twice is believed: the papers keep the list's text.
            result = fetch()
    except TransientError as exc:
        if exc.retry_after_s is not None:
            pacing.hold(sessions, "arXiv", exc.retry_after_s)
        raise
    return dict(result.papers), result.unknown


def _store_metadata(session: Session, found: dict[str, ArxivPaper], now: dt.datetime) -> None:
    for arxiv_id, paper in found.items():
        session.execute(
            update(Paper)
            .where(Paper.arxiv_id == arxiv_id, Paper.metadata_at.is_(None))
            .values(
                arxiv_version=paper.version,
                title=paper.title,
                abstract=paper.abstract or None,
                authors=list(paper.authors),
                published_at=paper.published_at,
                withdrawn=paper.withdrawn,
                metadata_source="arxiv",
                metadata_at=now,
            )
        )


def _store_passages(session: Session, edition: Edition) -> None:
    session.expire_all()
    for item in edition.items:
        paper = item.sighting.paper
        passages.store(session, "title", paper.title, paper_id=paper.id)
        if item.sighting.description:
            passages.store(session, "description", item.sighting.description, sighting_id=item.sighting_id)
        if paper.abstract:
            passages.store(session, "abstract", paper.abstract, paper_id=paper.id)
