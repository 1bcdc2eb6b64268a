"""Pages for a person: the start page, topics as readers see them, the raw text. Whoever looks is the moderator."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.forum import drafts
from bot.sandbox.forum.forum import Forum
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import Post, Topic, User

TopicJson = Callable[[Topic, User | None, Mapping[str, Any]], Response]

_SEOUL = ZoneInfo("Asia/Seoul")
# The ones that occur; any other is shown by its code.
_GLYPHS = {
    "slight_smile": "🙂",
    "smile": "😄",
    "smiley": "😃",
    "wink": "😉",
    "frowning": "😦",
    "cry": "😢",
    "heart": "❤️",
    "+1": "👍",
    "tada": "🎉",
    "rocket": "🚀",
    "fire": "🔥",
    "robot": "🤖",
    "kr": "🇰🇷",
    "thinking": "🤔",
    "speech_balloon": "💬",
    "books": "📚",
    "eyes": "👀",
    "memo": "📝",
    "bulb": "💡",
    "link": "🔗",
    "warning": "⚠️",
    "page_facing_up": "📄",
    "scroll": "📜",
    "star": "⭐",
    "pray": "🙏",
}


def _korean_time(at: dt.datetime) -> str:
    local = at.astimezone(_SEOUL)
    return f"{local.year}년 {local.month}월 {local.day}일 {local:%H:%M}"


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_templates.filters["korean_time"] = _korean_time


def page_routes(forum: Forum, topic_json: TopicJson) -> list[BaseRoute]:
    """The addresses of pages.

    Args:
        topic_json: answers a topic's address for those who accept JSON only.
    """
    pages = _Pages(forum, topic_json)
    return [
        Route("/", pages.start),
        Route("/t/{topic_id:int}", pages.topic),
        Route("/t/{slug}/{topic_id:int}", pages.topic),
        Route("/t/{slug}/{topic_id:int}/{post_number:int}", pages.topic),
        Route("/t/{topic_id:int}/{post_number:int}/raw", pages.raw),
        Route("/t/{topic_id:int}/publish", pages.publish, methods=["POST"]),
        Route("/images/emoji/{emoji_set}/{name}.png", pages.emoji),
    ]


class _Pages:
    def __init__(self, forum: Forum, topic_json: TopicJson) -> None:
        self._forum = forum
        self._topic_json = topic_json

    def _moderator(self) -> User:
        return next(u for u in self._forum.state.users.values() if u.moderator and u.id > 0)

    def _show(self, template: str, status: int = 200, **values: Any) -> Response:
        state = self._forum.state
        shared = {"settings": state.settings, "users": state.users, "categories": state.categories}
        return HTMLResponse(_templates.get_template(template).render(shared | values), status)

    def _find(self, request: Request) -> Topic:
        return self._forum.visible_topic(self._moderator(), request.path_params["topic_id"])

    async def start(self, request: Request) -> Response:  # noqa: ARG002
        forum = self._forum
        with forum.lock:
            topics = sorted(forum.topics, key=lambda t: (t.bumped_at, t.id), reverse=True)
            return self._show(
                "start.html",
                drafts=[t for t in topics if t.draft_destination is not None],
                topics=[t for t in topics if t.draft_destination is None],
                counts={t.id: len(forum.posts(t.id)) for t in topics},
            )

    async def topic(self, request: Request) -> Response:
        forum = self._forum
        with forum.lock:
            try:
                topic = self._find(request)
            except Refusal:
                return self._show("missing.html", 404)
            if "application/json" in request.headers.get("accept", ""):
                # Without a key nobody is known: only what the public sees.
                try:
                    return self._topic_json(forum.visible_topic(None, topic.id), None, request.query_params)
                except Refusal:
                    return Response(None, 404)
            if request.path_params.get("slug") != topic.slug:
                return RedirectResponse(f"/t/{topic.slug}/{topic.id}", 302)
            limbo = drafts.is_limbo(topic, forum.state)
            return self._show("topic.html", topic=topic, posts=forum.posts(topic.id), limbo=limbo)

    async def raw(self, request: Request) -> Response:
        with self._forum.lock:
            try:
                topic = self._find(request)
            except Refusal:
                return self._show("missing.html", 404)
            post = self._numbered(topic, request.path_params["post_number"])
            return self._show("raw.html", topic=topic, post=post) if post else self._show("missing.html", 404)

    def _numbered(self, topic: Topic, number: int) -> Post | None:
        return next((p for p in self._forum.posts(topic.id) if p.post_number == number), None)

    async def publish(self, request: Request) -> Response:
        forum = self._forum
        with forum.lock:
            try:
                topic = self._find(request)
                # The button of a page opened before somebody else published must not publish again.
                if topic.draft_destination is not None:
                    forum.publish(self._moderator(), topic.id, topic.draft_destination)
            except Refusal as refusal:
                return self._show("missing.html", refusal.status)
            return RedirectResponse(f"/t/{topic.slug}/{topic.id}", 303)

    async def emoji(self, request: Request) -> Response:
        name = request.path_params["name"]
        glyph = _GLYPHS.get(name)
        if glyph is None:
            return Response(None, 404)
        picture = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
            f'<text x="10" y="16" font-size="16" text-anchor="middle">{glyph}</text></svg>'
        )
        return Response(picture, media_type="image/svg+xml")
