"""Numbers in Korean: read from a text (`1,600만`, `수만`, `3분의 1`, `두 배`), and written as Korean counts them."""

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

_SMALL = {"십": 10, "백": 100, "천": 1000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
_SINO = {
    "일": 1,
    "이": 2,
    "삼": 3,
    "사": 4,
    "오": 5,
    "육": 6,
    "칠": 7,
    "팔": 8,
    "구": 9,
    "십": 10,
    "백": 100,
    "천": 1000,
}
_NATIVE = {
    "한": 1,
    "하나": 1,
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "석": 3,
    "네": 4,
    "넷": 4,
    "넉": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
    "열": 10,
    "스무": 20,
    "스물": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_COUNTERS = (
    "가지|개|번|명|건|편|단계|종|차례|배|쌍|층|장|곳|군데|단어|문장|모델|방법|시간|달|주|해|살|쪽|사람|언어|벤치마크|"
    "데이터셋|데이터|과제|작업|토큰|샘플|에이전트|축|갈래|부분|요소|대|줄|달러|원|자리|배치|단|회|차원|행|열|비트|축"
)
_GROUP = rf"{NUMBER}(?:천(?:\d?백)?(?:\d?십)?|백(?!신)(?:\d?십)?|십)?"
_COUNT = re.compile(
    rf"(?:(?P<jo>{_GROUP})조(?!건|합)\s?)?(?:(?P<eok>{_GROUP})억\s?)?(?:(?P<man>{_GROUP})만(?!큼|약)\s?)?(?P<ones>{_GROUP})?"
)
_DIGIT_PART = re.compile(rf"({NUMBER})?([천백십]?)")
_VAGUE = re.compile(r"(?<![가-힣])(?:수|몇\s?)(?=[십백천만억조])([십백천]?)(?:\s?([만억조]))?(?!들|학|준|명한)")
_VAGUE_BEFORE = re.compile(r"(?<![가-힣])(?:수|몇)\s?$")
_BARE = re.compile(
    rf"(?<![가-힣\w])([십백천])\s?([만억조])(?=\s|여|[^가-힣]|$|{_COUNTERS}|분의)|(?<![가-힣\w])([백천])(?=\s?(?:여\s?)?(?:개|명|건|편|배|번|가지)(?![가-힣]{{2}}))"
)
_PARTS = re.compile(
    rf"(?<![\w.])({NUMBER}|[일이삼사오육칠팔구십백천]{{1,2}})\s?분의\s?({NUMBER}|[일이삼사오육칠팔구십]{{1,2}})"
)
_HALF = re.compile(r"(?<![가-힣])(?:절반|반)(?=\s|이|은|을|으|가|에|도|만|의|[^가-힣]|$)")
_NATIVE_TENS = "열|스물|서른|마흔|쉰|예순|일흔|여든|아흔"
_NATIVE_NUMBER = re.compile(
    rf"(?<![가-힣\w])(?:(?P<tens>{_NATIVE_TENS})(?P<ones>한|하나|두|둘|세|셋|네|넷|다섯|여섯|일곱|여덟|아홉)?|(?P<small>한|두|세|네|"
    r"다섯|여섯|일곱|여덟|아홉|스무|스물|석|넉|둘|셋|넷|하나))"
    rf"(?:(?P<order>\s?번째|째)|(?=\s?(?:{_COUNTERS})(?![가-힣]{{3}}))|(?<=[두세네])(?=\s[가-힣])|(?<=[둘셋넷])(?![가-힣])|(?<=[둘셋넷])(?=[은을이로의다에과도만])"
    r"|(?<=하나)|(?<=한)(?=\s[가-힣]))"
)
_FIRST = re.compile(r"(?<![가-힣])첫(?:\s?번째|째)?(?!\S?터)")
_PREFIXED = re.compile(
    r"(?<![가-힣])(?:(양|이중|쌍|듀얼|둘|투)(?=[가-힣\s])|(삼중|트리플)|(원샷|하나의|단일|단\s)|(제로))"
)
_UNIT = re.compile(
    r"\s?(?:(?P<pp>%\s?p(?![a-z])|\\?%\s?포인트|퍼센트\s?포인트|퍼센티지\s?포인트)|(?P<percent>\\?%|퍼센트(?![가-힣]*포인트))"
    r"|(?P<points>포인트|점(?![가-힣]{2}))|(?P<times>배(?!포|치|열|경|분|제|우|송|터|경)|[xX×](?![A-Za-z0-9]))"
    r"|(?P<month>월(?![가-힣]{2}))|(?P<order>번째|위(?![가-힣])|등(?![가-힣])|차(?![가-힣원]))|여(?:\s?(?P<more>배))?)"
)
_MAGNITUDE = re.compile(r"\s?([KMBTkm]|bn)(?![A-Za-z])")
_CONNECTOR = re.compile(r"\s?(?:~|-|–|—|∼|〜|에서|부터|,|및|와|과|또는|대)\s?(?:약\s)?")
_ARABIC = re.compile(NUMBER)
_NAMED = re.compile(r"[A-Z][A-Za-z]+[\s-]$")


def read(text: str) -> list[Quantity]:
    """The numbers that a Korean text states, in reading order."""
    text = open_math(text)
    found: list[Quantity] = []
    if any(char.isdigit() for char in text):
        found, text = shared_notation(text)
    scale: dict[int, int] = {}
    for reader in (_fractions, _vague, _digits, _words):
        part = list(reader(text, scale))
        for quantity in part:
            text = blank(text, quantity.start, quantity.end)
        found += part
    quantities = in_order(found)
    return share_units(text, quantities, _CONNECTOR, scale)


def _fractions(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    if "분의" in text:
        for match in _PARTS.finditer(text):
            lower, upper = _sino(match[1]), _sino(match[2])
            if lower:
                yield Quantity(upper / lower, Kind.FRACTION, *match.span())
    for match in _HALF.finditer(text):
        yield Quantity(Fraction(1, 2), Kind.FRACTION, *match.span(), Weight.ABSORBS)


def _sino(word: str) -> Fraction:
    if word[0].isdigit() or word[0] == ".":
        return number(word)
    total, digit = 0, 0
    for char in word:
        value = _SINO[char]
        if value >= 10:
            total += (digit or 1) * value
            digit = 0
        else:
            digit = value
    return Fraction(total + digit)


def _vague(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _VAGUE.finditer(text):
        value = _SMALL.get(match[1], 1) * _LARGE.get(match[2], 1)
        kind, end, _ = _unit(text, match.end())
        others = ((Fraction(value), kind),) if kind is not Kind.PLAIN else ()
        yield Quantity(Fraction(value), Kind.VAGUE, match.start(), end, others=others)
    for match in _BARE.finditer(text):
        if _VAGUE_BEFORE.search(text, 0, match.start()):
            continue
        value = _SMALL[match[3]] if match[3] else _SMALL[match[1]] * _LARGE[match[2]]
        kind, end, _ = _unit(text, match.end())
        yield Quantity(Fraction(value), kind, match.start(), end, others=((Fraction(value), Kind.VAGUE),))


def _digits(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    position = 0
    while first := _ARABIC.search(text, position):
        value, end, magnitude = _count(text, first.start())
        letters = _MAGNITUDE.match(text, end)
        if letters and magnitude == 1 and (end == letters.start(1) or letters[1].isupper()):
            magnitude = MAGNITUDES[letters[1].lower()]
            value *= magnitude
            end = letters.end()
        scale[first.start()] = magnitude
        kind, end, others = _unit(text, end)
        dimension = re.match(r"-?D(?![A-Za-z])|차원", text[end:])
        named = kind is Kind.PLAIN and magnitude == 1 and _NAMED.search(text, 0, first.start())
        weight = Weight.ABSORBS if dimension or named else Weight.FIRM
        yield Quantity(value, kind, first.start(), end, weight, tuple((value, other) for other in others))
        position = end


def _count(text: str, start: int) -> tuple[Fraction, int, int]:
    """The Korean count at `start`: its value, its end, and the magnitude of its last part."""
    match = _COUNT.match(text, start)
    assert match is not None  # it starts at a digit
    parts = [
        (_group(match[name]), _LARGE[sign])
        for name, sign in (("jo", "조"), ("eok", "억"), ("man", "만"))
        if match[name]
    ]
    total = sum((group * large for group, large in parts), Fraction(0))
    end = start + len(match.group().rstrip())
    if match["ones"]:
        ones = _group(match["ones"])
        if parts and ones >= 10**4:
            return total, start + len(text[start : match.start("ones")].rstrip()), parts[-1][1]
        small = _SMALL.get(match["ones"][-1], 1)
        return total + ones, end, small
    return total, end, parts[-1][1] * _SMALL.get(match[match.lastgroup or 0][-1], 1)


def _group(digits: str) -> Fraction:
    """`2천5백` is 2500."""
    return sum(
        (number(part[1] or "1") * _SMALL.get(part[2], 1) for part in _DIGIT_PART.finditer(digits) if part.group()),
        Fraction(0),
    )


def _words(text: str, scale: dict[int, int]) -> Iterator[Quantity]:
    for match in _NATIVE_NUMBER.finditer(text):
        value = Fraction(_NATIVE.get(match["tens"] or "", 0) + _NATIVE.get(match["ones"] or match["small"] or "", 0))
        kind, end, others = (Kind.ORDINAL, match.end(), ()) if match["order"] else _unit(text, match.end())
        weight = Weight.ABSORBS if value == 1 else Weight.WORD
        yield Quantity(value, kind, match.start(), end, weight, tuple((value, other) for other in others))
    for match in _FIRST.finditer(text):
        yield Quantity(Fraction(1), Kind.ORDINAL, *match.span(), Weight.ABSORBS)
    for match in _PREFIXED.finditer(text):
        value = Fraction(2 if match[1] else 3 if match[2] else 1 if match[3] else 0)
        yield Quantity(value, Kind.PLAIN, *match.span(), Weight.ABSORBS, ((value, Kind.TIMES),))


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
    if match["times"] or match["more"]:
        return Kind.TIMES, match.end(), ()
    if match["month"]:
        return Kind.MONTH, match.end(), ()
    if match["order"]:
        return Kind.ORDINAL, match.end(), ()
    return Kind.PLAIN, match.end(), ()


def write(value: Fraction) -> str | None:
    """A number as Korean text writes it: `1,600만`, `3만 2,000`, `0.5`; None where that would not be exact and short.

    Below 10,000 the digits stay; above they are grouped by 조, 억 and 만.
    """
    if value.denominator != 1:
        text = f"{float(value):f}".rstrip("0")
        return text if Fraction(text) == value and value < 10**4 else None
    if value < 10**4:
        return f"{int(value):,}"
    rest, parts = int(value), list[str]()
    for sign, large in (("조", 10**12), ("억", 10**8), ("만", 10**4), ("", 1)):
        group, rest = divmod(rest, large)
        if group:
            parts.append(f"{group:,}{sign}")
    return " ".join(parts)


def write_vague(value: Fraction) -> str | None:
    """An order of magnitude as Korean text writes it: 10,000 is `수만`."""
    for sign, large in (("조", 10**12), ("억", 10**8), ("만", 10**4), ("", 1)):
        if value >= large:
            small = {1: "", 10: "십", 100: "백", 1000: "천"}.get(int(value / large))
            return None if small is None or not small + sign else f"수{small}{sign}"
    return None


def written_like(original: str, value: Fraction, kind: Kind) -> str | None:
    """`value` in words that can stand where the number `original` stands, its unit sign kept where it has one."""
    unit = _UNIT.search(original)
    tail = {
        Kind.PERCENT: "%",
        Kind.PERCENTAGE_POINTS: "%p",
        Kind.TIMES: "배",
        Kind.POINTS: "점",
        Kind.MONTH: "월",
        Kind.VAGUE: unit.group() if unit else "",
        Kind.PLAIN: unit.group() if unit and unit["order"] else "",
    }.get(kind)
    digits = write_vague(value) if kind is Kind.VAGUE else write(value)
    return None if tail is None or digits is None else digits + tail
