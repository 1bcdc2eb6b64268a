"""What the forum itself does to a raw after a while: remote images become its own, a full quote is cut out.

Facts: discourse/discourse `app/jobs/regular/pull_hotlinked_images.rb`, `lib/cooked_post_processor.rb`
(remove_full_quote_on_direct_reply).
"""

import hashlib
import re

from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.state import Post, State

IMAGES_AFTER_S = 301
_IMAGE = re.compile(r"(!\[[^\]]*\]\()https?://[^\s)]+((?:\s+\"[^\"]*\")?\))")
_TAG = re.compile(r"<[^>]+>")
_LEADING_QUOTE = re.compile(r"\A\s*\[quote[^\]]*\].*?\[/quote\]", re.IGNORECASE | re.DOTALL)
_ANY_QUOTE = re.compile(r"\[quote[^\]]*\]", re.IGNORECASE)


def with_own_images(raw: str) -> str:
    """`raw` with the addresses of remote images replaced by short ones of uploads."""

    def own(found: re.Match[str]) -> str:
        name = hashlib.sha1(found[0].encode(), usedforsecurity=False).hexdigest()[:27]
        return f"{found[1]}upload://{name}.png{found[2]}"

    return _IMAGE.sub(own, raw)


def without_full_quote(post: Post, state: State) -> str:
    """The raw of a reply without its quote, if that repeats the whole post right above; otherwise as it is."""
    earlier = [
        p
        for p in state.posts_of(post.topic_id)
        if p.post_number < post.post_number and p.post_type == 1 and p.deleted_at is None
    ]
    found = _LEADING_QUOTE.match(post.raw)
    if post.post_number == 1 or not earlier or found is None or len(_ANY_QUOTE.findall(post.raw)) != 1:
        return post.raw
    inside = re.sub(r"\A\s*\[quote[^\]]*\]|\[/quote\]\Z", "", found[0], flags=re.IGNORECASE)
    if _words(cook(inside.strip())) != _words(earlier[-1].cooked):
        return post.raw
    return post.raw[found.end() :].strip() or post.raw


def _words(cooked: str) -> list[str]:
    return _TAG.sub(" ", cooked).split()
