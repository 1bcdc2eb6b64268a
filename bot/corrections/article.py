"""An article as readers speak of it: papers with their names, and Korean sentences in the order of each passage."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.corrections.folding import Folded, fold, key
from bot.forum.published import Field, Piece, PublishedPost, read_post
from bot.languages.ko import sentences as korean
from bot.translation import segments as english

_NAME = re.compile(r"[A-Za-z][\w.+-]*[\w+]")
_COLON = re.compile(r"\s*[:：]\s+")
_VOICE = re.compile(r"\*\*[^*\n]{1,80}[:,：]\*\*\s+(?=\S)")
_MOMENT = re.compile(r"\s*\(\[[\d:]+\]\(https?://[^\s)]+\)\)\s*$")
SHORTEST_NAME = 4
"""Letters a title's part must have to name the paper."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A Korean sentence of the article, with the English beside it.

    Attributes:
        key: stable while nothing is put in front of it: `p3.abstract.2`, `p3.title`, `introduction.1`.
        text: as it stands in the article, Markdown included.
        start: its first character in the article.
        number: from 1, in its passage.
        line: number of its line or bullet in the passage, from 1.
        english: the English sentence it translates, or the whole English passage where sentences do not pair up.
    """

    key: str
    text: str
    start: int
    item: int | None
    field: Field
    number: int
    line: int
    english: str | None
    folded: Folded


@dataclass(frozen=True, slots=True)
class Named:
    """A paper and the names by which a comment may call it, folded, each no other paper's."""

    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """All that a comment can be about."""

    sentences: tuple[Sentence, ...]
    papers: tuple[Named, ...]

    def passage(self, sentence: Sentence) -> list[Sentence]:
        """The sentences of the same passage."""
        return [s for s in self.sentences if (s.item, s.field) == (sentence.item, sentence.field)]


def read_article(raw: str, *, title: str | None = None) -> Article:
    """The article in a post of any known form. Never raises."""
    return from_post(read_post(raw, title=title))


def from_post(post: PublishedPost) -> Article:
    """The article in a post that was read."""
    found: list[Sentence] = []
    position = 0
    passages: dict[tuple[int | None, Field], list[tuple[int, Piece]]] = {}
    for piece in post.pieces:
        if piece.field is not None and piece.role in ("korean", "english"):
            passages.setdefault((piece.item, piece.field), []).append((position, piece))
        position += len(piece.text)
    for (item, name), pieces in passages.items():
        found += _sentences(item, name, pieces)
    return Article(tuple(sorted(found, key=lambda sentence: sentence.start)), tuple(_named(post)))


def _sentences(item: int | None, name: Field, pieces: Sequence[tuple[int, Piece]]) -> Iterator[Sentence]:
    prefix = name if item is None else f"p{item}.{name}"
    spans: list[tuple[int, str, int]] = []
    lines = 0
    for start, piece in pieces:
        if piece.role == "korean":
            lines += 1
            first, end = _said(piece.text)
            cuts = [(0, end - first)] if name == "title" else korean.split(piece.text[first:end])
            spans += [(start + first + left, piece.text[first + left : first + right], lines) for left, right in cuts]
    source = "\n".join(piece.text for _, piece in pieces if piece.role == "english")
    units = [source[span.start : span.end] for span in english.split(source)]
    for number, (start, text, line) in enumerate(spans, start=1):
        beside = units[number - 1] if len(units) == len(spans) else source or None
        name_of = prefix if name == "title" else f"{prefix}.{number}"
        yield Sentence(name_of, text, start, item, name, number, line, beside, fold(text))


def _said(line: str) -> tuple[int, int]:
    """Where the text of a line stands: behind the mark of who speaks, before the moment of the video it is from."""
    mark, moment = _VOICE.match(line), _MOMENT.search(line)
    start = mark.end() if mark else 0
    return start, max(start, moment.start()) if moment else len(line)


def _named(post: PublishedPost) -> Iterator[Named]:
    """Whole titles, what stands before a colon in them, and Latin names that open them."""
    by_item: dict[int, set[str]] = {}
    for item in post.items:
        titles = [title for title in (item.korean_title, item.english_title) if title]
        names = {key(title) for title in titles}
        for title in titles:
            head, *rest = _COLON.split(title, maxsplit=1)
            if rest:
                names.add(key(head))
            names |= {key(name) for name in _NAME.findall(title) if _is_name(name)}
        by_item[item.number] = {name for name in names if len(name) >= SHORTEST_NAME}
    for number, names in by_item.items():
        others = set[str]().union(*(other for n, other in by_item.items() if n != number))
        yield Named(number, tuple(sorted(names - others, key=len, reverse=True)))


def _is_name(word: str) -> bool:
    """Whether a word of a title looks like a name, `LoRA` or `GPT-4`; `Fine-Tuning` is a word in a title's capitals."""
    return any(char.isupper() or char.isdigit() for part in word.split("-") for char in part[1:]) or bool(
        re.search(r"-\d", word)
    )
