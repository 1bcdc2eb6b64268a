"""Asking the model for Korean: one call a paper, one for a week's introduction, and what to do with every bad answer.

| what came back                       | what is done                                                        |
| ------------------------------------ | ------------------------------------------------------------------- |
| busy, cut line, 5xx                  | a few tries with short waits, then `TransientError`: come back later |
| refusal                              | asked once more with a remark on the purpose, then given up          |
| cut off at `max_tokens`              | in two halves; then with a larger limit; then given up               |
| ids missing, doubled or invented     | one repair call that names the problem; then given up                |
| key refused, spending cap reached    | raised at once: no other call would fare better                      |
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.errors import TransientError
from bot.store.engine import Sessions
from bot.translation import calls, prompts
from bot.translation.answers import (
    AnswerCutError,
    AnswerInvalidError,
    AnswerRefusedError,
    Effort,
    ModelAnswer,
    ModelRequest,
    parse_structured,
)
from bot.translation.calls import BookedAnswer, Cap, Purpose
from bot.translation.prices import PriceTable

if TYPE_CHECKING:
    from bot.translation.claude import Claude

SMALLEST_LIMIT = 8_000
LARGEST_LIMIT = 32_000
TOKENS_PER_CHARACTER = 4
"""Room for the Korean of one English character, its JSON and the thinking before it; generous, unused room is free."""
LONGEST_SLEEP_S = 5.0

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a draft needs besides its text: the model, how it is asked, and where calls are booked."""

    sessions: Sessions
    claude: "Claude"
    model: str
    cap: Cap
    price_table: PriceTable
    now: Callable[[], datetime]
    effort: Effort | None = None
    timeout_s: float = 300.0
    attempts: int = 3
    sleep: Callable[[float], None] = time.sleep
    first_wait_s: float = 1.0


@dataclass(frozen=True, slots=True)
class SourceSegment:
    """One segment as the model sees it: a short id (`d1`, `a3`) and its English text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Again:
    """Why texts are drafted once more: the attempt's number keeps the stored answer from being used again."""

    attempt: int
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """Korean by segment id, the Korean title (None if none was asked), and the calls they came from."""

    title: str | None
    texts: Mapping[str, str]
    model: str
    prompt_version: str
    call_ids: Mapping[str, int] = field(default_factory=dict)
    """By segment id; the title's call is under `title`."""


