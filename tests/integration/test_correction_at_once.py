"""Several moderators and processes at the same moment: a correction is decided once and applied once."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from bot import clock
from bot.cli.main import EXIT_LATER
from bot.corrections import apply, decide
from bot.errors import ConflictError
from bot.sandbox.world import MODERATOR
from bot.store.tables import Correction, Revision, Topic, Transition
from tests.integration.desks import cloned, submit_once
from tests.integration.test_corrections import ARROW, NEW, comment, replies, states, whispers
from tests.integration.test_review import Desk, Submitted

T = TypeVar("T")
COMMAND = Path(sys.executable).with_name("paperbot")
MODERATORS = (MODERATOR, "hana", "dojin", "yuna")


@pytest.fixture(scope="module")
def submitted(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    return submit_once(postgres, template, "now", tmp_path_factory.mktemp("forum"))


@pytest.fixture
def desk(submitted: Submitted, postgres: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(submitted, postgres, tmp_path) as desk:
        forum = desk.world.forum
        forum.settings.admin_api_requests_per_minute = None
        for name in MODERATORS[1:]:
            forum.add_user(name, moderator=True, trust_level=4)
        forum.publish(MODERATOR, desk.topic_id, forum.papers_category.id)
        desk.read()
        comment(desk, ARROW)
        assert states(desk) == ["proposed"]
        yield desk


def at_once(calls: Sequence[Callable[[threading.Barrier], T]]) -> list[T]:
    """What the calls return that all wait for each other at the barrier."""
    barrier = threading.Barrier(len(calls), timeout=30)
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result(60) for done in [pool.submit(call, barrier) for call in calls]]


def reader_revisions(desk: Desk) -> int:
    with desk.sessions() as session:
        return session.scalar(select(func.count(Revision.id)).where(Revision.author_kind == "reader")) or 0


def moves(desk: Desk, to: Sequence[str]) -> int:
    with desk.sessions() as session:
        query = select(func.count(Transition.id)).where(Transition.subject == "correction", Transition.to_state.in_(to))
        return session.scalar(query) or 0


def test_of_many_decisions_at_once_one_counts(desk: Desk) -> None:
    def deciding(who: str, said: decide.Said) -> Callable[[threading.Barrier], str | None]:
        def call(barrier: threading.Barrier) -> str | None:
            with desk.sessions.begin() as session:
                correction = session.scalars(select(Correction)).one()
                assert correction.state == "proposed"
                barrier.wait()  # everybody has seen it open
                return decide.decide_one(session, correction, said, actor=who, now=clock.now())

        return call

    said = (
        decide.Said("accept"),
        decide.Said("accept"),
        decide.Said("reject", text="그대로 둡니다"),
        decide.Said("reword", text="각 쿼리가 옮겨 가는 창만 읽는 Tidewater를 소개합니다."),
    )
    problems = at_once([deciding(*one) for one in zip(MODERATORS, said, strict=True)])

    assert problems.count(None) == 1
    assert all("이미 결정된" in problem for problem in problems if problem is not None)
    assert moves(desk, ("accepted", "rejected")) == 1


def test_stored_by_many_at_once_there_is_one_new_text(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        correction = session.scalars(select(Correction)).one()
        assert decide.decide_one(session, correction, decide.Said("accept"), actor=MODERATOR, now=clock.now()) is None

    def storing(barrier: threading.Barrier) -> int:
        with desk.sessions.begin() as session:
            topic = session.get_one(Topic, desk.topic_row_id)
            barrier.wait()
            return apply.store_accepted(session, topic, per_day=200, now=clock.now())

    assert sum(at_once([storing] * 4)) == 1
    assert reader_revisions(desk) == 1
    desk.read()
    assert states(desk) == ["credited"]


def test_moderators_who_answer_at_once_and_readings_at_once_make_one_correction(desk: Desk) -> None:
    number = whispers(desk)[-1].post_number
    desk.say("수락", to=number)
    desk.say("거절: 그대로 둡니다", by="hana", to=number)
    desk.say("수락합니다", by="dojin", to=number)

    def reading(barrier: threading.Barrier) -> bool:
        barrier.wait()
        try:
            desk.read()
        except ConflictError:  # another one is at it; the queue tries again
            return False
        return True

    at_once([reading] * 4)
    desk.read()
    assert NEW in desk.first.raw
    assert states(desk) == ["credited"]
    assert (reader_revisions(desk), len(replies(desk))) == (1, 1)
    assert desk.first.version == 2


def test_two_processes_that_decide_at_once_decide_once(desk: Desk, tmp_path: Path) -> None:
    with desk.sessions() as session:
        number = session.scalars(select(Correction.id)).one()
    assert desk.settings.database_url is not None
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    environment |= {name.upper(): str(value) for name, value in desk.world.settings.items()}
    environment |= {"DATABASE_URL": desk.settings.database_url.get_secret_value(), "DATA_DIR": str(tmp_path)}
    started = [
        subprocess.Popen(
            [COMMAND, "corrections", action, str(number)],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for action in ("accept", "reject", "accept")
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    codes = [process.returncode for process in started]

    assert codes.count(0) == 1, said
    assert EXIT_LATER not in codes
    assert "Traceback" not in "".join(said)
    assert moves(desk, ("accepted", "rejected")) == 1
    desk.read()
    assert len(replies(desk)) == 1
