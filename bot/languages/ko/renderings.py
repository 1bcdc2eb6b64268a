"""Finding thousands of Korean renderings in a text in one pass, with any particles, endings and blanks."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import ahocorasick_rs

from bot.languages.ko import conjugation

_PARTICLE = (
    "은|는|이|가|을|를|의|에|와|과|로|으로|도|만|까지|부터|보다|처럼|마다|조차|나|이나|란|이란|라는|이라는|라고|이라고|든|이든|"
    "에서|에게|에는|에도|에의|에만|에서의|에서는|에서도|에서만|에서보다|에대한|로의|으로의|로는|으로는|로도|으로도|로만|으로만|로서|으로서|로써|으로써|"
    "로부터|으로부터|와의|과의|와는|과는|만의|만을|만으로|만이|까지의|부터의|보다는|보다도|인|이며|며|이고|고|인데|인지|이자|이다|다|입니다|이었|였|이므로|므로|일|임|"
    "이라|라|이면|면|이지만|지만|뿐|뿐만|별|내|외|간"
)
_TAIL = re.compile(
    rf"(?:들|들끼리)?(?:{_PARTICLE})?"
    r"|(?:화)?(?:하|해|했|한|할|함|합|되|돼|됐|된|될|됨|됩|시키|시켜|시켰|시킨|시킬|시킴|시킵)[가-힣]*"
    r"|(?:인|이|입|였|이었|일|이라|이므|이며|임)(?:가|까|을|이|에|으로|니다|니까|습니다|던|지|지만|데|고|라고|라는|로)?"
)
_MODIFIER = re.compile(r"[의은는한인된진운른던할될을를이가에로와과도적어아여고]$")
"""How words end that already stand before a noun on their own, or belong to a verb."""
_HANGUL_RUN = re.compile(r"[가-힣]*")
_DROPPED = re.compile(r"[\s\-–—‐·]+")


class Found(NamedTuple):
    """A rendering at `text[start:end]`, particles and endings left out.

    `whole` is False where it stands inside a longer word, so that it may be something else.
    """

    rendering: str
    start: int
    end: int
    whole: bool


class Renderings:
    """A set of Korean renderings, compiled for finding: nouns bare, predicates in their base form."""

    def __init__(self, renderings: Iterable[str]) -> None:
        patterns: dict[str, list[str]] = {}
        for rendering in dict.fromkeys(renderings):
            for form in _forms(rendering):
                patterns.setdefault(_squeezed(form)[0], []).append(rendering)
        patterns.pop("", None)
        self._owners = list(patterns.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(patterns))

    def find(self, text: str) -> Iterator[Found]:
        """Every rendering in the text, also one inside another, in order of their ends."""
        squeezed, places = _squeezed(text)
        for pattern, first, last in self._automaton.find_matches_as_indexes(squeezed, overlapping=True):
            start, end = places[first], places[last - 1] + 1
            for rendering in self._owners[pattern]:
                if "\n" not in text[start:end] and _blanks_fit(text[start:end], rendering):
                    yield Found(rendering, start, end, _is_whole(text, start, end, rendering))


def noun_ends(text: str, start: int, end: int) -> list[int]:
    """Where the noun of the word `text[start:end]` may end: a particle or nothing follows; shortest first."""
    return [place for place in range(start + 1, end + 1) if _TAIL.fullmatch(text, place, end)]


def _forms(rendering: str) -> Iterable[str]:
    """The words as they may stand: a predicate in its beginnings, nouns also joined by 의 (`모델의 크기`)."""
    if conjugation.is_predicate(rendering):
        return conjugation.beginnings(rendering)
    first, blank, rest = rendering.partition(" ")
    can_be_joined = blank and _is_hangul(first[-1]) and not _MODIFIER.search(first)
    return (rendering, f"{first}의 {rest}") if can_be_joined else (rendering,)


def _squeezed(text: str) -> tuple[str, list[int]]:
    """The text without blanks and hyphens, small letters, and where each character stood."""
    places = [place for place, char in enumerate(text) if not _DROPPED.match(char)]
    # Lower case one character at a time: some capitals (`İ`) become two characters.
    return "".join(text[place].lower()[:1] for place in places), places


def _blanks_fit(found: str, rendering: str) -> bool:
    """Blanks beyond the rendering's own stand after two syllables: `제로 샷` for 제로샷, not `이 중` for 이중."""
    pieces = found.split()
    return len(pieces) <= len(rendering.split()) or all(len(piece) > 1 for piece in pieces[:-1])


def _is_whole(text: str, start: int, end: int, rendering: str) -> bool:
    if start and _is_hangul(text[start - 1]) and _is_hangul(text[start]):
        return False
    if conjugation.is_predicate(rendering):
        return True
    if not _is_hangul(text[end - 1]):
        return end == len(text) or not (text[end].isascii() and text[end].isalnum())
    run = _HANGUL_RUN.match(text, end)
    return run is not None and _TAIL.fullmatch(run.group()) is not None


def _is_hangul(char: str) -> bool:
    return "가" <= char <= "힣"
