"""Reading rows of terms, and finding terms in English and their renderings in Korean."""

import pytest

from bot.translation.termbase import COLUMNS, Kind, Role, Term, Termbase, TermsError, read_rows, shipped

HEADER = ",".join(COLUMNS) + "\n"


def sources(termbase: Termbase, english: str) -> list[str]:
    return [mention.term.source for mention in termbase.mentions(english) if not mention.inner]


def found(term: Term, korean: str) -> list[str]:
    return [korean[one.start : one.end] for one in Termbase([term]).renderings(korean) if one.whole]


def test_row_is_read_with_its_lists() -> None:
    [term] = read_rows(HEADER + "attention,attn,어텐션,,주목,주의력|!주의 집중력,careful,,in networks\n", "a.csv")
    assert term == Term(
        source="attention",
        target="어텐션",
        also=("attn",),
        avoid=("주목",),
        wrong=("주의력",),
        nonsense=("주의 집중력",),
        unless=("careful",),
        note="in networks",
    )


@pytest.mark.parametrize(
    ("rows", "place", "reason"),
    [
        ("a,,가,,,,,\n", "a.csv:2", "8 columns"),
        ("a,,가,,,,,,\n,,나,,,,,,\n", "a.csv:3", "source and target"),
        ("a,,,,,,,,\n", "a.csv:2", "source and target"),
        ("a,,가,,,,,verb,\n", "a.csv:2", "verb"),
        ("a,,가,,나||다,,,,\n", "a.csv:2", "avoid"),
        ("a,,가,,,가,,,\n", "a.csv:2", "good and bad"),
        ("a b,,가,,,,,,\na-B,,나,,,,,,\n", "a.csv:3", "stood before"),
        ('a,,"가,,,,,,\n', "a.csv", ""),
    ],
)
def test_row_that_cannot_be_read_is_refused_with_its_line(rows: str, place: str, reason: str) -> None:
    with pytest.raises(TermsError) as refused:
        read_rows(HEADER + rows, "a.csv")
    assert str(refused.value).startswith(place)
    assert reason in str(refused.value)


def test_header_is_required() -> None:
    with pytest.raises(TermsError, match=r"a\.csv:1"):
        read_rows("source,target\na,가\n", "a.csv")


def test_shipped_terms_can_be_read() -> None:
    assert all(term.target for term in shipped().terms)


def test_overlay_replaces_rows_of_the_same_source() -> None:
    termbase = Termbase.from_rows([Term("latent", "잠재"), Term("token", "토큰")], [Term("Latent", "잠재 변수")])
    assert [(term.source, term.target) for term in termbase.terms] == [("Latent", "잠재 변수"), ("token", "토큰")]


@pytest.mark.parametrize(
    ("source", "target", "english"),
    [
        ("fine-tune", "미세 조정하다", "fine-tuned / fine tuning / Finetunes"),
        ("embedding", "임베딩", "embedding / Embeddings"),
        ("data set", "데이터셋", "datasets / data-set"),
        ("matrix", "행렬", "matrix / matrices"),
        ("simplex", "심플렉스", "Simplices"),
        ("hypothesis", "가설", "hypotheses"),
        ("plan", "계획하다", "planning / planned"),
        ("shed light on", "밝히다", "sheds light on / shedding light on"),
        ("policy", "정책", "policies"),
        ("MoE", "전문가 혼합", "MoEs"),
    ],
)
def test_word_forms_are_found(source: str, target: str, english: str) -> None:
    termbase = Termbase([Term(source, target)])
    found = [english[mention.start : mention.end] for mention in termbase.mentions(english)]
    assert found == english.split(" / ")


