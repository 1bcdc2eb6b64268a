"""The weekly job killed at any point and started again: the world changes once, and what was paid for is kept.

Every test runs the real command in its own process, against a real Postgres and stand-ins over HTTP.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import EXIT_INTERRUPTED
from bot.store import embedded
from tests.crash.driver import (
    PARTS,
    Kitchen,
    Moment,
    Stage,
    ask_database,
    is_running,
    posts_on_forum,
    server_pid,
    settle,
    stage,
    wait_until,
)

AT_ONCE = 2
"""Scenarios that run side by side: most of a run is the start of its process."""

TRANSLATE, INTRODUCE = "POST /v1/messages translate_paper", "POST /v1/messages introduce_week"
LOOK_UP, SHOW = "GET /t/external_id/", r"GET /t/\d+\.json"
CREATE, PART_2, PART_3 = (rf"POST /posts\.json {what}" for what in ("draft", "part-2", "part-3"))

JOURNEYS: dict[str, list[list[Moment]]] = {
    "list, lookup, draft": [
        [
            Moment("GET /dair", "answered"),
            Moment(TRANSLATE, "arrival"),
            Moment(LOOK_UP, "arrival"),
            Moment(CREATE, "effect"),
        ],
        [
            Moment("/arxiv/", "effect"),
            Moment(TRANSLATE, "middle"),
            Moment(CREATE, "arrival"),
            Moment(PART_2, "effect"),
        ],
    ],
    "abstracts, rules, last part": [
        [
            Moment("/arxiv/", "answered", late_s=0.02),
            Moment(TRANSLATE, "effect", nth=3),
            Moment(r"GET /site/settings\.json", "answered"),
            Moment(CREATE, "answered"),
        ],
        [
            Moment(TRANSLATE, "answered", nth=5),
            Moment(CREATE, "middle"),
            Moment(PART_3, "arrival"),
        ],
    ],
    "answers arrived, verification": [
        [
            Moment(TRANSLATE, "answered", nth=8, late_s=0.01),
            Moment(SHOW, "arrival"),
            Moment(PART_3, "effect"),
        ],
        [
            Moment(TRANSLATE, "answered", nth=10, late_s=0.03),
            Moment(SHOW, "answered", nth=2),
        ],
    ],
    "introduction, reading back": [
        [
            Moment(INTRODUCE, "effect"),
            Moment(PART_2, "arrival"),
            Moment(SHOW, "arrival"),
        ],
        [
            Moment(INTRODUCE, "answered", late_s=0.005),
            Moment(SHOW, "arrival", nth=2),
        ],
    ],
}
"""Where the job is killed: a journey is one world, killed at one moment after the other and run again each time."""


@dataclass(frozen=True)
class Outcome:
    """What a run left behind, as far as two worlds can be compared, and how long it took."""

    forum: list[dict[str, Any]]
    store: dict[str, list[tuple[Any, ...]]]
    answered: frozenset[str]
    model_calls: int
    seconds: float


@pytest.fixture(scope="module")
def kitchen(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    """Where this module's worlds are made."""
    return Kitchen(postgres, template, tmp_path_factory.mktemp("crash"))


@pytest.fixture(scope="module")
def uncrashed(kitchen: Kitchen) -> Outcome:
    """The world after a run that nobody disturbed."""
    with kitchen.world() as (world, url):
        begun = time.monotonic()
        world.weekly().done()
        outcome = look(world, url, time.monotonic() - begun)
    (topic,) = outcome.forum
    assert len(topic["raws"]) == PARTS
    assert outcome.model_calls == len(outcome.answered) == 21  # ten drafts, ten judgements, the introduction
    return outcome


def test_the_job_is_killed_at_more_than_twenty_points() -> None:
    moments = [str(moment) for journeys in JOURNEYS.values() for journey in journeys for moment in journey]
    assert len(set(moments)) > 20


@pytest.mark.parametrize("about", JOURNEYS)
def test_killed_and_run_again_the_world_is_as_if_nothing_had_happened(
    about: str, kitchen: Kitchen, uncrashed: Outcome
) -> None:
    def scenario(journey: list[Moment]) -> None:
        with kitchen.world() as (world, url):
            for moment in journey:
                with accounted(world, url, uncrashed):
                    world.killed_at(moment)
            go_on(world, url, uncrashed)

    side_by_side(scenario, JOURNEYS[about])


