"""What needs the operator, each under a key that makes it said once."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.figures.silence import Source
from bot.figures.standing import Draft, day_of
from bot.jobs.backlog import FailingJob
from bot.languages.ko import figures as words

DRAFT_WAITS = dt.timedelta(days=2)
"""A draft that nobody touched for so long is told to the operator; moderators were reminded after one day."""
SHOWN = 300
"""Characters of a job's reason."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something for the operator.

    Attributes:
        key: made of what it is about and when that began, so that the same trouble next month is said again.
        text: one line.
    """

    key: str
    text: str


def needs(
    *, sources: Sequence[Source], drafts: Sequence[Draft], failing: Sequence[FailingJob], now: dt.datetime, zone: str
) -> list[Need]:
    """What the operator should know now, whether it was said before or not."""
    return [*_silent(sources), *_waiting(drafts, now, zone), *_failing(failing, zone)]


def _silent(sources: Sequence[Source]) -> Iterator[Need]:
    for source in sources:
        if source.is_silent and source.usual is not None:
            text = words.SOURCE_SILENT.format(
                name=words.SOURCES.get(source.name, source.name),
                day=source.list_date,
                silent=words.days(source.silent),
                usual=words.days(source.usual),
            )
            yield Need(f"source-{source.name}-{source.list_date}", text)


def _waiting(drafts: Sequence[Draft], now: dt.datetime, zone: str) -> Iterator[Need]:
    for draft in drafts:
        since = max(draft.since, draft.touched_at or draft.since)
        if draft.held_by is None and now - since >= DRAFT_WAITS:
            name = f"{draft.series}-{draft.period}"
            text = words.DRAFT_WAITS.format(name=name, waited=words.days(now - since))
            yield Need(f"draft-{name}-{day_of(since, zone)}", text)


def _failing(failing: Sequence[FailingJob], zone: str) -> Iterator[Need]:
    """One line for all jobs of a task that began to fail on one day: an outage makes many of them."""
    groups: dict[str, list[FailingJob]] = {}
    for job in failing:
        groups.setdefault(f"job-{job.task}-{day_of(job.since, zone)}", []).append(job)
    for key, jobs in groups.items():
        newest = jobs[0]
        reason = newest.reason if len(newest.reason) <= SHOWN else f"{newest.reason[:SHOWN]} …"
        line = words.JOB_GAVE_UP if newest.gave_up else words.JOB_FAILING
        text = line.format(task=newest.task, id=newest.id, tries=newest.tries, reason=reason)
        yield Need(key, text if len(jobs) == 1 else text + words.MORE_JOBS.format(count=len(jobs) - 1))
