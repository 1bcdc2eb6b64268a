"""A second pair of eyes: another model compares a draft with its English and names what is wrong.

Its answer is data like any other: a finding counts only if its quote stands in the Korean it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from bot.translation import prompts
from bot.translation.answers import AnswerInvalidError, ModelAnswer, parse_structured
from bot.translation.asking import SMALLEST_LIMIT, Asking, Desk
from bot.translation.calls import Purpose
from bot.translation.checks.base import Category, Finding, Severity

JUDGE = "judge"
"""What stands in place of a check's name in the judge's findings."""
LONGEST_QUOTE = 120
"""Wider than that, a finding would not show a person where to look."""
LONGEST_WORDS = 600


@dataclass(frozen=True, slots=True)
class Draft:
    """One segment with its Korean, as judge and repair see it."""

    id: str
    source: str
    target: str


class _FindingAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    quote: str
    category: Category
    severity: Severity
    explanation: str
    suggestion: str


class _JudgeAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    findings: list[_FindingAnswer]


def judge_paper(
    desk: Desk, drafts: Sequence[Draft], *, edition_id: int | None, paper_id: int | None
) -> dict[str, list[Finding]]:
    """What the judge finds, by segment id; offsets are those of the segment's Korean. No judge finds nothing.

    Raises: as `Asking.usable`.
    """
    if desk.judge_model is None or not drafts:
        return {}
    version = prompts.load("judge_paper", desk.prompt_folder).version
    purpose = Purpose("judge_paper", version, edition_id, paper_id)
    asking = Asking(desk, purpose, prompts.JUDGE_SCHEMA, model=desk.judge_model)
    data = {
        "segments": [{"id": draft.id, "en": draft.source, "ko": draft.target} for draft in drafts],
        **prompts.terms_data(desk.termbase, [draft.source for draft in drafts]),
    }
    by_id = {draft.id: draft for draft in drafts}

    def use(answer: ModelAnswer) -> dict[str, list[Finding]]:
        return _findings(answer, by_id)

    findings, _ = asking.usable(data, SMALLEST_LIMIT, use)
    return findings


def _findings(received: ModelAnswer, drafts: dict[str, Draft]) -> dict[str, list[Finding]]:
    answer = parse_structured(received, _JudgeAnswer)
    if unknown := sorted({said.id for said in answer.findings} - drafts.keys()):
        raise AnswerInvalidError(f"there are no segments {', '.join(unknown)[:200]}.", answer=received)
    found: dict[str, list[Finding]] = {}
    for said in answer.findings:
        if finding := _located(said, drafts[said.id].target):
            found.setdefault(said.id, []).append(finding)
    return found


def _located(said: _FindingAnswer, target: str) -> Finding | None:
    """The finding with its place; None if its quote is not in the text or it says nothing."""
    start = target.find(said.quote)
    message = " ".join(said.explanation.split())[:LONGEST_WORDS]
    if not said.quote.strip() or start < 0 or not message:
        return None
    end = start + min(len(said.quote), LONGEST_QUOTE)
    suggestion = " ".join(said.suggestion.split())
    is_usable = end - start == len(said.quote) and suggestion and suggestion != said.quote
    return Finding(
        start,
        end,
        JUDGE,
        said.category,
        said.severity,
        message,
        suggestion if is_usable and len(suggestion) <= LONGEST_WORDS else None,
    )
