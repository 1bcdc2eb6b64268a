"""The three steps of every series on real parts: collect, draft, submit. Each goes on where it stopped."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import select

from bot import clock
from bot.editions import compose, layout, series
from bot.editions import draft as drafts
from bot.editions.collect import Collected
from bot.editions.draft import Drafted, OnProgress, Redrafted
from bot.editions.series import NotCollected, Reach, Series
from bot.errors import RejectedError, SettingsError
from bot.forum import notices, tally
from bot.forum import submit as submission
from bot.forum.discourse import Discourse
from bot.forum.submit import Place, Submitted
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Edition, Topic
from bot.translation import calls, prices, stored_terms
from bot.translation.asking import Desk
from bot.translation.claude import PRODUCTION_URL, Claude
from bot.translation.drafting import Again


def collect(
    sessions: Sessions, settings: Settings, of: Series, period: str, *, on_step: Callable[[str], None] = lambda _: None
) -> Collected | NotCollected:
    """Store the edition of a period with all its texts."""
    with http_client() as http:
        return of.collect(Reach(sessions, settings, http, clock.now, on_step), period)


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
    with sessions() as session:
        of = series.of(session.get_one(Edition, edition_id))
    done = submission.submit(
        sessions,
        forum,
        edition_id,
        frame=compose.frame_of(settings),
        place=place_of(settings, of),
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
        return series.of(edition).article(session, edition, compose.frame_of(settings)).text()


def find_edition(sessions: Sessions, of: Series, given: str) -> int:
    """The stored edition that a person's word for its period means.

    Raises:
        RejectedError: there is none; the message says how to get one.
    """
    with sessions() as session:
        found = series.find(session, of, given)
    if found is None:
        period = of.period_of(given)
        raise RejectedError(
            f"There is no edition of the {of.what} of {period} yet: run `paperbot collect {of.name} --period {period}`."
        )
    return found


def newest_period(settings: Settings, of: Series, now: dt.datetime) -> str:
    """The period that a run means to which none was given.

    Raises:
        RejectedError: one has to be given.
    """
    if of.newest is None:
        raise RejectedError(f"Say which {of.what} is meant.")
    return of.newest(now.astimezone(ZoneInfo(settings.time_zone)).date())


def place_of(settings: Settings, of: Series) -> Place:
    """Category and tags of the series' posts, and where their drafts are made."""
    category, tags = of.place
    settings.require(category)
    place = Place(getattr(settings, category), getattr(settings, tags), setting=category.upper())
    if settings.review_flow == "shared_draft":
        return place
    settings.require("drafts_category_id")
    return replace(place, staff_category_id=settings.drafts_category_id)


@contextmanager
def forum_of(settings: Settings, sessions: Sessions | None = None) -> Iterator[Discourse]:
    """The forum the settings name; its connections are closed at the end.

    Args:
        sessions: where its calls are counted; None: nowhere.

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
        try:
            yield forum
        finally:
            if sessions is not None:
                tally.record(sessions, forum.outcomes, clock.now())


def http_client() -> httpx.Client:
    """A client for upstream lists; whoever reads from it sets its own caps."""
    return httpx.Client(headers={"User-Agent": f"paperbot/{version('paperbot')}"}, timeout=httpx.Timeout(30, connect=5))
