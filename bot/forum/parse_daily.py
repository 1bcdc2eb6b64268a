"""Finding, in a daily post that people may have edited, the bullets of the papers we know.

A paper is recognised by the address its heading leads to, else by its title. Its bullets are what stands under the
heading besides picture, votes, authors and links to earlier articles.
"""

import re
from collections.abc import Iterator, Sequence

from bot.forum.parse import KnownPaper, Parsed, Region, text_key
from bot.forum.tokens import RULE_LINE
from bot.languages.ko import labels

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<content>.*?)[ \t]*")
_LINK = re.compile(r"\[(?P<title>.*)\]\((?P<url>[^)\s]+)\)")
_FRAME = re.compile(
    rf"!\[[^\]]*\]\([^)\s]*\)|Vote: \d+|Authors: .*|{re.escape(labels.EARLIER)}.*|<?https?://\S+>?|"
    + "|".join(re.escape(text.split("{")[0]) + ".*" for text in (labels.PAPER_WAITS, labels.PAPER_FAILED))
)


def parse_daily(raw: str, known: Sequence[KnownPaper], *, has_opening: bool = True) -> Parsed:  # noqa: ARG001
    """The regions of one post, a summary a paper. Never raises, whatever stands in it.

    Args:
        has_opening: whether the first part is meant; a daily post has no text there.
    """
    regions: list[Region] = []
    papers: list[int] = []
    free = list(known)
    for heading, start, end in _sections(raw):
        paper = _paper(heading, free)
        if paper is None:
            continue
        free.remove(paper)
        papers.append(paper.key)
        if paper.passages:
            regions.append(_region(raw, start, end, paper.key))
    return Parsed(tuple(regions), tuple(papers))


def _sections(raw: str) -> Iterator[tuple[str, int, int]]:
    """What each heading says, and where the text under it begins and ends: at the next heading or rule."""
    heading: tuple[str, int] | None = None
    for start, line in _lines(raw):
        found = _HEADING.fullmatch(line)
        if heading is not None and (found or RULE_LINE.fullmatch(line)):
            yield (*heading, start)
            heading = None
        if found:
            heading = (found["content"], min(start + len(line) + 1, len(raw)))
    if heading is not None:
        yield (*heading, len(raw))


def _lines(raw: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in raw.split("\n"):
        yield start, line
        start += len(line) + 1


def _paper(heading: str, free: Sequence[KnownPaper]) -> KnownPaper | None:
    link = _LINK.fullmatch(heading)
    title = text_key(link["title"] if link else heading)
    by_url = next((paper for paper in free if link and paper.url and link["url"] == paper.url), None)
    return by_url or next((paper for paper in free if title and title == text_key(paper.title)), None)


def _region(raw: str, start: int, end: int, paper: int) -> Region:
    """From the first line of text to the last."""
    text = [
        (start + place, start + place + len(line))
        for place, line in _lines(raw[start:end])
        if line.strip() and not _FRAME.fullmatch(line.strip())
    ]
    if not text:
        return Region(end, end, "summary", paper)
    return Region(text[0][0], text[-1][1], "summary", paper)
