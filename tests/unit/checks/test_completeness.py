import pytest

from bot.translation.checks import completeness
from bot.translation.checks.completeness import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked

LONG = (
    "We study how large language models plan over long horizons and find that they often lose track of earlier goals."
)


class TestCompleteness(CheckCase):
    module = completeness
    hit = ("It shows that planning is hard for models.", "이 연구는 planning is hard for the models 임을 보입니다.")
    hit_at = "planning is hard for the models"
    good = ("It shows that planning is hard for models.", "이 연구는 모델에게 계획이 어렵다는 점을 보입니다.")
    ignored = (
        "See the work Learning to Plan with the Best Models.",
        "Learning to Plan with the Best Models 를 참고하세요.",
    )


def test_a_sentence_without_korean_is_shown_at_its_neighbour() -> None:
    pairs = (
        ("It is new.", "이 방법은 새롭습니다."),
        ("We evaluate it on many hard tasks.", ""),
        ("It works.", "잘 동작합니다."),
    )
    [finding] = findings(check, *pairs)
    assert finding.end == len("이 방법은 새롭습니다.")
    assert "We evaluate it" in finding.message


def test_a_missing_first_sentence_is_shown_at_the_next() -> None:
    [mark] = marked(check, ("We evaluate it on many hard tasks.", ""), ("It works.", "잘 동작합니다."))
    assert mark == "잘 동작합니다."


def test_korean_without_english_is_marked() -> None:
    extra = "이 결과는 앞으로의 연구에 큰 도움이 될 것입니다."
    assert marked(check, ("It works well.", "잘 동작합니다."), ("", extra)) == [extra]


@pytest.mark.parametrize(
    ("korean", "is_found"),
    [
        ("계획을 연구합니다.", True),
        (
            "저희는 대규모 언어 모델이 장기 계획을 세우는 방식을 연구하고, 이전 목표를 자주 놓친다는 점을 발견합니다.",
            False,
        ),
        ("저희는 대규모 언어 모델이 장기 계획을 세우는 방식을 연구하고, " * 4 + "발견합니다.", True),
    ],
)
def test_lengths_out_of_proportion_are_shown(korean: str, is_found: bool) -> None:
    found = findings(check, (LONG, korean))
    assert bool(found) is is_found
    assert all(one.end - one.start <= 60 for one in found)


def test_two_sentences_beside_a_short_one_miss_something() -> None:
    source = "We study how models plan over long horizons. They lose track of their goals."
    assert findings(check, (source, "모델이 긴 계획을 세우는 법을 연구합니다."))
    assert not findings(check, (source, "모델이 장기 계획을 세우는 법을 연구합니다. 목표를 자주 놓칩니다."))


def test_a_part_behind_a_semicolon_is_a_sentence_too() -> None:
    source = (
        "proposes a router that decides for each query; it is trained on synthetic traces of agents that "
        "book trips and repair their own plans; shows that the cost of serving falls by half on SWE-bench and LedgerQA"
    )
    first, last = (
        "쿼리마다 결정하는 라우터를 제안합니다.",
        "SWE-bench와 LedgerQA에서 비용이 절반이 됨을 보입니다.",
    )
    middle = "라우터는 여행을 예약하고 스스로 계획을 고치는 에이전트의 합성 기록으로 학습됩니다."
    assert findings(check, (source, f"{first} {last}"))
    assert not findings(check, (source, f"{first} {middle} {last}"))


def test_korean_alone_is_searched_for_english_only() -> None:
    assert marked(check, ("", "이 연구는 planning is hard for the models 임을 보입니다.")) == [
        "planning is hard for the models"
    ]
