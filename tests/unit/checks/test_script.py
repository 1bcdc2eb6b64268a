import pytest

from bot.translation.checks import script
from bot.translation.checks.script import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked


class TestScript(CheckCase):
    module = script
    hit = ("We train the model.", "모델을 训练합니다.")
    hit_at = "训练"
    good = ("We train the model.", "모델을 학습합니다.")
    ignored = ("Duty (義) in Kant.", "칸트의 의무(義)와 α, β.")


@pytest.mark.parametrize(
    ("korean", "mark"),
    [
        ("모델の 성능입니다.", "の"),
        ("이 модель은 큽니다.", "модель"),
        ("성능\ufffd\ufffd입니다.", "\ufffd\ufffd"),
        ("성능이 좋ㅇ습니다.", "ㅇ"),
        ("성능이 ﾡ습니다.", "ﾡ"),
        ("모델의 성능\u200e\x07입니다.", "\x07"),
    ],
)
def test_foreign_and_broken_characters_are_marked(korean: str, mark: str) -> None:
    assert marked(check, ("The model is good.", korean)) == [mark]


def test_what_the_source_has_may_stay() -> None:
    assert findings(check, ("The character 漢 means Han.", "글자 漢은 한을 뜻합니다.")) == []
