"""`paperbot demo`: the whole job against the sandbox world, on this machine and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from bot.forum.review import Reading
    from bot.jobs.tasks import Parts, Task
    from bot.sandbox.world import Mails, World
    from bot.settings import Settings
    from bot.store.engine import Sessions


@click.command()
@click.option("--headless", is_flag=True, help="End after the job instead of living on.")
@click.option("--fresh", is_flag=True, help="Forget earlier demo runs first.")
@click.option(
    "--period", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The week; default: the sample week."
)
@click.option(
    "--list",
    "list_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A weekly list for the stand-in to serve; default: the sample's.",
)
@click.option(
    "--recorded",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Titles, abstracts and Korean for the stand-ins: one JSON object a paper.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write edition.md, posts.json, report.json."
)
@click.option("--model-latency", type=float, default=0.6, show_default=True, help="Seconds the model stand-in takes.")
def demo(
    headless: bool,
    fresh: bool,
    period: dt.datetime | None,
    list_path: Path | None,
    recorded: Path | None,
    out: Path | None,
    model_latency: float,
) -> None:
    """Run the whole job in a sandbox: no forum, no key, no network needed.

    A week's list is collected, abstracts fetched, every paper drafted, the article submitted to a stand-in forum as a
    shared draft; then the papers of a day, and a talk. Then the service lives on beside the forum: edit the draft,
    answer the bot or publish, and watch it follow. State is kept between runs, so a second run finds its work done.
    """
    if (list_path is None) != (recorded is None):
        raise click.UsageError("--list and --recorded go together: the stand-ins need both.")
    if list_path is not None and period is None:
        raise click.UsageError("--list needs --period: which week of it?")
    from bot.sandbox import world as sandbox
    from bot.sandbox.upstream import read_recorded
    from bot.settings import Settings, load
    from bot.store.engine import opened

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    folder = load().data_dir / "demo"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    code = 0
    with ExitStack() as stack:
        world = stack.enter_context(
            sandbox.running(
                list_text=list_path.read_text(encoding="utf-8") if list_path else None,
                recorded=read_recorded(recorded) if recorded else None,
                forum_file=folder / "forum.json",
                forum_port=sandbox.FORUM_PORT,
                latency_s=model_latency,
                follows_suggestions=recorded is None,
            )
        )
        mails = None if headless else stack.enter_context(sandbox.receiving_mail())
        # Only the sandbox's own settings: nothing of a real .env or database is touched.
        settings = Settings(
            _env_file=None,
            database_url=None,
            data_dir=folder,
            webhook_secrets=secrets.token_hex(16),
            webhook_hosts=(),
            web_host="127.0.0.1",
            **world.settings,
            **(mails.settings if mails else {"web_port": 0}),
        )
        day = period.date() if period else dt.date.fromisoformat(sandbox.SAMPLE_PERIOD)
        say("Sandbox world: a forum, a model and the upstream lists, all on this machine.")
        with _timed(seconds, "store"):
            sessions = stack.enter_context(opened(settings, say=say))
        report = _run(settings, sessions, world, day, seconds)
        if out is not None:
            _write(out, world, report)
        _tell(report)
        if list_path is None:
            _run_others(settings, sessions)
        if headless:
            click.echo("Done. `paperbot demo` without --headless keeps the forum open to look at.")
        else:
            assert mails is not None
            code = _live_on(settings, sessions, world, mails, report["topic_url"])
    if not headless:
        # Threads of jobs that were given back may still run, and nobody waits for them.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(
    settings: Settings, sessions: Sessions, world: World, day: dt.date, seconds: dict[str, float]
) -> dict[str, Any]:
    from bot import clock
    from bot.cli import run
    from bot.editions.weekly import WEEKLY
    from bot.forum.submit import topic_url
    from bot.store import summary

    started_at = clock.now()
    forum_calls = len(world.forum.calls)
    with _timed(seconds, "collect"):
        edition_id = run.collect_step(sessions, settings, WEEKLY, str(day))
    with _timed(seconds, "draft"):
        run.draft_step(sessions, settings, edition_id)
    with _timed(seconds, "submit"):
        done = run.submit_step(sessions, settings, edition_id, again=False)
    with sessions() as session:
        segments, drafted = summary.segment_counts(session, edition_id, WEEKLY.kinds)
        spent = summary.calls_since(session, started_at)
        papers = summary.paper_count(session, edition_id)
    return {
        "period": day.isoformat(),
        "outcome": done.outcome,
        "topic_id": done.topic_id,
        "topic_url": topic_url(world.forum_url, done.topic_id),
        "parts": done.parts,
        "papers": papers,
        "segments": segments,
        "segments_drafted": drafted,
        "calls": spent.calls,
        "tokens": {
            "input": spent.input_tokens,
            "cache_write": spent.cache_write_tokens,
            "cache_read": spent.cache_read_tokens,
            "output": spent.output_tokens,
        },
        "cost_usd": float(spent.cost_usd),
        "forum_calls": len(world.forum.calls) - forum_calls,
        "seconds": {step: round(value, 3) for step, value in seconds.items()},
    }


def _write(out: Path, world: World, report: dict[str, Any]) -> None:
    from bot.editions.compose import RULE

    # The article's parts; whispers and replies of people stand in the topic too.
    first, *others = world.forum.posts(report["topic_id"])
    posts = [first, *(post for post in others if post.user_id == first.user_id and post.post_type == 1)]
    (out / "edition.md").write_text(RULE.join(post.raw for post in posts) + "\n", encoding="utf-8")
    listed = [
        {
            "id": post.id,
            "topic_id": post.topic_id,
            "post_number": post.post_number,
            "raw": post.raw,
        }
        for post in posts
    ]
    (out / "posts.json").write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    say(f"Written: {out / 'edition.md'}, posts.json, report.json")


def _run_others(settings: Settings, sessions: Sessions) -> None:
    """The sample's day and talk: the same three steps for the other two series."""
    from bot.cli import run
    from bot.editions.daily import DAILY
    from bot.editions.talk import TALK
    from bot.sandbox.world import SAMPLE_DAY, SAMPLE_TALK

    for of, period, what in ((DAILY, SAMPLE_DAY, "the papers of a day"), (TALK, SAMPLE_TALK, "a talk")):
        say(f"And {what}:")
        edition_id = run.collect_step(sessions, settings, of, period)
        run.draft_step(sessions, settings, edition_id)
        run.submit_step(sessions, settings, edition_id, again=False)


