"""The termbase: which Korean stands for which English term, which does not, and finding both in texts.

Rows come from the CSV files of `bot/languages/ko/terms/`, overlaid by what moderators decided.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

import ahocorasick_rs

from bot.errors import RejectedError
from bot.languages.ko.conjugation import is_predicate
from bot.languages.ko.renderings import Renderings
from bot.translation import word_forms

COLUMNS = ("source", "also", "target", "accepted", "avoid", "wrong", "unless", "kind", "note")
_REMEMBERED = 4096
"""So many texts are looked through once only, since every check asks for the same sentences."""

_WORD = re.compile(r"[^\W_]+")


class TermsError(RejectedError):
    """A row of terms cannot be read; the message names file, line and reason."""


class Kind(StrEnum):
    """What a term is: a `name` stays in Latin letters; a `phrase` is common wording rather than a concept."""

    TERM = "term"
    NAME = "name"
    PHRASE = "phrase"


class Role(StrEnum):
    """What a Korean rendering is for its term."""

    TARGET = "target"
    ACCEPTED = "accepted"
    AVOID = "avoid"
    WRONG = "wrong"
    NONSENSE = "nonsense"
    """Wrong whatever English stands beside it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One English term, in its base form, and its Korean."""

    source: str
    target: str
    also: tuple[str, ...] = ()
    """Other English for exactly the same."""
    accepted: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    """Understood, but not what the community writes."""
    wrong: tuple[str, ...] = ()
    """Means something else."""
    nonsense: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """English words beside which the avoided and wrong renderings are right."""
    kind: Kind = Kind.TERM
    note: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The term and its synonyms."""
        return (self.source, *self.also)

    @property
    def good(self) -> tuple[str, ...]:
        """The Korean that needs no remark."""
        return (self.target, *self.accepted)

    def renderings(self) -> Iterator[tuple[str, Role]]:
        """All Korean of this term with its role."""
        yield self.target, Role.TARGET
        for role, words in (
            (Role.ACCEPTED, self.accepted),
            (Role.AVOID, self.avoid),
            (Role.WRONG, self.wrong),
            (Role.NONSENSE, self.nonsense),
        ):
            yield from ((word, role) for word in words)


class Mention(NamedTuple):
    """A term at `text[start:end]` of an English text; `inner` where a longer term covers it."""

    term: Term
    start: int
    end: int
    inner: bool


class Rendering(NamedTuple):
    """Korean of a term at `text[start:end]`; `whole` is False where it stands inside a longer word."""

    term: Term
    role: Role
    words: str
    start: int
    end: int
    whole: bool


class Termbase:
    """Terms, compiled for finding. Compiling happens at the first use; finding is one pass over a text."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple({_key(term.source): term for term in terms}.values())
        self._mentions: dict[str, tuple[Mention, ...]] = {}
        self._renderings: dict[str, tuple[Rendering, ...]] = {}

    @classmethod
    def from_rows(cls, rows: Iterable[Term], *overlays: Iterable[Term]) -> "Termbase":
        """A termbase of `rows`; rows of a later overlay replace those with the same source."""
        return cls(term for part in (rows, *overlays) for term in part)

    def mentions(self, english: str) -> tuple[Mention, ...]:
        """The terms of an English text in reading order: the longer of two that overlap, what it covers as inner."""
        found = self._mentions.get(english)
        if found is None:
            if len(self._mentions) >= _REMEMBERED:
                self._mentions.clear()
            found = self._mentions[english] = tuple(_nested(self._find_sources(english)))
        return found

    def relevant(self, texts: Iterable[str]) -> tuple[Term, ...]:
        """The terms that occur in the English texts, each once, in the order of their first mention."""
        return tuple(dict.fromkeys(mention.term for text in texts for mention in self.mentions(text)))

    def is_excused(self, term: Term, english: str) -> bool:
        """Whether a word of the term's `unless` stands in the English text in some form, and not in the term itself."""
        own = [(one.start, one.end) for one in self.mentions(english) if one.term is term]
        return any(
            not any(start <= match.start() and match.end() <= end for start, end in own)
            for word in term.unless
            for match in _mentioning(word).finditer(english)
        )

    def renderings(self, korean: str) -> tuple[Rendering, ...]:
        """Everything in a Korean text that is a rendering of some term, good or bad, overlapping or not."""
        found = self._renderings.get(korean)
        if found is None:
            if len(self._renderings) >= _REMEMBERED:
                self._renderings.clear()
            found = self._renderings[korean] = tuple(
                Rendering(term, role, hit.rendering, hit.start, hit.end, hit.whole)
                for hit in self._korean.find(korean)
                for term, role in self._owners[hit.rendering]
            )
        return found

    @cached_property
    def _owners(self) -> dict[str, list[tuple[Term, Role]]]:
        owners: dict[str, list[tuple[Term, Role]]] = {}
        for term in self.terms:
            for words, role in term.renderings():
                owners.setdefault(words, []).append((term, role))
        return owners

    @cached_property
    def _korean(self) -> Renderings:
        return Renderings(self._owners)

    @cached_property
    def _english(self) -> "tuple[ahocorasick_rs.AhoCorasick, list[list[tuple[Term, str]]]]":
        patterns: dict[str, list[tuple[Term, str]]] = {}
        for term in self.terms:
            for source in term.sources:
                for form in _forms(term, source):
                    patterns.setdefault(_squeezed(form)[0], []).append((term, form))
        patterns.pop("", None)
        return ahocorasick_rs.AhoCorasick(list(patterns)), list(patterns.values())

    def _find_sources(self, english: str) -> Iterator[tuple[Term, int, int]]:
        automaton, owners = self._english
        squeezed, places = _squeezed(english)
        for pattern, first, last in automaton.find_matches_as_indexes(squeezed, overlapping=True):
            start, end = places[first], places[last - 1] + 1
            if _continues(english, start - 1) or _continues(english, end):
                continue
            seen: set[str] = set()
            for term, form in owners[pattern]:
                if term.source not in seen and _case_fits(english[start:end], form, exact=term.kind is Kind.NAME):
                    seen.add(term.source)
                    yield term, start, end


