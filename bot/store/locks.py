"""Courtesy locks between processes: they save work and money; correctness rests on keys and checked updates."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from bot.errors import ConflictError
from bot.store.engine import Sessions


@contextmanager
def held(sessions: Sessions, name: str) -> Iterator[None]:
    """Hold the lock `name` over all processes on this database while the block runs. No transaction stays open.

    Raises:
        ConflictError: another process holds it.
    """
    with sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        taken = connection.execute(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        if not taken.scalar_one():
            raise ConflictError(f"Another paperbot process is working on {name} just now; wait for it, then run again.")
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
