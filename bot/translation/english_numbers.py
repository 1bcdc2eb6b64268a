"""Numbers in English: read from a text (`16 million`, `40K`, `tens of thousands`, `two thirds`, `2-8x`, `5 points`)."""

import re
from collections.abc import Iterator
from fractions import Fraction

from bot.languages.quantities import (
    MAGNITUDES,
    NUMBER,
    Kind,
    Quantity,
    Weight,
    blank,
    in_order,
    number,
    open_math,
    share_units,
    shared_notation,
)

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()  # noqa: SIM905
_UNITS += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: value for value, word in enumerate(_UNITS)} | {word: (i + 2) * 10 for i, word in enumerate(_TENS)}
_LARGE = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "secondly": 2, "thirdly": 3,
}  # fmt: skip
_PARTS = {
    "half": 2,
    "halve": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "eighth": 8,
    "tenth": 10,
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SOFT = {
    "both": 2, "twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "dual": 2, "pair": 2, "pairs": 2,
    "paired": 2, "couple": 2, "either": 2, "bidirectional": 2, "binary": 2, "triple": 3, "triples": 3, "tripled": 3,
    "tripling": 3, "quadruple": 4, "quadrupled": 4, "once": 1, "single": 1, "halves": 2, "neither": 2, "former": 1,
    "latter": 2, "squared": 2, "quadratic": 2, "cubic": 3, "order of magnitude": 10, "neither of": 2,
}  # fmt: skip

_word = "|".join([*_UNITS, *_TENS])
_large = "|".join(_LARGE)
_VAGUE = re.compile(
    rf"\b(?:(?P<tens>tens|hundreds|dozens)\s+(?:or\s+(?:even\s+)?\w+\s+)?of\s+(?P<of>{_large})s?"
    rf"|(?:several|a\s+few|many|multiple|some)\s+(?P<few>{_large})s?(?:\s+(?P<few2>thousand|million|billion))?"
    rf"|(?P<plural>tens(?=\s+of)|dozens|hundreds|thousands|millions|billions|trillions))\b",
    re.IGNORECASE,
)
_SCALE_WORD = re.compile(
    r"\b(?P<one>hundred|thousand|million|billion|trillion)(?=[-–\s][a-z]+(?:er|s|le|al|en|on|e)?\b)", re.IGNORECASE
)
_PART = re.compile(
    rf"\b(?:(?P<upper>an?|{_word}|\d{{1,2}})[\s-]+)?(?P<lower>half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"(?<![\w.])(?:(?P<digits>{NUMBER})|\b(?P<words>(?:{_word})(?:[\s-](?:{'|'.join(_UNITS[1:10])}))?(?=fold|[^A-Za-z]|$)|an?(?=[\s-](?:{_large})\b)|half\s+an?(?=\s(?:{_large})\b)))"
    rf"(?:(?P<letter>\s(?:[KMBT]|bn|mn)(?![A-Za-z-])|(?:[KMBTkmb]|bn|mn)(?![A-Za-z]))|(?P<large>(?:[\s-]+(?:{_large})\b(?!s))+(?:\s+(?:and\s+)?(?:{_word})(?:[\s-](?:{'|'.join(_UNITS[1:10])}))?(?=[\s,.;]))?))?",
)
_COUNT_WORDS = re.compile(_COUNT.pattern, re.IGNORECASE)
_UNIT = re.compile(
    r"(?P<pp>\s?(?:\\?%|percent(?:age)?|per\s?cent)[\s-]?(?:points?|p\b|pts?\b)|\s?(?:pp|p\.p\.)(?![A-Za-z]))"
    r"|(?P<percent>\s?\\?%|\s?percent(?!age)\b|\s?per\scent\b|-percent\b)"
    r"|(?P<points>\s(?:absolute\s|accuracy\s|F1\s|BLEU\s)?points?\b(?!\s?(?:clouds?|of\s))|-points?\b)"
    r"|(?P<times>\s?[x×](?![A-Za-z0-9])|X(?![A-Za-z0-9])|-?fold\b|\stimes\b)"
    r"|(?P<order>(?:st|nd|rd|th)\b)|(?P<more>\+)|(?P<dim>[\s-]?D\b)",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\b(two|three|four|five|six|seven|eight|ten|hundred|thousand)-?fold\b", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_SOFT_WORD = re.compile(rf"\b(?:{'|'.join(_SOFT)})\b", re.IGNORECASE)
_MONTH = re.compile(rf"\b({'|'.join(month for month in _MONTHS if month != 'May')}|May(?=\s\d)|(?<=in\s)May)\b")
_CONNECTOR = re.compile(r"(?:\s?[-–—~]\s?|\s(?:to|and|or)\s|,\s(?:and\s|or\s)?)(?:\$|up\sto\s|about\s|around\s)?")
_NAMED = re.compile(
    r"\b(?!(?:In|With|Over|Under|At|Only|About|Around|Using|From|To|By|Than|We|The|All|And|On|For|Of|Across|Our|These|After|Given|Among|Between|Up|Both|Nearly|Roughly|Approximately|Reaching|Achieving|Score|Accuracy)\b)[A-Z][A-Za-z]+[\s-]$"
)
_TIMES_BEFORE = re.compile(
    r"(?:factor|speed-?ups?|multiple|ratio)\sof\s(?:up\sto\s|about\s|over\s|more\sthan\s|at\sleast\s|around\s)?$|[×]\s?$",
    re.IGNORECASE,
)
_SMALLER = re.compile(
    r"\s(?:\w+\s)?(?:smaller|less|fewer|lower|cheaper|shorter|lighter|reduction|decrease)\b", re.IGNORECASE
)
_ANY = re.compile(
    rf"\d|\b(?:{_word}|{_large}|tens|hundreds|dozens|thousands|millions|billions|trillions|{'|'.join(_ORDINALS)}|{'|'.join(_PARTS)}"
    rf"|thirds|quarters|{'|'.join(_SOFT)}|{'|'.join(_MONTHS)}|\w+fold)\b",
    re.IGNORECASE,
)


def read(text: str) -> list[Quantity]:
    """The numbers that an English text states, in reading order."""
    if not _ANY.search(text):
        return []
    text = open_math(text)
    found, text = shared_notation(text)
    scale: dict[int, int] = {}
    for reader in (_months, _vague, _parts, _counts, _scale_words, _words):
        part = list(reader(text, scale))
        for quantity in part:
            text = blank(text, quantity.start, quantity.end)
        found += part
    return share_units(text, in_order(found), _CONNECTOR, scale)


def _vague(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _VAGUE.finditer(text):
        if match["tens"]:
            value = {"tens": 10, "hundreds": 100, "dozens": 10}[match["tens"].lower()] * _magnitude(match["of"])
        elif match["few"]:
            value = _magnitude(match["few"]) * (_LARGE[match["few2"].lower()] if match["few2"] else 1)
        else:
            plural = match["plural"].lower()
            value = 10 if plural in ("tens", "dozens") else _LARGE[plural.removesuffix("s")]
        kind, end, _ = _unit(text, match.end())
        others = ((Fraction(value), kind),) if kind is not Kind.PLAIN else ()
        yield Quantity(Fraction(value), Kind.VAGUE, match.start(), end, others=others)


def _magnitude(word: str) -> int:
    return 10 if word.lower() == "dozen" else _LARGE[word.lower()]


def _parts(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _PART.finditer(text):
        lower_word = match["lower"].lower()
        lower = _PARTS["half" if lower_word == "halves" else lower_word.removesuffix("s")]
        upper = (match["upper"] or "").lower()
        several = lower_word.endswith("s") and lower_word != "halves"
        if (not upper and lower_word != "half") or (several and upper in ("a", "an", "one", "")):
            continue
        if upper not in ("", "a", "an", "one") and not several:
            continue
        if re.match(rf"\s(?:an?\s)?(?:{_large})\b", text[match.end() :]):
            continue
        value = Fraction(1 if upper in ("", "a", "an", "one") else int(_WORDS.get(upper) or upper), lower)
        weight = Weight.ABSORBS if lower == 2 or upper in ("a", "an") else Weight.FIRM
        others = ((Fraction(lower), Kind.ORDINAL),) if upper in ("a", "an") else ()
        yield Quantity(value, Kind.FRACTION, *match.span(), weight, others)


def _counts(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _FOLD.finditer(text):
        value = Fraction(_WORDS.get(match[1].lower()) or _LARGE[match[1].lower()])
        yield Quantity(value, Kind.TIMES, *match.span(), others=((value, Kind.PLAIN),))
        text = blank(text, *match.span())
    for match in _COUNT_WORDS.finditer(text):
        yield _counted(text, match, scale)


def _counted(text: str, match: re.Match[str], scale: dict[int, int]) -> Quantity:
    magnitude, extra = 1, 0
    if match["letter"]:
        magnitude = MAGNITUDES[match["letter"].strip().lower()]
    for word in re.findall(r"[A-Za-z]+", match["large"] or ""):
        lower = word.lower()
        if lower in _LARGE:
            magnitude *= _LARGE[lower]
        else:
            extra += _WORDS.get(lower, 0)
    value = (number(match["digits"]) if match["digits"] else _word_value(match["words"])) * magnitude + extra
    scale[match.start()] = magnitude
    kind, end, others = _unit(text, match.end())
    readings = [(value, other) for other in others]
    if _TIMES_BEFORE.search(text, 0, match.start()):
        readings.append((value, Kind.TIMES))
    if kind is Kind.TIMES and value and _SMALLER.match(text, end):
        readings.append((1 / value, Kind.FRACTION))
    if text.startswith("orders of magnitude", end + 1) and value < 10:
        readings.append((Fraction(10) ** int(value), Kind.TIMES))
    return Quantity(value, kind, match.start(), end, _weight(text, match, value, kind, end), tuple(readings))


def _word_value(words: str) -> Fraction:
    parts = re.findall(r"[a-z]+", words.lower())
    if parts[0] == "half":
        return Fraction(1, 2)
    return Fraction(sum(_WORDS.get(part, 0) for part in parts) if parts != ["a"] and parts != ["an"] else 1)


def _weight(text: str, match: re.Match[str], value: Fraction, kind: Kind, end: int) -> Weight:
    if match["digits"]:
        named = kind is Kind.PLAIN and not match["letter"] and not match["large"] and "," not in match["digits"]
        unnamed = not named or not _NAMED.search(text, 0, match.start())
        unit = _UNIT.match(text, match.end())
        return Weight.FIRM if unnamed and not (unit and unit["dim"]) else Weight.ABSORBS
    if value in (0, 1):
        return Weight.ABSORBS
    hyphenated = text[end : end + 1] == "-" or match["words"].lower() in ("a", "an")
    return Weight.FIRM if value >= 100 or (value > 2 and not hyphenated) else Weight.WORD


def _scale_words(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _SCALE_WORD.finditer(text):
        value = Fraction(_LARGE[match["one"].lower()])
        yield Quantity(value, Kind.VAGUE, *match.span(), Weight.WORD, ((value, Kind.PLAIN),))


def _words(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _ORDINAL.finditer(text):
        value = Fraction(_ORDINALS[match.group().lower()])
        time = match.group().lower() == "second" and re.search(r"(?:per|a|one|each|every)[\s-]$", text[: match.start()])
        soft = value == 1 or time or text[match.end() : match.end() + 1] == "-"
        yield Quantity(value, Kind.ORDINAL, *match.span(), Weight.ABSORBS if soft else Weight.WORD)
    for match in _SOFT_WORD.finditer(text):
        value = Fraction(_SOFT[match.group().lower()])
        yield Quantity(value, Kind.TIMES, *match.span(), Weight.ABSORBS, ((value, Kind.PLAIN), (value, Kind.ORDINAL)))


def _months(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _MONTH.finditer(text):
        yield Quantity(Fraction(_MONTHS.index(match[1]) + 1), Kind.MONTH, *match.span())


def _unit(text: str, end: int) -> tuple[Kind, int, tuple[Kind, ...]]:
    """The kind of a number that ends at `end`, where its unit ends, and other kinds it may be."""
    match = _UNIT.match(text, end)
    if match is None:
        return Kind.PLAIN, end, ()
    if match["pp"]:
        return Kind.PERCENTAGE_POINTS, match.end(), ()
    if match["percent"]:
        return Kind.PERCENT, match.end(), ()
    if match["points"]:
        return Kind.POINTS, match.end(), ()
    if match["times"]:
        sign = match["times"].strip().lower()
        is_count = sign in ("x", "×") and re.match(r"\s?[A-Z]|\s{3}", text[match.end() :]) is not None
        return Kind.TIMES, match.end(), (Kind.PLAIN,) if sign in ("times", "fold", "-fold") or is_count else ()
    if match["order"]:
        return Kind.ORDINAL, match.end(), ()
    return Kind.PLAIN, match.end() if match["more"] else end, ()
