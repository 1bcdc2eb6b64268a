"""Cutting a line of Korean Markdown into sentences: a small rule, the same result for the same line, nothing lost.

Good enough to tell which sentence of a paragraph a person changed. The English side has its own, finer cutting
(`bot/translation/segments.py`), because there the cuts decide what is translated together.
"""

import itertools
import re
from collections import deque

_END = re.compile(
    r"""
      (?:\\?[.?!…。！？])+            # end marks; escaping may put a backslash before one
      (?:<!--\s-->)?
      (?:\\?[)\]"'”’」』》*_])*        # what closes after them
      (?=\s)
    """,
    re.VERBOSE,
)
_OPEN_TO_CLOSE = {"(": ")", "[": "]", "（": "）", "「": "」", "『": "』", "“": "”"}
_CLOSERS = set(_OPEN_TO_CLOSE.values())
_DEEPEST = 20
"""Brackets opened further out than this count as never closed, so that no line is slow."""
# A Latin word or a number before the stop ends a sentence only where a sentence can begin after it.
_LATIN_BEFORE = re.compile(r"[A-Za-z0-9]\\?\.(?:\\?[)\]\"'”’])*$")
_ABBREVIATION = re.compile(
    r"(?<![A-Za-z])(?:e\.g|i\.e|etc|cf|vs|al|approx|[Ff]igs?|[Ee]qs?|[Ss]ecs?|[Tt]ab|[Nn]o|[Vv]ol|pp?|Dr|Mr|Ms|St|[A-Z])\.$"
)
_KOREAN_ABBREVIATION = re.compile(r"(?<![가-힣])(?:예|주|참고)\.$")
_LIST_MARK = re.compile(r"\(?\d{1,3}\\?[.)]")
_OPENS_SENTENCE = re.compile(r"\\?[\"'“‘(\[「『*_]*[가-힣A-Z0-9]")


def split(line: str) -> list[tuple[int, int]]:
    """Where the sentences of one line stand: first character and the one after the last, blanks around left out.

    In order and without overlap; together they hold everything but blanks. None is cut inside balanced brackets, a
    decimal, an abbreviation (`e.g.`), a list mark (`1.`) or an escape.
    """
    end = len(line.rstrip())
    start = len(line) - len(line.lstrip())
    bracketed = _inside_brackets(line)
    found: list[tuple[int, int]] = []
    for mark in _END.finditer(line, start, end):
        if mark.end() < end and not bracketed[mark.start()] and _is_end(line, start, mark.end()):
            found.append((start, mark.end()))
            rest = line[mark.end() :]
            start = len(line) - len(rest.lstrip())
    return [*found, (start, end)] if start < end else found


def _is_end(line: str, start: int, end: int) -> bool:
    sentence = line[start:end]
    if _ABBREVIATION.search(sentence) or _KOREAN_ABBREVIATION.search(sentence) or _LIST_MARK.fullmatch(sentence):
        return False
    if not any(char.isalnum() for char in sentence):
        return False
    return not _LATIN_BEFORE.search(sentence) or _OPENS_SENTENCE.match(line[end:].lstrip()) is not None


def _inside_brackets(line: str) -> list[bool]:
    """For every character, whether a pair of brackets that both stand in this line is around it."""
    change = [0] * (len(line) + 1)
    opened: deque[tuple[str, int]] = deque(maxlen=_DEEPEST)
    for i, char in enumerate(line):
        if char in _OPEN_TO_CLOSE:
            opened.append((_OPEN_TO_CLOSE[char], i))
        elif char in _CLOSERS and any(closer == char for closer, _ in opened):
            while True:
                closer, begin = opened.pop()
                if closer == char:
                    break
            change[begin + 1] += 1
            change[i] -= 1
    return [depth > 0 for depth in itertools.accumulate(change)]
