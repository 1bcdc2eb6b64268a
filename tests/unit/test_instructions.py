"""Moderators speak to the bot in Korean or English, plainly; talk among people is not taken for an instruction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forum.instructions import Said, known, read
from bot.forum.limits import counted_length
from bot.languages.ko import review as words

NAMES = {"Murmuration": 2, "Ask Twice": 8}

UNDERSTOOD = [
    ("결과 다시", Said("show")),
    ("검사 결과 다시 보여주세요", Said("show")),
    ("리포트 다시 보여줘", Said("show")),
    ("다시 보여줘", Said("show")),
    ("show findings again", Said("show")),
    ("Show me the report, please", Said("show")),
    ("findings", Said("show")),
    ("3번 다시 번역", Said("redraft", (3,))),
    ("3번 논문 다시 번역해 주세요", Said("redraft", (3,))),
    ("3번 논문 다시 번역해줘: 문장을 짧게", Said("redraft", (3,), "문장을 짧게")),
    ("3번 다시 써줘 - 존댓말로 통일", Said("redraft", (3,), "존댓말로 통일")),
    ("논문 3 다시 번역 부탁드립니다.", Said("redraft", (3,))),
    ("3, 5번 다시 번역해 주세요", Said("redraft", (3, 5))),
    ("3번과 5번 다시 번역", Said("redraft", (3, 5))),
    ("다시 번역: 4번", Said("redraft", (4,))),
    ("redraft paper 3", Said("redraft", (3,))),
    ("Redraft paper 3: shorter sentences", Said("redraft", (3,), "shorter sentences")),
    ("please re-translate #10", Said("redraft", (10,))),
    ("redo 2 and 4", Said("redraft", (2, 4))),
    ("7번 빼줘", Said("drop", (7,))),
    ("7번 논문은 빼 주세요", Said("drop", (7,))),
    ("7번 제외해 주세요", Said("drop", (7,))),
    ("drop paper 7", Said("drop", (7,))),
    ("remove #7, please", Said("drop", (7,))),
    ("세 번째 논문 다시 번역해줘", Said("redraft", (3,))),
    ("삼번 빼줘", Said("drop", (3,))),
    ("drop paper two, please", Said("drop", (2,))),
    ("redraft papers two and three", Said("redraft", (2, 3))),
    ("7번 다시 넣어줘", Said("restore", (7,))),
    ("7번 논문을 복구해 주세요", Said("restore", (7,))),
    ("restore #2 and #3", Said("restore", (2, 3))),
    ("put paper 2 back", Said("restore", (2,))),
    ("Murmuration 빼줘", Said("drop", (2,))),
    ("Murmuration을 빼 주세요", Said("drop", (2,))),
    ("please drop ask twice", Said("drop", (8,))),
    ("redraft Murmuration: Ask Twice와 같은 말투로", Said("redraft", (2,), "Ask Twice와 같은 말투로")),
    ("보류", Said("hold")),
    ("보류해 주세요.", Said("hold")),
    ("잠깐만요", Said("hold")),
    ("hold", Said("hold")),
    ("Hold on, please!", Said("hold")),
    ("hold on a second", Said("hold")),
    ("잠시만 기다려 주세요", Said("hold")),
    ("보류 해제", Said("release")),
    ("계속해 주세요", Said("release")),
    ("release", Said("release")),
    ("반려 취소", Said("release")),
    ("reopen the draft", Said("release")),
    ("설명", Said("explain")),
    ("도움말 좀", Said("explain")),
    ("help", Said("explain")),
    ("what can you do?", Said("explain")),
    ("반려", Said("reject")),
    ("반려합니다", Said("reject")),
    ("reject this draft"[:11], Said("reject")),
    ("reject the draft", Said("reject")),
]

TALK = [
    "이건 보류하는 게 좋을까요?",
    "3번 논문 재밌네요",
    "3번 논문 다시 읽어 보니 괜찮은 것 같아요",
    "저는 7번은 빼는 쪽이 낫다고 생각하는데 어떻게 보세요?",
    "계속 이런 식으로 오역이 나오네요",
    "help me understand why we post these at all",
    "I will hold a meeting about this",
    "결과적으로 좋은 번역입니다",
    "확인했습니다!",
    "",
    "드롭박스에 올려 두었습니다",
    "이번에는 빼줘야 할 것 같아요",
    "이번 주 논문은 다시 번역할 게 없네요",
    "10번 논문은 빼는 게 어떨까요?",
    "papers two and three are great",
    "Murmuration은 정말 좋은 논문입니다",
]


@pytest.mark.parametrize(("raw", "said"), UNDERSTOOD, ids=[raw for raw, _ in UNDERSTOOD])
def test_instruction_is_understood(raw: str, said: Said) -> None:
    assert read(raw, bot="paperbot", is_addressed=False, names=NAMES) == said


@pytest.mark.parametrize(
    "raw",
    ["3번 다시 번역하지 마", "please don't drop paper 3", "drop paper eleven", "7번이랑 8번 순서 바꿔서 넣어줘"],
)
def test_what_is_nearly_an_instruction_is_asked_about_not_guessed(raw: str) -> None:
    assert read(raw, bot="paperbot", is_addressed=False, names=NAMES) == Said("unclear")


@pytest.mark.parametrize(("raw", "said"), UNDERSTOOD, ids=[raw for raw, _ in UNDERSTOOD])
def test_name_and_quote_around_an_instruction_change_nothing(raw: str, said: Said) -> None:
    quoted = f'[quote="paperbot, post:2, topic:11"]\n보류\n[/quote]\n\n@paperbot {raw}'
    assert read(quoted, bot="paperbot", is_addressed=True, names=NAMES) == said


@pytest.mark.parametrize(("raw", "said"), UNDERSTOOD, ids=[raw for raw, _ in UNDERSTOOD])
def test_what_is_said_after_an_instruction_does_not_hide_it(raw: str, said: Said) -> None:
    """A forum refuses posts of fewer than twenty characters, so people add something."""
    found = read(
        f"{raw.rstrip('.')}.\n\n내일 아침에 다시 보려고 합니다. 고맙습니다!",
        bot="paperbot",
        is_addressed=False,
        names=NAMES,
    )
    assert found is not None
    assert (found.action, found.ranks) == (said.action, said.ranks)


def test_sentence_after_a_redraft_is_what_to_follow() -> None:
    raw = "3번 논문 다시 번역해 주세요. 문장을 더 짧게 끊어 주시면 좋겠습니다."
    assert read(raw, bot="paperbot", is_addressed=False) == Said(
        "redraft", (3,), "문장을 더 짧게 끊어 주시면 좋겠습니다."
    )


@pytest.mark.parametrize("raw", TALK)
def test_talk_among_people_is_left_alone(raw: str) -> None:
    assert read(raw, bot="paperbot", is_addressed=False, names=NAMES) is None


@pytest.mark.parametrize("raw", [text for text in TALK if text])
def test_words_to_the_bot_that_it_does_not_understand_are_unclear(raw: str) -> None:
    assert read(raw, bot="paperbot", is_addressed=True) == Said("unclear")
    assert read(f"@paperbot {raw}", bot="paperbot", is_addressed=False) == Said("unclear")


def test_instruction_inside_a_quote_is_not_one() -> None:
    raw = '[quote="someone, post:3, topic:11"]\n7번 빼줘\n[/quote]\n\n이 말씀에 반대합니다'
    assert read(raw, bot="paperbot", is_addressed=False) is None
    assert read("> 7번 빼줘\n\n저는 반대합니다", bot="paperbot", is_addressed=False) is None


def test_another_users_name_that_begins_like_the_bots_is_no_address() -> None:
    assert read("@paperbot2 안녕하세요", bot="paperbot", is_addressed=False) is None


def test_numbers_outside_the_edition_are_told_apart() -> None:
    assert known(Said("drop", (3, 12)), range(1, 11)) == ((3,), (12,))


@pytest.mark.parametrize("name", [name for name in vars(words) if name.startswith(("ANSWER_", "REMINDER"))])
def test_every_answer_is_long_enough_for_the_forum(name: str) -> None:
    answer: str = getattr(words, name)
    if name == "ANSWER_REDRAFTED_KEPT":
        return  # the end of another answer
    assert counted_length(answer.format(ranks="1", papers="1번 A", numbers="1", reason=words.NOTHING_TO_REDRAFT)) >= 20


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_read_without_failing(raw: str, is_addressed: bool) -> None:
    said = read(raw, bot="paperbot", is_addressed=is_addressed)
    assert said is None or said.action
