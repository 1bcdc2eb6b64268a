"""Words, morphemes, phrases and sentences that stand twice where the source has them once."""

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.languages.ko import form_findings as ko
from bot.languages.ko import repeats
from bot.languages.ko.particles import adjust
from bot.translation.checks.base import Background, Category, Finding, Severity, Text

CHECK = "repetition"
_WORD = re.compile(r"[^\s,.;:!?()\[\]“”\"']+")
_ENGLISH_WORD = re.compile(r"[A-Za-z]{5,}")
_SHORTEST_PHRASE, _SHORTEST_SENTENCE = 14, 20
_PHRASE_WORDS = 3


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Doubled words and morphemes, a noun said twice in one compound, repeated phrases and sentences."""
    yield from _doubled_words(text)
    yield from _doubled_morphemes(text.target)
    yield from _nouns_said_twice(text)
    for unit in text.units:
        yield from _phrases(text, unit.start, unit.end, unit.source)
    yield from _sentences(text)


def _finding(
    start: int, end: int, message: str, suggestion: str | None = None, severity: Severity = Severity.MINOR
) -> Finding:
    return Finding(start, end, CHECK, Category.REPETITION, severity, message, suggestion)


def _doubled_words(text: Text) -> Iterator[Finding]:
    words = list(_WORD.finditer(text.target))
    source = text.source.lower()
    for one, two in pairwise(words):
        word = one.group()
        if word != two.group() or text.target[one.end() : two.start()].strip() or len(word) < 2:
            continue
        if (
            word.isascii() and (not word.isalpha() or f"{word} {word}".lower() in source)
        ) or word in repeats.REDUPLICATED:
            continue
        yield _finding(one.start(), two.end(), ko.DOUBLED.format(ko=word), word)


def _doubled_morphemes(target: str) -> Iterator[Finding]:
    for match in repeats.DOUBLED_PARTICLE.finditer(target):
        stem, particle = match["stem"], match["particle"]
        if repeats.is_word(stem, particle):
            continue
        yield _finding(match.start(), match.end(), ko.DOUBLED.format(ko=particle), stem + adjust(stem, particle))
    for match in repeats.DOUBLED_ENDING.finditer(target):
        yield _finding(match.start(), match.end(), ko.DOUBLED.format(ko=match[1]), match[1])
    for match in repeats.DOUBLED_NOUN.finditer(target):
        if match[1] * 2 not in repeats.REDUPLICATED and match[1] not in repeats.DOUBLING:
            yield _finding(match.start(), match.end(), ko.DOUBLED.format(ko=match[1]), match[1])


def _nouns_said_twice(text: Text) -> Iterator[Finding]:
    """`대용량 상태 용량`: the noun of a short compound again at its end, with a source that says it once."""
    for unit in text.units:
        for match in repeats.SAID_TWICE.finditer(text.target, unit.start, unit.end):
            if not _says_twice(unit.source, _PHRASE_WORDS + 3):
                end = match.end("noun_again")
                yield _finding(match.start(), end, ko.DOUBLED.format(ko=match["noun"]))


def _says_twice(source: str, within: int) -> bool:
    """Whether an English sentence has a word twice within a few words."""
    words = [word.group().lower()[:6] for word in _ENGLISH_WORD.finditer(source)]
    return any(word in words[i + 1 : i + 1 + within] for i, word in enumerate(words))


def _phrases(text: Text, start: int, end: int, source: str) -> Iterator[Finding]:
    words = list(_WORD.finditer(text.target, start, end))
    seen: dict[tuple[str, ...], int] = {}
    i = 0
    while i + _PHRASE_WORDS <= len(words):
        phrase = tuple(word.group() for word in words[i : i + _PHRASE_WORDS])
        first = seen.setdefault(phrase, i)
        length = _PHRASE_WORDS
        if first + length <= i and any("가" <= char <= "힣" for char in "".join(phrase)):
            while (
                i + length < len(words)
                and words[first + length].group() == words[i + length].group()
                and first + length < i
            ):
                length += 1
            span = words[i].start(), words[i + length - 1].end()
            if span[1] - span[0] >= _SHORTEST_PHRASE and source and not _repeats_phrase(source):
                yield _finding(*span, ko.REPEATED_PHRASE, None, Severity.MAJOR if length > 4 else Severity.MINOR)
                i += length
                continue
        i += 1


def _repeats_phrase(source: str) -> bool:
    words = [word.group().lower() for word in _ENGLISH_WORD.finditer(source)]
    pairs = list(pairwise(words))
    return len(set(pairs)) < len(pairs)


def _sentences(text: Text) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for unit in text.units:
        korean = text.target_of(unit)
        if len(korean) >= _SHORTEST_SENTENCE and seen.setdefault(korean, unit.source) != unit.source:
            yield _finding(unit.start, min(unit.end, unit.start + 100), ko.REPEATED_SENTENCE, None, Severity.MAJOR)
