import pytest

from bot.translation.checks import repetition
from bot.translation.checks.repetition import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked, repaired


class TestRepetition(CheckCase):
    module = repetition
    hit = ("It helps with large memory traffic.", "대규모 메모리 규모가 필요한 과제에 도움이 됩니다.")
    hit_at = "대규모 메모리 규모"
    good = ("It helps with large memory traffic.", "대규모 메모리 사용이 필요한 과제에 도움이 됩니다.")
    ignored = ("High-quality models need quality models.", "고품질 모델 품질이 필요합니다.")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("표본도도 공개합니다.", "표본도 공개합니다."),
        ("모델을을 학습합니다.", "모델을 학습합니다."),
        ("서버에서에서 실행합니다.", "서버에서 실행합니다."),
        ("모델을 학습합니다합니다.", "모델을 학습합니다."),
        ("모델모델을 학습합니다.", "모델을 학습합니다."),
        ("새로운 모델을 모델을 학습합니다.", "새로운 모델을 학습합니다."),
    ],
)
def test_doubled_words_and_morphemes_are_repaired(wrong: str, right: str) -> None:
    assert repaired(check, ("We train a new model.", wrong)) == right
    assert findings(check, ("We train a new model.", right)) == []


@pytest.mark.parametrize(
    "fine",
    [
        "정확도도 높습니다.",
        "속도도 해상도도 높습니다.",
        "하나하나 살펴봅니다.",
        "마을을 지납니다.",
        "은은한 빛과 차근차근한 설명입니다.",
        "점점 더 커집니다.",
    ],
)
def test_what_korean_doubles_on_purpose_passes(fine: str) -> None:
    assert findings(check, ("We look at it.", fine)) == []


def test_a_repeated_phrase_is_marked_where_it_returns() -> None:
    korean = "이 모델은 아주 긴 문서의 자동 요약을 개선하고 아주 긴 문서의 자동 요약을 개선합니다."
    assert marked(check, ("The model improves summaries of documents.", korean)) == ["아주 긴 문서의 자동 요약을"]


def test_one_translation_of_two_sentences_is_marked() -> None:
    same = "이 방법은 모든 데이터셋에서 잘 동작합니다."
    assert marked(check, ("It works well on all data.", same), ("It fails on none of the tasks.", same)) == [same]
    assert findings(check, ("It works well.", same), ("It works well.", same)) == []
