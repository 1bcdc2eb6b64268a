"""Whether Hangul is how a Latin word sounds to Korean ears: 에이전트짐 and AgentGym, 체크메이트 and Checkmate.

Both sides become rows of sounds, consonants in the classes that Korean spelling of foreign words merges (b p f v, g k c
q, ...), and an edit distance in which vowels weigh little compares them.
"""

import re
from functools import cache, lru_cache

from rapidfuzz.distance import Levenshtein

# Leads and finals in the order of Unicode's Hangul syllables. Final ㅅ is a spelling of t.
_LEADS = "KKNTTLMPPSS JJJKTPH"
_FINALS = ["", *"KKKNNNTLLLLLLLLMPPTTNJJKTPH"]
_VOWELS = ["a", "e", "a", "e", "o", "e", "o", "e", "o", "oa", "oe", "oi", "o", "u", "ua", "ue", "i", "u", "", "i", "i"]
_GROUPS = re.compile(
    r"tion|sion|ign|tch|sch|ough|igh|ch|ck|sh|ph|th|gh|wh|qu|ng|ee|ea|oo|ou|ow|ai|ay|au|aw|ew|x|([a-z])\1?|\d+"
)
_SOUNDS: dict[str, tuple[str, ...]] = {
    "tion": ("SoN", "JoN", "SN"),
    "sion": ("JoN", "SoN", "SN"),
    "ign": ("aiN", "iKN", "iN"),
    "tch": ("J",),
    "sch": ("S", "SK"),
    "ough": ("o", "oP", "u"),
    "igh": ("ai",),
    "ch": ("J", "K"),
    "ck": ("K",),
    "sh": ("S",),
    "ph": ("P",),
    "th": ("S", "T"),
    "gh": ("", "K", "P"),
    "wh": ("", "H", "u", "o"),
    "qu": ("Ku", "K"),
    "ng": ("N", "NK", "NJ"),
    "ee": ("i",),
    "ea": ("i", "e", "ia"),
    "oo": ("u", "o"),
    "ou": ("au", "u", "o", "a"),
    "ow": ("o", "au"),
    "ai": ("ei", "e", "ai"),
    "ay": ("ei", "ai"),
    "au": ("o", "au", "a"),
    "aw": ("o",),
    "ew": ("u",),
    "a": ("a", "e", "ei", "o"),
    "b": ("P",),
    "c": ("K", "S"),
    "d": ("T",),
    "e": ("e", "i", "", "a", "o"),
    "f": ("P", "H"),
    "g": ("K", "J"),
    "h": ("H", ""),
    "i": ("i", "ai"),
    "j": ("J",),
    "k": ("K",),
    "l": ("L",),
    "m": ("M",),
    "n": ("N",),
    "o": ("o", "a", "u", "oa"),
    "p": ("P",),
    "q": ("K",),
    "r": ("L", ""),
    "s": ("S", "J"),
    "t": ("T",),
    "u": ("u", "o", "a", "iu"),
    "v": ("P",),
    "w": ("u", "o", ""),
    "x": ("KS", "J", "S", "eKS"),
    "y": ("i", "ai", ""),
    "z": ("J",),
}
_VOWEL_SOUNDS = "aeiou"
_VOWEL = re.compile(f"[{_VOWEL_SOUNDS}]")
_FEW = 0.45
_VOWEL_COST = 0.3
"""What a vowel too much, missing or different costs; a consonant costs 1."""


def likeness(latin: str, hangul: str) -> float:
    """How much the Hangul sounds like the Latin word: 1 exactly, 0 not at all; blanks and hyphens do not count."""
    latin = re.sub("^Dr(?=[A-Z])", "Doctor", latin)
    left, right = re.sub(r"[^a-z0-9]", "", latin.lower()), re.sub(r"[\s\-]", "", hangul.lower())
    for kept in re.findall("[a-z]+", right):  # 메타GPT keeps a part as it is
        if kept in left:
            left, right = left.replace(kept, "", 1), right.replace(kept, "", 1)
    return _likeness(left, right)


