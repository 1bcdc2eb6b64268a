"""A stand-in for Anthropic's Messages API: the real protocol over HTTP, translations from recorded texts, no model.

    POST /v1/messages                streamed (SSE) or not; prompt cache, token counts, thinking and stop reasons
    POST /v1/messages/count_tokens
    GET  /v1/models, /v1/models/{id}

Shapes and rules come from https://platform.claude.com/docs/en/api/messages, .../build-with-claude/streaming,
.../build-with-claude/prompt-caching, .../build-with-claude/structured-outputs and .../api/errors (read November 2026)
and from the types of the `anthropic` package, version 2.11.

The question is the JSON document between the lines `<data>` and `</data>` of the last user message; its `task` says
what is wanted: `translate_paper` or `introduce_week`. Everything else is answered with one sentence that is not JSON.

Faults are armed with `fail_next` and counted when they happen; `unfired` names those that never did.
"""

import asyncio
import itertools
import json
import math
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from bot.sandbox.label_introduction import introduction_of_labels
from bot.sandbox.model_checks import Problem, blocks, check_body, json_body
from bot.sandbox.recorded import Translations

UNTRANSLATED = "[미번역]"
REDRAFTED = "(다시 옮김)"
_LEFT_UNTRANSLATED = {
    "quote": UNTRANSLATED,
    "category": "accuracy/untranslated",
    "severity": "critical",
    "explanation": "이 문장은 번역되지 않았습니다.",
    "suggestion": "",
}
UNKNOWN_TASK = "시연용 모델은 이 요청에 답할 수 없습니다."
MODELS = (
    "claude-fable-5-2",
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-sonnet-5",
    "claude-opus-5",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
)
API_VERSIONS = ("2026-10-21", "2023-06-01")
CACHE_LIFETIME_S = 300.0
THINKING_TOKENS = 32
MOST_BULLETS = 10

FaultKind = Literal[
    # an error status with the API's own body
    "rate_limited",  # 429, retry-after 3600
    "overloaded",  # 529
    "server_error",  # 500
    "server_error_final",  # 500 with `x-should-retry: false`
    "timeout_status",  # 408
    "unauthorized",  # 401
    "billing",  # 402
    "forbidden",  # 403
    "not_found",  # 404
    "bad_request",  # 400
    "spend_limit",  # 400 as the API words a reached limit
    "too_large",  # 413
    "redirect",  # 307 to another host
    # status 200, but no answer
    "html_200",
    "empty_object",  # `{}` instead of a message or an event stream
    "half_json",  # a body or an event whose JSON stops half way
    "cut_stream",  # the connection closes in the middle of the answer
    "clean_end",  # the stream ends in good order, but without its last events
    "error_event",  # an `error` event (overloaded) in the middle
    "slow_dribble",  # the answer starts, then only pings come, for ever
    "silence",  # nothing comes at all
    # a whole message that is no answer
    "refusal",
    "max_tokens",
    "model_context_window_exceeded",
    "pause_turn",
    "unknown_stop",
    # an answer that is not the one asked for
    "wrong_ids",
    "swapped_segments",
    "missing_segment",
    "extra_segment",
    "doubled_segment",
    "empty_segment",
    "not_json",
    "doubled_key",
]

