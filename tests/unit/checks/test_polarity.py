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


@pytest.mark.parametrize(
    ("source", "wrong", "right"),
    [
        (
            "We scale the base model without fine-tuning.",
            "미세 조정으로 기본 모델의 비용을 키웁니다.",
            "미세 조정 없이 기본 모델의 비용을 키웁니다.",
        ),
        (
            "It does not change the output and is never slower on a GPU.",
            "출력을 바꾸지 않으며, GPU에서 느려집니다.",
            "출력을 바꾸지 않으며, GPU에서 느려지지도 않습니다.",
        ),
        ("The labels are unnecessary.", "레이블이 필요합니다.", "레이블이 필요 없습니다."),
        ("It eliminates the need for labels.", "레이블이 필요해집니다.", "레이블이 필요 없어집니다."),
        ("Few studies look at it.", "이를 살펴본 연구가 많습니다.", "이를 살펴본 연구는 드뭅니다."),
        (
            "a small model; it works with no labels; it is fast",
            "작은 모델입니다. 레이블로 동작합니다. 빠릅니다.",
            "작은 모델입니다. 레이블 없이 동작합니다. 빠릅니다.",
        ),
        ("The failures are not expensive.", "실패는 비용이 큽니다.", "실패해도 비용이 크지 않습니다."),
    ],
)
def test_a_lost_negation_is_found_beside_others(source: str, wrong: str, right: str) -> None:
    [finding] = findings(check, (source, wrong))
    assert finding.severity in (Severity.CRITICAL, Severity.MAJOR)
    assert findings(check, (source, right)) == []


@pytest.mark.parametrize(
    ("source", "wrong", "mark", "right"),
    [
        (
            "It reduces memory without changing the output.",
            "출력을 바꾸지 않으면서 메모리를 늘립니다.",
            "늘립니다",
            "출력을 바꾸지 않으면서 메모리를 줄입니다.",
        ),
        (
            "Accuracy increases by 58.5% and cost drops.",
            "정확도가 58.5% 감소하고 비용이 줄어듭니다.",
            "58.5% 감소하고",
            "정확도가 58.5% 증가하고 비용이 줄어듭니다.",
        ),
        (
            "It goes from 48.9 to 55.2.",
            "48.9에서 55.2로 낮춥니다.",
            "48.9에서 55.2로 낮춥니다",
            "48.9에서 55.2로 높입니다.",
        ),
        ("Larger models look better.", "더 작은 모델이 더 보기 좋습니다.", "작은", "더 큰 모델이 더 보기 좋습니다."),
        ("The maps become sharper.", "맵이 덜 선명해집니다.", "덜 선명해집니다", "맵이 더 선명해집니다."),
        ("It improves robustness.", "강건성을 약화합니다.", "약화합니다", "강건성을 개선합니다."),
        (
            "Agents often fail there.",
            "에이전트는 거기서 자주 성공합니다.",
            "성공합니다",
            "에이전트는 거기서 자주 실패합니다.",
        ),
        ("Search is slower than sampling.", "탐색은 샘플링보다 빠릅니다.", "빠릅니다", "탐색은 샘플링보다 느립니다."),
    ],
)
def test_a_turned_direction_is_found_beside_others(source: str, wrong: str, mark: str, right: str) -> None:
    assert [one.removeprefix("더 ") for one in marked(check, (source, wrong))] == [mark]
    assert findings(check, (source, right)) == []


@pytest.mark.parametrize(
    ("source", "fine"),
    [
        ("It improves latency by 40%.", "지연 시간을 40% 줄입니다."),
        ("It does not increase the cost.", "비용이 늘지 않습니다."),
        ("A solver outperforms it.", "솔버의 성능에는 미치지 못합니다."),
        ("Faster inference with low-rank adapters.", "저랭크 어댑터로 추론 시간을 단축합니다."),
        ("Accuracy rises while the error falls by 12%.", "정확도는 오르고 오류는 12% 감소합니다."),
        ("It closes the gap.", "격차를 줄입니다."),
        ("It moves from version 1.2.3 to 2.0.1.", "1.2.3에서 2.0.1로 올라갑니다."),
        ("It halves memory.", "메모리를 절반으로 줄입니다."),
    ],
)
def test_a_direction_in_other_words_passes(source: str, fine: str) -> None:
    assert findings(check, (source, fine)) == []


@pytest.mark.parametrize(
    ("source", "fine"),
    [
        ("It needs no text and no images.", "텍스트와 이미지가 필요하지 않습니다."),
        ("It does not change the weights.", "가중치를 그대로 둡니다."),
        ("It cannot work without labels.", "레이블이 있어야만 동작합니다."),
        ("It is not the same as a cache.", "캐시와는 다릅니다."),
        ("It not only reads but writes.", "읽을 뿐만 아니라 쓰기도 합니다."),
        ("A MatMul-free model is small.", "MatMul-free 모델은 작습니다."),
        ("This is not uncommon.", "이는 흔한 일입니다."),
        ("Whether or not it helps is open.", "도움이 되는지는 미해결 문제입니다."),
        ("It never exceeds 3 GB.", "항상 3GB 이하입니다."),
        ("It works without changing A or requiring no B.", "A나 B를 바꾸지 않고 동작합니다."),
    ],
)
def test_a_negation_in_other_words_is_no_loss(source: str, fine: str) -> None:
    assert findings(check, (source, fine)) == []


def test_korean_that_must_deny_is_marked_where_it_does_not() -> None:
    assert marked(check, ("", "전혀 도움이 됩니다.")) == []
    assert marked(check, ("It is of no help.", "결코 도움이 됩니다.")) == ["결코 도움이 됩니다"]
    assert findings(check, ("It is a new idea.", "전혀 새로운 아이디어입니다.")) == []


def test_a_turned_meaning_is_critical() -> None:
    [finding] = findings(check, ("It never fails.", "항상 동작합니다."))
    assert finding.severity is Severity.CRITICAL
