"""Finding, in a post that people may have edited, the Korean of the passages we know.

A paper is recognised by its English title in a heading, else by an English quote of it, else by its labels and its
place between papers that were recognised. A passage is recognised by the quote below it, else by the label above it.
What is not recognised belongs to people and is nobody's region.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz import fuzz

from bot.forum.tokens import RULE_LINE
from bot.languages.ko import labels

Kind = Literal["title", "description", "abstract", "summary", "introduction"]

ALIKE_PCT = 85
"""Likeness (0 to 100) from which an English quote or title counts as ours, with a person's corrections in it."""

_LABEL_KINDS: dict[str, Kind | None] = {
    labels.DESCRIPTION: "description",
    labels.RESEARCH_DESCRIPTION: "description",
    labels.ABSTRACT: "abstract",
    labels.RESEARCH_ABSTRACT: "abstract",
    labels.PAPER_LINK: None,
    labels.RESEARCH_LINK: None,
    labels.READ_MORE: None,
}
"""The closed list, with the passage under each; posts of 2023 use the same words."""

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?P<blank>[ \t]*)(?P<content>.*?)[ \t]*")
_BOLD_LINE = re.compile(r"[ \t]*(\*\*|__)(?P<content>.+)\1[ \t]*")
_QUOTE = re.compile(r" {0,3}>")
_BULLET = re.compile(r" {0,3}[-*+][ \t]")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOISE = re.compile(r"<!--.*?-->|&#91;|\]\([^)\s]*\)")
_WAITING = (labels.PAPER_WAITS, labels.PAPER_FAILED.split("{")[0])


@dataclass(frozen=True, slots=True)
class KnownPassage:
    """A passage we have Korean of, with its English source."""

    kind: Literal["title", "description", "abstract", "summary"]
    english: str


