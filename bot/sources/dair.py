"""DAIR.AI's "ML Papers of the Week": one Markdown file that holds every week's ten papers, the newest week first.

Shape (github.com/dair-ai/ML-Papers-of-the-Week, README.md as of 2025-07-20): a level-2 heading for each week, under it
a table of two columns and exactly ten rows, `| 1) **Title** - description | [Paper](address), [Tweet](address) |`.
The file is edited by hand, so a week may stand there half done for some hours. A week is therefore read whole or
refused whole, with the line and the reason; nothing is guessed where two readings are possible.

The index above the weeks is ignored: where it and the sections disagree, the sections were right.
"""

import datetime as dt
import html.entities
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import RejectedError
from bot.sources.plain_text import ADDRESS, inline_links, plain_text, unescape

PAPERS_A_WEEK = 10
FIRST_YEAR = 2023
"""The headings of the list's first year name no year; all later ones do."""

_LONGEST_ROW = 20_000  # characters; the longest row seen has 2,763
_LONGEST_TITLE = 150  # characters; the longest seen has 134, so more means that the separator is missing
_LONGEST_REPORTED_DATES = 10  # days; a heading with more says nothing about which week was meant


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the list gives it, tracking query included; the label is the list's word (`Paper`, `Tweet`, `Code`)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """One row. Title and description are plain text; the description may be empty and may have lines `- …`.

    Attributes:
        week_start: first day of the week as the heading says it; `week_end` is its last day.
        rank: 1 to 10, the list's order.
        links: the row's second cell, in order, never empty.
        line: the row's line in the file, from 1.
        description_links: links inside the description, whose text stays there; sometimes the only way to the paper.
    """

    week_start: dt.date
    week_end: dt.date
    rank: int
    title: str
    description: str
    links: tuple[Link, ...]
    line: int
    description_links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedWeek:
    """A week that was read completely: ten papers in rank order; first and last day are as the heading says."""

    start: dt.date
    end: dt.date
    line: int
    papers: tuple[ListedPaper, ...]

    @property
    def period(self) -> dt.date:
        """The Monday of the calendar week that this week stands for; differs from `start` in the irregular weeks."""
        return _period(self.start, self.end)


@dataclass(frozen=True, slots=True)
class ListProblem:
    """Something that was refused: a whole week, a table without heading, or the whole file.

    Attributes:
        line: where the trouble is, from 1.
        reason: what is wrong there, as a clause without full stop.
        heading: the week's heading, or None where the trouble is in no week.
        start: first day of the week it concerns, or None where the heading does not tell; the same for `end`.
    """

    line: int
    reason: str
    heading: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def period(self) -> dt.date | None:
        """The Monday of the calendar week it concerns, or None where that is unknown."""
        return _period(self.start, self.end) if self.start and self.end else None


@dataclass(frozen=True, slots=True)
class ParsedList:
    """Everything that one state of the file says: readable weeks and refused ones, both in the file's order."""

    weeks: tuple[ListedWeek, ...]
    problems: tuple[ListProblem, ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """The week is not in the list yet (it comes a day to six weeks after its end); `period` is its Monday."""

    period: dt.date


def parse(text: str) -> ParsedList:
    """Reads the whole list. Never raises: what cannot be read is among the problems.

    A week that stands twice is refused in both places, since one of them carries a wrong heading.
    """
    sections, strays = _sections(text)
    if not sections:
        expected = "## Top ML Papers of the Week (June 23 - June 29) - 2025"
        return ParsedList((), (ListProblem(1, f"there is no heading like `{expected}`, so this is not DAIR's list"),))

    readings = [_read(section) for section in sections]
    mentions: dict[dt.date, list[int]] = {}
    for section in sections:
        if section.dates:
            mentions.setdefault(_period(*section.dates), []).append(section.line)

    weeks: list[ListedWeek] = []
    problems = [ListProblem(line, "this table row stands outside any week") for line in strays]
    for section, reading in zip(sections, readings, strict=True):
        same_week = mentions[_period(*section.dates)] if section.dates else []
        other = next((line for line in same_week if line != section.line), None)
        if other:
            reason = f"the same week stands in line {other} too, so one of the headings is wrong"
            problems.append(section.problem(section.line, reason))
        elif isinstance(reading, ListedWeek):
            weeks.append(reading)
        else:
            problems.append(reading)
    return ParsedList(tuple(weeks), tuple(sorted(problems, key=lambda problem: problem.line)))


def week_of(parsed: ParsedList, day: dt.date) -> ListedWeek | Awaited:
    """The week a person means by any day of it.

    A day on which a listed week starts means that week. Any other day means the week that stands for its calendar week
    (Monday to Sunday): where two listed weeks overlap by a day, that day belongs to the calendar week it lies in.

    Raises:
        RejectedError: the list refuses this very week, or the text is not this list at all; a retry helps only after
            the list was corrected.
    """
    if not parsed.weeks and all(problem.heading is None for problem in parsed.problems):
        first = parsed.problems[0].reason if parsed.problems else "it holds no week"
        raise RejectedError(f"The text cannot be read as DAIR's weekly list: {first}; check the address or path.")
    monday = _monday(day)
    entries: tuple[ListedWeek | ListProblem, ...] = (*parsed.weeks, *parsed.problems)
    meant = next((entry for entry in entries if entry.start == day), None) or next(
        (entry for entry in entries if entry.period == monday), None
    )
    if meant is None:
        return Awaited(monday)
    if isinstance(meant, ListProblem):
        raise RejectedError(
            f"The week of {monday} cannot be taken from the list: line {meant.line}: {meant.reason}; "
            "wait until the list is corrected there, then run this again."
        )
    return meant


# --- sections ---------------------------------------------------------------------------------------------------------


class _Refused(Exception):  # noqa: N818 (it never leaves this module)
    """A week cannot be read; carries the line and the reason out of the readers below."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(slots=True)
class _Section:
    line: int
    heading: str
    body: list[tuple[int, str]]
    dates: tuple[dt.date, dt.date] | None = None  # set once they are known to make a week

    def problem(self, line: int, reason: str) -> ListProblem:
        start, end = self.dates or _vague_dates(self.heading) or (None, None)
        return ListProblem(line, reason, self.heading, start, end)


_HEADING = re.compile(r"#{1,6}[ \t]+")
_WEEK_HEADING = re.compile(r"#{1,6}[ \t]*(?P<title>Top ML Papers\b.*)", re.IGNORECASE)
_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}")
_COMMENT = re.compile(r"<!--.*-->")


def _sections(text: str) -> tuple[list[_Section], list[int]]:
    """The week sections, and the first line of each run of table rows outside any."""
    sections: list[_Section] = []
    strays: list[int] = []
    current: _Section | None = None
    previous_is_stray = False
    # Not splitlines(): it also ends lines at characters that Markdown keeps inside a line, and numbers would be off.
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.strip()
        is_stray = False
        if week := _WEEK_HEADING.fullmatch(line):
            current = _Section(number, week["title"], [])
            sections.append(current)
        elif _HEADING.match(line) or _RULE.fullmatch(line):
            current = None
        elif line and not _COMMENT.fullmatch(line):
            if current:
                current.body.append((number, line))
            elif line.startswith("|"):
                is_stray = True
                if not previous_is_stray:
                    strays.append(number)
        previous_is_stray = is_stray
    return sections, strays


def _read(section: _Section) -> ListedWeek | ListProblem:
    try:
        start, end = _dates(section)
        section.dates = start, end
        papers = tuple(_papers(section, start, end))
    except _Refused as refused:
        return section.problem(refused.line, refused.reason)
    return ListedWeek(start, end, section.line, papers)


# --- dates ------------------------------------------------------------------------------------------------------------

_DATES = re.compile(
    r"Top ML Papers of the Week\s*\(\s*"
    r"(?P<month>[a-z]+)\.?\s*(?P<day>[0-9]{1,2})\s*[-–—]\s*(?:(?P<end_month>[a-z]+)\.?\s*)?(?P<end_day>[0-9]{1,2})"
    r"\s*\)\s*(?:[-–—,]?\s*(?P<year>[0-9]{4}))?",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        1,
    )
    for name in names
}


def _dates(section: _Section) -> tuple[dt.date, dt.date]:
    start, end = _dates_as_written(section)
    days = (end - start).days + 1
    # Three of 130 weeks have 8 days and one has 6, but each of them still starts on a Monday or ends on a Sunday.
    if not 6 <= days <= 8 or (start.weekday() != 0 and end.weekday() != 6):
        raise _Refused(
            section.line,
            f"{start} to {end} is no week ({days} days from {start:%A} to {end:%A}), so the heading is wrong",
        )
    return start, end


def _dates_as_written(section: _Section) -> tuple[dt.date, dt.date]:
    match = _DATES.fullmatch(section.heading.strip())
    if not match:
        raise _Refused(section.line, f"the dates in the heading `{_shortened(section.heading)}` cannot be read")
    month = _MONTHS.get(match["month"].lower())
    end_month = _MONTHS.get(match["end_month"].lower()) if match["end_month"] else month
    if month is None or end_month is None:
        raise _Refused(section.line, f"the heading `{_shortened(section.heading)}` names an unknown month")
    end_year = int(match["year"]) if match["year"] else FIRST_YEAR
    year = end_year - 1 if (month, end_month) == (12, 1) else end_year  # the year written is that of the last day
    try:
        return dt.date(year, month, int(match["day"])), dt.date(end_year, end_month, int(match["end_day"]))
    except ValueError:
        raise _Refused(
            section.line, f"the heading `{_shortened(section.heading)}` names a day that does not exist"
        ) from None


def _vague_dates(heading: str) -> tuple[dt.date, dt.date] | None:
    """The dates of a heading that makes no proper week, as long as it still tells which week was meant."""
    try:
        start, end = _dates_as_written(_Section(0, heading, []))
    except _Refused:
        return None
    return (start, end) if 0 <= (end - start).days < _LONGEST_REPORTED_DATES else None


def _monday(day: dt.date) -> dt.date:
    """The Monday of the day's calendar week."""
    return day - dt.timedelta(days=day.weekday())


def _period(start: dt.date, end: dt.date) -> dt.date:
    """The Monday of the calendar week that has most of these days."""
    return _monday(start + (end - start) // 2)


# --- rows -------------------------------------------------------------------------------------------------------------

_DELIMITER = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_ENTITY = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]+);")


