"""Slots of the calendar that were begun: the row is the memory, not the scheduler."""

import datetime as dt

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.rows import affected
from bot.store.tables import DueRun


def begin_slot(session: Session, task: str, slot: str) -> bool:
    """True for the one caller, over all machines and for ever, who is to do what is due in this slot."""
    added = session.execute(insert(DueRun).values(task=task, slot=slot).on_conflict_do_nothing().returning(DueRun.slot))
    return added.scalar_one_or_none() is not None


def began_before(session: Session, task: str, slot: str) -> bool:
    """Whether the task began a slot before this one."""
    return session.scalar(select(exists().where(DueRun.task == task, DueRun.slot < slot))) or False


def prune_slots(session: Session, before: dt.datetime) -> int:
    """Forget slots begun before this time, but never a task's newest: a clock set back must find it."""
    kept = select(DueRun.task, func.max(DueRun.slot).label("slot")).group_by(DueRun.task).subquery()
    return affected(
        session,
        delete(DueRun).where(
            DueRun.created_at < before,
            ~select(kept.c.slot).where(kept.c.task == DueRun.task, kept.c.slot == DueRun.slot).exists(),
        ),
    )
