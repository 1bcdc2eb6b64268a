"""Addresses of the forum's administration: what doctor looks at and setup changes, parsed into frozen values.

Nothing here decides or repeats. Every function may raise what `Discourse` raises; an administrator's addresses do not
exist for anybody else (`NotFoundError`).

Facts: discourse/discourse `config/routes.rb`, `app/controllers/admin/{site_settings,api,web_hooks}_controller.rb`,
`app/models/api_key_scope.rb`, in copies of June 2022 and August 2026.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.forum.answers import tag_names
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, NotFoundError, UnreadableAnswerError

CREATE = 1
"""Highest of the three permissions on a category; 2 is to reply, 3 to see."""
NOBODY = "no_one"
FAILED, SUCCESSFUL = 2, 3
"""Two of a webhook's three delivery statuses; 1 is inactive or never used."""
HOOKS_A_PAGE = 50
KEYS_A_PAGE = 50
GROUP_IDS = {"admins": 1, "moderators": 2, "staff": 3}
"""Automatic groups, by the numbers that settings hold. Fact: `app/models/group.rb`, `AUTO_GROUPS`."""


class _Answer(BaseModel):
    """Part of an answer: known fields are checked, others dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class About(_Answer):
    """The site's name, language and version; the version only where visitors or the key may read it."""

    title: str = ""
    locale: str = ""
    version: str = ""


class Group(_Answer):
    """A group of an account."""

    id: int
    name: str


class Account(_Answer):
    """An account; `None` is what the asking key may not see."""

    id: int
    username: str
    moderator: bool = False
    admin: bool = False
    trust_level: int = 0
    groups: tuple[Group, ...] = ()
    active: bool | None = None
    suspended_till: str | None = None
    silenced_till: str | None = None

    @property
    def group_ids(self) -> frozenset[str]:
        """Its groups in the form of settings, the automatic ones included even where the forum hides them."""
        known = {str(group.id) for group in self.groups}
        if self.admin:
            known |= {"1", "3"}
        if self.moderator:
            known |= {"2", "3"}
        return frozenset(known)


class Category(_Answer):
    """A category as its own page tells it."""

    id: int
    name: str
    slug: str = ""
    read_restricted: bool = False
    permission: int | None = None
    minimum_required_tags: int | None = 0
    required_tag_groups: tuple[Any, ...] = ()
    allowed_tags: tuple[Any, ...] = ()
    allowed_tag_groups: tuple[Any, ...] = ()
    allow_global_tags: bool = False
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)
    category_setting: Mapping[str, Any] | None = None

    @property
    def asks_for_tags(self) -> bool:
        """Whether topics of ordinary members need tags here."""
        return bool(self.minimum_required_tags) or bool(self.required_tag_groups)

    @property
    def is_limited_to_tags(self) -> bool:
        """Whether only some tags may be used here."""
        return bool(self.allowed_tags or self.allowed_tag_groups) and not self.allow_global_tags

    @property
    def allowed_tag_names(self) -> tuple[str, ...]:
        """The tags that may be used, those of tag groups left out."""
        return tag_names(self.allowed_tags)

    @property
    def is_moderated(self) -> bool:
        """Whether new topics of members wait for approval (2022: a custom field, now: a mode)."""
        mode = (self.category_setting or {}).get("topic_posting_review_mode", NOBODY)
        return mode != NOBODY or self.custom_fields.get("require_topic_approval") in (True, "true", "t")


class Key(_Answer):
    """An API key without its text."""

    id: int
    description: str | None = None
    revoked_at: str | None = None
    user: Mapping[str, Any] | None = None

    @property
    def username(self) -> str | None:
        """The account it is bound to; None: any."""
        return None if self.user is None else str(self.user.get("username"))


class EventType(_Answer):
    """Something a webhook can subscribe to: a type (2022, `post`) or a single event (now, `post_created`)."""

    id: int
    name: str


class Hook(_Answer):
    """A webhook. The list tells its secret in clear."""

    id: int
    payload_url: str
    secret: str | None = None
    wildcard_web_hook: bool = False
    active: bool = True
    verify_certificate: bool = True
    content_type: int = 1
    last_delivery_status: int = 1
    web_hook_event_types: tuple[EventType, ...] = ()
    category_ids: tuple[int, ...] = ()

    @property
    def event_ids(self) -> frozenset[int]:
        """What it subscribes to."""
        return frozenset(event.id for event in self.web_hook_event_types)


class Hooks(_Answer):
    """All webhooks, and what there is to subscribe to.

    Attributes:
        kinds: type (`post`) to the ids that stand for it.
    """

    hooks: tuple[Hook, ...]
    kinds: Mapping[str, frozenset[int]]

    def ids(self, *kinds: str) -> frozenset[int]:
        """The ids of some types; a type this forum does not know adds nothing."""
        return frozenset(number for kind in kinds for number in self.kinds.get(kind, ()))


