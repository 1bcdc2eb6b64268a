"""The outside world on one machine: forum, model and upstream lists, each a stand-in that speaks the real protocol.

Used by the demo and by tests. Production code gets addresses and keys as from any other environment and cannot tell.
"""

import dataclasses
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from bot.sandbox import daily_list
from bot.sandbox.forum import Forum
from bot.sandbox.forum.state import Mode
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.mailbox import running as running_mailbox
from bot.sandbox.model import ModelStandIn
from bot.sandbox.recorded import Translations
from bot.sandbox.server import serve
from bot.sandbox.talks import as_recorded
from bot.sandbox.upstream import (
    ARXIV_BASE_PATH,
    HUGGINGFACE_BASE_PATH,
    LIST_PATH,
    UpstreamStandIn,
    read_recorded,
    stand_in_papers,
)
from bot.sandbox.works import CROSSREF_PATH, DOI_PATH, SEMANTIC_SCHOLAR_PATH, WorksStandIn
from bot.sandbox.youtube import YouTubeStandIn, read_video

SAMPLE = Path(__file__).parent / "sample"
SAMPLE_PERIOD = "2026-11-09"
SAMPLE_DAY = "2026-11-10"
SAMPLE_TALK = "TideWater-1"
BOT_USER = "paperbot"
MODERATOR = "sujin"
READERS = ("minji", "jiho")
MODEL_KEY = "sandbox-model-key"
FORUM_PORT, WEB_PORT, MAILS_PORT = 4290, 4291, 4292
"""Where a person finds the demo's forum, its readers' pages and their mails; other free ports if these are in use."""


@dataclass(frozen=True, slots=True)
class World:
    """The running stand-ins, and what to set so that paperbot meets them."""

    forum: Forum
    model: ModelStandIn
    upstream: UpstreamStandIn
    works: WorksStandIn
    youtube: YouTubeStandIn
    settings: Mapping[str, Any]

    @property
    def forum_url(self) -> str:
        """Where a person opens the forum."""
        return str(self.settings["forum_url"])

    def send_webhooks_to(self, url: str, secret: str) -> int:
        """Have the forum tell this address, and no other any more, of posts and topics; the webhook's id."""
        self.forum.webhooks.instance = self.forum_url
        with self.forum.writing():
            self.forum.state.web_hooks.clear()  # a saved forum still knows where the bot was last time
        return self.forum.add_web_hook(url, secret=secret, events=("post", "topic")).id

    def bot_post_count(self) -> int:
        """How many posts and whispers of the bot there are."""
        with self.forum.lock:
            bot = self.forum.state.user_named(BOT_USER)
            assert bot is not None
            return sum(post.user_id == bot.id for post in self.forum.state.posts.values())


