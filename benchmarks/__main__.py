"""`make bench`: measured figures beside their bars; it reports and never asserts (`docs/benchmarks.md`)."""

import argparse
import datetime as dt
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import figures, processes
from benchmarks.figures import Figure
from benchmarks.inputs import ROOT
from benchmarks.one import NAMES
from benchmarks.processes import ProcessError

ROUNDS = 3
TIMEOUT_S = 240


def main() -> None:
    """Measure in rounds, so that every figure has samples from different moments, then print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measured figures beside their bars.")
    parser.add_argument("--quick", action="store_true", help="one round with few samples")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
    arguments = parser.parse_args()
    names = [name for name in NAMES if name in (arguments.only or NAMES)]
    # Asked to stop, it leaves its contexts: child and folder are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found: dict[str, list[Figure]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    print(_machine(), flush=True)
    for number in range(1, 1 + (1 if arguments.quick else ROUNDS)):
        for name in names:
            if name in failed:
                continue
            print(f"round {number}: {name} ...", file=sys.stderr)
            try:
                found[name] += _measured(name, quick=arguments.quick)
            except ProcessError as exc:
                failed[name] = str(exc)
    if measured := [figure for of_name in found.values() for figure in of_name]:
        print(f"\n{figures.table(figures.merged(measured))}\n\n{_load_since()}")
    for name in names:
        if name in failed:
            print(f"\n{name} could not be measured:\n{failed[name]}", file=sys.stderr)
        elif not found[name]:
            print(f"{name}: left out, since its data is not beside the checkout")
    sys.exit(1 if failed else 0)


def _measured(name: str, *, quick: bool) -> list[Figure]:
    """One benchmark in a process and a folder of its own; the folder is removed."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "benchmarks.one", name, folder, *(["--quick"] if quick else [])]
        processes.run(command, folder=ROOT, timeout_s=TIMEOUT_S)
        return figures.load(Path(folder) / "figures.json")


def _machine() -> str:
    system = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {system}; load {os.getloadavg()[0]:.1f}"


def _load_since() -> str:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    # The benchmarks alone keep about one core at work.
    busy = ": others are at work here, times are too high" if load > cores else ""
    return f"load at the end {load:.1f}{busy}"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
