"""The figures: what `/metrics`, `paperbot status` and `/readyz` say of a store, each against the real Postgres."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bot import clock
from bot.errors import SettingsError, TransientError
from bot.figures import effort, metrics, month, silence
from bot.figures.standing import Standing, standing, swept_at
from bot.jobs import backlog, editions, queue
from bot.jobs.tasks import TASKS, Parts
from bot.sandbox import world as sandbox
from bot.sandbox.server import serve
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import (
    Cursor,
    Edition,
    ForumCalls,
    ModelCall,
    Paper,
    Post,
    Revision,
    Sighting,
    Topic,
    Transition,
)
from bot.web import app as web
from bot.web.health import Watch
from bot.web.hooks import Gate
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk

TOKEN = "a-token-for-prometheus"
NOW = MONDAY
PAPERBOT = str(Path(sys.executable).with_name("paperbot"))


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(
        sessions,
        forum_api_user="paperbot",
        forum_api_key="a-key",
        metrics_token=TOKEN,
    ) as made:
        yield made


def seen(desk: Desk, now: dt.datetime = NOW) -> Standing:
    with desk.sessions() as session:
        return standing(session, desk.settings, now)


def samples(desk: Desk, now: dt.datetime = NOW) -> dict[tuple[str, str], float]:
    """The numbers of `/metrics`, by name and the values of their labels."""
    text = metrics.metrics(seen(desk, now)).decode()
    return {
        (sample.name, "/".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def submitted(desk: Desk, topic_id: int, at: dt.datetime, *, published: bool = True) -> int:
    """Make it known when the draft of a topic was submitted; the edition's id."""
    with desk.sessions.begin() as session:
        topic = session.query(Topic).filter_by(discourse_id=topic_id).one()
        topic.edition.created_at = at - HOUR
        session.add(move(topic.edition_id, "checked", "submitted", at))
        if not published:
            session.query(Transition).filter_by(subject_id=topic.edition_id, to_state="published").delete()
            topic.edition.state = "submitted"
        return topic.edition_id


def move(edition_id: int, before: str | None, to: str, at: dt.datetime) -> Transition:
    return Transition(
        subject="edition", subject_id=edition_id, from_state=before, to_state=to, actor="sujin", reason="", at=at
    )


def edit(desk: Desk, topic_id: int, at: dt.datetime, new: str, *, kind: str = "moderator") -> None:
    """A person gives the first sentence of the topic's page another text."""
    with desk.sessions.begin() as session:
        post = session.query(Post).join(Topic).filter(Topic.discourse_id == topic_id).one()
        segment_id = min(int(number) for number in post.shown)
        session.query(Revision).filter_by(segment_id=segment_id, current=True).update({"current": False})
        session.flush()
        session.add(
            Revision(
                segment_id=segment_id,
                text=new,
                current=True,
                author_kind=kind,
                author="sujin",
                reason="edit",
                created_at=at,
            )
        )


def lists(session: Session, source: str, *days: dt.date) -> None:
    """Lists of these days, each seen at its day's noon."""
    paper = Paper(url=f"https://papers.example/{source}", title="A Ship")
    session.add(paper)
    session.flush()
    for day in days:
        session.add(
            Sighting(
                paper_id=paper.id,
                source=source,
                list_date=day,
                rank=1,
                label="a ship",
                description="",
                links=[],
                seen_at=dt.datetime.combine(day, dt.time(12), dt.UTC),
            )
        )


def test_untouched_sentences_and_changed_characters_are_counted(desk: Desk) -> None:
    plain, _ = desk.edition(NOW - 2 * DAY, "Ship One")
    mended, _ = desk.edition(NOW - DAY, "Ship Two")
    submitted(desk, plain, NOW - 2 * DAY - 6 * HOUR)
    submitted(desk, mended, NOW - DAY - 2 * HOUR)
    edit(desk, mended, NOW - DAY - HOUR, "Ship Two의 우리말 제목")
    found = seen(desk).effort
    assert (found.posts, found.untouched_posts) == (2, 1)
    sentences = sum(one.sentences for one in _approved(desk))
    assert found.untouched_rate == pytest.approx(1 - 1 / sentences)
    assert found.characters == {"moderator": 3, "reader": 0}  # 한국어 became 우리말
    assert found.hours_to_publish == pytest.approx(4.0)


def _approved(desk: Desk) -> list[effort.Approved]:
    with desk.sessions() as session:
        return effort.approved(session, NOW - 30 * DAY, NOW)


