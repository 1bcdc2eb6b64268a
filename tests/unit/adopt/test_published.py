"""Posts from before the bot: what of them is read as what, and that nothing of them is lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.forum.published import Item, PublishedPost, Section, read_post, rendered
from tests.unit.adopt.posts import (
    COPIED_FROM_PAGE,
    DAILY,
    EVERY_FORM,
    NO_KNOWN_FORM,
    TALK,
    WEEKLY_2023,
    WEEKLY_2024,
)
from tests.unit.corrections import week

every_form = pytest.mark.parametrize("raw", EVERY_FORM.values(), ids=EVERY_FORM)
LINES = sorted({line for raw in EVERY_FORM.values() for line in raw.split("\n")})


def section(item: Item, field: str) -> Section:
    return next(section for section in item.sections if section.field == field)


def titles(post: PublishedPost) -> list[tuple[str | None, str | None]]:
    return [(item.korean_title, item.english_title) for item in post.items]


@every_form
def test_an_unchanged_post_renders_to_the_same_bytes(raw: str) -> None:
    assert rendered(read_post(raw)).encode() == raw.encode()


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=40).map("\n".join))
@example("\r\n## 원문\r\n\x0b### 논문 소개\r\n")
@example("---\n## 주요 내용")
def test_whatever_stands_in_a_post_none_of_it_is_lost(raw: str) -> None:
    post = read_post(raw)
    assert rendered(post) == raw
    assert all("\n" not in piece.text.rstrip("\n") for piece in post.pieces)
    assert [item.number for item in post.items] == list(dict.fromkeys(item.number for item in post.items))


def test_a_weekly_post_of_2024_is_read_whole() -> None:
    post = read_post(WEEKLY_2024, title="[2024/06/03 ~ 06/09] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)")
    assert (post.series, post.period) == ("weekly", "2024-06-03")
    assert titles(post) == [
        ("등불: 어두운 곳에서 찾기", "Lantern: Searching Where It Is Dark"),
        ("A / B 시험에 대하여", "On A / B Testing"),
        (None, "Harbinger"),
    ]
    first, second, third = post.items
    assert section(first, "abstract") == Section(
        "abstract",
        "논문 초록(Abstract)",
        ("찾기는 어렵습니다. 이 논문은 쉬운 길을 보입니다.",),
        ("Searching is hard. This paper shows an easy way.",),
    )
    assert second.labels == ("연구 소개", "논문 초록", "연구 및 논문 링크", "더 읽어보기")
    assert second.links[1:] == ("https://x.com/example/status/17991", "https://github.com/example/testing")
    assert third.links == ("https://lab.example/harbinger", "https://x.com/example/status/17992")
    assert [section.field for section in third.sections] == ["description"]


def test_the_introduction_of_the_week_belongs_to_no_paper() -> None:
    (introduction,) = read_post(WEEKLY_2024).passages
    assert introduction.field == "introduction"
    assert introduction.korean[1] == "또한 로봇에 대한 연구도 이어졌습니다."


def test_what_a_person_added_is_kept_and_reported() -> None:
    assert read_post(WEEKLY_2024).unmapped == ("어느 분이 덧붙인 말입니다.",)


def test_a_weekly_post_of_2023_has_its_notes_above_and_its_english_inside_bullets() -> None:
    post = read_post(WEEKLY_2023)
    assert titles(post) == [
        ("등불: 어두운 곳에서 찾기", "Lantern: Searching Where It Is Dark"),
        ("느린 강", "Slow Rivers"),
    ]
    assert [len(passage.korean) for passage in post.passages] == [2]
    assert section(post.items[0], "description").korean == (
        "gpt-4보다 적은 기억으로 어두운 곳을 찾는 방법을 제안합니다.",
    )
    assert section(post.items[0], "abstract").english == ("Searching is hard. This paper shows an easy way.",)
    assert sum(piece.role == "notice" for piece in post.pieces) == 2
    assert post.unmapped == ()


def test_text_copied_from_the_page_reads_like_its_source() -> None:
    copied = read_post(COPIED_FROM_PAGE)
    assert copied.period == "2024-06-03"
    assert titles(copied)[0] == titles(read_post(WEEKLY_2024))[0]
    assert section(copied.items[0], "abstract").korean == section(read_post(WEEKLY_2024).items[0], "abstract").korean
    assert copied.items[1].links == ("https://x.com/example/status/17991",)


def test_our_own_article_is_read_without_a_rest() -> None:
    post = read_post(week.rendered())
    assert len(post.items) == 10
    assert post.unmapped == ()
    assert all(section(item, "description").english for item in post.items)


def test_a_daily_post_has_votes_authors_and_bullets() -> None:
    post = read_post(DAILY)
    assert (post.series, post.period) == ("daily", "2024-06-10")
    first, second = post.items
    assert first.english_title == "Lantern: Searching Where It Is Dark"
    assert first.links == ("https://arxiv.org/abs/2406.90001",)
    assert (first.votes, first.authors) == (16, ("Ada Example", "Ben Sample", "+", "Cho Test"))
    assert section(first, "summary").korean == (
        "어두운 곳을 찾는 방법을 제안합니다.",
        "기억을 30% 줄입니다. 속도는 그대로입니다.",
    )
    assert second.english_title == "Slow \\[Rivers\\]"
    assert post.unmapped == ()


def test_a_talk_has_sections_a_conclusion_and_its_details() -> None:
    post = read_post(TALK)
    assert (post.series, post.period) == ("talk", "AbCdEfGhIjK")
    assert post.title == "The Future of Lanterns: A Perspective on Light"
    assert [item.korean_title for item in post.items] == ["**1. 왜 등불인가:**", "**2. 앞으로의 길:**"]
    assert section(post.items[0], "summary").korean[1] == "등불은 쌉니다."
    summary, details = post.passages
    assert summary.korean[-1] == "**결론적으로,** 등불은 밝습니다."
    assert details.korean == ("안녕하세요. 저는 등불을 연구합니다.", "[박수]", "네.")
    assert [piece.text for piece in post.pieces if piece.role == "speaker"] == ["Ada Example (Example University)"]
    assert post.unmapped == ()


def test_a_post_of_no_known_form_says_so_and_keeps_its_sentences() -> None:
    post = read_post(NO_KNOWN_FORM)
    assert post.series is None
    assert [passage.korean for passage in post.passages] == [("다음 주에는 글이 없습니다. 양해 부탁드립니다.",)]
    assert post.unmapped == ("공지",)
