"""The stand-in forum keeps Discourse's rules, in the mode of 2022 and in that of now."""

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.forum import Forum, Mode, Refusal
from bot.sandbox.forum.booleans import means_yes
from bot.sandbox.forum.params import nest
from bot.sandbox.forum.titles import clean_title

TITLE = "이번 주의 논문을 함께 읽습니다"
BODY = "이번 주에는 작은 모델이 스스로 확신을 말하게 하는 연구가 눈에 띕니다."
KOREAN = "이 작업을 너무 자주"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


class Caller:
    """A program with a key, talking to the forum without a socket."""

    def __init__(self, forum: Forum, headers: dict[str, str]) -> None:
        self._app = forum.app()
        self._headers = headers

    def __call__(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            headers = {**self._headers, **kwargs.pop("headers", {})}
            async with httpx.AsyncClient(transport=transport, base_url="http://forum.test", headers=headers) as client:
                return await client.request(method, path, **kwargs)

        return asyncio.run(call())

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self("GET", path, params=params)

    def post_topic(self, **changes: Any) -> httpx.Response:
        data = {"title": TITLE, "raw": BODY, "category": "4", **changes}
        return self("POST", "/posts.json", data={k: v for k, v in data.items() if v is not None})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["now", "2022"])
def forum(request: pytest.FixtureRequest, clock: Clock) -> Forum:
    forum = Forum(mode=request.param, now=clock)
    forum.add_user("paperbot", moderator=True)
    forum.add_user("reader")
    return forum


def caller(forum: Forum, username: str = "paperbot", scopes: list[str] | None = None) -> Caller:
    key = forum.add_api_key(username, scopes)
    return Caller(forum, {"Api-Key": key, "Api-Username": username})


@pytest.fixture
def bot(forum: Forum) -> Caller:
    return caller(forum)


# --- keys (1) ---------------------------------------------------------------------------------------------------------


def test_wrong_key_foreign_name_and_missing_scope_all_give_the_same_refusal(forum: Forum) -> None:
    key = forum.add_api_key("paperbot", ["categories:list"])
    answers = [
        Caller(forum, {"Api-Key": "wrong", "Api-Username": "paperbot"}).get("/latest.json"),
        Caller(forum, {"Api-Key": key, "Api-Username": "moderator"}).get("/categories.json"),
        Caller(forum, {"Api-Key": key, "Api-Username": "paperbot"}).get("/latest.json"),
        Caller(forum, {"Api-Key": forum.add_api_key(), "Api-Username": "nobody"}).get("/latest.json"),
    ]
    assert {(a.status_code, a.json()["error_type"]) for a in answers} == {(403, "invalid_access")}
    assert len({a.text for a in answers}) == 1


def test_bound_key_needs_no_name_and_takes_it_in_any_case(forum: Forum) -> None:
    key = forum.add_api_key("paperbot")
    assert Caller(forum, {"Api-Key": key}).get("/latest.json").status_code == 200
    assert Caller(forum, {"Api-Key": key, "Api-Username": "PaperBot"}).get("/latest.json").status_code == 200


def test_scopes_are_listed_to_every_valid_key(forum: Forum) -> None:
    scoped = caller(forum, scopes=["topics:write"]).get("/session/scopes.json").json()
    assert [(s["resource"], s["key"]) for s in scoped["scopes"]] == [("topics", "write")]
    assert caller(forum).get("/session/scopes.json").json() == {"scopes": []}


def test_external_id_lookup_is_in_the_topic_scope_only_now(forum: Forum, bot: Caller) -> None:
    bot.post_topic(external_id="week-1")
    expected = 301 if forum.mode == "now" else 403
    assert caller(forum, scopes=["topics:read"]).get("/t/external_id/week-1.json").status_code == expected
    assert caller(forum, scopes=["global:read"]).get("/t/external_id/week-1.json").status_code == 301


