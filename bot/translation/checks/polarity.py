"""Meaning that turned into its opposite: a negation lost or added, up for down, better for worse, with for without.

Says something only where one side has a clear sign and the other has no trace of it, however it might be worded.
"""

import re
from collections.abc import Iterator, Sequence

from bot.languages.ko import form_findings as ko
from bot.languages.ko import polarity as korean
from bot.translation.checks import direction, negation
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit

CHECK = "polarity"
_WIDEST = 100


def _any_of(words: str) -> re.Pattern[str]:
    """Any of the words; `*` stands for letters or none, `+` for at least one letter, `_` for a blank."""
    stems = words.replace("*", r"\w*").replace("+", r"\w+").replace("_", r"\s").split()
    return re.compile(rf"\b(?:{'|'.join(stems)})\b", re.IGNORECASE)


_ANY_NEGATION = _any_of(
    "no not none nor never neither without cannot nothing nobody few fewer less little hard hardly "
    "barely rarely seldom difficult* limit* only lack* fail* avoid* prevent* rather instead free miss* "
    "hinder* beyond except* unless despite regardless although though while still yet degrad* poor* "
    "remain* independent* agnostic exceed* exclu* ignor* too struggl* challeng* absen* forbid* refus* "
    "reject* stop* suffer* short however overlook* neglect* restrict* weak* prohibit* intractable costly "
    "expensive elud* elusive stateless otherwise versus unlike nontrivial beat far out-of-+ but before "
    "until bypass* eliminat* remov* obviat* zero skip* omit* abstain* withh+ lose* lost oppos* even "
    "unanswer* alone unseen +n't un+ non* inab* inaccura* inadequa* inappropri* incapab* incomplet* "
    "inconsist* incorrect* ineffect* ineffici* inexpens* infeasib* inflex* insensit* instab* insuffici* "
    "intract* invari* invisib* indiscern* indiscrim* indifferent* indispens* inevit* indistinct* "
    "indirectly* imposs* impract* imperfect* improper* implicit* imbal* immut* imprecis* ir+ "
    "illeg* illog* dis+ mis+ decoupl* defi* +less(?:ly)? +-free hallucinat* saturat* plateau* invarian* "
    "constant* unify stable robust* resist* cease* halt* ambigu* at_most opaque scarce* sparse* narrow* "
    "constrain* bottleneck* conflict* contradict* question* wonder* doubt* collaps* break* broken "
    "vulnerab* stagnat* nascent open intact static frozen fix* unchanged"
)
_WITHOUT_WORDS = _any_of(
    "without no not free un+ +less* +-free lack* zero* absen* never non* independent* rather eliminat* "
    "remov* avoid* instead agnostic only obviat* alone seamless* any bypass* +n't ablat* neither nor "
    "missing regardless continu* w/o single from-scratch minimal skip* sacrific* maintain* preserv* "
    "directly"
)
_UP = _any_of("increas* rise rises rising rose grow* grew higher raise raises raised raising")
_DOWN = _any_of(
    "decreas* reduc* lower* drop* declin* fall* fell shrink* shrunk cut* diminish* mitigat* sav* minim* "
    "narrow* compress* alleviat* degrad* loss* worse* less fewer smaller shorten* slow* down* halv* "
    "cheap* weak* relax* deterior* short* ease eases easing limit* lighter suppress* prun* under* low "
    "trad* cost* overhead error* not no avoid* prevent*"
)
_UP_AT_ALL = _any_of(
    "increas* ris* rose grow* grew high* rais* improv* gain* boost* more great* larg* up enhanc* better "
    "fast* accelerat* speed* expand* scal* extend* outperform* strong* strength* amplif* advanc* "
    "superior best most efficien* maxim* longer bigger wider richer deep* surpass* exceed* add* climb* "
    "lift* elevat* progress* upgrad* not no *n't"
)
_CLEARLY_DOWN = _any_of(
    "decrease decreases decreased decreasing reduce reduces reduced reducing reduction decline declines "
    "declined declining shrinks? drops?"
)
_BETTER = re.compile(
    r"\b(?:outperform\w*|surpass\w*|superior\b(?!\sto\snone))\b(?!\s(?:it|them|this|these|both)\b)", re.IGNORECASE
)
_WORSE = re.compile(
    r"\b(?:underperform\w*|inferior|(?:fall|falls|fell|lag|lags|lagging|lagged)\s(?:far\s|well\s)?(?:behind|short))\b",
    re.IGNORECASE,
)
_FEWER = re.compile(r"\b(?:fewer|less)\s(?!than\b)\w+", re.IGNORECASE)
_OUTDOES = re.compile(
    r"\b([A-Z][\w.-]*\d?)\s(?:\w+ly\s)?(?:outperforms|surpasses|beats|exceeds|outdoes)\s(?:the\s)?([A-Z][\w.-]*\w)(?=[\s,.;])"
)


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Sentences whose Korean says the opposite of their English."""
    if text.field == "title":
        return
    found = [one for unit in text.units if unit.source and unit.start < unit.end for one in _turned(text, unit)]
    yield from found
    pieces = [unit for unit in text.units if unit.source]
    for one in (*_negations_lost(text, pieces), *_directions_turned(text, pieces)):
        if not any(one.start < other.end and other.start < one.end for other in found):
            found.append(one)
            yield one


def _directions_turned(text: Text, pieces: Sequence[Unit]) -> Iterator[Finding]:
    by_numbers = ((piece, one) for piece in pieces for one in direction.at_odds_with_numbers(piece, text.target))
    for piece, (english, start, end) in (*by_numbers, *direction.turned(pieces, text.target)):
        korean = text.target_of(piece)
        start = korean.rfind(" ", 0, start) + 1
        stop = korean.find(" ", end)
        end = start + len(korean[start : stop if stop >= 0 else len(korean)].rstrip(".,"))
        message = ko.DIRECTION_TURNED.format(en=english, ko=korean[start:end])
        yield _finding(piece, start, end, message, Severity.CRITICAL)


def _negations_lost(text: Text, pieces: Sequence[Unit]) -> Iterator[Finding]:
    for piece, cues in negation.lost(pieces, text.target):
        severity = Severity.MAJOR if len(cues) > 1 else Severity.CRITICAL
        message = ko.NEGATION_LOST.format(en=", ".join(dict.fromkeys(cues)))
        yield _finding(piece, 0, piece.end - piece.start, message, severity)


def _turned(text: Text, unit: Unit) -> Iterator[Finding]:
    source, target = unit.source, text.target_of(unit)
    for match in korean.NEEDS_DENIAL.finditer(target):
        clause = target[match.end() :].partition(".")[0]
        if not korean.DENIED_SOMEHOW.search(clause):
            end = min(match.end() + len(clause), match.start() + _WIDEST)
            yield _finding(unit, match.start(), end, ko.DENIAL_OPEN.format(ko=match.group()), Severity.CRITICAL)
    added = korean.DENIES_PLAINLY.search(target)
    if added and not _ANY_NEGATION.search(source):
        yield _marked(text, unit, added, ko.NEGATION_ADDED.format(ko=_shown(target, added)), Severity.CRITICAL)
    lacking = korean.WITHOUT.search(target)
    if lacking and not korean.NOT_WITHOUT.search(target) and not _WITHOUT_WORDS.search(source):
        yield _marked(text, unit, lacking, ko.NEGATION_ADDED.format(ko=lacking.group()), Severity.CRITICAL)
    yield from _directions(text, unit, source, target)
    for match in _OUTDOES.finditer(source):
        reversed_ = korean.subject_beats(match[2], match[1]).search(target)
        if reversed_ and not korean.WORSE.search(target):
            yield _marked(text, unit, reversed_, ko.SIDES_SWAPPED.format(en=match.group()), Severity.CRITICAL)


def _directions(text: Text, unit: Unit, source: str, target: str) -> Iterator[Finding]:
    down, up = korean.DOWN.search(target), korean.UP.search(target)
    rising, falling = _UP.search(source), _CLEARLY_DOWN.search(source)
    if rising and down and not up and not _DOWN.search(source):
        yield _marked(text, unit, down, ko.DIRECTION_TURNED.format(en=rising.group(), ko=_shown(target, down)))
    elif falling and up and not down and not _UP_AT_ALL.search(source):
        yield _marked(text, unit, up, ko.DIRECTION_TURNED.format(en=falling.group(), ko=_shown(target, up)))
    better, worse = korean.BETTER.search(target), korean.WORSE.search(target)
    above, below = _BETTER.search(source), _WORSE.search(source)
    if above and not below and worse and not better:
        yield _marked(text, unit, worse, ko.DIRECTION_TURNED.format(en=above.group(), ko=_shown(target, worse)))
    elif below and not above and better and not worse and not korean.DENIES_PLAINLY.search(target):
        yield _marked(text, unit, better, ko.DIRECTION_TURNED.format(en=below.group(), ko=_shown(target, better)))
    fewer, more = _FEWER.search(source), korean.MORE.search(target)
    if fewer and more and not korean.LESS.search(target) and not _UP_AT_ALL.search(source):
        yield _marked(text, unit, more, ko.DIRECTION_TURNED.format(en=fewer.group(), ko=_shown(target, more)))


def _shown(target: str, match: re.Match[str]) -> str:
    """The whole words around a match."""
    start = target.rfind(" ", 0, match.start()) + 1
    end = target.find(" ", match.end())
    return target[start : end if end >= 0 else len(target)].rstrip(".,")


def _marked(
    text: Text, unit: Unit, match: re.Match[str], message: str, severity: Severity = Severity.CRITICAL
) -> Finding:
    target = text.target_of(unit)
    start = target.rfind(" ", 0, match.start()) + 1
    return _finding(unit, start, start + len(_shown(target, match)), message, severity)


def _finding(unit: Unit, start: int, end: int, message: str, severity: Severity) -> Finding:
    first, last = unit.start + max(start, end - _WIDEST), unit.start + end
    return Finding(first, last, CHECK, Category.POLARITY, severity, message)
