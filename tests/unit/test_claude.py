"""The Messages adapter over real loopback HTTP: whole answers, and every fault as one of our errors with its cost."""

import datetime as dt
import email.utils
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from bot import clock
from bot.errors import RejectedError, SettingsError, TransientError
from bot.sandbox.model import FaultKind, ModelStandIn
from bot.sandbox.server import serve
from bot.translation.answers import (
    AnswerCutError,
    AnswerInvalidError,
    AnswerRefusedError,
    AnswerUnknownError,
    ModelAccessError,
    ModelAnswer,
    ModelCallError,
    ModelRequest,
    ModelUnavailableError,
    RequestRefusedError,
    parse_structured,
    parse_text,
    usage_of_error,
)
from bot.translation.claude import Claude
from bot.translation.prices import Usage

KEY = "sk-sandbox-0123456789"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title"],
    "properties": {"title": {"type": "string"}},
}


def request_of(
    *segments: str,
    title: str | None = "A Title",
    effort: Literal["low", "medium", "high"] | None = None,
    max_tokens: int = 4000,
    timeout_s: float = 10.0,
) -> ModelRequest:
    data = {
        "task": "translate_paper",
        "title": title,
        "segments": [{"id": f"a{number}", "text": text} for number, text in enumerate(segments, start=1)],
    }
    return ModelRequest(
        model="claude-sonnet-5-5",
        system=("You translate papers. " * 300, "Terms: agent = 에이전트"),
        user=f"Translate.\n<data>\n{json.dumps(data, ensure_ascii=False)}\n</data>",
        schema=SCHEMA,
        max_tokens=max_tokens,
        effort=effort,
        timeout_s=timeout_s,
    )


REQUEST = request_of("We study sorting.", "It is fast. " * 30)


@dataclass(frozen=True)
class World:
    api: ModelStandIn
    claude: Claude
    url: str


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[ModelStandIn, str]]:
    api = ModelStandIn(api_key=KEY)
    with serve(api) as url:
        yield api, url


@pytest.fixture
def world(server: tuple[ModelStandIn, str]) -> Iterator[World]:
    api, url = server
    api.calls.clear()
    api.faults.clear()
    api.latency_s = 0.0
    claude = Claude(KEY, base_url=url)
    yield World(api, claude, url)
    claude.close()
    assert api.unfired() == []


def test_answer_is_the_text_alone_with_model_request_and_tokens(world: World) -> None:
    answer = world.claude.ask(REQUEST)
    assert json.loads(answer.text)["segments"][0] == {"id": "a1", "ko": "[미번역] We study sorting."}
    assert (answer.stop_reason, answer.model) == ("end_turn", "claude-sonnet-5-5")
    assert answer.request_id == world.api.calls[0].request_id
    assert answer.usage.output_tokens == world.api.calls[0].usage["output_tokens"] > 32
    assert answer.latency_s > 0


def test_request_carries_schema_effort_and_the_cached_prefix(world: World) -> None:
    world.claude.ask(replace(REQUEST, effort="low"))
    body = world.api.calls[0].body
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}
    assert [block.get("cache_control") for block in body["system"]] == [None, {"type": "ephemeral"}]
    assert body["messages"] == [{"role": "user", "content": REQUEST.user}]


def test_prefix_is_not_cached_where_that_is_not_wanted(world: World) -> None:
    answer = world.claude.ask(replace(REQUEST, cache_system=False, system=("Unlike any other prefix. " * 300,)))
    assert answer.usage.cache_write_tokens == 0
    assert "cache_control" not in json.dumps(world.api.calls[0].body)


def test_second_call_reads_what_the_first_wrote(world: World) -> None:
    request = replace(REQUEST, system=("A prefix of this test alone. " * 300,))
    first, second = world.claude.ask(request), world.claude.ask(request)
    assert first.usage.cache_write_tokens == second.usage.cache_read_tokens > 1024
    assert second.usage.cache_write_tokens == first.usage.cache_read_tokens == 0


