"""Bringing a database's tables to the state the code expects, and back."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bot.errors import SettingsError
from bot.store.tables import Base

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "migrations"
_LOCK_KEY = 7_265_110_001  # any constant; keeps two migrating processes apart


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision the code knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def current(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate forward, in one transaction; a second process waits for the first and then finds nothing to do.

    Raises:
        SettingsError: the database was made by newer code.
    """
    if current(engine) == head() and revision == "head":
        return
    with engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '60s'"))
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        refuse_unknown(MigrationContext.configure(connection).get_current_revision())
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate back to `revision` (`base` for an empty database), in one transaction."""
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        command.downgrade(_config(connection), revision)


def require_current(engine: Engine) -> None:
    """Raise `SettingsError`, naming the command to run, unless the database is at the code's revision."""
    found = current(engine)
    refuse_unknown(found)
    if found != head():
        state = "has no tables yet" if found is None else f"is at migration {found}, this code needs {head()}"
        raise SettingsError(f"The database {state}. Run: paperbot migrate")


def refuse_unknown(found: str | None) -> None:
    """Raise `SettingsError` if a database, or a backup of one, is at a migration that this code does not have."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise SettingsError(
            f"The database is at migration {found}, which this version of paperbot does not know. "
            "Install the version that made it, or a newer one."
        )


def differences(engine: Engine) -> list[object]:
    """What autogenerate would change; empty when tables and mapped classes agree."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": _is_ours}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The queue's tables are procrastinate's business."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))
