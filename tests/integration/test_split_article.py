"""An article in several posts is reviewed like one: edits, removals and redrafts reach the part they concern."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url, select

from bot.editions.collect import Collected
from bot.editions.weekly import WEEKLY
from bot.jobs import editions
from bot.sandbox.forum.state import Post as ForumPost
from bot.sandbox.world import MODERATOR
from bot.store.tables import Topic
from tests.integration.test_review import DAY, Desk, answer_anew, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(database_url), "now", None)
        desk.world.forum.settings.max_post_length = 10_000
        found = editions.collect(desk.sessions, desk.settings, WEEKLY, str(DAY))
        assert isinstance(found, Collected)
        editions.draft(desk.sessions, desk.settings, found.edition_id)
        assert editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum).parts >= 3
        yield desk


def parts(desk: Desk) -> list[ForumPost]:
    with desk.sessions() as session:
        ids = [post.discourse_id for post in session.scalars(select(Topic)).one().posts]
    return [post for post in desk.world.forum.posts(desk.topic_id) if post.id in ids]


def test_edit_in_a_later_part_is_taken_in_and_kept_beside_the_bots_change(desk: Desk) -> None:
    part = parts(desk)[1]
    rank = next(rank for rank in range(1, 11) if desk.sentence(rank, "description") in part.raw)
    old = desk.sentence(rank, "description")
    desk.world.forum.edit_post(MODERATOR, part.id, part.raw.replace(old, "사람이 둘째 글에서 고친 문장입니다."))
    reading = desk.read()
    assert (reading.changed, reading.edited_parts, reading.pushed_parts) == (1, [2], [])
    answer_anew(desk)
    desk.say(f"{rank}번 다시 번역")
    desk.read()
    first, second, *_ = parts(desk)
    assert "사람이 둘째 글에서 고친 문장입니다." in second.raw
    assert "새 문장" in second.raw
    assert "새 문장" not in first.raw
    assert second.raw.rstrip().endswith("-part-2 -->")


def test_dropped_paper_leaves_its_own_part_alone_changed(desk: Desk) -> None:
    before = [post.raw for post in parts(desk)]
    rank = next(rank for rank in range(1, 11) if desk.sentence(rank, "description") in before[1])
    desk.say(f"{rank}번 빼줘")
    desk.read()
    after = [post.raw for post in parts(desk)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, *[True] * (len(before) - 2)]
    assert after[1].count("\n### 논문 링크") == before[1].count("\n### 논문 링크") - 1


def test_parts_are_published_together_and_in_order(desk: Desk) -> None:
    numbers = [post.post_number for post in parts(desk)]
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    assert "published" in desk.read().news
    assert [post.post_number for post in parts(desk)] == numbers == sorted(numbers)
    assert desk.read().edited_parts == []
