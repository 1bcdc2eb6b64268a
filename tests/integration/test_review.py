"""Moderators work in the forum: their edits, decisions and instructions are taken in, and nothing of theirs is lost."""

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, select
from sqlalchemy.orm import sessionmaker

from bot import clock
from bot.editions import compose, report
from bot.editions.collect import Collected
from bot.editions.weekly import WEEKLY
from bot.forum import review, sweep
from bot.forum.discourse import Discourse
from bot.forum.review import Reading
from bot.jobs import editions
from bot.jobs import review as reviewing
from bot.sandbox import world as sandbox
from bot.sandbox.forum.state import Mode, Post
from bot.sandbox.recorded import Translations
from bot.sandbox.world import MODERATOR, World
from bot.settings import Settings
from bot.store.engine import Sessions, make_engine
from bot.store.tables import Edition, EditionItem, Instruction, Notice, Omission, Revision, Segment, Topic
from bot.translation import passages
from tests.conftest import execute

DAY = dt.date(2026, 11, 9)


@dataclass
class Desk:
    """A submitted sample week, and the moderator's hands."""

    world: World
    settings: Settings
    sessions: Sessions
    forum: Discourse

    @cached_property
    def topic_row_id(self) -> int:
        with self.sessions() as session:
            return session.scalars(select(Topic.id)).one()

    @property
    def topic_id(self) -> int:
        with self.sessions() as session:
            found = session.get_one(Topic, self.topic_row_id).discourse_id
        assert found is not None
        return found

    @property
    def first(self) -> Post:
        return self.world.forum.posts(self.topic_id)[0]

    @property
    def state(self) -> str:
        with self.sessions() as session:
            return session.get_one(Topic, self.topic_row_id).edition.state

    def edit(self, old: str, new: str, by: str = MODERATOR) -> None:
        raw = self.first.raw
        assert raw.count(old) == 1, f"{old!r} stands {raw.count(old)} times"
        self.world.forum.edit_post(by, self.first.id, raw.replace(old, new))

    def read(self, now: dt.datetime | None = None) -> Reading:
        return reviewing.read_topic(self.sessions, self.settings, self.forum, self.topic_row_id, now=now or clock.now())

    def say(self, raw: str, *, by: str = MODERATOR, whisper: bool = True, to: int | None = None) -> Post:
        if len(raw) < 20:  # the forum takes no shorter post
            raw += "\n\n오늘 저녁에 다시 보려고 합니다."
        return self.world.forum.reply(by, topic_id=self.topic_id, raw=raw, whisper=whisper, reply_to_post_number=to)

    def bot_says(self) -> list[str]:
        return [post.raw for post in self.world.forum.posts(self.topic_id)[1:] if post.user_id == self.first.user_id]

    def current(self, text: str) -> Revision | None:
        with self.sessions() as session:
            return session.scalars(select(Revision).where(Revision.current, Revision.text == text)).one_or_none()

    def sentence(self, rank: int, kind: str, position: int = 0) -> str:
        """The current Korean of a segment, which stands in the post as it is."""
        with self.sessions() as session:
            edition = session.get_one(Topic, self.topic_row_id).edition
            item = next(item for item in edition.items if item.rank == rank)
            known = passages.load_all(session, edition)
            own = next(
                passage
                for passage in known
                if passage.kind == kind
                and (passage.paper_id == item.sighting.paper_id or passage.sighting_id == item.sighting_id)
            )
            revision = passages.current(own.segments[position])
            assert revision is not None
            return revision.text


@dataclass(frozen=True)
class Submitted:
    """A sample week that was submitted once: its database to clone, and its forum to open again."""

    mode: Mode
    database: str
    forum_file: Path


@pytest.fixture(scope="module", params=["now", "2022"])
def submitted(
    request: pytest.FixtureRequest, postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Submitted:
    mode: Mode = request.param
    database = f"review_{mode}"
    forum_file = tmp_path_factory.mktemp(f"forum-{mode}") / "forum.json"
    execute(postgres, f"create database {database} template {template}")
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(postgres).set(database=database), mode, forum_file)
        found = editions.collect(desk.sessions, desk.settings, WEEKLY, str(DAY))
        assert isinstance(found, Collected)
        editions.draft(desk.sessions, desk.settings, found.edition_id)
        editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum)
    return Submitted(mode, database, forum_file)


@pytest.fixture
def desk(submitted: Submitted, postgres: str, tmp_path: Path) -> Iterator[Desk]:
    execute(postgres, f"create database reviewed template {submitted.database}")
    forum_file = tmp_path / "forum.json"
    shutil.copy(submitted.forum_file, forum_file)
    with ExitStack() as stack:
        yield open_desk(stack, make_url(postgres).set(database="reviewed"), submitted.mode, forum_file)
    execute(postgres, "drop database reviewed with (force)")


