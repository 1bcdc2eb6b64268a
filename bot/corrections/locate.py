"""Where in an article a comment points: by quoted text, by words, by place. Whatever stands in several places is all of
them; nothing is chosen by guess."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from bot.corrections.article import Article, Sentence
from bot.corrections.folding import Folded, fold, key
from bot.languages.ko import places, wording
from bot.languages.ko.hangul import is_korean, letters

QUOTE_PCT = 86
"""Likeness (0 to 100) from which a stretch of the article is what a comment quotes."""
AHEAD_PCT = 6
"""By so much the best place must be more alike than any other."""
REWRITE_PCT = 62
"""Likeness from which a sentence in a comment is a new wording of one in the article."""
SHORTEST_FUZZY = 10
"""Letters a text must have to be looked for by likeness."""
MOST_INSIDE = 4
"""Words of up to so many letters are not looked for inside other words."""
SHORTEST_TYPO = 3
"""Syllables a word must have to be looked for by its letters."""

_ELLIPSIS = re.compile(r"\.{3,}|…+|\(중략\)|\[…\]|~{2,}")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a sentence: characters `start` to `end` of its text."""

    sentence: Sentence
    start: int
    end: int

    @property
    def text(self) -> str:
        """As it stands in the article."""
        return self.sentence.text[self.start : self.end]


def whole(sentence: Sentence) -> Place:
    """All of a sentence."""
    return Place(sentence, 0, len(sentence.text))


def only(places: Sequence[Place]) -> Sentence | None:
    """The sentence that all places are in, if it is one."""
    found = {place.sentence.key: place.sentence for place in places}
    return next(iter(found.values())) if len(found) == 1 else None


# --- quoted text -----------------------------------------------------------------------------------------------------


def quoted(text: str, scope: Sequence[Sentence]) -> list[Place]:
    """Every place that the quoted text may be from, or all sentences that a longer quote holds.

    Marks, blanks and quotation marks do not count; a few letters may differ. A quote with an ellipsis is found by its
    parts in one passage. English quotes give the Korean beside them.
    """
    pieces = [wanted for piece in _ELLIPSIS.split(text) if (wanted := key(piece))]
    if len(pieces) > 1 and all(len(piece) >= 4 for piece in pieces):
        return _gathered([_one_quote(piece, scope) for piece in pieces])
    return _one_quote(key(text), scope)


def _gathered(found: Sequence[list[Place]]) -> list[Place]:
    """Where all parts of a quote stand in one sentence: that sentence, as a whole."""
    common = set.intersection(*({place.sentence.key for place in places} for places in found))
    return [whole(place.sentence) for place in found[0] if place.sentence.key in common]


def _one_quote(wanted: str, scope: Sequence[Sentence]) -> list[Place]:
    if len(wanted) < 2:
        return []
    exact = [place for passage in _passages(scope) for place in _in_passage(wanted, passage)]
    if exact:
        return exact
    held = [whole(s) for s in scope if len(s.folded.key) >= SHORTEST_FUZZY and s.folded.key in wanted]
    return held or _in_english(wanted, scope) or _alike(wanted, scope)


def _passages(scope: Sequence[Sentence]) -> list[list[Sentence]]:
    found: dict[tuple[int | None, str], list[Sentence]] = {}
    for sentence in scope:
        found.setdefault((sentence.item, sentence.field), []).append(sentence)
    return list(found.values())


def _in_passage(wanted: str, passage: Sequence[Sentence]) -> Iterator[Place]:
    joined = "".join(sentence.folded.key for sentence in passage)
    at = joined.find(wanted)
    while at >= 0:
        yield from _covered(passage, at, at + len(wanted))
        at = joined.find(wanted, at + 1)


def _covered(passage: Sequence[Sentence], start: int, end: int) -> list[Place]:
    """The sentences of a passage under the letters `start` to `end`; one that is barely touched does not count."""
    found: list[tuple[float, Place]] = []
    offset = 0
    for sentence in passage:
        if offset >= end:
            break
        length = len(sentence.folded.key)
        left, right = max(start - offset, 0), min(end - offset, length)
        if left < right:
            share = max((right - left) / length, (right - left) / (end - start))
            found.append((share, Place(sentence, *_outwards(sentence, *sentence.folded.span(left, right)))))
        offset += length
    return [place for share, place in found if share >= 0.5] or [place for _, place in found]


