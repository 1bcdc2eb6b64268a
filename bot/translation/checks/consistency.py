"""One English term, one Korean: renderings that are each right, but change inside a text or a paper."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from bot.languages.ko import findings, prefixes, rivals
from bot.languages.ko.conjugation import is_predicate
from bot.languages.ko.transliteration import likeness
from bot.translation.checks.base import Background, Category, Finding, Severity, Text, Unit
from bot.translation.checks.suggestions import replacing
from bot.translation.termbase import Kind, Mention, Rendering, Role, Term, Termbase

_ALIKE = 0.75
_STEM = 6
_GERUND = re.compile(r"(?<=[a-z]{3})(?:ing|ly|e)$")
_LATIN = "latin"
_ADVERB = re.compile("(?<=[가-힣]{2})적으로$")
_HABIT = 2
"""Uses that make a habit, beside which even a close word is odd."""
_SETTLED = 4
_SHARE = 0.8
"""The edition's Korean of a term is settled when so many uses, and such a share of all, agree."""
_GOOD = (Role.TARGET, Role.ACCEPTED)
_IN_A_NAME = re.compile(r"[A-Za-z0-9]-$")
_LATIN_BEFORE = re.compile(r"[A-Za-z][\s\-/._:]{0,2}$")
_LATIN_AFTER = re.compile(r"[\s\-/._:]{0,2}[A-Za-z]")


class Use(NamedTuple):
    """How one mention of a term became Korean, at `target[start:end]` of its text."""

    term: str
    """What the uses have in common, as people read it."""
    key: str
    text: Text
    start: int
    end: int
    is_avoided: bool = False
    """Whether the termbase discourages these words: they are never what the others are measured by."""
    is_part: bool = False
    """Whether it stands inside the Korean of a longer term, which other papers may word as they like."""

    @property
    def words(self) -> str:
        """The Korean itself."""
        return self.text.target[self.start : self.end]


def check(text: Text, background: Background) -> Iterator[Finding]:
    """The rarer rendering, or the later of two, inside the text, inside the paper, and then against the edition."""
    paper = tuple(background.paper) or (text,)
    uses = [_uses(one, background.termbase) for one in paper]
    own = uses[paper.index(text)]
    whole = tuple(chain.from_iterable(uses))
    edition = tuple(chain.from_iterable(_uses(one, background.termbase) for one in background.edition))
    told: set[tuple[int, int]] = set()
    # Of a term and a part of it that are both odd, the longer one is told.
    for odd in sorted((*_odd(own), *_odd(whole), *_alone(whole, edition)), key=lambda pair: pair[0].is_part):
        use, usual = odd
        if use.text == text and not any(use.start < end and start < use.end for start, end in told):
            told.add((use.start, use.end))
            yield _finding(use, usual)


@lru_cache(maxsize=512)
def _uses(text: Text, termbase: Termbase) -> tuple[Use, ...]:
    """All uses in one text; kept, since every text of the paper and of the edition asks."""
    return tuple(_uses_in(text, termbase))


def _uses_in(text: Text, termbase: Termbase) -> Iterator[Use]:
    for unit in text.units:
        if unit.source and unit.start < unit.end:
            mentions = [one for one in termbase.mentions(unit.source) if one.term.kind is Kind.TERM]
            uses = [*_translated(text, unit, mentions, termbase), *_kept_in_latin(text, unit, mentions, termbase)]
            mentioned = Counter(mention.term.source for mention in mentions)
            used = Counter(term for term, _ in {(use.term, use.start) for use in uses})
            # Korean that stands there more often than the term has another source too.
            yield from (use for use in uses if used[use.term] <= mentioned[use.term])
            yield from _uses_of_prefixes(text, unit, termbase)


def _translated(text: Text, unit: Unit, mentions: Sequence[Mention], termbase: Termbase) -> Iterator[Use]:
    mentioned = {mention.term.source for mention in mentions}
    outer = {mention.term.source for mention in mentions if not mention.inner}
    parts = _parts(mentions)
    found = [
        one
        for one in termbase.renderings(text.target_of(unit))
        if one.whole
        and one.term.source in mentioned
        and one.role not in (Role.WRONG, Role.NONSENSE)
        and not _is_gloss(text.target_of(unit), one.start)
        and not _IN_A_NAME.search(text.target_of(unit)[: one.start])
        and not one.words.isascii()  # an acronym may stand beside the Korean
    ]
    for one in found:
        covering = [other for other in found if _covers(other, one)]
        around = [other.term.source for other in covering if other.role in _GOOD and other.term.source in outer]
        # What another term explains, or a longer rendering of the same, is no use of this one.
        if (
            any(other.term is one.term for other in covering)
            or not {(one.term.source, term) for term in around} <= parts
        ):
            continue
        start, end = unit.start + one.start, unit.start + one.end
        yield Use(one.term.source, _key(one.words), text, start, end, one.role is Role.AVOID, bool(around))


def _parts(mentions: Sequence[Mention]) -> set[tuple[str, str]]:
    """Which term is part of which: (parameter, parameter-efficient)."""
    return {
        (inner.term.source, mention.term.source)
        for inner in mentions
        if inner.inner
        for mention in mentions
        if mention.start <= inner.start and inner.end <= mention.end
    }


def _covers(other: Rendering, one: Rendering) -> bool:
    longer = other.end - other.start > one.end - one.start
    return other.start <= one.start and one.end <= other.end and (longer or other.term is not one.term)


