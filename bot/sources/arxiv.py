"""arXiv's metadata API: titles, authors and abstracts of papers by id.

`GET /api/query?id_list=...` answers with an Atom 1.0 feed in UTF-8. What this module knows of the answers was read from
real ones of April and May 2026 and from info.arxiv.org/help/api:

* A well-formed id that does not exist is left out of the answer without a word (status 200).
* One malformed id makes the whole request fail (400, or on older servers a 200 with one entry that is an error).
* One request every 3 seconds for all machines of a user together; beyond that, and on some days below it, the answer is
  `Rate exceeded.`
"""

import contextlib
import datetime as dt
import importlib.metadata
import itertools
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Never

import httpx

from bot.errors import RejectedError, TransientError
from bot.papers.identity import ArxivId, arxiv_id_of

IDS_PER_REQUEST = 100
"""Keeps the address short; the API itself allows up to 2,000 results a call."""

MAX_BYTES = 10_000_000
DEADLINE_S = 30.0
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
BUSY_RETRY_S = 300.0
"""After a refusal for load without a `Retry-After`: arXiv's bans last minutes to hours."""
FORBIDDEN_RETRY_S = 3600.0
LONGEST_RETRY_S = 86_400.0

_BUSY = frozenset({429, 503})
_ERROR_BODY_BYTES = 65_536
_NOT_A_FEED = "arXiv answered with something that is not a feed"

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

# "This paper has been withdrawn by the authors due to ..." in the first words of what used to be the abstract.
_WITHDRAWN_ABSTRACT = re.compile(
    r"\W*withdrawn\b"
    r"|[^.]{0,40}?\b(?:paper|article|submission|manuscript|work|preprint|version|note|letter|report|authors?)\b"
    r"(?:[^.]{0,60}? (?:been|is|was|has|have)(?: \w+)?)? withdrawn\b",
    re.IGNORECASE,
)
_WITHDRAWN_COMMENT = re.compile(r"\bwithdrawn\b", re.IGNORECASE)


@dataclass(frozen=True)
class ArxivPaper:
    """One version of a paper as arXiv describes it; texts have their white space collapsed and their LaTeX kept.

    Attributes:
        arxiv_id: without version.
        version: the version these texts belong to.
        abstract: may be empty.
        authors: as printed, in order, without affiliations.
        published_at: when version 1 appeared (aware, UTC).
        updated_at: when this version appeared (aware, UTC).
        primary_category: for example `cs.CL`; empty if arXiv named none.
        doi: the DOI of the published article, not arXiv's own.
        withdrawn: the comment, or the beginning of the abstract, says so. Atom has no flag for it: something for a
            person to look at, not a proof.
    """

    arxiv_id: str
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    published_at: dt.datetime
    updated_at: dt.datetime
    primary_category: str
    doi: str | None
    comment: str | None
    journal_ref: str | None
    withdrawn: bool


@dataclass(frozen=True)
class FetchResult:
    """What arXiv knew of the ids asked for.

    Attributes:
        papers: by id without version.
        unknown: the ids, without version and in the order asked, that arXiv left out. All of them may be here: arXiv is
            known to send empty answers on bad days, so a caller who has seen these ids before should ask again later.
    """

    papers: dict[str, ArxivPaper]
    unknown: tuple[str, ...]


def fetch(
    ids: Sequence[ArxivId | str],
    *,
    client: httpx.Client,
    base_url: str,
    take_turn: Callable[[], None],
    contact: str,
    deadline_s: float = DEADLINE_S,
    max_bytes: int = MAX_BYTES,
) -> FetchResult:
    """Look up papers by id, in one request for up to 100 different ids.

    An id with a version asks for that version. An id given in different ways (two versions, or with and without) is
    asked for once, in its latest version. A failure in a later request loses what earlier ones brought.

    Args:
        ids: anything that `arxiv_id_of` understands.
        client: its redirects are not used: a redirect would be a request outside the pace.
        base_url: scheme and host, such as `https://export.arxiv.org`; the path is added here.
        take_turn: called before each request; returns when this process may make one (3 s apart over all processes).
        contact: address of the operator for the User-Agent: printable ASCII, no brackets.
        deadline_s: seconds for one request, checked whenever something arrives; a silent server is left after 15 s.
        max_bytes: the largest answer that is read, after decompression.

    Raises:
        RejectedError: an id is malformed (named, nothing was sent), or arXiv refuses the request or has moved; a retry
            does not help.
        TransientError: arXiv is down, slow, busy or garbled. `retry_after_s` is set where arXiv is busy (its
            `Retry-After`, otherwise 300 s) or refuses us (403: one hour).
    """
    wanted = _different(ids)
    headers = {"User-Agent": _user_agent(contact), "Accept": "application/atom+xml", "Accept-Encoding": "gzip"}
    papers: dict[str, ArxivPaper] = {}
    for batch in _batches(list(wanted.values())):
        params = {"id_list": ",".join(map(str, batch)), "start": "0", "max_results": str(len(batch))}
        take_turn()
        answer = _get(
            client, f"{base_url.rstrip('/')}/api/query", params, headers, deadline_s=deadline_s, max_bytes=max_bytes
        )
        for paper in _papers_in(answer):
            known = papers.get(paper.arxiv_id)
            if paper.arxiv_id in wanted and (known is None or known.version < paper.version):
                papers[paper.arxiv_id] = paper
    return FetchResult(papers, tuple(arxiv_id for arxiv_id in wanted if arxiv_id not in papers))


