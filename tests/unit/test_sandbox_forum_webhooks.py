"""The stand-in forum's webhooks: signed over the raw bytes, snapshots, promised nothing about order or arrival."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.sandbox.forum import Forum, Mode
from bot.sandbox.forum.state import Post
from bot.sandbox.forum.webhooks import LOGGED
from tests.unit.test_sandbox_forum import BODY, TITLE, Caller, Clock, caller

SECRET = "a-secret-of-some-length"


class Delivery(NamedTuple):
    """What arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers["x-discourse-event"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)[self.headers["x-discourse-event-type"]]


class Receiver:
    """A server that takes webhooks, over real HTTP."""

    def __init__(self) -> None:
        self.got: list[Delivery] = []
        self.answer = 200
        self.waits: threading.Event | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Delivery({k.lower(): v for k, v in self.headers.items()}, body))
                if receiver.waits is not None:
                    receiver.waits.wait(5)
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"

    @property
    def events(self) -> list[str]:
        return [d.event for d in self.got]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["now", "2022"])
def forum(request: pytest.FixtureRequest, clock: Clock) -> Forum:
    forum = Forum(mode=request.param, now=clock)
    forum.add_user("paperbot", moderator=True)
    forum.add_user("boss", admin=True)
    forum.add_user("reader")
    forum.allow_whispers()
    return forum


@pytest.fixture
def draft(forum: Forum) -> Callable[..., Post]:
    def make(**changes: Any) -> Post:
        fields: dict[str, Any] = {"title": TITLE, "raw": BODY, "category_id": 4, "shared_draft": True} | changes
        return forum.create_topic("paperbot", **fields)

    return make


# --- signing (27) -----------------------------------------------------------------------------------------------------