def test_killed_again_and_again_at_random_moments_the_job_still_comes_to_the_same_end(
    kitchen: Kitchen, uncrashed: Outcome
) -> None:
    def scenario(seed: int) -> None:
        moments = random.Random(seed)
        with kitchen.world() as (world, url):
            for _ in range(3):
                with accounted(world, url, uncrashed):
                    world.killed_after(moments.uniform(0.5, uncrashed.seconds))
            go_on(world, url, uncrashed)

    side_by_side(scenario, [secrets.randbelow(10**6) for _ in range(AT_ONCE)])


def test_a_stop_signal_lets_answers_under_way_arrive_and_stops_the_embedded_postgres(tmp_path: Path) -> None:
    with stage(tmp_path, database_url=None, latency_s=1.5) as world:
        job = world.weekly()
        wait_until(lambda: len(world.model.calls) >= 3)
        stopped_within_s(job.terminate, job.wait, 10)
        assert job.process.returncode == EXIT_INTERRUPTED, job.said
        assert "The same command goes on" in job.said
        assert "Traceback" not in job.said
        assert not is_running(tmp_path)
        asked = len(world.model.calls)
        with embedded.running(tmp_path / "postgres") as url:
            states = ask_database(url, "select state, count(*) from model_calls group by state")
        assert states == [("answered", asked)]
        world.model.latency_s = 0
        world.weekly().done()
        assert len(world.model.calls) == 21
        assert [len(topic["raws"]) for topic in posts_on_forum(world.forum)] == [PARTS]
        assert not is_running(tmp_path)


def test_a_stop_signal_does_not_wait_for_a_model_that_says_nothing(kitchen: Kitchen, uncrashed: Outcome) -> None:
    with kitchen.world() as (world, url):
        silence = world.model.fail_next("silence", times=2)
        job = world.weekly()
        wait_until(lambda: silence.fired == 2)
        stopped_within_s(job.terminate, job.wait, 10)
        assert job.process.returncode == EXIT_INTERRUPTED, job.said
        go_on(world, url, uncrashed)


def test_a_stop_signal_while_the_forum_is_slow_ends_at_once_and_makes_no_second_topic(
    kitchen: Kitchen, uncrashed: Outcome
) -> None:
    with kitchen.world() as (world, url):
        slow = world.forum.fail_next("slow", "POST /posts", seconds=1.0)
        job = world.weekly()
        wait_until(lambda: slow.fired == 1)
        stopped_within_s(job.terminate, job.wait, 3)
        assert job.process.returncode == EXIT_INTERRUPTED, job.said
        wait_until(lambda: len(world.forum.topics) == 1)  # the forum goes on alone
        go_on(world, url, uncrashed)


def test_the_next_command_takes_over_the_embedded_postgres_of_a_killed_one_and_stops_it(tmp_path: Path) -> None:
    with stage(tmp_path, database_url=None) as world:
        world.killed_at(Moment(TRANSLATE, "answered", nth=4))
        server = server_pid(tmp_path)
        assert is_running(tmp_path), "the server outlives the process that started it"
        other = world.command("status")
        assert server_pid(tmp_path) == server, "a second server was started"
        other.done()
        assert not is_running(tmp_path), "the last command did not stop the server"
        world.weekly().done()
        assert [len(topic["raws"]) for topic in posts_on_forum(world.forum)] == [PARTS]
        assert not is_running(tmp_path)


# What is compared


@dataclass(frozen=True)
class Books:
    """What the store knows about paid calls, and what the model has seen, when nothing is running."""

    answered: frozenset[str]
    started: int
    lost: int
    seen: int
    topics: int


def settled(world: Stage, url: str) -> Books:
    """The books after a process has ended, by itself or not."""
    settle(url)
    world.later(200)  # the forum forgets requests after two minutes; nothing here may rest on its memory
    rows = ask_database(url, "select state, input_hash from model_calls")
    answered = [input_hash for state, input_hash in rows if state == "answered"]
    assert len(answered) == len(set(answered)), "an input was answered twice"
    states = [state for state, _ in rows]
    assert "failed" not in states
    return Books(
        frozenset(answered),
        states.count("started"),
        states.count("lost"),
        len(world.model.calls),
        len(world.forum.topics),
    )


