"""`paperbot backup` and `paperbot restore`: the whole store in one file, proven to come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.settings import Settings

A_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=A_FILE)
@click.option(
    "--verify/--no-verify",
    default=True,
    help="Restore it into a Postgres of its own and compare, before it gets its name (default); takes as long again.",
)
def backup(file: Path, verify: bool) -> None:
    """Save the store, and the settings without secrets, in FILE; the service may go on running."""
    from bot import clock
    from bot.errors import RejectedError
    from bot.settings import load
    from bot.store import backup as backups

    if file.exists():
        raise RejectedError(f"{file} exists, and a backup never overwrites another. Choose another name.")
    settings = load()
    unfinished = file.with_name(f".{file.name}.part")
    try:
        with _database(settings, must_exist=True) as engine:
            made = backups.make(engine, settings, unfinished, now=clock.now())
        if verify:
            say("Restoring it into an empty Postgres, to compare ...")
            backups.verify(unfinished)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    size_mb = file.stat().st_size / 1_000_000
    proof = "restored and compared" if verify else "not verified"
    click.echo(f"{file}: {made.content.rows} rows in {len(made.content.tables)} tables, {size_mb:.1f} MB, {proof}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Fill an empty database from FILE, made by `paperbot backup`, and compare every table with what was saved."""
    from bot.settings import load
    from bot.store import backup as backups
    from bot.store import migrate

    settings = load()
    backups.read(file)  # before a server is started for it
    with _database(settings) as engine:
        done = backups.restore(engine, file)
    click.echo(
        f"Restored {done.content.rows} rows in {len(done.content.tables)} tables as they were on "
        f"{done.made_at:%Y-%m-%d %H:%M} UTC; counts and hashes are equal."
    )
    if done.migration != migrate.head():
        say(f"The backup is at migration {done.migration}, this code needs {migrate.head()}. Run: paperbot migrate")
    say(f"The settings of that time, without secrets: tar -xOf {file} {backups.SETTINGS}")


@contextmanager
def _database(settings: Settings, *, must_exist: bool = False) -> Iterator[Engine]:
    """The database as it is: not migrated on the way."""
    from bot.errors import SettingsError
    from bot.store import embedded
    from bot.store.engine import make_engine, wait_until_up

    folder = settings.data_dir / "postgres"
    if settings.database_url is not None:
        engine = make_engine(settings.database_url.get_secret_value())
        try:
            wait_until_up(engine, say=say)
            yield engine
        finally:
            engine.dispose()
        return
    if must_exist and not (folder / "PG_VERSION").exists():
        raise SettingsError(f"There is no data in {folder.resolve()}; correct DATA_DIR or set DATABASE_URL.")
    with embedded.running(folder) as url:
        engine = make_engine(url)
        try:
            wait_until_up(engine, say=say)
            yield engine
        finally:
            engine.dispose()
