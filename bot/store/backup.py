"""Backups: one file with the whole store, the settings without secrets, and what it takes to prove that it came back.

The file is a tar of three members: `store.dump` (pg_dump's own format), `settings.env`, and `manifest.json` with each
table's row count and a hash of its rows, read in the same snapshot as the dump. A restore counts and hashes again.
"""

import datetime as dt
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import URL, Connection, Engine, Numeric, cast, func, literal_column, select, table, text

from bot.errors import RejectedError
from bot.settings import Settings, as_dotenv
from bot.store import embedded, migrate
from bot.store.engine import make_engine

DUMP, SETTINGS, MANIFEST = "store.dump", "settings.env", "manifest.json"
_STABLE = (
    "set local statement_timeout = 0",
    "set local idle_in_transaction_session_timeout = 0",  # it idles while pg_dump runs
    # Rows are hashed as text; these decide how values look.
    "set local datestyle = 'ISO, MDY'",
    "set local intervalstyle = 'postgres'",
    "set local extra_float_digits = 1",
    "set local bytea_output = 'hex'",
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TableContent(_Frozen):
    """How many rows, and a hash of them all that does not depend on their order."""

    rows: int
    hash: str


class Content(_Frozen):
    """All that is stored: tables by name, and where each sequence stands (None: not used yet)."""

    tables: dict[str, TableContent]
    sequences: dict[str, int | None]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables.values())


class Manifest(_Frozen):
    """What a backup says about itself."""

    format: Literal[1] = 1
    made_at: dt.datetime
    paperbot: str
    postgres: int
    """Major version of the server that it was taken from."""
    migration: str
    content: Content
    dump_sha256: str


def make(engine: Engine, settings: Settings, file: Path, *, now: dt.datetime) -> Manifest:
    """Write a backup of the database and the settings to `file`, which only its owner may read.

    People may go on working: all of it is one instant of the database.

    Raises:
        RejectedError: there are no tables, or `pg_dump` is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="paperbot-backup-", dir=file.parent) as folder:
        dump = Path(folder) / DUMP
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            migration = _migration(connection)
            major = _major(connection)
            snapshot = connection.scalar(text("select pg_export_snapshot()"))
            with _conninfo(engine.url, Path(folder)) as conninfo:
                _run(
                    _tool("pg_dump", at_least=major),
                    *("--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=10s"),
                    *(f"--snapshot={snapshot}", f"--file={dump}", f"--dbname={conninfo}"),
                )
            content = _content(connection)
        manifest = Manifest(
            made_at=now,
            paperbot=version("paperbot"),
            postgres=major,
            migration=migration,
            content=content,
            dump_sha256=_sha256(dump),
        )
        _pack(file, dump, manifest, settings, now)
    return manifest


def restore(engine: Engine, file: Path) -> Manifest:
    """Fill the empty database with the backup, in one transaction, and compare what came with what was saved.

    Raises:
        RejectedError: the database is not empty, or of an older Postgres; the file is damaged, of newer code, or does
            not come back as it was saved. The database is empty or complete afterwards, never half full.
    """
    manifest = read(file)
    migrate.refuse_unknown(manifest.migration)
    with engine.connect() as connection:
        major = _major(connection)
        _refuse_filled(connection, engine.url)
    if major < manifest.postgres:
        raise RejectedError(
            f"The backup is from Postgres {manifest.postgres}, this is Postgres {major}: restore into "
            f"{manifest.postgres} or newer."
        )
    # Beside the file there is room for it; a temporary folder may be small.
    with tempfile.TemporaryDirectory(prefix="paperbot-restore-", dir=_roomy(file)) as folder:
        dump = Path(folder) / DUMP
        with tarfile.open(file) as archive, dump.open("wb") as out:
            member = archive.extractfile(DUMP)
            assert member is not None
            shutil.copyfileobj(member, out)
        if _sha256(dump) != manifest.dump_sha256:
            raise RejectedError(f"{file} is damaged: its contents are not what its list says. Use another backup.")
        with _conninfo(engine.url, Path(folder)) as conninfo:
            _run(
                _tool("pg_restore", at_least=major),
                *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
                *(f"--dbname={conninfo}", str(dump)),
            )
    with engine.connect() as connection, connection.begin():
        found = _content(connection)
    if differing := _differing(manifest.content, found):
        raise RejectedError(
            f"What was restored is not what was saved ({', '.join(differing)}). Do not use this database; drop it."
        )
    return manifest


def verify(file: Path) -> Manifest:
    """Restore the backup into an empty Postgres of its own, compare, and throw that away.

    Raises:
        RejectedError: as `restore`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="paperbot-verify-", ignore_cleanup_errors=True) as folder,
        embedded.running(Path(folder) / "postgres") as url,
    ):
        engine = make_engine(url)
        try:
            return restore(engine, file)
        finally:
            engine.dispose()


