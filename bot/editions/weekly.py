"""The weekly series: DAIR.AI's ten papers of a week become one topic, keyed by the week's Monday."""

import datetime as dt
from collections.abc import Sequence
from functools import partial

import httpx
from sqlalchemy.orm import Session

from bot.editions import collect, compose, look_up, records, weekly_draft
from bot.editions.collect import Collected
from bot.editions.compose import Article, Frame
from bot.editions.series import Foreseen, NotCollected, Reach, Series
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.settings import Settings
from bot.sources.dair import Awaited
from bot.sources.fetch import read_text, shown
from bot.store.tables import Edition, EditionItem, Passage
from bot.translation import passages


def monday_of(day: dt.date) -> dt.date:
    """The Monday of the week that `day` lies in."""
    return day - dt.timedelta(days=day.weekday())


def day_of(given: str) -> dt.date:
    """The day that a person named.

    Raises:
        RejectedError: it is no day.
    """
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise RejectedError(f"{given!r} is not a day; write it as YYYY-MM-DD.") from None


def _collect(reach: Reach, given: str) -> Collected | NotCollected:
    reach.on_step("list")
    week = collect.week_in_list(read_text(reach.settings.dair_list, client=reach.http), day_of(given))
    if isinstance(week, Awaited):
        return NotCollected(f"The week of {week.period} is awaited: the list does not have it yet.", comes=True)
    return collect.collect_week(
        reach.sessions,
        week,
        http=reach.http,
        arxiv_url=str(reach.settings.arxiv_url),
        arxiv_interval_s=reach.settings.arxiv_interval_s,
        contact=reach.settings.contact or str(reach.settings.forum_url or "paperbot"),
        now=reach.now,
        on_step=reach.on_step,
        ask_around=partial(look_up.ask_around, reach),
    )


def _foresee(settings: Settings, given: str) -> Foreseen:
    if "://" in settings.dair_list:
        place = shown(settings.dair_list)
        return Foreseen((f"Would read the list at {place} (not read now; give a downloaded copy: --list).",))
    with httpx.Client() as http:  # never used: the list is a file
        week = collect.week_in_list(read_text(settings.dair_list, client=http), day_of(given))
    if isinstance(week, Awaited):
        line = f"The list does not have the week of {week.period} yet: it would be awaited."
        return Foreseen((line,), is_awaited=True)
    works = [records.of_links((*listed.links, *listed.description_links)) for listed in week.papers]
    count = sum(work.arxiv is not None for work in works)
    return Foreseen(
        (
            f"Edition: {labels.weekly_title(week.start, week.end)}",
            *(f"  {one.rank:2}. {one.title} <{work.url}>" for one, work in zip(week.papers, works, strict=True)),
            f"Would ask {settings.arxiv_url} for {count} abstracts in one request.",
        ),
        calls=len(week.papers) + 1,
    )


def _article(session: Session, edition: Edition, frame: Frame) -> Article:
    keys = compose.weekly_keys(edition)
    return Article(dict(zip(keys, compose.weekly_blocks(session, edition, frame), strict=True)), compose.RULE)


def _texts(known: Sequence[Passage], item: EditionItem) -> list[Passage]:
    paper = item.sighting.paper
    found = (
        passages.find(known, "title", paper.title, paper_id=paper.id),
        passages.find(known, "description", item.sighting.description, sighting_id=item.sighting_id),
        passages.find(known, "abstract", paper.abstract or "", paper_id=paper.id),
    )
    return [passage for passage in found if passage is not None]


WEEKLY = Series(
    name=collect.WEEKLY,
    what="week",
    kinds=frozenset({"title", "description", "abstract", "introduction"}),
    period_of=lambda given: monday_of(day_of(given)).isoformat(),
    newest=lambda today: (monday_of(today) - dt.timedelta(days=7)).isoformat(),
    collect=_collect,
    foresee=_foresee,
    tasks=weekly_draft.tasks,
    redraft=weekly_draft.redraft,
    article=_article,
    texts=_texts,
    place=("weekly_category_id", "weekly_tags"),
)