@dataclass(frozen=True, slots=True)
class IntroducedPaper:
    """A paper as the introduction's prompt shows it."""

    rank: int
    label: str
    title: str
    description: str
    abstract: str | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an introduction and the ranks of the papers it rests on (at least one)."""

    text: str
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Introduction:
    """Paragraphs of sentences, and the call they came from."""

    paragraphs: tuple[tuple[Sentence, ...], ...]
    model: str
    prompt_version: str
    call_id: int


class _SegmentAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    ko: str


class _TranslationAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str
    segments: list[_SegmentAnswer]


class _SentenceAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    papers: list[int]


class _ParagraphAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    sentences: list[_SentenceAnswer]


class _IntroductionAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    paragraphs: list[_ParagraphAnswer]


def translate_paper(
    desk: Desk,
    *,
    title: str | None,
    segments: Sequence[SourceSegment],
    edition_id: int,
    paper_id: int,
    cached_prefix: bool,
    on_started: Callable[[], None] | None = None,
    again: Again | None = None,
) -> Translation:
    """Korean for every segment asked, each exactly once, and for the title unless it is None.

    Args:
        again: for another draft of texts that were drafted before.
        cached_prefix: whether other calls share the system prompt soon, so that it pays to cache it.
        on_started: called when the first answer begins to arrive; from then on the prefix is in the cache.

    Raises:
        TransientError: the model is busy; the same call may work later.
        AnswerRefusedError, AnswerCutError, AnswerInvalidError: no usable answer; asking again is up to a person.
        ModelAccessError, SpendingCapError: no call can work now.
    """
    purpose = Purpose("translate_paper", prompts.load("translate_paper").version, edition_id, paper_id)
    asking = _Asking(desk, purpose, prompts.TRANSLATION_SCHEMA, cached_prefix, on_started)
    return _translate(asking, title, tuple(segments), again, may_halve=True)


def introduce_week(
    desk: Desk, papers: Sequence[IntroducedPaper], *, edition_id: int, on_started: Callable[[], None] | None = None
) -> Introduction:
    """The week's introduction; every sentence names papers of the week.

    Raises: as `translate_paper`.
    """
    prompt = prompts.load("introduce_week")
    purpose = Purpose("introduce_week", prompt.version, edition_id)
    asking = _Asking(desk, purpose, prompts.INTRODUCTION_SCHEMA, False, on_started)
    data = {
        "papers": [
            {"rank": p.rank, "label": p.label, "title": p.title, "description": p.description}
            | ({"abstract": p.abstract} if p.abstract else {})
            for p in papers
        ]
    }
    ranks = {paper.rank for paper in papers}

    def use(answer: ModelAnswer) -> tuple[tuple[Sentence, ...], ...]:
        return _introduction(answer, ranks)

    try:
        paragraphs, booked = asking.usable(data, SMALLEST_LIMIT, use)
    except AnswerCutError:
        paragraphs, booked = asking.usable(data, LARGEST_LIMIT, use)
    return Introduction(paragraphs, booked.answer.model, prompt.version, booked.call_id)


def _translate(
    asking: "_Asking",
    title: str | None,
    segments: tuple[SourceSegment, ...],
    again: Again | None,
    *,
    may_halve: bool,
) -> Translation:
    size = len(title or "") + sum(len(segment.text) for segment in segments)
    limit = min(LARGEST_LIMIT, SMALLEST_LIMIT + TOKENS_PER_CHARACTER * size)
    data: dict[str, object] = {
        "title": title,
        "segments": [{"id": segment.id, "text": segment.text} for segment in segments],
    }
    if again is not None:
        data["attempt"] = again.attempt
        if again.remark:
            data["remark"] = again.remark

    def use(answer: ModelAnswer) -> tuple[str | None, dict[str, str]]:
        return _translation(answer, title, segments)

    try:
        (korean_title, texts), booked = asking.usable(data, limit, use)
    except AnswerCutError:
        if may_halve and len(segments) > 1:
            middle = len(segments) // 2
            first = _translate(asking, title, segments[:middle], again, may_halve=False)
            second = _translate(asking, None, segments[middle:], again, may_halve=False)
            return replace(first, texts={**first.texts, **second.texts}, call_ids={**first.call_ids, **second.call_ids})
        if limit >= LARGEST_LIMIT:
            raise
        (korean_title, texts), booked = asking.usable(data, LARGEST_LIMIT, use)
    call_ids = dict.fromkeys([*texts, "title"], booked.call_id)
    return Translation(korean_title, texts, booked.answer.model, asking.purpose.prompt_version, call_ids)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One task's way of asking: patience, a second prompt after a refusal, a repair after an unusable answer."""

    desk: Desk
    purpose: Purpose
    schema: Mapping[str, object]
    cached_prefix: bool
    on_started: Callable[[], None] | None

    def usable(
        self, data: Mapping[str, object], limit: int, use: Callable[[ModelAnswer], Parsed]
    ) -> tuple[Parsed, BookedAnswer]:
        """What `use` makes of an answer to `data`; `use` raises `AnswerInvalidError` for an unusable one."""
        try:
            booked = self._ask(data, limit)
        except AnswerRefusedError:
            booked = self._ask(data, limit, prompts.remark("translate_paper_again"))
        try:
            return use(booked.answer), booked
        except AnswerInvalidError as exc:
            problem = str(exc)
        repaired = self._ask(data, limit, prompts.remark("repair").format(problem=prompts.quoted(problem)))
        try:
            return use(repaired.answer), repaired
        except AnswerInvalidError as exc:
            # Given up: a later run, started by a person, shall ask anew instead of meeting these two again.
            calls.reject_answer(self.desk.sessions, booked.call_id, problem)
            calls.reject_answer(self.desk.sessions, repaired.call_id, str(exc))
            raise

    def _ask(self, data: Mapping[str, object], limit: int, *remarks: str) -> BookedAnswer:
        desk = self.desk
        prompt = prompts.load(self.purpose.name)
        request = ModelRequest(
            model=desk.model,
            system=prompt.system,
            user=prompt.with_data(data, *remarks),
            schema=dict(self.schema),
            max_tokens=limit,
            effort=desk.effort,
            timeout_s=desk.timeout_s,
            cache_system=self.cached_prefix,
        )
        for attempt in range(1, desk.attempts + 1):
            try:
                return calls.ask(
                    desk.sessions,
                    desk.claude,
                    request,
                    self.purpose,
                    cap=desk.cap,
                    price_table=desk.price_table,
                    now=desk.now,
                    on_started=self.on_started,
                )
            except TransientError as exc:
                backoff_s = desk.first_wait_s * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
                wait_s = max(backoff_s, exc.retry_after_s or 0.0)
                if attempt == desk.attempts or wait_s > LONGEST_SLEEP_S:
                    raise
                desk.sleep(wait_s)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _translation(
    received: ModelAnswer, title: str | None, segments: Sequence[SourceSegment]
) -> tuple[str | None, dict[str, str]]:
    """The checked content of an answer: Korean title and Korean by id, in the asked order."""
    answer = parse_structured(received, _TranslationAnswer)
    asked = [segment.id for segment in segments]
    counted = Counter(segment.id for segment in answer.segments)
    problems = []
    if missing := [sid for sid in asked if sid not in counted]:
        problems.append(f"segments {', '.join(missing)} are missing")
    if extra := [sid for sid in counted if sid not in asked]:
        problems.append(f"segments {', '.join(extra)[:200]} were not asked for")
    if doubled := [sid for sid, count in counted.items() if count > 1]:
        problems.append(f"segments {', '.join(doubled)[:200]} come more than once")
    if empty := [segment.id for segment in answer.segments if not segment.ko.strip()]:
        problems.append(f"segments {', '.join(empty)[:200]} are empty")
    if title is not None and not answer.title.strip():
        problems.append("the title is empty")
    if problems:
        raise AnswerInvalidError("; ".join(problems) + ".", answer=received)
    by_id = {segment.id: " ".join(segment.ko.split()) for segment in answer.segments}
    return (" ".join(answer.title.split()) if title is not None else None), {sid: by_id[sid] for sid in asked}


def _introduction(received: ModelAnswer, ranks: set[int]) -> tuple[tuple[Sentence, ...], ...]:
    answer = parse_structured(received, _IntroductionAnswer)
    paragraphs = []
    for paragraph in answer.paragraphs:
        for sentence in paragraph.sentences:
            if not sentence.text.strip():
                raise AnswerInvalidError("a sentence is empty.", answer=received)
            if not sentence.papers or not set(sentence.papers) <= ranks:
                problem = f"every sentence must name papers of this week by rank: {sentence.text[:80]!r}."
                raise AnswerInvalidError(problem, answer=received)
        paragraphs.append(
            tuple(Sentence(" ".join(s.text.split()), tuple(dict.fromkeys(s.papers))) for s in paragraph.sentences)
        )
    if not 2 <= len(paragraphs) <= 3 or not all(1 <= len(sentences) <= 5 for sentences in paragraphs):
        problem = "it must have two or three paragraphs of up to five sentences."
        raise AnswerInvalidError(problem, answer=received)
    return tuple(paragraphs)
