"""The termbase in force: the shipped files with what people changed laid over them, and those changes in the store."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.engine import Sessions
from bot.store.tables import StoredTerm
from bot.translation.termbase import Kind, Term, Termbase, shipped

NONSENSE = "!"
"""Before a wrong rendering that is wrong whatever English stands beside it, as in the files."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One term with where it comes from: `shipped`, or the origin and author of the change over it."""

    term: Term
    origin: str
    author: str = ""


def load(sessions: Sessions) -> Termbase:
    """The termbase in force now."""
    with sessions() as session:
        return termbase(session)


def termbase(session: Session) -> Termbase:
    """The termbase in force now, in a session that is open already."""
    return _compiled(tuple(entry.term for entry in entries(session)))


@lru_cache(maxsize=2)
def _compiled(terms: tuple[Term, ...]) -> Termbase:
    """One termbase for the same terms: finding in it is compiled once, and what it found is remembered."""
    return Termbase(terms)


def entries(session: Session) -> list[Entry]:
    """Every term in force, by source."""
    known = {term.source: Entry(term, "shipped") for term in shipped().terms}
    for row in session.scalars(select(StoredTerm).order_by(StoredTerm.source)):
        if row.status == "retired":
            known.pop(row.source, None)
        else:
            known[row.source] = Entry(_term(row), row.origin, row.author)
    return sorted(known.values(), key=lambda entry: (entry.term.source.casefold(), entry.term.source))


def add(session: Session, terms: Iterable[Term], *, origin: str, author: str, now: dt.datetime) -> int:
    """Lay these over the shipped entries and earlier changes of the same sources; how many. The caller commits."""
    rows = [
        {
            "source": term.source,
            "also": list(term.also),
            "target": term.target,
            "accepted": list(term.accepted),
            "avoid": list(term.avoid),
            "wrong": [*term.wrong, *(f"{NONSENSE}{words}" for words in term.nonsense)],
            "unless": list(term.unless),
            "kind": term.kind,
            "note": term.note,
            "status": "approved",
            "origin": origin,
            "author": author,
            "updated_at": now,
        }
        for term in terms
    ]
    return _upsert(session, rows)


def retire(session: Session, source: str, *, author: str, now: dt.datetime) -> bool:
    """Take the term of this source out of use, a shipped one too; False if there is none. The caller commits."""
    known = {entry.term.source: entry.term for entry in entries(session)}
    if source not in known:
        return False
    row = {
        "source": source,
        "target": known[source].target,
        "kind": known[source].kind,
        "status": "retired",
        "origin": "operator",
        "author": author,
        "updated_at": now,
    }
    return _upsert(session, [row]) == 1


def changes(session: Session) -> int:
    """How many entries people added, changed or retired."""
    return session.scalar(select(func.count(StoredTerm.id))) or 0


def _upsert(session: Session, rows: Sequence[dict[str, object]]) -> int:
    if not rows:
        return 0
    statement = insert(StoredTerm).values(list(rows))
    columns = {name: statement.excluded[name] for name in rows[0] if name != "source"}
    session.execute(statement.on_conflict_do_update(index_elements=["source"], set_=columns))
    return len(rows)


def _term(row: StoredTerm) -> Term:
    return Term(
        source=row.source,
        also=tuple(row.also),
        target=row.target,
        accepted=tuple(row.accepted),
        avoid=tuple(row.avoid),
        wrong=tuple(words for words in row.wrong if not words.startswith(NONSENSE)),
        nonsense=tuple(words.removeprefix(NONSENSE) for words in row.wrong if words.startswith(NONSENSE)),
        unless=tuple(row.unless),
        kind=Kind(row.kind),
        note=row.note,
    )
