"""What a run would do: printed for `--dry-run`. Reads files and the store, calls nobody, writes nothing."""

from decimal import Decimal

import click

from bot.cli.output import say
from bot.editions.series import Series
from bot.settings import Settings
from bot.translation import prices


def show(settings: Settings, of: Series, period: str) -> None:
    """Print the plan for one edition of a series."""
    key = of.period_of(period)
    click.echo(f"Dry run for the {of.what} of {key}: nothing is sent, nothing is stored.")
    foreseen = of.foresee(settings, period)
    for line in foreseen.lines:
        click.echo(line)
    if foreseen.is_awaited:
        return
    if foreseen.calls:
        worst = _worst_case_usd(settings, foreseen.calls)
        click.echo(
            f"Would make up to {foreseen.calls} calls to {settings.draft_model}, at most ${worst:.2f} "
            f"(answers stored earlier cost nothing; cap ${settings.model_monthly_cap_usd:.2f} a month)."
        )
        click.echo(f"Would let {settings.judge_model or 'no model'} judge every draft, and have the worst mended.")
    category = of.place[0]
    place = getattr(settings, category)
    click.echo(
        f"Would submit a shared draft to {settings.forum_url or 'FORUM_URL (not set)'}, category "
        f"{f'{category.upper()} (not set)' if place is None else place}, key {of.external_id(key)}."
    )
    missing = [
        name.upper()
        for name in ("forum_url", "forum_api_user", "forum_api_key", category, "anthropic_api_key")
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