@lru_cache(maxsize=65536)
def _likeness(latin: str, hangul: str) -> float:
    groups, heard = _groups(latin), _heard(hangul)
    if not groups or not heard or _consonants_differ(latin, hangul):
        return 0.0
    costs = [_cost(sound) for sound in heard]
    # best[i]: the least cost of the groups so far against the first i sounds
    best = [sum(costs[:end]) for end in range(len(heard) + 1)]
    for group in groups:
        skipped = min(_cost(sounds) for sounds in group)
        following = [cost + skipped for cost in best]
        for sounds in group:
            for start, cost in enumerate(best[: len(best) - len(sounds)]):
                total = cost + _difference(sounds, heard[start : start + len(sounds)])
                if total < following[start + len(sounds)]:
                    following[start + len(sounds)] = total
        for end, cost in enumerate(costs, 1):
            following[end] = min(following[end], following[end - 1] + cost)
        best = following
    return max(0.0, 1.0 - best[-1] / max(sum(costs), sum(_cost(group[0]) for group in groups)))


def _consonants_differ(latin: str, hangul: str) -> bool:
    """Whether so few consonants agree that weighing the sounds is not worth the time."""
    usual = "".join(_VOWEL.sub("", group[0]) for group in _groups(latin))
    # g may be either.
    return Levenshtein.normalized_similarity(usual.replace("J", "K"), _consonants(hangul).replace("J", "K")) < _FEW


def could_sound_like(latin: str, hangul: str) -> bool:
    """Whether beginning and consonants agree, which is quick to say; `likeness` then weighs the vowels."""
    if _consonants_of(latin).fullmatch(_consonants(hangul)) is None:
        return False
    return (_heard(hangul)[:1] in _VOWEL_SOUNDS) == (latin[:1].lower() in "aeiouhwy")


@lru_cache(maxsize=16384)
def may_begin_alike(latin: str, first: str) -> bool:
    """Whether the Latin word can begin with the sound of this first character, the quickest thing to say of all."""
    groups = _groups(re.sub(r"[^a-z0-9]", "", latin.lower()))[:2]
    beginnings = {sounds[:1] for sounds in groups[0]} if groups else set()
    if "" in beginnings and len(groups) > 1:
        beginnings |= {sounds[:1] for sounds in groups[1]}
    sound = _heard(first)[:1]
    return sound in beginnings or (sound in _VOWEL_SOUNDS and any(one in _VOWEL_SOUNDS for one in beginnings if one))


@lru_cache(maxsize=16384)
def _consonants(hangul: str) -> str:
    return _VOWEL.sub("", _heard(hangul))


@lru_cache(maxsize=16384)
def _consonants_of(latin: str) -> re.Pattern[str]:
    groups = _groups(re.sub(r"[^a-z0-9]", "", latin.lower()))
    return re.compile("".join(f"(?:{'|'.join(_VOWEL.sub('', sounds) for sounds in group)})" for group in groups))


@lru_cache(maxsize=16384)
def _groups(latin: str) -> tuple[tuple[str, ...], ...]:
    found = [_sounds_of(match[0]) for match in _GROUPS.finditer(latin)]
    if latin[:1] == "r":
        found[0] = ("L",)  # silent inside and at the end of words only
    return tuple(found)


def _sounds_of(letters: str) -> tuple[str, ...]:
    if letters in _SOUNDS:
        return _SOUNDS[letters]
    once = _SOUNDS.get(letters[0], (letters,))
    return (*once, letters[0].upper() * 2) if letters in ("mm", "nn") else once


@lru_cache(maxsize=16384)
def _heard(hangul: str) -> str:
    sounds = ""
    for char in hangul.lower():
        if "가" <= char <= "힣":
            lead, rest = divmod(ord(char) - 0xAC00, 588)
            vowel, final = divmod(rest, 28)
            sounds += _LEADS[lead].strip() + _VOWELS[vowel] + _FINALS[final]
        elif char.isalnum():
            sounds += char
    # ㄹㄹ is one l.
    return sounds.replace("LL", "L")


@cache
def _cost(sounds: str) -> float:
    """What these sounds cost where the other side has none."""
    return sum(_VOWEL_COST if sound in _VOWEL_SOUNDS else 1.0 for sound in sounds)


@lru_cache(maxsize=16384)
def _difference(one: str, other: str) -> float:
    """What it costs to take one for the other; both have the same length."""
    return sum(
        0.0 if a == b else _VOWEL_COST if a in _VOWEL_SOUNDS and b in _VOWEL_SOUNDS else 2.0
        for a, b in zip(one, other, strict=True)
    )
