"""`paperbot memory`: what people approved, for other translation tools."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli.output import say


@click.group()
def memory() -> None:
    """The translation memory: sentences that people wrote or published."""


@memory.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export(path: Path | None) -> None:
    """Write it as TMX 1.4 to PATH, or to standard output."""
    from bot import clock
    from bot.settings import load
    from bot.store.engine import opened
    from bot.translation.exchange import write_tmx
    from bot.translation.memory import everything

    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        if path is None:
            count = write_tmx(everything(session), sys.stdout.buffer, clock.now())
        else:
            partial = path.with_name(f".{path.name}.part")
            with partial.open("wb") as file:
                count = write_tmx(everything(session), file, clock.now())
            partial.replace(path)
    say(f"{count} pairs.")
