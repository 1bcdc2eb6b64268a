"""The stand-in forum's pages: a person is the moderator or a reader, with plain forms and no scripts."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from bot.sandbox.forum import Forum
from bot.sandbox.forum.state import Post
from tests.unit.test_sandbox_forum import BODY, TITLE

REMARK = "둘째 문장이 원문과 다릅니다. 다시 봐 주세요."


class Person:
    """Somebody with a browser, without scripts: forms, cookies, redirects."""

    def __init__(self, forum: Forum, name: str = "") -> None:
        self._app = forum.app()
        self._cookies = {"viewer": name} if name else {}

    def _ask(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://forum.test", cookies=self._cookies, follow_redirects=True
            ) as client:
                answer = await client.request(method, path, **kwargs)
                self._cookies = dict(client.cookies)
                return answer

        return asyncio.run(call())

    def read(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def send(self, path: str, *, origin: str = "http://forum.test", **fields: str) -> httpx.Response:
        return self._ask("POST", path, data=fields, headers={"Origin": origin})


@pytest.fixture(params=["now", "2022"])
def forum(request: pytest.FixtureRequest) -> Forum:
    forum = Forum(mode=request.param)
    forum.add_user("paperbot", moderator=True)
    forum.add_api_key("paperbot")
    forum.add_user("sujin", moderator=True, full_name="수진")
    forum.allow_whispers()
    return forum


@pytest.fixture
def draft(forum: Forum) -> Post:
    return forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4, shared_draft=True)


@pytest.fixture
def article(forum: Forum) -> Post:
    return forum.create_topic("paperbot", title=TITLE, raw=BODY, category_id=4)


def scripts(text: str) -> list[str]:
    return re.findall(r"<script|\son\w+=", text)


def test_one_is_the_moderator_until_one_switches(forum: Forum, draft: Post) -> None:
    person = Person(forum)
    assert "운영자로 보는 중" in person.read("/").text
    assert TITLE in person.read("/").text
    assert '<option value="sujin" selected>수진' in person.read("/").text
    assert 'value="paperbot"' not in person.read("/").text  # a program, not a person
    back = person.send("/viewer", viewer="minji", back="/")
    assert "독자로 보는 중" in back.text
    assert TITLE not in back.text
    assert person.read(f"/t/{draft.topic_id}").status_code == 404


def test_switching_does_not_lead_to_another_site(forum: Forum) -> None:
    assert Person(forum).send("/viewer", viewer="minji", back="//evil.example/").url.host == "forum.test"


def test_draft_is_edited_in_a_form_that_holds_its_text(forum: Forum, draft: Post) -> None:
    person = Person(forum)
    form = person.read(f"/p/{draft.id}/edit").text
    assert form.count(BODY) == 2  # the text, and what it is based on
    shown = person.send(f"/p/{draft.id}/edit", raw=BODY + "\r\n\r\n고침", raw_old=BODY, edit_reason="문장")
    assert shown.url.path == f"/t/topic/{draft.topic_id}"
    assert draft.raw == BODY + "\n\n고침"
    assert (draft.edit_reason, forum.state.users[draft.last_editor_id].username) == ("문장", "sujin")


def test_preview_shows_the_text_and_stores_nothing(forum: Forum, draft: Post) -> None:
    shown = Person(forum).send(f"/p/{draft.id}/edit", raw=f"**굵게** {BODY}", raw_old=BODY, preview="1")
    assert "<strong>굵게</strong>" in shown.text
    assert draft.raw == BODY


def test_conflict_keeps_what_was_typed_and_is_told(forum: Forum, draft: Post) -> None:
    forum.edit_post("paperbot", draft.id, BODY + " 봇이 고쳤습니다.")
    person = Person(forum)
    shown = person.send(f"/p/{draft.id}/edit", raw=BODY + " 내가 고쳤습니다.", raw_old=BODY)
    assert shown.status_code == 409
    assert "편집하는 동안" in shown.text
    assert "내가 고쳤습니다." in shown.text
    assert draft.raw.endswith("봇이 고쳤습니다.")
    person.send(f"/p/{draft.id}/edit", raw=BODY + " 내가 고쳤습니다.", raw_old=draft.raw)
    assert draft.raw.endswith("내가 고쳤습니다.")


def test_reply_and_whisper(forum: Forum, draft: Post) -> None:
    person = Person(forum)
    shown = person.send(f"/t/{draft.topic_id}/reply", raw=REMARK, whisper="true")
    assert "귓속말 · 운영진만 봄" in shown.text
    person.send(f"/t/{draft.topic_id}/reply", raw=REMARK + " 답", reply_to_post_number="2")
    person.send(f"/t/{draft.topic_id}/reply", raw=REMARK + " 공개")
    assert [(p.post_type, p.reply_to_post_number) for p in forum.posts(draft.topic_id)] == [
        (1, None),
        (4, None),
        (4, 2),
        (1, None),
    ]


def test_answer_to_a_whisper_says_that_it_is_one(forum: Forum, draft: Post) -> None:
    forum.reply("paperbot", topic_id=draft.topic_id, raw=REMARK, whisper=True)
    shown = Person(forum).read(f"/t/{draft.topic_id}?reply_to=2").text
    assert 'name="reply_to_post_number" value="2"' in shown
    assert 'name="whisper" value="true" checked' in shown


def test_refused_reply_keeps_the_text(forum: Forum, draft: Post) -> None:
    shown = Person(forum).send(f"/t/{draft.topic_id}/reply", raw="짧은 답")
    assert shown.status_code == 422
    assert "본문이 너무 짧습니다" in shown.text
    assert ">짧은 답</textarea>" in shown.text


def test_reader_sees_neither_whispers_nor_tools(forum: Forum, article: Post) -> None:
    forum.reply("sujin", topic_id=article.topic_id, raw=REMARK + " 귓속말", whisper=True)
    forum.reply("minji", topic_id=article.topic_id, raw=REMARK)
    shown = Person(forum, "junho").read(f"/t/{article.topic_id}").text
    assert "귓속말" not in shown
    assert REMARK in shown
    assert "/edit" not in shown
    assert "지우기" not in shown
    assert Person(forum, "minji").read(f"/t/{article.topic_id}").text.count("/edit") == 1


@pytest.mark.parametrize("path", ["/p/{post}/edit", "/t/{topic}/change", "/t/{topic}/delete", "/t/{topic}/status"])
def test_reader_may_not_do_what_moderators_do(forum: Forum, article: Post, path: str) -> None:
    address = path.format(post=article.id, topic=article.topic_id)
    fields = {"raw": BODY + " 고침", "raw_old": BODY, "title": TITLE + " 고침", "status": "closed", "enabled": "true"}
    assert Person(forum, "minji").send(address, **fields).status_code == 403
    topic = forum.topic(article.topic_id)
    assert (article.raw, topic.title, topic.closed, topic.deleted_at) == (BODY, TITLE, False, None)


def test_publication_goes_to_the_stored_destination_or_a_chosen_one(forum: Forum, draft: Post) -> None:
    person = Person(forum)
    shown = person.send(f"/t/{draft.topic_id}/publish")
    assert '<span class="badge open">공개</span>' in shown.text
    assert forum.topic(draft.topic_id).category_id == 4
    other = forum.create_topic("paperbot", title=TITLE + " 둘", raw=BODY, category_id=4, shared_draft=True)
    person.send(f"/t/{other.topic_id}/publish", category_id="2")
    assert forum.topic(other.topic_id).category_id == 2


def test_limbo_is_told(forum: Forum, draft: Post) -> None:
    strict = forum.add_category("발표", "strict", allowed_tags=["talk"])
    forum.edit_topic("sujin", draft.topic_id, tag_names=["llm"])
    shown = Person(forum).send(f"/t/{draft.topic_id}/publish", category_id=str(strict.id))
    assert "태그 규칙에 걸려" in shown.text


def test_title_tags_and_destination_are_changed_in_one_form(forum: Forum, draft: Post) -> None:
    fields = {"title": TITLE + " 새로", "tags": "LLM, agents", "category_id": "2"}
    Person(forum).send(f"/t/{draft.topic_id}/change", **fields)
    topic = forum.topic(draft.topic_id)
    assert (topic.title, topic.tags, topic.draft_destination) == (TITLE + " 새로", ["llm", "agents"], 2)
    refused = Person(forum).send(f"/t/{draft.topic_id}/change", **(fields | {"title": "짧음"}))
    assert "제목이 너무 짧습니다" in refused.text


def test_history_shows_who_changed_what(forum: Forum, draft: Post) -> None:
    forum.edit_post("sujin", draft.id, BODY.replace("작은", "<b>큰</b>"), reason="낱말")
    forum.edit_topic("sujin", draft.topic_id, title=TITLE + " 새로", tag_names=["llm"])
    person = Person(forum)
    assert f"/p/{draft.id}/history" in person.read(f"/t/{draft.topic_id}").text
    shown = person.read(f"/p/{draft.id}/history").text
    assert "<del>작은</del><ins>&lt;b&gt;큰&lt;/b&gt;</ins>" in shown
    assert "까닭: 낱말" in shown
    assert "수진" in shown


def test_like_is_given_and_taken_back(forum: Forum, article: Post) -> None:
    person = Person(forum, "minji")
    assert "♥ 1" in person.send(f"/p/{article.id}/like").text
    assert "♥ 좋아요" in person.send(f"/p/{article.id}/like").text
    assert article.likes == {}


def test_topics_and_posts_are_deleted_and_brought_back(forum: Forum, article: Post) -> None:
    comment = forum.reply("minji", topic_id=article.topic_id, raw=REMARK)
    person = Person(forum)
    assert "되살리기" in person.send(f"/p/{comment.id}/delete").text
    person.send(f"/p/{comment.id}/recover")
    assert comment.deleted_at is None
    assert "지워진 글입니다" in person.send(f"/t/{article.topic_id}/delete").text
    assert Person(forum, "minji").read(f"/t/{article.topic_id}").status_code == 404
    person.send(f"/t/{article.topic_id}/recover")
    assert forum.topic(article.topic_id).deleted_at is None


def test_author_deletes_with_a_phrase(forum: Forum, article: Post) -> None:
    comment = forum.reply("minji", topic_id=article.topic_id, raw=REMARK)
    assert "(글쓴이가 지운 글입니다)" in Person(forum, "minji").send(f"/p/{comment.id}/delete").text
    assert comment.user_deleted


def test_closing_is_shown_as_a_deed_and_stops_readers(forum: Forum, article: Post) -> None:
    shown = Person(forum).send(f"/t/{article.topic_id}/status", status="closed", enabled="true")
    assert "이 글을 닫았습니다" in shown.text
    assert 'id="reply"' not in Person(forum, "minji").read(f"/t/{article.topic_id}").text


def test_form_of_another_site_is_refused(forum: Forum, draft: Post) -> None:
    answer = Person(forum).send(f"/t/{draft.topic_id}/publish", origin="https://evil.example")
    assert answer.status_code == 403
    assert forum.topic(draft.topic_id).draft_destination == 4
    assert Person(forum).send(f"/t/{draft.topic_id}/publish").status_code == 200


def test_pages_need_no_scripts_and_let_none_in(forum: Forum, draft: Post) -> None:
    evil = "<script>alert(1)</script> <b onclick=x>글</b> 스무 자가 넘는 답글을 답니다."
    forum.reply("sujin", topic_id=draft.topic_id, raw=evil)
    person = Person(forum)
    pages = ["/", f"/t/{draft.topic_id}", f"/p/{draft.id}/edit", f"/p/{draft.id}/history"]
    assert [found for page in pages for found in scripts(person.read(page).text)] == []
    assert "&lt;script&gt;" in person.read(f"/p/{forum.posts(draft.topic_id)[1].id}/edit").text
    assert forum.calls == []
