"""A two-hour talk: drafted side by side in bounded memory, and killed again and again without paying anything twice."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot.sandbox import world as sandbox
from bot.sandbox.world import World
from bot.store.engine import make_engine
from bot.store.tables import Edition, ModelCall, Passage, Revision, Segment, Spoken

COMMAND = Path(sys.executable).with_name("paperbot")
ROOT = Path(__file__).resolve().parent.parent.parent
CHARACTERS = 120_000
MOST_MEMORY_MB = 200
"""Above what the process needs before it has seen a word: interpreter, libraries, the model of Korean words."""
IDLE = """
from bot.jobs import editions
from bot.translation import claude, termbase
from bot.translation.checks import run
run.warm_up()
termbase.shipped().mentions("model")
"""
RUN_AGAIN = (3, 75)
"""Exit codes that ask for the same command again: a busy machine lets Postgres be late."""
CONCURRENCY = 6
KILLED_AT = (8, 70)
"""Calls of the model that have begun by then."""


def transcript() -> str:
    """Two hours of speech that says nothing twice, as captions of three seconds."""
    cues = []
    length = number = 0
    while length < CHARACTERS + 1_000:
        marks = f"and we note {number + 3} marks on the wall of the harbor."
        said = f"In step {number} we look at tide {number * 7 % 1000} {marks}"
        cues.append({"start": 3.0 * number * 2, "duration": 5.5, "text": said})
        length += len(said) + 1
        number += 1
    return json.dumps(cues)


@pytest.fixture
def world() -> Iterator[World]:
    with sandbox.running(latency_s=0.2) as running:
        yield running


def environment(world: World, url: str, folder: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")
    }
    settings = {name.upper(): str(value) for name, value in world.settings.items()}
    return (
        kept
        | settings
        | {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "MODEL_CONCURRENCY": str(CONCURRENCY),
            "JUDGE_MODEL": "none",
            "NO_PROXY": "*",
        }
    )


def started(
    world: World, url: str, folder: Path, *words: str, to: IO[str] | int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *words],
        cwd=folder,
        env=environment(world, url, folder),
        text=True,
        stdout=to,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[Any]") -> tuple[int, float]:
    """Its exit code, and the most memory it held, in MB."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss / 1024


def test_a_two_hour_talk_is_killed_twice_and_every_passage_is_there_once_and_paid_once(
    world: World, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "talk.json").write_text(transcript(), encoding="utf-8")
    words = ("run", "talk", "--transcript", "talk.json", "--title", "Tides of a Harbor", "--speaker", "Mina Park")
    killed = 0
    for calls in KILLED_AT:
        job = started(world, database_url, tmp_path, *words)
        deadline = time.monotonic() + 120
        while len(world.model.calls) < calls and job.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
            killed += 1
        else:
            assert job.returncode in RUN_AGAIN
        job.wait()
    assert killed
    log = tmp_path / "log"
    for _ in range(3):
        with log.open("w", encoding="utf-8") as file:
            code, peak_mb = ended(started(world, database_url, tmp_path, *words, to=file))
        if code not in RUN_AGAIN:
            break
    assert code == 0, log.read_text(encoding="utf-8")
    _, idle_mb = ended(subprocess.Popen([sys.executable, "-c", IDLE], cwd=ROOT))

    engine = make_engine(make_url(database_url))
    with Session(engine) as session:
        edition = session.scalars(select(Edition)).one()
        assert edition.state == "submitted"
        passages = session.scalars(select(Passage).join(Spoken).order_by(Spoken.number)).all()
        told = [cue["text"] for cue in json.loads(transcript())]
        assert " ".join(passage.source for passage in passages).split() == " ".join(told).split()
        assert max(len(passage.source) for passage in passages) <= 1_200
        assert sum(len(passage.source) for passage in passages) >= CHARACTERS
        current = Counter(session.scalars(select(Revision.segment_id).where(Revision.current)))
        segments = session.scalars(select(Segment.id).join(Passage).join(Spoken)).all()
        assert all(current[segment] == 1 for segment in segments)
        booked = session.scalars(select(ModelCall)).all()
    engine.dispose()

    # A call that was cut by a kill may have been paid and is counted; what was answered was asked once.
    answered = Counter(call.input_hash for call in booked if call.state == "answered")
    assert set(answered.values()) == {1}
    lost = sum(call.state == "lost" for call in booked)
    assert lost <= len(KILLED_AT) * (CONCURRENCY + 1)
    finished = sum(call.finished_at is not None for call in world.model.calls)
    assert finished <= len(answered) + lost + sum(call.state == "failed" for call in booked)
    drafted = [call for call in booked if call.purpose == "translate_talk" and call.state == "answered"]
    assert len(drafted) == len(passages)

    # Side by side: more than one section was under way at a time.
    under_way = max(
        sum(other.arrived_at <= call.arrived_at < (other.finished_at or 0) for other in world.model.calls)
        for call in world.model.calls
    )
    assert 2 <= under_way <= CONCURRENCY + 1

    # Every sentence stands in the posts of the topic once, whatever the report beside them quotes.
    raws = [post.raw for post in world.forum.posts(max(world.forum.state.topics))]
    article = "\n".join(raw for raw in raws if "초안을 검토해 주세요" not in raw)
    steps = Counter(re.findall(r"In step (\d+) we look", article))
    assert set(steps.values()) == {1}
    assert len(steps) == len(told)
    assert peak_mb - idle_mb < MOST_MEMORY_MB, f"{peak_mb:.0f} MB, {idle_mb:.0f} MB of them before the first word"
