"""What people name on the command line: text files, and numbers of what is stored."""

from pathlib import Path

import click

from bot.errors import RejectedError

A_NUMBER = click.IntRange(1, 2**63 - 1)
"""Of a row in the store; Postgres knows no larger ones."""


def read_text_file(path: Path) -> str:
    """All of a UTF-8 file, line ends as they are; a byte order mark, as Windows writes it, is no text.

    Raises:
        RejectedError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise RejectedError(f"{path} is not UTF-8 text (byte {exc.start}); save it as UTF-8, then run again.") from exc
