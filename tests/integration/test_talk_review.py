"""A talk in several posts is reviewed like a week: edits are read back by sentence, sections called by number."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url, select

from bot.editions.collect import Collected
from bot.editions.talk import TALK
from bot.jobs import editions
from bot.sandbox.forum.state import Post as ForumPost
from bot.sandbox.world import MODERATOR
from bot.store.tables import Omission, Revision, TalkSection, Topic
from tests.integration.test_review import Desk, open_desk

VIDEO = "TideWater-1"
OLD = "계산하기 쉽고 슬라이드 한 장에 들어가지만, 도선사가 알고 싶어 하는 것을 거의 모두 감춥니다."


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(database_url), "now", None)
        desk.world.model.follows_suggestions = False
        desk.world.forum.settings.max_post_length = 1_800
        found = editions.collect(desk.sessions, desk.settings, TALK, VIDEO)
        assert isinstance(found, Collected)
        editions.draft(desk.sessions, desk.settings, found.edition_id)
        done = editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum)
        assert done.parts >= 3
        yield desk


def parts(desk: Desk) -> list[ForumPost]:
    with desk.sessions() as session:
        ids = [post.discourse_id for post in session.scalars(select(Topic)).one().posts]
    return [post for post in desk.world.forum.posts(desk.topic_id) if post.id in ids]


def edit(desk: Desk, old: str, new: str) -> None:
    part = next(part for part in parts(desk) if old in part.raw)
    assert part.raw.count(old) == 1
    desk.world.forum.edit_post(MODERATOR, part.id, part.raw.replace(old, new))


def by_people(desk: Desk) -> list[str]:
    with desk.sessions() as session:
        wanted = select(Revision.text).where(Revision.current, Revision.author_kind == "moderator")
        return list(session.scalars(wanted.order_by(Revision.id)))


def test_the_contents_stand_in_the_first_post_and_posts_are_cut_between_sections(desk: Desk) -> None:
    raws = [part.raw for part in parts(desk)]
    assert "## 목차" in raws[0]
    assert all("## 목차" not in raw for raw in raws[1:])
    assert [raw.count("\n### 5. ") + raw.startswith("### 5. ") for raw in raws].count(1) == 1
    assert all(raw.startswith(("# ", "## ", "### ")) for raw in raws)


def test_reading_an_untouched_draft_changes_nothing(desk: Desk) -> None:
    before = [part.raw for part in parts(desk)]
    reading = desk.read()
    assert (reading.changed, reading.edited_parts, reading.pushed_parts) == (0, [], [])
    assert [part.raw for part in parts(desk)] == before
    assert by_people(desk) == []


def test_an_edited_sentence_becomes_the_moderators_and_nothing_else_does(desk: Desk) -> None:
    edit(desk, OLD, "계산은 쉽지만 도선사가 알고 싶어 하는 것을 거의 다 감춥니다.")
    assert desk.read().changed == 1
    assert by_people(desk) == ["계산은 쉽지만 도선사가 알고 싶어 하는 것을 거의 다 감춥니다."]
    assert desk.read().changed == 0


def test_what_stands_around_sentences_never_becomes_part_of_one(desk: Desk) -> None:
    edit(desk, "**질문:** 감사합니다, 정말 좋은 발표였습니다.", "**질문:** 고맙습니다, 아주 좋은 발표였습니다.")
    desk.read()
    edit(desk, "### **2. 드문 밤의 데이터:**", "### **2. 드물고 거친 밤의 데이터:**")
    desk.read()
    edit(
        desk,
        "도선사가 관심을 두는 것은 1년에 12번뿐인 밤입니다. ([0:00]",
        "도선사는 1년에 12번뿐인 밤을 봅니다. ([0:00]",
    )
    desk.read()
    edit(desk, "\n### 3. 작은 모델", "\n### 3. 작지만 빠른 모델")
    desk.read()
    assert by_people(desk) == [
        "고맙습니다, 아주 좋은 발표였습니다.",
        "드물고 거친 밤의 데이터",
        "도선사는 1년에 12번뿐인 밤을 봅니다.",
        "작지만 빠른 모델",
    ]
    article = "\n\n".join(part.raw for part in parts(desk))
    assert article.count("**질문:** ") == 1
    assert article.count("3. 작지만 빠른 모델") == 2  # the contents follow the heading
    assert ":**:**" not in article


def test_a_deleted_sentence_stays_out(desk: Desk) -> None:
    edit(desk, f" {OLD}", "")
    desk.read()
    with desk.sessions() as session:
        assert len(session.scalars(select(Omission)).all()) == 1
    desk.say("2번 다시 번역")
    desk.read()
    assert all(OLD not in part.raw for part in parts(desk)[1:])


def test_sections_are_left_out_and_put_back_by_their_numbers(desk: Desk) -> None:
    desk.say("4번 빼줘")
    desk.read()
    article = "\n\n".join(part.raw for part in parts(desk))
    assert "### 4. " not in article
    assert "4. 잘되지 않는 것" not in parts(desk)[0].raw
    assert "글에서 뺐습니다: 4번 What does not work" in "\n".join(desk.bot_says())
    desk.say("4번 다시 넣어줘")
    desk.read()
    assert "### 4. 잘되지 않는 것" in "\n\n".join(part.raw for part in parts(desk))


def test_a_section_that_a_moderator_deletes_is_out(desk: Desk) -> None:
    part = next(part for part in parts(desk) if "### 5. " in part.raw)
    start = part.raw.index("### 5. ")
    end = part.raw.index("\n\n---", start) if "\n\n---" in part.raw[start:] else part.raw.index("\n\n<!--", start)
    rest = (part.raw[:start].rstrip() + part.raw[end:]).lstrip()
    if len(rest) < 60:
        rest = "이 부분은 뺐습니다.\n\n" + rest
    desk.world.forum.edit_post(MODERATOR, part.id, rest)
    desk.read()
    with desk.sessions() as session:
        dropped = session.scalars(select(TalkSection.rank).where(TalkSection.dropped_by == MODERATOR)).all()
    assert dropped == [5]


def test_a_redrafted_section_reaches_its_post(desk: Desk) -> None:
    desk.world.model.marks_redrafts = True
    desk.say("5번 다시 번역")
    reading = desk.read()
    assert len(reading.pushed_parts) == 1
    assert "다시 옮김" in "\n\n".join(part.raw for part in parts(desk)[1:])
