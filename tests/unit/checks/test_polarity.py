import pytest

from bot.translation.checks import polarity
from bot.translation.checks.base import Severity
from bot.translation.checks.polarity import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked


class TestPolarity(CheckCase):
    module = polarity
    hit = ("The model does not need labels.", "이 모델은 레이블이 필요합니다.")
    hit_at = "이 모델은 레이블이 필요합니다."
    good = ("The model does not need labels.", "이 모델에는 레이블이 필요하지 않습니다.")
    ignored = ("It not only helps, it is fast.", "도움이 되는 동시에 빠릅니다.")


@pytest.mark.parametrize(
    ("source", "wrong", "mark", "right"),
    [
        (
            "It works without labels.",
            "레이블을 사용하여 동작합니다.",
            "레이블을 사용하여 동작합니다.",
            "레이블 없이 동작합니다.",
        ),
        ("It works with labels.", "레이블 없이 동작합니다.", "레이블 없이", "레이블로 동작합니다."),
        (
            "The model generalizes well.",
            "모델은 잘 일반화되지 않습니다.",
            "일반화되지 않습니다",
            "모델은 잘 일반화됩니다.",
        ),
        (
            "Accuracy increases with depth.",
            "깊이에 따라 정확도가 감소합니다.",
            "감소합니다",
            "깊이에 따라 정확도가 증가합니다.",
        ),
        ("It reduces memory use.", "메모리 사용량을 증가시킵니다.", "증가시킵니다", "메모리 사용량을 줄입니다."),
        ("Foo-2 outperforms GPT-4.", "Foo-2는 GPT-4에 뒤처집니다.", "뒤처집니다", "Foo-2는 GPT-4를 능가합니다."),
        ("Foo lags behind the rest.", "Foo는 나머지를 능가합니다.", "능가합니다", "Foo는 나머지에 뒤처집니다."),
        (
            "Foo outperforms Bar.",
            "Bar는 Foo보다 성능이 뛰어납니다.",
            "Bar는 Foo보다",
            "Foo는 Bar보다 성능이 뛰어납니다.",
        ),
        ("It needs fewer tokens.", "더 많은 토큰이 필요합니다.", "더 많은", "더 적은 토큰이 필요합니다."),
    ],
)
def test_opposites_are_marked(source: str, wrong: str, mark: str, right: str) -> None:
    assert marked(check, (source, wrong)) == [mark]
    assert findings(check, (source, right)) == []


@pytest.mark.parametrize(
    ("source", "fine"),
    [
        ("The method is label-free.", "이 방법은 레이블 없이 동작합니다."),
        ("It works regardless of size.", "크기와 관계없이 동작합니다."),
        ("The task is intractable.", "이 과제는 풀 수 없습니다."),
        ("It fails to converge.", "수렴에 실패합니다."),
        ("Errors drop and accuracy rises.", "오류는 줄고 정확도는 높아집니다."),
        ("It cannot be ignored.", "무시할 수 없습니다."),
        ("Growth in cost is reduced.", "비용 증가를 억제합니다."),
    ],
)
def test_the_same_meaning_in_other_words_passes(source: str, fine: str) -> None:
    assert findings(check, (source, fine)) == []


def test_korean_that_must_deny_is_marked_where_it_does_not() -> None:
    assert marked(check, ("", "전혀 도움이 됩니다.")) == []
    assert marked(check, ("It is of no help.", "결코 도움이 됩니다.")) == ["결코 도움이 됩니다"]
    assert findings(check, ("It is a new idea.", "전혀 새로운 아이디어입니다.")) == []


def test_a_turned_meaning_is_critical() -> None:
    [finding] = findings(check, ("It never fails.", "항상 동작합니다."))
    assert finding.severity is Severity.CRITICAL
