"""Two commands started at the same moment: the world changes once, and one embedded Postgres serves both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.main import EXIT_LATER
from bot.sandbox.world import SAMPLE_PERIOD
from bot.store import embedded
from tests.crash.driver import (
    PARTS,
    Job,
    Kitchen,
    Stage,
    ask_database,
    is_running,
    posts_on_forum,
    server_pid,
    stage,
    wait_until,
)


@pytest.fixture(scope="module")
def kitchen(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    """Where this module's worlds are made."""
    return Kitchen(postgres, template, tmp_path_factory.mktemp("two"))


@pytest.fixture
def world(kitchen: Kitchen) -> Iterator[tuple[Stage, str]]:
    """A world with its database."""
    with kitchen.world() as made:
        yield made


def together(first: Job, second: Job) -> None:
    """Wait for both; each must have done its work or stepped back in a sentence, and one must have done it."""
    codes = [first.wait(), second.wait()]
    for job, code in zip((first, second), codes, strict=True):
        assert "Traceback" not in job.said
        assert code == 0 or (code == EXIT_LATER and "run again" in job.said), job.said
    assert 0 in codes, first.said + second.said


def test_two_whole_jobs_at_once_make_one_topic_and_pay_once(world: tuple[Stage, str]) -> None:
    made, url = world
    together(made.weekly(), made.weekly())
    made.weekly().done()
    (topic,) = posts_on_forum(made.forum)
    assert len(topic["raws"]) == PARTS
    assert len(made.forum.state.posts) == PARTS
    assert len(made.model.calls) == 21  # ten judged too
    assert ask_database(url, "select state, count(*) from model_calls group by state") == [("answered", 21)]
    assert ask_database(url, "select state from editions") == [("submitted",)]
    assert ask_database(url, "select count(*) from papers") == [(10,)]


def test_two_submissions_at_once_make_one_topic(world: tuple[Stage, str]) -> None:
    made, url = world
    for step in ("collect", "draft"):
        made.command(step, "weekly", "--period", SAMPLE_PERIOD).done()
    slow = made.forum.fail_next("slow", r"POST /posts\.json", seconds=1.0)
    first = made.command("submit", "weekly", "--period", SAMPLE_PERIOD)
    wait_until(lambda: slow.fired == 1)
    second = made.command("submit", "weekly", "--period", SAMPLE_PERIOD)
    together(first, second)
    made.command("submit", "weekly", "--period", SAMPLE_PERIOD).done()
    assert len(posts_on_forum(made.forum)) == 1
    assert len(made.forum.state.posts) == PARTS
    assert ask_database(url, "select part from posts order by part") == [(1,), (2,), (3,)]


def test_two_commands_at_once_on_an_empty_folder_set_up_one_embedded_postgres(tmp_path: Path) -> None:
    with stage(tmp_path, database_url=None) as made:
        job, other = made.weekly(), made.command("migrate")
        other.done()
        job.done()
        assert not is_running(tmp_path)
        assert len(posts_on_forum(made.forum)) == 1


def test_a_command_that_ends_leaves_the_embedded_postgres_to_the_one_that_still_works(tmp_path: Path) -> None:
    with stage(tmp_path, database_url=None) as made:
        with embedded.running(tmp_path / "postgres") as url:
            server = server_pid(tmp_path)
            made.command("status").done()
            assert server_pid(tmp_path) == server
            assert ask_database(url, "select count(*) from editions") == [(0,)]
        assert not is_running(tmp_path)
