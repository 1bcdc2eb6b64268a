"""`paperbot findings`: what checks and judge found, and telling them that it is none."""

from __future__ import annotations

import getpass

import click

from bot.cli.output import say
from bot.cli.text import A_NUMBER


@click.group()
def findings() -> None:
    """What checks and judge found in drafts."""


@findings.command("list")
@click.option("--series", "name", default="weekly", show_default=True, help="The edition's series.")
@click.option("--period", metavar="YYYY-MM-DD", help="A day of the edition's period; default: the newest that is over.")
def list_(name: str, period: str | None) -> None:
    """Print the open findings of an edition, the most serious first."""
    from bot import clock
    from bot.editions import report, series
    from bot.jobs.editions import find_edition, newest_period
    from bot.settings import load
    from bot.store.engine import opened
    from bot.store.tables import Edition

    settings, of = load(), series.named(name)
    period = period or newest_period(settings, of, clock.now())
    with opened(settings, say=say, must_exist=True) as sessions, sessions() as session:
        edition = session.get_one(Edition, find_edition(sessions, of, period))
        found = report.findings_of(session, edition)
        for one in found:
            click.echo(
                f"{one.finding.id}\t{one.finding.severity}\tpaper {one.rank}\t{one.passage}\t{one.finding.message}"
            )
            click.echo(f"\t{one.target[one.finding.start : one.finding.end]}  <-  {one.source}")
    say(f"{len(found)} open findings. `paperbot findings dismiss NUMBER` for one that is none.")


@findings.command()
@click.argument("numbers", nargs=-1, type=A_NUMBER, required=True)
def dismiss(numbers: tuple[int, ...]) -> None:
    """Say that findings are none: they stay away for these sentences, and are counted."""
    from bot import clock
    from bot.errors import RejectedError
    from bot.settings import load
    from bot.store.engine import opened
    from bot.translation.findings import dismiss as dismiss_finding

    with opened(load(), say=say, must_exist=True) as sessions, sessions.begin() as session:
        for number in numbers:
            finding = dismiss_finding(session, number, by=getpass.getuser(), now=clock.now())
            if finding is None:
                raise RejectedError(f"There is no finding {number}; nothing was dismissed.")
            click.echo(f"{number} dismissed: {finding.message}")


@findings.command()
def stats() -> None:
    """Print how many findings each check has made, and how many of them people dismissed."""
    from bot.settings import load
    from bot.store.engine import opened
    from bot.translation.findings import dismissed_by_check

    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        counted = dismissed_by_check(session)
    for check, (count, dismissed) in counted.items():
        click.echo(f"{check}\t{count}\t{dismissed} dismissed")
    if not counted:
        say("No findings so far.")
