"""Particles that do not fit the sound before them, and those a sentence cannot have (two objects, a metric's 에서)."""

import re
from collections.abc import Iterator

from bot.languages.ko import form_findings as ko
from bot.languages.ko import objects, sentences
from bot.languages.ko.morphology import morphemes
from bot.languages.ko.particles import adjust, is_accepted, is_no_particle, is_noun_with_two_cases, particle_at
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit

CHECK = "particles"
_LATIN = re.compile(r"(?:[A-Za-z0-9%](?:[A-Za-z0-9.,+#&/%-]*[A-Za-z0-9+#%])?)(?=[가-힣])")
_BRACKET = re.compile(r"(?P<before>[가-힣A-Za-z0-9%]+)\s?\((?P<inside>[^()$\\]{1,60})\)(?=[은는이가을를과와으로])")
_UNDECIDED = re.compile(
    r"(?:은\(는\)|는\(은\)|이\(가\)|가\(이\)|을\(를\)|를\(을\)|와\(과\)|과\(와\)|\(으\)로|\(이\)(?=[나라란며든]))"
)
# After Hangul these endings are a particle, but for words that only look so.
_HANGUL = re.compile(r"(?<![가-힣])[가-힣]*[가-힣](?P<particle>를|와|과|으로|을|은|는)(?![가-힣])")
_CLASHING = re.compile(r"[가-힣A-Za-z0-9](을를|를을|은는|는를|를은|은을|을은|은이)(?![가-힣])")
_TWO_CASES = re.compile(r"(?<![가-힣])[가-힣]{2,}(의[를을이가]|에[를을]|이가|[을를][이가의에])(?![가-힣])")
_TWO_OBJECTS = re.compile(
    r"[을를] [가-힣]{1,6}[을를] (?:주|미치|미친|미칩|가하|가한|가합|끼치|끼친|끼칩|두[고는었며도]|둡|기울|부과)"
)
_OBJECT_AFTER_OBJECT = re.compile(
    r"[가-힣A-Za-z0-9][을를] (?:[^\s,.]*[^는은한된할던여서고며면해게지,.\s] ){0,2}[^\s,.]+[을를](?![가-힣])"
)
_GIVE = frozenset({"주", "미치", "가하", "끼치", "기울이", "두", "부과"})
_TO_PERSON = re.compile(r"(?:사람|사용자|저자|연구자|참가자|에이전트|모델|평가자)$")
_MEASURED_BY = re.compile(
    r"\b(?:measured|evaluated|assessed|quantified|judged|scored)\s(?:by|with|using|via)\b", re.IGNORECASE
)
_MEASURED_AT = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9@%+-]*|지표|점수|메트릭|척도|평가)(에서)(?= (?:측정|평가)(?:한|된|했을|했|되))"
)


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Particles that no usual reading of the word before them accepts, and those that the sentence cannot have."""
    target = text.target
    yield from _after_latin(target)
    yield from _after_hangul(target)
    for match in _UNDECIDED.finditer(target):
        right = _decided(target[max(0, match.start() - 80) : match.start()], match.group())
        yield _grammar(match.start(), match.end(), ko.PARTICLE_UNDECIDED, right)
    for match in _CLASHING.finditer(target):
        yield _grammar(match.start(1), match.end(1), ko.PARTICLES_CLASH.format(ko=match[1]), None)
    yield from _two_cases(target)
    for unit in text.units:
        two = list(_two_objects(text, unit))
        yield from two or _objects_without_verb(text, unit)
        if _MEASURED_BY.search(unit.source):
            for match in _MEASURED_AT.finditer(target, unit.start, unit.end):
                right = adjust(target[max(0, match.start(1) - 80) : match.start(1)], "로")
                yield _grammar(
                    match.start(), match.end(), ko.MEASURED_BY, target[match.start() : match.start(1)] + right
                )


def _grammar(
    start: int, end: int, message: str, suggestion: str | None, severity: Severity = Severity.MINOR
) -> Finding:
    return Finding(start, end, CHECK, Category.GRAMMAR, severity, message, suggestion)


def _decided(before: str, undecided: str) -> str:
    """`을(를)`, `(으)로` or the `(이)` of `(이)나` as it has to be after `before`."""
    if undecided == "(이)":
        return "이" if adjust(before, "이") == "이" else ""
    return adjust(before, "로" if undecided == "(으)로" else undecided[0])


def _after_latin(target: str) -> Iterator[Finding]:
    for match in _LATIN.finditer(target):
        yield from _unfitting(target, match.start(), match.end(), [match.group()])
    for match in _BRACKET.finditer(target):
        yield from _unfitting(target, match.start(), match.end(), [match["before"], match["inside"]])


def _unfitting(target: str, start: int, end: int, readings: list[str]) -> Iterator[Finding]:
    particle = particle_at(target, end)
    if (
        particle is None
        or "://" in target[max(0, start - 60) : end]
        or target[start - 1 : start] in ("\\", "^", "_", "$", "@", "#", "/", "}")
    ):
        return
    # What stands before a digit decides how it is read: `Llama 3`.
    before = target[max(0, start - 20) : end]
    if any(is_accepted(reading, particle.form) for reading in [*readings, before]):
        return
    word = target[start:end]
    fitting = adjust(before, particle.form)
    yield _grammar(start, particle.end, ko.PARTICLE_UNFIT.format(right=fitting, ko=particle.form), word + fitting)


def _after_hangul(target: str) -> Iterator[Finding]:
    for match in _HANGUL.finditer(target):
        particle, start = match["particle"], match.start("particle")
        last = target[start - 1]
        if not is_accepted(last, particle) and not is_no_particle(match.group()):
            right = adjust(last, particle)
            message = ko.PARTICLE_UNFIT.format(right=right, ko=particle)
            yield _grammar(match.start(), match.end(), message, target[match.start() : start] + right)


def _two_cases(target: str) -> Iterator[Finding]:
    """`모델의를`: two particles of case after one noun; words like 정의를 and 나이가 only look so."""
    for match in _TWO_CASES.finditer(target):
        if is_noun_with_two_cases(match.group()):
            yield _grammar(match.start(1), match.end(1), ko.PARTICLES_CLASH.format(ko=match[1]), None)


def _objects_without_verb(text: Text, unit: Unit) -> Iterator[Finding]:
    korean = text.target_of(unit)
    for first, last in sentences.split(korean) if _OBJECT_AFTER_OBJECT.search(korean) else ():
        if not _OBJECT_AFTER_OBJECT.search(korean, first, last):
            continue
        for start, end in objects.without_verb(korean[first:last]):
            place = unit.start + first
            message = ko.OBJECT_WITHOUT_VERB.format(ko=korean[first + start : first + end])
            yield _grammar(place + start, place + end, message, None, Severity.MAJOR)


def _two_objects(text: Text, unit: Unit) -> Iterator[Finding]:
    korean = text.target_of(unit)
    if not _TWO_OBJECTS.search(korean):
        return
    parts = morphemes(korean)
    for i, part in enumerate(parts):
        if part.tag != "JKO":
            continue
        j = i + 1
        while j < len(parts) and parts[j].tag in ("NNG", "NNP", "XPN", "XSN", "SL"):
            j += 1
        if j == i + 1 or j + 1 >= len(parts) or parts[j].tag != "JKO" or parts[j + 1].form not in _GIVE:
            continue
        start = (
            korean.rfind(" ", 0, korean.rfind(" ", 0, part.start) if i and parts[i - 1].tag == "NNB" else part.start)
            + 1
        )
        end = parts[j].end
        object_ = korean[start : part.start]
        to = "에게" if _TO_PERSON.search(object_) else "에"
        suggestion = object_ + to + korean[part.end : end] if to == "에" else None
        yield _grammar(unit.start + start, unit.start + end, ko.TWO_OBJECTS, suggestion, Severity.MAJOR)