@contextmanager
def running(
    *,
    list_text: str | None = None,
    recorded: Sequence[Mapping[str, Any]] | None = None,
    days: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    forum_file: Path | None = None,
    forum_port: int = 0,
    mode: Mode = "now",
    latency_s: float = 0.0,
    follows_suggestions: bool = True,
) -> Iterator[World]:
    """Start the stand-ins on loopback; they stop at the end of the block.

    Args:
        list_text: the weekly list; default: the sample week's.
        recorded: a paper a mapping (see `recorded.py`); default: the sample week's.
        days: entries of the daily list by date; default: the recorded papers of arXiv on `SAMPLE_DAY`.
        forum_file: where the forum keeps its state between runs; None: in memory only.
        forum_port: 0 takes a free one; another that is in use is replaced by a free one.
        latency_s: how long the model takes for an answer.
        follows_suggestions: whether the model mends sentences; False keeps recorded Korean as it was recorded.
    """
    if list_text is None:
        list_text = (SAMPLE / "list.md").read_text(encoding="utf-8")
    introduction = None
    judgements: list[dict[str, str]] = []
    if recorded is None:
        recorded = read_recorded(SAMPLE / "week.jsonl")
        introduction = json.loads((SAMPLE / "introduction.json").read_text(encoding="utf-8"))
        judgements = json.loads((SAMPLE / "judgements.json").read_text(encoding="utf-8"))
    talk = json.loads((SAMPLE / "talk.json").read_text(encoding="utf-8"))
    forum = Forum(mode=mode, state_file=forum_file)
    forum.allow_whispers()
    forum.add_user(BOT_USER, moderator=True, trust_level=4, full_name="paperbot")
    forum.add_user(MODERATOR, moderator=True, trust_level=4, full_name="수진")
    for reader, name in zip(READERS, ("민지", "지호"), strict=True):
        forum.add_user(reader, trust_level=1, full_name=name)
    key = forum.add_api_key(BOT_USER)
    model = ModelStandIn(
        Translations([*recorded, *as_recorded(talk)]),
        introduction=introduction,
        judgements=judgements,
        talks=[talk],
        follows_suggestions=follows_suggestions,
        latency_s=latency_s,
        api_key=MODEL_KEY,
    )
    if days is None:
        days = {SAMPLE_DAY: daily_list.entries_of(dataclasses.asdict(paper) for paper in stand_in_papers(recorded))}
    upstream = UpstreamStandIn(list_text, recorded, days=days)
    works = WorksStandIn()
    youtube = YouTubeStandIn([read_video(SAMPLE / "talk.json")])
    with ExitStack() as stack:
        forum_url = stack.enter_context(_serve(forum.app(), forum_port))
        model_url = stack.enter_context(serve(model))
        upstream_url = stack.enter_context(serve(upstream))
        works_url = stack.enter_context(serve(works))
        youtube_url = stack.enter_context(serve(youtube))
        settings = {
            "forum_url": forum_url,
            "forum_api_user": BOT_USER,
            "forum_api_key": key,
            "weekly_category_id": forum.papers_category.id,
            "talk_category_id": forum.papers_category.id,
            "anthropic_api_key": MODEL_KEY,
            "anthropic_base_url": model_url,
            "daily_category_id": forum.papers_category.id,
            "huggingface_url": f"{upstream_url}{HUGGINGFACE_BASE_PATH}",
            "crossref_url": f"{works_url}{CROSSREF_PATH}",
            "doi_url": f"{works_url}{DOI_PATH}",
            "semantic_scholar_url": f"{works_url}{SEMANTIC_SCHOLAR_PATH}",
            "read_pages": False,
            "dair_list": f"{upstream_url}{LIST_PATH}",
            "arxiv_url": f"{upstream_url}{ARXIV_BASE_PATH}",
            "youtube_url": youtube_url,
            "contact": "sandbox@localhost",
        }
        yield World(forum, model, upstream, works, youtube, settings)


@dataclass(frozen=True, slots=True)
class Mails:
    """The running mail server, and what to set so that paperbot hands its mails in there."""

    mailbox: Mailbox
    url: str
    settings: Mapping[str, Any]


@contextmanager
def receiving_mail() -> Iterator[Mails]:
    """Start a mail server and the pages to read its mails on; they stop at the end of the block."""
    mailbox = Mailbox()
    with running_mailbox(mailbox) as smtp_port, _serve(mailbox.app(), MAILS_PORT) as url:
        web_port = _free_port(WEB_PORT)
        settings = {
            "digest_from": "digest@news.sandbox.test",
            "digest_contact": "샌드박스, sandbox@localhost",
            "digest_secrets": "sandbox-digest-secret-of-forty-letters-x",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp_port,
            "smtp_security": "none",
            "web_port": web_port,
            "public_url": f"http://127.0.0.1:{web_port}",
        }
        yield Mails(mailbox, url, settings)


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            return int(one.getsockname()[1])
    raise RuntimeError("no port is free")


@contextmanager
def _serve(app: ASGIApp, port: int) -> Iterator[str]:
    try:
        server = serve(app, port=port)
        url = server.__enter__()
    except OSError:
        server = serve(app)
        url = server.__enter__()
    try:
        yield url
    finally:
        server.__exit__(None, None, None)
