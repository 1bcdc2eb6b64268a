"""Words of an article that a comment mentions, and words it would rather see, where it is no whole change."""

import re
from typing import Final

from bot.languages.ko.comments import FAULT, NO_FAULT, TEXT, speaks_of_paper
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

_TYPO: Final = re.compile(
    r"(?:오타(?!쿠)|오탈자|오기|\btypos?)(?:\s*(?:(?:신고|제보|발견|보고|수정)[가-힣]*|하나|한\s?개|몇\s?개|있[가-힣]*|입니다|이에요|요|인\s?듯|found|here|in\b[^:\n]{0,40}(?=:)|of\b[^:\n]{0,20}(?=:)))*\s*(?:[:：\-–—=~]|\s)\s*(?P<words>.+)",
    re.IGNORECASE,
)
_TYPO_AFTER: Final = re.compile(
    r"(?P<words>.+?)\s*(?:이|가|은|는|도|<-|←|에)?\s*,?\s*(?:오타|오탈자|오기|맞춤법\s?오류|is\s+a\s+typo|typo)(?:\s*(?:가|이|는))?\s*(?:입니다|이에요|예요|요|네요|있[가-힣]*|인\s?듯[가-힣]*|인\s?[것거]\s?같[가-힣]*|같[가-힣]*|인가[요봐][가-힣]*|났[가-힣]*\s?[가-힣]*|인가요|났[가-힣]*|인데요|이네요|네|임)?[\s.!?~ㅎㅋ^:)]*",
    re.IGNORECASE,
)


def typo_words(text: str) -> list[str]:
    """Words named as typing errors, or as what a typing error should be: `오타: 트랜스포머`."""
    found: list[str] = []
    for line in text.split("\n"):
        hidden, strings = masked(LIST_MARK.sub("", line, count=1))
        match = _TYPO.search(hidden) or _TYPO_AFTER.fullmatch(hidden)
        if match is None or NO_FAULT.search(line) or speaks_of_paper(line):
            continue
        words = match["words"]
        marks = re.findall(MARK, words)
        if marks:
            found += [unmasked(mark, strings) for mark in marks]
            continue
        for piece in re.split(r"\s*[,、/]\s*", words):
            word = GLUE_TAIL.sub("", END_NOISE.sub("", piece)).strip("()[] ")
            if word and len(word.split()) <= 3 and not OPINION_END.search(word):
                found.append(word)
    return found


def remark_words(text: str) -> list[str]:
    """What a remark under a quote gives as the right words: `CoT 프롬프트가 맞습니다`, `'창'으로 바꾸면 좋겠어요`."""
    found: list[str] = []
    for clause in clauses(text):
        hidden, strings = masked(_LABELLED_NEW.sub("", clause))
        marks = re.findall(MARK, hidden)
        if len(marks) == 1 and re.search(rf"{MARK}\s*{PARTICLE}\s*(?:{CUE}|$)", hidden):
            found.append(unmasked(marks[0], strings))
        elif not marks and (tail := TAIL.fullmatch(hidden)) and not OPINION_END.search(tail["new"]):
            found += [] if VERBAL_END.search(tail["new"]) or NO_WORDING.fullmatch(tail["new"]) else [tail["new"]]
    return found


_LABELLED_NEW: Final = re.compile(
    r"^\s*(?:수정|제안|변경|정정|교정|대안|=>|->|→|fix|suggestion)(?:안)?\s*[:：]?\s*(?=\S)", re.IGNORECASE
)
_STATED: Final = re.compile(
    rf"(?P<old>.{{1,200}}?)(?:이라고|라고|으로|로)\s*{PASSIVE}|(?P<named>.{{1,200}}?)(?:이라는|라는|이란|란|이라니|라니|이라뇨|라뇨)(?=[\s.,!?]|$)"
)


def stated_words(clause: str) -> list[tuple[str, bool]]:
    """What a clause says to stand in the text: `'분유기'라고 나오는데`, `침대 프롬프트라뇨`; each with whether it is all.

    Where it is not quoted, only its end is meant.
    """
    hidden, strings = masked(clause)
    found = _STATED.match(hidden)
    if found is None:
        return []
    old = (found["old"] or found["named"]).strip()
    quoted = re.search(rf"({MARK})$", old)
    return [(unmasked(quoted[1] if quoted else old, strings), quoted is not None)]


