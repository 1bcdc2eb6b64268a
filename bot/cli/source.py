"""`paperbot source`: shows what an upstream says, as the rest of the service would read it. Stores nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.sources.dair import ListedWeek, ListProblem, ParsedList


@click.group()
def source() -> None:
    """Show what an upstream list says, without storing anything."""


@source.command()
@click.argument("location", metavar="PATH_OR_URL")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="For people, or one JSON object a paper.",
)
@click.option(
    "--week",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Only the week of this day; a week that is not listed yet prints nothing.",
)
@click.option(
    "--identities", is_flag=True, help="What each paper is known by: an arXiv id, a DOI, or the address of its page."
)
def dair(location: str, form: str, week: dt.datetime | None, identities: bool) -> None:
    """Show DAIR.AI's weekly list: papers in the list's order, newest week first.

    Weeks that cannot be read are named on standard error with line and reason; the exit code is then 1.
    """
    # Imported here, so that `paperbot --help` does not wait for them.
    import httpx

    from bot.errors import BotError
    from bot.sources.dair import Awaited, parse, week_of
    from bot.sources.fetch import read_text

    try:
        with httpx.Client(headers={"User-Agent": "paperbot"}) as client:
            parsed = parse(read_text(location, client=client))
        if week is None:
            _print_problems(location, parsed)
            _print_weeks(parsed.weeks, form, identities=identities)
            sys.exit(1 if parsed.problems else 0)
        found = week_of(parsed, week.date())
    except BotError as error:
        raise click.ClickException(str(error)) from error
    if isinstance(found, Awaited):
        click.echo(f"The week of {found.period} is awaited: the list does not have it yet.", err=True)
    else:
        _print_weeks([found], form, identities=identities)


def _print_problems(location: str, parsed: ParsedList) -> None:
    for problem in parsed.problems:
        click.echo(f"{location}:{problem.line}: {_explained(problem)}", err=True)


def _explained(problem: ListProblem) -> str:
    if problem.heading is None:
        return f"{problem.reason}."
    week = f"the week {problem.start} to {problem.end}" if problem.start else f"the section `{problem.heading[:80]}`"
    return f"{week} is left out: {problem.reason}."


def _print_weeks(weeks: Iterable[ListedWeek], form: str, *, identities: bool) -> None:
    as_text = partial(_identities, form) if identities else _jsonl if form == "jsonl" else _readable
    try:
        for week in weeks:
            # Bytes, since JSON lines are UTF-8 whatever the terminal's encoding.
            click.echo(as_text(week).encode(), nl=False)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _jsonl(week: ListedWeek) -> str:
    rows = (
        {
            "week_start": paper.week_start.isoformat(),
            "week_end": paper.week_end.isoformat(),
            "rank": paper.rank,
            "title": paper.title,
            "description": paper.description,
            "links": [{"label": link.label, "url": link.url} for link in paper.links],
            "line": paper.line,
        }
        for paper in week.papers
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _identities(form: str, week: ListedWeek) -> str:
    """What each row is known by. A row without any usable address is named on standard error."""
    from bot.editions import records
    from bot.errors import RejectedError

    lines = []
    for paper in week.papers:
        try:
            work = records.of_links((*paper.links, *paper.description_links))
        except RejectedError as exc:
            click.echo(f"line {paper.line}: {exc}", err=True)
            continue
        row = {"line": paper.line, "kind": work.kind, "id": work.id}
        lines.append(
            json.dumps(row, ensure_ascii=False) if form == "jsonl" else f"{paper.line}\t{work.kind}\t{work.id}"
        )
    return "".join(f"{line}\n" for line in lines)


def _readable(week: ListedWeek) -> str:
    lines = [f"{week.start} to {week.end} (line {week.line})", ""]
    for paper in week.papers:
        lines.append(f"{paper.rank:>3}. {paper.title}")
        lines += [f"     {line}" for line in paper.description.split("\n") if line]
        lines += [f"     {link.label}: {link.url}" for link in paper.links]
        lines.append("")
    return "\n".join(lines) + "\n"
