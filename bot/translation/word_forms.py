"""The forms in which an English term stands in running text. Some forms made here are no words; they find nothing."""

import re

_IRREGULAR = {
    "begin": "began begun",
    "break": "broke broken",
    "bring": "brought",
    "build": "built",
    "choose": "chose chosen",
    "come": "came",
    "draw": "drew drawn",
    "drive": "drove driven",
    "fall": "fell fallen",
    "find": "found",
    "forget": "forgot forgotten",
    "freeze": "froze frozen",
    "give": "gave given",
    "go": "went gone",
    "grow": "grew grown",
    "hold": "held",
    "keep": "kept",
    "lead": "led",
    "leave": "left",
    "lie": "lay lain lying",
    "lose": "lost",
    "make": "made",
    "overcome": "overcame",
    "pay": "paid",
    "rise": "rose risen",
    "run": "ran",
    "see": "saw seen",
    "seek": "sought",
    "show": "shown",
    "stand": "stood",
    "take": "took taken",
    "teach": "taught",
    "think": "thought",
    "understand": "understood",
    "write": "wrote written",
}
_FOREIGN_PLURALS = (
    ("trix", "trices"),
    ("plex", "plices"),
    ("tex", "tices"),
    ("dex", "dices"),
    ("sis", "ses"),
    ("um", "a"),
    ("us", "i"),
    ("terion", "teria"),
    ("menon", "mena"),
    ("elf", "elves"),
    ("alf", "alves"),
)
_HISSES = re.compile(r"(?:s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
_MAY_DOUBLE = re.compile(r"[^aeiou][aeiou][bdgklmnprt]$")


def plurals(word: str) -> set[str]:
    """The plurals of a noun, which are also the third person of a verb."""
    found = {word[: -len(end)] + plural for end, plural in _FOREIGN_PLURALS if word.endswith(end)}
    if _CONSONANT_Y.search(word):
        return found | {word[:-1] + "ies"}
    return found | {word + ("es" if _HISSES.search(word) else "s")}


def verb_forms(word: str) -> set[str]:
    """The past, the participles and the third person of a verb."""
    if word.endswith("e"):
        found = {word + "d", (word if word.endswith("ee") else word[:-1]) + "ing"}
    elif _CONSONANT_Y.search(word):
        found = {word[:-1] + "ied", word + "ing"}
    else:
        found = {word + "ed", word + "ing"}
    if _MAY_DOUBLE.search(word):  # plan, planned; but open, opened
        found |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return found | plurals(word) | set(_IRREGULAR.get(word, "").split())


def forms(term: str, *, verb: bool) -> set[str]:
    """The term and its forms: of its last word; of a verb with more words also of the first (`shed light on`)."""
    first, _, rest = term.partition(" ")
    before, blank, last = term.rpartition(" ")
    made = {term} | {before + blank + form for form in (verb_forms(last) if verb else plurals(last))}
    if verb and rest:
        made |= {f"{form} {rest}" for form in verb_forms(first)}
    return made
