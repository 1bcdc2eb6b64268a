"""What a model is asked and what comes back: the request, the whole answer, or one of these errors.

    ModelCallError
    ├── ModelUnavailableError (TransientError)   overload, limits, 5xx, timeouts, cut or broken streams
    └── ModelRejectedError (RejectedError)
        ├── ModelAccessError      key, billing, spend limit, address or model: no call will work until a person acts
        ├── RequestRefusedError   this request is not accepted as it is
        ├── AnswerRefusedError    the model declined: another prompt once, then a person
        ├── AnswerCutError        the answer met a limit: fewer segments, then a larger limit, then a person
        ├── AnswerUnknownError    a stop reason that this version does not know, or no end of pauses: a person
        └── AnswerInvalidError    the answer is whole but is not what was asked for

Light to import; the SDK is in `claude.py`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from bot.errors import BotError, RejectedError, TransientError
from bot.translation.prices import Usage, input_tokens_bound

Effort = Literal["low", "medium", "high"]
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class ModelRequest:
    """One question to a model. What changes from call to call belongs into `user`, never into `system`."""

    model: str
    system: tuple[str, ...]
    """Text blocks, byte-equal for all calls of one purpose: the last of them ends the cached prefix."""
    user: str
    schema: Mapping[str, object]
    """JSON schema of the answer; every object in it closed (`additionalProperties: false`), or the API refuses it.
    It is part of the cached prefix: two schemas, two cache entries."""
    max_tokens: int
    """Limit of the answer, thinking included."""
    effort: Effort | None = None
    """None: the model's own default."""
    cache_system: bool = True
    """Whether `system` is written to the prompt cache (5 minutes, a quarter dearer), for calls that follow soon."""
    timeout_s: float = 300.0
    """Deadline of the whole call; after it a read under way may last `SILENCE_LIMIT_S` longer."""

    @property
    def input_hash(self) -> str:
        """SHA-256 (hex) of all that influences a whole answer; equal requests have equal hashes, also tomorrow.

        The limits are left out: an answer that ended by itself would have been the same with other ones, and raising a
        limit must not make paid answers unusable. Property order of the schema counts: the model answers in that order.
        """
        parts = {
            "effort": self.effort,
            "model": self.model,
            "schema": self.schema,
            "system": self.system,
            "user": self.user,
        }
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()

    @property
    def input_tokens_bound(self) -> int:
        """A number of prompt tokens that this request never exceeds (see `prices.input_tokens_bound`)."""
        return input_tokens_bound(*self.system, self.user, json.dumps(self.schema))


@dataclass(frozen=True)
class ModelAnswer:
    """What came back. Whole only if `stop_reason` is `end_turn`; `Claude.ask` returns no other."""

    text: str
    """All text blocks, concatenated; thinking is left out."""
    stop_reason: str
    """Empty: the stream broke off, and `usage` is what had been reported until then, less than what is billed."""
    model: str
    """The model that answered, by its own word."""
    request_id: str | None
    usage: Usage
    latency_s: float


class ModelCallError(BotError):
    """A model call did not give a usable answer.

    Attributes:
        request_id: what Anthropic's support asks for, where known.
        answer: what was received and is billed, where anything was; its `usage` is final unless its `stop_reason` is
            empty.
        may_have_cost: whether tokens may have been spent that nobody counted for us.
    """

    request_id: str | None = None
    answer: ModelAnswer | None = None
    may_have_cost: bool = False

    @property
    def usage(self) -> Usage | None:
        """Tokens spent, where the API said so; a lower bound if `answer.stop_reason` is empty."""
        return self.answer.usage if self.answer is not None else None


class ModelUnavailableError(ModelCallError, TransientError):
    """The API was not ready or the line broke; the same call may work later. Tokens may have been spent."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        answer: ModelAnswer | None = None,
        may_have_cost: bool = False,
    ) -> None:
        TransientError.__init__(self, message, retry_after_s=retry_after_s)
        self.request_id = request_id
        self.answer = answer
        self.may_have_cost = may_have_cost


class ModelRejectedError(ModelCallError, RejectedError):
    """The same call will not work."""

    def __init__(self, message: str, *, request_id: str | None = None, answer: ModelAnswer | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.answer = answer


class ModelAccessError(ModelRejectedError):
    """No model call will work until the operator changes something; all model work has to stop."""


class RequestRefusedError(ModelRejectedError):
    """The API refuses this request as it is; other requests may work."""


class AnswerRefusedError(ModelRejectedError):
    """The model declined to answer."""


class AnswerCutError(ModelRejectedError):
    """The answer met `max_tokens` or the end of the context window (see `answer.stop_reason`)."""


class AnswerUnknownError(ModelRejectedError):
    """The answer stopped in a way that this version does not know; a person has to look."""


class AnswerInvalidError(ModelRejectedError):
    """The answer is whole, but it is not what was asked for."""


def usage_of_error(error: BotError) -> tuple[Usage | None, bool]:
    """What a failed call cost: its tokens if they are known for certain, and whether it may have cost unknown ones.

    `(usage, False)`: book it. `(None, True)`: book the worst case. `(None, False)`: nothing was spent.
    """
    if not isinstance(error, ModelCallError):
        return None, False
    is_broken_off = error.answer is not None and not error.answer.stop_reason
    if error.may_have_cost or is_broken_off:
        return None, True
    return error.usage, False


def parse_structured(answer: ModelAnswer, model_type: type[ModelT]) -> ModelT:
    """The answer's text as `model_type` (see `parse_text`); an error names the request and carries the answer.

    Raises:
        AnswerInvalidError: the text is not that.
    """
    try:
        return parse_text(answer.text, model_type)
    except AnswerInvalidError as exc:
        message = f"{exc} ({answer.request_id or 'unknown request'})"
        raise AnswerInvalidError(message, request_id=answer.request_id, answer=answer) from exc.__cause__


def parse_text(text: str, model_type: type[ModelT]) -> ModelT:
    """The text of an answer as `model_type`: nothing is guessed or repaired.

    It must be one JSON document and nothing else, no object may hold a key twice, no unknown key is allowed at any
    depth whatever the type's own configuration, types are not converted, and no text may hold a NUL character or half
    a surrogate pair (Postgres could not store it). Schema-true is not true: ids, numbers and links are for the caller.

    Raises:
        AnswerInvalidError: the text is not that. One more try may give another answer, at the same price.
    """
    try:
        _storable(json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constants))
        return model_type.model_validate_json(text, strict=True, extra="forbid")
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])[:80] or "the document"
        problem = f"at {where}: {first['msg'][:120]}"
        cause: Exception = exc
    except json.JSONDecodeError as exc:
        problem, cause = f"not JSON at character {exc.pos}: {exc.msg}", exc
    except (ValueError, RecursionError) as exc:
        problem, cause = str(exc)[:120], exc
    raise AnswerInvalidError(f"the answer is not the JSON that was asked for: {problem}") from cause


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} comes twice")
    return dict(pairs)


def _no_constants(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _storable(value: object) -> None:
    if isinstance(value, str) and re.search("[\x00\ud800-\udfff]", value):
        raise ValueError("a text holds a NUL character or half a surrogate pair")
    if isinstance(value, dict):
        for key, inner in value.items():
            _storable(key)
            _storable(inner)
    if isinstance(value, list):
        for inner in value:
            _storable(inner)
