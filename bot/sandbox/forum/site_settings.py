"""Site settings in the form of the administrator's interface: names and values as text.

Facts: discourse/discourse `app/controllers/admin/site_settings_controller.rb`, `config/site_settings.yml`.
"""

import dataclasses
from typing import Any

from bot.sandbox.forum.groups import GROUP_IDS
from bot.sandbox.forum.state import Mode, Settings

_NOT_THERE = {"admin_api_requests_per_minute", "staff_may_share_drafts", "description"}
_NAMES = {
    "editing_grace_period_s": "editing_grace_period",
    "description": "site_description",
}
_ONLY_IN: dict[str, Mode] = {
    "whispers_allowed_groups": "now",
    "details_enabled": "now",
    "enable_markdown_footnotes": "now",
    "discourse_math_enabled": "now",
    "enable_whispers": "2022",
    "allow_duplicate_topic_titles": "2022",
}
_SHARING = {"now": "shared_drafts_allowed_groups", "2022": "shared_drafts_min_trust_level"}
_GROUPS = {str(number): name for name, number in GROUP_IDS.items()}


def _fields(mode: Mode) -> dict[str, str]:
    """Name of a setting to that of its field."""
    names = [f.name for f in dataclasses.fields(Settings) if f.name not in _NOT_THERE]
    return {_NAMES.get(n, n): n for n in names if _ONLY_IN.get(n, mode) == mode}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(str(GROUP_IDS.get(item, item)) for item in value)
    return "" if value is None else str(value)


def show_all(settings: Settings, mode: Mode) -> list[dict[str, Any]]:
    """All settings with value and default."""
    fresh = Settings()
    entries = [
        (name, _text(getattr(settings, field)), _text(getattr(fresh, field)), _type(getattr(fresh, field)))
        for name, field in _fields(mode).items()
    ]
    default = "1|2" if mode == "now" else "staff"
    sharing = default if settings.staff_may_share_drafts else ("" if mode == "now" else "admin")
    entries.append((_SHARING[mode], sharing, default, "group_list" if mode == "now" else "enum"))
    return [
        {
            "setting": name,
            "description": name.replace("_", " "),
            "default": start,
            "value": value,
            "type": kind,
            "category": "required",
            "preview": None,
            "secret": False,
            "placeholder": None,
        }
        for name, value, start, kind in sorted(entries)
    ]


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "integer" if isinstance(value, int) else "list" if isinstance(value, list) else "string"


def change(settings: Settings, mode: Mode, name: str, text: str) -> None:
    """Set one.

    Raises:
        KeyError: there is none of that name to be changed.
        ValueError: not a value of its kind.
    """
    if name == _SHARING[mode]:
        settings.staff_may_share_drafts = text in ("staff", "moderator") or "2" in text.split("|")
        return
    field = _fields(mode)[name]
    old = getattr(settings, field)
    value: object = text
    if isinstance(old, bool):
        if text not in ("true", "false"):
            raise ValueError(text)
        value = text == "true"
    elif isinstance(old, list):
        parts = [part for part in text.split("|") if part]
        value = [_GROUPS.get(part, part) for part in parts] if name.endswith("_groups") else parts
    elif isinstance(old, int) or name == "shared_drafts_category":
        value = int(text) if text else None
    setattr(settings, field, value)
