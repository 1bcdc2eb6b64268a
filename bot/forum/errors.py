"""What the forum's refusals and faults mean for the caller, as classes of the error tree.

    TransientError
    └── LostAnswerError    a write was sent and its answer never came: look it up, then send again if it is not there
    RejectedError
    ├── ForbiddenError     403: key, scope or user
    ├── NotFoundError      404, 410: not there, or not for this user's eyes
    ├── RefusedError       400, 422 and the like; `errors` holds the forum's own words
    └── UnreadableAnswerError   JSON without the fields we need: another forum version, or not a forum
    ConflictError          409: the text on the forum is not the one the change was made from

The forum writes its error texts in the site's or the user's language, so nothing here compares them: status,
`error_type`, `extras` and headers decide. Source of the shapes: Discourse `app/controllers/application_controller.rb`
and `lib/json_error.rb`, read from June 2022 and 2023-26 copies.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.errors import BotError, ConflictError, RejectedError, TransientError

SHOWN_CHARACTERS = 200


class LostAnswerError(TransientError):
    """A write left us and its answer did not arrive, so it may have happened.

    Transient and not doubtful, because it can be looked up: a topic by its external id, a reply by its token, an edit
    by reading the post. A job that always looks before it acts only has to run again.
    """


class ForbiddenError(RejectedError):
    """The key, its scopes or its user do not allow this call (the forum answers all of them alike)."""


class NotFoundError(RejectedError):
    """The object does not exist, is deleted, or is hidden from our user."""


class RefusedError(RejectedError):
    """The forum's validation refused the content.

    Attributes:
        errors: the forum's own sentences, in its language; to be shown, never to be compared.
        status: the HTTP status, usually 422 or 400.
    """

    def __init__(self, message: str, *, errors: tuple[str, ...] = (), status: int = 422) -> None:
        super().__init__(message)
        self.errors = errors
        self.status = status


class UnreadableAnswerError(RejectedError):
    """A successful answer lacks a field we cannot do without."""


@dataclass(frozen=True)
class Sent:
    """The request an error is about, as far as a message may show it.

    Attributes:
        method: the HTTP verb.
        path: the path without query.
        user: the forum user we speak as.
    """

    method: str
    path: str
    user: str

    @property
    def writes(self) -> bool:
        """Whether the call may have changed the forum."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_json(response: httpx.Response) -> Any:
    """The decoded body, or None where the body is not JSON (HTML of a proxy, plain text, nothing).

    The body decides, not the content type: some answers of the forum carry none.
    """
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def unanswered(sent: Sent, reason: str) -> TransientError:
    """A call whose answer never came or cannot be understood: lost if it was a write, else simply to be repeated."""
    if sent.writes:
        return LostAnswerError(f"the forum's answer to {sent} was lost ({reason}): look it up before sending it again")
    return TransientError(f"the forum did not answer {sent} ({reason}): try again later")


def transport_error(error: httpx.HTTPError, sent: Sent) -> TransientError:
    """What a fault below HTTP means: without a connection nothing was sent, after it anything may have happened."""
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return TransientError(
            f"the forum cannot be reached for {sent} ({reason}): check its address, or try again later"
        )
    return unanswered(sent, reason)


def error_in(response: httpx.Response, sent: Sent) -> BotError | None:
    """The error an answer stands for, or None for a success.

    An empty body is a success here; whether content was needed is known only to the caller.
    """
    status = response.status_code
    body = read_json(response)
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    if status == 429:
        return _slow_down(response, fields, sent)
    if status >= 500:
        return _server_fault(status, fields, sent)
    if status == 408:
        return unanswered(sent, "status 408")
    if status >= 400:
        return _refusal(status, body, fields, sent)
    if status >= 300:
        return RejectedError(
            f"the forum answers {sent} by pointing to {_location(response)}: "
            "set the forum's address to the one it uses itself (https or http, with or without www)"
        )
    return _fault_in_success(response, body, fields, sent)


def _fault_in_success(
    response: httpx.Response, body: Any, fields: Mapping[str, Any], sent: Sent
) -> RefusedError | TransientError | None:
    if "failed" in fields:
        return TransientError(f"the forum says that {sent} failed, without a reason: try again later")
    errors = _error_texts(fields)
    if errors:
        return RefusedError(_refused(sent, response.status_code, errors), errors=errors, status=response.status_code)
    if body is None and response.content.strip():
        return unanswered(sent, "something else than JSON came back")
    return None


def _slow_down(response: httpx.Response, fields: Mapping[str, Any], sent: Sent) -> TransientError:
    delays = [delay for delay in (_wait_seconds(fields), _retry_after(response)) if delay is not None]
    limiter = response.headers.get("Discourse-Rate-Limit-Error-Code", "unnamed limiter")
    delay = max(delays, default=None)
    when = "later" if delay is None else f"in {delay:g} s"
    return TransientError(f"the forum's rate limit ({limiter}) stopped {sent}: try again {when}", retry_after_s=delay)


def _server_fault(status: int, fields: Mapping[str, Any], sent: Sent) -> TransientError:
    if fields.get("error_type") == "read_only":
        # Refused before anything is written, so nothing is in doubt.
        return TransientError(f"the forum is in read-only mode, {sent} was not done: try again later")
    return unanswered(sent, f"status {status}")


def _refusal(status: int, body: Any, fields: Mapping[str, Any], sent: Sent) -> BotError:
    errors = _error_texts(fields)
    if status in (401, 403):
        return ForbiddenError(
            f"the forum forbids {sent}{_quoted(errors)}: check that the API key is valid and not revoked, "
            f'that its scopes cover this call, and that the user "{sent.user}" is active and may do this'
        )
    if status in (404, 410) and body is None:
        # The forum answers such calls in JSON, so this page comes from something in front of it.
        return TransientError(
            f"{sent} met a page that is not the forum's ({status}): check the address or try again later"
        )
    if status in (404, 410):
        return NotFoundError(
            f"the forum has no such thing ({sent}), or hides it from the user "
            f'"{sent.user}": check the id and the user\'s rights'
        )
    if status == 409:
        return ConflictError(f"the text on the forum changed before {sent}: read it again, merge, then send")
    return RefusedError(_refused(sent, status, errors), errors=errors, status=status)


def _refused(sent: Sent, status: int, errors: tuple[str, ...]) -> str:
    return f"the forum refused {sent} ({status}){_quoted(errors)}: change what it complains about, then submit again"


def _quoted(errors: tuple[str, ...]) -> str:
    return f", saying: {' '.join(errors)}" if errors else ""


def _error_texts(fields: Mapping[str, Any]) -> tuple[str, ...]:
    found = fields.get("errors")
    if isinstance(found, str):
        return (found,)
    return tuple(str(text) for text in found) if isinstance(found, list) else ()


def _wait_seconds(fields: Mapping[str, Any]) -> float | None:
    extras = fields.get("extras")
    value = extras.get("wait_seconds") if isinstance(extras, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _retry_after(response: httpx.Response) -> float | None:
    """`Retry-After` in seconds; a date counts from the answer's own `Date`, so our clock does not matter."""
    value = response.headers.get("Retry-After", "").strip()
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    until, since = http_date(value), http_date(response.headers.get("Date", ""))
    return max(0.0, (until - since).total_seconds()) if until and since else None


def http_date(value: str) -> datetime | None:
    """The time of a header such as `Date`; None if it is none."""
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None


def _location(response: httpx.Response) -> str:
    """Where a redirect points, without its query."""
    return str(response.headers.get("Location", "nowhere")).split("?")[0]
