"""Anthropic's Messages API: a request in, a whole answer or one error of ours out. The only importer of `anthropic`.

A model call is a blind effect: it costs money, it cannot be looked up afterwards, and the API takes no key against
repetition. So nothing here repeats a call or sleeps: the SDK's own retries are off, `retry-after` is handed on as data,
and each error that comes after tokens were spent carries them, so that the caller can book the cost. Requests, answers
and errors are in `answers.py`.

Facts of the SDK are those of version 2.11, measured against a scripted server: HTML or `{}` with status 200 and a
stream that ends early raise nothing by themselves; an `error` event raises a status error with status 200; broken JSON
is a `JSONDecodeError`, a cut line an `httpx2.RemoteProtocolError`. Importing the SDK takes about a second: import this
module where a model is really called.
"""

import email.utils
import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import anthropic
import httpx2
from anthropic.types import MessageParam, OutputConfigParam, TextBlockParam
from pydantic import BaseModel, Field, ValidationError

from bot.errors import SettingsError
from bot.translation.answers import (
    AnswerCutError,
    AnswerRefusedError,
    AnswerUnknownError,
    ModelAccessError,
    ModelAnswer,
    ModelCallError,
    ModelRequest,
    ModelUnavailableError,
    RequestRefusedError,
)
from bot.translation.prices import Usage

PRODUCTION_URL = "https://api.anthropic.com"
CONNECT_TIMEOUT_S = 5.0
WRITE_TIMEOUT_S = 30.0
SILENCE_LIMIT_S = 90.0
"""Longest wait for the next bytes of an answer; the API pings in between, so longer silence means a dead line."""
MAX_ANSWER_BYTES = 20_000_000
MAX_CONTINUATIONS = 3

_KEY_SETTING = "ANTHROPIC_API_KEY"
_URL_SETTING = "ANTHROPIC_BASE_URL"
_MODEL_SETTING = "DRAFT_MODEL"


class _ReceivedCacheCreation(BaseModel, strict=True):
    ephemeral_1h_input_tokens: int = Field(0, ge=0)


class _ReceivedUsage(BaseModel, strict=True):
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    cache_creation_input_tokens: int | None = Field(None, ge=0)
    cache_read_input_tokens: int | None = Field(None, ge=0)
    cache_creation: _ReceivedCacheCreation | None = None


class _ReceivedBlock(BaseModel, strict=True):
    type: str
    text: str | None = None


class _Received(BaseModel, strict=True):
    """The fields of a message that are used, checked: the SDK builds its objects without looking."""

    model: str
    content: list[_ReceivedBlock]
    stop_reason: str | None = None
    usage: _ReceivedUsage


# Errors of the line that come before a request can have reached the API.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class _BrokenStreamError(Exception):
    """The bytes that came are not a whole answer; the text says how, for the message of our error."""


# What the SDK's own reading of a stream raises when events are malformed, incomplete or out of order, beside the
# errors of its HTTP client (RuntimeError: order; IndexError: a delta without its block; the rest: missing fields).
_MALFORMED = (ValueError, TypeError, AttributeError, IndexError, KeyError, RuntimeError, AssertionError)


