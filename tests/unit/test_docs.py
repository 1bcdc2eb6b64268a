"""The pages say what is true: links lead somewhere, commands and settings exist, parts from the code are its own."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli
from bot.corrections import decide
from bot.forum import instructions
from bot.settings import Settings
from bot.store.tables import Base
from docs import generate

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "contract" / "README.md"]
LARGEST_PICTURE = 220_000

FENCE = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)\s*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|<img[^>]* src=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SETTING = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`")
OTHER_NAMES = {"CONTRACT_FORUM_CATEGORY", "CONTRACT_FORUM_URL", "SERIES_OF", "POSTGRES_PASSWORD"}
"""Names in capitals that are no setting of ours."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(page: Path) -> Iterator[str]:
    text = CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    for match in LINK.finditer(text):
        yield match[1] or match[2]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: lower case, blanks to hyphens, all other marks left out; a second one gets `-1`."""
    found: dict[str, int] = {}
    for match in HEADING.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
        slug = re.sub(r"[^\w\- ]", "", match[1].strip().lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        found.setdefault(f"{slug}-{found[slug]}", 0)
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_is_reached_from_the_index() -> None:
    reached, waiting = set(), [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page) if "://" not in link)
        waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert {page for page in PAGES if page.parts[-2] == "docs"} <= reached


def test_pictures_are_small_and_used() -> None:
    used = {(page.parent / link).resolve() for page in PAGES for link in links(page) if "images/" in link}
    for picture in sorted((ROOT / "docs" / "images").iterdir()):
        assert picture in used, f"{name_of(picture)} stands on no page"
        assert picture.stat().st_size <= LARGEST_PICTURE, name_of(picture)


@pytest.mark.parametrize("page", generate.pages(), ids=name_of)
def test_parts_from_the_code_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == generate.renewed(text), f"{name_of(page)} differs from the code: run `make docs`"


def test_the_settings_page_has_every_setting() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_that_are_named_exist(page: Path) -> None:
    named = set(SETTING.findall(page.read_text(encoding="utf-8"))) - OTHER_NAMES
    if page.name == "adding-a-source.md":
        named -= {"LAMPS_URL"}
    assert {name for name in named if name.lower() not in Settings.model_fields} == set()


def test_every_table_is_told_of() -> None:
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    assert {table for table in Base.metadata.tables if f"`{table}`" not in page} == set()


def commands(page: Path) -> Iterator[str]:
    """What stands behind `paperbot` in code spans and in blocks of code."""
    text = page.read_text(encoding="utf-8")
    begin = r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?paperbot"
    for match in re.finditer(rf"`{begin} ([^`\n]+)`", FENCE.sub("", text)):
        yield match[1]
    blocks = [match.group() for match in FENCE.finditer(text)] + re.findall(r"^ {4,}\S.*$", text, re.MULTILINE)
    for match in re.finditer(rf"^\s*(?:\$ )?{begin} ([a-z].*)$", "\n".join(blocks), re.MULTILINE):
        yield match[1]


def unknown(words: list[str]) -> str | None:
    """What of a command line paperbot does not have."""
    command: click.Command = cli
    for word in words:
        if word.startswith("--"):
            options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
            if word.partition("=")[0] not in {*options, "--help", "--version"}:
                return word
        elif isinstance(command, click.Group):
            if not re.fullmatch(r"[a-z][a-z-]*", word):
                return None  # `paperbot ...`
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("page", [page for page in PAGES if not page.name.startswith("adding-")], ids=name_of)
def test_modules_that_are_named_exist(page: Path) -> None:
    folders = ("bot", "benchmarks", "docs", "tests", "migrations")
    ours = {path.name for folder in folders for path in (ROOT / folder).rglob("*.py")}
    text = re.sub(r"^## Sources$.*", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = {name.rpartition("/")[2] for name in re.findall(r"`([a-z_/]+\.py)`", text)}
    assert named - {"main.py"} <= ours  # a name in an example


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_shown_exist(page: Path) -> None:
    wrong = []
    for line in commands(page):
        line = re.split(r"\s+#|\s[|>]\s|\s&&\s", line)[0].replace("[", " ").replace("]", " ")
        words = shlex.split(line.replace("'", "").replace('"', "").replace("“", "").replace("…", ""))
        if (fault := unknown([word.rstrip(",.;:)") for word in words])) is not None:
            wrong.append(f"paperbot {line}: {fault}")
    assert not wrong


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in cli.commands if not re.search(rf"`(?:paperbot )?{name}\b", readme)]
    assert not missing


def answers(heading: str) -> list[str]:
    """The first column of the table below a heading of the moderators' page: each code span is something to say."""
    page = (ROOT / "docs" / "moderators.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n#", 1)[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return [said for cell in cells for said in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("said", [*answers("봇에게 시키기"), *answers("Telling the bot something")])
def test_what_moderators_are_told_to_say_is_understood(said: str) -> None:
    found = instructions.read(said, bot="paperbot", is_addressed=False)
    assert found is not None
    assert found.action != "unclear"


@pytest.mark.parametrize(
    "said", [*answers("독자가 고칠 곳을 알려 주면"), *answers("Readers' corrections"), "모두 수락", "accept all"]
)
def test_what_decides_corrections_is_understood(said: str) -> None:
    assert decide.read(said) is not None
