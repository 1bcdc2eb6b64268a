"""The tasks on real parts: the weekly run through the stand-ins, and the commands for failed jobs."""

import datetime as dt

from click.testing import CliRunner
from sqlalchemy import Engine, text

from bot.cli.main import cli
from bot.jobs import queue, tasks
from bot.jobs.tasks import Parts
from bot.sandbox import world as sandbox
from bot.settings import Settings
from bot.store.engine import Sessions

NOW = dt.datetime(2026, 11, 16, 0, 0, tzinfo=dt.UTC)


def waiting(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        found = connection.execute(
            text("select task_name, args, lock, scheduled_at from procrastinate_jobs order by id")
        )
        return [tuple(row) for row in found]


def test_weekly_run_submits_once_and_has_the_topic_read(sessions: Sessions, engine: Engine) -> None:
    with sandbox.running() as world:
        settings = Settings(_env_file=None, **world.settings)
        parts = Parts(settings, sessions, lambda: NOW)
        first = tasks.run_weekly(parts, period=sandbox.SAMPLE_PERIOD)
        again = tasks.run_weekly(parts, period=sandbox.SAMPLE_PERIOD)
        assert first.startswith("created: topic ")
        assert again.startswith("unchanged: topic ")
        with engine.connect() as connection:
            topic_id = connection.execute(text("select id from topics")).scalar_one()
        key = f"read_topic-{topic_id}"
        assert waiting(engine) == [("read_topic", {"topic_id": topic_id}, key, None)]


def test_late_list_is_asked_for_again_in_hours(sessions: Sessions, engine: Engine) -> None:
    with sandbox.running() as world:
        settings = Settings(_env_file=None, **world.settings)
        now = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
        tasks.run_weekly(Parts(settings, sessions, lambda: now), period="2026-11-23")
        tasks.run_weekly(Parts(settings, sessions, lambda: now), period="2026-11-23")
    again_at = now + dt.timedelta(hours=6)
    assert waiting(engine) == [("run_weekly", {"period": "2026-11-23"}, "run_weekly-2026-11-23", again_at)]


def test_commands_list_a_failed_job_and_run_it_again(sessions: Sessions, engine: Engine, database_url: str) -> None:
    with sessions.begin() as session:
        queue.defer(session, "read_topic", topic_id=5)
    with engine.begin() as connection:
        job_id = connection.execute(text("update procrastinate_jobs set status = 'doing' returning id")).scalar_one()
        connection.execute(text(f"select procrastinate_finish_job_v1({job_id}, 'failed', false)"))
    with sessions.begin() as session:
        queue.note(session, job_id, error="RejectedError: The key was revoked.", tries=1)

    def command(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["jobs", *arguments], env={"DATABASE_URL": database_url})
        return result.exit_code, result.output

    code, listed = command("list")
    assert code == 0
    assert f"{job_id}  read_topic(topic_id=5)  failed" in listed
    assert "The key was revoked." in listed
    assert command("retry", str(job_id))[0] == 0
    assert command("retry", str(job_id))[0] == 1
    assert "No job has failed" in command("list")[1]
    assert waiting(engine) == [("read_topic", {"topic_id": 5}, None, None)]