Model = TypeVar("Model", bound=BaseModel)


def about(forum: Discourse) -> About:
    """Name and language, which the forum tells everybody; the version where it may be seen."""
    basic = _parsed(About, forum.read("/site/basic-info.json", as_visitor=True), "site")
    try:
        more = _field(_read(forum, "/about.json"), "about")
    except (ForbiddenError, NotFoundError):
        return basic
    return basic.model_copy(update={"version": str(more.get("version") or "")})


def client_settings(forum: Discourse) -> dict[str, str]:
    """The settings a browser is told, by name, as text."""
    return {str(name): as_text(value) for name, value in _mapping(_read(forum, "/site/settings.json")).items()}


def site_for_us(forum: Discourse) -> Mapping[str, Any] | None:
    """`/site.json` as our own account sees it; None where the key may not read it."""
    try:
        return _mapping(forum.read("/site.json"))
    except ForbiddenError:
        return None


def account(forum: Discourse, username: str) -> Account:
    """An account by name, as far as the key or a visitor sees it."""
    return _parsed(Account, _field(_read(forum, f"/u/{quote(username)}.json"), "user"), "account")


def account_for_staff(forum: Discourse, user_id: int) -> Account:
    """An account with what only staff see: active, suspended, silenced."""
    return _parsed(Account, forum.read(f"/admin/users/{user_id}.json"), "account")


def category(forum: Discourse, category_id: int) -> Category:
    """A category as the key's user sees it.

    Raises:
        ForbiddenError: it is closed to this user, or the key may not read categories.
        NotFoundError: there is none of that number.
    """
    return _parsed(Category, _field(forum.read(f"/c/{category_id}/show.json"), "category"), "category")


def categories(forum: Discourse) -> tuple[Category, ...]:
    """All categories the user sees, subcategories too."""
    listed = _field(forum.read("/categories.json", include_subcategories="true"), "category_list")
    found: list[Category] = []
    for entry in _items(listed, "categories"):
        found.append(_parsed(Category, entry, "category"))
        found += [_parsed(Category, below, "category") for below in entry.get("subcategory_list") or ()]
    return tuple(found)


def tags(forum: Discourse) -> tuple[str, ...]:
    """The names of all tags the user sees."""
    return tag_names(_items(_mapping(forum.read("/tags.json")), "tags"))


def site_settings(admin: Discourse) -> dict[str, str]:
    """Every setting by name, as text; for administrators."""
    entries = _items(_mapping(admin.read("/admin/site_settings.json")), "site_settings")
    return {str(entry.get("setting")): as_text(entry.get("value")) for entry in entries}


def change_setting(admin: Discourse, name: str, value: str) -> None:
    """Set one setting; the forum answers with nothing."""
    admin.write("PUT", f"/admin/site_settings/{name}.json", {name: value})


def create_category(admin: Discourse, name: str, slug: str, permissions: Mapping[str, int]) -> int:
    """A new category; its number. A name that is taken is refused, so look first."""
    fields = {
        "name": name,
        "slug": slug,
        "color": "0088CC",
        "text_color": "FFFFFF",
        "permissions": dict(permissions),
    }
    return _parsed(Category, _field(admin.write("POST", "/categories.json", fields), "category"), "category").id


def known_scopes(admin: Discourse) -> frozenset[str]:
    """The scopes a key of this forum can have, as `resource:action`."""
    catalogue = _field(admin.read("/admin/api/keys/scopes.json"), "scopes")
    return frozenset(
        f"{resource}:{entry.get('key')}" for resource in catalogue for entry in _items(catalogue, str(resource))
    )


def api_keys(admin: Discourse) -> tuple[Key, ...]:
    """All keys, page by page."""
    found: list[Key] = []
    while True:
        answer = _mapping(admin.read("/admin/api/keys.json", offset=str(len(found)), limit=str(KEYS_A_PAGE)))
        page = [_parsed(Key, entry, "key") for entry in _items(answer, "keys")]
        new = [key for key in page if key.id not in {known.id for known in found}]
        found += new
        # Forums of 2022 know no pages and give all of them each time.
        if len(page) < KEYS_A_PAGE or not new:
            return tuple(found)


