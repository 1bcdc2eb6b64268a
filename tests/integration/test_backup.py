"""A backup holds everything, says so truly, comes back whole into an empty database, and goes nowhere else."""

import datetime as dt
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from bot.cli.main import cli
from bot.errors import RejectedError
from bot.settings import Settings
from bot.store import backup, migrate
from bot.store.engine import make_engine
from tests.conftest import execute

NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
SETTINGS = Settings(_env_file=None, forum_api_key="planted-key", weekly_tags="papers,weekly")


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A migrated database with rows of several kinds in it."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into inbox (event_type, event, content_key, body) "
                "select 'post', 'post_edited', 'key-' || i, '본문' || i || e'\\n\\t\\\\' from generate_series(1, 500) i"
            )
        )
        connection.execute(text("insert into papers (url, title, authors) values ('https://a', 'A', '{Kim,이}')"))
        connection.execute(text("select procrastinate_defer_jobs_v1(array[]::procrastinate_job_to_defer_v1[])"))
    return engine


@pytest.fixture
def empty(postgres: str) -> Iterator[Engine]:
    """A database without tables."""
    execute(postgres, "create database empty_one")
    engine = make_engine(make_url(postgres).set(database="empty_one"))
    yield engine
    engine.dispose()
    execute(postgres, "drop database empty_one with (force)")


def rewritten(file: Path, name: str, content: bytes) -> Path:
    """The backup with one of its members replaced."""
    changed = file.with_name("changed")
    with tarfile.open(file) as source, tarfile.open(changed, "w") as target:
        for member in source.getmembers():
            stream = source.extractfile(member)
            assert stream is not None
            data = content if member.name == name else stream.read()
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return changed


def test_everything_comes_back_into_an_empty_database(filled: Engine, empty: Engine, tmp_path: Path) -> None:
    made = backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    assert made.content.tables["inbox"].rows == 500
    assert backup.restore(empty, tmp_path / "file") == made
    with filled.connect() as before, empty.connect() as after:
        rows = text("select * from inbox order by id")
        assert before.execute(rows).all() == after.execute(rows).all()
    assert migrate.differences(empty) == []
    with empty.begin() as connection:
        added = text("insert into papers (url, title, authors) values ('https://b', 'B', '{}') returning id")
        assert connection.scalar(added) == 2, "sequences go on where they stood"


def test_backup_proves_itself_in_a_server_of_its_own(filled: Engine, tmp_path: Path) -> None:
    made = backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    assert backup.verify(tmp_path / "file") == made


def test_what_is_written_meanwhile_is_in_neither_dump_nor_count(
    filled: Engine, empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = backup._run

    def add_a_row_first(*args: object) -> None:
        with filled.begin() as connection:
            connection.execute(text("insert into paces values ('meanwhile', now())"))
        run(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "_run", add_a_row_first)
    made = backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    monkeypatch.undo()
    assert made.content.tables["paces"].rows == 0
    backup.restore(empty, tmp_path / "file")


@pytest.mark.parametrize(
    "statement",
    [
        "create table something (id int)",
        "create schema other; create view other.seen as select 1",
        "create sequence numbers",
    ],
)
def test_nothing_is_restored_over_what_is_there(filled: Engine, empty: Engine, tmp_path: Path, statement: str) -> None:
    backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    with empty.begin() as connection:
        for part in statement.split(";"):
            connection.execute(text(part))
    with pytest.raises(RejectedError, match="not empty"):
        backup.restore(empty, tmp_path / "file")


def test_difference_between_saved_and_restored_is_named(filled: Engine, empty: Engine, tmp_path: Path) -> None:
    made = backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    other = made.content.tables["papers"].model_copy(update={"hash": "0"})
    wrong = made.content.model_copy(update={"tables": {**made.content.tables, "papers": other}})
    manifest = made.model_copy(update={"content": wrong}).model_dump_json().encode()
    with pytest.raises(RejectedError, match=r"not what was saved \(papers\)"):
        backup.restore(empty, rewritten(tmp_path / "file", backup.MANIFEST, manifest))


def test_one_changed_letter_changes_the_tables_hash(filled: Engine, tmp_path: Path) -> None:
    before = backup.make(filled, SETTINGS, tmp_path / "before", now=NOW).content
    with filled.begin() as connection:
        connection.execute(text("update inbox set body = body || '.' where content_key = 'key-250'"))
    after = backup.make(filled, SETTINGS, tmp_path / "after", now=NOW).content
    assert backup._differing(before, after) == ["inbox"]


def test_damaged_dump_is_refused_before_anything_is_written(filled: Engine, empty: Engine, tmp_path: Path) -> None:
    backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    with pytest.raises(RejectedError, match="damaged"):
        backup.restore(empty, rewritten(tmp_path / "file", backup.DUMP, b"PGDMP"))
    with empty.connect() as connection:
        backup._refuse_filled(connection, empty.url)


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(RejectedError, match="not a backup"):
        backup.read(tmp_path / "file")


def test_backup_of_newer_code_is_refused(filled: Engine, empty: Engine, tmp_path: Path) -> None:
    made = backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    manifest = made.model_copy(update={"migration": "9999"}).model_dump_json().encode()
    with pytest.raises(RejectedError, match="9999"):
        backup.restore(empty, rewritten(tmp_path / "file", backup.MANIFEST, manifest))


def test_database_without_tables_has_nothing_to_back_up(empty: Engine, tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="no tables"):
        backup.make(empty, SETTINGS, tmp_path / "file", now=NOW)


def test_settings_are_in_it_without_secrets_and_only_the_owner_may_read_it(filled: Engine, tmp_path: Path) -> None:
    backup.make(filled, SETTINGS, tmp_path / "file", now=NOW)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert b"planted-key" not in (tmp_path / "file").read_bytes()
    with tarfile.open(tmp_path / "file") as archive:
        stream = archive.extractfile(backup.SETTINGS)
        assert stream is not None
        settings = stream.read().decode()
    assert "WEEKLY_TAGS='papers,weekly'" in settings
    assert "#FORUM_API_KEY=\n" in settings


def test_password_reaches_the_tool_in_a_file_only_its_owner_may_read(tmp_path: Path) -> None:
    url = make_url("postgresql+psycopg://me:pl%3Aan%5Cted@127.0.0.1:5433/news?sslmode=require")
    with backup._conninfo(url, tmp_path) as conninfo:
        assert "ted" not in conninfo
        assert "sslmode=require" in conninfo
        assert (tmp_path / "pass").read_text(encoding="utf-8") == "*:*:*:*:pl\\:an\\\\ted\n"
        assert (tmp_path / "pass").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "pass").exists()


def test_commands_carry_an_embedded_store_into_another_folder(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(data_dir / "one"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    missing = CliRunner().invoke(cli, ["backup", "saved"])
    assert missing.exit_code == 1
    assert not (data_dir / "one").exists()
    assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
    made = CliRunner().invoke(cli, ["backup", "saved"])
    assert made.exit_code == 0, made.output
    assert "restored and compared" in made.output
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    again = CliRunner().invoke(cli, ["backup", "saved"])
    assert again.exit_code == 1
    assert "never overwrites" in again.output
    refused = CliRunner().invoke(cli, ["restore", "saved"])
    assert refused.exit_code == 1
    assert "not empty" in refused.output
    monkeypatch.setenv("DATA_DIR", str(data_dir / "two"))
    restored = CliRunner().invoke(cli, ["restore", "saved"])
    assert restored.exit_code == 0, restored.output
    assert "counts and hashes are equal" in restored.output
