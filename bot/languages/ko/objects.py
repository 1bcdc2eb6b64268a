"""Objects (을/를) that no verb of their sentence is left for: `답변을 페널티를 줍니다`."""

from collections.abc import Sequence

from bot.languages.ko.morphology import Morpheme, morphemes

_VERBS = frozenset({"VV", "XSV", "VA", "XSA", "VCP"})
_NOUN_PHRASE = frozenset({"NNG", "NNP", "NNB", "NR", "SN", "XPN", "XSN", "SL", "MM", "JKG", "NP", "XR", "SO", "SH"})
_UNCLEAR = frozenset({"SP", "SSO", "SSC", "SE", "SS", "SY", "SW", "JC", "ETN"})
"""Commas, brackets, quotes, conjunctions and verbs made nouns: behind them, whose object it is is not clear."""
_FOR = frozenset({"로", "으로", "로써", "으로써", "로서", "으로서"})


def without_verb(sentence: str) -> list[tuple[int, int]]:
    """Where an object stands that another follows, when the verbs after them take one object less; start and end.

    A verb takes the nearest object before it. A comma lists objects, and `-(으)로` may stand for a verb (`대상으로`).
    Only sentences that end in a verb are looked at.
    """
    parts = morphemes(sentence)
    if not any(part.tag == "EF" for part in parts[-3:]):
        return []
    waiting: list[int] = []
    for number, part in enumerate(parts):
        if part.tag == "JKO" and part.form in ("을", "를"):
            waiting.append(number)
        elif part.tag in _VERBS:
            if waiting:
                waiting.pop()
        elif part.tag in _UNCLEAR:
            waiting.clear()
        elif part.tag == "JKB" and part.form in _FOR and waiting and _only_noun(parts[waiting[-1] + 1 : number]):
            waiting.pop()
    return [(_start(parts, number), parts[number].end) for number in waiting if _next_object(parts, number)]


def _only_noun(parts: Sequence[Morpheme]) -> bool:
    return all(part.tag in _NOUN_PHRASE for part in parts)


def _next_object(parts: tuple[Morpheme, ...], number: int) -> bool:
    """Whether another object follows before any verb."""
    for part in parts[number + 1 :]:
        if part.tag == "JKO":
            return True
        if part.tag not in _NOUN_PHRASE:
            return False
    return False


def _start(parts: tuple[Morpheme, ...], number: int) -> int:
    """Where the noun of an object begins."""
    first = number
    while first and parts[first - 1].tag in _NOUN_PHRASE - {"JKG", "MM"} and parts[first - 1].end == parts[first].start:
        first -= 1
    return parts[first].start
