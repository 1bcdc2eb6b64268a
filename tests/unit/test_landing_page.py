"""Works that are not on arXiv: who is asked in which order, and what pages say of themselves."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.sandbox.server import serve
from bot.sandbox.works import CROSSREF_PATH, DOI_PATH, SEMANTIC_SCHOLAR_PATH, Work, WorksFault, WorksStandIn
from bot.sources import guarded
from bot.sources.landing_page import Answer, Asked, from_html, look_up

DOI = "10.1038/s41586-000-00001-2"
TITLE, ABSTRACT = "Lamps that burn all night", "We keep a lamp lit for 40 days. It never goes out."
TAGGED = f"""<!doctype html><html><head><title>{TITLE} | Journal</title>
<meta content="{TITLE}" NAME="citation_title"><meta name="citation_author" content="Lamp, Ann">
<meta name="citation_author" content="Bo Wick"><meta name="citation_doi" content="doi:{DOI}">
<meta name="dc.description" content="{ABSTRACT}"><meta property="og:description" content="A teaser."></head></html>"""


@dataclass
class World:
    stand_in: WorksStandIn
    asked: Asked
    port: int
    closed: set[str]

    def look_up(self, url: str, doi: str | None = None) -> list[Answer]:
        return list(look_up(url, doi, self.asked))


@pytest.fixture
def world() -> Iterator[World]:
    stand_in = WorksStandIn()
    closed: set[str] = set()
    with serve(stand_in) as url:
        port = int(url.rpartition(":")[2])
        with (
            guarded.client(is_allowed=lambda _: True) as apis,
            guarded.client(lambda *_: ["127.0.0.1"], lambda _: True) as web,
        ):
            asked = Asked(
                apis,
                web,
                "tests",
                "tests@localhost",
                f"{url}{CROSSREF_PATH}",
                f"{url}{DOI_PATH}",
                f"{url}{SEMANTIC_SCHOLAR_PATH}",
                closed.__contains__,
                frozenset({port}),
            )
            yield World(stand_in, asked, port, closed)
    assert not stand_in.unfired


def origins(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(answer.origin, answer.outcome) for answer in answers]


def test_crossref_is_asked_first_and_is_enough_where_it_has_the_abstract(world: World) -> None:
    world.stand_in.works[DOI] = Work(TITLE, (("Ann", "Lamp"), ("Bo", "Wick")), ABSTRACT)
    (answer,) = world.look_up("https://www.nature.com/articles/s41586-000-00001-2", DOI)
    assert (answer.origin, answer.title, answer.abstract) == ("crossref", TITLE, ABSTRACT)
    assert answer.authors == ("Ann Lamp", "Bo Wick")
    assert world.stand_in.asked == [("crossref", DOI)]


def test_order_is_crossref_registry_semantic_scholar_page(world: World) -> None:
    world.stand_in.pages["nature.com/articles/x"] = TAGGED
    answers = world.look_up(f"http://nature.com:{world.port}/articles/x", DOI)
    assert origins(answers) == [
        ("crossref", "nothing"),
        ("datacite", "nothing"),
        ("semantic_scholar", "nothing"),
        ("page", "found"),
    ]
    assert answers[-1].abstract == ABSTRACT


def test_registry_without_abstract_leaves_the_search_going(world: World) -> None:
    world.stand_in.works[DOI] = Work(TITLE, abstract="", known_to=("crossref", "datacite"))
    world.stand_in.pages["nature.com/articles/x"] = TAGGED
    answers = world.look_up(f"http://nature.com:{world.port}/articles/x", DOI)
    assert [answer.origin for answer in answers] == ["crossref", "datacite", "semantic_scholar", "page"]


def test_doi_that_only_the_page_names_is_asked_for(world: World) -> None:
    world.stand_in.works[DOI] = Work(TITLE, abstract=ABSTRACT)
    world.stand_in.pages["lab.org/paper"] = (
        f'<meta name="citation_title" content="{TITLE}"><meta name="citation_doi" content="{DOI}">'
    )
    answers = world.look_up(f"http://lab.org:{world.port}/paper")
    assert origins(answers) == [("page", "found"), ("crossref", "found")]
    assert answers[-1].abstract == ABSTRACT


def test_page_that_names_an_arxiv_id_ends_the_search(world: World) -> None:
    world.stand_in.pages["lab.org/paper"] = '<meta name="citation_arxiv_id" content="2611.00007">'
    (answer,) = world.look_up(f"http://lab.org:{world.port}/paper")
    assert (answer.outcome, answer.arxiv_id) == ("found", "2611.00007")


def test_hosts_that_never_answer_programs_are_not_asked(world: World) -> None:
    assert origins(world.look_up("https://openai.com/index/lamps")) == [("page", "refused")]
    world.closed.add("lab.org")
    assert origins(world.look_up("https://lab.org/paper")) == [("page", "refused")]
    assert world.stand_in.asked == []


def test_pdf_is_not_read(world: World) -> None:
    assert origins(world.look_up("https://lab.org/paper.pdf")) == [("page", "nothing")]
    assert world.stand_in.asked == []


@pytest.mark.parametrize(
    ("fault", "outcome", "note"),
    [
        ("rate_exceeded", "failed", "429"),
        ("unavailable", "failed", "503"),
        ("html", "failed", "not JSON"),
        ("half_json", "failed", "not JSON"),
        ("endless", "nothing", "longer than"),
        ("refused", "refused", "refuses programs"),
        ("not_text", "nothing", "not text"),
    ],
)
def test_bad_answers_of_a_registry_are_told_and_the_next_one_is_asked(
    world: World, fault: WorksFault, outcome: str, note: str
) -> None:
    world.stand_in.works[DOI] = Work(TITLE, abstract=ABSTRACT)
    world.stand_in.fail_next(fault, at="crossref")
    first, second = world.look_up("https://www.nature.com/articles/s41586-000-00001-2", DOI)
    assert (first.origin, first.outcome) == ("crossref", outcome)
    assert note in first.note
    assert (second.origin, second.outcome, second.abstract) == ("datacite", "found", ABSTRACT)


def test_teaser_for_social_media_is_no_abstract() -> None:
    answer = from_html(
        '<meta property="og:title" content="Lamps"><meta property="og:description" content="Wow">', "lab.org"
    )
    assert (answer.title, answer.abstract) == ("Lamps", None)


def test_description_is_an_abstract_on_hosts_where_it_is_one() -> None:
    assert from_html(TAGGED, "nature.com").abstract == ABSTRACT
    assert from_html(TAGGED, "lab.org").abstract is None
    assert from_html(TAGGED, "lab.org").authors == ("Ann Lamp", "Bo Wick")


def test_linked_data_of_an_article_is_read() -> None:
    article = {"@type": "ScholarlyArticle", "headline": TITLE, "abstract": ABSTRACT, "author": [{"name": "Ann Lamp"}]}
    data = json.dumps({"@graph": [{"@type": "WebSite", "name": "No"}, article]})
    page = f'<script type="application/ld+json">{data}</script>'
    answer = from_html(page, "lab.org")
    assert (answer.title, answer.abstract, answer.authors) == (TITLE, ABSTRACT, ("Ann Lamp",))


HOSTILE: list[Callable[[], str]] = [
    lambda: "<!--" * 100_000,
    lambda: "<meta " * 100_000,
    lambda: "<" * 400_000,
    lambda: "<script type='application/ld+json'>" + "[" * 300_000,
    lambda: "<a href='" + "x" * 399_000,
    lambda: "&" * 400_000,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_pages_cost_little_and_raise_nothing(number: int) -> None:
    page = HOSTILE[number]()
    started = time.monotonic()
    from_html(page, "lab.org")
    assert time.monotonic() - started < 5


def test_odd_declarations_end_a_page_and_keep_what_stood_before() -> None:
    assert (
        from_html(f"<title>{TITLE}</title><![odd[x]]><meta name=citation_title content=No>", "lab.org").title == TITLE
    )


def test_what_no_store_takes_is_left_out() -> None:
    data = json.dumps({"@type": "ScholarlyArticle", "headline": "Lamps\x00 \ud800burn", "author": "Ann\udfff"})
    answer = from_html(f'<script type="application/ld+json">{data}</script>', "lab.org")
    assert (answer.title, answer.authors) == ("Lamps burn", ("Ann",))