def _papers(section: _Section, start: dt.date, end: dt.date) -> Iterator[ListedPaper]:
    for line, text in section.body:
        if not text.startswith("|"):
            raise _Refused(line, f"`{_shortened(text)}` is no table row")
    if len(section.body) < 2:
        raise _Refused(section.line, "there is no table under the heading")
    (header_line, header), (delimiter_line, delimiter), *rows = section.body
    if [cell.strip(" *").lower() for cell in header.strip("|").split("|")] != ["paper", "links"]:
        raise _Refused(header_line, "the table does not start with the columns Paper and Links")
    if not _DELIMITER.fullmatch(delimiter):
        raise _Refused(delimiter_line, "the line under the table's column names is missing")

    for expected_rank, (line, row) in enumerate(rows, 1):
        paper = _paper(start, end, line, row)
        if paper.rank != expected_rank or expected_rank > PAPERS_A_WEEK:
            raise _Refused(line, f"row {expected_rank} of the table has the rank {paper.rank}")
        yield paper
    if len(rows) != PAPERS_A_WEEK:
        raise _Refused(section.line, f"the week has {len(rows)} papers instead of {PAPERS_A_WEEK}")


def _paper(start: dt.date, end: dt.date, line: int, row: str) -> ListedPaper:
    if len(row) > _LONGEST_ROW:
        raise _Refused(line, f"the row has {len(row)} characters, more than any real one")
    if _CONTROL.search(row):
        raise _Refused(line, "the row holds control characters")
    if not row.endswith("|") or row.count("|") < 3:
        raise _Refused(line, "the row does not have two cells closed by `|`")
    first, *others = row[1:-1].split("|")
    if entity := next((found for found in _ENTITY.findall(first) if _is_entity(found)), None):
        raise _Refused(line, f"the row holds the HTML entity `{entity}`, which the list never used")

    rank, title, description = _first_cell(line, first)
    # Some rows of August 2023 give each link its own cell; a pipe inside the text ends here too, as "not a link".
    links = tuple(link for cell in others for link in _links(line, cell))
    if not links:
        raise _Refused(line, "the row has no link")
    text = plain_text(description).removesuffix(" -")  # one description ends in a stray dash
    name = plain_text(title).lstrip("* ").replace("\n", " ")
    if _is_placeholder(name) or _is_placeholder(text):
        raise _Refused(line, "the row is a placeholder")
    if not re.search(r"\w", name):
        raise _Refused(line, "the row has no title")
    if len(name) > _LONGEST_TITLE:
        raise _Refused(line, f"the title would have {len(name)} characters, so its end cannot be found")
    inside = tuple(Link(link.text, link.url) for link in inline_links(description))
    return ListedPaper(start, end, rank, name, text, links, line, inside)


