"""What people do to a draft that nobody planned for: nothing of theirs is lost, and nothing comes back unasked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import BotError, ConflictError
from bot.forum import sweep
from bot.forum.takeover import OPEN
from bot.sandbox.forum.faults import FaultKind
from bot.sandbox.world import MODERATOR
from bot.store.tables import EditionItem, Instruction, Notice, Topic
from tests.integration.desks import cloned, submit_once
from tests.integration.test_review import Desk, Submitted, answer_anew

NEW = "새 문장 0입니다."


@pytest.fixture(scope="module")
def once(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    return submit_once(postgres, template, "now", tmp_path_factory.mktemp("odd"))


@pytest.fixture
def desk(once: Submitted, postgres: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(once, postgres, tmp_path) as made:
        yield made


def rewrite(desk: Desk, change: Callable[[str], str]) -> str:
    """A moderator's edit of the first post; what stands there then."""
    desk.world.forum.edit_post(MODERATOR, desk.first.id, change(desk.first.raw))
    return desk.first.raw


def block(raw: str, heading: str) -> str:
    """The text of one paper with the rule behind it."""
    start = raw.index(heading)
    return raw[start : raw.index("\n## ", start) + 1]


def dropped(desk: Desk) -> list[int]:
    with desk.sessions() as session:
        return list(session.scalars(select(EditionItem.rank).where(EditionItem.dropped_by.is_not(None))))


def redraft(desk: Desk, *ranks: int) -> str:
    answer_anew(desk)
    desk.say(f"{', '.join(map(str, ranks))}번 다시 번역")
    desk.read()
    return desk.first.raw


def settles(desk: Desk) -> None:
    """Another reading finds nothing to do."""
    before, said = desk.first.raw, len(desk.bot_says())
    reading = desk.read()
    assert (reading.edited_parts, reading.pushed_parts, reading.news) == ([], [], [])
    assert (desk.first.raw, len(desk.bot_says())) == (before, said)


# --- odd edits -------------------------------------------------------------------------------------------------------


def test_paper_whose_heading_was_deleted_is_still_that_paper(desk: Desk) -> None:
    rewrite(desk, lambda raw: raw.replace("## Murmuration\n\n", ""))
    desk.read()
    assert dropped(desk) == []
    raw = redraft(desk, 2)
    assert "## Murmuration" not in raw
    assert NEW in raw
    settles(desk)


def test_pasted_copy_of_a_paper_stays_as_it_was_pasted(desk: Desk) -> None:
    copy = block(desk.first.raw, "## Murmuration")
    rewrite(desk, lambda raw: raw.replace("## 원문", f"{copy}## 원문"))
    desk.read()
    raw = redraft(desk, 2)
    assert raw.count(copy) == 1
    assert raw.count(NEW) >= 1
    assert dropped(desk) == []
    settles(desk)


@pytest.mark.parametrize(
    "pasted",
    [
        '<details open>\n<summary>펼치기</summary>\n\n<script>alert("x")</script>\n\n</details>',
        "<!-- paperbot weekly-2026-11-09-ko-part-2 -->",
        "```\n## 코드 안의 제목 / Murmuration\n\n> 인용\n```",
        "| 표 | 값 |\n| --- | --- |\n| a | b |",
        "---\n\n---\n\n---",
        '[quote="sujin, post:1, topic:11"]\n## Murmuration\n[/quote]',
        "​‮\x07 이상한 글자 󰀀",
    ],
)
@pytest.mark.parametrize("place", ["between", "inside", "top"])
def test_pasted_markup_stays_letter_by_letter(desk: Desk, pasted: str, place: str) -> None:
    sentence = desk.sentence(2, "description")
    edits: dict[str, Callable[[str], str]] = {
        "between": lambda raw: raw.replace("\n\n---\n\n## Murmuration", f"\n\n{pasted}\n\n---\n\n## Murmuration"),
        "inside": lambda raw: raw.replace(sentence, f"{sentence}\n\n{pasted}"),
        "top": lambda raw: f"{pasted}\n\n{raw}",
    }
    stored = rewrite(desk, edits[place])
    kept = stored[stored.index(pasted[:3]) :][: len(pasted)] if pasted[:3] in stored else pasted
    desk.read()
    raw = redraft(desk, 2, 3)
    assert kept in raw
    assert dropped(desk) == []
    settles(desk)