def open_desk(stack: ExitStack, url: URL, mode: Mode, forum_file: Path | None) -> Desk:
    world = stack.enter_context(sandbox.running(mode=mode, forum_file=forum_file))
    settings = Settings(_env_file=None, database_url=url.render_as_string(hide_password=False), **world.settings)
    engine = make_engine(url)
    stack.callback(engine.dispose)
    forum = stack.enter_context(editions.forum_of(settings))
    return Desk(world, settings, sessionmaker(engine), forum)


class NewWords(Translations):
    """Another translator, so that a redraft can be told from the first draft."""

    def title(self, english: str) -> str:
        return f"다시 옮긴 제목 {len(english)}"

    def passage(self, segments: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"새 문장 {number}입니다." for number, _ in enumerate(segments))


def answer_anew(desk: Desk) -> None:
    desk.world.model.translations = NewWords()


def test_report_is_whispered_once_beside_a_new_draft(desk: Desk) -> None:
    desk.read()
    reports = [post for post in desk.world.forum.posts(desk.topic_id) if "먼저 읽을 문장" in post.raw]
    assert len(reports) == 1
    assert reports[0].post_type == 4


def test_reading_an_untouched_draft_changes_nothing(desk: Desk) -> None:
    before = desk.first.raw
    calls = len(desk.world.forum.calls)
    reading = desk.read()
    assert (reading.news, reading.edited_parts, reading.pushed_parts) == ([], [], [])
    assert desk.first.raw == before
    assert desk.state == "submitted"
    assert len(desk.world.forum.calls) == calls + 1


def test_edited_sentence_becomes_the_moderators_revision(desk: Desk) -> None:
    old = desk.sentence(5, "abstract", 1)
    desk.edit(old, "사람이 새로 쓴 문장입니다.")
    reading = desk.read()
    assert reading.changed == 1
    revision = desk.current("사람이 새로 쓴 문장입니다.")
    assert revision is not None
    assert (revision.author_kind, revision.author) == ("moderator", MODERATOR)
    assert desk.state == "in_review"


def test_persons_sentence_survives_every_later_rendering(desk: Desk) -> None:
    desk.edit(desk.sentence(5, "abstract", 1), "사람이 새로 쓴 문장입니다.")
    desk.read()
    desk.say("5번 다시 번역: 더 짧게")
    answer_anew(desk)
    desk.read()
    assert "사람이 새로 쓴 문장입니다." in desk.first.raw
    assert "다시 옮긴 제목" in desk.first.raw
    assert any("이 논문을 다시 번역했습니다: 5번" in raw for raw in desk.bot_says())


def test_note_between_papers_stays_exactly_where_it_was_put(desk: Desk) -> None:
    desk.edit(
        "\n\n---\n\n## Murmuration", "\n\n> **운영자 한마디:** 아래 논문은 꼭 읽어 보세요!\n\n---\n\n## Murmuration"
    )
    desk.read()
    desk.say("2번 다시 번역")
    answer_anew(desk)
    desk.read()
    raw = desk.first.raw
    assert "꼭 읽어 보세요!\n\n---\n\n## Murmuration\n\n### 논문 소개\n\n새 문장 0입니다." in raw


def test_deleted_sentence_stays_away(desk: Desk) -> None:
    gone = desk.sentence(2, "abstract", 2)
    desk.edit(f" {gone}", "")
    desk.read()
    with desk.sessions() as session:
        assert len(session.scalars(select(Omission)).all()) == 1
        topic = session.get_one(Topic, desk.topic_row_id)
        rendered = compose.weekly_blocks(session, topic.edition, compose.frame_of(desk.settings))
    assert gone not in compose.RULE.join(rendered)
    desk.say("2번 다시 번역")
    desk.read()
    assert gone not in desk.first.raw


def test_paper_taken_out_by_a_moderator_stays_out(desk: Desk) -> None:
    raw = desk.first.raw
    start = raw.index("## Murmuration")
    end = raw.index("\n## ", start + 5)
    desk.world.forum.edit_post(MODERATOR, desk.first.id, raw[:start] + raw[end + 1 :])
    desk.read()
    with desk.sessions() as session:
        dropped = session.scalars(select(EditionItem).where(EditionItem.dropped_by == MODERATOR)).all()
        assert [item.sighting.label for item in dropped] == ["Murmuration"]
    desk.read()
    assert "Murmuration\n\n### 논문 소개" not in desk.first.raw


