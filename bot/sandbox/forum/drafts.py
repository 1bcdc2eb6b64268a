"""Shared drafts: created into the drafts category with a destination, published by a move that rewrites times.

Facts: discourse/discourse `app/models/shared_draft.rb`, `lib/topic_creator.rb`, `lib/topic_publisher.rb`.
"""

import datetime as dt
from collections.abc import Callable

from bot.sandbox.forum.state import State, Topic


def is_limbo(topic: Topic, state: State) -> bool:
    """In the drafts category without a draft record: published by name only, and nobody sees it."""
    return (
        topic.archetype == "regular"
        and topic.draft_destination is None
        and topic.category_id == state.settings.shared_drafts_category
    )


def publish(
    topic: Topic, destination_id: int, state: State, now: dt.datetime, *, moves: bool, moved: Callable[[], None]
) -> None:
    """Make a topic public in `destination_id`, as the native button does.

    Whether it is a draft is not checked: a second publish rewrites the times and deletes the history again. The first
    post's revisions go and its version falls back to 1; later posts keep theirs and move by the same time difference,
    but never beyond now.

    Args:
        moves: whether the category change succeeds. If not, nobody looks: all the rest happens, and the topic is in
            limbo.
        moved: called after the category change and before the draft record goes, which is when events are made.
    """
    posts = state.posts_of(topic.id)
    shift = now - topic.created_at
    topic.created_at = topic.bumped_at = now
    for post in posts:
        if post.post_number == 1:
            post.created_at = now
        else:
            post.created_at = min(post.created_at + shift, now)
    topic.visible = True
    if moves:
        topic.category_id = destination_id
        moved()
    topic.draft_destination = None
    topic.publish_at = topic.publish_to = None
    for post in posts:
        if post.post_number == 1:
            post.revisions.clear()
            post.version = 1
            post.grace_raw = post.grace_until = None
            post.last_version_at = now
