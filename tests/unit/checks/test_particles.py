import pytest

from bot.translation.checks import particles
from bot.translation.checks.base import Severity
from bot.translation.checks.particles import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked, repaired


class TestParticles(CheckCase):
    module = particles
    hit = ("We train an LLM.", "저희는 LLM를 학습합니다.")
    hit_at = "LLM를"
    suggestion = "LLM을"
    good = ("We train an LLM.", "저희는 LLM을 학습합니다.")
    ignored = ("Llama 3 and LLMs.", "Llama 3는 LLMs은 아니지만 언어 모델(LM)과 API(인터페이스)를 씁니다.")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("GPT을 씁니다.", "GPT를 씁니다."),
        ("RAG은 빠릅니다.", "RAG는 빠릅니다."),
        ("URL으로 엽니다.", "URL로 엽니다."),
        ("50%은 틀립니다.", "50%는 틀립니다."),
        ("Python와 비교합니다.", "Python과 비교합니다."),
        ("성능를 높입니다.", "성능을 높입니다."),
        ("모델으로 학습합니다.", "모델로 학습합니다."),
        ("데이터을 모읍니다.", "데이터를 모읍니다."),
        ("키을 정렬합니다.", "키를 정렬합니다."),
        ("모델는 큽니다.", "모델은 큽니다."),
        ("데이터은 많습니다.", "데이터는 많습니다."),
        ("메모리과 비교합니다.", "메모리와 비교합니다."),
        ("모델와 비교합니다.", "모델과 비교합니다."),
        ("모델을(를) 씁니다.", "모델을 씁니다."),
        ("GPU(으)로 학습합니다.", "GPU로 학습합니다."),
        ("RAG(이)나 LLM(이)나 같습니다.", "RAG나 LLM이나 같습니다."),
        ("API은(는) 빠릅니다.", "API는 빠릅니다."),
        ("오류를 벌점을 주어 줄입니다.", "오류에 벌점을 주어 줄입니다."),
        ("모르는 것을 영향을 미칩니다.", "모르는 것에 영향을 미칩니다."),
    ],
)
def test_particles_are_repaired(wrong: str, right: str) -> None:
    assert repaired(check, ("An English sentence.", wrong)) == right
    assert findings(check, ("An English sentence.", right)) == []


@pytest.mark.parametrize(
    "fine",
    [
        "모델을 데이터를 사용해 학습합니다.",
        "병을 나을 수 있는 약을 지을 마을로 갑니다.",
        "https://example.org/GPT을 여세요.",
        "$x$를 $y$로 나눕니다.",
        "Llama 2와 H100을 쓰고 10^6은 큽니다.",
        "낮은 값을 찾는 모델이 답을 모을 때 쏟는 힘과 더 나은 학과의 효과를 넘는 결과",
        "앞으로 경로와 결과가 중요합니다.",
        "대규모 언어 모델(LLM)을 쓰거나 GPT(언어 모델)를 씁니다.",
        "F1이 AIME보다 높고 CLIP은 낮습니다.",
    ],
)
def test_what_somebody_reads_so_passes(fine: str) -> None:
    assert findings(check, ("An English sentence.", fine)) == []


def test_two_objects_of_one_verb_are_major() -> None:
    [finding] = findings(
        check, ("We penalize errors.", "오류를 페널티를 줍니다."), ("x", "오류를 불이익을 주도록 합니다.")
    )[-1:]
    assert finding.severity is Severity.MAJOR


def test_a_metric_measures_with_its_own_particle() -> None:
    assert repaired(check, ("as measured by METEOR", "METEOR에서 측정한 품질")) == "METEOR로 측정한 품질"
    assert marked(check, ("measured on XNLI", "XNLI에서 측정한 품질")) == []


@pytest.mark.parametrize(
    ("wrong", "mark", "right"),
    [
        ("보상 모델이 답변을 순위를 매깁니다.", "답변을", "보상 모델이 답변의 순위를 매깁니다."),
        ("저희는 1,200시간 분량을 대화를 수집합니다.", "분량을", "저희는 1,200시간 분량의 대화를 수집합니다."),
        ("모델의를 학습합니다.", "의를", "모델을 학습합니다."),
        ("성능이가 떨어집니다.", "이가", "성능이 떨어집니다."),
    ],
)
def test_an_object_needs_a_verb_and_a_noun_one_case(wrong: str, mark: str, right: str) -> None:
    assert marked(check, ("An English sentence.", wrong)) == [mark]
    assert marked(check, ("An English sentence.", right)) == []


@pytest.mark.parametrize(
    "fine",
    [
        "문서 요약을 데이터를 써서 평가합니다.",
        "이를 대상으로 실험을 진행했습니다.",
        "비용을 95%, 시간을 80% 줄입니다.",
        "정의를 내리고 논의를 이어 가며, 나이가 같고 의의가 큽니다.",
        "세계를 무대로 연구를 합니다.",
    ],
)
def test_objects_that_share_no_verb_pass(fine: str) -> None:
    assert marked(check, ("An English sentence.", fine)) == []
