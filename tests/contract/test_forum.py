"""What the bot relies on in a Discourse forum; run against the stand-in in both modes, and against a real forum.

See README.md beside this file for the latter.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bot.errors import ConflictError, RejectedError, TransientError
from bot.forum.answers import Post
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, LostAnswerError, NotFoundError, RefusedError
from bot.forum.limits import check_limits, normalised, stored_title, token_of, with_token
from tests.contract.conftest import TEXT, World

FAULTS = "faults have to be scripted"


def raws(world: World, topic_id: int) -> list[str]:
    return [post.raw for post in world.discourse.topic(topic_id).posts]


# --- the site --------------------------------------------------------------------------------------------------------


def test_the_site_tells_its_rules_in_two_calls_and_is_asked_once(world: World) -> None:
    rules = world.discourse.rules()
    assert world.discourse.rules() is rules
    assert world.discourse.calls == 2
    assert rules.shared_drafts_category_id is not None
    assert rules.max_post_length >= 2_000
    assert rules.min_title_length <= rules.max_title_length <= 255


def test_a_valid_key_may_ask_for_its_scopes(world: World) -> None:
    scopes = world.discourse.scopes()
    assert all(scope.name.count(":") == 1 for scope in scopes)
    if world.forum is not None:
        assert scopes == ()


def test_a_limited_key_lists_its_scopes_and_is_forbidden_the_rest(world: World) -> None:
    forum = world.stand_in("it takes another key")
    key = forum.add_api_key("paperbot", scopes=["topics:read"])
    with Discourse(world.discourse.url, username="paperbot", api_key=key) as limited:
        assert [scope.name for scope in limited.scopes()] == ["topics:read"]
        with pytest.raises(ForbiddenError, match="scopes"):
            limited.delete_topic(1)


@pytest.mark.parametrize(("username", "key"), [(None, "0" * 64), ("nobody-of-that-name", None)])
def test_a_wrong_key_or_name_is_forbidden(world: World, username: str | None, key: str | None) -> None:
    known = world.discourse._library
    wrong = Discourse(world.discourse.url, username=username or known.api_username, api_key=key or known.api_key)
    with wrong, pytest.raises(ForbiddenError):
        wrong.scopes()


# --- shared drafts ---------------------------------------------------------------------------------------------------


def test_a_shared_draft_is_created_and_read_back_as_one(world: World) -> None:
    post = world.draft()
    topic = world.discourse.confirm_shared_draft(post.topic_id)
    assert topic.is_shared_draft
    assert topic.category_id == world.discourse.rules().shared_drafts_category_id
    assert topic.destination_category_id == world.category_id
    assert topic.external_id == world.key()
    assert (topic.title, topic.posts[0].raw) == (world.title(), TEXT)
    assert ([known.id for known in topic.posts], topic.stream) == ([post.id], (post.id,))
    assert post.username == world.discourse.username
    assert not topic.deleted


def test_a_draft_is_hidden_from_people_who_are_not_staff(world: World) -> None:
    forum = world.stand_in("it takes another user")
    post = world.draft()
    forum.add_user("reader")
    with Discourse(world.discourse.url, username="reader", api_key=forum.add_api_key("reader")) as reader:
        with pytest.raises(NotFoundError):
            reader.topic(post.topic_id)
        assert reader.rules().shared_drafts_category_id is None


def test_a_bot_without_the_right_to_drafts_is_refused(world: World) -> None:
    forum = world.stand_in("it takes another setting")
    forum.settings.staff_may_share_drafts = False
    with pytest.raises(RefusedError) as caught:
        world.draft()
    assert caught.value.status == 400
    assert forum.topics == []


def test_a_topic_that_is_no_draft_is_withdrawn(world: World) -> None:
    forum = world.stand_in("it would be public for a moment")
    post = forum.create_topic("paperbot", title=world.title(), raw=TEXT, category_id=world.category_id)
    with pytest.raises(RejectedError, match="shared_drafts_category"):
        world.discourse.confirm_shared_draft(post.topic_id)
    assert forum.topics == []


def test_booleans_of_python_arrive_with_their_meaning(world: World) -> None:
    """Forums of 2022 take only the word `true` for yes, later ones take `False` for yes too."""
    library = world.discourse._library
    fields = {"title": world.title(), "raw": TEXT, "category": world.category_id, "external_id": world.key()}
    created = library._post("/posts.json", json=True, shared_draft=True, **fields)
    world.made.append(created["topic_id"])
    assert world.discourse.topic(created["topic_id"]).is_shared_draft
    replied = library._post("/posts.json", topic_id=created["topic_id"], raw=TEXT + " 답글", whisper=False)
    assert replied["post_type"] == 1


def test_the_same_creation_again_is_answered_from_memory(world: World) -> None:
    assert world.draft().id == world.draft().id
    if world.forum is not None:
        assert len(world.forum.topics) == 1


# --- external ids ----------------------------------------------------------------------------------------------------


def test_a_topic_is_found_by_its_external_id_with_raw(world: World) -> None:
    post = world.draft()
    before = world.discourse.calls
    topic = world.discourse.find_topic(world.key())
    assert topic is not None
    assert (topic.id, topic.posts[0].raw) == (post.topic_id, TEXT)
    assert world.discourse.calls - before == 2


def test_an_unknown_external_id_finds_nothing(world: World) -> None:
    assert world.discourse.find_topic(world.key("unknown")) is None


def test_a_used_external_id_is_refused_whatever_its_case(world: World) -> None:
    world.draft()
    with pytest.raises(RefusedError) as caught:
        world.draft(title=world.title("다른 제목을 단 주간 논문"), key=world.key().upper())
    assert caught.value.status == 422
    assert caught.value.errors
    assert world.discourse.find_topic(world.key().upper()) is None


def test_a_deleted_topic_is_not_found_but_keeps_its_external_id(world: World) -> None:
    post = world.draft()
    world.discourse.delete_topic(post.topic_id)
    assert world.discourse.find_topic(world.key()) is None
    with pytest.raises(RefusedError):
        world.draft(title=world.title("다시 올리는 주간 논문"))


def test_staff_see_a_deleted_topic_as_deleted(world: World) -> None:
    post = world.draft()
    world.discourse.delete_topic(post.topic_id)
    topic = world.discourse.topic(post.topic_id)
    assert topic.deleted
    assert topic.external_id in (world.key(), None)


def test_a_topic_that_never_was_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.discourse.topic(2_000_000_000)


# --- texts and limits ------------------------------------------------------------------------------------------------


def test_a_title_in_latin_capitals_comes_back_as_foreseen(world: World) -> None:
    title = f"ICLR 2026 논문: KV 캐시 압축 {world.mark.upper()}"
    topic = world.discourse.topic(world.draft(title=title).topic_id)
    foreseen = stored_title(title, world.discourse.rules())
    if world.forum is not None:
        assert topic.title == foreseen != title
    assert topic.title in (foreseen, title)


def test_a_title_is_kept_where_prettifying_is_off(world: World) -> None:
    world.stand_in("it takes another setting").settings.title_prettify = False
    title = f"ICLR 2026 논문: KV 캐시 압축 {world.mark.upper()}"
    assert world.discourse.topic(world.draft(title=title).topic_id).title == title


def test_odd_whitespace_comes_back_as_foreseen(world: World) -> None:
    raw = f"  {TEXT}\u00a0가\u3000나\u2003다\u202f라\n\n* 목록\n \n\n"
    post = world.draft(raw=raw)
    assert post.raw == normalised(raw) != raw
    assert raws(world, post.topic_id) == [normalised(raw)]


def test_the_shortest_body_and_title_pass_and_one_character_less_is_refused(world: World) -> None:
    rules = world.discourse.rules()
    hidden = "<!-- 이 말은 세지 않습니다 -->"
    shortest = "가나다라마바사아자차카타파하거너더러머버서어저처"[: rules.min_first_post_length] + hidden
    check_limits(world.title(), [shortest], [], rules)
    assert world.draft(raw=shortest).raw == shortest

    too_short = shortest[1:]
    with pytest.raises(RejectedError):
        check_limits(world.title(), [too_short], [], rules)
    with pytest.raises(RefusedError):
        world.draft(title=world.title("본문이 짧은 글의 제목"), raw=too_short, key=world.key("short-body"))

    short_title = (world.mark + "가나다라마바사아자차")[: rules.min_title_length - 1]
    with pytest.raises(RejectedError):
        check_limits(short_title, [TEXT], [], rules)
    if world.forum is not None:  # a real bot may be an admin, who escapes this one
        with pytest.raises(RefusedError):
            world.draft(title=short_title, key=world.key("short-title"))


def test_the_longest_body_passes_and_one_character_more_is_refused(world: World) -> None:
    rules = world.discourse.rules()
    unit = TEXT + "\n\n"
    longest = (unit * (rules.max_post_length // len(unit) + 1))[: rules.max_post_length - 1] + "끝"
    check_limits(world.title(), [longest], [], rules)
    assert len(world.draft(raw=longest).raw) == rules.max_post_length
    with pytest.raises(RejectedError):
        check_limits(world.title(), [longest + "."], [], rules)
    with pytest.raises(RefusedError):
        world.draft(title=world.title("본문이 너무 긴 글의 제목"), raw=longest + ".", key=world.key("long-body"))


def test_tags_arrive_by_name_in_the_form_the_site_speaks(world: World) -> None:
    if world.forum is not None:
        world.forum.add_tag("llm")
        assert world.discourse.rules().tags_are_objects == (world.partner == "now")
    topic = world.discourse.topic(world.draft(tags=["llm", "weekly"]).topic_id)
    assert sorted(topic.tags) == ["llm", "weekly"]


def test_the_rules_say_whether_our_user_may_create_tags(world: World) -> None:
    """Unknown tags of others are dropped without a word."""
    forum = world.stand_in("it takes another user")
    forum.add_user("reader")
    with Discourse(world.discourse.url, username="reader", api_key=forum.add_api_key("reader")) as reader:
        assert not reader.rules().can_create_tags
    assert world.discourse.rules().can_create_tags


# --- replies and edits -----------------------------------------------------------------------------------------------


def test_a_reply_is_found_again_by_its_token(world: World) -> None:
    first = world.draft()
    reply = world.discourse.reply(first.topic_id, with_token(TEXT + " 이어지는 글입니다.", "part-2"))
    assert isinstance(reply, Post)
    posts = world.discourse.topic(first.topic_id).posts
    assert [(post.number, token_of(post.raw)) for post in posts] == [(1, None), (2, "part-2")]
    assert (posts[1].id, posts[1].raw) == (reply.id, reply.raw)


def test_a_reply_too_short_but_for_its_token_is_refused(world: World) -> None:
    first = world.draft()
    with pytest.raises(RefusedError):
        world.discourse.reply(first.topic_id, with_token("고맙습니다", "thanks-to-a-reader-for-the-report"))


def test_a_reply_to_a_missing_topic_is_no_success(world: World) -> None:
    with pytest.raises(RejectedError):
        world.discourse.reply(2_000_000_000, TEXT)


def test_an_edit_from_the_current_text_is_stored(world: World) -> None:
    post = world.draft()
    edited = world.discourse.edit_post(post.id, TEXT + " 고쳤습니다.\u3000", raw_old=post.raw, reason="correction 1")
    assert edited.raw == TEXT + " 고쳤습니다."
    assert raws(world, post.topic_id) == [edited.raw]
    assert world.discourse.topic(post.topic_id).is_shared_draft


def test_an_edit_from_a_stale_text_conflicts_and_changes_nothing(world: World) -> None:
    post = world.draft()
    now = world.discourse.edit_post(post.id, TEXT + " 운영자가 고쳤습니다.", raw_old=post.raw, reason="first")
    with pytest.raises(ConflictError):
        world.discourse.edit_post(post.id, TEXT + " 봇이 고쳤습니다.", raw_old=post.raw, reason="second")
    assert raws(world, post.topic_id) == [now.raw]


def test_an_edit_to_the_same_text_is_no_error(world: World) -> None:
    post = world.draft()
    assert world.discourse.edit_post(post.id, post.raw, raw_old=post.raw, reason="again").raw == post.raw


def test_an_edit_that_leaves_raw_out_is_refused_by_the_forum(world: World) -> None:
    """The reason why the adapter never does."""
    post = world.draft()
    with pytest.raises(RefusedError):
        world.discourse._library._put(f"/posts/{post.id}.json", json=True, post={"edit_reason": "no raw"})
    assert raws(world, post.topic_id) == [TEXT]


def test_all_posts_of_a_long_topic_come_with_raw_and_in_order(world: World) -> None:
    first = world.draft()
    sent = [TEXT, *(f"{number}번째 답글. {TEXT}" for number in range(1, 26))]
    for raw in sent[1:]:
        world.discourse.reply(first.topic_id, raw)
    before = world.discourse.calls
    topic = world.discourse.topic(first.topic_id)
    assert [post.raw for post in topic.posts] == sent
    assert tuple(post.id for post in topic.posts) == topic.stream
    assert world.discourse.calls - before == 2
    found = world.discourse.find_topic(world.key())
    assert found is not None
    assert found.posts == topic.posts


def test_ids_of_other_topics_drop_out(world: World) -> None:
    first = world.draft()
    assert [post.id for post in world.discourse.posts(first.topic_id, [first.id, 2_000_000_000])] == [first.id]


# --- review ----------------------------------------------------------------------------------------------------------


def whisper(world: World, topic_id: int, text: str = "귓속말", *, reply_to: int | None = None) -> Post:
    """A whisper of the bot; a real forum has to have them switched on."""
    if world.forum is not None:
        world.forum.allow_whispers()
    elif not world.discourse.rules().whispers:
        pytest.skip("whispers are switched off on the real forum")
    made = world.discourse.reply(topic_id, f"{text}: {TEXT}", whisper=True, reply_to=reply_to)
    assert isinstance(made, Post)
    return made


def as_visitor(world: World, topic_id: int) -> list[int] | None:
    """Ids of the posts that the public sees; None if the whole topic is hidden."""
    answer = httpx.get(f"{world.discourse.url}/t/{topic_id}.json", follow_redirects=True)
    if answer.status_code in (403, 404):
        return None
    return [post["id"] for post in answer.json()["post_stream"]["posts"]]


def test_a_whisper_is_made_as_one_and_read_back_as_one(world: World) -> None:
    first = world.draft()
    made = whisper(world, first.topic_id)
    assert made.is_whisper
    posts = world.discourse.topic(first.topic_id).posts
    assert [(post.id, post.is_whisper) for post in posts] == [(first.id, False), (made.id, True)]


def test_a_whisper_stays_hidden_when_its_topic_becomes_public(world: World) -> None:
    forum = world.stand_in("nothing is published there")
    first = world.draft()
    made = whisper(world, first.topic_id)
    assert as_visitor(world, first.topic_id) is None
    forum.publish("moderator", first.topic_id, world.category_id)
    assert as_visitor(world, first.topic_id) == [first.id]
    assert made.id in world.discourse.topic(first.topic_id).stream


def test_an_answer_to_a_whisper_is_a_whisper_unasked(world: World) -> None:
    first = world.draft()
    asked = whisper(world, first.topic_id)
    answer = world.discourse.reply(first.topic_id, f"대답입니다. {TEXT}", reply_to=asked.number)
    assert isinstance(answer, Post)
    assert (answer.is_whisper, answer.reply_to) == (True, asked.number)


def test_an_answer_tells_what_it_answers(world: World) -> None:
    first = world.draft()
    asked = world.discourse.reply(first.topic_id, f"물음입니다. {TEXT}")
    assert isinstance(asked, Post)
    world.discourse.reply(first.topic_id, f"대답입니다. {TEXT}", reply_to=asked.number)
    posts = world.discourse.topic(first.topic_id).posts
    assert [post.reply_to for post in posts] == [None, None, asked.number]


def test_where_whispers_are_off_none_is_made_unnoticed(world: World) -> None:
    """It is refused, or the answer says that it became an ordinary post."""
    forum = world.stand_in("it takes another setting")
    forum.settings.enable_whispers = False
    forum.settings.whispers_allowed_groups = []
    first = world.draft()
    try:
        made = world.discourse.reply(first.topic_id, f"귓속말: {TEXT}", whisper=True)
    except (ForbiddenError, RefusedError):
        assert len(raws(world, first.topic_id)) == 1
    else:
        assert isinstance(made, Post)
        assert not made.is_whisper


def test_staff_are_told_from_readers(world: World) -> None:
    first = world.draft()
    assert first.is_staff
    assert world.discourse.topic(first.topic_id).posts[0].is_staff
    if world.forum is not None:
        world.forum.publish("moderator", first.topic_id, world.category_id)
        world.forum.reply("minji", topic_id=first.topic_id, raw=f"독자입니다. {TEXT}")
        world.forum.reply("moderator", topic_id=first.topic_id, raw=f"운영자입니다. {TEXT}")
        posts = world.discourse.topic(first.topic_id).posts
        people = [(post.username, post.is_staff) for post in posts if post.action_code is None]
        assert people == [("paperbot", True), ("minji", False), ("moderator", True)]


def test_the_last_editor_is_told_by_the_revisions(world: World) -> None:
    post = world.draft()
    assert world.discourse.last_editor(post.id) is None
    edited = world.discourse.edit_post(post.id, TEXT + " 봇이 고쳤습니다.", raw_old=post.raw, reason="correction 1")
    assert world.discourse.last_editor(post.id) == world.discourse.username
    if world.forum is not None:
        world.forum.edit_post("moderator", post.id, edited.raw + " 운영자가 더 고쳤습니다.")
        assert world.discourse.last_editor(post.id) == "moderator"


def test_an_edit_with_a_new_reason_is_a_version_of_its_own(world: World) -> None:
    post = world.draft()
    once = world.discourse.edit_post(post.id, TEXT + " 하나.", raw_old=post.raw, reason="correction 1")
    twice = world.discourse.edit_post(post.id, TEXT + " 둘.", raw_old=once.raw, reason="correction 2")
    assert post.version < once.version < twice.version


def test_an_edit_by_the_bot_does_not_bump_in_later_versions(world: World) -> None:
    post = world.draft()
    category_id = world.discourse.rules().shared_drafts_category_id
    assert category_id is not None
    before = next(topic for topic in world.discourse.category_topics(category_id) if topic.id == post.topic_id)
    world.discourse.edit_post(post.id, TEXT + " 고쳤습니다.", raw_old=post.raw, reason="correction 1")
    after = next(topic for topic in world.discourse.category_topics(category_id) if topic.id == post.topic_id)
    assert before.bumped_at is not None
    assert after.bumped_at is not None
    if world.partner == "2022":
        assert after.bumped_at > before.bumped_at
    else:
        assert after.bumped_at == before.bumped_at


def test_publication_changes_the_category_and_wipes_history_and_version(world: World) -> None:
    forum = world.stand_in("nothing is published there")
    post = world.draft()
    edited = world.discourse.edit_post(post.id, TEXT + " 고쳤습니다.", raw_old=post.raw, reason="correction 1")
    assert edited.version == 2
    forum.publish("moderator", post.topic_id, world.category_id)
    topic = world.discourse.topic(post.topic_id)
    assert (topic.category_id, topic.is_shared_draft) == (world.category_id, False)
    assert (topic.posts[0].raw, topic.posts[0].version) == (edited.raw, 1)
    assert world.discourse.last_editor(post.id) is None
    again = world.discourse.edit_post(post.id, TEXT + " 또 고쳤습니다.", raw_old=edited.raw, reason="correction 2")
    assert again.version == 2


def test_a_category_lists_its_topics_with_what_moves_them(world: World) -> None:
    post = world.draft()
    category_id = world.discourse.rules().shared_drafts_category_id
    assert category_id is not None
    listed = {topic.id: topic for topic in world.discourse.category_topics(category_id)}
    before = listed[post.topic_id]
    assert (before.title, before.posts_count) == (world.title(), 1)
    world.discourse.reply(post.topic_id, f"답글입니다. {TEXT}")
    listed = {topic.id: topic for topic in world.discourse.category_topics(category_id)}
    after = listed[post.topic_id]
    assert (after.posts_count, after.highest_post_number) == (2, 2)
    assert before.bumped_at is not None
    assert after.bumped_at is not None
    assert after.bumped_at > before.bumped_at


def test_listing_a_category_again_costs_one_call(world: World) -> None:
    category_id = world.discourse.rules().shared_drafts_category_id
    assert category_id is not None
    world.discourse.category_topics(category_id)
    before = world.discourse.calls
    world.discourse.category_topics(category_id)
    assert world.discourse.calls - before == 1


def test_the_newest_posts_can_be_walked_down_to_the_oldest(world: World) -> None:
    forum = world.stand_in("it would read the whole forum")
    first = forum.create_topic("moderator", title=world.title(), raw=TEXT, category_id=world.category_id)
    made = [first.id]
    made += [forum.reply("minji", topic_id=first.topic_id, raw=f"{n}번째 답글. {TEXT}").id for n in range(120)]
    seen: set[int] = set()
    before: int | None = None
    for _ in range(10):
        page = world.discourse.latest_posts(before)
        ids = [post.id for post in page]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) <= 50
        if not set(ids) - seen:
            break
        assert before is None or max(ids) <= before  # 2022 shows the post itself again
        seen |= set(ids)
        before = min(ids)
    assert seen >= set(made)


def test_the_newest_posts_come_with_raw_and_topic(world: World) -> None:
    page = world.discourse.latest_posts()
    assert len(page) <= 50
    assert all(post.topic_id > 0 and post.raw for post in page)
    if world.forum is not None:
        made = world.forum.create_topic("minji", title=world.title(), raw=TEXT, category_id=world.category_id)
        newest = world.discourse.latest_posts()[0]
        assert (newest.id, newest.topic_id, newest.raw, newest.is_staff) == (made.id, made.topic_id, TEXT, False)


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop_after", "502_after", "race_500"])
def test_a_draft_whose_answer_was_lost_is_found_and_not_made_twice(world: World, fault: str) -> None:
    forum = world.stand_in(FAULTS)
    forum.fail_next(fault, match=r"POST /posts")  # type: ignore[arg-type]
    with pytest.raises(LostAnswerError):
        world.draft()
    topic = world.discourse.find_topic(world.key())
    assert topic is not None
    assert [known.id for known in forum.topics] == [topic.id]


def test_a_draft_that_was_cut_off_before_it_was_written_is_not_found_and_can_be_sent_again(world: World) -> None:
    forum = world.stand_in(FAULTS)
    forum.fail_next("drop_before", match=r"POST /posts")
    with pytest.raises(LostAnswerError):
        world.draft()
    assert world.discourse.find_topic(world.key()) is None
    world.draft()
    assert len(forum.topics) == 1


def test_a_reply_whose_answer_was_lost_is_found_by_its_token(world: World) -> None:
    forum = world.stand_in(FAULTS)
    first = world.draft()
    forum.fail_next("drop_after", match=r"POST /posts")
    with pytest.raises(LostAnswerError):
        world.discourse.reply(first.topic_id, with_token(TEXT + " 둘째 부분", "part-2"))
    assert [token_of(raw) for raw in raws(world, first.topic_id)] == [None, "part-2"]


@pytest.mark.parametrize("fault", ["429_json", "429_no_code", "429_text"])
def test_a_rate_limit_is_passed_on_with_its_delay(world: World, fault: str) -> None:
    forum = world.stand_in(FAULTS)
    forum.fail_next(fault, wait_s=77)  # type: ignore[arg-type]
    with pytest.raises(TransientError) as caught:
        world.draft()
    assert caught.value.retry_after_s == 77
    assert not isinstance(caught.value, LostAnswerError)
    assert forum.topics == []


def test_the_limit_shared_by_all_keys_is_met_and_passed_on(world: World) -> None:
    forum = world.stand_in("it would stop other programs")
    forum.settings.admin_api_requests_per_minute = 2
    world.discourse.rules()
    with pytest.raises(TransientError, match="admin_api_key_rate_limit") as caught:
        world.draft()
    assert caught.value.retry_after_s is not None
    assert 0 < caught.value.retry_after_s <= 60


@pytest.mark.parametrize("fault", ["500", "502_html", "503_read_only", "drop_before", "empty_200"])
def test_a_fault_while_reading_is_transient(world: World, fault: str) -> None:
    forum = world.stand_in(FAULTS)
    post = world.draft()
    forum.fail_next(fault, match=r"GET /t/")  # type: ignore[arg-type]
    with pytest.raises(TransientError) as caught:
        world.discourse.topic(post.topic_id)
    assert not isinstance(caught.value, LostAnswerError)
    assert world.discourse.topic(post.topic_id).posts == (post,)


def test_failed_without_errors_is_an_error(world: World) -> None:
    forum = world.stand_in(FAULTS)
    forum.fail_next("failed_200", match=r"POST /posts")
    with pytest.raises((RejectedError, TransientError)):
        world.draft()
    assert forum.topics == []


def test_a_late_answer_runs_into_the_timeout_and_is_lost(world: World) -> None:
    forum = world.stand_in(FAULTS)
    forum.fail_next("slow", match=r"POST /posts", seconds=1.0)
    world.discourse._library.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(LostAnswerError):
        world.draft()


def test_one_connection_serves_many_calls(world: World) -> None:
    world.draft()
    pool = world.discourse._library.http._transport
    for _ in range(5):
        world.discourse.find_topic(world.key())
    if isinstance(pool, httpx.HTTPTransport):
        assert len(pool._pool.connections) == 1


def test_threads_share_one_adapter_and_each_gets_its_own_answer(world: World) -> None:
    world.stand_in("the order of its posts would depend on the network")
    first = world.draft()
    before = world.discourse.calls
    sent = [f"{number}번째 동시 답글. {TEXT}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda raw: world.discourse.reply(first.topic_id, raw), sent))
    assert [reply.raw for reply in replies if isinstance(reply, Post)] == sent
    assert world.discourse.calls - before == len(sent)
    assert sorted(raws(world, first.topic_id)) == sorted([TEXT, *sent])
