"""`paperbot migrate`: brings the tables of the operator's own database to this version, or back."""

import click

from bot.cli.output import say


@click.command()
@click.option("--to", "revision", default="head", metavar="REVISION", help="Target revision; default: the newest.")
@click.option("--back", is_flag=True, help="Migrate back to --to (`base` empties the database).")
@click.option("--yes", is_flag=True, help="Do not ask before migrating back.")
def migrate(revision: str, back: bool, yes: bool) -> None:
    """Create or migrate the database's tables (the embedded database migrates itself)."""
    from bot.settings import load
    from bot.store import embedded
    from bot.store.engine import make_engine, wait_until_up

    settings = load()
    if settings.database_url is None:
        with embedded.running(settings.data_dir / "postgres") as url:
            _migrate(url, revision, back, yes)
        return
    engine = make_engine(settings.database_url.get_secret_value())
    wait_until_up(engine, say=say)
    engine.dispose()
    _migrate(settings.database_url.get_secret_value(), revision, back, yes)


def _migrate(url: str, revision: str, back: bool, yes: bool) -> None:
    from bot.store import migrate as migrations
    from bot.store.engine import make_engine

    engine = make_engine(url)
    try:
        before = migrations.current(engine)
        if back:
            if not yes:
                click.confirm(f"Going back from {before} to {revision} deletes stored data. Go on?", abort=True)
            migrations.downgrade(engine, revision)
        else:
            migrations.upgrade(engine, revision)
        click.echo(f"Migrations: {before or 'none'} -> {migrations.current(engine) or 'none'}")
    finally:
        engine.dispose()
