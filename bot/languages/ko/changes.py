"""The forms in which readers write a change down, in Korean and in English: arrows, pairs, before and after.

Only the forms are read here. Whether what is said to be there does stand in the article is found out elsewhere, so a
form may be read generously; what no article confirms comes to nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bot.languages.ko.comments import TEXTUAL, gives_thanks, speaks_of_paper
from bot.languages.ko.hangul import has_syllable
from bot.languages.ko.wording import (
    ASKED,
    CUE,
    END_NOISE,
    FIRST_MARK,
    GLUE_TAIL,
    LABELLED,
    LIST_MARK,
    MARK,
    NO_WORDING,
    OPINION_END,
    PARTICLE,
    PASSIVE,
    TAIL,
    VERBAL_END,
    clauses,
    masked,
    unmasked,
)

Form = Literal["arrow", "pair", "before_after", "typo", "substitution"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change somebody wrote down.

    Attributes:
        old: what is to go; if not `is_exact`, what ends with it: `3번 논문 초록의 침대 프롬프트`.
        new: what is to come; None if it is said to be wrong only.
        is_exact: `old` is delimited.
        is_certain: the words say that a text is to be changed; otherwise the two must look alike.
    """

    old: str
    new: str | None
    form: Form
    is_exact: bool
    is_certain: bool


