"""An invented week and the production code run on it, against the stand-ins over HTTP and a real Postgres.

`paper` takes only the fields that matter to a test; `listed_week` makes a week of as many papers as it needs, while
`list_text` writes the source's own form, which always has ten.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, delete, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from bot.editions import collect, compose, draft
from bot.editions.collect import Collected
from bot.editions.compose import Frame
from bot.editions.draft import Drafted
from bot.editions.quality import Improved
from bot.sandbox import world as sandbox
from bot.sandbox.model import ModelCallSeen, ModelStandIn
from bot.sandbox.upstream import UpstreamStandIn
from bot.settings import Settings
from bot.sources.dair import Link, ListedPaper, ListedWeek
from bot.store.engine import Sessions, make_engine
from bot.store.tables import Base, Edition, ModelCall, Revision
from bot.translation import stored_terms
from bot.translation.asking import Desk
from bot.translation.calls import Cap
from bot.translation.claude import Claude
from bot.translation.prices import PRICES

MONDAY = dt.date(2026, 11, 9)
NOW = dt.datetime(2026, 11, 16, 1, 0, tzinfo=dt.UTC)
MODEL = "claude-sonnet-5-5"
PLAIN_FRAME = Frame(byline=None, notes=(), source_page="https://lab.example/list", zone="Asia/Seoul")

Korean = tuple[str, str]
"""English and its Korean."""


@dataclass(frozen=True)
class InventedPaper:
    """A paper as the list and arXiv tell of it, and what the model stand-in says to its texts."""

    rank: int
    label: str
    title: Korean
    description: Korean
    abstract: Korean | None
    links: tuple[tuple[str, str], ...]

    @property
    def match(self) -> str:
        """Part of the request that asks for this paper's title, and of no other: for faults of the model."""
        return f'\n "title": "{self.title[0]}"'


INTRODUCTION_MATCH = '"task": "introduce_week"'


def paper(
    rank: int,
    *,
    label: str | None = None,
    title: Korean | None = None,
    description: Korean | None = None,
    abstract: Korean | bool | None = True,
    links: Sequence[tuple[str, str]] | None = None,
) -> InventedPaper:
    """A paper of two description sentences and an abstract of four, known to arXiv; `abstract=None`: a project page."""
    if abstract is True:
        abstract = (
            f"Ship {rank} sails at night. Its lamp holds {rank}00 candles. It never stops. The harbor is far away.",
            f"배 {rank}호는 밤에 항해합니다. 등불에는 초 {rank}00개가 들어갑니다. 배는 멈추지 않습니다. 항구는 멉니다.",
        )
    if links is None:
        main = f"https://arxiv.org/abs/2611.{rank:05}" if abstract else f"https://lab.example/projects/{rank}"
        links = [("Paper", main), ("Tweet", f"https://x.com/reader/status/{rank}?s=20")]
    return InventedPaper(
        rank,
        label or f"Ship {rank}",
        title or (f"Ship {rank}: Sailing by Lamplight", f"배 {rank}호: 등불로 항해하기"),
        description
        or (
            f"shows how ship {rank} finds its way. It needs no map.",
            f"배 {rank}호가 길을 찾는 법을 보입니다. 지도는 필요 없습니다.",
        ),
        abstract or None,
        tuple(links),
    )


def papers(count: int, *special: InventedPaper) -> list[InventedPaper]:
    """Ranks 1 to `count`; those in `special` take the place of the plain ones."""
    by_rank = {one.rank: one for one in special}
    return [by_rank.get(rank) or paper(rank) for rank in range(1, count + 1)]


def listed_week(listed: Sequence[InventedPaper], start: dt.date = MONDAY) -> ListedWeek:
    """The week as the list's reader hands it on."""
    end = start + dt.timedelta(days=6)
    return ListedWeek(
        start,
        end,
        1,
        tuple(
            ListedPaper(
                start, end, one.rank, one.label, one.description[0], tuple(Link(*link) for link in one.links), 1
            )
            for one in listed
        ),
    )


def list_text(*weeks: tuple[str, Sequence[InventedPaper]]) -> str:
    """The list's Markdown; a week is the end of its heading (`(November 9 - November 15) - 2026`) and its papers."""
    lines = ["# ML Papers of The Week", ""]
    for dates, listed in weeks:
        lines += [f"## Top ML Papers of the Week {dates}", "| **Paper**  | **Links** |", "| ------------- | ------- |"]
        for one in listed:
            links = ", ".join(f"[{label}]({url})" for label, url in one.links)
            lines.append(f"| {one.rank}) **{one.label}** - {one.description[0]} | {links} |")
        lines.append("")
    return "\n".join(lines)


def recorded(listed: Sequence[InventedPaper]) -> list[dict[str, Any]]:
    """The papers in the form that the stand-ins are built from."""
    return [
        {
            "rank": one.rank,
            "links": [{"label": label, "url": url} for label, url in one.links],
            "title": _texts(one.title),
            "intro": _texts(one.description),
            "abstract": _texts(one.abstract),
        }
        for one in listed
    ]


def _texts(texts: Korean | None) -> dict[str, str] | None:
    return None if texts is None else {"en": texts[0], "ko": texts[1]}


