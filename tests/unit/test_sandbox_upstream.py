"""The upstream stand-in: answers shaped like the real ones, and faults that happen exactly as scripted."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.upstream import (
    ARXIV_PATH,
    DEFAULT_AUTHORS,
    LIST_PATH,
    Fault,
    UpstreamStandIn,
    read_recorded,
    stand_in_papers,
)
from tests.shared import shared_path

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
Answer = TypeVar("Answer")
LIST = "# A list\n\n| 1) Ünïcode … |\n"


def recorded(url: str, title: str = "A Title", abstract: str = "An abstract.", **more: Any) -> dict[str, Any]:
    return {
        "rank": 1,
        "links": [{"label": "Paper", "url": url}],
        "title": {"en": title, "ko": "제목"},
        "intro": {"en": "Does it.", "ko": "합니다."},
        "abstract": {"en": abstract, "ko": "초록입니다."},
        **more,
    }


def three_papers() -> UpstreamStandIn:
    return UpstreamStandIn(
        LIST,
        [
            recorded("https://arxiv.org/abs/2611.90001v3", "First"),
            recorded("https://www.arxiv.org/pdf/2611.90002", "Second"),
            recorded("https://arxiv.org/abs/cs/0601001", "Third"),
        ],
    )


def talk(upstream: UpstreamStandIn, conversation: Callable[[httpx.AsyncClient], Coroutine[Any, Any, Answer]]) -> Answer:
    async def run() -> Answer:
        transport = httpx.ASGITransport(app=upstream)
        async with httpx.AsyncClient(transport=transport, base_url="http://upstream.test") as client:
            return await conversation(client)

    return asyncio.run(run())


def ask(upstream: UpstreamStandIn, id_list: str, **params: str) -> httpx.Response:
    return talk(upstream, lambda client: client.get(ARXIV_PATH, params={"id_list": id_list, **params}))


def get_list(upstream: UpstreamStandIn, **headers: str) -> httpx.Response:
    return talk(upstream, lambda client: client.get(LIST_PATH, headers=headers))


def entries(response: httpx.Response) -> dict[str, ET.Element]:
    feed = ET.fromstring(response.content)
    return {entry.findtext(f"{ATOM}id", ""): entry for entry in feed.findall(f"{ATOM}entry")}


def test_the_list_is_served_as_utf8_text_with_an_etag() -> None:
    response = get_list(UpstreamStandIn(LIST))
    assert response.content.decode() == LIST
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["etag"].startswith('"')


def test_a_list_the_client_knows_is_answered_304_until_it_changes() -> None:
    upstream = UpstreamStandIn(LIST)
    etag = get_list(upstream).headers["etag"]
    again = get_list(upstream, **{"If-None-Match": f'"other", W/{etag}'})
    assert (again.status_code, again.content) == (304, b"")
    upstream.publish_list(LIST + "more\n")
    changed = get_list(upstream, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.text.endswith("more\n")
    assert changed.headers["etag"] != etag


def test_a_feed_has_the_elements_of_the_real_one() -> None:
    """Checked against a recorded answer of arXiv's API: the same children in the same order, the same attributes."""
    real = ET.parse(shared_path("data/arxiv/id_old_style_with_version.xml")).getroot()
    response = ask(three_papers(), "2611.90002", max_results="100")
    ours = ET.fromstring(response.content)
    assert [child.tag for child in ours] == [child.tag for child in real]

    def shape(feed: ET.Element) -> list[tuple[str, ...]]:
        entry = feed.find(f"{ATOM}entry")
        assert entry is not None
        optional = {f"{ARXIV}comment", f"{ARXIV}journal_ref"}
        return list(dict.fromkeys((child.tag, *sorted(child.attrib)) for child in entry if child.tag not in optional))

    assert shape(ours) == shape(real)
    assert response.headers["content-type"].startswith("application/atom+xml")


def test_an_entry_names_its_version_and_holds_text_and_authors() -> None:
    upstream = UpstreamStandIn(
        LIST,
        [
            recorded(
                "https://arxiv.org/abs/2611.90001v3",
                "On $a < b$ & more",
                "We use <think> & \\textbf{x}.",
                authors=["Dirk Wübben", "A & B"],
                published="2026-11-10T09:15:31Z",
            )
        ],
    )
    entry = entries(ask(upstream, "2611.90001"))["http://arxiv.org/abs/2611.90001v3"]
    assert entry.findtext(f"{ATOM}title") == "On $a < b$ & more"
    assert entry.findtext(f"{ATOM}summary") == "We use <think> & \\textbf{x}."
    assert [name.text for name in entry.iter(f"{ATOM}name")] == ["Dirk Wübben", "A & B"]
    assert entry.findtext(f"{ATOM}published") == "2026-11-10T09:15:31Z"
    assert {link.get("href") for link in entry.findall(f"{ATOM}link")} == {
        "https://arxiv.org/abs/2611.90001v3",
        "https://arxiv.org/pdf/2611.90001v3",
    }


