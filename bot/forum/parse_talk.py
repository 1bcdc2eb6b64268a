"""Finding, in a talk's post that people may have edited, the Korean of its summary, headings and sections.

A section is recognised by the moment its time link leads to, else by its number in the heading. What we put around
sentences (numbers, time links, who speaks) belongs to no sentence: `readable` blanks it out, character for character,
so that a sentence that a person changed is taken over without it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bot.forum.parse import Kind, Parsed, Region
from bot.forum.tokens import RULE_LINE
from bot.languages.ko import labels

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})[ \t]+(?P<content>.*)")
_NUMBER = re.compile(r"(?P<rank>\d{1,3})\\?\.[ \t]+")
_TIME = r"\[\d{1,3}(?::\d{2}){1,2}\]\(https://www\.youtube\.com/watch\?v=[\w-]{11}&t=(\d{1,6})s\)"
_TIME_LINE = re.compile(rf"[ \t]*{_TIME}[ \t]*")
_TOKEN = re.compile(r"<!--")
_WAITING = tuple(
    mark.split("{")[0]
    for mark in (labels.TALK_WAITS, labels.TALK_FAILED, labels.TALK_SUMMARY_WAITS, labels.TALK_SUMMARY_FAILED)
)
_FRAME = (
    re.compile(r"^ {0,3}#{1,6}[ \t]+(?:\*\*)?(?:\d{1,3}\\?\.[ \t]+)?", re.MULTILINE),
    re.compile(r":\*\*[ \t]*$", re.MULTILINE),
    re.compile(rf"[ \t]*\({_TIME}\)"),
    re.compile(rf"^{_TIME_LINE.pattern}$", re.MULTILINE),
    re.compile(rf"^{re.escape(labels.TALK_CONCLUDES)}", re.MULTILINE),
    re.compile(rf"^\*\*(?:{labels.TALK_QUESTION}(?: \([^\n]{{1,80}}\))?|[^*\n]{{1,80}}):\*\* ", re.MULTILINE),
    re.compile(r"^— ", re.MULTILINE),
    re.compile(rf"^(?:{'|'.join(map(re.escape, _WAITING))}).*$", re.MULTILINE),
)


@dataclass(frozen=True, slots=True)
class KnownSection:
    """A section that the post should hold: its id, its number, and the second it begins at."""

    key: int
    rank: int
    start_s: float | None


@dataclass(frozen=True, slots=True)
class _Heading:
    start: int
    end: int
    level: int
    content_start: int
    content: str


def readable(raw: str) -> str:
    """`raw` with blanks in place of what stands around sentences; as long as before, line ends where they were."""
    for pattern in _FRAME:
        raw = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), raw)
    return raw


def parse_talk(raw: str, known: Sequence[KnownSection]) -> Parsed:
    """The regions of one post. Never raises, whatever stands in it; offsets fit `readable(raw)` too."""
    headings = list(_headings(raw))
    regions: list[Region] = []
    found: dict[int, _Heading] = {}
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start if following is not None else len(raw)
        section = _section_of(raw, heading, end, known)
        if section is not None and section.key not in found:
            found[section.key] = heading
            regions.append(_heading_region(heading, section.key))
            regions.append(_region(raw, heading.end, end, "transcript", section.key))
    own = {heading.start for heading in found.values()}
    summary = next((one for one in headings if labels.TALK_SUMMARY in one.content and one.start not in own), None)
    if summary is not None:
        behind = (one.start for one in headings if one.start > summary.start and (one.level <= 2 or one.start in own))
        regions.append(_region(raw, summary.end, next(behind, len(raw)), "overview", None))
    return Parsed(tuple(sorted(regions, key=lambda region: (region.start, region.end))), tuple(found))


def _headings(raw: str) -> Iterator[_Heading]:
    start = 0
    for line in raw.splitlines(keepends=True):
        found = _HEADING.fullmatch(line.rstrip("\r\n"))
        if found:
            at = start + found.start("content")
            yield _Heading(start, start + len(line.rstrip("\r\n")), len(found["marks"]), at, found["content"])
        start += len(line)


def _section_of(raw: str, heading: _Heading, end: int, known: Sequence[KnownSection]) -> KnownSection | None:
    first = next((line for line in raw[heading.end : end].split("\n") if line.strip()), "")
    if moment := _TIME_LINE.fullmatch(first):
        same = [one for one in known if one.start_s is not None and int(one.start_s) == int(moment[1])]
        if len(same) == 1:
            return same[0]
    number = _NUMBER.match(heading.content)
    if number is None or heading.content.startswith("**"):
        return None
    return next((one for one in known if one.rank == int(number["rank"])), None)


def _heading_region(heading: _Heading, key: int) -> Region:
    number = _NUMBER.match(heading.content)
    start = heading.content_start + (number.end() if number else 0)
    return Region(start, heading.content_start + len(heading.content.rstrip()), "outline", key)


def _region(raw: str, start: int, end: int, kind: Kind, key: int | None) -> Region:
    """From `start` to `end`, or to the first rule or token before it, without blank lines around."""
    at = start
    for line in raw[start:end].splitlines(keepends=True):
        text = line.rstrip("\r\n")
        if RULE_LINE.fullmatch(text) or _TOKEN.match(text):
            end = at
            break
        at += len(line)
    text = raw[start:end]
    if not text.strip():
        return Region(end, end, kind, key)
    return Region(start + len(text) - len(text.lstrip()), start + len(text.rstrip()), kind, key)
