"""What a webhook can be subscribed to: whole types in 2022, single events now.

Facts: discourse/discourse `app/models/web_hook_event_type.rb`, `db/fixtures/007_web_hook_event_types.rb`.
"""

from typing import Any

from bot.sandbox.forum.state import Mode, WebHook

_TYPES_2022 = {
    1: "topic",
    2: "post",
    3: "user",
    4: "group",
    5: "category",
    6: "tag",
    9: "reviewable",
    10: "notification",
    15: "like",
}
_EVENTS_NOW = {
    "topic": {101: "topic_created", 102: "topic_revised", 103: "topic_edited", 104: "topic_destroyed"}
    | {105: "topic_recovered"},
    "post": {201: "post_created", 202: "post_edited", 203: "post_destroyed", 204: "post_recovered"},
    "user": {
        301: "user_logged_in",
        302: "user_logged_out",
        303: "user_confirmed_email",
        304: "user_created",
        305: "user_approved",
        306: "user_updated",
        307: "user_destroyed",
        308: "user_suspended",
        309: "user_unsuspended",
    },
    "category": {501: "category_created", 502: "category_updated", 503: "category_destroyed"},
    "reviewable": {901: "reviewable_created", 902: "reviewable_updated"},
    "like": {1501: "post_liked"},
}


def ids_of(names: list[str], mode: Mode) -> list[int]:
    """The ids of types (`post`) or events (`post_created`); 2022 knows the type of an event only.

    Raises:
        ValueError: no such type or event.
    """
    wanted: list[int] = []
    for name in names:
        if mode == "2022":
            kind = next((k for k, events in _EVENTS_NOW.items() if name == k or name in events.values()), name)
            ids = [number for number, known in _TYPES_2022.items() if known == kind]
        else:
            ids = [
                number
                for kind, events in _EVENTS_NOW.items()
                for number, event in events.items()
                if name in (kind, event)
            ]
        if not ids:
            raise ValueError(f"no such webhook event: {name}")
        wanted += [number for number in ids if number not in wanted]
    return wanted


def all_ids(mode: Mode) -> set[int]:
    """Every id there is."""
    if mode == "2022":
        return set(_TYPES_2022)
    return {number for events in _EVENTS_NOW.values() for number in events}


def wants(hook: WebHook, event_type: str, event: str, mode: Mode) -> bool:
    """Whether a hook is subscribed to this event; status changes come with the editing of topics."""
    if hook.wildcard:
        return True
    if mode == "2022":
        return any(_TYPES_2022.get(number) == event_type for number in hook.event_type_ids)
    if event_type == "topic" and event.endswith("_status_updated"):
        event = "topic_edited"
    if event_type == "reviewable" and event != "reviewable_created":
        event = "reviewable_updated"
    events = _EVENTS_NOW.get(event_type, {})
    return any(events.get(number) == event for number in hook.event_type_ids)


def extras(mode: Mode) -> dict[str, Any]:
    """What the list of webhooks tells besides: the catalogue in the form of its time."""
    shared = {
        "content_types": [
            {"id": 1, "name": "application/json"},
            {"id": 2, "name": "application/x-www-form-urlencoded"},
        ],
        "delivery_statuses": [
            {"id": 1, "name": "inactive"},
            {"id": 2, "name": "failed"},
            {"id": 3, "name": "successful"},
        ],
    }
    if mode == "2022":
        types = [{"id": number, "name": name} for number, name in _TYPES_2022.items()]
        return {"event_types": types, "default_event_types": [{"id": 2, "name": "post"}], **shared}
    grouped = {
        kind: [{"id": number, "name": name} for number, name in events.items()] for kind, events in _EVENTS_NOW.items()
    }
    default = [{"id": number, "name": name} for number, name in _EVENTS_NOW["post"].items()]
    return {"grouped_event_types": grouped, "default_event_types": default, **shared}
