"""The store opens, migrates forward and back, keeps its limits, and says in a sentence why it cannot be had."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from bot.errors import ConflictError, SettingsError, TransientError
from bot.settings import Settings
from bot.store import locks, migrate, pacing
from bot.store.embedded import EmbeddedStoreError
from bot.store.engine import Sessions, StoreUnavailableError, make_engine, opened, wait_until_up


def settings(url: str | None, folder: Path) -> Settings:
    return Settings(_env_file=None, database_url=url, data_dir=folder)


@pytest.fixture
def empty_database(postgres: str) -> Iterator[Engine]:
    admin = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database emptied"))
    engine = make_engine(make_url(postgres).set(database="emptied"))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database emptied with (force)"))
    admin.dispose()


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))


def test_migrations_go_forward_and_back_and_forward_again(empty_database: Engine) -> None:
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.head()
    migrate.downgrade(empty_database, "base")
    assert tables(empty_database) == {"alembic_version"}
    migrate.upgrade(empty_database)
    assert "revisions" in tables(empty_database)


def test_autogenerate_finds_nothing_to_change(engine: Engine) -> None:
    assert migrate.differences(engine) == []


def test_two_processes_may_migrate_at_once(empty_database: Engine) -> None:
    url = empty_database.url
    failures: list[BaseException] = []

    def upgrade() -> None:
        engine = make_engine(url)
        try:
            migrate.upgrade(engine)
        except BaseException as exc:  # noqa: BLE001 - handed to the test's own thread
            failures.append(exc)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert migrate.current(empty_database) == migrate.head()


def test_operators_database_without_tables_is_refused_with_the_command(empty_database: Engine, tmp_path: Path) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    with pytest.raises(SettingsError, match="paperbot migrate"), opened(settings(url, tmp_path)):
        pass


def test_database_of_a_newer_version_is_refused(engine: Engine, database_url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SettingsError, match="9999"), opened(settings(database_url, tmp_path)):
        pass
    with pytest.raises(SettingsError, match="9999"):
        migrate.upgrade(engine)


def test_unreachable_database_is_named_without_its_password() -> None:
    engine = make_engine("postgresql://someone:planted-secret@127.0.0.1:1/news")
    said: list[str] = []
    with pytest.raises(StoreUnavailableError) as raised:
        wait_until_up(engine, say=said.append, wait_s=0.3, pause_s=0.1)
    assert "127.0.0.1" in str(raised.value)
    assert "news" in str(raised.value)
    assert "planted-secret" not in str(raised.value) + "".join(said)
    assert len(said) == 1


@pytest.mark.parametrize("url", ["mysql://host/name", "not an address", "sqlite:///file"])
def test_address_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="postgresql://"):
        make_engine(url)


def test_embedded_store_is_migrated_kept_and_stopped(data_dir: Path) -> None:
    with opened(settings(None, data_dir)) as sessions, sessions.begin() as session:
        session.execute(text("insert into paces values ('kept', now())"))
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    with opened(settings(None, data_dir)) as sessions, sessions() as session:
        assert session.scalar(text("select count(*) from paces")) == 1


@pytest.mark.parametrize("name", ["with a blank", "한글 폴더", "deep/" * 30])
def test_embedded_store_starts_in_any_folder(data_dir: Path, name: str) -> None:
    with opened(settings(None, data_dir / name)) as sessions, sessions() as session:
        assert session.scalar(text("select count(*) from editions")) == 0


def test_folder_that_cannot_be_made_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with (
        pytest.raises(EmbeddedStoreError, match="file/postgres"),
        opened(settings(None, tmp_path / "file")),
    ):
        pass


def test_embedded_store_refuses_another_versions_folder(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n", encoding="ascii")
    with pytest.raises(SettingsError, match="another Postgres version"), opened(settings(None, data_dir)):
        pass


def test_connections_carry_their_limits(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("show lock_timeout")) == "5s"
        assert connection.scalar(text("show statement_timeout")) == "30s"
        assert connection.scalar(text("show idle_in_transaction_session_timeout")) == "1min"
        assert connection.scalar(text("show timezone")) == "UTC"


def test_lock_keeps_a_second_process_out_until_it_is_free(sessions: Sessions) -> None:
    with (
        locks.held(sessions, "edition 1"),
        pytest.raises(ConflictError, match="edition 1"),
        locks.held(sessions, "edition 1"),
    ):
        pass
    with locks.held(sessions, "edition 1"), locks.held(sessions, "edition 2"):
        pass


def test_lock_of_a_dead_process_is_free(sessions: Sessions, engine: Engine, database_url: str) -> None:
    other = make_engine(database_url)
    connection = other.connect()
    connection.execute(text("select pg_advisory_lock(hashtextextended('edition 1', 0))"))
    pid = connection.scalar(text("select pg_backend_pid()"))
    with pytest.raises(ConflictError), locks.held(sessions, "edition 1"):
        pass
    with engine.connect() as killer:
        killer.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    time.sleep(0.1)
    with locks.held(sessions, "edition 1"):
        pass
    connection.invalidate()
    connection.close()
    other.dispose()


def test_turns_are_an_interval_apart_over_all_callers(sessions: Sessions) -> None:
    waits: list[float] = []
    for _ in range(3):
        pacing.take_turn(sessions, "arXiv", 1.5, sleep=waits.append)
    assert waits == pytest.approx([1.5, 3.0], abs=0.5)


def test_turns_of_different_services_do_not_wait_for_each_other(sessions: Sessions) -> None:
    waits: list[float] = []
    pacing.take_turn(sessions, "arXiv", 60, sleep=waits.append)
    pacing.take_turn(sessions, "other", 60, sleep=waits.append)
    assert waits == []


def test_late_turn_is_given_back_instead_of_slept_for(sessions: Sessions) -> None:
    pacing.hold(sessions, "arXiv", 300)
    with pytest.raises(TransientError) as raised:
        pacing.take_turn(sessions, "arXiv", 3, sleep=lambda _: pytest.fail("slept"))
    assert raised.value.retry_after_s == pytest.approx(300, abs=5)


def test_refused_turn_does_not_move_the_queue(sessions: Sessions) -> None:
    pacing.hold(sessions, "arXiv", 100)
    for _ in range(3):
        with pytest.raises(TransientError) as raised:
            pacing.take_turn(sessions, "arXiv", 50)
    assert raised.value.retry_after_s == pytest.approx(100, abs=5)


def test_hold_never_shortens_a_longer_one(sessions: Sessions) -> None:
    pacing.hold(sessions, "arXiv", 300)
    pacing.hold(sessions, "arXiv", 10)
    with pytest.raises(TransientError) as raised:
        pacing.take_turn(sessions, "arXiv", 3)
    assert raised.value.retry_after_s == pytest.approx(300, abs=5)


def test_simultaneous_callers_get_different_turns(sessions: Sessions) -> None:
    waits: list[float] = []
    guard = threading.Lock()

    def note(seconds: float) -> None:
        with guard:
            waits.append(seconds)

    threads = [
        threading.Thread(target=pacing.take_turn, args=(sessions, "arXiv", 0.7), kwargs={"sleep": note})
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    gaps = [later - earlier for earlier, later in zip([0.0, *sorted(waits)], sorted(waits), strict=False)]
    assert len(waits) == 5
    assert all(gap > 0.4 for gap in gaps)