def _is_entity(text: str) -> bool:
    return text.startswith("&#") or text[1:] in html.entities.html5


def _is_placeholder(text: str) -> bool:
    return "XXX" in text and set(re.sub(r"[\W_]", "", text)) == {"X"}


# --- first cell -------------------------------------------------------------------------------------------------------

_RANK = re.compile(r"(?P<bold>\*\*)?\s*(?P<rank>[0-9]{1,3})\s*\)\s*\.?\s*")
_SLIPPED_BOLD = re.compile(r"\*8(?=[A-Z][^*]*\*\*)")  # the 8 and the star share a key: `*8Title**` means `**Title**`
_BOLD_TITLE = re.compile(r"\*\*(?P<title>.+?)\*\*(?P<rest>.*)")
_AFTER_BOLD = re.compile(r"\s+[-–—]\s*|\s*[-–—]\s+|\s*:\s+|\s{2,}")
_DASH = re.compile(r"\s-(?:\s|$)")
_AFTER_PLAIN = re.compile(r"\s+-\s+|\s{2,}")
_OPENING_WORDS = re.compile(r"\s(?=(?:Introduces|This paper)\b)")


def _first_cell(line: int, cell: str) -> tuple[int, str, str]:
    """Rank, and title and description still in Markdown."""
    cell = cell.strip()
    match = _RANK.match(cell)
    if not match:
        raise _Refused(line, f"the row starts with `{_shortened(cell)}` instead of a rank like `1)`")
    rest = cell[match.end() :]
    if match["bold"]:  # `**1). Title** …` or `**1).** **Title** …`
        rest = rest[2:].lstrip() if rest.startswith("**") else f"**{rest}"
    rest = _SLIPPED_BOLD.sub("**", rest, count=1) if rest.startswith("*8") else rest
    bold = _BOLD_TITLE.fullmatch(rest)
    title, description = _split_bold(line, bold["title"].strip(), bold["rest"]) if bold else _split_plain(line, rest)
    return int(match["rank"]), title, description