def test_invented_authors_fill_in_where_none_are_recorded() -> None:
    entry = entries(ask(three_papers(), "2611.90002"))["http://arxiv.org/abs/2611.90002v1"]
    assert tuple(name.text for name in entry.iter(f"{ATOM}name")) == DEFAULT_AUTHORS


def test_an_earlier_version_is_answered_and_a_later_one_is_unknown() -> None:
    assert list(entries(ask(three_papers(), "2611.90001v2"))) == ["http://arxiv.org/abs/2611.90001v2"]
    assert entries(ask(three_papers(), "2611.90001v4")) == {}


def test_unknown_ids_are_left_out_without_a_word() -> None:
    response = ask(three_papers(), "2611.99999,2611.90002,0000.0000")
    assert response.status_code == 200
    assert list(entries(response)) == ["http://arxiv.org/abs/2611.90002v1"]
    assert ET.fromstring(response.content).findtext(f"{OPENSEARCH}totalResults") == "1"


@pytest.mark.parametrize(
    "asked", ["2611.90001,2611.90002,cs/0601001", "cs/0601001,2611.90002,2611.90001", "2611.90002,2611.90001"]
)
def test_the_answer_is_never_in_the_order_of_asking(asked: str) -> None:
    answered = [address.split("/abs/")[1].rpartition("v")[0] for address in entries(ask(three_papers(), asked))]
    assert sorted(answered) == sorted(asked.split(","))
    assert answered != asked.split(",")


def test_ten_entries_come_back_when_max_results_is_left_out() -> None:
    ids = [f"2611.9{number:04d}" for number in range(14)]
    upstream = UpstreamStandIn(LIST, [recorded(f"https://arxiv.org/abs/{paper}") for paper in ids])
    assert len(entries(ask(upstream, ",".join(ids)))) == 10
    second_page = ask(upstream, ",".join(ids), start="10", max_results="10")
    assert len(entries(second_page)) == 4
    assert len(entries(ask(upstream, ",".join(ids), max_results="14"))) == 14


@pytest.mark.parametrize(
    "bad", ["abc", "2611.9", "2611.90001v0", "2611.90001 v1", "CS/0601001", "2611.90001;2611.90002"]
)
def test_one_malformed_id_fails_the_whole_batch(bad: str) -> None:
    response = ask(three_papers(), f"2611.90001,{bad}")
    assert response.status_code == 400
    (address,) = entries(response)
    assert address == f"https://arxiv.org/api/errors#incorrect_id_format_for_{bad.replace(' ', '_')}"
    assert entries(response)[address].findtext(f"{ATOM}summary") == f"incorrect id format for {bad}"


def test_the_error_entry_equals_the_recorded_one() -> None:
    def flat(element: ET.Element) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
        return [
            (child.tag, (child.text or "").strip(), tuple(sorted(child.attrib.items())))
            for child in element.iter()
            if child.tag != f"{ATOM}updated"
        ]

    real = ET.parse(shared_path("data/arxiv/id_malformed_http400.xml")).getroot()
    response = ask(three_papers(), "abc", max_results="1")
    assert flat(ET.fromstring(response.content)) == flat(real)


@pytest.mark.parametrize("params", [{"start": "x"}, {"max_results": "-1"}, {"max_results": "30001"}])
def test_numbers_out_of_range_are_refused(params: dict[str, str]) -> None:
    assert ask(three_papers(), "2611.90001", **params).status_code == 400


