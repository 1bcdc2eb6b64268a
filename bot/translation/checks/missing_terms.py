"""Terms of the English sentence whose Korean is none that the termbase knows, where the Korean can be pointed at.

Two signs tell the place: part of the approved Korean beside other words (`감독 기반 미세 조정` for 지도 미세 조정), and
the English spelled in Hangul (`로버스트니스` for 견고성).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.languages.ko import findings
from bot.languages.ko.conjugation import is_predicate
from bot.languages.ko.renderings import noun_ends
from bot.languages.ko.transliteration import could_sound_like, likeness
from bot.translation.checks.base import Background, Category, Finding, Severity, Text
from bot.translation.termbase import Kind, Rendering, Role, Term, Termbase

_WORD = re.compile(r"[^\s,.;:!?()\[\]{}\"'“”‘’]+")
_ALIKE = 0.85
_EXACT = 1.0
_CHANCE = 3
"""Syllables up to which likeness may be chance, so that they must sound exactly alike: 저비용 and serving."""
_SHORTEST = 5
"""Letters of a term that may be looked for by its sound."""
_NEAR = 3
"""So many words before the last part of a rendering may hold its first part."""
_TELLING = 3
"""Characters of a part that say which term it is: any 모델 may stand for another one."""


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Where a term became something that is neither approved nor known to be wrong."""
    for unit in text.units:
        korean = text.target_of(unit)
        if not unit.source or not korean:
            continue
        for term, start, end in _unknown_renderings(unit.source, korean, background.termbase):
            message = findings.unknown_rendering(term.source, korean[start:end], term.target)
            yield Finding(
                unit.start + start, unit.start + end, "missing_terms", Category.TERMINOLOGY, Severity.MINOR, message
            )


def _unknown_renderings(source: str, korean: str, termbase: Termbase) -> Iterator[tuple[Term, int, int]]:
    mentions = termbase.mentions(source)
    counted = Counter(mention.term.source for mention in mentions)
    renderings = termbase.renderings(korean)
    rendered = {found.term.source for found in renderings} | {kept.term.source for kept in termbase.mentions(korean)}
    for mention in mentions:
        term = mention.term
        if mention.inner or term.kind is not Kind.TERM or counted[term.source] > 1 or term.source in rendered:
            continue
        inner = {one.term.source for one in mentions if mention.start <= one.start and one.end <= mention.end}
        others = [
            found
            for found in renderings
            if found.role in (Role.TARGET, Role.ACCEPTED)
            and counted[found.term.source]
            and found.term.source not in inner
        ]
        place = _beside_a_part(term, korean, others) or _by_sound(term, korean, others)
        if place:
            yield term, *place


def _beside_a_part(term: Term, korean: str, others: Sequence[Rendering]) -> tuple[int, int] | None:
    """The one place where the last words of a good rendering stand behind another word than its own."""
    words = list(_WORD.finditer(korean))
    found: set[tuple[int, int]] = set()
    for good in term.good:
        parts = good.split()
        if len(parts) < 2 or is_predicate(good):
            continue
        for last in range(1, len(words)):
            end = words[last].start() + len(parts[-1])
            if not words[last].group().startswith(parts[-1]) or end not in noun_ends(korean, *words[last].span()):
                continue
            first = last
            while first and last - first + 1 < len(parts) and words[first - 1].group() == parts[first - last - 2]:
                first -= 1
            start = words[first].start()
            # Particles and counters may stand between the parts: 모델 하나의 크기.
            apart = first and any(word.group().startswith(parts[0]) for word in words[max(0, first - _NEAR) : first])
            if apart or end - start < _TELLING:
                continue
            if first and korean[start - 1] == " " and korean[start - 2].isalnum() and not _taken(start, end, others):
                found.add((words[first - 1].start(), end))
    return min(found) if len({end for _, end in found}) == 1 else None


def _taken(start: int, end: int, others: Sequence[Rendering]) -> bool:
    """Whether the words belong to the Korean of another term."""
    return any(other.start < end and start < other.end for other in others)


def _by_sound(term: Term, korean: str, others: Sequence[Rendering]) -> tuple[int, int] | None:
    if " " in term.source or len(term.source) < _SHORTEST:
        return None
    for word in re.finditer("[가-힣]{2,}", korean):
        if _taken(*word.span(), others):
            continue
        for end in noun_ends(korean, *word.span()):
            hangul = korean[word.start() : end]
            wanted = _EXACT if len(hangul) <= _CHANCE else _ALIKE
            if len(hangul) > 1 and could_sound_like(term.source, hangul) and likeness(term.source, hangul) >= wanted:
                return word.start(), end
    return None
