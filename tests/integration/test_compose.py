"""The weekly post as moderators and readers get it: the community's form, letter by letter, whatever the texts hold."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import ExitStack
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.orm import sessionmaker

from bot.editions import compose
from bot.editions.collect import Collected
from bot.editions.compose import RULE, Frame
from bot.editions.weekly import WEEKLY
from bot.errors import RejectedError
from bot.jobs import editions
from bot.languages.ko import labels
from bot.sandbox import world as sandbox
from bot.sandbox.forum.cook import cook
from bot.store.engine import Sessions
from bot.store.tables import Edition, Revision
from bot.translation import passages
from tests.integration.world import (
    MONDAY,
    PLAIN_FRAME,
    InventedPaper,
    Stage,
    Store,
    list_text,
    on_stage,
    outside_world,
    own_store,
    paper,
    papers,
    recorded,
)

SAMPLE_SKELETON = """\
## Tidewater: 키를 정렬해 움직이는 윈도우로 나누는 준이차(Sub-Quadratic) 어텐션 / Tidewater: Sub-Quadratic Attention \
by Sorting Keys into Moving Windows
### 논문 소개
### 논문 초록(Abstract)
### 논문 링크
https://arxiv.org/abs/2611.90417
### 더 읽어보기
https://x.com/example_reader/status/2119792922396065792
---
## Murmuration
### 논문 소개
### 논문 초록(Abstract)
### 논문 링크
https://arxiv.org/abs/2611.90655
### 더 읽어보기
https://x.com/murmur_example/status/2119967746887655424
---
## 어시스턴트가 답을 모를 때 / When Assistants Do Not Know
### 연구 소개
### 연구 및 논문 링크
https://research.lab.example/posts/when-assistants-do-not-know
### 더 읽어보기
https://x.com/lab_example/status/2120189778561499136
---"""
SAMPLE_TAIL = """\
### 더 읽어보기
https://x.com/example_reader/status/2121531827139788800
---
## 원문
https://github.com/dair-ai/ML-Papers-of-the-Week
---"""


@pytest.fixture(scope="module")
def sample(postgres: str, template: str) -> Iterator[tuple[Stage, int]]:
    """The sample week, collected and drafted once for the tests that only read it."""
    with ExitStack() as stack:
        store = stack.enter_context(own_store(postgres, template, "module_compose_sample"))
        outside = stack.enter_context(sandbox.running())
        stage = stack.enter_context(on_stage(outside, sessionmaker(store.engine)))
        found = editions.collect(stage.sessions, stage.settings(), WEEKLY, str(MONDAY))
        assert isinstance(found, Collected)
        assert stage.draft(found.edition_id).failed == {}
        with stage.sessions.begin() as session:  # the evening before in UTC, past midnight in Seoul
            last = dt.datetime(2026, 11, 15, 15, 30, tzinfo=dt.UTC)
            session.execute(update(Revision).values(created_at=last - dt.timedelta(hours=1)))
            session.execute(update(Revision).where(Revision.id == 3).values(created_at=last))
        yield stage, found.edition_id


@pytest.fixture(scope="module")
def store(postgres: str, template: str) -> Iterator[Store]:
    with own_store(postgres, template, "module_compose") as made:
        yield made


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


@pytest.fixture(scope="module")
def outside() -> Iterator[sandbox.World]:
    with outside_world(papers(3)) as made:
        yield made


@pytest.fixture
def stage(outside: sandbox.World, sessions: Sessions) -> Iterator[Stage]:
    with on_stage(outside, sessions) as made:
        yield made


def _skeleton(raw: str) -> str:
    """Headings, rules and lone addresses, in order."""
    return "\n".join(line for line in raw.splitlines() if re.match(r"#+ |---$|https://\S+$", line))


def _section(raw: str, title: str) -> str:
    """One paper's part of the post, found by the start of its title."""
    (found,) = [part for part in raw.split(RULE) if part.startswith(f"## {title}")]
    return found


# --- the form --------------------------------------------------------------------------------------------------------


