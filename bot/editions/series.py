"""What makes a series: where its papers come from, what an edition covers, how its post looks, what the model is asked.

Everything else (storing, checking, submitting, reading people's edits back, correcting, mailing) is the same code for
all of them and asks here. A new series is one description more in `known`; docs/adding-a-series.md walks through one.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import RejectedError
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Passage

if TYPE_CHECKING:
    from bot.editions.collect import Collected
    from bot.editions.compose import Article, Frame
    from bot.editions.draft import Redone, Task
    from bot.translation.asking import Desk
    from bot.translation.drafting import Again


@dataclass(frozen=True, slots=True)
class Reach:
    """What collecting may use: the store, the settings, and the web.

    Attributes:
        now: the clock.
        on_step: called with the name of each step as it begins (`list`, `arxiv`, ...), for people who watch.
    """

    sessions: Sessions
    settings: Settings
    http: httpx.Client
    now: Callable[[], dt.datetime]
    on_step: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class NotCollected:
    """The source has no edition of this period to make.

    Attributes:
        reason: a sentence for people.
        comes: whether asking again later may find one; else there is nothing to do.
        again_after: how long to wait before that; None: as usual.
    """

    reason: str
    comes: bool
    again_after: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What collecting would do, told without the network.

    Attributes:
        lines: sentences for people.
        calls: how many calls of the model it may come to; 0 where that is not known.
        is_awaited: the source does not have the edition yet.
    """

    lines: tuple[str, ...]
    calls: int = 0
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One series of editions.

    Attributes:
        name: as stored in `editions.series`, said on the command line, and beginning its topics' keys.
        kinds: the kinds of passages that its posts show; others of the same papers belong to other series.
        period_of: the period that a person's word for it means (a day of the week, say), as stored.
        newest: the period that a run means to which none was given, by the present day where the readers live; None
            where one must be given.
        collect: store the edition of a period, in a person's word for it, with all its texts. Repeatable.
        foresee: what collecting would do; reads files at most.
        tasks: what has no Korean yet, as questions to the model.
        redraft: ask for one paper (by rank) again, all but what a person wrote.
        article: the post, from the store.
        texts: the passages of one paper that the post shows, in its order, among those that are known.
        place: names of the settings for its category and tags.
        what: a word for one edition, for sentences to people: `week`.
    """

    name: str
    what: str
    kinds: frozenset[str]
    period_of: Callable[[str], str]
    newest: Callable[[dt.date], str] | None
    collect: Callable[[Reach, str], "Collected | NotCollected"]
    foresee: Callable[[Settings, str], Foreseen]
    tasks: Callable[[Session, "Desk", Edition], "Sequence[Task]"]
    redraft: "Callable[[Desk, int, int, Again], Redone]"
    article: "Callable[[Session, Edition, Frame], Article]"
    texts: Callable[[Sequence[Passage], EditionItem], Sequence[Passage]]
    place: tuple[str, str]

    def external_id(self, period: str, attempt: int = 1) -> str:
        """The key that makes the topic unique on the forum: `weekly-2026-11-09-ko`; at most 50 of `[A-Za-z0-9_-]`.

        A deleted topic keeps its key for ever, so a second topic for the same period has a number behind it.
        """
        return f"{self.name}-{period}-ko" + (f"-{attempt}" if attempt > 1 else "")


def known() -> tuple[Series, ...]:
    """All series."""
    # Not before: the descriptions are made of modules that ask here for the series of an edition.
    from bot.editions.daily import DAILY
    from bot.editions.talk import TALK
    from bot.editions.weekly import WEEKLY

    return (WEEKLY, DAILY, TALK)


def named(name: str) -> Series:
    """The series of this name.

    Raises:
        RejectedError: there is none.
    """
    found = next((series for series in known() if series.name == name), None)
    if found is None:
        names = ", ".join(series.name for series in known())
        raise RejectedError(f"There is no series {name!r}; it is one of {names}.")
    return found


def of(edition: Edition) -> Series:
    """The edition's series."""
    return named(edition.series)


def find(session: Session, series: Series, given: str) -> int | None:
    """The id of the stored edition that a person's word for its period means; None if there is none."""
    period = series.period_of(given)
    query = select(Edition.id).where(Edition.series == series.name)
    exact = session.scalars(query.where(Edition.period == period)).one_or_none()
    try:
        day = dt.date.fromisoformat(given)
    except ValueError:
        return exact
    # A source's week need not begin on a Monday; its first day means it too.
    first = session.scalars(query.where(Edition.period_start == day)).first()
    return exact if first is None else first
