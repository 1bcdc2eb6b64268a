"""Merging what people did on the forum with what the store renders: one case at a time."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forum.merge import Conflict, Merged, merge
from bot.forum.tokens import joined, tokens
from tests.unit.article import Writer

BASE = """서명 줄

- 이번 주에는 효율이 돋보였습니다. 두 논문이 비용을 줄였습니다.

---

## 첫 제목 / First Paper

### 논문 소개

첫 문장입니다. 둘째 문장입니다. 셋째 문장입니다.

> First sentence. Second sentence.

### 논문 링크

https://arxiv.org/abs/2611.90001

---

## 다른 제목 / Second Paper

### 논문 소개

다른 논문의 문장입니다.

> Another sentence.

### 논문 링크

https://arxiv.org/abs/2611.90002

---

## 원문

https://github.com/dair-ai/ML-Papers-of-the-Week"""

FIRST, SECOND = (
    BASE[BASE.index(f"## {name}") : BASE.index(f"## {end}")] for name, end in (("첫", "다른"), ("다른", "원문"))
)


def edited(*changes: tuple[str, str]) -> str:
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_two_sentences_of_one_line_changed_by_both_sides_both_come() -> None:
    forum, fresh = edited(("첫 문장입니다", "사람의 문장입니다")), edited(("둘째 문장입니다", "새 문장입니다"))
    assert merge(BASE, forum, fresh) == Merged(
        edited(("첫 문장입니다. 둘째 문장입니다", "사람의 문장입니다. 새 문장입니다")), ()
    )


def test_sentence_changed_by_both_stays_as_the_forum_has_it_and_is_reported() -> None:
    forum, fresh = edited(("둘째 문장", "사람의 문장")), edited(("둘째 문장", "새 문장"))
    merged = merge(BASE, forum, fresh)
    assert merged.text == forum
    assert merged.conflicts == (
        Conflict("첫 제목 / First Paper", "둘째 문장입니다.", "사람의 문장입니다.", "새 문장입니다."),
    )


def test_sentence_added_beside_a_changed_one_is_no_conflict() -> None:
    fresh = edited(("둘째 문장", "새 문장"))
    for place in ("첫 문장입니다.", "둘째 문장입니다."):
        forum = edited((place, f"{place} 사람이 더했습니다."))
        merged = merge(BASE, forum, fresh)
        assert merged == Merged(forum.replace("둘째 문장", "새 문장"), ())


def test_sentence_deleted_by_a_person_does_not_return_changed() -> None:
    forum, fresh = edited((" 둘째 문장입니다.", "")), edited(("둘째 문장", "새 문장"))
    merged = merge(BASE, forum, fresh)
    assert merged.text == forum
    assert [conflict.fresh for conflict in merged.conflicts] == ["새 문장입니다."]


def test_note_between_papers_stays_where_it_was_put() -> None:
    note = "운영진이 남긴 말입니다.\n\n"
    forum = edited(("## 다른", f"{note}## 다른"))
    fresh = edited(("셋째 문장", "새 문장"), ("다른 논문의 문장", "고친 문장"))
    assert merge(BASE, forum, fresh) == Merged(fresh.replace("## 다른", f"{note}## 다른"), ())


def test_note_stays_when_the_store_drops_the_paper_below_it() -> None:
    forum = edited(("abs/2611.90001", "abs/2611.90001\n\n운영진이 남긴 말입니다."))
    merged = merge(BASE, forum, BASE.replace(SECOND, ""))
    assert "운영진이 남긴 말입니다." in merged.text
    assert "Second Paper" not in merged.text


def test_paper_that_a_person_worked_on_is_not_dropped() -> None:
    forum = edited(("다른 논문의 문장", "사람의 문장"))
    merged = merge(BASE, forum, BASE.replace(SECOND, ""))
    assert merged.text == forum
    assert len(merged.conflicts) == 1


def test_papers_in_another_order_still_get_the_stores_changes() -> None:
    forum = BASE.replace(FIRST + SECOND, SECOND + FIRST)
    fresh = edited(("셋째 문장", "새 문장"), ("다른 논문의 문장", "고친 문장"))
    expected = forum.replace("셋째 문장", "새 문장").replace("다른 논문의 문장", "고친 문장")
    assert merge(BASE, forum, fresh) == Merged(expected, ())


def test_moved_paper_takes_changes_beside_those_of_a_person() -> None:
    first, second = (
        FIRST.replace("첫 문장", "사람의 문장"),
        SECOND.replace("> Another", "사람이 더했습니다.\n\n> Another"),
    )
    forum = BASE.replace(FIRST + SECOND, second + first)
    merged = merge(BASE, forum, edited(("셋째 문장", "새 문장"), ("다른 논문의", "고친 논문의")))
    assert merged == Merged(forum.replace("셋째 문장", "새 문장").replace("다른 논문의", "고친 논문의"), ())


