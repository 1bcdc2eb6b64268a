"""Korean particles that change with the sound before them, and their repair where a word is replaced."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.languages.ko.morphology import morphemes
from bot.languages.ko.sounds import Sound, final_sounds

# After a consonant, after a vowel. `으로` counts ㄹ as a vowel.
_PAIRS = (
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("으로", "로"),
    ("이나", "나"),
    ("이나마", "나마"),
    ("이라", "라"),
    ("이라는", "라는"),
    ("이라고", "라고"),
    ("이라도", "라도"),
    ("이라면", "라면"),
    ("이란", "란"),
    ("이랑", "랑"),
    ("이든", "든"),
    ("이든지", "든지"),
    ("이며", "며"),
    ("이야말로", "야말로"),
    ("이었", "였"),
    ("아", "야"),
    ("이여", "여"),
)
_PAIR_OF = {form: pair for pair in _PAIRS for form in pair}
# `이며` may stand after a vowel too, so a given `이` is kept there.
_KEEPS_I = {"이며"}
# What may follow a particle: `으로는`, `과의`, `으로부터`, `이었습니다`.
_TAILS = {
    "은": ("커녕",),
    "는": ("커녕",),
    "과": ("의", "는", "도", "만", "같이", "함께"),
    "와": ("의", "는", "도", "만", "같이", "함께"),
    "으로": ("는", "도", "만", "의", "서", "서는", "서의", "서도", "써", "부터", "부터의", "만은", "까지"),
    "로": ("는", "도", "만", "의", "서", "서는", "서의", "서도", "써", "부터", "부터의", "만은", "까지"),
}
_PARTICLE = re.compile(
    "(?:"
    + "|".join(
        f"(?P<f{number}>{form})(?:{'|'.join(sorted(_TAILS[form], key=len, reverse=True))})?(?![가-힣])"
        if form in _TAILS
        else f"(?P<f{number}>{form})[가-힣]*"
        if form in ("이었", "였")
        else f"(?P<f{number}>{form})(?![가-힣])"
        for number, form in enumerate(
            sorted((f for f in _PAIR_OF if f not in ("아", "야", "여")), key=len, reverse=True)
        )
    )
    + ")"
)
_BETWEEN = re.compile(r"(?:\s?\([^()]*\)|[\"'”’」』》*_`])*")


# Words that end like a particle after the wrong sound: nouns (마을, 결과), forms of verbs (지은, 모을, 읽는).
_LOOKALIKES = re.compile(
    r"(?:마|가|노|고|모|지|이|부|나|그|저|어)을$|(?:지|나|이|부|그|저|모|가|고)은$"
    r"|(?:결|효|성|초|통|경|부|학|교|투|여|간|일|내|외|사|모|치|다|이)과$"
    r"|[있없않갖얻찾받먹읽맞막묻믿닫걷듣잡놓넣쌓낳겪깎묶섞뽑집접입굽줍돕잇짓벗웃씻맺잊늦좇뻗굳싣붙같맡덮엎싶높앓뚫잃끓많닮젊앉밟적작넘쏟남][는은]$"
)
_FINAL_SS = 20


def is_no_particle(word: str) -> bool:
    """Whether the end of a Hangul word only looks like a particle that does not fit: `가을`, `결과`, `찾는`."""
    if len(word) < 2:
        return True
    if _LOOKALIKES.search(word) or (ord(word[-2]) - 0xAC00) % 28 == _FINAL_SS:
        return True
    return word[-1] == "는" and any(part.tag.startswith("V") for part in morphemes(word))


def is_noun_with_two_cases(word: str) -> bool:
    """Whether a Hangul word ends in two particles of case: `모델의를`, not `정의를`."""
    parts = morphemes(word)
    cases = ("JKS", "JKO", "JKG", "JKB", "JKC")
    nouns = ("NNG", "NNP", "NNB", "XSN", "XPN", "NR")
    return (
        len(parts) > 2
        and all(part.tag in cases for part in parts[-2:])
        and all(part.tag in nouns for part in parts[:-2])
        and parts[-2].start - parts[0].start > 1
    )


class Particle(NamedTuple):
    """One particle found in a text: `text[start:end]` is the part that changes with the sound before."""

    form: str
    start: int
    end: int


def pair_of(particle: str) -> tuple[str, str] | None:
    """(after a consonant, after a vowel) for `을`, `를`, `을/를` or `(으)로`; None for particles that never change."""
    if particle in _PAIR_OF:
        return _PAIR_OF[particle]
    return _PAIR_OF.get(particle.split("/")[0].replace("(", "").replace(")", ""))


def fitting(pair: tuple[str, str], sound: Sound) -> str:
    """The form of the pair that follows a sound."""
    vowel_like = sound is Sound.VOWEL or (sound is Sound.RIEUL and pair[0].startswith("으"))
    return pair[1] if vowel_like else pair[0]


def adjust(text_before: str, particle: str) -> str:
    """The particle (`은`, `을/를`, `(으)로` ...) as it has to be after `text_before`.

    One that never changes (`에서`, `의`) comes back as it is; after something nobody can read aloud (a formula, an
    address) so does a single form, and of a pair the form after a vowel.
    """
    pair = pair_of(particle)
    if pair is None:
        return particle
    sounds = final_sounds(text_before)
    if not sounds:
        return particle if particle in pair else pair[1]
    right = fitting(pair, sounds[0])
    return particle if particle in _KEEPS_I and sounds[0] is Sound.VOWEL else right


def with_particle(word: str, particle: str) -> str:
    """`word` and its particle: `with_particle("LLM", "을/를")` is `LLM을`."""
    return word + adjust(word, particle)


def is_accepted(text_before: str, form: str) -> bool:
    """Whether a reader who reads `text_before` aloud in any usual way could write this form after it."""
    pair = pair_of(form)
    sounds = final_sounds(text_before)
    if pair is None or not sounds or form in _KEEPS_I:
        return True
    return any(fitting(pair, sound) == form for sound in sounds)


def particle_at(text: str, position: int) -> Particle | None:
    """The changing particle that begins at `position`, if the letters there are one and no other word."""
    match = _PARTICLE.match(text, position)
    if match is None or match.lastgroup is None:
        return None
    return Particle(match.group(match.lastgroup), match.start(), match.start() + len(match.group(match.lastgroup)))


def replace(sentence: str, start: int, end: int, new: str) -> str:
    """`sentence` with `sentence[start:end]` replaced by `new` and the particle after it made to fit.

    The particle may stand behind a bracket or closing quotes (`모델(LLM)을`); a bracket does not count.
    """
    replaced = sentence[:start] + new
    rest = sentence[end:]
    between = _BETWEEN.match(rest)
    gap = between.end() if between else 0
    particle = particle_at(rest, gap)
    if particle is None or not new:
        return replaced + rest
    return replaced + rest[:gap] + adjust(new + rest[:gap], particle.form) + rest[particle.end :]


def replace_all(sentence: str, old: str, new: str) -> str:
    """Every `old` in the sentence replaced as `replace` does, from the left."""
    position = sentence.find(old) if old else -1
    while position >= 0:
        tail = len(sentence) - position - len(old)
        sentence = replace(sentence, position, position + len(old), new)
        position = sentence.find(old, min(position + len(new), len(sentence) - max(tail - 1, 0)))
    return sentence


def particles_after(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], Particle]]:
    """Each match of `pattern` that a changing particle follows directly, with the particle."""
    for match in pattern.finditer(text):
        particle = particle_at(text, match.end())
        if particle is not None:
            yield match, particle
