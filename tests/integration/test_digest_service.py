"""The digest by the queue, the calendar and the command line, as the service runs it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import clock
from bot.digests import periods, plan
from bot.jobs import by_hand, calendar, digests
from bot.jobs.tasks import TASKS, Parts
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Cursor, Digest
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk

PAPERBOT = str(Path(sys.executable).with_name("paperbot"))


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions, digest_report_to="operator@example.org") as made:
        made.edition(MONDAY - DAY, "Ship One")
        yield made


def run_jobs(desk: Desk, now: object) -> list[str]:
    """Do what waits in the queue, as a worker would; the names of the tasks."""
    done: list[str] = []
    parts = Parts(desk.settings, desk.sessions, now=lambda: now)  # type: ignore[arg-type,return-value]
    while True:
        with desk.sessions.begin() as session:
            row = session.execute(
                text(
                    "delete from procrastinate_jobs where id = (select id from procrastinate_jobs"
                    " order by priority desc, id limit 1) returning task_name, args"
                )
            ).one_or_none()
        if row is None:
            return done
        done.append(row[0])
        TASKS[row[0]].run(parts, **row[1])


def test_monday_morning_sends_the_week_by_itself(desk: Desk) -> None:
    desk.reader("one@example.com")
    parts = Parts(desk.settings, desk.sessions, now=lambda: MONDAY - HOUR)
    TASKS["tend_digests"].run(parts)
    TASKS["tend_digests"].run(Parts(desk.settings, desk.sessions, now=lambda: MONDAY))
    done = run_jobs(desk, MONDAY)
    assert done.count("plan_digest") == 2  # daily, too: without readers
    assert done.count("send_digest") == desk.settings.digest_connections
    assert len(desk.mailbox.to("one@example.com")) == 1
    [report] = desk.mailbox.to("operator@example.org")
    assert "planned 1, sent 1, refused 0" in report.part("plain")
    TASKS["tend_digests"].run(Parts(desk.settings, desk.sessions, now=lambda: MONDAY + HOUR))
    assert run_jobs(desk, MONDAY + HOUR) == []
    assert len(desk.mailbox.to("one@example.com")) == 1


def test_calendar_has_digests_only_where_they_are_set_up() -> None:
    with_mail = open_settings()
    names = {rule.task for rule in calendar.rules_of(with_mail)}
    assert {"tend_digests", "read_mailbox", "sweep_members"} <= names
    without = {rule.task for rule in calendar.rules_of(Settings(_env_file=None))}
    assert not {"tend_digests", "read_mailbox", "sweep_members"} & without


def open_settings() -> Settings:
    from tests.integration.digest_world import settings_for

    return settings_for(25, imap_host="imap.example.org", members_api_key="k")


def test_line_leaves_its_place_and_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.readers(30)
    digest_id = desk.plan()
    monkeypatch.setattr(digests, "SLICE", clock.now() - clock.now())
    said = digests.send_line(desk.sessions, desk.settings, digest_id, 0, stopping=lambda: False, now=clock.now)
    assert said.endswith("goes on")
    with desk.sessions() as session:
        assert session.execute(text("select count(*) from procrastinate_jobs")).scalar_one() == 1


def test_preview_plans_nothing(desk: Desk) -> None:
    from bot.jobs import weekly

    desk.reader()
    made = by_hand.preview(desk.sessions, desk.settings, "weekly", "ko", forum_of=weekly.forum_of, now=MONDAY)
    assert made is not None
    assert all("Ship One의 한국어 제목" in part for part in made)
    assert all("https://news.example.org/subscribe" in part for part in made)
    with desk.sessions() as session:
        assert session.query(Digest).count() == 0


def environment(desk: Desk, database_url: str, tmp_path: Path) -> dict[str, str]:
    names = [name for name in Settings.model_fields if name.startswith(("digest_", "smtp_"))]
    given = {name.upper(): getattr(desk.settings, name) for name in names}
    given["DIGEST_SECRETS"] = "a" * 40
    return {
        **{
            key: value
            for key, value in os.environ.items()
            if key.upper() not in {n.upper() for n in Settings.model_fields}
        },
        **{name: str(value) for name, value in given.items() if value is not None},
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "PUBLIC_URL": "https://news.example.org",
        "FORUM_URL": "https://forum.example.org",
    }


def paperbot(environment_: dict[str, str], *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PAPERBOT, *words], env=environment_, cwd=folder, capture_output=True, text=True, timeout=60)


def test_command_line_from_the_first_reader_to_the_report(desk: Desk, database_url: str, tmp_path: Path) -> None:
    now = clock.now()
    desk.edition(now - HOUR, "Ship Two")
    given = environment(desk, database_url, tmp_path)

    def run(*words: str) -> str:
        done = paperbot(given, *words, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Added" in run("subscribers", "add", "one@example.com", "--consent", "paper form")
    assert "one@example.com  active" in run("subscribers", "list")
    address = run("digest", "preview").strip()
    assert address.startswith("file://")
    assert "Ship Two의 한국어 제목" in run("digest", "preview", "--text")
    run("digest", "test", "operator@example.org")
    [test] = desk.mailbox.to("operator@example.org")
    assert test.parsed["Subject"].startswith("[시험] ")
    sent = run("digest", "send", "--now", "weekly", "--yes")
    assert "planned 1, sent 1" in sent
    assert len(desk.mailbox.to("one@example.com")) == 1
    assert "sent 1" in run("digest", "status")
    assert "No mail is in doubt" in run("digest", "doubtful")
    run("subscribers", "export", str(tmp_path / "readers.csv"))
    assert (tmp_path / "readers.csv").stat().st_mode & 0o777 == 0o600
    run("subscribers", "erase", "one@example.com", "--yes")
    assert "one@example.com" not in run("subscribers", "list")
    assert paperbot(given, "subscribers", "add", "one@example.com", "--consent", "x", folder=tmp_path).returncode == 1


def test_sigterm_leaves_nothing_in_doubt(desk: Desk, database_url: str, tmp_path: Path) -> None:
    desk.readers(400)
    digest_id = desk.plan()
    desk.mailbox.slow_s = 0.05
    given = environment(desk, database_url, tmp_path)
    child = subprocess.Popen(
        [PAPERBOT, "digest", "send", str(digest_id), "--yes"], env=given, cwd=tmp_path, stdout=subprocess.PIPE
    )
    while sum(desk.mailbox.copies.values()) < 20:
        time.sleep(0.02)
    started = time.monotonic()
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=10)
    assert time.monotonic() - started < 10
    assert {state for state, _ in desk.states(digest_id).values()} == {"planned", "sent"}
    with desk.sessions() as session:
        owned = text("select count(*) from deliveries where state = 'planned' and owner is not null")
        assert session.execute(owned).scalar_one() == 0
    desk.mailbox.slow_s = 0.0
    desk.send(digest_id)
    assert set(desk.mailbox.copies.values()) == {1}
    assert sum(desk.mailbox.copies.values()) == 400


def test_looking_often_moves_one_row_only(desk: Desk) -> None:
    desk.reader()
    rules = periods.rules_of(desk.settings)
    for minute in range(5):
        with desk.sessions.begin() as session:
            plan.insert_due(session, MONDAY + minute * HOUR / 60, rules)
    with desk.sessions() as session:
        assert session.query(Cursor).count() == 1
