"""A talk from its video or its transcript to the post, with every passage once and nothing paid twice."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.cli.main import cli
from bot.editions import draft as drafts
from bot.editions import jekyll, markdown, report
from bot.editions.collect import Collected
from bot.editions.compose import Frame
from bot.editions.daily import DAILY
from bot.editions.series import Reach
from bot.editions.talk import TALK, Given, series_for
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.sandbox import world as sandbox
from bot.sandbox.world import World
from bot.store import summary
from bot.store.engine import Sessions
from bot.store.tables import Edition, Passage, Spoken, TalkSection
from bot.translation import passages
from bot.translation.drafting import Again
from tests.integration.world import NOW, PLAIN_FRAME, Stage, Store, user_text

SAMPLE = json.loads((sandbox.SAMPLE / "talk.json").read_text(encoding="utf-8"))
VIDEO = SAMPLE["video_id"]
SPEAKERS = ("Noor Eilander (Harbor Institute)",)
WITH_NOTE = Frame(
    byline=None, notes=("기계가 옮겼습니다.", "메일"), source_page="https://lab.example", zone="Asia/Seoul"
)


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with sandbox.running(follows_suggestions=False) as running:
        yield running


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


def reach(stage: Stage) -> Reach:
    return Reach(stage.sessions, stage.settings(), stage.http, lambda: NOW)


def collect(stage: Stage, given: Given) -> Collected:
    found = series_for(given).collect(reach(stage), given.period)
    assert isinstance(found, Collected)
    return found


def sample(stage: Stage) -> int:
    return collect(stage, Given(video=VIDEO, speakers=SPEAKERS)).edition_id


def article(stage: Stage, edition_id: int, frame: Frame = PLAIN_FRAME) -> str:
    with stage.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        return TALK.article(session, edition, frame).text()


def sources(stage: Stage) -> list[str]:
    """The passages of the only talk, in the order in which they were said."""
    with stage.sessions() as session:
        return list(session.scalars(select(Passage.source).join(Spoken).order_by(Spoken.number)))


def invented(sentences: int, start: int = 0) -> str:
    """A transcript of sentences that the model does not know."""
    told = [
        {
            "start": 7.0 * n,
            "duration": 6.0,
            "text": f"In part {n} the tide {n} rises by {n + 2} steps over the old wall.",
        }
        for n in range(start, start + sentences)
    ]
    return json.dumps(told)


def from_file(stage: Stage, folder: Path, text: str, name: str = "talk.json") -> int:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return collect(stage, Given(transcript=str(path), title="Tides of a Harbor", speakers=("Mina Park",))).edition_id


def calls(stage: Stage, task: str) -> list[str]:
    return [user_text(call) for call in stage.model.calls if call.task == task]


# --- on the command line ---------------------------------------------------------------------------------------------


def run(store: Store, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setenv("DATABASE_URL", store.url)
    return CliRunner().invoke(cli, arguments)


def test_the_command_writes_the_page_and_names_the_file_that_jekyll_wants(
    stage: Stage, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edition_id = sample(stage)
    early = run(store, monkeypatch, "export", f"talk-{VIDEO}", "--format", "jekyll")
    assert early.exit_code == 1
    assert "is not drafted yet" in early.output
    stage.draft(edition_id)
    file = tmp_path / "page.md"
    done = run(store, monkeypatch, "export", f"talk-{VIDEO}", "--format", "jekyll", "--out", str(file))
    with stage.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        assert file.read_text(encoding="utf-8") == jekyll.page(session, edition)
        assert done.exit_code == 0
        assert f"_posts/{jekyll.file_name(edition)}" in done.output


def test_status_counts_the_sections_of_a_talk_and_the_papers_of_a_day(
    stage: Stage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_id = sample(stage)
    day = DAILY.collect(reach(stage), sandbox.SAMPLE_DAY)
    assert isinstance(day, Collected)
    with stage.sessions.begin() as session:
        sections = session.scalars(select(TalkSection).order_by(TalkSection.rank)).all()
        sections[1].failure = "거절되었습니다."
        papers = len(session.get_one(Edition, day.edition_id).items)
        assert summary.segment_counts(session, talk_id, TALK.kinds)[0] > len(sections)
    shown = run(store, monkeypatch, "status").output
    assert re.search(rf"^talk {VIDEO} +drafting +{len(sections)} +1 ", shown, re.MULTILINE)
    assert re.search(rf"^daily {sandbox.SAMPLE_DAY} +drafting +{papers} +- ", shown, re.MULTILINE)


# --- from the video to the post --------------------------------------------------------------------------------------


def test_the_sample_talk_becomes_a_post_of_the_known_form(stage: Stage) -> None:
    edition_id = sample(stage)
    drafted = stage.draft(edition_id)
    assert (drafted.failed, drafted.waiting) == ({}, ())
    assert stage.state(edition_id) == "checked"
    post = article(stage, edition_id, WITH_NOTE)
    watch = f"https://www.youtube.com/watch?v={VIDEO}"
    assert post.startswith(
        f"# [{SAMPLE['title']}]({watch})\n\n* Noor Eilander (Harbor Institute)\n\n{watch}\n\n## 목차\n\n"
        f"* [0:00]({watch}&t=0s) 1. 숫자 하나\n* [0:44]({watch}&t=44s) 2. 230번의 밤\n"
    )
    assert "## 주요 내용\n\n이 발표에서 Noor Eilander는" in post
    bullets = "### **1. 평균 오차가 감추는 것:**\n\n* 1년 동안의 평균 오차는"
    assert bullets in post
    assert (
        f"\n\n**결론적으로,** {SAMPLE['summary']['closing']['ko']}\n\n## 세미나 세부 내용\n\n### 1. 숫자 하나\n" in post
    )
    assert (
        post.endswith("---\n\n기계가 옮겼습니다.\n\n초안 작성: claude-sonnet-5-5 (2026-11-25)") or "초안 작성" in post
    )
    assert labels.TALK_WAITS not in post
    summary = post.partition("## 주요 내용")[2].partition("## 세미나 세부 내용")[0]
    for line in summary.splitlines():
        if line.startswith("* "):
            assert re.search(rf" \(\[\d+:\d\d\]\({re.escape(watch)}&t=\d+s\)\)$", line)


def test_every_sentence_of_the_talk_is_in_the_post_once_and_in_order(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.draft(edition_id)
    details = article(stage, edition_id).partition("## 세미나 세부 내용")[2]
    korean = [markdown.escape_inline(sentence["ko"]) for sentence in SAMPLE["sentences"]]
    places = [details.find(text) for text in korean]
    assert [text for text, place in zip(korean, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert all(details.count(text) == 1 for text in korean)


def test_questions_and_other_voices_are_marked(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.draft(edition_id)
    post = article(stage, edition_id)
    assert "\n\n**질문:** 감사합니다, 정말 좋은 발표였습니다." in post
    assert "\n\n— 저희도 모르고," in post


def test_names_that_were_heard_wrongly_are_put_right_and_shown_to_moderators(stage: Stage) -> None:
    edition_id = sample(stage)
    text = " ".join(sources(stage))
    assert "My name is Noor Eilander" in text
    assert "chat gpt" not in text
    stage.draft(edition_id)
    with stage.sessions() as session:
        told = report.for_moderators(session, session.get_one(Edition, edition_id))
    assert "- chat gpt → **ChatGPT** (용어집, 1회, [0:44]" in told
    assert "- tide water → **Tidewater** (영상 설명, 2회" in told
    assert "자막은 기계가 받아쓴 것" in told
    assert "부분 번호: 1번 One number · 2번" in told


def test_the_model_sees_the_names_so_far_and_the_passage_before(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.draft(edition_id)
    asked = {
        call.data["segments"][0]["text"][:8]: call.data
        for call in stage.model.calls
        if call.task == "translate_talk" and call.data
    }
    last = next(data for start, data in asked.items() if start.startswith("Thank yo") and "before" in data)
    assert {"Noor Eilander", "ChatGPT", "Tidewater"} <= set(last["names"])
    assert last["before"]["en"].endswith("[Applause]")
    assert last["talk"] == {"title": SAMPLE["title"], "speakers": list(SPEAKERS)}


def test_a_second_run_asks_nobody_and_stores_nothing(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.draft(edition_id)
    count = len(stage.model.calls)
    again = TALK.collect(reach(stage), VIDEO)
    assert isinstance(again, Collected)
    assert (again.edition_id, again.new) == (edition_id, False)
    assert stage.draft(edition_id).asked == 0
    assert len(stage.model.calls) == count


def test_a_section_is_drafted_again_but_for_what_a_person_wrote(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.draft(edition_id)
    with stage.sessions.begin() as session:
        section = session.scalars(select(TalkSection).where(TalkSection.rank == 3)).one()
        segment = section.passages[0].segments[1]
        passages.add_revision(
            session,
            segment,
            "사람이 쓴 문장입니다.",
            author_kind="moderator",
            author="sujin",
            reason="edited",
            replacing=passages.current(segment),
        )
    stage.model.marks_redrafts = True
    try:
        done = drafts.redraft(stage.desk(), edition_id, [3], Again(1, "문장을 짧게"))
    finally:
        stage.model.marks_redrafts = False
    assert (done.kept, done.failed) == (1, {})
    assert done.changed == 1
    post = article(stage, edition_id)
    assert "사람이 쓴 문장입니다." in post
    assert post.count("(다시 옮김)") == 1


# --- from a file -----------------------------------------------------------------------------------------------------


def test_a_transcript_alone_needs_a_title_and_has_no_links(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("Mina Park: The tide is high.\n\nMina Park: The wall is old. Is it strong?", encoding="utf-8")
    with pytest.raises(RejectedError, match="--title"):
        _ = Given(transcript=str(path)).period
    edition_id = collect(stage, Given(transcript=str(path), title="Tides of a Harbor")).edition_id
    stage.draft(edition_id)
    post = article(stage, edition_id)
    assert post.startswith("# Tides of a Harbor\n\n## 목차\n\n* 1. ")
    assert "youtube" not in post
    assert "**Mina Park:** " in post


def test_a_video_with_a_transcript_of_its_own_has_links_without_captions(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    path.write_text(invented(20), encoding="utf-8")
    stage.outside.youtube.requests.clear()
    found = collect(stage, Given(video=f"https://youtu.be/{VIDEO}?si=x", transcript=str(path)))
    assert stage.outside.youtube.requests == ["oembed"]
    stage.draft(found.edition_id)
    assert f"* [0:00](https://www.youtube.com/watch?v={VIDEO}&t=0s) 1. " in article(stage, found.edition_id)


def test_another_transcript_of_a_stored_talk_is_told_and_the_first_stays(stage: Stage, tmp_path: Path) -> None:
    first = from_file(stage, tmp_path, invented(20))
    before = sources(stage)
    given = Given(transcript=str(tmp_path / "talk.json"), title="Tides of a Harbor", speakers=("Mina Park",))
    assert collect(stage, given).remarks == ()
    (tmp_path / "talk.json").write_text(invented(30), encoding="utf-8")
    again = collect(stage, given)
    assert (again.edition_id, again.new) == (first, False)
    assert "differs" in again.remarks[0]
    assert sources(stage) == before


def test_a_repeat_in_the_file_is_left_out_and_told(stage: Stage, tmp_path: Path) -> None:
    once = json.loads(invented(20))
    again = [{**cue, "start": cue["start"] + 500} for cue in once]
    edition_id = from_file(stage, tmp_path, json.dumps(once + again))
    assert " ".join(sources(stage)).count("In part 7 ") == 1
    with stage.sessions() as session:
        told = report.for_moderators(session, session.get_one(Edition, edition_id))
    assert "자막에 두 번 들어 있어 한 번 뺀 부분이 있습니다" in told


def test_hostile_words_change_nothing_on_the_page(stage: Stage, tmp_path: Path) -> None:
    lines = [
        "<script>alert(1)</script> [click](javascript:x) @everyone #tag :smile: $x$",
        "# Heading",
        "---",
        "> quote",
    ]
    edition_id = from_file(stage, tmp_path, "\n\n".join(f"{line} and so on." for line in lines), "talk.txt")
    stage.draft(edition_id)
    details = article(stage, edition_id).partition("## 세미나 세부 내용")[2].partition("\n\n---\n\n초안")[0]
    assert "<script" not in details.replace("\\<script", "")
    assert not re.search(r"(?<!\\)\]\(javascript", details)
    assert not re.search(r"^(?:# |---|> )", details, re.MULTILINE)


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_passage_that_cannot_be_drafted_is_marked_and_stops_no_other(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.model.fail_next(
        "refusal",
        times=2,
        match='"text": "So let me begin with the data, because the data is where the trouble starts."',
    )
    drafted = stage.draft(edition_id)
    assert drafted.failed == {2: labels.REFUSED}
    post = article(stage, edition_id)
    assert post.count(labels.TALK_FAILED.format(reason=labels.REFUSED)) == 1
    assert "겨울을 통째로" in post
    with stage.sessions() as session:
        told = report.for_moderators(session, session.get_one(Edition, edition_id))
    assert "2번째 부분을 번역하지 못했습니다" in told
    assert stage.draft(edition_id).failed == {}
    assert labels.TALK_FAILED.split("{")[0] not in article(stage, edition_id)


def test_a_summary_that_names_nothing_is_asked_again_and_then_marked(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.model.fail_next("not_json", times=2, match='"task": "summarize_talk"')
    assert stage.draft(edition_id).failed == {0: labels.UNUSABLE}
    post = article(stage, edition_id)
    assert labels.TALK_SUMMARY_FAILED.format(reason=labels.UNUSABLE) in post
    assert "### 2. Two hundred and thirty nights" in post  # the chapter's own title
    assert stage.draft(edition_id).failed == {}
    assert "### 2. 230번의 밤" in article(stage, edition_id)


def test_a_busy_model_keeps_what_is_done_and_goes_on(stage: Stage) -> None:
    edition_id = sample(stage)
    stage.model.fail_next("rate_limited", match='"text": "Now, the model that I want to show you is called Tidewater."')
    drafted = stage.draft(edition_id, stage.desk(attempts=1))
    assert drafted.waiting == ("section 3",)
    paid = len(calls(stage, "translate_talk"))
    assert stage.draft(edition_id).waiting == ()
    assert len(calls(stage, "translate_talk")) == paid + 1


# --- the checks and the judge ----------------------------------------------------------------------------------------


def test_the_judge_reads_every_section_and_findings_are_stored(stage: Stage, tmp_path: Path) -> None:
    edition_id = from_file(stage, tmp_path, invented(120))
    drafts.draft(stage.desk(judge_model="claude-haiku-5-5"), edition_id, concurrency=4)
    with stage.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        found = report.findings_of(session, edition)
        sections = session.scalar(select(func.count(TalkSection.id)))
    assert len(calls(stage, "judge_paper")) == sections
    assert {one.passage for one in found} >= {passages.TRANSCRIPT}
    assert {one.rank for one in found if one.passage == passages.TRANSCRIPT} == set(range(1, (sections or 0) + 1))


def test_a_number_in_the_summary_that_nobody_said_is_a_finding(stage: Stage) -> None:
    edition_id = sample(stage)
    first = SAMPLE["summary"]["points"][0]["bullets"][0]
    kept, first["ko"] = first["ko"], f"{first['ko']} 참가자는 731명이었습니다."
    talk = stage.model.talks[0]["summary"]["points"][0]["bullets"][0]
    stage_kept, talk["ko"] = talk["ko"], first["ko"]
    try:
        drafts.draft(stage.desk(), edition_id, concurrency=4)
    finally:
        first["ko"], talk["ko"] = kept, stage_kept
    with stage.sessions() as session:
        found = report.findings_of(session, session.get_one(Edition, edition_id))
    assert any(one.passage == passages.OVERVIEW and "731" in one.finding.message for one in found)


# --- as a Jekyll page ------------------------------------------------------------------------------------------------


def test_a_jekyll_page_has_valid_front_matter_and_the_player(stage: Stage) -> None:
    edition_id = sample(stage)
    with stage.sessions() as session, pytest.raises(RejectedError, match="not drafted yet"):
        jekyll.page(session, session.get_one(Edition, edition_id))
    stage.draft(edition_id)
    with stage.sessions() as session:
        edition = session.get_one(Edition, edition_id)
        page, name = jekyll.page(session, edition), jekyll.file_name(edition)
    head, body = re.fullmatch(r"---\n(.*?)---\n\n(.*)", page, re.DOTALL).groups()  # type: ignore[union-attr]
    assert yaml.safe_load(head) == {
        "layout": "post",
        "title": SAMPLE["title"],
        "date": dt.date(2026, 11, 16),
        "categories": ["artificial intelligence"],
        "tags": ["seminar"],
    }
    assert list(yaml.safe_load(head)) == ["layout", "title", "date", "categories", "tags"]
    assert name == "2026-11-16-before-you-average-what-twelve-nights-teach-a-forecasting-mo.md"
    assert body.startswith(f"# [{SAMPLE['title']}](https://www.youtube.com/watch?v={VIDEO})\n\n* Noor Eilander")
    assert body.count("<iframe ") == 1
    assert f'src="https://www.youtube.com/embed/{VIDEO}"' in body
    assert body.index("<iframe") < body.index("## 세미나 세부 내용")
    assert "초안 작성" not in body
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
    assert not re.search(r"[ \t]$", page, re.MULTILINE)


@given(st.text(max_size=80))
def test_front_matter_is_valid_yaml_whatever_the_title(title: str) -> None:
    plain = " ".join(markdown.strip_control(title).split())
    head = jekyll.front_matter(plain, dt.date(2026, 11, 16))
    assert yaml.safe_load(head.strip("-\n")) == yaml.safe_load(head.removeprefix("---\n").removesuffix("---\n"))
    assert yaml.safe_load(head.removeprefix("---\n").removesuffix("---\n"))["title"] == plain
