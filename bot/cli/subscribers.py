"""`paperbot subscribers`: readers of the digest, listed, added, imported, exported, erased."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.output import say


@click.group()
def subscribers() -> None:
    """Readers of the digest."""


@subscribers.command("list")
@click.option("--state", help="Only those in this state.")
def list_subscribers(state: str | None) -> None:
    """Print the readers, with their addresses."""
    from sqlalchemy import select

    from bot.settings import load
    from bot.store.engine import opened
    from bot.store.tables import Subscriber

    statement = select(Subscriber).order_by(Subscriber.id)
    if state is not None:
        statement = statement.where(Subscriber.state == state)
    count = 0
    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        for row in session.scalars(statement.execution_options(yield_per=1_000)):
            count += 1
            click.echo(
                f"{row.id}  {row.address or '(erased)'}  {row.state} since {row.state_since:%Y-%m-%d}  {row.cadence}"
                f"  {row.language}  {row.zone}  from {row.source}"
            )
    say(f"{count} readers.")


@subscribers.command()
@click.argument("address")
@click.option("--cadence", type=click.Choice(["weekly", "daily"]), default="weekly", show_default=True)
@click.option("--language", type=click.Choice(["ko", "both", "en"]), default="ko", show_default=True)
@click.option("--zone", default="Asia/Seoul", show_default=True)
@click.option("--consent", required=True, metavar="TEXT", help="When and how they agreed; kept in the audit trail.")
def add(address: str, cadence: str, language: str, zone: str, consent: str) -> None:
    """Add a reader who agreed elsewhere. Who left, complained or was erased is not taken: they sign up themselves."""
    from bot import clock
    from bot.digests import csv_files, links
    from bot.errors import RejectedError
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    lines = ["address,cadence,language,zone", ",".join((address, cadence, language, zone))]
    with opened(settings, say=say) as sessions, sessions.begin() as session:
        done = csv_files.read(session, links.signer_of(settings), lines, reason=consent, now=clock.now())
    if done.refused:
        raise RejectedError(done.refused[0][1])
    if not done.added:
        raise RejectedError("The address is known already or was erased; nothing was changed.")
    click.echo(f"Added {address}.")


@subscribers.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--consent", required=True, metavar="TEXT", help="When and how they agreed; kept in the audit trail.")
def import_file(path: Path, consent: str) -> None:
    """Add the readers in a CSV file with the column `address`, and `cadence`, `language`, `zone` if wanted."""
    import io
    import sys

    from bot import clock
    from bot.cli.text import read_text_file
    from bot.digests import csv_files, links
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    lines = io.StringIO(read_text_file(path), newline="")
    with opened(settings, say=say) as sessions, sessions.begin() as session:
        done = csv_files.read(session, links.signer_of(settings), lines, reason=consent, now=clock.now())
    click.echo(f"Added {done.added}; known already {done.known}; erased before {done.erased}.")
    for number, why in done.refused:
        say(f"Line {number}: {why}")
    sys.exit(1 if done.refused else 0)


@subscribers.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def export(path: Path) -> None:
    """Write all readers but the erased to a CSV file that only this user can read."""
    from bot.digests import csv_files
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        part = path.with_name(path.name + ".part")
        part.touch(mode=0o600)
        with part.open("w", encoding="utf-8", newline="") as out:
            out.writelines(csv_files.write(session))
        part.replace(path)
    click.echo(f"Written: {path}")


@subscribers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask before.")
def erase(address: str, yes: bool) -> None:
    """Forget a reader's address, on request. It cannot be undone."""
    from bot import clock
    from bot.digests import links
    from bot.digests import subscribers as readers
    from bot.errors import RejectedError
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    if not yes:
        click.confirm(f"Erase {address}?", abort=True)
    with opened(settings, say=say, must_exist=True) as sessions, sessions.begin() as session:
        number = readers.by_address(session, address)
        if number is None or not readers.erase(
            session, links.signer_of(settings), number, actor="operator", now=clock.now()
        ):
            raise RejectedError("There is no reader with this address.")
    click.echo("Erased.")


@subscribers.command()
@click.argument("address")
def clear(address: str) -> None:
    """Let a reader sign up again who complained, or whose mail came back."""
    from bot import clock
    from bot.digests import subscribers as readers
    from bot.errors import RejectedError
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions, sessions.begin() as session:
        number = readers.by_address(session, address)
        if number is None or not readers.clear(session, number, actor="operator", now=clock.now()):
            raise RejectedError("No reader with this address complained or bounced.")
    click.echo("They may sign up again.")