def create_key(admin: Discourse, username: str, scopes: Sequence[str], description: str) -> tuple[int, str]:
    """A new key for one account: its number and its text, which the forum never tells again."""
    key = {"description": description, "username": username, "scopes": [{"scope_id": scope} for scope in scopes]}
    made = _field(admin.write("POST", "/admin/api/keys.json", {"key": key}), "key")
    text = made.get("key")
    if not isinstance(text, str) or not text:
        raise UnreadableAnswerError("the forum made a key and did not tell its text: delete it under Admin → API")
    return _parsed(Key, {**made, "description": None}, "key").id, text


def hooks(admin: Discourse) -> Hooks:
    """All webhooks, and the catalogue of events in either form (2022: types, now: events by type)."""
    found: list[Hook] = []
    while True:
        path = "/admin/api/web_hooks.json"
        answer = _mapping(admin.read(path, limit=str(HOOKS_A_PAGE), offset=str(len(found))))
        page = [_parsed(Hook, entry, "webhook") for entry in _items(answer, "web_hooks")]
        found += page
        if len(page) < HOOKS_A_PAGE:
            return Hooks(hooks=tuple(found), kinds=_kinds(_field(answer, "extras")))


def _kinds(extras: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    grouped = extras.get("grouped_event_types")
    if isinstance(grouped, Mapping):
        return {
            str(kind): frozenset(_parsed(EventType, entry, "event").id for entry in entries)
            for kind, entries in grouped.items()
        }
    types = [_parsed(EventType, entry, "event") for entry in _items(extras, "event_types")]
    return {entry.name: frozenset({entry.id}) for entry in types}


def create_hook(admin: Discourse, url: str, secret: str, event_ids: Sequence[int], category_ids: Sequence[int]) -> int:
    """A new webhook; its number. The forum makes a second one for the same address without complaint: look first."""
    fields = _hook_fields(url, secret, event_ids, category_ids)
    return _parsed(Hook, _field(admin.write("POST", "/admin/api/web_hooks.json", fields), "web_hook"), "webhook").id


def update_hook(
    admin: Discourse, hook_id: int, url: str, secret: str, event_ids: Sequence[int], category_ids: Sequence[int]
) -> None:
    """Give a webhook these values, and switch it on."""
    admin.write("PUT", f"/admin/api/web_hooks/{hook_id}.json", _hook_fields(url, secret, event_ids, category_ids))


def _hook_fields(url: str, secret: str, event_ids: Sequence[int], category_ids: Sequence[int]) -> dict[str, Any]:
    return {
        "web_hook": {
            "payload_url": url,
            "content_type": 1,
            "secret": secret,
            "wildcard_web_hook": False,
            "active": True,
            "verify_certificate": True,
            "web_hook_event_type_ids": list(event_ids),
            # An empty list does not reach the forum as one; a blank entry is how its own page sends none.
            "category_ids": list(category_ids) or [""],
            "tag_names": [""],
            "group_ids": [""],
        }
    }


def ping(
    admin: Discourse, hook_id: int, *, wait_s: float = 3.0, sleep: Callable[[float], None] = time.sleep
) -> int | None:
    """Let the forum send a ping and give the status it was answered with; None if none came in `wait_s`.

    The forum sends it from a queue, so its log is looked at, once a second.
    """
    before = {number for number, _ in _deliveries(admin, hook_id)}
    admin.write("POST", f"/admin/api/web_hooks/{hook_id}/ping.json", {})
    waited_s = 0.0
    while waited_s < wait_s:
        sleep(0.2 if waited_s < 0.2 else 1.0)
        waited_s += 0.2 if waited_s < 0.2 else 1.0
        new = [status for number, status in _deliveries(admin, hook_id) if number not in before and status]
        if new:
            return new[0]
    return None


def _deliveries(admin: Discourse, hook_id: int) -> list[tuple[int, int | None]]:
    events = _items(_mapping(admin.read(f"/admin/api/web_hook_events/{hook_id}.json")), "web_hook_events")
    return [(int(event["id"]), event.get("status")) for event in events]


def as_text(value: object) -> str:
    """A setting's value as the forum's settings page writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _read(forum: Discourse, path: str) -> Any:
    """With the key, else as a visitor: a narrow key may see less than nobody at all."""
    try:
        return forum.read(path)
    except ForbiddenError:
        return forum.read(path, as_visitor=True)


def _parsed(model: type[Model], value: object, what: str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        field = ".".join(map(str, exc.errors(include_input=False, include_url=False)[0]["loc"])) or "fields"
        raise UnreadableAnswerError(f"the forum's answer has a {what} without a readable {field}") from None


def _mapping(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise UnreadableAnswerError("the forum's answer is not an object")


def _field(value: object, name: str) -> Mapping[str, Any]:
    return _mapping(_mapping(value).get(name))


def _items(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if isinstance(found, list):
        return found
    raise UnreadableAnswerError(f"the forum's answer has no list {name}")
