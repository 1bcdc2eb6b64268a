"""Proper nouns in the Korean that nothing in English accounts for, and authors who became a company."""

import re
from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz

from bot.languages.ko import findings, hangul, speakers
from bot.languages.ko.morphology import morphemes
from bot.languages.ko.particles import with_particle
from bot.languages.ko.transliteration import likeness
from bot.translation.checks import latin
from bot.translation.checks.base import Background, Category, Finding, Severity, Text
from bot.translation.checks.suggestions import replacing
from bot.translation.termbase import Kind, Role, Termbase

_WE = re.compile(r"\b(?:we|our|us)\b", re.IGNORECASE)
_FIRM = re.compile(r"\b(?:company|companies|firm|enterprise|corporat\w+|in-house|vendor|headquarters)\b", re.IGNORECASE)
_EVERYDAY = frozenset(
    {"ai", "ml", "dl", "nlp", "cv", "api", "gpu", "cpu", "pdf", "url", "arxiv", "github", "vs", "web"}
)
"""Latin words that Korean writers use for what English says otherwise."""
_ALIKE = 0.8
_TYPO_PCT = 75


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Names from nowhere; only where there is English to compare with, but for the words of companies."""
    yield from _company_voice(text)
    english = " \n ".join(one.source for one in background.paper or (text,))
    if not text.source:
        return
    yield from _latin_names(text, english, background.termbase)
    yield from _hangul_names(text, english, background.termbase)
    yield from _speakers(text, english)


def _company_voice(text: Text) -> Iterator[Finding]:
    for match in speakers.COMPANY.finditer(text.target):
        if _FIRM.search(text.source):
            continue
        end, suggestion = replacing(text.target, match.end(), speakers.AUTHOR)
        message = findings.company_voice(match.group())
        yield Finding(match.start(), end, "inventions", Category.REGISTER, Severity.MINOR, message, suggestion)


def _latin_names(text: Text, english: str, termbase: Termbase) -> Iterator[Finding]:
    known = {latin.plain(word.text) for word in latin.words(english)}
    known |= {latin.plain(source) for term in termbase.relevant([english]) for source in term.sources} | _EVERYDAY
    letters = re.sub(r"[^a-z0-9]", "", english.lower())
    initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", english)).lower()
    for word in latin.words(text.target):
        if not word.text.islower() and not _is_accounted_for(word.text, known, letters, initials):
            message = findings.invented_name(word.text)
            yield Finding(word.start, word.end, "inventions", Category.ADDITION, Severity.MAJOR, message)


def _is_accounted_for(word: str, known: set[str], letters: str, initials: str) -> bool:
    """Whether English has the word, its parts, what it abbreviates, or something so like it that `names` tells."""
    plain = latin.plain(word)
    if len(plain) < 2 or plain in known or plain in letters:
        return True
    capitals = "".join(char for char in word if char.isupper()).lower()
    if (word.isupper() or len(capitals) > 2) and capitals in initials:
        return True
    parts = [latin.plain(part) for part in re.split(r"[-‑+]", word)]
    return all(part in known or len(part) < 2 for part in parts) or _is_near(plain, known)


def _is_near(plain: str, known: Iterable[str]) -> bool:
    return any(fuzz.ratio(plain, other) >= _TYPO_PCT for other in known)


def _hangul_names(text: Text, english: str, termbase: Termbase) -> Iterator[Finding]:
    """Hangul that the termbase knows as a name (구글 for Google) where no English text of the paper has that name."""
    words, squeezed = [word.text for word in latin.words(english)], _squeezed(english)
    for found in termbase.renderings(text.target):
        name = found.term.source
        if found.term.kind is not Kind.NAME or not found.whole or found.role is Role.NONSENSE:
            continue
        if len(found.words) < 3 or likeness(name, found.words) < _ALIKE or _squeezed(name) in squeezed:
            continue
        if not hangul.has_syllable(found.words):
            continue
        if not any(likeness(word, found.words) >= _ALIKE for word in words) and not _is_rendering(
            found.words, english, termbase
        ):
            message = findings.invented_name(found.words)
            yield Finding(found.start, found.end, "inventions", Category.ADDITION, Severity.CRITICAL, message)


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.lower())


def _is_rendering(words: str, english: str, termbase: Termbase) -> bool:
    return any(words in good for term in termbase.relevant([english]) for good in term.good)


def _speakers(text: Text, english: str) -> Iterator[Finding]:
    """`유니티는 ... 제안합니다` for `We propose`: a proper noun as the subject where the authors speak."""
    words = [word.text for word in latin.words(english) if not word.text.islower() and word.text not in ("We", "Our")]
    for unit in text.units:
        korean = text.target_of(unit)
        if not _WE.search(unit.source) or speakers.AUTHORS.search(korean):
            continue
        start = _subject(korean)
        subject = next((one for one in morphemes(korean) if one.start == start and one.tag == "NNP"), None)
        if subject is None or not re.fullmatch("[가-힣]{2,}", subject.form):
            continue
        particle = re.compile("[은는이가](?![가-힣])").match(korean, subject.end)
        if particle and not any(likeness(word, subject.form) >= _ALIKE for word in words):
            yield Finding(
                unit.start + subject.start,
                unit.start + particle.end(),
                "inventions",
                Category.ADDITION,
                Severity.CRITICAL,
                findings.invented_speaker(subject.form),
                with_particle(speakers.AUTHOR, particle.group()),
            )


def _subject(korean: str) -> int:
    """Where the sentence begins after its connecting words."""
    for word in re.finditer(r"[^\s,]+", korean):
        if word.group() not in speakers.OPENINGS:
            return word.start()
    return 0