def test_a_small_post_letter_by_letter(stage: Stage) -> None:
    edition_id = stage.collected(papers(2, paper(2, abstract=None)))
    stage.draft(edition_id)
    with stage.sessions.begin() as session:
        session.execute(update(Revision).values(created_at=dt.datetime(2026, 11, 16, 1, 0, tzinfo=dt.UTC)))
    raw = stage.raw(
        edition_id, Frame("By :bulb: us", ("First note.", "Second note."), "https://lab.example/list", "UTC")
    )
    opening, rest = raw.split(RULE, 1)
    assert re.fullmatch(r"By :bulb: us\n\n(- [^\n]+\n){1,2}- [^\n]+", opening)
    assert (
        rest
        == """\
## 배 1호: 등불로 항해하기 / Ship 1: Sailing by Lamplight

### 논문 소개

배 1호가 길을 찾는 법을 보입니다. 지도는 필요 없습니다.

> Shows how ship 1 finds its way. It needs no map.

### 논문 초록(Abstract)

배 1호는 밤에 항해합니다. 등불에는 초 100개가 들어갑니다. 배는 멈추지 않습니다. 항구는 멉니다.

> Ship 1 sails at night. Its lamp holds 100 candles. It never stops. The harbor is far away.

### 논문 링크

https://arxiv.org/abs/2611.00001

### 더 읽어보기

https://x.com/reader/status/1

---

## [미번역] Ship 2 / Ship 2

### 논문 소개

배 2호가 길을 찾는 법을 보입니다. 지도는 필요 없습니다.

> Shows how ship 2 finds its way. It needs no map.

### 논문 링크

https://lab.example/projects/2

### 더 읽어보기

https://x.com/reader/status/2

---

## 원문

https://lab.example/list

---

First note.

Second note.

초안 작성: claude-sonnet-5-5 (2026-11-16)""".replace("[미번역]", r"\[미번역\]")
    )


def test_the_sample_week_has_the_communitys_headings_in_order(sample: tuple[Stage, int]) -> None:
    stage, edition_id = sample
    raw = editions.preview(stage.sessions, stage.settings(), edition_id)
    skeleton = _skeleton(raw)
    assert skeleton.startswith(f"---\n{SAMPLE_SKELETON}")
    assert skeleton.endswith(SAMPLE_TAIL)
    papers_found = [line for line in skeleton.splitlines() if line.startswith("## ")]
    assert len(papers_found) == 10 + 1
    assert skeleton.count("---") == 12
    assert skeleton.count("### 더 읽어보기") == 10


def test_no_blanks_at_line_ends_no_doubled_empty_lines_and_every_heading_has_text_under_it(
    sample: tuple[Stage, int],
) -> None:
    stage, edition_id = sample
    raw = editions.preview(stage.sessions, stage.settings(), edition_id)
    lines = raw.split("\n")
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in raw
    assert raw == raw.strip()
    for number, line in enumerate(lines):
        if line.startswith("#"):
            assert (lines[number - 1], lines[number + 1]) == ("", ""), f"blank lines around {line}"
            follower = lines[number + 2]
            assert follower not in ("", "---")
            assert not (line.startswith("### ") and follower.startswith("#"))
        if line == "---":
            assert lines[number - 1] == lines[number + 1] == ""


def test_a_research_page_has_its_three_labels_together(stage: Stage) -> None:
    page = paper(1, links=[("Paper", "https://research.lab.example/posts/lamps")])
    edition_id = stage.collected([page])
    stage.draft(edition_id)
    with stage.sessions.begin() as session:
        session.execute(text("update papers set abstract = 'Taken from elsewhere.'"))
        edition = session.get_one(Edition, edition_id)
        passages.store(session, "abstract", "Taken from elsewhere.", paper_id=edition.items[0].sighting.paper_id)
    found = [line for line in stage.raw(edition_id).splitlines() if line.startswith("### ")]
    assert found == ["### 연구 소개", "### 논문 초록", "### 연구 및 논문 링크"]


def test_all_links_are_kept_tweets_first_without_tracking_and_none_twice(stage: Stage) -> None:
    many = paper(
        1,
        links=[
            ("Paper", "https://arxiv.org/pdf/2611.00001v2"),
            ("Code", "https://github.com/lab/ship?utm_source=list"),
            ("Tweet", "https://twitter.com/reader/status/1?s=20&t=abc"),
            ("Paper", "https://arxiv.org/abs/2611.00001"),
            ("Project", "https://ship.lab.example/"),
            ("Tweet", "https://x.com/reader/status/1"),
            ("Tweet", "https://x.com/other/status/2?s=46"),
        ],
    )
    raw = stage.raw(stage.collected([many]))
    _, links = raw.split("### 논문 링크\n\n")
    assert links.split(RULE)[0] == (
        "https://arxiv.org/abs/2611.00001\n\n"
        "### 더 읽어보기\n\n"
        "https://x.com/reader/status/1\n"
        "https://x.com/other/status/2\n"
        "https://github.com/lab/ship\n"
        "https://ship.lab.example/"
    )


def test_without_another_link_there_is_no_heading_for_more(stage: Stage) -> None:
    raw = stage.raw(stage.collected([paper(1, links=[("Paper", "https://arxiv.org/abs/2611.00001")])]))
    assert labels.READ_MORE not in raw