def test_papers_in_another_order_stay_so(desk: Desk) -> None:
    names = [line for line in desk.first.raw.split("\n") if line.startswith("## ")]
    first = block(desk.first.raw, names[0])
    rewrite(desk, lambda raw: raw.replace(first, "").replace("## 원문", f"{first}## 원문"))
    desk.read()
    after = redraft(desk, 1, 2)
    order = [line.rsplit(" / ")[-1] for line in after.split("\n") if line.startswith("## ")]
    assert order == [name.rsplit(" / ")[-1] for name in [*names[1:-1], names[0], names[-1]]]
    assert dropped(desk) == []
    assert NEW in after
    settles(desk)


def test_english_quote_that_a_moderator_corrected_stays(desk: Desk) -> None:
    raw = desk.first.raw
    quote = next(line for line in block(raw, "## Murmuration").split("\n") if line.startswith("> "))
    corrected = quote.replace("a", "A", 1) + " (corrected)"
    rewrite(desk, lambda text: text.replace(quote, corrected))
    desk.read()
    after = redraft(desk, 2)
    assert corrected in after
    assert NEW in after
    settles(desk)


def test_emptied_draft_stays_empty_and_comes_back_as_a_person_brings_it(desk: Desk) -> None:
    whole = desk.first.raw
    rewrite(desk, lambda _: "이번 주에는 이 글을 쉬어 갑니다. 다음 주에 다시 뵙겠습니다.")
    desk.read()
    assert dropped(desk) == list(range(1, 11))
    answer_anew(desk)
    desk.say("결과 다시")
    desk.read()
    assert desk.first.raw.startswith("이번 주에는 이 글을 쉬어 갑니다.")
    settles(desk)
    rewrite(desk, lambda _: whole)
    desk.read()
    assert dropped(desk) == []
    assert desk.first.raw == whole
    settles(desk)


def test_paper_put_back_by_hand_is_in_again_with_its_new_words(desk: Desk) -> None:
    paper = block(desk.first.raw, "## Murmuration")
    old = desk.sentence(2, "description")
    rewrite(desk, lambda raw: raw.replace(paper, ""))
    desk.read()
    assert dropped(desk) == [2]
    rewrite(desk, lambda raw: raw.replace("## 원문", f"{paper.replace(old, '되살리며 새로 쓴 문장입니다.')}## 원문"))
    desk.read()
    assert dropped(desk) == []
    assert desk.current("되살리며 새로 쓴 문장입니다.") is not None
    raw = redraft(desk, 2)
    assert raw.count("되살리며 새로 쓴 문장입니다.") == 1
    assert raw.count("## Murmuration") + raw.count("/ Murmuration") == 1
    settles(desk)


def test_paper_is_dropped_and_restored_by_word(desk: Desk) -> None:
    whole = desk.first.raw
    desk.say("Murmuration 빼줘")
    desk.read()
    assert "## Murmuration" not in desk.first.raw
    assert "글에서 뺐습니다: 2번 Murmuration" in desk.bot_says()[-1]
    desk.say("2번 다시 번역")
    desk.read()
    assert "지금 글에서 빠져 있습니다" in desk.bot_says()[-1]
    desk.say("put paper two back, please")
    desk.read()
    assert desk.first.raw == whole
    settles(desk)


def test_a_held_draft_is_told_from_one_that_follows(desk: Desk) -> None:
    desk.say("보류")
    desk.read()
    desk.say("2번 빼줘")
    desk.read()
    assert "아직 그대로입니다" in desk.bot_says()[-1]
    assert "## Murmuration" in desk.first.raw


# --- decisions -------------------------------------------------------------------------------------------------------


def test_rejection_can_be_taken_back_in_the_topic(desk: Desk) -> None:
    desk.say("반려")
    desk.read()
    desk.say("2번 빼줘")
    desk.read()
    assert "`반려 취소`" in desk.bot_says()[-1]
    assert dropped(desk) == []
    desk.say("반려 취소")
    desk.read()
    assert desk.state in OPEN
    desk.say("2번 빼줘")
    desk.read()
    assert dropped(desk) == [2]
    assert "## Murmuration" not in desk.first.raw