def parse_feed(body: bytes) -> tuple[ArxivPaper, ...]:
    """The papers of an Atom feed of arXiv, in its order; empty if it holds none.

    Takes bytes, because the feed names its own encoding and a guess by the HTTP client ruins names (`WÃ¼bben`).

    Raises:
        RejectedError: the feed is arXiv's error message, whose reason is in the message; or an entry lacks what every
            paper has (then nothing of the feed is used, as arXiv's format has changed).
        TransientError: not a feed: HTML, cut off, empty, or with a document type declaration.
    """
    return tuple(_paper(entry) for entry in _entries(_feed(body)))


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


def _different(ids: Sequence[ArxivId | str]) -> dict[str, ArxivId]:
    """The ids to ask for, by id without version, in the order asked."""
    wanted: dict[str, ArxivId] = {}
    for given in ids:
        arxiv_id = arxiv_id_of(str(given))
        if arxiv_id is None:
            raise RejectedError(
                f"{str(given)!r} is not an arXiv id; correct it, as one bad id makes arXiv refuse them all"
            )
        first = wanted.setdefault(arxiv_id.id, arxiv_id)
        if first != arxiv_id:
            wanted[arxiv_id.id] = ArxivId(arxiv_id.id)
    return wanted


def _batches(ids: list[ArxivId]) -> Iterator[list[ArxivId]]:
    iterator = iter(ids)
    while batch := list(itertools.islice(iterator, IDS_PER_REQUEST)):
        yield batch


def _user_agent(contact: str) -> str:
    if not re.fullmatch(r"[!-~]+", contact) or re.search(r"[()\\]", contact):
        raise RejectedError(f"the contact for arXiv must be one address (mail or web) in plain ASCII, not {contact!r}")
    return f"paperbot/{importlib.metadata.version('paperbot')} (+{contact})"


def _get(
    client: httpx.Client,
    url: str,
    params: dict[str, str],
    headers: dict[str, str],
    *,
    deadline_s: float,
    max_bytes: int,
) -> _Answer:
    """One request, with its answer whatever the status."""
    started = time.monotonic()
    timeout = httpx.Timeout(min(READ_TIMEOUT_S, deadline_s), connect=min(CONNECT_TIMEOUT_S, deadline_s))
    try:
        with client.stream(
            "GET", url, params=params, headers=headers, timeout=timeout, follow_redirects=False
        ) as response:
            if response.status_code in _BUSY:
                return _Answer(response.status_code, response.headers, b"")  # the headers say it all
            # More than one layer, or a stronger method, would let a few bytes grow into gigabytes between two checks.
            if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip"):
                raise TransientError("arXiv sent an encoding it was not asked for")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() - started > deadline_s:
                    raise TransientError(f"arXiv took more than {deadline_s:g} s to answer")
                if response.status_code != httpx.codes.OK and len(body) > _ERROR_BODY_BYTES:
                    break  # enough of an error page; its status matters more
                if len(body) > max_bytes:
                    raise TransientError(f"arXiv sent more than {max_bytes:,} bytes, which no batch of papers needs")
            return _Answer(response.status_code, response.headers, bytes(body))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
        raise RejectedError(f"{url!r} is not an address arXiv can be asked at; correct the setting") from exc
    except httpx.TimeoutException as exc:
        raise TransientError(f"arXiv did not answer in time ({type(exc).__name__})") from exc
    except httpx.RequestError as exc:
        raise TransientError(f"arXiv could not be read ({type(exc).__name__}: {exc})") from exc


