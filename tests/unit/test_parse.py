"""Finding the Korean of known passages in a post that moderators have worked on."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.forum.parse import KnownPaper, KnownPassage, Parsed, Region, parse_article
from bot.languages.ko import labels
from tests.unit.article import Writer

POST = f"""{labels.BYLINE}

- 첫 소개입니다. 이어집니다.
- 둘째 소개입니다.

---

## 정렬하는 어텐션 / Sorting A / B \\*Attention\\*

### 논문 소개

어텐션을 소개합니다.

- 빠릅니다.

> Introduces attention.
>
> - It is fast.

### 논문 초록(Abstract)

초록의 문장입니다.

> The abstract of attention.

### 논문 링크

https://arxiv.org/abs/2611.90001

---

## Murmur

### 논문 소개

무리를 소개합니다.

> A flock of models.

### 논문 링크

https://arxiv.org/abs/2611.90002

---

## 원문

https://github.com/dair-ai/ML-Papers-of-the-Week

---

{labels.NOTE_LIKE}"""

ATTENTION = KnownPaper(
    1,
    "Sorting A / B *Attention*",
    (
        KnownPassage("title", "Sorting A / B *Attention*"),
        KnownPassage("description", "introduces attention.\n\n- It is fast."),
        KnownPassage("abstract", "The abstract of attention."),
    ),
)
MURMUR = KnownPaper(2, "Murmur", (KnownPassage("title", "Murmur"), KnownPassage("description", "A flock of models.")))
KNOWN = (ATTENTION, MURMUR)

WHOLE = {
    ("introduction", None): "- 첫 소개입니다. 이어집니다.\n- 둘째 소개입니다.",
    ("title", 1): "정렬하는 어텐션",
    ("description", 1): "어텐션을 소개합니다.\n\n- 빠릅니다.",
    ("abstract", 1): "초록의 문장입니다.",
    ("description", 2): "무리를 소개합니다.",
}


def edited(*changes: tuple[str, str]) -> str:
    text = POST
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def found(raw: str, parsed: Parsed) -> dict[tuple[str, int | None], str]:
    return {(region.kind, region.paper): raw[region.start : region.end] for region in parsed.regions}


def read(raw: str, *, has_opening: bool = True) -> dict[tuple[str, int | None], str]:
    return found(raw, parse_article(raw, KNOWN, has_opening=has_opening))


def test_every_passage_of_an_untouched_post_is_found() -> None:
    assert read(POST) == WHOLE
    assert parse_article(POST, KNOWN).papers == (1, 2)


@pytest.mark.parametrize(
    "changes",
    [
        [("## 정렬하는 어텐션 / Sorting A / B \\*Attention\\*", "### 정렬하는 어텐션 / Sorting A/B *attention*  ")],
        [("## 정렬하는 어텐션 / Sorting A / B \\*Attention\\*", "**정렬하는 어텐션 / Sorting A / B \\*Attention\\***")],
        [("### 논문 초록(Abstract)", "### 논문 초록")],
        [("### 논문 초록(Abstract)", "### 요약")],
        [("### 논문 초록(Abstract)", "**논문 초록(Abstract)**")],
        [("### 논문 초록(Abstract)\n\n", "")],
        [("> The abstract of attention.", "> The abstract of this attention.")],
        [("> The abstract of attention.\n\n", "")],
        [("## Murmur\n\n", "")],
        [("## Murmur", "## 무리에 대한 다른 이름")],
        [("## Murmur", "## 무리에 대한 다른 이름"), ("> A flock of models.\n\n", "")],
        [("## Murmur", "운영진의 말입니다.\n\n## Murmur")],
        [("- 첫 소개입니다", "\n\n- 첫 소개입니다")],
        [(labels.BYLINE, f"운영진의 말입니다.\n\n---\n\n{labels.BYLINE}")],
        [(f"{labels.BYLINE}\n\n", "")],
        [("\n\n---\n\n## 정렬", "\n\n## 정렬")],
        [("### 논문 초록(Abstract)\n", "### 논문 초록(Abstract)")],
        [("## Murmur", "```\n## Murmur\n### 논문 소개\n```\n\n## Murmur")],
    ],
    ids=lambda changes: changes[-1][1][:20],
)
def test_what_a_moderator_does_to_the_form_hides_nothing(changes: list[tuple[str, str]]) -> None:
    raw = edited(*changes)
    passages = {key: text for key, text in read(raw).items() if key != ("title", 2)}
    assert passages == WHOLE


def test_title_without_its_english_is_korean_as_a_whole() -> None:
    raw = edited(("## Murmur", "## 무리에 대한 다른 이름"))
    assert read(raw)["title", 2] == "무리에 대한 다른 이름"


def test_english_title_that_was_corrected_stays_english() -> None:
    raw = edited(("Sorting A / B \\*Attention\\*", "Sorting A / B Attentions"))
    assert read(raw)["title", 1] == "정렬하는 어텐션"
    raw = edited(("## Murmur", "## 무리 / Murmurs"))
    assert read(raw)["title", 2] == "무리"


def test_emptied_passage_has_an_empty_region_in_its_place() -> None:
    raw = edited(("초록의 문장입니다.\n\n", ""))
    region = parse_article(raw, KNOWN).find("abstract", 1)
    assert region == Region(raw.index("> The abstract"), raw.index("> The abstract"), "abstract", 1)


def test_deleted_section_has_no_region() -> None:
    start, end = POST.index("### 논문 초록"), POST.index("### 논문 링크")
    assert parse_article(POST[:start] + POST[end:], KNOWN).find("abstract", 1) is None


def test_text_a_moderator_wrote_between_papers_is_in_no_region() -> None:
    raw = edited(
        ("## Murmur", "운영진의 말입니다.\n\n## Murmur"), ("## 원문", "또 한마디.\n\n> 인용\n\n---\n\n## 원문")
    )
    assert all("운영진" not in text and "한마디" not in text for text in read(raw).values())


def test_our_line_about_a_missing_translation_is_in_no_region() -> None:
    raw = edited(("### 논문 초록(Abstract)\n\n초록의 문장입니다.", f"{labels.PAPER_WAITS}\n\n초록의 문장입니다."))
    assert read(raw)["abstract", 1] == "초록의 문장입니다."


def test_pasted_copy_of_a_paper_is_not_the_paper() -> None:
    block = POST[POST.index("## 정렬") : POST.index("## Murmur")]
    raw = POST.replace("## 원문", f"{block.replace('초록의', '베낀')}## 원문")
    assert read(raw) == WHOLE


def test_papers_in_another_order_are_found() -> None:
    a, b, c = (POST.index(mark) for mark in ("## 정렬", "## Murmur", "## 원문"))
    raw = POST[:a] + POST[b:c] + POST[a:b] + POST[c:]
    assert read(raw) == WHOLE
    assert parse_article(raw, KNOWN).papers == (2, 1)


def test_later_part_has_no_introduction() -> None:
    raw = "운영진의 말입니다.\n\n---\n\n" + POST[POST.index("## Murmur") :]
    assert read(raw, has_opening=False) == {("description", 2): "무리를 소개합니다."}


def test_paper_named_in_another_heading_is_not_that_paper() -> None:
    raw = edited(("## 원문", "## Murmur 논문을 읽고\n\n한마디.\n\n## 원문"))
    assert read(raw) == WHOLE


def test_post_of_2023_with_bullets_is_found() -> None:
    raw = "## Murmur\n\n### 논문 소개\n\n- 무리를 소개합니다.\n  > A flock of models.\n"
    assert found(raw, parse_article(raw, [MURMUR])) == {("description", 2): "- 무리를 소개합니다."}


pieces = st.sampled_from(
    [line for line in POST.split("\n") if line] + ["", "---", "> ", "## ", "```", "# #", "* * *", "###"]
)
mess = (
    st.lists(pieces, max_size=25).map("\n".join)
    | st.text(max_size=60)
    | st.permutations(POST.split("\n\n")).map("\n\n".join)
)


@given(mess, st.booleans())
@example("운영진의 말\n* * *\n무리를 소개합니다.\n> A flock of models.", True)
def test_regions_of_any_text_are_in_order_apart_and_trimmed(raw: str, has_opening: bool) -> None:
    regions = parse_article(raw, KNOWN, has_opening=has_opening).regions
    position = 0
    for region in regions:
        assert position <= region.start <= region.end <= len(raw)
        position = region.end
        text = raw[region.start : region.end]
        assert text.strip("\n") == text
    assert len({(region.kind, region.paper) for region in regions}) == len(regions)


@pytest.mark.parametrize("seed", range(20))
def test_generated_articles_are_found_whole(seed: int) -> None:
    article = Writer(random.Random(seed)).article()
    raw = article.rendered()
    here = found(raw, parse_article(raw, article.known()))
    for paper in article.papers:
        for kind, text in (("description", paper.description), ("abstract", paper.abstract)):
            assert ((kind, paper.key) in here) == (text is not None)
            if text is not None:
                assert bool(here[kind, paper.key]) == (text.korean is not None)
