"""Opening the store: one engine, its limits, and a sentence where it cannot be had."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from bot.errors import BotError, SettingsError
from bot.settings import Settings
from bot.store import embedded, migrate

START_WAIT_S = 60.0
LIMITS = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"

Sessions = sessionmaker[Session]


class StoreUnavailableError(BotError):
    """Postgres cannot be reached; the message names host and database, never the password."""


def make_engine(url: str | URL, *, pool_size: int = 16) -> Engine:
    """An engine with our time limits on every connection. A dead pooled connection is replaced unseen.

    Raises:
        SettingsError: the address is not one of Postgres.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("DATABASE_URL is not a database address (postgresql://user:password@host/name).") from None
    if parsed.get_backend_name() != "postgresql":
        raise SettingsError("DATABASE_URL must be a Postgres address: postgresql://user:password@host/name.")
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": LIMITS, "application_name": "paperbot"},
    )


def wait_until_up(
    engine: Engine, *, say: Callable[[str], None], wait_s: float = START_WAIT_S, pause_s: float = 1.0
) -> None:
    """Return as soon as the database answers.

    Raises:
        StoreUnavailableError: it did not within `wait_s`.
    """
    place = f"{engine.url.host or 'local socket'}, database {engine.url.database}"
    end = time.monotonic() + wait_s
    told = False
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
            return
        except OperationalError as exc:
            if time.monotonic() >= end:
                reason = " ".join(str(exc.orig).strip().splitlines()[-1].split())
                raise StoreUnavailableError(
                    f"Postgres cannot be reached ({place}): {reason} Start it, or correct DATABASE_URL."
                ) from None
        if not told:
            say(f"Waiting up to {wait_s:.0f} s for Postgres ({place}) ...")
            told = True
        time.sleep(pause_s)


@contextmanager
def opened(
    settings: Settings, *, say: Callable[[str], None] = lambda _: None, must_exist: bool = False
) -> Iterator[Sessions]:
    """The store of this process: sessions on `DATABASE_URL`, or on the embedded Postgres under `DATA_DIR`.

    The embedded database belongs to paperbot alone, so it is migrated on the way. A database of the operator's is
    left as it is and refused if its migrations are not the code's.

    Args:
        must_exist: refuse to start an embedded database where there is none: a command that only reads, run in the
            wrong folder, shall not leave an empty one behind.

    Raises:
        StoreUnavailableError: no Postgres there.
        SettingsError: a malformed address, or migrations that do not fit; the message names the command to run.
    """
    if settings.database_url is not None:
        engine = make_engine(settings.database_url.get_secret_value())
        try:
            wait_until_up(engine, say=say)
            migrate.require_current(engine)
            yield sessionmaker(engine)
        finally:
            engine.dispose()
        return
    folder = settings.data_dir / "postgres"
    if must_exist and not (folder / "PG_VERSION").exists():
        raise SettingsError(
            f"There is no data in {folder.resolve()} yet. Start with `paperbot run weekly`, or correct DATA_DIR: it is "
            "relative to the folder you are in."
        )
    with embedded.running(folder) as url:
        engine = make_engine(url)
        try:
            wait_until_up(engine, say=say)
            migrate.upgrade(engine)
            yield sessionmaker(engine)
        finally:
            engine.dispose()
