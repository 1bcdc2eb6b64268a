"""Changing the time of a topic: all its posts move along, none beyond now.

Facts: discourse/discourse `app/services/topic_timestamp_changer.rb`.
"""

import datetime as dt

from bot.sandbox.forum.state import State, Topic


def change_timestamp(topic: Topic, at: dt.datetime, state: State, now: dt.datetime) -> bool:
    """Set the topic's time to `at`; False, and nothing changed, if that lies in the future."""
    if at > now:
        return False
    shift = at - topic.created_at
    topic.created_at = at
    posts = state.posts_of(topic.id)
    for post in posts:
        post.created_at = at if post.post_number == 1 else min(post.created_at + shift, now)
    regular = [p.created_at for p in posts if p.deleted_at is None and p.post_type != 4]
    topic.bumped_at = max(regular, default=at)
    return True
