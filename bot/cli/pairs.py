"""Files of text pairs, as `paperbot check` and `paperbot eval` read them: one JSON object a line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import RejectedError

_COLUMNS = ("doc", "paper", "field", "en", "ko")


class PairsError(RejectedError):
    """A line of the pairs cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of a pairs file: a text of a paper of an edition, in both languages."""

    doc: str
    paper: str | int
    field: str
    en: str
    ko: str


def read_pairs(lines: Iterable[bytes], name: str) -> list[Pair]:
    """The pairs of a file, blank lines left out.

    Raises:
        PairsError: a line is not such an object; nothing was read.
    """
    return [_pair(line, f"{name}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _pair(line: bytes, place: str) -> Pair:
    try:
        row = json.loads(line)
    except ValueError as exc:  # also of bytes that are no UTF-8
        raise PairsError(f"{place}: this line is no JSON ({exc}).") from exc
    if not isinstance(row, dict):
        raise PairsError(f"{place}: this line is no JSON object.")
    missing = [column for column in _COLUMNS if column not in row]
    if missing:
        raise PairsError(f"{place}: {', '.join(missing)} missing; a line needs {', '.join(_COLUMNS)}.")
    for column in _COLUMNS:
        if not isinstance(row[column], str) and not (column == "paper" and type(row[column]) is int):
            raise PairsError(f"{place}: {column} must be a text.")
    return Pair(**{column: row[column] for column in _COLUMNS})
