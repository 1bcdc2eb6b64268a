"""`paperbot up`, its parts `worker` and `web` each alone, and `paperbot jobs`: what failed, and running it again."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from bot.cli.output import say
from bot.cli.text import A_NUMBER

if TYPE_CHECKING:
    from bot.jobs.queue import JobSummary
    from bot.settings import Settings

with_parent = click.option("--with-parent", is_flag=True, hidden=True, help="Stop when standard input ends.")


@click.command()
def up() -> None:
    """Run everything on this machine: webhooks, workers, calendar. What dies is started again."""
    from bot.jobs import calendar, service
    from bot.settings import load
    from bot.store.engine import opened
    from bot.web import hooks

    settings = load()
    # What would keep a part from starting is said here, once.
    hooks.gate_of(settings)
    calendar.zone_of(settings)
    calendar.rules_of(settings)
    if settings.forum_url is None or settings.forum_api_key is None:
        say("FORUM_URL and FORUM_API_KEY are not set: nothing is swept, and no edition is made.")
    with opened(settings, say=say):
        parts = [service.Part("web part", _command("web"))]
        parts += [service.Part(f"worker {number}", _command("worker")) for number in range(1, settings.workers + 1)]
        say(f"Starting the web part and {settings.workers} worker(s). Ctrl-C stops them.")
        service.supervise(parts, say=say)
    say("Stopped.")


@click.command()
@with_parent
def worker(with_parent: bool) -> None:
    """Work on jobs, and keep the calendar; any number of these may run, on any machines."""
    from bot.jobs import service
    from bot.jobs.tasks import Parts, warm_up
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    _start_log(settings)
    if with_parent:
        service.leave_with_parent()
    warm_up()
    with opened(settings, say=say) as sessions:
        code = service.run_worker(Parts(settings, sessions))
    if code:
        say("The worker ended unasked; start it again (code 75).")
    _leave(code)


@click.command()
@with_parent
def web(with_parent: bool) -> None:
    """Receive the forum's webhooks, serve the readers' pages, and answer /healthz, /readyz and /metrics."""
    from bot.digests import office
    from bot.jobs import service
    from bot.settings import load
    from bot.store.engine import opened
    from bot.web import app

    settings = load()
    _start_log(settings)
    if with_parent:
        service.leave_with_parent()
    elif not office.is_set_up(settings):
        settings.require("webhook_secrets")  # without readers' pages, it has no other purpose
    with opened(settings, say=say) as sessions:
        was_asked = app.serve(settings, sessions, say=say)
    if not was_asked:
        say("The web part ended unasked; start it again (code 75).")
        sys.exit(service.EXIT_LATER)


@click.group()
def jobs() -> None:
    """Jobs that failed, and running them again."""


@jobs.command("list")
def list_jobs() -> None:
    """Print the jobs that failed, and those that failed and are tried again by themselves."""
    from bot.jobs import queue
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    with opened(settings, say=say) as sessions, sessions() as session:
        failed, postponed = queue.failed_jobs(session), queue.postponed_jobs(session)
    for job in failed:
        click.echo(_line(settings, job, "failed"))
    for job in postponed:
        click.echo(_line(settings, job, "again at"))
    if failed:
        say("Run one again with: paperbot jobs retry ID")
    elif not postponed:
        say("No job has failed.")


@jobs.command("retry")
@click.argument("job_id", type=A_NUMBER)
def retry_job(job_id: int) -> None:
    """Put the failed job JOB_ID back into the queue."""
    from bot.errors import RejectedError
    from bot.jobs import queue
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say) as sessions, sessions.begin() as session:
        if not queue.run_again(session, job_id):
            raise RejectedError(f"No job {job_id} has failed; `paperbot jobs list` shows those that have.")
    click.echo(f"Job {job_id} runs again as soon as a worker is free.")


def _line(settings: Settings, job: JobSummary, state: str) -> str:
    from zoneinfo import ZoneInfo

    when = f"{job.at.astimezone(ZoneInfo(settings.time_zone)):%Y-%m-%d %H:%M}" if job.at else "-"
    args = ", ".join(f"{name}={value}" for name, value in job.args.items())
    return f"{job.id}  {job.task}({args})  {state} {when}  after {max(job.tries, 1)} tries: {job.reason or 'unknown'}"


def _command(name: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "from bot.cli.main import main; main()", name, "--with-parent")


def _leave(code: int) -> NoReturn:
    """Exit without waiting for threads whose jobs were given back."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Lines(logging.Formatter):
    """One line an event: its constant text, then its fields. Known secrets are blotted out, in tracebacks too."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.name.startswith("bot."):
            line += "".join(f" {name}={value!r}" for name, value in fields.items())
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


_PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def _start_log(settings: Settings) -> None:
    """Log to standard output, our own events from INFO on, those of others from WARNING on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Lines(_secrets(settings)))
    # procrastinate logs each failed job with its traceback; `tasks.py` has said so already, without texts of others.
    handler.addFilter(lambda record: not str(getattr(record, "action", "")).startswith("job_error"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(logging.INFO)


def _secrets(settings: Settings) -> tuple[str, ...]:
    from pydantic import SecretStr
    from sqlalchemy.engine import make_url

    values = {value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)}
    values |= {part.strip() for value in values for part in value.split(",")}
    if settings.database_url is not None:
        values.add(str(make_url(settings.database_url.get_secret_value()).password or ""))
    return tuple(sorted((value for value in values if len(value) > 3), key=len, reverse=True))