def _tell(report: dict[str, Any]) -> None:
    tokens = report["tokens"]
    seconds = sum(report["seconds"].values())
    click.echo(
        f"{report['papers']} papers, {report['segments_drafted']} of {report['segments']} segments in Korean, "
        f"{report['calls']} model calls ({sum(tokens.values()):,} tokens, would have cost ${report['cost_usd']:.3f}), "
        f"{report['forum_calls']} forum calls, {seconds:.1f} s."
    )


TO_TRY = """Try it in the browser; the bot follows within seconds / 브라우저에서 해 보세요. 봇이 몇 초 안에 따라옵니다:
  고치기   edit a sentence of the draft; it is kept from then on / 문장을 고치면 봇이 그대로 지킵니다
  답글     tell the bot `2번 빼줘`, `redraft paper 3`, `설명` or `help` / 봇에게 시키면 글에 반영하고 답합니다
  공개하기 publish; the bot never does, and the mail goes out / 공개는 사람만 하고, 그러면 메일이 나갑니다
Ctrl-C stops everything / Ctrl-C를 누르면 모두 멈춥니다."""


def _live_on(settings: Settings, sessions: Sessions, world: World, mails: Mails, address: str) -> int:
    """Run the service in this process until Ctrl-C: webhooks in a thread, worker and calendar here; the exit code."""
    from sqlalchemy import select

    from bot.digests.links import links_of
    from bot.jobs import calendar, service
    from bot.jobs.tasks import TASKS, Parts, defer_reading
    from bot.store.tables import Topic
    from bot.web import app

    # What happens is said in our own lines.
    logging.basicConfig(level=logging.ERROR, format="%(message)s", force=True)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    # The stand-in's list is of one week, so the weekly run stays out of the calendar.
    rules = [rule for rule in calendar.rules_of(settings) if rule.task != "run_weekly"]
    # Whoever tries things out writes short answers, `보류` say; a new Discourse takes none below 20 characters.
    world.forum.settings.min_post_length = 2
    world.model.marks_redrafts = True
    with app.serving(settings, sessions) as hook_url:
        assert settings.webhook_secrets is not None
        world.send_webhooks_to(hook_url, settings.webhook_secrets.get_secret_value())
        with sessions.begin() as session:
            for topic_id in session.scalars(select(Topic.id)).all():
                defer_reading(session, topic_id)  # what people did while no bot was there
        _add_reader(sessions)
        click.echo(f"{TO_TRY}\n{address}")
        click.echo(f"메일 / the mails: {mails.url}\n구독 / sign up for them: {links_of(settings).subscribe}")
        tasks = {**TASKS, "read_topic": _told(TASKS["read_topic"], world)}
        code = service.run_worker(Parts(settings, sessions), tasks=tasks, rules=rules, grace_s=2.0)
    if code:
        say("\nThe service ended unasked; run the demo again.")
    else:
        say("\nStopped. What was made is kept for the next run (--fresh forgets it).")
    return code


def _told(task: Task, world: World) -> Task:
    """The task of reading a topic, with words for the person who looks on."""
    from bot.errors import ConflictError
    from bot.forum.review import Reading
    from bot.jobs.retry import reason_of

    def run(parts: Parts, *, topic_id: int) -> object:
        before = world.bot_post_count()
        try:
            reading = task.run(parts, topic_id=topic_id)
        except ConflictError:
            raise  # the queue tries again in seconds
        except Exception as exc:
            say(f"  bot: {reason_of(exc)}")
            raise
        assert isinstance(reading, Reading)
        for line in _lines(reading, world.bot_post_count() - before):
            say(f"  bot: {line}")
        if "published" in reading.news:
            _send_digest(parts)
        return reading

    return replace(task, run=run)


def _add_reader(sessions: Sessions) -> None:
    """One reader to begin with; a person may sign up as another."""
    from bot import clock
    from bot.digests import addresses, subscribers

    with sessions.begin() as session:
        address = addresses.parse("reader@example.com")
        subscribers.join(session, address, subscribers.Choice(), source="import", reason="demo", now=clock.now())


def _send_digest(parts: Parts) -> None:
    """Not wait for Monday."""
    from bot.digests import plan
    from bot.jobs import digests

    with parts.sessions.begin() as session:
        made = plan.begin_now(session, "weekly", "Asia/Seoul", parts.now())
        if made is not None:
            digests.defer_plan(session, made)
    say("  bot: sends the digest to its readers")


def _lines(reading: Reading, answers: int) -> Iterator[str]:
    if reading.edited_parts:
        parts = ", ".join(map(str, reading.edited_parts))
        yield f"took in an edit of part {parts}; sentences in a person's words: {reading.changed}"
    if reading.news:
        yield f"noticed: {', '.join(reading.news)}"
    if reading.pushed_parts:
        yield f"edited part {', '.join(map(str, reading.pushed_parts))} of the post"
    if answers > 0:
        yield f"answered in the topic ({answers})"


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[step] = time.monotonic() - start
