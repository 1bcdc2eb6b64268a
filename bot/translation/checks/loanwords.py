"""An English word spelled in Hangul once where the text translates it everywhere else: 얼라인먼트 beside 정렬."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.languages.ko import findings
from bot.languages.ko.renderings import noun_ends
from bot.languages.ko.transliteration import could_sound_like, likeness
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit

_WORD = re.compile(r"(?<![\w-])[a-z]{5,}(?![\w-])")
_HANGUL = re.compile(r"[가-힣]{2,}")
_ALIKE = 0.85
_LONG_ENOUGH = 3
"""Syllables from which likeness is no chance: `필요` sounds like value."""
_FEWEST = 3
"""A word has to stand in so many sentences of the paper before one of them is called odd."""


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Loanwords in at most a third of the sentences that hold their English word."""
    for word, one, start, end in _odd(tuple(background.paper) or (text,)):
        if one == text:
            message = findings.odd_loanword(word, text.target[start:end])
            yield Finding(start, end, "loanwords", Category.INCONSISTENT, Severity.MINOR, message)


@lru_cache(maxsize=4)
def _odd(paper: tuple[Text, ...]) -> tuple[tuple[str, Text, int, int], ...]:
    """The word, the text and the place of each odd loanword; kept, since every text of the paper asks."""
    holders: dict[str, list[tuple[Text, Unit]]] = {}
    for text in paper:
        for unit in text.units:
            for word in set(_WORD.findall(unit.source.lower())) if unit.start < unit.end else ():
                holders.setdefault(word.removesuffix("s"), []).append((text, unit))
    return tuple(odd for word, held in holders.items() if len(held) >= _FEWEST for odd in _odd_uses(word, held))


def _odd_uses(word: str, held: Sequence[tuple[Text, Unit]]) -> Iterator[tuple[str, Text, int, int]]:
    spelled = [
        (text, unit, place) for text, unit in held if (place := _spelled(word, unit.source, text.target_of(unit)))
    ]
    if 0 < len(spelled) <= len(held) / _FEWEST and not _is_kept(word, held):
        for text, unit, (start, end) in spelled:
            if end - start >= _LONG_ENOUGH:
                yield word, text, unit.start + start, unit.start + end


def _spelled(word: str, source: str, korean: str) -> tuple[int, int] | None:
    """Where the word stands in Hangul; not what another word of the sentence sounds like as much."""
    for start, end in _nouns(korean):
        hangul = korean[start:end]
        if could_sound_like(word, hangul) and (score := likeness(word, hangul)) >= _ALIKE:
            others = {other.removesuffix("s") for other in _WORD.findall(source.lower())} - {word}
            if all(likeness(other, hangul) < score for other in others):
                return start, end
    return None


@lru_cache(maxsize=512)
def _nouns(korean: str) -> tuple[tuple[int, int], ...]:
    """What may be a noun of foreign origin: two syllables or more, a particle or nothing behind, not ending in -적."""
    return tuple(
        (match.start(), end)
        for match in _HANGUL.finditer(korean)
        for end in noun_ends(korean, *match.span())
        if end - match.start() > 1 and korean[end - 1] != "적"
    )


def _is_kept(word: str, held: Sequence[tuple[Text, Unit]]) -> bool:
    """Whether some sentence keeps the word in Latin letters: then nothing says it is translated elsewhere."""
    return any(re.search(rf"(?i)\b{word}", one.target_of(unit)) for one, unit in held)
