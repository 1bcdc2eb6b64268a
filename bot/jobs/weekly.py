"""The weekly job's three steps on real parts: collect, draft, submit. Each goes on where it stopped."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

import httpx
from sqlalchemy import select

from bot import clock
from bot.editions import collect as collecting
from bot.editions import compose, layout, weekly
from bot.editions import draft as drafts
from bot.editions.collect import Collected
from bot.editions.draft import Drafted, OnProgress, Redrafted
from bot.errors import RejectedError, SettingsError
from bot.forum import notices
from bot.forum import submit as submission
from bot.forum.discourse import Discourse
from bot.forum.submit import Place, Submitted
from bot.settings import Settings
from bot.sources.dair import Awaited, ListedWeek
from bot.sources.fetch import read_text
from bot.store.engine import Sessions
from bot.store.tables import Edition, Topic
from bot.translation import calls, prices, stored_terms
from bot.translation.asking import Desk
from bot.translation.claude import PRODUCTION_URL, Claude
from bot.translation.drafting import Again


@dataclass(frozen=True, slots=True)
class NotCollected:
    """There is no edition of this period in the store."""

    period: dt.date


def read_week(settings: Settings, day: dt.date) -> ListedWeek | Awaited:
    """The week of `day` from the list the settings name."""
    with http_client() as http:
        return collecting.week_in_list(read_text(settings.dair_list, client=http), day)


def collect(
    sessions: Sessions, settings: Settings, day: dt.date, *, on_step: Callable[[str], None] = lambda _: None
) -> Collected | Awaited:
    """Store the edition of the week of `day` with its papers and abstracts; `Awaited` if the list lacks it."""
    on_step("list")
    week = read_week(settings, day)
    if isinstance(week, Awaited):
        return week
    with http_client() as http:
        return collecting.collect_week(
            sessions,
            week,
            http=http,
            arxiv_url=str(settings.arxiv_url),
            arxiv_interval_s=settings.arxiv_interval_s,
            contact=settings.contact or str(settings.forum_url or "paperbot"),
            now=clock.now,
            on_step=on_step,
        )


def draft(
    sessions: Sessions, settings: Settings, edition_id: int, *, on_progress: OnProgress = lambda *_: None
) -> Drafted:
    """Draft what the edition still lacks."""
    with model_desk(sessions, settings) as desk:
        return drafts.draft(desk, edition_id, concurrency=settings.model_concurrency, on_progress=on_progress)


def redraft(sessions: Sessions, settings: Settings, edition_id: int, ranks: Sequence[int], again: Again) -> Redrafted:
    """Draft some papers once more, all but what a person wrote."""
    with model_desk(sessions, settings) as desk:
        return drafts.redraft(desk, edition_id, ranks, again)


@contextmanager
def model_desk(sessions: Sessions, settings: Settings) -> Iterator[Desk]:
    """The models, terms and cap that the settings name; the model's connections are closed at the end.

    Raises:
        SettingsError: the model's key is missing.
        RejectedError: no price is known for a model.
    """
    settings.require("anthropic_api_key")
    assert settings.anthropic_api_key is not None
    price_table = prices.prices_with(settings.model_prices)
    for model in (settings.draft_model, settings.judge_model):
        if model is not None:
            prices.price_of(price_table, model)
    claude = Claude(
        settings.anthropic_api_key.get_secret_value(),
        base_url=str(settings.anthropic_base_url or PRODUCTION_URL),
    )
    try:
        yield Desk(
            sessions=sessions,
            claude=claude,
            model=settings.draft_model,
            judge_model=settings.judge_model,
            termbase=stored_terms.load(sessions),
            cap=calls.Cap(settings.model_monthly_cap_usd, settings.time_zone),
            price_table=price_table,
            now=clock.now,
            effort=settings.draft_effort,
            timeout_s=settings.model_timeout_s,
            attempts=settings.model_attempts,
        )
    finally:
        claude.close()


def submit(
    sessions: Sessions, settings: Settings, edition_id: int, *, forum: Discourse, again: bool = False
) -> Submitted:
    """Put the edition on the forum as a shared draft, with a report for the moderators beside it."""
    done = submission.submit(
        sessions,
        forum,
        edition_id,
        frame=compose.frame_of(settings),
        place=place_of(settings),
        again=again,
        now=clock.now(),
    )
    if done.seen is None:
        return done
    with sessions() as session:
        topic_row_id = session.scalars(select(Topic.id).where(Topic.edition_id == edition_id)).one()
    if notices.say_planned(sessions, forum, topic_row_id, done.seen, clock.now()):
        remark = (
            "the report for moderators could not be left: switch whispers on (whispers_allowed_groups) on the forum"
        )
        return replace(done, remarks=(*done.remarks, remark))
    return done


def preview(sessions: Sessions, settings: Settings, edition_id: int) -> str:
    """The whole article in Markdown, as it would be submitted now."""
    with sessions() as session:
        edition = session.get_one(Edition, edition_id)
        if edition.layout is not None:
            return layout.article(session, edition, edition.layout)
        return compose.RULE.join(compose.weekly_blocks(session, edition, compose.frame_of(settings)))


def find_edition(sessions: Sessions, day: dt.date) -> int | NotCollected:
    """The stored edition of the week that `day` means."""
    monday = weekly.monday_of(day)
    with sessions() as session:
        # A list's week need not start on a Monday; its first day means it too.
        found = session.scalars(
            select(Edition.id)
            .where(
                Edition.series == weekly.SERIES,
                (Edition.period == monday.isoformat()) | (Edition.period_start == day),
            )
            .order_by((Edition.period_start == day).desc())
        ).first()
    return found if found is not None else NotCollected(monday)


def last_whole_week(settings: Settings, now: dt.datetime) -> dt.date:
    """The Monday of the newest week that is over where the readers live."""
    from zoneinfo import ZoneInfo

    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    return weekly.monday_of(today) - dt.timedelta(days=7)


def place_of(settings: Settings) -> Place:
    """Category and tags of weekly posts, and where their drafts are made."""
    settings.require("weekly_category_id")
    assert settings.weekly_category_id is not None
    if settings.review_flow == "shared_draft":
        return Place(settings.weekly_category_id, settings.weekly_tags)
    settings.require("drafts_category_id")
    return Place(settings.weekly_category_id, settings.weekly_tags, settings.drafts_category_id)


@contextmanager
def forum_of(settings: Settings) -> Iterator[Discourse]:
    """The forum the settings name; its connections are closed at the end.

    Raises:
        SettingsError: address, user or key is missing.
    """
    settings.require("forum_url", "forum_api_user", "forum_api_key")
    if settings.forum_url is None or settings.forum_api_user is None or settings.forum_api_key is None:
        raise SettingsError("the forum's settings are incomplete")
    with Discourse(
        str(settings.forum_url),
        username=settings.forum_api_user,
        api_key=settings.forum_api_key.get_secret_value(),
        timeout_s=settings.forum_timeout_s,
    ) as forum:
        yield forum


def http_client() -> httpx.Client:
    """A client for upstream lists; whoever reads from it sets its own caps."""
    return httpx.Client(headers={"User-Agent": f"paperbot/{version('paperbot')}"}, timeout=httpx.Timeout(30, connect=5))


def refuse_unknown(edition: int | NotCollected) -> int:
    """The edition's id, or a sentence that says how to get one."""
    if isinstance(edition, NotCollected):
        raise RejectedError(
            f"There is no edition of the week of {edition.period} yet: "
            f"run `paperbot collect weekly --period {edition.period}`."
        )
    return edition
