"""The other way of review: a draft is an ordinary topic where only staff reads, and moving it is publishing it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.orm import sessionmaker

from bot import clock
from bot.editions.collect import Collected
from bot.editions.weekly import WEEKLY
from bot.errors import SettingsError
from bot.forum.discourse import Discourse
from bot.jobs import editions
from bot.jobs import review as reviewing
from bot.sandbox import world as sandbox
from bot.sandbox.world import MODERATOR, World
from bot.settings import Settings
from bot.store.engine import Sessions, make_engine
from bot.store.tables import Topic


@pytest.fixture
def place(database_url: str) -> Iterator[tuple[World, Settings, Sessions, Discourse]]:
    with ExitStack() as stack:
        world = stack.enter_context(sandbox.running())
        world.forum.settings.shared_drafts_category = None
        settings = Settings(
            _env_file=None,
            database_url=database_url,
            review_flow="staff_category",
            drafts_category_id=world.forum.category_by_slug("staff").id,
            **world.settings,
        )
        engine = make_engine(make_url(database_url))
        stack.callback(engine.dispose)
        yield world, settings, sessionmaker(engine), stack.enter_context(editions.forum_of(settings))


def test_edition_is_drafted_among_staff_published_by_a_move_and_dated_anew(
    place: tuple[World, Settings, Sessions, Discourse],
) -> None:
    world, settings, sessions, forum = place
    found = editions.collect(sessions, settings, WEEKLY, str(dt.date(2026, 11, 9)))
    assert isinstance(found, Collected)
    editions.draft(sessions, settings, found.edition_id)
    done = editions.submit(sessions, settings, found.edition_id, forum=forum)
    topic = world.forum.topic(done.topic_id)
    assert topic.category_id == settings.drafts_category_id
    with sessions() as session:
        row_id = session.scalars(select(Topic.id)).one()
    assert reviewing.read_topic(sessions, settings, forum, row_id, now=clock.now()).news == []
    topic.created_at -= dt.timedelta(days=2)

    world.forum.edit_topic(MODERATOR, done.topic_id, category_id=world.forum.papers_category.id)
    now = clock.now()
    assert "published" in reviewing.read_topic(sessions, settings, forum, row_id, now=now).news
    assert world.forum.topic(done.topic_id).created_at == now.replace(microsecond=0)
    assert editions.submit(sessions, settings, found.edition_id, forum=forum).outcome == "unchanged"


def test_category_of_the_drafts_has_to_be_set() -> None:
    settings = Settings(_env_file=None, weekly_category_id=4, review_flow="staff_category")
    with pytest.raises(SettingsError, match="DRAFTS_CATEGORY_ID"):
        editions.place_of(settings, WEEKLY)
