"""`kill -9` of senders and workers at random moments: one mail for each reader, the doubt bounded.

Six kills, to be quick; PAPERBOT_TEST_KILLS=20 is twenty over ten thousand readers.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.digests import outcome, send
from bot.jobs import digests
from bot.store.engine import Sessions
from tests.integration.digest_world import DAY, MONDAY, Desk, open_desk
from tests.integration.test_digest_service import PAPERBOT, environment

KILLS = int(os.environ.get("PAPERBOT_TEST_KILLS", "6"))
READERS = (500 if KILLS >= 20 else 200) * KILLS
LINES = 4


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions) as made:
        made.edition(MONDAY - DAY, "Ship One", "Ship Two")
        yield made


def counted(desk: Desk) -> Counter[str]:
    with desk.sessions() as session:
        return Counter(dict(session.execute(text("select state, count(*) from deliveries group by state")).all()))


def wait_for_mails(desk: Desk, more: int, child: subprocess.Popen[bytes]) -> None:
    """Until so many more mails came, or the child ended."""
    start = sum(desk.mailbox.recipients.values())
    end = time.monotonic() + 60
    while sum(desk.mailbox.recipients.values()) < start + more and child.poll() is None:
        assert time.monotonic() < end, "the sender does not send"
        time.sleep(0.002)


def wait_for_its_last_words(desk: Desk) -> None:
    """Until the database has done what a dead sender asked of it last: a row may begin after its sender's end."""
    lines = "select count(*) from pg_stat_activity where datname = current_database() and query like '%with last as%'"
    end = time.monotonic() + 30
    with desk.sessions() as session:
        while session.execute(text(f"{lines} and pid <> pg_backend_pid()")).scalar_one():
            assert time.monotonic() < end, "a dead sender's connection stays open"
            time.sleep(0.01)
            session.rollback()


def as_if_leases_ran_out(desk: Desk, digest_id: int) -> int:
    """Let the time pass that a dead sender is waited for; how many mails came into doubt."""
    wait_for_its_last_words(desk)
    with desk.sessions.begin() as session:
        session.execute(text("delete from procrastinate_jobs"))
        session.execute(
            text("update deliveries set lease_until = now() - interval '1 s' where lease_until is not null")
        )
    with desk.sessions.begin() as session:
        freed = send.recover(session)
    digests.follow_up(desk.sessions, desk.settings, digest_id, now=MONDAY)  # as each minute: wakes the lines
    return freed.get("doubtful", 0)


def test_no_reader_is_lost_or_gets_two_mails_for_certain(desk: Desk, database_url: str, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a run
    chance = random.Random(seed)
    desk.readers(READERS)
    digest_id = desk.plan()
    given = environment(desk, database_url, tmp_path)
    commands = ([PAPERBOT, "digest", "send", str(digest_id), "--yes"], [PAPERBOT, "worker"])
    doubts: list[int] = []
    for number in range(KILLS):
        with (tmp_path / f"child-{number}.log").open("wb") as log:
            child = subprocess.Popen(commands[number % 2], env=given, cwd=tmp_path, stdout=log, stderr=log)
        wait_for_mails(desk, chance.randrange(1, READERS // KILLS), child)
        time.sleep(chance.uniform(0, 0.01))
        child.send_signal(signal.SIGKILL)
        child.wait()
        doubts.append(as_if_leases_ran_out(desk, digest_id))
    assert all(doubt <= LINES for doubt in doubts), doubts
    before = counted(desk)
    assert before["sent"] > 0
    assert before["planned"] > 0, "all was sent before the last kill"
    done = subprocess.run(commands[0], env=given, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    after = counted(desk)
    assert set(after) <= {"sent", "doubtful"}
    assert after["sent"] + after["doubtful"] == READERS
    assert after["doubtful"] == sum(doubts) <= LINES * KILLS
    with desk.sessions() as session:
        rows = session.execute(text("select id, state from deliveries")).all()
        listed = {doubt.delivery_id for doubt in outcome.doubts(session)}
    copies = {key: desk.mailbox.copies[f"<d{digest_id}.{key}@news.example.org>"] for key, _ in rows}
    assert {copies[key] for key, state in rows if state == "sent"} == {1}
    assert {copies[key] for key, state in rows if state == "doubtful"} <= {0, 1}
    assert listed == {key for key, state in rows if state == "doubtful"}
    assert sum(copies.values()) == sum(desk.mailbox.recipients.values())
    arrived = sum(copies[key] for key in listed)
    print(  # noqa: T201 - the figures of the run
        f"{READERS} readers, {KILLS} kills: {after['sent']} sent once, {len(listed)} doubtful of which {arrived} "
        f"arrived; by kill {doubts}"
    )


def test_two_senders_killed_together_leave_each_its_bound(desk: Desk, database_url: str, tmp_path: Path) -> None:
    desk.readers(1_500)
    digest_id = desk.plan()
    given = environment(desk, database_url, tmp_path)
    command = [PAPERBOT, "digest", "send", str(digest_id), "--yes"]
    children = [
        subprocess.Popen(command, env=given, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    wait_for_mails(desk, 300, children[0])
    for child in children:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert as_if_leases_ran_out(desk, digest_id) <= 2 * LINES
    desk.send(digest_id)
    after = counted(desk)
    assert after["sent"] + after["doubtful"] == 1_500
    assert max(desk.mailbox.copies.values()) == 1
