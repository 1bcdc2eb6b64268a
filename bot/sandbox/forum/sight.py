"""Who sees and may do what. No user means a visitor without an account.

Facts: discourse/discourse `lib/guardian/topic_guardian.rb`, `lib/guardian/post_guardian.rb`.
"""

from bot.sandbox.forum.groups import groups_of
from bot.sandbox.forum.state import Category, Post, State, Topic, User
from bot.sandbox.forum.whispers import WHISPER, may_whisper


def permission(user: User | None, category: Category) -> int | None:
    """1 create, 2 reply, 3 see, None nothing."""
    if user is not None and user.admin:
        return 1
    mine = groups_of(user)
    levels = [level for group, level in category.permissions.items() if group in mine]
    if not levels:
        return None
    return min(levels) if user is not None else 3


def topic_permission(user: User | None, topic: Topic, state: State) -> int | None:
    """The same for a topic: that of its category, or 1 for everybody who takes part in a personal message."""
    if topic.archetype == "private_message":
        inside = user is not None and (user.admin or user.id in topic.allowed_user_ids)
        return 1 if inside else None
    return permission(user, state.categories[topic.category_id])


def sees_category(user: User | None, category: Category) -> bool:
    """Whether the category exists for this user."""
    return permission(user, category) is not None


def may_create_in(user: User | None, category: Category) -> bool:
    """Whether this user may open topics there."""
    return permission(user, category) == 1


def may_use_shared_drafts(user: User | None, state: State) -> bool:
    """Whether this user may see, create and publish shared drafts, if the site has them switched on."""
    settings = state.settings
    on = settings.shared_drafts_category in state.categories
    return on and settings.staff_may_share_drafts and user is not None and user.staff


def sees_topic(user: User | None, topic: Topic, state: State) -> bool:
    """Deleted topics exist for staff only; shared drafts only for those who may use them."""
    if topic.deleted_at is not None and not (user and user.staff):
        return False
    if topic.draft_destination is not None and not may_use_shared_drafts(user, state):
        return False
    return topic_permission(user, topic, state) is not None


def sees_post(user: User | None, post: Post, state: State) -> bool:
    """Deleted posts exist for staff only, whispers for those who may whisper."""
    if post.post_type == WHISPER and not may_whisper(user, state):
        return False
    return post.deleted_at is None or (user is not None and user.staff)


def sees_history(user: User | None, post: Post, state: State) -> bool:
    """Whether this user sees the revisions: staff, the author, or everybody if the site shows them."""
    mine = user is not None and (user.staff or user.id == post.user_id)
    return mine or state.settings.edit_history_visible_to_public


def may_edit(user: User | None, author_id: int) -> bool:
    """Staff and level 4 edit everything, others their own."""
    return user is not None and (user.staff or user.trust_level >= 4 or user.id == author_id)
