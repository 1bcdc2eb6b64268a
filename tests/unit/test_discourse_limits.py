"""Texts and limits as the forum sees them, and the token that marks a reply as ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.forum.answers import SiteRules, parse_rules
from bot.forum.limits import (
    check_limits,
    counted_length,
    normalised,
    stored_title,
    token_of,
    with_token,
    without_token,
)

RULES = SiteRules(max_post_length=1_000, title_prettify=False)
TITLE = "6월 첫째 주 인공지능 논문 모음"
TEXT = "이번 주에는 긴 문맥을 다루는 논문이 많았습니다."

texts = st.text(st.characters(codec="utf-8"), max_size=60)
tokens = st.from_regex(r"[A-Za-z0-9_]{1,8}(-[A-Za-z0-9_]{1,8}){0,4}", fullmatch=True)


@given(texts)
def test_normalising_twice_is_normalising_once(raw: str) -> None:
    assert normalised(normalised(raw)) == normalised(raw)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("a\u00a0b\u2003c\u3000d", "a b c d"),
        ("a\u2028b\u2029c\u202fd\u205fe", "a b c d e"),
        ("a\x00b", "ab"),
        ("끝 \n\t\n", "끝"),
        ("끝\u3000", "끝"),
        ("  앞은 그대로", "  앞은 그대로"),
        ("너비 없는\u200b칸", "너비 없는\u200b칸"),
    ],
)
def test_whitespace_is_stored_the_forums_way(raw: str, stored: str) -> None:
    assert normalised(raw) == stored


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        ("고맙습니다", 5),
        ("고맙습니다 <!-- paperbot reply-1 -->", 5),
        (":smile:", 1),
        (":wave:t3:!", 2),
        (":웃음:", 4),
        ("음......", 2),
        ("음,,,,", 2),
        ("<!-- 두\n줄 -->", 12),
        ("  칸  ", 1),
    ],
)
def test_length_is_counted_the_forums_way(raw: str, length: int) -> None:
    assert counted_length(raw) == length


@given(texts, tokens, tokens)
def test_a_token_comes_back_and_only_the_last_one_stays(raw: str, first: str, second: str) -> None:
    once = with_token(raw, first)
    assert token_of(once) == first
    assert with_token(once, first) == once
    assert with_token(once, second) == with_token(without_token(once), second)
    assert token_of(normalised(once)) == first


@given(texts, tokens)
def test_a_token_counts_nothing_as_length(raw: str, token: str) -> None:
    assert counted_length(with_token("글" + raw + "글", token)) == counted_length("글" + raw + "글")


def test_a_token_is_found_above_a_paragraph_somebody_added() -> None:
    assert token_of(with_token(TEXT, "part-2") + "\n\n덧붙입니다.") == "part-2"


def test_a_text_without_token_has_none() -> None:
    assert token_of(TEXT + "\n<!-- other part-2 -->") is None
    assert without_token(TEXT) == TEXT


@pytest.mark.parametrize("token", ["", "a b", "a--b", "-a", "a-", "-->", "한글"])
def test_a_token_that_could_break_the_comment_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        with_token(TEXT, token)


@pytest.mark.parametrize(
    ("title", "stored"),
    [
        ("ICLR 2026 논문: KV 캐시 압축", "Iclr 2026 논문: kv 캐시 압축"),
        ("주간 ICLR 논문 (June)", "주간 ICLR 논문 (June)"),
        ("attention을 다시 보기", "Attention을 다시 보기"),
        ("정말??? 그렇다!!!", "정말? 그렇다!"),
        ("끝났습니다...", "끝났습니다"),
        ("칸이   많은\u00a0제목 ", "칸이 많은 제목"),
    ],
)
def test_a_prettified_title_is_foreseen(title: str, stored: str) -> None:
    assert stored_title(title, SiteRules(title_prettify=True)) == stored


def test_a_title_stays_where_nothing_prettifies_it_but_for_spaces() -> None:
    assert stored_title("ICLR 논문...  KV!! ", SiteRules(title_prettify=False)) == "ICLR 논문... KV!!"


def test_titles_may_be_rewritten_unless_the_site_or_its_language_says_no() -> None:
    assert SiteRules(default_locale="ko").may_rewrite_titles
    assert SiteRules().may_rewrite_titles
    assert not SiteRules(default_locale="zh_CN").may_rewrite_titles
    assert not SiteRules(default_locale="ko", title_prettify=False).may_rewrite_titles


def test_an_article_within_all_limits_passes() -> None:
    check_limits(TITLE, [TEXT, "글" * 1_000], ["llm", "weekly"], RULES)


@pytest.mark.parametrize(
    ("title", "parts", "tags", "words"),
    [
        ("짧은 제목", [TEXT], [], ["5 characters", "at least 15", "min_topic_title_length"]),
        ("열다섯 글자짜리 제목입니다....", [TEXT], [], ["at least 15"]),
        ("긴 " * 100 + "제목이 아주 길어서 자리를 넘깁니다" * 5, [TEXT], [], ["at most 255"]),
        (TITLE, [TEXT, "글" * 1_001], [], ["part 2 of 2", "1001 characters", "max_post_length"]),
        (TITLE, ["글" * 990 + "<!-- paperbot t -->"], [], ["the text has 1009 characters"]),
        (TITLE, [TEXT, "고맙습니다 <!-- paperbot reply-1 -->"], [], ["part 2", "5 characters", "at least 20"]),
        (TITLE, [TEXT], ["가" * 21], ["21 characters", "at most 20"]),
        (TITLE, [TEXT], list("abcdef"), ["6 tags", "at most 5", "drop 1"]),
        (TITLE, [], [], ["no text"]),
    ],
)
def test_a_broken_limit_says_what_to_change(title: str, parts: list[str], tags: list[str], words: list[str]) -> None:
    rules = SiteRules(max_post_length=1_000, title_prettify=True)
    with pytest.raises(RejectedError) as caught:
        check_limits(title, parts, tags, rules)
    for word in words:
        assert word in str(caught.value)


def test_every_broken_limit_is_named_at_once() -> None:
    with pytest.raises(RejectedError) as caught:
        check_limits("짧다", ["짧다"], ["가" * 30], RULES)
    assert str(caught.value).count("the forum takes") + str(caught.value).count("wants") == 3


@pytest.mark.parametrize(
    ("top_tags", "objects"), [([], False), (["llm"], False), ([{"id": 1, "name": "llm", "slug": "llm"}], True)]
)
def test_the_form_of_the_first_tag_tells_which_one_to_send(top_tags: list[object], objects: bool) -> None:
    assert parse_rules({"top_tags": top_tags}, {}).tags_are_objects is objects


def test_rules_fall_back_to_the_forums_defaults_where_it_is_silent() -> None:
    rules = parse_rules({"shared_drafts_category_id": 5}, {"max_post_length": 100_000, "min_post_length": 10})
    assert rules == SiteRules(
        max_post_length=100_000, min_post_length=10, min_first_post_length=10, shared_drafts_category_id=5
    )