def test_edit_just_before_publication_counts_though_it_is_read_a_moment_later(desk: Desk) -> None:
    topic_id, _ = desk.edition(NOW - DAY, "Ship One")
    submitted(desk, topic_id, NOW - DAY - HOUR)
    edit(desk, topic_id, NOW - DAY + dt.timedelta(seconds=30), "배 한 척")
    [post] = _approved(desk)
    assert post.touched == 1


def test_correction_after_publication_does_not_make_the_approved_draft_worse(desk: Desk) -> None:
    topic_id, _ = desk.edition(NOW - 3 * DAY, "Ship One")
    submitted(desk, topic_id, NOW - 3 * DAY - HOUR)
    edit(desk, topic_id, NOW - DAY, "배 한 척", kind="reader")
    [post] = _approved(desk)
    assert post.touched == 0
    assert seen(desk).effort.characters["reader"] > 0


def test_adopted_posts_are_nobodys_approved_drafts(desk: Desk) -> None:
    topic_id, _ = desk.edition(NOW - DAY, "Ship One")
    with desk.sessions.begin() as session:
        session.query(Transition).filter_by(to_state="published").update({"from_state": None})
    assert topic_id
    assert _approved(desk) == []


def test_waiting_drafts_have_their_age(desk: Desk) -> None:
    for age in (5, 30):
        topic_id, _ = desk.edition(NOW, "Ship One")
        submitted(desk, topic_id, NOW - age * HOUR, published=False)
    found = samples(desk)
    assert found["paperbot_drafts_waiting", ""] == 2
    assert found["paperbot_draft_oldest_age_seconds", ""] == 30 * 3600
    assert found["paperbot_editions", "weekly/submitted"] == 2


def test_corrections_have_their_time_to_apply(desk: Desk) -> None:
    topic_id, _ = desk.edition(NOW - 5 * DAY, "Ship One")
    desk.corrected(topic_id, NOW - DAY, "나쁜 문장", "좋은 문장", "minji")
    with desk.sessions.begin() as session:
        session.execute(text("update corrections set created_at = :at"), {"at": NOW - DAY - 3 * HOUR})
    found = samples(desk)
    assert found["paperbot_corrections_applied", ""] == 1
    assert found["paperbot_correction_time_to_apply_seconds", ""] == pytest.approx(3 * 3600)
    assert found["paperbot_corrections_open", "proposed"] == 0


