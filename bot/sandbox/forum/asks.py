"""What all endpoints share: a request with its user and parameters, and answers in JSON."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.forum import keys, refusals
from bot.sandbox.forum.forum import Forum
from bot.sandbox.forum.params import read_params
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import ApiKey, User
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

    def path_text(self, name: str) -> str:
        """A word from the address."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int | None:
        """A parameter of digits; anything else counts as absent."""
        value = str(self.params.get(name))
        return int(value) if value.isdecimal() else None

    def text(self, name: str) -> str | None:
        """A parameter as text; None if it was not sent."""
        value = self.params.get(name)
        return None if value is None else str(value)


Act = Callable[[Ask], Response]
Row = tuple[str, str, str, Act]
"""Method, address, the name told in `X-Discourse-Route`, and what answers."""


class Endpoints:
    """Some of the endpoints of one forum."""

    def __init__(self, forum: Forum) -> None:
        self.forum = forum

    def table(self) -> list[Row]:
        """The addresses; the more special one stands first."""
        raise NotImplementedError

    def routes(self) -> list[Route]:
        """The table as routes."""
        return [Route(path, self.endpoint(act, name), methods=[method]) for method, path, name, act in self.table()]

    def endpoint(self, act: Act, name: str) -> Endpoint:
        """`act` with what stands around every call: parameters, key, limiter, refusals, headers."""

        async def endpoint(request: Request) -> Response:
            try:
                params = await read_params(request)
                with self.forum.lock:
                    ask = self._identify(request, params)
                    if ask.user is None and request.method != "GET":
                        raise refusals.not_logged_in(self.forum.texts)
                    self.forum.run_timers()
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

    def view(self, ask: Ask) -> View:
        """The forum as the caller sees it."""
        return View(self.forum.state, self.forum.mode, ask.user)

    def user(self, ask: Ask) -> User:
        """The caller.

        Raises:
            Refusal: 403 for a visitor.
        """
        if ask.user is None:
            raise refusals.not_logged_in(self.forum.texts)
        return ask.user

    def admin(self, ask: Ask) -> User:
        """The caller, an admin; for others these addresses do not exist.

        Raises:
            Refusal: 404.
        """
        if ask.user is None or not ask.user.admin:
            raise refusals.not_found(self.forum.texts)
        return ask.user
