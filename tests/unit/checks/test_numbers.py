from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.languages.ko import numbers as korean
from bot.languages.quantities import Kind
from bot.translation import english_numbers as english
from bot.translation.checks.base import Severity
from bot.translation.checks.numbers import check
from tests.unit.checks.form_case import findings, marked, repaired
from tests.unit.checks.number_pairs import FORMS, pairs


def test_five_thousand_generated_pairs_agree_with_their_truth() -> None:
    made = pairs(5_000, seed=20260101)
    assert {pair.form for pair in made} == set(FORMS)
    assert 0.3 < sum(pair.is_right for pair in made) / len(made) < 0.7
    wrong = [pair for pair in made if bool(findings(check, (pair.source, pair.target))) is pair.is_right]
    assert not wrong, "\n".join(map(str, wrong[:20]))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("It extracts around 16 million patterns.", "약 1,600만 개의 패턴을 추출합니다."),
        ("It evaluates on 40K translations.", "4만 건의 번역을 평가합니다."),
        ("The core layer is 2-8X faster.", "핵심 계층은 2~8배 빠릅니다."),
        ("It costs $32K.", "비용은 3만 2,000달러입니다."),
        ("Between 3 and 5 million rows are read.", "300만~500만 행을 읽습니다."),
        ("It keeps 3 to 5 million rows.", "300~500만 행을 유지합니다."),
        ("Over 40,000 directions and 7,000+ languages.", "40,000개 이상의 방향과 7,000개 이상의 언어."),
        ("It is twice as fast and halves the cost.", "두 배 빠르고 비용은 절반입니다."),
        ("Performance holds at billion-parameter scales.", "10억 개의 매개변수 규모에서도 성능이 유지됩니다."),
        ("Steps 1) read, 2) write.", "단계는 1) 읽기, 2) 쓰기입니다."),
        ("The two models agree.", "두 모델이 일치합니다."),
        ("Both help.", "둘 다 도움이 됩니다."),
        ("It runs on tensor cores of Tencent; others tend to wait.", "Tencent의 텐서 코어에서 실행됩니다."),
        ("A first step with top-5 accuracy.", "상위 5개 정확도를 사용한 첫걸음입니다."),
        ("We train on 8x H100 GPUs.", "H100 GPU 8장으로 학습합니다."),
        ("It needs 224x224 images in 3D scenes.", "3차원 장면의 224x224 이미지가 필요합니다."),
        ("See https://example.org/2024/15 for more.", "자세한 내용은 https://example.org/2024/15 를 보세요."),
        ("Accuracy rises by up to 61%.", "정확도가 최대 61%까지 상승합니다."),
        ("It runs at a scale up to at least 2.7B parameters.", "최소 27억 개 이상의 매개변수 규모에서 동작합니다."),
        ("Gains of 11%, 20% and 51%.", "11%, 20%, 51%의 향상."),
        ("It takes half a million steps.", "50만 스텝이 걸립니다."),
        ("A hundred thousand users joined.", "사용자 10만 명이 참여했습니다."),
        ("Twenty-five experts rated it.", "전문가 25명이 평가했습니다."),
        ("Three orders of magnitude faster.", "1,000배 빠릅니다."),
        ("Only prose here.", "여기에는 글만 있습니다. 다음 세 가지입니다."),
    ],
)
def test_the_same_number_in_other_words_passes(source: str, target: str) -> None:
    assert findings(check, (source, target)) == []


@pytest.mark.parametrize(
    ("source", "target", "marks"),
    [
        ("It extracts 16 million patterns.", "160만 개의 패턴을 추출합니다.", ["160만"]),
        ("1.3B parameters are used.", "13억이 아닌 130억 개의 매개변수를 사용합니다.", ["130억"]),
        ("It improves by 3 points.", "3% 향상됩니다.", ["3%"]),
        ("It gains 5 percentage points.", "5% 향상됩니다.", ["5%"]),
        ("It uses tens of thousands of pages.", "수십만 쪽을 사용합니다.", ["수십만"]),
        ("Costs fall from 40% to 10%.", "비용이 10%에서 40%로 줄어듭니다.", ["10%에서 40%"]),
        ("The code is public.", "코드 4,000줄이 공개되어 있습니다.", ["4,000"]),
    ],
)
def test_wrong_numbers_are_marked_where_they_stand(source: str, target: str, marks: list[str]) -> None:
    assert marked(check, (source, target)) == marks


