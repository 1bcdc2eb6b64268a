"""Every error body the forum is known to send, and the faults around it, become the right class of error."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bot.errors import BotError, ConflictError, RejectedError, SettingsError, TransientError
from bot.forum.answers import HeldForApproval
from bot.forum.discourse import Call, Discourse
from bot.forum.errors import (
    ForbiddenError,
    LostAnswerError,
    NotFoundError,
    RefusedError,
    UnreadableAnswerError,
)

KEY = "secret-key-0123456789"
POST = {
    "id": 7,
    "topic_id": 3,
    "post_number": 1,
    "raw": "본문입니다",
    "version": 1,
    "username": "paperbot",
    "updated_at": "2024-06-03T09:00:00.000Z",
    "post_type": 1,
    "hidden": False,
    "deleted_at": None,
    "user_deleted": False,
}
TOPIC = {
    "id": 3,
    "slug": "topic",
    "title": "제목",
    "category_id": 5,
    "tags": ["llm"],
    "external_id": "week-1",
    "visible": True,
    "deleted_at": None,
    "post_stream": {"posts": [POST], "stream": [7]},
}

Answer = Callable[[httpx.Request], httpx.Response]


class Script:
    """Answers requests in order and keeps them; the last answer repeats."""

    def __init__(self, *answers: Answer | httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer


def forum(*answers: Answer | httpx.Response, url: str = "https://forum.test") -> tuple[Discourse, Script]:
    script = Script(*answers)
    return Discourse(url, username="paperbot", api_key=KEY, transport=httpx.MockTransport(script)), script


def raising(error: type[httpx.HTTPError], text: str = "") -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error(text)

    return answer


def read(discourse: Discourse) -> Any:
    return discourse.topic(3)


def write(discourse: Discourse) -> Any:
    return discourse.reply(3, "답글을 하나 남깁니다. <!-- paperbot t -->")


def error_of(act: Callable[[Discourse], Any], *answers: Answer | httpx.Response) -> BotError:
    discourse, _ = forum(*answers)
    with discourse, pytest.raises(BotError) as caught:
        act(discourse)
    assert KEY not in str(caught.value)
    return caught.value


# --- the rows of the table of error bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["create_post", "created_post"])
def test_a_refused_creation_is_rejected_with_the_forums_own_words(action: str) -> None:
    body = {"action": action, "errors": ["제목은 이미 사용 중입니다", "본문이 너무 짧습니다"]}
    error = error_of(write, httpx.Response(422, json=body))
    assert isinstance(error, RefusedError)
    assert error.errors == ("제목은 이미 사용 중입니다", "본문이 너무 짧습니다")
    assert error.status == 422
    assert "제목은 이미 사용 중입니다" in str(error)


def test_a_creation_queued_for_review_is_no_error_and_no_post() -> None:
    body = {
        "success": True,
        "action": "enqueued",
        "pending_count": 2,
        "pending_post": {"id": 91, "raw": "본문", "created_at": "2024-06-03T09:00:00.000Z"},
        "reason": "category",
    }
    discourse, _ = forum(httpx.Response(200, json=body))
    assert write(discourse) == HeldForApproval(reviewable_id=91, pending_count=2, reason="category")


def test_another_validation_error_is_rejected() -> None:
    body = {"errors": ["이름이 필요합니다"], "error_type": "record_invalid"}
    error = error_of(write, httpx.Response(422, json=body))
    assert isinstance(error, RefusedError)
    assert error.errors == ("이름이 필요합니다",)


def test_a_422_that_only_says_failed_is_rejected_without_words() -> None:
    error = error_of(write, httpx.Response(422, json={"failed": "FAILED"}))
    assert isinstance(error, RefusedError)
    assert error.errors == ()


@pytest.mark.parametrize(
    "body", [{"errors": ["raw가 빠졌습니다"]}, {"errors": ["shared_draft"], "error_type": "invalid_parameters"}]
)
def test_a_bad_or_forbidden_parameter_is_rejected(body: dict[str, Any]) -> None:
    error = error_of(write, httpx.Response(400, json=body))
    assert isinstance(error, RefusedError)
    assert error.status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"errors": ["권한이 없습니다"], "error_type": "invalid_access"},
        {"errors": ["로그인하세요"], "error_type": "not_logged_in"},
        {"errors": ["이미 했습니다"]},
    ],
)
def test_a_403_names_key_scopes_and_user_to_check(body: dict[str, Any]) -> None:
    error = error_of(read, httpx.Response(403, json=body))
    assert isinstance(error, ForbiddenError)
    for word in ("key", "scopes", "paperbot", body["errors"][0]):
        assert word in str(error)


def test_a_403_page_of_a_firewall_is_forbidden_too() -> None:
    assert isinstance(error_of(read, httpx.Response(403, html="<h1>blocked</h1>")), ForbiddenError)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_missing_or_deleted_is_not_found(status: int) -> None:
    body = {
        "errors": ["찾을 수 없습니다"],
        "error_type": "not_found",
        "extras": {"title": "없음", "html": "<p>없음</p>", "group": None},
    }
    assert isinstance(error_of(read, httpx.Response(status, json=body)), NotFoundError)


def test_a_missing_page_of_something_else_than_the_forum_does_not_mean_the_topic_is_absent() -> None:
    def lookup(discourse: Discourse) -> Any:
        return discourse.find_topic("week-1")

    error = error_of(lookup, httpx.Response(404, html="<h1>404 nginx</h1>"))
    assert isinstance(error, TransientError)


def test_an_edit_conflict_is_a_conflict() -> None:
    def edit(discourse: Discourse) -> Any:
        return discourse.edit_post(7, "새 글", raw_old="옛 글", reason="correction 1")

    error = error_of(edit, httpx.Response(409, json={"errors": ["그 사이에 수정되었습니다"]}))
    assert isinstance(error, ConflictError)


@pytest.mark.parametrize(
    ("answer", "delay_s"),
    [
        (
            httpx.Response(
                429,
                json={"errors": ["천천히"], "error_type": "rate_limit", "extras": {"wait_seconds": 17}},
                headers={"Retry-After": "12", "Discourse-Rate-Limit-Error-Code": "admin_api_key_rate_limit"},
            ),
            17.0,
        ),
        (httpx.Response(429, json={"extras": {"wait_seconds": 3}}, headers={"Retry-After": "60"}), 60.0),
        (httpx.Response(429, json={"extras": {"wait_seconds": 86_400, "time_left": "하루"}}), 86_400.0),
        (httpx.Response(429, text="Slow down", headers={"Retry-After": "10"}), 10.0),
        (httpx.Response(429, content=b"Slow down", headers={"Retry-After": "2.5"}), 2.5),
        (
            httpx.Response(
                429,
                headers={"Date": "Mon, 03 Jun 2024 09:00:00 GMT", "Retry-After": "Mon, 03 Jun 2024 09:00:45 GMT"},
            ),
            45.0,
        ),
        (httpx.Response(429, json={"extras": None}, headers={"Retry-After": "soon"}), None),
        (httpx.Response(429, json=["slow"]), None),
        (httpx.Response(429), None),
    ],
    ids=["both", "header longer", "a day", "text", "no type", "date", "unreadable", "list", "nothing"],
)
@pytest.mark.parametrize("act", [read, write])
def test_a_rate_limit_in_any_shape_is_raised_at_once_with_the_longest_delay(
    act: Callable[[Discourse], Any], answer: httpx.Response, delay_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sleep(seconds: float) -> None:
        raise AssertionError(f"slept {seconds} s")

    monkeypatch.setattr(time, "sleep", no_sleep)
    discourse, script = forum(answer)
    with pytest.raises(TransientError) as caught:
        act(discourse)
    assert caught.value.retry_after_s == delay_s
    assert not isinstance(caught.value, LostAnswerError)
    assert len(script.requests) == 1


def test_read_only_mode_is_transient_and_leaves_no_doubt_about_a_write() -> None:
    error = error_of(write, httpx.Response(503, json={"errors": ["읽기 전용"], "error_type": "read_only"}))
    assert isinstance(error, TransientError)
    assert not isinstance(error, LostAnswerError)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>rebuilding</html>", b'{"status":500,"error":"Internal Server Error"}'])
def test_a_server_fault_is_transient_for_a_read_and_a_lost_answer_for_a_write(status: int, body: bytes) -> None:
    reading = error_of(read, httpx.Response(status, content=body))
    assert isinstance(reading, TransientError)
    assert not isinstance(reading, LostAnswerError)
    assert isinstance(error_of(write, httpx.Response(status, content=body)), LostAnswerError)


def test_an_action_without_content_succeeds_with_an_empty_answer() -> None:
    discourse, script = forum(httpx.Response(200))
    discourse.delete_topic(3)
    assert (script.requests[0].method, script.requests[0].url.path) == ("DELETE", "/t/3.json")


# --- answers that look like a success --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200), httpx.Response(200, html="<html>login</html>"), httpx.Response(200, content=b'{"id":7')],
    ids=["empty", "HTML", "cut"],
)
def test_a_success_without_readable_content_is_transient_or_lost(answer: httpx.Response) -> None:
    reading = error_of(read, answer)
    assert isinstance(reading, TransientError)
    assert not isinstance(reading, LostAnswerError)
    assert isinstance(error_of(write, answer), LostAnswerError)


def test_failed_in_a_success_is_transient() -> None:
    error = error_of(write, httpx.Response(200, json={"failed": "FAILED"}))
    assert isinstance(error, TransientError)
    assert not isinstance(error, LostAnswerError)


def test_errors_in_a_success_are_a_refusal_but_an_empty_list_is_not() -> None:
    assert isinstance(error_of(write, httpx.Response(200, json={"errors": ["안 됩니다"]})), RefusedError)
    discourse, _ = forum(httpx.Response(200, json=POST | {"errors": []}))
    assert write(discourse).id == 7


def test_a_content_type_the_library_does_not_expect_is_read_all_the_same() -> None:
    answer = httpx.Response(200, content=json.dumps(TOPIC).encode(), headers={"Content-Type": "application/json"})
    discourse, _ = forum(answer)
    assert read(discourse).title == "제목"


@pytest.mark.parametrize("field", ["id", "topic_id", "post_number", "raw", "username"])
def test_a_missing_field_refuses_the_whole_answer_and_puts_a_write_in_doubt(field: str) -> None:
    lacking = {name: value for name, value in POST.items() if name != field}
    topic = TOPIC | {"post_stream": {"posts": [lacking], "stream": [7]}}
    error = error_of(read, httpx.Response(200, json=topic))
    assert isinstance(error, UnreadableAnswerError)
    assert field in str(error)
    assert isinstance(error_of(write, httpx.Response(200, json=lacking)), LostAnswerError)


@pytest.mark.parametrize("body", [[], "text", 3, {"post_stream": []}, TOPIC | {"tags": [{"id": 4}]}])
def test_json_of_another_shape_is_unreadable_not_a_crash(body: Any) -> None:
    assert isinstance(error_of(read, httpx.Response(200, json=body)), UnreadableAnswerError)


# --- faults below HTTP -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_without_a_connection_a_write_was_not_sent(fault: type[httpx.HTTPError]) -> None:
    error = error_of(write, raising(fault))
    assert isinstance(error, TransientError)
    assert not isinstance(error, LostAnswerError)


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError],
)
def test_a_connection_lost_after_sending_is_a_lost_answer_for_a_write_only(fault: type[httpx.HTTPError]) -> None:
    assert isinstance(error_of(write, raising(fault)), LostAnswerError)
    reading = error_of(read, raising(fault))
    assert isinstance(reading, TransientError)
    assert not isinstance(reading, LostAnswerError)


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        "/t/topic/3.json",
        "/t/topic/3.json?include_raw=1",
        "https://forum.test/t/topic/3.json",
        "http://forum.test:3000/t/topic/3.json",
    ],
)
def test_the_lookup_follows_one_redirect_on_its_own_host_and_keeps_asking_for_raw(location: str) -> None:
    discourse, script = forum(
        httpx.Response(301, headers={"Location": location}), httpx.Response(200, json=TOPIC), httpx.Response(500)
    )
    topic = discourse.find_topic("week-1")
    assert topic is not None
    assert topic.posts[0].raw == "본문입니다"
    assert [str(request.url) for request in script.requests] == [
        "https://forum.test/t/external_id/week-1.json?include_raw=1",
        "https://forum.test/t/topic/3.json?include_raw=1",
    ]


def test_the_key_is_not_carried_to_another_host() -> None:
    discourse, script = forum(
        httpx.Response(301, headers={"Location": "https://evil.test/t/topic/3.json"}), httpx.Response(200, json=TOPIC)
    )
    with pytest.raises(RejectedError, match=r"evil\.test"):
        discourse.find_topic("week-1")
    assert len(script.requests) == 1


def test_other_calls_follow_no_redirect() -> None:
    discourse, script = forum(
        httpx.Response(301, headers={"Location": "/t/other/3.json"}), httpx.Response(200, json=TOPIC)
    )
    with pytest.raises(RejectedError, match="address"):
        discourse.topic(3)
    assert len(script.requests) == 1


def test_a_forum_in_a_folder_is_asked_in_its_folder() -> None:
    discourse, script = forum(
        httpx.Response(301, headers={"Location": "https://example.test/forum/t/topic/3.json"}),
        httpx.Response(200, json=TOPIC),
        url="https://example.test/forum/",
    )
    topic = discourse.find_topic("week-1")
    assert topic is not None
    assert topic.url == "https://example.test/forum/t/3"
    assert [request.url.path for request in script.requests] == [
        "/forum/t/external_id/week-1.json",
        "/forum/t/topic/3.json",
    ]


@pytest.mark.parametrize("url", ["forum.test", "ftp://forum.test", "https://", "https://[::1", ""])
def test_an_address_that_is_none_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="address"):
        Discourse(url, username="paperbot", api_key=KEY)


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.fixture
def draft_requests() -> Iterator[list[httpx.Request]]:
    site = httpx.Response(200, json={"top_tags": [{"id": 1, "name": "llm", "slug": "llm"}]})
    discourse, script = forum(site, httpx.Response(200, json={}), httpx.Response(200, json=POST))
    with discourse:
        discourse.create_shared_draft(
            title="제목", raw="본문", destination_category_id=9, tags=["llm"], external_id="week-1"
        )
        yield script.requests


def test_a_draft_is_asked_for_with_the_word_true(draft_requests: list[httpx.Request]) -> None:
    body = json.loads(draft_requests[-1].content)
    assert body["shared_draft"] == "true"
    assert body["category"] == 9
    assert body["tags"] == [{"name": "llm"}]


def test_a_repeated_creation_is_the_same_bytes() -> None:
    discourse, script = forum(httpx.Response(200, json=POST))
    for _ in range(2):
        write(discourse)
    assert script.requests[0].content == script.requests[1].content


def test_an_edit_carries_the_old_text_under_both_names_and_does_not_bump() -> None:
    discourse, script = forum(httpx.Response(200, json={"post": POST}))
    discourse.edit_post(7, "새 글", raw_old="옛 글", reason="correction 1")
    assert json.loads(script.requests[0].content) == {
        "post": {"raw": "새 글", "edit_reason": "correction 1", "raw_old": "옛 글", "original_text": "옛 글"},
        "bypass_bump": "true",
    }


@pytest.mark.parametrize(("raw", "raw_old"), [("", "옛 글"), (" \n", "옛 글"), ("새 글", ""), ("새 글", "  ")])
def test_an_edit_without_text_is_not_sent(raw: str, raw_old: str) -> None:
    discourse, script = forum(httpx.Response(200, json={"post": POST}))
    with pytest.raises(RejectedError):
        discourse.edit_post(7, raw, raw_old=raw_old, reason="correction 1")
    assert script.requests == []


@pytest.mark.parametrize("external_id", ["", "a" * 51, "2401.01234", "한글", "a b", "../t/1"])
def test_a_key_the_forum_cannot_hold_is_not_sent(external_id: str) -> None:
    discourse, script = forum(httpx.Response(200, json=TOPIC))
    with pytest.raises(RejectedError, match="external id"):
        discourse.find_topic(external_id)
    assert script.requests == []


def test_requests_name_the_product_and_keep_no_cookies() -> None:
    discourse, script = forum(httpx.Response(200, json=TOPIC, headers={"Set-Cookie": "_forum_session=1; path=/"}))
    for _ in range(2):
        read(discourse)
    headers = script.requests[1].headers
    assert headers["User-Agent"].startswith("paperbot/")
    assert (headers["Api-Key"], headers["Api-Username"]) == (KEY, "paperbot")
    assert "Cookie" not in headers


# --- what is counted and logged --------------------------------------------------------------------------------------


def test_every_request_is_counted_by_route_redirects_and_failures_too() -> None:
    discourse, _ = forum(
        httpx.Response(301, headers={"Location": "/t/topic/3.json"}),
        httpx.Response(200, json=TOPIC, headers={"X-Discourse-Route": "topics/show"}),
        raising(httpx.ReadTimeout),
    )
    discourse.find_topic("week-1")
    with pytest.raises(LostAnswerError):
        write(discourse)
    assert discourse.calls == 3
    assert discourse.call_log == (
        Call("GET", "/t/external_id/KEY.json", 301),
        Call("GET", "topics/show", 200),
        Call("POST", "/posts.json", None),
    )


def test_the_log_holds_the_start_of_a_bad_answer_and_never_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        error_of(read, httpx.Response(502, html="<html>" + "x" * 5_000))
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    begins = [message for message in messages if "<html>xxx" in message]
    assert len(begins) == 1
    assert begins[0].count("x") == 200 - len("<html>")
    assert all(KEY not in record.getMessage() for record in caplog.records)
