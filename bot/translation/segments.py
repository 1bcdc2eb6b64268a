"""Cut English text into sentence segments, the units of translation, and put translated segments back.

The sentence ends come from sentencex (MIT, Wikimedia). Around it stand only rules for what it got wrong on real
abstracts or on the hard cases of the tests; `docs/segmentation.md` has the comparison and the figures.
"""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Where a segment lies in its text: characters `start` (included) to `end` (not included)."""

    start: int
    end: int


# A line may open with one bullet mark; it is glue, so that a translation never has to repeat it.
_BULLET = re.compile(r"\s*-\s+(?=\S)")

# Pieces that hold stops or look like list marks, but end no sentence. They are hidden from sentencex behind letters.
_OPAQUE = re.compile(
    r"""
    (?P<math> \$\$ [^$]+ \$\$                                   # TeX display and inline math, `$5 and $10` is none
        | \$ (?!\s) [^$]{1,300}? (?<![\s\\]) \$ (?!\d)
        | \\\( .{1,300}? \\\) | \\\[ .{1,300}? \\\] )
    | (?<![^\s(]) \(? (?: \d{1,2} | [ivx]{1,4} | [a-h] ) \) (?=[\s~])  # (1), 2), ii): its list rule loses the rest
    | (?: ^ | (?<=[:;]\s) ) \d{1,2} \. (?=\s)                          # 1. at the start of a line or of a list
    | (?<!\S) [^\w\s.!?"'“”‘’`()\[\]$\\]+ (?=\s)                       # bullets and spaced dashes: its list rule again
    | (?<!\w) \. [A-Z]{2,} \b | \b \w+ \. [A-Z]{2,} \b                 # .NET, ASP.NET
    | \b \w+ /s (?=\.)                                                 # FLOPs/s.
    | [<>]                                                            # read as quotes: `a <5 day. Then >3`
    | \b art (?=\.)                                                    # read as `article 7` at `the art. 7B models`
    """,
    re.VERBOSE,
)

# Left of a boundary, with a number, a bracket or a single letter to the right: `Eq. (2)`, `Refs. 3`, `App. B`.
_LABEL = re.compile(r"(?<![\w.])(?:[Ff]ig|[Ee]q|[Rr]ef|[Ss]ect?|[Tt]ab|Alg|App|Ch|Cor|Def|Lem|Prop|Thm|Vol)s?\.$")
_LABEL_VALUE = re.compile(r"[(\[#$~]*\d|[(\[]?[ivx]+\b|[A-Z]\b")
# Left of a boundary, with a small letter or a number to the right: `30 hrs. on one GPU`, `approx. 30`.
_SHORTENED = re.compile(r"(?<![\w.])(?:approx|avg|etc|hrs?|max|mins?|Nos?|pp?|resp|secs?|yrs?)\.$", re.IGNORECASE)
_GOES_ON = re.compile(r"[(~$]?[a-z\d]|\)")

# A list mark stays with what it counts.
_MARK = re.compile(r"\(?\d{1,2}[.)]")

# Words that open a sentence and no name: `concise.If the` is a boundary without its blank, `torch.Tensor` is none.
_OPENERS = (
    "A|Additionally|Although|An|And|As|At|Because|Besides|But|By|Consequently|Despite|Each|Finally|For|From|Furthermore|"
    "Hence|Here|How|However|If|In|Instead|It|Its|Many|Meanwhile|Moreover|Most|Nevertheless|On|Our|Overall|Recent|"
    "Results|Since|Some|Specifically|Such|That|The|Their|Then|There|Therefore|These|They|This|Those|Through|Thus|To|"
    "Unlike|Using|We|What|When|Whether|Which|While|With|Yet|You"
)
_GLUED = re.compile(rf"(?<=[a-z)])[.?!](?=(?:{_OPENERS})\b(?![.\-]))")
_WIDE_BLANK = re.compile(r"[^\S\x00-\x7f]")
_ETC_LAST = re.compile(r"\betc\.\s+(?=[A-Z])")


def split(text: str) -> tuple[Span, ...]:
    """The sentences of `text`, in reading order.

    Spans are not empty, do not overlap, cross no line break, and neither start nor end with white space. Together they
    hold every character except white space and the `-` that opens a bullet line; what lies between is glue.
    Clauses joined by `;` stay together, and so do the items of a list inside a sentence.
    """
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    offset = 0
    for line in text.splitlines(keepends=True):
        bullet = _BULLET.match(line)
        start = bullet.end() if bullet else len(line) - len(line.lstrip())
        body = line[start:].rstrip()
        cuts = [0, *_sentence_starts(body), len(body)] if body else []
        for left, right in itertools.pairwise(cuts):
            yield Span(offset + start + left, offset + start + left + len(body[left:right].rstrip()))
        offset += len(line)


def _sentence_starts(body: str) -> list[int]:
    """Where the second and later sentences of one line begin."""
    masked = _OPAQUE.sub(_letters, body)
    if "``" in body and "''" not in body:  # ``mixed quotes" leave it waiting for an end
        masked = masked.replace("``", '"x')
    kept: list[int] = []
    for start in sorted(_library_starts(masked) | {match.end() for match in _ETC_LAST.finditer(masked)}):
        previous = kept[-1] if kept else 0
        if _is_sentence_start(body, masked, previous, start):
            kept.append(start)
    # What holds neither letter nor digit (a stray quote, a row of stops) is no sentence of its own.
    while kept and not _has_word(body[kept[-1] :]):
        kept.pop()
    return kept


def _letters(match: re.Match[str]) -> str:
    hidden = match.group()
    # `$p < 0.05.$` ends its sentence inside the math: the stop has to stay in sight.
    stop = "." if match["math"] and hidden.rstrip("$)]\\").endswith(".") else "x"
    return ("X" + "x" * len(hidden))[: len(hidden) - 1] + stop


def _library_starts(masked: str) -> set[int]:
    # Imported late: commands that draft nothing should not load the compiled library.
    from sentencex import segment  # type: ignore[import-untyped, unused-ignore]  # the wheel brings no types

    # sentencex 1.1 panics at a wide blank between an initial and its stop (`K\u2009.`).
    starts, end = set[int](), 0
    for piece in segment("en", _WIDE_BLANK.sub(" ", masked)):
        starts.add(end + len(piece) - len(piece.lstrip()))
        end += len(piece)
    return {start for start in starts if 0 < start < len(masked)}


def _is_sentence_start(body: str, masked: str, previous: int, start: int) -> bool:
    before, right = body[previous:start].rstrip(), body[start:]
    if not (_has_word(before) and _has_word(right)) or _MARK.fullmatch(before):
        return False
    if _LABEL.search(before) and _LABEL_VALUE.match(right):
        return False
    if _SHORTENED.search(before) and _GOES_ON.match(right):
        return False
    blank_missing = not masked[start - 1].isspace()
    return not blank_missing or body[start - 1] in "。！？" or _GLUED.match(body, start - 1) is not None


def _has_word(piece: str) -> bool:
    return any(character.isalnum() for character in piece)
