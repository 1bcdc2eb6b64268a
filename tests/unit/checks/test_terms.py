from bot.translation.checks import terms
from bot.translation.checks.base import Category, Severity
from tests.unit.checks.case import CheckCase, find


class TestTerms(CheckCase):
    module = terms
    hit = ("We propose structured attention for long inputs.", "저희는 긴 입력을 위한 구조화된 주의력을 제안합니다.")
    hit_at = "주의력을"
    suggestion = "어텐션을"
    good = ("We propose structured attention for long inputs.", "저희는 긴 입력을 위한 구조화된 어텐션을 제안합니다.")
    ignored = ("Users should pay careful attention.", "사용자는 각별히 주의해야 합니다.")


def test_wrong_meaning_is_major_and_clumsy_wording_minor() -> None:
    wrong = find(terms.check, ("Data out of distribution hurts.", "배포 외 데이터는 해롭습니다."))
    clumsy = find(terms.check, ("Supervised fine-tuning helps.", "감독된 미세 조정이 도움이 됩니다."))
    assert [one.severity for one in (*wrong, *clumsy)] == [Severity.MAJOR, Severity.MINOR]


def test_wrong_word_needs_its_english() -> None:
    assert find(terms.check, ("We deploy the service.", "서비스를 배포합니다.")) == []


def test_words_of_unless_make_it_right() -> None:
    pair = ("We study the distribution of errors and release the code.", "오류의 분포를 연구하고 코드를 배포합니다.")
    assert find(terms.check, pair) == []


def test_wrong_word_of_a_term_that_is_rendered_already_belongs_to_something_else() -> None:
    pair = ("The attention layer is the focus.", "어텐션 레이어에 주목합니다.")
    assert find(terms.check, pair) == []


def test_a_good_word_that_says_another_term_excuses_nothing() -> None:
    pair = ("Sparse autoencoders beat an autoencoder.", "희소 오토인코더가 자동 인코더를 이깁니다.")
    assert [pair[1][one.start : one.end] for one in find(terms.check, pair)] == ["자동 인코더를"]


def test_nonsense_is_found_from_the_korean_alone() -> None:
    [found] = find(terms.check, ("", "저희는 침대 프롬프트를 사용합니다."))
    assert found.suggestion == "퓨샷 프롬프팅을"


def test_longer_term_decides() -> None:
    pair = ("Sparse autoencoders need out-of-distribution data.", "희소 오토인코더에는 분포 외 데이터가 필요합니다.")
    assert find(terms.check, pair) == []


def test_inner_term_is_examined_where_the_longer_one_is_not_rendered() -> None:
    [found] = find(terms.check, ("Sparse autoencoders are useful.", "희소 자동 인코더는 유용합니다."))
    assert found.suggestion == "오토인코더는"


def test_word_inside_a_longer_word_is_none() -> None:
    assert find(terms.check, ("The paper discusses weights.", "이 논문은 무게중심을 다룹니다.")) == []


def test_verb_is_found_in_its_forms() -> None:
    [found] = find(terms.check, ("Our results shed light on scaling.", "저희 결과는 스케일링에 빛을 비춥니다."))
    assert found.suggestion is None


def test_translated_name_is_a_name_finding() -> None:
    [found] = find(terms.check, ("Llama is fast.", "라마는 빠릅니다."))
    assert (found.category, found.suggestion) == (Category.NAME, "Llama는")


def test_each_place_is_told_once() -> None:
    found = find(terms.check, ("Few-shot prompting with bed prompts.", "몇 번의 프롬프트와 침대 프롬프트."))
    assert len({(one.start, one.end) for one in found}) == len(found) == 2


def test_term_does_not_excuse_itself() -> None:
    korean = "최신 예술 모델입니다."
    assert len(find(terms.check, ("It is a state-of-the-art model.", korean))) == 1
    assert find(terms.check, ("It is a state-of-the-art model of art.", korean)) == []


def test_name_is_examined_where_it_stands_once_in_latin_and_once_not() -> None:
    [found] = find(terms.check, ("Llama 2 beats Llama.", "Llama 2는 라마를 이깁니다."))
    assert found.suggestion == "Llama를"
