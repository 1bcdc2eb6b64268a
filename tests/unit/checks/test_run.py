"""All checks together: what a moderator gets."""

from collections.abc import Iterator

from bot.translation.checks.base import Background, Category, Check, Finding, Severity, Text
from bot.translation.checks.pairing import paired
from bot.translation.checks.run import CHECKS, find_all
from tests.unit.checks.case import termbase

TEXT = paired("abstract", "This paper uses attention.", "이 백서는 주의력을 사용합니다.")


def saying(*findings: Finding) -> list[Check]:
    def check(_text: Text, _background: Background) -> Iterator[Finding]:
        yield from findings

    return [check]


def finding(start: int, end: int, severity: Severity, category: Category = Category.TERMINOLOGY) -> Finding:
    return Finding(start, end, "some", category, severity, "말.")


def test_gravest_come_first_then_reading_order() -> None:
    given = [
        finding(9, 10, Severity.MINOR),
        finding(5, 6, Severity.MAJOR),
        finding(0, 1, Severity.MINOR),
        finding(7, 8, Severity.CRITICAL),
        finding(2, 3, Severity.MAJOR),
    ]
    [found] = find_all([TEXT], termbase(), checks=saying(*given))
    assert [one.start for one in found] == [7, 2, 5, 0, 9]


def test_same_problem_at_the_same_place_is_told_once_the_graver() -> None:
    minor, major = finding(0, 5, Severity.MINOR, Category.INCONSISTENT), finding(3, 8, Severity.MAJOR)
    other = finding(0, 5, Severity.MINOR, Category.GRAMMAR)
    [found] = find_all([TEXT], termbase(), checks=saying(minor, major, other))
    assert found == [major, other]


def test_each_text_gets_its_own_findings() -> None:
    good = paired("title", "Attention", "어텐션")
    found = find_all([good, TEXT], termbase())
    assert [len(one) for one in found] == [0, 2]


def test_findings_show_letters_of_the_text() -> None:
    for found in find_all([TEXT], termbase())[0]:
        assert 0 <= found.start < found.end <= len(TEXT.target)


def test_every_check_has_its_own_name() -> None:
    names = [check.__module__ for check in CHECKS]
    assert len(set(names)) == len(names) > 0
