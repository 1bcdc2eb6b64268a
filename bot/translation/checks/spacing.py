"""Blanks, brackets and quotation marks: where Korean wants them, and closed as often as opened."""

import re
from collections import Counter
from collections.abc import Iterator

from bot.languages.ko import form_findings as ko
from bot.languages.ko.particles import adjust
from bot.languages.quantities import open_math
from bot.translation.checks.base import Background, Category, Finding, Severity, Text

CHECK = "spacing"
_DOUBLE = re.compile(r"(?<=\S)[ \u00a0]{2,}(?=\S)")
_BEFORE_MARK = re.compile(r"(?<=[가-힣)\]])\s+(?=[,.?!](?:\s|$))")
_AFTER_MARK = re.compile(r"(?<=[다요까])[.?!](?=[가-힣A-Z])|(?<=[가-힣]),(?=[가-힣])")
_IN_BRACKET = re.compile(r"(?<=\()[ \t]+(?=\S)|(?<=\S)[ \t]+(?=\))")
_LONE_PARTICLE = re.compile(
    r"(?<![가-힣A-Za-z0-9/.@_\-:])([가-힣]+|[A-Za-z][A-Za-z0-9-]*) "
    r"(을|를|은|는|으로|에서|에게|와의|과의|에는|에서는|으로는|으로의)(?=\s)"
)
_LATIN_RUN = re.compile(r"[A-Za-z][^가-힣]*\s$")
_DEPENDENT = re.compile(
    r"([가-힣])(?<![필실철술불])수 (?=(?:있|없)[가-힣])|([가-힣][는한할된될던])것(?=[은을이도의과입])"
)
_NOT_DEPENDENT = re.compile(r"(?:[그이저]|아무|날)$")
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "「": "」", "『": "』", "《": "》", "（": "）"}
_OPENER = {closer: opener for opener, closer in _PAIRS.items()}
_ENUMERATION = re.compile(r"(?:(?<=\s)|^)(?:\d{1,2}|[a-zA-Z가-하]|[ivx]{1,4})\)")


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Blanks that are doubled, missing or too many, and brackets or quotation marks that stand alone."""
    target = text.target
    for match in _DOUBLE.finditer(target):
        if "  " not in text.source:
            yield _minor(match.start(), match.end(), ko.DOUBLE_BLANK, " ")
    for match in _BEFORE_MARK.finditer(target):
        yield _minor(match.start(), match.end() + 1, ko.BLANK_BEFORE_MARK, target[match.end()])
    for match in _AFTER_MARK.finditer(target):
        yield _minor(match.start(), match.end() + 1, ko.NO_BLANK_AFTER_MARK, f"{match.group()} {target[match.end()]}")
    if "( " in target or " )" in target:
        for match in _IN_BRACKET.finditer(target):
            if "( " not in text.source and " )" not in text.source:
                yield _minor(match.start(), match.end(), ko.BLANK_IN_BRACKET, "")
    yield from _words(target)
    yield from _alone(text)


def _minor(start: int, end: int, message: str, suggestion: str | None) -> Finding:
    return Finding(start, end, CHECK, Category.PUNCTUATION, Severity.MINOR, message, suggestion)


def _words(target: str) -> Iterator[Finding]:
    for match in _LONE_PARTICLE.finditer(target):
        word, particle = match.groups()
        latin = word.isascii()
        if latin and _LATIN_RUN.search(target[: match.start()][-40:]):
            continue  # the blank after an English title or an address is meant
        joined = word + adjust(word, particle)
        yield Finding(match.start(), match.end(), CHECK, Category.SPELLING, Severity.MINOR, ko.LONE_PARTICLE, joined)
    for match in _DEPENDENT.finditer(target):
        if match[1]:
            if (ord(match[1]) - 0xAC00) % 28 != 8:
                continue
            joined = f"{match[1]} 수 "
        else:
            if _NOT_DEPENDENT.search(match[2][:-1]) and match[2][-1] != "는":
                continue
            joined = f"{match[2]} 것"
        yield Finding(match.start(), match.end(), CHECK, Category.SPELLING, Severity.MINOR, ko.DEPENDENT_NOUN, joined)


def _alone(text: Text) -> Iterator[Finding]:
    """Brackets and quotation marks without a partner, of a kind that is whole in the source."""
    broken_at_source = Counter(mark for _, mark in _unpaired(text.source))
    for place, mark in _unpaired(text.target):
        if broken_at_source[mark]:
            continue
        start = max(0, place - 1)
        message = ko.UNCLOSED.format(mark=mark)
        yield Finding(start, place + 1, CHECK, Category.PUNCTUATION, Severity.MINOR, message)
    quotes = text.target.count('"')
    if quotes % 2 and text.source.count('"') % 2 == 0:
        place = text.target.rindex('"')
        yield _minor(place, place + 1, ko.UNCLOSED.format(mark='"'), None)


def _unpaired(line: str) -> Iterator[tuple[int, str]]:
    if not any(char in _OPENER or char in _PAIRS for char in line):
        return
    plain = open_math(line)
    marks = {match.end() - 1 for match in _ENUMERATION.finditer(plain)}
    opened: list[tuple[int, str]] = []
    for place, char in enumerate(plain):
        if char in _PAIRS:
            opened.append((place, char))
        elif char in _OPENER:
            if opened and opened[-1][1] == _OPENER[char]:
                opened.pop()
            elif place not in marks:
                yield place, char
    yield from opened