@dataclass(frozen=True)
class Store:
    """A database of one test module, emptied before each of its tests: cheaper than one of each test's own."""

    url: str
    engine: Engine

    def emptied(self) -> Sessions:
        """Sessions on it, after every row was deleted."""
        with self.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        return sessionmaker(self.engine)


@contextmanager
def own_store(postgres: str, template: str, name: str) -> Iterator[Store]:
    """A migrated database `name` on the tests' server, dropped at the end."""
    admin = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url)
    try:
        yield Store(url, engine)
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        admin.dispose()


@dataclass
class Stage:
    """The production code between one database and the running stand-ins."""

    outside: sandbox.World
    sessions: Sessions
    claude: Claude
    http: httpx.Client
    slept_s: list[float] = field(default_factory=list)

    @property
    def model(self) -> ModelStandIn:
        """The model's stand-in."""
        return self.outside.model

    @property
    def upstream(self) -> UpstreamStandIn:
        """The stand-in of the list and of arXiv."""
        return self.outside.upstream

    def settings(self, **changes: object) -> Settings:
        """Settings under which the weekly job meets the stand-ins."""
        given = {**self.outside.settings, "arxiv_interval_s": 0, **changes}
        return Settings(_env_file=None, **given)

    def collect(self, listed: Sequence[InventedPaper] | ListedWeek) -> Collected:
        """Collect a week (by default the one of `MONDAY`)."""
        week = listed if isinstance(listed, ListedWeek) else listed_week(listed)
        return collect.collect_week(
            self.sessions,
            week,
            http=self.http,
            arxiv_url=str(self.outside.settings["arxiv_url"]),
            arxiv_interval_s=0.0,
            contact="tests@localhost",
            now=lambda: NOW,
        )

    def desk(
        self,
        *,
        cap_usd: Decimal = Decimal(20),
        now: Callable[[], dt.datetime] = lambda: NOW,
        timeout_s: float = 30.0,
        attempts: int = 3,
        judge_model: str | None = None,
    ) -> Desk:
        """A desk whose sleeps are only written down, in `slept_s`."""
        return Desk(
            sessions=self.sessions,
            claude=self.claude,
            model=MODEL,
            judge_model=judge_model,
            termbase=stored_terms.load(self.sessions),
            cap=Cap(cap_usd, "Asia/Seoul"),
            price_table=PRICES,
            now=now,
            timeout_s=timeout_s,
            attempts=attempts,
            sleep=self.slept_s.append,
        )

    def draft(self, edition_id: int, desk: Desk | None = None, *, concurrency: int = 8) -> Drafted:
        """Draft the edition at a plain desk, or at the given one; what the checks make of it is told elsewhere."""
        drafted = draft.draft(desk or self.desk(), edition_id, concurrency=concurrency)
        return replace(drafted, improved=Improved())

    def collected(self, listed: Sequence[InventedPaper]) -> int:
        """The id of a collected edition of these papers."""
        return self.collect(listed).edition_id

    def raw(self, edition_id: int, frame: Frame = PLAIN_FRAME) -> str:
        """The whole post as it would be submitted."""
        with self.sessions() as session:
            return compose.RULE.join(compose.weekly_blocks(session, session.get_one(Edition, edition_id), frame))

    def state(self, edition_id: int) -> str:
        """The edition's state in the store."""
        with self.sessions() as session:
            return session.get_one(Edition, edition_id).state

    def seen(self, match: str = '"task": "translate_paper"') -> list[ModelCallSeen]:
        """The calls that reached the model whose user text holds `match`, in order of arrival."""
        calls = [call for call in self.model.calls if match in user_text(call)]
        return sorted(calls, key=lambda call: call.arrived_at)

    def booked(self) -> list[ModelCall]:
        """All rows of `model_calls`, oldest first."""
        with self.sessions() as session:
            return list(session.scalars(select(ModelCall).order_by(ModelCall.id)))

    def revisions(self) -> list[Revision]:
        """All revisions, oldest first."""
        with self.sessions() as session:
            return list(session.scalars(select(Revision).order_by(Revision.id)))


def user_text(call: ModelCallSeen) -> str:
    """What the model was told in its last user message."""
    return str(call.body["messages"][-1]["content"]) if call.body else ""


@contextmanager
def outside_world(listed: Sequence[InventedPaper], **options: Any) -> Iterator[sandbox.World]:
    """The stand-ins, knowing these papers; the list holds them if they are ten."""
    weeks = [("(November 9 - November 15) - 2026", listed)] if len(listed) == 10 else []
    with sandbox.running(list_text=list_text(*weeks), recorded=recorded(listed), **options) as outside:
        yield outside


@contextmanager
def on_stage(outside: sandbox.World, sessions: Sessions) -> Iterator[Stage]:
    """A stage on fresh logs; at its end every armed fault must have happened."""
    model, upstream = outside.model, outside.upstream
    model.calls.clear()
    model.faults.clear()
    upstream.requests.clear()
    claude = Claude(sandbox.MODEL_KEY, base_url=str(outside.settings["anthropic_base_url"]))
    with httpx.Client(trust_env=False) as http:
        try:
            yield Stage(outside, sessions, claude, http)
        finally:
            claude.close()
            model.latency_s = 0.0
    assert not model.unfired(), "an armed fault of the model never happened"
    assert not upstream.unfired, "an armed fault of an upstream never happened"
