"""arXiv: reading its feeds, asking for papers by id, and what happens when it is unwell."""

import datetime as dt
import gzip
import importlib.metadata
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx

from bot.errors import BotError, RejectedError, TransientError
from bot.papers.identity import ArxivId
from bot.sources import arxiv
from bot.sources.arxiv import ArxivPaper, FetchResult, fetch, parse_feed
from tests.shared import shared_path

BASE = "http://arxiv.test"
BUSY = b"Rate exceeded.\n"


def _entry(
    arxiv_id: str = "2405.00001v1",
    *,
    title: str = "A Paper",
    summary: str = "We show a thing.",
    published: str = "2024-05-01T10:00:00Z",
    more: str = "",
) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{arxiv_id}</id><title>{title}</title><updated>2024-05-03T10:00:00Z</updated>"
        f"<summary>{summary}</summary><published>{published}</published>{more}"
        "<author><name>Ada Example</name></author></entry>"
    )


def _feed(*entries: str, total: int | None = None) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><title>arXiv Query</title>'
        f"<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>"
        f"{''.join(entries)}</feed>"
    ).encode()


ERROR = _feed(
    "<entry><id>https://arxiv.org/api/errors#incorrect_id_format_for_abc</id><title>Error</title>"
    "<summary>incorrect id format for abc</summary><author><name>arXiv api core</name></author></entry>"
)
HTML = b"<!DOCTYPE html>\n<html><body><p>Down for maintenance</p></body></html>"


def _recorded(name: str) -> bytes:
    return shared_path(f"data/arxiv/{name}").read_bytes()


