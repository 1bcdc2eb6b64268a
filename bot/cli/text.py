"""Reading text files that people name on the command line."""

from pathlib import Path

from bot.errors import RejectedError


def read_text_file(path: Path) -> str:
    """All of a UTF-8 file, line ends as they are.

    Raises:
        RejectedError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as exc:
        raise RejectedError(f"{path} is not UTF-8 text (byte {exc.start}); save it as UTF-8, then run again.") from exc
