"""Notifications: who is told of a post, an edit or a like.

Facts: discourse/discourse `app/services/post_alerter.rb`, `app/models/notification.rb` (types).
"""

import datetime as dt
import re
from typing import Any

from bot.sandbox.forum import sight
from bot.sandbox.forum.quotes import quoted_posts
from bot.sandbox.forum.state import Notification, Post, State, User
from bot.sandbox.forum.times import stamp

MENTIONED, REPLIED, QUOTED, EDITED, LIKED, POSTED = 1, 2, 3, 4, 5, 9
PAGE = 60
_MENTION = re.compile(r"(?<![\w`@/])@([\w.\-]*\w)")
_CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]*`|\[quote.*?\[/quote\]", re.MULTILINE | re.DOTALL)


def of_new_post(post: Post, state: State) -> dict[int, int]:
    """Account to kind of notification; each is told once, of what concerns it most."""
    told: dict[int, int] = {}
    topic = state.topics[post.topic_id]
    for name in _MENTION.findall(_CODE.sub("", post.raw)):
        user = state.user_named(name)
        if user is not None and user.id > 0:
            told.setdefault(user.id, MENTIONED)
    answered = state.posted(topic.id, post.reply_to_post_number)
    if answered is not None:
        told.setdefault(answered.user_id, REPLIED)
    for quoted in quoted_posts(post.raw):
        known = state.posted(quoted.topic_id or topic.id, quoted.post_number)
        if known is not None:
            told.setdefault(known.user_id, QUOTED)
    if post.post_number > 1:
        told.setdefault(topic.user_id, POSTED)
    told.pop(post.user_id, None)
    return {
        number: kind
        for number, kind in told.items()
        if sight.sees_topic(state.users[number], topic, state) and sight.sees_post(state.users[number], post, state)
    }


def tell(user_id: int, kind: int, post: Post, by: User, state: State, now: dt.datetime) -> None:
    """Add one notification."""
    state.notifications.append(Notification(state.next_id("notification"), user_id, kind, post.id, by.id, now))


def show(user: User, state: State) -> dict[str, Any]:
    """The answer of `/notifications.json`, newest first."""
    mine = [n for n in reversed(state.notifications) if n.user_id == user.id]
    return {
        "notifications": [_show_one(n, state) for n in mine[:PAGE]],
        "total_rows_notifications": len(mine),
        "seen_notification_id": 0,
        "load_more_notifications": f"/notifications?offset={PAGE}&username={user.username}",
    }


def _show_one(notification: Notification, state: State) -> dict[str, Any]:
    post = state.posts[notification.post_id]
    topic = state.topics[post.topic_id]
    by = state.users[notification.by_user_id]
    return {
        "id": notification.id,
        "user_id": notification.user_id,
        "notification_type": notification.kind,
        "read": notification.read,
        "high_priority": False,
        "created_at": stamp(notification.created_at),
        "post_number": post.post_number,
        "topic_id": topic.id,
        "fancy_title": topic.title,
        "slug": topic.slug,
        "data": {
            "topic_title": topic.title,
            "original_post_id": post.id,
            "original_post_type": post.post_type,
            "original_username": by.username,
            "display_username": by.username,
        },
    }