def test_a_wrong_number_is_repaired_with_its_particle() -> None:
    assert repaired(check, ("It has 16 languages.", "언어는 13을 지원합니다.")) == "언어는 16을 지원합니다."
    assert repaired(check, ("It has 12 languages.", "언어는 13을 지원합니다.")) == "언어는 12를 지원합니다."
    assert repaired(check, ("16 million patterns", "160만 개의 패턴")) == "1,600만 개의 패턴"
    assert repaired(check, ("by 5 percentage points", "5% 향상")) == "5%p 향상"
    assert repaired(check, ("tens of thousands of pages", "수십만 쪽")) == "수만 쪽"


def test_a_missing_number_points_at_a_short_clause() -> None:
    source = "The method works on many tasks, it needs no labels, and it improves the mean score by 44% on all of them."
    target = "이 방법은 많은 과제에서 동작하고, 레이블이 필요하지 않으며, 모든 과제에서 평균 점수를 향상시킵니다."
    [finding] = findings(check, (source, target))
    assert finding.end - finding.start <= 60
    assert target[finding.start : finding.end] == "모든 과제에서 평균 점수를 향상시킵니다."
    assert finding.severity is Severity.MAJOR


def test_numbers_may_move_to_another_sentence() -> None:
    assert (
        findings(check, ("It has 40 tasks. ", "과제가 많습니다."), ("They are hard.", "40개의 과제는 어렵습니다."))
        == []
    )


def test_without_english_there_is_nothing_to_compare() -> None:
    assert findings(check, ("", "4만 건을 평가합니다.")) == []


def test_two_wrong_numbers_get_no_suggestion() -> None:
    found = findings(check, ("It has 12 tasks and 15 models.", "과제 22개와 모델 25개가 있습니다."))
    assert [finding.suggestion for finding in found] == [None, None]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1,600만", 16_000_000, Kind.PLAIN),
        ("2천5백만", 25_000_000, Kind.PLAIN),
        ("1조 2천억", 1_200_000_000_000, Kind.PLAIN),
        ("3만 2,000", 32_000, Kind.PLAIN),
        ("백만", 1_000_000, Kind.PLAIN),
        ("수십억", 1_000_000_000, Kind.VAGUE),
        ("몇백", 100, Kind.VAGUE),
        ("삼분의 이", Fraction(2, 3), Kind.FRACTION),
        ("열두 가지", 12, Kind.PLAIN),
        ("1.5배", Fraction(3, 2), Kind.TIMES),
        ("세 번째", 3, Kind.ORDINAL),
    ],
)
def test_korean_numbers_are_read(text: str, value: int | Fraction, kind: Kind) -> None:
    [quantity] = korean.read(text)
    assert (quantity.value, quantity.kind) == (Fraction(value), kind)


@pytest.mark.parametrize(
    "word", ["모델만 쓰는", "배포", "에 대한 한계", "네트워크", "세부 사항", "수만 있다면", "두뇌와 같은"]
)
def test_words_that_look_like_numbers_are_none(word: str) -> None:
    assert [quantity for quantity in korean.read(word) if quantity.kind is not Kind.VAGUE] == []


@given(st.integers(min_value=1, max_value=10**16 - 1))
def test_what_is_written_is_read_back(value: int) -> None:
    written = korean.write(Fraction(value))
    assert written is not None
    assert [quantity.value for quantity in korean.read(f"{written} 개")] == [value]


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    for quantity in [*english.read(text), *korean.read(text)]:
        assert 0 <= quantity.start < quantity.end <= len(text)
