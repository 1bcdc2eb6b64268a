"""Findings in the store: kept with the text they are about, and dismissed for good where a moderator says so."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.store.tables import Revision, StoredFinding
from bot.translation.checks.base import Category, Finding, Severity


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A segment's text as it was checked, and what was found in it."""

    segment_id: int
    revision_id: int
    text: str
    findings: Sequence[Finding]


def fingerprint(finding: Finding, text: str) -> str:
    """What makes a finding the same one in a later text of its segment: check, category and the words it is about."""
    words = "".join(text[finding.start : finding.end].split())
    return hashlib.sha256("\0".join((finding.check, finding.category, words)).encode()).hexdigest()[:32]


def dismissed(session: Session, segment_ids: Sequence[int]) -> set[tuple[int, str]]:
    """(segment, fingerprint) of what moderators dismissed there."""
    rows = session.execute(
        select(StoredFinding.segment_id, StoredFinding.fingerprint).where(
            StoredFinding.segment_id.in_(segment_ids), StoredFinding.dismissed_by.is_not(None)
        )
    )
    return {(row.segment_id, row.fingerprint) for row in rows}


def store(session: Session, checked: Sequence[CheckedText], now: dt.datetime) -> None:
    """Put these in place of what is known of the same segments, and note that they were checked. The caller commits.

    Dismissed findings stay, and their like is not stored again.
    """
    segment_ids = [one.segment_id for one in checked]
    if not segment_ids:
        return
    settled = dismissed(session, segment_ids)
    session.execute(
        delete(StoredFinding).where(StoredFinding.segment_id.in_(segment_ids), StoredFinding.dismissed_by.is_(None))
    )
    rows = [
        _row(one, finding, mark)
        for one in checked
        for finding in one.findings
        if (one.segment_id, mark := fingerprint(finding, one.text)) not in settled
    ]
    if rows:
        session.execute(insert(StoredFinding), rows)
    session.execute(
        update(Revision).where(Revision.id.in_([one.revision_id for one in checked])).values(checked_at=now)
    )


def dismiss(session: Session, finding_id: int, *, by: str, now: dt.datetime) -> StoredFinding | None:
    """Mark a finding as none, for this segment and for good; None if there is no such finding. Repeatable."""
    finding = session.get(StoredFinding, finding_id)
    if finding is not None and finding.dismissed_by is None:
        finding.dismissed_by, finding.dismissed_at = by, now
    return finding


def dismissed_by(session: Session, who: str, finding_ids: Sequence[int]) -> set[int]:
    """Those of the findings that this person dismissed."""
    rows = session.scalars(
        select(StoredFinding.id).where(StoredFinding.id.in_(finding_ids), StoredFinding.dismissed_by == who)
    )
    return set(rows)


def open_of(session: Session, segment_ids: Sequence[int]) -> dict[int, list[StoredFinding]]:
    """By segment: the findings about its current text that nobody dismissed, in order of their place."""
    found: dict[int, list[StoredFinding]] = {}
    rows = session.scalars(
        select(StoredFinding)
        .join(Revision, (Revision.id == StoredFinding.revision_id) & Revision.current)
        .where(StoredFinding.segment_id.in_(segment_ids), StoredFinding.dismissed_by.is_(None))
        .order_by(StoredFinding.segment_id, StoredFinding.start, StoredFinding.id)
    )
    for row in rows:
        found.setdefault(row.segment_id, []).append(row)
    return found


def finding_of(row: StoredFinding) -> Finding:
    """The finding as the check or the judge made it."""
    severity, category = Severity(row.severity), Category(row.category)
    return Finding(row.start, row.end, row.check, category, severity, row.message, row.suggestion)


def dismissed_by_check(session: Session) -> dict[str, tuple[int, int]]:
    """By check: how many findings there are, and how many of them moderators dismissed: which checks cry wolf."""
    rows = session.execute(
        select(StoredFinding.check, func.count(), func.count(StoredFinding.dismissed_by))
        .group_by(StoredFinding.check)
        .order_by(StoredFinding.check)
    )
    return {check: (count, dismissed) for check, count, dismissed in rows}


def _row(one: CheckedText, finding: Finding, mark: str) -> Mapping[str, object]:
    return {
        "segment_id": one.segment_id,
        "revision_id": one.revision_id,
        "check": finding.check,
        "category": finding.category.value,
        "severity": finding.severity.value,
        "start": finding.start,
        "end": finding.end,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "fingerprint": mark,
    }
