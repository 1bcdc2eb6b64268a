"""Known wrong and discouraged renderings of the terms that the English sentence holds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.languages.ko import findings
from bot.languages.ko.conjugation import is_predicate
from bot.translation.checks.base import Background, Category, Finding, Severity, Text
from bot.translation.checks.suggestions import replacing
from bot.translation.termbase import Kind, Mention, Rendering, Role, Termbase

_GOOD = (Role.TARGET, Role.ACCEPTED)


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Renderings that are wrong or avoided for a term of their sentence, and nonsense wherever it stands."""
    for unit in text.units:
        for rendering in bad_renderings(unit.source, text.target_of(unit), background.termbase):
            yield _finding(text.target, unit.start, rendering)


def bad_renderings(source: str, target: str, termbase: Termbase) -> list[Rendering]:
    """The bad renderings of one sentence that nothing else in the English sentence makes right."""
    mentions = termbase.mentions(source)
    mentioned = {mention.term.source for mention in mentions}
    renderings = [found for found in termbase.renderings(target) if found.whole or found.role in _GOOD]
    good = [
        found
        for found in renderings
        if found.role in _GOOD
        and found.term.source in mentioned
        and not any(other.term is found.term and _is_inside_bad(found, other) for other in renderings)
    ]
    unmet = _unmet(mentions, _own(good, source, mentions), termbase.mentions(target))
    bad = [
        found
        for found in renderings
        if (found.role is Role.NONSENSE or (found.role not in _GOOD and unmet[found.term.source] > 0))
        and not any(_covers(other, found) for other in good)
        and not termbase.is_excused(found.term, source)
    ]
    return _longest(bad)


def _own(good: Sequence[Rendering], source: str, mentions: Sequence[Mention]) -> list[Rendering]:
    """The good renderings that no other word explains better, as self-supervised does 지도 in 자기 지도."""
    outer = {mention.term.source for mention in mentions if not mention.inner}
    stated = {(source[one.start : one.end].lower(), one.term.source) for one in mentions}
    return [
        found
        for found in good
        if not any(
            other.term is not found.term
            and other.term.source in outer
            and other.end - other.start > found.end - found.start
            and _covers(other, found)
            for other in good
        )
        # LoRA stands for itself, not for the low-rank adaptation beside it.
        and not any(found.words.lower() == words and term != found.term.source for words, term in stated)
    ]


def _unmet(mentions: Sequence[Mention], good: Iterable[Rendering], kept: Iterable[Mention]) -> Counter[str]:
    """How many mentions of each term have no good Korean: only those can be what a bad rendering stands for."""
    # A name that stays in Latin letters is both a good rendering and a kept mention.
    places = {(found.term.source, found.start) for found in good if found.whole}
    places |= {(mention.term.source, mention.start) for mention in kept if not mention.inner}
    met = Counter(source for source, _ in places)
    unmet = Counter[str]()
    outer: Mention | None = None
    for mention in mentions:
        if not mention.inner:
            outer = mention
        inside = mention.inner and outer is not None and met[outer.term.source] > 0
        unmet[mention.term.source] += not inside
    unmet.subtract(met)
    return unmet


def _is_inside_bad(good: Rendering, bad: Rendering) -> bool:
    """`최신` says nothing good inside `최신 예술`."""
    return bad.role not in _GOOD and _covers(bad, good) and bad.end - bad.start > good.end - good.start


def _covers(outer: Rendering, inner: Rendering) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _longest(found: Iterable[Rendering]) -> list[Rendering]:
    """Of renderings that overlap, the one that covers most, and of those the gravest."""
    kept: list[Rendering] = []
    for rendering in sorted(found, key=lambda one: (one.start - one.end, one.role is Role.AVOID, one.start)):
        if not any(rendering.start < other.end and other.start < rendering.end for other in kept):
            kept.append(rendering)
    return sorted(kept, key=lambda one: one.start)


def _finding(target: str, offset: int, rendering: Rendering) -> Finding:
    term = rendering.term
    start, end = offset + rendering.start, offset + rendering.end
    found = target[start:end]
    if term.kind is Kind.NAME:
        message, category = findings.translated_name(term.source, found), Category.NAME
    elif rendering.role is Role.NONSENSE:
        message, category = findings.nonsense(found, term.source, term.target), Category.TERMINOLOGY
    elif rendering.role is Role.WRONG:
        message, category = findings.wrong_term(term.source, found, term.target), Category.TERMINOLOGY
    else:
        message, category = findings.avoided_term(term.source, found, term.target), Category.TERMINOLOGY
    severity = Severity.MINOR if rendering.role is Role.AVOID else Severity.MAJOR
    if is_predicate(rendering.words) or is_predicate(term.target):
        return Finding(start, end, "terms", category, severity, message)
    end, suggestion = replacing(target, end, term.target)
    return Finding(start, end, "terms", category, severity, message, suggestion)