def test_without_description_there_is_no_heading_for_it(stage: Stage) -> None:
    raw = stage.raw(stage.collected([paper(1, description=("", ""))]))
    assert labels.DESCRIPTION not in raw
    assert labels.ABSTRACT in raw


def test_only_the_first_letter_of_the_description_is_raised(stage: Stage) -> None:
    raw = stage.raw(stage.collected([paper(1, abstract=None, description=("an LLM and GPT-4 meet iPhones.", ""))]))
    assert "> An LLM and GPT-4 meet iPhones.\n" in raw


def test_an_undrafted_edition_shows_what_it_waits_for(stage: Stage) -> None:
    raw = stage.raw(stage.collected(papers(2)))
    assert raw.startswith(labels.INTRODUCTION_WAITS)
    assert raw.count(labels.PAPER_WAITS) == 2
    assert "초안 작성" not in raw
    assert "## Ship 1: Sailing by Lamplight\n" in raw


# --- around the papers -----------------------------------------------------------------------------------------------


def test_the_provenance_names_the_model_and_the_day_of_the_last_draft_in_seoul(sample: tuple[Stage, int]) -> None:
    stage, edition_id = sample
    assert stage.raw(edition_id).splitlines()[-1] == "초안 작성: claude-sonnet-5-5 (2026-11-16)"
    in_utc = Frame(None, (), "https://lab.example/list", "UTC")
    assert stage.raw(edition_id, in_utc).splitlines()[-1] == "초안 작성: claude-sonnet-5-5 (2026-11-15)"


def test_notes_and_byline_come_from_the_settings_and_none_leaves_one_out(sample: tuple[Stage, int]) -> None:
    stage, edition_id = sample
    usual = editions.preview(stage.sessions, stage.settings(), edition_id)
    assert usual.startswith(labels.BYLINE + "\n\n- ")
    closing = [labels.NOTE_MACHINE, labels.NOTE_DIGEST, labels.NOTE_LIKE, "초안 작성: claude-sonnet-5-5 (2026-11-16)"]
    assert usual.split(RULE)[-1] == "\n\n".join(closing)

    changed = stage.settings(byline="none", note_machine="Ours.", note_digest="None", note_like=" none ")
    raw = editions.preview(stage.sessions, changed, edition_id)
    assert raw.startswith("- ")
    assert raw.split(RULE)[-1] == "Ours.\n\n초안 작성: claude-sonnet-5-5 (2026-11-16)"


def test_with_nothing_to_close_with_the_post_ends_at_its_source(stage: Stage) -> None:
    raw = stage.raw(stage.collected(papers(1)))
    assert raw.endswith("## 원문\n\nhttps://lab.example/list")


# --- texts that try something ----------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    """The elements of a cooked page: tag, class and address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found.append((tag, given.get("class") or "", given.get("href") or given.get("src") or ""))

    def handle_data(self, data: str) -> None:
        self.shown += data


HOSTILE = (
    "Before <think> and </think> we saw @user and #tag and :smile: with ](javascript:alert(1)) or "
    "![x](https://evil.example/p.png) or [quote]this[/quote], <script>alert(1)</script>, <b>bold</b>, www.evil.com, "
    "`code`, ~~gone~~, *stars*, __lines__ and $x_1$ | pipe."
)
HOSTILE_KO = (
    "# 제목처럼 보이는 <think> 문장과 @user, :smile:, ](javascript:alert(1)), <img src=x onerror=alert(1)>, "
    "https://evil.example/a 그리고 **별표**입니다."
)
ALLOWED = {
    "p": "", "h2": "", "h3": "", "hr": "", "blockquote": "", "ul": "", "li": "", "br": "",
    "aside": "onebox", "header": "source", "article": "onebox-body", "a": "",
}  # fmt: skip


def test_hostile_texts_change_nothing_on_the_page(sessions: Sessions) -> None:
    listed = [
        InventedPaper(
            rank,
            "Label <think> @user",
            (f"Title {rank} <think> @user :smile: ](javascript:alert(1)) ## x", HOSTILE_KO),
            (HOSTILE.replace(" | pipe", f" {rank}"), HOSTILE_KO),
            (f"{HOSTILE} {rank}", HOSTILE_KO),
            (("Paper", f"https://arxiv.org/abs/2611.0000{rank}"), ("Tweet", f"https://x.com/a_b_/status/{rank}")),
        )
        for rank in (1, 2)
    ]
    with sandbox.running(list_text="", recorded=recorded(listed)) as outside, on_stage(outside, sessions) as stage:
        edition_id = stage.collected(listed)
        assert stage.draft(edition_id).failed == {}
        raw = stage.raw(edition_id)
    page = _Elements()
    page.feed(cook(raw))
    unexpected = [(tag, css) for tag, css, _ in page.found if tag not in ALLOWED or css != ALLOWED[tag]]
    assert unexpected == []
    addresses = {address for _, _, address in page.found if address}
    assert addresses == {
        "https://arxiv.org/abs/2611.00001",
        "https://arxiv.org/abs/2611.00002",
        "https://x.com/a_b_/status/1",
        "https://x.com/a_b_/status/2",
        "https://lab.example/list",
    }
    shown = page.shown.replace("“", '"').replace("”", '"')
    for said in (HOSTILE, HOSTILE_KO, listed[0].title[0]):
        assert said in shown, "readers see every character"
    assert [tag for tag, _, _ in page.found if tag == "h2"] == ["h2"] * 3
    assert [tag for tag, _, _ in page.found if tag == "hr"] == ["hr"] * 4