class _Chunks(httpx.SyncByteStream):
    """A body as it comes over the line, untouched by the test's own HTTP stand-in (which unpacks ready bodies)."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return (self._body[start : start + 65_536] for start in range(0, len(self._body), 65_536))


class Arxiv:
    """arXiv's side of the line: knows some papers, or answers as it is told."""

    def __init__(self, router: respx.Router) -> None:
        self.entries: dict[str, str] = {}
        self.answers: list[httpx.Response | Exception] = []
        self.requests: list[httpx.Request] = []
        self.turns = 0
        router.get(url__startswith=BASE).mock(side_effect=self._answer)

    def knows(self, *ids: str) -> None:
        self.entries |= {arxiv_id.split("v")[0]: _entry(arxiv_id) for arxiv_id in ids}

    def answers_with(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(httpx.Response(status, stream=_Chunks(body), headers=names))

    def asked_for(self) -> list[list[str]]:
        return [parse_qs(urlsplit(str(r.url)).query)["id_list"][0].split(",") for r in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.turns == len(self.requests), "a request was made out of turn"
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        known = [self.entries[i] for i in self.asked_for()[-1] if i in self.entries]
        return httpx.Response(200, content=_feed(*reversed(known)))

    def fetch(self, *ids: ArxivId | str, **options: Any) -> FetchResult:
        def take_turn() -> None:
            self.turns += 1

        options = {"base_url": BASE, "contact": "mailto:ops@forum.example"} | options
        with httpx.Client() as client:
            return fetch(ids, client=client, take_turn=take_turn, **options)


@pytest.fixture
def upstream() -> Iterator[Arxiv]:
    with respx.mock(assert_all_called=False) as router:
        yield Arxiv(router)


# Feeds


@pytest.mark.parametrize(
    "name",
    [
        "id_many_authors.xml",
        "id_old_style_affiliation.xml",
        "id_old_style_with_version.xml",
        "id_one.xml",
        "id_title_zero.xml",
        "id_two_one_unknown.xml",
        "id_unknown.xml",
        "id_unknown_2.xml",
        "search_100.xml",
        "search_page_start50.xml",
    ],
)
def test_every_recorded_feed_is_read_completely(name: str) -> None:
    index = {entry["file"]: entry for entry in json.loads(_recorded("index.json"))}
    papers = parse_feed(_recorded(name))
    assert len(papers) == index[name]["entries"]
    for paper in papers:
        assert paper.title == " ".join(paper.title.split()) != ""
        assert paper.abstract == " ".join(paper.abstract.split()) != ""
        assert paper.authors
        assert all(paper.authors)
        assert paper.primary_category
        assert paper.published_at.utcoffset() == dt.timedelta(0)
        assert paper.published_at <= paper.updated_at
        assert (paper.version == 1) == (paper.published_at == paper.updated_at)
        assert not paper.withdrawn


def test_the_recorded_refusal_is_rejected_with_arxivs_reason() -> None:
    with pytest.raises(RejectedError, match="incorrect id format for abc"):
        parse_feed(_recorded("id_malformed_http400.xml"))


def test_one_recorded_paper_field_by_field() -> None:
    (paper,) = parse_feed(_recorded("id_one.xml"))
    when = dt.datetime(2016, 5, 26, 17, 59, 46, tzinfo=dt.UTC)
    assert replace(paper, abstract="") == ArxivPaper(
        arxiv_id="1605.08386",
        version=1,
        title="Heat-bath random walks with Markov bases",
        abstract="",
        authors=("Caprice Stanley", "Tobias Windisch"),
        published_at=when,
        updated_at=when,
        primary_category="math.CO",
        doi=None,
        comment="20 pages, 3 figures",
        journal_ref=None,
        withdrawn=False,
    )


def test_names_outside_ascii_survive() -> None:
    (paper,) = parse_feed(_recorded("id_many_authors.xml"))
    assert any(name.endswith("Wübben") for name in paper.authors)
    assert "Ã" not in "".join(paper.authors)


def test_an_old_paper_keeps_its_old_id_and_loses_affiliations() -> None:
    (paper,) = parse_feed(_recorded("id_old_style_affiliation.xml"))
    assert (paper.arxiv_id, paper.version) == ("astro-ph/0601001", 1)
    assert paper.authors[:2] == ("Andrew Gould", "Susan Dorsher")
    assert paper.journal_ref == "ActaAstron.56:1-50,2006"
    assert paper.abstract.startswith("We derive")


def test_the_title_zero_is_a_title() -> None:
    (paper,) = parse_feed(_recorded("id_title_zero.xml"))
    assert paper.title == "0"


def test_a_search_page_has_dois_and_later_versions() -> None:
    papers = parse_feed(_recorded("search_100.xml"))
    assert sum(paper.doi is not None for paper in papers) == _recorded("search_100.xml").count(b"<arxiv:doi>") > 0
    assert max(paper.version for paper in papers) == 9
    assert len({paper.arxiv_id for paper in papers}) == 100


def test_white_space_is_collapsed_and_latex_kept() -> None:
    latex = r"$\omega$ &lt;T\&quot;ULU&gt; \textbf{Hi}gh--level 79.6$% \url{https://a.example/x_y}"
    (paper,) = parse_feed(_feed(_entry(title=f"\n  On\n   {latex} ", summary=f"  First line\nsecond   {latex}\n")))
    kept = r"""$\omega$ <T\"ULU> \textbf{Hi}gh--level 79.6$% \url{https://a.example/x_y}"""
    assert paper.title == f"On {kept}"
    assert paper.abstract == f"First line second {kept}"


def test_elements_are_found_by_name_in_any_order() -> None:
    more = '<category term="cs.CL"/><arxiv:doi>10.1234/a</arxiv:doi><arxiv:comment> 3\n pages</arxiv:comment>'
    entry = (
        f"<entry><author><name>Ada Example</name></author>{more}<published>2024-05-01T12:00:00+02:00</published>"
        "<summary/><updated>2024-05-03T10:00:00Z</updated><title>T</title><id>https://arxiv.org/abs/2405.00001v3</id></entry>"
    )
    (paper,) = parse_feed(_feed(entry))
    assert (paper.arxiv_id, paper.version, paper.abstract) == ("2405.00001", 3, "")
    assert (paper.doi, paper.comment, paper.primary_category) == ("10.1234/a", "3 pages", "cs.CL")
    assert paper.published_at == dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
    assert paper.published_at.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("summary", "comment"),
    [
        ("We show a thing.", "This paper has been withdrawn by the author due to an error in Lemma 2"),
        ("We show a thing.", "Withdrawn"),
        ("This paper has been withdrawn by the authors. We showed a thing.", ""),
        ("The authors have withdrawn this manuscript.", ""),
        ("This submission was temporarily withdrawn.", ""),
        ("[Withdrawn] We show a thing.", ""),
        ("Paper withdrawn due to a mistake.", ""),
    ],
)
def test_a_withdrawal_is_noticed(summary: str, comment: str) -> None:
    (paper,) = parse_feed(_feed(_entry(summary=summary, more=f"<arxiv:comment>{comment}</arxiv:comment>")))
    assert paper.withdrawn


@pytest.mark.parametrize(
    "summary",
    [
        "We study deposits withdrawn from banks in this paper.",
        "This paper studies deposits withdrawn from banks.",
        "We show a thing. An earlier version of this paper has been withdrawn from a journal.",
    ],
)
def test_withdrawn_things_in_an_abstract_are_no_withdrawal(summary: str) -> None:
    (paper,) = parse_feed(_feed(_entry(summary=summary, more="<arxiv:comment>8 pages</arxiv:comment>")))
    assert not paper.withdrawn


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        HTML,
        b"<html><body>hello</body></html>",
        b"<feed><entry/></feed>",  # not in Atom's name space
        b'{"papers": []}',
        _feed(_entry())[:-20],
        _feed(_entry()).replace(b"Ada", b"\xff\xfe"),
        _feed(_entry()).replace(b"UTF-8", b"no-such-encoding"),
        _feed(_entry()).replace(b"UTF-8", b"utf-7"),
    ],
)
def test_what_is_not_a_feed_is_transient(body: bytes) -> None:
    with pytest.raises(TransientError, match="not a feed"):
        parse_feed(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE feed [<!ENTITY a "expanded">]>',
        '<!DOCTYPE feed SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE feed [<!ENTITY % a SYSTEM "http://evil.example/x"> %a;]>',
    ],
)
def test_a_feed_with_a_document_type_is_refused_unread(declaration: str, encoding: str) -> None:
    text = _feed(_entry()).decode().replace("UTF-8", encoding).replace("?><feed", f"?>{declaration}<feed")
    assert declaration in text
    with pytest.raises(TransientError, match="document type 'feed'"):
        parse_feed(text.encode(encoding))


