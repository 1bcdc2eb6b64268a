"""Hugging Face's side of the upstream stand-in: the list of a day as its API gives it.

The shape of an entry is that of recorded answers of 2025 and 2026; what the service does not read is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DEFAULT_LIMIT = 50
MOST = 100


def page(entries: Sequence[Mapping[str, Any]], params: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """One page of a day's entries; a limit above the highest is cut to it without a word."""
    limit = min(int(params.get("limit", DEFAULT_LIMIT)), MOST)
    start = int(params.get("p", 0)) * limit
    return list(entries[start : start + limit])


def entries_of(recorded: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A day with the recorded papers that are on arXiv, in their order; the first has the most votes.

    Args:
        recorded: mappings with `arxiv_id`, `title`, `abstract`, `authors` and `published`.
    """
    papers = list(recorded)
    return [entry(paper, votes=3 * (len(papers) - place) + 2) for place, paper in enumerate(papers)]


def entry(paper: Mapping[str, Any], *, votes: int, hidden: Sequence[str] = ()) -> dict[str, Any]:
    """One paper of the list."""
    arxiv_id = paper["arxiv_id"]
    authors = [
        {"_id": f"{number:024x}", "name": name, "hidden": name in hidden}
        for number, name in enumerate(paper["authors"])
    ]
    inner = {
        "id": arxiv_id,
        "authors": authors,
        "publishedAt": paper["published"],
        "title": paper["title"],
        "summary": paper["abstract"],
        "upvotes": votes,
        "ai_summary": "A sentence that no person wrote.",
    }
    return {
        "paper": inner,
        "title": paper["title"],
        "publishedAt": paper["published"],
        "summary": paper["abstract"],
        "thumbnail": f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{arxiv_id}.png",
        "numComments": 1,
    }
