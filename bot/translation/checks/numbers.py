"""Numbers and magnitudes: none lost, none invented, the same value, unit, bound and direction in both languages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from bot.languages.ko import form_findings as ko
from bot.languages.ko import numbers as korean
from bot.languages.ko.particles import adjust, particle_at
from bot.languages.quantities import Kind, Quantity, Weight
from bot.translation import english_numbers as english
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit

CHECK = "numbers"
_WIDEST = 60

_PLAIN_KINDS = {Kind.PLAIN, Kind.ORDINAL, Kind.MONTH}
# English kind, Korean kind: written differently, but nothing is lost.
_SAME_MEANING = {
    (Kind.PLAIN, Kind.TIMES),
    (Kind.PLAIN, Kind.POINTS),
    (Kind.PLAIN, Kind.FRACTION),
    (Kind.POINTS, Kind.PLAIN),
    (Kind.POINTS, Kind.PERCENTAGE_POINTS),
    (Kind.FRACTION, Kind.PLAIN),
    (Kind.ORDINAL, Kind.POINTS),
    (Kind.MONTH, Kind.PLAIN),
}
_APPROXIMATELY = (
    r"(?:about\s|around\s|roughly\s|nearly\s|almost\s|approximately\s|over\s|more\sthan\s|at\sleast\s|~\s?|\$)*"
)
_CHANGE = r"(?:reduc|increas|decreas|lower|rais|improv|drop|cut|boost|shrink|fall|fell|ris|rose|grow|grew|went|go)\w*"
_BY = re.compile(
    rf"\b{_CHANGE}\b[^.;]{{0,60}}?\bby\s(?:an?\s(?:average|additional)\s(?:of\s)?)?{_APPROXIMATELY}$", re.IGNORECASE
)
_TO = re.compile(
    rf"\b{_CHANGE}\b(?![^.;]*\bby\b)[^.;]{{0,60}}?(?<!\bup)(?<!\d)\sto\s(?:just\s|only\s)?{_APPROXIMATELY}$",
    re.IGNORECASE,
)
_BECOMES = re.compile(r"(?:으?로)\s(?:[가-힣]+\s)?(?:줄|감소|증가|늘|높[이아였]|낮[추아췄]|상승|하락|단축|절감|끌어)")
_CHANGES = re.compile(
    r"(?:만큼|나|씩|가량|정도)?\s?(?:더\s)?(?:줄[이었여]|줄어|감소|증가|늘[리어렸]|상승|하락|단축|절감|향상|개선)"
)
_FROM = re.compile(rf"\bfrom\s{_APPROXIMATELY}$", re.IGNORECASE)
_UNTIL = re.compile(rf"(?:\s[a-z]+)?\sto\s(?:just\s|only\s)?{_APPROXIMATELY}", re.IGNORECASE)
_KOREAN_FROM = re.compile(r"[가-힣]{0,3}?(?:에서|부터)\s(?:약\s|최대\s|무려\s)?")
_AT_LEAST = re.compile(
    r"\b(?:at\sleast|more\sthan|over|exceed(?:s|ing)|no\s(?:less|fewer)\sthan|greater\sthan|minimum\sof)\s(?:the\s)?\$?$",
    re.I,
)
_AT_MOST = re.compile(
    r"\b(?:at\smost|up\sto|no\smore\sthan|not\smore\sthan|(?<!no\s)(?:less|fewer)\sthan|under|below|maximum\sof)\s\$?$",
    re.I,
)
_KOREAN_AT_LEAST = re.compile(r"(?:[가-힣]{0,4}\s?)?(?:이상|초과)(?=[^가-힣]|의|으|을|이|인|에|만|$)")
_KOREAN_AT_MOST = re.compile(r"(?:[가-힣]{0,4}\s?)?(?:이하|미만|이내)(?=[^가-힣]|의|으|을|이|인|에|만|로|$)")
_KOREAN_LEAST = re.compile(r"(?:최소|최소한|적어도)\s(?:약\s)?$")
_KOREAN_MOST = re.compile(r"(?:최대|많아야|기껏해야)\s(?:약\s)?$")
_CLAUSE_END = re.compile(r"(?:,|;|[고며만]\s|[.?!])\s*")


@dataclass(slots=True)
class _Sides:
    """What one unit states on each side; Korean offsets are the text's."""

    unit: Unit
    source: list[Quantity]
    target: list[Quantity]


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Numbers that differ, are missing or invented, and turned bounds and directions."""
    if not text.source:
        return
    units = [
        _Sides(unit, english.read(unit.source), [_moved(q, unit.start) for q in korean.read(text.target_of(unit))])
        for unit in text.units
        if unit.source and unit.start < unit.end
    ]
    for sides in units:
        pairs, source_left, target_left = _matched(sides.source, sides.target)
        if source_left or target_left:
            source_left = [q for q in source_left if not _stated(q, units, on_target=True)]
            target_left = [q for q in target_left if not _stated(q, units, on_target=False)]
            yield from _differences(text, sides.unit, source_left, target_left)
        if pairs:
            yield from _turned(text, sides, pairs)


def _moved(quantity: Quantity, by: int) -> Quantity:
    return replace(quantity, start=quantity.start + by, end=quantity.end + by)


def is_same(source: Quantity, target: Quantity) -> bool:
    """Whether the Korean quantity may state the English one."""
    return any(
        _same_reading(value, kind, other, other_kind)
        for value, kind in source.readings
        for other, other_kind in target.readings
    )


def _same_reading(value: Fraction, kind: Kind, other: Fraction, other_kind: Kind) -> bool:
    if kind is Kind.PERCENT and other_kind is Kind.FRACTION:
        return value == other * 100
    if kind is Kind.FRACTION and other_kind is Kind.PERCENT:
        return value * 100 == other
    if value != other:
        return False
    return (
        kind is other_kind
        or (kind in _PLAIN_KINDS and other_kind in _PLAIN_KINDS)
        or (kind, other_kind) in _SAME_MEANING
    )


def _matched(
    source: list[Quantity], target: list[Quantity]
) -> tuple[list[tuple[Quantity, Quantity]], list[Quantity], list[Quantity]]:
    """Pairs that state the same number, and what is left on each side; the first readings are tried first."""
    pairs: list[tuple[Quantity, Quantity]] = []
    source_left, target_left = list(source), list(target)
    for matches in (_is_written_alike, is_same):
        for quantity in list(source_left):
            other = next((other for other in target_left if matches(quantity, other)), None)
            if other is not None:
                pairs.append((quantity, other))
                source_left.remove(quantity)
                target_left.remove(other)
    return pairs, source_left, target_left


def _is_written_alike(source: Quantity, target: Quantity) -> bool:
    """The same number of the same kind, in a name on both sides or on neither (`GPT-4` is no `4`)."""
    named = (source.weight is Weight.ABSORBS, target.weight is Weight.ABSORBS)
    return (source.value, source.kind, named[0]) == (target.value, target.kind, named[1])


def _stated(quantity: Quantity, units: list[_Sides], *, on_target: bool) -> bool:
    """Whether the other side of the text states the number anywhere, as when sentences were joined or cut anew."""
    if quantity.weight is Weight.ABSORBS:
        return True
    for sides in units:
        for other in sides.target if on_target else sides.source:
            same = is_same(quantity, other) if on_target else is_same(other, quantity)
            if same and other.weight is not Weight.ABSORBS:
                return True
    return False


def _differences(text: Text, unit: Unit, source: list[Quantity], target: list[Quantity]) -> Iterator[Finding]:
    alone = len(source) == 1 and len(target) == 1
    for quantity in list(target):
        partner = _nearest(quantity, source)
        if partner is None:
            continue
        source.remove(partner)
        target.remove(quantity)
        yield _differs(text, unit, partner, quantity, is_certain=alone)
    for quantity in target:
        if _is_telling(quantity):
            message = ko.NUMBER_INVENTED.format(ko=text.target[quantity.start : quantity.end])
            yield Finding(quantity.start, quantity.end, CHECK, Category.NUMBER, Severity.MAJOR, message)
    for quantity in source if text.target_of(unit).strip() else ():
        if quantity.weight is Weight.FIRM and (quantity.kind is not Kind.VAGUE or quantity.value >= 1000):
            start, end = _clause(text, unit, quantity)
            small = quantity.value <= 10 and not unit.source[quantity.start].isdigit()
            severity = Severity.MINOR if small or quantity.kind is Kind.VAGUE else Severity.MAJOR
            message = ko.NUMBER_MISSING.format(en=unit.source[quantity.start : quantity.end])
            yield Finding(start, end, CHECK, Category.NUMBER, severity, message)


_UNRELATED = 100


def _nearest(target: Quantity, source: list[Quantity]) -> Quantity | None:
    nearest = min(source, key=lambda other: _distance(other, target), default=None)
    return nearest if nearest and _distance(nearest, target) < _UNRELATED else None


def _distance(source: Quantity, target: Quantity) -> int:
    """How unlike two numbers are that should be one; at least `_UNRELATED` where they are no pair at all."""
    if source.value == target.value:
        return 0
    ordinals = (source.kind is Kind.ORDINAL) + (target.kind is Kind.ORDINAL)
    months = (source.kind is Kind.MONTH) + (target.kind is Kind.MONTH)
    if (
        ordinals == 1
        or months == 1
        or (source.weight is Weight.WORD and target.weight is Weight.FIRM and target.value > 20)
    ):
        return _UNRELATED
    return 1 if source.kind is target.kind else 2


def _is_telling(quantity: Quantity) -> bool:
    """Whether a number that only the Korean has can be no rewording (`다음 세 가지`)."""
    if quantity.weight is not Weight.FIRM:
        return False
    if quantity.kind is Kind.VAGUE:
        return quantity.value >= 1000
    return quantity.kind not in _PLAIN_KINDS | {Kind.FRACTION} or quantity.value > 10 or quantity.value.denominator > 1


def _differs(text: Text, unit: Unit, source: Quantity, target: Quantity, *, is_certain: bool) -> Finding:
    stated, written = unit.source[source.start : source.end], text.target[target.start : target.end]
    same_value = source.value == target.value
    message = (ko.UNIT_DIFFERS if same_value else ko.NUMBER_DIFFERS).format(en=stated, ko=written)
    points = same_value and {source.kind, target.kind} & {Kind.POINTS, Kind.PERCENTAGE_POINTS}
    severity = Severity.MAJOR if points else Severity.CRITICAL
    end, suggestion = target.end, None
    if is_certain and (same_value or source.kind is target.kind) and not source.others:
        suggestion = korean.written_like(written, source.value, source.kind)
        particle = particle_at(text.target, end)
        if suggestion and particle:
            suggestion += adjust(suggestion, particle.form)
            end = particle.end
    return Finding(target.start, end, CHECK, Category.NUMBER, severity, message, suggestion)


def _clause(text: Text, unit: Unit, quantity: Quantity) -> tuple[int, int]:
    """The Korean clause where a missing number would stand, by its place in the English sentence."""
    body = text.target_of(unit)
    place = int(quantity.start / max(1, len(unit.source)) * len(body))
    cuts = [0, *(match.end() for match in _CLAUSE_END.finditer(body)), len(body)]
    start = max(cut for cut in cuts if cut <= place)
    end = min((cut for cut in cuts if cut > place), default=len(body))
    if end - start > _WIDEST:
        start = min(max(start, place - _WIDEST // 2), end - _WIDEST)
        end = start + _WIDEST
    if not body[start:end].strip():
        start, end = 0, len(body)
    clause = body[start:end]
    lead = len(clause) - len(clause.lstrip())
    return unit.start + start + lead, unit.start + start + len(clause.rstrip())


def _turned(text: Text, sides: _Sides, pairs: list[tuple[Quantity, Quantity]]) -> Iterator[Finding]:
    source = sides.unit.source
    for stated, written in pairs:
        message = None
        before, rest = source[max(0, stated.start - 120) : stated.start], text.target[written.end : sides.unit.end]
        quote = (
            source[max(0, stated.start - 20) : stated.end].partition(" ")[2]
            if stated.start > 20
            else source[: stated.end]
        )
        if _is_bound_turned(before, text.target[sides.unit.start : written.start], rest):
            message = ko.BOUND_REVERSED
        elif stated.kind in (Kind.PERCENT, Kind.TIMES, Kind.PLAIN) and _BY.search(before) and _BECOMES.match(rest):
            message = ko.CHANGED_BY
        elif stated.kind is Kind.PERCENT and _TO.search(before) and _CHANGES.match(rest):
            message = ko.CHANGED_TO
        if message:
            end = min(written.end + 12, sides.unit.end)
            yield Finding(
                written.start, end, CHECK, Category.MISTRANSLATION, Severity.MAJOR, message.format(en=quote.strip())
            )
    yield from _reversed_ranges(text, sides)


def _is_bound_turned(before: str, korean_before: str, korean_after: str) -> bool:
    at_least = _AT_LEAST.search(before) is not None
    at_most = _AT_MOST.search(before) is not None and not re.search(
        r"\bno\s(?:less|fewer)\sthan\s$", before, re.IGNORECASE
    )
    if re.search(r"\b(?:no|not)\smore\sthan\s$", before, re.IGNORECASE):
        at_least, at_most = False, True
    if at_least == at_most or ("at least" in before[-30:] and "up to" in before[-30:]):
        return False
    least = _KOREAN_AT_LEAST.match(korean_after) or _KOREAN_LEAST.search(korean_before)
    most = _KOREAN_AT_MOST.match(korean_after) or _KOREAN_MOST.search(korean_before)
    return bool(most and not least) if at_least else bool(least and not most)


def _reversed_ranges(text: Text, sides: _Sides) -> Iterator[Finding]:
    source = sides.unit.source
    for first, second in zip(sides.source, sides.source[1:], strict=False):
        if not (_FROM.search(source, 0, first.start) and _UNTIL.fullmatch(source, first.end, second.start)):
            continue
        for left, right in zip(sides.target, sides.target[1:], strict=False):
            turned = is_same(first, right) and is_same(second, left) and not is_same(first, left)
            if turned and _KOREAN_FROM.fullmatch(text.target, left.end, right.start):
                message = ko.RANGE_REVERSED.format(en=source[first.start - 5 : second.end].strip())
                yield Finding(left.start, right.end, CHECK, Category.MISTRANSLATION, Severity.CRITICAL, message)
