"""How a word ends when it is read aloud in Korean: what a particle after it depends on.

Hangul says it exactly. For digits, Latin words, acronyms and symbols the reading follows the loanword orthography of
the National Institute of Korean Language (국립국어원 외래어 표기법) and what is usual in Korean ML text; where people
read a word in two ways, both are given, the usual one first.
"""

import re
import unicodedata
from enum import Enum
from functools import lru_cache


class Sound(Enum):
    """What particles tell apart at the end of a word: ㄹ takes `로`, every other final consonant takes `으로`."""

    VOWEL = "vowel"
    RIEUL = "rieul"
    CONSONANT = "consonant"


V, R, C = Sound.VOWEL, Sound.RIEUL, Sound.CONSONANT

_DIGITS = {"0": C, "1": R, "2": V, "3": C, "4": V, "5": V, "6": C, "7": R, "8": R, "9": V}
_ENGLISH_DIGITS = {"0": V, "1": C, "2": V, "3": V, "4": V, "5": V, "6": V, "7": C, "8": C, "9": C}
_LETTERS = {"l": R, "r": R, "m": C, "n": C}
_SYMBOLS = {"%": V, "‰": C, "°": V, "℃": V, "€": V, "£": V, "₩": C, "+": V, "#": C, "&": V, "∞": V, "©": V}
_SPOKEN = {  # read otherwise than the spelling tells
    **dict.fromkeys(("bit", "github", "hub", "club", "pipe", "scope", "shape", "tape", "loop", "lite"), (V,)),
    **dict.fromkeys(("type", "deep", "sleep", "sheep", "step", "clip", "blip", "latex", "tex"), (C, V)),
    **dict.fromkeys(("web", "lab", "colab", "arxiv"), (C,)),
    **dict.fromkeys(("arxiv", "recipe", "anime", "acme", "bayes", "here", "there", "java", "suite"), (V,)),
    **dict.fromkeys(("bleu", "rouge", "llama", "lora", "sota", "cuda", "dino", "yolo", "glue", "relu", "moe"), (V,)),
}
_UNITS = {
    **dict.fromkeys(("km", "cm", "mm", "nm", "m", "ms", "s", "hz", "khz", "mhz", "ghz", "w", "kw", "wh", "kwh"), (V,)),
    **dict.fromkeys(("b", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "x", "p", "k", "t", "d", "fps"), (V,)),
    **dict.fromkeys(("g", "kg", "mg", "h"), (C,)),
    "px": (R, V),
}
_CLOSED_BRACKET = re.compile(r"\s?(?:\(([^()]*)\)|\[([^\[\]]*)\]|（([^（）]*)）)$")
_DECORATION = "\"'”’」』》〉*_`~"
_LAST_TOKEN = re.compile(r"[^\s(\[{/,:;=<>|]*$")
_QUANTITY = re.compile(r"(\d[\d,.]*)([A-Za-zµμ]{1,3})$")
_NUMBER = re.compile(r"[\d,.]*\d$")
_HUMP = re.compile(r"[A-Z]?[a-z]+$|[A-Z]+$|[A-Z]+s$")
_GREEK_WITH_N = "εουΕΟΥϵ"


@lru_cache(maxsize=8192)
def final_sounds(text: str) -> tuple[Sound, ...]:
    """How `text` may end when read aloud, the usual reading first; empty where nobody can tell (a formula, an address).

    A closed bracket does not count (`모델(LLM)` ends like `모델`), nor do closing quotes and emphasis.
    """
    word = text.rstrip(_DECORATION)
    while bracket := _CLOSED_BRACKET.search(word):
        if not word[: bracket.start()].strip():
            return final_sounds(next((part for part in bracket.groups() if part), ""))
        word = word[: bracket.start()].rstrip(_DECORATION)
    if not word or word[-1].isspace():
        return ()
    last = word[-1]
    if "가" <= last <= "힣":
        return (hangul_sound(last),)
    token_match = _LAST_TOKEN.search(word)
    token = token_match.group() if token_match else word
    if "://" in word[-80:] or "@" in token or "$" in token[1:] or "\\" in token:
        return ()
    if token.startswith("$") and token[1:].replace(",", "").replace(".", "").isdigit():
        return (V,)  # 달러
    if last.isascii() and last.isdigit():
        return _number(word)
    if last in _SYMBOLS:
        return (_SYMBOLS[last],)
    if "Ͱ" <= last <= "Ͽ":
        return (C,) if last in _GREEK_WITH_N else (V,)
    latin = _plain_latin(token)
    return _latin(latin) if latin and latin[-1].isalpha() and latin[-1].isascii() else ()