@pytest.mark.parametrize(
    "entry",
    [
        _entry("2405.00001"),
        _entry("nonsense"),
        _entry().replace("arxiv.org", "arxiv.org.evil.example"),
        _entry(title="  "),
        _entry(published="yesterday"),
        _entry(published="2024-05-01T10:00:00"),
        _entry().replace("updated>", "changed>"),
    ],
)
def test_a_feed_with_an_entry_that_is_no_paper_is_refused_whole(entry: str) -> None:
    with pytest.raises(RejectedError, match="format"):
        parse_feed(_feed(_entry("2405.00009v1"), entry))


def test_a_paper_called_error_is_a_paper() -> None:
    (paper,) = parse_feed(_feed(_entry(title="Error")))
    assert paper.title == "Error"


# Asking


def test_papers_are_matched_by_id_and_the_unknown_are_named_in_order(upstream: Arxiv) -> None:
    upstream.knows("2405.00001v2", "2405.00003v1", "hep-th/9901001v1")
    found = upstream.fetch("2405.00009", "2405.00001", ArxivId("2405.00003"), "hep-th/9901001", "2405.00002")
    assert {key: paper.arxiv_id for key, paper in found.papers.items()} == {
        key: key for key in ("2405.00001", "2405.00003", "hep-th/9901001")
    }
    assert found.papers["2405.00001"].version == 2
    assert found.unknown == ("2405.00009", "2405.00002")


