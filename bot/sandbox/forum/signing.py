"""Headers of a webhook request, its signature among them.

Facts: discourse/discourse `app/services/web_hook_emitter.rb`, `app/jobs/regular/emit_web_hook_event.rb`.
"""

import hashlib
import hmac

from bot.sandbox.forum.state import Mode

VERSIONS: dict[Mode, str] = {"now": "2026.8.0-latest", "2022": "2.9.0.beta4"}
_CONTENT_TYPES = {1: "application/json", 2: "application/x-www-form-urlencoded"}


def signature(secret: str, body: bytes) -> str:
    """`sha256=` and the HMAC over the raw bytes of the body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def headers_for(
    *,
    mode: Mode,
    instance: str,
    event_id: int,
    event_type: str,
    event: str,
    body: bytes,
    secret: str,
    content_type: int = 1,
) -> dict[str, str]:
    """All headers; without a secret there is no signature, not an empty one.

    Args:
        instance: the forum's own address.
        content_type: 1 or 2; the body is JSON in both.
    """
    headers = {
        "Accept": "*/*",
        "Connection": "close",
        "Content-Type": _CONTENT_TYPES[content_type],
        "User-Agent": f"Discourse/{VERSIONS[mode]}",
        "X-Discourse-Instance": instance,
        "X-Discourse-Event-Id": str(event_id),
        "X-Discourse-Event-Type": event_type,
        "X-Discourse-Event": event,
    }
    if secret.strip():
        headers["X-Discourse-Event-Signature"] = signature(secret, body)
    return headers