def test_months_cost_stands_beside_its_cap(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        for number, (cost, at) in enumerate([("0.25", NOW), (None, NOW), ("5", NOW - 40 * DAY)]):
            session.add(
                ModelCall(
                    purpose="translate_paper",
                    model="m",
                    prompt_version="1",
                    input_hash=str(number),
                    state="answered" if cost else "lost",
                    worst_case_usd=Decimal("0.5"),
                    cost_usd=Decimal(cost) if cost else None,
                    started_at=at,
                )
            )
    found = samples(desk)
    assert found["paperbot_model_cost_month_usd", ""] == 0.75
    assert found["paperbot_model_cost_cap_usd", ""] == 20
    assert found["paperbot_model_calls_failed_month", ""] == 1


def test_newest_digest_is_told_by_state_of_delivery(desk: Desk) -> None:
    desk.edition(NOW - DAY, "Ship One")
    desk.reader("one@example.com")
    desk.reader("two@example.com", cadence="daily")
    desk.run(NOW)
    found = samples(desk)
    assert found["paperbot_digest_mails", "weekly/sent"] == 1
    assert found["paperbot_subscribers_active", "daily"] == 1


def test_source_that_is_silent_longer_than_usual_is_told_apart(desk: Desk) -> None:
    monday = NOW.date() - dt.timedelta(days=NOW.weekday())
    with desk.sessions.begin() as session:
        lists(session, "dair", *(monday - dt.timedelta(weeks=number) for number in range(2, 8)))
        found = silence.sources(session, ["dair", "huggingface"], NOW)
    [source] = found
    assert source.usual == dt.timedelta(weeks=1)
    assert source.is_silent
    assert ("paperbot_source_silent_seconds", "dair") in samples(desk)


def test_forum_calls_and_refusals_for_speed_are_counted(sessions: Sessions) -> None:
    with sandbox.running() as world:
        settings = Settings(_env_file=None, **world.settings)
        with editions.forum_of(settings, sessions) as forum:
            forum.scopes()
            world.forum.fail_next("429_json", "scopes", wait_s=9)
            with pytest.raises(TransientError):
                forum.scopes()
        with editions.forum_of(settings, sessions) as forum:
            forum.scopes()
        with sessions() as session:
            counted = {row.outcome: row.count for row in session.query(ForumCalls)}
            now = standing(session, settings, clock.now())
    assert counted == {"ok": 2, "limited": 1}
    assert now.forum_calls == now.forum_calls_today == counted


def test_every_sweep_is_remembered_with_or_without_news(sessions: Sessions) -> None:
    with sandbox.running() as world:
        world.forum.reply(
            sandbox.MODERATOR, topic_id=_some_topic(world), raw="등불을 든 배가 밤바다를 건너는 이야기를 나누어 봅시다."
        )
        settings = Settings(_env_file=None, **world.settings)

        def swept(at: dt.datetime) -> dt.datetime | None:
            TASKS["sweep_posts"].run(Parts(settings, sessions, now=lambda: at))
            with sessions() as session:
                return swept_at(session)

        assert [swept(at) for at in (NOW, NOW + HOUR)] == [NOW, NOW + HOUR]


def _some_topic(world: sandbox.World) -> int:
    post = world.forum.create_topic(
        sandbox.MODERATOR,
        title="등불을 들고 밤바다를 건너는 배 이야기",
        raw="등불을 든 배가 밤바다를 건너는 이야기입니다. 함께 읽어 봅시다.",
        category_id=world.forum.papers_category.id,
    )
    return post.topic_id


def ask(desk: Desk, path: str, token: str | None = None, **changes: Any) -> httpx.Response:
    settings = desk.settings.model_copy(update=changes)
    app = web.make_app(Gate((), frozenset()), desk.sessions, Watch(settings, desk.sessions))
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    with serve(app) as url:
        return httpx.get(url + path, headers=headers)


def test_metrics_are_for_whoever_has_the_token(desk: Desk) -> None:
    for token in (None, "another-token-altogether", TOKEN[:-1], TOKEN + "x"):
        answer = ask(desk, "/metrics", token)
        assert (answer.status_code, answer.text) == (404, "not found")
    answer = ask(desk, "/metrics", TOKEN)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "paperbot_workers 0.0" in answer.text


def test_without_a_token_there_are_no_metrics_for_anybody(desk: Desk) -> None:
    assert ask(desk, "/metrics", metrics_token=None).status_code == 404
    assert ask(desk, "/metrics", "None", metrics_token=None).status_code == 404


def test_short_token_is_refused_at_start(sessions: Sessions) -> None:
    with pytest.raises(SettingsError, match="METRICS_TOKEN"):
        Watch(Settings(_env_file=None, metrics_token="short"), sessions)


def test_metrics_hold_no_names_and_no_addresses(desk: Desk) -> None:
    topic_id, _ = desk.edition(NOW - DAY, "Ship One")
    desk.corrected(topic_id, NOW - HOUR, "나쁜 문장", "좋은 문장", "minji")
    desk.reader("one@example.com")
    text = metrics.metrics(seen(desk)).decode()
    assert text.isascii()
    for word in ("minji", "sujin", "example.com", "Ship"):
        assert word not in text


def ready(desk: Desk) -> int:
    return ask(desk, "/readyz").status_code


def test_ready_means_worker_queue_and_sweep(desk: Desk) -> None:
    assert ready(desk) == 503
    with desk.sessions.begin() as session:
        session.execute(text("select procrastinate_register_worker_v1()"))
    assert ready(desk) == 200
    with desk.sessions.begin() as session:
        session.add(Cursor(name="latest posts", value=1, moved_at=clock.now() - HOUR))
    assert ready(desk) == 503
    with desk.sessions.begin() as session:
        session.execute(text("update cursors set moved_at = now()"))
        queue.defer(session, "remind", run_at=clock.now() - dt.timedelta(minutes=20))
    assert ready(desk) == 503
    with desk.sessions.begin() as session:
        assert backlog.backlog(session).oldest_s > 900
        session.execute(text("update procrastinate_jobs set priority = -10"))  # as the lines of a digest
    assert ready(desk) == 200


def command(database_url: str, folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database_url, "FORUM_URL": "https://forum.example.org", **more}
    return subprocess.run([PAPERBOT, *args], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_status_says_on_one_screen_what_metrics_say(desk: Desk, database_url: str, tmp_path: Path) -> None:
    topic_id, _ = desk.edition(clock.now(), "Ship One")
    submitted(desk, topic_id, clock.now() - 50 * HOUR, published=False)
    desk.reader("one@example.com")
    with desk.sessions.begin() as session:
        queue.defer(session, "remind")
        queue.note(
            session, 1, tries=4, failing_since=clock.now().isoformat(), error="TransientError: the forum is away"
        )
    done = command(database_url, tmp_path, "status")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 160
    assert re.search(r"^drafts +1 waiting: weekly p\d+ for 2\.1 days$", done.stdout, re.M)
    assert re.search(r"^queue +0 workers; 1 jobs ready", done.stdout, re.M)
    assert re.search(r"^job 1 +remind fails after 4 tries: TransientError: the forum is away$", done.stdout, re.M)


def test_month_is_written_as_one_page(desk: Desk, database_url: str, tmp_path: Path) -> None:
    topic_id, _ = desk.edition(NOW - DAY, "Ship One", topic_title="<b>배</b> & 돛")
    submitted(desk, topic_id, NOW - DAY - 2 * HOUR)
    edit(desk, topic_id, NOW - DAY - HOUR, "Ship One의 우리말 제목")
    desk.corrected(topic_id, NOW - HOUR, "나쁜 문장", "좋은 문장", "<i>minji", "jiho")
    done = command(database_url, tmp_path, "report", "--month", "2026-11")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report-2026-11.html").read_text(encoding="utf-8")
    assert "2026년 11월 편집 보고서" in page
    assert "&lt;b&gt;배&lt;/b&gt; &amp; 돛" in page
    assert "&lt;i&gt;minji" in page
    assert "<b>배" not in page
    assert "<i>minji" not in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)


def test_month_without_anything_is_a_page_too(desk: Desk, database_url: str, tmp_path: Path) -> None:
    done = command(database_url, tmp_path, "report", "--month", "2026-02", "--out", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("이 달에는 없습니다.") == 8
    refused = command(database_url, tmp_path, "report", "--month", "2026-13")
    assert refused.returncode == 1
    assert "write it like 2026-11" in refused.stderr


def test_month_begins_and_ends_where_the_readers_live(desk: Desk) -> None:
    midnight = dt.datetime(2026, 10, 31, 15, tzinfo=dt.UTC)  # 1 November in Seoul
    for at in (midnight - dt.timedelta(seconds=1), midnight, midnight + 30 * DAY):
        topic_id, _ = desk.edition(at, "Ship One")
        submitted(desk, topic_id, at - HOUR)
    with desk.sessions() as session:
        found = month.month(session, desk.settings, month.span_of("2026-11", "Asia/Seoul"))
    assert [post.published_at for post in found.posts] == [midnight]


LARGE = {
    *("segments", "revisions", "transitions", "corrections", "correction_reports", "comments"),
    *("model_calls", "sightings", "deliveries", "posts", "topics"),
}
"""Tables that grow for years; subscribers grow, too, but a report reads them all."""


def test_no_figure_reads_a_whole_history(desk: Desk) -> None:
    """With sequential scans made dear, a plan has one only where no index serves."""
    desk.edition(NOW - DAY, "Ship One")
    said: list[tuple[str, Any]] = []
    with desk.sessions() as session:
        bind = session.get_bind()
        session.execute(text("set enable_seqscan = off"))

        def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
            said.append((statement, parameters))

        event.listen(bind, "before_cursor_execute", note)
        try:
            standing(session, desk.settings, NOW)
            month.month(session, desk.settings, month.span_of("2026-11", "Asia/Seoul"))
        finally:
            event.remove(bind, "before_cursor_execute", note)
        assert 20 <= len(said) <= 32
        for statement, parameters in said:
            cursor = session.connection().connection.cursor()
            cursor.execute(f"explain (format json) {statement}", parameters)
            row = cursor.fetchone()
            assert row is not None
            scanned = set(_scanned(row[0] if not isinstance(row[0], str) else json.loads(row[0])))
            assert not scanned & LARGE, statement


def _scanned(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for part in plan:
            yield from _scanned(part)
    elif isinstance(plan, dict):
        if plan.get("Node Type") == "Seq Scan":
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _scanned(part)


def test_editions_in_public_are_counted_by_state(desk: Desk) -> None:
    desk.edition(NOW - DAY, "Ship One")
    desk.edition(NOW - DAY, "Ship Two", state="revised")
    with desk.sessions() as session:
        assert session.query(Edition).count() == 2
    assert seen(desk).editions == {("weekly", "published"): 1, ("weekly", "revised"): 1}
