"""Corrections under `kill -9`: after every commit and every request, from the comment to the last page that is mended.

To be killed just before a step is to be killed after the one before it, so these are all the moments there are. Each
life of the worker ends one step after the one before, until one gets through. In the end the world is what it is when
nobody disturbs: applied once, answered once, nothing lost.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.jobs import tasks
from bot.sandbox.world import MODERATOR, READERS
from bot.store.tables import Correction, ReplayCase, Revision, Ripple, StoredTerm
from tests.integration.desks import cloned, submit_once
from tests.integration.test_corrections import replies, whispers
from tests.integration.test_review import Desk, Submitted

WRONG, RIGHT = "퍼플렉서티", "혼란도"
MOST_LIVES = 60
WHERE = ("after commit", "after request")


@pytest.fixture(scope="module")
def submitted(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    return submit_once(postgres, template, "now", tmp_path_factory.mktemp("forum"))


@dataclass
class Worker:
    """The process of `forked_worker.py`."""

    process: "subprocess.Popen[str]"

    def live(self, where: str | None, nth: int) -> dict[str, Any]:
        """One life: how it ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"where": where, "nth": nth}) + "\n")
        self.process.stdin.flush()
        return self.said()

    def said(self) -> dict[str, Any]:
        """Its next line."""
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))


@contextmanager
def worker(desk: Desk, log: Path) -> Iterator[Worker]:
    given = {**desk.world.settings, "database_url": desk.settings.database_url}
    assert desk.settings.database_url is not None
    given["database_url"] = desk.settings.database_url.get_secret_value()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    environment |= {name.upper(): str(value) for name, value in given.items()}
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forked_worker"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        )
        try:
            made = Worker(process)
            assert made.said() == {"ready": True}
            yield made
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def work(desk: Desk, hands: Worker, where: str | None) -> list[str]:
    """Have the topic read as a webhook does, killed one step later in every life; the steps it was killed at."""
    with desk.sessions.begin() as session:
        tasks.defer_reading(session, desk.topic_row_id)
    killed: list[str] = []
    nth = 1
    for _ in range(MOST_LIVES):
        told = hands.live(where, nth)
        if told == {"ended": 0}:
            return killed
        assert "killed" in told, told
        # What is done is not done again, so the next life ends at the next step by itself, unless it begins alike.
        nth += told["killed"] in killed[-1:]
        killed.append(told["killed"])
    raise AssertionError(f"it never came to an end: {killed}")


def corrected(desk: Desk, hands: Worker, where: str | None) -> list[str]:
    """The whole way of one correction."""
    forum = desk.world.forum
    raw = f"1번 논문 초록의 {WRONG}(perplexity)는 → {RIGHT}(perplexity)는 으로 고치면 좋겠습니다."
    made = forum.reply(READERS[0], topic_id=desk.topic_id, raw=raw)
    killed = work(desk, hands, where)
    assert len(whispers(desk)) == 1
    assert len(forum.state.posts[made.id].likes) == 1
    assert RIGHT not in desk.first.raw

    desk.say("수락", to=whispers(desk)[-1].post_number)
    killed += work(desk, hands, where)
    assert RIGHT in desk.first.raw
    assert len(replies(desk)) == 1
    assert len(whispers(desk)) == 2

    desk.say("모두 수락", to=whispers(desk)[-1].post_number)
    killed += work(desk, hands, where)
    assert WRONG not in desk.first.raw
    return killed


def outcome(desk: Desk) -> dict[str, Any]:
    """All that came of it, without the numbers of rows that a killed transaction skipped."""
    bot = desk.first.user_id
    with desk.sessions() as session:
        return {
            "page": desk.first.raw,
            "versions": desk.first.version,
            "said": [
                re.sub(r"\d+", "0", post.raw)
                for post in desk.world.forum.posts(desk.topic_id)[1:]
                if post.user_id == bot
            ],
            "corrections": list(session.scalars(select(Correction.state))),
            "ripples": sorted(session.scalars(select(Ripple.state))),
            "revisions": session.scalar(select(func.count(Revision.id)).where(Revision.author_kind == "reader")),
            "texts": sorted(session.scalars(select(Revision.text).where(Revision.current))),
            "terms": [(term.source, term.target) for term in session.scalars(select(StoredTerm))],
            "cases": session.scalar(select(func.count()).select_from(ReplayCase)),
        }


@contextmanager
def published(submitted: Submitted, postgres: str, folder: Path) -> Iterator[Desk]:
    with cloned(submitted, postgres, folder) as desk:
        desk.world.forum.settings.admin_api_requests_per_minute = None  # a hundred lives in a minute
        desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
        desk.read()
        yield desk


@pytest.fixture(scope="module")
def undisturbed(submitted: Submitted, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with published(submitted, postgres, folder) as desk, worker(desk, folder / "log.txt") as hands:
        assert corrected(desk, hands, None) == []
        found = outcome(desk)
    assert found["corrections"] == ["credited"]
    assert set(found["ripples"]) == {"applied"}
    return found


@pytest.mark.parametrize("where", WHERE)
def test_killed_at_every_step_a_correction_is_applied_once_and_answered_once(
    where: str, submitted: Submitted, undisturbed: dict[str, Any], postgres: str, tmp_path: Path
) -> None:
    with published(submitted, postgres, tmp_path) as desk, worker(desk, tmp_path / "log.txt") as hands:
        killed = corrected(desk, hands, where)
        assert outcome(desk) == undisturbed

    if where.endswith("request"):
        # the like, the whisper, the page, the thanks, the offer, the page again
        assert [step.split()[0] for step in killed].count("PUT") >= 2
        assert killed.count("POST /posts.json") >= 3
        assert "POST /post_actions.json" in killed
    else:
        steps = set(" ".join(killed).split())
        assert steps >= {"comments", "corrections", "notices", "decisions", "revisions", "ripples", "transitions"}