def asked_words(clause: str) -> list[str]:
    """What a clause asks to be put in, without saying instead of what: `'분류기'로 고쳐 주세요`, `도구 호출이라고 해야죠`."""
    hidden, strings = masked(clause)
    found: list[str] = []
    for match in re.finditer(
        rf"(?P<new>{MARK}|[^{FIRST_MARK:c}-\uF8FF]+?)\s*(?:{ASKED}|(?:이|가)\s*(?:더\s?)?(?:맞|옳|나을|낫|자연)|(?:이)?(?:겠죠|겠지요|겠네요)|(?:이)?라고\s?(?:하지\s?않|부르|하던|하는\s?(?:게|것)|해야|써야|쓰는|번역하))",
        hidden,
    ):
        new = unmasked(match["new"].strip(), strings)
        if not OPINION_END.search(new) and not VERBAL_END.search(new) and not NO_WORDING.fullmatch(new):
            found.append(new)
    return found


_INTRODUCED: Final = re.compile(r"^[^:：\n]{2,60}[:：]\s*(\S.*)$")


def proposed_texts(text: str) -> list[str]:
    """What in a remark may be a new wording: quoted strings, lines, and sentences, labels in front taken off."""
    found: list[str] = []
    for line in text.split("\n"):
        plain = _LABELLED_NEW.sub("", LIST_MARK.sub("", line, count=1)).strip()
        label = LABELLED.fullmatch(plain)
        found += [s for s in masked(plain)[1] if len(s) > 5]
        found += [label["text"]] if label else []
        found += _INTRODUCED.findall(plain)
        found += [plain, *clauses(plain)]
        found += [before for clause in clauses(plain) if (before := _AS_SAID.sub("", clause)) != clause]
    return [piece for piece in dict.fromkeys(piece.strip(" \"'“”‘’") for piece in found) if piece]


_AS_SAID: Final = re.compile(
    r"[\"'”’]?\s*(?:이렇게|라고|이라고|정도로|처럼|로|으로|가|이)\s*(?:수정|바꾸|바꿔|고치|고쳐|번역|하|해|쓰|써|변경|정정|되어야|돼야|맞|자연|낫|나을|좋을|어떨|어떤|적절|표현|옮기).{0,40}$"
)
_POLITE_END: Final = re.compile(r"(?:네요|나요|까요|군요|구나|거든요|던데요?|잖아요|죠|ㅋ+|ㅎ+|\?|~+)[\s.!)]*$")
_FULL_END: Final = re.compile(r"(?:다|요|음|함|임|됨|까)[.!?\s\"'”’)]*$")


def ends_alike(text: str, original: str) -> bool:
    """Whether a text may be a new wording of another by how it ends: a remark on it ends as people talk."""
    if _POLITE_END.search(text) and not _POLITE_END.search(original):
        return False
    return bool(_FULL_END.search(text)) == bool(_FULL_END.search(original))


def asserts_word(text: str) -> bool:
    """Whether it says of one quoted word that it is the right one: `'A'가 맞습니다`."""
    hidden, strings = masked(text)
    marks = list(re.finditer(MARK, hidden))
    if len(marks) != 1 or not has_syllable(strings[0]):
        return False
    return (
        re.match(rf"\s*{PARTICLE}\s*(?:더\s?)?(?:맞[습는을지다아]|아닌가|아닐까|옳)", hidden[marks[0].end() :])
        is not None
    )


_CITED: Final = re.compile(
    r"(?P<word>[^\s,]{3,}?)(?:은|는|이|가|이라는|라는|이란|란)?\s+(?:오역|오타|번역[이은]|번역\s?(?:이상|오류|어색)|이라는\s|라는\s|표현[이은]|어색)"
)


def cited_words(clause: str) -> list[str]:
    """Stretches of a clause that may be cited from the article, longest first; a single word only beside its blame."""
    words = [word.strip("\"'“”‘’()[]:：,.?!~<>←") for word in clause.split()][:60]
    is_talk = [
        not word or re.match(rf"{TEXT}|논문|부분|초록|소개|제목|원문", word) or FAULT.search(word) for word in words
    ]
    found: list[str] = []
    for size in range(min(len(words), 30), 1, -1):
        for first in range(len(words) - size + 1):
            if not any(is_talk[first : first + size]):
                piece = " ".join(words[first : first + size])
                found += [piece] if len(piece.replace(" ", "")) >= 5 else []
    single = _CITED.search(clause)
    if single and not re.match(rf"{TEXT}|논문|부분|이것|이거|전체|전반|조금|제가|원문|문장", single["word"]):
        found.append(single["word"])
    return found
