"""The command `paperbot`: its groups, and the one place where errors become sentences and exit codes.

| exit code | meaning                                                                        |
| --------- | ------------------------------------------------------------------------------ |
| 0         | done, or nothing was due                                                       |
| 1         | refused: a person has to change something; the message says what               |
| 2         | wrong usage                                                                    |
| 3         | Postgres cannot be reached                                                     |
| 75        | not now: run the same command again later (an upstream is busy, or a week is awaited) |
| 130       | stopped by Ctrl-C; the same command goes on where it stopped                   |
"""

import os
import signal
import sys
import tempfile
import threading
import traceback
from types import FrameType
from typing import NoReturn

import click

from bot.cli.adopt import adopt
from bot.cli.backup import backup, restore
from bot.cli.check import check
from bot.cli.corrections import corrections
from bot.cli.demo import demo
from bot.cli.digest import digest
from bot.cli.doctor import doctor, setup_forum
from bot.cli.evaluate import evaluate
from bot.cli.export import export
from bot.cli.findings import findings
from bot.cli.memory import memory
from bot.cli.report import report
from bot.cli.run import collect, draft, preview, run, submit
from bot.cli.service import jobs, up, web, worker
from bot.cli.source import source
from bot.cli.status import costs, status
from bot.cli.store import migrate
from bot.cli.subscribers import subscribers
from bot.cli.terms import terms
from bot.errors import BotError, ConflictError, TransientError

EXIT_REFUSED = 1
EXIT_STORE = 3
EXIT_LATER = 75
EXIT_INTERRUPTED = 130

STOP_WAIT_S = 6.0
"""After a first signal, model calls under way have so long to be stored; then they are left behind."""


class ExitCodes(click.Group):
    """A group whose commands end with a sentence and an exit code instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; translate our errors."""
        try:
            return super().invoke(ctx)
        except BotError as exc:
            from bot.store.engine import StoreUnavailableError

            click.echo(f"paperbot: {exc}", err=True)
            if isinstance(exc, StoreUnavailableError):
                sys.exit(EXIT_STORE)
            sys.exit(EXIT_LATER if isinstance(exc, TransientError | ConflictError) else EXIT_REFUSED)
        except BrokenPipeError:  # `paperbot ... | head`
            sys.stderr.close()
            sys.exit(EXIT_REFUSED)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except OSError as exc:
            click.echo(
                f"paperbot: {exc.strerror or exc}: {exc.filename or 'a file or address'}. Correct it, then run again.",
                err=True,
            )
            sys.exit(EXIT_REFUSED)
        except UnicodeEncodeError as exc:
            given = ascii(exc.object[max(0, exc.start - 20) : exc.end + 20])
            click.echo(f"paperbot: {given} is not UTF-8 text. Correct it, then run again.", err=True)
            sys.exit(EXIT_REFUSED)
        except Exception as exc:  # noqa: BLE001 - the last edge: a person gets a sentence, the trace goes to a file
            click.echo(f"paperbot: {_unexpected(exc)}", err=True)
            sys.exit(EXIT_STORE if type(exc).__module__.startswith("sqlalchemy.") else EXIT_REFUSED)
        except KeyboardInterrupt:
            click.echo("paperbot: stopped. The same command goes on where it stopped.", err=True)
            _leave(EXIT_INTERRUPTED)


@click.group(cls=ExitCodes, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="paperbot")
def cli() -> None:
    """Bilingual paper posts for a Discourse community: collect, draft, submit for review."""


for command in (
    demo,
    run,
    collect,
    draft,
    submit,
    preview,
    export,
    status,
    costs,
    report,
    check,
    source,
    terms,
    memory,
    findings,
    evaluate,
    migrate,
    backup,
    restore,
    up,
    worker,
    web,
    jobs,
    doctor,
    setup_forum,
    corrections,
    adopt,
    digest,
    subscribers,
):
    cli.add_command(command)


def main() -> NoReturn:
    """Entry point of the command `paperbot`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    cli(standalone_mode=True)
    sys.exit(0)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends like Ctrl-C: what is open is closed, the embedded Postgres too, within ten seconds.

    Raising once makes the main thread wait for the threads that draft; raising again ends that wait.
    """
    if number != signal.SIGALRM:
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, STOP_WAIT_S)
    raise KeyboardInterrupt


def _unexpected(exc: Exception) -> str:
    """A sentence for an error that nobody foresaw; its trace is kept for whoever mends it."""
    if type(exc).__module__.startswith("sqlalchemy."):
        return "Postgres broke off in the middle of the work. What was stored is kept: run the same command again."
    with tempfile.NamedTemporaryFile("w", prefix="paperbot-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(exc, file=file)
    return f"An unforeseen error stopped this ({type(exc).__name__}). Please report it with the trace in {file.name}."


def _leave(code: int) -> NoReturn:
    """Exit without waiting for threads that still wait for the model: they would keep the interpreter for minutes."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