_ARROW: Final = re.compile(r"\s*(?:→|⇒|➡️?|➔|➜|⟶|⟹|▶|=+>|-+>|~+>|>>+|\s&gt;\s)\s*")
_CHANGE_TAIL: Final = re.compile(rf"(?P<new>.+?){ASKED}.{{0,60}}")
_FLOWS: Final = re.compile(
    r"^\s*(?:으로|로)?\s*(?:이어|넘어|가는|가면|흘러|연결|진화|발전|전환|순|흐름|방향|구조|파이프라인|과정)"
)
_FLOWS_WITHIN: Final = re.compile(
    r"\S\s*(?:으로|로)\s*(?:이어|넘어|흘러|연결|진화|발전|전환)|(?:흐름|순서|파이프라인)[이로은을]"
)
_REVERSED_TAIL: Final = re.compile(rf"\s*(?:으로|로|라고|이라고)\s*{PASSIVE}")
_MID_PLAIN: Final = re.compile(
    r"\s*(?:은|는|을|를|이|가|도|의|에서|란|이란|이라는|라는)?\s*(?:경우(?:는|에는)?|부분(?:은|을|이)?|표현(?:은|을|이)?|단어(?:는|를|가)?|용어(?:는|를)?|번역(?:은|을)?|말(?:은|을)?|건|것은|거|대목(?:은|을)?|오타|,)?"
    r"\s*(?:차라리|오히려|그냥|아마도?|원래|사실|혹시|문맥상|보통|일반적으로|흔히|주로|통상|대개|모두|전부|전체적으로|학계에서는|국내에서는|한국어로는|우리말로는)?\s*,?\s*"
)
_MID_STATED: Final = re.compile(rf"\s*(?:으로|로|라고|이라고|라|이라)?\s*(?:{PASSIVE}|있)[^.?!\n{{}}]{{0,25}}?\s*")
_MID_NOT: Final = re.compile(r"\s*(?:이|가)?\s*아니(?:라|고|구)\s*|\s*(?:말고|대신에?|대신으로|보다는?|보다도)\s*,?\s*")
_MID_BECAUSE: Final = re.compile(
    r"\s*(?:은|는|이|가|을|를)\s[^.?!\n]{0,60}(?:니까|이라서|라서|이므로|므로|인데|라|니)\s*,?\s*"
)
_OF_TYPO: Final = re.compile(r"\s*의\s*(?:오타|오기|오역|잘못|오식)")
_AND: Final = re.compile(r"\s*(?:와|과|랑|이랑|하고|및|,|/|·|또는|나|이나|그리고|vs\.?|or|and)\s*")
_OLD_LABELS: Final = re.compile(
    r"기존(?:\s?(?:번역|문장|표현|문구|글))?|현재(?:\s?(?:번역|문장|표현|글))?|지금(?:\s?(?:번역|문장))?|현행|원래(?:\s?(?:번역|문장))?|(?:변경|수정|교정|고치기|정정)\s?전|전|이전|before|as[- ]?is|old|current(?:ly)?|from|original"
    r"|틀린\s?(?:표현|문장|것|번역)?|잘못된\s?(?:표현|문장|번역)?|오류|오타|오역|오|원문|본문|글|번역|번역문|한글|한국어|문장|was|wrong|x",
    re.IGNORECASE,
)
_NEW_LABELS: Final = re.compile(
    r"수정(?:안|\s?후|\s?제안|\s?문장|\s?번역|본)?|제안(?:\s?(?:번역|문장|표현))?|대안|변경(?:\s?후|안)?|교정(?:\s?후|안)?|정정(?:\s?후|안)?|고친\s?(?:문장|것|후)|후|이후|개선(?:안)?|after|to[- ]?be|new|fix(?:ed)?|suggest(?:ion|ed)?|proposal|proposed|better"
    r"|correct(?:ed|ion)?|바른\s?(?:표현|문장)|올바른\s?(?:표현|문장|번역)?|맞는\s?(?:표현|문장|번역)?|바꾼\s?(?:문장|것)|추천|정|should\s?be|to|o",
    re.IGNORECASE,
)
_MARKED_PAIR: Final = re.compile(
    r"(?P<old>[^()\n→]{1,200}?)\s*\((?:x|×|✗|❌)\)\s*(?:,|/|→|->|=>)?\s*(?P<new>[^()\n→]{1,200}?)\s*\((?:o|○|◯|⭕|✓|✔)\)",
    re.IGNORECASE,
)
_STRUCK: Final = re.compile(r"~~\s*(?P<old>[^~\n]{1,300}?)\s*~~\s*(?:→|->|=>)?\s*(?=\S)")
_SUBSTITUTION: Final = re.compile(r"(?<![\w/])s([/|#])(?P<old>[^/|#\n]{1,200})\1(?P<new>[^/|#\n]{1,200})\1?g?(?![\w/])")
_ENGLISH: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<old>[^\n,;]{1,200}?)\s*,?\s*(?:\(?sic\)?\s*)?(?:should|must|ought\s+to|needs\s+to)\s+(?:probably\s+|really\s+|rather\s+|instead\s+|actually\s+)?(?:be|read|say|have\s+been|be\s+(?:translated|written|spelled)\s+as)\s*:?\s*(?P<new>[^\n;]{1,200})",
        r"(?:change|replace|correct|fix|rename|swap)\s+(?P<old>[^\n;]{1,200}?)\s+(?:to|with|into|by|for|->)\s+(?P<new>[^\n;]{1,200})",
        r"(?:use|say|write|prefer|read|translate\s+(?:it\s+)?as|better(?:\s+is)?:?|it'?s|is|be)\s+(?P<new>[^\n;,]{1,200}?)\s*,?\s+(?:instead\s+of|rather\s+than|not|over)\s+(?P<old>[^\n;]{1,200})",
        r"(?P<new>[^\n;,]{1,120}?)\s*,?\s+(?:instead\s+of|rather\s+than)\s+(?P<old>[^\n;]{1,120})",
        r"(?:not|isn't)\s+(?P<old>[^\n;,]{1,120}?)\s*,?\s+but(?:\s+rather)?\s+(?P<new>[^\n;]{1,120})",
        r"(?P<old>[^\n;,]{1,120}?)\s+(?:is|looks\s+like|seems\s+to\s+be)\s+(?:a\s+|an\s+)?(?:typo|misspelling|mistranslation|misprint|error)\s+(?:for|of)\s+(?P<new>[^\n;]{1,120})",
        r"(?P<old>[^\n;,]{1,120}?)\s+(?:is|sounds|reads|looks|seems)\s+(?:wrong|incorrect|awkward|unnatural|odd|off|a\s+typo|a\s+mistranslation)\s*[,;.:—-]+\s*(?:it\s+)?(?:should\s+be|i(?:'d|\s+would)\s+(?:say|use|suggest)|(?:better|correct)\s+(?:is|would\s+be)|try|use)\s+(?P<new>[^\n;]{1,120})",
        r"(?:a\s+)?(?:better|more\s+natural|more\s+accurate|correct)\s+(?:korean\s+)?(?:word|term|translation|wording|phrase)?\s*(?:for|than)\s+(?P<old>[^\n;,]{1,120}?)\s+(?:is|would\s+be|might\s+be|could\s+be)\s+(?P<new>[^\n;]{1,120})",
    )
)
_ENGLISH_END: Final = re.compile(
    r"(?:[.!?;](?:\s|$)|\s+(?:in|at|on|for|because|since|as|so|imo|please|here|i\s+think|instead|which)\b|\s+\().*$",
    re.IGNORECASE | re.DOTALL,
)
_KOREAN: Final = tuple(
    (re.compile(pattern), is_certain)
    for pattern, is_certain in (
        # stated as it is now, then how it should be
        (
            rf"(?P<old>.{{1,200}}?)(?:이라고|라고|으로|로|라|이라)\s*{PASSIVE}[^.?!\n]{{0,12}}?(?:는데|은데|ㄴ데|던데|지만|네요|습니다|어요|데|고)\s*[,.]?\s*(?:정확히는|원래는|사실은?|아마|문맥상|혹시|이건|이는)?\s*(?P<tail>.{{1,160}})",
            True,
        ),
        (r"(?P<old>.{1,200}?)(?:에서|부분을|부분은)\s+(?P<changed>.{1,160})", True),
        (r"(?P<old>.{1,200}?)(?:을|를|은|는)\s+(?P<changed>.{1,160})", True),
        (r"(?P<old>.{1,120}?)(?:이|가)\s*아니(?:라|고|구)\s*,?\s*(?P<tail>.{1,160})", False),
        (
            r"(?P<old>.{1,120}?)(?:(?:이라는|라는|이란|란)\s*(?:표현|말|단어|번역|용어|문구))?\s*(?:말고|대신에?|보다는?)\s+(?P<tail>.{1,160})",
            False,
        ),
        (r"(?P<old>.{1,120}?)(?:은|는|이|가)\s+(?P<of>.{1,80}?)의\s*(?:오타|오기|오역|잘못).{0,40}", True),
        (r"(?P<old>.{1,120}?)(?:은|는|이|가)\s+(?P<tail>.{1,160})", False),
    )
)
_SAYS_SO: Final = re.compile(rf"{ASKED}|맞[지는을습아게다죠]|아닌가|아닐까|아닙니|잘못|오역|오타|오기|자연스|매끄|어색")
_NOW_IS: Final = re.compile(
    rf"(?P<new>.{{1,160}}?)(?:이|가|을|를)\s+(?P<old>[^.?!\n]{{1,80}}?)(?:으로|로|이라고|라고)\s*{PASSIVE}"
)
LONGEST_LINE: Final = 1_000
"""Characters of a line that are read."""
MOST_LINES: Final = 60
"""Lines of a comment that are read."""


