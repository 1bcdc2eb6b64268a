"""Asking a model for one structured answer, and what to do with every bad one.

| what came back                       | what is done                                                        |
| ------------------------------------ | ------------------------------------------------------------------- |
| busy, cut line, 5xx                  | a few tries with short waits, then `TransientError`: come back later |
| refusal                              | asked once more with a remark on the purpose, then given up          |
| not what was asked for               | one repair call that names the problem; then given up                |
| cut off at `max_tokens`              | the caller asks for less, or with a larger limit                     |
| key refused, spending cap reached    | raised at once: no other call would fare better                      |
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.errors import TransientError
from bot.store.engine import Sessions
from bot.translation import calls, prompts
from bot.translation.answers import AnswerInvalidError, AnswerRefusedError, Effort, ModelAnswer, ModelRequest
from bot.translation.calls import BookedAnswer, Cap, Purpose
from bot.translation.prices import PriceTable
from bot.translation.termbase import Termbase

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
    """Everything a draft needs besides its text: models, terms, how is asked, and where calls are booked."""

    sessions: Sessions
    claude: "Claude"
    model: str
    termbase: Termbase
    cap: Cap
    price_table: PriceTable
    now: Callable[[], datetime]
    judge_model: str | None = None
    """The model that reads drafts with a second pair of eyes; None: nobody does."""
    effort: Effort | None = None
    timeout_s: float = 300.0
    attempts: int = 3
    sleep: Callable[[float], None] = time.sleep
    first_wait_s: float = 1.0
    prompt_folder: Path | None = None
    """Other prompts than the shipped ones, in files of the same names (for comparing them)."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One task's way of asking: patience, a second prompt after a refusal, a repair after an unusable answer."""

    desk: Desk
    purpose: Purpose
    schema: Mapping[str, object]
    cached_prefix: bool = False
    """Whether other calls share the system prompt soon, so that it pays to cache it."""
    on_started: Callable[[], None] | None = None
    """Called when the first answer begins to arrive; from then on the prefix is in the cache."""
    model: str | None = None
    """Another model than the desk's first."""

    def usable(
        self, data: Mapping[str, object], limit: int, use: Callable[[ModelAnswer], Parsed]
    ) -> tuple[Parsed, BookedAnswer]:
        """What `use` makes of an answer to `data`; `use` raises `AnswerInvalidError` for an unusable one.

        Raises:
            TransientError: the model is busy; the same call may work later.
            AnswerRefusedError, AnswerCutError, AnswerInvalidError: no usable answer; asking again is up to a person.
            ModelAccessError, SpendingCapError: no call can work now.
        """
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
        prompt = prompts.load(self.purpose.name, desk.prompt_folder)
        request = ModelRequest(
            model=self.model or desk.model,
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


def room_for(characters: int) -> int:
    """A limit of answer tokens for the Korean of so many characters of English."""
    return min(LARGEST_LIMIT, SMALLEST_LIMIT + TOKENS_PER_CHARACTER * characters)
