"""States of an edition: which moves there are, and that every one leaves its line in the audit trail."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.editions import lifecycle
from bot.editions.lifecycle import IllegalMoveError
from bot.errors import ConflictError
from bot.store.engine import Sessions
from bot.store.tables import Edition, Transition

STATES = (
    "collecting", "drafting", "checked", "submitted", "in_review", "published", "revised",
    "failed", "rejected", "withdrawn",
)  # fmt: skip
LEGAL = {
    ("collecting", "drafting"),
    ("drafting", "checked"),
    ("checked", "drafting"),  # a paper is asked for again
    ("checked", "submitted"),
    ("submitted", "in_review"),
    ("submitted", "published"),  # a moderator who publishes at once
    ("in_review", "published"),
    ("published", "revised"),
    ("revised", "revised"),
    ("failed", "collecting"),
    ("failed", "drafting"),
    ("rejected", "checked"),
    ("rejected", "submitted"),  # the deleted draft is back
    ("withdrawn", "published"),  # the deleted topic is back
    *((state, "failed") for state in ("collecting", "drafting", "checked")),
    *((state, "rejected") for state in ("collecting", "drafting", "checked", "submitted", "in_review", "failed")),
    *((state, "withdrawn") for state in ("submitted", "in_review", "published", "revised")),
}


@pytest.fixture
def edition_in(sessions: Sessions) -> Callable[[str], int]:
    """Makes an edition in a state; a series of its own each, so that several fit."""

    def made(state: str) -> int:
        with sessions.begin() as session:
            count = len(session.scalars(select(Edition)).all())
            edition = Edition(
                series=f"weekly-{count}",
                period="2026-11-09",
                period_start=dt.date(2026, 11, 9),
                period_end=dt.date(2026, 11, 15),
                state=state,
                title="A week",
            )
            session.add(edition)
            session.flush()
            return edition.id

    return made


def _move(session: Session, edition_id: int, to: str) -> None:
    edition = session.get_one(Edition, edition_id)
    lifecycle.move(session, edition, to, actor="sujin", reason="a test of moves")


def test_every_legal_move_is_made_and_recorded_with_who_and_why(
    sessions: Sessions, edition_in: Callable[[str], int]
) -> None:
    for present, to in sorted(LEGAL):
        edition_id = edition_in(present)
        with sessions.begin() as session:
            _move(session, edition_id, to)
        with sessions() as session:
            assert session.get_one(Edition, edition_id).state == to
            (line,) = session.scalars(select(Transition).filter_by(subject="edition", subject_id=edition_id))
            assert (line.from_state, line.to_state, line.actor, line.reason) == (
                present,
                to,
                "sujin",
                "a test of moves",
            )


def test_every_other_move_is_refused_and_leaves_no_trace(sessions: Sessions, edition_in: Callable[[str], int]) -> None:
    ids = {state: edition_in(state) for state in STATES}
    with sessions() as session:
        for present in STATES:
            for to in STATES:
                if (present, to) in LEGAL:
                    continue
                with pytest.raises(IllegalMoveError, match=f"from {present} to {to}"):
                    _move(session, ids[present], to)
        session.commit()
        assert session.scalars(select(Transition)).all() == []
        assert {edition.state for edition in session.scalars(select(Edition))} == set(STATES)


def test_unknown_state_is_no_legal_target(sessions: Sessions, edition_in: Callable[[str], int]) -> None:
    edition_id = edition_in("drafting")
    with sessions() as session, pytest.raises(IllegalMoveError):
        _move(session, edition_id, "archived")


def test_move_on_a_state_that_changed_meanwhile_is_a_conflict(
    sessions: Sessions, edition_in: Callable[[str], int]
) -> None:
    edition_id = edition_in("drafting")
    with sessions() as late:
        seen = late.get_one(Edition, edition_id)
        assert seen.state == "drafting"
        with sessions.begin() as quick:
            _move(quick, edition_id, "checked")
        with pytest.raises(ConflictError, match="another process"):
            lifecycle.move(late, seen, "failed", actor="slow", reason="did not look again")
        late.rollback()
    with sessions() as session:
        assert session.get_one(Edition, edition_id).state == "checked"
        assert [line.to_state for line in session.scalars(select(Transition))] == ["checked"]


def test_a_rolled_back_move_is_not_in_the_audit_trail(sessions: Sessions, edition_in: Callable[[str], int]) -> None:
    edition_id = edition_in("checked")
    with sessions() as session:
        _move(session, edition_id, "submitted")
        session.rollback()
    with sessions() as session:
        assert session.get_one(Edition, edition_id).state == "checked"
        assert session.scalars(select(Transition)).all() == []
