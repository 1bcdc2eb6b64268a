"""Jobs in the store's own Postgres: deferred with their row or not at all, rescued, given up, run again."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from bot.jobs import calendar as calendars
from bot.jobs import queue, tasks
from bot.jobs.calendar import Calendar, Daily, Every, Rule, Weekly
from bot.jobs.tasks import Parts
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.inbox import unprocessed
from bot.store.schedule import begin_slot

NOW = dt.datetime(2026, 11, 16, 0, 0, tzinfo=dt.UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def jobs(engine: Engine, columns: str = "task_name, status::text") -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"select {columns} from procrastinate_jobs order by id"))]


def worker_silent_for(engine: Engine, seconds: float) -> int:
    with engine.begin() as connection:
        return int(
            connection.execute(
                text(
                    "insert into procrastinate_workers (last_heartbeat) "
                    "values (now() - make_interval(secs => :s)) returning id"
                ),
                {"s": seconds},
            ).scalar_one()
        )


def fetch(engine: Engine, worker_id: int) -> int | None:
    with engine.begin() as connection:
        found = connection.execute(text("select id from procrastinate_fetch_job_v2(null, :w)"), {"w": worker_id})
        return found.scalar_one()  # type: ignore[no-any-return]


def end(engine: Engine, job_id: int, status: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"select procrastinate_finish_job_v1({job_id}, '{status}', false)"))


def test_job_and_row_live_or_die_together(sessions: Sessions, engine: Engine) -> None:
    with sessions() as session:
        queue.defer(session, "read_topic", topic_id=1)
        session.rollback()
    assert jobs(engine) == []
    with sessions.begin() as session:
        assert queue.defer(session, "read_topic", topic_id=1)
    assert jobs(engine, "task_name, args, queue_name") == [("read_topic", {"topic_id": 1}, "default")]


def test_second_job_under_a_queueing_lock_spares_the_transaction(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        assert queue.defer(session, "read_topic", queueing_lock="a", topic_id=1)
        assert not queue.defer(session, "read_topic", queueing_lock="a", topic_id=1)
        assert begin_slot(session, "still", "alive")
    assert len(jobs(engine)) == 1


def test_job_that_waits_for_its_next_try_is_hurried_by_a_new_one(sessions: Sessions, engine: Engine) -> None:
    later, sooner = NOW + dt.timedelta(days=400), NOW + dt.timedelta(days=200)
    with sessions.begin() as session:
        queue.defer(session, "read_topic", queueing_lock="a", run_at=later)
        queue.defer(session, "read_topic", queueing_lock="a", run_at=sooner)
    assert jobs(engine, "scheduled_at") == [(sooner,)]
    with sessions.begin() as session:
        queue.defer(session, "read_topic", queueing_lock="a", run_at=later)
    assert jobs(engine, "scheduled_at") == [(sooner,)]
    with sessions.begin() as session:
        queue.defer(session, "read_topic", queueing_lock="a")
        queue.defer(session, "read_topic", queueing_lock="a", run_at=later)
    assert jobs(engine, "scheduled_at") == [(None,)]


def test_jobs_of_a_silent_worker_return_and_others_stay(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        for number in range(3):
            queue.defer(session, "read_topic", topic_id=number)
    dead, alive = worker_silent_for(engine, 61), worker_silent_for(engine, 50)
    first, second = fetch(engine, dead), fetch(engine, alive)
    with sessions.begin() as session:
        done = queue.rescue(session)
    assert done.returned == (first,)
    assert jobs(engine, "id, status::text, worker_id")[:2] == [(first, "todo", None), (second, "doing", alive)]


def test_job_that_kills_its_workers_fails_as_poison(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        queue.defer(session, "read_topic", lock="l", queueing_lock="q", topic_id=1)
    for _ in range(queue.RESCUES):
        fetch(engine, worker_silent_for(engine, 61))
        with sessions.begin() as session:
            assert len(queue.rescue(session).returned) == 1
    fetch(engine, worker_silent_for(engine, 61))
    with sessions.begin() as session:
        assert len(queue.rescue(session).poison) == 1
        (failed,) = queue.failed_jobs(session)
    assert failed.args == {"topic_id": 1}
    assert failed.reason is not None
    assert "Poison: 4 workers" in failed.reason


def test_two_rescues_at_once_return_a_job_once(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        for _ in range(10):
            queue.defer(session, "read_topic")
    dead = worker_silent_for(engine, 61)
    for _ in range(10):
        fetch(engine, dead)
    barrier = threading.Barrier(2)

    def rescue() -> int:
        with sessions.begin() as session:
            barrier.wait()
            return len(queue.rescue(session).returned)

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: rescue(), range(2))) == 10
    assert set(jobs(engine, "args -> '_notes' ->> 'rescues'")) == {("1",)}


def test_rescued_job_steps_back_for_one_that_waits_under_its_lock(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        queue.defer(session, "read_topic", lock="l", queueing_lock="q")
    fetch(engine, worker_silent_for(engine, 61))
    with sessions.begin() as session:
        assert queue.defer(session, "read_topic", lock="l", queueing_lock="q")
    with sessions.begin() as session:
        assert len(queue.rescue(session).superseded) == 1
    assert jobs(engine) == [("read_topic", "succeeded"), ("read_topic", "todo")]
    assert fetch(engine, worker_silent_for(engine, 0)) is not None, "the lock is free"


def test_worker_that_leaves_gives_its_jobs_back_uncounted(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        queue.defer(session, "read_topic", topic_id=1)
    leaving = worker_silent_for(engine, 0)
    job_id = fetch(engine, leaving)
    with sessions.begin() as session:
        assert queue.give_back(session, leaving) == [job_id]
        assert queue.living_workers(session) == 0
    assert jobs(engine, "status::text, args") == [("todo", {"topic_id": 1})]


def test_failed_job_runs_again_as_new(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        queue.defer(session, "read_topic", topic_id=1)
    job_id = fetch(engine, worker_silent_for(engine, 0))
    assert job_id is not None
    with sessions.begin() as session:
        queue.note(session, job_id, error="It was refused.", tries=3)
        assert not queue.run_again(session, job_id), "it is not over yet"
    end(engine, job_id, "failed")
    with sessions.begin() as session:
        (failed,) = queue.failed_jobs(session)
        assert (failed.id, failed.reason, failed.tries) == (job_id, "It was refused.", 3)
        assert queue.run_again(session, job_id)
        assert not queue.run_again(session, job_id + 1)
    assert jobs(engine, "status::text, args") == [("todo", {"topic_id": 1})]


def test_old_jobs_slots_and_webhooks_are_deleted_and_failed_jobs_kept_longer(
    sessions: Sessions, engine: Engine
) -> None:
    with sessions.begin() as session:
        for _ in range(3):
            queue.defer(session, "read_topic")
        begin_slot(session, "sweep", "2026-01-01")
        begin_slot(session, "sweep", "2026-01-02")
    worker = worker_silent_for(engine, 0)
    done, failed = fetch(engine, worker), fetch(engine, worker)
    assert done is not None
    assert failed is not None
    end(engine, done, "succeeded")
    end(engine, failed, "failed")
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into inbox (event_type, event, content_key, body, received_at) "
                "values ('post', 'post_edited', 'old', '{}', now() - interval '31 days'), "
                "('post', 'post_edited', 'new', '{}', now())"
            )
        )
    now = dt.datetime.now(dt.UTC)
    settings = Settings(_env_file=None)
    tasks.prune(Parts(settings, sessions, lambda: now + dt.timedelta(days=6)))
    assert len(jobs(engine)) == 3
    tasks.prune(Parts(settings, sessions, lambda: now + dt.timedelta(days=8)))
    assert jobs(engine) == [("read_topic", "failed"), ("read_topic", "todo")]
    tasks.prune(Parts(settings, sessions, lambda: now + dt.timedelta(days=91)))
    assert jobs(engine) == [("read_topic", "todo")], "what waits is never deleted"
    with engine.connect() as connection:
        assert connection.execute(text("select slot from due_runs")).scalars().all() == ["2026-01-02"]
        assert connection.execute(text("select count(*) from inbox")).scalar_one() == 0


def calendar(sessions: Sessions, now: Callable[[], dt.datetime]) -> Calendar:
    rules: list[Rule] = [Weekly("run_weekly", 0, dt.time(9)), Every("sweep_posts", 10), Every("rescue_stalled", 1)]
    return Calendar(sessions, SEOUL, rules, now=now)


def test_two_calendars_begin_a_slot_once(sessions: Sessions, engine: Engine) -> None:
    barrier = threading.Barrier(4)

    def look(_: int) -> int:
        own = calendar(sessions, lambda: NOW)
        barrier.wait()
        return len(own.look())

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 3
    assert sorted(jobs(engine, "task_name, args, priority")) == [
        ("rescue_stalled", {}, 10),
        ("run_weekly", {"period": "2026-11-09"}, 0),
        ("sweep_posts", {}, 0),
    ]


def test_calendar_catches_up_once_and_jumps_of_the_clock_repeat_nothing(sessions: Sessions, engine: Engine) -> None:
    times = [NOW + dt.timedelta(days=2), NOW, NOW + dt.timedelta(days=2), NOW + dt.timedelta(days=2, hours=1)]
    moment = iter(times)
    own = calendar(sessions, lambda: next(moment))
    begun = [own.look() for _ in times]
    assert ("run_weekly", "2026-11-16") in begun[0]
    assert [task for slots in begun for task, _ in slots].count("run_weekly") == 1
    assert begun[2] == []
    assert calendar(sessions, lambda: times[-1]).look() == [], "nor does a restart"


def test_days_on_which_the_service_was_down_are_made_up_but_none_before_its_first(
    sessions: Sessions, engine: Engine
) -> None:
    rules = [Daily("run_daily", dt.time(9), made_up=3)]
    first = [Calendar(sessions, SEOUL, rules, now=lambda: NOW).look() for _ in range(2)]
    assert first == [[("run_daily", "2026-11-16")], []]
    later = Calendar(sessions, SEOUL, rules, now=lambda: NOW + dt.timedelta(days=9))
    assert later.look() == [("run_daily", f"2026-11-{day}") for day in (23, 24, 25)]
    assert later.look() == []
    periods = [args["period"] for task, args in jobs(engine, "task_name, args") if task == "run_daily"]
    assert sorted(periods) == ["2026-11-15", "2026-11-22", "2026-11-23", "2026-11-24"]


def test_sweep_that_still_waits_is_not_deferred_again(sessions: Sessions, engine: Engine) -> None:
    moment = iter([NOW, NOW + dt.timedelta(minutes=10), NOW + dt.timedelta(minutes=20)])
    own = calendar(sessions, lambda: next(moment))
    for _ in range(3):
        own.look()
    assert [task for task, _ in jobs(engine)].count("sweep_posts") == 1


def test_rescue_needs_no_lock_that_a_dead_worker_could_hold(sessions: Sessions, engine: Engine) -> None:
    calendar(sessions, lambda: NOW).look()
    assert dict(jobs(engine, "task_name, lock"))["rescue_stalled"] is None


def test_calendar_without_its_database_tries_again(sessions: Sessions, engine: Engine) -> None:
    own = calendar(sessions, lambda: NOW)
    with engine.begin() as connection:
        connection.execute(text("alter table due_runs rename to away"))
    assert own.look() == []
    with engine.begin() as connection:
        connection.execute(text("alter table away rename to due_runs"))
    assert len(own.look()) == 3


def test_calendar_wakes_after_the_clock_was_set_back(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "TICK_S", 3600.0)
    looks = threading.Semaphore(0)
    real = dt.datetime.now(dt.UTC)

    def now() -> dt.datetime:
        looks.release()
        return real

    own = Calendar(sessions, SEOUL, [], now=now)
    own.start()
    try:
        assert looks.acquire(timeout=5)
        assert looks.acquire(timeout=5)
        assert not own.nudge(silent_s=60)
        assert not looks.acquire(timeout=0.2), "it sleeps"
        assert own.nudge(silent_s=0)
        assert looks.acquire(timeout=5)
        assert looks.acquire(timeout=5), "it has looked"
    finally:
        own.stop()


def test_handled_webhook_is_handled_once(sessions: Sessions, engine: Engine) -> None:
    with engine.begin() as connection:
        topic_id = connection.execute(
            text(
                "with e as (insert into editions (series, period, period_start, period_end, state, title) "
                "values ('weekly', '2026-11-09', '2026-11-09', '2026-11-15', 'submitted', 't') returning id) "
                "insert into topics (edition_id, external_id, discourse_id, category_id) "
                "select id, 'k', 42, 1 from e returning id"
            )
        ).scalar_one()
        ours, other, own = connection.execute(
            text(
                "insert into inbox (event_type, event, content_key, body) values "
                """('post', 'post_edited', 'a', '{"post": {"id": 7, "topic_id": 42, "username": "paperbot"}}'), """
                """('post', 'post_edited', 'b', '{"post": {"id": 8, "topic_id": 43}}'), """
                """('post', 'post_created', 'c', '{"post": {"id": 9, "topic_id": 42, "username": "PaperBot"}}') """
                "returning id"
            )
        ).scalars()
    parts = Parts(Settings(_env_file=None, forum_api_user="paperbot"), sessions, lambda: NOW)
    assert tasks.handle_event(parts, inbox_id=own) == "own post"
    assert tasks.handle_event(parts, inbox_id=ours) == f"reads topic {topic_id}"
    assert tasks.handle_event(parts, inbox_id=ours) == "done before"
    assert tasks.handle_event(parts, inbox_id=other) == "not ours"
    key = f"read_topic-{topic_id}"
    assert jobs(engine, "task_name, args, lock, queueing_lock") == [("read_topic", {"topic_id": topic_id}, key, key)]
    with sessions.begin() as session:
        assert unprocessed(session, ours) is None
