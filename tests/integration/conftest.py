"""Fixtures of the modules that play one edition on a stage: a database of the module's own, emptied before each test.

A module that uses `stage` says in its fixture `outside` (scope `module`) what the world outside knows, and takes
`sessions` from `store`.
"""

from collections.abc import Iterator

import pytest

from bot.sandbox.world import World
from bot.store.engine import Sessions
from tests.integration.world import Stage, Store, on_stage, own_store


@pytest.fixture(scope="module")
def store(request: pytest.FixtureRequest, postgres: str, template: str) -> Iterator[Store]:
    """A migrated database named after the test module."""
    with own_store(postgres, template, f"module_{request.module.__name__.rpartition('.')[2]}") as made:
        yield made


@pytest.fixture
def stage(outside: World, sessions: Sessions) -> Iterator[Stage]:
    """A stage on fresh logs; at its end every armed fault must have happened."""
    with on_stage(outside, sessions) as made:
        yield made
