"""How a Korean predicate in its base form (`-다`) begins in running text: enough to find it whatever ending follows."""

_FIRST, _VOWELS, _FINALS = 0xAC00, 21, 28
_A, _EO, _YEO, _O, _WA, _U, _WO, _EU, _I = 0, 4, 6, 8, 9, 13, 14, 18, 20
_NONE, _N, _D, _L, _M, _B, _S, _SS = 0, 4, 7, 8, 16, 17, 19, 20
_CONTRACTED = {_I: _YEO, _U: _WO, _O: _WA}
_NOUNS = ("람다", "판다", "바다", "람바다", "쿠다", "바라쿠다", "완다", "과다", "다지선다")
_HADA = ("하", "해", "했", "한", "할", "함", "합")


def is_predicate(word: str) -> bool:
    """Whether a dictionary form is a verb or an adjective: `줄이다`, `미세 조정하다`; not `람다`, `단계마다`."""
    return len(word) > 1 and word.endswith("다") and not word.endswith("마다") and word.split()[-1] not in _NOUNS


def beginnings(word: str) -> tuple[str, ...]:
    """The starts of all conjugated forms of a base form: `줄이다` gives 줄이, 줄인, 줄여, 줄였 ...

    `-하다` after two syllables or more gives the bare noun, which also finds `미세 조정을 하다` and `미세 조정된`.
    """
    stem = word[:-1]
    if stem.endswith("하"):
        noun = stem[:-1].rstrip()
        return (noun,) if len(noun.split()[-1] if noun else "") > 1 else tuple(noun + form for form in _HADA)
    before, last = stem[:-1], stem[-1]
    lead, vowel, final = _taken_apart(last)
    forms = {stem}
    if final == _NONE:
        forms |= {before + _put_together(lead, vowel, end) for end in (_N, _L, _M, _B)}
        if vowel == _EU:
            forms |= _of_eu(before, lead)
        else:
            joined = _CONTRACTED.get(vowel, vowel)
            forms |= {before + _put_together(lead, joined, end) for end in (_NONE, _SS)}
    elif final == _L:
        forms |= {before + _put_together(lead, vowel, end) for end in (_NONE, _N, _B)}
    elif final == _B:
        open_syllable = before + _put_together(lead, vowel, _NONE)
        forms |= {open_syllable + end for end in ("우", "운", "울", "움", "워", "웠", "와", "왔")}
    elif final == _D:
        forms.add(before + _put_together(lead, vowel, _L))
    elif final == _S:
        forms.add(before + _put_together(lead, vowel, _NONE))
    return tuple(sorted(forms))


def _of_eu(before: str, lead: int) -> set[str]:
    forms = {before + _put_together(lead, vowel, end) for vowel in (_A, _EO) for end in (_NONE, _SS)}
    if before and lead == 5:  # 르: 다르다, 달라
        first, vowel, final = _taken_apart(before[-1])
        if final == _NONE:
            doubled = before[:-1] + _put_together(first, vowel, _L)
            forms |= {doubled + end for end in ("라", "러", "랐", "렀")}
    return forms


def _taken_apart(syllable: str) -> tuple[int, int, int]:
    lead, rest = divmod(ord(syllable) - _FIRST, _VOWELS * _FINALS)
    return lead, *divmod(rest, _FINALS)


def _put_together(lead: int, vowel: int, final: int) -> str:
    return chr(_FIRST + (lead * _VOWELS + vowel) * _FINALS + final)
