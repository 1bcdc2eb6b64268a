"""Editions as files: the post, all texts as data, and a page that needs nothing else."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from bot.editions import compose, export
from bot.editions.collect import Collected
from bot.editions.daily import DAILY
from bot.editions.weekly import WEEKLY
from bot.errors import RejectedError
from bot.jobs import editions
from bot.sandbox import world as sandbox
from bot.sandbox.forum.cook import cook
from bot.sandbox.world import SAMPLE_DAY, SAMPLE_PERIOD
from bot.settings import Settings
from bot.store.engine import Sessions
from tests.integration.world import own_store

WEEK, DAY = f"weekly-{SAMPLE_PERIOD}", f"daily-{SAMPLE_DAY}"


class Page(HTMLParser):
    """The words of a page, its links, and whatever it would load from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._silent += tag in ("style", "title")
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "href", "srcset", "data"):
                self.loads.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += re.findall(r"\w+", data)


@pytest.fixture(scope="module")
def made(postgres: str, template: str) -> Iterator[tuple[Sessions, Settings]]:
    with own_store(postgres, template, "exported") as store, sandbox.running() as world:
        sessions = store.emptied()
        settings = Settings(_env_file=None, arxiv_interval_s=0, **world.settings)
        for of, period in ((WEEKLY, SAMPLE_PERIOD), (DAILY, SAMPLE_DAY)):
            found = editions.collect(sessions, settings, of, period)
            assert isinstance(found, Collected)
            editions.draft(sessions, settings, found.edition_id)
        yield sessions, settings


def exported(made: tuple[Sessions, Settings], name: str, form: str) -> str:
    sessions, settings = made
    with sessions() as session:
        return export.FORMATS[form](session, export.find(session, name), compose.frame_of(settings))


@pytest.mark.parametrize("name", [WEEK, DAY])
def test_markdown_is_the_post(made: tuple[Sessions, Settings], name: str) -> None:
    sessions, settings = made
    with sessions() as session:
        edition_id = export.find(session, name).id
    assert exported(made, name, "markdown") == editions.preview(sessions, settings, edition_id) + "\n"


@pytest.mark.parametrize(("name", "kinds"), [(WEEK, ["title", "description", "abstract"]), (DAY, ["summary"])])
def test_json_has_every_sentence_with_its_english(made: tuple[Sessions, Settings], name: str, kinds: list[str]) -> None:
    data = json.loads(exported(made, name, "json"))
    raw = exported(made, name, "markdown")
    assert f"{data['series']}-{data['period']}" == name
    assert [paper["rank"] for paper in data["papers"]] == list(range(1, len(data["papers"]) + 1))
    for paper in data["papers"]:
        assert [text["kind"] for text in paper["texts"]] == kinds[: len(paper["texts"])]
        for text in paper["texts"]:
            assert all(segment["en"] for segment in text["segments"])
    sentences = [s["ko"] for p in data["papers"] for t in p["texts"] for s in t["segments"] if s["ko"]]
    assert len(sentences) > 20
    plain = [sentence for sentence in sentences if re.fullmatch(r"[가-힣 ,.]+", sentence)]
    assert plain
    assert all(sentence in raw for sentence in plain)


@pytest.mark.parametrize("name", [WEEK, DAY])
def test_page_needs_nothing_else_and_says_what_the_forum_shows(made: tuple[Sessions, Settings], name: str) -> None:
    page = Page(exported(made, name, "html"))
    assert page.loads == []
    assert not {"script", "img", "iframe", "link"} & set(page.tags)
    forum = Page(cook(exported(made, name, "markdown")))
    shown = set(forum.words)
    # What the forum adds: the titles of pages in place of addresses, and pictures for emoji codes.
    assert len(shown - set(page.words)) <= len(shown) * 0.02
    assert all(link in page.links for link in forum.links if "arxiv.org" in link)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a <!-- -->b", "<p>a b</p>"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("x <img src=x onerror=y> y", "&lt;img src=x onerror=y&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("one\ntwo", "one<br"),
        ("https://arxiv.org/abs/1", '<a href="https://arxiv.org/abs/1"'),
        ("![](https://a.org/b.png)", '<a href="https://a.org/b.png"'),
    ],
)
def test_page_shows_text_as_the_forum_does_and_runs_nothing(markdown: str, shown: str) -> None:
    assert shown in export.rendered(markdown)


@pytest.mark.parametrize("name", ["weekly", "weekly-2020-01-06", "monthly-2020-01-06", "daily-yesterday"])
def test_what_is_not_there_is_refused_in_a_sentence(made: tuple[Sessions, Settings], name: str) -> None:
    with made[0]() as session, pytest.raises(RejectedError):
        export.find(session, name)
