"""English prefixes that Korean renders in several ways, each right, but not side by side in one text."""

import re

RENDERINGS = {
    "self": ("자기", "자체", "셀프", "스스로"),
    "multi": ("다중", "멀티", "복수"),
    "cross": ("교차", "크로스"),
    "open": ("오픈", "공개", "개방형"),
    "co": ("공동", "공"),
    "auto": ("자동", "오토"),
    "meta": ("메타", "상위"),
    "inter": ("상호", "인터"),
    "semi": ("준", "반"),
    "sub": ("하위", "서브", "부분"),
    "super": ("초", "슈퍼"),
}


def compounds(prefix: str, korean: str) -> list[tuple[str, str, int, int]]:
    """Where the prefix stands before a word: its rendering, the first two syllables after it, start and end."""
    pattern = re.compile(rf"(?<![가-힣])({'|'.join(RENDERINGS[prefix])})[\s\-]?([가-힣]{{2}})[가-힣]*")
    return [(match[1], match[2], match.start(), match.end(2)) for match in pattern.finditer(korean)]
