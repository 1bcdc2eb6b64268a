"""Settings come from the environment and nowhere else, say what is wrong, and keep secrets to themselves."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings import Settings, as_dotenv, load

EXAMPLE = Path(__file__).resolve().parent.parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def example_entries() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    found = [re.fullmatch(r"# ?([A-Z][A-Z0-9_]*)=(.*)", line) for line in lines]
    return {match[1]: match[2] for match in found if match}


def test_example_file_names_every_setting_and_no_other() -> None:
    assert set(example_entries()) == {name.upper() for name in Settings.model_fields}


def test_example_file_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load()
    for name, shown in example_entries().items():
        default = getattr(defaults, name.lower())
        if default is None or default == () or default == {}:
            continue
        monkeypatch.setenv(name, shown)
        assert getattr(load(), name.lower()) == default, name
        monkeypatch.delenv(name)


def test_values_come_from_a_dotenv_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("FORUM_API_USER=from-file\nWEEKLY_TAGS=papers, weekly\n", encoding="utf-8")
    assert load().forum_api_user == "from-file"
    assert load().weekly_tags == ("papers", "weekly")
    monkeypatch.setenv("FORUM_API_USER", "from-environment")
    assert load().forum_api_user == "from-environment"


def test_malformed_value_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MONTHLY_CAP_USD", "hunter2")
    with pytest.raises(SettingsError) as raised:
        load()
    assert "MODEL_MONTHLY_CAP_USD" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_missing_settings_are_all_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"FORUM_URL, ANTHROPIC_API_KEY must be set"):
        load().require("forum_url", "anthropic_api_key")


def test_secrets_do_not_show_in_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "planted-secret-1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:planted-secret-2@host/name")
    assert "planted-secret" not in repr(load()) + str(load())


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda word: "${" not in word and word == word.strip()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    user=WORDS, tags=st.lists(st.from_regex(r"[a-z가-힣]{1,8}", fullmatch=True), max_size=5), days=st.integers(1, 99)
)
def test_settings_written_as_dotenv_are_read_back(tmp_path: Path, user: str, tags: list[str], days: int) -> None:
    before = Settings(
        _env_file=None,
        forum_api_user=user,
        weekly_tags=tuple(tags),
        jobs_keep_days=days,
        judge_model=None,
        model_prices={"model": {"input": "1.5"}},
    )
    file = tmp_path / "kept.env"
    file.write_text(as_dotenv(before), encoding="utf-8")
    assert Settings(_env_file=file) == before


def test_dotenv_names_secrets_without_their_values() -> None:
    written = as_dotenv(Settings(_env_file=None, forum_api_key="planted", database_url="postgresql://u:planted@h/n"))
    assert "planted" not in written
    assert "#FORUM_API_KEY=\n" in written
    assert "#DATABASE_URL=\n" in written
