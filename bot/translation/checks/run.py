"""All checks over the texts of a paper: the one entry for whoever wants findings."""

from collections.abc import Iterable, Iterator, Sequence

from bot.languages.ko import morphology
from bot.translation.checks import (
    completeness,
    consistency,
    endings,
    inventions,
    loanwords,
    markup,
    missing_terms,
    names,
    numbers,
    particles,
    polarity,
    repetition,
    script,
    spacing,
    terms,
)
from bot.translation.checks.base import Background, Check, Finding, Severity, Text
from bot.translation.termbase import Termbase

CHECKS: tuple[Check, ...] = (
    numbers.check,
    polarity.check,
    terms.check,
    names.check,
    inventions.check,
    completeness.check,
    markup.check,
    consistency.check,
    loanwords.check,
    missing_terms.check,
    repetition.check,
    particles.check,
    endings.check,
    script.check,
    spacing.check,
)
"""In the order in which they win where two find the same."""

_GRAVITY = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.MINOR: 2}


def warm_up() -> None:
    """Load what the checks need (a second of work), so that it is there when they are asked."""
    morphology.morphemes("")


def find_all(
    paper: Sequence[Text], termbase: Termbase, edition: Sequence[Text] = (), checks: Sequence[Check] = CHECKS
) -> list[list[Finding]]:
    """The findings of each text of one paper, same order: the gravest first, then in reading order.

    `edition` holds the texts of the other papers of the same edition. Where two checks find the same kind of problem at
    the same place, one finding stays: the graver, then that of the earlier check.
    """
    background = Background(termbase, tuple(paper), tuple(edition))
    return [_sorted(_distinct(_found(text, background, checks))) for text in paper]


def _found(text: Text, background: Background, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in checks:
        yield from check(text, background)


def _distinct(found: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda one: _GRAVITY[one.severity]):
        if not any(_same(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _same(one: Finding, other: Finding) -> bool:
    overlap = one.start < other.end and other.start < one.end
    return overlap and one.category.partition("/")[0] == other.category.partition("/")[0]


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (_GRAVITY[one.severity], one.start, one.end))
