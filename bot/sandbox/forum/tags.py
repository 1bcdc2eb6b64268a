"""Tags: how names are cleaned, who may create them, and the two forms in which they travel.

2022 speaks strings; the newer forum answers with objects `{id, name, slug}` and takes strings, `{name}` or `{id}`.
Facts: discourse/discourse `lib/discourse_tagging.rb`, `app/controllers/posts_controller.rb`.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.forum.state import Mode, Settings, State, Tag, User

_DROPPED = re.compile(r"""[/?#\[\]@!$&'()*+,;=.%\\`^\s|{}"<>]+""")


def clean_tag(name: str, settings: Settings) -> str:
    """The form a tag name is stored in."""
    name = _DROPPED.sub("", re.sub(r"\s+", "-", name.lower().strip()))
    return re.sub(r"-{2,}", "-", name).strip("-")[: settings.max_tag_length]


def may_create_tags(user: User, settings: Settings) -> bool:
    """Whether unknown names become tags; for others they are dropped without a word."""
    return user.staff or user.trust_level >= settings.create_tag_min_trust_level


def wanted_names(given: object, state: State, mode: Mode) -> list[str]:
    """The names meant by a `tags` parameter in any of its forms; what cannot be read is left out."""
    if isinstance(given, str):
        given = [part for part in given.split(",") if part]
    if isinstance(given, Mapping):
        given = list(given.values())
    names: list[str] = []
    for item in given if isinstance(given, list) else []:
        if isinstance(item, str):
            names.append(item)
        elif isinstance(item, Mapping) and mode == "now":
            if item.get("name"):
                names.append(str(item["name"]))
            else:
                names += [t.name for t in state.tags.values() if str(t.id) == str(item.get("id"))]
    return names


def resolve_tags(
    names: list[str], user: User, state: State, mode: Mode, texts: Mapping[str, str], *, creating: bool
) -> tuple[list[str], list[str]]:
    """The names to store and what is wrong with them. Does not create the missing ones: see `ensure_tags`."""
    settings = state.settings
    if not settings.tagging_enabled:
        return [], []
    cleaned = list(dict.fromkeys(filter(None, (clean_tag(name, settings) for name in names))))
    if not may_create_tags(user, settings):
        cleaned = [name for name in cleaned if name in state.tags]
    if len(cleaned) > settings.max_tags_per_topic:
        if mode == "now" and creating:
            return [], [texts["too_many_tags"].format(count=settings.max_tags_per_topic)]
        cleaned = cleaned[: settings.max_tags_per_topic]
    return cleaned, []


def ensure_tags(names: list[str], state: State) -> None:
    """Create the tags that do not exist yet."""
    for name in names:
        if name not in state.tags:
            state.tags[name] = Tag(state.next_id("tag"), name)


def show_tags(names: list[str], state: State, mode: Mode) -> list[Any]:
    """Tags as the site's answers list them."""
    if mode == "2022":
        return list(names)
    return [{"id": state.tags[name].id, "name": name, "slug": f"{name}"} for name in names]
