"""Texts for the checks of form, with only what a test needs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from bot.translation.checks.base import Background, Check, Finding, Text, Unit

if TYPE_CHECKING:
    from bot.translation.termbase import Termbase


def text(*pairs: tuple[str, str], field: str = "abstract") -> Text:
    """A text of aligned sentences, English and Korean each."""
    units: list[Unit] = []
    target = ""
    for source, translated in pairs:
        target += " " if target and translated else ""
        units.append(Unit(source, len(target), len(target) + len(translated)))
        target += translated
    return Text(field, " ".join(source for source, _ in pairs), target, tuple(units))


def findings(
    check: Check, *pairs: tuple[str, str], field: str = "abstract", paper: Sequence[Text] = ()
) -> list[Finding]:
    """What the check finds; its offsets are held to the contract of `Finding`."""
    case = text(*pairs, field=field)
    found = list(check(case, Background(cast("Termbase", None), paper=paper)))
    assert all(0 <= finding.start < finding.end <= len(case.target) for finding in found)
    return found


def marked(check: Check, *pairs: tuple[str, str], field: str = "abstract") -> list[str]:
    """The Korean that the check points at."""
    target = text(*pairs, field=field).target
    return [target[finding.start : finding.end] for finding in findings(check, *pairs, field=field)]


def repaired(check: Check, *pairs: tuple[str, str], field: str = "abstract") -> str:
    """The Korean with every suggestion of the check applied."""
    target = text(*pairs, field=field).target
    for finding in sorted(findings(check, *pairs, field=field), key=lambda finding: -finding.start):
        if finding.suggestion is not None:
            target = target[: finding.start] + finding.suggestion + target[finding.end :]
    return target
