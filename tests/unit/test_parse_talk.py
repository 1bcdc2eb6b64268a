"""Reading a talk's post: regions whatever people did to it, and nothing of the frame inside a sentence."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.forum.parse_talk import KnownSection, parse_talk, readable

LINK = "https://www.youtube.com/watch?v=abcDEF123_-"
KNOWN = (KnownSection(11, 1, 0.0), KnownSection(12, 2, 61.4))
POST = f"""# [A Talk]({LINK})

* Mina Park

## 목차

* [0:00]({LINK}&t=0s) 1. 첫 부분
* [1:01]({LINK}&t=61s) 2. 둘째 부분

## 주요 내용

여는 문장입니다.

### **1. 요점:**

* 요점 문장입니다. ([1:01]({LINK}&t=61s))

**결론적으로,** 닫는 문장입니다.

## 세미나 세부 내용

### 1. 첫 부분

[0:00]({LINK}&t=0s)

첫 문장입니다.

### 2. 둘째 부분

[1:01]({LINK}&t=61s)

**질문:** 질문 문장입니까?

— 대답입니다.

---

끝에 붙는 말
"""


def texts(raw: str) -> dict[tuple[str, int | None], str]:
    shown = readable(raw)
    return {(region.kind, region.paper): shown[region.start : region.end] for region in parse_talk(raw, KNOWN).regions}


def words(text: str) -> str:
    return " ".join(text.split())


def test_each_text_has_its_region_without_the_frame() -> None:
    found = {key: words(text) for key, text in texts(POST).items()}
    assert found == {
        ("overview", None): "여는 문장입니다. 요점 * 요점 문장입니다. 닫는 문장입니다.",
        ("outline", 11): "첫 부분",
        ("transcript", 11): "첫 문장입니다.",
        ("outline", 12): "둘째 부분",
        ("transcript", 12): "질문 문장입니까? 대답입니다.",
    }


def test_a_section_is_known_by_its_moment_when_its_number_is_gone_and_the_other_way_round() -> None:
    without_number = POST.replace("### 2. 둘째 부분", "### 완전히 다른 제목")
    assert words(texts(without_number)["outline", 12]) == "완전히 다른 제목"
    without_link = POST.replace(f"[1:01]({LINK}&t=61s)\n\n**질문", "**질문")
    assert words(texts(without_link)["transcript", 12]) == "질문 문장입니까? 대답입니다."


def test_sections_that_changed_places_keep_their_own_text() -> None:
    first, second = POST.index("### 1. 첫"), POST.index("### 2. 둘째")
    end = POST.index("---\n\n끝")
    swapped = POST[:first] + POST[second:end] + POST[first:second] + POST[end:]
    assert words(texts(swapped)["transcript", 11]) == "첫 문장입니다."
    assert parse_talk(swapped, KNOWN).papers == (12, 11)


@given(st.text(max_size=300), st.integers(0, len(POST)), st.integers(0, 200))
def test_nothing_that_people_do_to_a_post_breaks_reading_it(put: str, at: int, gone: int) -> None:
    raw = POST[:at] + put + POST[at + gone :]
    shown = readable(raw)
    assert len(shown) == len(raw)
    regions = parse_talk(raw, KNOWN).regions
    assert all(0 <= region.start <= region.end <= len(raw) for region in regions)
    assert all(a.end <= b.start for a, b in itertools.pairwise(regions))
