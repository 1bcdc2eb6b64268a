"""`/posts.json`: the newest posts of the site, in windows of fifty.

Now the window holds fifty posts before an id. In 2022 it spans fifty ids, so that a page may be empty while older posts
exist. Facts: discourse/discourse `app/controllers/posts_controller.rb` (latest), `lib/latest_posts_query.rb`.
"""

from bot.sandbox.forum import sight
from bot.sandbox.forum.state import Post, State, User

WINDOW = 50
REGULAR = 1


def latest_posts(user: User | None, state: State, before: int | None) -> list[Post]:
    """One page, newest first.

    Args:
        before: posts with smaller ids (now), or the 50 ids up to and with this one (2022); None starts at the newest.
    """
    if state.mode == "now":
        found = [p for p in state.posts.values() if before is None or p.id < before]
        shown = [p for p in found if p.post_type == REGULAR and _public(user, p, state)]
    else:
        newest = before if before is not None and before > 0 else max(state.posts, default=0)
        found = [p for p in state.posts.values() if newest - WINDOW < p.id <= newest]
        shown = [p for p in found if _public(user, p, state)]
    return sorted(shown, key=lambda p: p.id, reverse=True)[:WINDOW]


def _public(user: User | None, post: Post, state: State) -> bool:
    """No deleted posts, no personal messages, no unlisted topics, nothing this user cannot see."""
    topic = state.topics[post.topic_id]
    return (
        post.deleted_at is None
        and topic.deleted_at is None
        and topic.archetype == "regular"
        and topic.visible
        and sight.sees_topic(user, topic, state)
        and sight.sees_post(user, post, state)
    )
