"""Stand-in for the upstream sources: the weekly list, arXiv's API and the daily papers, over HTTP on loopback.

One ASGI application, `UpstreamStandIn`, answers at three addresses:

    GET  /dair/README.md     the weekly list, with an ETag; 304 when the client has it already
    GET  /arxiv/api/query    arXiv's Atom feed for an `id_list` (POST with the same form fields, too)
    GET  /huggingface/api/daily_papers   the papers of a `date`, in pages

It is built from recorded papers (one JSON object a paper: `rank`, `links`, `title`, `intro`, `abstract`, and optionally
`authors` and `published`). A paper is known to the arXiv side when one of its links leads to arXiv and it has a title
and an abstract. Faults are scripted with `fail_next` and used up in order; `unfired` tells which never happened.

Where the shapes come from: recorded answers of arXiv's API of 2026 (namespaces, order of elements, error entries,
unknown ids left out), https://info.arxiv.org/help/api/user-manual.html (defaults, limits, parameter errors).
"""

import asyncio
import hashlib
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from xml.sax.saxutils import escape, quoteattr

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.errors import RejectedError
from bot.sandbox import daily_list

LIST_PATH: Final = "/dair/README.md"
ARXIV_BASE_PATH: Final = "/arxiv"  # stands for the host; clients add the API's own path
HUGGINGFACE_BASE_PATH: Final = "/huggingface"
HUGGINGFACE_PATH: Final = f"{HUGGINGFACE_BASE_PATH}/api/daily_papers"
ARXIV_PATH: Final = f"{ARXIV_BASE_PATH}/api/query"

Upstream = Literal["arxiv", "list", "huggingface"]
Fault = Literal[
    "rate_exceeded",  # 429, plain text `Rate exceeded.`
    "unavailable",  # 503 with Retry-After
    "bad_request",  # 400 with arXiv's error entry
    "error_entry_with_200",  # the same entry as older servers sent it
    "empty_feed",  # 200, a feed without entries (arxiv), no text at all (list)
    "html",  # 200, a web page instead of data
    "half_body",  # 200, the right answer cut in the middle
    "endless",  # 200, a body that goes on and on
    "slow",  # the right answer, late
    "not_found",  # 404
    "default_page",  # huggingface: the limit is not heard, and a page has 50 entries
]

DEFAULT_MAX_RESULTS: Final = 10
MAX_RESULTS_LIMIT: Final = 30_000
DEFAULT_AUTHORS: Final = ("Hana Exampleton", "Jörg Müsterling")
DEFAULT_PUBLISHED: Final = "2026-01-05T12:00:00Z"
FEED_UPDATED: Final = "2026-11-16T00:05:00Z"

_VALID_ID: Final = re.compile(r"(?P<bare>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>[1-9]\d*))?")
_ARXIV_LINK: Final = re.compile(
    rf"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/{_VALID_ID.pattern}(?:\.pdf)?(?=$|[/?#)])"
)
# XML 1.0 allows no other control characters, escaped or not.
_NOT_XML: Final = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class StandInPaper:
    """A paper as the arXiv side knows it.

    Attributes:
        arxiv_id: without a version.
        latest_version: 1, or the version that the recorded link names.
        published: time of the first version, as arXiv writes it (`2026-11-10T09:15:31Z`).
    """

    arxiv_id: str
    latest_version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    published: str
    comment: str = ""
    doi: str = ""


@dataclass(frozen=True)
class SeenRequest:
    """One request as it arrived; `status` is what it was answered with."""

    upstream: Upstream
    params: Mapping[str, str]
    user_agent: str
    status: int
    fault: Fault | None


@dataclass(frozen=True)
class _ArmedFault:
    kind: Fault
    retry_after_s: int
    delay_s: float


