"""Setting a forum up for paperbot: what is missing, what would be done about it, and doing it.

Three acts. `survey` reads; `plan` decides, purely; `apply` does the steps in order and stops at the first refusal. What
is in order already makes no step, so a second run finds nothing to do. Nothing is deleted, no account is touched, and
each step says how to undo it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from bot.errors import RejectedError
from bot.forum import admin as admins
from bot.forum.admin import CREATE, Account, Category, Hook, Hooks, Key
from bot.forum.discourse import Discourse
from bot.forum.doctor import (
    CONTENT_EVENTS,
    QUEUE_EVENTS,
    SHORTEST_SECRET,
    WHOLE_ARTICLE,
    Destination,
    content_hook,
    hook_faults,
    hook_url,
    queue_hook,
)
from bot.forum.errors import ForbiddenError, NotFoundError

KEY_DESCRIPTION = "paperbot: content"
CONTENT_SCOPES = (
    "topics:write",
    "topics:update",
    "topics:read",
    "topics:read_lists",
    "posts:edit",
    "posts:list",
    "revisions:read",
    "categories:list",
    "categories:show",
    "tags:list",
)
"""What the bot's key opens; forums before 2025 lack some of them, and get `READ_ALL` instead."""
READ_ALL = "global:read"

Role = Literal["drafts", "destination"]
PLACEHOLDER: Mapping[Role, str] = {"drafts": "(the new drafts category)", "destination": "(the new destination)"}


