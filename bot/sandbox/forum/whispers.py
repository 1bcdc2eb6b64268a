"""Whispers: posts for staff only, closed to everybody until a setting opens them.

They take a post number, are missing from the count of posts, do not bump, and a reply to one is one.
Facts: discourse/discourse `app/models/user.rb` (whisperer?), `lib/guardian/post_guardian.rb`, `app/models/topic.rb`.
"""

from bot.sandbox.forum.groups import groups_of
from bot.sandbox.forum.state import Post, State, User

WHISPER = 4


def may_whisper(user: User | None, state: State) -> bool:
    """Whether this user writes and sees whispers.

    2022: staff, if `enable_whispers` is on. Now: admins and the members of the allowed groups, once there are such.
    """
    if user is None:
        return False
    if state.mode == "2022":
        return state.settings.enable_whispers and user.staff
    allowed = state.settings.whispers_allowed_groups
    return bool(allowed) and (user.admin or not set(allowed).isdisjoint(groups_of(user)))


def is_whisper(asked_for: bool, answered: Post | None) -> bool:
    """Whether a new reply is a whisper: asked for, or an answer to one."""
    return asked_for or (answered is not None and answered.post_type == WHISPER)
