"""Child processes that always end. Standard library only."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STOPPING_S = 20


class ProcessError(Exception):
    """A child failed or took too long; the message is the end of what it said."""


def run(
    command: Sequence[str], *, folder: Path, timeout_s: float, environment: Mapping[str, str] | None = None
) -> None:
    """Run a command in a folder, with `environment` added to ours; it never outlives this call.

    It is asked to stop (SIGTERM) before it is killed, so that the servers it started are stopped too.

    Raises:
        ProcessError: another exit code than 0, or no end within `timeout_s`.
    """
    child = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, errors = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise ProcessError(f"{command[0]} took more than {timeout_s:g} s.") from None
    finally:
        _stop(child)
    if child.returncode:
        raise ProcessError("\n".join(errors.strip().splitlines()[-5:]) or f"exit code {child.returncode}")


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.communicate(timeout=STOPPING_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