def test_one_request_says_what_it_wants_and_who_asks(upstream: Arxiv) -> None:
    upstream.knows("2405.00001v1", "hep-th/9901001v1")
    upstream.fetch("2405.00001", "hep-th/9901001")
    (request,) = upstream.requests
    assert request.url.path == "/api/query"
    assert parse_qs(urlsplit(str(request.url)).query) == {
        "id_list": ["2405.00001,hep-th/9901001"],
        "start": ["0"],
        "max_results": ["2"],
    }
    version = importlib.metadata.version("paperbot")
    assert request.headers["User-Agent"] == f"paperbot/{version} (+mailto:ops@forum.example)"


def test_the_same_paper_is_asked_for_once(upstream: Arxiv) -> None:
    upstream.knows("2405.00001v3", "2405.00002v2")
    found = upstream.fetch(
        "2405.00001v1", "https://arxiv.org/pdf/2405.00001v2", "2405.00002", "arXiv:2405.00002", "2405.00001v1"
    )
    assert upstream.asked_for() == [["2405.00001", "2405.00002"]]
    assert set(found.papers) == {"2405.00001", "2405.00002"}


def test_a_version_is_asked_for_as_given(upstream: Arxiv) -> None:
    upstream.answers_with(_feed(_entry("2405.00001v2")))
    found = upstream.fetch(ArxivId("2405.00001", 2))
    assert upstream.asked_for() == [["2405.00001v2"]]
    assert found.papers["2405.00001"].version == 2


def test_an_old_id_with_subject_class_finds_the_paper_arxiv_names_without(upstream: Arxiv) -> None:
    upstream.knows("cs/0701001v1")
    assert set(upstream.fetch("cs.CL/0701001").papers) == {"cs/0701001"}


def test_101_ids_take_two_requests_each_in_its_turn(upstream: Arxiv) -> None:
    ids = [f"2405.{number:05}" for number in range(101)]
    upstream.knows(*(f"{arxiv_id}v1" for arxiv_id in ids))
    found = upstream.fetch(*ids)
    assert [len(asked) for asked in upstream.asked_for()] == [100, 1]
    assert upstream.turns == 2
    assert set(found.papers) == set(ids)
    assert found.unknown == ()


def test_nothing_to_ask_asks_nothing(upstream: Arxiv) -> None:
    assert upstream.fetch() == FetchResult({}, ())
    assert upstream.turns == 0


@pytest.mark.parametrize(
    "bad", ["abc", "", "2405.1", "https://arxiv.org.evil.example/abs/2405.00001", "2405.00001&start=5"]
)
def test_a_malformed_id_is_named_before_anything_is_sent(upstream: Arxiv, bad: str) -> None:
    with pytest.raises(RejectedError) as caught:
        upstream.fetch("2405.00001", bad)
    assert repr(bad) in str(caught.value)
    with pytest.raises(RejectedError):
        upstream.fetch(ArxivId(bad))
    assert upstream.turns == 0
    assert upstream.requests == []


@pytest.mark.parametrize("contact", ["", "a b", "ops@forum.example\r\nX: y", "운영@forum.example", "a)b"])
def test_a_contact_that_would_spoil_the_header_is_refused(upstream: Arxiv, contact: str) -> None:
    with pytest.raises(RejectedError, match="contact"):
        upstream.fetch("2405.00001", contact=contact)
    assert upstream.requests == []


def test_papers_nobody_asked_for_are_left_out(upstream: Arxiv) -> None:
    upstream.answers_with(_feed(_entry("2405.00007v1"), _entry("2405.00001v1")))
    assert set(upstream.fetch("2405.00001", "2405.00002").papers) == {"2405.00001"}


def test_an_empty_feed_leaves_every_id_unknown(upstream: Arxiv) -> None:
    upstream.answers_with(_feed())
    assert upstream.fetch("2405.00001", "2405.00002") == FetchResult({}, ("2405.00001", "2405.00002"))


