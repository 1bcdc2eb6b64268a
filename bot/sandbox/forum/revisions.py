"""Revisions in the forum's JSON: differences as HTML, never a clean text.

Facts: discourse/discourse `app/serializers/post_revision_serializer.rb`, `app/controllers/posts_controller.rb`.
"""

from typing import Any

from bot.sandbox.forum import diffs
from bot.sandbox.forum.state import Post, Revision, State
from bot.sandbox.forum.tags import show_tags
from bot.sandbox.forum.times import stamp

LISTED = 99


def find(post: Post, number: int | None) -> Revision | None:
    """The revision that led to version `number`, or the latest one."""
    if number is None:
        return post.revisions[-1] if post.revisions else None
    return next((r for r in post.revisions if r.number == number), None)


def raw_of_version(post: Post, version: int) -> str:
    """What `?version=N` gives: right only if revision N+1 touched the raw, otherwise the present one."""
    after = find(post, version + 1)
    return after.before if after is not None and after.before != after.after else post.raw


def show(post: Post, revision: Revision, state: State) -> dict[str, Any]:
    """One revision."""
    editor = state.users[revision.user_id]
    listed = post.revisions[-LISTED:]
    numbers = [r.number for r in listed]
    place = numbers.index(revision.number) if revision.number in numbers else 0
    answer: dict[str, Any] = {
        "created_at": stamp(revision.created_at),
        "post_id": post.id,
        "previous_hidden": False,
        "current_hidden": False,
        "first_revision": numbers[0],
        "previous_revision": numbers[place - 1] if place else None,
        "current_revision": revision.number,
        "next_revision": numbers[place + 1] if place + 1 < len(numbers) else None,
        "last_revision": numbers[-1],
        "current_version": place + 2,
        "version_count": len(listed) + 1,
        "username": editor.username,
        "display_username": editor.username,
        "avatar_template": f"/letter_avatar_proxy/v4/letter/{editor.username[0]}/90db22/{{size}}.png",
        "edit_reason": revision.edit_reason,
        "body_changes": {
            "inline": diffs.line_by_line(revision.before, revision.after),
            "side_by_side": diffs.side_by_side(revision.before, revision.after, markdown=False),
            "side_by_side_markdown": diffs.side_by_side(revision.before, revision.after, markdown=True),
        },
        "title_changes": None,
        "user_changes": None,
        "tags_changes": None,
        "wiki": False,
        "can_edit": True,
    }
    if "title" in revision.fields:
        before, after = (str(title) for title in revision.fields["title"])
        answer["title_changes"] = {
            "inline": f"<div>{diffs.inline(before, after)}</div>",
            "side_by_side": diffs.side_by_side(before, after, markdown=False),
        }
    if "tags" in revision.fields:
        old, new = revision.fields["tags"]
        answer["tags_changes"] = {"previous": _tags(old, state), "current": _tags(new, state)}
    if "category_id" in revision.fields:
        previous, current = revision.fields["category_id"]
        answer["category_id_changes"] = {"previous": previous, "current": current}
    return answer


def _tags(names: object, state: State) -> list[Any]:
    return show_tags([str(n) for n in names], state, state.mode) if isinstance(names, list) else []
