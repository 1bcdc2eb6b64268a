"""The states of a correction and the moves between them; every move is recorded with who and why."""

from sqlalchemy import ScalarSelect, select, update
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.store.tables import Correction, CorrectionReport, Transition

MOVES: dict[str, frozenset[str]] = {
    "detected": frozenset({"proposed", "withdrawn", "rejected"}),
    "proposed": frozenset({"accepted", "rejected", "stale", "withdrawn"}),
    "accepted": frozenset({"applied", "stale"}),
    "applied": frozenset({"credited"}),
    "rejected": frozenset(),
    "stale": frozenset(),
    "withdrawn": frozenset(),
    "credited": frozenset(),
}
OPEN = frozenset({"detected", "proposed"})
"""Nobody has decided yet."""
UNDER_WAY = OPEN | {"accepted"}
"""The reader waits for what becomes of it."""
DONE = frozenset({"applied", "credited"})
"""The page shows it."""


class IllegalMoveError(BotError):
    """The correction's state does not allow this move; a mistake in the code, never of a user."""


def asked_first() -> ScalarSelect[int]:
    """As part of a query: the id of the comment that asked first for the query's correction."""
    return (
        select(CorrectionReport.comment_id)
        .where(CorrectionReport.correction_id == Correction.id)
        .order_by(CorrectionReport.comment_id)
        .limit(1)
        .scalar_subquery()
    )


def move(session: Session, correction: Correction, to: str, *, actor: str, reason: str, **values: object) -> bool:
    """Bring `correction` to state `to` with other columns set to `values`. The caller commits.

    Returns:
        False, and nothing is changed, if somebody else moved it since it was read.

    Raises:
        IllegalMoveError: there is no such move.
    """
    before = correction.state
    if to not in MOVES[before]:
        raise IllegalMoveError(f"A correction cannot go from {before} to {to}.")
    moved = session.scalar(
        update(Correction)
        .where(Correction.id == correction.id, Correction.state == before)
        .values(state=to, **values)
        .returning(Correction.id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(correction)
    if moved is None:
        return False
    record(session, correction.id, before, to, actor=actor, reason=reason)
    return True


def record(session: Session, correction_id: int, before: str | None, to: str, *, actor: str, reason: str) -> None:
    """Write one line of the audit trail."""
    session.add(
        Transition(
            subject="correction", subject_id=correction_id, from_state=before, to_state=to, actor=actor, reason=reason
        )
    )
