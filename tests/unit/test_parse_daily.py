"""Reading daily posts back: whatever people did to them, regions are apart, in order, and hold the bullets only."""

from hypothesis import given
from hypothesis import strategies as st

from bot.forum.parse import KnownPaper, KnownPassage
from bot.forum.parse_daily import parse_daily

FIRST = KnownPaper(1, "Lamps at sea", (KnownPassage("summary", "It glows."),), "https://arxiv.org/abs/2611.00001")
SECOND = KnownPaper(2, "Ropes", (KnownPassage("summary", "It holds."),), "https://arxiv.org/abs/2611.00002")
POST = """## Daily Papers (2026-11-10)

### [Lamps at sea](https://arxiv.org/abs/2611.00001)

![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2611.00001.png)

Vote: 5

Authors: Ann Lamp, Bo Wick

- 등불이 빛납니다.
- 밤새 켜져 있습니다.

지난 소개: [Daily Papers (2026-11-03)](https://forum.example/t/7)

### [Ropes](https://arxiv.org/abs/2611.00002)

Vote: 1

- 밧줄이 버팁니다.

---

이 글은 AI 모델로 정리한 것입니다."""
LINES = [*POST.split("\n"), "### Ropes", "* 다른 문장.", "   ", "> 인용", "#", "### [](x)"]


def regions(raw: str) -> list[tuple[int | None, str]]:
    return [(region.paper, raw[region.start : region.end]) for region in parse_daily(raw, [FIRST, SECOND]).regions]


def test_bullets_are_the_regions_and_nothing_of_the_frame_is() -> None:
    assert regions(POST) == [(1, "- 등불이 빛납니다.\n- 밤새 켜져 있습니다."), (2, "- 밧줄이 버팁니다.")]


def test_paper_is_known_by_its_address_when_its_title_was_changed() -> None:
    assert regions(POST.replace("[Ropes]", "[밧줄]"))[1] == (2, "- 밧줄이 버팁니다.")


def test_paper_is_known_by_its_title_when_its_link_is_gone() -> None:
    raw = POST.replace("[Ropes](https://arxiv.org/abs/2611.00002)", "Ropes")
    assert regions(raw)[1] == (2, "- 밧줄이 버팁니다.")


def test_deleted_bullets_leave_an_empty_region_and_a_deleted_paper_none() -> None:
    assert regions(POST.replace("- 밧줄이 버팁니다.", ""))[1] == (2, "")
    without = POST[: POST.index("### [Ropes]")]
    assert parse_daily(without, [FIRST, SECOND]).papers == (1,)


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=40).map("\n".join))
def test_regions_of_any_text_are_in_order_and_apart(raw: str) -> None:
    parsed = parse_daily(raw, [FIRST, SECOND])
    position = 0
    for region in parsed.regions:
        assert position <= region.start <= region.end <= len(raw)
        position = region.end
    assert len(set(parsed.papers)) == len(parsed.papers)
