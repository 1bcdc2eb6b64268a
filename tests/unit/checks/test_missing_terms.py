from bot.translation.checks import missing_terms
from tests.unit.checks.case import CheckCase, find


class TestMissingTerms(CheckCase):
    module = missing_terms
    hit = ("We apply supervised fine-tuning first.", "먼저 관리형 미세 조정을 적용합니다.")
    hit_at = "관리형 미세 조정"
    good = ("We apply supervised fine-tuning first.", "먼저 지도 미세 조정을 적용합니다.")
    ignored = ("We apply supervised fine-tuning first.", "먼저 감독된 미세 조정을 적용합니다.")


def test_english_spelled_in_hangul_is_found() -> None:
    pair = ("Hallucination is a risk. Confidence is low.", "환각은 위험입니다. 컨피던스가 낮습니다.")
    assert [pair[1][found.start : found.end] for found in find(missing_terms.check, pair)] == ["컨피던스"]


def test_term_in_latin_letters_or_left_out_is_none() -> None:
    assert find(missing_terms.check, ("We use SFT first.", "먼저 SFT를 사용합니다.")) == []
    assert find(missing_terms.check, ("The benchmark is hard.", "이것은 어렵습니다.")) == []


def test_particles_and_counters_may_stand_between_the_parts() -> None:
    english = "Reward hacking is a risk."
    for korean in ("보상의 해킹은 위험합니다.", "보상 하나의 해킹은 위험합니다.", "보상에 대한 해킹은 위험합니다."):
        assert find(missing_terms.check, (english, korean)) == []