def test_the_recorded_answer_for_one_known_and_one_unknown_id(upstream: Arxiv) -> None:
    upstream.answers_with(_recorded("id_two_one_unknown.xml"))
    found = upstream.fetch("0808.05394", "1707.08567")
    assert set(found.papers) == {"1707.08567"}
    assert found.unknown == ("0808.05394",)


def test_a_wrong_charset_in_the_header_does_not_ruin_names(upstream: Arxiv) -> None:
    body = _feed(_entry().replace("Ada Example", "Jörg Wübben"))
    upstream.answers_with(body, content_type="application/atom+xml; charset=iso-8859-1")
    assert upstream.fetch("2405.00001").papers["2405.00001"].authors == ("Jörg Wübben",)


def test_a_compressed_answer_is_read(upstream: Arxiv) -> None:
    upstream.answers_with(gzip.compress(_feed(_entry())), content_encoding="gzip")
    assert set(upstream.fetch("2405.00001").papers) == {"2405.00001"}


# Trouble


def _failure(upstream: Arxiv, **options: Any) -> BotError:
    with pytest.raises(BotError) as caught:
        upstream.fetch("2405.00001", **options)
    return caught.value


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
def test_rate_exceeded_means_wait_whatever_the_status(upstream: Arxiv, status: int) -> None:
    upstream.answers_with(BUSY, status)
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 300


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "date", "expected_s"),
    [
        (None, None, 300),
        ("7", None, 7),
        ("0", None, 0),
        ("Wed, 01 May 2024 10:02:00 GMT", "Wed, 01 May 2024 10:00:00 GMT", 120),
        ("Wed, 01 May 2024 09:00:00 GMT", "Wed, 01 May 2024 10:00:00 GMT", 0),
        ("Wed, 01 May 2024 10:02:00 GMT", None, 300),
        ("soon", None, 300),
        ("-5", None, 300),
        ("9" * 5000, None, 300),
        ("999999999", None, 86_400),
    ],
)
def test_a_busy_arxiv_says_how_long_to_wait(
    upstream: Arxiv, status: int, retry_after: str | None, date: str | None, expected_s: float
) -> None:
    headers = {"retry_after": retry_after, "date": date}
    upstream.answers_with(HTML, status, **{name: value for name, value in headers.items() if value is not None})
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == expected_s


@pytest.mark.parametrize("status", [408, 500, 502, 504, 202, 204])
def test_a_fault_of_the_server_may_pass(upstream: Arxiv, status: int) -> None:
    upstream.answers_with(HTML if status != 204 else b"", status)
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert error.retry_after_s is None


def test_being_forbidden_waits_an_hour(upstream: Arxiv) -> None:
    upstream.answers_with(HTML, 403)
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 3600


@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_request_is_rejected_with_arxivs_reason(upstream: Arxiv, status: int) -> None:
    upstream.answers_with(ERROR, status)
    error = _failure(upstream)
    assert isinstance(error, RejectedError)
    assert "incorrect id format for abc" in str(error)


def test_the_recorded_http_400_is_rejected_with_its_reason(upstream: Arxiv) -> None:
    upstream.answers_with(_recorded("id_malformed_http400.xml"), 400)
    error = _failure(upstream)
    assert isinstance(error, RejectedError)
    assert "incorrect id format for abc" in str(error)


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (HTML, 404), (_feed(_entry()), 400), (b"too long", 414)])
def test_a_refusal_without_a_reason_is_rejected_with_its_status(upstream: Arxiv, body: bytes, status: int) -> None:
    upstream.answers_with(body, status)
    error = _failure(upstream)
    assert isinstance(error, RejectedError)
    assert f"status {status}" in str(error)


def test_a_redirect_is_not_followed_but_told(upstream: Arxiv) -> None:
    upstream.answers_with(b"", 301, location="https://elsewhere.example/api/query")
    error = _failure(upstream)
    assert isinstance(error, RejectedError)
    assert "https://elsewhere.example/api/query" in str(error)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("body", [b"", HTML, b"<feed/>", _feed(_entry())[:-9]])
