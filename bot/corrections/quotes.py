"""A comment's raw Markdown as what it quotes and what it says to that."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["said", "quoted", "marked"]

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"`[^`\n]*`|(?P<open>\[quote(?:=[^\]\n]*)?\])|(?P<close>\[/quote\])", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTED = re.compile(r" {0,3}>[ \t]?(?P<text>.*)")
_DEEPER = re.compile(r"[ \t]*>")
MOST = 8_000
"""Characters of a comment that are read; the forum allows more, no report needs them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A quote and the words that go with it.

    Attributes:
        quote: the quoted text, lines kept; None for words that stand before any quote.
        is_marked: the quote is in Markdown's own way, `> text`, as people also set off what they propose.
        said: the comment's own words, lines kept.
    """

    quote: str | None
    said: str
    is_marked: bool = False


def parts(raw: str) -> list[Part]:
    """The comment's parts in order. Words after a quote are about that quote; a quote at the end takes those before it.

    Quotes within quotes are dropped: they are somebody else's. Tags of quotes in code are text.
    """
    text = unicodedata.normalize("NFC", _COMMENT.sub("", raw[:MOST]).replace("\r\n", "\n"))
    found: list[Part] = []
    for kind, piece in _runs(text):
        if kind != "said":
            found.append(Part(piece, "", kind == "marked"))
        elif found and not found[-1].said:
            found[-1] = replace(found[-1], said=piece)
        else:
            found.append(Part(None, piece))
    if len(found) > 1 and found[-1].quote is not None and not found[-1].said and found[-2].quote is None:
        found[-2:] = [replace(found[-1], said=found[-2].said)]
    return found


def _runs(text: str) -> Iterator[tuple[Kind, str]]:
    """Stretches of quote and of own words, without empty ones."""
    kinds: list[Kind] = []
    runs: list[list[str]] = []
    for kind, line in _lines(text):
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
            runs.append([])
        runs[-1].append(line)
    for kind, run in zip(kinds, runs, strict=True):
        if "".join(run).strip():
            yield kind, "\n".join(run).strip("\n")


def _lines(text: str) -> Iterator[tuple[Kind, str]]:
    """Lines, each with whether it is quoted and how; a line with tags in it comes in several pieces."""
    depth = 0
    fence: str | None = None
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence is None:
            fence = mark[1]
            continue
        if fence is not None:
            if mark and mark[1].startswith(fence):
                fence = None
            elif not _TAG.search(line):
                yield ("quoted" if depth else "said"), line
            continue
        at = 0
        for tag in _TAG.finditer(line):
            if not tag.lastgroup:
                continue
            if depth < 2 and line[at : tag.start()].strip():
                yield ("quoted" if depth else "said"), line[at : tag.start()]
            depth = depth + 1 if tag["open"] else max(depth - 1, 0)
            at = tag.end()
        rest = line[at:]
        quoted = _QUOTED.fullmatch(rest) if depth == 0 and at == 0 else None
        if quoted:
            if not _DEEPER.match(quoted["text"]):
                yield "marked", quoted["text"]
        elif depth < 2 and (rest.strip() or at == 0):
            yield ("quoted" if depth else "said"), rest
