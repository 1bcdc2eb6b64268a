"""Edits of a post: when a new version arises, and when the last one is quietly written over.

Facts: discourse/discourse `lib/post_revisor.rb`, `app/controllers/posts_controller.rb` (update).
"""

import datetime as dt

from bot.sandbox.forum.state import Post, Revision, Settings, User


def _difference(before: str, after: str) -> int:
    """About how many characters changed: what lies between the common start and the common end."""
    start = 0
    for a, b in zip(before, after, strict=False):
        if a != b:
            break
        start += 1
    end = 0
    for a, b in zip(reversed(before[start:]), reversed(after[start:]), strict=False):
        if a != b:
            break
        end += 1
    return max(len(before), len(after)) - start - end


def makes_version(post: Post, editor: User, raw: str, reason: str | None, settings: Settings, now: dt.datetime) -> bool:
    """Whether this edit counts as a new version: other editor, grace period over, big change or a new reason."""
    trusted = editor.staff or editor.trust_level >= 2
    allowed = settings.editing_grace_period_max_diff_high_trust if trusted else settings.editing_grace_period_max_diff
    return (
        editor.id != post.last_editor_id
        or (now - post.last_version_at).total_seconds() > settings.editing_grace_period_s
        or _difference(post.raw, raw) > allowed
        or (reason is not None and reason != post.edit_reason)
    )


def apply_edit(
    post: Post, editor: User, raw: str, cooked: str, reason: str | None, settings: Settings, now: dt.datetime
) -> None:
    """Write `raw` into the post; the reason is kept only with a new version."""
    if makes_version(post, editor, raw, reason, settings, now):
        post.version += 1
        post.revisions.append(Revision(post.version, editor.id, now, reason, post.raw, raw))
        post.edit_reason = reason
        post.last_version_at = now
    elif post.revisions:
        post.revisions[-1].after = raw
    post.raw, post.cooked = raw, cooked
    post.updated_at = now
    post.last_editor_id = editor.id