def test_parallel_calls_that_wait_for_the_start_read_the_cache(world: World) -> None:
    world.api.latency_s = 0.4
    request = replace(REQUEST, system=("A prefix for parallel calls. " * 300,))
    started, answers = threading.Event(), []
    first = threading.Thread(target=lambda: answers.append(world.claude.ask(request, on_started=started.set)))
    first.start()
    assert started.wait(5)
    assert not answers
    second = world.claude.ask(request)
    first.join(5)
    assert second.usage.cache_read_tokens == answers[0].usage.cache_write_tokens > 0


def test_errors_of_the_callback_are_the_callers_own(world: World) -> None:
    def fail() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        world.claude.ask(REQUEST, on_started=fail)


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("rate_limited", ModelUnavailableError, "429"),
        ("overloaded", ModelUnavailableError, "529"),
        ("server_error", ModelUnavailableError, "500"),
        ("timeout_status", ModelUnavailableError, "408"),
        ("server_error_final", RequestRefusedError, "500"),
        ("unauthorized", ModelAccessError, "ANTHROPIC_API_KEY"),
        ("billing", ModelAccessError, "ANTHROPIC_API_KEY"),
        ("forbidden", ModelAccessError, "ANTHROPIC_API_KEY"),
        ("not_found", ModelAccessError, "DRAFT_MODEL"),
        ("redirect", ModelAccessError, "ANTHROPIC_BASE_URL"),
        ("spend_limit", ModelAccessError, "spend limit"),
        ("bad_request", RequestRefusedError, "armed fault"),
        ("too_large", RequestRefusedError, "413"),
    ],
)
def test_error_status_becomes_our_error_and_costs_nothing(
    world: World, kind: FaultKind, error: type[ModelCallError], words: str
) -> None:
    world.api.fail_next(kind)
    with pytest.raises(error, match=words) as caught:
        world.claude.ask(REQUEST)
    assert type(caught.value) is error
    assert caught.value.request_id == world.api.calls[0].request_id
    assert usage_of_error(caught.value) == (None, False)
    assert len(world.api.calls) == 1


def test_retry_after_is_handed_on_and_never_slept(world: World) -> None:
    world.api.fail_next("rate_limited")
    began = time.monotonic()
    with pytest.raises(TransientError) as caught:
        world.claude.ask(REQUEST)
    assert caught.value.retry_after_s == 3600
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("kind", ["html_200", "empty_object"])
def test_body_that_is_no_stream_is_not_an_answer(world: World, kind: FaultKind) -> None:
    world.api.fail_next(kind)
    with pytest.raises(ModelUnavailableError, match="instead of an event stream") as caught:
        world.claude.ask(REQUEST)
    assert usage_of_error(caught.value) == (None, True)


@pytest.mark.parametrize("kind", ["half_json", "cut_stream", "clean_end", "error_event"])
def test_half_an_answer_is_no_answer_and_its_cost_is_unknown(world: World, kind: FaultKind) -> None:
    world.api.fail_next(kind)
    with pytest.raises(ModelUnavailableError) as caught:
        world.claude.ask(REQUEST)
    call = world.api.calls[0]
    assert caught.value.request_id == call.request_id
    assert caught.value.answer is not None
    assert caught.value.answer.stop_reason == ""
    assert caught.value.usage is not None
    assert caught.value.usage.prompt_tokens > 1000
    assert usage_of_error(caught.value) == (None, True)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("refusal", AnswerRefusedError),
        ("max_tokens", AnswerCutError),
        ("model_context_window_exceeded", AnswerCutError),
        ("unknown_stop", AnswerUnknownError),
    ],
)
def test_other_ends_than_the_models_own_are_errors_with_their_cost(
    world: World, kind: FaultKind, error: type[ModelCallError]
) -> None:
    world.api.fail_next(kind)
    with pytest.raises(error) as caught:
        world.claude.ask(REQUEST)
    usage, is_unknown = usage_of_error(caught.value)
    assert isinstance(caught.value, RejectedError)
    assert usage is not None
    assert usage.output_tokens == world.api.calls[0].usage["output_tokens"]
    assert not is_unknown


def test_answer_longer_than_its_limit_is_cut(world: World) -> None:
    with pytest.raises(AnswerCutError) as caught:
        world.claude.ask(replace(REQUEST, max_tokens=20))
    assert caught.value.answer is not None
    assert caught.value.answer.stop_reason == "max_tokens"