class Claude:
    """One connection pool to the API, for any number of threads."""

    def __init__(
        self, api_key: str, *, base_url: str = PRODUCTION_URL, silence_limit_s: float = SILENCE_LIMIT_S
    ) -> None:
        """Prepare the client; nothing is sent.

        Raises:
            SettingsError: `api_key` is empty or cannot be a header.
        """
        if not re.fullmatch(r"[!-~]+", api_key):
            raise SettingsError(f"{_KEY_SETTING} is empty or holds blanks or odd characters: set it to the API's key.")
        # At level DEBUG the SDK logs whole request bodies.
        logging.getLogger("anthropic").setLevel(logging.INFO)
        self._silence_limit_s = silence_limit_s
        is_local = httpx2.URL(base_url).host in ("127.0.0.1", "localhost", "::1")
        self._client = anthropic.Anthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            open_telemetry=False,
            # A redirect would carry the key elsewhere; a proxy does not reach this machine's own ports.
            http_client=httpx2.Client(
                follow_redirects=False, trust_env=not is_local, timeout=httpx2.Timeout(CONNECT_TIMEOUT_S)
            ),
        )

    def close(self) -> None:
        """Close the connections; calls under way fail."""
        self._client.close()

    def ask(self, request: ModelRequest, *, on_started: Callable[[], None] | None = None) -> ModelAnswer:
        """The whole answer to `request`; may be called from many threads at once.

        Args:
            request: the question.
            on_started: called once, in this thread, when the model begins to answer. From then on calls with the same
                prefix read it from the prompt cache; it is not called if the call fails before.

        Raises:
            ModelUnavailableError: a later try may work (`retry_after_s` where the API named it).
            ModelRejectedError: one of its kinds, see the module's text; a retry does not help.
        """
        started = time.monotonic()
        deadline = started + request.timeout_s
        parts: list[ModelAnswer] = []
        blocks: list[object] = []
        while True:
            part, content = self._receive(request, blocks, started, deadline, parts, None if parts else on_started)
            parts.append(part)
            if part.stop_reason != "pause_turn":
                return _judged(_joined(parts))
            if len(parts) > MAX_CONTINUATIONS:
                raise AnswerUnknownError(
                    f"The model paused more than {MAX_CONTINUATIONS} times instead of answering (request "
                    f"{part.request_id}): a person has to look at the prompt.",
                    request_id=part.request_id,
                    answer=_joined(parts),
                )
            blocks.extend(content)

    def model_exists(self, model: str) -> bool:
        """Whether the API offers `model` to this key; costs nothing.

        Raises:
            ModelUnavailableError: the API cannot be asked now.
            ModelAccessError: the key is not accepted.
        """
        try:
            info = self._client.models.retrieve(model, timeout=30.0)
        except anthropic.NotFoundError:
            return False
        except anthropic.APIStatusError as exc:
            raise _from_status(exc, None, model) from exc
        except (anthropic.APIError, httpx2.HTTPError, *_MALFORMED) as exc:
            raise ModelUnavailableError(f"The model list could not be read: {_named(exc)}; try again later.") from exc
        fields = info.to_dict() if isinstance(info, BaseModel) else {}
        if fields.get("type") != "model":
            raise ModelUnavailableError(
                f"{_URL_SETTING} answered, but not as the Messages API does; check the address."
            )
        return fields.get("lifecycle") != "retired"

    def _receive(
        self,
        request: ModelRequest,
        blocks: list[object],
        started: float,
        deadline: float,
        before: list[ModelAnswer],
        on_started: Callable[[], None] | None,
    ) -> tuple[ModelAnswer, list[object]]:
        """One HTTP request: the answer's (next) part, whatever its stop reason, and its blocks to send back."""
        stream: anthropic.MessageStream[None] | None = None

        def spent() -> ModelAnswer | None:
            part = _snapshot(stream, started)
            received = before if part is None else [*before, part]
            return _joined(received) if received else None

        try:
            with self._client.messages.stream(**self._body(request, blocks, deadline)) as stream:
                _limit(stream.response, deadline)
                is_stopped = False
                for event_type in _event_types(stream):
                    if event_type == "message_start" and on_started is not None:
                        on_started()
                    is_stopped = is_stopped or event_type == "message_stop"
                part = _snapshot(stream, started)
                if part is None or not part.stop_reason or not is_stopped:
                    raise _BrokenStreamError("it ended before the answer was complete")
                return part, list(stream.current_message_snapshot.to_dict(warnings=False)["content"])  # type: ignore[call-overload]  # to_dict is a mapping of objects
        except anthropic.APIStatusError as exc:
            raise _from_status(exc, spent(), request.model) from exc
        except (anthropic.APIError, httpx2.HTTPError, _BrokenStreamError) as exc:
            request_id = stream.request_id if stream is not None else None
            what = str(exc) if isinstance(exc, _BrokenStreamError) else _named(exc)
            raise ModelUnavailableError(
                f"The model's answer did not arrive: {what}{_in_request(request_id)}; try again later.",
                request_id=request_id,
                answer=spent(),
                may_have_cost=not isinstance(_cause(exc), _NOT_SENT),
            ) from exc

    def _body(self, request: ModelRequest, blocks: list[object], deadline: float) -> Any:
        """The SDK's arguments; `Any`, because a mapping of keywords has no better type."""
        remaining_s = max(0.1, deadline - time.monotonic())
        system: list[TextBlockParam] = [{"type": "text", "text": text} for text in request.system]
        if system and request.cache_system:
            system[-1]["cache_control"] = {"type": "ephemeral"}
        messages: list[MessageParam] = [{"role": "user", "content": request.user}]
        if blocks:
            messages.append({"role": "assistant", "content": cast(Any, blocks)})
        output: OutputConfigParam = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
        if request.effort is not None:
            output["effort"] = request.effort
        return {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "system": system or anthropic.omit,
            "messages": messages,
            "output_config": output,
            "timeout": httpx2.Timeout(
                connect=min(CONNECT_TIMEOUT_S, remaining_s),
                write=min(WRITE_TIMEOUT_S, remaining_s),
                read=min(self._silence_limit_s, remaining_s),
                pool=remaining_s,
            ),
        }


