"""Readers' corrections where the forum is not as usual: renamed readers, quotes of quotes, closed and moved topics."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.world import MODERATOR
from tests.integration.desks import cloned, submit_once
from tests.integration.test_corrections import (
    ARROW,
    JIHO,
    MINJI,
    NEW,
    OLD,
    answer,
    comment,
    replies,
    states,
    whispers,
)
from tests.integration.test_review import Desk, Submitted


@pytest.fixture(scope="module")
def submitted(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    return submit_once(postgres, template, "now", tmp_path_factory.mktemp("forum"))


@pytest.fixture
def desk(submitted: Submitted, postgres: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(submitted, postgres, tmp_path) as desk:
        desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
        desk.read()
        yield desk


def test_a_renamed_reader_is_thanked_under_the_new_name(desk: Desk) -> None:
    comment(desk, ARROW)
    user = desk.world.forum.state.user_named(MINJI)
    assert user is not None
    user.username = "minji_new"
    answer(desk, "수락")

    (thanks,) = replies(desk)
    assert "@minji_new" in thanks.raw
    assert f"@{MINJI} " not in thanks.raw


def test_who_quotes_a_report_to_agree_asks_for_nothing_new(desk: Desk) -> None:
    made = comment(desk, ARROW)
    quote = f'[quote="{MINJI}, post:{made.post_number}, topic:{desk.topic_id}"]\n{ARROW}\n[/quote]\n\n'
    comment(desk, quote + "저도 그렇게 생각합니다.", by=JIHO)
    nested = f'[quote="{JIHO}, post:9, topic:{desk.topic_id}"]\n{quote}저도요\n[/quote]\n\n좋은 지적이네요!'
    comment(desk, nested, by=JIHO)

    assert states(desk) == ["proposed"]
    assert len(whispers(desk)) == 1
    assert replies(desk) == []


def test_a_closed_topic_is_corrected_all_the_same(desk: Desk) -> None:
    comment(desk, ARROW)
    desk.world.forum.state.topics[desk.topic_id].closed = True
    answer(desk, "수락")

    assert NEW in desk.first.raw
    assert OLD not in desk.first.raw
    assert states(desk) == ["credited"]


def test_an_edited_whisper_decides_on_what_was_proposed(desk: Desk) -> None:
    comment(desk, ARROW)
    whisper = whispers(desk)[-1]
    desk.world.forum.edit_post(MODERATOR, whisper.id, whisper.raw.replace(NEW, "나쁜 말"))
    answer(desk, "수락")
    assert NEW in desk.first.raw


def test_a_quoted_word_decides_nothing(desk: Desk) -> None:
    comment(desk, ARROW)
    whisper = whispers(desk)[-1]
    answer(
        desk, f'[quote="bot, post:{whisper.post_number}, topic:{desk.topic_id}"]\n수락\n[/quote]\n\n거절: 그대로 둡니다'
    )

    assert states(desk) == ["rejected"]
    assert OLD in desk.first.raw