def test_no_scope_opens_deletion_or_publication(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(shared_draft="true").json()["topic_id"]
    scoped = caller(forum, scopes=["topics:write", "topics:update", "topics:read", "posts:edit", "global:read"])
    assert scoped("DELETE", f"/t/{topic_id}.json").status_code == 403
    data = {"destination_category_id": "4"}
    assert scoped("PUT", f"/t/{topic_id}/publish.json", data=data).status_code == 403
    assert scoped("PUT", f"/t/-/{topic_id}.json", data={"title": TITLE + " 고침"}).status_code == 200


def test_writing_without_a_key_is_refused_and_suspended_accounts_too(forum: Forum) -> None:
    anonymous = Caller(forum, {})("POST", "/posts.json", data={"title": TITLE, "raw": BODY})
    assert (anonymous.status_code, anonymous.json()["error_type"]) == (403, "not_logged_in")
    suspended = caller(forum, "reader")
    forum.add_user("reader").suspended = True
    assert suspended.get("/latest.json").json()["error_type"] == "invalid_access"


# --- limits (4, 5) ----------------------------------------------------------------------------------------------------


def test_all_keys_share_sixty_requests_a_minute(forum: Forum, clock: Clock) -> None:
    one, two = caller(forum), caller(forum, "moderator")
    for _ in range(30):
        assert one.get("/latest.json").status_code == two.get("/latest.json").status_code == 200
    clock.advance(10.5)
    refused = one.get("/latest.json")
    assert refused.status_code == 429
    assert refused.json()["extras"]["wait_seconds"] == 50
    assert refused.json()["errors"][0].startswith(KOREAN)
    assert ("time_left" in refused.json()["extras"]) == (forum.mode == "now")
    assert refused.headers["retry-after"] == "50"
    assert refused.headers["discourse-rate-limit-error-code"] == "admin_api_key_rate_limit"
    clock.advance(50)
    assert one.get("/latest.json").status_code == 200


def test_limiter_can_be_switched_off(forum: Forum, bot: Caller) -> None:
    forum.settings.admin_api_requests_per_minute = None
    assert {bot.get("/site/basic-info.json").status_code for _ in range(70)} == {200}


# --- faults (2, 5, 7, 9) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "code"),
    [
        ("429_json", 429, "application/json; charset=utf-8", "admin_api_key_rate_limit"),
        ("429_no_code", 429, "application/json; charset=utf-8", None),
        ("500", 500, "application/json; charset=utf-8", None),
        ("502_html", 502, "text/html", None),
        ("503_read_only", 503, "application/json; charset=utf-8", None),
        ("empty_200", 200, None, None),
        ("failed_200", 200, "application/json; charset=utf-8", None),
        ("failed_422", 422, "application/json; charset=utf-8", None),
    ],
)
def test_fault_before_the_write_leaves_nothing(
    forum: Forum, bot: Caller, kind: Any, status: int, content_type: str | None, code: str | None
) -> None:
    fault = forum.fail_next(kind, "POST /posts")
    answer = bot.post_topic()
    assert answer.status_code == status
    assert answer.headers.get("content-type") == content_type
    assert answer.headers.get("discourse-rate-limit-error-code") == code
    assert forum.topics == []
    assert fault.fired == 1
    assert bot.post_topic().status_code == 200


def test_text_429_has_its_delay_in_the_header_and_a_content_type_only_now(forum: Forum, bot: Caller) -> None:
    forum.fail_next("429_text", wait_s=7)
    answer = bot.get("/latest.json")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.headers.get("content-type") == ("text/plain; charset=utf-8" if forum.mode == "now" else None)
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


