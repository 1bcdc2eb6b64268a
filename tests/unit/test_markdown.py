"""Text from outside stays text: judged by the sandbox forum's renderer, which is eager to convert."""

import html
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from linkify_it import LinkifyIt

from bot.editions.markdown import (
    COMMENT,
    escape_inline,
    escape_lines,
    heading,
    link_line,
    paragraph_block,
    quote_block,
    strip_control,
)
from bot.errors import RejectedError
from bot.sandbox.forum.cook import cook

# --- judging ---------------------------------------------------------------------------------------------------------


def tags(cooked: str) -> set[str]:
    return set(re.findall(r"</?([a-zA-Z][a-zA-Z0-9]*)", cooked))


def visible(cooked: str) -> str:
    """What a reader sees: no tags, entities resolved, whitespace as a browser shows it; quotation marks straight."""
    return straight(html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(?:br|/p|/li)>", " ", cooked))))


def straight(text: str) -> str:
    """The typographer curls quotation marks; that is left to it."""
    return " ".join(re.sub("[‘’]", "'", re.sub("[“”]", '"', text)).split())


def shown(text: str) -> str:
    return straight(strip_control(text))


# --- one construct at a time -----------------------------------------------------------------------------------------

CONSTRUCTS = {
    "emoji code": (":smile:", f":{COMMENT}smile:"),
    "emoji code with skin": (":wave:t3:", f":{COMMENT}wave:{COMMENT}t3:"),
    "emoji code inside a word": ("비율:+1:은", f"비율:{COMMENT}+1:은"),
    "numeric emoji code": (":100:", f":{COMMENT}100:"),
    "smiley": ("좋다 :)", f"좋다 :{COMMENT})"),
    "smiley with a nose": ("ok ;-) then", f"ok ;{COMMENT}-) then"),
    "caret smileys": ("^_^", rf"^{COMMENT}\_^"),
    "glasses": ("section 8-) here", f"section 8{COMMENT}-) here"),
    "slash smiley": ("a :/ b", f"a :{COMMENT}/ b"),
    "mention": ("by @name", f"by @{COMMENT}name"),
    "mention of a Korean name": ("by @이름", f"by @{COMMENT}이름"),
    "decorator": ("use @torch.compile", f"use @{COMMENT}torch.compile"),
    "hashtag": ("see #tag", f"see #{COMMENT}tag"),
    "hashtag at the start": ("#태그", f"#{COMMENT}태그"),
    "number": ("rank #1", f"rank #{COMMENT}1"),
    "tag": ("<think>", r"\<think>"),
    "closing tag": ("a </b>", r"a \</b>"),
    "HTML comment": ("<!-- x", r"\<!\-- x"),
    "entity": ("&lt; &amp; &#58; &#x3A;", rf"\&lt; \&amp; \&#{COMMENT}58; \&#{COMMENT}x3A;"),
    "formula": ("$x_1$", r"\$x_1\$"),
    "displayed formula": ("$$x$$", r"\$\$x\$\$"),
    "LaTeX inline delimiters": (r"\(x\)", r"\\(x\\)"),
    "LaTeX display delimiters": (r"\[x\]", r"\\\[x\\\]"),
    "brackets of a whole line": ("[x y]", r"&#91;x y\]"),
    "one bracket": ("[", "&#91;"),
    "AsciiMath": (r"from 5\% to 6\%", r"from 5\\\% to 6\\%"),
    "emphasis": ("*a* **b**", r"\*a\* \*\*b\*\*"),
    "underscores": ("_a_ __b__", r"\_a\_ \_\_b\_\_"),
    "strikethrough": ("~~a~~", r"\~\~a\~\~"),
    "code": ("`a`", r"\`a\`"),
    "link": ("go [xy](z)", r"go \[xy\](z)"),
    "image": ("go ![xy](z)", r"go !\[xy\](z)"),
    "footnote": ("a[^1]", r"a\[^1\]"),
    "inline footnote": ("a^[note]", r"a^\[note\]"),
    "numeric inline footnote": ("a^[1]", r"a^\[1\]"),
    "numeric link": ("[1](z)", r"\[1\](z)"),
    "definition": ("[1]: z", r"\[1\]: z"),
    "quote": ('[quote="a, post:1, topic:2"]', '&#91;quote="a, post:1, topic:2"\\]'),
    "quote on one line": ("[quote]a[/quote]", r"&#91;quote\]a\[/quote\]"),
    "poll": ("[poll]", r"&#91;poll\]"),
    "details": ("a [details=x]y[/details]", r"a \[details=x\]y\[/details\]"),
    "date": ("on [date=2024-06-03]", rf"on \[{COMMENT}date=2024-06-03\]"),
    "date range": ("on [date-range from=2024-06-03]", rf"on \[{COMMENT}date-range from=2024-06-03\]"),
    "check box": ("a [ ] b [x]", rf"a \[{COMMENT} \] b \[{COMMENT}x\]"),
    "spoiler": ("a [spoiler]b[/spoiler]", r"a \[spoiler\]b\[/spoiler\]"),
    "callout": ("[!note] x", r"\[!note\] x"),
    "backslash before punctuation": (r"T\"ULU", r"T\\"[:-1] + r"\"ULU"),
    "double backslash": (r"\\alpha", r"\\\alpha"),
    "backslash at the end": ("a\\", "a\\\\"),
    "address": ("https://a.com/b_c", f"https:/{COMMENT}/a.{COMMENT}com/b_c"),
    "address of an ending nobody links bare": ("http://a.zz/b", f"http:/{COMMENT}/a.zz/b"),
    "domain": ("www.a.com", f"www.a.{COMMENT}com"),
    "domain in Korean": ("예: y.x.io, 등", f"예: y.x.{COMMENT}io, 등"),
    "mail address": ("a@b.org", f"a@b.{COMMENT}org"),
    "mail scheme": ("mailto:a@b", f"mailto:{COMMENT}a@b"),
    "heading": ("# a", r"\# a"),
    "block quote": ("> a", r"\> a"),
    "bullets": ("- a", r"\- a"),
    "plus bullet": ("+ a", r"\+ a"),
    "star bullet": ("* a", r"\* a"),
    "numbered": ("1. a", r"1\. a"),
    "numbered with bracket": ("12) a", r"12\) a"),
    "underline": ("===", r"\==="),
    "rule": ("---", r"\--\-"),
    "rule of underscores": ("_ _ _", r"\_ _ _"),
    "fence": ("~~~", r"\~\~\~"),
    "table row": ("|--|:-:|", rf"\|\--|:{COMMENT}-:{COMMENT}|"),
    "dashes": ("a -- b", r"a \-- b"),
    "ellipsis": ("a ... b", r"a .\.. b"),
    "arrows": ("a -> b <- c", r"a -\> b \<- c"),
    "plus minus": ("+-1", r"+\-1"),
    "trade mark": ("a(tm)", r"a(tm\)"),
    "exclamations": ("a!!!!!", r"a!!!\!!"),
    "commas": ("a,,b", r"a,\,b"),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_shown_as_its_characters(name: str) -> None:
    text, expected = CONSTRUCTS[name]
    assert escape_inline(text) == expected
    cooked = cook(escape_inline(text))
    assert tags(cooked) == {"p"}
    assert visible(cooked) == straight(text)


TRIGGERING = sorted(
    set(CONSTRUCTS)
    - {
        # Of plugins the sandbox has not got, or harmless without a second line.
        *(
            "formula",
            "displayed formula",
            "brackets of a whole line",
            "one bracket",
            "footnote",
            "check box",
            "callout",
        ),
        *("quote", "poll", "details", "underline", "backslash at the end"),
    }
)


@pytest.mark.parametrize("name", TRIGGERING)
def test_the_judge_would_convert_it_unescaped(name: str) -> None:
    text, _ = CONSTRUCTS[name]
    cooked = cook(text)
    assert tags(cooked) != {"p"} or visible(cooked) != straight(text)


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4 and LLaMA 3.5 reach 79.6%, up from 70%.",
        "한국어 문장은 그대로 둡니다(예: 3.5배, 10~20개).",
        "snake_case and __name__s".replace("__name__s", "a_b_c"),
        "e.g. this, i.e. that, et al.In 2024",
        "2 * 3 and a _ b and ~5",
        "p < 0.05, a > b, AT&T, Q&A; x & y;",
        "as in [1], [2, 3] and [4-6]",
        "ratio 1:2:3 at 10:30:15",
        "C# and F#, x@y, a/b, and/or",
        r"\textbf{Hi}gh \alpha",
        "state-of-the-art, - mid-line, 1.5 x. 1. a",
        "std::max, key: value, (see below)",
        "a+b=c; f(x) = {y | z}, 50^2",
        "main.py, README.md, train.sh, v1.0.2",
        "Really?! No... ".replace("... ", ". Wait!!!"),
        "👍 🔥 naïve café ∑ α≤β ½",
        "x->y, a->b",
        "5% of 6",
    ],
)
def test_nothing_needless_is_escaped(text: str) -> None:
    assert escape_inline(text) == " ".join(text.split())


