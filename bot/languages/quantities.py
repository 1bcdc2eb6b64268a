"""Quantities as texts state them, in any language: a value, what kind of number it is, and how binding it is.

Also the reading of numbers in the notation that languages share: `1,600`, `2.7B`, `4x`, `10^6`, `3/4`, `GPT-4`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from fractions import Fraction


class Kind(StrEnum):
    PLAIN = "plain"
    PERCENT = "percent"
    POINTS = "points"
    PERCENTAGE_POINTS = "percentage points"
    TIMES = "times"
    VAGUE = "vague"
    """Only an order of magnitude: `tens of thousands` is 10,000."""
    FRACTION = "fraction"
    ORDINAL = "ordinal"
    MONTH = "month"


class Weight(IntEnum):
    """How surely the other language states the number too."""

    ABSORBS = 0
    """Part of a name (`GPT-4`), a list mark, or a word that often has no counterpart (`one`, `both`)."""
    WORD = 1
    """A small number in words."""
    FIRM = 2


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number at `text[start:end]`, its unit sign included."""

    value: Fraction
    kind: Kind
    start: int
    end: int
    weight: Weight = Weight.FIRM
    others: tuple[tuple[Fraction, Kind], ...] = ()
    """Further readings, as of the `2` in `2-8x`."""

    @property
    def readings(self) -> tuple[tuple[Fraction, Kind], ...]:
        """All (value, kind) that the text may mean."""
        return ((self.value, self.kind), *self.others)


NUMBER = r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\d.])\.\d+)"
MAGNITUDES = {"k": 10**3, "m": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9, "t": 10**12}

_OPAQUE = re.compile(
    r"""
      https?://\S+ | www\.\S+ | \S+@\S+\.\w+
    | \\(?:url|href|cite\w*|ref|eqref|label)\s*\{[^{}]*\}
    | `[^`]+`
    | \[[^\[\]]*\b(?:19|20)\d\d[a-z]?\] | \[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]    # citations
    | \( [^()]* \b(?:et\ al\.?|and\ [A-Z]\w+|&\ [A-Z]\w+|외) ,?\s \(?(?:19|20)\d\d [^()]* \)
    | \b\d{4}\.\d{4,5}(?:v\d+)?\b                                               # arXiv ids
    """,
    re.VERBOSE,
)
_MATH = re.compile(r"\$\$?([^$]{1,200}?)\$\$?|\\\((.{1,200}?)\\\)")
_SIMPLE_MATH = re.compile(r"(?:[\d.,\s^{}~<>=+\-–%×/KMBkx]|\\(?:times|sim|approx|geq?|leq?|pm|cdot|,|%|\s))+")
_MATH_WORDS = (
    (re.compile(r"\\times"), "×"),
    (re.compile(r"\\cdot"), "×"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\(?:sim|approx|geq?|leq?|pm|,)|\\(?=\s)"), " "),
)
_NAME = re.compile(r"(?<![A-Za-z0-9])[A-Za-z](?:[A-Za-z0-9_+]|[./@](?=[A-Za-z0-9])|[-–](?=[A-Za-z0-9]))*")
_VERSION = re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.]*\d)", re.ASCII)
_GRID = re.compile(rf"(?<![\w.]){NUMBER}(?:\s?[xX×]\s?{NUMBER})+(?![\d^.]*[\^\d])", re.ASCII)
_LIST_MARK = re.compile(r"(?:(?<=\s)|^)\(?\d{1,2}\)(?=\s)|^\s*\d{1,2}\.(?=\s)")
_DIGITS = re.compile(NUMBER + r"(?:[KMBTkbm](?![A-Za-z]))?")
_POWER = re.compile(
    rf"(?<![\w.])(?:(?P<factor>{NUMBER})\s*[×x*]\s?)?(?P<base>10|2)\s?"
    r"(?:\^\s?\{?\s?(?P<exponent>[-−–]?\d{1,2})(?:\s?\})?|(?P<raised>⁻?[⁰¹²³⁴-⁹]{1,2}))"
    rf"|(?<![\w.])(?P<scientific>{NUMBER})e(?P<e>[-+−]?\d{{1,2}})(?!\w)",
    re.ASCII,
)
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−–", "-0123456789--")
_SLASHED = re.compile(r"(?<![\w./])(\d{1,2})\s?/\s?(\d{1,3})(?![\w/]|\.\d)", re.ASCII)


def number(digits: str) -> Fraction:
    """The value of `1,600` or `2.5`."""
    return Fraction("0" + digits.replace(",", "") if digits.startswith(".") else digits.replace(",", ""))


