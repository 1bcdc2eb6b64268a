"""Names and acronyms: kept as they are, not spelled in Hangul, not changed in letters or case."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from bot.languages.ko import findings
from bot.languages.ko.renderings import noun_ends
from bot.languages.ko.transliteration import likeness, may_begin_alike
from bot.translation.checks import latin
from bot.translation.checks.base import Background, Category, Finding, Severity, Text
from bot.translation.checks.suggestions import replacing
from bot.translation.termbase import Kind, Role, Termbase

_ALIKE = 0.85
_SPELLED_ALIKE = 0.9
"""How alike the words of a name must sound, all of which may be common words."""
_EXACT = 0.95
_LONGEST = 4
"""Words of Hangul that one Latin name may become."""
_SHORT_NAME = 5
"""Letters up to which a name is looked for in its own sentence only: short ones sound like many words."""
_FEWEST_SYLLABLES = 3
"""Of a name that is not short: 주로 is not GaLore."""
_TYPO_PCT = 82
_ACRONYM = re.compile(r"[A-Z]{2,6}")
_HANGUL_WORD = re.compile(r"[가-힣0-9A-Za-z]+")
_HANGUL = re.compile("[가-힣]")
_PHRASE = re.compile(
    r"\b[A-Z][a-z]+(?:(?:-|\s)(?:of|in|and|the|a|for|with|to|on|One|[A-Z][a-z]+|\d+))*(?:-|\s)(?:[A-Z][a-z]+|\d+)\b"
)
_JOINT = re.compile(r"[- ](?:of|in|and|the|a|for|with|to|on)[- ]")
_INSIDE = re.compile(r"[a-z]\s$")
_LATIN_BEFORE = re.compile(r"[A-Za-z][^가-힣]{0,2}$")
_LATIN_AFTER = re.compile(r"[^가-힣]{0,2}[A-Za-z]")
_CAPITALIZED = r"[A-Z][A-Za-z]+(?:-[A-Za-z]+)*"
_OWN = re.compile(
    rf"\b(?i:introduc|propos|present|call|nam|term|dub|develop)\w*\s+(?:(?:the|a|an|our|new|novel|as)\s+)*"
    rf"({_CAPITALIZED}(?:\s(?:(?:of|in|for|and|the|with)\s)?(?:{_CAPITALIZED}|\d+))+)(?=\s*[,:]|\s\(?[a-zA-Z])"
)
"""What a paper calls its own: of two or more words."""
_GLOSS = re.compile(r"\(([A-Za-z][\w.+-]*)\)")
_VARIANT = re.compile(
    r"(?<![A-Za-z0-9-])([A-Za-z][A-Za-z0-9.]*(?:-[A-Za-z0-9.]+)*)"
    r"-(small|base|large|mini|medium|tiny|huge|agent|coder|bench|chat|instruct|math|arena|vision|edu|light|plus)"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""`phi-1-small`: the name's last part is an English word, and still part of the name."""
