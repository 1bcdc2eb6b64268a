"""Freely written sentences (introductions, summaries): their names and numbers must stand in what they rest on."""

import re
from collections.abc import Iterator, Sequence

from bot.languages.ko import review as words
from bot.translation.checks.base import Category, Finding, Severity

NAME = "grounding"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-./+][A-Za-z0-9]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_COUNTED_OTHERWISE = re.compile(r"\s?(?:[만억조천백]|편|가지|번째)")
"""Magnitudes are written otherwise in English; papers and points are counted by the writer."""


def check(target: str, grounds: Sequence[str]) -> Iterator[Finding]:
    """Names and numbers of `target` that none of the English `grounds` has.

    Numbers before a Korean magnitude (`25억`) and counts of papers (`10편`) are left alone.
    """
    english = " ".join(grounds).casefold()
    known = {_plain(word) for word in _NAME.findall(english)}
    for match in _NAME.finditer(target):
        if not _is_name(match.group()) or _is_known(match.group(), known, english):
            continue
        message = words.UNGROUNDED_NAME.format(name=match.group())
        yield Finding(match.start(), match.end(), NAME, Category.ADDITION, Severity.MAJOR, message)
    numbers = {number.replace(",", "") for number in _NUMBER.findall(english)}
    for match in _NUMBER.finditer(target):
        attached = match.start() > 0 and target[match.start() - 1].isascii() and target[match.start() - 1].isalnum()
        if attached or _COUNTED_OTHERWISE.match(target, match.end()) or match.group().replace(",", "") in numbers:
            continue
        message = words.UNGROUNDED_NUMBER.format(number=match.group())
        yield Finding(match.start(), match.end(), NAME, Category.ADDITION, Severity.MAJOR, message)


def unsupported(target: str) -> Iterator[Finding]:
    """A sentence of a summary that names no sentence of the English it rests on."""
    yield Finding(0, len(target), NAME, Category.ADDITION, Severity.CRITICAL, words.UNSUPPORTED)


def _is_name(word: str) -> bool:
    return len(word) > 1 and any(char.isupper() for char in word)


def _is_known(name: str, known: set[str], english: str) -> bool:
    plain = _plain(name)
    return plain in known or name.casefold() in english or plain.removesuffix("s") in known or f"{plain}s" in known


def _plain(word: str) -> str:
    return re.sub(r"[-./+]", "", word.casefold())
