"""The forum's JSON over HTTP: which address does what, with which parameters.

Facts: discourse/discourse `config/routes.rb`, `app/controllers/{topics,posts,list,site,session}_controller.rb`.
"""

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.sandbox.forum import keys, refusals, sight, tags
from bot.sandbox.forum.booleans import means_yes
from bot.sandbox.forum.forum import Forum
from bot.sandbox.forum.gate import Gate
from bot.sandbox.forum.pages import page_routes
from bot.sandbox.forum.params import read_params
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import ApiKey, Topic, User
from bot.sandbox.forum.views import View

JSON = "application/json; charset=utf-8"  # exactly so: clients compare it

Endpoint = Callable[[Request], Awaitable[Response]]


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body, ensure_ascii=False), status, dict(headers or {}), media_type=JSON)


def as_refusal(refusal: Refusal) -> Response:
    """A refusal as the answer it stands for."""
    if refusal.body is None:
        return Response(None, refusal.status, refusal.headers)
    if isinstance(refusal.body, str):
        return Response(refusal.body, refusal.status, refusal.headers)
    return as_json(refusal.body, refusal.status, refusal.headers)


class Ask:
    """One API request: who asks, with which parameters."""

    def __init__(self, request: Request, user: User | None, key: ApiKey | None, params: dict[str, Any]) -> None:
        self.request = request
        self.user = user
        self.key = key
        self.params = params

    def path_int(self, name: str) -> int:
        """A number from the address."""
        return int(self.request.path_params[name])

    def number(self, name: str) -> int | None:
        """A parameter of digits; anything else counts as absent."""
        value = str(self.params.get(name))
        return int(value) if value.isdecimal() else None

    def text(self, name: str) -> str | None:
        """A parameter as text; None if it was not sent."""
        value = self.params.get(name)
        return None if value is None else str(value)


def build_app(forum: Forum) -> ASGIApp:
    """The whole application."""
    api = Api(forum)
    routes: list[BaseRoute] = [*api.routes(), *page_routes(forum, api.topic_json), *api.last_routes()]
    return Gate(forum, Starlette(routes=routes), as_refusal)


