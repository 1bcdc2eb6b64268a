import pytest

from bot.translation.checks import spacing
from bot.translation.checks.spacing import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked, repaired


class TestSpacing(CheckCase):
    module = spacing
    hit = ("It proposes a model.", "새로운 모델 를 제안합니다.")
    hit_at = "모델 를"
    suggestion = "모델을"
    good = ("It proposes a model.", "새로운 모델을 제안합니다.")
    ignored = ("See https://example.org/a for it.", "이 내용은 https://example.org/a 에서 볼 수 있습니다.")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("모델을  제안합니다.", "모델을 제안합니다."),
        ("모델을 제안합니다 .", "모델을 제안합니다."),
        ("제안합니다.그리고 평가합니다.", "제안합니다. 그리고 평가합니다."),
        ("모델( LLM )을 씁니다.", "모델(LLM)을 씁니다."),
        ("쓸수 있는 모델입니다.", "쓸 수 있는 모델입니다."),
        ("개선하는것이 목표입니다.", "개선하는 것이 목표입니다."),
        ("LLM 은 큽니다.", "LLM은 큽니다."),
    ],
)
def test_blanks_are_repaired(wrong: str, right: str) -> None:
    assert repaired(check, ("An English sentence.", wrong)) == right
    assert findings(check, ("An English sentence.", right)) == []


@pytest.mark.parametrize(
    "fine",
    [
        "이 방법은 필수 있는 값이 아닙니다.",
        "그것은 3.5배이고, 이것이 1) 첫째, 2) 둘째입니다.",
        "코드는 Title of the Paper 에서 볼 수 있습니다.",
        "집합 $[0, 1)$에서 뽑습니다.",
        "값은 10,000이고 v1.2.3을 씁니다.",
    ],
)
def test_what_only_looks_wrong_passes(fine: str) -> None:
    assert findings(check, ("An English sentence.", fine)) == []


def test_brackets_and_quotes_without_partner_are_marked_where_the_source_is_whole() -> None:
    assert marked(check, ("The model (LLM) works.", "모델(LLM은 동작합니다.")) == ["델("]
    assert marked(check, ('A "good" model.', '"좋은 모델입니다.')) == ['"']
    assert findings(check, ("The model (LLM works.", "모델(LLM은 동작합니다.")) == []
