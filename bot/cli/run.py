"""`paperbot run SERIES` and its steps, each alone too: collect, draft, submit, preview."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from bot.cli.output import progress, say
from bot.cli.talk import TalkWords, talk_options

EXIT_LATER = 75

if TYPE_CHECKING:
    from bot.editions.series import Series
    from bot.forum.submit import Submitted
    from bot.settings import Settings
    from bot.store.engine import Sessions

series = click.argument("series", type=click.Choice(["weekly", "daily", "talk"]))
period = click.option(
    "--period",
    metavar="YYYY-MM-DD",
    help="Any day of the period that is meant, or a talk's video id; default: the newest that is over.",
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
@talk_options
@dry_run
@new_topic
def run(
    series: str, period: str | None, list_location: str | None, talk: TalkWords, dry_run: bool, new_topic: bool
) -> None:
    """The whole job: collect a list or a talk, draft all of it, submit the article as a shared draft."""
    settings, of, period = _begin(series, period, list_location, talk)
    if dry_run:
        _show_plan(settings, of, period)
        return
    # What the last step needs is checked before the first one spends anything.
    settings.require("forum_url", "forum_api_user", "forum_api_key", of.place[0], "anthropic_api_key")
    from bot.store.engine import opened

    with opened(settings, say=say) as sessions:
        edition_id = collect_step(sessions, settings, of, period)
        draft_step(sessions, settings, edition_id)
        submit_step(sessions, settings, edition_id, again=new_topic)


@click.command()
@series
@period
@list_location
@talk_options
@dry_run
def collect(series: str, period: str | None, list_location: str | None, talk: TalkWords, dry_run: bool) -> None:
    """Step 1: store the list's papers with their abstracts, or the talk's transcript."""
    settings, of, period = _begin(series, period, list_location, talk)
    if dry_run:
        _show_plan(settings, of, period)
        return
    from bot.store.engine import opened

    with opened(settings, say=say) as sessions:
        collect_step(sessions, settings, of, period)


@click.command()
@series
@period
@dry_run
def draft(series: str, period: str | None, dry_run: bool) -> None:
    """Step 2: have the model draft what has no Korean yet."""
    settings, of, period = _begin(series, period)
    if dry_run:
        _show_plan(settings, of, period)
        return
    from bot.jobs import editions
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        draft_step(sessions, settings, editions.find_edition(sessions, of, period))


@click.command()
@series
@period
@dry_run
@new_topic
def submit(series: str, period: str | None, dry_run: bool, new_topic: bool) -> None:
    """Step 3: put the article on the forum as a shared draft for the moderators."""
    settings, of, period = _begin(series, period)
    if dry_run:
        _show_plan(settings, of, period)
        return
    from bot.jobs import editions
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        submit_step(sessions, settings, editions.find_edition(sessions, of, period), again=new_topic)


@click.command()
@series
@period
def preview(series: str, period: str | None) -> None:
    """Print the article as it would be submitted now, in Markdown."""
    settings, of, period = _begin(series, period)
    from bot.jobs import editions
    from bot.store.engine import opened

    with opened(settings, say=say, must_exist=True) as sessions:
        click.echo(editions.preview(sessions, settings, editions.find_edition(sessions, of, period)))


def _begin(
    name: str, period: str | None, list_location: str | None = None, talk: TalkWords | None = None
) -> tuple[Settings, Series, str]:
    from bot import clock
    from bot.editions import series as all_series
    from bot.editions import talk as talk_series
    from bot.jobs import editions
    from bot.settings import load

    overrides: dict[str, Any] = {"dair_list": list_location} if list_location else {}
    settings = load(**overrides)
    of = all_series.named(name)
    if talk is not None and talk.is_given:
        given = talk.given(name, period)
        return settings, talk_series.series_for(given), given.period
    if period is None:
        return settings, of, editions.newest_period(settings, of, clock.now())
    of.period_of(period)  # refuses what is no period
    return settings, of, period


def collect_step(sessions: Sessions, settings: Settings, of: Series, period: str) -> int:
    """Collect with words for a person; the edition's id."""
    from bot.editions.series import NotCollected
    from bot.jobs import editions

    steps = {
        "list": "Reading the list ...",
        "pages": "Asking around for what is not on arXiv ...",
        "arxiv": "Asking arXiv for titles and abstracts ...",
        "transcript": "Reading the transcript ...",
        "video": "Asking YouTube about the video ...",
    }
    found = editions.collect(sessions, settings, of, period, on_step=lambda step: say(steps[step]))
    if isinstance(found, NotCollected):
        say(f"{found.reason} Run this again later." if found.comes else found.reason)
        sys.exit(EXIT_LATER if found.comes else 0)
    things = "sections" if of.name == "talk" else "papers"
    say(f"Collected {found.papers} {things}" + ("" if found.new else " (stored by an earlier run)") + ".")
    for remark in found.remarks:
        say(remark)
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
    from bot.jobs import editions
    from bot.store.tables import Edition

    with progress("Draft") as on_progress:
        done = editions.draft(sessions, settings, edition_id, on_progress=on_progress)
    if not done.asked:
        say("Nothing to draft: every text has its Korean.")
    if done.remembered:
        say(f"{done.remembered} sentences were taken from the translation memory.")
    with sessions() as session:
        is_talk = session.get_one(Edition, edition_id).talk is not None
    thing, whole = ("Section", "The summary") if is_talk else ("Paper", "The introduction")
    for rank, reason in sorted(done.failed.items()):
        say(f"{f'{thing} {rank}' if rank else whole} could not be drafted: {reason}")
    if done.waiting:
        when = f"in {done.retry_after_s:.0f} s" if done.retry_after_s else "later"
        raise TransientError(
            f"{done.why} Still without a draft: {', '.join(done.waiting)}. Run this again {when}; the rest is kept.",
            retry_after_s=done.retry_after_s,
        )
    if done.improved.findings or done.improved.mended:
        say(
            f"Checked: sentences mended: {done.improved.mended}; findings for the moderators: {done.improved.findings}."
        )


def submit_step(sessions: Sessions, settings: Settings, edition_id: int, *, again: bool) -> Submitted:
    """Submit, and say where the draft is."""
    from bot.forum.submit import topic_url
    from bot.jobs import editions

    with editions.forum_of(settings, sessions) as forum:
        done = editions.submit(sessions, settings, edition_id, forum=forum, again=again)
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


def _show_plan(settings: Settings, of: Series, period: str) -> None:
    from bot.cli.plan import show

    show(settings, of, period)
