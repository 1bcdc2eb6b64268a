"""Hugging Face's daily papers: what readers there put on the list of a day, with votes.

`GET /api/daily_papers?date=YYYY-MM-DD&limit=100&p=0` answers with a JSON array. What this module knows of it was read
from 558 recorded days (May 2024 to August 2026) and from huggingface.co/docs/hub/api:

* The default limit of 50 cuts a day silently; 100 is the most, more is on the next page.
* A list is open during its day (UTC) and grows; the date that was asked for is its date, no stamp inside is.
* Fields come and go over the years. Only `paper.id` and `paper.title` are needed here.
* A date in the future is answered 400; a 429 says in its `RateLimit` header how long to wait.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.errors import RejectedError, TransientError
from bot.papers.identity import arxiv_id_of
from bot.sources.fetch import read_text
from bot.sources.plain_text import storable

PAGE = 100
DEFAULT_PAGE = 50
MOST_PAGES = 10
THUMBNAILS = "cdn-thumbnails.huggingface.co"
MOST_VOTES = 1_000_000

_IS_THUMBNAIL = re.compile(re.escape(f"https://{THUMBNAILS}/") + r"[\w./%?=&~-]+", re.ASCII)
# `\href{address}{words}` comes as `address{words}`.
_HALF_LINK = re.compile(r"(https?://[^\s{}]+)\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class DailyPaper:
    """One paper of a day's list.

    Attributes:
        arxiv_id: without version.
        authors: as on arXiv, in its order, without those who are hidden.
        votes: at the time of reading; they grow for days.
        abstract: nearly arXiv's, with the rests of its LaTeX; may be empty.
        thumbnail: address of its picture.
    """

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    votes: int
    abstract: str
    thumbnail: str


def read_day(day: dt.date, *, client: httpx.Client, base_url: str) -> tuple[DailyPaper, ...]:
    """The papers of a day, those with the most votes first; empty if it has no list (a weekend, a holiday).

    Raises:
        RejectedError: Hugging Face refuses the request, or its format has changed; a retry does not help.
        TransientError: it is down, slow, busy or garbled; `retry_after_s` is set where it said when to come back.
    """
    found: dict[str, DailyPaper] = {}
    page_size, number = PAGE, 0
    while number < MOST_PAGES:
        query = urlencode({"date": day.isoformat(), "limit": page_size, "p": number})
        page = parse_day(read_text(f"{base_url.rstrip('/')}/api/daily_papers?{query}", client=client))
        known = len(found)
        for paper in page:
            found.setdefault(paper.arxiv_id, paper)  # the list grows while it is read
        if len(page) == DEFAULT_PAGE:
            page_size = DEFAULT_PAGE  # perhaps a whole list, perhaps our limit was not heard: the next page tells
        if len(page) < page_size or (number and len(found) == known):
            return tuple(sorted(found.values(), key=lambda paper: -paper.votes))
        number += 1
    raise RejectedError(f"Hugging Face's list of {day} has more than {MOST_PAGES} pages; that is no list of a day.")


def parse_day(body: str) -> tuple[DailyPaper, ...]:
    """The papers of one answer, in its order.

    Raises:
        TransientError: it is no JSON: a web page, or cut off.
        RejectedError: it is JSON of another form; nothing of it is used.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        start = " ".join(body[:60].split())
        raise TransientError(
            f"Hugging Face answered with something that is not JSON ({start!r}); try again later."
        ) from exc
    if not isinstance(answer, list):
        raise RejectedError("Hugging Face's list of daily papers has another form than it had; nothing was used.")
    return tuple(_paper(entry) for entry in answer)


def thumbnail_of(arxiv_id: str) -> str:
    """The address of a paper's picture, which all recorded ones have."""
    return f"https://{THUMBNAILS}/social-thumbnails/papers/{arxiv_id}.png"


def _paper(entry: object) -> DailyPaper:
    paper = entry.get("paper") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(paper, Mapping):
        raise RejectedError("An entry of Hugging Face's list holds no paper: has its format changed?")
    arxiv_id = arxiv_id_of(_text(paper.get("id")))
    title = _text(paper.get("title")) or _text(entry.get("title"))
    if arxiv_id is None or not title:
        raise RejectedError("A paper of Hugging Face's list has no arXiv id or no title: has its format changed?")
    votes = paper.get("upvotes")
    return DailyPaper(
        arxiv_id.id,
        title,
        tuple(_authors(paper.get("authors"))),
        min(votes, MOST_VOTES) if isinstance(votes, int) and votes > 0 else 0,
        _HALF_LINK.sub(r"\1", _text(paper.get("summary")) or _text(entry.get("summary"))),
        _thumbnail(arxiv_id.id, entry, paper),
    )


def _authors(listed: object) -> Iterator[str]:
    for author in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        if isinstance(author, Mapping) and not author.get("hidden") and (name := _text(author.get("name"))):
            yield name


def _thumbnail(arxiv_id: str, entry: Mapping[str, Any], paper: Mapping[str, Any]) -> str:
    for holder in (entry, paper):
        for name in ("thumbnail", "mediaUrl"):
            address = _text(holder.get(name))
            if _IS_THUMBNAIL.fullmatch(address):
                return address
    return thumbnail_of(arxiv_id)


def _text(value: object) -> str:
    return " ".join(storable(value).split()) if isinstance(value, str) else ""
