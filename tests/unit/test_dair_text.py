"""From a list's Markdown to plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.plain_text import inline_links, plain_text, unescape


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("the **bold** and the *slanted* word", "the bold and the slanted word"),
        ("***both*** and **a *nested* word**", "both and a nested word"),
        ("an _underscored_ word", "an underscored word"),
        ("**plural**s", "plurals"),
    ],
)
def test_emphasis_is_resolved(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    "text",
    [
        "A* search",
        "A* search beats B* search",
        "2**3 and 4**5",
        "a * b * c",
        "snake_case_name and __init__",
        "<think> and </think> and an unclosed <answer",
        "< 20ms at p <0.05",
        "costs $32K, not $5",
        "weights in {-1, 0, 1}",
        "1 < 2 > 0 & 3",
        "[1] and [see below] (aside)",
    ],
)
def test_text_that_looks_like_markup_survives(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (r"Q\&A with \~300", "Q&A with ~300"),
        (r"\*not slanted\*", "*not slanted*"),
        (r"a\_b", "a_b"),
        (r"C:\dir", r"C:\dir"),
    ],
)
def test_backslash_escapes_are_resolved_and_open_no_emphasis(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("lead.   <br>● one  <br> ● two", "lead.\n- one\n- two"),
        ("lead.   ● one   ● two", "lead.\n- one\n- two"),
        ("lead: <br><br> 1. Heading: <br>  ● one", "lead:\n1. Heading:\n- one"),
        ("one<br/>two<BR />three", "one\ntwo\nthree"),
        ("lead <br>● <br>● two", "lead\n- two"),
    ],
)
def test_breaks_and_bullets_become_lines(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


def test_inner_blanks_collapse() -> None:
    assert plain_text("  with  fully \t blank\u00a0 ") == "with fully blank"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("from it[s Site](http://site.test/) there", "from its Site there"),
        ("at [a  label](https://site.test/a_(b)) (yes)", "at a label (yes)"),
        ("at [**bold**](https://site.test/)", "at bold"),
    ],
)
def test_inline_links_become_their_text(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


def test_inline_links_can_be_listed() -> None:
    found = inline_links(r"[a *b*](https://one.test/x\_y) and [c](not-an-address) and [d](http://two.test)")
    assert found == (("a b", "https://one.test/x_y"), ("d", "http://two.test"))


def test_unescape_leaves_other_backslashes() -> None:
    assert unescape(r"x\_y\z") == r"x_y\z"


@given(st.text(alphabet="ab *_\\[]()<br>●\n-/:.htps", max_size=200))
def test_any_text_gives_tidy_lines(markdown: str) -> None:
    lines = plain_text(markdown).split("\n")
    assert all(line == " ".join(line.split()) for line in lines)
    assert "●" not in "".join(lines)
    assert lines == [""] or all(lines)
