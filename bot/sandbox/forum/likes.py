"""Likes: never of one's own post, never twice, undone within ten minutes.

Facts: discourse/discourse `app/controllers/post_actions_controller.rb`, `lib/guardian/post_guardian.rb`, settings
`post_undo_action_window_mins` and `max_likes_per_day`.
"""

import datetime as dt

from bot.sandbox.forum.state import Post, State, Topic, User

LIKE = 2
UNDO_MINUTES = 10


def may_like(user: User, post: Post, topic: Topic) -> bool:
    """Whether a like would be taken."""
    open_topic = not topic.archived and topic.deleted_at is None and post.deleted_at is None
    return open_topic and user.id != post.user_id and user.id not in post.likes


def may_undo(user: User, post: Post, now: dt.datetime) -> bool:
    """Whether a like is young enough to be taken back."""
    at = post.likes.get(user.id)
    return at is not None and (now - at) <= dt.timedelta(minutes=UNDO_MINUTES)


def allowance(user: User, state: State, now: dt.datetime) -> tuple[int, int]:
    """How many likes are left today, and how many a day has; staff have no end, but are told the same."""
    factor = {2: 1.5, 3: 2.0, 4: 3.0}.get(user.trust_level, 1.0)
    most = int(state.settings.max_likes_per_day * factor)
    day_ago = now - dt.timedelta(days=1)
    used = sum(user.id in p.likes and p.likes[user.id] > day_ago for p in state.posts.values())
    return max(0, most - used), most


def summary(user: User | None, post: Post, topic: Topic) -> list[dict[str, object]]:
    """`actions_summary`: entry 2 is absent where there is nothing to tell."""
    entry: dict[str, object] = {"id": LIKE}
    if post.likes:
        entry["count"] = len(post.likes)
    if user is not None and user.id in post.likes:
        entry |= {"acted": True, "can_undo": True}
    if user is not None and may_like(user, post, topic):
        entry["can_act"] = True
    return [entry] if len(entry) > 1 else []
