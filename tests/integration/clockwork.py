"""The service without its processes: the real calendar, queue rows and tasks, run one after another by a clock of ours.

Hours pass in seconds. What is left out is procrastinate's fetching of jobs alone, which has tests of its own.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import text

from bot import clock
from bot.errors import ConflictError, TransientError
from bot.jobs import calendar
from bot.jobs.calendar import Calendar
from bot.jobs.queue import NOTES
from bot.jobs.tasks import TASKS, Parts
from tests.integration.test_review import Desk

AGAIN = dt.timedelta(seconds=5)

_TAKE = text(
    """
    update procrastinate_jobs set status = 'doing' where id = (
        select id from procrastinate_jobs
        where status = 'todo' and (scheduled_at is null or scheduled_at <= :now) order by priority desc, id limit 1
    ) returning id, task_name, args
    """
)
_END = text("select procrastinate_finish_job_v1(:id, 'succeeded', true)")
_LATER = text("update procrastinate_jobs set status = 'todo', scheduled_at = :at where id = :id")


@dataclass
class Clockwork:
    """A service in slow motion on a desk's store and forum. The forum lives by the same clock from then on.

    Attributes:
        now: the time for all of them; `advance` moves it.
        ran: how often each task ran.
    """

    desk: Desk
    now: dt.datetime = field(default_factory=lambda: clock.now() + dt.timedelta(minutes=1))
    ran: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Give forum and service the clock."""
        forum = self.desk.world.forum
        forum.now = lambda: self.now
        forum.webhooks._now = lambda: self.now
        self.parts = Parts(self.desk.settings, self.desk.sessions, lambda: self.now)
        # No list comes, and the jobs here have no worker that could be missed.
        absent = ("run_weekly", "rescue_stalled", "prune")
        rules = [rule for rule in calendar.rules_of(self.desk.settings) if rule.task not in absent]
        self.calendar = Calendar(self.desk.sessions, calendar.zone_of(self.desk.settings), rules, now=lambda: self.now)

    def advance(self, by: dt.timedelta, *, step: dt.timedelta = dt.timedelta(minutes=10)) -> None:
        """Let time pass, step by step, and do at each what is due."""
        end = self.now + by
        while self.now < end:
            self.now = min(self.now + step, end)
            self.tick()

    def tick(self) -> None:
        """What is due at this moment: webhooks arrive, slots begin, jobs run."""
        self.desk.world.forum.flush_webhooks(hurry=False)
        self.calendar.look()
        self.work()

    def work(self) -> None:
        """Run the jobs that are due until none is left; mistakes and refusals are raised."""
        while True:
            with self.desk.sessions.begin() as session:
                job = session.execute(_TAKE, {"now": self.now}).one_or_none()
            if job is None:
                return
            job_id, name, args = job
            later = None
            try:
                TASKS[name].run(self.parts, **{key: value for key, value in args.items() if key != NOTES})
            except (ConflictError, TransientError):
                later = self.now + AGAIN
            self.ran[name] += 1
            with self.desk.sessions.begin() as session:
                if later is None:
                    session.execute(_END, {"id": job_id})
                else:
                    session.execute(_LATER, {"id": job_id, "at": later})
