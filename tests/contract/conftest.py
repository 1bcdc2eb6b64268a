"""The partners of the contract: the stand-in in both its modes, and a real forum if the environment names one."""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.forum.answers import Post
from bot.forum.discourse import Discourse
from bot.sandbox.forum import Forum
from bot.sandbox.server import serve

TEXT = "이번 주에는 긴 문맥을 싸게 다루는 방법이 여럿 나왔습니다. 두 논문은 캐시를 줄입니다."

_VARIABLES = ("CONTRACT_FORUM_URL", "CONTRACT_FORUM_KEY", "CONTRACT_FORUM_USER", "CONTRACT_FORUM_CATEGORY")
Partner = Literal["now", "2022", "real"]


class PatientTransport(httpx.HTTPTransport):
    """Waits out a real forum's rate limit, for a suite of more calls than a minute allows; the adapter never waits."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send until the answer is not a 429."""
        while True:
            response = super().handle_request(request)
            if response.status_code != 429:
                return response
            response.read()
            time.sleep(float(response.headers.get("Retry-After", "15")) + 1)


@dataclass
class World:
    """One partner, the adapter connected to it, and what the test made there.

    Attributes:
        partner: which one.
        discourse: the adapter under test.
        category_id: a destination for drafts.
        forum: the stand-in seen from inside; None for a real forum.
        mark: a random word that keeps titles and keys of two runs apart.
        made: the topics to delete in the end.
    """

    partner: Partner
    discourse: Discourse
    category_id: int
    forum: Forum | None = None
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    made: list[int] = field(default_factory=list)

    def stand_in(self, why: str) -> Forum:
        """The stand-in, for what cannot be arranged in a real forum; skips there."""
        if self.forum is None:
            pytest.skip(f"not against a real forum: {why}")
        return self.forum

    def key(self, name: str = "week") -> str:
        """An external id of this test."""
        return f"contract-{self.mark}-{name}"

    def title(self, text: str = "이번 주에 읽은 논문") -> str:
        """A title nobody else uses."""
        return f"{text} {self.mark}"

    def draft(
        self, *, title: str | None = None, raw: str = TEXT, tags: Sequence[str] = (), key: str | None = None
    ) -> Post:
        """A shared draft, created through the adapter."""
        post = self.discourse.create_shared_draft(
            title=title or self.title(),
            raw=raw,
            destination_category_id=self.category_id,
            tags=tags,
            external_id=key or self.key(),
        )
        assert isinstance(post, Post)
        self.made.append(post.topic_id)
        return post

    def clean_up(self) -> None:
        """Delete what the test made, found by key too if an answer got lost."""
        for topic_id in self.made:
            if not self.discourse.topic(topic_id).deleted:
                self.discourse.delete_topic(topic_id)


@pytest.fixture(params=["now", "2022", *(["real"] if os.environ.get(_VARIABLES[0]) else [])])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each partner in turn."""
    partner: Partner = request.param
    if partner == "real":
        yield from _real_world()
    else:
        yield from _sandbox_world(partner, request.getfixturevalue("stage"))


class Stage:
    """One server for all tests, with each test's own forum on it: starting a server costs more than most tests."""

    def __init__(self) -> None:
        self.url = ""
        self.forum: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the forum of the day."""
        assert self.forum is not None
        await self.forum(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The server, up for the whole session."""
    shown = Stage()
    with serve(shown) as url:
        shown.url = url
        yield shown


def _sandbox_world(mode: Literal["now", "2022"], stage: Stage) -> Iterator[World]:
    forum = Forum(mode=mode)
    forum.settings.admin_api_requests_per_minute = None
    forum.add_user("paperbot", moderator=True, trust_level=4)
    key = forum.add_api_key("paperbot")
    stage.forum = forum.app()
    with Discourse(stage.url, username="paperbot", api_key=key, timeout_s=5) as discourse:
        yield World(mode, discourse, forum.papers_category.id, forum)


def _real_world() -> Iterator[World]:
    absent = [name for name in _VARIABLES if not os.environ.get(name)]
    if absent:
        pytest.fail(f"{', '.join(absent)} not set, see tests/contract/README.md")
    url, key, user, category = (os.environ[name] for name in _VARIABLES)
    with Discourse(url, username=user, api_key=key, transport=PatientTransport()) as discourse:
        world = World("real", discourse, int(category))
        try:
            yield world
        finally:
            world.clean_up()
