"""Hangul as letters: telling Korean lines from English ones, and how far apart two words are as people type them."""

import re
import unicodedata

_SYLLABLE = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]")
_KOREAN_SHARE = 0.12
"""Share of Hangul among the letters from which a line is Korean: one full of Latin names still is, an English line
that cites a Korean word is not."""


def is_korean(text: str) -> bool:
    """Whether a line reads as Korean, whatever names and formulas stand in it."""
    syllables = len(_SYLLABLE.findall(text))
    return syllables > 0 and syllables >= _KOREAN_SHARE * (syllables + len(_LATIN.findall(text)))


def has_syllable(text: str) -> bool:
    """Whether any Hangul syllable stands in it."""
    return _SYLLABLE.search(text) is not None


def letters(text: str) -> str:
    """The text with every syllable taken apart into its jamo, so that one mistyped vowel is one letter."""
    return unicodedata.normalize("NFD", text)
