"""One register in a post: sentences end in -습니다, and its questions all ask in one form."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from bot.languages.ko import endings
from bot.languages.ko import form_findings as ko
from bot.languages.ko.endings import Register
from bot.translation.checks.base import Background, Category, Finding, Severity, Text

CHECK = "endings"
SPEECH = "transcript"
_STATEMENTS = (Register.POLITE, Register.PLAIN, Register.NOUN, Register.CASUAL)
_QUESTIONS = (Register.ASKS_PLAINLY, Register.ASKS)


class _Ending(NamedTuple):
    register: Register
    start: int
    end: int


def check(text: Text, background: Background) -> Iterator[Finding]:
    """Endings that leave the register of their text, or of the paper where the text has one sentence only."""
    if text.field == "title":
        return
    found = list(_endings(text))
    statements = Counter(ending.register for ending in found if ending.register in _STATEMENTS)
    if not statements[Register.POLITE] and sum(statements.values()) < 2:
        for other in background.paper:
            statements.update(ending.register for ending in _endings(other) if other.field != "title")
    polite = 0 < statements[Register.POLITE] >= statements[Register.PLAIN] + statements[Register.NOUN]
    questions = Counter(ending.register for ending in found if ending.register in _QUESTIONS)
    mixed = all(questions[register] for register in _QUESTIONS)
    for ending in found:
        shown = text.target[ending.start : ending.end]
        if text.field == SPEECH and ending.register is Register.CASUAL:
            continue  # a speaker says `그렇죠` now and then
        if polite and ending.register in (Register.PLAIN, Register.NOUN, Register.CASUAL):
            suggestion = endings.polite(shown)
            yield _finding(ending, ko.REGISTER_DIFFERS.format(ko=shown), suggestion)
        elif mixed and ending.register is _rarer(questions):
            yield _finding(ending, ko.QUESTIONS_MIXED.format(ko=shown), None)


def _rarer(questions: Counter[Register]) -> Register:
    """The form of question to change: the rarer; of two as frequent the plain one."""
    return Register.ASKS if questions[Register.ASKS] < questions[Register.ASKS_PLAINLY] else Register.ASKS_PLAINLY


def _finding(ending: _Ending, message: str, suggestion: str | None) -> Finding:
    return Finding(ending.start, ending.end, CHECK, Category.REGISTER, Severity.MINOR, message, suggestion)


_END_OF_SENTENCE = re.compile(r"[^\s]+[.?](?=[\s\"”')]|$)")


def _endings(text: Text) -> Iterator[_Ending]:
    """The last word of each sentence, with its stop, where its form is clear."""
    for match in _END_OF_SENTENCE.finditer(text.target):
        register = endings.register(match.group())
        if register is not None:
            yield _Ending(register, *match.span())
