"""Asking around for works that are not on arXiv, once, and keeping every answer with where it came from."""

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import records
from bot.editions.series import Reach
from bot.sources import guarded, landing_page
from bot.sources.guarded import PORTS
from bot.sources.landing_page import Answer, Asked
from bot.store.tables import ClosedHost, EditionItem, Lookup, Paper, Sighting

CLOSED_FOR = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Web:
    """How strangers' pages are read; anything but the defaults is for tests."""

    client: httpx.Client | None = None
    ports: frozenset[int] = PORTS


def ask_around(reach: Reach, edition_id: int, web: Web | None = None) -> int:
    """Look up the edition's papers that have no abstract and no arXiv id; how many were found. Repeatable.

    Nothing here stops an edition: what nobody knows stays as the list has it.
    """
    with reach.sessions() as session:
        papers = session.execute(
            select(Paper.id, Paper.url, Paper.doi)
            .join(Sighting, Sighting.paper_id == Paper.id)
            .join(EditionItem, EditionItem.sighting_id == Sighting.id)
            .where(EditionItem.edition_id == edition_id, Paper.arxiv_id.is_(None), Paper.metadata_at.is_(None))
            .order_by(EditionItem.rank)
        ).all()
    if not papers:
        return 0
    reach.on_step("pages")
    web = web or Web()
    with ExitStack() as stack:
        pages = web.client or stack.enter_context(guarded.client())
        apis = stack.enter_context(guarded.client(is_allowed=lambda _: True))
        asked = _asked(reach, apis, pages, web.ports)
        found = sum(_look_up(reach, paper_id, url, doi, asked) for paper_id, url, doi in papers)
    with reach.sessions.begin() as session:
        records.follow(session, edition_id)
    return found


def _asked(reach: Reach, apis: httpx.Client, pages: httpx.Client, ports: frozenset[int]) -> Asked:
    settings = reach.settings
    contact = settings.contact or str(settings.forum_url or "paperbot")

    def is_closed(host: str) -> bool:
        with reach.sessions() as session:
            query = select(ClosedHost.host).where(ClosedHost.host == host, ClosedHost.until > reach.now())
            return session.scalar(query) is not None

    return Asked(
        apis,
        pages,
        f"paperbot/{version('paperbot')} (+{contact})",
        contact,
        str(settings.crossref_url),
        str(settings.doi_url),
        str(settings.semantic_scholar_url),
        is_closed,
        ports,
        settings.read_pages,
    )


def _look_up(reach: Reach, paper_id: int, url: str, doi: str | None, asked: Asked) -> bool:
    with reach.sessions() as session:
        # A registry that answered once is not asked again; one that failed is.
        query = select(Lookup).where(Lookup.paper_id == paper_id, Lookup.outcome != "failed")
        if session.scalars(query).first() is not None:
            return False
    answers = list(landing_page.look_up(url, doi, asked))
    with reach.sessions.begin() as session:
        for answer in answers:
            _keep(session, paper_id, answer, reach.now())
        return _settle(session, session.get_one(Paper, paper_id), answers, reach.now())


def _keep(session: Session, paper_id: int, answer: Answer, now: dt.datetime) -> None:
    values = {
        "asked": answer.asked,
        "outcome": answer.outcome,
        "note": answer.note,
        "title": answer.title,
        "authors": list(answer.authors),
        "abstract": answer.abstract,
        "doi": answer.doi,
        "arxiv_id": answer.arxiv_id,
        "looked_at": now,
    }
    session.execute(
        insert(Lookup)
        .values(paper_id=paper_id, origin=answer.origin, **values)
        .on_conflict_do_update(index_elements=["paper_id", "origin"], set_=values)
    )
    if answer.origin == "page" and answer.outcome == "refused" and answer.was_asked:
        host = (urlsplit(answer.asked).hostname or "").removeprefix("www.")
        closed = {"reason": answer.note, "until": now + CLOSED_FOR}
        session.execute(
            insert(ClosedHost).values(host=host, **closed).on_conflict_do_update(index_elements=["host"], set_=closed)
        )


def _settle(session: Session, paper: Paper, answers: Sequence[Answer], now: dt.datetime) -> bool:
    """The best of the answers as the paper's own texts: those of the first that has an abstract, else a title."""
    for answer in answers:
        if answer.doi:
            records.note_doi(session, paper, answer.doi)
        if answer.arxiv_id:
            records.note_arxiv(session, paper, answer.arxiv_id)
    session.refresh(paper)
    titled = [answer for answer in answers if answer.outcome == "found" and answer.title]
    best = next((answer for answer in titled if answer.abstract), titled[0] if titled else None)
    if best is None or best.title is None or paper.arxiv_id is not None:
        return False
    paper.title = best.title
    paper.authors = list(best.authors) or next((list(a.authors) for a in titled if a.authors), [])
    paper.abstract = best.abstract
    paper.metadata_source, paper.metadata_at = best.origin, now
    return True
