"""What a person did to the sentences of a passage, read from its text on the forum."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forum.align import Aligned, align, longest_rise
from bot.languages.ko import sentences

A = "본 논문에서는 키를 정렬하는 어텐션을 제안합니다."
B = "윈도우가 내용에 따라 움직이므로 도달할 수 없는 토큰은 없습니다."
C = "최대 100만 토큰에서 3.4배 빠르고 메모리를 62.5% 적게 사용합니다."
D = "코드는 공개되어 있습니다."
OLD = (A, B, C, D)
NOTE = "번역을 다듬었습니다."


def states(aligned: Aligned) -> list[str]:
    return [fate.state + ("+moved" if fate.moved else "") for fate in aligned.fates]


def texts(aligned: Aligned) -> list[str]:
    return [fate.text for fate in aligned.fates]


def test_passage_as_it_was_is_unchanged() -> None:
    aligned = align(OLD, " ".join(OLD))
    assert aligned.is_unchanged
    assert texts(aligned) == list(OLD)


def test_one_word_changed_changes_one_segment() -> None:
    changed = B.replace("토큰", "낱말")
    aligned = align(OLD, " ".join((A, changed, C, D)))
    assert states(aligned) == ["unchanged", "changed", "unchanged", "unchanged"]
    assert aligned.fates[1].text == changed


def test_sentence_typed_anew_takes_the_place_of_the_old_one() -> None:
    aligned = align(OLD, " ".join((A, "완전히 다르게 쓴 말이다.", C, D)))
    assert states(aligned) == ["unchanged", "changed", "unchanged", "unchanged"]
    assert aligned.fates[1].text == "완전히 다르게 쓴 말이다."


def test_whole_passage_typed_anew_is_taken_sentence_by_sentence() -> None:
    aligned = align((A, B), "첫 줄이다. 그다음 줄이다. 끝 줄이다.")
    assert texts(aligned) == ["첫 줄이다.", "그다음 줄이다. 끝 줄이다."]


def test_deleted_sentence_is_deleted() -> None:
    aligned = align(OLD, " ".join((A, C, D)))
    assert states(aligned) == ["unchanged", "deleted", "unchanged", "unchanged"]
    assert aligned.order == (0, 2, 3)


def test_emptied_passage_deletes_every_sentence() -> None:
    assert states(align(OLD, " \n")) == ["deleted"] * 4


@pytest.mark.parametrize(
    ("place", "owner", "text"),
    [(0, 0, f"{NOTE} {A}"), (1, 0, f"{A} {NOTE}"), (3, 2, f"{C} {NOTE}"), (4, 3, f"{D} {NOTE}")],
)
def test_added_sentence_belongs_to_the_segment_before_it_or_the_first(place: int, owner: int, text: str) -> None:
    aligned = align(OLD, " ".join((*OLD[:place], NOTE, *OLD[place:])))
    assert [i for i, fate in enumerate(aligned.fates) if fate.state != "unchanged"] == [owner]
    assert aligned.fates[owner].text == text


def test_sentence_added_beside_a_changed_one_leaves_the_next_alone() -> None:
    changed = B.replace("윈도우", "창")
    aligned = align(OLD, " ".join((A, changed, NOTE, C, D)))
    assert texts(aligned) == [A, f"{changed} {NOTE}", C, D]


def test_sentences_in_another_order_are_moved_and_unchanged() -> None:
    aligned = align(OLD, " ".join((A, C, D, B)))
    assert states(aligned) == ["unchanged", "unchanged+moved", "unchanged", "unchanged"]
    assert aligned.order == (0, 2, 3, 1)


def test_sentence_moved_and_changed_is_recognised() -> None:
    changed = B.replace("없습니다", "없다고 합니다")
    aligned = align(OLD, " ".join((A, C, D, changed)))
    assert aligned.fates[1].text == changed
    assert aligned.fates[1].moved


def test_sentence_cut_in_two_stays_one_segment() -> None:
    cut = "윈도우가 내용에 따라 움직입니다. 그래서 도달할 수 없는 토큰은 없습니다."
    assert texts(align(OLD, " ".join((A, cut, C, D)))) == [A, cut, C, D]


def test_segment_of_two_sentences_and_one_without_end_mark_are_found_whole() -> None:
    old = (f"{A} {B}", "코드 공개", C)
    changed = C.replace("빠르고", "빠르며")
    aligned = align(old, " ".join((old[0], old[1], changed)))
    assert texts(aligned) == [old[0], "코드 공개", changed]


def test_bullets_are_no_part_of_the_segments() -> None:
    changed = C.replace("빠르고", "빠르며")
    aligned = align(OLD, f"- {A} {B}\n- {changed} {D}")
    assert texts(aligned) == [A, B, changed, D]


def test_added_bullet_and_paragraph_stay_as_they_were_written() -> None:
    aligned = align(OLD, f"- {A} {B}\n- {NOTE}\n- {C} {D}\n\n끝으로 한마디.")
    assert texts(aligned) == [A, f"{B}\n- {NOTE}", C, f"{D}\n\n끝으로 한마디."]


def test_equal_sentences_keep_their_order() -> None:
    aligned = align((A, D, B, D), " ".join((A, D, B, D)))
    assert aligned.is_unchanged


def test_pasted_copy_is_an_addition() -> None:
    aligned = align((A, B), f"{A} {B}\n\n{A} {B}")
    assert texts(aligned) == [A, f"{B}\n\n{A} {B}"]


def test_segment_without_text_takes_what_was_written_for_it() -> None:
    aligned = align(("", ""), "사람이 옮긴 문장입니다.")
    assert states(aligned) == ["changed", "unchanged"]


def test_quote_and_address_in_the_region_belong_to_no_segment() -> None:
    aligned = align(OLD, f"{A}\n\n> We propose it.\n\nhttps://forum.example/t/1\n\n{C} {D}")
    assert states(aligned) == ["unchanged", "deleted", "unchanged", "unchanged"]
    assert aligned.others == ("> We propose it.", "https://forum.example/t/1")


def test_sentence_that_stands_elsewhere_in_the_post_is_displaced_not_deleted() -> None:
    region = " ".join((A, C, D))
    aligned = align(OLD, region, f"{region}\n\n---\n\n{B}")
    assert states(aligned) == ["unchanged", "displaced", "unchanged", "unchanged"]


def test_sentence_of_another_passage_is_no_new_wording() -> None:
    aligned = align((A, B), f"{A} {C}", f"{A} {C}\n\n{B} {D}", (C, D))
    assert states(aligned) == ["unchanged", "displaced"]
    assert aligned.others == (C,)


def test_words_put_before_a_sentence_belong_to_it() -> None:
    assert texts(align(OLD, " ".join((A, "다만,", *OLD[1:])))) == [A, f"다만, {B}", C, D]


def test_text_without_any_segment_is_handed_back() -> None:
    assert align((), " 사람이 쓴 글. ").unassigned == "사람이 쓴 글."


@pytest.mark.parametrize(
    "parts",
    [
        ["정확도는 91.2%에서 93.5%로 올랐습니다.", "끝."],
        ["예를 들어 e.g. 검색이 있습니다.", "이와 같습니다."],
        ["이것은 (예: 가나다. 라마바.) 같은 것입니다.", "그렇습니다."],
        ["정말입니까?", "그렇습니다!", "좋네요…", "끝"],
        [r"정말????\?".replace("????", "???"), "그렇습니다."],
        ['"그렇다."', "라고 적었습니다."],
        ["Kim et al. 은 이를 보였습니다.", "GPT-4.", "그리고 끝."],
        ["1. 첫째입니다.", "2. 둘째입니다."],
        ["괄호 (가 닫히지 않았습니다.", "그래도 끝납니다."],
        ["코드는 https:/<!-- -->/code.example.<!-- -->com 에 있습니다.", "끝."],
    ],
)
def test_line_is_cut_into_its_sentences(parts: list[str]) -> None:
    line = " ".join(parts)
    assert [line[start:end] for start, end in sentences.split(line)] == parts


words = st.sampled_from(
    [*OLD, NOTE, "- ", "\n", "\n\n", "> ", "(", ")", ". ", "가나. ", "e.g. ", "## ", "3.4 ", "\\", " "]
)
mess = st.lists(words, max_size=14).map(" ".join) | st.text(alphabet="가. \n-(a)", max_size=30)


@given(st.text(max_size=30) | mess)
def test_cutting_loses_nothing_but_blanks(text: str) -> None:
    line = text.replace("\n", " ")
    spans = sentences.split(line)
    assert "".join("".join(line[a:b].split()) for a, b in spans) == "".join(line.split())
    assert all(a < b for a, b in spans)
    assert spans == sorted(spans)


@given(st.lists(st.sampled_from([*OLD, "가나.", "- 가나", "", "a\n\nb"]), max_size=5), mess)
def test_nothing_of_the_region_is_lost(old: list[str], region: str) -> None:
    aligned = align(old, region)
    assert len(aligned.fates) == len(old)
    spans = [(aligned.fates[number].start, aligned.fates[number].end) for number in aligned.order]
    assert spans == sorted(spans)
    assert [region[a:b] for a, b in spans] == [aligned.fates[number].text for number in aligned.order]
    rest = region.replace(aligned.unassigned, "", 1) if aligned.unassigned else region
    for a, b in reversed(spans):
        rest = rest[:a] + rest[b:]
    for line in aligned.others:
        rest = rest.replace(line, "", 1)
    assert not re.sub(r"(?m)^[ \t]*[-*+](?=[ \t]|$)", "", rest).strip()


@given(st.lists(st.integers(0, 30), unique=True, max_size=12))
def test_longest_rise_is_rising_and_no_shorter_than_any_greedy_one(numbers: list[int]) -> None:
    rise = [number for number in numbers if number in longest_rise(numbers)]
    assert rise == sorted(rise)
    for i in range(len(numbers)):
        greedy = [numbers[i]]
        for number in numbers[i + 1 :]:
            if number > greedy[-1]:
                greedy.append(number)
        assert len(rise) >= len(greedy)