def test_own_markup_of_a_moderator_is_kept_letter_by_letter(desk: Desk) -> None:
    desk.edit(desk.sentence(2, "abstract", 0), "이 모델은 **정말로** [공개](https://lab.example/open)됩니다.")
    desk.read()
    desk.say("3번 다시 번역")
    desk.read()
    assert "이 모델은 **정말로** [공개](https://lab.example/open)됩니다." in desk.first.raw


def test_publication_is_noticed_and_history_loss_changes_nothing(desk: Desk) -> None:
    desk.edit(desk.sentence(5, "abstract", 1), "공개 전에 고친 문장입니다.")
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    reading = desk.read()
    assert "published" in reading.news
    assert desk.state == "published"
    assert desk.current("공개 전에 고친 문장입니다.") is not None
    assert "공개 전에 고친 문장입니다." in desk.first.raw
    assert desk.read().news == []


def test_deleted_draft_is_a_rejection_and_restoring_it_takes_it_back(desk: Desk) -> None:
    desk.world.forum.delete_topic(MODERATOR, desk.topic_id)
    assert desk.read().news == ["rejected"]
    assert desk.state == "rejected"
    desk.world.forum.recover_topic(MODERATOR, desk.topic_id)
    assert "restored" in desk.read().news
    assert desk.state == "submitted"


def test_unlisting_a_published_article_withdraws_it(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    desk.world.forum.set_status(MODERATOR, desk.topic_id, "visible", False)
    assert desk.read().news == ["withdrawn"]
    desk.world.forum.set_status(MODERATOR, desk.topic_id, "visible", True)
    assert desk.read().news == ["published"]


def test_title_and_destination_of_a_moderator_are_taken_over_not_undone(desk: Desk) -> None:
    desk.world.forum.edit_topic(MODERATOR, desk.topic_id, title="이번 주에 꼭 읽어야 할 머신러닝 논문 열 편")
    reading = desk.read()
    assert "title changed" in reading.news
    assert desk.world.forum.topic(desk.topic_id).title == "이번 주에 꼭 읽어야 할 머신러닝 논문 열 편"
    with desk.sessions() as session:
        assert session.get_one(Topic, desk.topic_row_id).title == "이번 주에 꼭 읽어야 할 머신러닝 논문 열 편"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("결과 다시", "먼저 읽을 문장"),
        ("설명", "저는 이 글을"),
        ("@paperbot 이거 좀 이상하지 않아요?", "알아듣지 못해"),
        ("17번 빼줘", "17번 논문이 이 글에 없습니다"),
    ],
)
def test_every_instruction_is_answered_once(desk: Desk, said: str, answer: str) -> None:
    before = len(desk.bot_says())
    desk.say(said)
    desk.read()
    desk.read()
    answers = desk.bot_says()[before:]
    assert len(answers) == 1
    assert answer in answers[0]


def test_dropped_paper_leaves_the_post_and_the_rest_stands(desk: Desk) -> None:
    before = desk.first.raw
    desk.say("2번 빼줘")
    desk.read()
    after = desk.first.raw
    assert "## Murmuration" in before
    assert "## Murmuration" not in after
    assert after.count("\n## ") == before.count("\n## ") - 1
    assert after.count("### 논문 링크") + after.count("### 연구 및 논문 링크") == 9


def test_held_draft_is_not_touched_until_it_is_released(desk: Desk) -> None:
    desk.say("보류")
    desk.read()
    before = desk.first.raw
    desk.say("2번 빼줘")
    desk.read()
    assert desk.first.raw == before
    desk.say("보류 해제")
    desk.read()
    assert "## Murmuration" not in desk.first.raw