def _papers_in(answer: _Answer) -> tuple[ArxivPaper, ...]:
    # The load message has come with several statuses, 200 among them.
    if answer.body[:200].strip().lower().startswith(b"rate exceeded") or answer.status in _BUSY:
        raise TransientError(f"arXiv is busy (status {answer.status})", retry_after_s=_retry_after_s(answer.headers))
    if answer.status != httpx.codes.OK:
        _refuse(answer)
    root = _feed(answer.body)
    papers = tuple(_paper(entry) for entry in _entries(root))
    total = root.findtext(f"{_OPENSEARCH}totalResults", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", total) and int(total) > len(papers):
        raise TransientError(f"arXiv announced {total} papers and sent {len(papers)}")
    return papers


def _refuse(answer: _Answer) -> Never:
    status = answer.status
    if status >= 500 or status in (408, 425):
        raise TransientError(f"arXiv is not well (status {status})")
    if status == 403:
        raise TransientError("arXiv refuses our requests for now (status 403)", retry_after_s=FORBIDDEN_RETRY_S)
    if 300 <= status < 400:
        to = answer.headers.get("Location", "nowhere")[:200]
        raise RejectedError(f"arXiv has moved to {to} (status {status}); correct the address in the settings")
    if status < 300:
        raise TransientError(f"{_NOT_A_FEED} (status {status})")
    with contextlib.suppress(TransientError):  # a body that is no feed
        _entries(_feed(answer.body))  # raises with arXiv's reason, where it is arXiv's error message
    start = _collapsed(answer.body[:200].decode("utf-8", errors="replace"))
    raise RejectedError(f"arXiv refused the request (status {status}): {start}")


def _retry_after_s(headers: httpx.Headers) -> float:
    """Seconds from a `Retry-After` of either form; a date counts from the answer's own `Date`."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(float(value), LONGEST_RETRY_S)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):  # TypeError: one date has a zone and the other has none
        return BUSY_RETRY_S
    return min(max(wait.total_seconds(), 0.0), LONGEST_RETRY_S)


class _NoDoctype(ET.TreeBuilder):
    """Refuses a document type before anything in it is read: no entities, no outside files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - the parser's interface
        raise ValueError(f"declares the document type {name!r}")


def _feed(body: bytes) -> ET.Element:
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - see _NoDoctype
    try:
        parser.feed(body)
        root: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as exc:  # the last two also for encodings that nobody knows
        raise TransientError(f"{_NOT_A_FEED} ({exc})") from exc
    if root.tag != f"{_ATOM}feed":
        raise TransientError(_NOT_A_FEED)
    return root


def _entries(root: ET.Element) -> list[ET.Element]:
    """The entries, none of which is an error message."""
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        if "arxiv.org/api/errors" in _text(entry, f"{_ATOM}id"):
            raise RejectedError(f"arXiv refused the request: {_text(entry, f'{_ATOM}summary') or 'no reason given'}")
    return entries


def _paper(entry: ET.Element) -> ArxivPaper:
    address = _text(entry, f"{_ATOM}id")
    arxiv_id = arxiv_id_of(address)
    title = _text(entry, f"{_ATOM}title")
    if arxiv_id is None or arxiv_id.version is None or not title:
        raise RejectedError(f"arXiv's entry {address!r} has no id with version, or no title: has its format changed?")
    abstract = _text(entry, f"{_ATOM}summary")
    comment = _text(entry, f"{_ARXIV}comment") or None
    return ArxivPaper(
        arxiv_id=arxiv_id.id,
        version=arxiv_id.version,
        title=title,
        abstract=abstract,
        authors=tuple(name for author in entry.findall(f"{_ATOM}author") if (name := _text(author, f"{_ATOM}name"))),
        published_at=_time(entry, f"{_ATOM}published", address),
        updated_at=_time(entry, f"{_ATOM}updated", address),
        primary_category=_primary_category(entry),
        doi=_text(entry, f"{_ARXIV}doi") or None,
        comment=comment,
        journal_ref=_text(entry, f"{_ARXIV}journal_ref") or None,
        withdrawn=_says_withdrawn(abstract, comment),
    )


def _says_withdrawn(abstract: str, comment: str | None) -> bool:
    return bool(_WITHDRAWN_ABSTRACT.match(abstract) or _WITHDRAWN_COMMENT.search(comment or ""))


def _primary_category(entry: ET.Element) -> str:
    for tag in (f"{_ARXIV}primary_category", f"{_ATOM}category"):
        found = entry.find(tag)
        if found is not None:
            return found.get("term", "").strip()
    return ""


def _time(entry: ET.Element, tag: str, address: str) -> dt.datetime:
    text = _text(entry, tag)
    try:
        time_read = dt.datetime.fromisoformat(text)
    except ValueError as exc:
        raise RejectedError(
            f"arXiv's entry {address!r} has the unreadable time {text!r}: has its format changed?"
        ) from exc
    if time_read.tzinfo is None:
        raise RejectedError(f"arXiv's entry {address!r} has the time {text!r} without a zone: has its format changed?")
    return time_read.astimezone(dt.UTC)


def _text(parent: ET.Element, tag: str) -> str:
    """The text of the first child of that name, collapsed; empty where there is none."""
    child = parent.find(tag)
    return "" if child is None else _collapsed("".join(child.itertext()))


def _collapsed(text: str) -> str:
    return " ".join(text.split())