@contextmanager
def accounted(world: Stage, url: str, uncrashed: Outcome) -> Iterator[None]:
    """Hold a run to its books: it asks for nothing that was stored, and nothing that was there is lost."""
    before, posts = settled(world, url), raws_by_id(world)
    yield
    after = settled(world, url)
    assert before.answered <= after.answered <= uncrashed.answered
    # Each request of this run is stored as an answer, or was under way when the run was killed. Never more.
    assert after.seen - before.seen <= len(after.answered - before.answered) + after.started
    # What the run before it left open is settled as lost, unless this run was killed before it came to that.
    assert after.lost in (before.lost, before.lost + before.started)
    assert after.lost + after.started >= before.lost + before.started
    assert before.topics <= after.topics <= 1
    assert raws_by_id(world).items() >= posts.items(), "a post that was there was changed"


def go_on(world: Stage, url: str, uncrashed: Outcome) -> None:
    """Run the job to its end after a kill, and compare the world with the one that nobody disturbed."""
    before, calls_before = settled(world, url), len(world.forum.calls)
    with accounted(world, url, uncrashed):
        said = world.weekly().done()
    after = settled(world, url)
    assert after.seen - before.seen == len(uncrashed.answered - before.answered), "a stored answer was paid for again"
    assert (after.started, after.lost) == (0, before.lost + before.started)
    assert after.seen <= uncrashed.model_calls + after.lost
    outcome = look(world, url, 0.0)
    assert outcome.forum == uncrashed.forum, said
    assert outcome.store == uncrashed.store
    assert outcome.answered == uncrashed.answered
    assert len(raws_by_id(world)) == PARTS
    # Three parts take eight calls, and the report to the moderators one.
    assert len(world.forum.calls) - calls_before <= 9


def raws_by_id(world: Stage) -> dict[int, str]:
    """All posts of the forum, deleted ones too."""
    return {post.id: post.raw for post in world.forum.state.posts.values()}


def look(world: Stage, url: str, seconds: float) -> Outcome:
    """The world as it is now."""
    settle(url)
    store = {
        "editions": "select series, period, state, title, introduction_failure from editions",
        "papers": "select arxiv_id, url, title, abstract, authors, metadata_source from papers order by url",
        "items": "select e.rank, s.label, s.links, e.failure from edition_items e "
        "join sightings s on s.id = e.sighting_id order by e.rank",
        "revisions": "select p.kind, coalesce(w.url, s.label, 'edition'), g.position, g.source, g.paragraph, "
        "r.text, r.current, r.author_kind, r.author, r.model_call_id is not null from revisions r "
        "join segments g on g.id = r.segment_id join passages p on p.id = g.passage_id "
        "left join papers w on w.id = p.paper_id left join sightings s on s.id = p.sighting_id order by 1, 2, 3",
        "without revision": "select p.kind, g.position from segments g join passages p on p.id = g.passage_id "
        "left join revisions r on r.segment_id = g.id where r.id is null order by p.kind, p.source, g.position",
        "transitions": "select from_state, to_state, actor from transitions order by id",
        "topics": "select external_id, category_id, discourse_id, held_reviewable_id from topics",
        "posts": "select part, post_number, base_raw, version from posts order by part",
    }
    answered = ask_database(url, "select input_hash from model_calls where state = 'answered'")
    return Outcome(
        posts_on_forum(world.forum),
        {name: ask_database(url, query) for name, query in store.items()},
        frozenset(input_hash for (input_hash,) in answered),
        len(world.model.calls),
        seconds,
    )


# Small help


def side_by_side(scenario: Callable[[Any], None], cases: Sequence[Any]) -> None:
    """Run the scenario for all cases, some at a time; fail with the name of every case that fails."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [(case, pool.submit(scenario, case)) for case in cases]
    failures = [f"{named(case)}: {error!r}" for case, run in runs if (error := run.exception()) is not None]
    assert not failures, "\n\n".join(failures)


def named(case: object) -> str:
    """A journey or a seed, in words."""
    return " > ".join(map(str, case)) if isinstance(case, list) else f"seed {case}"


def stopped_within_s(stop: Callable[[], None], wait: Callable[[float], int], seconds: float) -> None:
    """Stop a job; it must end in time."""
    stop()
    wait(seconds)
