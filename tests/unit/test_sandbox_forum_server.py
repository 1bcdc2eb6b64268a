"""Stand-ins are served on loopback, break connections on demand, and leave nothing behind."""

import asyncio
import threading
import time

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from bot.sandbox.forum import Forum
from bot.sandbox.server import serve


async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(30)


def test_server_is_gone_after_the_block() -> None:
    threads = set(threading.enumerate())
    with serve(Forum().app()) as base, httpx.Client(base_url=base) as client:
        assert client.get("/site/basic-info.json").json()["locale"] == "ko"
        started = time.monotonic()
    assert time.monotonic() - started < 0.3
    assert set(threading.enumerate()) <= threads
    with pytest.raises(httpx.ConnectError):
        httpx.get(base)


def test_server_does_not_wait_for_requests_that_still_run() -> None:
    with serve(slow_app) as base:
        outcome: list[str] = []

        def ask() -> None:
            try:
                httpx.get(base, timeout=20)
            except httpx.HTTPError as error:
                outcome.append(type(error).__name__)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.2)
        started = time.monotonic()
    assert time.monotonic() - started < 1
    asking.join(5)
    assert outcome == ["RemoteProtocolError"]


def test_taken_port_is_an_error() -> None:
    with serve(Forum().app()) as base:
        port = int(base.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"), serve(Forum().app(), port=port):
            pass


@pytest.mark.parametrize(("kind", "written"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connection_is_seen_as_one(kind: str, written: int) -> None:
    forum = Forum()
    forum.add_user("paperbot", moderator=True)
    headers = {"Api-Key": forum.add_api_key("paperbot")}
    data = {
        "title": "이번 주의 논문을 함께 읽습니다",
        "raw": "본문은 스무 자가 넘어야 합니다. 그래서 길게 씁니다.",
        "category": "4",
    }
    with serve(forum.app()) as base, httpx.Client(base_url=base, headers=headers) as client:
        forum.fail_next(kind)  # type: ignore[arg-type]
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.post("/posts.json", data=data)
        assert len(forum.topics) == written
        assert client.get("/latest.json").status_code == 200


def test_two_creations_at_once_with_one_external_id_make_one_topic() -> None:
    forum = Forum()
    forum.add_user("paperbot", moderator=True)
    headers = {"Api-Key": forum.add_api_key("paperbot")}
    statuses: list[int] = []

    def create(number: int) -> None:
        raw = f"{number}번째 요청의 본문입니다. 스무 자가 넘어야 합니다."
        data = {"title": f"같은 열쇠로 만드는 글 {number}번", "raw": raw, "category": "4", "external_id": "week-1"}
        statuses.append(httpx.post(f"{base}/posts.json", headers=headers, data=data).status_code)

    with serve(forum.app()) as base:
        threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(statuses) == [200, 422, 422, 422, 422, 422]
    assert len(forum.topics) == 1


def test_slow_answer_comes_late_and_does_not_hold_up_others() -> None:
    forum = Forum()
    with serve(forum.app()) as base, httpx.Client(base_url=base) as client:
        forum.fail_next("slow", r"GET /about", seconds=5)
        with pytest.raises(httpx.ReadTimeout):
            client.get("/about.json", timeout=0.1)
        assert client.get("/site/basic-info.json", timeout=1).status_code == 200
