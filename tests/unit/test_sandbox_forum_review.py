"""The stand-in forum during a review: publication, grace period, revisions, whispers, likes, the newest posts."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.forum import Forum, Refusal, cook
from bot.sandbox.forum.edits import changed_characters
from bot.sandbox.forum.quotes import Quoted, quoted_posts
from bot.sandbox.forum.state import Post
from tests.unit.test_sandbox_forum import BODY, TITLE, Caller, Clock, caller

REMARK = "둘째 문장이 원문과 다릅니다. 다시 봐 주세요."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["now", "2022"])
def forum(request: pytest.FixtureRequest, clock: Clock) -> Forum:
    forum = Forum(mode=request.param, now=clock)
    forum.settings.admin_api_requests_per_minute = None
    forum.add_user("paperbot", moderator=True)
    forum.add_user("boss", admin=True)
    forum.add_user("reader")
    return forum


@pytest.fixture
def bot(forum: Forum) -> Caller:
    return caller(forum)


@pytest.fixture
def draft(forum: Forum) -> Post:
    return forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4, shared_draft=True, external_id="week-1")


# --- publish (16, 38) -------------------------------------------------------------------------------------------------


def test_published_topic_keeps_author_tags_likes_replies_and_their_history(
    forum: Forum, draft: Post, clock: Clock
) -> None:
    forum.allow_whispers()
    forum.edit_topic("moderator", draft.topic_id, tag_names=["llm"])
    forum.like("moderator", draft.id)
    reply = forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK)
    forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK + " 귓속말", whisper=True)
    clock.advance(600)
    forum.edit_post("moderator", reply.id, REMARK + " 고침")
    forum.publish("moderator", draft.topic_id, 4)
    topic, (first, second, whisper) = forum.topic(draft.topic_id), forum.posts(draft.topic_id)
    assert first.user_id == topic.user_id == draft.user_id
    assert (topic.tags, list(first.likes), second.version, len(second.revisions)) == (["llm"], [1], 2, 1)
    visitor = Caller(forum, {}).get(f"/t/{topic.id}.json").json()
    assert [p["post_number"] for p in visitor["post_stream"]["posts"]] == [1, 2]
    assert whisper.post_type == 4


def test_second_publish_is_taken_and_forgets_again(forum: Forum, bot: Caller, draft: Post, clock: Clock) -> None:
    data = {"destination_category_id": "4"}
    assert bot("PUT", f"/t/{draft.topic_id}/publish.json", data=data).status_code == 200
    clock.advance(3600)
    forum.edit_post("moderator", draft.id, BODY + " 공개 뒤에 고침")
    assert forum.posts(draft.topic_id)[0].version == 2
    assert bot("PUT", f"/t/{draft.topic_id}/publish.json", data=data).status_code == 200
    assert forum.topic(draft.topic_id).created_at == clock.at
    assert forum.posts(draft.topic_id)[0].version == 1


def test_stored_destination_is_ignored_at_publication(forum: Forum, bot: Caller, draft: Post) -> None:
    other = forum.add_category("강연", "talks")
    bot("PUT", f"/t/{draft.topic_id}/publish.json", data={"destination_category_id": str(other.id)})
    assert forum.topic(draft.topic_id).category_id == other.id


def test_destination_can_be_changed_and_is_not_validated(forum: Forum, bot: Caller, draft: Post) -> None:
    assert bot("PUT", f"/t/{draft.topic_id}/shared-draft.json", data={"category_id": "999"}).status_code == 200
    assert bot.get(f"/t/{draft.topic_id}.json").json()["destination_category_id"] == 999
    assert bot("PUT", f"/t/{draft.topic_id}/shared-draft.json").status_code == 400


def test_publication_needs_the_right_and_a_place(forum: Forum, draft: Post) -> None:
    reader = caller(forum, "reader")
    data = {"destination_category_id": "4"}
    assert reader("PUT", f"/t/{draft.topic_id}/publish.json", data=data).status_code == 404
    with pytest.raises(Refusal) as caught:
        forum.publish("moderator", draft.topic_id, 999)
    assert caught.value.status == 400


def test_tag_rule_of_the_destination_leaves_the_topic_in_limbo(forum: Forum, bot: Caller, draft: Post) -> None:
    forum.edit_topic("paperbot", draft.topic_id, tag_names=["llm"])
    strict = forum.add_category("발표", "strict", allowed_tags=["talk"])
    answer = bot("PUT", f"/t/{draft.topic_id}/publish.json", data={"destination_category_id": str(strict.id)})
    assert answer.status_code == 200
    view = bot.get(f"/t/{draft.topic_id}.json").json()
    assert view["category_id"] == forum.drafts_category.id
    assert "is_shared_draft" not in view


def test_tags_kept_for_another_category_are_refused_to_everybody(forum: Forum, draft: Post) -> None:
    forum.add_category("발표", "strict", allowed_tags=["talk"])
    with pytest.raises(Refusal) as caught:
        forum.edit_topic("boss", draft.topic_id, tag_names=["talk"])
    assert caught.value.status == 422
    with pytest.raises(Refusal):
        forum.create_topic("paperbot", title=TITLE + " 둘", raw=BODY, category_id=4, tag_names=["talk"])


def test_minimum_of_tags_spares_staff(forum: Forum) -> None:
    demanding = forum.add_category("모음", "demanding", minimum_required_tags=1)
    with pytest.raises(Refusal):
        forum.create_topic("reader", title=TITLE, raw=BODY, category_id=demanding.id)
    forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=demanding.id)


def test_timer_publishes_as_the_system_user(forum: Forum, bot: Caller, draft: Post, clock: Clock) -> None:
    at = (clock.at + dt.timedelta(hours=1)).isoformat()
    data = {"status_type": "publish_to_category", "time": at, "category_id": "4"}
    answer = bot("POST", f"/t/{draft.topic_id}/timer.json", data=data).json()
    assert answer["execute_at"] == "2026-03-02T10:00:00.000Z"
    clock.advance(3599)
    assert bot.get(f"/t/{draft.topic_id}.json").json()["topic_timer"]["category_id"] == 4
    clock.advance(1)
    view = bot.get(f"/t/{draft.topic_id}.json").json()
    assert (view["category_id"], view["topic_timer"]) == (4, None)
    assert forum.posts(draft.topic_id)[0].last_editor_id == -1


def test_timer_can_be_taken_away_and_needs_a_time_to_come(forum: Forum, draft: Post, clock: Clock) -> None:
    forum.set_timer("moderator", draft.topic_id, clock.at + dt.timedelta(hours=1), 4)
    forum.set_timer("moderator", draft.topic_id, None, None)
    clock.advance(7200)
    assert forum.run_timers() == []
    with pytest.raises(Refusal):
        forum.set_timer("moderator", draft.topic_id, clock.at, 4)


# --- grace period (18) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "version"), [(300, 1), (301, 2)])
def test_grace_period_ends_after_300_seconds(
    forum: Forum, draft: Post, clock: Clock, seconds: int, version: int
) -> None:
    clock.advance(seconds)
    assert forum.edit_post("paperbot", draft.id, BODY + " 끝").version == version


@pytest.mark.parametrize(("who", "allowed"), [("paperbot", 400), ("reader", 100)])
def test_big_changes_end_the_grace_period(forum: Forum, who: str, allowed: int) -> None:
    post = forum.create_topic(who, title=TITLE, raw=BODY, category_id=4)
    assert forum.edit_post(who, post.id, BODY + "가" * allowed).version == 1
    assert forum.edit_post(who, post.id, BODY + "가" * (allowed + 1)).version == 2


def test_replaced_characters_count_twice_and_small_steps_add_up(forum: Forum) -> None:
    post = forum.create_topic("reader", title=TITLE, raw="가" * 60 + BODY, category_id=4)
    assert forum.edit_post("reader", post.id, "나" * 50 + "가" * 10 + BODY).version == 1
    assert forum.edit_post("reader", post.id, "나" * 51 + "가" * 9 + BODY).version == 2
    (revision,) = post.revisions
    assert revision.before == "가" * 60 + BODY  # from before the first of the small steps


def test_edit_taken_back_takes_its_revision_along(forum: Forum, draft: Post, clock: Clock) -> None:
    clock.advance(400)
    assert forum.edit_post("paperbot", draft.id, BODY + " 고침").version == 2
    assert forum.edit_post("paperbot", draft.id, BODY).version == 1
    assert draft.revisions == []


def test_reason_is_kept_only_with_a_new_version(forum: Forum, draft: Post) -> None:
    assert forum.edit_post("paperbot", draft.id, BODY + " 하나", reason="이유").edit_reason == "이유"
    edited = forum.edit_post("paperbot", draft.id, BODY + " 하나 둘", reason="이유")
    assert (edited.version, edited.edit_reason) == (2, "이유")
    edited = forum.edit_post("moderator", draft.id, BODY + " 셋")
    assert (edited.version, edited.edit_reason) == (3, None)


@settings(max_examples=150, deadline=None)
@given(st.text("가나다 ", max_size=12), st.text("가나다 ", max_size=12))
def test_changed_characters_are_those_outside_the_longest_common_part(before: str, after: str) -> None:
    table = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, a in enumerate(before):
        for j, b in enumerate(after):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    expected = len(before) + len(after) - 2 * table[-1][-1]
    assert changed_characters(before, after, at_most=40) == expected
    assert (changed_characters(before, after, at_most=3) > 3) == (expected > 3)


# --- bump -------------------------------------------------------------------------------------------------------------


def test_edit_of_the_last_post_bumps_unless_passed_by(forum: Forum, bot: Caller, draft: Post, clock: Clock) -> None:
    clock.advance(1000)
    data = {"post[raw]": BODY + " 하나", "bypass_bump": "true"}
    assert bot("PUT", f"/posts/{draft.id}.json", data=data).status_code == 200
    moved = clock.at if forum.mode == "2022" else draft.created_at
    assert forum.topic(draft.topic_id).bumped_at == moved
    clock.advance(1000)
    forum.edit_post("paperbot", draft.id, BODY + " 하나 둘")
    assert forum.topic(draft.topic_id).bumped_at == clock.at


def test_edit_of_a_replied_post_and_within_the_grace_period_do_not_bump(
    forum: Forum, draft: Post, clock: Clock
) -> None:
    clock.advance(10)
    forum.edit_post("paperbot", draft.id, BODY + " 하나")
    assert forum.topic(draft.topic_id).bumped_at == draft.created_at
    reply = forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK)
    clock.advance(1000)
    forum.edit_post("moderator", draft.id, BODY + " 둘")
    assert forum.topic(draft.topic_id).bumped_at == reply.created_at


def test_reset_bump_date_and_timestamp(forum: Forum, bot: Caller, draft: Post, clock: Clock) -> None:
    clock.advance(86_400)
    forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK)
    clock.advance(1000)
    forum.edit_post("moderator", forum.posts(draft.topic_id)[1].id, REMARK + " 고침")
    assert bot("PUT", f"/t/{draft.topic_id}/reset-bump-date.json").content == b""
    assert forum.topic(draft.topic_id).bumped_at == clock.at - dt.timedelta(seconds=1000)
    future = bot("PUT", f"/t/{draft.topic_id}/change-timestamp.json", data={"timestamp": clock.at.timestamp() + 60})
    assert (future.status_code, future.json()) == (422, {"failed": "FAILED"})
    earlier = clock.at - dt.timedelta(days=10)
    answer = bot("PUT", f"/t/{draft.topic_id}/change-timestamp.json", data={"timestamp": earlier.timestamp()})
    assert answer.json() == {"success": "OK"}
    assert [p.created_at for p in forum.posts(draft.topic_id)] == [earlier, earlier + dt.timedelta(days=1)]


# --- conflicts of topics ----------------------------------------------------------------------------------------------


def test_stale_title_or_tags_are_a_conflict_only_now(forum: Forum, bot: Caller, draft: Post) -> None:
    data = {"title": TITLE + " 새로", "original_title": "다른 제목을 보았습니다"}
    expected = 409 if forum.mode == "now" else 200
    assert bot("PUT", f"/t/-/{draft.topic_id}.json", data=data).status_code == expected
    tags = {"tags[]": "llm", "original_tags[]": "agents"}
    assert bot("PUT", f"/t/-/{draft.topic_id}.json", data=tags).status_code == expected


def test_first_word_of_a_title_gets_a_capital(forum: Forum, bot: Caller, draft: Post) -> None:
    bot("PUT", f"/t/-/{draft.topic_id}.json", data={"title": "agents 논문을 함께 읽습니다"})
    assert forum.topic(draft.topic_id).title == "Agents 논문을 함께 읽습니다"


# --- revisions (21) ---------------------------------------------------------------------------------------------------


def test_revisions_show_differences_and_the_editor(forum: Forum, bot: Caller, draft: Post) -> None:
    assert bot.get(f"/posts/{draft.id}/revisions/latest.json").status_code == 404
    forum.edit_post("moderator", draft.id, BODY.replace("작은", "큰"), reason="낱말")
    answer = bot.get(f"/posts/{draft.id}/revisions/latest.json").json()
    assert (answer["username"], answer["edit_reason"], answer["current_version"]) == ("moderator", "낱말", 2)
    assert "<del>작은</del><ins>큰</ins>" in answer["body_changes"]["inline"]
    assert answer == bot.get(f"/posts/{draft.id}/revisions/2.json").json()
    assert bot.get(f"/posts/{draft.id}/revisions/1.json").status_code == 404
    assert bot.get(f"/posts/{draft.id}/revisions/3.json").status_code == 404
    assert not {"raw", "cooked"} & set(answer)


def test_title_and_tags_are_revisions_of_the_first_post(forum: Forum, bot: Caller, draft: Post) -> None:
    forum.edit_topic("moderator", draft.topic_id, title=TITLE + " 새로", tag_names=["llm"])
    answer = bot.get(f"/posts/{draft.id}/revisions/latest.json").json()
    assert "<ins>" in answer["title_changes"]["inline"]
    current = answer["tags_changes"]["current"]
    assert [t if isinstance(t, str) else t["name"] for t in current] == ["llm"]
    assert forum.posts(draft.topic_id)[0].version == 2


def test_publication_wipes_the_first_posts_history(forum: Forum, bot: Caller, draft: Post) -> None:
    forum.edit_post("moderator", draft.id, BODY + " 고침")
    forum.publish("moderator", draft.topic_id, 4)
    assert bot.get(f"/posts/{draft.id}/revisions/latest.json").status_code == 404
    assert bot.get(f"/posts/{draft.id}.json").json()["version"] == 1


def test_history_is_public_unless_the_site_hides_it(forum: Forum) -> None:
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    forum.edit_post("moderator", post.id, BODY + " 고침")
    reader = caller(forum, "reader")
    assert reader.get(f"/posts/{post.id}/revisions/latest.json").status_code == 200
    forum.settings.edit_history_visible_to_public = False
    assert reader.get(f"/posts/{post.id}/revisions/latest.json").status_code == 403


def test_raw_of_an_old_version_is_right_only_if_the_next_touched_raw(
    forum: Forum, bot: Caller, draft: Post, clock: Clock
) -> None:
    forum.edit_topic("moderator", draft.topic_id, title=TITLE + " 새로")
    clock.advance(400)
    forum.edit_post("moderator", draft.id, BODY + " 고침")
    raws = [bot.get(f"/posts/{draft.id}.json", version=v).json()["raw"] for v in (1, 2, 3)]
    assert raws == [BODY + " 고침", BODY, BODY + " 고침"]


# --- whispers (22) ----------------------------------------------------------------------------------------------------


def whisper(forum: Forum, who: str, topic_id: int, **more: str) -> Any:
    return caller(forum, who)(
        "POST", "/posts.json", data={"topic_id": str(topic_id), "raw": REMARK, "whisper": "true", **more}
    )


@pytest.mark.parametrize("who", ["paperbot", "boss", "reader"])
def test_whispers_are_closed_to_everybody_until_a_setting_opens_them(forum: Forum, who: str) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    refused = whisper(forum, who, topic_id)
    assert (refused.status_code, refused.json()["error_type"]) == (403, "invalid_access")
    assert len(forum.posts(topic_id)) == 1


def test_opened_whispers_are_for_the_members_and_admins(forum: Forum, draft: Post) -> None:
    forum.allow_whispers("reviewers")
    statuses = [whisper(forum, who, draft.topic_id).status_code for who in ("paperbot", "boss", "reader")]
    assert statuses == ([403, 200, 403] if forum.mode == "now" else [200, 200, 403])
    forum.add_user("editor", moderator=True, groups=["reviewers"])
    assert whisper(forum, "editor", draft.topic_id).status_code == 200


def test_whisper_takes_a_number_but_does_not_count_or_bump(forum: Forum, bot: Caller, clock: Clock) -> None:
    forum.allow_whispers()
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    bumped = forum.topic(topic_id).bumped_at
    clock.advance(60)
    made = whisper(forum, "paperbot", topic_id).json()
    assert (made["post_type"], made["post_number"]) == (4, 2)
    assert forum.topic(topic_id).bumped_at == bumped
    assert forum.reply("reader", topic_id=topic_id, raw=REMARK).post_number == 3
    seen = bot.get(f"/t/{topic_id}.json").json()
    assert (seen["posts_count"], seen["highest_post_number"]) == (2, 3)
    assert [p["post_number"] for p in seen["post_stream"]["posts"]] == [1, 2, 3]
    public = caller(forum, "reader").get(f"/t/{topic_id}.json").json()
    assert [p["post_number"] for p in public["post_stream"]["posts"]] == [1, 3]
    assert caller(forum, "reader").get(f"/posts/{made['id']}.json").status_code == 404


def test_reply_to_a_whisper_is_a_whisper(forum: Forum, bot: Caller, draft: Post) -> None:
    forum.allow_whispers()
    forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK, whisper=True)
    data = {"topic_id": str(draft.topic_id), "raw": REMARK + " 답", "reply_to_post_number": "2"}
    assert bot("POST", "/posts.json", data=data).json()["post_type"] == 4


def test_edited_whisper_does_not_bump(forum: Forum, draft: Post, clock: Clock) -> None:
    forum.allow_whispers()
    secret = forum.reply("moderator", topic_id=draft.topic_id, raw=REMARK, whisper=True)
    bumped = forum.topic(draft.topic_id).bumped_at
    clock.advance(1000)
    assert forum.edit_post("moderator", secret.id, REMARK + " 고침").version == 2
    assert forum.topic(draft.topic_id).bumped_at == bumped


def test_site_tells_whether_whispers_are_open(forum: Forum, bot: Caller) -> None:
    forum.allow_whispers()
    if forum.mode == "now":
        assert bot.get("/site.json").json()["whispers_allowed_groups_names"] == ["admins", "moderators"]
    else:
        assert bot.get("/site/settings.json").json()["enable_whispers"] is True


def test_move_leaves_a_whisper_with_an_action_code_if_the_site_does_that(forum: Forum) -> None:
    forum.settings.create_post_for_category_and_tag_changes = True
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    forum.edit_topic("moderator", post.topic_id, category_id=2)
    note = forum.posts(post.topic_id)[1]
    assert (note.post_type, note.action_code, note.raw) == (4, "category_changed", "")


# --- likes (23) -------------------------------------------------------------------------------------------------------


def like(who: Caller, post_id: int) -> Any:
    return who("POST", "/post_actions.json", data={"id": str(post_id), "post_action_type_id": "2"})


def test_like_is_counted_and_not_repeated(forum: Forum, bot: Caller) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    comment = forum.reply("reader", topic_id=topic_id, raw=REMARK)
    first = like(bot, comment.id)
    assert first.json()["actions_summary"] == [{"id": 2, "count": 1, "acted": True, "can_undo": True}]
    assert (first.headers["discourse-actions-max"], first.headers["discourse-actions-remaining"]) == ("50", "49")
    again = like(bot, comment.id)
    assert (again.status_code, sorted(again.json())) == (403, ["errors"])
    seen = caller(forum, "boss").get(f"/posts/{comment.id}.json").json()["actions_summary"]
    assert seen == [{"id": 2, "count": 1, "can_act": True}]
    view = bot.get(f"/t/{topic_id}.json").json()
    assert view["like_count"] == 1
    listed = bot.get("/latest.json").json()["topic_list"]["topics"][0]
    assert (listed["like_count"], listed["op_like_count"]) == (1, 0)


def test_own_and_archived_posts_are_not_liked(forum: Forum, bot: Caller) -> None:
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    assert like(bot, post.id).status_code == 403
    assert like(bot, 999).status_code == 404
    forum.set_status("moderator", post.topic_id, "archived", True)
    assert like(caller(forum, "reader"), post.id).status_code == 403


def test_like_is_undone_within_ten_minutes(forum: Forum, bot: Caller, clock: Clock) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    comment = forum.reply("reader", topic_id=topic_id, raw=REMARK)
    undo = f"/post_actions/{comment.id}.json?post_action_type_id=2"
    assert bot("DELETE", undo).status_code == 404
    like(bot, comment.id)
    assert bot("DELETE", undo).json()["actions_summary"] == [{"id": 2, "can_act": True}]
    like(bot, comment.id)
    clock.advance(601)
    assert bot("DELETE", undo).status_code == 403


# --- the newest posts (24) --------------------------------------------------------------------------------------------


def test_windows_of_the_newest_posts(forum: Forum, bot: Caller) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    first = forum.posts(topic_id)[0].id
    for number in range(70):
        forum.reply("paperbot", topic_id=topic_id, raw=f"{number}번째 답글입니다. 내용은 스무 자가 넘습니다.")
    newest = first + 70
    page = [p["id"] for p in bot.get("/posts.json").json()["latest_posts"]]
    assert page == list(range(newest, newest - 50, -1))
    after = [p["id"] for p in bot.get("/posts.json", before=page[-1]).json()["latest_posts"]]
    assert after == list(range(page[-1] - (forum.mode == "now"), first - 1, -1))
    entry = bot.get("/posts.json").json()["latest_posts"][0]
    assert (entry["topic_title"], entry["category_id"], entry["raw"][:3]) == (TITLE, 4, "69번")


def test_page_may_be_empty_while_older_posts_exist_only_in_2022(forum: Forum, bot: Caller) -> None:
    public = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    message = forum.create_message(
        "reader", recipients=["boss"], title="쪽지 제목입니다", raw="첫 쪽지를 보냅니다 안녕하세요"
    )
    for number in range(60):
        forum.reply("boss", topic_id=message.topic_id, raw=f"{number}번째 쪽지를 보냅니다")
    page = [p["id"] for p in bot.get("/posts.json").json()["latest_posts"]]
    assert page == ([public.id] if forum.mode == "now" else [])
    before = message.id + 60 - 50
    assert [p["id"] for p in bot.get("/posts.json", before=before).json()["latest_posts"]] == [public.id]


def test_whispers_are_among_the_newest_only_in_2022_and_unlisted_and_deleted_never(forum: Forum, bot: Caller) -> None:
    forum.allow_whispers()
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    hidden = forum.create_topic("paperbot", title=TITLE + " 둘", raw=BODY, category_id=4)
    forum.set_visible("moderator", hidden.topic_id, False)
    gone = forum.create_topic("paperbot", title=TITLE + " 셋", raw=BODY, category_id=4)
    forum.delete_topic("moderator", gone.topic_id)
    secret = forum.reply("moderator", topic_id=post.topic_id, raw=REMARK, whisper=True)
    page = [p["id"] for p in bot.get("/posts.json").json()["latest_posts"]]
    assert page == ([post.id] if forum.mode == "now" else [secret.id, post.id])
    public = Caller(forum, {}).get("/posts.json").json()["latest_posts"]
    assert [p["id"] for p in public] == [post.id]


def test_drafts_are_among_the_newest_only_for_those_who_see_them(forum: Forum, bot: Caller, draft: Post) -> None:
    assert [p["id"] for p in bot.get("/posts.json").json()["latest_posts"]] == [draft.id]
    assert caller(forum, "reader").get("/posts.json").json() == {"latest_posts": []}


# --- system edits (32), author deletion (33) --------------------------------------------------------------------------


def test_remote_images_become_uploads_after_301_seconds(forum: Forum, clock: Clock) -> None:
    raw = f"{BODY}\n\n![그림](https://example.org/a.png)\n\n![남음](upload://x.png)"
    post = forum.create_topic("paperbot", title=TITLE, raw=raw, category_id=4)
    clock.advance(300)
    assert forum.run_system_edits() == []
    clock.advance(1)
    assert forum.run_system_edits() == [post]
    assert "https://example.org" not in post.raw
    assert post.raw.count("upload://") == 2
    assert (post.version, post.last_editor_id) == (2, -1)
    assert forum.topic(post.topic_id).bumped_at == post.created_at
    assert forum.run_system_edits() == []


def test_quote_of_the_whole_post_above_is_cut(forum: Forum) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=f"**{BODY}**", category_id=4).topic_id
    quote = f'[quote="paperbot, post:1, topic:{topic_id}, full:true"]\n{BODY}\n[/quote]\n\n'
    whole = forum.reply("reader", topic_id=topic_id, raw=quote + REMARK, reply_to_post_number=1)
    assert forum.run_system_edits() == [whole]
    assert whole.raw == REMARK
    part = forum.reply("reader", topic_id=topic_id, raw=quote + REMARK + " 또")
    assert forum.run_system_edits() == []  # not the post right above any more
    assert part.raw.startswith("[quote")


def test_system_edits_can_be_switched_off(forum: Forum, clock: Clock) -> None:
    forum.settings.download_remote_images_to_local = False
    raw = f"{BODY}\n\n![그림](https://example.org/a.png)"
    post = forum.create_topic("paperbot", title=TITLE, raw=raw, category_id=4)
    clock.advance(400)
    assert forum.run_system_edits() == []
    assert post.raw == raw


def test_author_leaves_a_phrase_and_the_post_goes_a_day_later(forum: Forum, clock: Clock) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    comment = forum.reply("reader", topic_id=topic_id, raw=REMARK)
    reader = caller(forum, "reader")
    assert reader("DELETE", f"/posts/{comment.id}.json").content == b""
    shown = reader.get(f"/posts/{comment.id}.json").json()
    assert (shown["raw"], shown["user_deleted"], shown["version"]) == ("(글쓴이가 지운 글입니다)", True, 2)
    clock.advance(86_400)
    assert forum.run_system_edits() == [comment]
    assert reader.get(f"/posts/{comment.id}.json").status_code == 404


def test_recovered_post_has_its_text_back(forum: Forum) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    comment = forum.reply("reader", topic_id=topic_id, raw=REMARK)
    forum.delete_post("reader", comment.id)
    forum.recover_post("reader", comment.id)
    assert (comment.raw, comment.user_deleted, comment.delete_at) == (REMARK, False, None)


def test_staff_delete_at_once_and_others_not_at_all(forum: Forum) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    comment = forum.reply("boss", topic_id=topic_id, raw=REMARK)
    assert caller(forum, "reader")("DELETE", f"/posts/{comment.id}.json").status_code == 403
    forum.delete_post("moderator", comment.id)
    assert comment.deleted_at is not None
    assert [p.post_number for p in forum.posts(topic_id)] == [1]


# --- quotes (37), replies, notifications ------------------------------------------------------------------------------


def test_quotes_are_shown_with_what_they_refer_to() -> None:
    cooked = cook('[quote="paperbot, post:3, topic:11, full:true"]\n인용한 말\n[/quote]\n\n대답')
    assert 'data-username="paperbot"' in cooked
    assert 'data-post="3"' in cooked
    assert 'data-topic="11"' in cooked
    named = cook('[quote="수진, 김, post:3, topic:11, username:sujin"]\n인용한 말\n[/quote]')
    assert 'data-username="sujin"' in named
    assert "<aside" not in cook('```\n[quote="x, post:1, topic:1"]\n가짜\n[/quote]\n```')


def test_quoted_posts_are_found_whatever_the_order_of_parts_and_not_in_code() -> None:
    fenced = '```\n[quote="c, post:9, topic:9"]\n```'
    raw = f'[quote="a, topic:5, post:2"]\n말\n[/quote]\n\n[quote="b"]\n말\n[/quote]\n\n{fenced}'
    assert quoted_posts(raw) == [Quoted(2, 5), Quoted(0, 0)]


def test_direct_replies_come_without_raw(forum: Forum, bot: Caller) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    second = forum.reply("reader", topic_id=topic_id, raw=REMARK)
    for number in range(22):
        raw = f"{number}번째 대답입니다. 내용은 스무 자가 넘습니다."
        forum.reply("paperbot", topic_id=topic_id, raw=raw, reply_to_post_number=2)
    found = bot.get(f"/posts/{second.id}/replies.json").json()
    assert len(found) == (20 if forum.mode == "now" else 22)
    assert "raw" not in found[0]
    assert found[0]["reply_to_user"]["username"] == "reader"
    if forum.mode == "now":
        rest = bot.get(f"/posts/{second.id}/replies.json", after=found[-1]["post_number"]).json()
        assert [p["post_number"] for p in rest] == [23, 24]


def test_notifications_tell_of_replies_mentions_quotes_edits_and_likes(forum: Forum, bot: Caller) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    first = forum.posts(topic_id)[0]
    answered = forum.reply("paperbot", topic_id=topic_id, raw=REMARK)
    forum.reply("reader", topic_id=topic_id, raw="그냥 다는 답글입니다. 스무 자가 넘습니다.")
    forum.reply("reader", topic_id=topic_id, raw="바로 답하는 답글입니다. 스무 자가 넘습니다.", reply_to_post_number=2)
    forum.reply("reader", topic_id=topic_id, raw="@paperbot 여기를 좀 보아 주세요. 부탁드립니다!")
    forum.reply(
        "reader", topic_id=topic_id, raw=f'[quote="paperbot, post:2, topic:{topic_id}"]\n말\n[/quote]\n여기요, 여기.'
    )
    forum.reply("reader", topic_id=topic_id, raw="`@paperbot` 은 부르는 말이 아닙니다. 코드입니다.")
    forum.edit_post("moderator", first.id, BODY + " 고침")
    forum.like("reader", answered.id)
    kinds = [n["notification_type"] for n in bot.get("/notifications.json").json()["notifications"]]
    assert kinds == [5, 4, 9, 3, 1, 2, 9]
    assert caller(forum, "reader").get("/notifications.json").json()["notifications"] == []


# --- rights of keys (10 of the API), external ids, members, settings --------------------------------------------------


def test_routes_without_a_scope_are_closed_to_scoped_keys(forum: Forum, draft: Post) -> None:
    scoped = caller(forum, scopes=["topics:write", "topics:update", "topics:read", "posts:edit"])
    calls = [
        ("GET", f"/posts/{draft.id}.json"),
        ("GET", f"/posts/{draft.id}/replies.json"),
        ("GET", f"/raw/{draft.topic_id}/1"),
        ("GET", "/site.json"),
        ("GET", "/notifications.json"),
        ("POST", "/post_actions.json"),
        ("PUT", f"/t/{draft.topic_id}/change-timestamp.json"),
        ("POST", f"/t/{draft.topic_id}/timer.json"),
        ("DELETE", f"/posts/{draft.id}.json"),
        ("GET", "/admin/site_settings.json"),
        ("GET", "/admin/api/web_hooks.json"),
    ]
    assert {scoped(method, path).status_code for method, path in calls} == {403}


def test_scopes_of_the_newest_posts_and_revisions_exist_only_now(forum: Forum, draft: Post) -> None:
    forum.edit_post("moderator", draft.id, BODY + " 고침")
    scoped = caller(forum, scopes=["posts:list", "revisions:read"])
    expected = 200 if forum.mode == "now" else 403
    assert scoped.get("/posts.json").status_code == expected
    assert scoped.get(f"/posts/{draft.id}/revisions/latest.json").status_code == expected


def test_external_id_of_a_topic_that_may_not_be_seen_is_forbidden(forum: Forum, draft: Post) -> None:
    answer = caller(forum, "reader").get("/t/external_id/week-1.json")
    assert (answer.status_code, answer.json()["error_type"]) == (403, "invalid_access")


def test_messages_are_for_those_who_take_part(forum: Forum) -> None:
    data = {
        "archetype": "private_message",
        "target_recipients": "boss",
        "title": "쪽지 제목입니다 반갑습니다",
        "raw": "열 자가 넘는 쪽지입니다.",
    }
    topic_id = caller(forum, "reader")("POST", "/posts.json", data=data).json()["topic_id"]
    assert caller(forum, "boss").get(f"/t/{topic_id}.json").json()["archetype"] == "private_message"
    assert caller(forum, "reader").get(f"/t/{topic_id}.json").json()["category_id"] is None
    assert caller(forum).get(f"/t/{topic_id}.json").status_code == 404
    assert caller(forum).get("/latest.json").json()["topic_list"]["topics"] == []


def test_settings_are_read_and_written_by_admins(forum: Forum) -> None:
    boss = caller(forum, "boss")
    listed = {s["setting"]: s for s in boss.get("/admin/site_settings.json").json()["site_settings"]}
    assert (listed["title_prettify"]["value"], listed["max_post_length"]["value"]) == ("true", "32000")
    assert listed["shared_drafts_category"]["value"] == str(forum.drafts_category.id)
    sharing = "shared_drafts_allowed_groups" if forum.mode == "now" else "shared_drafts_min_trust_level"
    assert listed[sharing]["value"] == ("1|2" if forum.mode == "now" else "staff")
    name = "whispers_allowed_groups" if forum.mode == "now" else "enable_whispers"
    value = "1|2" if forum.mode == "now" else "true"
    changed = boss("PUT", f"/admin/site_settings/{name}.json", data={name: value})
    assert (changed.status_code, changed.content) == (200, b"")
    post = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    assert whisper(forum, "paperbot", post.topic_id).status_code == 200
    again = {s["setting"]: s["value"] for s in boss.get("/admin/site_settings.json").json()["site_settings"]}
    assert again[name] == value
    assert boss("PUT", "/admin/site_settings/no_such.json", data={"no_such": "1"}).status_code == 400
    assert caller(forum).get("/admin/site_settings.json").status_code == 404


def test_categories_are_made_once(forum: Forum) -> None:
    boss = caller(forum, "boss")
    data = {"name": "초안", "slug": "paper-drafts", "color": "0088CC", "permissions[staff]": "1"}
    made = boss("POST", "/categories.json", data=data).json()["category"]
    assert (made["slug"], made["read_restricted"]) == ("paper-drafts", True)
    assert boss("POST", "/categories.json", data=data).status_code == 422
    assert caller(forum)("POST", "/categories.json", data={"name": "x"}).status_code == 404


def test_keys_are_made_with_scopes_of_the_catalogue(forum: Forum) -> None:
    boss = caller(forum, "boss")
    catalogue = boss.get("/admin/api/keys/scopes.json").json()["scopes"]
    names = {entry["scope_id"] for entries in catalogue.values() for entry in entries}
    assert ("revisions:read" in names) == (forum.mode == "now")
    body = {"key": {"description": "검사", "username": "paperbot", "scopes": [{"scope_id": "topics:read"}]}}
    made = boss("POST", "/admin/api/keys.json", json=body).json()["key"]
    fresh = Caller(forum, {"Api-Key": made["key"]})
    assert [s["key"] for s in fresh.get("/session/scopes.json").json()["scopes"]] == ["read"]
    unknown = {"key": {"username": "paperbot", "scopes": [{"scope_id": "no:such"}]}}
    assert boss("POST", "/admin/api/keys.json", json=unknown).status_code == 400
    assert boss("DELETE", f"/admin/api/keys/{made['id']}.json").status_code == 200
    assert fresh.get("/session/scopes.json").status_code == 403


def test_members_come_a_hundred_a_page_and_unfiltered(forum: Forum) -> None:
    for number in range(110):
        forum.add_user(f"member{number}")
    forum.add_user("member7").active = False
    forum.add_user("member7").secondary_emails = ["second@forum.test"]
    boss = caller(forum, "boss")

    def listed(who: Caller, page: int) -> httpx.Response:
        return who.get("/admin/users/list/active.json", show_emails="true", order="created", asc="true", page=page)

    pages = [listed(boss, page).json() for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 17, 0]
    members = [member for page in pages for member in page]
    assert members[0]["id"] == -1
    inactive = next(m for m in members if m["username"] == "member7")
    assert (inactive["active"], inactive["secondary_emails"]) == (False, ["second@forum.test"])
    assert "email" not in listed(caller(forum), 1).json()[0]
    assert listed(caller(forum, "reader"), 1).status_code == 404


def test_python_true_switches_digests_off_in_2022(forum: Forum) -> None:
    reader = caller(forum, "reader")

    def option() -> Any:
        return reader.get("/u/reader.json").json()["user"]["user_option"]

    reader("PUT", "/u/reader.json", data={"email_digests": "True", "digest_after_minutes": "1440"})
    assert (option()["email_digests"], option()["digest_after_minutes"]) == (forum.mode == "now", 1440)
    reader("PUT", "/u/reader.json", data={"email_digests": "true"})
    assert option()["email_digests"] is True
    assert "user_option" not in reader.get("/u/paperbot.json").json()["user"]


def test_groups_of_a_user_are_told(forum: Forum, bot: Caller) -> None:
    forum.add_user("editor", moderator=True, groups=["reviewers"])
    groups = bot.get("/u/editor.json").json()["user"]["groups"]
    names = {g["name"]: g["automatic"] for g in groups}
    assert names["moderators"]
    assert not names["reviewers"]


def test_answers_carry_the_forums_time(bot: Caller) -> None:
    assert bot.get("/latest.json").headers["date"] == "Mon, 02 Mar 2026 09:00:00 GMT"


def test_bookmark_is_taken_once(bot: Caller, draft: Post) -> None:
    assert [bot("PUT", f"/t/{draft.topic_id}/bookmark.json").status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("status", ["closed", "archived", "pinned", "visible"])
def test_status_is_set_by_word_and_shown(forum: Forum, bot: Caller, status: str) -> None:
    topic_id = forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4).topic_id
    wanted = status != "visible"
    data = {"status": status, "enabled": "true" if wanted else "false"}
    answer = bot("PUT", f"/t/{topic_id}/status.json", data=data)
    assert (answer.status_code, answer.json()["success"]) == (200, "OK")
    assert bot.get(f"/t/{topic_id}.json").json()[status] is wanted
    assert caller(forum, "reader")("PUT", f"/t/{topic_id}/status.json", data=data).status_code == 403


def test_forum_saved_before_there_were_whispers_and_webhooks_opens(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "forum.json"
    before = Forum(state_file=file, now=clock)
    before.add_user("paperbot", moderator=True)
    before.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)
    saved = json.loads(file.read_bytes())
    for name in ("mode", "web_hooks", "hook_events", "notifications"):
        del saved[name]
    for post in saved["posts"].values():
        for name in ("action_code", "user_deleted", "grace_raw", "grace_until", "likes", "settled", "delete_at"):
            del post[name]
    for topic in saved["topics"].values():
        for name in ("archetype", "allowed_user_ids", "publish_at", "publish_to", "bookmarked_by", "pinned"):
            del topic[name]
    file.write_text(json.dumps(saved), "utf-8")
    assert Forum(state_file=file, now=clock).state == before.state