@dataclass(frozen=True, slots=True)
class KnownPaper:
    """A paper that the post should hold."""

    key: int
    title: str
    passages: tuple[KnownPassage, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """Where the Korean of a passage stands: characters `start` to `end`, blank lines around left out.

    Empty (`start == end`) if the passage's place is there but nothing stands in it. `paper` is None for the
    introduction.
    """

    start: int
    end: int
    kind: Kind
    paper: int | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The regions of a post in its order; they do not overlap.

    Attributes:
        regions: one a passage at most.
        papers: keys of the papers that were recognised, in the order of the post; also those without any region.
    """

    regions: tuple[Region, ...]
    papers: tuple[int, ...]

    def find(self, kind: Kind, paper: int | None = None) -> Region | None:
        """The region of a passage, if it was found."""
        return next((r for r in self.regions if r.kind == kind and r.paper == paper), None)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    kind: Literal["blank", "text", "quote", "rule", "title", "label"]


@dataclass(frozen=True, slots=True)
class _Source:
    """The English of a passage, as a key to compare by."""

    kind: Kind
    paper: int
    key: str


@dataclass(slots=True)
class _Quote:
    start: int
    end: int
    text: str
    source: _Source | None = None


@dataclass(slots=True)
class _Section:
    """What stands between two headings or rules, under `label` (None: under no label of ours)."""

    start: int
    end: int
    label: Kind | None
    quotes: list[_Quote] = field(default_factory=list)
    source: _Source | None = None  # of a section known by its label alone


@dataclass(slots=True)
class _Block:
    """A heading that may be a paper's, and what stands under it up to the next."""

    title: _Line
    sections: list[_Section] = field(default_factory=list)
    is_labelled: bool = False
    paper: KnownPaper | None = None


def parse_article(
    raw: str, known: Sequence[KnownPaper], *, has_opening: bool = True, byline: str | None = labels.BYLINE
) -> Parsed:
    """The regions of one post. Never raises, whatever stands in it.

    Args:
        raw: the post as the server holds it; all of the article, or one part of it.
        known: the papers it may hold, in the order of the article; those of other parts do no harm.
        has_opening: whether this part begins with the introduction.
        byline: the line above the introduction, if there is one.
    """
    lines = list(_lines(raw, {text_key(paper.title) for paper in known}))
    blocks = list(_blocks(lines, raw))
    _recognise(blocks, known)
    _recognise_sections(blocks, known)
    regions: list[Region] = []
    for block in blocks:
        if block.paper is not None:
            regions += _title_region(block)
        for section in block.sections:
            regions += _section_regions(raw, section)
    if has_opening:
        # A paper's passage that lost its heading can stand in front of all others: it is no introduction.
        regions += [one for one in _introduction(raw, lines, blocks, byline) if not _overlaps(one, regions)]
    papers = dict.fromkeys(
        region.paper for region in sorted(regions, key=lambda r: r.start) if region.paper is not None
    ) | dict.fromkeys(block.paper.key for block in blocks if block.paper is not None)
    return Parsed(tuple(sorted(regions, key=lambda region: (region.start, region.end))), tuple(papers))


def _overlaps(region: Region, others: Sequence[Region]) -> bool:
    return any(region.start < other.end and other.start < region.end for other in others)


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(raw: str, titles: set[str]) -> Iterator[_Line]:
    start = 0
    fenced = _fenced(raw)
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", raw)):
        text = line.rstrip("\n")
        kind: Literal["blank", "text", "quote", "rule", "title", "label"] = "text"
        if not text.strip():
            kind = "blank"
        elif number in fenced:
            kind = "text"
        elif _QUOTE.match(text):
            kind = "quote"
        elif RULE_LINE.fullmatch(text):
            kind = "rule"
        else:
            kind = _heading_kind(text, titles)
        yield _Line(start, start + len(text), text, kind)
        start += len(line)


def _fenced(raw: str) -> set[int]:
    """Numbers of the lines in code fences; a fence that nobody closed is no fence here."""
    inside: set[int] = set()
    opened: tuple[str, int] | None = None
    for number, line in enumerate(raw.split("\n")):
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened = (fence[1], number)
        elif fence and opened and fence[1].startswith(opened[0]) and not line.strip().strip(opened[0][0]):
            inside.update(range(opened[1], number + 1))
            opened = None
    return inside


def _heading_kind(text: str, titles: set[str]) -> Literal["text", "title", "label"]:
    heading, bold = _HEADING.fullmatch(text), _BOLD_LINE.fullmatch(text)
    found = heading or bold
    if found is None:
        return "text"
    key = text_key(found["content"])
    if key in _LABEL_KEYS:
        return "label"
    level = len(heading["marks"]) if heading else 0
    if level == 2 and heading and heading["blank"]:
        return "title"
    if any(key.endswith(title) for title in titles if title):
        return "title"  # of another level, without its blank, or in bold, but surely a title of ours
    return "label" if heading and heading["blank"] else "text"


def _content(line: _Line) -> tuple[int, str]:
    """Offset and text of what a heading says."""
    found = _HEADING.fullmatch(line.text) or _BOLD_LINE.fullmatch(line.text)
    if found is None:
        return line.start, line.text
    return line.start + found.start("content"), found["content"]


def text_key(text: str) -> str:
    """Letters and digits only: the same for a text, its Markdown, and most of what a person does to its form."""
    plain = unicodedata.normalize("NFKC", _NOISE.sub("", text)).casefold()
    return "".join(char for char in plain if char.isalnum())


_LABEL_KEYS = {text_key(label): kind for label, kind in _LABEL_KINDS.items()}


# --- papers ----------------------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[_Line], raw: str) -> Iterator[_Block]:
    block = _Block(_Line(0, 0, "", "title"))  # what stands before the first title, should somebody delete that
    section: _Section | None = None
    for line in [*lines, _Line(len(raw), len(raw), "", "title")]:
        if line.kind in ("title", "rule", "label"):
            if section is not None:
                section.end = line.start
                block.sections.append(section)
            if line.kind == "title":
                yield block
                block = _Block(line)
            key = text_key(_content(line)[1]) if line.kind == "label" else ""
            block.is_labelled |= key in _LABEL_KEYS
            section = _Section(min(line.end + 1, len(raw)), len(raw), _LABEL_KEYS.get(key))
        elif section is not None and line.kind == "quote":
            if section.quotes and section.quotes[-1].end + 1 == line.start:
                section.quotes[-1].end = line.end
                section.quotes[-1].text += "\n" + line.text
            else:
                section.quotes.append(_Quote(line.start, line.end, line.text))


def _recognise(blocks: Sequence[_Block], known: Sequence[KnownPaper]) -> None:
    quotes = {
        id(block): [text_key(quote.text) for section in block.sections for quote in section.quotes] for block in blocks
    }
    english = {paper.key: [text_key(passage.english) for passage in paper.passages] for paper in known}

    def quoted(block: _Block, paper: KnownPaper) -> int:
        return sum(key in english[paper.key] for key in quotes[id(block)] if key)

    keys = [text_key(_content(block.title)[1]) for block in blocks]
    titles = [text_key(paper.title) for paper in known]
    named = [next((p for p, title in enumerate(titles) if title and key.endswith(title)), None) for key in keys]

    def beside(number: int, place: int) -> int:
        """How many of its neighbours are those the paper had: tells a paper from a pasted copy of it."""
        before = named[number - 1] if number else None
        after = named[number + 1] if number + 1 < len(blocks) else None
        return (before == (place - 1 if place else None)) + (after == (place + 1 if place + 1 < len(known) else None))

    by_title: list[tuple[int, int, int, int, int, int]] = []
    for number, block in enumerate(blocks):
        for place, paper in enumerate(known):
            if titles[place] and titles[place] in keys[number]:
                is_exact = keys[number] == titles[place] or _english_start(block.title, paper.title) is not None
                evidence = (-beside(number, place), -quoted(block, paper))
                by_title.append((-2 if is_exact else -1, -len(titles[place]), *evidence, number, place))
    by_quote = [
        (-quoted(block, paper), -beside(number, place), number, place)
        for number, block in enumerate(blocks)
        for place, paper in enumerate(known)
        if quoted(block, paper)
    ]
    exact = [item[-2:] for item in sorted(by_title) if item[0] == -2]
    in_passing = [item[-2:] for item in sorted(by_title) if item[0] == -1]
    taken: set[int] = set()
    # A heading that names a paper in passing counts for less than quotes.
    for number, place in [*exact, *(item[-2:] for item in sorted(by_quote)), *in_passing]:
        if blocks[number].paper is None and place not in taken:
            blocks[number].paper = known[place]
            taken.add(place)
    _recognise_by_place(blocks, known)


def _recognise_by_place(blocks: Sequence[_Block], known: Sequence[KnownPaper]) -> None:
    """Blocks with our labels between two recognised papers, where just as many papers are missing between them."""
    places = {paper.key: place for place, paper in enumerate(known)}
    titles = {text_key(paper.title) for paper in known}
    found = [(i, places[block.paper.key]) for i, block in enumerate(blocks) if block.paper is not None]
    for (i, place), (j, next_place) in itertools.pairwise([(-1, -1), *found, (len(blocks), len(known))]):
        # A copy of another paper is not the missing one.
        unknown = [
            block
            for block in blocks[i + 1 : j]
            if block.is_labelled and not any(text_key(_content(block.title)[1]).endswith(title) for title in titles)
        ]
        missing = [p for p in range(place + 1, next_place) if all(p != other for _, other in found)]
        if len(unknown) == len(missing):
            for block, p in zip(unknown, missing, strict=True):
                block.paper = known[p]


def _recognise_sections(blocks: Sequence[_Block], known: Sequence[KnownPaper]) -> None:
    """Mark what is a passage of ours: by a quote, else by a label, under its own paper's title.

    Only papers whose title is gone are looked for by their quotes elsewhere. Of several copies of a quote in a section
    the last counts: what a person pasted above it is in the passage.
    """
    free = [
        _Source(passage.kind, paper.key, text_key(passage.english))
        for paper in known
        for passage in paper.passages
        if passage.kind != "title"
    ]
    titled = {block.paper.key for block in blocks if block.paper is not None}
    homeless = [source for source in free if source.paper not in titled]
    sections = [(block.paper.key if block.paper else None, section) for block in blocks for section in block.sections]
    for paper, section in sections:
        _mark_quotes(section, [source for source in free if source.paper == paper], free)
    for _, section in sections:
        _mark_quotes(section, homeless, free)
    for paper, section in sections:
        if not any(quote.source for quote in section.quotes):
            section.source = next((one for one in free if (one.kind, one.paper) == (section.label, paper)), None)
            if section.source is not None:
                free.remove(section.source)


def _mark_quotes(section: _Section, sources: Sequence[_Source], free: list[_Source]) -> None:
    for quote in reversed(section.quotes):
        source = None if quote.source else _source_of(quote, [source for source in sources if source in free])
        if source is not None:
            quote.source = source
            free.remove(source)


def _source_of(quote: _Quote, sources: Sequence[_Source]) -> _Source | None:
    key = text_key(quote.text)
    if not key:
        return None
    rated = [(fuzz.ratio(key, source.key, score_cutoff=ALIKE_PCT), source) for source in sources]
    likeness, source = max(rated, key=lambda item: item[0], default=(0, None))
    return source if likeness else None


# --- regions ---------------------------------------------------------------------------------------------------------


def _trimmed(raw: str, start: int, end: int, kind: Kind, paper: int | None) -> Region:
    text = raw[start:end]
    if not text.strip():
        return Region(end, end, kind, paper)
    lines = text[: len(text) - len(text.lstrip())]
    # Blank lines go, the indentation of the first line stays.
    left = start + lines.rfind("\n") + 1
    return Region(left, start + len(text.rstrip()), kind, paper)


def _introduction(raw: str, lines: Sequence[_Line], blocks: Sequence[_Block], byline: str | None) -> Iterator[Region]:
    """What stands between the byline and the next rule or heading; without byline, the last such stretch with bullets.

    A moderator's note above the byline, or parted from the introduction by a rule, is none of it.
    """
    papers = [block.title.start for block in blocks[1:] if block.paper is not None or block.is_labelled]
    end = min([*papers, *(line.start for line in lines if line.kind == "label")], default=len(raw))
    stretches: list[list[_Line]] = [[]]
    is_after_byline = False
    for line in lines:
        if line.start >= end:
            break
        if line.kind in ("rule", "title"):
            stretches.append([])
        elif byline and not is_after_byline and " ".join(line.text.split()) == " ".join(byline.split()):
            is_after_byline, stretches = True, [[]]
        elif line.kind != "blank":
            stretches[-1].append(line)
    filled = [stretch for stretch in stretches if stretch]
    bulleted = [stretch for stretch in filled if any(_BULLET.match(line.text) for line in stretch)]
    # Without the byline there is no telling what was above it; the introduction stood next to the papers.
    shown = (filled[:1] if is_after_byline else [*filled, *bulleted][-1:]) or [[]]
    if shown[0]:
        yield _trimmed(raw, shown[0][0].start, shown[0][-1].end, "introduction", None)


def _english_start(line: _Line, title: str) -> int | None:
    """Where in the heading's content the slash before the English title stands; read from the right."""
    content = _content(line)[1]
    for slash in reversed(list(re.finditer("/", content))):
        if text_key(content[slash.end() :]) == text_key(title):
            return slash.start()
    return None


def _title_region(block: _Block) -> Iterator[Region]:
    paper = block.paper
    if paper is None or all(passage.kind != "title" for passage in paper.passages):
        return
    start, content = _content(block.title)
    slash = _english_start(block.title, paper.title)
    if slash is None:
        if not content.strip() or text_key(content) == text_key(paper.title):
            return
        rated = [
            (fuzz.ratio(text_key(content[found.end() :]), text_key(paper.title)), found.start())
            for found in re.finditer("/", content)
        ]
        likeness, at = max(rated, default=(0.0, 0))
        slash = at if likeness >= ALIKE_PCT else len(content)
    left = content[:slash]
    yield Region(start + len(left) - len(left.lstrip()), start + len(left.rstrip()), "title", paper.key)


def _section_regions(raw: str, section: _Section) -> Iterator[Region]:
    start = section.start
    for quote in section.quotes:
        if quote.source is not None:
            start = _after_waiting(raw, start, quote.start)
            yield _trimmed(raw, start, quote.start, quote.source.kind, quote.source.paper)
            start = min(quote.end + 1, len(raw))
    if section.source is not None:
        end = section.quotes[0].start if section.quotes else section.end
        yield _trimmed(raw, start, end, section.source.kind, section.source.paper)


def _after_waiting(raw: str, start: int, end: int) -> int:
    """Behind our own line that says a translation is still to come."""
    text = raw[start:end]
    line = text.lstrip().split("\n", 1)[0]
    if line.startswith(_WAITING):
        return start + text.index(line) + len(line)
    return start
