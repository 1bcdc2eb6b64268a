"""The states of an edition and the moves between them. Every move is recorded with who and why."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import BotError, ConflictError
from bot.store.tables import Edition, Transition

MOVES: dict[str | None, frozenset[str]] = {
    None: frozenset({"collecting", "published"}),
    "collecting": frozenset({"drafting", "failed", "rejected"}),
    "drafting": frozenset({"checked", "failed", "rejected"}),
    "checked": frozenset({"drafting", "submitted", "failed", "rejected"}),
    "submitted": frozenset({"in_review", "published", "rejected", "withdrawn"}),
    "in_review": frozenset({"published", "rejected", "withdrawn"}),
    "published": frozenset({"revised", "withdrawn"}),
    "revised": frozenset({"revised", "withdrawn"}),
    "failed": frozenset({"collecting", "drafting", "rejected"}),
    "rejected": frozenset({"checked", "submitted"}),
    "withdrawn": frozenset({"published"}),
}
"""Legal moves by present state; `None` is an edition that does not exist yet. An adopted one begins published."""

ON_FORUM = frozenset({"submitted", "in_review", "published", "revised", "withdrawn"})
"""States in which the edition has a topic."""


class IllegalMoveError(BotError):
    """The edition's state does not allow this move; a mistake in the code, never of a user."""


def move(session: Session, edition: Edition, to: str, *, actor: str, reason: str) -> None:
    """Bring `edition` to state `to` and record it. The caller commits.

    Raises:
        IllegalMoveError: there is no such move.
        ConflictError: somebody else moved it since it was read.
    """
    if to not in MOVES[edition.state]:
        raise IllegalMoveError(f"An edition cannot go from {edition.state} to {to}.")
    moved = session.scalar(
        update(Edition)
        .where(Edition.id == edition.id, Edition.state == edition.state)
        .values(state=to)
        .returning(Edition.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise ConflictError(f"Edition {edition.series} {edition.period} was changed by another process; run again.")
    record(session, edition, edition.state, to, actor=actor, reason=reason)
    session.refresh(edition, ["state"])


def last_move(session: Session, edition: Edition) -> Transition | None:
    """The newest line of the audit trail about this edition."""
    return session.scalars(
        select(Transition)
        .where(Transition.subject == "edition", Transition.subject_id == edition.id)
        .order_by(Transition.id.desc())
        .limit(1)
    ).one_or_none()


def record(
    session: Session, edition: Edition, from_state: str | None, to_state: str, *, actor: str, reason: str
) -> None:
    """Write one line of the audit trail."""
    session.add(
        Transition(
            subject="edition",
            subject_id=edition.id,
            from_state=from_state,
            to_state=to_state,
            actor=actor,
            reason=reason,
        )
    )
