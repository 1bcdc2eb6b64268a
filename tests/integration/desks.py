"""A submitted sample week for tests that need several: submitted once, then cloned with its database and forum."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from bot.editions.collect import Collected
from bot.editions.weekly import WEEKLY
from bot.jobs import editions
from bot.sandbox.forum.state import Mode
from tests.conftest import execute
from tests.integration.test_review import DAY, Desk, Submitted, open_desk

_numbers = itertools.count(1)


def submit_once(postgres: str, template: str, mode: Mode, folder: Path) -> Submitted:
    """A sample week, collected, drafted and submitted, with everything closed again."""
    database = f"submitted_{next(_numbers)}"
    execute(postgres, f"create database {database} template {template}")
    forum_file = folder / "forum.json"
    with ExitStack() as stack:
        desk = open_desk(stack, make_url(postgres).set(database=database), mode, forum_file)
        found = editions.collect(desk.sessions, desk.settings, WEEKLY, str(DAY))
        assert isinstance(found, Collected)
        editions.draft(desk.sessions, desk.settings, found.edition_id)
        editions.submit(desk.sessions, desk.settings, found.edition_id, forum=desk.forum)
    return Submitted(mode, database, forum_file)


@contextmanager
def cloned(submitted: Submitted, postgres: str, folder: Path) -> Iterator[Desk]:
    """A copy of the submitted week, with a forum of its own, dropped at the end."""
    database = f"desk_{next(_numbers)}"
    execute(postgres, f"create database {database} template {submitted.database}")
    folder.mkdir(parents=True, exist_ok=True)
    forum_file = folder / "forum.json"
    shutil.copy(submitted.forum_file, forum_file)
    with ExitStack() as stack:
        yield open_desk(stack, make_url(postgres).set(database=database), submitted.mode, forum_file)
    execute(postgres, f"drop database {database} with (force)")
