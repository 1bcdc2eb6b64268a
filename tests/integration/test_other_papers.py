"""Papers that are not on arXiv: each answer is kept with its origin; a host that refuses is left alone for a week."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import httpx
import pytest
from sqlalchemy import select

from bot.editions import collect, look_up, records
from bot.editions.look_up import Web
from bot.editions.series import Reach
from bot.papers.identity import ArxivId
from bot.sandbox import world as sandbox
from bot.sandbox.works import Work
from bot.settings import Settings
from bot.sources import guarded
from bot.sources.dair import Link
from bot.store.tables import ClosedHost, Edition, Lookup, Paper
from tests.integration.world import NOW, InventedPaper, Store, listed_week, outside_world, own_store, paper

DOI = "10.1038/s41586-000-00001-2"
NATURE = f"https://www.nature.com/articles/{DOI.partition('/')[2]}"


@dataclass
class Stage:
    world: sandbox.World
    reach: Reach
    web: Web

    def collect(self, *listed: InventedPaper, week: int = 0) -> int:
        """Collect a week of these papers as the weekly series does, with stand-ins for the web."""
        start = dt.date(2026, 11, 9) + dt.timedelta(weeks=week)
        return collect.collect_week(
            self.reach.sessions,
            listed_week(listed, start),
            http=self.reach.http,
            arxiv_url=str(self.reach.settings.arxiv_url),
            arxiv_interval_s=0.0,
            contact="tests@localhost",
            now=self.reach.now,
            ask_around=lambda edition_id: look_up.ask_around(self.reach, edition_id, self.web),
        ).edition_id

    def paper(self, url: str) -> Paper:
        with self.reach.sessions() as session:
            return session.scalars(select(Paper).filter_by(url=url)).one()

    def lookups(self, url: str) -> dict[str, Lookup]:
        with self.reach.sessions() as session:
            rows = session.scalars(select(Lookup).join(Paper, Paper.id == Lookup.paper_id).where(Paper.url == url))
            return {row.origin: row for row in rows}

    def page(self, address: str, html: str) -> str:
        """Put a page on the web; its URL."""
        host, slash, path = address.partition("/")
        self.world.works.pages[address] = html
        return f"http://{host}:{next(iter(self.web.ports - {80, 443}))}{slash}{path}"


@pytest.fixture(scope="module")
def store(postgres: str, template: str) -> Iterator[Store]:
    with own_store(postgres, template, "other_papers") as made:
        yield made


@pytest.fixture
def stage(store: Store) -> Iterator[Stage]:
    sessions = store.emptied()
    with ExitStack() as stack:
        world = stack.enter_context(outside_world([paper(1)]))
        settings = Settings(_env_file=None, **{**world.settings, "read_pages": True})
        port = int(str(settings.crossref_url).split(":")[2].partition("/")[0])
        http = stack.enter_context(httpx.Client(trust_env=False))
        client = stack.enter_context(guarded.client(lambda *_: ["127.0.0.1"], lambda _: True))
        web = Web(client, frozenset({80, 443, port}))
        yield Stage(world, Reach(sessions, settings, http, lambda: NOW), web)
        assert not world.works.unfired


def elsewhere(rank: int, url: str, label: str = "A lamp") -> InventedPaper:
    return paper(rank, label=label, abstract=None, links=[("Paper", url)])


def test_abstract_comes_from_crossref_and_its_origin_is_kept(stage: Stage) -> None:
    stage.world.works.works[DOI] = Work("Lamps at sea", (("Ann", "Lamp"),), "A lamp burns for 40 nights.")
    stage.collect(elsewhere(1, NATURE))
    found = stage.paper(NATURE)
    assert (found.doi, found.title, found.abstract) == (DOI, "Lamps at sea", "A lamp burns for 40 nights.")
    assert (found.authors, found.metadata_source) == (["Ann Lamp"], "crossref")
    lookups = stage.lookups(NATURE)
    assert {origin: row.outcome for origin, row in lookups.items()} == {"crossref": "found"}
    assert lookups["crossref"].asked == DOI


def test_nobody_knows_a_paper_and_the_list_must_do(stage: Stage) -> None:
    stage.collect(elsewhere(1, NATURE, "A lamp"))
    found = stage.paper(NATURE)
    assert (found.title, found.abstract, found.metadata_source) == ("A lamp", None, None)
    assert set(stage.lookups(NATURE)) == {"crossref", "datacite", "semantic_scholar", "page"}


def test_page_that_names_an_arxiv_id_is_that_paper(stage: Stage) -> None:
    url = stage.page("lab.org/lamp", '<meta name="citation_arxiv_id" content="2611.00001v3">')
    stage.collect(elsewhere(1, url))
    found = stage.paper(url)
    assert (found.arxiv_id, found.metadata_source) == ("2611.00001", "arxiv")
    assert found.abstract


def test_page_of_an_arxiv_paper_joins_its_record(stage: Stage) -> None:
    url = stage.page("lab.org/lamp", '<meta name="citation_arxiv_id" content="2611.00001">')
    stage.collect(paper(1))
    edition_id = stage.collect(elsewhere(1, url), week=1)
    first, second = stage.paper("https://arxiv.org/abs/2611.00001"), stage.paper(url)
    assert second.same_as == first.id
    with stage.reach.sessions() as session:
        (item,) = session.get_one(Edition, edition_id).items
        assert (item.sighting.paper_id, item.sighting.paper.abstract) == (first.id, first.abstract)
        assert records.same_work(session, [second.id]) == {second.id: [first.id, second.id]}


def test_article_and_its_arxiv_paper_join_by_doi(stage: Stage) -> None:
    """arXiv names the DOI of the published article, which another list had given as the address."""
    stage.collect(elsewhere(1, NATURE))
    known = stage.world.upstream.paper("2611.00001")
    stage.world.upstream.publish_version(replace(known, doi=DOI.upper()))
    stage.collect(paper(1), week=1)
    article, preprint = stage.paper(NATURE), stage.paper("https://arxiv.org/abs/2611.00001")
    assert article.same_as == preprint.id
    third = stage.collect(elsewhere(1, NATURE), week=2)
    with stage.reach.sessions() as session:
        shown = [item.sighting.paper_id for item in session.get_one(Edition, third).items]
    assert shown == [preprint.id]


def test_versions_and_spellings_of_an_arxiv_paper_are_one_record(stage: Stage) -> None:
    spellings = (
        "https://arxiv.org/abs/2611.00001v2",
        "http://www.arxiv.org/pdf/2611.00001",
        "https://doi.org/10.48550/arXiv.2611.00001",
        "https://arxiv.org/html/2611.00001v1",
    )
    with stage.reach.sessions.begin() as session:
        ids = {records.paper_id(session, records.of_links([Link("Paper", url)]), "Lamps") for url in spellings}
        ids.add(records.paper_id(session, records.Identity("https://huggingface.co/x", ArxivId("2611.00001")), "L"))
    assert len(ids) == 1


def test_host_that_refuses_is_not_asked_again_for_a_week(stage: Stage) -> None:
    url = stage.page("lab.org/one", "<title>One</title>")
    other = stage.page("lab.org/two", "<title>Two</title>")
    third = stage.page("lab.org/three", "<title>Three</title>")
    stage.world.works.fail_next("refused")
    stage.collect(elsewhere(1, url))
    assert stage.lookups(url)["page"].outcome == "refused"
    with stage.reach.sessions() as session:
        assert [(row.host, row.until) for row in session.scalars(select(ClosedHost))] == [
            ("lab.org", NOW + dt.timedelta(days=7))
        ]
    asked = len(stage.world.works.asked)
    stage.collect(elsewhere(1, other), week=1)
    assert len(stage.world.works.asked) == asked
    assert "not asked again" in stage.lookups(other)["page"].note
    stage.reach = replace(stage.reach, now=lambda: NOW + dt.timedelta(days=8))
    stage.collect(elsewhere(1, third), week=2)
    assert stage.paper(third).title == "Three"


def test_each_paper_is_looked_up_once(stage: Stage) -> None:
    stage.collect(elsewhere(1, NATURE))
    asked = len(stage.world.works.asked)
    stage.collect(elsewhere(1, NATURE), week=1)
    assert len(stage.world.works.asked) == asked