class _LimitedStream(httpx2.SyncByteStream):
    """The bytes of a response until `deadline` (monotonic) or `MAX_ANSWER_BYTES`.

    It sits below the SDK because that swallows pings and half events without coming back to its caller.
    """

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for chunk in self._stream:
            received += len(chunk)
            if time.monotonic() > self._deadline:
                raise _BrokenStreamError("it was not complete at its deadline")
            if received > MAX_ANSWER_BYTES:
                raise _BrokenStreamError(f"it is longer than {MAX_ANSWER_BYTES} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _limit(response: httpx2.Response, deadline: float) -> None:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "text/event-stream":
        raise _BrokenStreamError(
            f"the API's address sent {content_type or 'an untyped body'} instead of an event stream"
        )
    response.stream = _LimitedStream(cast(httpx2.SyncByteStream, response.stream), deadline)


def _event_types(stream: "anthropic.MessageStream[None]") -> Iterator[str]:
    """The types of the events as they arrive; what the SDK makes of malformed ones becomes `_BrokenStreamError`."""
    events = iter(stream)
    while True:
        try:
            event = next(events, None)
            event_type = None if event is None else event.type
        except _MALFORMED as exc:
            raise _BrokenStreamError(f"it is malformed ({_named(exc)})") from exc
        if event_type is None:
            return
        yield event_type


def _snapshot(stream: "anthropic.MessageStream[None] | None", started: float) -> ModelAnswer | None:
    """What has been received so far, or None if that is nothing, or nothing that can be booked."""
    if stream is None:
        return None
    try:
        fields = stream.current_message_snapshot.to_dict(warnings=False)
        received = _Received.model_validate(fields)
    except (ValidationError, *_MALFORMED):
        return None
    usage = received.usage
    return ModelAnswer(
        text="".join(block.text or "" for block in received.content if block.type == "text"),
        stop_reason=received.stop_reason or "",
        model=received.model,
        request_id=stream.request_id,
        usage=Usage(
            input_tokens=usage.input_tokens,
            cache_write_tokens=usage.cache_creation_input_tokens or 0,
            cache_read_tokens=usage.cache_read_input_tokens or 0,
            output_tokens=usage.output_tokens,
            cache_write_1h_tokens=usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0,
        ),
        latency_s=time.monotonic() - started,
    )


def _joined(parts: list[ModelAnswer]) -> ModelAnswer:
    """One answer of the parts of a paused one: texts and usages together, the rest from the last."""
    first, last = parts[0], parts[-1]
    usage = first.usage
    for part in parts[1:]:
        usage += part.usage
    return ModelAnswer(
        text="".join(part.text for part in parts),
        stop_reason=last.stop_reason,
        model=last.model,
        request_id=last.request_id,
        usage=usage,
        latency_s=last.latency_s,
    )


def _judged(answer: ModelAnswer) -> ModelAnswer:
    """`answer` if it ended by itself; otherwise the error of its stop reason."""
    spent = _in_request(answer.request_id)
    match answer.stop_reason:
        case "end_turn":
            return answer
        case "refusal":
            message = f"The model declined to answer{spent}: try another wording, then ask a person."
            raise AnswerRefusedError(message, request_id=answer.request_id, answer=answer)
        case "max_tokens" | "model_context_window_exceeded":
            message = f"The answer was cut ({answer.stop_reason}){spent}: ask for less at once or raise the limit."
            raise AnswerCutError(message, request_id=answer.request_id, answer=answer)
        case _:
            message = f"The answer stopped for an unexpected reason ({answer.stop_reason[:60]}){spent}: look at it."
            raise AnswerUnknownError(message, request_id=answer.request_id, answer=answer)


# An `error` event comes after status 200 was sent; its type stands for the status it would have had
# (https://platform.claude.com/docs/en/api/errors).
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def _from_status(exc: anthropic.APIStatusError, answer: ModelAnswer | None, model: str) -> ModelCallError:
    """Our error for an error status or `error` event; the header `x-should-retry` beats the status."""
    status = exc.status_code if exc.status_code >= 300 else _STATUS_OF_TYPE.get(str(exc.type), 500)
    said = f"{status} {exc.type or 'error'}"
    if isinstance(exc.api_message, str) and exc.api_message:
        said += f": {' '.join(exc.api_message.split())[:200]}"
    said += _in_request(exc.request_id)
    request_id = exc.request_id or (answer.request_id if answer is not None else None)
    advice = _access_advice(status, exc, model)
    if advice is not None:
        return ModelAccessError(f"The model API refuses us ({said}); {advice}", request_id=request_id, answer=answer)
    is_transient = status in (408, 409, 429) or status >= 500
    should_retry = exc.response.headers.get("x-should-retry")
    if should_retry in ("true", "false"):
        is_transient = should_retry == "true"
    if is_transient:
        return ModelUnavailableError(
            f"The model API is not ready ({said}); try again later.",
            retry_after_s=_retry_after_s(exc.response.headers),
            request_id=request_id,
            answer=answer,
        )
    return RequestRefusedError(
        f"The model API refuses this request ({said}); it has to be changed.", request_id=request_id, answer=answer
    )


def _access_advice(status: int, exc: anthropic.APIStatusError, model: str) -> str | None:
    """What the operator has to do when every other call would be refused too; None if this call alone is meant."""
    code, message = str(exc.error_code or ""), str(exc.api_message or "")
    # A limit that the operator set comes as 400, one of the account's tier or contract as 429 with a code.
    if code.endswith("spend_limit_reached") or (status == 400 and "specified API usage limits" in message):
        return "a spend limit of the account is reached: raise it in the Claude Console or wait for the next month."
    match status:
        case 401:
            return f"check {_KEY_SETTING}: it is wrong, revoked or expired."
        case 402:
            return f"check the payment details in the Claude Console of the account behind {_KEY_SETTING}."
        case 403:
            return f"check what the key in {_KEY_SETTING} may do and whether its workspace may use {model}."
        case 404:
            return f"check {_MODEL_SETTING} (is {model!r} still offered?) and {_URL_SETTING}."
        case _ if 300 <= status < 400:
            return f"check {_URL_SETTING}: it sends us elsewhere."
        case _:
            return None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the API asks to wait; a date is taken relative to the answer's own `Date`. None: it does not say."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        until = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        sent = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError):
        return None


def _in_request(request_id: str | None) -> str:
    return f" (request {request_id})" if request_id else ""


def _named(exc: BaseException) -> str:
    """The kind of an error, without its text: that may quote a body."""
    return type(_cause(exc)).__name__


def _cause(exc: BaseException) -> BaseException:
    """The HTTP client's error behind the SDK's `APIConnectionError`, or the error itself."""
    return exc.__cause__ if isinstance(exc, anthropic.APIConnectionError) and exc.__cause__ else exc
