"""`paperbot demo`: the whole job against the sandbox world, on this machine and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from bot.sandbox.world import World
    from bot.settings import Settings


@click.command()
@click.option("--headless", is_flag=True, help="End after the job instead of keeping the forum open.")
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
    shared draft. State is kept between runs, so a second run finds its work done.
    """
    if (list_path is None) != (recorded is None):
        raise click.UsageError("--list and --recorded go together: the stand-ins need both.")
    if list_path is not None and period is None:
        raise click.UsageError("--list needs --period: which week of it?")
    from bot.sandbox import world as sandbox
    from bot.sandbox.upstream import read_recorded
    from bot.settings import Settings, load

    folder = load().data_dir / "demo"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with sandbox.running(
        list_text=list_path.read_text(encoding="utf-8") if list_path else None,
        recorded=read_recorded(recorded) if recorded else None,
        forum_file=folder / "forum.json",
        forum_port=sandbox.FORUM_PORT,
        latency_s=model_latency,
    ) as world:
        # Only the sandbox's own settings: nothing of a real .env or database is touched.
        settings = Settings(_env_file=None, database_url=None, data_dir=folder, **world.settings)
        day = period.date() if period else dt.date.fromisoformat(sandbox.SAMPLE_PERIOD)
        report = _run(settings, world, day)
        if out is not None:
            _write(out, world, report)
        _tell(report, headless=headless)
        if not headless:
            _wait()


def _run(settings: Settings, world: World, day: dt.date) -> dict[str, Any]:
    from bot import clock
    from bot.cli import run
    from bot.forum.submit import topic_url
    from bot.store import summary
    from bot.store.engine import opened

    seconds: dict[str, float] = {}
    say("Sandbox world: a forum, a model and the upstream lists, all on this machine.")
    with _timed(seconds, "store"):
        store = opened(settings, say=say)
        sessions = store.__enter__()
    try:
        started_at = clock.now()
        forum_calls = len(world.forum.calls)
        with _timed(seconds, "collect"):
            edition_id = run.collect_step(sessions, settings, day)
        with _timed(seconds, "draft"):
            run.draft_step(sessions, settings, edition_id)
        with _timed(seconds, "submit"):
            done = run.submit_step(sessions, settings, edition_id, again=False)
        with sessions() as session:
            segments, drafted = summary.segment_counts(session, edition_id)
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
    finally:
        store.__exit__(None, None, None)


def _write(out: Path, world: World, report: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    posts = world.forum.posts(report["topic_id"])
    (out / "edition.md").write_text("\n\n".join(post.raw for post in posts) + "\n", encoding="utf-8")
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


def _tell(report: dict[str, Any], *, headless: bool) -> None:
    tokens = report["tokens"]
    seconds = sum(report["seconds"].values())
    click.echo(
        f"{report['papers']} papers, {report['segments_drafted']} of {report['segments']} segments in Korean, "
        f"{report['calls']} model calls ({sum(tokens.values()):,} tokens, would have cost ${report['cost_usd']:.3f}), "
        f"{report['forum_calls']} forum calls, {seconds:.1f} s."
    )
    if headless:
        click.echo("Done. `paperbot demo` without --headless keeps the forum open to look at.")
    else:
        click.echo(f"Read the draft as a moderator: {report['topic_url']}")


def _wait() -> None:
    say("The forum stays open until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("\nStopped. What was made is kept for the next run (--fresh forgets it).")
        sys.exit(0)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[step] = time.monotonic() - start
