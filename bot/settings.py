"""The only reader of the environment.

Every field is one environment variable of the same name in capitals (`FORUM_URL`, ...); a `.env` file in the working
directory is read too. `.env.example` lists them all with their defaults; a test holds the two together.
"""

import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as MalformedSettingError

from bot.errors import SettingsError


class Settings(BaseSettings):
    """All settings, frozen. Build it once at the edge with `load()` and pass it on."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore", env_ignore_empty=True
    )

    # Store
    database_url: SecretStr | None = Field(None, description="Postgres; empty: an embedded one under DATA_DIR")
    data_dir: Path = Field(Path("data"), description="where the embedded Postgres and the demo keep their files")

    # Forum
    forum_url: HttpUrl | None = Field(None, description="address of the Discourse forum")
    forum_api_key: SecretStr | None = Field(None, description="API key bound to the bot's moderator account")
    forum_api_user: str | None = Field(None, description="that account's user name")
    forum_timeout_s: float = Field(60.0, gt=0, description="seconds to wait for one answer; long posts cook slowly")
    forum_admin_user: str | None = Field(None, description="an administrator, for `setup-forum` and `doctor` only")
    forum_admin_key: SecretStr | None = Field(
        None, description="a global API key of that administrator, made for the run and deleted after it"
    )
    weekly_category_id: int | None = Field(None, description="category the weekly post is published to")
    review_flow: Literal["shared_draft", "staff_category"] = Field(
        "shared_draft", description="how drafts are made; staff_category: for forums without shared drafts"
    )
    drafts_category_id: int | None = Field(None, description="category only staff reads; for staff_category alone")
    weekly_tags: Annotated[tuple[str, ...], NoDecode] = Field((), description="comma-separated, at most 5")
    talk_category_id: int | None = Field(None, description="category talks are published to")
    talk_tags: Annotated[tuple[str, ...], NoDecode] = Field((), description="comma-separated, at most 5")
    daily_category_id: int | None = Field(None, description="category of the daily post; empty: there is no daily post")
    daily_tags: Annotated[tuple[str, ...], NoDecode] = Field((), description="comma-separated, at most 5")

    # Model
    anthropic_api_key: SecretStr | None = Field(None, description="key of Anthropic's API")
    anthropic_base_url: HttpUrl | None = Field(None, description="empty: Anthropic's own address")
    draft_model: str = Field("claude-sonnet-5-5", description="model that translates and writes introductions")
    draft_effort: Literal["low", "medium", "high"] | None = Field(
        None, description="how hard it thinks; empty: the model's own default"
    )
    judge_model: str | None = Field(
        "claude-haiku-5-5", description="model that reads every draft and names errors; the word none: no judge"
    )
    model_timeout_s: float = Field(300.0, gt=0, description="deadline for one model answer")
    model_concurrency: int = Field(12, ge=1, le=64, description="model calls under way at once")
    model_attempts: int = Field(3, ge=1, le=10, description="tries of one call when the model is overloaded")
    model_monthly_cap_usd: Decimal = Field(Decimal(20), ge=0, description="spending stops here each calendar month")
    model_prices: dict[str, dict[str, Decimal]] = Field(
        default_factory=dict, description='JSON: {"model-id": {"input": 2, "output": 10}} in USD per million tokens'
    )

    # Sources
    dair_list: str = Field(
        "https://raw.githubusercontent.com/dair-ai/ML-Papers-of-the-Week/main/README.md",
        description="address or path of the weekly list",
    )
    dair_page: HttpUrl = Field(
        HttpUrl("https://github.com/dair-ai/ML-Papers-of-the-Week"), description="the list's page for readers"
    )
    huggingface_url: HttpUrl = Field(HttpUrl("https://huggingface.co"), description="host of the daily papers")
    daily_min_votes: int = Field(0, ge=0, description="papers with fewer votes are left out of the daily post")
    daily_max_papers: int | None = Field(None, ge=1, description="most papers of a daily post; empty: all of the day")
    daily_closes_at: dt.time = Field(dt.time(16), description="time (UTC) from which a day's list counts as complete")
    arxiv_url: HttpUrl = Field(HttpUrl("https://export.arxiv.org"), description="host of arXiv's Atom API")
    crossref_url: HttpUrl = Field(HttpUrl("https://api.crossref.org"), description="host of Crossref's REST API")
    doi_url: HttpUrl = Field(HttpUrl("https://doi.org"), description="host that answers a DOI with its record")
    semantic_scholar_url: HttpUrl = Field(
        HttpUrl("https://api.semanticscholar.org"), description="host of Semantic Scholar's API"
    )
    read_pages: bool = Field(True, description="read the pages of works that are not on arXiv for their abstracts")
    arxiv_interval_s: float = Field(3.0, ge=0, description="pause between two arXiv requests, over all processes")
    youtube_url: HttpUrl = Field(HttpUrl("https://www.youtube.com"), description="host of talks and their captions")
    contact: str | None = Field(None, description="address in the User-Agent, so that upstreams can reach you")

    # Posts
    time_zone: str = Field("Asia/Seoul", description="zone of dates that people read")
    byline: str | None = Field(
        None, description="line above the weekly introduction; empty: the usual text; the word none: no line"
    )
    note_machine: str | None = Field(
        None, description="closing note 1, machine-made text; empty: the usual text; the word none: no line"
    )
    note_digest: str | None = Field(
        None, description="closing note 2, who made it and the mail; empty: the usual text; the word none: no line"
    )
    note_like: str | None = Field(
        None, description="closing note 3, please press like; empty: the usual text; the word none: no line"
    )

    # Corrections by readers
    correction_sign: Literal["like", "reply", "none"] = Field(
        "like", description="how a reader sees at once that a report was read; like falls back to a short reply"
    )
    corrections_per_reader: int = Field(
        20, ge=1, le=1000, description="corrections of one reader that are taken up in a day"
    )
    corrections_trusted_after: int = Field(
        0,
        ge=0,
        description="after so many accepted corrections a reader's small clean ones need no moderator; 0: never",
    )
    correction_edits_per_day: int = Field(
        200, ge=1, description="posts that corrections may edit in a day; the rest follows the day after"
    )

    # Digest
    digest_from: str | None = Field(None, description="address digests come from; without it there are none")
    digest_sender: str | None = Field(None, description="name digests come from; empty: the usual name")
    digest_contact: str | None = Field(None, description="who sends the digest and where to write, for its last line")
    digest_bounce_domain: str | None = Field(
        None, description="domain that returned mail goes to; empty: the domain of DIGEST_FROM"
    )
    digest_secrets: SecretStr | None = Field(
        None,
        description="signs links and return addresses, 32 characters or more; a newer one goes behind, after a comma",
    )
    digest_weekly_at: str = Field("Mon 08:00", description="when the weekly digest is due, in the reader's zone")
    digest_daily_at: str = Field("08:00", description="when the daily digest is due, in the reader's zone")
    digest_report_to: str | None = Field(
        None, description="operator who is mailed what became of each digest; empty: nobody"
    )
    digest_advertising: bool = Field(False, description="put (광고) before the subject, as Korean law asks of ads")
    digest_connections: int = Field(4, ge=1, le=32, description="connections to the mail server at once")
    digest_rate_per_second: float = Field(10.0, gt=0, description="mails a second, over all connections")
    digest_doubtful: Literal["hold", "resend"] = Field(
        "hold", description="mails that may have been sent; resend: only with DIGEST_IDEMPOTENCY_HEADER"
    )
    digest_idempotency_header: str | None = Field(
        None, description="header by which the relay knows a repeated mail, e.g. Resend-Idempotency-Key"
    )
    smtp_host: str | None = Field(None, description="mail server that takes the digests")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port: 587 for starttls, 465 for tls")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls from the start, or none (never with a password)"
    )
    smtp_user: str | None = Field(None, description="user name there; empty: no login")
    smtp_password: SecretStr | None = Field(None, description="password there")
    smtp_timeout_s: float = Field(60.0, gt=0, description="seconds to wait for an answer before the text was sent")
    imap_host: str | None = Field(None, description="server of the mailbox that returned mail goes to; empty: not read")
    imap_port: int = Field(993, ge=1, le=65535, description="its port, TLS from the start")
    imap_user: str | None = Field(None, description="user name there")
    imap_password: SecretStr | None = Field(None, description="password there")
    imap_folder: str = Field("INBOX", description="folder that is read; what was read is deleted")
    bounce_hook_secrets: SecretStr | None = Field(
        None, description="signs what a relay posts to /hooks/mail; empty: refused; old,new while it is changed"
    )
    members_api_user: str | None = Field(None, description="administrator that reads members' digest preferences")
    members_api_key: SecretStr | None = Field(
        None, description="key with the scopes users:show, users:update, users:list; empty: members are not synced"
    )

    # Operator
    operator_address: str | None = Field(
        None, description="who is mailed, once, what needs a person; empty: DIGEST_REPORT_TO"
    )
    operator_forum_user: str | None = Field(
        None, description="forum user who gets that as a personal message where no mail can be sent"
    )
    metrics_token: SecretStr | None = Field(
        None, description="what Prometheus shows at /metrics, 16 characters or more; empty: there are no metrics"
    )

    # Service
    daily_run_at: dt.time = Field(dt.time(9), description="time of the daily run for the day before, in TIME_ZONE")
    weekly_late_after_days: int = Field(3, ge=0, description="days after a week's end when moderators hear it is late")
    weekly_run_at: str = Field("Mon 09:00", description="weekday and time of the weekly run, in TIME_ZONE")
    web_host: str = Field("127.0.0.1", description="address the web part listens on; put a TLS proxy before it")
    web_port: int = Field(8290, ge=0, le=65535, description="port the web part listens on")
    public_url: HttpUrl | None = Field(
        None, description="address the web part has on the internet; webhooks go to /hooks/discourse below it"
    )
    webhook_secrets: SecretStr | None = Field(
        None, description="the forum's webhook secret, 12 characters or more; old,new while it is changed"
    )
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="forums that may send webhooks, comma-separated hosts; empty: the host of FORUM_URL"
    )
    webhooks_in_flight: int = Field(100, ge=1, description="webhooks under way at once; more are answered 429")
    workers: int = Field(1, ge=1, le=16, description="worker processes of `paperbot up`")
    worker_concurrency: int = Field(4, ge=1, le=32, description="jobs under way at once in one worker")
    inbox_keep_days: int = Field(30, ge=1, description="webhooks are deleted after so many days")
    jobs_keep_days: int = Field(7, ge=1, description="finished jobs are deleted after so many days")
    failed_jobs_keep_days: int = Field(90, ge=1, description="failed jobs are deleted after so many days")
    unsubscribed_addresses_days: int = Field(
        365, ge=1, description="addresses of readers who unsubscribed are erased after so many days"
    )
    answers_keep_days: int = Field(
        365, ge=30, description="the model's answers are deleted after so many days; what they cost is kept"
    )

    @field_validator(
        "forum_url", "anthropic_base_url", "arxiv_url", "dair_page", "huggingface_url", "crossref_url", "youtube_url"
    )
    @classmethod
    def _no_credentials(cls, value: HttpUrl | None) -> HttpUrl | None:
        if value is not None and (value.username or value.password):
            raise ValueError("an address must not hold a user name or password, because addresses are printed")
        return value

    @field_validator("forum_api_key")
    @classmethod
    def _fit_for_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("it holds blanks or odd characters; copy it again from the forum")
        return value

    @field_validator("judge_model")
    @classmethod
    def _none_is_none(cls, value: str | None) -> str | None:
        return None if value is None or value.strip().lower() == "none" else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, KeyError, OSError):
            raise ValueError("no time zone of that name; use one like Asia/Seoul") from None
        return value

    @field_validator("weekly_tags", "daily_tags", "talk_tags", "webhook_hosts", mode="before")
    @classmethod
    def _split_tags(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(tag.strip() for tag in value.split(",") if tag.strip())
        return value

    def require(self, *names: str) -> None:
        """Raise `SettingsError` naming every one of `names` that is not set."""
        missing = [name.upper() for name in names if getattr(self, name) is None]
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} must be set for this: put {'it' if len(missing) == 1 else 'them'} "
                "into the environment or into .env (see .env.example)."
            )


def load(**overrides: object) -> Settings:
    """The settings of this process: `overrides`, else the environment, else `.env`, else defaults.

    Raises:
        SettingsError: a value is malformed; the message names the variable, never its value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # values are validated, not typed, here
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "a setting"
        raise SettingsError(f"{name} is not usable: {first['msg']}.") from None
    except MalformedSettingError as exc:  # a value that is to be JSON and is not
        raise SettingsError(f"A setting cannot be read: {exc}; it must be JSON (see .env.example).") from None
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not UTF-8 text; save it as UTF-8.") from None


def as_dotenv(settings: Settings) -> str:
    """The settings that differ from their defaults, as lines of a `.env` file; secrets by name only.

    A text with `${NAME}` in it cannot be kept exactly: python-dotenv fills in the environment's value even in quotes.
    """
    values = settings.model_dump(mode="json", exclude_defaults=True)
    lines = ["# Settings of a paperbot. Secrets are not in here: fill in the lines without a value.\n"]
    for name, value in values.items():
        if isinstance(getattr(settings, name), SecretStr):
            lines.append(f"#{name.upper()}=\n")
        elif isinstance(value, list):
            lines.append(f"{name.upper()}={_quoted(','.join(value))}\n")
        elif isinstance(value, dict):
            lines.append(f"{name.upper()}={_quoted(json.dumps(value))}\n")
        else:
            lines.append(f"{name.upper()}={_quoted('none' if value is None else str(value))}\n")
    return "".join(lines)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
