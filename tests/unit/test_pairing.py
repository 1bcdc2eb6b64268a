"""English sentences stand beside their Korean."""

from hypothesis import given
from hypothesis import strategies as st

from bot.translation.checks.base import Text
from bot.translation.checks.pairing import of_segments, paired, segment_spans

ENGLISH = (
    "We introduce Kestrel, a family of language models. It has 7B parameters and runs on one GPU. "
    "Training took 12 days. We release the weights, the code and all of the evaluation scripts."
)
KOREAN = (
    "저희는 언어 모델 제품군인 Kestrel을 소개합니다.",
    "파라미터는 7B이며 GPU 한 장에서 실행됩니다.",
    "학습에는 12일이 걸렸습니다.",
    "가중치와 코드, 모든 평가 스크립트를 공개합니다.",
)


def beside(text: Text) -> list[tuple[str, str]]:
    return [(unit.source.split(".")[0][:12], text.target_of(unit)) for unit in text.units]


def test_one_to_one() -> None:
    text = paired("abstract", ENGLISH, " ".join(KOREAN))
    assert [korean for _, korean in beside(text)] == list(KOREAN)
    assert [english for english, _ in beside(text)] == ["We introduce", "It has 7B pa", "Training too", "We release t"]


def test_sentences_may_be_joined_in_either_language() -> None:
    joined = "저희는 언어 모델 제품군인 Kestrel을 소개하며, 파라미터는 7B이고 GPU 한 장에서 실행됩니다."
    text = paired("abstract", ENGLISH, " ".join((joined, *KOREAN[2:])))
    assert [korean for _, korean in beside(text)] == [joined, *KOREAN[2:]]
    assert "one GPU" in text.units[0].source

    split = "저희는 Kestrel을 소개합니다. 이것은 언어 모델입니다."
    text = paired("abstract", ENGLISH, " ".join((split, *KOREAN[1:])))
    assert [korean for _, korean in beside(text)] == [split, *KOREAN[1:]]


def test_missing_sentence_leaves_an_empty_place() -> None:
    missing = "Pre-training on 2,048 accelerators took 12 days and was restarted four times after hardware failures."
    english = ENGLISH.replace("Training took 12 days.", missing)
    text = paired("abstract", english, " ".join((KOREAN[0], KOREAN[1], KOREAN[3])))
    assert [korean for _, korean in beside(text)] == [KOREAN[0], KOREAN[1], "", KOREAN[3]]
    assert text.units[2].source == missing


def test_one_sentence_may_become_several_lines() -> None:
    text = paired("description", "It plans, acts and learns.", "계획합니다.\n행동합니다.\n배웁니다.")
    assert [(unit.start, unit.end) for unit in text.units] == [(0, len(text.target))]


def test_clauses_behind_semicolons_have_their_own_korean() -> None:
    text = paired("description", "It plans; it acts; it learns.", "계획합니다.\n행동합니다.\n배웁니다.")
    assert [text.target_of(unit) for unit in text.units] == ["계획합니다.", "행동합니다.", "배웁니다."]


def test_korean_alone_has_units_without_english() -> None:
    text = paired("abstract", " ", "첫 문장입니다. 둘째 문장입니다.")
    assert beside(text) == [("", "첫 문장입니다."), ("", "둘째 문장입니다.")]


def test_aligned_segments_keep_their_partners() -> None:
    text = of_segments("title", [("One.", "하나."), ("Two.", ""), ("Three.", "셋.")])
    assert text.target == "하나. 셋."
    assert beside(text) == [("One", "하나."), ("Two", ""), ("Three", "셋.")]


@given(st.lists(st.sampled_from(["", "하나.", "둘; 셋.", "넷입니다. 다섯입니다."]), max_size=6))
def test_each_segments_korean_stands_in_its_span(targets: list[str]) -> None:
    text = of_segments("abstract", [("One; two. Three.", target) for target in targets])
    assert [text.target[start:end] for start, end in segment_spans(targets)] == targets


@given(
    st.lists(st.sampled_from(ENGLISH.split(". ")), max_size=8).map(". ".join),
    st.lists(st.sampled_from([*KOREAN, "\n", "3.5", "(", "…"]), max_size=10).map(" ".join),
)
def test_every_sentence_has_its_place(english: str, korean: str) -> None:
    text = paired("abstract", english, korean)
    places = [place for unit in text.units for place in (unit.start, unit.end)]
    assert places == sorted(places)
    assert _letters("".join(text.target_of(unit) for unit in text.units)) == _letters(korean)
    assert _letters("".join(unit.source for unit in text.units)) == _letters(english)


def _letters(text: str) -> str:
    return "".join(text.split())
