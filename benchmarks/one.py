"""One benchmark, once, in this process: `python -m benchmarks.one NAME FOLDER [--quick]` writes FOLDER/figures.json.

`python -m benchmarks` starts it anew for every measurement, so that none profits or suffers from the one before.
Modules are imported where they are used: the process that measures memory has to stay small (see `commands.py`).
"""

import signal
import sys
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figure

NAMES = (
    "help",
    "list",
    "segments",
    "composing",
    "drafting",
    "demo",
    "real-week",
    "webhooks",
    "checks",
    "ripple",
    "mail",
)


def measured(name: str, folder: Path, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark; files of its own go into `folder`."""
    match name:
        case "help" | "demo" | "real-week":
            from benchmarks import commands

            if name == "help":
                return commands.start_up(5 if quick else 10)
            return commands.demo(folder) if name == "demo" else commands.real_week(folder)
        case "list" | "segments":
            from benchmarks import texts

            return texts.list_parsing(3 if quick else 7) if name == "list" else texts.segments(3 if quick else 5)
        case "drafting" | "composing":
            from benchmarks import job

            return job.drafting(folder) if name == "drafting" else job.composing(folder, 3 if quick else 10)
        case "webhooks":
            from benchmarks import webhooks

            return webhooks.accepting(folder, 3 if quick else 5)
        case "checks":
            from benchmarks import checks

            return checks.checking(3 if quick else 5)
        case "ripple":
            from benchmarks import ripple

            return ripple.searching(folder, 3 if quick else 5, quick=quick)
        case "mail":
            from benchmarks import mail

            return mail.sending(folder, 2 if quick else 5)
    raise ValueError(f"no benchmark is called {name}")


def main() -> None:
    """The entry of the child process."""
    # Asked to stop, it leaves its contexts: the embedded Postgres is stopped and the folder can be removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    name, folder, *rest = sys.argv[1:]
    figures.save(Path(folder) / "figures.json", measured(name, Path(folder), quick="--quick" in rest))


if __name__ == "__main__":
    main()
