"""What the checks say to moderators, in Korean: one sentence a finding, particles as they are read aloud."""

from bot.languages.ko.particles import with_particle


def quoted(words: str, particle: str = "") -> str:
    """The words in quotation marks with the particle that fits them."""
    fitted = with_particle(words, particle)[len(words) :] if particle else ""
    return f"‘{words}’{fitted}"


def wrong_term(source: str, found: str, target: str) -> str:
    """The Korean means something else."""
    right = quoted(target, "이/가")
    return f"{quoted(source, '을/를')} {quoted(found, '으로/로')} 옮기면 뜻이 달라집니다. {right} 맞습니다."


def avoided_term(source: str, found: str, target: str) -> str:
    """The Korean is understood, but not what the community writes."""
    return f"{quoted(source)}의 번역으로는 {quoted(found)}보다 {quoted(target, '을/를')} 씁니다."


def nonsense(found: str, source: str, target: str) -> str:
    """A known mistranslation, whatever stands beside it."""
    given, right = quoted(source, "이라면/라면"), quoted(target, "이/가")
    return f"{quoted(found, '은/는')} 기계 번역의 흔한 오류입니다. 원문이 {given} {right} 맞습니다."


def translated_name(name: str, found: str) -> str:
    """A name that stays in Latin letters stands in Hangul or is translated."""
    return f"이름 {quoted(name, '은/는')} 번역하거나 음역하지 않고 그대로 씁니다: {quoted(found)}."


def misspelt_name(name: str, found: str) -> str:
    """A name is spelled otherwise than in English."""
    return f"원문에는 {quoted(name, '이라고/라고')} 되어 있는데 {quoted(found, '으로/로')} 적었습니다."


def invented_name(found: str) -> str:
    """A name has nothing in English that it could stand for."""
    return f"{quoted(found, '은/는')} 원문에 없는 이름입니다."


def invented_speaker(found: str) -> str:
    """The authors (`we`) became somebody else."""
    return f"원문은 ‘we’(저희)인데 {quoted(found, '이라는/라는')} 이름이 되었습니다."


def company_voice(found: str) -> str:
    """The authors speak like a company."""
    return f"{quoted(found, '은/는')} 회사가 자신을 이르는 말이어서 논문에는 맞지 않습니다."


def inconsistent(source: str, found: str, usual: str) -> str:
    """One English term has two renderings."""
    there, here = quoted(usual, "으로/로"), quoted(found, "으로/로")
    return f"{quoted(source, '을/를')} 다른 곳에서는 {there}, 여기서는 {here} 옮겼습니다."


def odd_loanword(word: str, found: str) -> str:
    """A word is translated elsewhere, but spelled in Hangul here."""
    return f"{quoted(word, '을/를')} 다른 곳에서는 번역했는데 여기서는 {quoted(found, '으로/로')} 음역했습니다."


def unknown_rendering(source: str, found: str, target: str) -> str:
    """A term has Korean that the termbase does not know."""
    here, right = quoted(found, "으로/로"), quoted(target, "으로/로")
    return f"{quoted(source, '을/를')} {here} 옮긴 것 같습니다. 용어집에는 {right} 되어 있습니다."