def read_rows(text: str, name: str) -> list[Term]:
    """The terms of one CSV file with the header `COLUMNS`; lists inside a cell are separated by `|`.

    Raises:
        TermsError: A row has the wrong number of columns, no source or target, an unknown kind, an empty item, or a
            source that stood before; `name` and the line are named (a retry cannot help).
    """
    lines = csv.reader(io.StringIO(text), strict=True)
    terms: dict[str, Term] = {}
    try:
        header = next(lines, [])
        if tuple(header) != COLUMNS:
            raise TermsError(f"{name}:1: the header must be {','.join(COLUMNS)}.")
        for row in lines:
            term = _read_row(row, f"{name}:{lines.line_num}")
            if _key(term.source) in terms:
                raise TermsError(f"{name}:{lines.line_num}: `{term.source}` stood before; a source has one row.")
            terms[_key(term.source)] = term
    except csv.Error as exc:
        raise TermsError(f"{name}:{lines.line_num}: {exc}.") from exc
    return list(terms.values())


@lru_cache(maxsize=_REMEMBERED)
def _mentioning(word: str) -> re.Pattern[str]:
    forms = word_forms.forms(word, verb=True) | {word + "ment"}
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(form) for form in forms)})(?!\w)", re.IGNORECASE)


@cache
def shipped() -> Termbase:
    """The termbase that comes with the program."""
    folder = resources.files("bot.languages.ko") / "terms"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".csv")), key=lambda file: file.name)
    return Termbase(term for file in files for term in read_rows(file.read_text(encoding="utf-8"), file.name))


def _read_row(row: Sequence[str], place: str) -> Term:
    if len(row) != len(COLUMNS):
        raise TermsError(f"{place}: {len(row)} columns, but {len(COLUMNS)} are needed.")
    cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True))
    if not cells["source"] or not cells["target"]:
        raise TermsError(f"{place}: source and target must not be empty.")
    if cells["kind"] not in {"", *Kind}:
        raise TermsError(f"{place}: the kind `{cells['kind']}` is none of {', '.join(Kind)}.")
    lists = {
        column: _items(cells[column], place, column) for column in ("also", "accepted", "avoid", "wrong", "unless")
    }
    bad = (*lists["avoid"], *lists["wrong"])
    for word in (cells["target"], *lists["accepted"]):
        if word in bad:
            raise TermsError(f"{place}: `{word}` cannot be both good and bad.")
    return Term(
        source=cells["source"],
        target=cells["target"],
        also=lists["also"],
        accepted=lists["accepted"],
        avoid=lists["avoid"],
        wrong=tuple(word for word in lists["wrong"] if not word.startswith("!")),
        nonsense=tuple(word[1:] for word in lists["wrong"] if word.startswith("!")),
        unless=lists["unless"],
        kind=Kind(cells["kind"] or "term"),
        note=cells["note"],
    )


def _items(cell: str, place: str, column: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in cell.split("|")) if cell else ()
    if not all(item.lstrip("!") for item in items):
        raise TermsError(f"{place}: an empty item in the column {column}.")
    return items


def _forms(term: Term, source: str) -> set[str]:
    if term.kind is Kind.NAME or not any(char.islower() for char in source):
        return {source, source + "s"}
    return word_forms.forms(source, verb=is_predicate(term.target) or term.kind is Kind.PHRASE)


def _squeezed(text: str) -> tuple[str, list[int]]:
    """The text in small letters without blanks and hyphens, and where each character stood."""
    places = [place for place, char in enumerate(text) if not (char.isspace() or char in "-‐‑–")]
    return "".join(text[place].lower()[:1] for place in places), places


def _continues(text: str, place: int) -> bool:
    """Whether a Latin letter or a digit stands at `place`, so that a match beside it is part of a longer word."""
    return 0 <= place < len(text) and text[place].isalnum() and not "가" <= text[place] <= "힣"


def _case_fits(found: str, form: str, *, exact: bool) -> bool:
    """Words in small letters match any case; those with capitals (`MoE`, `Adam`) and names only themselves."""
    letters = iter(char for char in found if char.isalnum())
    for word in _WORD.findall(form):
        strict = exact or word != word.lower()
        for want in word:
            if next(letters, "") != want and strict:
                return False
    return True


def _nested(found: Iterable[tuple[Term, int, int]]) -> Iterator[Mention]:
    covered = 0
    for term, start, end in sorted(found, key=lambda mention: (mention[1], -mention[2])):
        inner = end <= covered
        if inner or start >= covered:
            covered = max(covered, end)
            yield Mention(term, start, end, inner)


def _key(source: str) -> str:
    return _squeezed(source)[0] if not source.isupper() else source