@pytest.mark.parametrize(("kind", "written"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connection(forum: Forum, bot: Caller, kind: Any, written: int) -> None:
    forum.fail_next(kind)
    with pytest.raises(ConnectionResetError):
        bot.post_topic()
    assert len(forum.topics) == written
    assert forum.calls[-1] == ("POST", "/posts.json", 0)


@pytest.mark.parametrize(("kind", "status"), [("502_after", 502), ("race_500", 500)])
def test_lost_answer_leaves_the_write(forum: Forum, bot: Caller, kind: Any, status: int) -> None:
    forum.fail_next(kind)
    assert bot.post_topic(external_id="week-1").status_code == status
    assert forum.topic_by_external_id("week-1") is not None


def test_fault_waits_for_its_request_and_happens_as_often_as_told(forum: Forum, bot: Caller) -> None:
    forum.fail_next("500", r"GET /site\.json", times=2)
    assert [bot.get(p).status_code for p in ("/latest.json", "/site.json", "/site.json", "/site.json")] == [
        200,
        500,
        500,
        200,
    ]


def test_unknown_fault_is_refused(forum: Forum) -> None:
    unknown: Any = "504_maybe"
    with pytest.raises(ValueError, match="no such fault"):
        forum.fail_next(unknown)


# --- texts (3) and shapes (2) -----------------------------------------------------------------------------------------


def test_messages_follow_the_site_language() -> None:
    bodies = []
    for locale in ("ko", "en"):
        forum = Forum(locale=locale)
        forum.add_user("paperbot", moderator=True)
        bodies.append(caller(forum).post_topic(raw="짧음").json()["errors"][0])
    assert bodies == ["본문이 너무 짧습니다 (최소 20자)", "Body is too short (minimum is 20 characters)"]


def test_refused_creation_has_an_action_and_no_error_type(bot: Caller) -> None:
    answer = bot.post_topic(raw="짧음")
    assert answer.status_code == 422
    assert sorted(answer.json()) == ["action", "errors"]


def test_missing_body_and_unknown_category_are_bad_requests(bot: Caller) -> None:
    assert bot.post_topic(raw=None).status_code == 400
    assert bot.post_topic(category="999").json()["error_type"] == "invalid_parameters"
    assert bot.post_topic(category="papers").json()["error_type"] == "invalid_parameters"


def test_unknown_address_is_not_found(bot: Caller) -> None:
    answer = bot.get("/nothing/here.json")
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


def test_json_content_type_is_exact(bot: Caller) -> None:
    assert bot.get("/latest.json").headers["content-type"] == "application/json; charset=utf-8"


# --- memo (6) ---------------------------------------------------------------------------------------------------------


def test_same_request_gets_the_first_answer_for_two_minutes(forum: Forum, bot: Caller, clock: Clock) -> None:
    first = bot.post_topic().json()
    clock.advance(119)
    assert bot.post_topic().json() == first
    clock.advance(2)
    assert bot.post_topic().status_code == 422  # now a duplicate title
    assert len(forum.topics) == 1


def test_refusal_is_remembered_although_the_setting_was_mended(forum: Forum, bot: Caller, clock: Clock) -> None:
    forum.settings.max_post_length = 30
    assert bot.post_topic().status_code == 422
    forum.settings.max_post_length = 32_000
    assert bot.post_topic().status_code == 422
    clock.advance(121)
    assert bot.post_topic().status_code == 200


# --- external ids (8) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("external_id", ["a" * 51, "2401.01234", "한글", "a b"])
def test_bad_external_id_is_refused(bot: Caller, external_id: str) -> None:
    assert bot.post_topic(external_id=external_id).status_code == 422


def test_external_id_is_unique_whatever_its_case(forum: Forum, bot: Caller) -> None:
    assert bot.post_topic(external_id="Week-1").status_code == 200
    assert bot.post_topic(external_id="week-1", title=TITLE + " 둘째").status_code == 422
    assert len(forum.topics) == 1


def test_external_id_redirects_and_keeps_include_raw_only_now(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(external_id="week-1").json()["topic_id"]
    answer = bot.get("/t/external_id/week-1.json", include_raw="1", other="x")
    assert answer.status_code == 301
    query = "?include_raw=1" if forum.mode == "now" else ""
    assert answer.headers["location"] == f"http://forum.test/t/topic/{topic_id}.json{query}"


def test_deleted_topic_keeps_its_external_id(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(external_id="week-1").json()["topic_id"]
    deleted = bot("DELETE", f"/t/{topic_id}.json")
    assert (deleted.status_code, deleted.content) == (200, b"")
    lookup = bot.get("/t/external_id/week-1.json")
    assert (lookup.status_code, lookup.json()["extras"]["group"]) == (404, None)
    assert bot.post_topic(external_id="week-1", title=TITLE + " 다시").status_code == 422
    assert bot("PUT", f"/t/{topic_id}/recover.json").status_code == 200
    assert bot.get("/t/external_id/week-1.json").status_code == 301


# --- titles (10) ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("ICLR 2026 논문: KV 캐시 압축", "Iclr 2026 논문: kv 캐시 압축"),
        ("ICLR 2026 논문: Kv 캐시 압축", "ICLR 2026 논문: Kv 캐시 압축"),
        ("정말인가요??? 네!!!", "정말인가요? 네!"),
        ("mixture of experts...", "Mixture of experts"),
        ("논문  모음\u3000하나", "논문 모음 하나"),
    ],
)
def test_title_is_prettified(forum: Forum, given: str, stored: str) -> None:
    assert clean_title(given, forum.settings) == stored


def test_capitals_survive_with_the_right_settings(forum: Forum) -> None:
    title = "ICLR 2026 논문: KV 캐시 압축"
    forum.settings.allow_uppercase_posts = True
    assert clean_title(title, forum.settings) == title
    forum.settings.allow_uppercase_posts = False
    forum.settings.title_prettify = False
    assert clean_title(title, forum.settings) == title


def test_short_title_is_refused_to_moderators_but_not_to_admins(forum: Forum, bot: Caller) -> None:
    forum.add_user("boss", admin=True)
    assert bot.post_topic(title="짧은 제목").status_code == 422
    assert caller(forum, "boss").post_topic(title="짧은 제목").status_code == 200


def test_title_is_taken_by_a_draft_but_not_by_a_deleted_topic(bot: Caller) -> None:
    draft = bot.post_topic(title=TITLE + " ABC", shared_draft="true").json()
    assert bot.post_topic(title=TITLE + " abc").status_code == 422
    bot("DELETE", f"/t/{draft['topic_id']}.json")
    assert bot.post_topic(title=TITLE + " Abc").status_code == 200


# --- bodies (11, 12) --------------------------------------------------------------------------------------------------


def test_comments_and_emoji_codes_do_not_count_as_length(bot: Caller) -> None:
    assert bot.post_topic(raw="고맙습니다! <!-- 스무 자가 넘는 열쇠말 -->").status_code == 422
    assert bot.post_topic(raw="고맙습니다 :slight_smile::heart:").status_code == 422
    assert bot.post_topic(raw="스무 글자가 되는 본문을 여기에 씁니다.").status_code == 200


def test_longest_body_and_one_more(forum: Forum, bot: Caller) -> None:
    forum.settings.max_post_length = 100
    assert bot.post_topic(raw="가나" * 50 + "\n\n").status_code == 200
    assert bot.post_topic(raw="다라" * 50 + "마", title=TITLE + " 둘째").status_code == 422


def test_comment_counts_against_the_maximum_only_now(forum: Forum, bot: Caller) -> None:
    forum.settings.max_post_length = 100
    answer = bot.post_topic(raw="가나" * 50 + "<!-- x -->")
    assert answer.status_code == (422 if forum.mode == "now" else 200)


def test_stored_raw_differs_from_the_sent_one(bot: Caller) -> None:
    sent = "전각\u3000공백과\u00a0묶인 공백, 그리고 끝의 빈칸\0이 있습니다. \n\n"
    assert bot.post_topic(raw=sent).json()["raw"] == "전각 공백과 묶인 공백, 그리고 끝의 빈칸이 있습니다."


# --- booleans (13) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        ("true", True, True),
        ("True", False, True),
        (True, False, True),
        ("False", False, True),
        ("false", False, False),
        (False, False, False),
        ("0", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_words_for_yes(value: object, old: bool, new: bool) -> None:
    assert (means_yes(value, "2022"), means_yes(value, "now")) == (old, new)


def test_json_true_makes_a_public_topic_in_2022(forum: Forum, bot: Caller) -> None:
    body = {"title": TITLE, "raw": BODY, "category": 4, "shared_draft": True}
    topic = forum.topic(bot("POST", "/posts.json", json=body).json()["topic_id"])
    assert (topic.draft_destination is not None) == (forum.mode == "now")
    assert topic.category_id == (forum.drafts_category.id if forum.mode == "now" else 4)


# --- tags (14) --------------------------------------------------------------------------------------------------------


def tag_names(answer: dict[str, Any]) -> list[str]:
    return [t if isinstance(t, str) else t["name"] for t in answer["tags"]]


def test_tags_travel_as_strings_in_2022_and_as_objects_now(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(**{"tags[]": ["AI Agents", "LLM!"]}).json()["topic_id"]
    shown = bot.get(f"/t/{topic_id}.json").json()["tags"]
    assert isinstance(shown[0], str if forum.mode == "2022" else dict)
    assert tag_names({"tags": shown}) == ["ai-agents", "llm"]
    assert isinstance(bot.get("/site.json").json()["top_tags"][0], str if forum.mode == "2022" else dict)


def test_tag_objects_are_read_only_now(forum: Forum, bot: Caller) -> None:
    known = forum.add_tag("llm")
    body = {"title": TITLE, "raw": BODY, "category": 4, "tags": [{"name": "agents"}, {"id": known.id}]}
    topic_id = bot("POST", "/posts.json", json=body).json()["topic_id"]
    assert forum.topic(topic_id).tags == (["agents", "llm"] if forum.mode == "now" else [])


def test_unknown_tags_of_ordinary_people_are_dropped_silently(forum: Forum) -> None:
    forum.add_tag("llm")
    answer = caller(forum, "reader").post_topic(**{"tags[]": ["llm", "brand-new"]})
    assert answer.status_code == 200
    assert forum.topics[0].tags == ["llm"]


def test_sixth_tag_is_refused_now_and_cut_in_2022(forum: Forum, bot: Caller) -> None:
    answer = bot.post_topic(**{"tags[]": list("abcdef")})
    if forum.mode == "now":
        assert answer.status_code == 422
    else:
        assert forum.topics[0].tags == list("abcde")


# --- drafts (15, 16, 17) ----------------------------------------------------------------------------------------------


def test_shared_draft_lies_in_the_drafts_category_with_its_destination(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(shared_draft="true").json()["topic_id"]
    view = bot.get(f"/t/{topic_id}.json").json()
    assert view["is_shared_draft"] is True
    assert view["category_id"] == forum.drafts_category.id
    assert view["destination_category_id"] == forum.papers_category.id


def test_draft_shows_its_destination_in_lists_and_is_not_among_the_latest(forum: Forum, bot: Caller) -> None:
    bot.post_topic(shared_draft="true")
    papers = forum.papers_category.id
    listed = bot.get(f"/c/drafts/{forum.drafts_category.id}/l/latest.json").json()["topic_list"]["topics"]
    assert [t["category_id"] for t in listed] == [papers]
    assert bot.get("/latest.json").json()["topic_list"]["topics"] == []
    destination = bot.get(f"/c/papers/{papers}/l/latest.json").json()["topic_list"]
    assert (len(destination["topics"]), len(destination["shared_drafts"])) == (0, 1)


def test_draft_without_the_right_is_a_bad_request_and_invisible(forum: Forum, bot: Caller) -> None:
    reader = caller(forum, "reader")
    refused = reader.post_topic(shared_draft="true")
    assert (refused.status_code, refused.json()["error_type"]) == (400, "invalid_parameters")
    topic_id = bot.post_topic(shared_draft="true").json()["topic_id"]
    assert reader.get(f"/t/{topic_id}.json").status_code == 404
    assert Caller(forum, {}).get(f"/t/{topic_id}.json").status_code == 404


def test_draft_is_a_bad_request_where_drafts_are_off(forum: Forum, bot: Caller) -> None:
    forum.settings.shared_drafts_category = None
    assert bot.post_topic(shared_draft="true").status_code == 400


def test_publishing_moves_renews_and_forgets(forum: Forum, bot: Caller, clock: Clock) -> None:
    first = bot.post_topic(shared_draft="true", external_id="week-1").json()
    topic_id = first["topic_id"]
    clock.advance(60)
    forum.reply("moderator", topic_id=topic_id, raw="이 문장은 다시 봐 주세요. 부탁드립니다!")
    forum.edit_post("moderator", first["id"], BODY + " 고침", reason="문장")
    assert forum.posts(topic_id)[0].version == 2
    clock.advance(3600)
    answer = bot("PUT", f"/t/{topic_id}/publish.json", data={"destination_category_id": "4"})
    assert answer.status_code == 200
    topic, posts = forum.topic(topic_id), forum.posts(topic_id)
    assert (topic.category_id, topic.draft_destination, topic.external_id) == (4, None, "week-1")
    assert topic.created_at == posts[0].created_at == clock.at
    assert (posts[0].version, posts[0].revisions) == (1, [])
    assert posts[1].created_at == clock.at  # a minute later by shift, but never beyond now
    assert "is_shared_draft" not in bot.get(f"/t/{topic_id}.json").json()


def test_publishing_into_the_drafts_category_is_a_bad_request(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(shared_draft="true").json()["topic_id"]
    data = {"destination_category_id": str(forum.drafts_category.id)}
    assert bot("PUT", f"/t/{topic_id}/publish.json", data=data).status_code == 400


# --- topics and posts (25, 26), edits (19, 20) ------------------------------------------------------------------------


def test_topic_shows_twenty_posts_a_page_and_all_ids(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic().json()["topic_id"]
    for number in range(24):
        forum.reply("paperbot", topic_id=topic_id, raw=f"{number}번째 답글입니다. 내용은 스무 자가 넘습니다.")
    view = bot.get(f"/t/{topic_id}.json").json()
    assert (len(view["post_stream"]["posts"]), len(view["post_stream"]["stream"])) == (20, 25)
    assert [p["post_number"] for p in bot.get(f"/t/{topic_id}.json", page=2).json()["post_stream"]["posts"]] == [
        21,
        22,
        23,
        24,
        25,
    ]
    ids = view["post_stream"]["stream"]
    chosen = bot("GET", f"/t/{topic_id}/posts.json?post_ids[]={ids[22]}&post_ids[]=999&include_raw=1").json()
    assert [p["id"] for p in chosen["post_stream"]["posts"]] == [ids[22]]
    assert chosen["post_stream"]["posts"][0]["raw"].startswith("21번째")
    assert bot.get(f"/t/{topic_id}/post_ids.json", post_number=23).json() == {"post_ids": ids[23:]}


def test_any_value_of_include_raw_counts(bot: Caller) -> None:
    topic_id = bot.post_topic().json()["topic_id"]
    assert "raw" not in bot.get(f"/t/{topic_id}.json").json()["post_stream"]["posts"][0]
    assert bot.get(f"/t/{topic_id}.json", include_raw="false").json()["post_stream"]["posts"][0]["raw"] == BODY


def test_wrong_slug_redirects_and_raw_is_plain_text(bot: Caller) -> None:
    topic_id = bot.post_topic().json()["topic_id"]
    assert bot.get(f"/t/other/{topic_id}.json").status_code == 301
    assert bot.get(f"/t/topic/{topic_id}.json").status_code == 200
    raw = bot.get(f"/raw/{topic_id}/1")
    assert (raw.text, raw.headers["content-type"]) == (BODY, "text/plain; charset=utf-8")


def test_staff_see_deleted_topics_others_do_not(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic().json()["topic_id"]
    bot("DELETE", f"/t/{topic_id}.json")
    assert bot.get(f"/t/{topic_id}.json").json()["deleted_at"] is not None
    reader = caller(forum, "reader")
    assert reader.get(f"/t/{topic_id}.json").status_code == 404
    forum.settings.detailed_404 = True
    assert reader.get(f"/t/{topic_id}.json").status_code == 410
    assert reader("DELETE", f"/t/{topic_id}.json").status_code in (403, 410)


def test_edit_without_raw_is_too_short_and_without_change_does_nothing(forum: Forum, bot: Caller) -> None:
    post = bot.post_topic().json()
    assert bot("PUT", f"/posts/{post['id']}.json", data={"post[edit_reason]": "이유"}).status_code == 422
    again = bot("PUT", f"/posts/{post['id']}.json", data={"post[raw]": BODY})
    assert (again.status_code, again.json()["post"]["version"]) == (200, 1)
    assert bot("PUT", f"/posts/{post['id']}.json", data={"raw": BODY}).status_code == 400


def test_edit_based_on_an_old_text_is_a_conflict(forum: Forum, bot: Caller) -> None:
    post = bot.post_topic().json()
    forum.edit_post("moderator", post["id"], BODY + " 운영자가 고쳤습니다.")
    data = {"post[raw]": BODY + " 봇이 고쳤습니다.", "post[raw_old]": BODY}
    conflict = bot("PUT", f"/posts/{post['id']}.json", data=data)
    assert (conflict.status_code, sorted(conflict.json())) == (409, ["errors"])
    data["post[raw_old]"] = BODY + " 운영자가 고쳤습니다."
    assert bot("PUT", f"/posts/{post['id']}.json", data=data).status_code == 200
    assert forum.posts(post["topic_id"])[0].raw == BODY + " 봇이 고쳤습니다."


def test_original_text_is_looked_at_only_now(forum: Forum, bot: Caller) -> None:
    post = bot.post_topic().json()
    data = {"post[raw]": BODY + " 고침", "post[original_text]": "다른 글"}
    assert bot("PUT", f"/posts/{post['id']}.json", data=data).status_code == (409 if forum.mode == "now" else 200)


def test_quick_edits_share_a_version_unless_big_late_or_with_a_reason(forum: Forum, bot: Caller, clock: Clock) -> None:
    post = bot.post_topic().json()

    def version_after(raw: str, reason: str | None = None) -> int:
        return forum.edit_post("paperbot", post["id"], raw, reason=reason).version

    assert version_after(BODY + " 조금") == 1
    assert version_after(BODY + " 조금 더", "이유") == 2
    assert version_after("가" * 500 + BODY) == 3
    clock.advance(301)
    assert version_after("나" + "가" * 500 + BODY) == 4


def test_topic_edit_reads_flat_names_only_and_moves_a_draft_in_name_only(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic(shared_draft="true").json()["topic_id"]
    nested = bot("PUT", f"/t/-/{topic_id}.json", json={"topic": {"title": "무시되는 제목이 여기에 있습니다"}})
    assert nested.json()["basic_topic"]["title"] == TITLE
    staff = forum.category_by_slug("staff").id
    flat = bot("PUT", f"/t/-/{topic_id}.json", data={"title": TITLE + " 고침", "category_id": str(staff)})
    assert flat.json()["basic_topic"]["title"] == TITLE + " 고침"
    topic = forum.topic(topic_id)
    assert (topic.category_id, topic.draft_destination) == (forum.drafts_category.id, staff)


def test_replies_are_numbered_and_ordinary_people_do_not_repeat_themselves(forum: Forum, bot: Caller) -> None:
    topic_id = bot.post_topic().json()["topic_id"]
    reader = caller(forum, "reader")
    data = {"topic_id": str(topic_id), "raw": BODY, "reply_to_post_number": "1"}
    first = reader("POST", "/posts.json", data=data).json()
    assert (first["post_number"], first["reply_to_post_number"]) == (2, None)
    again = reader("POST", "/posts.json", data={"topic_id": str(topic_id), "raw": BODY})
    assert again.status_code == 422


# --- the rest of the site ---------------------------------------------------------------------------------------------


def test_site_answers_tell_mode_and_rights(forum: Forum, bot: Caller) -> None:
    site = bot.get("/site.json").json()
    assert site["shared_drafts_category_id"] == forum.drafts_category.id
    assert "shared_drafts_category_id" not in Caller(forum, {}).get("/site.json").json()
    assert bot.get("/about.json").json()["about"]["version"].startswith("2026" if forum.mode == "now" else "2.9")
    assert bot.get("/site/settings.json").json()["max_post_length"] == 32_000
    assert bot.get("/u/PaperBot.json").json()["user"]["moderator"] is True
    assert bot.get("/tags.json").json()["tags"] == []
    assert bot.get(f"/c/{forum.drafts_category.id}/show.json").json()["category"]["read_restricted"] is True
    slugs = [c["slug"] for c in Caller(forum, {}).get("/categories.json").json()["category_list"]["categories"]]
    assert slugs == ["uncategorized", "papers"]


@pytest.mark.parametrize("mode", ["now", "2022"])
def test_restart_resumes_exactly(tmp_path: Path, mode: Mode, clock: Clock) -> None:
    file = tmp_path / "forum.json"
    before = Forum(mode=mode, state_file=file, now=clock)
    before.add_user("paperbot", moderator=True)
    key = before.add_api_key("paperbot", key="a-fixed-key")
    before.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4, external_id="week-1", tag_names=["llm"])
    gone = before.create_topic("paperbot", title=TITLE + " 둘째", raw=BODY, category_id=4)
    before.delete_topic("paperbot", gone.topic_id)

    after = Forum(mode=mode, state_file=file, now=clock)
    assert after.state == before.state
    assert after.add_api_key("paperbot", key="a-fixed-key") == key
    assert len(after.state.keys) == 1
    assert after.add_user("paperbot") == before.add_user("paperbot")
    assert Caller(after, {"Api-Key": key}).get("/t/external_id/week-1.json").status_code == 301
    third = after.create_topic("paperbot", title=TITLE + " 셋째", raw=BODY, category_id=4)
    assert (third.id, third.topic_id) == (gone.id + 1, gone.topic_id + 1)
    assert [f.name for f in tmp_path.iterdir()] == ["forum.json"]


def test_refused_act_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "forum.json"
    forum = Forum(state_file=file)
    forum.add_user("paperbot", moderator=True)
    saved = file.read_bytes()
    with pytest.raises(Refusal):
        forum.create_topic("paperbot", title=TITLE, raw="짧음", category_id=4, tag_names=["never-made"])
    assert file.read_bytes() == saved
    assert forum.state.tags == {}


def test_nested_parameter_names() -> None:
    pairs = [("post[raw]", "a"), ("tags[]", "x"), ("tags[]", "y"), ("t[][name]", "p"), ("t[][name]", "q"), ("n", "1")]
    assert nest(pairs) == {
        "post": {"raw": "a"},
        "tags": ["x", "y"],
        "t": [{"name": "p"}, {"name": "q"}],
        "n": "1",
    }


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(forum: Forum) -> Callable[[str], httpx.Response]:
    return Caller(forum, {}).get


def test_start_page_lists_drafts_and_public_topics(forum: Forum, page: Callable[[str], httpx.Response]) -> None:
    assert "아직 초안이 없습니다" in page("/").text
    forum.create_topic("paperbot", title=TITLE + " 초안", raw=BODY, category_id=4, shared_draft=True)
    forum.create_topic("paperbot", title=TITLE + " 공개", raw=BODY, category_id=4)
    drafts, public = page("/").text.split("공개된 글")
    assert TITLE + " 초안" in drafts
    assert TITLE + " 공개" in public


def test_topic_page_shows_rendered_text_and_escapes_the_title(
    forum: Forum, page: Callable[[str], httpx.Response]
) -> None:
    title = TITLE + " <script>"
    post = forum.create_topic("paperbot", title=title, raw=f"**{BODY}**", category_id=4, external_id="week-1")
    text = page(f"/t/script/{post.topic_id}").text
    assert f"<p><strong>{BODY}</strong></p>" in text
    assert "week-1" in text
    assert '<span class="badge open">공개</span>' in text
    assert "<script>" not in text
    assert page(f"/t/{post.topic_id}").status_code == 302
    assert page(f"/t/{post.topic_id}/1/raw").text.count("**") == 2
    assert page("/t/999").status_code == 404


def test_publish_button_publishes_once(forum: Forum) -> None:
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4, shared_draft=True)
    visitor = Caller(forum, {})
    for _ in range(2):
        assert visitor("POST", f"/t/{post.topic_id}/publish").status_code == 303
    assert forum.topic(post.topic_id).category_id == 4
    assert forum.calls == []


def test_emoji_are_drawn_here_not_fetched(page: Callable[[str], httpx.Response]) -> None:
    assert "🔥" in page("/images/emoji/twitter/fire.png").text
    assert page("/images/emoji/twitter/no_such.png").status_code == 404


def test_topic_address_answers_json_to_those_who_ask_for_it(forum: Forum) -> None:
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    answer = Caller(forum, {})("GET", f"/t/{post.topic_id}", headers={"Accept": "application/json"})
    assert answer.json()["title"] == TITLE
