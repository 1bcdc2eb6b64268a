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

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from bot.cli.demo import demo
from bot.cli.run import collect, draft, preview, run, submit
from bot.cli.source import source
from bot.cli.status import costs, status
from bot.cli.store import migrate
from bot.errors import BotError, TransientError

EXIT_REFUSED = 1
EXIT_STORE = 3
EXIT_LATER = 75
EXIT_INTERRUPTED = 130


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
            sys.exit(EXIT_LATER if isinstance(exc, TransientError) else EXIT_REFUSED)
        except BrokenPipeError:  # `paperbot ... | head`
            sys.stderr.close()
            sys.exit(EXIT_REFUSED)


@click.group(cls=ExitCodes, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="paperbot")
def cli() -> None:
    """Bilingual paper posts for a Discourse community: collect, draft, submit for review."""


for command in (demo, run, collect, draft, submit, preview, status, costs, source, migrate):
    cli.add_command(command)


def main() -> NoReturn:
    """Entry point of the command `paperbot`."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        cli(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(0)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends like Ctrl-C: what is open is closed, the embedded Postgres too."""
    raise KeyboardInterrupt
