"""The whole submission works with a key that may do no more than the documentation asks for."""

import pytest

from bot.errors import RejectedError
from bot.forum.answers import Post
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError
from bot.sandbox.forum import Forum
from bot.sandbox.server import serve

SCOPES = (
    "topics:write",
    "topics:update",
    "topics:read",
    "topics:read_lists",
    "posts:edit",
    "categories:list",
    "categories:show",
)
RAW = "이 글은 열쇠가 좁아도 초안이 만들어지는지 보는 글입니다."


def narrow(forum: Forum, url: str) -> Discourse:
    forum.add_user("paperbot", moderator=True)
    return Discourse(url, username="paperbot", api_key=forum.add_api_key("paperbot", SCOPES))


def test_draft_is_made_and_read_back_with_the_documented_scopes_alone() -> None:
    forum = Forum()
    with serve(forum.app()) as url, narrow(forum, url) as discourse:
        assert discourse.rules().max_post_length == forum.settings.max_post_length
        assert discourse.find_topic("weekly-1") is None
        made = discourse.create_shared_draft(
            title="이번 주의 논문을 모은 시험용 초안입니다",
            raw=RAW,
            destination_category_id=forum.papers_category.id,
            tags=(),
            external_id="weekly-1",
        )
        assert isinstance(made, Post)
        topic = discourse.confirm_shared_draft(made.topic_id)
        assert topic.is_shared_draft
        reply = discourse.reply(topic.id, RAW + " 두 번째 글입니다.")
        assert isinstance(reply, Post)
        edited = discourse.edit_post(reply.id, RAW + " 고친 글입니다.", raw_old=reply.raw, reason="test")
        assert "고친" in edited.raw
        assert discourse.calls <= 11


def test_visitors_view_of_the_rules_is_not_used_while_the_key_may_read_them() -> None:
    forum = Forum()
    forum.add_user("paperbot", moderator=True)
    with (
        serve(forum.app()) as url,
        Discourse(url, username="paperbot", api_key=forum.add_api_key("paperbot")) as discourse,
    ):
        assert discourse.rules().shared_drafts_category_id == forum.drafts_category.id
        assert discourse.calls == 2


def test_public_topic_is_unlisted_where_the_key_may_not_delete() -> None:
    forum = Forum()
    with serve(forum.app()) as url, narrow(forum, url) as discourse:
        topic = forum.create_topic(
            "paperbot", title="초안이어야 했던 공개 주제입니다", raw=RAW, category_id=forum.papers_category.id
        )
        with pytest.raises(ForbiddenError):
            discourse.delete_topic(topic.topic_id)
        with pytest.raises(RejectedError, match="taken off all lists"):
            discourse.confirm_shared_draft(topic.topic_id)
        assert forum.topic(topic.topic_id).visible is False
