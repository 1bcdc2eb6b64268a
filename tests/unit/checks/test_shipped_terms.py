"""The shipped termbase: every row reads, none contradicts itself, and it is as large as the field needs."""

from bot.translation.termbase import Kind, shipped


def test_it_has_the_terms_of_the_field_each_once() -> None:
    terms = shipped().terms
    assert len(terms) >= 800
    sources = [term.source.casefold() for term in terms if not term.source.isupper()]
    assert len(sources) == len(set(sources))


def test_names_stay_in_latin_letters() -> None:
    assert all(term.target == term.source for term in shipped().terms if term.kind is Kind.NAME)


def test_no_rendering_is_good_and_bad_for_the_same_term() -> None:
    for term in shipped().terms:
        good = {words.replace(" ", "") for words in term.good}
        bad = {words.replace(" ", "") for words in (*term.avoid, *term.wrong, *term.nonsense)}
        assert not good & bad, term.source


def test_a_single_syllable_is_never_called_wrong() -> None:
    """It would be found inside of everything."""
    bad = [word for term in shipped().terms for word in (*term.avoid, *term.wrong, *term.nonsense)]
    assert [word for word in bad if len(word.replace(" ", "")) < 2] == []


def test_wrong_renderings_known_from_machine_translation_are_there() -> None:
    wrong = {(term.source, word) for term in shipped().terms for word in (*term.wrong, *term.nonsense)}
    for pair in (("CoT prompting", "침대 프롬프트"), ("attention", "주의력"), ("transformer", "변압기")):
        assert pair in wrong
