"""The model stand-in as a process of its own: `python -m benchmarks.distant_model LATENCY_S` prints its address.

A real model does not share a process with the bot; a stand-in that does would be held up by whatever holds the bot up.
It ends when its standard input is closed.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.sandbox import world as sandbox


@contextmanager
def running(latency_s: float) -> Iterator[str]:
    """The address of a model that knows the sample week and takes `latency_s` for an answer."""
    command = [sys.executable, "-m", "benchmarks.distant_model", str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def main() -> None:
    """The entry of the child process."""
    with sandbox.running(latency_s=float(sys.argv[1])) as world:
        print(world.settings["anthropic_base_url"], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