def blank(text: str, start: int, end: int) -> str:
    """`text` with one span hidden, every other character where it was."""
    return text[:start] + " " * (end - start) + text[end:]


def open_math(text: str) -> str:
    """Addresses, code, citations and formulas hidden; formulas that are only a number stay, their TeX made plain."""
    for match in _OPAQUE.finditer(text) if any(sign in text for sign in "/@\\`[(.") else ():
        text = blank(text, *match.span())
    if "$" in text or "\\(" in text:
        for match in _MATH.finditer(text):
            body = match[1] or match[2]
            if re.match(r"\s?\d[\d,.]*\s?(?:[KMB]|million|billion)?\s", text[match.start() + 1 :]) and "\\" not in body:
                continue  # two amounts in dollars, no formula
            if not _SIMPLE_MATH.fullmatch(body):
                text = blank(text, *match.span())
    if "\\" in text:
        for pattern, plain in _MATH_WORDS:
            text = _in_place(pattern, plain, text)
    return text


def _in_place(pattern: re.Pattern[str], plain: str, text: str) -> str:
    return pattern.sub(lambda match: plain.rjust(len(match.group())), text)


def shared_notation(text: str) -> tuple[list[Quantity], str]:
    """Numbers whose notation needs no language (names, versions, grids, powers), and the text without them."""
    found: list[Quantity] = []

    def absorb(start: int, end: int) -> None:
        for digits in _DIGITS.finditer(text, start, end):
            raw = digits.group()
            value = number(raw.rstrip("KMBTkbm"))
            magnitude = MAGNITUDES.get(raw[-1].lower(), 1)
            others = ((value, Kind.PLAIN),) if magnitude > 1 else ((value, Kind.TIMES),)
            found.append(Quantity(value * magnitude, Kind.PLAIN, digits.start(), digits.end(), Weight.ABSORBS, others))

    for power in _POWER.finditer(text) if re.search(r"[\^⁰-⁹¹²³]|\de[-+−\d]", text) else ():
        found.append(Quantity(_power(power), Kind.PLAIN, *power.span()))
        text = blank(text, *power.span())
    for pattern in (_NAME, _VERSION, _GRID, _LIST_MARK):
        for match in pattern.finditer(text):
            if any(char.isdigit() for char in match.group()):
                absorb(*match.span())
                text = blank(text, *match.span())
    for match in _SLASHED.finditer(text):
        upper, lower = int(match[1]), int(match[2])
        if 0 < upper < lower:
            separate = ((Fraction(upper), Kind.PLAIN), (Fraction(lower), Kind.PLAIN))
            found.append(Quantity(Fraction(upper, lower), Kind.FRACTION, *match.span(), others=separate))
            text = blank(text, *match.span())
    return found, text


def _power(match: re.Match[str]) -> Fraction:
    if match["scientific"]:
        return number(match["scientific"]) * Fraction(10) ** int(match["e"].translate(_RAISED))
    exponent = int((match["exponent"] or match["raised"]).translate(_RAISED))
    return (number(match["factor"]) if match["factor"] else 1) * Fraction(int(match["base"])) ** exponent


def share_units(
    text: str, quantities: list[Quantity], connector: re.Pattern[str], scale: dict[int, int]
) -> list[Quantity]:
    """The earlier number of a range or list may have the unit and magnitude of the later one: `2-8x`, `3 to 5 million`.

    Args:
        text: The text that the quantities were read from.
        quantities: In reading order.
        connector: What stands between the numbers of a range or list.
        scale: Magnitude by the start of the quantity that states it.
    """
    shared = list(quantities)
    for i in range(len(shared) - 2, -1, -1):
        left, right = shared[i], shared[i + 1]
        if left.kind is not Kind.PLAIN or not connector.fullmatch(text, left.end, right.start):
            continue
        readings = set[tuple[Fraction, Kind]]()
        own = scale.get(left.start, 1)
        for value, kind in ((left.value, left.kind), *left.others):
            readings.add((value, right.kind if right.kind in _SHARED_KINDS else kind))
            by = scale.get(right.start, 1)
            if own == 1 and by > 1 and value * by < right.value:
                readings.add((value * by, kind))
                scale[left.start] = by
        readings -= {(left.value, left.kind), *left.others}
        shared[i] = replace(left, others=(*left.others, *sorted(readings)))
    return shared


_SHARED_KINDS = {Kind.PERCENT, Kind.TIMES, Kind.PERCENTAGE_POINTS, Kind.POINTS}


def in_order(quantities: Iterator[Quantity] | list[Quantity]) -> list[Quantity]:
    """In reading order."""
    return sorted(quantities, key=lambda quantity: (quantity.start, quantity.end))
