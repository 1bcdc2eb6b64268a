"""Reading our own escaping back: what we wrote becomes text again, what a person wrote is recognised."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.editions.markdown import escape_inline, escape_lines, strip_control, unescape

hostile = st.text(alphabet="ab1_*~()[]{}'\"!$&;:,.?#/%@=+-|^`<>\\ 한글é\n\u200b", max_size=40) | st.text(max_size=40)


def one_line(text: str) -> str:
    return " ".join(strip_control(text).split())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("정확도는 91.2%입니다.", "정확도는 91.2%입니다."),
        (r"\*별\* 표시와 \[괄호\]", "*별* 표시와 [괄호]"),
        ("https:/<!-- -->/code.lab.example 에서", "https://code.lab.example 에서"),
        (r"비용은 \$O(n \log n)\$입니다.", r"비용은 $O(n \log n)$입니다."),
        (r"62.5\\% 적게", r"62.5\% 적게"),
        (r"&#91;요약\]", "[요약]"),
        (r"1\. 첫째", "1. 첫째"),
    ],
)
def test_what_our_escaping_made_becomes_text_again(line: str, text: str) -> None:
    assert unescape(line) == text


@pytest.mark.parametrize(
    "line",
    [
        "**굵게** 쓴 말",
        "[연결](https://forum.example/t/1)",
        "@moderator 님이 보셨습니다",
        ":tada: 축하합니다",
        "두  칸을 띄운 말",
        r"쓸데없는 \가 아닌 \. 이스케이프",
        "#91;이 아닌 &#92;",
        "<!-- -->앞에 온 주석",
        "여러\n줄",
    ],
)
def test_what_a_person_wrote_in_markdown_is_left_to_be_kept(line: str) -> None:
    assert unescape(line) is None


def test_sentence_from_within_a_line_has_no_line_start() -> None:
    assert unescape("1. 번 문장", at_line_start=False) == "1. 번 문장"
    assert unescape("1. 번 문장") is None


@given(hostile)
@example("[x]")
@example("a\\")
@example("\\<!-- -->:smile:")
@example("&#91;x")
def test_escaping_and_back_is_the_same_text_in_one_line(text: str) -> None:
    assert unescape(escape_inline(text)) == one_line(text)


@given(hostile)
def test_a_line_is_either_given_back_exactly_or_refused(line: str) -> None:
    text = unescape(line)
    assert text is None or escape_inline(text) == line


@given(hostile)
def test_every_line_of_a_block_can_be_read_back(text: str) -> None:
    for line in escape_lines(text):
        assert unescape(line.removeprefix("- ")) is not None