def written(text: str) -> list[tuple[str, list[Change]]]:
    """The lines of some words of a comment, each with the changes written down in it; blank lines left out.

    Several changes of one line may be readings of the same words, the likelier first.
    """
    lines = [line[:LONGEST_LINE] for line in text.split("\n") if line.strip()][:MOST_LINES]
    taken, pairs = _labelled(lines)
    found: list[tuple[str, list[Change]]] = []
    for number, line in enumerate(lines):
        if number in pairs:
            found.append((line, [pairs[number]]))
        elif number not in taken:
            found.append((line, list(_in_line(LIST_MARK.sub("", line, count=1).strip()))))
    return found


def _labelled(lines: list[str]) -> tuple[set[int], dict[int, Change]]:
    """`기존: ...` and `수정: ...`, each on its line or with its text on the next; `- old` and `+ new` as in a diff."""
    taken: set[int] = set()
    found: dict[int, Change] = {}
    old: tuple[int, str] | None = None
    diff = any(line.startswith("-") for line in lines) and any(line.startswith("+") for line in lines)
    for number, line in enumerate(lines):
        label = "old" if diff and line.startswith("-") else "new" if diff and line.startswith("+") else None
        said = line[1:].strip() if label else ""
        match = LABELLED.fullmatch(line) or LABELLED.fullmatch(
            line.rstrip(": ") + ": " + "".join(lines[number + 1 : number + 2])
        )
        if label is None and match is not None:
            said = match["text"].strip()
            if _NEW_LABELS.fullmatch(match["label"].strip()):
                label = "new"
            elif _OLD_LABELS.fullmatch(match["label"].strip()):
                label = "old"
        if label == "old":
            old = (number, _bare(said))
        elif label == "new" and old is not None:
            found[number] = Change(old[1], _bare(said), "before_after", is_exact=True, is_certain=True)
            taken.update(range(old[0], number + 1 + (said == "".join(lines[number + 1 : number + 2]).strip())))
            old = None
    return taken, found


