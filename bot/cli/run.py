"""`paperbot run weekly` and its steps, each alone too: collect, draft, submit, preview."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import click

from bot.cli.output import progress, say

if TYPE_CHECKING:
    from bot.forum.submit import Submitted
    from bot.settings import Settings
    from bot.store.engine import Sessions

series = click.argument("series", type=click.Choice(["weekly"]), expose_value=False)  # one series so far
period = click.option(
    "--period",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Any day of the week that is meant; default: the last whole week.",
)
list_location = click.option(
    "--list", "list_location", metavar="PATH_OR_URL", help="The weekly list; default: DAIR_LIST."
)
dry_run = click.option(
    "--dry-run", is_flag=True, help="Show what would happen; nothing leaves the machine, nothing is stored."
)
new_topic = click.option(
    "--new-topic", is_flag=True, help="Make another topic although the first was deleted on the forum."
)


@click.command()
@series
@period
@list_location
@dry_run
@new_topic
def run(period: dt.datetime | None, list_location: str | None, dry_run: bool, new_topic: bool) -> None:
    """The whole job: collect a list, draft every paper, submit the article as a shared draft."""
    settings, day = _begin(period, list_location)
    if dry_run:
        _show_plan(settings, day)
        return
    # What the last step needs is checked before the first one spends anything.
    settings.require("forum_url", "forum_api_user", "forum_api_key", "weekly_category_id", "anthropic_api_key")
    from bot.store.engine import opened

    with opened(settings, say=say) as sessions:
        edition_id = collect_step(sessions, settings, day)
        draft_step(sessions, settings, edition_id)
        submit_step(sessions, settings, edition_id, again=new_topic)


@click.command()
@series
@period
@list_location
@dry_run
def collect(period: dt.datetime | None, list_location: str | None, dry_run: bool) -> None:
    """Step 1: store the list's papers with their abstracts."""
    settings, day = _begin(period, list_location)
    if dry_run:
        _show_plan(settings, day)
        return
    from bot.store.engine import opened

    with opened(settings, say=say) as sessions:
        collect_step(sessions, settings, day)


@click.command()
@series
@period
@dry_run
def draft(period: dt.datetime | None, dry_run: bool) -> None:
    """Step 2: have the model draft what has no Korean yet."""
    settings, day = _begin(period, None)
    if dry_run:
        _show_plan(settings, day)
        return
    from bot.jobs import weekly
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        draft_step(sessions, settings, weekly.refuse_unknown(weekly.find_edition(sessions, day)))


@click.command()
@series
@period
@dry_run
@new_topic
def submit(period: dt.datetime | None, dry_run: bool, new_topic: bool) -> None:
    """Step 3: put the article on the forum as a shared draft for the moderators."""
    settings, day = _begin(period, None)
    if dry_run:
        _show_plan(settings, day)
        return
    from bot.jobs import weekly
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        edition_id = weekly.refuse_unknown(weekly.find_edition(sessions, day))
        submit_step(sessions, settings, edition_id, again=new_topic)


@click.command()
@series
@period
def preview(period: dt.datetime | None) -> None:
    """Print the article as it would be submitted now, in Markdown."""
    settings, day = _begin(period, None)
    from bot.jobs import weekly
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        edition_id = weekly.refuse_unknown(weekly.find_edition(sessions, day))
        click.echo(weekly.preview(sessions, settings, edition_id))


def _begin(period: dt.datetime | None, list_location: str | None) -> tuple[Settings, dt.date]:
    from bot import clock
    from bot.jobs import weekly
    from bot.settings import load

    overrides: dict[str, Any] = {"dair_list": list_location} if list_location else {}
    settings = load(**overrides)
    return settings, period.date() if period else weekly.last_whole_week(settings, clock.now())


def collect_step(sessions: Sessions, settings: Settings, day: dt.date) -> int:
    """Collect with words for a person; the edition's id."""
    from bot.jobs import weekly
    from bot.sources.dair import Awaited

    steps = {"list": "Reading the list ...", "arxiv": "Asking arXiv for titles and abstracts ..."}
    found = weekly.collect(sessions, settings, day, on_step=lambda step: say(steps[step]))
    if isinstance(found, Awaited):
        say(f"The week of {found.period} is awaited: the list does not have it yet. Run this again later.")
        sys.exit(75)
    say(f"Collected {found.papers} papers" + ("" if found.new else " (stored by an earlier run)") + ".")
    if found.unknown_ids:
        say(f"arXiv does not know {', '.join(found.unknown_ids)}: those papers keep the list's text.")
    if found.withdrawn:
        say(f"Withdrawn on arXiv: {', '.join(found.withdrawn)}. Check them before publishing.")
    if found.changed_ranks:
        ranks = ", ".join(map(str, found.changed_ranks))
        say(f"The list was edited since it was stored (papers {ranks}); the stored text stays.")
    return found.edition_id


def draft_step(sessions: Sessions, settings: Settings, edition_id: int) -> None:
    """Draft with a progress bar."""
    from bot.errors import TransientError
    from bot.jobs import weekly

    with progress("Drafting") as on_progress:
        done = weekly.draft(sessions, settings, edition_id, on_progress=on_progress)
    if not done.asked:
        say("Nothing to draft: every text has its Korean.")
    if done.remembered:
        say(f"{done.remembered} sentences were taken from the translation memory.")
    for rank, reason in sorted(done.failed.items()):
        say(f"{f'Paper {rank}' if rank else 'The introduction'} could not be drafted: {reason}")
    if done.waiting:
        when = f"in {done.retry_after_s:.0f} s" if done.retry_after_s else "later"
        raise TransientError(
            f"{done.why} Still without a draft: {', '.join(done.waiting)}. Run this again {when}; the rest is kept.",
            retry_after_s=done.retry_after_s,
        )
    if done.improved.findings or done.improved.mended:
        say(f"Checked: {done.improved.mended} sentences mended, {done.improved.findings} findings for the moderators.")


def submit_step(sessions: Sessions, settings: Settings, edition_id: int, *, again: bool) -> Submitted:
    """Submit, and say where the draft is."""
    from bot.forum.submit import topic_url
    from bot.jobs import weekly

    with weekly.forum_of(settings) as forum:
        done = weekly.submit(sessions, settings, edition_id, forum=forum, again=again)
    outcomes = {
        "created": "Submitted as a shared draft",
        "adopted": "Found on the forum from an interrupted run and recorded",
        "updated": "Brought the draft up to date",
        "unchanged": "Already on the forum, nothing to change",
    }
    parts = "" if done.parts == 1 else f" ({done.parts} posts)"
    click.echo(f"{outcomes[done.outcome]}{parts}: {topic_url(str(settings.forum_url), done.topic_id)}")
    for remark in done.remarks:
        say(f"Note: {remark}.")
    if done.edited_parts:
        say(f"Part {', '.join(map(str, done.edited_parts))} was edited by a person; their text is kept.")
    return done


def _show_plan(settings: Settings, day: dt.date) -> None:
    from bot.cli.plan import show

    show(settings, day)
