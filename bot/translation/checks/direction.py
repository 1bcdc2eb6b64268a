"""Up for down: Korean words of one direction that no English word explains, where one of the other is missing."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from bot.languages.ko import directions
from bot.translation.checks.base import Unit

_DENIED = re.compile(
    r"\b(?:not|no|without|never|cannot|nor|neither|avoid\w*|prevent\w*|than|rather)(?:\s[\w-]+){0,2}\s$|"
    r"n['’]t\s(?:[\w-]+\s){0,2}$",
    re.I,
)
_MANY_WAYS_UP = (
    r"increas\w*|ris(?:e|es|en|ing)|rose|grow\w*|grew|high\w*|rais\w*|improv\w*|gain\w*|boost\w*|more|most|"
    r"great\w*|larg\w*|up|enhanc\w*"
    r"|better|best|fast\w*|quick\w*|rapid\w*|accelerat\w*|speed\w*|expand\w*|expans\w*|scal\w*|exten\w*|"
    r"outperform\w*|strong\w*|strength\w*"
    r"|amplif\w*|advanc\w*|superior|efficien\w*|effectiv\w*|maxim\w*|long\w*|big\w*|wid\w*|rich\w*|deep\w*|"
    r"surpass\w*|exceed\w*|add\w*|climb\w*"
    r"|lift\w*|elevat\w*|upgrad\w*|many|much|numerous|over|above|heav\w*|double[sd]?|doubling|triple\w*|"
    r"multipl\w*|beat\w*|ahead|lead\w*|well|good"
    r"|favou?r\w*|preferable|sharp\w*|massive\w*|huge|vast|excess\w*|intens\w*|powerful\w*|robust\w*|"
    r"further|widen\w*|inflat\w*|expensive|costl\w*"
    r"|state-of-the-art|sota|competitive\w*|excel\w*|strongest|top|bonus|beyond|often|frequent\w*|"
    r"common\w*|popular\w*|progress\w*|enrich\w*"
    r"|develop\w*|twice|\d+x|times|[a-z]{3,}(?:s|t|d|n|v)er(?=\sthan)|harder|longer|deeper"
)
_MANY_WAYS_DOWN = (
    r"decreas\w*|reduc\w*|low\w*|drop\w*|declin\w*|fall\w*|fell|shrink\w*|shrunk|shrank|cut\w*|diminish\w*|"
    r"mitigat\w*|sav\w+|minim\w*"
    r"|narrow\w*|compress\w*|alleviat\w*|degrad\w*|degenerat\w*|los\w+|worse\w*|worst|less\w*|few\w*|"
    r"small\w*|short\w*|slow\w*|down\w*|halv\w*|half"
    r"|cheap\w*|weak\w*|relax\w*|deteriorat\w*|eas(?:e|es|ed|ing)|limit\w*|light\w*|suppress\w*|prun\w*|"
    r"under\w*|below|tin(?:y|ier|iest)|little"
    r"|compact\w*|fraction\w*|lag\w*|behind|inferior|hurt\w*|harm\w*|damag\w*|poor\w*|suffer\w*"
    r"|collaps\w*|fail\w*|near\w*|clos\w+|tight\w*|attenuat\w*|dampen\w*|remov\w*|eliminat\w*|penal\w*|"
    r"trad\w*|sacrific\w*|compromis\w*|erod\w*"
    r"|impair\w*|hinder\w*|sub\w+|deplet\w*|scarc\w*|spars\w*|rare\w*|negativ\w*|struggl\w*|forget\w*|"
    r"simpl\w*|drift\w*|vanish\w*|decay\w*"
    r"|contract\w*|optimi[sz]\w*|ablat\w*|dilut\w*|regress\w*|discount\w*|lean\w*|conserv\w*|minor|"
    r"parsimon\w*|difficult\w*|hard\w*"
    r"|challeng\w*|overfit\w*|bias\w*|latenc\w*|delay\w*|error\w*|trail\w*|dip\w*|plummet\w*"
)


class _Scale(NamedTuple):
    up: str
    down: str


_CLEAR = {
    "amount": _Scale(
        r"increas(?:e|es|ed|ing)|high|higher|rises?|rising|rose|grow(?:s|ing)?|grew|rais(?:e|es|ed|ing)|"
        r"larger|greater|longer",
        r"reduc(?:e|es|ed|ing|tions?)|decreas(?:e|es|ed|ing)|low|lower(?:s|ed|ing)?|declin(?:e|es|ed|ing)|"
        r"fewer|smaller|shorter"
        r"|less(?!\sthan)|shrinks?|cuts?|drops?|falls?(?!\s(?:behind|short|in|into|under|apart|on|back|victim))",
    ),
    "degree": _Scale(
        r"more(?!\sthan)|sharper|better|faster|higher|larger|stronger|harder|deeper|richer", r"less(?!\sthan)"
    ),
    "speed": _Scale(r"fast|faster|speeds?\sup|accelerat(?:e|es|ed|ing)", r"slow|slower|slows(?:\sdown)?"),
    "quality": _Scale(
        r"improv(?:e|es|ed|ing|ements?)|better|outperform(?:s|ed|ing)?|surpass(?:es|ed|ing)?|enhanc(?:e|es|"
        r"ed|ing)|superior",
        r"worse|worsens?|degrad(?:e|es|ed|ing|ation)|deteriorat\w+|underperform(?:s|ed|ing)?|inferior|"
        r"lags?\sbehind|falls?\s(?:behind|short)",
    ),
    "success": _Scale(r"succe(?:ed|eds|eded|ss|ssful|ssfully)", r"fail(?:s|ed|ing|ures?)?"),
}
_MAYBE = {
    "amount": _Scale(
        _MANY_WAYS_UP + r"|worse\w*|slow\w*",
        _MANY_WAYS_DOWN + r"|fast\w*|efficien\w*|accelerat\w*|improv\w*|speed\w*|quick\w*|optimi[sz]\w*",
    ),
    "degree": _Scale(
        _MANY_WAYS_UP + r"|also|even|still|as|longer|additional\w*|another|extra|other|\w+er",
        r"less\w*|least|few\w*|low\w*|reduc\w*|decreas\w*|under\w*|small\w*|weak\w*|not|n['’]t|no|hardly|"
        r"soft\w*|mild\w*|"
        r"cheap\w*|sav\w*|relax\w*|light\w*|spars\w*|rare\w*|mitigat\w*|robust\w*|without|half|minor|poor\w*",
    ),
    "success": _Scale(
        r"succe\w+|achiev\w*|solv\w*|complet\w*|pass\w*|work\w*|win\w*|accomplish\w*",
        r"fail\w*|error\w*|break\w*|crash\w*|wrong\w*|mis\w+|unable|lack\w*|los\w+|struggl\w*|not|n['’]t",
    ),
}


_MOVES, _BY = re.compile(directions.MOVES), re.compile(directions.BY)
_RISES = r"increas\w*|ris(?:es?|ing)|rose|gr(?:ows?|ew|owing)|higher|gains?"
_FALLS = r"reduc\w*|decreas\w*|drop\w*|falls?|fell|lower\w*|declin\w*|cuts?|shr[iau]nk\w*|less|fewer|smaller"
_SAID_OF = (
    rf"\b(?:(?P<up>{_RISES})|(?P<down>{_FALLS}))(?:\s(?!(?:{_RISES}|"
    rf"{_FALLS})\b)[\w-]+){{0,4}}?\sby\s(?:up\sto\s|about\s|over\s|roughly\s)?<NUMBER>(?![\d.]*\d)"
    rf"|(?<![\d.])<NUMBER>(?:\s?(?:%|x|percent|points?|"
    rf"percentage\spoints?))?\s(?:\w+\s)?(?:(?P<up_after>{_RISES})|(?P<down_after>{_FALLS}))\b"
)


class Turned(NamedTuple):
    """English words whose Korean points the other way, and where that is in the Korean of its piece."""

    english: str
    start: int
    end: int


def turned(pieces: Sequence[Unit], target: str) -> Iterator[tuple[Unit, Turned]]:
    """The pieces whose Korean has more words up than English has, and fewer down; or the other way round.

    Left out are those beside a piece that has the missing word too often: the cut may be wrong there.
    """
    for number, piece in enumerate(pieces):
        if piece.start == piece.end or not piece.source:
            continue
        beside = (*pieces[max(0, number - 1) : number], *pieces[number + 1 : number + 2])
        for scale in _CLEAR:
            found = _turned(scale, piece, target)
            if found and not any(_turned(scale, _joined(piece, other), target) is None for other in beside):
                yield piece, found
                break


def at_odds_with_numbers(piece: Unit, target: str) -> Iterator[Turned]:
    """`48.9에서 55.2로 낮추고`, and `40% 증가` where English has a number fall by 40%."""
    korean = target[piece.start : piece.end]
    for match in _MOVES.finditer(korean):
        before, after = (float(match[side].replace(",", "")) for side in ("from", "to"))
        if (after < before and match["up"]) or (before < after and match["down"]):
            yield Turned(f"{match['from']} → {match['to']}", *match.span())
    for match in _BY.finditer(korean):
        number = re.escape(match["by"].rstrip(","))
        said = list(re.finditer(_SAID_OF.replace("<NUMBER>", number), piece.source, re.IGNORECASE))
        word = "down" if match["up"] else "up"
        if said and all(one[word] or one[f"{word}_after"] for one in said):
            yield Turned(said[0].group(), *match.span())


def _joined(one: Unit, other: Unit) -> Unit:
    return Unit(f"{one.source} {other.source}", min(one.start, other.start), max(one.end, other.end))


def _turned(scale: str, piece: Unit, target: str) -> Turned | None:
    source, korean = piece.source, target[piece.start : piece.end]
    up, down, maybe_up, maybe_down = _english(scale)
    ko_up, ko_down, ko_maybe_up, ko_maybe_down = _korean(scale)
    for wanted, said, has, other, maybe in (
        (up, maybe_up, ko_maybe_up, ko_down, maybe_down),
        (down, maybe_down, ko_maybe_down, ko_up, maybe_up),
    ):
        cues = [cue.group() for cue in wanted.finditer(source) if not _DENIED.search(source[: cue.start()])]
        if not cues or _count(said, source) <= _count(has, korean):
            continue
        unexplained = list(other.finditer(korean))
        if len(unexplained) > _count(maybe, source):
            return Turned(cues[0], *unexplained[0].span())
    return None


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


@cache
def _english(scale: str) -> tuple[re.Pattern[str], ...]:
    clear, maybe = _CLEAR[scale], _MAYBE.get(scale, _Scale(_MANY_WAYS_UP, _MANY_WAYS_DOWN))
    return tuple(re.compile(rf"\b(?:{one})\b", re.IGNORECASE) for one in (*clear, *maybe))


@cache
def _korean(scale: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for one in directions.SCALES[scale])
