"""`paperbot status` and `paperbot costs`: what stands where, and what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from bot.figures.standing import Standing
    from bot.settings import Settings
    from bot.store.summary import EditionSummary

MOST_DRAFTS = 3
MOST_JOBS = 5


@click.command()
@click.option("--limit", type=click.IntRange(1), default=8, show_default=True, help="So many of the newest editions.")
def status(limit: int) -> None:
    """Print on one screen what stands where: editions, people's work, corrections, money, forum, digests, queue."""
    from zoneinfo import ZoneInfo

    from bot import clock
    from bot.editions import watch
    from bot.figures.standing import standing
    from bot.settings import load
    from bot.store import summary
    from bot.store.engine import opened

    settings = load()
    at = clock.now()
    today = at.astimezone(ZoneInfo(settings.time_zone)).date()
    with opened(settings, say=say, must_exist=True) as sessions, sessions() as session:
        editions = summary.editions(session, limit)
        missing = watch.missing_week(session, today, settings.weekly_late_after_days)
        now = standing(session, settings, at)
    if editions:
        _print_editions(settings, editions)
    else:
        click.echo("No editions yet. Start with: paperbot run weekly")
    if editions and missing is not None:
        week, days = missing
        click.echo(
            f"There is no edition of the week of {week}, which ended {days} days ago: its list is late, or the weekly "
            f"run did not come. Ask for it with: paperbot run weekly --period {week}"
        )
    click.echo()
    lines = list(_lines(now, settings))
    width = max(len(name) for name, _ in lines)
    for name, line in lines:
        click.echo(f"{name.ljust(width)}  {line}")


def _print_editions(settings: Settings, editions: Sequence[EditionSummary]) -> None:
    from zoneinfo import ZoneInfo

    from bot.forum.submit import topic_url

    zone = ZoneInfo(settings.time_zone)
    rows = [["edition", "state", "entries", "failed", "since", "topic"]]
    for edition in editions:
        link = topic_url(str(settings.forum_url or ""), edition.topic_id) if edition.topic_id else "-"
        since = f"{edition.changed_at.astimezone(zone):%Y-%m-%d %H:%M}"
        name = f"{edition.series} {edition.period}"
        rows.append([name, edition.state, str(edition.entries), str(edition.failed or "-"), since, link])
    print_table(rows, right={2, 3})


def _lines(now: Standing, settings: Settings) -> Iterator[tuple[str, str]]:
    """The figures, each under its name."""
    from bot.figures.standing import LATELY

    states: dict[str, int] = {}
    for (_, state), count in now.editions.items():
        states[state] = states.get(state, 0) + count
    yield "editions", _counted(states) or "none"
    yield "drafts", _drafts(now)
    effort = now.effort
    yield (
        f"last {LATELY.days} days",
        f"{effort.posts} posts, {effort.untouched_posts} of them untouched; {_share(effort.untouched_rate)} of the "
        f"sentences untouched; {_hours(effort.hours_to_publish)} to publish (median)",
    )
    yield (
        "changed by",
        ", ".join(f"{who}s {count:,} characters" for who, count in sorted(effort.characters.items())),
    )
    yield (
        "corrections",
        f"open: {_counted(now.corrections.open) or 'none'}; applied {now.corrections.applied:,}, "
        f"{_hours(now.corrections.hours_to_apply)} to apply (median)",
    )
    yield (
        "model",
        f"${now.money.spent:.2f} of ${now.money.cap:.2f} this month; {now.money.calls:,} calls, "
        f"{now.money.failed:,} failed",
    )
    yield "forum", _forum(now, settings)
    for mailing in now.mailings:
        yield (
            f"{mailing.cadence} digest",
            f"{mailing.period} {'/'.join(mailing.states)}: {_counted(mailing.mails) or 'no mails'}; "
            f"{now.subscribers[mailing.cadence]:,} readers",
        )
    for source in now.sources:
        usual = f" (usually at most {_span(source.usual)})" if source.usual is not None else ""
        mark = "SILENT " if source.is_silent else ""
        yield f"source {source.name}", f"{mark}{_span(source.silent)} since the list of {source.list_date}{usual}"
    queue = now.queue
    yield (
        "queue",
        f"{queue.workers} workers; {queue.ready} jobs ready, the oldest for {queue.oldest_s:.0f} s; "
        f"{queue.under_way} under way; {queue.failed} failed",
    )
    for job in now.failing[:MOST_JOBS]:
        yield (
            f"job {job.id}",
            f"{job.task} {'gave up' if job.gave_up else 'fails'} after {job.tries} tries: {job.reason}",
        )
    if now.untold:
        yield "alerts", f"{now.untold} that the operator may have been told or not"


def _drafts(now: Standing) -> str:
    if not now.drafts:
        return "none waits"
    named = [
        f"{draft.series} {draft.period} for {_span(now.at - draft.since)}{' (held)' if draft.held_by else ''}"
        for draft in now.drafts[:MOST_DRAFTS]
    ]
    more = f", and {len(now.drafts) - MOST_DRAFTS} more" if len(now.drafts) > MOST_DRAFTS else ""
    return f"{len(now.drafts)} waiting: {', '.join(named)}{more}"


def _forum(now: Standing, settings: Settings) -> str:
    if settings.forum_url is None:
        return "FORUM_URL is not set"
    swept = "never looked through" if now.swept_at is None else f"looked through {_span(now.at - now.swept_at)} ago"
    today = now.forum_calls_today
    return f"{swept}; calls today {sum(today.values()):,}, {today.get('limited', 0)} of them answered 429"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()) if count)


def _share(part: float | None) -> str:
    return "-" if part is None else f"{part:.1%}"


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.1f} h"


def _span(span: dt.timedelta) -> str:
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


@click.command()
def costs() -> None:
    """Print what model calls cost, by month, purpose and model."""
    from decimal import Decimal

    from bot import clock
    from bot.settings import load
    from bot.store import summary
    from bot.store.engine import opened
    from bot.translation.calls import Cap, spent_since

    settings = load()
    with opened(settings, say=say, must_exist=True) as sessions:
        with sessions() as session:
            entries = summary.costs(session, settings.time_zone)
        cap = Cap(settings.model_monthly_cap_usd, settings.time_zone)
        spent = spent_since(sessions, cap.month_start(clock.now()))
    heads = ["month", "purpose", "model", "calls", "failed", "input", "cache write", "cache read", "output", "USD", "s"]
    rows = [heads]
    for entry in entries:
        tokens = (entry.input_tokens, entry.cache_write_tokens, entry.cache_read_tokens, entry.output_tokens)
        latency = "-" if entry.mean_latency_s is None else f"{entry.mean_latency_s:.1f}"
        rows.append(
            [
                *(entry.month, entry.purpose, entry.model, str(entry.calls), str(entry.failed or "-")),
                *(f"{count:,}" for count in tokens),
                *(f"{entry.cost_usd:.4f}", latency),
            ]
        )
    print_table(rows, right=set(range(3, 11)))
    click.echo(f"This month: ${spent:.4f} of ${cap.usd:.2f} (MODEL_MONTHLY_CAP_USD), times in {settings.time_zone}.")
    if unsure := sum(entry.unsure for entry in entries):
        worst = "their worst case" if unsure > 1 else "its worst case"
        click.echo(f"{unsure} call(s) ended without a bill and may have been paid: counted at {worst}.")
    if not entries:
        click.echo(f"No model call so far ({Decimal(0):.4f} USD).")


def print_table(rows: list[list[str]], *, right: set[int]) -> None:
    """Rows under each other, the first one their heads; columns of numbers in `right` end at the same place."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
