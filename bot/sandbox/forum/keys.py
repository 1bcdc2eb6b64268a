"""API keys: one and the same 403 for a wrong key, a foreign name and a missing scope.

Facts: discourse/discourse `lib/auth/default_current_user_provider.rb`, `app/models/api_key_scope.rb`.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.forum.refusals import invalid_access
from bot.sandbox.forum.state import ApiKey, Mode, State, User

_TOPIC = r"/t/(\d+|[^/]+/\d+|\d+/posts)\.json"
_LISTS = r"/(latest|c/.+/l/(latest|new|top))\.json"
_TOPIC_EDIT = [r"PUT /t/[^/]+/\d+\.json", r"PUT /t/\d+\.json"]
# Scope to the requests it opens. None opens deletion, publication, single posts or raw text.
_SCOPES: dict[str, list[str]] = {
    "topics:write": [r"POST /posts\.json"],
    "topics:update": _TOPIC_EDIT,
    "topics:read": [f"GET {_TOPIC}"],
    "topics:read_lists": [f"GET {_LISTS}"],
    "posts:edit": [r"PUT /posts/\d+\.json"],
    "categories:list": [r"GET /categories\.json"],
    "categories:show": [r"GET /c/\d+/show\.json"],
    "uploads:create": [r"POST /uploads\.json"],
    "users:list": [r"GET /admin/users/list/[^/]+\.json"],
    "users:show": [r"GET /u/[^/]+\.json", r"GET /admin/users/\d+\.json"],
    "users:check_emails": [r"GET /u/[^/]+/emails\.json"],
    "users:update": [r"PUT /u/[^/]+\.json"],
    "wordpress:publishing": [r"GET /site\.json", r"POST /posts\.json", f"GET {_TOPIC}", *_TOPIC_EDIT],
    "global:read": [r"GET /.*"],
}
_NEWER: dict[str, list[str]] = {
    "topics:read": [f"GET {_TOPIC}", r"GET /t/external_id/[^/]+\.json"],
    "topics:update": [*_TOPIC_EDIT, r"PUT /t/\d+/status(\.json)?"],
    "posts:list": [r"GET /posts\.json"],
    "revisions:read": [r"GET /posts/\d+/revisions/(latest|\d+)\.json"],
    "tags:list": [r"GET /tags\.json"],
    "search:show": [r"GET /search\.json"],
}
_ALWAYS = r"GET /session/scopes\.json"


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def known_scopes(mode: Mode) -> dict[str, list[str]]:
    """The catalogue: scope to the patterns of `METHOD /path` it opens."""
    return {**_SCOPES, **_NEWER} if mode == "now" else _SCOPES


def scope_covers(key: ApiKey, method: str, path: str, mode: Mode) -> bool:
    """Whether the key's scopes open this request; a key without scopes opens all."""
    request = f"{method} {path}"
    if key.scopes is None or re.fullmatch(_ALWAYS, request):
        return True
    catalogue = known_scopes(mode)
    return any(re.fullmatch(pattern, request) for scope in key.scopes for pattern in catalogue.get(scope, []))


def authenticate(
    state: State, mode: Mode, texts: Mapping[str, str], *, key: str, username: str, method: str, path: str
) -> tuple[User, ApiKey]:
    """Who is asking.

    Args:
        username: the `Api-Username` header, empty if it was not sent; any case.

    Raises:
        Refusal: 403 `invalid_access`, whatever is wrong.
    """
    found = next((k for k in state.keys if k.digest == digest(key) and not k.revoked), None)
    if found is None:
        raise invalid_access(texts)
    if found.username and username and username.lower() != found.username.lower():
        raise invalid_access(texts)
    user = state.user_named(found.username or username)
    if user is None or user.suspended or not scope_covers(found, method, path, mode):
        raise invalid_access(texts)
    return user, found


def show_scopes(key: ApiKey, mode: Mode) -> dict[str, Any]:
    """The answer of `GET /session/scopes.json`; an empty list is a global key."""
    catalogue = known_scopes(mode)
    scopes = []
    for scope in key.scopes or []:
        resource, _, name = scope.partition(":")
        scopes.append({"resource": resource, "key": name, "urls": catalogue.get(scope, [])})
    return {"scopes": scopes}