def test_hostile_rows_of_the_list_itself_change_nothing_either(stage: Stage) -> None:
    row = "reads <think> and </think>, @user, :smile: and [here](javascript:alert(1)) <img src=x onerror=alert(1)>."
    listed = papers(10, paper(1, abstract=None, label="A <think> @user", description=(row, "")))
    stage.upstream.publish_list(list_text(("(November 9 - November 15) - 2026", listed)))
    found = editions.collect(stage.sessions, stage.settings(), WEEKLY, str(MONDAY))
    assert isinstance(found, Collected)
    page = _Elements()
    page.feed(cook(_section(stage.raw(found.edition_id), "A ")))
    assert {tag for tag, _, _ in page.found} <= ALLOWED.keys() | {"img"}
    images = [address for tag, _, address in page.found if tag == "img"]
    assert len(images) == 1, "only the hourglass of our own remark"
    assert "hourglass" in images[0]
    assert "javascript" not in "".join(address for _, _, address in page.found)
    assert "<think> and </think>, @user, :smile:" in page.shown


def test_a_sample_post_cooks_to_its_own_elements_only(sample: tuple[Stage, int]) -> None:
    stage, edition_id = sample
    page = _Elements()
    page.feed(cook(stage.raw(edition_id, PLAIN_FRAME)))
    assert {(tag, css) for tag, css, _ in page.found} <= set(ALLOWED.items())
    assert sum(tag == "h2" for tag, _, _ in page.found) == 11
    assert sum(css == "onebox" for _, css, _ in page.found) == 10 + 11 + 1, "every address is a card of its own"


# --- parts -----------------------------------------------------------------------------------------------------------

BLOCKS = st.lists(st.text(alphabet="가a \n-", min_size=1, max_size=30), min_size=1, max_size=12)


@given(BLOCKS, st.integers(min_value=30, max_value=120))
def test_parts_keep_every_block_whole_in_order_and_under_the_limit(blocks: list[str], limit: int) -> None:
    parts = compose.split(blocks, limit)
    assert all(len(part) <= limit for part in parts)
    assert RULE.join(parts) == RULE.join(blocks)
    starts = {0}
    for block in blocks:
        starts.add(max(starts) + len(block) + len(RULE))
    position = 0
    for part in parts:
        assert position in starts, "a part begins where a block begins"
        position += len(part) + len(RULE)


@given(BLOCKS, st.integers(min_value=30, max_value=120))
def test_no_part_could_have_taken_the_next_block_too(blocks: list[str], limit: int) -> None:
    parts = compose.split(blocks, limit)
    left = list(blocks)
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        taken = 1
        while RULE.join(left[:taken]) != part:
            taken += 1
        left = left[taken:]
        assert following is None or len(part) + len(RULE) + len(left[0]) > limit


def test_a_post_that_fits_exactly_is_one_part_and_a_character_more_makes_two() -> None:
    blocks = ["a" * 10, "b" * 10]
    whole = RULE.join(blocks)
    assert compose.split(blocks, len(whole)) == [whole]
    assert compose.split(blocks, len(whole) - 1) == blocks


def test_a_block_that_alone_is_too_long_is_refused_with_what_to_change() -> None:
    with pytest.raises(RejectedError, match=r"31 characters.*30.*max_post_length"):
        compose.split(["a" * 30, "b" * 31], 30)


def test_the_sample_post_in_parts_is_the_same_post(sample: tuple[Stage, int]) -> None:
    stage, edition_id = sample
    with stage.sessions() as session:
        blocks = compose.weekly_blocks(session, session.get_one(Edition, edition_id), PLAIN_FRAME)
    assert len(blocks) == 12
    parts = compose.split(blocks, 5_000)
    assert len(parts) > 2
    assert RULE.join(parts) == stage.raw(edition_id)
    assert all(part.startswith(("## ", "- ")) for part in parts)
