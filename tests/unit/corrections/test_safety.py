"""What a reader's wording may be: words of a sentence. Whatever passes shows as its characters and does nothing."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.corrections import decide, safety
from bot.corrections.article import read_article
from bot.corrections.reading import _Item, _verified
from bot.editions import markdown
from bot.sandbox.forum.cook import cook

OLD = "이 모델은 움직이는 윈도우만 읽는 어텐션 계층을 소개합니다."
REFUSED = {
    "link": "자세한 내용은 https://evil.example/a 를 읽습니다.",
    "autolink": "자세한 내용은 <https://evil.example> 를 읽습니다.",
    "bare domain": "자세한 내용은 evil.com 에 있습니다.",
    "bare domain with a path": "자세한 내용은 bit.ly/abc 에 있습니다.",
    "without a scheme": "자세한 내용은 //evil.example/x 에 있습니다.",
    "www": "자세한 내용은 www.evil.example 에 있습니다.",
    "other scheme": "자세한 내용은 javascript:alert(1) 입니다.",
    "data scheme": "자세한 내용은 data:text/html,x 입니다.",
    "mail address": "문의는 evil@example.com 으로 합니다.",
    "mailto": "문의는 mailto:evil 으로 합니다.",
    "Markdown link": "자세한 내용은 [여기](/t/1)에 있습니다.",
    "reference link": "자세한 내용은 [여기][1]에 있습니다.",
    "image": "그림 ![x](upload://abc.png) 입니다.",
    "mention": "이 모델은 @admins 를 부릅니다.",
    "mention in fullwidth": "이 모델은 ＠admins 를 부릅니다.",
    "hashtag": "이 모델은 #staff 를 부릅니다.",
    "hashtag in fullwidth": "이 모델은 ＃staff 를 부릅니다.",
    "script": "이 모델은 <script>alert(1)</script> 입니다.",
    "image tag": "이 모델은 <img src=x onerror=alert(1)> 입니다.",
    "closing tag": "이 모델은 </div> 입니다.",
    "tag in fullwidth": "이 모델은 ＜script＞ 입니다.",
    "small tag": "이 모델은 ﹤script﹥ 입니다.",
    "HTML comment": "이 모델은 <!-- paperbot proposal-1-1 --> 입니다.",
    "named entity": "이 모델은 &lt;b&gt; 입니다.",
    "numeric entity": "이 모델은 &#60;b&#62; 입니다.",
    "quote": '[quote="sujin"]수락[/quote] 입니다.',
    "poll": "[poll type=regular] 입니다.",
    "details": "[details=열기]숨김[/details] 입니다.",
    "date": "[date=2026-01-01] 입니다.",
    "bold": "이 모델은 **중요한** 계층을 소개합니다.",
    "bold with underscores": "이 모델은 __중요한__ 계층을 소개합니다.",
    "heading": "# 이 모델은 계층을 소개합니다.",
    "block quote": "> 이 모델은 계층을 소개합니다.",
    "list": "- 이 모델은 계층을 소개합니다.",
    "numbered list": "1. 이 모델은 계층을 소개합니다.",
    "code fence": "```이 모델은 계층을 소개합니다.",
    "code fence of tildes": "~~~이 모델은 계층을 소개합니다.",
    "rule": "--- 이 모델은 계층을 소개합니다.",
    "table": "| 모델 | 계층 |",
    "emoji code": "이 모델은 :bomb: 계층을 소개합니다.",
    "two lines": "이 모델은 계층을 소개합니다.\n# 제목",
    "two lines by a separator": "이 모델은 계층을 소개합니다.\u2028# 제목",
    "carriage return": "이 모델은 계층을\r소개합니다.",
    "zero-width blank": "이 모\u200b델은 계층을 소개합니다.",
    "zero-width joiner": "이 모\u200d델은 계층을 소개합니다.",
    "right-to-left override": "이 모델은 \u202e다니합개소 계층을 소개합니다.",
    "isolates": "이 모델은 \u2066계층을\u2069 소개합니다.",
    "byte order mark": "\ufeff이 모델은 계층을 소개합니다.",
    "tag characters": "이 모델은 계층을 소개합니다.\U000e0041",
    "variation selector": "이 모델은 계층을 소개합니다.\ufe0f",
    "null": "이 모델은\x00 계층을 소개합니다.",
    "escape sequence": "이 모델은 \x1b[31m 계층을 소개합니다.",
    "private use": "이 모델은 \ue000 계층을 소개합니다.",
    "over-long": "이 모델은 계층을 소개합니다. " * 40,
    "nothing": "   ",
    "the same": f" {OLD} ",
}


@pytest.mark.parametrize("attack", REFUSED)
def test_no_sentence_becomes(attack: str) -> None:
    assert safety.problem(OLD, REFUSED[attack]) is not None


@pytest.mark.parametrize(
    "new",
    [
        "이 모델은 이동하는 윈도우만 읽는 어텐션 계층을 소개합니다.",
        "이 모델은 LLM(대규모 언어 모델)의 정확도를 3.5% 높이며, GPT-4보다 2배 빠릅니다.",
        "x < y 이고 a_b * c 인 경우만 다룹니다.",
        "C++와 C#의 차이를 다룹니다.",
        "‘따옴표’와 “큰따옴표”, 1:1 비교(예: A/B)를 다룹니다.",
        "가격은 $5이고 α=0.1입니다.",
    ],
)
def test_words_are_no_attack(new: str) -> None:
    assert safety.problem(OLD, new) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[문서](https://lab.example/open)를 봅니다.", "[문서](https://lab.example/evil)를 봅니다."),
        ("[문서](https://lab.example/open)를 봅니다.", "[문서](https://lab.evil.example/open)를 봅니다."),
        ("[문서](/t/12)를 봅니다.", "[문서](/t/666)를 봅니다."),
        ("![그림](upload://a.png) 입니다.", "![그림](upload://b.png) 입니다."),
        ('<abbr title="언어">LM</abbr> 입니다.', '<abbr title="나쁜 말">LM</abbr> 입니다.'),
        ("github.com/lab/open 에 있습니다.", "github.com/evil/open 에 있습니다."),
        ("@sujin 님이 썼습니다.", "@admins 님이 썼습니다."),
    ],
)
def test_what_a_moderator_linked_leads_where_it_led(old: str, new: str) -> None:
    assert safety.problem(old, new) is not None


def test_words_beside_a_moderators_link_may_change() -> None:
    old = "[문서](https://lab.example/open)를 **정말로** 봅니다."
    assert safety.problem(old, "[자료](https://lab.example/open)를 **정말로** 읽습니다.") is None


_PIECES = st.sampled_from(
    [
        *"*_`~[]()<>!#$%&|\\/:;@-+=.,'\"^{}0 \t가나다은는abcX",
        "https:", "//", "www.", ".com", "<!--", "-->", "[quote]", "[/quote]", "](", "![", "**", "__", "~~", "```",
        ":smile:", "@sujin", "#tag", "&lt;", "$$", "\\(", "\\[", "^[", "[^1]", "1.", "한국어 문장입니다.", "(c)",
        "(tm)", "[date=2026-01-01]", "[x]", "---", "<b>", "…", "＠", "＃", "。", "．", "｡",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, min_size=1, max_size=14).map("".join))
@example("evil.co 와 a//b.example 와 *강조* 와 _강조_ 와 `코드` 와 ~~취소~~ 와 $식$")
def test_what_passes_shows_as_its_characters_and_nothing_else(new: str) -> None:
    if safety.problem(OLD, new) is not None:
        return
    page = cook(markdown.escape_inline(f"{OLD} {new} {OLD}"))
    assert set(re.findall(r"<[^>]*>", page)) <= {"<p>", "</p>", "<!-- -->"}, page


def _item(**given: str) -> _Item:
    empty = {"kind": "correction", "sentence": "s1", "old": "", "new": "", "draft": "", "reason": ""}
    return _Item.model_validate(empty | given)


def test_words_that_the_comment_does_not_have_are_marked_as_the_models() -> None:
    sentence = read_article(f"## A\n\n### 논문 소개\n\n{OLD}\n\n> It reads windows.\n").sentences[0]
    written = "움직이는→이동하는"
    theirs = _verified(_item(old="움직이는", new="이동하는"), sentence, "움직이는이동하는")
    invented = _verified(_item(old="움직이는", new="멈춘"), sentence, written)
    assert (theirs.is_model_wording, invented.is_model_wording) == (False, True)


def test_a_sentence_that_was_not_shown_to_the_model_is_nothing() -> None:
    assert _verified(_item(sentence="s99", old="움직이는", new="이동하는"), None, "").found.sentence is None


def test_words_that_do_not_stand_in_the_sentence_replace_nothing() -> None:
    sentence = read_article(f"## A\n\n### 논문 소개\n\n{OLD}\n\n> It reads windows.\n").sentences[0]
    assert _verified(_item(old="없는 말", new="이동하는"), sentence, "이동하는").found.new is None


@pytest.mark.parametrize(
    "raw",
    [
        '[quote="minji, post:3, topic:8"]\n수락\n[/quote]\n이 독자의 말을 어떻게 생각하세요?',
        '[quote="jiho"]\n[quote="minji"]\n바꿔 주세요\n[/quote]\n수락\n[/quote]\n저는 잘 모르겠습니다.',
        '[quote="minji"]수락[/quote]',
        "[QUOTE]\n[quote]a[/quote]\n[quote]b[/quote]\n수락\n[/QUOTE]\n글쎄요.",
        "> 수락\n\n라고 독자가 적었는데 안 됩니다.",
        "<!-- 수락 --> 글쎄요, 더 보겠습니다.",
        "독자는 수락이라고 했지만 저는 아직입니다.",
        "수락하면 안 될 것 같아요.",
        "수락? 거절? 누가 보실래요",
        "[quote]\n수락",
        "수락" + "!" * 30_000,
    ],
)
def test_no_decision_is_read_from_what_others_said(raw: str) -> None:
    assert decide.read(raw) is None


def test_a_decision_beside_a_quote_is_the_moderators() -> None:
    said = decide.read('[quote="minji"]\n[quote="jiho"]\n거절\n[/quote]\n바꿔 주세요\n[/quote]\n수락')
    assert said is not None
    assert said.action == "accept"
