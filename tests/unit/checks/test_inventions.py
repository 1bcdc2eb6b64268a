import pytest

from bot.translation.checks import inventions
from bot.translation.checks.base import Severity
from tests.unit.checks.case import CheckCase, find


class TestInventions(CheckCase):
    module = inventions
    hit = ("We propose a new framework.", "유니티는 새로운 프레임워크를 제안합니다.")
    hit_at = "유니티는"
    suggestion = "저희는"
    good = ("We propose a new framework.", "저희는 새로운 프레임워크를 제안합니다.")
    ignored = ("Unity lets us build a new framework.", "유니티는 새로운 프레임워크를 만들게 해 줍니다.")


def test_invented_speaker_is_critical() -> None:
    [found] = find(inventions.check, ("Next, we release a model.", "다음으로, 테슬라가 모델을 공개합니다."))
    assert found.severity is Severity.CRITICAL


def test_invented_speaker_is_found_behind_a_semicolon() -> None:
    korean = "이 단위 테스트는 비용이 많이 듭니다. 유니티는 이를 작은 모델로 대체합니다."
    [found] = find(inventions.check, ("These unit tests are expensive; we replace them by a small model.", korean))
    assert korean[found.start : found.end] == "유니티는"


def test_known_name_in_hangul_needs_the_name() -> None:
    pair = ("The model is released on a public platform.", "이 모델은 허깅페이스에 공개됩니다.")
    assert [pair[1][found.start : found.end] for found in find(inventions.check, pair)] == ["허깅페이스"]
    assert find(inventions.check, ("It is on Hugging Face.", "이 모델은 허깅페이스에 공개됩니다.")) == []


@pytest.mark.parametrize(
    ("english", "korean", "invented"),
    [
        ("Our model is better.", "저희 모델은 GPT-5보다 낫습니다.", ["GPT-5"]),
        ("The method is fast.", "DeepMind의 방법은 빠릅니다.", ["DeepMind"]),
        ("We use mixture of experts.", "MoE를 사용합니다.", []),
        ("No Language Left Behind is a model.", "NLLB는 모델입니다.", []),
        ("Low-rank adaptation works.", "LoRA(Low-Rank Adaptation)는 효과적입니다.", []),
        ("It runs on graphics processors.", "GPU에서 실행됩니다.", []),
        ("Sparse auto-encoders work.", "Sparse AutoEncoder는 효과적입니다.", []),
        ("It beats LLaMA2-7B.", "LLaMA2-7B를 능가합니다.", []),
        ("Code: https://a.org/x.", "코드: https://a.org/DeepThing", []),
    ],
)
def test_latin_names_need_a_source(english: str, korean: str, invented: list[str]) -> None:
    assert [korean[found.start : found.end] for found in find(inventions.check, (english, korean))] == invented


def test_name_from_another_text_of_the_paper_is_no_invention() -> None:
    pair = ("The method is fast.", "QuickSort++ 방법인 FastNet은 빠릅니다.")
    assert len(find(inventions.check, pair)) == 2
    assert find(inventions.check, pair, ("FastNet and QuickSort", "FastNet과 QuickSort")) == []


def test_company_voice_is_found_without_english_too() -> None:
    [found] = find(inventions.check, ("", "당사의 모델은 빠릅니다."))
    assert found.suggestion == "저희"
    assert find(inventions.check, ("The company's model is fast.", "당사의 모델은 빠릅니다.")) == []
