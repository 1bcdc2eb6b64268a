"""Asking the model for a talk's summary and the headings of its sections; every statement names what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from bot.translation import prompts
from bot.translation.answers import AnswerCutError, AnswerInvalidError, ModelAnswer, parse_structured
from bot.translation.asking import LARGEST_LIMIT, SMALLEST_LIMIT, Asking, Desk
from bot.translation.calls import Purpose

MOST_POINTS, MOST_BULLETS, MOST_SENTENCES = 8, 6, 4


@dataclass(frozen=True, slots=True)
class SaidSection:
    """A section as the model sees it: its number, perhaps a title, and its passages by number."""

    rank: int
    title: str
    passages: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or two, and the numbers of the passages they rest on (at least one)."""

    text: str
    passages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One of the summary's numbered points."""

    heading: str
    bullets: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary, the headings by section, and the call they came from."""

    opening: tuple[Statement, ...]
    points: tuple[Point, ...]
    closing: Statement
    headings: Mapping[int, str]
    model: str
    prompt_version: str
    call_id: int


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _StatementAnswer(_Answer):
    text: str
    passages: list[int]


class _PointAnswer(_Answer):
    heading: str
    bullets: list[_StatementAnswer]


class _HeadingAnswer(_Answer):
    section: int
    text: str


class _SummaryAnswer(_Answer):
    opening: list[_StatementAnswer]
    points: list[_PointAnswer]
    closing: _StatementAnswer
    headings: list[_HeadingAnswer]


def summarize_talk(
    desk: Desk, talk: Mapping[str, object], sections: Sequence[SaidSection], *, edition_id: int
) -> Summary:
    """The talk's summary and its sections' headings.

    Args:
        talk: title and speakers, as data for the model.

    Raises: as `Asking.usable`.
    """
    prompt = prompts.load("summarize_talk", desk.prompt_folder)
    asking = Asking(desk, Purpose("summarize_talk", prompt.version, edition_id), prompts.TALK_SUMMARY_SCHEMA)
    data: dict[str, object] = {
        "talk": talk,
        **prompts.terms_data(desk.termbase, [text for one in sections for text in one.passages.values()]),
        "sections": [
            {
                "number": one.rank,
                **({"title": one.title} if one.title else {}),
                "passages": [{"n": number, "text": text} for number, text in one.passages.items()],
            }
            for one in sections
        ],
    }

    def use(answer: ModelAnswer) -> _SummaryAnswer:
        return _checked(answer, sections)

    try:
        said, booked = asking.usable(data, SMALLEST_LIMIT, use)
    except AnswerCutError:
        said, booked = asking.usable(data, LARGEST_LIMIT, use)
    return Summary(
        tuple(_statement(one) for one in said.opening),
        tuple(Point(_line(one.heading), tuple(_statement(bullet) for bullet in one.bullets)) for one in said.points),
        _statement(said.closing),
        {one.section: _line(one.text) for one in said.headings},
        booked.answer.model,
        prompt.version,
        booked.call_id,
    )


def _checked(received: ModelAnswer, sections: Sequence[SaidSection]) -> _SummaryAnswer:
    answer = parse_structured(received, _SummaryAnswer)
    numbers = {number for one in sections for number in one.passages}
    statements = [*answer.opening, *(one for point in answer.points for one in point.bullets), answer.closing]
    problems = [
        f"every statement must name passages of this talk: {one.text[:80]!r}"
        for one in statements
        if not one.passages or not set(one.passages) <= numbers
    ]
    if not all(text.strip() for text in (*(one.text for one in statements), *(p.heading for p in answer.points))):
        problems.append("a text is empty")
    if not 1 <= len(answer.opening) <= MOST_SENTENCES:
        problems.append(f"the opening must have one to {MOST_SENTENCES} statements")
    if not 1 <= len(answer.points) <= MOST_POINTS or not all(
        1 <= len(p.bullets) <= MOST_BULLETS for p in answer.points
    ):
        problems.append(f"there must be one to {MOST_POINTS} points of one to {MOST_BULLETS} bullets")
    if sorted(one.section for one in answer.headings) != sorted(one.rank for one in sections):
        problems.append("every section must have exactly one heading")
    if not all(one.text.strip() for one in answer.headings):
        problems.append("a heading is empty")
    if problems:
        raise AnswerInvalidError("; ".join(problems[:5]) + ".", answer=received)
    return answer


def _statement(said: _StatementAnswer) -> Statement:
    return Statement(_line(said.text), tuple(dict.fromkeys(said.passages)))


def _line(text: str) -> str:
    return " ".join(text.split())