def test_a_posted_query_is_answered_too() -> None:
    async def post(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(ARXIV_PATH, data={"id_list": "2611.90002"})

    assert len(entries(talk(three_papers(), post))) == 1


def test_requests_are_counted_with_their_parameters_and_sender() -> None:
    upstream = three_papers()
    get_list(upstream, **{"User-Agent": "paperbot (mailto:operator@lab.example)"})
    ask(upstream, "2611.90001")
    ask(upstream, "abc")
    assert (upstream.count("list"), upstream.count("arxiv")) == (1, 2)
    assert upstream.requests[0].user_agent == "paperbot (mailto:operator@lab.example)"
    assert [request.status for request in upstream.requests] == [200, 200, 400]
    assert upstream.requests[1].params["id_list"] == "2611.90001"


@pytest.mark.parametrize(
    ("kind", "status", "start_of_body"),
    [
        ("rate_exceeded", 429, b"Rate exceeded."),
        ("unavailable", 503, b"Service"),
        ("bad_request", 400, b"<?xml"),
        ("error_entry_with_200", 200, b"<?xml"),
        ("empty_feed", 200, b"<?xml"),
        ("html", 200, b"<!DOCTYPE html>"),
        ("half_body", 200, b"<?xml"),
        ("not_found", 404, b"404"),
        ("slow", 200, b"<?xml"),
    ],
)
def test_a_fault_happens_as_often_as_scripted_and_then_no_more(kind: Fault, status: int, start_of_body: bytes) -> None:
    upstream = three_papers()
    upstream.fail_next(kind, 2, delay_s=0.01)
    for left in (1, 0):
        response = ask(upstream, "2611.90001")
        assert response.status_code == status
        assert response.content.startswith(start_of_body)
        assert upstream.unfired == [kind] * left
    assert list(entries(ask(upstream, "2611.90001"))) == ["http://arxiv.org/abs/2611.90001v3"]
    assert [request.fault for request in upstream.requests] == [kind, kind, None]


def test_faults_queue_up_in_order_and_apart_for_each_upstream() -> None:
    upstream = three_papers()
    upstream.fail_next("rate_exceeded")
    upstream.fail_next("unavailable", retry_after_s=7)
    upstream.fail_next("not_found", at="list")
    assert get_list(upstream).status_code == 404
    assert ask(upstream, "2611.90001").status_code == 429
    assert ask(upstream, "2611.90001").headers["retry-after"] == "7"
    assert upstream.unfired == []
    assert get_list(upstream).status_code == 200


def test_an_empty_feed_parses_and_has_no_entry() -> None:
    upstream = three_papers()
    upstream.fail_next("empty_feed")
    assert entries(ask(upstream, "2611.90001")) == {}


def test_half_a_feed_is_not_well_formed() -> None:
    upstream = three_papers()
    upstream.fail_next("half_body")
    with pytest.raises(ET.ParseError):
        ET.fromstring(ask(upstream, "2611.90001").content)


def test_half_a_list_is_the_beginning_of_the_list() -> None:
    upstream = UpstreamStandIn(LIST)
    upstream.fail_next("half_body", at="list")
    half = get_list(upstream).content
    assert 0 < len(half) < len(LIST.encode())
    assert LIST.encode().startswith(half)


def test_a_slow_answer_is_late_and_right() -> None:
    upstream = three_papers()
    upstream.fail_next("slow", delay_s=0.05)

    async def impatient(client: httpx.AsyncClient) -> httpx.Response:
        return await asyncio.wait_for(client.get(ARXIV_PATH, params={"id_list": "2611.90001"}), timeout=0.01)

    with pytest.raises(TimeoutError):
        talk(upstream, impatient)
    assert upstream.unfired == []


def test_an_endless_body_goes_on_until_its_far_limit() -> None:
    upstream = UpstreamStandIn(LIST, endless_limit_bytes=300_000)
    upstream.fail_next("endless", at="list")
    response = get_list(upstream)
    assert response.status_code == 200
    assert "content-length" not in response.headers
    assert len(response.content) >= 300_000


def test_arxiv_answers_cannot_be_scripted_for_the_list() -> None:
    with pytest.raises(ValueError, match="arXiv"):
        three_papers().fail_next("bad_request", at="list")


def test_papers_without_arxiv_link_title_or_abstract_are_unknown_to_arxiv() -> None:
    without_abstract = recorded("https://arxiv.org/abs/2611.90003") | {"abstract": None}
    elsewhere = recorded("https://lab.example/abs/2611.90004")
    assert stand_in_papers([without_abstract, elsewhere]) == []


@pytest.mark.parametrize(
    ("url", "arxiv_id", "version"),
    [
        ("https://arxiv.org/abs/2611.90417v2", "2611.90417", 2),
        ("http://www.arxiv.org/abs/2611.90417", "2611.90417", 1),
        ("https://arxiv.org/pdf/2611.90417v12.pdf", "2611.90417", 12),
        ("https://arxiv.org/pdf/2611.90417", "2611.90417", 1),
        ("https://arxiv.org/html/2611.90417v1#S2", "2611.90417", 1),
        ("https://arxiv.org/abs/astro-ph/0601001?x=1", "astro-ph/0601001", 1),
    ],
)
def test_an_arxiv_id_is_found_in_every_form_of_link(url: str, arxiv_id: str, version: int) -> None:
    (paper,) = stand_in_papers([recorded(url)])
    assert (paper.arxiv_id, paper.latest_version) == (arxiv_id, version)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1))
def test_any_text_makes_well_formed_xml(text: str) -> None:
    upstream = UpstreamStandIn(LIST, [recorded("https://arxiv.org/abs/2611.90001", text, text, authors=[text])])
    entry = entries(ask(upstream, "2611.90001"))["http://arxiv.org/abs/2611.90001v1"]
    if text.isprintable():
        assert (entry.findtext(f"{ATOM}title") or "") == text


def test_a_real_recorded_week_is_served() -> None:
    papers = read_recorded(shared_path("data/recorded/2024-06-03.jsonl"))
    upstream = UpstreamStandIn(LIST, papers)
    ids = [paper.arxiv_id for paper in stand_in_papers(papers)]
    assert len(ids) == 8
    found = entries(ask(upstream, ",".join(ids), max_results=str(len(ids))))
    summaries = {entry.findtext(f"{ATOM}summary") for entry in found.values()}
    assert summaries == {paper["abstract"]["en"] for paper in papers if "arxiv.org" in paper["links"][0]["url"]}
