import pytest

from bot.languages.ko.endings import polite
from bot.translation.checks import endings
from bot.translation.checks.endings import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked, repaired, text


class TestEndings(CheckCase):
    module = endings
    hit = ("We train it. We test it. It works.", "모델을 학습합니다. 성능을 평가합니다. 잘 동작한다.")
    hit_at = "동작한다."
    suggestion = "동작합니다."
    good = ("We train it. We test it. It works.", "모델을 학습합니다. 성능을 평가합니다. 잘 동작합니다.")
    ignored = ("We train it. We test it. It works.", "모델을 학습한다. 성능을 평가한다. 잘 동작한다.")


def test_noun_and_casual_endings_are_marked_in_polite_text() -> None:
    pairs = (
        ("a", "학습합니다."),
        ("b", "평가합니다."),
        ("c", "성능이 향상됨."),
        ("d", "잘 동작해요."),
        ("e", "결과를 포함."),
    )
    assert marked(check, *pairs) == ["향상됨.", "동작해요."]


def test_questions_of_one_text_ask_in_one_form() -> None:
    pairs = (("a", "무엇이 필요한가?"), ("b", "어떻게 배울까요?"), ("c", "왜 실패할까요?"))
    assert marked(check, *pairs) == ["필요한가?"]
    assert findings(check, ("a", "무엇이 필요한가?"), ("b", "왜 실패하는가?")) == []


def test_of_two_sentences_the_plain_one_is_marked() -> None:
    assert marked(check, ("a", "모델을 학습한다."), ("b", "잘 동작합니다.")) == ["학습한다."]


def test_titles_have_no_register() -> None:
    assert findings(check, ("a", "평가한다. 학습합니다. 학습합니다."), field="title") == []


def test_a_single_plain_sentence_is_held_to_the_papers_register() -> None:
    paper = (text(("a", "학습합니다."), ("b", "평가합니다.")),)
    assert [one.suggestion for one in findings(check, ("x", "새 모델을 제안한다."), paper=paper)] == ["제안합니다."]
    assert findings(check, ("x", "새 모델을 제안한다.")) == []


@pytest.mark.parametrize(
    ("plain", "right"),
    [
        ("한다.", "합니다."),
        ("먹는다.", "먹습니다."),
        ("했다.", "했습니다."),
        ("이다.", "입니다."),
        ("크다.", "큽니다."),
        ("있다.", "있습니다."),
    ],
)
def test_plain_endings_become_polite(plain: str, right: str) -> None:
    assert polite(plain) == right


def test_repairs_fit_the_sentence() -> None:
    fixed = repaired(check, ("a", "학습합니다."), ("b", "평가합니다."), ("c", "성능이 높아졌다."))
    assert fixed == "학습합니다. 평가합니다. 성능이 높아졌습니다."
