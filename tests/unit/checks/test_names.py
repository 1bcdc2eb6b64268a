import pytest

from bot.languages.ko.transliteration import could_sound_like, likeness
from bot.translation.checks import names
from tests.unit.checks.case import CheckCase, find


class TestNames(CheckCase):
    module = names
    hit = ("We present ToolForge, a suite of tools.", "저희는 도구 모음인 툴포지를 소개합니다.")
    hit_at = "툴포지를"
    suggestion = "ToolForge를"
    good = ("We present ToolForge, a suite of tools.", "저희는 도구 모음인 ToolForge를 소개합니다.")
    ignored = ("A transformer reads the data.", "트랜스포머는 데이터를 읽습니다.")


@pytest.mark.parametrize(
    ("english", "korean", "expected"),
    [
        ("It solves the Game of 24 quickly.", "게임 오브 24를 빠르게 풉니다.", ("게임 오브 24를", "Game of 24를")),
        (
            "We compare with Tree-of-Thoughts.",
            "트리 오브 생각과 비교합니다.",
            ("트리 오브 생각과", "Tree-of-Thoughts와"),
        ),
        ("We test WildBench daily.", "매일 와일드벤치를 시험합니다.", ("와일드벤치를", "WildBench를")),
        (
            "WildBench is hard; WildBench is new.",
            "WildBench는 어렵고 와일드벤치는 새롭습니다.",
            ("와일드벤치는", "WildBench는"),
        ),
        (
            "We propose Infini-attention here.",
            "여기서 인피니 어텐션을 제안합니다.",
            ("인피니 어텐션을", "Infini-attention을"),
        ),
        (
            "We propose Retentive Network (RetNet).",
            "리텐티브 네트워크를 제안합니다.",
            ("리텐티브 네트워크를", "Retentive Network를"),
        ),
        ("It beats phi-1-small by far.", "phi-1-소형을 크게 앞섭니다.", ("phi-1-소형을", "phi-1-small을")),
        ("It has a pass@1 of 45%.", "합격@1은 45%입니다.", ("합격@1은", "pass@1은")),
        ("We call it DoReMi here.", "여기서 도레미(DoReMi)라고 부릅니다.", ("도레미", "DoReMi")),
        ("We present DrEureka here.", "여기서 닥터유레카를 소개합니다.", ("닥터유레카를", "DrEureka를")),
    ],
)
def test_name_in_hangul_is_found(english: str, korean: str, expected: tuple[str, str]) -> None:
    [found] = find(names.check, (english, korean))
    assert (korean[found.start : found.end], found.suggestion) == expected


@pytest.mark.parametrize(
    ("english", "korean", "right"),
    [
        ("SaySelf is trained on GPT-4 data.", "Sayself는 GPT-4 데이터로 학습됩니다.", "SaySelf"),
        ("We train ToolForge here.", "여기서 ToolFrge를 학습합니다.", "ToolForge"),
        ("We use RLHF here.", "여기서 RHLF를 사용합니다.", "RLHF"),
        ("Learning from feedback (RLHF) helps.", "피드백 학습(RLFH)이 도움이 됩니다.", "RLHF"),
        ("Reinforcement learning with LLMs.", "LLM을 쓰는 RL입니다.", None),
        ("LLMs and VLMs help.", "LLM과 VLM이 도움이 됩니다.", None),
    ],
)
def test_name_with_other_letters_or_case_is_found(english: str, korean: str, right: str | None) -> None:
    assert [found.suggestion for found in find(names.check, (english, korean))] == ([right] if right else [])


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("GPT-4 and GPT-3 differ.", "GPT-4와 GPT-3는 다릅니다."),
        ("See https://github.com/a/ToolForge for code.", "코드는 https://github.com/a/toolforge 에 있습니다."),
        ("Transformers scale.", "Transformer는 확장됩니다."),
        ("DITTO uses few data points.", "DITTO는 적은 데이터를 사용합니다."),
        ("We use $SaySelf$ and `MyName`.", "저희는 $sayself$와 `myname`을 씁니다."),
    ],
)
def test_kept_names_pass(english: str, korean: str) -> None:
    assert find(names.check, (english, korean)) == []


@pytest.mark.parametrize(
    ("latin", "hangul"),
    [
        ("AgentGym", "에이전트짐"),
        ("Checkmate-in-One", "체크메이트 인 원"),
        ("framework", "프레임워크"),
        ("alignment", "얼라인먼트"),
        ("Gemini", "제미나이"),
        ("HuggingFace", "허깅페이스"),
        ("Quiet-STaR", "콰이어트 스타"),
        ("OpenAI", "오픈AI"),
        ("MetaGPT", "메타GPT"),
        ("SynthID", "신스ID"),
        ("StableDiffusion", "스테이블 디퓨전"),
    ],
)
def test_transliteration_sounds_alike(latin: str, hangul: str) -> None:
    assert likeness(latin, hangul) >= 0.85


@pytest.mark.parametrize(
    ("latin", "hangul"),
    [("AgentGym", "에이전트"), ("Mamba", "모델"), ("Griffin", "그림"), ("language", "이론적"), ("", "가")],
)
def test_other_words_do_not(latin: str, hangul: str) -> None:
    assert not could_sound_like(latin, hangul) or likeness(latin, hangul) < 0.85


def test_name_of_the_paper_is_looked_for_where_the_sentence_has_none() -> None:
    pair = ("It improves planning.", "툴포지는 계획을 개선합니다.")
    [found] = find(names.check, pair, ("ToolForge: A Suite of Tools", "ToolForge: 도구 모음"))
    assert found.suggestion == "ToolForge는"


def test_name_that_is_kept_once_is_kept_everywhere() -> None:
    pair = (
        "It is faster than Dreambooth. It needs less data than Dreambooth.",
        "드림부스보다 빠릅니다. Dreambooth보다 데이터가 적게 필요합니다.",
    )
    assert [found.suggestion for found in find(names.check, pair)] == ["Dreambooth"]
    assert find(names.check, (pair[0], pair[1].replace("Dreambooth", "드림부스"))) == []


def test_quoted_titles_make_no_names() -> None:
    pair = (
        'The buffer is new. See "the Buffer of Thoughts" for the buffer.',
        '버퍼는 새롭습니다. 버퍼는 "the Buffer of Thoughts"를 참고하세요.',
    )
    assert find(names.check, pair) == []
