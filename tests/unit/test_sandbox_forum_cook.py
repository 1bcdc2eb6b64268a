"""The forum's rendering does to text what Discourse does: converts much, and lets little HTML through."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.forum import cook


def plain(raw: str) -> str:
    """The text a reader sees, with pictures as their alternative text."""
    text = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"{\1}", cook(raw))
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("**굵게** *기울여* ~~지움~~", "<p><strong>굵게</strong> <em>기울여</em> <s>지움</s></p>"),
        ("한 줄\n두 줄", "<p>한 줄<br>\n두 줄</p>"),
        ("> 인용", "<blockquote>\n<p>인용</p>\n</blockquote>"),
        ("```py\n@x :)\n```", '<pre><code class="lang-py">@x :)\n</code></pre>'),
        ("[글](https://a.org/b)", '<p><a href="https://a.org/b">글</a></p>'),
        ("<https://a.org/b>", '<p><a href="https://a.org/b">https://a.org/b</a></p>'),
        ("@sam 님", '<p><span class="mention">@sam</span> 님</p>'),
        ("(@한글)", '<p>(<span class="mention">@한글</span>)</p>'),
        ("#논문 #1", '<p><span class="hashtag-raw">#논문</span> <span class="hashtag-raw">#1</span></p>'),
        ("[b]굵게[/b]", '<p><span class="bbcode-b">굵게</span></p>'),
        ("[code]a *b*[/code] 끝", "<p><code>a *b*</code> 끝</p>"),
        ("x^[주석]", '<p>x<sup class="footnote-ref">주석</sup></p>'),
        ("![그림|690x388](https://a.org/p.png)", '<p><img src="https://a.org/p.png" alt="그림"></p>'),
        ("<kbd>q</kbd> <ins>w</ins>", "<p><kbd>q</kbd> <ins>w</ins></p>"),
    ],
)
def test_markup_becomes_html(raw: str, expected: str) -> None:
    assert cook(raw) == expected


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("안녕:smile:하세요", "안녕{:smile:}하세요"),
        (r"비율 \:a\:", "비율 {:a:}"),
        (":fire::kr: :thinking:", "{:fire:}{:kr:} {:thinking:}"),
        ("좋아요 :) 정말", "좋아요 {:slight_smile:} 정말"),
        ("std::vector::size", "std:{:vector:}:size"),
        ('"따옴표" -- 그리고... a --> b (tm)', "“따옴표” – 그리고… a → b ™"),
        ("<!-- 숨은 말 -->보이는 말", "보이는 말"),
    ],
)
def test_typed_text_is_converted(raw: str, seen: str) -> None:
    assert plain(raw) == seen


@pytest.mark.parametrize(
    "text",
    [
        "10:30:45",
        "a:)b",
        "x:)",
        "a@b",
        "메일@주소",
        "C#이 아니다",
        "http//a",
        "(c) (r)",
        "1/2",
        "3 < 4 & 5 > 2",
        "README.md",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert plain(text) == text
    assert "<span" not in cook(text)
    assert "<a" not in cook(text)


@pytest.mark.parametrize(
    "raw", ["`@sam #tag :smile: --`", "    @sam #tag :smile: --", "```\n@sam #tag :smile: --\n```"]
)
def test_code_protects_its_text(raw: str) -> None:
    assert plain(raw) == "@sam #tag :smile: --"
    assert "mention" not in cook(raw)


@pytest.mark.parametrize("raw", [r"\@sam", "&#64;sam", r"\#tag", r"\:smile\:"])
def test_neither_backslash_nor_entity_protects_from_what_comes_after_parsing(raw: str) -> None:
    assert re.search("mention|hashtag-raw|emoji", cook(raw))


@pytest.mark.parametrize("raw", ["@<!-- -->sam", "#<!-- -->tag", "\\[b]굵게[/b]"])
def test_comment_inside_and_escaped_bracket_protect(raw: str) -> None:
    assert "<span" not in cook(raw)


def test_link_with_text_protects_mentions_but_not_emoji() -> None:
    assert cook("[@sam :smile:](https://a.org)").count("mention") == 0
    assert "emoji" in cook("[@sam :smile:](https://a.org)")


@pytest.mark.parametrize(
    ("raw", "cards"),
    [
        ("https://a.org/b", 1),
        ("앞\nhttps://a.org/b\n뒤", 1),
        ("https://a.org/b\nhttps://a.org/c", 2),
        ("글 https://a.org/b", 0),
        ("- https://a.org/b", 0),
        ("> https://a.org/b", 0),
        ("<https://a.org/b>", 0),
        ("[https://a.org/b](https://a.org/b)", 0),
    ],
)
def test_address_alone_on_its_line_becomes_a_card(raw: str, cards: int) -> None:
    assert cook(raw).count('<aside class="onebox"') == cards


def test_text_around_a_card_stays_in_paragraphs() -> None:
    cooked = cook("앞 줄\nhttps://a.org/b\n뒤 *줄*")
    assert cooked.startswith("<p>앞 줄</p>\n<aside")
    assert cooked.endswith("</aside>\n<p>뒤 <em>줄</em></p>")


def test_bare_address_in_a_sentence_becomes_a_title_unless_it_is_a_front_page() -> None:
    assert plain("보기: https://a.org/b 끝") == "보기: [a.org 페이지 제목] 끝"
    assert plain("보기: https://a.org 끝") == "보기: https://a.org 끝"


def test_quote_and_details_hold_markdown() -> None:
    cooked = cook('[quote="kim, post:2, topic:11"]\n*인용*\n[/quote]\n\n[details="더 보기"]\n\n- 하나\n\n[/details]')
    assert '<aside class="quote no-group" data-username="kim" data-post="2" data-topic="11">' in cooked
    assert "<blockquote>\n<p><em>인용</em></p>\n</blockquote>" in cooked
    assert "<details>\n<summary>더 보기</summary>\n<ul>" in cooked


def test_unclosed_block_tag_is_text() -> None:
    assert plain('[details="더"]\n글') == "[details=“더”]\n글"


def test_table_needs_a_header_row() -> None:
    assert "<table>" in cook("|가|나|\n|-|-|\n|1|2|")
    assert "<table>" not in cook("|1|2|\n|3|4|")


@pytest.mark.parametrize(
    "raw",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "<a href='javascript:alert(1)'>a</a>",
        "<a href='JaVaScRiPt:alert(1)'>a</a>",
        "<div style='position:fixed' onclick=x>글</div>",
        "<style>p{}</style><iframe src='https://a.org'></iframe><form><input></form>",
        "<div>\n<![foo[ x ]]>\n</div>",
        '[quote="a\\" onclick=x"]\n글\n[/quote]',
        "[img]javascript:alert(1)[/img]",
    ],
)
def test_harmful_html_is_gone(raw: str) -> None:
    assert_harmless(cook(raw))


class Auditor(HTMLParser):
    """Notes what a browser would act on, and whether every opened tag is closed in order."""

    ALLOWED_ATTRIBUTES = re.compile(
        r"alt|class|content|controls|data-[\w-]+|dir|height|href|lang|loading|name|open|rel|reversed|src|start|style|title"
        r"|type|width|align|target|preload|poster"
    )

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "iframe", "form", "input", "object", "svg", "link", "meta", "base"):
            self.faults.append(tag)
        for name, value in attrs:
            if not self.ALLOWED_ATTRIBUTES.fullmatch(name):
                self.faults.append(f"{tag} {name}")
            if name in ("href", "src") and not re.match(r"(https?:)?//|/|#|mailto:|upload:", value or ""):
                self.faults.append(f"{tag} {name}={value}")
        if tag not in ("br", "hr", "img", "source", "track"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"/{tag}")


def assert_harmless(cooked: str) -> None:
    auditor = Auditor()
    auditor.feed(cooked)
    auditor.close()
    assert auditor.faults == []
    assert auditor.stack == []


PIECES = r"""
    < > & " ' * _ ` ``` [ ] ( ) ! @ # : :) | - > ~ \ <b> </b> <div> </div> <!-- --> <! <? <script> </script> <a href=x>
    <img onerror=x src=x> [quote] [/quote] [details=x] [/details] [b] [/b] [code] [/code] [url] [/url] https://a.org/b
    &#64; &lt; ^[ $ 글 word javascript:x <iframe> <svg onload=x> <details> </p> <p
"""
FRAGMENTS = st.sampled_from(["\n", "\n\n", " ", *re.findall(r"\S+", PIECES)])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=5)), max_size=25))
def test_whatever_is_written_comes_out_harmless_and_balanced(parts: list[str]) -> None:
    assert_harmless(cook("".join(parts)))
