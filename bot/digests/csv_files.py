"""Subscribers from and to a CSV file: `address,cadence,language,zone,state`."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.digests import addresses, subscribers
from bot.digests.links import Signer
from bot.errors import RejectedError
from bot.store.tables import Subscriber

COLUMNS = ("address", "cadence", "language", "zone", "state", "source", "confirmed_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Imported:
    """What an import did; `refused` names lines by their number in the file, with a reason."""

    added: int = 0
    known: int = 0
    erased: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def read(session: Session, signer: Signer, lines: Iterable[str], *, reason: str, now: dt.datetime) -> Imported:
    """Add the readers of a file, whose consent its owner has; `reason` says where it was given. The caller commits.

    An address that is known stays as it is, whatever its state: an import never brings back who left. One that was
    erased is not taken.

    Raises:
        RejectedError: the file has no column `address`, or is no CSV.
    """
    rows = csv.DictReader(lines)
    if "address" not in (rows.fieldnames or ()):
        raise RejectedError("The file needs a first line with the names of its columns, one of them `address`.")
    done = Imported()
    for row in _rows(rows):
        try:
            address = addresses.parse(_cell(row["address"] or ""))
            choice = subscribers.checked_choice(
                row.get("cadence") or "weekly", row.get("language") or "ko", row.get("zone") or "Asia/Seoul"
            )
        except RejectedError as exc:
            done.refused.append((rows.line_num, str(exc)))
            continue
        if (row.get("state") or "active") != "active":
            done.refused.append((rows.line_num, "only active readers are taken"))
        elif subscribers.was_erased(session, signer, address):
            done.erased += 1
        elif subscribers.join(session, address, choice, source="import", reason=reason, now=now) is None:
            done.known += 1
        else:
            done.added += 1
    return done


def write(session: Session) -> Iterator[str]:
    """All readers but the erased as lines of a file that spreadsheets open without running anything."""
    yield _line(COLUMNS)
    statement = select(Subscriber).where(Subscriber.state != "erased").order_by(Subscriber.id)
    for row in session.scalars(statement.execution_options(yield_per=1_000)):
        confirmed = row.confirmed_at.isoformat() if row.confirmed_at else ""
        yield _line([row.address or "", row.cadence, row.language, row.zone, row.state, row.source, confirmed])


def _rows(rows: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from rows
    except csv.Error as exc:
        raise RejectedError(f"Line {rows.line_num + 1} is no CSV ({exc}); nothing was taken.") from exc


def _cell(text: str) -> str:
    """What `_line` wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
