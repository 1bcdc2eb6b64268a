"""`paperbot export`: an edition as a file."""

from pathlib import Path

import click

from bot.cli.output import say


@click.command()
@click.argument("edition", metavar="EDITION")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json", "html", "jekyll"]),
    default="markdown",
    show_default=True,
    help="The post; all texts sentence beside sentence; a page to open in a browser; or a talk's page for Jekyll.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
def export(edition: str, form: str, out: Path | None) -> None:
    """Print EDITION (such as weekly-2026-11-09) as a file."""
    from bot.editions import compose, jekyll
    from bot.editions import export as exporting
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    with opened(settings, say=say, must_exist=True) as sessions, sessions() as session:
        found = exporting.find(session, edition)
        text = exporting.FORMATS[form](session, found, compose.frame_of(settings))
        if form == "jekyll":
            say(f"Jekyll wants it as _posts/{jekyll.file_name(found)}")
    if out is None:
        click.echo(text.encode(), nl=False)  # UTF-8 whatever the terminal's encoding
        return
    unfinished = out.with_name(f"{out.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(out)
    say(f"Written: {out}")