def test_a_good_status_without_a_feed_may_pass(upstream: Arxiv, body: bytes) -> None:
    upstream.answers_with(body)
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert "arXiv answered with something that is not a feed" in str(error)


def test_fewer_papers_than_announced_may_pass(upstream: Arxiv) -> None:
    upstream.answers_with(_feed(total=1))
    assert isinstance(_failure(upstream), TransientError)


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("cut"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.PoolTimeout("busy"),
    ],
)
def test_a_broken_line_may_pass(upstream: Arxiv, fault: Exception) -> None:
    upstream.answers.append(fault)
    assert isinstance(_failure(upstream), TransientError)


def test_a_corrupt_compressed_answer_may_pass(upstream: Arxiv) -> None:
    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Chunks(b"not gzip"))
    upstream.answers.append(response)
    assert isinstance(_failure(upstream), TransientError)


def test_an_encoding_nobody_asked_for_is_not_unpacked(upstream: Arxiv) -> None:
    body = gzip.compress(gzip.compress(_feed(_entry())))
    upstream.answers.append(httpx.Response(200, headers={"Content-Encoding": "gzip, gzip"}, stream=_Chunks(body)))
    assert isinstance(_failure(upstream), TransientError)


@pytest.mark.parametrize("base_url", ["", "arxiv.test", "ftp://arxiv.test", "http://arxiv.test:port"])
def test_a_setting_that_is_no_address_is_rejected(base_url: str) -> None:
    with httpx.Client() as client, pytest.raises(RejectedError, match="correct the setting"):
        fetch(["2405.00001"], client=client, base_url=base_url, take_turn=lambda: None, contact="ops@forum.example")


class _Endless(httpx.SyncByteStream):
    """A body without an end; counts what was read of it."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.sent = 0
        self._pause_s = pause_s

    def __iter__(self) -> Iterator[bytes]:
        while self.sent < 1_000_000_000:
            time.sleep(self._pause_s)
            self.sent += 10_000
            yield b" " * 10_000


def test_an_endless_answer_is_left_at_the_size_limit(upstream: Arxiv) -> None:
    body = _Endless()
    upstream.answers.append(httpx.Response(200, stream=body))
    assert isinstance(_failure(upstream), TransientError)
    assert arxiv.MAX_BYTES < body.sent <= arxiv.MAX_BYTES + 10_000


def test_a_compressed_bomb_is_left_at_the_size_limit(upstream: Arxiv) -> None:
    upstream.answers_with(gzip.compress(b" " * 50_000_000), content_encoding="gzip")
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert "bytes" in str(error)


def test_an_endless_error_page_still_tells_its_status(upstream: Arxiv) -> None:
    upstream.answers.append(httpx.Response(404, stream=_Endless()))
    error = _failure(upstream)
    assert isinstance(error, RejectedError)
    assert "status 404" in str(error)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_an_unreadable_busy_page_still_says_how_long_to_wait(upstream: Arxiv, encoding: str) -> None:
    headers = {"Retry-After": "9", "Content-Encoding": encoding}
    upstream.answers.append(httpx.Response(503, headers=headers, stream=_Chunks(b"garbled")))
    error = _failure(upstream)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 9


def test_an_answer_that_drips_is_left_at_the_deadline(upstream: Arxiv) -> None:
    body = _Endless(pause_s=0.02)
    upstream.answers.append(httpx.Response(200, stream=body))
    assert isinstance(_failure(upstream, deadline_s=0.1), TransientError)
    assert body.sent < 100_000


def test_a_silent_server_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, httpx.Client() as client:
        held = []
        listener = threading.Thread(target=lambda: held.append(server.accept()[0]))
        listener.start()
        started = time.monotonic()
        with pytest.raises(TransientError, match="in time"):
            fetch(
                ["2405.00001"],
                client=client,
                base_url=f"http://127.0.0.1:{server.getsockname()[1]}",
                take_turn=lambda: None,
                contact="mailto:ops@forum.example",
                deadline_s=0.2,
            )
        assert 0.2 <= time.monotonic() - started < 5
        listener.join()
        held[0].close()