@dataclass(frozen=True, slots=True)
class Wish:
    """How the forum should be.

    Attributes:
        bot: name of the bot's account; None: not known, so no key can be made.
        bot_key_scopes: what the key in use opens: empty is everything, None that there is none or that it is refused.
        category_id: destination of weekly posts; None: one is looked for by name, or made.
        others: destinations of the other series; webhooks tell of them too.
        drafts_name: name of the drafts category, if one has to be made; slug likewise.
        public_url: address of the web part; None: no webhooks.
        secrets: of webhooks that the web part accepts; empty: `new_secret` is used.
        new_secret: for a webhook, if there is none to use; printed once.
        with_optional: also what is a matter of taste.
        new_key: make another key although there is one.
        in_staff_category: drafts are ordinary topics in a category that only staff see; shared drafts stay as they are.
        drafts_category_id: that category; None: one is made.
    """

    bot: str | None
    bot_key_scopes: frozenset[str] | None
    category_id: int | None
    public_url: str | None
    new_secret: str
    secrets: tuple[str, ...] = ()
    drafts_name: str = "초안 검토"
    drafts_slug: str = "paper-drafts"
    category_name: str = "논문"
    category_slug: str = "papers"
    with_optional: bool = False
    new_key: bool = False
    in_staff_category: bool = False
    drafts_category_id: int | None = None
    others: tuple[Destination, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """How the forum is.

    Attributes:
        settings: all of them, by name.
        categories: all of them.
        bot: the bot's account, None if there is none of that name.
        scopes: that keys of this forum can have.
        keys: all of them, without their text.
        hooks: all webhooks.
    """

    settings: Mapping[str, str]
    categories: tuple[Category, ...]
    bot: Account | None
    scopes: frozenset[str]
    keys: tuple[Key, ...]
    hooks: Hooks

    def category(self, number: int | None) -> Category | None:
        """The category of that number."""
        return next((place for place in self.categories if place.id == number), None)


@dataclass(frozen=True, slots=True)
class MakeCategory:
    """A new category."""

    role: Role
    name: str
    slug: str
    permissions: tuple[tuple[str, int], ...]

    def line(self) -> str:
        """What it does, for people."""
        who = "only staff see it" if all(group == "staff" for group, _ in self.permissions) else "everybody sees it"
        return f'category "{self.name}" ({self.role}): none -> made, {who}'


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """A site setting gets another value: `new`, or the number of the category made for `role`."""

    name: str
    old: str
    new: str
    why: str
    role: Role | None = None

    def line(self) -> str:
        """What it does, for people."""
        new = PLACEHOLDER[self.role] if self.role else f'"{self.new}"'
        return f'setting {self.name}: "{self.old}" -> {new} ({self.why})'


@dataclass(frozen=True, slots=True)
class MakeKey:
    """A new API key, told once."""

    username: str
    scopes: tuple[str, ...]

    def line(self) -> str:
        """What it does, for people."""
        return f'API key for "{self.username}": none usable -> made, with {", ".join(self.scopes)}'


@dataclass(frozen=True, slots=True)
class SetHook:
    """A webhook is made, or (`hook_id`) corrected. `roles` are categories that are made before it."""

    label: str
    url: str
    secret: str
    event_ids: tuple[int, ...]
    kinds: tuple[str, ...]
    category_ids: tuple[int, ...]
    roles: tuple[Role, ...] = ()
    before: Hook | None = None
    faults: tuple[str, ...] = ()

    def line(self) -> str:
        """What it does, for people; secrets are not shown."""
        places = [str(number) for number in self.category_ids] + [PLACEHOLDER[role] for role in self.roles]
        where = f"categories {', '.join(places)}" if places else "the whole forum"
        new = f"{', '.join(self.kinds)} of {where}, signed, to {self.url}"
        if self.before is None:
            return f"webhook for {self.label}: none -> {new}"
        return f"webhook for {self.label}: number {self.before.id} {', '.join(self.faults)} -> {new}"


Step = MakeCategory | ChangeSetting | MakeKey | SetHook


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        steps: in this order.
        advice: what only a person can do, or should know.
        optional: settings that are proposed and left alone.
    """

    steps: tuple[Step, ...]
    advice: tuple[str, ...] = ()
    optional: tuple[ChangeSetting, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done.

    Attributes:
        line: what was done.
        undo: how to undo it.
        env: lines for `.env` that follow from it; they may hold secrets and are shown once.
    """

    line: str
    undo: str
    env: tuple[str, ...] = ()


def survey(admin: Discourse, bot_name: str | None) -> Scene:
    """Read what the plan rests on.

    Raises:
        RejectedError: the key is no administrator's, or limited; or the forum cannot be read.
        TransientError: it is down, or its rate limit is reached.
    """
    try:
        settings = admins.site_settings(admin)
        bot = _account(admin, bot_name) if bot_name else None
        return Scene(
            settings=settings,
            categories=admins.categories(admin),
            bot=bot,
            scopes=admins.known_scopes(admin),
            keys=admins.api_keys(admin),
            hooks=admins.hooks(admin),
        )
    except (ForbiddenError, NotFoundError):
        raise RejectedError(
            f'FORUM_ADMIN_KEY does not open the forum\'s administration for "{admin.username}": make a key under '
            "Admin → API with user level `Single User` (that administrator) and scope `Global`; delete it afterwards."
        ) from None


def _account(admin: Discourse, name: str) -> Account | None:
    try:
        return admins.account(admin, name)
    except NotFoundError:
        return None


def plan(scene: Scene, wish: Wish) -> Plan:
    """What has to change for `scene` to be as `wish` wants it; pure."""
    steps: list[Step] = []
    advice: list[str] = []
    places: dict[Role, int | None] = {
        "drafts": _drafts(scene, wish, steps, advice),
        "destination": _destination(scene, wish, steps, advice),
    }
    if not wish.in_staff_category:
        steps += _sharing(scene)
    steps += _whispers(scene)
    steps += _recommended(scene)
    optional = _optional(scene)
    if wish.with_optional:
        steps += optional
    advice += _account_advice(scene, wish)
    steps += _key(scene, wish, advice)
    steps += _hooks(scene, wish, places, advice)
    return Plan(tuple(steps), tuple(advice), () if wish.with_optional else tuple(optional))


def _drafts(scene: Scene, wish: Wish, steps: list[Step], advice: list[str]) -> int | None:
    """The drafts category: the one that is set, else one of our name, else a new one. None: it is made."""
    if wish.in_staff_category:
        return _staff_drafts(scene, wish, steps, advice)
    value = scene.settings.get("shared_drafts_category", "")
    current = scene.category(int(value)) if value.isdecimal() else None
    if current is None:
        current = _named(scene, wish.drafts_name, wish.drafts_slug)
        if current is None:
            steps.append(MakeCategory("drafts", wish.drafts_name, wish.drafts_slug, (("staff", CREATE),)))
            steps.append(ChangeSetting("shared_drafts_category", value, "", "drafts lie there", role="drafts"))
            return None
        if not current.read_restricted:
            advice.append(
                f'The category "{current.name}" would do for drafts, but everybody can read it: open it → Edit → '
                "Security, remove `everyone` and add `staff`; then run this again."
            )
            return current.id
        steps.append(ChangeSetting("shared_drafts_category", value, str(current.id), "drafts lie there"))
    elif not current.read_restricted:
        advice.append(_close(current))
    return current.id


def _staff_drafts(scene: Scene, wish: Wish, steps: list[Step], advice: list[str]) -> int | None:
    """The same for forums without shared drafts."""
    current = scene.category(wish.drafts_category_id)
    if current is None and wish.drafts_category_id is not None:
        advice.append(f"There is no category {wish.drafts_category_id}: correct DRAFTS_CATEGORY_ID, or empty it.")
        return wish.drafts_category_id
    if current is None:
        current = _named(scene, wish.drafts_name, wish.drafts_slug)
        if current is None:
            steps.append(MakeCategory("drafts", wish.drafts_name, wish.drafts_slug, (("staff", CREATE),)))
            return None
        advice.append(f'There is a category "{current.name}": put DRAFTS_CATEGORY_ID={current.id} into .env to use it.')
    if not current.read_restricted:
        advice.append(_close(current))
    return current.id


def _close(place: Category) -> str:
    return (
        f'Everybody can read the drafts category "{place.name}": open it → Edit → Security, remove `everyone` and add '
        "`staff` (create, reply, see)."
    )


def _destination(scene: Scene, wish: Wish, steps: list[Step], advice: list[str]) -> int | None:
    """The destination: the one of the settings, else one of our name, else a new one. None: it is made."""
    if wish.category_id is not None:
        if scene.category(wish.category_id) is None:
            advice.append(
                f"There is no category {wish.category_id}: correct WEEKLY_CATEGORY_ID, or empty it to have one made."
            )
        return wish.category_id
    found = _named(scene, wish.category_name, wish.category_slug)
    if found is not None:
        advice.append(f'There is a category "{found.name}": put WEEKLY_CATEGORY_ID={found.id} into .env to use it.')
        return found.id
    steps.append(MakeCategory("destination", wish.category_name, wish.category_slug, (("everyone", CREATE),)))
    return None


def _named(scene: Scene, name: str, slug: str) -> Category | None:
    """A category of that name, which the forum would not make twice, or of that slug."""
    by_name = next((place for place in scene.categories if place.name.lower() == name.lower()), None)
    return by_name or next((place for place in scene.categories if place.slug == slug), None)


def _sharing(scene: Scene) -> list[ChangeSetting]:
    """Moderators may use shared drafts; that is the default of every version."""
    why = "moderators, and so the bot, may use shared drafts"
    groups = scene.settings.get("shared_drafts_allowed_groups")
    if groups is not None:
        return _with_moderators("shared_drafts_allowed_groups", groups, why)
    if scene.settings.get("shared_drafts_min_trust_level") == "admin":
        return [ChangeSetting("shared_drafts_min_trust_level", "admin", "staff", why)]
    return []


def _whispers(scene: Scene) -> list[ChangeSetting]:
    """Moderators may whisper."""
    why = "the bot's report stands beside the draft as a whisper"
    groups = scene.settings.get("whispers_allowed_groups")
    if groups is not None:
        return _with_moderators("whispers_allowed_groups", groups, why)
    if scene.settings.get("enable_whispers") == "false":
        return [ChangeSetting("enable_whispers", "false", "true", why)]
    return []


def _with_moderators(name: str, groups: str, why: str) -> list[ChangeSetting]:
    listed = [part for part in groups.split("|") if part]
    ids = admins.GROUP_IDS
    if not {str(ids["moderators"]), str(ids["staff"])}.isdisjoint(listed):
        return []
    added = [str(ids[group]) for group in ("admins", "moderators") if str(ids[group]) not in listed]
    return [ChangeSetting(name, groups, "|".join([*listed, *added]), why)]


def _recommended(scene: Scene) -> list[ChangeSetting]:
    settings, steps = scene.settings, []
    if settings.get("title_prettify") == "true" and settings.get("allow_uppercase_posts") != "true":
        steps.append(ChangeSetting("title_prettify", "true", "false", "`ICLR 논문` must not become `Iclr 논문`"))
    length = settings.get("max_post_length", "")
    if length.isdecimal() and int(length) < WHOLE_ARTICLE:
        steps.append(ChangeSetting("max_post_length", length, str(WHOLE_ARTICLE), "an article fits into one post"))
    if settings.get("retry_web_hook_events") == "false":
        steps.append(ChangeSetting("retry_web_hook_events", "false", "true", "webhooks survive a restart of ours"))
    if settings.get("tagging_enabled") == "false":
        steps.append(ChangeSetting("tagging_enabled", "false", "true", "weekly posts have tags"))
    return steps


def _optional(scene: Scene) -> list[ChangeSetting]:
    """Moderators answer the bot in a word or two, which the forum's minimum refuses; but so it does to everybody."""
    least = scene.settings.get("min_post_length", "")
    if least.isdecimal() and int(least) > SHORT_ANSWER:
        why = "moderators may answer the bot in a word; holds for every member's posts"
        return [ChangeSetting("min_post_length", least, str(SHORT_ANSWER), why)]
    return []


SHORT_ANSWER = 2


def _account_advice(scene: Scene, wish: Wish) -> list[str]:
    if wish.bot is None:
        return [
            "FORUM_API_USER is not set: make an account for the bot (Admin → Users → Invite, or sign it up), grant it "
            "moderation there, set FORUM_API_USER to its name, and run this again; it then makes the key."
        ]
    if scene.bot is None:
        return [
            f'There is no account "{wish.bot}": invite it under Admin → Users (its own mail address), sign in with it '
            "once, grant it moderation under Admin → Users, and run this again; it then makes the key."
        ]
    if not (scene.bot.moderator or scene.bot.admin):
        return [f'"{wish.bot}" is no moderator: Admin → Users → {wish.bot} → Permissions → Grant Moderation.']
    return []


def _key(scene: Scene, wish: Wish, advice: list[str]) -> list[Step]:
    if wish.bot is None or scene.bot is None:
        return []
    scopes = scopes_for(scene.scopes)
    if not wish.new_key:
        held = wish.bot_key_scopes
        if held is not None and _covers(held, scopes):
            return []
        earlier = next((key for key in scene.keys if _is_ours(key, wish.bot)), None)
        if earlier is not None and held is None:
            advice.append(
                f'A key for "{wish.bot}" was made before (number {earlier.id} under Admin → API); its text was shown '
                "then, and belongs into FORUM_API_KEY. If it is lost: run this with --new-key, and delete that one."
            )
            return []
    return [MakeKey(scene.bot.username, scopes)]


def _covers(held: frozenset[str], scopes: Sequence[str]) -> bool:
    """Whether a key's scopes are enough; none at all is a key without limits."""
    writing = {scope for scope in scopes if _writes(scope)}
    return not held or held >= set(scopes) or (READ_ALL in held and held >= writing)


def _writes(scope: str) -> bool:
    return scope.rpartition(":")[2] in ("write", "update", "edit")


def _is_ours(key: Key, bot: str) -> bool:
    is_bound = (key.username or "").lower() == bot.lower()
    return is_bound and key.description == KEY_DESCRIPTION and key.revoked_at is None


def scopes_for(known: frozenset[str]) -> tuple[str, ...]:
    """The scopes of the bot's key, those the forum lacks left out. One that lacks some has none for every reading the
    bot does, so there `global:read` joins them."""
    have = tuple(scope for scope in CONTENT_SCOPES if scope in known)
    return have if len(have) == len(CONTENT_SCOPES) or READ_ALL not in known else (*have, READ_ALL)


def _hooks(scene: Scene, wish: Wish, places: Mapping[Role, int | None], advice: list[str]) -> list[Step]:
    if wish.public_url is None:
        advice.append(
            "PUBLIC_URL is not set, so no webhooks are made: set it to the web part's address on the internet."
        )
        return []
    url = hook_url(wish.public_url)
    host = urlsplit(url).hostname or ""
    if _is_private(host) and host not in scene.settings.get("allowed_internal_hosts", "").split("|"):
        advice.append(
            f"PUBLIC_URL names {host}, a private address, which newer forums refuse: use the public one, or add {host} "
            "to the setting allowed_internal_hosts."
        )
    others = [other for other in wish.others if scene.category(other.category_id) is not None]
    advice += [
        f"There is no category {other.category_id}: correct {other.settings[0]}, or empty it."
        for other in wish.others
        if other not in others
    ]
    known_places = (number for number in places.values() if number is not None)
    numbers = tuple(dict.fromkeys((*known_places, *(other.category_id for other in others))))
    roles = tuple(role for role, number in places.items() if number is None)
    found = content_hook(scene.hooks, url), queue_hook(scene.hooks, url)
    known = next((hook.secret for hook in found if hook and len(hook.secret or "") >= SHORTEST_SECRET), None)
    # Without a secret in the settings, one that the forum signs with already is kept: the other hook shares it.
    secret = wish.secrets[-1] if wish.secrets else known or wish.new_secret
    if not wish.secrets and known:
        advice.append(
            "WEBHOOK_SECRETS is not set, and a webhook of ours has a secret already: copy it from Admin → API → "
            "Webhooks into WEBHOOK_SECRETS."
        )
    steps: list[Step] = []
    specs: list[tuple[str, Hook | None, tuple[str, ...], tuple[int, ...], tuple[Role, ...]]] = [
        ("posts", found[0], CONTENT_EVENTS, numbers, roles),
        ("the review queue", found[1], QUEUE_EVENTS, (), ()),
    ]
    if found[0] is not None and found[0] is found[1]:
        specs = [("posts and the review queue", found[0], CONTENT_EVENTS + QUEUE_EVENTS, (), ())]
    for label, hook, kinds, category_ids, made in specs:
        faults: list[str] = []
        if hook is not None:
            faults = hook_faults(hook, scene.hooks, kinds, category_ids=category_ids, secrets=wish.secrets)
            if made and hook.category_ids:
                faults.append("leaves out a category that is made now")
            if not faults:
                continue
        # What a person subscribed it to besides stays; a filter that was open stays open.
        more = hook.event_ids if hook is not None else frozenset()
        wide = hook is not None and not hook.category_ids and not hook.wildcard_web_hook
        where = () if wide else tuple(dict.fromkeys((*(hook.category_ids if hook else ()), *category_ids)))
        steps.append(
            SetHook(
                label=label,
                url=hook.payload_url if hook is not None else url,
                secret=secret,
                event_ids=tuple(sorted(scene.hooks.ids(*kinds) | more)),
                kinds=kinds,
                category_ids=where,
                roles=() if wide else made,
                before=hook,
                faults=tuple(faults),
            )
        )
    return steps


def _is_private(host: str) -> bool:
    """Whether an address is one of a machine or a network of its own; names are not looked up."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"


# --- doing it --------------------------------------------------------------------------------------------------------


@dataclass
class _Made:
    """Numbers of what was made on the way."""

    categories: dict[Role, int] = field(default_factory=dict)


def apply(admin: Discourse, steps: Sequence[Step], *, wish: Wish, on_done: Callable[[Done], None]) -> None:
    """Do the steps, telling each when it is done.

    Raises:
        RejectedError: the forum refused a step; those before it are done, those after it are not. Running the whole
            again goes on from there.
        TransientError: the forum cannot be reached; the same holds.
    """
    made = _Made()
    has_told_secret = False
    for step in steps:
        done = _do(admin, step, made, wish)
        if isinstance(step, SetHook) and step.secret == wish.new_secret and not has_told_secret:
            has_told_secret = True
            done = Done(done.line, done.undo, (f"WEBHOOK_SECRETS={step.secret}",))
        on_done(done)


def _do(admin: Discourse, step: Step, made: _Made, wish: Wish) -> Done:
    match step:
        case MakeCategory():
            number = admins.create_category(admin, step.name, step.slug, dict(step.permissions))
            made.categories[step.role] = number
            line, undo = f"{step.line()}, number {number}", f"delete category {number} while it is empty"
            if step.role == "destination":
                return Done(line, undo, (f"WEEKLY_CATEGORY_ID={number}",))
            return Done(line, undo, (f"DRAFTS_CATEGORY_ID={number}",) if wish.in_staff_category else ())
        case ChangeSetting():
            value = str(made.categories[step.role]) if step.role is not None else step.new
            admins.change_setting(admin, step.name, value)
            line = f'setting {step.name}: "{step.old}" -> "{value}"'
            return Done(line, f'set {step.name} back to "{step.old}" (Admin → Settings)')
        case MakeKey():
            key_id, text = admins.create_key(admin, step.username, step.scopes, KEY_DESCRIPTION)
            env = (f"FORUM_API_USER={step.username}", f"FORUM_API_KEY={text}")
            return Done(f"{step.line()}; number {key_id}", f"delete key {key_id} (Admin → API)", env)
        case SetHook():
            return _set_hook(admin, step, made)


def _set_hook(admin: Discourse, step: SetHook, made: _Made) -> Done:
    category_ids = (*step.category_ids, *(made.categories[role] for role in step.roles))
    before = step.before
    if before is None:
        number = admins.create_hook(admin, step.url, step.secret, step.event_ids, category_ids)
        return Done(f"{step.line()}; number {number}", f"delete webhook {number} (Admin → API → Webhooks)")
    admins.update_hook(admin, before.id, step.url, step.secret, step.event_ids, category_ids)
    events = ", ".join(event.name for event in before.web_hook_event_types) or "none"
    if before.wildcard_web_hook:
        events = "all"
    state = "on" if before.active else "off"
    places = ", ".join(map(str, before.category_ids)) or "all"
    undo = f"webhook {before.id} had events: {events}; categories: {places}; switched {state}; its old secret is gone"
    if before.secret == step.secret:
        undo = undo.replace("its old secret is gone", "the same secret")
    return Done(step.line(), undo)