def read_recorded(path: Path) -> list[dict[str, Any]]:
    """The recorded papers of a JSON-lines file, one object a paper, blank lines ignored.

    Raises:
        RejectedError: a line is no such object; the message names it.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_recorded(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _recorded(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        paper = json.loads(line)
    except ValueError as exc:
        raise RejectedError(f"{path}:{number} is not JSON: {exc}. Each line is one paper as a JSON object.") from exc
    links = paper.get("links") if isinstance(paper, dict) else None
    texts = [paper.get(kind) for kind in ("title", "intro", "abstract")] if isinstance(paper, dict) else []
    if not isinstance(links, list) or not all(isinstance(link, dict) and "url" in link for link in links):
        raise RejectedError(f'{path}:{number} has no `links`: a list of {{"label": ..., "url": ...}} is needed.')
    if not all(text is None or (isinstance(text, dict) and {"en", "ko"} <= text.keys()) for text in texts):
        raise RejectedError(f'{path}:{number}: title, intro and abstract are null or {{"en": ..., "ko": ...}}.')
    return dict(paper)


def stand_in_papers(recorded: Iterable[Mapping[str, Any]]) -> list[StandInPaper]:
    """The recorded papers that arXiv would know: those with an arXiv link, a title and an abstract."""
    papers = []
    for line in recorded:
        found = next((match for link in line["links"] if (match := _ARXIV_LINK.match(link["url"]))), None)
        if found is None or not line["title"] or not line["abstract"]:
            continue
        papers.append(
            StandInPaper(
                arxiv_id=found["bare"],
                latest_version=int(found["version"] or 1),
                title=line["title"]["en"],
                abstract=line["abstract"]["en"],
                authors=tuple(line.get("authors") or DEFAULT_AUTHORS),
                published=line.get("published") or DEFAULT_PUBLISHED,
            )
        )
    return papers


class UpstreamStandIn:
    """The list's host and arXiv's API in one ASGI application, with counters and scripted faults.

    Args:
        list_text: the whole Markdown file that `LIST_PATH` serves; replace it with `publish_list`.
        papers: recorded papers (see the module's description).
        days: entries of the daily list by date (`YYYY-MM-DD`); other days have none. `publish_day` replaces one.
        endless_limit_bytes: where an `endless` body stops after all, so that a client without a cap fails its test
            instead of filling the machine's memory.
    """

    def __init__(
        self,
        list_text: str,
        papers: Iterable[Mapping[str, Any]] = (),
        *,
        days: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        endless_limit_bytes: int = 64_000_000,
    ) -> None:
        self.requests: list[SeenRequest] = []
        self._list_body = list_text.encode()
        self._papers = {paper.arxiv_id: paper for paper in stand_in_papers(papers)}
        self._endless_limit_bytes = endless_limit_bytes
        self._days = {day: list(entries) for day, entries in (days or {}).items()}
        self._faults: dict[Upstream, deque[_ArmedFault]] = {"arxiv": deque(), "list": deque(), "huggingface": deque()}
        self._app = Starlette(
            routes=[
                Route(LIST_PATH, self._answer_list, methods=["GET"]),
                Route(ARXIV_PATH, self._answer_arxiv, methods=["GET", "POST"]),
                Route(HUGGINGFACE_PATH, self._answer_day, methods=["GET"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def fail_next(
        self,
        kind: Fault,
        times: int = 1,
        *,
        at: Upstream = "arxiv",
        retry_after_s: int = 120,
        delay_s: float = 1.0,
    ) -> None:
        """Answers the next `times` requests to one upstream with a fault; several calls queue up.

        Args:
            kind: what goes wrong, see `Fault`.
            times: how many requests in a row.
            at: whose requests.
            retry_after_s: the header of an `unavailable` answer.
            delay_s: how late a `slow` answer is.
        """
        if at == "list" and kind in ("bad_request", "error_entry_with_200"):
            raise ValueError(f"{kind} is an answer of arXiv's API only")
        if at != "huggingface" and kind == "default_page":
            raise ValueError(f"{kind} is an answer of Hugging Face's API only")
        self._faults[at].extend([_ArmedFault(kind, retry_after_s, delay_s)] * times)

    @property
    def unfired(self) -> list[Fault]:
        """Faults that were armed and have not happened yet."""
        return [fault.kind for queue in self._faults.values() for fault in queue]

    def count(self, upstream: Upstream) -> int:
        """How many requests an upstream has seen, failed ones included."""
        return sum(request.upstream == upstream for request in self.requests)

    def publish_list(self, list_text: str) -> None:
        """Replaces the list, as a new commit to the real one would; its ETag changes with it."""
        self._list_body = list_text.encode()

    def publish_day(self, day: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the daily list of a day."""
        self._days[day] = list(entries)

    def publish_version(self, paper: StandInPaper) -> None:
        """Puts a paper, or its next version, on arXiv."""
        self._papers[paper.arxiv_id] = paper

    def paper(self, arxiv_id: str) -> StandInPaper:
        """A paper as arXiv knows it now."""
        return self._papers[arxiv_id]

    async def _answer_day(self, request: Request) -> Response:
        params = dict(request.query_params)
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", params.get("date", "")):
            refusal = {"error": 'Invalid "date" query parameter'}
            return await self._answer("huggingface", request, params, JSONResponse(refusal, 400))
        entries = self._days.get(params["date"], [])
        armed = self._faults["huggingface"]
        if armed and armed[0].kind == "default_page":
            params = {**params, "limit": str(daily_list.DEFAULT_LIMIT)}
        return await self._answer("huggingface", request, params, JSONResponse(daily_list.page(entries, params)))

    async def _answer_list(self, request: Request) -> Response:
        etag = f'"{hashlib.sha256(self._list_body).hexdigest()}"'
        if etag in _known_tags(request.headers.get("if-none-match", "")):
            right = Response(status_code=304, headers={"ETag": etag})
        else:
            right = Response(self._list_body, media_type="text/plain", headers={"ETag": etag})
        return await self._answer("list", request, dict(request.query_params), right)

    async def _answer_arxiv(self, request: Request) -> Response:
        params = dict(request.query_params)
        if request.method == "POST":
            async with request.form() as form:
                params |= {name: value for name, value in form.items() if isinstance(value, str)}
        return await self._answer("arxiv", request, params, self._feed(params))

    async def _answer(self, upstream: Upstream, request: Request, params: dict[str, str], right: Response) -> Response:
        """The right answer, or the next armed fault in its place."""
        armed = self._faults[upstream].popleft() if self._faults[upstream] else None
        response = right if armed is None else self._faulty(armed, upstream, right)
        self.requests.append(
            SeenRequest(
                upstream=upstream,
                params=params,
                user_agent=request.headers.get("user-agent", ""),
                status=response.status_code,
                fault=armed.kind if armed else None,
            )
        )
        if armed is not None and armed.kind == "slow":
            await asyncio.sleep(armed.delay_s)
        return response

    def _faulty(self, armed: _ArmedFault, upstream: Upstream, right: Response) -> Response:
        match armed.kind:
            case "rate_exceeded" if upstream == "huggingface":
                limit = {"RateLimit": f'"api";r=0;t={armed.retry_after_s}'}
                return JSONResponse({"error": "We had to rate limit your IP"}, 429, limit)
            case "bad_request" if upstream == "huggingface":
                return JSONResponse({"error": "Invalid date"}, 400)
            case "rate_exceeded":
                return Response("Rate exceeded.", 429, media_type="text/plain")
            case "unavailable":
                return Response(
                    "Service Unavailable", 503, {"Retry-After": str(armed.retry_after_s)}, media_type="text/plain"
                )
            case "bad_request":
                return _error_response("incorrect id format for abc")
            case "error_entry_with_200":
                return _error_response("incorrect id format for abc", status=200)
            case "empty_feed":
                empty = {"arxiv": _feed_xml("", 0, DEFAULT_MAX_RESULTS, 0, []), "list": b"", "huggingface": b"[]"}
                body = empty[upstream]
                return _like(right, body)
            case "html":
                page = "<!DOCTYPE html><html><head><title>Just a moment</title></head><body>Checking.</body></html>"
                return Response(page, media_type="text/html")
            case "half_body":
                return _like(right, bytes(right.body)[: len(right.body) // 2])
            case "endless":
                return StreamingResponse(
                    _endless(self._endless_limit_bytes), media_type=right.media_type or "text/plain"
                )
            case "not_found":
                return Response("404: Not Found", 404, media_type="text/plain")
            case "slow" | "default_page":
                return right

    def _feed(self, params: Mapping[str, str]) -> Response:
        """The answer to one query, as arXiv would give it."""
        numbers = {}
        for name, default in (("start", 0), ("max_results", DEFAULT_MAX_RESULTS)):
            try:
                numbers[name] = int(params.get(name, "") or default)
            except ValueError:
                return _error_response(f"{name} must be an integer")
            if numbers[name] < 0:
                return _error_response(f"{name} must be non-negative")
        start, max_results = numbers["start"], numbers["max_results"]
        if max_results > MAX_RESULTS_LIMIT:
            return _error_response(f"max_results must not exceed {MAX_RESULTS_LIMIT}")
        id_list = params.get("id_list", "")
        asked = [part.strip() for part in id_list.split(",") if part.strip()]
        for part in asked:
            if not _VALID_ID.fullmatch(part):
                return _error_response(f"incorrect id format for {part}")
        found = self._in_upstream_order(asked)
        page = found[start : start + max_results]
        entries = [_entry_xml(paper, version) for paper, version in page]
        return _atom(_feed_xml(id_list, start, max_results, len(found), entries))

    def _in_upstream_order(self, asked: list[str]) -> list[tuple[StandInPaper, int]]:
        """The known papers among the ids asked for, each once, never in the order of asking (two or more)."""
        found: dict[tuple[str, int], StandInPaper] = {}
        for part in asked:
            match = _VALID_ID.fullmatch(part)
            paper = self._papers.get(match["bare"]) if match else None
            if match is None or paper is None:
                continue
            version = int(match["version"] or paper.latest_version)
            if version <= paper.latest_version:
                found[(paper.arxiv_id, version)] = paper
        # Promising any order would let a client match answers by position without a test noticing.
        order = sorted(found)
        if order == list(found):
            order.reverse()
        return [(found[key], key[1]) for key in order]


def _known_tags(if_none_match: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}


def _like(right: Response, body: bytes) -> Response:
    return Response(body, media_type=right.media_type or "text/plain")


async def _endless(limit_bytes: int) -> AsyncIterator[bytes]:
    chunk = b" " * 65_536
    for _ in range(limit_bytes // len(chunk) + 1):
        yield chunk
        await asyncio.sleep(0)


def _atom(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/atom+xml; charset=utf-8")


def _error_response(reason: str, *, status: int = 400) -> Response:
    """arXiv's way to refuse: a feed with one entry named Error. Older servers sent it with status 200."""
    address = f"https://arxiv.org/api/errors#{reason.replace(' ', '_')}"
    entry = f"""  <entry>
    <id>{_text(address)}</id>
    <title>Error</title>
    <updated>{FEED_UPDATED}</updated>
    <link href={quoteattr(address)} rel="alternate" type="text/html"/>
    <summary>{_text(reason)}</summary>
    <author>
      <name>arXiv api core</name>
    </author>
  </entry>
"""
    return _atom(_document("https://arxiv.org/", "arXiv Search Results", "", 1, 1, 0, [entry]), status)


def _feed_xml(id_list: str, start: int, max_results: int, total: int, entries: list[str]) -> bytes:
    title = f"arXiv Query: search_query=&id_list={id_list}&start={start}&max_results={max_results}"
    query = f"search_query=&start={start}&max_results={max_results}&id_list={id_list}"
    link = f'  <link href={quoteattr(f"https://arxiv.org/api/query?{query}")} type="application/atom+xml"/>\n'
    name = hashlib.sha256(query.encode()).hexdigest()[:27]
    return _document(f"https://arxiv.org/api/{name}", title, link, max_results, total, start, entries)


def _document(feed_id: str, title: str, link: str, per_page: int, total: int, start: int, entries: list[str]) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" \
xmlns="http://www.w3.org/2005/Atom">
  <id>{_text(feed_id)}</id>
  <title>{_text(title)}</title>
  <updated>{FEED_UPDATED}</updated>
{link}  <opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{"".join(entries)}</feed>
""".encode()


def _entry_xml(paper: StandInPaper, version: int) -> str:
    name = f"{paper.arxiv_id}v{version}"
    authors = "".join(f"    <author>\n      <name>{_text(author)}</name>\n    </author>\n" for author in paper.authors)
    more = "".join(
        f"    <arxiv:{tag}>{_text(value)}</arxiv:{tag}>\n"
        for tag, value in (("comment", paper.comment), ("doi", paper.doi))
        if value
    )
    return f"""  <entry>
    <id>http://arxiv.org/abs/{name}</id>
    <title>{_text(paper.title)}</title>
    <updated>{_text(paper.published)}</updated>
    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>
    <summary>{_text(paper.abstract)}</summary>
{more}    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <published>{_text(paper.published)}</published>
    <arxiv:primary_category term="cs.LG"/>
{authors}  </entry>
"""


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("", value))