def test_paused_answer_is_continued_to_the_same_text(world: World) -> None:
    whole = world.claude.ask(REQUEST)
    world.api.fail_next("pause_turn")
    paused = world.claude.ask(REQUEST)
    assert paused.text == whole.text
    assert [message["role"] for message in world.api.calls[-1].body["messages"]] == ["user", "assistant"]
    assert paused.usage.output_tokens == sum(call.usage["output_tokens"] for call in world.api.calls[1:])


def test_pauses_without_end_go_to_a_person(world: World) -> None:
    world.api.fail_next("pause_turn", times=4)
    with pytest.raises(AnswerUnknownError) as caught:
        world.claude.ask(REQUEST)
    usage, _ = usage_of_error(caught.value)
    assert usage is not None
    assert usage.output_tokens == sum(call.usage["output_tokens"] for call in world.api.calls)


def test_failure_after_a_pause_carries_what_the_first_part_cost(world: World) -> None:
    world.api.fail_next("pause_turn")
    world.api.fail_next("overloaded")
    with pytest.raises(ModelUnavailableError) as caught:
        world.claude.ask(REQUEST)
    usage, _ = usage_of_error(caught.value)
    assert usage is not None
    assert usage.output_tokens == world.api.calls[0].usage["output_tokens"]


def test_stream_that_dribbles_for_ever_is_cut_at_its_deadline(world: World) -> None:
    world.api.fail_next("slow_dribble")
    began = time.monotonic()
    with pytest.raises(ModelUnavailableError, match="deadline"):
        world.claude.ask(replace(REQUEST, timeout_s=0.5))
    assert 0.4 < time.monotonic() - began < 2


def test_silence_ends_at_the_deadline(world: World) -> None:
    world.api.fail_next("silence")
    began = time.monotonic()
    with pytest.raises(ModelUnavailableError, match="Timeout") as caught:
        world.claude.ask(replace(REQUEST, timeout_s=0.5))
    assert time.monotonic() - began < 2
    assert usage_of_error(caught.value) == (None, True)


def test_refused_connection_costs_nothing() -> None:
    claude = Claude(KEY, base_url="http://127.0.0.1:9")
    with pytest.raises(ModelUnavailableError, match="ConnectError") as caught:
        claude.ask(REQUEST)
    assert usage_of_error(caught.value) == (None, False)


def test_errors_of_others_cost_nothing() -> None:
    assert usage_of_error(RejectedError("elsewhere")) == (None, False)


def test_wrong_key_is_named_by_its_setting_and_never_shown(world: World) -> None:
    with pytest.raises(ModelAccessError, match="ANTHROPIC_API_KEY") as caught:
        Claude("sk-wrong-4711", base_url=world.url).ask(REQUEST)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", "sk key", "sk-\n", "sk-가"])
def test_unusable_key_is_refused_before_anything_is_sent(key: str) -> None:
    with pytest.raises(SettingsError, match="ANTHROPIC_API_KEY"):
        Claude(key)


def test_nothing_of_key_or_texts_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("anthropic").setLevel(logging.DEBUG)
    Claude(KEY, base_url=world.url).ask(REQUEST)
    assert KEY not in caplog.text
    assert "We study sorting" not in caplog.text


def test_model_exists_or_not(world: World) -> None:
    assert world.claude.model_exists("claude-sonnet-5-5")
    assert not world.claude.model_exists("claude-nova-9")
    assert world.api.calls == []


def test_model_list_behind_a_wrong_key_is_an_access_error(world: World) -> None:
    with pytest.raises(ModelAccessError):
        Claude("sk-wrong", base_url=world.url).model_exists("claude-sonnet-5-5")


# Answers that the stand-in would never give: raw bytes behind a status.

Respond = Callable[[bytes, str, int, dict[str, str]], Claude]


