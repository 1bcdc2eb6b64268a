"""How readers say where something is: numbers of papers, names of passages, ordinals of sentences."""

import re
from dataclasses import dataclass
from typing import Final

from bot.languages.ko.wording import masked, unmasked

_NEXT_PLACE: Final = re.compile(r"(?:과|와|하고|,|및|그리고|이랑|랑)\s+(?=[^,\n]{0,12}\d{1,2}\s*번)|\s*;\s*")


def places_in(clause: str) -> list[str]:
    """The clause cut where another paper is named."""
    return [piece for piece in _NEXT_PLACE.split(clause) if piece.strip()]


@dataclass(frozen=True, slots=True)
class SaidPlace:
    """What words say of a place in an article.

    Attributes:
        papers: numbers of papers.
        is_last_paper: the last paper is meant.
        fields: passages that may be meant; empty if none was named.
        number: the n-th sentence or line, from the end if negative.
        unit: `sentence` or `line`.
        rest: the words without what was read.
    """

    papers: tuple[int, ...]
    is_last_paper: bool
    fields: frozenset[str]
    number: int | None
    unit: str
    rest: str


_WORD_NUMBERS: Final = {
    **{
        w: n
        for n, w in enumerate(
            ["첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"], start=1
        )
    },
    **{w: n for n, w in enumerate(["첫째", "둘째", "셋째", "넷째", "다섯째", "여섯째", "일곱째"], start=1)},
    **{
        w: n
        for n, w in enumerate(
            ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], start=1
        )
    },
    **{w: n for n, w in enumerate(["하나", "둘", "셋", "넷"], start=1)},
    "한": 1,
}
_NUMBER: Final = (
    r"(?:(?<![\d.])(?P<{0}d>\d{{1,2}})\s*(?:번\s?째|번|째|st|nd|rd|th)?"
    r"|(?P<{0}w>첫째|둘째|셋째|넷째|다섯째|여섯째|일곱째|열한|열두|첫|두|세|네|다섯|여섯|일곱|여덟|아홉|열|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\s*(?:번\s?째|째)?"
    r"|(?P<{0}l>맨?\s?마지막|맨\s?끝|맨\s?뒤|끝|last|final)|(?P<{0}f>맨\s?처음|맨\s?앞|처음))"
)
_UNIT: Final = r"(?P<unit>문장|줄|문단|단락|항목|불릿|불렛|블릿|글머리|bullet|sentence|line|paragraph|구절)"
_SENTENCE: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:끝|뒤|마지막)에서\s*{_NUMBER.format('b')}\s*{_UNIT}",
        rf"{_NUMBER.format('n')}\s*(?:의\s*)?{_UNIT}",
        r"(?P<unit>문장|sentence|line|줄)\s*#?(?P<nd>\d{1,2})(?!\d)",
    )
)
_PAPER: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<more>(?:\d{{1,2}}\s*번?\s*(?:,|와|과|하고|·|및)\s*)*){_NUMBER.format('n')}\s*(?:의\s*)?(?:논문|페이퍼|paper|섹션|챕터)",
        r"(?:논문|paper|페이퍼|no\.?|섹션|section)\s*#?(?P<nd>\d{1,2})(?![\d.%])(?!\s*편)(?!\s*개)",
        r"#(?P<nd>\d{1,2})(?!\d)",
        r"(?<![\d.])(?P<nd>\d{1,2})\s*번(?=\s*(?:의|에서|에|은|는|글|초록|소개|제목|요약|abstract|[:,)\]]|$))",
        rf"{_NUMBER.format('n')}\s*(?=초록|소개|제목|abstract)",
        r"^\s*\(?(?P<nd>\d{1,2})[.)]?\s*(?=초록|소개|제목|abstract)",
    )
)
_FIELD_WORDS: Final = (
    (
        r"이번\s?주(?:의)?\s?소개|주간\s?소개|머리말|서두|서론|도입부?|첫머리|글\s?(?:맨\s?)?(?:처음|앞|위)|맨\s?(?:위|앞|처음)|상단|전체\s?소개|overall\s+intro\w*|opening",
        ("introduction",),
    ),
    (r"초록|앱스트랙트|abstract", ("abstract",)),
    (r"제목|타이틀|\btitle", ("title",)),
    (r"(?:논문|연구)\s?소개(?!해|합|하|된|되|드|받)", ("description",)),
    (r"소개(?!해|합|하|된|되|드|받)|인트로|\bintro(?:duction)?\b|\bdescription\b", ("description", "introduction")),
    (r"요약(?!해|하|된|되)|주요\s?내용|\bsummary\b", ("summary", "description")),
    (r"세부\s?내용|상세\s?내용|스크립트|녹취|transcript|\bdetails\b", ("details",)),
)


def place(text: str) -> SaidPlace:
    """Numbers of papers, passages and sentences in some words of a comment."""
    rest, strings = masked(text)
    number, unit = None, "sentence"
    for pattern in _SENTENCE:
        if found := pattern.search(rest):
            groups = found.groupdict()
            number = _number(groups, "n") if "bd" not in groups else -(_number(groups, "b") or 1)
            unit = "sentence" if groups["unit"].lower() in ("문장", "sentence", "구절") else "line"
            rest = rest[: found.start()] + " " + rest[found.end() :]
            break
    papers: list[int] = []
    is_last = False
    for pattern in _PAPER:
        for found in pattern.finditer(rest):
            groups = found.groupdict()
            value = _number(groups, "n")
            is_last |= value == -1
            papers += [int(n) for n in re.findall(r"\d+", groups.get("more") or "")]
            papers += [value] if value and value > 0 else []
        rest = pattern.sub(" ", rest)
    fields: frozenset[str] = frozenset()
    for words, meant in _FIELD_WORDS:
        if re.search(words, rest, re.IGNORECASE):
            fields |= frozenset(meant)
            rest = re.sub(words, " ", rest, flags=re.IGNORECASE)
    return SaidPlace(tuple(dict.fromkeys(papers)), is_last, fields, number, unit, unmasked(rest, strings))


def _number(groups: dict[str, str | None], prefix: str) -> int | None:
    if groups.get(f"{prefix}l"):
        return -1
    if groups.get(f"{prefix}f"):
        return 1
    if digits := groups.get(f"{prefix}d"):
        return int(digits)
    word = groups.get(f"{prefix}w")
    return _WORD_NUMBERS.get(word.lower()) if word else None