def read(file: Path) -> Manifest:
    """What the backup says about itself.

    Raises:
        RejectedError: it is no backup of ours, or damaged.
    """
    try:
        with tarfile.open(file) as archive:
            archive.getmember(DUMP)
            member = archive.extractfile(MANIFEST)
            assert member is not None
            return Manifest.model_validate_json(member.read())
    except (tarfile.TarError, KeyError, ValidationError, AssertionError):
        raise RejectedError(f"{file} is not a backup made by `paperbot backup`, or it is damaged.") from None


def _pack(file: Path, dump: Path, manifest: Manifest, settings: Settings, now: dt.datetime) -> None:
    """Write the three members; on disk before this returns."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, content in (
                (MANIFEST, manifest.model_dump_json(indent=1)),
                (SETTINGS, as_dotenv(settings)),
            ):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime, entry.mode = len(content.encode()), int(now.timestamp()), 0o600
                archive.addfile(entry, io.BytesIO(content.encode()))
            archive.add(dump, DUMP, filter=_for_its_owner)
        raw.flush()
        os.fsync(raw.fileno())


def _for_its_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode = 0o600
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _content(connection: Connection) -> Content:
    for statement in _STABLE:
        connection.execute(text(statement))
    names = connection.scalars(
        text("select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'")
    ).all()
    sequences = connection.execute(
        text("select sequencename, last_value from pg_sequences where schemaname = 'public' order by 1")
    )
    return Content(
        tables={name: _table_content(connection, name) for name in sorted(names)},
        sequences={row.sequencename: row.last_value for row in sequences},
    )


def _table_content(connection: Connection, name: str) -> TableContent:
    """One pass without sorting: the sum over 60 bits of each row's MD5, the same in every version of Postgres."""
    number = cast(literal_column("('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint"), Numeric)
    rows = table(name, schema="public").alias("t")
    count, total = connection.execute(select(func.count(), func.coalesce(func.sum(number), 0)).select_from(rows)).one()
    return TableContent(rows=count, hash=f"{int(total):x}")


def _differing(saved: Content, found: Content) -> list[str]:
    names = saved.tables.keys() | found.tables.keys()
    tables = {name for name in names if saved.tables.get(name) != found.tables.get(name)}
    names = saved.sequences.keys() | found.sequences.keys()
    return sorted(tables | {name for name in names if saved.sequences.get(name) != found.sequences.get(name)})


def _migration(connection: Connection) -> str:
    if connection.scalar(text("select to_regclass('public.alembic_version')")) is None:
        raise RejectedError("The database has no tables yet, so there is nothing to back up.")
    return str(connection.scalar(text("select version_num from alembic_version")))


def _refuse_filled(connection: Connection, url: URL) -> None:
    count = connection.scalar(
        text(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
        )
    )
    if count:
        raise RejectedError(
            f"The database {url.database} on {url.host or 'a local socket'} is not empty, and nothing is restored over "
            "stored data. Create a new database and set DATABASE_URL to it; without DATABASE_URL, set DATA_DIR to an "
            "empty folder."
        )


def _major(connection: Connection) -> int:
    return int(connection.scalar(text("show server_version_num")) or 0) // 10_000


def _tool(name: str, *, at_least: int) -> Path:
    """The oldest tool that may be used on a server of this major version: a newer one may say what it does not know."""
    found = {major: folder / name for major, folder in embedded.tool_folders().items()}
    if (installed := shutil.which(name)) is not None:
        said = subprocess.run([installed, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        if match := re.search(r"\) (\d+)", said):
            found.setdefault(int(match[1]), Path(installed))
    fitting = sorted(major for major, path in found.items() if major >= at_least and path.exists())
    if not fitting:
        raise RejectedError(
            f"The server is Postgres {at_least}, and no {name} of that version is here: install Postgres's clients."
        )
    return found[fitting[0]]


def _run(tool: Path, *args: str) -> None:
    done = subprocess.run([tool, *args], capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split())[:500] or f"it ended with code {done.returncode}"
        raise RejectedError(f"{tool.name} failed: {reason}")


@contextmanager
def _conninfo(url: URL, folder: Path) -> Iterator[str]:
    """The address for a tool's command line; the password is in a file that ends with the block."""
    parts = conninfo_to_dict(url.set(drivername="postgresql").render_as_string(hide_password=False))
    password = parts.pop("password", None)
    if not password:
        yield make_conninfo(**parts)  # type: ignore[arg-type]
        return
    file = folder / "pass"
    escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(f"*:*:*:*:{escaped}\n")
    try:
        yield make_conninfo(**{**parts, "passfile": str(file)})  # type: ignore[arg-type]
    finally:
        file.unlink()


def _roomy(file: Path) -> Path | None:
    return file.parent if os.access(file.parent, os.W_OK) else None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
