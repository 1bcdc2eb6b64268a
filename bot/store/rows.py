"""What SQLAlchemy's types leave out about results: how many rows a statement touched, and pairs as a mapping."""

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.orm import Session

Key = TypeVar("Key")
Value = TypeVar("Value")


def affected(session: Session, statement: Executable, arguments: dict[str, Any] | None = None) -> int:
    """Execute an update or a delete; how many rows it touched. The caller commits."""
    return cast("CursorResult[Any]", session.execute(statement, arguments)).rowcount


def as_dict(rows: Iterable[Row[Key, Value]]) -> dict[Key, Value]:
    """Rows of two columns as a mapping from the first to the second."""
    return {row[0]: row[1] for row in rows}
