"""Stand-in for those who know works that are not on arXiv, and for pages of strangers; one server, many hosts.

    GET  /crossref/v1/works/{doi}                     Crossref's record, with a JATS abstract
    GET  /doi/{doi}                                   the registry's CSL JSON (by content negotiation)
    POST /semantic-scholar/graph/v1/paper/batch       null in place of what it does not know
    GET  anything else                                the page stored for `host + path`

The shapes are those of api.crossref.org, citation.crosscite.org and api.semanticscholar.org (read November 2026).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

CROSSREF_PATH = "/crossref"
DOI_PATH = "/doi"
SEMANTIC_SCHOLAR_PATH = "/semantic-scholar"

Knower = Literal["crossref", "datacite", "semantic_scholar", "page"]
WorksFault = Literal[
    "rate_exceeded",  # 429, plain text
    "unavailable",  # 503 with Retry-After
    "html",  # a web page instead of JSON
    "half_json",  # cut in the middle
    "endless",  # a body that goes on and on
    "refused",  # 403
    "redirect_private",  # to an address of the house
    "redirect_loop",  # to itself
    "slow",  # headers, then a byte now and then
    "not_text",  # a picture
]


@dataclass(frozen=True)
class Work:
    """What the registries know of a work; `known_to` names those that do."""

    title: str
    authors: tuple[tuple[str, str], ...] = (("Hana", "Exampleton"),)
    abstract: str = ""
    known_to: tuple[Knower, ...] = ("crossref", "datacite", "semantic_scholar")
    arxiv_id: str | None = None


class WorksStandIn:
    """The registries and pages as one ASGI application, with a log of what was asked and scripted faults."""

    def __init__(self, works: Mapping[str, Work] | None = None, pages: Mapping[str, str] | None = None) -> None:
        self.works: dict[str, Work] = {doi.lower(): work for doi, work in (works or {}).items()}
        self.pages: dict[str, str] = dict(pages or {})
        self.asked: list[tuple[Knower, str]] = []
        self.private_url = "http://127.0.0.1/"
        self._faults: dict[Knower, deque[WorksFault]] = {knower: deque() for knower in get_args(Knower)}
        self._app = Starlette(
            routes=[
                Route(f"{CROSSREF_PATH}/v1/works/{{doi:path}}", self._crossref),
                Route(f"{DOI_PATH}/{{doi:path}}", self._registry),
                Route(f"{SEMANTIC_SCHOLAR_PATH}/graph/v1/paper/batch", self._batch, methods=["POST"]),
                Route("/{path:path}", self._page),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def fail_next(self, kind: WorksFault, times: int = 1, *, at: Knower = "page") -> None:
        """Answers the next `times` questions to one of them with a fault."""
        self._faults[at].extend([kind] * times)

    @property
    def unfired(self) -> list[WorksFault]:
        """Faults that were armed and have not happened yet."""
        return [fault for queue in self._faults.values() for fault in queue]

    async def _crossref(self, request: Request) -> Response:
        doi = unquote(request.path_params["doi"]).lower()
        work = self._known("crossref", doi)
        if work is None:
            return self._answer("crossref", doi, Response("Resource not found.", 404, media_type="text/plain"))
        message: dict[str, Any] = {
            "DOI": doi,
            "title": [work.title],
            "author": [{"given": given, "family": family, "sequence": "first"} for given, family in work.authors],
        }
        if work.abstract:
            message["abstract"] = f"<jats:title>Abstract</jats:title><jats:p>{work.abstract}</jats:p>"
        return self._answer("crossref", doi, JSONResponse({"status": "ok", "message": message}))

    async def _registry(self, request: Request) -> Response:
        doi = unquote(request.path_params["doi"]).lower()
        work = self._known("datacite", doi)
        if work is None:
            return self._answer("datacite", doi, Response("DOI not found", 404, media_type="text/plain"))
        record: dict[str, Any] = {
            "title": work.title,
            "author": [{"given": given, "family": family} for given, family in work.authors],
        }
        if work.abstract:
            record["abstract"] = work.abstract
        return self._answer("datacite", doi, JSONResponse(record, media_type="application/vnd.citationstyles.csl+json"))

    async def _batch(self, request: Request) -> Response:
        names = (await request.json())["ids"]
        found = []
        for name in names:
            work = self._known("semantic_scholar", name.partition(":")[2].lower())
            found.append(
                work
                and {
                    "title": work.title,
                    "abstract": work.abstract or None,
                    "authors": [{"name": f"{given} {family}"} for given, family in work.authors],
                    "externalIds": {"ArXiv": work.arxiv_id} if work.arxiv_id else {},
                }
            )
        return self._answer("semantic_scholar", ",".join(names), JSONResponse(found))

    async def _page(self, request: Request) -> Response:
        place = f"{request.url.hostname}{request.url.path}"
        text = self.pages.get(place)
        right = Response("<html><body>Not found</body></html>", 404, media_type="text/html")
        if text is not None:
            right = Response(text, media_type="text/html")
        return self._answer("page", place, right)

    def _known(self, knower: Knower, doi: str) -> Work | None:
        work = self.works.get(doi)
        return work if work is not None and knower in work.known_to else None

    def _answer(self, knower: Knower, what: str, right: Response) -> Response:
        self.asked.append((knower, what))
        if not self._faults[knower]:
            return right
        match self._faults[knower].popleft():
            case "rate_exceeded":
                return Response("Too Many Requests", 429, {"Retry-After": "30"}, media_type="text/plain")
            case "unavailable":
                return Response("Service Unavailable", 503, {"Retry-After": "120"}, media_type="text/plain")
            case "html":
                return Response("<html><title>Just a moment</title></html>", media_type="text/html")
            case "half_json":
                return Response(bytes(right.body)[: len(right.body) // 2], media_type="application/json")
            case "endless":
                return StreamingResponse(_endless(), media_type="text/html")
            case "refused":
                return Response("ChallengeRequiredError", 403, media_type="text/plain")
            case "redirect_private":
                return RedirectResponse(self.private_url, 302)
            case "redirect_loop":
                return RedirectResponse("", 302)  # an empty address is the page's own
            case "slow":
                return StreamingResponse(_slow(), media_type="text/html")
            case "not_text":
                return Response(b"\x89PNG", media_type="image/png")


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(1_000):
        yield b" " * 65_536
        await asyncio.sleep(0)


async def _slow() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b" "
        await asyncio.sleep(0.1)
