"""Names that a transcript has as they sounded (`chat gpt`, `Deep Seek`, `Meena Park`), written as they are written.

Two kinds of evidence, both narrow, because a repair changes what moderators take for the source: the same letters with
other blanks, hyphens or capitals; or the same sounds, where the talk's own page or the words around vouch for a name.
Every repair is kept with what was heard.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from bot.translation.termbase import Kind, Termbase

_LONGEST_NAME = 4
"""Words that one name may have been heard as."""
_SHORTEST_ALIKE, _SHORT = 4, 5
"""Letters; a name shorter than the second is only found before a number (`Quen 2`)."""
_ALIKE_PCT = 60
"""Likeness of the letters, where the sounds are equal."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.&+-][^\W_]+)*\+{0,2}")
_INNER_CAPITAL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]-?\d")
_MID_SENTENCE = re.compile(r"(?<=[a-z,;] )[A-Z][\w&+-]*(?:\s[A-Z][\w&+-]*)*")
_POSSESSIVE = re.compile(r"['’]s$")
_SOUNDS = (
    (re.compile(r"qu|qw|kw|q"), "kw"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ck|ch(?=r)|x"), "k"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"c(?!h)"), "k"),
    (re.compile(r"z"), "s"),
    (re.compile(r"wh"), "w"),
    (re.compile(r"gh|(?<=[aeiou])h"), ""),
    (re.compile(r"(?<=[aeiou])[wy]|y"), "i"),
    (re.compile(r"(.)\1+"), r"\1"),
)


class Voucher(StrEnum):
    """Where a name is written as it is written."""

    TITLE = "title"
    DESCRIPTION = "description"
    SPEAKER = "speaker"
    TERMBASE = "termbase"


@dataclass(frozen=True, slots=True)
class Repair:
    """A name put right: `written` stands at `start` of the text where the transcript has `heard`."""

    start: int
    heard: str
    written: str
    voucher: Voucher


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    voucher: Voucher


class Hearing:
    """What names a talk may mention, and how they are written.

    Args:
        title: of the talk.
        description: what its page says about it.
        speakers: names of people, as the page or the operator gives them.
    """

    def __init__(self, title: str, description: str, speakers: Sequence[str], termbase: Termbase) -> None:
        self._by_letters: dict[str, _Known] = {}
        self._by_sound: dict[str, list[_Known]] = {}
        self._ordinary = {word for text in (title, description) for word in re.findall(r"\b[a-z]+\b", text)}
        self._ordinary |= {
            word.lower()
            for term in termbase.terms
            if term.kind is not Kind.NAME
            for source in term.sources
            for word in source.split()
        }
        self._names = frozenset(source for term in termbase.terms if term.kind is Kind.NAME for source in term.sources)
        for speaker in speakers:
            self._add(re.sub(r"\s*\(.*", "", speaker), Voucher.SPEAKER)
        for name in _names_of_title(title):
            self._add(name, Voucher.TITLE)
        for name in _names_of_prose(description):
            self._add(name, Voucher.DESCRIPTION)
        for name in sorted(self._names):
            self._add(name, Voucher.TERMBASE)

    def mend(self, text: str) -> tuple[str, tuple[Repair, ...]]:
        """The text with names as they are written, and every change; offsets are those of the new text."""
        tokens = list(_TOKEN.finditer(text))
        out, end = "", 0
        repairs: list[Repair] = []
        at = 0
        while at < len(tokens):
            found = self._at(text, tokens, at)
            if found is None:
                at += 1
                continue
            known, count, suffix = found
            start, stop = tokens[at].start(), tokens[at + count - 1].end()
            out += text[end:start]
            repairs.append(Repair(len(out), text[start:stop], known.name + suffix, known.voucher))
            out += known.name + suffix
            end = stop
            at += count
        return out + text[end:], tuple(repairs)

    def unknown_names(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Names inside sentences that neither the talk's page nor the termbase has, in the order of their mention.

        Only written capitals tell a name, so there are none in captions without them.
        """
        found = dict.fromkeys(name for text in texts for name in names_in(text))
        return tuple(name for name in found if _letters(name) not in self._by_letters)

    def _add(self, name: str, voucher: Voucher) -> None:
        letters = _letters(name)
        if len(letters) < 3:
            return
        known = _Known(name, voucher)
        self._by_letters.setdefault(letters, known)
        if len(letters) >= _SHORTEST_ALIKE:
            self._by_sound.setdefault(_sound(letters), []).append(known)

    def _at(self, text: str, tokens: Sequence[re.Match[str]], at: int) -> tuple[_Known, int, str] | None:
        """The name that was heard in the tokens from `at` on, how many tokens it took, and an `'s` behind it."""
        for count in range(min(_LONGEST_NAME, len(tokens) - at), 0, -1):
            own = tokens[at : at + count]
            between = [text[a.end() : b.start()] for a, b in itertools.pairwise(own)]
            if any(gap not in (" ", "-") for gap in between):
                continue
            heard = text[own[0].start() : own[-1].end()]
            suffix = found.group() if (found := _POSSESSIVE.search(heard)) else ""
            bare = heard.removesuffix(suffix)
            known = self._by_letters.get(_letters(bare))
            if known is not None:
                if bare == known.name:
                    return None
                if self._is_sure(bare, known, count):
                    return known, count, suffix
            elif similar := self._alike(text, own, bare):
                return similar, count, suffix
        return None

    def _is_sure(self, heard: str, known: _Known, count: int) -> bool:
        """Whether the same letters mean the name: words like `react`, `lion` or `the pile` mostly do not."""
        if known.voucher is Voucher.SPEAKER:
            return True
        if heard.lower() in self._ordinary:
            return False
        has_form = _INNER_CAPITAL.search(known.name) is not None
        if known.voucher is not Voucher.TERMBASE:
            return has_form or count > len(known.name.split())
        return has_form and (len(_letters(known.name)) > 5 or heard != heard.lower() or count > 1)

    def _alike(self, text: str, own: Sequence[re.Match[str]], heard: str) -> _Known | None:
        letters = _letters(heard)
        if len(letters) < _SHORTEST_ALIKE or any(token.group().lower() in self._ordinary for token in own):
            return None
        if heard in self._names:
            return None
        is_capital = heard[:1].isupper() and not _starts_sentence(text, own[0].start())
        has_number = re.match(r"[\s-]\d", text[own[-1].end() :]) is not None
        for known in self._by_sound.get(_sound(letters), []):
            is_vouched = is_capital or has_number or known.voucher is not Voucher.TERMBASE
            is_long = has_number or min(len(letters), len(_letters(known.name))) >= _SHORT
            if is_vouched and is_long and fuzz.ratio(letters, _letters(known.name)) >= _ALIKE_PCT:
                return known
        return None


def names_in(text: str) -> list[str]:
    """Words with capitals inside sentences, in their order; none in captions without capitals."""
    return [name for name in _MID_SENTENCE.findall(text) if len(name) > 2]


def _names_of_title(title: str) -> Iterator[str]:
    head, colon, _ = title.partition(":")
    if colon and len(head.split()) <= 3:
        yield head.strip()
    yield from (token.group() for token in _TOKEN.finditer(title) if _INNER_CAPITAL.search(token.group()))


def _names_of_prose(description: str) -> Iterator[str]:
    for line in description.splitlines():
        words = [token.group() for token in _TOKEN.finditer(line)]
        yield from (word for word in words if _INNER_CAPITAL.search(word) and "http" not in line)
        if sum(word[:1].isupper() for word in words) <= len(words) * 0.6:
            yield from _MID_SENTENCE.findall(line)


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _sound(letters: str) -> str:
    """The consonants as they sound, with a mark for each group of vowels after the first place."""
    for pattern, plain in _SOUNDS:
        letters = pattern.sub(plain, letters)
    return re.sub(r"[aeiou]+", "", letters) + str(len(re.findall(r"[aeiou]+", letters.rstrip("e"))))


def _starts_sentence(text: str, start: int) -> bool:
    return not text[:start].strip() or text[:start].rstrip()[-1:] in ".?!:\n"