def _bare(text: str) -> str:
    """Without quotation marks around all of it."""
    hidden, strings = masked(text.strip())
    return strings[0] if len(strings) == 1 and len(hidden.strip(" .")) == 1 else text.strip()


def _in_line(line: str) -> Iterator[Change]:
    if found := _SUBSTITUTION.search(line):
        yield Change(found["old"].strip(), found["new"].strip(), "substitution", is_exact=True, is_certain=True)
        return
    if found := _MARKED_PAIR.search(line):
        new = _bare(found["new"])
        yield Change(_bare(found["old"]), new, "pair", is_exact=False, is_certain=True)
        return
    if speaks_of_paper(line):
        return
    line = _STRUCK.sub(lambda struck: f"“{struck['old']}” → ", line)
    hidden, strings = masked(line)
    if _ARROW.search(hidden):
        yield from _arrows(hidden, strings)
        return
    for clause in clauses(hidden):
        yield from _in_clause(clause, strings)


def _arrows(line: str, strings: list[str]) -> Iterator[Change]:
    pieces = [line]
    if len(_ARROW.findall(line)) > 1:
        pieces = re.split(r"\s*(?:[,;、]|\s/\s|그리고|\s및\s|\s\|\s)\s*", line)
        if any(len(_ARROW.findall(piece)) > 1 for piece in pieces):
            return  # a chain of things, not a change
    for piece in pieces:
        sides = _ARROW.split(piece, maxsplit=1)
        if len(sides) == 2 and all(side.strip() for side in sides):
            yield from _arrow(sides[0].strip(), sides[1].strip(), piece, strings)


def _arrow(left: str, right: str, line: str, strings: list[str]) -> Iterator[Change]:
    is_certain = bool(TEXTUAL.search(line)) and not speaks_of_paper(line)
    left = re.sub(r"\s+(?:부분|표현|단어|번역|문장|구절|용어)(?:은|는|을|를|이|가)?$", "", left)
    quoted_left = re.search(rf"(?P<q>{MARK})\s*(?:을|를|은|는|이|가)?$", left)
    old = unmasked(quoted_left["q"] if quoted_left else left, strings)
    quoted_right = re.match(rf"(?P<q>{MARK})(?P<rest>.*)", right)
    if quoted_right and (
        later := re.match(
            rf"(?:이니|니까|이니까|이라|라서|이라서|이므로|인데)\s*(?P<q>{MARK})(?P<rest>.*)", quoted_right["rest"]
        )
    ):
        quoted_right = later
    if quoted_right:
        rest = quoted_right["rest"].strip(" .!?~)]")
        if not _FLOWS.match(rest) and not gives_thanks(rest):
            yield Change(old, unmasked(quoted_right["q"], strings), "arrow", bool(quoted_left), is_certain or not rest)
        return
    new, is_tailed = _new_side(unmasked(right, strings), old)
    if new:
        yield Change(old, new, "arrow", bool(quoted_left), is_certain or is_tailed)


