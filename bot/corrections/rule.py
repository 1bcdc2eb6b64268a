"""What a corrected sentence teaches: the smallest change of words that can be looked for elsewhere.

`침대 프롬프트는` corrected to `CoT 프롬프트는` says `침대` to `CoT`, where the English has `CoT`. Particles are no part
of a rule: whoever applies it makes them fit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.languages.ko import particles, renderings
from bot.translation.termbase import Termbase

MOST_WORDS = 6
"""Words a rule may have on a side; a sentence that was written anew teaches nothing to look for."""
MOST_RULES = 3
SHORTEST = 2
"""Characters, blanks left out, of words that are looked for alone."""
_TRIMMED = " \t\"'“”‘’.,;:!?()[]{}<>「」『』*_`"
_GLOSS = re.compile(r"\s?(\([^()]*\)?)[가-힣]{0,4}$")
"""A bracket at the end, with the particle after it: `퍼플렉서티(perplexity)는`."""
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.+/][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """Words `old` that are to be `new`.

    Attributes:
        english: the English term they stand for; None if it is not known.
    """

    old: str
    new: str
    english: str | None = None


def rules(source: str, before: str, after: str, termbase: Termbase) -> list[Rule]:
    """The rules that follow from a sentence's correction, in reading order; none where it was written anew.

    Args:
        source: its English.
    """
    left, right = before.split(), after.split()
    found = []
    for a1, a2, b1, b2 in _changes(left, right):
        if a2 - a1 > MOST_WORDS or b2 - b1 > MOST_WORDS:
            return []
        if a1 == a2 or b1 == b2:
            continue  # a word that is put in or taken out belongs to this sentence alone
        while _is_short(left[a1:a2]) and (a1 > 0 or a2 < len(left)):  # says something only beside its neighbour
            if a2 < len(left) and b2 < len(right) and left[a2] == right[b2]:
                a2, b2 = a2 + 1, b2 + 1
            elif a1 > 0 and b1 > 0 and left[a1 - 1] == right[b1 - 1]:
                a1, b1 = a1 - 1, b1 - 1
            else:
                break
        old, new = _bare(" ".join(left[a1:a2]), " ".join(right[b1:b2]))
        if old and new and old != new and not _is_short([old]):
            found.append(Rule(old, new, english_of(source, old, new, termbase)))
    return list(dict.fromkeys(found))[:MOST_RULES]


def english_of(source: str, old: str, new: str, termbase: Termbase) -> str | None:
    """The English that the words stand for: a Latin word of theirs, or a term whose Korean one of the two is."""
    had = {word.casefold() for word in _LATIN.findall(old)}
    for word in _LATIN.findall(new):
        if word.casefold() not in had and len(word) > 1:
            match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source, re.IGNORECASE)
            if match:
                return match.group()
    mentions = [mention for mention in termbase.mentions(source) if not mention.inner]
    for words in (new, old):
        terms = {found.term.source for found in termbase.renderings(words) if found.whole}
        held = [mention for mention in mentions if mention.term.source in terms]
        if held:
            return max(held, key=lambda mention: mention.end - mention.start).term.source
    return None


def _changes(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The stretches of words that differ; two with a single word between them are one."""
    merged: list[tuple[int, int, int, int]] = []
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if merged and a1 - merged[-1][1] <= 1 and tag != "replace":
            merged[-1] = (merged[-1][0], a2, merged[-1][2], b2)
        else:
            merged.append((a1, a2, b1, b2))
    yield from merged


def _is_short(words: Sequence[str]) -> bool:
    return sum(len(word.strip(_TRIMMED)) for word in words) < SHORTEST


def _bare(old: str, new: str) -> tuple[str, str]:
    """Both without the punctuation, the bracket and the particle that they share at their ends."""
    old, new = old.strip(_TRIMMED), new.strip(_TRIMMED)
    glosses = [_GLOSS.search(words) for words in (old, new)]
    if glosses[0] and glosses[1] and glosses[0].group(1) == glosses[1].group(1):
        return old[: glosses[0].start()].strip(_TRIMMED), new[: glosses[1].start()].strip(_TRIMMED)
    for end in renderings.noun_ends(old, 0, len(old)):
        tail = old[end:]
        if not tail or end < SHORTEST or not re.fullmatch(r"[가-힣]{1,4}", tail):
            continue
        pair = particles.pair_of(tail)
        if pair is not None and particles.is_no_particle(old):
            continue  # 움직이는, 결과
        for form in pair or (tail,):
            if new.endswith(form) and len(new) - len(form) >= 1 and particles.adjust(new[: -len(form)], tail) == form:
                return old[:end], new[: -len(form)]
    return old, new
