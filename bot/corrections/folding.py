"""Texts as people quote them: without the marks, blanks and signs that get lost between the page and a comment."""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

_NOT_SHOWN = re.compile(r"<!--.*?-->|\]\([^)\s]*\)|</?[a-z][^>\n]{0,80}>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text's letters and digits, and where each stands in it.

    Attributes:
        key: letters and digits in one case; compatibility forms are their plain letters.
        at: for each of them, the position in the text.
    """

    key: str
    at: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the letters `start` to `end` of the key stand in the text: the first one, and behind the last."""
        return self.at[start], self.at[end - 1] + 1

    def index(self, position: int) -> int:
        """The first letter of the key that stands at this position of the text or after it."""
        return bisect_left(self.at, position)


def fold(text: str) -> Folded:
    """The text's letters and digits with their places."""
    hidden = {i for found in _NOT_SHOWN.finditer(text) for i in range(*found.span())}
    key: list[str] = []
    at: list[int] = []
    for i, char in enumerate(text):
        if i in hidden:
            continue
        plain = [c for c in unicodedata.normalize("NFKC", char).casefold() if c.isalnum()]
        key += plain
        at += [i] * len(plain)
    return Folded("".join(key), tuple(at))


def key(text: str) -> str:
    """The text's letters and digits alone."""
    return fold(text).key
