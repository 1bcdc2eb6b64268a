"""A post as a row of small pieces, so that two people can change two sentences of one line.

Put together the pieces are the text, character for character.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from bot.languages.ko import sentences

RULE_LINE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
TITLE_SLASH = re.compile(r"\s+/\s+")
"""What parts the Korean title from the English one in a heading."""

_MARK = re.compile(r"[ \t]*(?:(?P<heading>#{1,6})[ \t]+|[-*+][ \t]+)?")

Kind = Literal["text", "label", "rule", "glue"]


class Token(NamedTuple):
    """A piece of a post.

    Attributes:
        text: its characters.
        kind: text (a sentence, a line of a quote, an address, half a title), label (a heading of level 3 or deeper),
            rule, or glue: blanks, line ends, and the marks of headings and bullets.
    """

    text: str
    kind: Kind


def tokens(text: str) -> list[Token]:
    """The text in pieces; two pieces of glue never stand side by side."""
    found: list[Token] = []
    glue = ""
    for token in _pieces(text):
        if token.kind == "glue":
            glue += token.text
            continue
        if glue:
            found.append(Token(glue, "glue"))
            glue = ""
        found.append(token)
    return [*found, Token(glue, "glue")] if glue else found


def joined(row: Sequence[Token]) -> str:
    """The text again."""
    return "".join(token.text for token in row)


def title_level(glue: Token) -> bool:
    """Whether what follows this glue is a heading of level 1 or 2: the title of a paper, or of the closing part."""
    return glue.kind == "glue" and re.search(r"(?:^|\n)[ \t]*#{1,2}[ \t]+$", glue.text) is not None


def _pieces(text: str) -> Iterator[Token]:
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        body = line.rstrip()
        end = Token(line[len(body) :], "glue")
        if body.lstrip().startswith(">"):
            yield from (Token(body, "text"), end)
            continue
        if RULE_LINE.fullmatch(body):
            yield from (Token(body, "rule"), end)
            continue
        mark = _MARK.match(body)
        assert mark is not None  # it matches nothing, too
        yield Token(mark.group(), "glue")
        rest = body[mark.end() :]
        level = len(mark["heading"] or "")
        if level > 2:
            yield Token(rest, "label")
        else:
            yield from _parts(rest, _halves(rest) if level else sentences.split(rest))
        yield end


def _halves(title: str) -> list[tuple[int, int]]:
    cuts = [0, *(at for slash in TITLE_SLASH.finditer(title) for at in slash.span()), len(title)]
    return [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True) if a < b]


def _parts(line: str, spans: Sequence[tuple[int, int]]) -> Iterator[Token]:
    position = 0
    for start, end in spans:
        yield from (Token(line[position:start], "glue"), Token(line[start:end], "text"))
        position = end
    yield Token(line[position:], "glue")
