"""What is copied letter by letter (formulas, code, addresses, tags, Markdown): kept, whole, and not invented."""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from bot.languages.ko import form_findings as ko
from bot.translation.checks.base import Background, Category, Finding, Severity, Text

CHECK = "markup"
_WIDEST = 60
_ALIKE = 0.6
_KINDS: dict[str, re.Pattern[str]] = {
    "address": re.compile(
        r"https?://[^\s\"'<>`가-힣]+[^\s\"'<>`.,;:!?)}\]가-힣]|(?<![\w/.@])www\.[A-Za-z0-9][^\s가-힣]*[A-Za-z0-9/]"
    ),
    "formula": re.compile(
        r"\$\$[^$]+\$\$|\$(?!\s)[^$\n]{1,200}?(?<![\s\\])\$(?!\d)|\\\(.{1,200}?\\\)|\\\[.{1,200}?\\\]"
    ),
    "code": re.compile(r"`[^`\n]+`"),
    "command": re.compile(r"\\[A-Za-z]{2,}(?=\s?\{)"),
    "tag": re.compile(r"</?[A-Za-z][A-Za-z0-9_-]*(?:\s[^<>]*)?/?>"),
    "mention": re.compile(r"(?<![\w.@/])@[A-Za-z_][\w-]{2,}"),
}
_BOLD = re.compile(r"\*\*[^*\s]")
_MARKS = ("`", "**")
_ANY = re.compile(r"[$\\`<@*]|https?:|www\.")


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Pieces that were altered, lost or invented, and Markdown that does not close."""
    if not text.source or not text.target.strip() or not (_ANY.search(text.target) or _ANY.search(text.source)):
        return
    source, target = text.source, text.target
    for kind, pattern in _KINDS.items():
        here = list(pattern.finditer(target))
        left = Counter(_normal(match.group()) for match in pattern.finditer(source))
        originals = {_normal(match.group()): match.group() for match in pattern.finditer(source)}
        if not here and not left:
            continue
        extra: list[re.Match[str]] = []
        for match in here:
            if left[_normal(match.group())] > 0:
                left[_normal(match.group())] -= 1
            elif _normal(match.group()) not in originals:
                extra.append(match)
        missing = [piece for piece, count in left.items() if count > 0 and piece not in _plain(target)]
        yield from _differences(text, extra, missing, originals)
        if kind == "formula":
            source, target = pattern.sub(_hidden, source), pattern.sub(_hidden, target)
    yield from _open_marks(text)


def _normal(piece: str) -> str:
    return re.sub(r"\s+", "", piece)


def _plain(target: str) -> str:
    return _normal(target)


def _hidden(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _differences(
    text: Text, extra: list[re.Match[str]], missing: list[str], originals: dict[str, str]
) -> Iterator[Finding]:
    missing = list(missing)
    for match in extra:
        near = max(missing, key=lambda piece: SequenceMatcher(None, piece, match.group()).ratio(), default=None)
        if near is not None and SequenceMatcher(None, near, match.group()).ratio() >= _ALIKE:
            missing.remove(near)
            message = ko.COPY_ALTERED.format(en=originals[near])
            yield _finding(match.start(), match.end(), message, originals[near], Severity.MAJOR)
        elif match.group() not in text.source:
            yield _finding(match.start(), match.end(), ko.COPY_INVENTED.format(ko=match.group()), None, Severity.MAJOR)
    for piece in missing:
        start, end = _place(text, originals[piece])
        yield _finding(start, end, ko.COPY_LOST.format(en=originals[piece]), None, Severity.MAJOR)


def _place(text: Text, original: str) -> tuple[int, int]:
    """The end of the Korean sentence that should have the piece."""
    unit = next((unit for unit in text.units if original in unit.source and unit.start < unit.end), None)
    start, end = (unit.start, unit.end) if unit else (0, len(text.target))
    start = max(start, end - _WIDEST)
    return start + (len(text.target[start:end]) - len(text.target[start:end].lstrip())), end


def _finding(start: int, end: int, message: str, suggestion: str | None, severity: Severity) -> Finding:
    return Finding(start, end, CHECK, Category.MARKUP, severity, message, suggestion)


def _open_marks(text: Text) -> Iterator[Finding]:
    for mark in _MARKS:
        if text.target.count(mark) % 2 and text.source.count(mark) % 2 == 0:
            place = text.target.rindex(mark)
            yield _finding(place, place + len(mark), ko.UNCLOSED.format(mark=mark), None, Severity.MINOR)
    dollars = text.target.count("$") - text.target.count("\\$")
    if dollars % 2 and (text.source.count("$") - text.source.count("\\$")) % 2 == 0:
        place = text.target.rindex("$")
        yield _finding(place, place + 1, ko.UNCLOSED.format(mark="$"), None, Severity.MAJOR)
    if _BOLD.search(text.target) and "**" not in text.source:
        place = text.target.index("**")
        yield _finding(place, place + 2, ko.COPY_INVENTED.format(ko="**"), None, Severity.MINOR)
