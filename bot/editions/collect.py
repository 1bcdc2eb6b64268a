"""From a source's list to a stored edition: the list's rows, the papers behind them, and their abstracts."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.editions import lifecycle, records
from bot.errors import TransientError
from bot.languages.ko import labels
from bot.papers.identity import ArxivId
from bot.sources import arxiv, dair
from bot.sources.arxiv import ArxivPaper
from bot.sources.dair import Awaited, ListedPaper, ListedWeek
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
    ask_around: Callable[[int], object] = lambda _: None,
) -> Collected:
    """Store the week's edition and the papers in it, and fill in titles and abstracts from arXiv. Repeatable.

    Args:
        ask_around: looks up, by the edition's id, what is not on arXiv (`look_up.py`).

    Raises:
        TransientError: arXiv cannot be asked now; the edition stays `collecting` and the same call goes on later.
    """
    with sessions.begin() as session:
        title = labels.weekly_title(week.start, week.end)
        edition, new = store_edition(session, WEEKLY, week.period.isoformat(), week.start, week.end, title)
        # What people published stands as they published it.
        changed = _store_rows(session, edition, week) if edition.layout is None else ()
        edition_id, state = edition.id, edition.state
    if state != "collecting":
        return Collected(edition_id, len(week.papers), new, 0, changed_ranks=changed)
    ask_around(edition_id)
    on_step("arxiv")
    found, unknown = ask_arxiv(
        sessions, edition_id, http=http, arxiv_url=arxiv_url, arxiv_interval_s=arxiv_interval_s, contact=contact
    )
    with sessions.begin() as session:
        # Another process may be collecting the same week: the second waits here and finds the work done.
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        if edition.state == "collecting":
            store_metadata(session, found, now())
            _store_passages(session, edition)
            lifecycle.move(session, edition, "drafting", actor="paperbot", reason="list and abstracts collected")
        withdrawn = tuple(item.sighting.label for item in edition.items if item.sighting.paper.withdrawn)
    return Collected(edition_id, len(week.papers), new, len(found), unknown, withdrawn, changed)


def store_edition(
    session: Session, series: str, period: str, start: dt.date, end: dt.date, title: str
) -> tuple[Edition, bool]:
    """The edition of a period, and whether this made it. The caller commits."""
    made = session.scalars(
        insert(Edition)
        .values(series=series, period=period, period_start=start, period_end=end, state="collecting", title=title)
        .on_conflict_do_nothing(index_elements=["series", "period"])
        .returning(Edition)
    ).one_or_none()
    if made is not None:
        lifecycle.record(session, made, None, "collecting", actor="paperbot", reason=f"{period} found at its source")
        return made, True
    return session.scalars(select(Edition).filter_by(series=series, period=period)).one(), False


def store_item(
    session: Session, edition: Edition, paper_id: int, *, source: str, list_date: dt.date, rank: int, **seen: object
) -> None:
    """A paper of the edition with what its source says of it; what was stored before stays. The caller commits.

    Args:
        seen: `label`, `description`, `links`, and `votes` where there are some.
    """
    key = {"source": source, "list_date": list_date, "rank": rank}
    session.execute(insert(Sighting).values(paper_id=paper_id, **key, **seen).on_conflict_do_nothing())
    sighting_id = session.scalars(select(Sighting.id).filter_by(**key)).one()
    session.execute(
        insert(EditionItem).values(edition_id=edition.id, sighting_id=sighting_id, rank=rank).on_conflict_do_nothing()
    )


def as_stored(listed: ListedPaper) -> tuple[str, str, list[dict[str, str]]]:
    """Label, description and links of a row, in the form of `sightings`."""
    links = [{"label": link.label, "url": link.url} for link in (*listed.links, *listed.description_links)]
    return listed.title, listed.description, links


def _store_rows(session: Session, edition: Edition, week: ListedWeek) -> tuple[int, ...]:
    """Store the rows; returns the ranks of those that are stored otherwise already."""
    query = select(Sighting).filter_by(source=DAIR, list_date=week.period)
    stored = {sighting.rank: sighting for sighting in session.scalars(query)}
    changed = []
    for listed in week.papers:
        label, description, links = as_stored(listed)
        known = stored.get(listed.rank)
        if known is None:
            identity = records.of_links((*listed.links, *listed.description_links))
            paper_id = records.paper_id(session, identity, listed.title)
        else:
            paper_id = known.paper_id
            if (known.label, known.description, known.links) != (label, description, links):
                changed.append(listed.rank)
        values = {"label": label, "description": description, "links": links}
        store_item(session, edition, paper_id, source=DAIR, list_date=week.period, rank=listed.rank, **values)
    return tuple(changed)


def _without_metadata(sessions: Sessions, edition_id: int) -> list[ArxivId]:
    with sessions() as session:
        ids = session.scalars(
            select(Paper.arxiv_id)
            .join(Sighting, Sighting.paper_id == Paper.id)
            .join(EditionItem, EditionItem.sighting_id == Sighting.id)
            .where(EditionItem.edition_id == edition_id, Paper.arxiv_id.is_not(None), _not_from_arxiv())
            .order_by(EditionItem.rank)
        )
        return [ArxivId(found, None) for found in dict.fromkeys(ids) if found]


def _not_from_arxiv() -> ColumnElement[bool]:
    return Paper.metadata_source.is_distinct_from("arxiv")


def ask_arxiv(
    sessions: Sessions, edition_id: int, *, http: httpx.Client, arxiv_url: str, arxiv_interval_s: float, contact: str
) -> tuple[dict[str, ArxivPaper], tuple[str, ...]]:
    """What arXiv says of the edition's papers that it was not asked for yet, by id; and the ids it does not know.

    Raises:
        TransientError: arXiv cannot be asked now.
    """
    ids = _without_metadata(sessions, edition_id)
    if not ids:
        return {}, ()

    def fetch() -> arxiv.FetchResult:
        return arxiv.fetch(
            ids,
            client=http,
            base_url=arxiv_url,
            take_turn=lambda: pacing.take_turn(sessions, "arXiv", arxiv_interval_s),
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


def store_metadata(session: Session, found: dict[str, ArxivPaper], now: dt.datetime) -> None:
    """Store what arXiv said of papers of which it has not said anything before. The caller commits."""
    for arxiv_id, paper in found.items():
        session.execute(
            update(Paper)
            .where(Paper.arxiv_id == arxiv_id, _not_from_arxiv())
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
        if paper.doi:
            record = session.scalars(select(Paper).where(Paper.arxiv_id == arxiv_id)).one()
            records.note_doi(session, record, paper.doi)


def _store_passages(session: Session, edition: Edition) -> None:
    session.expire_all()
    for item in edition.items:
        paper = item.sighting.paper
        passages.store(session, "title", paper.title, paper_id=paper.id)
        if item.sighting.description:
            passages.store(session, "description", item.sighting.description, sighting_id=item.sighting_id)
        if paper.abstract:
            passages.store(session, "abstract", paper.abstract, paper_id=paper.id)