def test_body_is_signed_over_its_raw_bytes(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.add_web_hook(receiver.url, secret=SECRET)
    draft()
    forum.flush_webhooks()
    for got in receiver.got:
        expected = hmac.new(SECRET.encode(), got.body, hashlib.sha256).hexdigest()
        assert got.headers["x-discourse-event-signature"] == f"sha256={expected}"
    first = receiver.got[0].headers
    assert first["user-agent"].startswith("Discourse/2" + ("026" if forum.mode == "now" else ".9"))
    assert first["content-type"] == "application/json"
    assert {"x-discourse-instance", "x-discourse-event-id"} <= set(first)


def test_blank_secret_sends_no_signature_and_the_form_type_has_json_too(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    forum.add_web_hook(receiver.url, content_type=2)
    draft()
    forum.flush_webhooks()
    assert receiver.events == ["topic_created", "post_created"]
    assert "x-discourse-event-signature" not in receiver.got[0].headers
    assert receiver.got[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert receiver.got[1].content["raw"] == BODY


def test_forged_event_carries_a_wrong_signature_or_none(forum: Forum, receiver: Receiver) -> None:
    hook = forum.add_web_hook(receiver.url, secret=SECRET)
    receiver.answer = 403
    assert forum.webhooks.send_forged(hook.id, "post", "post_edited", {"id": 21, "raw": "가짜"}) == 403
    forum.webhooks.send_forged(hook.id, "post", "post_edited", {"id": 21}, secret=None)
    right = hmac.new(SECRET.encode(), receiver.got[0].body, hashlib.sha256).hexdigest()
    assert receiver.got[0].headers["x-discourse-event-signature"] != f"sha256={right}"
    assert "x-discourse-event-signature" not in receiver.got[1].headers
    assert forum.webhooks.log() == []


# --- events (18, 28, 31, 40) ------------------------------------------------------------------------------------------


def test_edit_tells_the_author_and_not_the_editor(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.edit_post("moderator", post.id, BODY + " 고침", reason="문장")
    forum.flush_webhooks()
    (got,) = receiver.got
    assert got.event == "post_edited"
    assert (got.content["username"], got.content["raw"], got.content["edit_reason"]) == (
        "paperbot",
        BODY + " 고침",
        "문장",
    )
    assert "moderator" not in {v for k, v in got.content.items() if k != "moderator"}
    assert "actions_summary" not in got.content
    assert (got.content["category_slug"], got.content["topic_archetype"]) == ("drafts", "regular")


def test_edit_within_the_grace_period_is_told_too(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    assert forum.edit_post("paperbot", post.id, BODY + " 조금").version == 1
    forum.flush_webhooks()
    assert [d.content["version"] for d in receiver.got] == [1]


def test_topic_edited_comes_instead_of_post_edited_when_the_title_is_in_the_request(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    data = {"title": TITLE, "post[raw]": BODY + " 본문도 고침"}  # the same title
    assert caller(forum)("PUT", f"/posts/{post.id}.json", data=data).status_code == 200
    forum.flush_webhooks()
    assert receiver.events == ["topic_edited"]
    assert "raw" not in receiver.got[0].content
    assert forum.posts(post.topic_id)[0].raw == BODY + " 본문도 고침"


def test_equal_title_and_new_destination_tell_nobody(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.edit_topic("moderator", post.topic_id, title=TITLE, category_id=2)
    forum.flush_webhooks()
    assert receiver.got == []
    assert forum.topic(post.topic_id).draft_destination == 2


def test_publication_is_one_topic_edited_with_the_new_category_and_still_a_draft(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft(external_id="week-1")
    forum.add_web_hook(receiver.url)
    forum.publish("moderator", post.topic_id, 4)
    forum.flush_webhooks()
    assert receiver.events == ["topic_edited"]
    content = receiver.got[0].content
    assert (content["category_id"], content["is_shared_draft"], content["external_id"]) == (4, True, "week-1")
    assert forum.topic(post.topic_id).draft_destination is None


def test_deletion_and_recovery_tell_of_post_and_topic(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.delete_topic("moderator", post.topic_id)
    forum.recover_topic("moderator", post.topic_id)
    forum.flush_webhooks()
    assert receiver.events == ["post_destroyed", "topic_destroyed", "topic_recovered", "post_recovered"]
    assert receiver.got[1].content["deleted_at"] is not None


def test_status_change_is_an_event_of_its_own_and_leaves_a_small_action(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url, events=["topic"])
    forum.set_status("moderator", post.topic_id, "closed", True)
    forum.flush_webhooks()
    assert receiver.events == ["topic_closed_status_updated"]
    assert [(p.post_type, p.action_code) for p in forum.posts(post.topic_id)][1:] == [(3, "closed.enabled")]


def test_whispers_and_messages_are_in_the_stream(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url, events=["post"])
    forum.reply("moderator", topic_id=post.topic_id, raw="운영진끼리만 보는 귓속말입니다. 확인해 주세요.", whisper=True)
    forum.create_message(
        "reader", recipients=["paperbot"], title="쪽지 제목입니다 반갑습니다", raw="열 자가 넘는 쪽지입니다."
    )
    forum.flush_webhooks()
    whisper, message = (d.content for d in receiver.got)
    assert whisper["post_type"] == 4
    assert (message["topic_archetype"], message["category_id"]) == ("private_message", None)


def test_like_is_told_and_unlike_is_not(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.like("moderator", post.id)
    forum.unlike("moderator", post.id)
    forum.flush_webhooks()
    assert receiver.events == ["post_liked"]
    assert receiver.got[0].content["user"]["username"] == "moderator"
    assert receiver.got[0].content["post"]["id"] == post.id


def test_payload_is_a_snapshot_of_its_moment(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.pause()
    forum.edit_post("moderator", post.id, BODY + " 하나")
    forum.edit_post("moderator", post.id, BODY + " 하나 둘")
    assert receiver.got == []
    forum.webhooks.resume()
    forum.flush_webhooks()
    assert [d.content["raw"] for d in receiver.got] == [BODY + " 하나", BODY + " 하나 둘"]


# --- subscriptions and filters (30) -----------------------------------------------------------------------------------


def test_hook_gets_what_it_is_subscribed_to(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.add_web_hook(receiver.url, events=["post_created"])
    post = draft()
    forum.edit_post("moderator", post.id, BODY + " 고침")
    forum.flush_webhooks()
    assert receiver.events == (["post_created"] if forum.mode == "now" else ["post_created", "post_edited"])


def test_unknown_event_is_an_error(forum: Forum) -> None:
    with pytest.raises(ValueError, match="no such webhook event"):
        forum.add_web_hook("http://127.0.0.1:1/", events=["post_published"])


def test_category_filter_drops_other_categories_messages_and_user_events(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    forum.add_web_hook(receiver.url, category_ids=[forum.drafts_category.id])
    forum.add_user("newcomer")
    forum.create_message(
        "reader", recipients=["paperbot"], title="쪽지 제목입니다 반갑습니다", raw="열 자가 넘는 쪽지입니다."
    )
    forum.create_topic("paperbot", title=TITLE + " 공개", raw=BODY, category_id=4)
    post = draft()
    forum.publish("moderator", post.topic_id, 4)  # carries the new category: missed
    forum.flush_webhooks()
    assert receiver.events == ["topic_created", "post_created"]
    assert receiver.got[0].content["id"] == post.topic_id


def test_user_events_reach_an_unfiltered_hook_with_address_and_preference(forum: Forum, receiver: Receiver) -> None:
    forum.add_web_hook(receiver.url, events=["user"])
    forum.set_digests("reader", email_digests=False)
    forum.flush_webhooks()
    assert receiver.events == ["user_updated"]
    assert receiver.got[0].content["user_option"]["email_digests"] is False
    assert receiver.got[0].content["email"] == "reader@forum.test"


def test_inactive_hook_gets_nothing_but_a_ping(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    hook = forum.add_web_hook(receiver.url, active=False)
    draft()
    forum.webhooks.ping(hook.id)
    forum.flush_webhooks()
    assert [(d.event, json.loads(d.body)) for d in receiver.got] == [("ping", {"ping": "OK"})]


# --- faults (29) ------------------------------------------------------------------------------------------------------


def edits(forum: Forum, post: Post, *words: str) -> list[str]:
    return [forum.edit_post("moderator", post.id, f"{BODY} {word}").raw for word in words]


def test_lost_delivery_is_in_the_log_as_unanswered(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    forum.settings.retry_web_hook_events = True
    post = draft()
    forum.add_web_hook(receiver.url)
    fault = forum.webhooks.fail_next("lost", match="post_edited")
    edits(forum, post, "하나", "하나 둘")
    forum.flush_webhooks()
    assert fault.fired == 1
    assert [d.content["raw"][-1] for d in receiver.got] == ["둘"]
    assert [e.status for e in forum.webhooks.log()] == [-1, 200]


def test_double_delivery_has_two_ids_and_one_body(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("double")
    edits(forum, post, "하나")
    forum.flush_webhooks()
    one, two = receiver.got
    assert one.body == two.body
    assert one.headers["x-discourse-event-id"] != two.headers["x-discourse-event-id"]


def test_delayed_delivery_waits_for_its_time(
    forum: Forum, receiver: Receiver, clock: Clock, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("delay", seconds=90)
    first, second = edits(forum, post, "하나", "하나 둘")
    forum.flush_webhooks(hurry=False)
    assert [d.content["raw"] for d in receiver.got] == [second]
    clock.advance(90)
    forum.flush_webhooks(hurry=False)
    assert [d.content["raw"] for d in receiver.got] == [second, first]


def test_reordered_delivery_comes_after_the_next_one(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("reorder")
    first, second, third = edits(forum, post, "하나", "하나 둘", "하나 둘 셋")
    forum.flush_webhooks()
    assert [d.content["raw"] for d in receiver.got] == [second, first, third]


def test_old_snapshot_repeats_the_body_before(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    (first,) = edits(forum, post, "하나")
    forum.webhooks.fail_next("old_snapshot")
    edits(forum, post, "하나 둘")
    forum.flush_webhooks()
    assert [d.content["raw"] for d in receiver.got] == [first, first]


def test_timeout_is_never_retried(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.settings.retry_web_hook_events = True
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("timeout")
    edits(forum, post, "하나")
    forum.flush_webhooks()
    assert len(receiver.got) == 1
    assert [e.status for e in forum.webhooks.log()] == [-1]


def test_slow_receiver_runs_into_the_timeout(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.settings.retry_web_hook_events = True
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.timeout_s = 0.1
    receiver.waits = threading.Event()
    edits(forum, post, "하나")
    forum.flush_webhooks()
    receiver.waits.set()
    assert [(e.status, e.response_body) for e in forum.webhooks.log()] == [(-1, "ReadTimeout")]


def test_wrong_answer_is_retried_only_where_the_site_does_and_with_a_new_id(
    forum: Forum, receiver: Receiver, clock: Clock, draft: Callable[..., Post]
) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("500")
    edits(forum, post, "하나")
    forum.flush_webhooks()
    assert receiver.got == []

    forum.settings.retry_web_hook_events = True
    forum.webhooks.fail_next("500")
    (raw,) = edits(forum, post, "하나 둘")
    forum.flush_webhooks(hurry=False)
    assert receiver.got == []
    clock.advance(60)
    forum.flush_webhooks(hurry=False)
    assert [d.content["raw"] for d in receiver.got] == [raw]
    failed, again = forum.webhooks.log()[-2:]
    assert (failed.status, again.status, again.tries) == (500, 200, 1)
    assert again.id != failed.id


def test_four_more_tries_and_no_more(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.settings.retry_web_hook_events = True
    post = draft()
    forum.add_web_hook(receiver.url)
    receiver.answer = 503
    edits(forum, post, "하나")
    forum.flush_webhooks()
    assert [e.status for e in forum.webhooks.log()] == [503] * 5
    receiver.answer = 404
    edits(forum, post, "둘")
    forum.flush_webhooks()
    assert len(receiver.got) == 6
    assert forum.state.web_hooks[1].active


def test_redelivery_by_hand_repeats_id_and_body(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    hook = forum.add_web_hook(receiver.url)
    draft()
    forum.flush_webhooks()
    boss = caller(forum, "boss")
    listed = boss.get(f"/admin/api/web_hook_events/{hook.id}.json").json()["web_hook_events"]
    assert [json.loads(e["headers"])["X-Discourse-Event"] for e in listed] == ["post_created", "topic_created"]
    answer = boss("POST", f"/admin/api/web_hooks/{hook.id}/events/{listed[0]['id']}/redeliver")
    assert answer.status_code == 200
    forum.flush_webhooks()
    assert len(receiver.got) == 3
    assert receiver.got[2].body == receiver.got[1].body
    assert receiver.got[2].headers["x-discourse-event-id"] == receiver.got[1].headers["x-discourse-event-id"]


def test_nobody_listening_is_logged_and_hinders_nobody(forum: Forum, draft: Callable[..., Post]) -> None:
    forum.add_web_hook("http://127.0.0.1:1/hooks")
    draft()
    forum.flush_webhooks()
    assert [e.status for e in forum.webhooks.log()] == [-1, -1]


def test_flush_tells_when_it_waited_in_vain(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    forum.add_web_hook(receiver.url)
    receiver.waits = threading.Event()
    draft()
    with pytest.raises(TimeoutError, match="2 webhook deliveries"):
        forum.flush_webhooks(0.1)
    receiver.waits.set()
    forum.flush_webhooks()


def test_internal_address_is_refused_now_unless_allowed(forum: Forum, receiver: Receiver) -> None:
    forum.settings.allowed_internal_hosts = []
    forum.add_web_hook(receiver.url)
    forum.set_digests("reader", minutes=1440)
    forum.flush_webhooks()
    assert len(receiver.got) == (0 if forum.mode == "now" else 1)


@pytest.mark.parametrize("mode", ["now", "2022"])
def test_restarted_forum_goes_on_delivering(tmp_path: Path, mode: Mode, receiver: Receiver) -> None:
    file = tmp_path / "forum.json"
    before = Forum(mode=mode, state_file=file)
    before.add_user("paperbot", moderator=True)
    before.add_web_hook(receiver.url, secret=SECRET)
    before.webhooks.pause()
    before.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    assert receiver.got == []

    after = Forum(mode=mode, state_file=file)
    after.flush_webhooks()
    assert receiver.events == ["topic_created", "post_created"]
    assert Forum(mode=mode, state_file=file).webhooks.waiting() == []


def test_sender_is_gone_when_nothing_waits(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    others = set(threading.enumerate())
    forum.add_web_hook(receiver.url)
    draft()
    forum.flush_webhooks()
    for thread in set(threading.enumerate()) - others:
        if thread.name == "sandbox-webhooks":
            thread.join(2)
            assert not thread.is_alive()


def test_unknown_fault_is_refused(forum: Forum) -> None:
    unknown: Any = "vanished"
    with pytest.raises(ValueError, match="no such fault"):
        forum.webhooks.fail_next(unknown)


def test_log_keeps_the_newest(forum: Forum, receiver: Receiver) -> None:
    forum.add_web_hook(receiver.url, events=["user"])
    for number in range(LOGGED + 5):
        forum.set_digests("reader", minutes=number)
    forum.flush_webhooks()
    assert len(receiver.got) == LOGGED + 5
    assert [e.id for e in forum.webhooks.log()] == list(range(6, LOGGED + 6))


# --- administration ---------------------------------------------------------------------------------------------------


def hook_fields(forum: Forum, url: str, **changes: Any) -> dict[str, Any]:
    ids = [2] if forum.mode == "2022" else [201, 202]
    fields = {
        "payload_url": url,
        "content_type": 1,
        "secret": SECRET,
        "wildcard_web_hook": False,
        "active": True,
        "verify_certificate": True,
        "web_hook_event_type_ids": ids,
        "category_ids": [3],
        "tag_names": [],
        "group_ids": [],
    }
    return {"web_hook": fields | changes}


def test_hooks_are_made_listed_changed_and_deleted_by_admins_only(forum: Forum) -> None:
    boss = caller(forum, "boss")
    url = "https://bot.example/hooks"
    made = boss("POST", "/admin/api/web_hooks.json", json=hook_fields(forum, url)).json()["web_hook"]
    assert (made["payload_url"], made["category_ids"], made["active"]) == (url, [3], True)
    listed = boss.get("/admin/api/web_hooks.json").json()
    assert [h["secret"] for h in listed["web_hooks"]] == [SECRET]
    if forum.mode == "now":
        names = {e["name"]: e["id"] for es in listed["extras"]["grouped_event_types"].values() for e in es}
        assert (names["post_created"], names["topic_edited"], names["post_liked"]) == (201, 103, 1501)
    else:
        assert {"id": 2, "name": "post"} in listed["extras"]["event_types"]
    changed = boss("PUT", f"/admin/api/web_hooks/{made['id']}.json", json={"web_hook": {"active": False}}).json()
    assert (changed["web_hook"]["active"], changed["web_hook"]["secret"]) == (False, SECRET)
    assert caller(forum).get("/admin/api/web_hooks.json").status_code == 404
    assert boss("DELETE", f"/admin/api/web_hooks/{made['id']}.json").status_code == 200
    assert boss.get("/admin/api/web_hooks.json").json()["web_hooks"] == []


def test_short_secret_unknown_event_and_internal_address_are_refused(forum: Forum) -> None:
    boss = caller(forum, "boss")

    def status(**changes: Any) -> int:
        fields = hook_fields(forum, "https://bot.example/", **changes)
        return boss("POST", "/admin/api/web_hooks.json", json=fields).status_code

    assert status(secret="short") == 422
    assert status(web_hook_event_type_ids=[77]) == 422
    assert status(payload_url="http://10.0.0.7/") == (422 if forum.mode == "now" else 200)


def test_ping_arrives_and_is_the_last_delivery(forum: Forum, receiver: Receiver) -> None:
    boss = caller(forum, "boss")
    made = boss("POST", "/admin/api/web_hooks.json", json=hook_fields(forum, receiver.url)).json()["web_hook"]
    assert boss("POST", f"/admin/api/web_hooks/{made['id']}/ping").status_code == 200
    forum.flush_webhooks()
    assert receiver.events == ["ping"]
    shown = boss.get(f"/admin/api/web_hooks/{made['id']}.json").json()["web_hook"]
    assert shown["last_delivery_status"] == 3


def test_failed_deliveries_can_be_listed_apart_only_now(
    forum: Forum, receiver: Receiver, draft: Callable[..., Post]
) -> None:
    hook = forum.add_web_hook(receiver.url)
    forum.webhooks.fail_next("lost")
    draft()
    forum.flush_webhooks()
    listed = caller(forum, "boss").get(f"/admin/api/web_hook_events/{hook.id}.json", status="failed").json()
    assert [e["status"] for e in listed["web_hook_events"]] == ([-1] if forum.mode == "now" else [200, -1])


def test_page_of_a_person_emits_events(forum: Forum, receiver: Receiver, draft: Callable[..., Post]) -> None:
    post = draft()
    forum.add_web_hook(receiver.url)
    assert Caller(forum, {})("POST", f"/t/{post.topic_id}/publish").status_code == 303
    forum.flush_webhooks()
    assert receiver.events == ["topic_edited"]
