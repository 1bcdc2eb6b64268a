"""Upstream changes after an article was made: moderators hear of them once, and nothing is changed by itself."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from bot import clock
from bot.cli.main import cli
from bot.editions import watch
from bot.editions.collect import Collected
from bot.editions.series import Reach
from bot.editions.weekly import WEEKLY
from bot.forum.discourse import Discourse
from bot.jobs import editions, tasks
from bot.jobs.tasks import Parts
from bot.sandbox import world as sandbox
from bot.sandbox.world import MODERATOR, SAMPLE_PERIOD, World
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Edition, Notice, Paper, StoredFinding, Topic
from tests.integration.world import Store, own_store


@dataclass
class Stage:
    """A published week."""

    world: World
    sessions: Sessions
    settings: Settings
    forum: Discourse
    edition_id: int
    topic_id: int

    @property
    def parts(self) -> Parts:
        return Parts(self.settings, self.sessions)

    def watched(self) -> str:
        return tasks.watch_sources(self.parts)

    def read(self) -> None:
        with self.sessions() as session:
            row = session.scalars(select(Topic.id)).one()
        tasks.read_topic(self.parts, topic_id=row)

    def told(self) -> list[str]:
        """What stands in the topic as whispers about news, oldest first."""
        with self.sessions() as session:
            ids = session.scalars(select(Notice.discourse_id).filter_by(kind="news").order_by(Notice.id)).all()
        posts = {post.id: post for post in self.world.forum.posts(self.topic_id)}
        return [posts[post_id].raw for post_id in ids if post_id is not None]

    def raw(self) -> str:
        return self.world.forum.posts(self.topic_id)[0].raw


@pytest.fixture(scope="module")
def store(postgres: str, template: str) -> Iterator[Store]:
    with own_store(postgres, template, "watched") as made:
        yield made


@pytest.fixture
def stage(store: Store) -> Iterator[Stage]:
    sessions = store.emptied()
    with ExitStack() as stack:
        world = stack.enter_context(sandbox.running())
        world.forum.settings.admin_api_requests_per_minute = None
        settings = Settings(_env_file=None, arxiv_interval_s=0, database_url=store.url, **world.settings)
        forum = stack.enter_context(editions.forum_of(settings))
        found = editions.collect(sessions, settings, WEEKLY, SAMPLE_PERIOD)
        assert isinstance(found, Collected)
        editions.draft(sessions, settings, found.edition_id)
        topic_id = editions.submit(sessions, settings, found.edition_id, forum=forum).topic_id
        world.forum.publish(MODERATOR, topic_id, world.forum.papers_category.id)
        made = Stage(world, sessions, settings, forum, found.edition_id, topic_id)
        made.read()
        yield made
        assert not world.upstream.unfired


def next_version(stage: Stage, arxiv_id: str, **changes: Any) -> None:
    known = stage.world.upstream.paper(arxiv_id)
    stage.world.upstream.publish_version(replace(known, latest_version=known.latest_version + 1, **changes))


def some_paper(stage: Stage) -> Paper:
    with stage.sessions() as session:
        return session.scalars(select(Paper).where(Paper.arxiv_id.is_not(None)).order_by(Paper.id)).first() or Paper()


def test_nothing_new_is_told_nobody(stage: Stage) -> None:
    assert stage.watched() == "0 changes told"


def test_new_version_is_told_once_with_the_abstracts_difference(stage: Stage) -> None:
    paper = some_paper(stage)
    assert paper.arxiv_id is not None
    assert paper.abstract is not None
    before = stage.raw()
    next_version(stage, paper.arxiv_id, abstract=f"{paper.abstract} A new sentence about lamps was added.")
    assert stage.watched() == "1 changes told"
    assert stage.watched() == "0 changes told"
    stage.read()
    (told,) = stage.told()
    assert f"새 판(v{(paper.arxiv_version or 0) + 1})" in told
    assert "초록에 새로 들어간 문장:\n\n> A new sentence about lamps was added." in told
    assert "빠진 문장" not in told
    assert stage.raw() == before


def test_withdrawal_is_told(stage: Stage) -> None:
    paper = some_paper(stage)
    assert paper.arxiv_id is not None
    next_version(stage, paper.arxiv_id, comment="This paper has been withdrawn by the authors")
    stage.watched()
    stage.read()
    assert "철회된 것으로 보입니다" in stage.told()[0]


def test_article_older_than_ninety_days_is_not_watched(stage: Stage) -> None:
    with stage.sessions.begin() as session:
        session.execute(update(Topic).values(created_at=clock.now() - dt.timedelta(days=91)))
    paper = some_paper(stage)
    assert paper.arxiv_id is not None
    next_version(stage, paper.arxiv_id)
    assert stage.watched() == "0 changes told"


def test_edited_list_is_an_offer_and_changes_nothing(stage: Stage) -> None:
    before = stage.raw()
    with stage.sessions() as session:
        item = session.get_one(Edition, stage.edition_id).items[0]
        label = item.sighting.label
    text = (sandbox.SAMPLE / "list.md").read_text(encoding="utf-8")
    stage.world.upstream.publish_list(text.replace(f" 1) {label}  ", " 1) Renamed Lamp  ", 1))
    now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    with editions.http_client() as http:
        news = watch.list_changes(Reach(stage.sessions, stage.settings, http, lambda: now))
        late = Reach(stage.sessions, stage.settings, http, lambda: now + dt.timedelta(weeks=9))
        assert watch.list_changes(late) == []
    (one,) = news
    assert "Renamed Lamp" in one.text
    assert label in one.text
    assert "링크" not in one.text
    with stage.sessions.begin() as session:
        assert tasks._tell(session, news) == 1
        assert tasks._tell(session, news) == 0
    stage.read()
    assert len(stage.told()) == 1
    assert stage.raw() == before


def test_status_tells_of_a_week_without_an_edition_from_the_set_day_on(
    stage: Stage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", store.url)
    monday = dt.date.fromisoformat(SAMPLE_PERIOD)

    def shown(days: int) -> str:
        """What status says so many days after the sample week's Monday, at nine in the forum's zone."""
        monkeypatch.setattr(
            clock,
            "now",
            lambda: dt.datetime(monday.year, monday.month, monday.day, tzinfo=dt.UTC) + dt.timedelta(days=days),
        )
        return CliRunner().invoke(cli, ["status"]).output

    assert "There is no edition" not in shown(7 + 5)  # the sample week has one
    assert "There is no edition" not in shown(14 + 2)
    assert "There is no edition of the week of 2026-11-16, which ended 3 days ago" in shown(14 + 3)
    assert "paperbot run weekly --period 2026-11-16" in shown(14 + 6)


def test_late_list_is_announced_from_the_set_day_on_and_once(stage: Stage) -> None:
    monday = dt.date(2026, 11, 16)
    with stage.sessions() as session:
        assert watch.late_list(session, str(monday), monday + dt.timedelta(days=9), 3) is None
        late = watch.late_list(session, str(monday), monday + dt.timedelta(days=10), 3)
        assert late is not None
        assert "2026-11-16 주의 목록이 아직 올라오지 않았습니다(주가 끝난 지 3일)" in late.text
    now = dt.datetime(2026, 11, 26, 1, tzinfo=dt.UTC)
    parts = Parts(stage.settings, stage.sessions, lambda: now)
    assert tasks.run_weekly(parts, period=str(monday)).startswith("awaited")
    assert tasks.run_weekly(parts, period=str(monday)).startswith("awaited")
    stage.read()
    assert len(stage.told()) == 1


def test_row_that_does_not_fit_its_paper_is_a_finding(store: Store) -> None:
    sessions = store.emptied()
    text = (sandbox.SAMPLE / "list.md").read_text(encoding="utf-8")
    wrong = text.replace(" 1) Tidewater Attention  ", " 1) Quaquaversal Gastronomy  ", 1)
    assert wrong != text
    with ExitStack() as stack:
        world = stack.enter_context(sandbox.running(list_text=wrong))
        settings = Settings(_env_file=None, arxiv_interval_s=0, **world.settings)
        found = editions.collect(sessions, settings, WEEKLY, SAMPLE_PERIOD)
        assert isinstance(found, Collected)
        editions.draft(sessions, settings, found.edition_id)
    with sessions() as session:
        messages = session.scalars(select(StoredFinding.message).filter_by(check="source")).all()
    assert any("Quaquaversal Gastronomy" in message for message in messages)
