"""Sentence endings: which register they are, and the -습니다 form of plain ones."""

import re
from enum import Enum


class Register(Enum):
    POLITE = "-습니다"
    PLAIN = "-한다"
    NOUN = "-함"
    CASUAL = "-해요"
    ASKS = "-까요?"
    ASKS_PLAINLY = "-는가?"


_PATTERNS = [
    (re.compile(r"니다\.$"), Register.POLITE),
    (re.compile(r"(?:까요|습니까|ㅂ니까|[가-힣]니까|나요|은가요|는가요|인가요)\?$"), Register.ASKS),
    (re.compile(r"(?:는가|은가|인가|한가|던가|을까|ㄹ까|[할될일]까|느냐|나)\?$"), Register.ASKS_PLAINLY),
    (re.compile(r"[가-힣](?:요|죠)\.$"), Register.CASUAL),
    (re.compile(r"(?:[가-힣](?<![니])다)\.$"), Register.PLAIN),
    (re.compile(r"(?:함|됨|[았었했였]음|있음|없음|않음|같음|높음|낮음|보임|줄임|[가-힣]임)\.$"), Register.NOUN),
]
_NOUNS = re.compile(
    r"(?:포함|게임|책임|모임|위임|신임|타임|프레임|런타임|쓰임|움직임|바다|판다|람다|보다|마다|케다)\.$"
)
_FINAL_N, _FINAL_B = 4, 17


def register(word: str) -> Register | None:
    """The register of a sentence by its last word with the stop; None where the ending says nothing."""
    if _NOUNS.search(word):
        return None
    return next((found for pattern, found in _PATTERNS if pattern.search(word)), None)


def polite(word: str) -> str | None:
    """`제안한다.` as `제안합니다.`; None for endings that no rule turns safely."""
    match = re.fullmatch(r"(.*)([가-힣])다\.", word)
    if match is None:
        return None
    before, last = match.groups()
    final = (ord(last) - 0xAC00) % 28
    if last == "는" and before and (ord(before[-1]) - 0xAC00) % 28:
        return f"{before}습니다."
    if final == _FINAL_N:
        return f"{before}{chr(ord(last) - _FINAL_N + _FINAL_B)}니다."
    if final == 0:
        return f"{before}{chr(ord(last) + _FINAL_B)}니다."
    return f"{before}{last}습니다."