@pytest.fixture(scope="module")
def raw() -> Iterator[Respond]:
    state: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"content-type": state["type"], "request-id": "req_raw", **state["headers"]}
        packed = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": state["status"], "headers": packed})
        await send({"type": "http.response.body", "body": state["body"]})

    with serve(app) as url:
        claude = Claude(KEY, base_url=url)

        def respond(body: bytes, content_type: str, status: int, headers: dict[str, str]) -> Claude:
            state.update(body=body, type=content_type, status=status, headers=headers)
            return claude

        yield respond
        claude.close()


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": []}
START = {"type": "message_start", "message": {**MESSAGE, "usage": {"input_tokens": 7, "output_tokens": 1}}}
TEXT_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
STOP = {"type": "message_stop"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"event: message_start\ndata: {}\n\n",
        b"event: message_start\ndata: [1]\n\n",
        b"event: message_start\ndata: \xff\xfe\n\n",
        sse({"type": "message_start"}),
        sse({"type": "message_start", "message": MESSAGE}, END, STOP),
        sse({"type": "message_start", "message": {**MESSAGE, "usage": None}}, STOP),
        sse(TEXT_DELTA),
        sse(START),
        sse(START, TEXT_DELTA),
        sse(START, {"type": "content_block_start", "index": 0}),
        sse(START, END),
        sse(START, STOP),
        sse(START, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, STOP),
        sse(START, {**END, "usage": {"output_tokens": -1}}, STOP),
        sse(START, {**END, "usage": {"output_tokens": "many"}}, STOP),
    ],
)
def test_malformed_stream_is_one_transient_error(raw: Respond, body: bytes) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        raw(body, "text/event-stream", 200, {}).ask(REQUEST)
    assert usage_of_error(caught.value) == (None, True)


def test_unknown_events_and_blocks_are_passed_over(raw: Respond) -> None:
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "hologram", "text": "no"}}
    body = sse(START, {"type": "weather_report", "rain": True}, block, END, STOP)
    answer = raw(body, "text/event-stream", 200, {}).ask(REQUEST)
    assert (answer.text, answer.usage) == ("", Usage(7, 0, 0, 3))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ModelUnavailableError),
        ("rate_limit_error", ModelUnavailableError),
        ("something_new", ModelUnavailableError),
        ("permission_error", ModelAccessError),
        ("invalid_request_error", RequestRefusedError),
    ],
)
def test_error_event_is_read_by_its_type_and_may_have_cost(
    raw: Respond, kind: str, error: type[ModelCallError]
) -> None:
    body = sse(START, {"type": "error", "error": {"type": kind, "message": "no"}})
    with pytest.raises(error) as caught:
        raw(body, "text/event-stream", 200, {}).ask(REQUEST)
    assert usage_of_error(caught.value) == (None, True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12.5"}, 12.5),
        ({"retry-after": "4300000"}, 4_300_000),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 20 Nov 2026 00:00:00 GMT"}, 0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_every_form_of_retry_after(raw: Respond, headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(TransientError) as caught:
        raw(b"busy", "text/plain", 503, headers).ask(REQUEST)
    assert caught.value.retry_after_s == seconds


def test_retry_after_as_a_date_counts_from_the_answers_own_date(raw: Respond) -> None:
    until = email.utils.format_datetime(clock.now() + dt.timedelta(seconds=90), usegmt=True)
    with pytest.raises(TransientError) as caught:
        raw(b"busy", "text/plain", 503, {"retry-after": until}).ask(REQUEST)
    assert caught.value.retry_after_s == pytest.approx(90, abs=3)


def test_header_beats_the_status_in_both_directions(raw: Respond) -> None:
    with pytest.raises(ModelUnavailableError):
        raw(b"{}", "application/json", 400, {"x-should-retry": "true"}).ask(REQUEST)
    with pytest.raises(RequestRefusedError):
        raw(b"{}", "application/json", 429, {"x-should-retry": "false"}).ask(REQUEST)


def test_spend_limit_of_the_account_stops_all_work_although_it_is_a_429(raw: Respond) -> None:
    details = {"error_code": "enforced_spend_limit_reached"}
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "limit", "details": details}}
    with pytest.raises(ModelAccessError, match="spend limit"):
        raw(json.dumps(body).encode(), "application/json", 429, {}).ask(REQUEST)


