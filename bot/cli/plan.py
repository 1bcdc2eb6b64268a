"""What a run would do: printed for `--dry-run`. Reads files and the store, calls nobody, writes nothing."""

import datetime as dt
from decimal import Decimal

import click

from bot.cli.output import say
from bot.editions import collect, weekly
from bot.papers.identity import arxiv_id_of
from bot.settings import Settings
from bot.sources.dair import Awaited, ListedWeek
from bot.sources.fetch import shown
from bot.translation import prices


def show(settings: Settings, day: dt.date) -> None:
    """Print the plan for the week of `day`."""
    click.echo(f"Dry run for the week of {weekly.monday_of(day)}: nothing is sent, nothing is stored.")
    if "://" in settings.dair_list:
        click.echo(
            f"Would read the list at {shown(settings.dair_list)} (not read now; give a downloaded copy: --list)."
        )
        _show_rest(settings, day, None)
        return
    from bot.jobs.weekly import read_week

    week = read_week(settings, day)
    if isinstance(week, Awaited):
        click.echo(f"The list does not have the week of {week.period} yet: it would be awaited.")
        return
    _show_rest(settings, day, week)


def _show_rest(settings: Settings, day: dt.date, week: ListedWeek | None) -> None:
    if week is not None:
        click.echo(f"Edition: {weekly.title(week.start, week.end)}")
        ids = []
        for listed in week.papers:
            url = collect.main_link((*listed.links, *listed.description_links))
            arxiv_id = arxiv_id_of(url)
            ids += [arxiv_id.id] if arxiv_id else []
            click.echo(f"  {listed.rank:2}. {listed.title} <{url}>")
        click.echo(f"Would ask {settings.arxiv_url} for {len(ids)} abstracts in one request.")
        calls = len(week.papers) + 1
        worst = _worst_case_usd(settings, calls)
        click.echo(
            f"Would make up to {calls} calls to {settings.draft_model}, at most ${worst:.2f} "
            f"(answers stored earlier cost nothing; cap ${settings.model_monthly_cap_usd:.2f} a month)."
        )
        click.echo(f"Would let {settings.judge_model or 'no model'} judge every draft, and have the worst mended.")
    key = weekly.external_id(weekly.monday_of(day).isoformat())
    place = settings.weekly_category_id if settings.weekly_category_id is not None else "WEEKLY_CATEGORY_ID (not set)"
    click.echo(
        f"Would submit a shared draft to {settings.forum_url or 'FORUM_URL (not set)'}, category {place}, key {key}."
    )
    missing = [
        name.upper()
        for name in ("forum_url", "forum_api_user", "forum_api_key", "weekly_category_id", "anthropic_api_key")
        if getattr(settings, name) is None
    ]
    if missing:
        say(f"Not set yet, and needed for the real run: {', '.join(missing)}.")


def _worst_case_usd(settings: Settings, calls: int) -> Decimal:
    from bot.translation import prompts
    from bot.translation.asking import LARGEST_LIMIT

    table = prices.prices_with(settings.model_prices)
    bound = prices.input_tokens_bound(*prompts.load("translate_paper").system) + 10_000
    drafting = calls * prices.worst_case_usd(table, settings.draft_model, bound, LARGEST_LIMIT)
    if settings.judge_model is None:
        return drafting
    # Every paper is judged once and may be mended once.
    return drafting * 2 + calls * prices.worst_case_usd(table, settings.judge_model, bound, LARGEST_LIMIT)
