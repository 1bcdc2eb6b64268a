"""An article that needs other posts than before: what no person touched moves on, what a person wrote stays."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url, select

from bot.editions.collect import Collected
from bot.editions.compose import RULE, Article
from bot.editions.weekly import WEEKLY
from bot.forum.errors import LostAnswerError
from bot.forum.parts import rearranged
from bot.jobs import editions
from bot.languages.ko import labels
from bot.sandbox.recorded import Translations
from bot.sandbox.world import MODERATOR
from bot.store.tables import Topic
from bot.translation.drafting import Again
from tests.integration.test_review import DAY, Desk, open_desk
from tests.integration.test_split_article import parts

LONGER = "이 문장은 앞의 초안보다 훨씬 길어서 글 하나에 다 들어가지 않을 만큼 자리를 차지합니다. " * 8


class Wordy(Translations):
    """A translator whose papers need more room than before."""

    def title(self, english: str) -> str:
        return f"길게 옮긴 제목 {len(english)}"

    def passage(self, segments: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{LONGER}{number}번째입니다." for number, _ in enumerate(segments))


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A draft in three or more posts, each nearly full."""
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(database_url), "now", None)
        desk.world.forum.settings.max_post_length = 10_000
        found = editions.collect(desk.sessions, desk.settings, WEEKLY, str(DAY))
        assert isinstance(found, Collected)
        editions.draft(desk.sessions, desk.settings, found.edition_id)
        assert editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum).parts >= 3
        yield desk


def headings(raws: list[str]) -> list[str]:
    return [line.rsplit(" / ", 1)[-1] for raw in raws for line in raw.split("\n") if line.startswith("## ")]


def ranks_in(desk: Desk, raw: str) -> list[int]:
    return [rank for rank in range(1, 11) if desk.sentence(rank, "description") in raw]


def redraft_wordily(desk: Desk, *ranks: int) -> None:
    desk.world.model.translations = Wordy()
    desk.say(f"{', '.join(map(str, ranks))}번 다시 번역")
    desk.read()


def test_papers_that_no_longer_fit_move_on_and_a_new_post_takes_the_last(desk: Desk) -> None:
    before = [post.raw for post in parts(desk)]
    names = [name.removeprefix("## ") for name in headings(before)]
    redraft_wordily(desk, *range(1, 11))
    after = [post.raw for post in parts(desk)]
    assert len(after) > len(before)
    assert all(len(raw) <= 10_000 for raw in after)
    assert [name.removeprefix("## ") for name in headings(after)] == names
    assert [post.raw.count("-part-") for post in parts(desk)] == [0, *[1] * (len(after) - 1)]
    assert desk.read().pushed_parts == []
    assert [post.raw for post in parts(desk)] == after


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_interrupted_move_loses_and_doubles_nothing(desk: Desk, nth: int) -> None:
    before = headings([post.raw for post in parts(desk)])
    if nth > 1:
        desk.world.forum.fail_next("slow", "PUT /posts/", times=nth - 1, seconds=0)
    desk.world.forum.fail_next("drop_after", "PUT /posts/" if nth > 1 else r"POST /posts\.json")
    # The first creation after the instruction is the new part.
    with pytest.raises(LostAnswerError):
        redraft_wordily(desk, *range(1, 11))
    desk.read()
    after = [post.raw for post in parts(desk)]
    assert len(headings(after)) == len(before)
    assert all(len(raw) <= 10_000 for raw in after)
    assert sum("-part-" in post.raw for post in desk.world.forum.posts(desk.topic_id)) == len(after) - 1


def test_a_note_of_a_moderator_keeps_its_part_and_they_are_told(desk: Desk) -> None:
    last = parts(desk)[0]
    note = "운영자 한마디: 다음 주에도 이어집니다."
    desk.world.forum.edit_post(MODERATOR, last.id, f"{last.raw}\n\n{note}")
    redraft_wordily(desk, *ranks_in(desk, last.raw))
    first = parts(desk)[0].raw
    assert note in first
    assert LONGER not in first
    assert any("포럼의 한도" in raw for raw in desk.bot_says())
    said = len(desk.bot_says())
    desk.read()
    assert len(desk.bot_says()) == said


def test_an_emptied_part_says_so_and_takes_its_papers_back(desk: Desk) -> None:
    part = parts(desk)[1]
    ranks = ranks_in(desk, part.raw)
    desk.say(f"{', '.join(map(str, ranks))}번 빼줘")
    desk.read()
    emptied = parts(desk)[1].raw
    assert emptied.startswith(labels.PART_IS_EMPTY)
    assert headings([emptied]) == []
    desk.say(f"{', '.join(map(str, ranks))}번 다시 넣어줘")
    desk.read()
    assert parts(desk)[1].raw == part.raw


def test_a_public_article_gets_no_new_post_below_the_readers_words(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    count = len(parts(desk))
    desk.world.model.translations = Wordy()
    with desk.sessions() as session:
        edition_id = session.scalars(select(Topic.edition_id)).one()
    editions.redraft(desk.sessions, desk.settings, edition_id, range(1, 11), Again(1))
    desk.read()
    assert len(parts(desk)) == count
    assert any("포럼의 한도" in raw for raw in desk.bot_says())


@given(
    st.lists(st.lists(st.integers(1, 60), max_size=5), min_size=1, max_size=4),
    st.lists(st.integers(10, 80), min_size=1, max_size=4),
    st.sets(st.integers(0, 19)),
)
def test_rearranging_keeps_every_block_in_order_and_what_is_fixed_in_its_part(
    sizes: list[list[int]], room: list[int], fixed_numbers: set[int]
) -> None:
    room = (room * 4)[: len(sizes)]
    numbers = iter(range(100))
    keys = [[str(next(numbers)) for _ in part] for part in sizes]
    blocks = {
        key: "x" * size for part, own in zip(keys, sizes, strict=True) for key, size in zip(part, own, strict=True)
    }
    fixed = {str(number) for number in fixed_numbers}
    found = rearranged(keys, room, Article(blocks, RULE), fixed)
    if found is None:
        return
    assert [key for part in found for key in part] == [key for part in keys for key in part]
    for number, part in enumerate(found):
        assert len(RULE.join(blocks[key] for key in part)) <= room[min(number, len(room) - 1)]
    for number, part in enumerate(keys):
        assert all(key in found[number] for key in part if key in fixed)
