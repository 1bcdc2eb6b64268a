"""Quotes in a raw: `[quote="NAME, post:N, topic:T"]`, in any order and with parts missing.

Facts: discourse/discourse `frontend/discourse-markdown-it/src/features/quotes.js`.
"""

import re
from typing import NamedTuple

_OPEN = re.compile(r"^\[quote=(?:\"|&quot;|“|”)?([^\]\"“”]*)(?:\"|&quot;|“|”)?\]\s*$", re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


class Quoted(NamedTuple):
    """Which post is quoted; 0 where the quote does not say."""

    post_number: int
    topic_id: int


def quoted_posts(raw: str) -> list[Quoted]:
    """The posts that a raw quotes; quotes inside code fences are none."""
    found: list[Quoted] = []
    for opening in _OPEN.finditer(_FENCE.sub("", raw)):
        parts = dict(part.strip().split(":", 1) for part in opening[1].split(",") if ":" in part)
        number, topic = parts.get("post", "").strip(), parts.get("topic", "").strip()
        found.append(Quoted(int(number) if number.isdecimal() else 0, int(topic) if topic.isdecimal() else 0))
    return found