def test_instructions_of_others_are_ignored(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.say("2번 빼줘", by="minji", whisper=False)
    desk.read()
    with desk.sessions() as session:
        assert session.scalars(select(Instruction)).all() == []
    assert "## Murmuration" in desk.first.raw


def test_told_rejection_is_recorded_with_who_said_it(desk: Desk) -> None:
    desk.say("반려")
    desk.read()
    assert desk.state == "rejected"
    assert any("반려한 것으로 기록" in raw for raw in desk.bot_says())


def test_untouched_draft_reminds_once_after_a_day(desk: Desk) -> None:
    assert review.remind(desk.sessions, desk.forum, now=clock.now()) == 0
    tomorrow = clock.now() + dt.timedelta(days=1, minutes=1)
    assert review.remind(desk.sessions, desk.forum, now=tomorrow) == 1
    assert review.remind(desk.sessions, desk.forum, now=tomorrow + dt.timedelta(days=3)) == 0
    assert sum("본 분이 없습니다" in raw for raw in desk.bot_says()) == 1


def test_draft_that_somebody_answered_in_does_not_remind(desk: Desk) -> None:
    desk.say("오늘 저녁에 볼게요")
    desk.read()
    assert review.remind(desk.sessions, desk.forum, now=clock.now() + dt.timedelta(days=2)) == 0


def test_both_changed_the_same_sentence_and_the_persons_stays(desk: Desk) -> None:
    old = desk.sentence(5, "abstract", 1)
    with desk.sessions.begin() as session:
        revision = session.scalars(select(Revision).where(Revision.current, Revision.text == old)).one()
        segment = session.get_one(Segment, revision.segment_id)
        passages.add_revision(
            session,
            segment,
            "봇이 준비한 문장입니다.",
            author_kind="model",
            author="claude-sonnet-5-5",
            reason="drafted again",
            replacing=revision,
        )
    desk.edit(old, "사람이 고친 문장입니다.")
    desk.read()
    assert "사람이 고친 문장입니다." in desk.first.raw
    assert "봇이 준비한 문장입니다." not in desk.first.raw
    offers = [raw for raw in desk.bot_says() if "봇이 준비한 문장입니다." in raw]
    assert len(offers) == 1
    desk.read()
    assert len([raw for raw in desk.bot_says() if "봇이 준비한 문장입니다." in raw]) == 1


def test_sweeps_find_what_no_webhook_told(desk: Desk) -> None:
    now = clock.now()
    desk.read(now)
    assert sweep.topics(desk.sessions, desk.forum, now=now) == []
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    assert sweep.topics(desk.sessions, desk.forum, now=now) == [desk.topic_row_id]
    desk.read()
    assert sweep.posts(desk.sessions, desk.forum, now=now) == []
    desk.say("좋은 글 감사합니다. 잘 읽었습니다!", by="minji", whisper=False)
    assert sweep.posts(desk.sessions, desk.forum, now=now) == [desk.topic_row_id]


def test_reading_twice_says_nothing_twice(desk: Desk) -> None:
    desk.say("결과 다시")
    for _ in range(3):
        desk.read()
    with desk.sessions() as session:
        notices = session.scalars(select(Notice)).all()
        assert all(notice.sent_at for notice in notices)
        assert session.scalars(select(Edition)).one().state == "in_review"
    tokens = [raw.rsplit("<!--", 1)[1] for raw in desk.bot_says()]
    assert len(tokens) == len(set(tokens))


# --- around publication ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"), [("3번 다시 번역", "이미 공개된 글"), ("보류", "이미 공개된 글"), ("설명", "저는 이 글을")]
)
def test_what_was_said_just_before_publication_is_answered(desk: Desk, said: str, answer: str) -> None:
    desk.read()
    before, raw = len(desk.bot_says()), desk.first.raw
    desk.say(said)
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    desk.read()
    (answered,) = desk.bot_says()[before:]
    assert answer in answered
    assert desk.first.raw == raw
    with desk.sessions() as session:
        assert session.get_one(Topic, desk.topic_row_id).held_by is None


def test_talk_of_staff_under_a_public_article_is_no_instruction(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    before = len(desk.bot_says())
    desk.say("3번 다시 번역", whisper=False)
    desk.read()
    assert len(desk.bot_says()) == before


def test_an_edit_of_an_unlisted_article_is_taken_in(desk: Desk) -> None:
    desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
    desk.read()
    desk.world.forum.set_status(MODERATOR, desk.topic_id, "visible", False)
    desk.read()
    old = desk.sentence(2, "description")
    desk.edit(old, "숨긴 글에서 고친 문장입니다.")
    desk.read()
    assert desk.state == "withdrawn"
    taken = desk.current("숨긴 글에서 고친 문장입니다.")
    assert taken is not None
    assert taken.author_kind == "moderator"


def test_the_report_names_sentences_of_the_introduction_about_dropped_papers(desk: Desk) -> None:
    desk.say("2번 빼줘")
    desk.read()
    desk.say("결과 다시 보여 주세요")
    desk.read()
    assert "글에서 뺀 2번 논문을 다룹니다" in desk.bot_says()[-1]


def test_a_finding_dismissed_in_the_topic_is_not_shown_again(desk: Desk) -> None:
    with desk.sessions() as session:
        found = report.findings_of(session, session.get_one(Topic, desk.topic_row_id).edition)
    number = found[0].finding.id
    desk.say(f"지적 {number}, 99999 무시")
    desk.read()
    assert f"지적 {number}: 무시하겠습니다" in desk.bot_says()[-1]
    assert "지적 99999: 이 글에 없는 번호입니다" in desk.bot_says()[-1]
    desk.say("결과 다시 보여 주세요")
    desk.read()
    assert f"(지적 {number})" not in desk.bot_says()[-1]
