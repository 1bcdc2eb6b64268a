"""Negations of an English text that its Korean has no word for. They are counted, since places tell little."""

import re
from collections.abc import Iterator, Sequence

from bot.languages.ko import denials
from bot.translation.checks.base import Unit

_AUXILIARY = "do|does|did|is|are|was|were|can|could|will|would|should|has|have|had|may|might|must|need"
_NOT_ONLY = r"(?!\s(?:only|just|merely|simply|solely|necessarily\sonly|least|to\smention|(?:un|in|im|ir)[a-z]{4,})\b)"
_CUE = re.compile(
    rf"\b(?:(?:{_AUXILIARY})(?:n['’]t\b|\snot\b{_NOT_ONLY})|(?:can|wo)n['’]t\b|cannot\b{_NOT_ONLY}"
    r"|(?:fail|fails|failed|failing)\sto\b|unable\sto\b|neither\b|never\b|none\b|without\b(?!\sloss\sof\sgenerality)"
    rf"|(?<!or\s)(?<!if\s)not\b{_NOT_ONLY}(?=\s[a-z])"
    r"|\b(?:eliminat|bypass|remov|obviat|avoid)\w*\sthe\sneed\b|\b[a-z]+-free\b|"
    r"(?<!a\s)(?<!the\s)(?<!last\s)\bfew\s(?=[a-z])"
    r"|\b(?:unnecessar|unrelated|irrelevan|insufficien|unclear|unreachabl|unreliabl|impossibl|infeasibl|"
    r"invalid|unsolved|"
    r"unresolved|unavailabl|uncertain|unbiased|unexpected|unpredictabl|inaccessibl|incapabl|incompatibl|"
    r"inaccura|untrusted|"
    r"unstabl|unrealistic|unexplored|unaffected|unaware|unsafe)[a-z]*\b"
    r"|(?<!or\s)\bno\s(?!more\b|less\b|fewer\b|matter\b|doubt\b|later\b|sooner\b|free\slunch)(?=[a-z]))",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[^.;:,]{0,40}?(?:,\s|,?\s?\b(?:and|or|nor)\s)(?:[a-z]+ing\s)?", re.IGNORECASE)
_SOFT = re.compile(
    r"\b(?:(?:un|in|im|ir|il|non|dis|mis)-?[a-z]{4,}|[a-z]+less(?:ly)?|[a-z]+-free|only|lack\w*|unless|"
    r"still|far|beyond|"
    r"difficult\w*|hard\w*|instead|rather|regardless|without|little|few|rarely|yet|ablat\w*|independent\w*|"
    r"zero\w*|avoid\w*|"
    r"eliminat\w*|limit\w*|except|despite|neglig\w*|obviat\w*|missing|absen\w*|agnostic)\b",
    re.IGNORECASE,
)
_UNDOES = re.compile(r"without|fail|unable|un|im|no\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[.;:,]|\b(?:and|or|but|while)\b")
_TWICE_WITHIN = 70
"""Letters within which two negations may undo each other: `cannot work without`."""


def lost(pieces: Sequence[Unit], target: str) -> Iterator[tuple[Unit, list[str]]]:
    """The pieces whose Korean denies less often than their English, and the negations of that English.

    A piece beside one whose Korean denies more than its English says is left out: the cut may be wrong there.
    """
    for number, piece in enumerate(pieces):
        if piece.start == piece.end:
            continue
        korean = target[piece.start : piece.end]
        cues = _cues(piece.source, korean)
        if not cues or denials.plain_denials(korean) >= len(cues):
            continue
        beside = (*pieces[max(0, number - 1) : number], *pieces[number + 1 : number + 2])
        if denials.possible_denials(korean, _CUE.sub(" ", piece.source)) < len(cues) and not any(
            _has_more(other, target) for other in beside
        ):
            yield piece, cues


def _has_more(piece: Unit, target: str) -> bool:
    said = len(_cues(piece.source, "")) + len(_SOFT.findall(piece.source))
    return denials.plain_denials(target[piece.start : piece.end]) > said


def _cues(source: str, korean: str) -> list[str]:
    """The negations that Korean has to render: of those joined by `and` the first, none of two that undo each other."""
    found: list[re.Match[str]] = []
    for match in _CUE.finditer(source):
        if found:
            before = found[-1]
            between = source[before.end() : match.start()]
            if _JOINED.fullmatch(between):
                continue
            if _UNDOES.match(match.group()) and len(between) < _TWICE_WITHIN and not _CLAUSE_END.search(between):
                found.pop()
                continue
        found.append(match)
    return [match.group().strip() for match in found if not _is_kept(match, source, korean)]


def _is_kept(match: re.Match[str], source: str, korean: str) -> bool:
    """Whether the Korean has the English words themselves: `MatMul-free`, `"I am not sure"`."""
    words = match.group() if "-" in match.group() else source[match.start() : match.end() + 8]
    return words in korean
