"""Characters that Korean text does not have: leftover Chinese, Japanese or Cyrillic, broken encodings, loose jamo."""

import re
from collections.abc import Iterator

from bot.languages.ko import form_findings as ko
from bot.translation.checks.base import Background, Category, Finding, Severity, Text

CHECK = "script"
_FOREIGN = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"  # Han
    r"|[\u3041-\u3096\u309d-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9d]+"  # kana
    r"|[\u0400-\u052f]+|[\u0590-\u06ff]+|[\u0900-\u0dff]+|[\u0e00-\u0eff]+"  # Cyrillic, Hebrew, Arabic, Indic, Thai
)
_GLOSS = re.compile(r"(?<=[가-힣])\([\u4e00-\u9fff]{1,6}\)")
_BROKEN = re.compile(
    r"\ufffd+|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+|[ÃÂ][\u0080-\u00bf]|â€[\u0080-\u2122œ]|[ìíëê][\u0080-\u00bf\u2010-\u2122]{1,2}"
)
_JAMO = re.compile(
    r"[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\uffa0-\uffdc]+|(?<=[가-힣])[ㄱ-ㅎㅏ-ㅣ]+|[ㄱ-ㅎㅏ-ㅣ]+(?=[가-힣])"
)
_ANY = re.compile(r"[^\x20-\x7e\n가-힣]")


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Foreign scripts that the source does not have either, replacement characters and jamo that form no syllable."""
    if not _ANY.search(text.target):
        return
    glosses = [match.span() for match in _GLOSS.finditer(text.target)]
    for pattern, message, category in (
        (_FOREIGN, ko.FOREIGN_SCRIPT, Category.UNTRANSLATED),
        (_BROKEN, ko.BROKEN_CHARACTER, Category.SPELLING),
        (_JAMO, ko.LOOSE_JAMO, Category.SPELLING),
    ):
        for match in pattern.finditer(text.target):
            glossed = any(start < match.start() and match.end() < end for start, end in glosses)
            if not glossed and match.group() not in text.source:
                shown = message.format(ko=match.group())
                yield Finding(match.start(), match.end(), CHECK, category, Severity.MAJOR, shown)
