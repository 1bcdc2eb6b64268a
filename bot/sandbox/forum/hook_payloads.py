"""Bodies of webhooks: snapshots seen with the system's eyes, whispers and personal messages included.

Facts: discourse/discourse `app/serializers/web_hook_{post,topic_view,user}_serializer.rb`, `app/models/web_hook.rb`.
"""

from typing import Any

from bot.sandbox.forum.state import Post, State, Topic, User
from bot.sandbox.forum.times import stamp
from bot.sandbox.forum.views import View, basic_user

_POST_FIELDS = """
    id name username avatar_template created_at cooked post_number post_type updated_at reply_count
    reply_to_post_number quote_count incoming_link_count reads score topic_id topic_slug display_username
    primary_group_name flair_name version user_title moderator admin staff user_id hidden trust_level deleted_at
    user_deleted edit_reason wiki reviewable_id reviewable_score_count reviewable_score_pending_count raw post_url
    action_code
"""
_TOPIC_FIELDS = """
    id title fancy_title slug posts_count created_at views reply_count like_count last_posted_at visible closed
    archived archetype category_id word_count deleted_at user_id featured_link pinned_globally pinned_at pinned_until
    unpinned pinned highest_post_number deleted_by has_deleted bookmarked participant_count thumbnails tags
    external_id is_shared_draft destination_category_id
"""


def _system(state: State) -> View:
    return View(state, state.mode, state.users[-1])


def post_body(post: Post, state: State) -> dict[str, Any]:
    """What a `post` event tells: the author, never the editor, and no likes."""
    topic = state.topics[post.topic_id]
    view = _system(state)
    seen = view.post(post, raw=True)
    answered = state.posted(topic.id, post.reply_to_post_number)
    category = state.categories.get(topic.category_id)
    body = {name: seen[name] for name in _POST_FIELDS.split() if name in seen}
    body |= {
        "topic_title": topic.title,
        "topic_archetype": topic.archetype,
        "topic_posts_count": seen["posts_count"],
        "topic_filtered_posts_count": seen["posts_count"],
        "category_id": category.id if category else None,
        "category_slug": category.slug if category else None,
    }
    if answered is not None:
        author = state.users[answered.user_id]
        body["reply_to_user"] = {k: v for k, v in basic_user(author).items() if k != "id"}
    return body


def topic_body(topic: Topic, state: State) -> dict[str, Any]:
    """What a `topic` event tells: no posts, hence no raw."""
    seen = _system(state).topic(topic, raw=False)
    body = {name: seen[name] for name in _TOPIC_FIELDS.split() if name in seen}
    return body | {"created_by": seen["details"]["created_by"], "last_poster": seen["details"]["last_poster"]}


def like_body(post: Post, by: User, state: State) -> dict[str, Any]:
    """What a `like` event tells."""
    return {"post": post_body(post, state), "user": basic_user(by)}


def user_body(user: User) -> dict[str, Any]:
    """What a `user` event tells, the address included."""
    return {
        **basic_user(user),
        "email": user.email,
        "secondary_emails": list(user.secondary_emails),
        "created_at": stamp(user.created_at),
        "active": user.active,
        "admin": user.admin,
        "moderator": user.moderator,
        "trust_level": user.trust_level,
        "staged": user.staged,
        "user_option": {
            "user_id": user.id,
            "email_digests": user.email_digests,
            "digest_after_minutes": user.digest_after_minutes,
            "mailing_list_mode": user.mailing_list_mode,
        },
    }
