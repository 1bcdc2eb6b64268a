"""Title, authors and abstract of works that are not on arXiv, asked of those who may know, best first.

The id in the address needs no request (`papers/identity.py`). Then, where there is a DOI, Crossref and the DOI's own
registry; then Semantic Scholar; then the page itself, for what it says of its work in meta tags. Every answer is handed
on with its origin, an empty or failed one too. What a page shows people is no source: `og:description` is a teaser.

Sources of the forms: api.crossref.org (REST API, JATS abstracts), citation.crosscite.org (CSL JSON by content
negotiation), api.semanticscholar.org/api-docs/graph, scholar.google.com/intl/en/scholar/inclusion.html (`citation_`
tags); read November 2026.
"""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import httpx

from bot.errors import RejectedError, TransientError
from bot.papers.identity import arxiv_id_of, doi_of
from bot.sources.guarded import PORTS, HostRefusesError, Page, read_page
from bot.sources.plain_text import storable

Origin = Literal["crossref", "datacite", "semantic_scholar", "page"]
Outcome = Literal["found", "nothing", "refused", "failed"]

NEVER_ASKED = ("openai.com", "x.com", "twitter.com")
"""They answer programs with a refusal or an empty shell."""
_ABSTRACT_IN_DESCRIPTION = ("nature.com", "biorxiv.org", "medrxiv.org")
_KNOWN_BY_ADDRESS = ("semanticscholar.org", "aclweb.org", "acm.org", "biorxiv.org")
_LONGEST_TITLE, _LONGEST_ABSTRACT, _MOST_AUTHORS, _MOST_HTML = 500, 10_000, 1_000, 400_000
_TAG = re.compile(
    r"</?(?:jats:[a-z-]+|p|i|b|em|strong|sub|sup|sc|italic|bold|sec|title|br)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_WORD_ABSTRACT = re.compile(r"^(?:abstract|summary)\b[\s:.]*(?=[A-Z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of them said.

    Attributes:
        asked: the DOI or address that was asked for.
        outcome: `found` (at least a title), `nothing`, `refused`, or `failed` (ask again another day).
        note: why, where nothing was found.
        was_asked: whether it was asked at all.
    """

    origin: Origin
    asked: str
    outcome: Outcome
    note: str = ""
    title: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    was_asked: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked, and how.

    Attributes:
        apis: a client for the three registries.
        web: a client for strangers' pages (`guarded.client`).
        ports: of pages that may be asked.
        is_closed: whether a host refused us lately.
    """

    apis: httpx.Client
    web: httpx.Client
    user_agent: str
    contact: str
    crossref_url: str
    doi_url: str
    semantic_scholar_url: str
    is_closed: Callable[[str], bool]
    ports: frozenset[int] = PORTS
    reads_pages: bool = True
    """Whether strangers' pages are read at all."""


def look_up(url: str, doi: str | None, asked: Asked) -> Iterator[Answer]:
    """The answers about a work, in order, until one has both title and abstract. Never raises for what is out there."""
    known = Answer("page", url, "nothing", doi=doi)
    todo: list[Callable[[], Answer]] = []
    if doi:
        todo += [lambda: _crossref(doi, asked), lambda: _datacite(doi, asked)]
    if doi or _is_under(_host(url), _KNOWN_BY_ADDRESS):
        todo.append(lambda: _semantic_scholar(url, doi, asked))
    if asked.reads_pages:
        todo.append(lambda: _page(url, asked))
    for step in todo:
        answer = step()
        yield answer
        known = replace(
            known,
            title=known.title or answer.title,
            abstract=known.abstract or answer.abstract,
            doi=known.doi or answer.doi,
        )
        if known.title and known.abstract:
            return
        if answer.arxiv_id:
            return  # arXiv knows the rest
    if doi is None and known.doi:  # the page told it
        yield _crossref(known.doi, asked)


def from_html(text: str, host: str) -> Answer:
    """What a page says of its work in its tags; texts only, all white space collapsed."""
    tags = _Tags()
    with suppress(AssertionError):  # html.parser's answer to `<![odd[`: what stood before it is read
        tags.feed(text[:_MOST_HTML])
    meta = tags.meta
    linked = [one for script in tags.scripts for one in _articles(script)]
    title = _first([*meta("citation_title"), *meta("dc.title"), *_of(linked, "headline", "name")])
    title = title or _first([*meta("og:title"), tags.title])
    authors = [*meta("citation_author"), *meta("dc.creator")] or list(_linked_authors(linked))
    described = meta("dc.description") if _is_under(host, _ABSTRACT_IN_DESCRIPTION) else []
    abstract = _first([*meta("citation_abstract"), *described, *_of(linked, "abstract", "description")])
    dois = [found for value in [*meta("citation_doi"), *meta("dc.identifier")] if (found := doi_of(value))]
    arxiv = next((known.id for value in meta("citation_arxiv_id") if (known := arxiv_id_of(value))), None)
    return _found("page", "", title, [_natural(name) for name in authors], abstract, next(iter(dois), None), arxiv)


# --- who is asked ----------------------------------------------------------------------------------------------------


def _crossref(doi: str, asked: Asked) -> Answer:
    address = f"{asked.crossref_url.rstrip('/')}/v1/works/{quote(doi, safe='/')}?mailto={quote(asked.contact)}"

    def read(page: Page) -> Answer:
        work = _mapping(_mapping(_json(page)).get("message"))
        title = _first(_strings(work.get("title")))
        return _found("crossref", doi, title, _people(work.get("author")), _text(work.get("abstract")), doi)

    return _asked("crossref", doi, address, asked, "application/json", read)


def _datacite(doi: str, asked: Asked) -> Answer:
    def read(page: Page) -> Answer:
        work = _mapping(_json(page))
        title = _first([_text(work.get("title")), *_strings(work.get("title"))])
        return _found("datacite", doi, title, _people(work.get("author")), _text(work.get("abstract")), doi)

    address = f"{asked.doi_url.rstrip('/')}/{quote(doi, safe='/')}"
    return _asked("datacite", doi, address, asked, "application/vnd.citationstyles.csl+json", read)


def _semantic_scholar(url: str, doi: str | None, asked: Asked) -> Answer:
    name = f"DOI:{doi}" if doi else f"URL:{url}"

    def read(page: Page) -> Answer:
        works = _json(page)
        work = _mapping(works[0] if isinstance(works, list) and works else None)
        external = _mapping(work.get("externalIds"))
        arxiv = arxiv_id_of(_text(external.get("ArXiv")))
        names = [_text(_mapping(one).get("name")) for one in _list(work.get("authors"))]
        found = doi or doi_of(_text(external.get("DOI")))
        arxiv_id = arxiv.id if arxiv else None
        return _found(
            "semantic_scholar", name, _text(work.get("title")), names, _text(work.get("abstract")), found, arxiv_id
        )

    fields = "title,abstract,authors,externalIds"
    address = f"{asked.semantic_scholar_url.rstrip('/')}/graph/v1/paper/batch?fields={fields}"
    return _asked("semantic_scholar", name, address, asked, "application/json", read, {"ids": [name]})


def _page(url: str, asked: Asked) -> Answer:
    host = _host(url)
    if _is_under(host, NEVER_ASKED):
        note = f"{host} lets no program in, so it was not asked."
        return Answer("page", url, "refused", note, was_asked=False)
    if asked.is_closed(host):
        note = f"{host} refused lately and is not asked again this week."
        return Answer("page", url, "refused", note, was_asked=False)
    if urlsplit(url).path.lower().endswith(".pdf"):
        return Answer("page", url, "nothing", "A PDF has no tags to read.")
    try:
        page = read_page(url, http=asked.web, user_agent=asked.user_agent, ports=asked.ports)
    except HostRefusesError as exc:
        return Answer("page", url, "refused", str(exc))
    except RejectedError as exc:
        return Answer("page", url, "nothing", str(exc))
    except TransientError as exc:
        return Answer("page", url, "failed", str(exc))
    return replace(from_html(page.text, _host(page.url)), asked=url)


def _asked(
    origin: Origin,
    what: str,
    address: str,
    asked: Asked,
    accept: str,
    read: Callable[[Page], Answer],
    body: object | None = None,
) -> Answer:
    """What one registry says; its address is the operator's, so any port of it may be asked."""
    port = urlsplit(address).port
    try:
        page = read_page(
            address,
            http=asked.apis,
            user_agent=asked.user_agent,
            accept=accept,
            ports=PORTS | ({port} if port else set()),
            method="GET" if body is None else "POST",
            json=body,
        )
        return read(page)
    except HostRefusesError as exc:
        return Answer(origin, what, "refused", str(exc))
    except RejectedError as exc:
        return Answer(origin, what, "nothing", str(exc))
    except TransientError as exc:
        return Answer(origin, what, "failed", str(exc))


def _found(
    origin: Origin,
    asked: str,
    title: str | None,
    authors: Sequence[str],
    abstract: str | None,
    doi: str | None = None,
    arxiv_id: str | None = None,
) -> Answer:
    clean_title = _plain(title or "")[:_LONGEST_TITLE] or None
    clean_abstract = _WORD_ABSTRACT.sub("", _plain(abstract or ""))[:_LONGEST_ABSTRACT] or None
    names = tuple(name for one in authors[:_MOST_AUTHORS] if (name := _plain(one)[:200]))
    outcome: Outcome = "found" if clean_title or arxiv_id else "nothing"
    note = "" if outcome == "found" else "It names no title."
    return Answer(origin, asked, outcome, note, clean_title, names, clean_abstract, doi, arxiv_id)


# --- values ----------------------------------------------------------------------------------------------------------


def _json(page: Page) -> Any:
    try:
        return json.loads(page.text)
    except (ValueError, RecursionError) as exc:
        raise TransientError(f"{_host(page.url)} answered with something that is not JSON; try again later.") from exc


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


def _first(values: Sequence[str]) -> str | None:
    return next((value for value in values if value.strip()), None)


def _plain(text: str) -> str:
    return " ".join(storable(html.unescape(_TAG.sub(" ", text))).split())


def _people(listed: object) -> list[str]:
    names = []
    for one in map(_mapping, _list(listed)):
        parts = [_text(one.get("given")), _text(one.get("family"))]
        names.append(" ".join(part for part in parts if part) or _text(one.get("name")) or _text(one.get("literal")))
    return names


def _natural(name: str) -> str:
    """`First Last` for `Last, First`."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _is_under(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


# --- pages -----------------------------------------------------------------------------------------------------------


class _Tags(HTMLParser):
    """Meta tags by name, linked-data scripts, and the title."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.scripts: list[str] = []
        self._meta: dict[str, list[str]] = {}
        self._inside: str | None = None

    def meta(self, name: str) -> list[str]:
        """The values of a tag, in order."""
        return self._meta.get(name, [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a meta tag; remember where title and linked data begin."""
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = (values.get("name") or values.get("property") or "").strip().lower()
            if name and values.get("content"):
                self._meta.setdefault(name, []).append(values["content"])
        elif tag == "title" and not self.title:
            self._inside = "title"
        elif tag == "script" and values.get("type", "").lower() == "application/ld+json":
            self._inside = "script"
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Title or script ends."""
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        """Text of title or script."""
        if self._inside == "title":
            self.title += data
        elif self._inside == "script":
            self.scripts[-1] += data


def _articles(script: str) -> Iterator[Mapping[str, Any]]:
    """The scholarly articles in a block of linked data."""
    try:
        data = json.loads(script)
    except (ValueError, RecursionError):
        return
    for one in [data, *_list(data), *_list(_mapping(data).get("@graph")), _mapping(data).get("mainEntity")]:
        kinds = _mapping(one).get("@type")
        if "ScholarlyArticle" in ([kinds] if isinstance(kinds, str) else _strings(kinds)):
            yield _mapping(one)


def _of(articles: Sequence[Mapping[str, Any]], *names: str) -> list[str]:
    return [_text(article.get(name)) for article in articles for name in names]


def _linked_authors(articles: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for article in articles:
        listed = article.get("author")
        for one in listed if isinstance(listed, list) else [listed]:
            if name := _text(_mapping(one).get("name")) or _text(one):
                yield name
