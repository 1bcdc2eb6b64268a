"""The command `paperbot` as a process: how fast it starts, what the demo takes and what an edition costs.

Standard library only. A child process inherits its parent's peak memory until it runs its own program (Linux), so a
large parent would be measured instead of the demo.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import inputs, processes
from benchmarks.figures import Figure, interleaved, ratios

HELP_BAR_S = 0.4
FORUM_CALLS_BAR = 8
AGAIN_MODEL_CALLS_BAR = 0
DEMO_TIMEOUT_S = 100
PAPERBOT = str(Path(sys.executable).with_name("paperbot"))


def start_up(repeats: int) -> list[Figure]:
    """`paperbot --help` beside an empty Python, and the two large imports that it has to do without."""
    shown, empty = interleaved(
        repeats, lambda: _quiet(PAPERBOT, "--help"), lambda: _quiet(sys.executable, "-c", "pass")
    )
    steps, model = interleaved(
        max(1, repeats // 3),
        lambda: _quiet(sys.executable, "-c", "import bot.jobs.editions"),
        lambda: _quiet(sys.executable, "-c", "import bot.translation.claude"),
    )
    return [
        Figure("paperbot --help", "s", shown, HELP_BAR_S),
        Figure("  against python -c pass", "x", ratios(shown, empty)),
        Figure("import bot.jobs.editions", "s", steps, None, "every command that works on an edition waits for it"),
        Figure("import bot.translation.claude", "s", model, None, "the model's SDK, needed for drafting"),
    ]


def demo(folder: Path) -> list[Figure]:
    """`paperbot demo --headless --fresh` and the same again without --fresh, on the sample week."""
    seconds, first = _demo(folder, "--fresh")
    peak_mb = _children_peak_mb()
    again_seconds, again = _demo(folder)
    steps = ", ".join(f"{step} {value:.2f}" for step, value in first["seconds"].items())
    return [
        Figure("demo, whole process", "s", (seconds,), None, f"model at 0.6 s a call; steps: {steps}"),
        Figure("demo again, whole process", "s", (again_seconds,)),
        Figure("demo, peak memory", "MB", (peak_mb,), None, "resident; its Postgres is not in it"),
        Figure("forum calls for one edition", "", (first["forum_calls"],), FORUM_CALLS_BAR),
        Figure("forum calls of a second run", "", (again["forum_calls"],)),
        Figure("model calls of a second run", "", (again["calls"],), AGAIN_MODEL_CALLS_BAR),
        *_costs("sample week", first),
    ]


def real_week(folder: Path) -> list[Figure]:
    """The demo on a real week with its recorded Korean; nothing where that data is not beside the checkout."""
    if not (inputs.REAL_LIST.exists() and inputs.REAL_RECORDED.exists()):
        return []
    options = ("--period", inputs.REAL_PERIOD, "--list", str(inputs.REAL_LIST), "--recorded", str(inputs.REAL_RECORDED))
    seconds, report = _demo(folder, "--fresh", *options)
    note = f"week of {inputs.REAL_PERIOD}: {report['papers']} papers, {report['segments']} segments"
    return [
        Figure("real week, whole process", "s", (seconds,), None, note),
        Figure("real week, forum calls", "", (report["forum_calls"],), FORUM_CALLS_BAR),
        *_costs("real week", report),
    ]


def _costs(name: str, report: dict[str, Any]) -> list[Figure]:
    tokens = report["tokens"]
    counted = ", ".join(f"{kind} {count:,}" for kind, count in tokens.items())
    best = f"at best {report['papers'] - 1}: the first paper's call writes, the others read"
    return [
        Figure(
            f"{name}, cache read per written token", "x", (tokens["cache_read"] / tokens["cache_write"],), None, best
        ),
        Figure(f"{name}, cost by the stand-in's count", "$", (report["cost_usd"],), None, f"tokens: {counted}"),
    ]


def _demo(folder: Path, *options: str) -> tuple[float, dict[str, Any]]:
    """Seconds of the process, and its report."""
    out = folder / "out"
    start = time.perf_counter()
    # In its own folder: a `.env` of the checkout is not for us.
    processes.run(
        [PAPERBOT, "demo", "--headless", "--out", str(out), *options],
        folder=folder,
        timeout_s=DEMO_TIMEOUT_S,
        environment={"DATA_DIR": str(folder)},
    )
    seconds = time.perf_counter() - start
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return seconds, report


def _children_peak_mb() -> float:
    """The largest of all processes waited for so far."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _quiet(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)
