"""Nothing missing and nothing added: sentences without a partner, English left standing, lengths out of proportion."""

import re
from collections.abc import Iterator, Sequence

from bot.languages.ko import form_findings as ko
from bot.languages.ko import sentences
from bot.translation import segments
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit

CHECK = "completeness"
_WIDEST = 60
_SHORTEST_SOURCE = 60
_LEAST, _LEAST_LONG, _LEAST_JOINED, _MOST = 0.30, 0.32, 0.34, 0.95
"""Korean characters for each English one, what both sides share in Latin letters left out. Sentences of careful
translations (444 of them, ours and real ones) lie between 0.32 and 0.75, long ones from 0.35 on."""
_LONG_SOURCE = 130
_LATIN_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,:;]+\(?[A-Za-z][A-Za-z'’-]*\)?){4,}")
_GRAMMAR = re.compile(
    r"\b(?:the|of|and|to|in|is|are|was|for|with|that|we|our|this|these|on|by|as|from|which|it|its|can|be|an?|or|using|than)\b"
)
_QUOTED = re.compile(
    r"[\"“'‘][^\"”'’]*[\"”'’]|\\\w+\{[^{}]*\}|\([^()]*\)|`[^`]*`|\[[^\[\]]*\]|https?://\S+|\$[^$]*\$|GitHub - [^가-힣]*"
)
_LATIN = re.compile(r"[A-Za-z0-9]+(?:[./_@:-]+[A-Za-z0-9]+)*")
_ONLY_A_NOTE = re.compile(r"https?://|\bcode\b|github|available|project page|\*", re.IGNORECASE)


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Missing and extra sentences, runs of English, sentences far too short or too long for their source."""
    yield from _untranslated(text)
    if not text.source:
        return
    pieces = text.units
    for number, unit in enumerate(pieces):
        if not unit.source:
            if unit.end - unit.start > 20 and any("가" <= char <= "힣" for char in text.target_of(unit)):
                end = min(unit.end, unit.start + 100)
                yield _finding(unit.start, end, Category.ADDITION, ko.SENTENCE_ADDED)
        elif unit.start == unit.end:
            if len(unit.source) > 25 and not _ONLY_A_NOTE.search(unit.source):
                yield from _missing(text, pieces, number)
        elif text.field != "title":
            yield from _length(text, unit)


def _finding(start: int, end: int, category: Category, message: str, severity: Severity = Severity.MAJOR) -> Finding:
    return Finding(start, end, CHECK, category, severity, message)


def _missing(text: Text, pieces: Sequence[Unit], number: int) -> Iterator[Finding]:
    """A sentence without Korean is shown at the end of the one before it, or at the start of the next."""
    if not text.target:
        return
    message = ko.SENTENCE_MISSING.format(en=_short(pieces[number].source))
    before = [other for other in pieces[:number] if other.start < other.end]
    if before:
        yield _finding(max(before[-1].start, before[-1].end - 20), before[-1].end, Category.OMISSION, message)
    else:
        first = next((other for other in pieces if other.start < other.end), Unit("", 0, len(text.target)))
        yield _finding(first.start, min(first.end, first.start + 20), Category.OMISSION, message)


def _short(source: str) -> str:
    return source if len(source) <= _WIDEST else source[: _WIDEST - 1].rstrip() + "…"


def _length(text: Text, unit: Unit) -> Iterator[Finding]:
    korean = text.target_of(unit)
    shared = {word.group() for word in _LATIN.finditer(unit.source)} & {
        word.group() for word in _LATIN.finditer(korean)
    }
    source_length = len(unit.source) - sum(
        len(word.group()) for word in _LATIN.finditer(unit.source) if word.group() in shared
    )
    length = len(korean) - sum(len(word.group()) for word in _LATIN.finditer(korean) if word.group() in shared)
    if source_length < _SHORTEST_SOURCE:
        return
    ratio = length / source_length
    if ratio < (_LEAST_LONG if source_length >= _LONG_SOURCE else _LEAST) or (
        ratio < _LEAST_JOINED and _joins_sentences(unit.source, korean)
    ):
        start = max(unit.start, unit.end - _WIDEST)
        message = ko.TOO_SHORT.format(percent=round(ratio * 100))
        yield _finding(start, unit.end, Category.OMISSION, message)
    elif ratio > _MOST:
        start = max(unit.start, unit.end - _WIDEST)
        yield _finding(start, unit.end, Category.ADDITION, ko.TOO_LONG.format(percent=round(ratio * 100)))


def _joins_sentences(source: str, korean: str) -> bool:
    """Whether several English sentences stand beside fewer Korean ones."""
    return len(segments.split(source)) > len(sentences.split(korean))


def _untranslated(text: Text) -> Iterator[Finding]:
    hidden = _QUOTED.sub(lambda match: " " * len(match.group()), text.target) if len(text.target) > 20 else text.target
    for match in _LATIN_RUN.finditer(hidden):
        words = re.findall(r"[A-Za-z][A-Za-z'’-]*", match.group())
        content = [word for word in words if not _GRAMMAR.fullmatch(word)]
        grammar = len(words) - len(content)
        capitals = sum(word[0].isupper() for word in content)
        if grammar >= 2 and capitals * 2 < len(content):
            end = min(match.end(), match.start() + 100)
            yield _finding(match.start(), end, Category.UNTRANSLATED, ko.UNTRANSLATED.format(en=_short(match.group())))
