"""The forum over HTTP: JSON for programs, pages for people, and what stands before them."""

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.sandbox.forum import refusals
from bot.sandbox.forum.api_admin import AdminEndpoints
from bot.sandbox.forum.api_posts import PostEndpoints
from bot.sandbox.forum.api_site import SiteEndpoints
from bot.sandbox.forum.api_topics import TopicEndpoints
from bot.sandbox.forum.asks import Ask, Endpoints, as_refusal
from bot.sandbox.forum.forum import Forum
from bot.sandbox.forum.gate import Gate
from bot.sandbox.forum.pages import page_routes


def build_app(forum: Forum) -> ASGIApp:
    """The whole application."""
    topics = TopicEndpoints(forum)
    parts: list[Endpoints] = [PostEndpoints(forum), topics, SiteEndpoints(forum), AdminEndpoints(forum)]
    routes: list[BaseRoute] = [route for part in parts for route in part.routes()]
    routes += page_routes(forum, topics.topic_json)
    routes.append(_last(topics))
    return Gate(forum, Starlette(routes=routes), as_refusal)


def _last(part: Endpoints) -> Route:
    """Everything else is not found."""

    def unknown(ask: Ask) -> Response:  # noqa: ARG001
        raise refusals.not_found(part.forum.texts)

    every = ["GET", "POST", "PUT", "DELETE"]
    return Route("/{path:path}", part.endpoint(unknown, "exceptions/not_found"), methods=every)
