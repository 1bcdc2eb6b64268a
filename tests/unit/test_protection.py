"""What must be copied travels as tokens and comes back letter by letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.translation.protection import Protected, UnknownTokenError, protect
from bot.translation.termbase import Kind, Term, Termbase

NAMES = Termbase([Term("OrchardBench", "OrchardBench", kind=Kind.NAME), Term("Pear", "Pear", kind=Kind.NAME)])


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("It runs in $O(n^2)$ time.", ["$O(n^2)$"]),
        ("See https://orchard.lab.example/a_b(c).", ["https://orchard.lab.example/a_b(c"]),
        ("Call `fit(x)` twice.", ["`fit(x)`"]),
        ("Ostrander et al. (2025) disagree [3, 4].", ["Ostrander et al. (2025)", "[3, 4]"]),
        ("between <think> and </think>", ["<think>", "</think>"]),
        ("OrchardBench has pears, and so has Pear.", ["OrchardBench", "Pear"]),
        ("It costs $5 and then $10 more.", []),
        ("OrchardBenchmark is another word.", []),
    ],
)
def test_copied_things_become_tokens(text: str, copied: list[str]) -> None:
    protected = protect([text], NAMES)
    assert list(protected.originals.values()) == copied
    assert not any(thing in protected.texts[0] for thing in copied)
    assert protected.restored(protected.texts[0]) == text


def test_the_same_thing_has_the_same_token_in_all_texts() -> None:
    protected = protect(["Pear or $k$", "$k$ and Pear"], NAMES)
    assert protected.texts == ("⟦1⟧ or ⟦2⟧", "⟦2⟧ and ⟦1⟧")


def test_a_token_that_was_never_given_out_is_refused() -> None:
    protected = protect(["Pear is ripe."], NAMES)
    assert protected.restored("⟦ 1 ⟧은 익었습니다.") == "Pear은 익었습니다."
    with pytest.raises(UnknownTokenError, match="⟦7⟧"):
        protected.restored("⟦7⟧은 익었습니다.")


def test_texts_with_such_brackets_of_their_own_are_left_alone() -> None:
    assert protect(["⟦1⟧ and Pear"], NAMES) == Protected(("⟦1⟧ and Pear",), {})


def test_korean_that_has_the_originals_gets_the_tokens() -> None:
    protected = protect(["OrchardBench counts Pear by $k$."], NAMES)
    korean = "OrchardBench는 $k$로 Pear를 셉니다."
    assert protected.masked(korean) == "⟦1⟧는 ⟦3⟧로 ⟦2⟧를 셉니다."
    assert protected.restored(protected.masked(korean)) == korean


@given(st.lists(st.text(alphabet="aP $`\\()[]<>/:.htpsearOchdBn1⟦⟧", max_size=60), max_size=4))
def test_any_text_comes_back_as_it_was(texts: list[str]) -> None:
    protected = protect(texts, NAMES)
    assert [protected.restored(text) for text in protected.texts] == texts