def _new_side(right: str, old: str) -> tuple[str | None, bool]:
    """What is to come, out of all that stands behind an arrow; and whether the words after it say so."""
    is_sentence = re.search(r"(?:다|요|음|함|임)[.!]?$", old.strip()) is not None and len(old.split()) > 2
    if is_sentence:
        count = max(len(clauses(old)), 1)
        return (None, False) if _FLOWS.match(right) else (" ".join(clauses(right)[:count]), True)
    first = clauses(right)[0] if clauses(right) else right
    first = re.sub(r"\s*\([^()]*\)[\s.]*$", "", first) if "(" not in old else first
    tail = TAIL.fullmatch(first)
    first = re.split(r",\s", first)[0] if "," not in old else first
    if _FLOWS_WITHIN.search(first):
        return None, False
    if tail and not OPINION_END.search(tail["new"]) and not VERBAL_END.search(tail["new"]):
        new = END_NOISE.sub("", tail["new"])
        return (new, True) if len(new) <= 3 * len(old) + 30 else (None, False)
    new = GLUE_TAIL.sub("", END_NOISE.sub("", first))
    new = re.sub(r"(?:으로|로)$", "", new) if re.search(r"(?:에서|을|를)$", old) else new
    if NO_WORDING.fullmatch(new):
        return None, False
    is_other_ending = len(new.split()) <= len(old.split()) and old.split()[-len(new.split())][:1] == new[:1]
    if is_other_ending:
        return new, False
    if OPINION_END.search(new) or VERBAL_END.search(new) or len(new.split()) > 2 * len(old.split()) + 3:
        return None, False
    return new, False


def _in_clause(clause: str, strings: list[str]) -> Iterator[Change]:
    marks = list(re.finditer(MARK, clause))
    if len(marks) >= 2:
        found: list[Change] = []
        i = 0
        while i < len(marks) - 1:
            pair = _quoted_pair(clause, marks, i, strings)
            found += [pair] if pair else []
            i += 2 if pair else 1
        if found or len(marks) > 2:
            yield from found
            return
    english = next(_english(clause, strings), None)
    if english is not None:
        yield english
        return
    yield from _korean(clause, strings)


def _quoted_pair(clause: str, marks: list[re.Match[str]], i: int, strings: list[str]) -> Change | None:
    first, second = (strings[ord(marks[n].group()) - FIRST_MARK] for n in (i, i + 1))
    mid = clause[marks[i].end() : marks[i + 1].start()]
    tail = clause[marks[i + 1].end() : marks[i + 2].start() if i + 2 < len(marks) else len(clause)]
    is_certain = bool(TEXTUAL.search(clause)) and not speaks_of_paper(clause)
    has_cue = re.match(rf"\s*{PARTICLE}\s*{CUE}", tail) is not None
    english = _english_pair(mid, clause[: marks[i].start()], first, second)
    if english is not None:
        return english
    if _AND.fullmatch(mid) and mid.strip() != ",":
        return None
    if _OF_TYPO.match(tail):
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if _OF_TYPO.match(mid):
        return Change(second, first, "pair", is_exact=True, is_certain=True)
    if _REVERSED_TAIL.match(tail):
        if _MID_STATED.fullmatch(mid) and not _MID_PLAIN.fullmatch(mid):
            return None
        return Change(second, first, "pair", is_exact=True, is_certain=True)
    if _MID_NOT.fullmatch(mid):
        if (
            has_cue
            or not tail.strip(" .!?~요입니다이에")
            or re.match(rf"\s*(?:을|를)?\s*{ASKED}|\s*[을를]\s?(?:쓰|써|사용)", tail)
        ):
            is_korean_text = has_syllable(first) and (has_syllable(second) or is_certain)
            is_certain |= is_korean_text and (
                asserts(tail)
                or re.match(r"\s*[이가을를]\s*(?:어떨|어떤가|쓰)|\s*(?:입니다|이에요|예요|임|이요|요)[\s.!]*$", tail)
                is not None
            )
            return Change(first, second, "pair", is_exact=True, is_certain=is_certain)
        return None
    is_asserted = asserts(tail) or re.match(rf"\s*(?:{ASKED}|(?:입니다|이에요|예요)[\s.!]*$)", tail) is not None
    if _MID_BECAUSE.fullmatch(mid) and is_asserted:
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if _MID_STATED.fullmatch(mid) and has_cue:
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if _MID_PLAIN.fullmatch(mid) and has_cue:
        return Change(first, second, "pair", is_exact=True, is_certain=is_certain or asserts(tail))
    return None


