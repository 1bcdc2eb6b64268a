"""Mending sentences with serious findings: one more call, and the better of both texts is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from bot.translation import prompts, protection
from bot.translation.answers import AnswerInvalidError, ModelAnswer, parse_structured
from bot.translation.asking import Asking, Desk, room_for
from bot.translation.calls import Purpose
from bot.translation.checks.base import Finding, Severity
from bot.translation.judging import Draft
from bot.translation.protection import UnknownTokenError

LARGEST_SHARE = 0.3
"""At most this share of an edition's Korean may change in a repair; more would be another draft that nobody judged."""
WEIGHTS: Mapping[Severity, int] = {Severity.MINOR: 1, Severity.MAJOR: 5, Severity.CRITICAL: 25}
"""MQM's usual weights."""
SERIOUS = {Severity.MAJOR, Severity.CRITICAL}


@dataclass(frozen=True, slots=True)
class Mended:
    """New Korean by segment id, and the call it came from."""

    texts: Mapping[str, str]
    model: str
    prompt_version: str
    call_id: int


class _SegmentAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    ko: str


class _RepairAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    segments: list[_SegmentAnswer]


def penalty(findings: Sequence[Finding]) -> int:
    """How bad a text is, by MQM's weights; 0 is best."""
    return sum(WEIGHTS[finding.severity] for finding in findings)


def worst_first(findings: Mapping[int, Sequence[Finding]], lengths: Mapping[int, int]) -> list[int]:
    """Which segments to mend: those with serious findings, the worst first, as far as `LARGEST_SHARE` reaches.

    Args:
        findings: by segment.
        lengths: characters of Korean of every segment of the edition.
    """
    budget = LARGEST_SHARE * sum(lengths.values())
    serious = [key for key, found in findings.items() if any(finding.severity in SERIOUS for finding in found)]
    chosen = []
    for key in sorted(serious, key=lambda key: (-penalty(findings[key]), key)):
        if lengths[key] <= budget:
            budget -= lengths[key]
            chosen.append(key)
    return sorted(chosen)


def mend(
    desk: Desk,
    drafts: Sequence[tuple[Draft, Sequence[Finding]]],
    *,
    edition_id: int | None,
    paper_id: int | None,
) -> Mended:
    """New Korean for every one of `drafts`, each with what was found in it.

    Raises: as `Asking.usable`.
    """
    version = prompts.load("repair_paper", desk.prompt_folder).version
    purpose = Purpose("repair_paper", version, edition_id, paper_id)
    asking = Asking(desk, purpose, prompts.REPAIR_SCHEMA)
    sources = [draft.source for draft, _ in drafts]
    protected = protection.protect(sources, desk.termbase)
    data: dict[str, object] = {
        "segments": [
            {
                "id": draft.id,
                "en": english,
                "ko": protected.masked(draft.target),
                "findings": [_said(draft, finding) for finding in found],
            }
            for (draft, found), english in zip(drafts, protected.texts, strict=True)
        ],
        **prompts.terms_data(desk.termbase, sources),
    }
    if protected.originals:
        data["protected"] = protected.originals
    asked = [draft.id for draft, _ in drafts]

    def use(received: ModelAnswer) -> dict[str, str]:
        answer = parse_structured(received, _RepairAnswer)
        if sorted(segment.id for segment in answer.segments) != sorted(asked):
            raise AnswerInvalidError("the ids must be exactly those asked, each once.", answer=received)
        try:
            texts = {segment.id: protected.restored(" ".join(segment.ko.split())) for segment in answer.segments}
        except UnknownTokenError as exc:
            raise AnswerInvalidError(f"{exc}.", answer=received) from None
        if empty := [short_id for short_id, text in texts.items() if not text]:
            raise AnswerInvalidError(f"segments {', '.join(empty)} are empty.", answer=received)
        return texts

    texts, booked = asking.usable(data, room_for(sum(map(len, sources))), use)
    return Mended(texts, booked.answer.model, version, booked.call_id)


def _said(draft: Draft, finding: Finding) -> dict[str, str]:
    said = {"quote": draft.target[finding.start : finding.end], "problem": finding.message}
    return said | ({"suggestion": finding.suggestion} if finding.suggestion else {})
