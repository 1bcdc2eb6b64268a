"""Drafting and composing through the production code: a real embedded Postgres, the stand-ins over HTTP."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event, select

from benchmarks import distant_model
from benchmarks.figures import Figure, interleaved, seconds_of
from bot.editions.collect import Collected
from bot.editions.weekly import WEEKLY
from bot.jobs import editions
from bot.sandbox import world as sandbox
from bot.settings import Settings
from bot.store.engine import Sessions, opened
from bot.store.tables import ModelCall

MODEL_LATENCY_S = 2.0
DRAFTING_BAR = 1.25


@dataclass(frozen=True)
class _Stage:
    world: sandbox.World
    settings: Settings
    sessions: Sessions
    edition_id: int


def drafting(folder: Path) -> list[Figure]:
    """Ten papers and the introduction, once, in a process that has drafted nothing before: as a run does.

    A paper is judged when it is drafted, and mended when all are judged and something serious was found: the longest
    chain of dependent calls is as many calls as kinds of them were made.
    """
    with distant_model.running(MODEL_LATENCY_S) as address, _collected(folder, 0.0) as stage:
        settings = stage.settings.model_copy(update={"anthropic_base_url": address})
        seconds = seconds_of(lambda: editions.draft(stage.sessions, settings, stage.edition_id))
        with stage.sessions() as session:
            purposes = session.scalars(select(ModelCall.purpose)).all()
        calls, chain = len(purposes), len(set(purposes) - {"introduce_week"})
    note = f"{calls} calls of {MODEL_LATENCY_S:g} s; one after the other they take {calls * MODEL_LATENCY_S:g} s"
    path = f"{chain} calls of {MODEL_LATENCY_S:g} s, one after the other"
    return [
        Figure("drafting ten papers", "s", (seconds,), None, note),
        Figure("  against its critical path", "x", (seconds / MODEL_LATENCY_S / chain,), DRAFTING_BAR, path),
    ]


def composing(folder: Path, repeats: int) -> list[Figure]:
    """The whole article from the store; its statements are counted, since each is a round trip elsewhere."""
    with _collected(folder, 0.0) as stage:
        editions.draft(stage.sessions, stage.settings, stage.edition_id)
        statements = itertools.count()

        def compose() -> str:
            return editions.preview(stage.sessions, stage.settings, stage.edition_id)

        (seconds,) = interleaved(repeats, compose)
        with stage.sessions() as session:
            event.listen(session.get_bind(), "before_cursor_execute", lambda *_: next(statements))
        length = len(compose())
    return [
        Figure("composing an edition", "s", seconds, None, f"{length:,} characters of Markdown"),
        Figure("  SQL statements for it", "", (next(statements),)),
    ]


@contextmanager
def _collected(folder: Path, latency_s: float) -> Iterator[_Stage]:
    """The sample week, collected and not yet drafted."""
    with sandbox.running(latency_s=latency_s) as world:
        settings = Settings(_env_file=None, database_url=None, data_dir=folder, **world.settings)
        with opened(settings) as sessions:
            found = editions.collect(sessions, settings, WEEKLY, sandbox.SAMPLE_PERIOD)
            assert isinstance(found, Collected), "the sample list has no sample week"
            yield _Stage(world, settings, sessions, found.edition_id)
