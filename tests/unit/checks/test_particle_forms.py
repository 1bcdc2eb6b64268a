import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.languages.ko.particles import (
    adjust,
    is_accepted,
    particle_at,
    particles_after,
    replace,
    replace_all,
    with_particle,
)
from bot.languages.ko.sounds import Sound, final_sounds

AS_WRITTEN = [
    "LLM은 LLM이 LLM을 LLM과 LLM으로 LLM이나 RAG는 GPT를 API가 Transformer와 GPU로 Python과 Foo를 URL로",
    "SQL을 RL로 OCR로 BLEU로 CLIP은 ResNet은 ImageNet을 LoRA를 LLaMA는 BERT를 SAM을 GAN과 CNN으로 RNN은",
    "VAE는 MMLU를 MATH를 AUC를 F1은 DPO를 GPT-4는 o1은 H100을 Llama-2를 C++는 α를 ε을 50%는 24GB를 5kg을",
    "3.5를 10과 100은 1,000을 1은 2는 3은 4는 5는 6을 7로 8로 9는 arXiv를 GitHub를 Google은 Mistral로",
    "table로 model로 benchmark는 SWE-bench를 cache를 Claude는 Qwen은 Grok은 DeepSeek는 Codex를 Stack은",
    "JAX와 PyTorch를 TensorFlow와 scheme은 fine-tune은 chain-of-thought를 AgentGym을 DALL-E는 café를",
    '모델은 모델로 모델을 데이터는 데이터로 값은 값으로 "모델"을 **모델**은 모델(LLM)을 데이터(data)를',
    "`model`로 모델이나 데이터나 값이라는 데이터라는 값이었 데이터였 값이란 데이터란 값이랑 데이터랑",
]


@pytest.mark.parametrize("written", [word for line in AS_WRITTEN for word in line.split()])
def test_the_particle_follows_the_sound(written: str) -> None:
    particle = re.search(r"(?:이라는|라는|으로|이었|이나|이란|이랑|[가-힣])$", written)
    assert particle is not None
    word = written[: particle.start()]
    assert with_particle(word, particle.group()) == written
    assert is_accepted(word, particle.group())


def test_every_way_to_name_a_pair_is_understood() -> None:
    assert [with_particle("LLM", pair) for pair in ("를", "을/를", "를/을", "(으)로", "으로/로")] == [
        *["LLM을"] * 3,
        *["LLM으로"] * 2,
    ]


def test_what_nobody_can_read_aloud_is_left_alone() -> None:
    assert final_sounds("$x^2$") == final_sounds("https://example.org/a") == final_sounds("") == ()
    assert adjust("$x$", "을") == "을"
    assert adjust("$x$", "을/를") == "를"
    assert is_accepted("$x$", "을")
    assert is_accepted("$x$", "를")


def test_particles_that_never_change_come_back() -> None:
    assert adjust("LLM", "에서") == "에서"


@pytest.mark.parametrize(
    ("word", "forms"), [("Llama 3", "은는"), ("AIME", "은는"), ("LLMs", "은는"), ("Dropout", "을를")]
)
def test_words_read_in_two_ways_accept_both(word: str, forms: str) -> None:
    assert all(is_accepted(word, form) for form in forms)


@pytest.mark.parametrize(
    "wrong", ["LLM를", "GPT을", "모델는", "데이터이", "API이", "50%은", "1는", "10는", "모델으로", "값로"]
)
def test_wrong_particles_are_not_accepted(wrong: str) -> None:
    form = "으로" if wrong.endswith("으로") else wrong[-1]
    assert not is_accepted(wrong.removesuffix(form), form)


def test_replacing_a_word_repairs_the_particle() -> None:
    assert replace("주의력을 사용합니다", 0, 3, "메모리") == "메모리를 사용합니다"
    assert replace("모델으로부터의 값", 0, 2, "데이터") == "데이터로부터의 값"
    assert replace("대리인(agent)은 간다", 0, 3, "에이전트") == "에이전트(agent)는 간다"
    assert replace("백서이었습니다", 0, 2, "보고서") == "보고서였습니다"
    assert replace("논문과의 비교", 0, 2, "백서") == "백서와의 비교"


def test_replacing_leaves_other_words_alone() -> None:
    assert replace("모델이론은 쉽다", 0, 2, "데이터") == "데이터이론은 쉽다"
    assert replace("모델에서는", 0, 2, "데이터") == "데이터에서는"


def test_replacing_everywhere_ends_even_where_the_new_word_holds_the_old() -> None:
    assert (
        replace_all("모델은 모델을 모델로", "모델", "새 모델(데이터)")
        == "새 모델(데이터)은 새 모델(데이터)을 새 모델(데이터)로"
    )
    assert replace_all("짐을 짐은 짐이었습니다", "짐", "나") == "나를 나는 나였습니다"


def test_a_particle_ends_its_word() -> None:
    found = particle_at("모델은 ", 2)
    assert found is not None
    assert found.form == "은"
    assert particle_at("모델은닉", 2) is None
    assert [p.form for _, p in particles_after("LLM은 GPT가 RAG에서 API로", re.compile("[A-Z]+"))] == ["은", "가", "로"]


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert set(final_sounds(text)) <= set(Sound)


@given(st.from_regex(r"[가-힣]{1,4}", fullmatch=True), st.sampled_from(["은", "이", "을", "과", "으로", "이나"]))
def test_hangul_has_exactly_one_right_form(word: str, form: str) -> None:
    right = adjust(word, form)
    assert is_accepted(word, right)
    assert adjust(word, right) == right
