"""A real Postgres for every test that asks for one: cloned from a migrated template, dropped afterwards."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from bot.store import embedded, migrate
from bot.store.engine import Sessions, make_engine

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a running server without our tables, for this test process."""
    with _server_folder() as folder, embedded.running(folder / "postgres") as url:
        yield url


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder for an embedded server of the test's own."""
    with _server_folder() as folder:
        yield folder


@contextmanager
def _server_folder() -> Iterator[Path]:
    # Not pytest's folder: for root, the server runs as another user, and every new pytest session closes the folder
    # above its own to others.
    with tempfile.TemporaryDirectory(prefix="paperbot-tests-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """Name of a migrated database that tests clone."""
    execute(postgres, "create database template_paperbot")
    engine = make_engine(make_url(postgres).set(database="template_paperbot"))
    migrate.upgrade(engine)
    engine.dispose()
    return "template_paperbot"


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """Address of a migrated, empty database of this test's own."""
    name = f"test_{next(_numbers)}"
    execute(postgres, f"create database {name} template {template}")
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    execute(postgres, f"drop database {name} with (force)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on this test's database."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """Sessions on this test's database."""
    return sessionmaker(engine)


def execute(url: str, statement: str) -> None:
    """Run one statement outside any transaction."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