def _kept_in_latin(text: Text, unit: Unit, mentions: Sequence[Mention], termbase: Termbase) -> Iterator[Use]:
    korean = text.target_of(unit)
    mentioned = {mention.term.source for mention in mentions}
    for kept in termbase.mentions(korean):
        spelled_out = _is_spelled_out(korean[kept.start : kept.end], kept.term)
        if (
            kept.term.source in mentioned
            and not kept.inner
            and spelled_out
            and _stands_alone(korean, kept.start, kept.end)
        ):
            yield Use(kept.term.source, _LATIN, text, unit.start + kept.start, unit.start + kept.end)


def _uses_of_prefixes(text: Text, unit: Unit, termbase: Termbase) -> Iterator[Use]:
    korean = text.target_of(unit)
    avoided = [one for one in termbase.renderings(korean) if one.role is Role.AVOID]
    for prefix in prefixes.RENDERINGS:
        words = {match.lower() for match in re.findall(rf"(?i)\b{prefix}-([a-z]{{3,}})", unit.source)}
        if len({word[:_STEM] for word in words}) == 1:
            word = min(words)
            for rendered, root, start, end in prefixes.compounds(prefix, korean):
                is_avoided = any(one.start < end and start < one.end for one in avoided)
                yield Use(f"{prefix}-{word}", rendered + root, text, unit.start + start, unit.start + end, is_avoided)


def _odd(uses: Iterable[Use]) -> Iterator[tuple[Use, Use]]:
    """The uses that differ from the usual one of their term, with a usual one."""
    for group in _by_term(uses).values():
        counted = Counter(use.key for use in group)
        if len(counted) < 2:
            continue
        usual = max(group, key=lambda use: (not use.is_avoided, counted[use.key], -group.index(use)))
        for use in group:
            if rivals.are_close(use.key, usual.key):
                if counted[usual.key] >= max(_HABIT, counted[use.key] + 1):
                    yield use, usual
            elif _differs(use.term, use.key, usual.key):
                yield use, usual


def _alone(paper: Iterable[Use], edition: Iterable[Use]) -> Iterator[tuple[Use, Use]]:
    """The first use of each term that the paper renders in one way and nearly all the edition in another."""
    there = _by_term(edition)
    for term, uses in _by_term(paper).items():
        here = [use for use in uses if not use.is_part]
        others = [use for use in there.get(term, []) if not use.is_part]
        [(usual, count)] = Counter(other.key for other in others).most_common(1) or [("", 0)]
        settled = count >= _SETTLED and count >= _SHARE * len(others)
        if here and settled and all(use.key != usual for use in here) and _differs(here[0].term, here[0].key, usual):
            yield here[0], next(other for other in others if other.key == usual)


def _by_term(uses: Iterable[Use]) -> dict[str, list[Use]]:
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(_stem(use.term), []).append(use)
    return groups


def _stem(term: str) -> str:
    """What self-reflective and self-reflection share, train and training, recurrent and recurrently."""
    prefix, hyphen, word = term.partition("-")
    return f"{prefix}-{word[:_STEM]}" if hyphen and prefix in prefixes.RENDERINGS else _GERUND.sub("", term)


def _differs(source: str, key: str, usual: str) -> bool:
    if _LATIN in (key, usual) or rivals.are_rivals(key, usual):
        return True
    if key.startswith(usual) or usual.startswith(key):
        return False
    if "-" in source and source.partition("-")[0] in prefixes.RENDERINGS:
        return key[:2] == usual[:2] or key[-2:] == usual[-2:]
    return bool(re.search("[ -]", source)) or (likeness(source, key) >= _ALIKE) != (likeness(source, usual) >= _ALIKE)


def _key(words: str) -> str:
    bare = re.sub(r"(?<=[가-힣]{2})의(?= )|[\s\-]", "", words)
    if bare.isascii():
        return _LATIN
    return bare.removesuffix("하다") if is_predicate(words) else _ADVERB.sub("", bare)


def _is_spelled_out(kept: str, term: Term) -> bool:
    """Whether the Latin is the English word itself; neither an acronym, nor words that their capitals make a name."""
    is_name = " " in kept and kept != kept.lower() and kept not in term.sources
    return kept.lower().startswith(term.source.lower()[:4]) and not kept.isupper() and not is_name


def _stands_alone(korean: str, start: int, end: int) -> bool:
    """Whether no more Latin stands around, as in an address or a title that is quoted, nor brackets, as in a gloss."""
    return not (_is_gloss(korean, start) or _LATIN_BEFORE.search(korean[:start]) or _LATIN_AFTER.match(korean, end))


def _is_gloss(korean: str, start: int) -> bool:
    """Whether it stands in brackets, where the other name of a thing is told."""
    return korean.rfind("(", 0, start) > korean.rfind(")", 0, start)


def _finding(use: Use, usual: Use) -> Finding:
    message = findings.inconsistent(use.term, use.words, usual.words)
    target = use.text.target
    end, suggestion = replacing(target, use.end, usual.words)
    # Between endings, the other word may need another ending.
    certain = end > use.end or not "가" <= target[end : end + 1] <= "힣"
    return Finding(
        use.start, end, "consistency", Category.INCONSISTENT, Severity.MINOR, message, suggestion if certain else None
    )