def _outwards(sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """The same stretch with the marks that end a sentence, if it reaches that far."""
    letters_of = sentence.folded.at
    return (0 if start == letters_of[0] else start), (len(sentence.text) if end == letters_of[-1] + 1 else end)


def _in_english(wanted: str, scope: Sequence[Sentence]) -> list[Place]:
    if len(wanted) < SHORTEST_FUZZY or is_korean(wanted):
        return []
    rated = [(fuzz.partial_ratio(wanted, key(s.english)), s) for s in scope if s.english and len(key(s.english)) >= 8]
    best = max((score for score, _ in rated), default=0)
    return [whole(s) for score, s in rated if score >= max(92, best - 2)]


def _alike(wanted: str, scope: Sequence[Sentence]) -> list[Place]:
    """The best likeness by far, or all that are nearly as good."""
    if len(wanted) < SHORTEST_FUZZY:
        return []
    rated: list[tuple[float, list[Place]]] = []
    for passage in _passages(scope):
        joined = "".join(sentence.folded.key for sentence in passage)
        if len(joined) < 0.6 * len(wanted):
            continue
        found = fuzz.partial_ratio_alignment(wanted, joined, score_cutoff=QUOTE_PCT)
        if found is not None and found.dest_end > found.dest_start:
            rated.append((found.score, _covered(passage, found.dest_start, found.dest_end)))
    if not rated:
        return []
    best = max(score for score, _ in rated)
    near = [place for score, places in rated if score > best - AHEAD_PCT for place in places]
    if only(near) is not None:
        rivals = [s for s in scope if s is not near[0].sentence and len(s.folded.key) >= 0.8 * len(wanted)]
        near += [whole(s) for s in rivals if fuzz.partial_ratio(wanted, s.folded.key) > best - AHEAD_PCT]
    return near


# --- words -----------------------------------------------------------------------------------------------------------


def words(text: str, scope: Sequence[Sentence]) -> list[Place]:
    """Every place where these words stand: as they are written, else but for blanks and signs.

    A word that begins a word of the article and is followed by a particle is preferred to one found inside another.
    """
    text = " ".join(text.split())
    wanted = key(text)
    if not wanted:
        return []
    found = [place for sentence in scope for place in _written(text, sentence)]
    if not found and len(wanted) >= 2:
        found = [place for sentence in scope for place in _folded(wanted, sentence)]
    found = [place for place in found if _grade(place) < 2 or len(wanted) > MOST_INSIDE]
    best = min((_grade(place) for place in found), default=0)
    return [place for place in found if _grade(place) == best]


def _written(text: str, sentence: Sentence) -> Iterator[Place]:
    at = sentence.text.find(text)
    while at >= 0:
        yield Place(sentence, at, at + len(text))
        at = sentence.text.find(text, at + 1)


def _folded(wanted: str, sentence: Sentence) -> Iterator[Place]:
    at = sentence.folded.key.find(wanted)
    while at >= 0:
        yield Place(sentence, *sentence.folded.span(at, at + len(wanted)))
        at = sentence.folded.key.find(wanted, at + 1)


def _grade(place: Place) -> int:
    """0: a word of its own or with a particle; 1: the beginning of a word; 2: inside one."""
    text = place.sentence.text
    before = text[place.start - 1 : place.start]
    if before.isalnum() and text[place.start].isalnum():
        return 2
    after = text[place.end :]
    is_apart = not after[:1].isalnum() or (after[:1].isascii() != text[place.end - 1].isascii())
    return 0 if is_apart or wording.PARTICLE_NEXT.match(after) else 1


def alike(text: str, scope: Sequence[Sentence]) -> list[Place]:
    """Places of a long text that is quoted with a few other letters; empty for short ones."""
    return _alike(key(text), scope)


def misspelt(word: str, scope: Sequence[Sentence]) -> list[Place]:
    """Words of the article that are this word but for a letter or two: what a reader who gives the right word means."""
    typed = letters(key(word))
    if len(key(word)) < SHORTEST_TYPO:
        return []
    most = max(1, len(typed) // 5)
    found: list[tuple[int, Place]] = []
    for sentence in scope:
        for place in _word_starts(sentence, len(key(word))):
            distance = Levenshtein.distance(typed, letters(key(place.text)), score_cutoff=most)
            if 0 < distance <= most:
                found.append((distance, place))
    # Of the lengths tried at one place the nearest counts, the longest among equals.
    nearest: dict[tuple[str, int], tuple[int, int, Place]] = {}
    for distance, place in found:
        at = (place.sentence.key, place.start)
        rank = (distance, place.start - place.end, place)
        if at not in nearest or rank[:2] < nearest[at][:2]:
            nearest[at] = rank
    best = min((distance for distance, _, _ in nearest.values()), default=0)
    return [place for distance, _, place in nearest.values() if distance == best]


def _word_starts(sentence: Sentence, length: int) -> Iterator[Place]:
    """Stretches of about so many letters that begin with a word and end with one, or before a particle."""
    folded: Folded = sentence.folded
    for first, position in enumerate(folded.at):
        if position and sentence.text[position - 1].isalnum():
            continue
        for size in (length - 1, length, length + 1):
            if size < 2 or first + size > len(folded.at):
                continue
            start, end = folded.span(first, first + size)
            after = sentence.text[end:]
            if not after[:1].isalnum() or wording.PARTICLE_NEXT.match(after):
                yield Place(sentence, start, end)


def likeness(text: str, other: str) -> float:
    """How alike two short texts are as they are typed, 0 to 1."""
    return Levenshtein.normalized_similarity(letters(key(text)), letters(key(other)))


def rewritten(text: str, scope: Sequence[Sentence]) -> Sentence | None:
    """The sentence that this one is a new wording of; None unless one is meant clearly."""
    wanted = key(text)
    if len(wanted) < SHORTEST_FUZZY:
        return None
    rated = sorted(((fuzz.ratio(wanted, s.folded.key), s) for s in scope), key=lambda pair: -pair[0])
    if not rated or rated[0][0] < REWRITE_PCT or rated[0][1].folded.key == wanted:
        return None
    return rated[0][1] if len(rated) == 1 or rated[1][0] < rated[0][0] - 2 * AHEAD_PCT else None


# --- places ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pointed:
    """What words like `3번 논문 초록 두 번째 문장` point at.

    Attributes:
        sentences: all that fit; the whole article if nothing was said.
        is_sentence: a sentence was counted out, or the passage has only one.
        is_narrowed: something was said at all.
        is_named: a number or a passage was named, not only a paper's name in passing.
    """

    sentences: tuple[Sentence, ...]
    is_sentence: bool
    is_narrowed: bool
    is_named: bool


def pointed(text: str, article: Article, scope: Sequence[Sentence] | None = None) -> Pointed:
    """Read a place from words; `scope` is where the talk is at."""
    said = places.place(text)
    numbers = {number for number in said.papers if any(paper.number == number for paper in article.papers)}
    if said.is_last_paper and article.papers:
        numbers.add(max(paper.number for paper in article.papers))
    numbers |= _named(said.rest, article)
    found = list(article.sentences if scope is None or numbers else scope)
    if numbers:
        found = [s for s in found if s.item in numbers]
    elif said.papers:
        return Pointed((), False, True, True)  # a paper that is not there
    fields: frozenset[str] = frozenset(s.field for s in found)
    wanted = said.fields & fields
    if said.fields and not wanted and len(fields - {"title"}) == 1:
        wanted = fields - {"title"}  # a post with one kind of passage, whatever people call it
    if "introduction" in wanted and numbers:
        wanted = wanted - {"introduction"}
    if said.fields:
        found = [s for s in found if s.field in wanted]
    if said.number is not None:
        found = [s for passage in _passages(found) for s in _counted(passage, said.number, said.unit)]
    is_narrowed = bool(numbers or said.fields or said.number is not None)
    is_sentence = is_narrowed and len(found) == 1
    is_named = bool(said.papers or said.is_last_paper or said.fields or said.number is not None)
    return Pointed(tuple(found), is_sentence, is_narrowed, is_named)


def _named(text: str, article: Article) -> set[int]:
    """Papers called by name; a longer name is not also a shorter one inside it."""
    folded = fold(text)
    found: set[int] = set()
    for paper in article.papers:
        for name in paper.names:
            at = folded.key.find(name)
            if at >= 0 and _is_apart(folded, text, at, len(name)):
                found.add(paper.number)
                break
    return found


def _is_apart(folded: Folded, text: str, at: int, length: int) -> bool:
    start, end = folded.span(at, at + length)
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())


def _counted(passage: Sequence[Sentence], number: int, unit: str) -> list[Sentence]:
    """The n-th sentence or line of a passage; from the end if negative."""
    if passage[0].field == "title":
        return []
    lines = list(dict.fromkeys(sentence.line for sentence in passage))
    if unit == "line" and len(lines) == 1 and number not in (1, -1):
        return list(passage)  # a line of the reader's own screen
    if unit == "line" and len(lines) > 1:
        wanted = lines[number - 1 if number > 0 else number : number if number != -1 else None]
        return [sentence for sentence in passage if sentence.line in wanted[:1]]
    place = number - 1 if number > 0 else number
    return [passage[place]] if -len(passage) <= place < len(passage) else []