def _split_bold(line: int, bold: str, rest: str) -> tuple[str, str]:
    if not rest.strip():
        return bold, ""  # five papers of early 2023 have no description
    if separator := _AFTER_BOLD.match(rest):
        return bold.removesuffix(" -"), rest[separator.end() :]
    # The bold reaches too far: `**Title -** text`, `**Title - a** text`.
    dashes = list(_DASH.finditer(bold))
    if not dashes:
        raise _Refused(line, "nothing separates the bold title from the description")
    return bold[: dashes[-1].start()], f"{bold[dashes[-1].end() :]}{rest}"


def _split_plain(line: int, rest: str) -> tuple[str, str]:
    """Splits at two blanks or a dash, whichever comes first; both occur later inside descriptions as well."""
    separator = _AFTER_PLAIN.search(rest)
    opening = _OPENING_WORDS.search(rest, 0, separator.start() if separator else len(rest))
    if opening:  # a single blank separates them, and only the usual first words show where
        return rest[: opening.start()], rest[opening.end() :]
    if not separator:
        raise _Refused(line, "nothing separates the title from the description")
    return rest[: separator.start()], rest[separator.end() :]


# --- second cell ------------------------------------------------------------------------------------------------------

# `[Paper](address)`; states of 2023 also have `[Paper][address]`, `[Tweet][(address)]` and `[Tweet]([text](address))`.
_LINK = re.compile(
    r"\[(?P<label>[^\[\]]*)\]\s*"
    rf"(?:\(\s*(?P<usual>{ADDRESS})\s*\)|\[\(?(?P<square>{ADDRESS})\)?\]|\(\[[^\[\]]*\]\((?P<nested>{ADDRESS})\)\))"
)


def _links(line: int, cell: str) -> Iterator[Link]:
    if left_over := _LINK.sub("", cell).strip(" \t,;_()[]"):
        raise _Refused(line, f"`{_shortened(left_over)}` in the links is no link")
    for match in _LINK.finditer(cell):
        label = _without_stray_brackets(plain_text(match["label"]).replace("\n", " "))
        if not label:
            raise _Refused(line, "a link has no label")
        yield Link(label, unescape(match["usual"] or match["square"] or match["nested"]))


def _without_stray_brackets(label: str) -> str:
    """Drops round brackets at the ends that have no partner (`Tweet)`)."""
    counts = Counter(label)
    while counts[")"] > counts["("] and label.endswith(")"):
        label, counts = label[:-1].rstrip(), counts - Counter(")")
    while counts["("] > counts[")"] and label.startswith("("):
        label, counts = label[1:].lstrip(), counts - Counter("(")
    return label


def _shortened(text: str, length: int = 60) -> str:
    printable = "".join(character if character.isprintable() else "�" for character in text.strip())
    return printable if len(printable) <= length else printable[: length - 1] + "…"