class Api:
    """The endpoints of one forum."""

    def __init__(self, forum: Forum) -> None:
        self.forum = forum

    def routes(self) -> list[BaseRoute]:
        """All JSON addresses; the more special one stands first."""
        table: list[tuple[str, str, str, Callable[[Ask], Response]]] = [
            ("POST", "/posts.json", "posts/create", self.create_post),
            ("POST", "/posts", "posts/create", self.create_post),
            ("GET", "/posts/{post_id:int}.json", "posts/show", self.show_post),
            ("PUT", "/posts/{post_id:int}.json", "posts/update", self.update_post),
            ("GET", "/t/external_id/{external_id}.json", "topics/show_by_external_id", self.by_external_id),
            ("GET", "/t/{topic_id:int}/posts.json", "topics/posts", self.topic_posts),
            ("GET", "/t/{topic_id:int}/post_ids.json", "topics/post_ids", self.topic_post_ids),
            ("PUT", "/t/{topic_id:int}/recover.json", "topics/recover", self.recover_topic),
            ("PUT", "/t/{topic_id:int}/publish.json", "topics/publish", self.publish_topic),
            ("PUT", "/t/{topic_id:int}/status", "topics/status", self.topic_status),
            ("PUT", "/t/{topic_id:int}/status.json", "topics/status", self.topic_status),
            ("GET", "/t/{topic_id:int}.json", "topics/show", self.show_topic),
            ("PUT", "/t/{topic_id:int}.json", "topics/update", self.update_topic),
            ("DELETE", "/t/{topic_id:int}.json", "topics/destroy", self.delete_topic),
            ("GET", "/t/{slug}/{topic_id:int}.json", "topics/show", self.show_topic),
            ("PUT", "/t/{slug}/{topic_id:int}.json", "topics/update", self.update_topic),
            ("GET", "/raw/{topic_id:int}/{post_number:int}", "posts/markdown_num", self.raw_post),
            ("GET", "/latest.json", "list/latest", self.latest),
            ("GET", "/c/{slug}/{category_id:int}/l/latest.json", "list/category_latest", self.category_latest),
            ("GET", "/c/{slug}/{category_id:int}.json", "list/category_default", self.category_latest),
            ("GET", "/c/{category_id:int}/show.json", "categories/show", self.show_category),
            ("GET", "/categories.json", "categories/index", self.categories),
            ("GET", "/tags.json", "tags/index", self.tag_list),
            ("GET", "/site.json", "site/site", self.site),
            ("GET", "/site/basic-info.json", "site/basic_info", self.basic_info),
            ("GET", "/site/settings.json", "site/settings", self.client_settings),
            ("GET", "/about.json", "about/index", self.about),
            ("GET", "/session/scopes.json", "session/scopes", self.scopes),
            ("GET", "/u/{username}.json", "users/show", self.show_user),
        ]
        return [Route(path, self._endpoint(act, name), methods=[method]) for method, path, name, act in table]

    def last_routes(self) -> list[BaseRoute]:
        """Everything else is not found."""
        every = ["GET", "POST", "PUT", "DELETE"]
        return [Route("/{path:path}", self._endpoint(self.unknown, "exceptions/not_found"), methods=every)]

    def _endpoint(self, act: Callable[[Ask], Response], name: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                params = await read_params(request)
                with self.forum.lock:
                    ask = self._identify(request, params)
                    if ask.user is None and request.method != "GET":
                        raise refusals.not_logged_in(self.forum.texts)
                    response = act(ask)
                    response.headers["X-Discourse-Route"] = name
                    if ask.user is not None:
                        response.headers["X-Discourse-Username"] = ask.user.username
                    return response
            except Refusal as refusal:
                return as_refusal(refusal)

        return endpoint

    def _identify(self, request: Request, params: dict[str, Any]) -> Ask:
        """Check the key, then count the request: refused keys cost nothing, refused requests do."""
        forum = self.forum
        key = request.headers.get("api-key")
        if key is None:
            return Ask(request, None, None, params)
        user, found = keys.authenticate(
            forum.state,
            forum.mode,
            forum.texts,
            key=key,
            username=request.headers.get("api-username", ""),
            method=request.method,
            path=request.url.path,
        )
        forum.limiter.count(forum.now(), forum.settings, forum.mode, forum.texts)
        return Ask(request, user, found, params)

    def _view(self, ask: Ask) -> View:
        return View(self.forum.state, self.forum.mode, ask.user)

    def _user(self, ask: Ask) -> User:
        if ask.user is None:
            raise refusals.not_logged_in(self.forum.texts)
        return ask.user

    # --- posts -------------------------------------------------------------------------------------------------------

    def create_post(self, ask: Ask) -> Response:
        """A new topic, a shared draft or a reply; remembered for 120 seconds."""
        forum, params, user = self.forum, ask.params, self._user(ask)
        raw = ask.text("raw")
        if not raw:
            raise refusals.missing_parameter(forum.texts, "raw")
        shared_draft = means_yes(params.get("shared_draft"), forum.mode)
        if shared_draft and not sight.may_use_shared_drafts(user, forum.state):
            raise refusals.invalid_parameters(forum.texts, "shared_draft")
        if params.get("category") not in (None, "") and ask.number("category") is None:
            raise refusals.invalid_parameters(forum.texts, "category")

        def create() -> dict[str, Any]:
            topic_id = ask.number("topic_id")
            try:
                created_at = _time(ask.text("created_at"))
            except ValueError as error:
                raise refusals.invalid_parameters(forum.texts, "created_at") from error
            if topic_id is not None:
                post = forum.reply(
                    user,
                    topic_id=topic_id,
                    raw=raw,
                    reply_to_post_number=ask.number("reply_to_post_number"),
                    created_at=created_at,
                )
            else:
                post = forum.create_topic(
                    user,
                    title=ask.text("title") or "",
                    raw=raw,
                    category_id=ask.number("category"),
                    tag_names=tags.wanted_names(params.get("tags"), forum.state, forum.mode),
                    external_id=ask.text("external_id"),
                    shared_draft=shared_draft,
                    created_at=created_at,
                )
            return self._view(ask).written_post(post)

        client = ask.request.client
        memo_key = (
            user.id,
            json.dumps(params, sort_keys=True, default=str),
            client.host if client else "",
            ask.request.headers.get("user-agent", ""),
        )
        answer = forum.memo.answer(memo_key, forum.now(), create)
        if means_yes(params.get("nested_post"), "now"):
            return as_json({"success": True, "action": "create_post", "post": answer})
        return as_json(answer)

    def show_post(self, ask: Ask) -> Response:
        """One post, with raw."""
        post = self.forum.visible_post(ask.user, ask.path_int("post_id"))
        return as_json(self._view(ask).post(post, raw=True))

    def update_post(self, ask: Ask) -> Response:
        """Edit; without `post[raw]` the new raw is empty, hence refused."""
        given = ask.params.get("post")
        if not isinstance(given, Mapping):
            raise refusals.missing_parameter(self.forum.texts, "post")
        raw_old = given.get("raw_old")
        if raw_old in (None, "") and self.forum.mode == "now":
            raw_old = given.get("original_text")
        post = self.forum.edit_post(
            self._user(ask),
            ask.path_int("post_id"),
            str(given.get("raw") or ""),
            reason=given.get("edit_reason") or None,
            raw_old=str(raw_old) if raw_old else None,
        )
        return as_json({"post": self._view(ask).written_post(post)})

    def raw_post(self, ask: Ask) -> Response:
        """A post's Markdown and nothing else."""
        topic = self.forum.visible_topic(ask.user, ask.path_int("topic_id"))
        for post in self._view(ask).posts(topic):
            if post.post_number == ask.path_int("post_number"):
                return PlainTextResponse(post.raw)
        raise refusals.not_found(self.forum.texts)

    # --- topics ------------------------------------------------------------------------------------------------------

    def _topic(self, ask: Ask) -> Topic:
        return self.forum.visible_topic(ask.user, ask.path_int("topic_id"))

    def show_topic(self, ask: Ask) -> Response:
        """A topic; under a wrong slug a redirect to the right one. Any value of `include_raw` counts, even `false`."""
        topic = self._topic(ask)
        slug = ask.request.path_params.get("slug")
        if slug is not None and slug != topic.slug:
            return self._redirect(ask, topic)
        return self.topic_json(topic, ask.user, ask.params)

    def topic_json(self, topic: Topic, user: User | None, params: Mapping[str, Any]) -> Response:
        """A topic as JSON."""
        page = int(params["page"]) if str(params.get("page", "")).isdigit() else 1
        view = View(self.forum.state, self.forum.mode, user)
        return as_json(view.topic(topic, raw="include_raw" in params, page=page))

    def by_external_id(self, ask: Ask) -> Response:
        """A redirect to the topic. 2022 forgets the query on the way."""
        topic = self.forum.topic_by_external_id(ask.request.path_params["external_id"])
        if topic is None:
            raise refusals.not_found(self.forum.texts, topic=True)
        self.forum.visible_topic(ask.user, topic.id)
        return self._redirect(ask, topic)

    def _redirect(self, ask: Ask, topic: Topic) -> Response:
        kept = {k: v for k, v in ask.params.items() if k == "include_raw" and self.forum.mode == "now"}
        query = f"?{urlencode(kept)}" if kept else ""
        address = ask.request.url.replace(path=f"/t/{topic.slug}/{topic.id}.json", query="")
        target = f"{str(address).removesuffix('?')}{query}"
        if self.forum.mode == "now":
            return RedirectResponse(target, 301)
        body = f'<html><body>You are being <a href="{target}">redirected</a>.</body></html>'
        return Response(body, 301, {"Location": target}, media_type="text/html; charset=utf-8")

    def topic_posts(self, ask: Ask) -> Response:
        """Chosen posts; unknown and foreign ids drop out silently. Without ids the first twenty."""
        topic, view = self._topic(ask), self._view(ask)
        posts = view.posts(topic)
        wanted = ask.params.get("post_ids")
        if isinstance(wanted, list):
            numbers = {str(number) for number in wanted}
            posts = [p for p in posts if str(p.id) in numbers]
        else:
            posts = posts[:20]
        stream = view.post_stream(posts, raw="include_raw" in ask.params)
        return as_json({"post_stream": {"posts": stream}, "id": topic.id})

    def topic_post_ids(self, ask: Ask) -> Response:
        """The ids of the posts after a number."""
        topic = self._topic(ask)
        after = ask.number("post_number") or 0
        return as_json({"post_ids": [p.id for p in self._view(ask).posts(topic) if p.post_number > after]})

    def update_topic(self, ask: Ask) -> Response:
        """Flat parameters only: a nested `topic` object is not looked at."""
        forum, params = self.forum, ask.params
        topic = self._topic(ask)
        if forum.mode == "now":
            title, names = ask.text("original_title"), params.get("original_tags")
            stale = title is not None and title != topic.title
            if names is not None:
                stale |= sorted(tags.wanted_names(names, forum.state, forum.mode)) != sorted(topic.tags)
            if stale:
                raise refusals.errors(409, forum.texts["edit_conflict"])
        sent_tags = params.get("tags")
        topic = forum.edit_topic(
            self._user(ask),
            topic.id,
            title=ask.text("title"),
            category_id=ask.number("category_id"),
            tag_names=None if sent_tags is None else tags.wanted_names(sent_tags, forum.state, forum.mode),
        )
        answer = self._view(ask).basic_topic(topic)
        if sent_tags is not None and forum.mode == "now":
            answer["tags"] = tags.show_tags(topic.tags, forum.state, forum.mode)
        return as_json({"basic_topic": answer})

    def delete_topic(self, ask: Ask) -> Response:
        """Soft delete; success is empty."""
        self.forum.delete_topic(self._user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def recover_topic(self, ask: Ask) -> Response:
        """Undo a soft delete; success is empty."""
        self.forum.recover_topic(self._user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def topic_status(self, ask: Ask) -> Response:
        """`PUT /t/ID/status` for `visible`, the only status that is asked for here."""
        if ask.text("status") != "visible":
            raise refusals.invalid_parameters(self.forum.texts, "status")
        self.forum.set_visible(self._user(ask), ask.path_int("topic_id"), ask.text("enabled") == "true")
        return as_json({"success": "OK", "topic_status_update": None})

    def publish_topic(self, ask: Ask) -> Response:
        """The native publication of a shared draft."""
        destination = ask.number("destination_category_id")
        if destination is None:
            raise refusals.missing_parameter(self.forum.texts, "destination_category_id")
        topic = self.forum.publish(self._user(ask), ask.path_int("topic_id"), destination)
        return as_json({"basic_topic": self._view(ask).basic_topic(topic)})

    # --- lists, categories, tags, users, site ------------------------------------------------------------------------

    def latest(self, ask: Ask) -> Response:
        """The latest topics."""
        return as_json(self._view(ask).topic_list(None, page=ask.number("page") or 0, order=ask.text("order") or ""))

    def category_latest(self, ask: Ask) -> Response:
        """The latest topics of a category."""
        category = self.forum.state.categories.get(ask.path_int("category_id"))
        if category is None or not sight.sees_category(ask.user, category):
            raise refusals.not_found(self.forum.texts)
        order = ask.text("order") or ""
        return as_json(self._view(ask).topic_list(category, page=ask.number("page") or 0, order=order))

    def show_category(self, ask: Ask) -> Response:
        """A category with its permissions."""
        category = self.forum.state.categories.get(ask.path_int("category_id"))
        if category is None:
            raise refusals.not_found(self.forum.texts)
        if not sight.sees_category(ask.user, category):
            raise refusals.invalid_access(self.forum.texts)
        return as_json(self._view(ask).category_details(category))

    def categories(self, ask: Ask) -> Response:
        """All categories the caller sees."""
        return as_json(self._view(ask).category_list())

    def tag_list(self, ask: Ask) -> Response:
        """All tags."""
        return as_json(self._view(ask).tag_list())

    def site(self, ask: Ask) -> Response:
        """What the site is like for the caller."""
        return as_json(self._view(ask).site())

    def basic_info(self, ask: Ask) -> Response:
        """Name and language of the site."""
        return as_json(self._view(ask).basic_info())

    def client_settings(self, ask: Ask) -> Response:
        """The settings a browser is told."""
        return as_json(self._view(ask).client_settings())

    def about(self, ask: Ask) -> Response:
        """Version and staff."""
        return as_json(self._view(ask).about())

    def scopes(self, ask: Ask) -> Response:
        """What the caller's key opens."""
        if ask.key is None:
            raise refusals.not_logged_in(self.forum.texts)
        return as_json(keys.show_scopes(ask.key, self.forum.mode))

    def show_user(self, ask: Ask) -> Response:
        """One account."""
        user = self.forum.state.user_named(ask.request.path_params["username"])
        if user is None:
            raise refusals.not_found(self.forum.texts)
        return as_json(self._view(ask).user_details(user, self.forum.now()))

    def unknown(self, ask: Ask) -> Response:  # noqa: ARG002
        """No such address."""
        raise refusals.not_found(self.forum.texts)


def _time(text: str | None) -> dt.datetime | None:
    if not text:
        return None
    parsed = dt.datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