_AT_K = re.compile(r"(?<![가-힣])[가-힣]+@(?:\d+|k)")
_SPELLED_IN_HANGUL = {"오브": "of", "앤드": "and", "위드": "with", "프롬": "from"}


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Names in Hangul, half translated or misspelt."""
    english = [one.source for one in background.paper or (text,)]
    known = latin.names(english) | _kept_somewhere(english, [one.target for one in background.paper or (text,)])
    spellings = {latin.plain(word.text): word.text for source in english for word in latin.words(source)}
    for unit in text.units:
        if not unit.source or unit.start == unit.end:
            continue
        korean = text.target_of(unit)
        found = [
            *_half_translated(unit.source, korean),
            *_variants(unit.source, korean),
            *_at_k(unit.source, korean),
            *_glossed(unit.source, korean),
            *_own(unit.source, korean),
            *_in_hangul(_wanted(unit.source, korean, known, text.field), unit.source, korean, background.termbase),
        ]
        for start, end, name in _apart(found):
            yield _hangul_finding(text.target, unit.start + start, unit.start + end, name)
        for word in latin.words(korean):
            right = _misspelt(word.text, spellings) or _other_acronym(word.text, unit.source, korean, background)
            if right and not _is_other_spelling(word.text, right, background.termbase):
                start, end = unit.start + word.start, unit.start + word.end
                message = findings.misspelt_name(right, word.text)
                yield Finding(start, end, "names", Category.NAME, Severity.MINOR, message, right)


def _kept_somewhere(english: Iterable[str], korean: Iterable[str]) -> frozenset[str]:
    """Capitalized words inside English sentences that some Korean keeps by themselves: names there, so everywhere."""
    inside = {word.text for text in english for word in latin.words(text) if _INSIDE.search(text[: word.start])}
    kept = {word.text for text in korean for word in latin.words(text) if not _in_a_run(text, word)}
    names = (word for word in kept & inside if word[0].isupper() and word[1:].islower())
    return frozenset(name for name in names if len(name) > _SHORT_NAME)


def _in_a_run(text: str, word: latin.Word) -> bool:
    """Whether more Latin stands beside it, as in a title that is quoted."""
    return bool(_LATIN_BEFORE.search(text[: word.start]) or _LATIN_AFTER.match(text, word.end))


def _wanted(source: str, korean: str, known: frozenset[str], field: str) -> list[str]:
    """The names that the Korean shows in Latin letters less often than the English does, or that only it could have."""
    shown = Counter(latin.plain(word.text) for word in latin.words(korean))
    flat = latin.plain("-".join(word.text for word in latin.words(korean)))
    there = Counter(latin.plain(word.text) for word in latin.words(source))
    wanted: list[str] = []
    for name in sorted(known):
        plain = latin.plain(name)
        missing = shown[plain] < there[plain] if there[plain] else len(plain) > _SHORT_NAME
        if missing and (shown[plain] or plain not in flat):
            wanted.append(name)
    if field != "title":
        wanted += [phrase for phrase in _PHRASE.findall(source) if _JOINT.search(phrase) and phrase not in korean]
    return wanted


def _in_hangul(wanted: Sequence[str], source: str, korean: str, termbase: Termbase) -> Iterator[tuple[int, int, str]]:
    if not wanted:
        return
    others = [word.text for word in latin.words(source) if word.text.islower()]
    right = [
        found
        for found in termbase.renderings(korean)
        if found.role in (Role.TARGET, Role.ACCEPTED) and found.whole and found.term.target != found.term.source
    ]
    scored: list[tuple[float, int, int, str]] = []
    for start, end in _runs(korean):
        hangul = korean[start:end]
        alike = [
            (likeness(name, hangul), name)
            for name in wanted
            if may_begin_alike(name, hangul[0]) and _is_long_enough(name, hangul)
        ]
        score, name = max(alike, default=(0.0, ""))
        if score < _ALIKE or any(found.start <= start and end <= found.end for found in right):
            continue
        if all(likeness(other, hangul) < score for other in others):
            scored.append((score, start, end, name))
    for _, start, end, name in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        yield start, end, name


def _is_long_enough(name: str, hangul: str) -> bool:
    syllables = sum(not char.isspace() for char in hangul)
    return syllables >= _FEWEST_SYLLABLES or len(latin.plain(name)) <= _SHORT_NAME


def _runs(korean: str) -> Iterator[tuple[int, int]]:
    """Runs of one to four words that hold Hangul, the last without its particle, two syllables at least."""
    spans = [match.span() for match in _HANGUL_WORD.finditer(korean)]
    for first, (start, _) in enumerate(spans):
        for last in range(first, min(first + _LONGEST, len(spans))):
            if last > first and korean[spans[last - 1][1] : spans[last][0]] not in (" ", "-"):
                break
            for end in noun_ends(korean, *spans[last]):
                if end - start > 1 and _HANGUL.search(korean, start, end):
                    yield start, end


def _half_translated(source: str, korean: str) -> Iterator[tuple[int, int, str]]:
    """`트리 오브 생각`: a small English word spelled in Hangul between the words of a name."""
    words = list(re.finditer(r"[^\s,.;:!?()]+", korean))
    for before, joint, after in zip(words, words[1:], words[2:], strict=False):
        small = _SPELLED_IN_HANGUL.get(joint.group())
        if small is None:
            continue
        names = re.findall(rf"(?i)[^\W_]+(?:-| ){small}(?:-| )[^\W_]+", source)
        if names:
            name = max(names, key=lambda name: likeness(re.split("[- ]", name)[0], before.group()))
            yield before.start(), noun_ends(korean, *after.span())[0], name


def _variants(source: str, korean: str) -> Iterator[tuple[int, int, str]]:
    """`phi-1-소형`: the name is kept but for its last part."""
    for name in dict.fromkeys(_VARIANT.finditer(source)):
        if name.group().lower() not in korean.lower() and (latin.is_coined(name[1]) or name[1][-1].isdigit()):
            for found in re.finditer(rf"(?<![A-Za-z0-9-]){re.escape(name[1])}-[가-힣]+", korean):
                yield found.start(), noun_ends(korean, *found.span())[0], name.group()


def _at_k(source: str, korean: str) -> Iterator[tuple[int, int, str]]:
    """`합격@1` for pass@1."""
    metric = re.search(r"\b[A-Za-z]+@(?:\d+|k)", source)
    if metric:
        for found in _AT_K.finditer(korean):
            yield found.start(), found.end(), metric.group()


def _glossed(source: str, korean: str) -> Iterator[tuple[int, int, str]]:
    """`도레미(DoReMi)`: the name stands behind its own sound."""
    for gloss in _GLOSS.finditer(korean):
        name = gloss[1]
        if not latin.is_coined(name) or not re.search(rf"\b{re.escape(name)}", source):
            continue
        for start, end in _runs(korean[: gloss.start()]):
            if end == gloss.start() and likeness(name, korean[start:end]) >= _EXACT:
                yield start, end, name
                break


def _own(source: str, korean: str) -> Iterator[tuple[int, int, str]]:
    """What the sentence introduces by a name of several words, where the Korean spells all of them in Hangul."""
    for name in dict.fromkeys(_OWN.findall(source)):
        if name in korean:
            continue
        alike = [
            (likeness(name, korean[start:end]), start, end)
            for start, end in _runs(korean)
            if may_begin_alike(name, korean[start])
        ]
        score, start, end = max(alike, default=(0.0, 0, 0), key=lambda one: (one[0], -one[1], -one[2]))
        if score >= _SPELLED_ALIKE:
            yield start, end, name


def _apart(found: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Of finds that overlap, the first."""
    kept: list[tuple[int, int, str]] = []
    for one in found:
        if not any(one[0] < other[1] and other[0] < one[1] for other in kept):
            kept.append(one)
    return sorted(kept)


