"""Edits of a post: when a new version arises, and when the last one is quietly written over.

An edit may change the post, its topic (title, tags, category), or both; all of it is one revision of the first post.
Facts: discourse/discourse `lib/post_revisor.rb`, `app/controllers/posts_controller.rb` (update).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.sandbox.forum.state import Post, Revision, Settings, User

FieldValue = str | int | list[str] | None


@dataclass(frozen=True)
class Edit:
    """What a request asks for.

    Attributes:
        raw: the new raw; None leaves it alone.
        reason: kept only with a new version.
        fields: what changes of the topic: name to the value before and the one after.
    """

    raw: str | None = None
    reason: str | None = None
    fields: Mapping[str, tuple[FieldValue, FieldValue]] = field(default_factory=dict)


def changed_characters(before: str, after: str, *, at_most: int) -> int:
    """Characters inserted plus characters deleted by the shortest edit; counting stops beyond `at_most`."""
    if before == after:
        return 0
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    a, b = before[start:], after[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if not a or not b:
        return len(a) + len(b)
    if abs(len(a) - len(b)) > at_most:
        return at_most + 1
    furthest = {1: 0}  # diagonal to the furthest place reached with so many changes
    for changes in range(at_most + 1):
        for diagonal in range(-changes, changes + 1, 2):
            down, right = furthest.get(diagonal + 1, -1), furthest.get(diagonal - 1, -1)
            x = down if diagonal == -changes or (diagonal != changes and right < down) else right + 1
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            if x >= len(a) and x - diagonal >= len(b):
                return changes
    return at_most + 1


def _grace_raw(post: Post, now: dt.datetime) -> str:
    """The raw that differences are measured from: the one before the first edit of this grace period."""
    fresh = post.grace_raw is not None and post.grace_until is not None and now < post.grace_until
    return post.grace_raw if fresh and post.grace_raw is not None else post.raw


def makes_version(post: Post, editor: User, edit: Edit, settings: Settings, now: dt.datetime) -> bool:
    """Whether this edit counts as a new version: other editor, grace period over, big change or a new reason."""
    trusted = editor.staff or editor.trust_level >= 2
    allowed = settings.editing_grace_period_max_diff_high_trust if trusted else settings.editing_grace_period_max_diff
    before = _grace_raw(post, now)
    return (
        editor.id != post.last_editor_id
        or (now - post.last_version_at).total_seconds() > settings.editing_grace_period_s
        or (edit.raw is not None and changed_characters(before, edit.raw, at_most=allowed) > allowed)
        or (edit.reason is not None and edit.reason != post.edit_reason)
    )


def apply_edit(
    post: Post,
    editor: User,
    edit: Edit,
    cooked: str,
    settings: Settings,
    now: dt.datetime,
    *,
    force_version: bool = False,
) -> bool:
    """Write the edit into the post and tell whether a new version arose.

    Args:
        cooked: the HTML of the new raw.
        force_version: even within the grace period.
    """
    raw = post.raw if edit.raw is None else edit.raw
    fresh = force_version or makes_version(post, editor, edit, settings, now)
    if fresh:
        post.version += 1
        before = _grace_raw(post, now) if raw != post.raw else raw
        post.revisions.append(Revision(post.version, editor.id, now, edit.reason, before, raw, dict(edit.fields)))
        post.edit_reason = edit.reason
        post.last_version_at = now
        post.grace_raw = post.grace_until = None
    else:
        if post.grace_raw is None or (post.grace_until is not None and now >= post.grace_until):
            post.grace_raw = post.raw
            post.grace_until = now + dt.timedelta(seconds=settings.editing_grace_period_s + 1)
        _write_over(post, editor, raw, edit)
    if raw != post.raw:
        post.settled = False
    post.raw, post.cooked = raw, cooked
    post.updated_at = now
    post.last_editor_id = editor.id
    return fresh


def _write_over(post: Post, editor: User, raw: str, edit: Edit) -> None:
    """Put the edit into the last revision; one that changes nothing any more goes, and its version with it."""
    if not post.revisions or post.revisions[-1].number != post.version:
        return
    last = post.revisions[-1]
    if last.before == last.after and raw != post.raw:
        last.before = post.raw
    last.after = raw
    last.user_id = editor.id
    for name, (before, after) in edit.fields.items():
        first = last.fields[name][0] if name in last.fields else before
        last.fields[name] = (first, after)
        if first == after:
            del last.fields[name]
    if last.before == last.after and not last.fields and last.edit_reason is None:
        post.revisions.pop()
        post.version -= 1
