"""`paperbot status` and `paperbot costs`: what stands where, and what it cost."""

import click

from bot.cli.output import say


@click.command()
def status() -> None:
    """Print the newest editions and where they stand."""
    from zoneinfo import ZoneInfo

    from bot import clock
    from bot.editions import watch
    from bot.forum.submit import topic_url
    from bot.settings import load
    from bot.store import summary
    from bot.store.engine import opened

    settings = load()
    zone = ZoneInfo(settings.time_zone)
    today = clock.now().astimezone(zone).date()
    with opened(settings, say=say, must_exist=True) as sessions, sessions() as session:
        editions = summary.editions(session)
        missing = watch.missing_week(session, today, settings.weekly_late_after_days)
    if not editions:
        click.echo("No editions yet. Start with: paperbot run weekly")
        return
    rows = [["edition", "state", "entries", "failed", "since", "topic"]]
    for edition in editions:
        link = topic_url(str(settings.forum_url or ""), edition.topic_id) if edition.topic_id else "-"
        since = f"{edition.changed_at.astimezone(zone):%Y-%m-%d %H:%M}"
        name = f"{edition.series} {edition.period}"
        rows.append([name, edition.state, str(edition.entries), str(edition.failed or "-"), since, link])
    print_table(rows, right={2, 3})
    if missing is not None:
        week, days = missing
        click.echo(
            f"There is no edition of the week of {week}, which ended {days} days ago: its list is late, or the weekly "
            f"run did not come. Ask for it with: paperbot run weekly --period {week}"
        )


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