def test_copy_taken_over_into_the_store_is_not_written_again() -> None:
    line = "첫 문장입니다. 둘째 문장입니다. 셋째 문장입니다.\n\n"
    fresh = edited((line, line + line))
    for more in (("이번 주에는", "지난주에는"), ("다른 논문의", "이 논문의"), ("abs/2611.90002", "abs/2611.90003")):
        forum = fresh.replace(*more)
        assert merge(BASE, forum, fresh) == Merged(forum, ())
        assert merge(BASE, fresh, forum) == Merged(forum, ())


def test_order_of_the_forum_is_kept_and_the_stores_reported() -> None:
    forum = edited(("첫 문장", "사람의 문장"))
    merged = merge(BASE, forum, BASE.replace(FIRST + SECOND, SECOND + FIRST))
    assert merged.text == forum
    assert len(merged.conflicts) == 1


def test_change_follows_a_sentence_that_a_person_moved() -> None:
    forum = edited((" 둘째 문장입니다.", ""), ("다른 논문의 문장입니다.", "다른 논문의 문장입니다. 둘째 문장입니다."))
    fresh = edited(("둘째 문장", "새 문장"))
    assert merge(BASE, forum, fresh) == Merged(forum.replace("둘째 문장", "새 문장"), ())


def test_copy_pasted_by_a_person_stays_as_it_was_pasted() -> None:
    forum = BASE.replace("## 원문", f"{FIRST}## 원문")
    merged = merge(BASE, forum, edited(("둘째 문장", "새 문장")))
    assert merged == Merged(forum.replace("둘째 문장", "새 문장", 1), ())


def test_korean_that_a_person_supplied_wins_over_ours() -> None:
    korean = "다른 논문의 문장입니다.\n\n"
    base = BASE.replace(korean, "")
    forum = BASE.replace(korean, "사람이 옮겼습니다.\n\n")
    merged = merge(base, forum, BASE)
    assert merged.text == forum
    assert merged.conflicts == (
        Conflict("다른 제목 / Second Paper", "", "사람이 옮겼습니다.", "다른 논문의 문장입니다."),
    )


def test_sentence_the_store_took_over_is_not_written_twice() -> None:
    note = "사람이 더한 문장입니다."
    forum = edited(("셋째 문장입니다.", f"셋째 문장입니다.\n\n{note}"))
    fresh = edited(("셋째 문장입니다.", f"셋째 문장입니다. {note}"))
    assert merge(BASE, forum, fresh) == Merged(forum, ())


def test_halves_of_a_title_are_changed_apart() -> None:
    forum, fresh = edited(("첫 제목", "짧은 이름: 첫 제목")), edited(("First Paper", "First Papers"))
    assert merge(BASE, forum, fresh).text == edited(("첫 제목 / First Paper", "짧은 이름: 첫 제목 / First Papers"))


def test_title_changed_by_a_person_does_not_hide_the_paper() -> None:
    forum, fresh = edited(("## 첫 제목 / First Paper", "## 아주 새로운 이름")), edited(("둘째 문장", "새 문장"))
    assert merge(BASE, forum, fresh) == Merged(forum.replace("둘째 문장", "새 문장"), ())


def test_heading_put_into_a_paper_does_not_stop_changes_below_it() -> None:
    forum, fresh = edited(("> First", "## 덧붙임\n\n> First")), edited(("셋째 문장", "새 문장"), ("90001", "90003"))
    merged = merge(BASE, forum, fresh)
    assert merged == Merged(forum.replace("셋째 문장", "새 문장").replace("90001", "90003"), ())


pieces = st.sampled_from(
    [
        "가나다.",
        "라마바.",
        "사아자.",
        "가나다.",
        " ",
        " ",
        "\n",
        "\n\n",
        "---",
        "## 제목 / T",
        "### 논문 소개",
        "- ",
        "> q",
        "x",
    ]
)
mess = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=20)


@given(mess)
def test_tokens_are_the_text(text: str) -> None:
    assert joined(tokens(text)) == text


@given(mess, mess, mess)
def test_merge_takes_the_one_side_that_changed_and_never_fails(base: str, forum: str, fresh: str) -> None:
    assert merge(base, forum, base) == Merged(forum, ())
    assert merge(base, base, fresh) == Merged(fresh, ())
    assert merge(base, forum, forum) == Merged(forum, ())
    merge(base, forum, fresh)


@pytest.mark.parametrize(
    ("kind", "limit_s"), [("article", 0.5), ("one sentence again and again", 2.0), ("nothing in common", 2.0)]
)
def test_merge_of_40_000_characters_is_fast(kind: str, limit_s: float) -> None:
    writer = Writer(random.Random(1))
    if kind == "article":
        base = writer.article(12).rendered()
        while len(base) < 40_000:
            base += "\n\n---\n\n" + writer.paper(len(base)).rendered()
        forum, fresh = base.replace("제안합니다", "내놓습니다"), base.replace("높입니다", "올립니다")
    elif kind == "nothing in common":
        base, forum, fresh = ("".join(f"{word} {i}번입니다. " for i in range(3_600)) for word in ("가", "나", "다"))
    else:
        base = "가나다. " * 8_000
        forum, fresh = f"{base[:500]}라. {base}", f"마. {base}"
    started = time.process_time()
    merge(base, forum, fresh)
    assert time.process_time() - started < limit_s
