"""Latin words in English and Korean texts, and which of them are names. Addresses, formulas and code are no words."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_NOT_TEXT = re.compile(
    r"https?://\S+|\\url\{[^}]*\}|\\[a-zA-Z]+|\$[^$\n]{1,200}\$|`[^`\n]+`|\S+@\S+\.\S+|\b\w+(?:\.\w+)+\b"
    r"|\bGitHub - [^가-힣]+"
)
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:[-‑+][A-Za-z0-9]+)*")
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]|[A-Z][A-Z][a-z]{2}|[A-Z][a-z]*-?\d")
_INTRODUCED = re.compile(
    r"\b(?:propos|introduc|present|develop|releas|call|nam|dubb|describ)\w*\s+(?:the\s|our\s|an?\s)?"
    r"([A-Z][a-z]{2,}[A-Za-z0-9]*(?:-[a-z]+)*)\b(?![- ][A-Z]|[- ](?:of|in|for|and|the)[- ][A-Z])"
    r"|^([A-Z][A-Za-z0-9]{2,}):\s"
)


class Word(NamedTuple):
    """A Latin word at `text[start:end]`."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """The Latin words of a text; a word may hold hyphens and digits (`Llama3-8B+BoT`)."""
    masked = _NOT_TEXT.sub(lambda match: " " * len(match.group()), text)
    return tuple(Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(masked))


def names(english: Iterable[str]) -> frozenset[str]:
    """The names that the English texts coin or introduce: `AgentGym`, `DITTO`, `Llama3-8B`; not `Transformer`."""
    found: set[str] = set()
    for text in english:
        found.update(word.text for word in words(text) if is_coined(word.text))
        found.update(first or second for first, second in _INTRODUCED.findall(text))
    return frozenset(found)


def is_coined(word: str) -> bool:
    """Whether the letters alone show a name: capitals inside, four capitals or more, capitals with digits."""
    return _INNER_CAPITAL.search(word) is not None or (len(word) > 3 and word.isupper())


@lru_cache(maxsize=16384)
def plain(word: str) -> str:
    """A word as it is compared: small letters, no hyphens, no plural s."""
    return re.sub(r"[-‑+]", "", word).lower().removesuffix("s")