def _hangul_finding(target: str, start: int, end: int, name: str) -> Finding:
    message = findings.translated_name(name, target[start:end])
    end, suggestion = replacing(target, end, name)
    return Finding(start, end, "names", Category.NAME, Severity.MINOR, message, suggestion)


def _misspelt(word: str, spellings: dict[str, str]) -> str | None:
    """How the English spells a name that the Korean spells otherwise, if it is one and close enough."""
    known = spellings.get(latin.plain(word))
    if known is not None:
        changed = latin.is_coined(known) and known.lower() == word.lower() and known != word
        return known if changed else None
    if len(word) < 4:
        return None
    close = [(fuzz.ratio(word.lower(), other.lower()), other) for other in spellings.values() if latin.is_coined(other)]
    score, other = max(close, default=(0, ""))
    return other if score >= _TYPO_PCT and not _other_version(word, other) else None


def _is_other_spelling(word: str, right: str, termbase: Termbase) -> bool:
    """Whether only the case differs, and the Korean writes the name as its makers do."""
    return word.lower() == right.lower() and any(
        mention.term.kind is Kind.NAME and mention.end == len(word) for mention in termbase.mentions(word)
    )


def _other_acronym(word: str, source: str, korean: str, background: Background) -> str | None:
    """The acronym of the sentence that the Korean lacks and that this one differs from in one letter, or in order."""
    if not _ACRONYM.fullmatch(word):
        return None
    english = " ".join([source, *(one.source for one in background.paper)])
    words = re.findall(r"[A-Za-z]+", english)
    initials = "".join(one[0] for one in words).upper()
    if (
        re.search(rf"(?<![A-Za-z]){word}s?(?![A-Za-z])", english)
        or word in initials
        or background.termbase.relevant([word])
    ):
        return None
    kept = Counter[str](re.findall(r"[A-Z]{3,}", korean))
    stated = Counter[str](re.findall(r"(?<![A-Za-z])[A-Z]{3,6}(?=s?(?![A-Za-z]))", source))
    for acronym, times in stated.items():
        if kept[acronym] < times and OSA.distance(word, acronym) == 1:
            return acronym
    return None


def _other_version(word: str, other: str) -> bool:
    """`GPT-4` and `GPT-3` differ in their digits: that is another thing, which the numbers tell."""
    return re.sub(r"\d", "", word).lower() == re.sub(r"\d", "", other).lower()