@pytest.mark.parametrize(
    ("source", "kind", "english"),
    [
        ("MoE", Kind.TERM, "moe"),
        ("Adam", Kind.NAME, "adam and ADAM"),
        ("mamba", Kind.NAME, "Mamba"),
        ("rag", Kind.TERM, "fragile, rags2"),
        ("token", Kind.TERM, "tokenizer"),
        ("model", Kind.TERM, "modeling"),
    ],
)
def test_other_case_or_longer_word_is_another_word(source: str, kind: Kind, english: str) -> None:
    assert sources(Termbase([Term(source, "가나", kind=kind)]), english) == []


def test_capitals_inside_a_term_are_kept_and_small_letters_take_any() -> None:
    termbase = Termbase([Term("Markov decision process", "마르코프 결정 과정")])
    assert sources(termbase, "Markov Decision Processes") == ["Markov decision process"]
    assert sources(termbase, "markov decision process") == []


def test_longest_match_wins_and_the_rest_is_inner() -> None:
    termbase = Termbase([Term("model", "모델"), Term("language model", "언어 모델"), Term("model size", "모델 크기")])
    mentions = termbase.mentions("A language model size")
    assert [(mention.term.source, mention.inner) for mention in mentions] == [
        ("language model", False),
        ("model", True),
    ]


def test_relevant_terms_come_once_in_order() -> None:
    termbase = Termbase([Term("token", "토큰"), Term("loss", "손실"), Term("graph", "그래프")])
    assert [term.source for term in termbase.relevant(["Losses per token", "A token"])] == ["loss", "token"]


@pytest.mark.parametrize(
    ("target", "korean", "expected"),
    [
        ("미세 조정", "미세조정을 하고 미세 조정된 모델", ["미세조정", "미세 조정"]),
        ("미세 조정하다", "미세 조정하고 미세조정한", ["미세 조정", "미세조정"]),
        ("어텐션", "어텐션입니다. 어텐션으로 어텐션들의 셀프어텐션", ["어텐션", "어텐션", "어텐션"]),
        ("이중", "이 중에서 이중의", ["이중"]),
        ("주의", "주의력과 주의의", ["주의"]),
        ("줄이다", "줄여서 줄인 줄였습니다 줄자", ["줄여", "줄인", "줄였"]),
        ("빛을 비추다", "빛을 비춥니다", ["빛을 비춥"]),
        ("돕다", "도와 도운 돕는", ["도와", "도운", "돕"]),
        ("만들다", "만드는 만듭니다 만들어", ["만드", "만듭", "만들"]),
        ("다르다", "다른 달라", ["다른", "달라"]),
        ("제로샷", "제로 샷 학습, 제로-샷", ["제로 샷", "제로-샷"]),
    ],
)
def test_renderings_are_found_with_particles_endings_and_blanks(target: str, korean: str, expected: list[str]) -> None:
    assert sorted(found(Term("x", target), korean)) == sorted(expected)


def test_renderings_have_their_roles() -> None:
    term = Term("x", "가나", accepted=("다라",), avoid=("마바",), wrong=("사아",), nonsense=("자차",))
    roles = [one.role for one in Termbase([term]).renderings("가나 다라 마바 사아 자차")]
    assert roles == [Role.TARGET, Role.ACCEPTED, Role.AVOID, Role.WRONG, Role.NONSENSE]


def test_nothing_is_found_without_terms_or_text() -> None:
    assert Termbase([]).mentions("a text") == ()
    assert Termbase([]).renderings("글") == ()
    assert Termbase([Term("a", "가나")]).renderings("") == ()


def test_parts_joined_by_the_possessive_are_the_same_rendering() -> None:
    term = Term("model size", "모델 크기", accepted=("작은 모델",))
    assert found(term, "모델의 크기를 늘립니다.") == ["모델의 크기"]
    assert found(term, "작은의 모델입니다.") == []


@pytest.mark.parametrize("noun", ["쿠다", "과다", "단계마다", "람다"])
def test_noun_that_ends_like_a_verb_is_found_as_it_stands(noun: str) -> None:
    assert found(Term("x", noun), f"{noun}를 씁니다. {noun[:-1]}는 다릅니다.") == [noun]