def hangul_sound(syllable: str) -> Sound:
    """The end of one Hangul syllable."""
    final = (ord(syllable) - 0xAC00) % 28
    return V if final == 0 else R if final == 8 else C


def _number(word: str) -> tuple[Sound, ...]:
    number = _NUMBER.search(word)
    digits = number.group().replace(",", "") if number else word[-1]
    zeros = len(digits) - len(digits.rstrip("0"))
    sound = V if "." not in digits and 12 <= zeros < 16 and len(digits) > zeros else _DIGITS[digits[-1]]
    # A version after a Latin name is often read in English: `Llama 3`, `GPT-3`.
    named = re.search(r"[A-Za-z][- ]?[\d.]+$", word) is not None
    english = _ENGLISH_DIGITS[digits[-1]] if len(digits) == 1 or "." in digits else sound
    return (sound, english) if named and english is not sound else (sound,)


def _plain_latin(token: str) -> str:
    if token.endswith(("é", "É")):
        return token[:-1] + "ay"
    decomposed = unicodedata.normalize("NFKD", token)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).rstrip("'’")


def _latin(token: str) -> tuple[Sound, ...]:
    quantity = _QUANTITY.search(token)
    if quantity and quantity[2].lower() in _UNITS and quantity[2] != "M":
        return _UNITS[quantity[2].lower()]
    hump = _HUMP.search(token)
    word = hump.group() if hump else token[-1]
    run = re.search(r"[A-Za-z]+$", token)
    whole = run.group().lower() if run else word.lower()
    if whole in _SPOKEN:
        return _SPOKEN[whole]
    if len(word) == 1 or word.isupper():
        spelled = _LETTERS.get(word[-1].lower(), V)
        if len(word) == 1 and len(whole) > 1 and any(char in "aeiou" for char in whole[:-1]):
            return _both(spelled, *_spelled_out(whole))  # `LLaMA`-like: the last capital is no letter of its own
        if len(whole) >= 3 and _is_pronounceable(whole):
            spoken = _spelled_out(whole)
            return _both(*spoken, spelled) if len(whole) >= 4 else _both(spelled, *spoken)
        return (spelled,)
    if word[-1] == "s" and word[:-1].isupper() and len(word) > 2:
        return _both(V, _LETTERS.get(word[-2].lower(), V))  # `LLMs`: 엘엘엠스, or read as 엘엘엠
    lower = word.lower()
    return _SPOKEN[lower] if lower in _SPOKEN else _spelled_out(lower)


def _is_pronounceable(word: str) -> bool:
    return re.search(r"[aeiouy]", word) is not None and re.search(r"[^aeiouy]{3}$|^[^aeiouy]{3}", word) is None


def _both(*sounds: Sound) -> tuple[Sound, ...]:
    return tuple(dict.fromkeys(sounds))


_ENDINGS: list[tuple[re.Pattern[str], tuple[Sound, ...]]] = [
    (re.compile(f"(?:{pattern})$"), sounds)
    for pattern, sounds in [
        (r"l|le", (R,)),
        (r"[mn]|mb|ng|[aeiouy]+r?[mn]e|[aeiou]gne", (C,)),
        (r"[bcdfghjklmnpqrstvwxz]ne|[bcdfghjklmnpqrstvwxz]me", (C, V)),
        (r"ck|oo[kt]|[aeiou]c|[aeiou]q", (C,)),
        (r"ique|aque", (C, V)),
        (r"(?<![aeiouy])[aeiouy]k", (C, V)),
        (r"(?<![aeiouy])[aeiouy]pp?|(?<![aeiouy])[aeiouy]tt?|(?<![aeiouy])[aeiouy]b|out|e[ae]p|pe", (C, V)),
        (r"[aeiou]{2}[kp]|[aeiou]{2}t", (V, C)),
        (r"[aeiouy]d", (V, C)),
    ]
]


def _spelled_out(word: str) -> tuple[Sound, ...]:
    """The end of an English word by its spelling, as loanwords are written in Hangul."""
    for pattern, sounds in _ENDINGS:
        if pattern.search(word):
            return sounds
    return (V,)