def asserts(tail: str) -> bool:
    """Whether the words after the second string say that it is the right one."""
    return (
        re.match(
            rf"\s*{PARTICLE}\s*(?:더\s?|좀\s?)?(?:맞|아닌가|아닐까|아닙니|아니에|옳|올바|자연스|매끄|(?:적절|정확)(?!한\s?(?!번역|표현|단어|말|것|거|듯))|낫|나을|나아)",
            tail,
        )
        is not None
    )


def _english_pair(mid: str, before: str, first: str, second: str) -> Change | None:
    mid, before = mid.strip(" ()").lower(), before.strip().lower()
    if re.fullmatch(
        r",?\s*(?:\(?sic\)?\s*)?(?:is (?:wrong|incorrect|awkward|a typo|off)[,;.: ]*(?:it )?)?(?:should|must|needs to) (?:probably |really |rather )?(?:be|read|say|be translated as|be written as):?",
        mid,
    ):
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if re.fullmatch(r"(?:to|with|into|by)", mid) and re.search(r"(?:change|replace|correct|fix|rename)$", before):
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if re.fullmatch(r"(?:is|looks like|seems to be) an? (?:typo|misspelling|mistranslation) (?:for|of)", mid):
        return Change(first, second, "pair", is_exact=True, is_certain=True)
    if re.fullmatch(
        r"(?:would be|is|sounds|reads|feels)?\s*(?:better|more natural|more accurate|clearer)?\s*(?:instead of|rather than|than)",
        mid,
    ):
        return Change(second, first, "pair", is_exact=True, is_certain=True)
    return None


def _english(clause: str, strings: list[str]) -> Iterator[Change]:
    plain = re.sub(
        r"^\s*(?:typos?|errata|nit|minor|correction|mistake)(?:\s+in\s+(?:the\s+)?[a-z]+\s*#?\d{0,2})?\s*[:\-–]\s*",
        "",
        clause,
        flags=re.IGNORECASE,
    )
    for pattern in _ENGLISH:
        for found in pattern.finditer(plain):
            new = END_NOISE.sub("", _ENGLISH_END.sub("", found["new"]).strip(" ,")).strip()
            old = re.sub(r"(?:[.!?]\s|\s(?:in|at|because)\s).*$", "", found["old"].strip(" ,"))
            is_exact = re.fullmatch(MARK, old) is not None
            if new and old and (is_exact or has_syllable(old) or has_syllable(unmasked(new, strings))):
                yield Change(unmasked(old, strings), unmasked(new, strings), "pair", is_exact, is_certain=True)


def _korean(clause: str, strings: list[str]) -> Iterator[Change]:
    is_textual = _SAYS_SO.search(clause) is not None and bool(TEXTUAL.search(clause))
    has_mark = re.search(MARK, clause) is not None
    if found := _NOW_IS.match(clause):
        old = unmasked(found["old"].strip(), strings)
        right = unmasked(" ".join(found["new"].split()[-len(old.split()) :]), strings)
        is_blamed = re.search(r"잘못|오타|오기|오역", clause) is not None
        yield Change(old, right, "pair", is_exact=True, is_certain=is_blamed)
        return
    for pattern, is_certain in _KOREAN:
        for found in pattern.finditer(clause):
            groups = found.groupdict()
            if groups.get("of"):
                new = groups["of"]
            elif groups.get("changed"):
                tail = _CHANGE_TAIL.match(groups["changed"])
                new = tail["new"] if tail else None
            else:
                tail = TAIL.fullmatch(groups["tail"])
                new = tail["new"] if tail else None
            if not new or OPINION_END.search(new) or VERBAL_END.search(new.strip()) or len(new) > 160:
                continue
            if NO_WORDING.fullmatch(new.strip()):
                continue
            old = found["old"].strip()
            quoted = re.search(rf"({MARK})$", old)
            if quoted:
                old = quoted[1]
            if has_mark and not quoted and not re.fullmatch(MARK, new.strip()):
                continue  # the words in quotation marks are what it is about
            new_mark = re.search(rf"({MARK})$", new.strip())
            yield Change(
                unmasked(old, strings),
                unmasked(new_mark[1] if new_mark else END_NOISE.sub("", new).strip(), strings),
                "pair",
                is_exact=quoted is not None,
                is_certain=is_certain or is_textual,
            )