def test_an_address_without_preview_stays_readable_for_moderators() -> None:
    assert escape_inline("e.g., GPT-4o (gpt-4o-2024-05-13)") == "e.g., GPT-4o (gpt-4o-2024-05-13)"


def test_escaped_text_is_fit_for_the_text_of_a_link() -> None:
    cooked = cook(f"[{escape_inline('a] b [c](https://evil.com) [1]')}](https://arxiv.org/abs/2401.00001)")
    assert re.findall(r'href="([^"]*)"', cooked) == ["https://arxiv.org/abs/2401.00001"]
    assert visible(cooked) == "a] b [c](https://evil.com) [1]"


def test_escaping_twice_shows_the_first_escapes() -> None:
    once = escape_inline("*a*")
    assert visible(cook(escape_inline(once))) == once


# --- control characters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u200bb\u200c\u200d\u2060\ufeffc", "abc"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("a\U000e0041\U000e007fb", "ab"),
        ("a\ufe0fb\U000e0100c", "abc"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("soft\u00adhyphen \u3164filler\u115f", "softhyphen filler"),
        ("lone \ud800surrogate \ufffe\U0001ffff", "lone surrogate "),
        ("a\r\nb\rc\u2028d\u2029e\x0bf\x85g", "a\nb\nc\nd\ne\nf\ng"),
        ("a\tb", "a\tb"),
        ("e\u0301 \u1112\u1161\u11ab", "é 한"),
        ("한국어 é ∑ α≤β ½ 𝐱 “x” — العربية 漢字", "한국어 é ∑ α≤β ½ 𝐱 “x” — العربية 漢字"),
        ("👨\u200d👩 ❤\ufe0f", "👨👩 ❤"),
    ],
)
def test_characters_that_are_not_drawn_go(text: str, expected: str) -> None:
    assert strip_control(text) == expected