_STATUS: Mapping[str, tuple[int, str, str]] = {
    "rate_limited": (429, "rate_limit_error", "This request would exceed your organization's rate limit."),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "server_error": (500, "api_error", "Internal server error"),
    "server_error_final": (500, "api_error", "Internal server error"),
    "timeout_status": (408, "timeout_error", "Request timed out"),
    "unauthorized": (401, "authentication_error", "invalid x-api-key"),
    "billing": (402, "billing_error", "Your credit balance is too low to access the Anthropic API."),
    "forbidden": (403, "permission_error", "Your API key does not have permission to use the specified resource."),
    "not_found": (404, "not_found_error", "model not found"),
    "bad_request": (400, "invalid_request_error", "messages: the request is not accepted (armed fault)"),
    "spend_limit": (
        400,
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    "too_large": (413, "request_too_large", "Request exceeds the maximum size"),
}
_FAULT_HEADERS: Mapping[str, Mapping[str, str]] = {
    "rate_limited": {"retry-after": "3600", "x-should-retry": "true"},
    "server_error_final": {"x-should-retry": "false"},
}
_STOPS: Mapping[str, str] = {
    "refusal": "refusal",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "model_context_window_exceeded",
    "pause_turn": "pause_turn",
    "unknown_stop": "tired",
}
_HTML = "<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


@dataclass
class Fault:
    """An armed fault; `fired` counts how often it happened."""

    kind: FaultKind
    times: int
    match: str | None
    fired: int = 0


@dataclass
class ModelCallSeen:
    """One request to `/v1/messages` as it arrived and what became of it; times are monotonic seconds."""

    request_id: str
    body: Mapping[str, Any]
    data: Mapping[str, Any] | None
    """The document between `<data>` and `</data>`."""
    arrived_at: float
    fault: FaultKind | None = None
    status: int = 200
    started_at: float | None = None
    """When `message_start` was sent."""
    finished_at: float | None = None
    usage: dict[str, int] = field(default_factory=dict)

    @property
    def task(self) -> str | None:
        """What was asked, e.g. `translate_paper`."""
        return None if self.data is None else self.data.get("task")


@dataclass(frozen=True)
class _Prompt:
    """A checked request, counted."""

    model: str
    max_tokens: int
    stream: bool
    cache_key: str | None
    cached_tokens: int
    other_tokens: int
    one_hour: bool
    thinks: bool
    answered_so_far: str
    """Text of a trailing assistant turn: the answer goes on behind it."""


class _CutResponse(StreamingResponse):
    """A stream whose connection closes without the end of the body."""

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self.body_iterator:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


class ModelStandIn:
    """The API as one ASGI application, with a log of calls and scripted faults.

    Args:
        translations: what it knows; unknown text is answered with the source behind `UNTRANSLATED`.
        introduction: paragraphs as in `sample/introduction.json`, given for a week whose titles `translations` all
            knows and whose ranks it uses; any other week gets an introduction made of the papers' labels.
        judgements: what it finds as a judge, wherever a segment's Korean holds the `quote`: the finding without its id.
        marks_redrafts: whether a redraft can be told from the first draft, by `REDRAFTED` behind each passage's first
            sentence; what is recorded is one translation only.
        readings: what it reads in comments; see `_reading`.
        follows_suggestions: whether it mends what it is asked to mend; else it gives its Korean back as it was.
        latency_s: seconds from a request to the end of its answer; `message_start` comes after a twentieth of it.
        api_key: the only accepted key; None: any.
        cache_minimum_tokens: shorter prefixes are silently not cached.
    """

    def __init__(
        self,
        translations: Translations | None = None,
        *,
        introduction: Sequence[Mapping[str, Any]] | None = None,
        judgements: Sequence[Mapping[str, str]] = (),
        readings: Sequence[Mapping[str, str]] = (),
        follows_suggestions: bool = True,
        marks_redrafts: bool = False,
        latency_s: float = 0.0,
        api_key: str | None = None,
        models: Iterable[str] = MODELS,
        cache_minimum_tokens: int = 1024,
    ) -> None:
        self.translations = translations or Translations()
        self.introduction = introduction
        self.readings = list(readings)
        self.follows_suggestions = follows_suggestions
        self.marks_redrafts = marks_redrafts
        self.judgements = [*judgements, _LEFT_UNTRANSLATED]
        self.latency_s = latency_s
        self.api_key = api_key
        self.models = list(models)
        self.cache_minimum_tokens = cache_minimum_tokens
        self.calls: list[ModelCallSeen] = []
        self.faults: list[Fault] = []
        self._cache: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._router = Router(
            routes=[
                Route("/v1/messages", self._messages, methods=["POST"]),
                Route("/v1/messages/count_tokens", self._count_tokens, methods=["POST"]),
                Route("/v1/models", self._list_models, methods=["GET"]),
                Route("/v1/models/{model_id}", self._one_model, methods=["GET"]),
            ],
            default=self._not_found,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        await self._router(scope, receive, send)

    def fail_next(self, kind: FaultKind, times: int = 1, match: str | None = None) -> Fault:
        """Let `kind` happen to the next `times` message requests, or to those whose user text holds `match`."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"unknown fault: {kind}")
        fault = Fault(kind, times, match)
        with self._lock:
            self.faults.append(fault)
        return fault

    def unfired(self) -> list[Fault]:
        """Armed faults that did not happen as often as they were armed."""
        with self._lock:
            return [fault for fault in self.faults if fault.fired < fault.times]

    # The routes

    async def _messages(self, request: Request) -> Response:
        call = ModelCallSeen(self._request_id(), {}, None, time.monotonic())
        try:
            self._check_headers(request)
            body = await json_body(request)
            prompt = self._checked(body, needs_max_tokens=True)
        except Problem as problem:
            call.status = problem.status
            return self._error(problem, call.request_id)
        user = _last_user_text(body["messages"])
        call.body, call.data = body, _data(user)
        call.fault = self._take_fault(user)
        with self._lock:
            self.calls.append(call)
        if call.fault is not None and call.fault in _STATUS:
            call.status = _STATUS[call.fault][0]
            return self._error(Problem(*_STATUS[call.fault]), call.request_id, _FAULT_HEADERS.get(call.fault))
        headers = self._headers(call.request_id)
        match call.fault:
            case "redirect":
                return Response(status_code=307, headers={**headers, "location": "http://other.example/v1/messages"})
            case "html_200":
                return Response(_HTML, media_type="text/html")
            case "empty_object":
                return JSONResponse({}, headers=headers)
            case "silence":
                await _until_gone(request)
                return Response(status_code=504)
        text = self._answer(call.data)[len(prompt.answered_so_far) :]
        text, stop_reason = _shaped(text, call.fault, prompt.max_tokens)
        if not prompt.stream:
            return await self._whole(call, prompt, text, stop_reason, headers)
        events = self._events(call, prompt, text, stop_reason, request)
        response = _CutResponse if call.fault == "cut_stream" else StreamingResponse
        headers["cache-control"] = "no-cache"
        return response(events, media_type="text/event-stream", headers=headers)

    async def _count_tokens(self, request: Request) -> Response:
        request_id = self._request_id()
        try:
            self._check_headers(request)
            prompt = self._checked(await json_body(request), needs_max_tokens=False)
        except Problem as problem:
            return self._error(problem, request_id)
        counted = {"input_tokens": prompt.cached_tokens + prompt.other_tokens}
        return JSONResponse(counted, headers=self._headers(request_id))

    async def _list_models(self, request: Request) -> Response:
        request_id = self._request_id()
        try:
            self._check_headers(request)
        except Problem as problem:
            return self._error(problem, request_id)
        page = {
            "data": [_model_info(model) for model in self.models],
            "has_more": False,
            "first_id": self.models[0] if self.models else None,
            "last_id": self.models[-1] if self.models else None,
        }
        return JSONResponse(page, headers=self._headers(request_id))

    async def _one_model(self, request: Request) -> Response:
        request_id = self._request_id()
        model = str(request.path_params["model_id"])
        try:
            self._check_headers(request)
            self._check_model(model)
        except Problem as problem:
            return self._error(problem, request_id)
        return JSONResponse(_model_info(model), headers=self._headers(request_id))

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = self._error(Problem(404, "not_found_error", "Not found"), self._request_id())
        await response(scope, receive, send)

    # What the API checks

    def _check_headers(self, request: Request) -> None:
        # Version 2.11 of the SDK sends the key as a bearer token; plain HTTP clients use `x-api-key`.
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise Problem(401, "authentication_error", "x-api-key header is required")
        if self.api_key is not None and key != self.api_key:
            raise Problem(401, "authentication_error", "invalid x-api-key")
        if request.headers.get("anthropic-version") not in API_VERSIONS:
            raise Problem(400, "invalid_request_error", "anthropic-version: header is required")

    def _check_model(self, model: object) -> None:
        if model not in self.models:
            raise Problem(404, "not_found_error", f"model: {model}")

    def _checked(self, body: Mapping[str, Any], *, needs_max_tokens: bool) -> _Prompt:
        check_body(body, needs_max_tokens=needs_max_tokens)
        self._check_model(body["model"])
        system = body.get("system", [])
        parts: list[dict[str, Any]] = [{"type": "text", "text": system}] if isinstance(system, str) else system
        marked = [number for number, block in enumerate(parts) if block.get("cache_control")]
        prefix = parts[: marked[-1] + 1] if marked else []
        # A schema becomes part of the prompt, before the system's own text.
        schema = json.dumps((body.get("output_config") or {}).get("format"), sort_keys=True)
        cached_tokens = sum(_tokens(block["text"]) for block in prefix) + (_tokens(schema) if prefix else 0)
        everything = _tokens(schema) + sum(_tokens(block["text"]) for block in parts)
        everything += sum(_tokens(_text_of(message["content"])) + 4 for message in body["messages"])
        is_cached = bool(prefix) and cached_tokens >= self.cache_minimum_tokens
        last = body["messages"][-1]
        return _Prompt(
            model=body["model"],
            max_tokens=body.get("max_tokens", 1),
            stream=body.get("stream", False) is True,
            cache_key=json.dumps([body["model"], schema, prefix], sort_keys=True) if is_cached else None,
            cached_tokens=cached_tokens if is_cached else 0,
            other_tokens=everything - (cached_tokens if is_cached else 0),
            one_hour=bool(prefix) and prefix[-1]["cache_control"].get("ttl") == "1h",
            thinks=(body.get("thinking") or {}).get("type") != "disabled",
            answered_so_far=_text_of(last["content"]) if last["role"] == "assistant" else "",
        )

    # What it answers

    def _answer(self, data: Mapping[str, Any] | None) -> str:
        match (data or {}).get("task"):
            case "translate_paper":
                return _packed(self._translation(data or {}))
            case "summarize_paper":
                return _packed({"bullets": self._bullets(data or {})})
            case "judge_paper":
                return _packed({"findings": self._judgement((data or {}).get("segments", []))})
            case "read_comment":
                return _packed({"items": self._reading(data or {})})
            case "repair_paper":
                return _packed({"segments": [self._mended(segment) for segment in (data or {}).get("segments", [])]})
            case "introduce_week":
                return _packed({"paragraphs": self._introduction((data or {}).get("papers", []))})
            case _:
                return UNKNOWN_TASK

    def _translation(self, data: Mapping[str, Any]) -> dict[str, Any]:
        protected: Mapping[str, str] = data.get("protected", {})
        title = _unmasked(data.get("title") or "", protected)
        segments: Sequence[Mapping[str, str]] = data.get("segments", [])
        korean: list[dict[str, str]] = []
        for _, run in itertools.groupby(segments, key=lambda segment: segment["id"][:1]):
            passage = [(segment["id"], _unmasked(segment["text"], protected)) for segment in run]
            found = self.translations.passage([text for _, text in passage])
            for number, ((short_id, source), text) in enumerate(zip(passage, found, strict=True)):
                mark = f" {REDRAFTED}" if self.marks_redrafts and "attempt" in data and not number else ""
                korean.append({"id": short_id, "ko": _masked(text or f"{UNTRANSLATED} {source}", protected) + mark})
        named = (self.translations.title(title) or f"{UNTRANSLATED} {title}") if title else ""
        return {"title": _masked(named, protected), "segments": korean}

    def _bullets(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A bullet a segment; of more than ten, neighbours share one."""
        translated = self._translation({**data, "title": None})["segments"]
        size = -(-len(translated) // MOST_BULLETS)
        return [
            {"ko": " ".join(one["ko"] for one in some), "rests_on": [one["id"] for one in some]}
            for some in (translated[start : start + size] for start in range(0, len(translated), size or 1))
        ]

    def _judgement(self, segments: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        return [
            {"id": segment["id"], **judgement}
            for judgement in self.judgements
            for segment in segments
            if judgement["quote"] in segment["ko"]
        ]

    def _reading(self, data: Mapping[str, Any]) -> list[dict[str, str]]:
        """The first reading whose `match` stands in the comment; its `sentence` is words of the Korean it means.

        Any other comment about known sentences gets the recorded translation of the first as a draft, where there is
        another one; all else is a report of nothing in particular.
        """
        sentences = data["sentences"]
        for reading in self.readings:
            if reading["match"] in data["comment"]:
                meant = [one["id"] for one in sentences if reading["sentence"] and reading["sentence"] in one["ko"]]
                item = {key: reading.get(key, "") for key in ("kind", "old", "new", "draft", "reason")}
                return [item | {"sentence": meant[0] if meant else ""}]
        if data["is_about_these"] and sentences:
            first = sentences[0]
            (draft,) = self.translations.passage([first["en"]])
            if draft and draft != first["ko"]:
                said = {"kind": "report", "sentence": first["id"], "old": "", "new": "", "draft": draft}
                return [said | {"reason": "문장이 어색하다고 합니다."}]
        return [{"kind": "report", "sentence": "", "old": "", "new": "", "draft": "", "reason": ""}]

    def _mended(self, segment: Mapping[str, Any]) -> dict[str, str]:
        korean: str = segment["ko"]
        for finding in segment["findings"] if self.follows_suggestions else ():
            if finding.get("suggestion"):
                korean = korean.replace(finding["quote"], finding["suggestion"], 1)
        return {"id": segment["id"], "ko": korean}

    def _introduction(self, papers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        ranks = {paper["rank"] for paper in papers}
        if self.introduction is not None and all(self.translations.title(paper["title"]) for paper in papers):
            recorded = [
                [{"text": sentence["ko"], "papers": sentence["ranks"]} for sentence in paragraph["sentences"]]
                for paragraph in self.introduction
            ]
            if ranks == {rank for paragraph in recorded for sentence in paragraph for rank in sentence["papers"]}:
                return [{"sentences": paragraph} for paragraph in recorded]
        return introduction_of_labels(papers)

    # How it is sent

    async def _whole(
        self, call: ModelCallSeen, prompt: _Prompt, text: str, stop_reason: str, headers: Mapping[str, str]
    ) -> Response:
        usage = self._usage(prompt)
        await asyncio.sleep(self.latency_s)
        call.started_at = call.finished_at = time.monotonic()
        self._remember(prompt)
        usage["output_tokens"] = _output_tokens(prompt, text)
        call.usage = _flat(usage)
        message = _message(call.request_id, prompt.model, usage) | {
            "content": [*([_THOUGHT] if prompt.thinks else []), {"type": "text", "text": text, "citations": None}],
            "stop_reason": stop_reason,
        }
        packed = _packed(message)
        if call.fault in ("half_json", "cut_stream", "clean_end"):
            packed = packed[: len(packed) // 2]
        if call.fault == "error_event":
            return self._error(Problem(*_STATUS["overloaded"]), call.request_id)
        return Response(packed, media_type="application/json", headers=dict(headers))

    async def _events(
        self, call: ModelCallSeen, prompt: _Prompt, text: str, stop_reason: str, request: Request
    ) -> AsyncIterator[bytes]:
        usage = self._usage(prompt)
        await asyncio.sleep(self.latency_s / 20)
        call.started_at = time.monotonic()
        self._remember(prompt)
        call.usage = _flat(usage)
        yield _event("message_start", message=_message(call.request_id, prompt.model, usage))
        yield _event("ping")
        if call.fault == "slow_dribble":
            while not await request.is_disconnected():
                yield _event("ping")
                await asyncio.sleep(0.02)
            return
        index = 0
        if prompt.thinks:
            yield _event(
                "content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}
            )
            yield _event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2FuZGJveA=="})
            yield _event("content_block_stop", index=0)
            index = 1
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        pieces = [text[start : start + 80] for start in range(0, len(text), 80)]
        left_s = max(0.0, self.latency_s - (time.monotonic() - call.arrived_at))
        for number, piece in enumerate(pieces):
            await asyncio.sleep(left_s / len(pieces))
            event = _event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
            if number == len(pieces) // 2:
                match call.fault:
                    case "half_json":
                        yield event[: len(event) // 2] + b"\n\n"
                        return
                    case "cut_stream" | "clean_end":
                        return
                    case "error_event":
                        yield _event("error", error={"type": "overloaded_error", "message": "Overloaded"})
                        return
            yield event
            if number % 8 == 7:
                yield _event("ping")
        yield _event("content_block_stop", index=index)
        output_tokens = _output_tokens(prompt, text)
        call.usage["output_tokens"] = output_tokens
        call.finished_at = time.monotonic()
        delta = {"stop_reason": stop_reason, "stop_sequence": None, "stop_details": None}
        details = {"thinking_tokens": THINKING_TOKENS if prompt.thinks else 0}
        final = {"output_tokens": output_tokens, "output_tokens_details": details}
        yield _event("message_delta", delta=delta, usage=final)
        yield _event("message_stop")

    def _usage(self, prompt: _Prompt) -> dict[str, Any]:
        """The prompt's tokens by kind. An entry can be read once the answer that writes it has begun."""
        with self._lock:
            is_read = prompt.cache_key is not None and self._cache.get(prompt.cache_key, 0.0) > time.monotonic()
        written = 0 if is_read else prompt.cached_tokens
        return {
            "input_tokens": prompt.other_tokens,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": prompt.cached_tokens if is_read else 0,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if prompt.one_hour else written,
                "ephemeral_1h_input_tokens": written if prompt.one_hour else 0,
            },
            "output_tokens": 1,
            "service_tier": "standard",
        }

    def _remember(self, prompt: _Prompt) -> None:
        if prompt.cache_key is not None:
            lifetime_s = 3600.0 if prompt.one_hour else CACHE_LIFETIME_S
            with self._lock:
                self._cache[prompt.cache_key] = time.monotonic() + lifetime_s

    def _take_fault(self, user_text: str) -> FaultKind | None:
        with self._lock:
            for fault in self.faults:
                if fault.fired < fault.times and (fault.match is None or fault.match in user_text):
                    fault.fired += 1
                    return fault.kind
        return None

    def _request_id(self) -> str:
        return f"req_sandbox{next(self._numbers):06d}"

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"request-id": request_id, "anthropic-organization-id": "sandbox"}

    def _error(self, problem: Problem, request_id: str, more: Mapping[str, str] | None = None) -> Response:
        body = {
            "type": "error",
            "error": {"type": problem.kind, "message": problem.message},
            "request_id": request_id,
        }
        headers = {**self._headers(request_id), **(more or {})}
        return JSONResponse(body, status_code=problem.status, headers=headers)


_THOUGHT = {"type": "thinking", "thinking": "", "signature": "c2FuZGJveA=="}


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in blocks(content))


def _last_user_text(messages: Sequence[Mapping[str, Any]]) -> str:
    return next((_text_of(message["content"]) for message in reversed(messages) if message["role"] == "user"), "")


def _data(user_text: str) -> Mapping[str, Any] | None:
    """The JSON object between the last `<data>` line and the `</data>` line behind it."""
    blocks = re.findall(r"^<data>\n(.*?)\n</data>$", user_text, re.MULTILINE | re.DOTALL)
    try:
        data = json.loads(blocks[-1]) if blocks else None
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _tokens(text: str) -> int:
    """A plausible count: four ASCII characters a token, one and a quarter of all others."""
    ascii_characters = sum(1 for char in text if char.isascii())
    return math.ceil(ascii_characters / 4 + (len(text) - ascii_characters) * 0.8)


def _output_tokens(prompt: _Prompt, text: str) -> int:
    return _tokens(text) + (THINKING_TOKENS if prompt.thinks else 0) + 3


def _shaped(text: str, fault: FaultKind | None, max_tokens: int) -> tuple[str, str]:
    """The text as it is really sent, and its stop reason."""
    if fault is not None and fault in _STOPS:
        kept = "" if fault == "refusal" else text[: len(text) // 2]
        return kept, _STOPS[fault]
    text = _spoilt(text, fault)
    if _tokens(text) > max_tokens:
        return text[: max_tokens * len(text) // _tokens(text)], "max_tokens"
    return text, "end_turn"


def _spoilt(text: str, fault: FaultKind | None) -> str:
    if fault == "not_json":
        return f"물론입니다! 요청하신 결과입니다.\n```json\n{text}\n```"
    if fault == "doubled_key":
        return text[:-1] + ',"title":"두 번째 제목"}'
    spoil = _SPOILERS.get(fault or "")
    answer = json.loads(text) if spoil is not None else {}
    if spoil is None or not answer.get("segments"):
        return text
    spoil(answer["segments"])
    return _packed(answer)


def _swap(segments: list[dict[str, str]]) -> None:
    segments[0]["ko"], segments[-1]["ko"] = segments[-1]["ko"], segments[0]["ko"]


_SPOILERS: Mapping[str, Callable[[list[dict[str, str]]], object]] = {
    "wrong_ids": lambda segments: segments[0].update(id="zz9"),
    "swapped_segments": _swap,
    "missing_segment": lambda segments: segments.pop(),
    "extra_segment": lambda segments: segments.append({"id": "zz9", "ko": "요청하지 않은 문장입니다."}),
    "doubled_segment": lambda segments: segments.append(dict(segments[0])),
    "empty_segment": lambda segments: segments[0].update(ko=" "),
}


def _unmasked(text: str, protected: Mapping[str, str]) -> str:
    for token, original in protected.items():
        text = text.replace(token, original)
    return text


def _masked(text: str, protected: Mapping[str, str]) -> str:
    for token, original in sorted(protected.items(), key=lambda pair: -len(pair[1])):
        text = text.replace(original, token)
    return text


def _packed(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {_packed({'type': kind, **fields})}\n\n".encode()


def _message(request_id: str, model: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{request_id.removeprefix('req_')}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": dict(usage),
    }


def _flat(usage: Mapping[str, Any]) -> dict[str, int]:
    return {name: count for name, count in usage.items() if isinstance(count, int)}


def _model_info(model: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model,
        "display_name": model.replace("-", " ").title(),
        "created_at": "2026-09-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 1_000_000,
        "max_tokens": 128_000,
    }


async def _until_gone(request: Request) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(0.02)
