"""What the forum says instead of an answer: one exception, and a constructor for each shape it takes.

Shapes: discourse/discourse `app/controllers/application_controller.rb`, `lib/json_error.rb`,
`app/serializers/new_post_result_serializer.rb`.
"""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):  # noqa: N818 - an answer the forum means, not a failure of it
    """The request is not fulfilled.

    Attributes:
        status: the HTTP status.
        body: JSON as a mapping, text as a string, or None for nothing.
        headers: extra response headers.
    """

    def __init__(
        self, status: int, body: Mapping[str, Any] | str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def errors(status: int, *messages: str, error_type: str = "", extras: Mapping[str, Any] | None = None) -> Refusal:
    """The usual body: `errors`, and `error_type` and `extras` where the case has them."""
    body: dict[str, Any] = {"errors": list(messages)}
    if error_type:
        body["error_type"] = error_type
    if extras:
        body["extras"] = dict(extras)
    return Refusal(status, body)


def create_refused(messages: list[str]) -> Refusal:
    """A post or topic that breaks rules: 422 without a type."""
    return Refusal(422, {"action": "create_post", "errors": messages})


def invalid_access(texts: Mapping[str, str]) -> Refusal:
    """Wrong key, foreign name, missing scope or missing right: all the same 403."""
    return errors(403, texts["invalid_access"], error_type="invalid_access")


def not_logged_in(texts: Mapping[str, str]) -> Refusal:
    """A write without a key."""
    return errors(403, texts["not_logged_in"], error_type="not_logged_in")


def not_found(texts: Mapping[str, str], *, topic: bool = False) -> Refusal:
    """Absent or hidden; topics add what a page would show."""
    extras = {"title": texts["not_found"], "html": "<div class='page-not-found'></div>", "group": None}
    return errors(404, texts["not_found"], error_type="not_found", extras=extras if topic else None)


def invalid_parameters(texts: Mapping[str, str], name: str) -> Refusal:
    """A value that cannot be, or (so it is) a missing right to `shared_draft` and `no_bump`."""
    return errors(400, texts["invalid_parameters"].format(name=name), error_type="invalid_parameters")


def missing_parameter(texts: Mapping[str, str], name: str) -> Refusal:
    """A required parameter is absent."""
    return errors(400, texts["missing_parameter"].format(name=name))


def rate_limited(texts: Mapping[str, str], wait_s: int, *, code: str = "", newer: bool = True) -> Refusal:
    """A limiter inside the application: JSON, with the code header only if that limiter has a code."""
    extras: dict[str, Any] = {"wait_seconds": wait_s}
    if newer:
        extras["time_left"] = texts["time_left"].format(wait=wait_s)
    refusal = errors(429, texts["rate_limit"].format(wait=wait_s), error_type="rate_limit", extras=extras)
    refusal.headers["Retry-After"] = str(wait_s)
    if code:
        refusal.headers["Discourse-Rate-Limit-Error-Code"] = code
    return refusal