def test_look_alikes_that_normalise_to_marks_are_escaped_too() -> None:
    assert escape_inline("\u1fefa\u1fef") == r"\`a\`"


@given(st.text(alphabet=st.characters(codec=None), max_size=40))
@settings(max_examples=200, deadline=None)
def test_stripping_is_stable_and_leaves_encodable_normal_text(text: str) -> None:
    stripped = strip_control(text)
    assert strip_control(stripped) == stripped
    assert unicodedata.is_normalized("NFC", stripped)
    stripped.encode()


# --- any text --------------------------------------------------------------------------------------------------------

FRAGMENTS = [
    *(text for text, _ in CONSTRUCTS.values()),
    *":;@#$%^&*_~`|\\/<>[](){}!?-+=.,'\"8",
    *(
        "\n",
        "\n\n",
        "\n- ",
        "\n    ",
        "\t",
        "  ",
        " ",
        " ",
        " ",
        "\u2028",
        "\u00a0",
        "\u3000",
        "\x00",
        "\u200b",
        "\u202e",
    ),
    *("a", "b", "x", "1", "2.", "한", "글", "é", "👍", "😀", "e\u0301", "½", "—", "“", "’"),
    *(
        ":)",
        ":-)",
        ":D",
        ":/",
        ";P",
        "8-)",
        "^_^",
        ":smile:",
        ":+1:",
        ":t2:",
        "://",
        "//",
        "http://",
        "https:",
        "ftp://",
    ),
    *("a.com", "x.io", ".kr", "com", "www.", "xn--a", ".xn--a", "localhost", "1.2.3.4", "a@b.com", "mailto:"),
    *(
        "@a",
        "@all",
        "#a",
        "#1",
        "##",
        "# ",
        "> ",
        "- ",
        "+ ",
        "* ",
        "1. ",
        "1) ",
        "=",
        "===",
        "---",
        "***",
        "___",
        "- - -",
    ),
    *("[a]", "[b]", "[/b]", "[i]", "[code]", "[/code]", "[url]", "[img]", "[quote]", "[/quote]", "[poll]", "[/poll]"),
    *(
        "[a]: b",
        "[1]",
        "[1]: x",
        "[^1]",
        "^[",
        "](",
        "![",
        "[ ]",
        "[x]",
        "[date=2024-01-01]",
        "[date-range from=2024-01-01]",
    ),
    *(
        "<",
        "</",
        "<b>",
        "<script>",
        "<a href=x>",
        "<!--",
        "-->",
        "<?",
        "<br>",
        "&lt",
        "&lt;",
        "&amp;",
        "&#58;",
        "&#x3a;",
    ),
    *(
        "```",
        "~~~",
        "~~",
        "**",
        "__",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\\\",
        "\\n",
        "\\textbf{a}",
        "|a|b|",
        "|-|-|",
        ":-:",
    ),
    *("--", "->", "<-", "-->", "...", "..", "+-", "(tm)", "(c)", "????", "!!", ",,", "(pa)"),
]
hostile = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=14).map("".join)
bounded = settings(max_examples=450, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(hostile)
@bounded
@example("^_^_^")
@example(" ://x")
@example("a.com_x")
@example("[x\\]")
@example(":a:b:c:")
@example("!!!!????")
@example("x-->")
@example("\\a->")
def test_inline_shows_any_text_as_it_is(text: str) -> None:
    cooked = cook(escape_inline(text))
    assert visible(cooked) == shown(text)
    assert tags(cooked) <= {"p"}


@given(st.integers(min_value=1, max_value=6), hostile)
@bounded
@example(2, "a #")
@example(2, "#")
@example(3, "##")
@example(2, "a \\#")
def test_heading_shows_any_text_as_it_is(level: int, text: str) -> None:
    if not shown(text):
        with pytest.raises(RejectedError):
            heading(level, text)
        return
    cooked = cook(f"before\n\n{heading(level, text)}\n\nafter")
    assert visible(re.sub(r"<(/?)h\d>", r"<\1p>", cooked)) == f"before {shown(text)} after"
    assert tags(cooked) == {"p", f"h{level}"}


def shown_of_lines(text: str) -> str:
    """Bullets are shown as dots, not as their hyphen."""
    lines = [" ".join(line.split()) for line in strip_control(text).split("\n")]
    return straight(" ".join(line.removeprefix("- ") for line in lines))


@given(st.lists(hostile, min_size=1, max_size=3).map("\n".join))
@bounded
@example("a\n- b\n- c\nd\n\n\ne")
@example("- a\n\n- b")
@example("- - a\n- # b\n- > c\n- 1. d")
@example("a\n---")
@example("a|b\n-|-")
@example("[!note]\nx")
@example("a\\\nb")
def test_blocks_show_any_text_as_it_is(text: str) -> None:
    paragraph = cook(paragraph_block(text))
    assert visible(paragraph) == shown_of_lines(text)
    assert tags(paragraph) <= {"p", "ul", "li", "br"}
    quoted = cook(f"before\n\n{quote_block(text)}\n\nafter")
    assert visible(quoted) == " ".join(f"before {shown_of_lines(text)} after".split())
    assert tags(quoted) <= {"blockquote", "p", "ul", "li", "br"}
    assert quoted.count("<blockquote>") == (1 if shown_of_lines(text) else 0)


def opens_a_formula(line: str) -> bool:
    """What the math plugin looks for, with LaTeX delimiters and AsciiMath switched on."""
    if line == "\\[" or (line.startswith("\\[") and line.endswith("\\]")):
        return True
    i = 0
    while i < len(line):
        if line.startswith("\\(", i) or line[i] == "$":
            return True
        before = line[i - 1] if i else " "
        if line[i] == "%" and not before.isalnum() and before != "%" and re.match(r"%[^%].*?(?<!\\)%", line[i:]):
            return True
        i += 2 if line[i] == "\\" else 1
    return False


@given(hostile)
@bounded
@example("$x_1$")
@example("\\(x\\)")
@example("[x\\]")
@example("[")
@example("5\\% of 6\\% or %%7 %")
def test_no_formula_opens_whatever_the_math_plugin_is_set_to(text: str) -> None:
    assert not opens_a_formula(escape_inline(text))


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_bullets_stay_bullets_between_paragraphs() -> None:
    assert escape_lines("a\nb\n- c\n- d\ne\n\nf") == ["a", "b", "", "- c", "- d", "", "e", "", "f"]


def test_a_quote_holds_paragraphs_and_bullets_in_one() -> None:
    assert quote_block("a *b*\n- c\n- d") == "> a \\*b\\*\n>\n> - c\n> - d"
    assert cook(quote_block("a\n- c\n- d")) == (
        "<blockquote>\n<p>a</p>\n<ul>\n<li>c</li>\n<li>d</li>\n</ul>\n</blockquote>"
    )


def test_a_bullet_cannot_hold_another_block() -> None:
    assert escape_lines("- - a\n- # b\n- 1. c") == [r"- \- a", r"- \# b", r"- 1\. c"]


def test_an_empty_bullet_is_text() -> None:
    assert escape_lines("- ") == [r"\-"]


def test_text_without_anything_visible_gives_nothing() -> None:
    assert escape_inline(" \u200b\n") == ""
    assert escape_lines("\n\u200b\n") == []
    assert quote_block("") == ""


def test_only_six_heading_levels_exist() -> None:
    assert heading(2, "1. 제목 / *Title*") == r"## 1. 제목 / \*Title\*"
    with pytest.raises(ValueError, match="level 7"):
        heading(7, "a")


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2401.00001", "https://arxiv.org/abs/2401.00001"),
        ("https://x.com/dair_ai/status/1", "https://x.com/dair_ai/status/1"),
        ("https://x.com/_name/status/1", "https://x.com/_name/status/1"),
        ("https://a.org/_a_/b", "https://a.org/%5Fa%5F/b"),
        ("https://a.org/a(b)*c[d]", "https://a.org/a%28b%29%2Ac%5Bd%5D"),
        ("https://a.org/x?a=1&copy;=2#f", "https://a.org/x?a=1&copy%3B=2#f"),
        ("https://a.org/한", "https://a.org/%ED%95%9C"),
        ("https://한국.kr/", "https://xn--3e0b707e.kr/"),
        ("https://a.org/50%/b%20c", "https://a.org/50%25/b%20c"),
        ("https://a.org/a.", "https://a.org/a%2E"),
        ("http://localhost:8000/t/1", "http://localhost:8000/t/1"),
    ],
)
def test_an_address_stays_or_is_encoded(url: str, expected: str) -> None:
    assert link_line(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.com/a",
        "ftp://a.org/",
        "javascript:alert(1)",
        "//a.org/",
        "https://",
        "https:///a",
        "https://a.org/ b",
        "https://a.org/\nb",
        "https://a.org/\u200bb",
        "https://a.org/<b>",
        'https://a.org/"b',
        "https://a.org\\@evil.com/",
        "https://user:secret@a.org/",
        "https://a_b.org/",
        "https://a..org/",
        "https://[::1]/",
        "https://a.org:99999/",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(RejectedError):
        link_line(url)


@given(st.text(alphabet="ab1_*~()[]{}'!$&;:,.?#/%@=+-|^`한 é", max_size=20))
@settings(max_examples=300, deadline=None)
@example("?@1:")
@example("/a..")
@example("?a??")
@example("/a,;.")
@example("/&amp;&lt;")
@example("/:smile:")
@example("/@a/#b")
def test_a_link_line_is_one_whole_link_with_a_card(tail: str) -> None:
    try:
        line = link_line(f"https://a.org{tail}")
    except RejectedError:
        return
    found = LinkifyIt().match(line)
    assert found is not None
    assert [m.raw for m in found] == [line]
    cooked = cook(f"before\n\n{line}\n\nafter")
    assert cooked.count('class="onebox"') == 1
    assert set(re.findall(r'href="([^"]*)"', cooked)) == {html.escape(line)}
    assert "<em>" not in cooked