def test_draft_that_was_rejected_and_published_all_the_same_is_followed(desk: Desk) -> None:
    desk.say("반려")
    desk.read()
    desk.edit(desk.sentence(5, "abstract", 1), "반려한 뒤에 고친 문장입니다.")
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    assert "published" in desk.read().news
    assert desk.state == "published"
    assert desk.current("반려한 뒤에 고친 문장입니다.") is not None


def test_sweep_finds_a_rejected_draft_that_was_published(desk: Desk) -> None:
    desk.say("반려")
    desk.read()
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    with desk.sessions() as session:
        read_at = session.get_one(Topic, desk.topic_row_id).read_at
    assert read_at is not None
    assert desk.topic_row_id in sweep.topics(desk.sessions, desk.forum, now=read_at + sweep.RECENT_EVERY)


def test_whisper_that_comes_too_late_is_told_so_and_talk_in_public_is_not_for_the_bot(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    before = desk.first.raw
    desk.say("2번 빼줘")
    desk.say("2번 빼줘", whisper=False)
    desk.say("2번 빼줘", by="minji", whisper=False)
    said = len(desk.bot_says())
    desk.read()
    assert [raw.split("\n")[0] for raw in desk.bot_says()[said:]] == [
        "이미 공개된 글에는 이 지시를 따르지 않습니다. 글을 직접 고쳐 주세요."
    ]
    assert desk.first.raw == before


def test_same_instruction_twice_is_answered_twice_and_done_once(desk: Desk) -> None:
    said = len(desk.bot_says())
    desk.say("2번 빼줘")
    desk.say("2번 빼줘! 두 번 눌렀나 봅니다, 죄송합니다.")
    desk.read()
    assert len(desk.bot_says()) - said == 2
    assert dropped(desk) == [2]
    settles(desk)


def test_edited_instruction_is_a_new_one(desk: Desk) -> None:
    post = desk.say("2번 빼줘")
    desk.read()
    desk.world.forum.edit_post(MODERATOR, post.id, "3번 빼줘. 2번이 아니라 3번이었습니다.")
    desk.read()
    assert dropped(desk) == [2, 3]
    with desk.sessions() as session:
        assert all(row.done_at for row in session.scalars(select(Instruction)))


# --- bad luck --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "500", "502_html"])
@pytest.mark.parametrize("nth", range(1, 7))
def test_reading_that_breaks_anywhere_is_made_good_by_the_next(desk: Desk, kind: FaultKind, nth: int) -> None:
    old = desk.sentence(5, "abstract", 1)
    desk.edit(old, "사람이 새로 쓴 문장입니다.")
    desk.say("2번 빼줘")
    desk.say("설명")
    if nth > 1:
        desk.world.forum.fail_next("slow", "", times=nth - 1, seconds=0)
    desk.world.forum.fail_next(kind, "")
    for _ in range(3):
        try:
            desk.read()
        except BotError:
            continue
    desk.read()
    said = desk.bot_says()
    assert sum("글에서 뺐습니다" in raw for raw in said) == 1
    assert sum("저는 이 글을" in raw for raw in said) == 1
    assert dropped(desk) == [2]
    assert "## Murmuration" not in desk.first.raw
    assert desk.first.raw.count("사람이 새로 쓴 문장입니다.") == 1
    settles(desk)


def test_storm_of_edits_between_reading_and_writing_loses_no_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.say("2번, 3번 다시 번역")
    answer_anew(desk)
    edit = desk.forum.edit_post
    notes: list[str] = []

    def overtaken(*args: Any, **named: Any) -> Any:
        if len(notes) < 4:
            notes.append(f"폭풍 속의 메모 {len(notes)}입니다.")
            rewrite(desk, lambda raw: f"{notes[-1]}\n\n{raw}")
        return edit(*args, **named)

    monkeypatch.setattr(desk.forum, "edit_post", overtaken)
    conflicts = 0
    for _ in range(6):
        try:
            desk.read()
        except ConflictError:
            conflicts += 1
    assert conflicts == 4
    assert all(desk.first.raw.count(note) == 1 for note in notes)
    assert NEW in desk.first.raw
    with desk.sessions() as session:
        assert len(session.scalars(select(Notice).where(Notice.kind == "answer")).all()) == 1
    settles(desk)
