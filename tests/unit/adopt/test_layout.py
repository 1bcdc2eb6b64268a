"""The pieces of an adopted post: together they are the post, and an edit is found in the passage it was made in."""

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.editions import layout
from bot.forum import adopt_plan
from bot.forum.published import read_post
from bot.store.tables import Layout, Revision, Segment
from tests.unit.adopt.layouts import TITLE, LaidOut, laid_out, recorded_week
from tests.unit.adopt.posts import DAILY, EVERY_FORM, TALK, WEEKLY_2023, WEEKLY_2024

every_form = pytest.mark.parametrize("raw", EVERY_FORM.values(), ids=EVERY_FORM)
LINES = sorted({line for raw in EVERY_FORM.values() for line in raw.split("\n")})
posts = st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=40).map("\n".join)
OTHER = "전혀 다르게 쓴 한 문장입니다."


def segments(post: LaidOut) -> dict[int, Segment]:
    """Each with the revision that was stored from it."""
    return {
        number: Segment(id=number, revisions=[Revision(id=number, text=text, current=True, is_markdown=False)])
        for number, text in post.texts.items()
    }


@every_form
def test_a_stored_post_is_rendered_to_the_same_bytes(raw: str) -> None:
    post = laid_out(raw)
    stored = Layout(pieces=json.loads(json.dumps(layout.to_store(post.pieces))))
    assert layout.rendered(layout.pieces_of(stored), segments(post), (), ()).encode() == raw.encode()


@given(posts)
@example("\r\n## 원문\r\n\x0b### 논문 소개\r\n")
@example("---\n## 주요 내용\n### **1. 가:**")
def test_whatever_stands_in_a_post_its_rendering_is_the_post(raw: str) -> None:
    post = laid_out(raw)
    assert layout.rendered(post.pieces, segments(post), (), ()) == raw


@given(posts, st.data())
def test_another_text_of_one_segment_changes_nothing_else(raw: str, data: st.DataObject) -> None:
    post = laid_out(raw)
    assume(post.texts)
    number = data.draw(st.sampled_from(sorted(post.texts)))
    known = segments(post)
    known[number].revisions = [Revision(id=999, text="새 *문장*입니다.", current=True, is_markdown=True)]
    place = next(i for i, piece in enumerate(post.pieces) if piece.segment == number)
    before = "".join(piece.text for piece in post.pieces[:place])
    behind = "".join(piece.text for piece in post.pieces[place + 1 :])
    assert layout.rendered(post.pieces, known, (), ()) == f"{before}새 *문장*입니다.{behind}"


@given(posts)
def test_every_english_part_is_cut_from_its_passage(raw: str) -> None:
    post = read_post(raw, title=TITLE)
    plan = adopt_plan.plan(post, {item.number for item in post.items})
    for passage in plan.passages.values():
        for unit in passage.units:
            assert 0 <= unit.start <= unit.end <= len(passage.source)
            assert unit.text.strip()
        lines = [unit.line for unit in passage.units]
        assert lines == sorted(lines)


@every_form
def test_in_an_untouched_post_every_run_is_found_where_it_is(raw: str) -> None:
    post = laid_out(raw)
    found = post.find(raw)
    for run in post.runs:
        region = found.find(*run.key)
        assert region is not None
        inside = "".join(piece.text for piece in post.pieces[run.first : run.last + 1])
        assert raw[region.start : region.end] == inside.strip()


@pytest.mark.parametrize("raw", [WEEKLY_2023, WEEKLY_2024, DAILY, TALK])
def test_whichever_sentence_is_written_anew_it_is_found_in_its_run_and_no_other(raw: str) -> None:
    post = laid_out(raw)
    for number in post.texts:
        edited = post.showing(post.texts | {number: OTHER})
        found = post.find(edited)
        for run in post.runs:
            region = found.find(*run.key)
            assert region is not None
            wish = "".join(
                OTHER if piece.segment == number else piece.text for piece in post.pieces[run.first : run.last + 1]
            )
            assert edited[region.start : region.end] == wish.strip()


@given(posts, posts)
def test_regions_lie_in_the_post_and_do_not_overlap_whatever_people_did(raw: str, edited: str) -> None:
    found = laid_out(raw).find(edited)
    end = 0
    for region in found.regions:
        assert end <= region.start <= region.end <= len(edited)
        end = region.end


def test_an_address_in_a_note_does_not_bring_a_paper_back() -> None:
    post = laid_out(WEEKLY_2023)
    start, end = WEEKLY_2023.index("##느린 강"), WEEKLY_2023.index("## 원문")
    gone = {number: text for number, text in post.texts.items() if "느린 강" not in text}
    left_out = LaidOut(post.pieces, post.runs, gone)
    edited = f"{WEEKLY_2023[:start]}뺀 논문: https://arxiv.org/abs/2311.90002\n\n{WEEKLY_2023[end:]}"
    assert left_out.find(edited).papers == (1,)
    assert left_out.find(WEEKLY_2023).papers == (1, 2)


def test_a_recorded_week_in_the_form_of_2024_comes_out_as_it_went_in() -> None:
    raw = recorded_week()
    post = laid_out(raw)
    assert post.text == raw
    read = read_post(raw, title=TITLE)
    plan = adopt_plan.plan(read, {item.number for item in read.items})
    units = [unit for passage in plan.passages.values() for unit in passage.units]
    assert sum(unit.start < unit.end for unit in units) > 0.6 * len(units)
    for number in list(post.texts)[::5]:
        edited = post.showing(post.texts | {number: OTHER})
        run = next(run for run in post.runs if number in run.segments)
        region = post.find(edited).find(*run.key)
        assert region is not None
        assert OTHER in edited[region.start : region.end]
