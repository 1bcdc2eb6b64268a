"""Every earlier version's database, with rows in every table, comes up to this version with nothing lost or changed."""

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, Table, func, insert, inspect, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot.store import migrate
from bot.store.engine import make_engine
from bot.store.tables import Base
from tests.conftest import execute

REVISIONS = [script.revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()][::-1]
NEWEST = REVISIONS[-1]
ROWS = 2
_numbers = itertools.count(1)

MEANT: Mapping[str, Mapping[str, Any]] = {
    "editions": {"series": "weekly", "state": "published"},
    # An offer is shown in a whisper; going back deletes what the bot said in public.
    "notices": {"is_whisper": True},
    # The first is current, each of its own segment.
    "revisions": {"current": True},
    # A transition's subject is named, not referred to.
    "transitions": {"subject": "edition"},
}
"""What a column must hold that its type does not tell."""


@pytest.fixture
def old(postgres: str) -> Iterator[Engine]:
    """An empty database of this test's own."""
    name = f"old_{next(_numbers)}"
    execute(postgres, f"create database {name}")
    engine = make_engine(make_url(postgres).set(database=name))
    yield engine
    engine.dispose()
    execute(postgres, f"drop database {name} with (force)")


def own_tables(engine: Engine) -> list[Table]:
    """The tables as they are, parents first; the queue's belong to procrastinate."""
    found = MetaData()
    found.reflect(engine)
    return [
        table
        for table in found.sorted_tables
        if not table.name.startswith("procrastinate_") and table.name != "alembic_version"
    ]


def allowed(engine: Engine, table: Table) -> dict[str, str | None]:
    """What the check constraints allow: the first value of each list; where one of several must be set, the first."""
    found: dict[str, str | None] = {}
    for check in inspect(engine).get_check_constraints(table.name):
        if match := re.search(r"(\w+) = ANY \(ARRAY\['(\w+)'::text", check["sqltext"]):
            found[match[1]] = match[2]
        if match := re.fullmatch(r"num_nonnulls\((.+)\) = 1", check["sqltext"]):
            found |= dict.fromkeys(match[1].split(", ")[1:])
    return found


def value_for(column: Column[Any], number: int) -> Any:
    """Something of the column's type, another for each row."""
    if isinstance(column.type, ARRAY):
        return [number] if column.type.item_type.python_type is int else [f"한 {number}"]
    if isinstance(column.type, JSONB):
        return {"number": number, "글": "값"}
    kinds: dict[type, Any] = {
        int: number,
        float: number + 0.5,
        bool: bool(number % 2),
        str: f"{column.name} {number} — '글' \\ \"\n",
        Decimal: Decimal(number) / 4,
        dt.datetime: dt.datetime(2026, 11, number, 3, tzinfo=dt.UTC),
        dt.date: dt.date(2026, 11, number),
    }
    return kinds[column.type.python_type]


def fill(engine: Engine) -> None:
    """Rows in every table, every column set; each refers to the parents' row of its own number."""
    with engine.begin() as connection:
        for table in own_tables(engine):
            meant = {**allowed(engine, table), **MEANT.get(table.name, {})}
            for number in range(1, ROWS + 1):
                # Ids are given by the database, so that its sequences stand where they would.
                columns = [column for column in table.columns if not is_numbered(column)]
                row = {column.name: meant.get(column.name, value_for(column, number)) for column in columns}
                connection.execute(insert(table).values(row))
        if inspect(connection).has_table("procrastinate_jobs"):
            connection.execute(text("insert into procrastinate_jobs (queue_name, task_name) values ('q', 'read')"))


def is_numbered(column: Column[Any]) -> bool:
    """Whether the database gives it the next number."""
    return column.identity is not None or "nextval" in str(getattr(column.server_default, "arg", ""))


def rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_database_of_an_earlier_version_comes_up_with_all_that_was_in_it(old: Engine, revision: str) -> None:
    migrate.upgrade(old, revision)
    fill(old)
    with old.connect() as connection:
        before = {table.name: rows(connection, table) for table in own_tables(old)}
    assert all(len(found) == ROWS for found in before.values())

    migrate.upgrade(old)

    assert migrate.differences(old) == []
    after = {table.name: table for table in own_tables(old)}
    with old.connect() as connection:
        for name, found in before.items():
            kept = [{column: row[column] for column in found[0]} for row in rows(connection, after[name])]
            assert kept == found, name
    with Session(old) as session:
        for mapper in Base.registry.mappers:
            entities = session.scalars(select(mapper.class_)).all()
            assert len(entities) == (ROWS if mapper.local_table.name in before else 0), mapper.class_.__name__  # type: ignore[attr-defined]
        if revision >= "0003":
            assert session.scalar(select(func.count()).select_from(text("procrastinate_jobs"))) == 1


def test_every_revision_has_one_follower() -> None:
    followed = [script.down_revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()]
    assert len(followed) == len(set(followed)), "two migrations follow the same one: renumber the later"


def test_going_back_one_revision_and_up_again_works_with_rows_in_every_table(old: Engine) -> None:
    migrate.upgrade(old)
    fill(old)
    for revision in REVISIONS[-2::-1]:
        migrate.downgrade(old, revision)
    migrate.upgrade(old)
    assert migrate.current(old) == NEWEST
    assert migrate.differences(old) == []
