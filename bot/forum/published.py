"""Reading posts that people published, of every form the community has used, without knowing what they should hold.

A post becomes a row of pieces. Put together they are the post, byte for byte, whatever stands in it. Each piece
says what it is: Korean of a passage, its English, a link, a label, or a part of the frame. What has no place in the
form is `unmapped`, kept as it is.

Weekly posts are known by their labels, not by the marks around them: text copied from the rendered page has lost its
marks and is read all the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.forum.tokens import RULE_LINE
from bot.languages.ko import labels
from bot.languages.ko.hangul import has_syllable, is_korean

Series = Literal["weekly", "daily", "talk"]
Field = Literal["title", "introduction", "description", "abstract", "summary", "details", "text"]
Role = Literal[
    "korean",
    "english",
    "link",
    "label",
    "heading",
    "votes",
    "authors",
    "image",
    "speaker",
    "notice",
    "frame",
    "unmapped",
]


class Piece(NamedTuple):
    """A stretch of a post, at most a line long.

    Attributes:
        text: its characters.
        role: what it is; `frame` is blanks, marks, rules and front matter.
        item: number of the paper (or of the talk's section) it belongs to, from 1 in the order of the post.
        field: the passage it is part of.
    """

    text: str
    role: Role
    item: int | None = None
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of an item: its lines in Korean and in English, as they stand, without bullets and quote marks."""

    field: Field
    label: str | None
    korean: tuple[str, ...]
    english: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A paper of a weekly or daily post, or a section of a talk.

    Attributes:
        number: from 1, in the order of the post.
        korean_title: None where the title is a name only, and in daily posts.
        english_title: None in the sections of a talk.
        labels: the labels under its title, in order.
        sections: its passages, in order.
        links: addresses in order; the first one is the paper's own where the form has one.
        votes: of daily posts.
        authors: of daily posts.
    """

    number: int
    korean_title: str | None
    english_title: str | None
    labels: tuple[str, ...]
    sections: tuple[Section, ...]
    links: tuple[str, ...]
    votes: int | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """A post that was read.

    Attributes:
        series: None if the post has none of the known forms; its Korean lines are then of the field `text`.
        period: first day of the week, the day of the list, or the talk's video id; None where the post does not tell.
        title: the topic's title, or the talk's.
        pieces: all of the post.
    """

    series: Series | None
    period: str | None
    title: str | None
    pieces: tuple[Piece, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Its papers or sections, in order."""
        numbers = dict.fromkeys(piece.item for piece in self.pieces if piece.item is not None)
        return tuple(_item(number, [piece for piece in self.pieces if piece.item == number]) for number in numbers)

    @property
    def passages(self) -> tuple[Section, ...]:
        """The passages of no item: the week's introduction, what a talk says around its sections."""
        return _sections([piece for piece in self.pieces if piece.item is None])

    @property
    def unmapped(self) -> tuple[str, ...]:
        """What has no place in the form, in order."""
        return tuple(piece.text for piece in self.pieces if piece.role == "unmapped")


def rendered(post: PublishedPost) -> str:
    """The post again, byte for byte."""
    return "".join(piece.text for piece in post.pieces)


def read_post(raw: str, *, title: str | None = None) -> PublishedPost:
    """A published post, read by its own marks. Never raises, whatever stands in it.

    Args:
        raw: the post's Markdown, or its text as copied from the page.
        title: the topic's title, where it is known from the forum; else it is looked for in the text.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", raw)
    daily = next((found for line in lines if (found := _DAILY.fullmatch(line.strip()))), None)
    if any(_key(line) in (_key(labels.TALK_SUMMARY), _key(labels.TALK_DETAILS)) for line in lines):
        pieces = tuple(_talk(lines))
        heading = next((piece.text for piece in pieces if piece.role == "heading" and piece.item is None), None)
        video = _VIDEO.search(raw)
        return PublishedPost("talk", video[1] if video else None, title or heading, pieces)
    if daily is not None:
        return PublishedPost("daily", daily["date"], title or daily["title"], tuple(_daily(lines)))
    title = title or next((line.strip().lstrip("# ") for line in lines if _WEEK.search(line)), None)
    week = _WEEK.search(title or "")
    period = f"{week[1]}-{week[2]}-{week[3]}" if week else None
    if any(_label(line) is not None for line in lines):
        return PublishedPost("weekly", period, title, tuple(_weekly(lines)))
    return PublishedPost(None, period, title, tuple(_unknown(lines)))


# --- lines -----------------------------------------------------------------------------------------------------------

_DAILY = re.compile(r"(?:#{1,6}\s*)?(?P<title>Daily Papers \((?P<date>\d{4}-\d\d-\d\d)\))")
_WEEK = re.compile(r"\[(\d{4})/(\d\d)/(\d\d)\s*~\s*(?:\d{4}/)?\d\d/\d\d\]")
_VIDEO = re.compile(r"(?:youtube\.com/(?:watch\?v=|embed/)|youtu\.be/)([\w-]{11})(?![\w-])")
_MARKS = re.compile(r"[ \t]*(?:(?:#{1,6}(?=[^#])|[-*+•●](?=[ \t])|>+|\d{1,2}\.(?=[ \t]))[ \t]*)*")
_LEVEL = re.compile(r" {0,3}(#{1,6})(?!#)")
_ADDRESS = re.compile(r"<?(https?://[^\s<>]+?)>?|!?\[[^\]\n]*\]\((https?://[^\s)]+)\)")
_LINK_TITLE = re.compile(r"\[(?P<text>.*)\]\((?P<url>https?://[^\s)]+)\)")
_SLASH = re.compile(r"\s+/\s+")
_SECTION_TITLE = re.compile(r"\*{0,2}(?P<number>\d{1,2})[.)]\s*\S.*")

_FIELDS: dict[str, Field] = {
    labels.DESCRIPTION: "description",
    labels.RESEARCH_DESCRIPTION: "description",
    labels.ABSTRACT: "abstract",
    labels.RESEARCH_ABSTRACT: "abstract",
}
_LINKS = (labels.PAPER_LINK, labels.RESEARCH_LINK, labels.READ_MORE)


def _key(line: str) -> str:
    """What a line says without its marks and blanks."""
    return "".join(char for char in line.casefold() if char.isalnum())


_BY_KEY = {_key(label): label for label in (*_FIELDS, *_LINKS, labels.SOURCE_LIST)}


def _label(line: str) -> str | None:
    return _BY_KEY.get(_key(line)) if len(line) < 60 else None


def _level(line: str) -> int:
    found = _LEVEL.match(line)
    return len(found[1]) if found else 0


def _is_rule(line: str) -> bool:
    return RULE_LINE.fullmatch(line.rstrip("\n")) is not None


def _cut(line: str) -> tuple[str, str, str]:
    """A line as its marks, what it says, and its end."""
    found = _MARKS.match(line)
    start = found.end() if found else 0
    body = line[start:].rstrip()
    return line[:start], body, line[start + len(body) :]


def _whole(line: str, role: Role, item: int | None = None, field: Field | None = None) -> Iterator[Piece]:
    """A line of one role, its marks and its end apart."""
    marks, body, end = _cut(line)
    row = (Piece(marks, "frame", item), Piece(body, role, item, field), Piece(end, "frame", item))
    yield from (piece for piece in row if piece.text)


def _text(line: str, item: int | None, field: Field) -> Iterator[Piece]:
    body = _cut(line)[1]
    return _whole(line, "korean" if is_korean(body) else "english", item, field)


def _linked(line: str, item: int | None) -> Iterator[Piece]:
    """A line that is nothing but an address."""
    marks, body, end = _cut(line)
    yield from (Piece(marks, "frame", item), Piece(body, "link", item), Piece(end, "frame", item))


def _is_address(line: str) -> bool:
    return _ADDRESS.fullmatch(_cut(line)[1]) is not None


# --- weekly ----------------------------------------------------------------------------------------------------------


def _weekly(lines: Sequence[str]) -> Iterator[Piece]:
    titles = _title_lines(lines)
    first = min(titles, default=len(lines))
    has_heading = any(_key(line) == _key(labels.INTRODUCTION_HEADING) for line in lines[:first])
    item: int | None = None
    field: Field | None = None if has_heading else "introduction"
    place: Literal["opening", "paper", "closing"] = "opening"
    for number, line in enumerate(lines):
        label = _label(line)
        if not line.strip() or _is_rule(line):
            yield Piece(line, "frame", item)
        elif number in titles:
            place, item, field = "paper", (item or 0) + 1, None
            yield from _weekly_title(line, item)
        elif label == labels.SOURCE_LIST:
            place, item, field = "closing", None, None
            yield from _whole(line, "label")
        elif label is not None and place == "paper":
            field = _FIELDS.get(label)
            yield from _whole(line, "label", item, field)
        elif place == "opening" and _key(line) == _key(labels.INTRODUCTION_HEADING):
            field = "introduction"
            yield from _whole(line, "label")
        elif _WEEK.search(line) and place == "opening":
            yield from _whole(line, "heading")
        elif _is_notice(line) and (place != "paper" or field is None):
            yield from _whole(line, "notice")
        elif _is_address(line):
            yield from _linked(line, item)
        elif field in ("description", "abstract") and not line.strip().startswith(labels.STATUS_MARKS):
            yield from _text(line, item, field)
        elif field == "introduction" and is_korean(_cut(line)[1]) and not _level(line):
            yield from _text(line, None, field)
        else:
            yield from _whole(line, "unmapped", item)


def _title_lines(lines: Sequence[str]) -> set[int]:
    """Numbers of the lines that are titles of papers: what stands over our labels."""
    found: set[int] = set()
    last = -1  # nothing up to here is a title any more
    for number, line in enumerate(lines):
        label = _label(line)
        if label is None:
            continue
        over = [i for i in range(number - 1, last, -1) if lines[i].strip() and not _is_rule(lines[i])]
        headings = [i for i in over if 1 <= _level(lines[i]) <= 2]
        if label != labels.SOURCE_LIST and headings:
            found.add(headings[0])
        elif _FIELDS.get(label) == "description" and over:
            found.add(over[0])
        last = number
    return found


def _weekly_title(line: str, item: int) -> Iterator[Piece]:
    marks, body, end = _cut(line)
    yield Piece(marks, "frame", item)
    slash = next(
        (s for s in _SLASH.finditer(body) if has_syllable(body[: s.start()]) and not has_syllable(body[s.end() :])),
        None,
    )
    if slash:
        yield Piece(body[: slash.start()], "korean", item, "title")
        yield Piece(slash.group(), "frame", item)
        yield Piece(body[slash.end() :], "english", item, "title")
    else:
        yield Piece(body, "korean" if has_syllable(body) else "english", item, "title")
    yield Piece(end, "frame", item)


def _is_notice(line: str) -> bool:
    return any(pattern.search(line) for pattern in labels.NOTICES)


# --- daily -----------------------------------------------------------------------------------------------------------


def _daily(lines: Sequence[str]) -> Iterator[Piece]:
    item: int | None = None
    for line in lines:
        body = _cut(line)[1]
        if not line.strip() or _is_rule(line):
            yield Piece(line, "frame", item)
        elif _DAILY.fullmatch(line.strip()):
            yield from _whole(line, "heading")
        elif _level(line) == 3:
            item = (item or 0) + 1
            yield from _linked_title(line, item)
        elif item is None:
            yield from _whole(line, "notice" if _is_notice(line) else "unmapped")
        elif re.fullmatch(r"Vote: \d+", body):
            yield from _whole(line, "votes", item)
        elif body.startswith("Authors: "):
            yield from _whole(line, "authors", item)
        elif re.fullmatch(r"!\[[^\]]*\]\([^)\s]*\)", body):
            yield from _whole(line, "image", item)
        elif _is_address(line):
            yield from _linked(line, item)
        elif _is_notice(line):
            yield from _whole(line, "notice")
        elif is_korean(body):
            yield from _text(line, item, "summary")
        else:
            yield from _whole(line, "unmapped", item)


def _linked_title(line: str, item: int | None, role: Role = "english") -> Iterator[Piece]:
    """A heading whose text is a link: `### [title](address)`."""
    marks, body, end = _cut(line)
    found = _LINK_TITLE.fullmatch(body)
    field: Field | None = "title" if item is not None else None
    yield Piece(marks, "frame", item)
    if found:
        yield Piece("[", "frame", item)
        yield Piece(found["text"], role, item, field)
        yield Piece("](", "frame", item)
        yield Piece(found["url"], "link", item)
        yield Piece(")", "frame", item)
    else:
        yield Piece(body, role, item, field)
    yield Piece(end, "frame", item)


# --- talk ------------------------------------------------------------------------------------------------------------


def _talk(lines: Sequence[str]) -> Iterator[Piece]:
    front = _front_matter(lines)
    yield from (Piece(line, "frame") for line in lines[:front])
    place: Literal["head", "summary", "details"] = "head"
    item: int | None = None
    for line in lines[front:]:
        body = _cut(line)[1]
        if not line.strip() or _is_rule(line):
            yield Piece(line, "frame", item)
        elif _key(line) == _key(labels.TALK_SUMMARY):
            place, item = "summary", None
            yield from _whole(line, "label", None, "summary")
        elif _key(line) == _key(labels.TALK_DETAILS):
            place, item = "details", None
            yield from _whole(line, "label", None, "details")
        elif _level(line) == 1 and place == "head":
            yield from _linked_title(line, None, "heading")
        elif body.startswith("<iframe") or _is_address(line):
            item = None
            yield from _linked(line, None)
        elif place == "head":
            yield from _whole(line, "speaker" if line.lstrip().startswith(("* ", "- ")) else "unmapped")
        elif _is_notice(line):
            yield from _whole(line, "notice")
        elif place == "summary" and _level(line) and (found := _SECTION_TITLE.fullmatch(body)):
            item = int(found["number"])
            yield from _whole(line, "korean", item, "title")
        elif place == "summary":
            if body.startswith(labels.TALK_CONCLUSION):
                item = None
            yield from _text(line, item, "summary")
        else:
            yield from _text(line, None, "details")


def _front_matter(lines: Sequence[str]) -> int:
    """How many lines the YAML block at the top has."""
    if not lines or lines[0].strip() != "---":
        return 0
    return next((number + 1 for number in range(1, len(lines)) if lines[number].strip() == "---"), 0)


# --- no known form ---------------------------------------------------------------------------------------------------


def _unknown(lines: Sequence[str]) -> Iterator[Piece]:
    for line in lines:
        if not line.strip() or _is_rule(line):
            yield Piece(line, "frame")
        elif is_korean(_cut(line)[1]) and not _level(line):
            yield from _text(line, None, "text")
        else:
            yield from _whole(line, "unmapped")


# --- items -----------------------------------------------------------------------------------------------------------


def _item(number: int, pieces: Sequence[Piece]) -> Item:
    votes = next((piece.text for piece in pieces if piece.role == "votes"), None)
    authors = next((piece.text for piece in pieces if piece.role == "authors"), None)
    titles = {piece.role: piece.text for piece in pieces if piece.field == "title"}
    return Item(
        number,
        titles.get("korean"),
        titles.get("english"),
        tuple(piece.text for piece in pieces if piece.role == "label"),
        _sections([piece for piece in pieces if piece.field != "title"]),
        tuple(_urls(piece.text for piece in pieces if piece.role == "link")),
        int(votes.removeprefix("Vote: ")) if votes else None,
        tuple(authors.removeprefix("Authors: ").split(", ")) if authors else (),
    )


def _sections(pieces: Sequence[Piece]) -> tuple[Section, ...]:
    fields = dict.fromkeys(piece.field for piece in pieces if piece.field and piece.role in ("korean", "english"))

    def texts(field: Field, role: Role) -> tuple[str, ...]:
        return tuple(piece.text for piece in pieces if piece.field == field and piece.role == role)

    return tuple(
        Section(field, next(iter(texts(field, "label")), None), texts(field, "korean"), texts(field, "english"))
        for field in fields
    )


def _urls(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        found = _ADDRESS.fullmatch(text)
        yield (found[1] or found[2]) if found else text
