from bot.translation.checks import consistency
from bot.translation.checks.base import Background
from bot.translation.checks.pairing import paired
from bot.translation.termbase import Term, Termbase
from tests.unit.checks.case import CheckCase, find, find_in_paper, termbase


class TestConsistency(CheckCase):
    module = consistency
    hit = (
        "It has 7B parameters. Fewer parameters suffice. More parameters help.",
        "매개변수가 70억 개입니다. 더 적은 매개변수로 충분합니다. 파라미터가 많으면 도움이 됩니다.",
    )
    hit_at = "파라미터가"
    suggestion = "매개변수가"
    good = (
        "It has 7B parameters. Fewer parameters suffice. More parameters help.",
        "파라미터가 70억 개입니다. 더 적은 파라미터로 충분합니다. 파라미터가 많으면 도움이 됩니다.",
    )
    ignored = (
        "It has 7B parameters. The model is encoded. We encode it twice.",
        "매개변수가 70억 개입니다. 모델이 인코딩됩니다. 두 번 인코딩합니다.",
    )


def test_of_two_the_later_is_told() -> None:
    pair = ("The metric is new. The metric works.", "메트릭이 새롭습니다. 지표가 잘 작동합니다.")
    assert [pair[1][found.start : found.end] for found in find(consistency.check, pair)] == ["지표가"]


def test_a_close_word_is_told_only_beside_a_habit() -> None:
    terms = Termbase([Term("train", "학습하다", accepted=("훈련하다",))])
    once = ("We train it. They train too.", "학습합니다. 그들도 훈련합니다.")
    often = ("We train it. We train more. They train too.", "학습합니다. 더 학습합니다. 그들도 훈련합니다.")
    found = [list(consistency.check(paired("abstract", *pair), Background(terms))) for pair in (once, often)]
    assert [len(one) for one in found] == [0, 1]


def test_texts_of_a_paper_are_read_together() -> None:
    title = ("Transformers are fast", "트랜스포머는 빠르다")
    abstract = ("Transformers are slow on CPUs.", "Transformers는 CPU에서 느립니다.")
    assert [len(found) for found in find_in_paper(consistency.check, [title, abstract])] == [0, 1]


def test_english_beside_its_korean_is_a_gloss() -> None:
    pair = ("Transformers win. Transformers lead.", "트랜스포머(Transformer)가 이깁니다. 트랜스포머가 앞섭니다.")
    assert find(consistency.check, pair) == []


def test_prefix_has_one_rendering() -> None:
    pair = (
        "Agents need self-evolution. We study self-evolution.",
        "에이전트에는 자기 진화가 필요합니다. 저희는 자체 진화를 연구합니다.",
    )
    assert [found.suggestion for found in find(consistency.check, pair)] == ["자기 진화를"]


def test_other_compound_may_take_the_other_rendering() -> None:
    pair = (
        "Agents need self-evolution. We study self-play.",
        "에이전트에는 자기 진화가 필요합니다. 저희는 셀프 플레이를 연구합니다.",
    )
    assert find(consistency.check, pair) == []


def test_paper_follows_the_rest_of_the_edition() -> None:
    edition = [paired("abstract", "Parameters matter.", "파라미터가 중요합니다.") for _ in range(4)]
    own = paired("abstract", "It has more parameters. Parameters cost.", "매개변수가 더 많습니다. 매개변수는 비쌉니다.")
    found = list(consistency.check(own, Background(termbase(), [own], edition)))
    assert [own.target[one.start : one.end] for one in found] == ["매개변수가"]
    assert list(consistency.check(own, Background(termbase(), [own], edition[:3]))) == []


def test_korean_with_another_source_is_no_rendering() -> None:
    pair = ("We encode the query, which asks a question.", "질문을 묻는 쿼리를 인코딩하고 질의합니다.")
    assert find(consistency.check, pair) == []


def test_native_words_that_read_as_two_things_are_told() -> None:
    termbase = Termbase([Term("representation", "표현", accepted=("표상", "표현 방식"))])
    own = paired(
        "abstract", "Representations help. A representation is learned.", "표현이 돕습니다. 표상을 학습합니다."
    )
    found = list(consistency.check(own, Background(termbase, [own])))
    assert [own.target[one.start : one.end] for one in found] == ["표상을"]


def test_part_of_a_longer_term_is_rendered_like_the_word_alone() -> None:
    termbase = Termbase(
        [
            Term("parameter", "파라미터", accepted=("매개변수",)),
            Term("parameter-efficient", "파라미터 효율적", accepted=("매개변수 효율적",)),
        ]
    )
    english = "It is parameter-efficient. It has few parameters. Parameters cost."
    own = paired("abstract", english, "매개변수 효율적입니다. 파라미터가 적습니다. 파라미터는 비쌉니다.")
    found = list(consistency.check(own, Background(termbase, [own])))
    assert [own.target[one.start : one.end] for one in found] == ["매개변수"]


def test_possessive_between_the_parts_is_no_other_rendering() -> None:
    termbase = Termbase([Term("model size", "모델 크기", accepted=("모델 사이즈",))])
    own = paired("abstract", "Model size matters. Model size grows.", "모델 크기가 중요합니다. 모델의 크기가 커집니다.")
    assert list(consistency.check(own, Background(termbase, [own]))) == []
