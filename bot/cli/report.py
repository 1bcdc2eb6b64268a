"""`paperbot report`: the editors' month as a page."""

from pathlib import Path

import click

from bot.cli.output import say


@click.command()
@click.option("--month", "given", metavar="YYYY-MM", required=True, help="In TIME_ZONE; one under way is shown so far.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file; left out: report-YYYY-MM.html in this folder; `-`: print it.",
)
def report(given: str, out: Path | None) -> None:
    """Write the editors' month as one HTML page: posts, effort, corrections, money, digests."""
    from urllib.parse import urlsplit

    from bot import clock
    from bot.figures import month, page
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    span = month.span_of(given, settings.time_zone)
    with opened(settings, say=say, must_exist=True) as sessions, sessions() as session:
        found = month.month(session, settings, span)
    forum = urlsplit(str(settings.forum_url or "")).hostname or ""
    text = page.page(found, forum=forum, now=clock.now())
    if out == Path("-"):
        click.echo(text.encode(), nl=False)  # UTF-8 whatever the terminal's encoding
        return
    out = out or Path(f"report-{given}.html")
    unfinished = out.with_name(f"{out.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(out)
    say(f"Written: {out}")