@pytest.mark.parametrize("body", [b"<html></html>", b"{}", b'{"type":"mod', b"[]"])
def test_model_list_that_is_none_is_transient(raw: Respond, body: bytes) -> None:
    content_type = "text/html" if body.startswith(b"<") else "application/json"
    with pytest.raises(ModelUnavailableError):
        raw(body, content_type, 200, {}).model_exists("claude-sonnet-5-5")


# The hash of a request


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, model="claude-opus-5-5"),
        replace(REQUEST, system=(*REQUEST.system, "more")),
        replace(REQUEST, system=("".join(REQUEST.system),)),
        replace(REQUEST, user=REQUEST.user + " "),
        replace(REQUEST, schema={**SCHEMA, "required": []}),
        replace(REQUEST, effort="high"),
    ],
)
def test_hash_changes_with_whatever_changes_the_answer(other: ModelRequest) -> None:
    assert other.input_hash != REQUEST.input_hash


def test_hash_survives_new_limits_and_a_new_process() -> None:
    assert replace(REQUEST, max_tokens=1, timeout_s=1, cache_system=False).input_hash == REQUEST.input_hash
    plain = ModelRequest(model="m", system=("s",), user="안녕", schema={"type": "object"}, max_tokens=1)
    assert plain.input_hash == "1f459138f149f992144a38ea739339b0644bddbbe05ab686698208ad1573154d"


def test_token_bound_of_a_request_covers_what_the_api_counts(world: World) -> None:
    answer = world.claude.ask(REQUEST)
    assert answer.usage.prompt_tokens < REQUEST.input_tokens_bound


# Reading an answer


class Inner(BaseModel):
    ko: str
    ids: tuple[int, ...] = ()


class Outer(BaseModel):
    title: str
    segments: list[Inner]


def answer_of(text: str) -> ModelAnswer:
    return ModelAnswer(text, "end_turn", "claude-sonnet-5-5", "req_1", Usage(1, 0, 0, 1), 0.1)


def test_answer_of_the_asked_form_is_read() -> None:
    outer = parse_structured(answer_of(' {"title": "", "segments": [{"ko": "가", "ids": [1]}]}\n'), Outer)
    assert outer == Outer(title="", segments=[Inner(ko="가", ids=(1,))])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("물론입니다!", "not JSON"),
        ('{"title": "", "segments": []} 이상입니다.', "not JSON"),
        ('```json\n{"title": "", "segments": []}\n```', "not JSON"),
        ('{"title": "", "segments": [', "not JSON"),
        ("[]", "document"),
        ('{"title": ""}', "segments"),
        ('{"title": null, "segments": []}', "title"),
        ('{"title": 3, "segments": []}', "title"),
        ('{"title": "", "segments": [], "note": ""}', "note"),
        ('{"title": "", "segments": [{"ko": "", "why": ""}]}', "segments.0.why"),
        ('{"title": "", "segments": [{"ko": "", "ids": ["1"]}]}', "segments.0.ids.0"),
        ('{"title": "", "title": "", "segments": []}', "twice"),
        ('{"title": "", "segments": [{"ko": "", "ko": ""}]}', "twice"),
        ('{"title": "", "segments": [{"ko": "a\\u0000b"}]}', "NUL"),
        ('{"title": "", "segments": [{"ko": "\\ud83d"}]}', "surrogate"),
        ('{"title": "", "segments": [{"ko": "", "ids": [NaN]}]}', "NaN"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_answer_of_any_other_form_is_refused_with_its_request(text: str, words: str) -> None:
    with pytest.raises(AnswerInvalidError, match=words) as caught:
        parse_structured(answer_of(text), Outer)
    assert "req_1" in str(caught.value)
    assert usage_of_error(caught.value) == (Usage(1, 0, 0, 1), False)


def test_texts_of_an_answer_are_not_quoted_in_the_error() -> None:
    with pytest.raises(AnswerInvalidError) as caught:
        parse_text('{"title": {"secret": "value-4711"}, "segments": []}', Outer)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("kind", ["not_json", "doubled_key"])
def test_answer_that_is_not_the_json_asked_for_comes_through_and_is_refused_on_reading(
    world: World, kind: FaultKind
) -> None:
    world.api.fail_next(kind)
    answer = world.claude.ask(REQUEST)
    with pytest.raises(AnswerInvalidError):
        parse_structured(answer, Outer)
