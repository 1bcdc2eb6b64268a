"""Where the real data lies that some tests read; it exists beside the checkout in development and CI only."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_path(relative: str) -> Path:
    """The path of a file or folder of real data, e.g. `data/dair/README.md`; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data not here: shared/{relative} (it is beside the checkout in development and CI only)")
    return path
