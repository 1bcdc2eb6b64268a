"""What people see while they wait: a progress bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

OnProgress = Callable[[int, int, str], None]


def say(message: str) -> None:
    """One line for a person; goes to standard error, so that results can be piped."""
    click.echo(message, err=True)


@contextmanager
def progress(title: str) -> Iterator[OnProgress]:
    """A callback `(done, total, what)` that shows how far a step is."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: say(f"{title} {done}/{total}: {what}")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, what="")

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield show
