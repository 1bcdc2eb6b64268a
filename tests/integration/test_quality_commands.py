"""The operator's commands around translation quality: terms, memory, findings, eval."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from bot.cli.main import cli
from bot.sandbox import world as sandbox
from bot.sandbox.upstream import read_recorded
from bot.store.engine import Sessions
from bot.store.tables import ReplayCase

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(cli, arguments, env={"DATABASE_URL": database_url, **environment})

    return command


def _add_replay_case(sessions: Sessions, source: str, bad: str) -> None:
    session: Session
    with sessions.begin() as session:
        session.add(ReplayCase(source=source, bad=bad, good="-"))


# --- terms -----------------------------------------------------------------------------------------------------------


def test_an_added_term_is_listed_explained_and_retired(run: Run) -> None:
    assert run("terms", "add", "lantern fish", "등불고기", "--wrong", "랜턴 낚시", "--note", "an animal").exit_code == 0
    listed = run("terms", "list", "lantern", "--changed")
    assert listed.stdout == "lantern fish\t등불고기\t\toperator\n"
    for asked in ("Two lantern fishes", "랜턴 낚시", "등불고기"):
        said = run("terms", "explain", asked).stdout
        assert "lantern fish (an animal) = 등불고기" in said
        assert "wrong (major): 랜턴 낚시" in said
    assert run("terms", "retire", "lantern fish").exit_code == 0
    assert run("terms", "explain", "lantern fish").exit_code == 1
    assert "knows nothing" in run("terms", "explain", "lantern fish").stderr


def test_words_cannot_be_right_and_wrong_at_once(run: Run) -> None:
    refused = run("terms", "add", "lantern", "등불", "--wrong", "등불")
    assert refused.exit_code == 2
    assert "both right and wrong" in refused.stderr


@pytest.mark.parametrize("name", ["words.csv", "words.tbx"])
def test_an_exported_termbase_is_read_back_without_a_change(run: Run, tmp_path: Path, name: str) -> None:
    run("terms", "add", "lantern fish", "등불고기", "--accepted", "초롱고기", "--avoid", "랜턴고기")
    written = run("terms", "export", name)
    assert written.exit_code == 0, written.stderr
    again = run("terms", "import", name, "--dry-run")
    assert again.exit_code == 0, again.stderr
    changed = again.stdout.splitlines()
    if name.endswith(".csv"):
        assert changed == []
    else:  # TBX has no place for the English words that excuse a rendering, and knows one kind of wrong
        own = [line for line in changed if line.startswith("lantern fish")]
        assert own == []
        assert f"{len(changed)} of " in again.stderr


def test_a_faulty_line_is_named_and_nothing_is_imported(run: Run, tmp_path: Path) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["source", "also", "target", "accepted", "avoid", "wrong", "unless", "kind", "note"])
    rows.writerow(["lantern", "", "등불", "", "", "", "", "term", ""])
    rows.writerow(["harbor", "", "", "", "", "", "", "term", ""])
    (tmp_path / "words.csv").write_text(text.getvalue(), encoding="utf-8")
    refused = run("terms", "import", "words.csv")
    assert refused.exit_code == 1
    assert "words.csv:3" in refused.stderr
    assert "0 of" in run("terms", "list", "--changed").stderr


# --- findings and memory ---------------------------------------------------------------------------------------------


def test_findings_are_listed_and_dismissed_by_number(run: Run) -> None:
    with sandbox.running() as world:
        environment = {name.upper(): str(value) for name, value in world.settings.items()}
        for step in ("collect", "draft"):
            done = run(step, "weekly", "--period", sandbox.SAMPLE_PERIOD, ARXIV_INTERVAL_S="0", **environment)
            assert done.exit_code == 0, done.stderr
    listed = run("findings", "list", "--period", sandbox.SAMPLE_PERIOD)
    numbers = [line.split("\t")[0] for line in listed.stdout.splitlines() if not line.startswith("\t")]
    assert numbers
    assert "그래디언트" in listed.stdout
    assert run("findings", "dismiss", numbers[0]).exit_code == 0
    again = run("findings", "list", "--period", sandbox.SAMPLE_PERIOD)
    assert len(again.stdout.splitlines()) == len(listed.stdout.splitlines()) - 2
    assert "1 dismissed" in run("findings", "stats").stdout
    assert "There is no finding 999999" in run("findings", "dismiss", "999999").stderr


def test_the_memory_of_an_empty_store_is_an_empty_file(run: Run, tmp_path: Path) -> None:
    written = run("memory", "export", "memory.tmx")
    assert written.exit_code == 0
    assert "0 pairs" in written.stderr
    assert "<tmx" in (tmp_path / "memory.tmx").read_text(encoding="utf-8")


# --- eval ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """The sample week's first papers with their Korean as references."""
    lines = []
    for paper in read_recorded(sandbox.SAMPLE / "week.jsonl")[:3]:
        for field in ("title", "intro", "abstract"):
            if paper[field]:
                lines.append({"doc": "w", "paper": paper["rank"], "field": field, **paper[field]})
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def test_models_and_prompts_stand_side_by_side_and_a_second_run_is_free(
    run: Run, pairs: Path, tmp_path: Path, sessions: Sessions
) -> None:
    own = tmp_path / "terse"
    own.mkdir()
    (own / "style_guide.md").write_text("Be terse. " * 2_000, encoding="utf-8")
    with sandbox.running() as world:
        environment = {name.upper(): str(value) for name, value in world.settings.items()}
        asked = ("eval", "--pairs", str(pairs), "--model", "claude-sonnet-5-5", "--model", "claude-opus-5-5")
        done = run(*asked, "--prompts", str(own), "--format", "json", **environment)
        assert done.exit_code == 0, done.stderr
        figures = json.loads(done.stdout)
        assert [(one["model"], one["prompts"] is None) for one in figures] == [
            ("claude-sonnet-5-5", True),
            ("claude-sonnet-5-5", False),
            ("claude-opus-5-5", True),
            ("claude-opus-5-5", False),
        ]
        assert all(one["chrf"] > 90 and one["cost_usd"] > 0 and one["failed"] == [] for one in figures)
        calls = len(world.model.calls)
        shown = run(*asked, "--prompts", str(own), **environment)
        assert len(world.model.calls) == calls
        assert "chrF" in shown.stdout
        assert "claude-opus-5-5 + terse" in shown.stdout


def test_a_corrected_mistake_that_comes_back_fails_the_command(run: Run, pairs: Path, sessions: Sessions) -> None:
    _add_replay_case(sessions, "Ships sail at night.", "[미번역]")
    _add_replay_case(sessions, "Ships sleep by day.", "침대 프롬프트")
    with sandbox.running() as world:
        environment = {name.upper(): str(value) for name, value in world.settings.items()}
        done = run("eval", "--pairs", str(pairs), **environment)
    assert done.exit_code == 1
    assert "1 of 2" in done.stdout
    assert "a corrected mistake came back: '[미번역]'" in done.stderr


def test_a_file_without_english_has_nothing_to_draft(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"doc": "w", "paper": 1, "field": "title", "en": "", "ko": "등불"}', encoding="utf-8")
    refused = run("eval", "--pairs", str(path), ANTHROPIC_API_KEY="x")
    assert refused.exit_code == 1
    assert "nothing to draft" in refused.stderr
