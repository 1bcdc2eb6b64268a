"""What a corrected sentence teaches: the smallest change of words, its English, and an entry of the termbase."""

import pytest

from bot.corrections.learn import term_of
from bot.corrections.rule import Rule, rules
from bot.translation.termbase import Kind, Term, Termbase

TERMS = Termbase(
    [
        Term("perplexity", "퍼플렉서티", accepted=("펄플렉서티",)),
        Term("attention", "어텐션", wrong=("주의",)),
        Term("training", "학습", accepted=("훈련",)),
    ]
)


@pytest.mark.parametrize(
    ("source", "before", "after", "expected"),
    [
        (
            "CoT prompting helps.",
            "침대 프롬프트는 도움이 됩니다.",
            "CoT 프롬프트는 도움이 됩니다.",
            [Rule("침대", "CoT", "CoT")],
        ),
        (
            "The perplexity rises.",
            "난해함(perplexity)이 오릅니다.",
            "퍼플렉서티(perplexity)가 오릅니다.",
            [Rule("난해함", "퍼플렉서티", "perplexity")],
        ),
        (
            "They study attention.",
            "저자들은 주의를 연구합니다.",
            "저자들은 어텐션을 연구합니다.",
            [Rule("주의", "어텐션", "attention")],
        ),
        ("A moving window.", "움직이는 창입니다.", "이동하는 창입니다.", [Rule("움직이는", "이동하는", None)]),
        ("Boats sail.", "배가 항해를 합니다.", "배가 빨리 항해를 합니다.", []),
        ("The key turns.", "그 키 값이 돕니다.", "그 열쇠 값이 돕니다.", [Rule("키 값", "열쇠 값", None)]),
        ("One two.", "하나 둘 셋 넷 다섯 여섯 일곱.", "아주 다른 문장을 처음부터 새로 쓴 것이다.", []),
    ],
)
def test_the_smallest_change_of_words_is_the_rule(source: str, before: str, after: str, expected: list[Rule]) -> None:
    assert rules(source, before, after, TERMS) == expected


def test_a_new_name_becomes_an_entry_that_is_not_translated() -> None:
    term = term_of(Rule("침대", "CoT", "CoT"), TERMS)
    assert term == Term("CoT", "CoT", wrong=("침대",), kind=Kind.NAME)


def test_an_unknown_rendering_of_a_known_term_is_wrong_from_now_on() -> None:
    term = term_of(Rule("난해함", "퍼플렉서티", "perplexity"), TERMS)
    assert term is not None
    assert term.target == "퍼플렉서티"
    assert term.wrong == ("난해함",)


def test_what_was_the_communitys_word_gives_way_and_is_discouraged() -> None:
    term = term_of(Rule("퍼플렉서티", "혼란도", "perplexity"), TERMS)
    assert term is not None
    assert (term.target, term.accepted, term.avoid) == ("혼란도", ("펄플렉서티",), ("퍼플렉서티",))


def test_an_accepted_word_that_people_do_not_want_is_discouraged() -> None:
    term = term_of(Rule("훈련", "학습", "training"), TERMS)
    assert term is not None
    assert (term.target, term.accepted, term.avoid) == ("학습", (), ("훈련",))


def test_what_the_termbase_knows_already_is_no_news() -> None:
    assert term_of(Rule("주의", "어텐션", "attention"), TERMS) is None


@pytest.mark.parametrize("rule", [Rule("주", "어텐션", "attention"), Rule("움직이는", "이동하는", None)])
def test_a_syllable_or_words_without_english_make_no_entry(rule: Rule) -> None:
    assert term_of(rule, TERMS) is None
