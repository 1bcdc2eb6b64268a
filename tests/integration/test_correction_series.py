"""Comments under a day's papers and under a talk become corrections of the very sentence, as under a week's papers."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url, select

from bot.editions.collect import Collected
from bot.editions.daily import DAILY
from bot.editions.series import Series
from bot.editions.talk import TALK
from bot.jobs import editions
from bot.sandbox.forum.state import Post
from bot.sandbox.world import MODERATOR, READERS, SAMPLE_DAY
from bot.store.tables import Correction, Passage, Revision, Segment, Topic
from bot.translation import passages
from tests.integration.test_review import Desk, open_desk
from tests.integration.world import Store

VIDEO = "TideWater-1"
QUESTION = "감사합니다, 정말 좋은 발표였습니다."


def published(stack: ExitStack, store: Store, series: Series, period: str) -> Desk:
    store.emptied()
    desk = open_desk(stack, make_url(store.url), "now", None)
    desk.world.model.follows_suggestions = False
    desk.world.forum.settings.max_post_length = 1_800 if series is TALK else 32_000
    found = editions.collect(desk.sessions, desk.settings, series, period)
    assert isinstance(found, Collected)
    editions.draft(desk.sessions, desk.settings, found.edition_id)
    editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum)
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    return desk


@pytest.fixture
def day(store: Store) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield published(stack, store, DAILY, SAMPLE_DAY)


@pytest.fixture
def talk(store: Store) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield published(stack, store, TALK, VIDEO)


def page(desk: Desk) -> str:
    with desk.sessions() as session:
        ids = {post.discourse_id for post in session.scalars(select(Topic)).one().posts}
    return "\n\n".join(post.raw for post in desk.world.forum.posts(desk.topic_id) if post.id in ids)


def segment(desk: Desk, kind: str, number: int) -> str:
    """The Korean of the kind's segment of that number, as it stands in the article."""
    with desk.sessions() as session:
        found = session.scalars(
            select(Revision.text)
            .join(Segment)
            .join(Passage)
            .where(Passage.kind == kind, Revision.current)
            .order_by(Passage.paper_id, Passage.id, Segment.position)
        ).all()
    return found[number]


def corrected(desk: Desk, old: str, new: str) -> Post:
    """A reader quotes a sentence and says it better, a moderator accepts; the whisper."""
    said = f"> {old}\n\n'{old}' → '{new}' 이 더 자연스럽습니다."
    desk.world.forum.reply(READERS[0], topic_id=desk.topic_id, raw=said)
    desk.read()
    bot = desk.first.user_id
    whisper = [p for p in desk.world.forum.posts(desk.topic_id) if p.post_type == 4 and p.user_id == bot][-1]
    assert "제안" in whisper.raw, whisper.raw
    desk.say("수락", to=whisper.post_number)
    desk.read()
    with desk.sessions() as session:
        assert session.scalars(select(Correction.state)).all() == ["credited"]
    return whisper


def test_under_a_daily_post(day: Desk) -> None:
    before, old = page(day), segment(day, passages.SUMMARY, 4)
    new = f"고친 {old}"
    whisper = corrected(day, old, new)
    assert "번 논문 주요 내용" in whisper.raw
    assert page(day) == before.replace(f"- {old}", f"- {new}")


@pytest.mark.parametrize(
    ("kind", "number", "where"),
    [
        (passages.TRANSCRIPT, 0, "1번째 부분 본문"),
        (passages.OVERVIEW, 2, "· 주요 내용"),
        (passages.OVERVIEW, -1, "· 주요 내용"),
    ],
    ids=["said", "bullet with its moment", "conclusion"],
)
def test_under_a_talk(talk: Desk, kind: str, number: int, where: str) -> None:
    before, old = page(talk), segment(talk, kind, number)
    new = f"고친 {old}"
    whisper = corrected(talk, old, new)
    assert where.removeprefix("· ") in whisper.raw
    assert page(talk) == before.replace(old, new)


def test_a_question_is_corrected_without_the_mark_of_who_asks(talk: Desk) -> None:
    before = page(talk)
    whisper = corrected(talk, QUESTION, "고맙습니다, 정말 좋은 발표였습니다.")
    assert "부분 본문" in whisper.raw
    assert f"**질문:** {QUESTION}" in before
    assert page(talk) == before.replace(QUESTION, "고맙습니다, 정말 좋은 발표였습니다.")
