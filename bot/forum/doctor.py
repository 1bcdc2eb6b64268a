"""What keeps paperbot from working on this forum, and how to mend it.

Each check is a small function over values that were read before; `examine` reads them, one thing after the other. What
a key may not see is no fault: such a finding is open (`ok` is None) and says where a person looks it up.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.errors import BotError, RejectedError, TransientError
from bot.forum import admin as admins
from bot.forum.admin import Account, Category, Hook, Hooks
from bot.forum.answers import SiteRules
from bot.forum.discourse import Discourse
from bot.forum.errors import ForbiddenError, NotFoundError
from bot.forum.limits import check_limits

CLOCK_TOLERANCE_S = 60.0
WHOLE_ARTICLE = 100_000
"""Characters that hold any weekly article in one post: ten papers take 25,000 to 40,000, a full week more."""
SHORTEST_SECRET = 12
HOOK_PATH = "/hooks/discourse"
REFUSED = 403
"""What our web part answers to a signature or a sender it does not know."""
CONTENT_EVENTS = ("post", "topic", "like")
QUEUE_EVENTS = ("reviewable",)
"""A webhook with a filter by category never sends these: they belong to none."""
PROBE_KEY = "paperbot-doctor-probe"
"""An external id no topic has: looking it up tells whether the key may look up."""

SCOPES: Mapping[str, tuple[str, ...]] = {
    "topics:write": ("topics:write",),
    "topics:update": ("topics:update",),
    "topics:read": ("topics:read", "global:read"),
    "topics:read_lists": ("topics:read_lists", "global:read"),
    "posts:edit": ("posts:edit",),
    "posts:list": ("posts:list", "global:read"),
    "revisions:read": ("revisions:read", "global:read"),
    "categories:list": ("categories:list", "global:read"),
    "categories:show": ("categories:show", "global:read"),
    "tags:list": ("tags:list", "global:read"),
}
"""What the bot needs, and which scopes of a key give it. Forums before 2025 lack some: there `global:read` does."""

Ping = Callable[[Discourse, int], int | None]
NO_MARK = "cannot be seen with this key"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: its short name.
        ok: True: works; False: has to be mended; None: could not be looked at.
        message: one sentence.
        mend: for what is not ok: the setting or command to change, or where a person looks.
    """

    check: str
    ok: bool | None
    message: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the posts of a series go: `weekly`, `daily` or `talk`."""

    series: str
    category_id: int
    tags: tuple[str, ...] = ()

    @property
    def settings(self) -> tuple[str, str]:
        """The names of the settings for category and tags."""
        return f"{self.series.upper()}_CATEGORY_ID", f"{self.series.upper()}_TAGS"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the bot's settings ask of the forum.

    Attributes:
        category_id: destination of weekly posts.
        tags: of weekly posts.
        title: a title as it will be made.
        public_url: address of the web part, without path; None: unknown.
        secrets: of webhooks, any of which may sign.
        in_staff_category: drafts are ordinary topics that staff read and move, for forums without shared drafts.
        drafts_category_id: where they lie then.
        sends_digests: we mail digests, so that the forum must not.
        others: destinations of the series besides the weekly one that are set.
    """

    category_id: int | None
    tags: tuple[str, ...] = ()
    title: str = ""
    public_url: str | None = None
    secrets: tuple[str, ...] = ()
    in_staff_category: bool = False
    drafts_category_id: int | None = None
    sends_digests: bool = False
    others: tuple[Destination, ...] = ()

    @property
    def hook_url(self) -> str | None:
        """Where webhooks have to go."""
        return None if self.public_url is None else hook_url(self.public_url)


@dataclass(frozen=True)
class Sight:
    """The site settings that could be read.

    Attributes:
        values: by name, as text.
        is_whole: whether all are there (an administrator's key), so that an absent one does not exist on this forum.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = False

    def get(self, name: str) -> str | None:
        """The value; None if it was not seen."""
        return self.values.get(name)


def hook_url(public_url: str) -> str:
    """The address webhooks go to."""
    return public_url.rstrip("/") + HOOK_PATH


def guarded(check: str, act: Callable[[], Finding | Iterable[Finding]], mend: str = "") -> list[Finding]:
    """The findings of `act`; a check that fails is itself a finding, never the end of the run."""
    try:
        found = act()
        return [found] if isinstance(found, Finding) else list(found)
    except BotError as exc:
        return [Finding(check, False, str(exc), mend or "See the sentence above, then run `paperbot doctor` again.")]
    except Exception as exc:  # noqa: BLE001 - a report is finished whatever one of its lines met
        return [Finding(check, False, f"the check itself failed: {type(exc).__name__}: {exc}", mend or "Report it.")]


def examine(
    bot: Discourse,
    admin: Discourse | None,
    wanted: Wanted,
    *,
    now: Callable[[], dt.datetime],
    ping: Ping = admins.ping,
) -> Iterator[Finding]:
    """All checks of the forum, in the order to mend them.

    Args:
        bot: the forum seen with the bot's key.
        admin: the same with an administrator's key, which sees more; None: what only that shows stays open.
        wanted: what the forum has to be fit for.
        now: the clock.
        ping: sends a webhook's ping; see `admin.ping`.
    """
    try:
        site = admins.about(bot)
    except BotError as exc:
        yield Finding("forum", False, str(exc), "Correct FORUM_URL (or start the forum), then run this again.")
        yield Finding("forum, the rest", None, "not looked at: the forum does not answer")
        return
    version = f"Discourse {site.version}" if site.version else "Discourse, version unseen"
    yield Finding("forum", True, f'"{site.title}" at {bot.url} answers ({version}, language {site.locale})')
    yield from guarded("clock", lambda: clock(bot.server_time, now()))
    key = guarded("key", lambda: key_scopes(bot))
    yield from key
    if any(finding.check == "key" and finding.ok is False for finding in key):
        yield Finding("forum, the rest", None, "not looked at: it takes a key the forum accepts")
        return
    yield from _behind_the_key(bot, admin, wanted, ping)


def _behind_the_key(bot: Discourse, admin: Discourse | None, wanted: Wanted, ping: Ping) -> Iterator[Finding]:
    account: list[Account] = []

    def look_at_account() -> Iterator[Finding]:
        account.append(_account(bot, admin))
        return account_rights(account[0])

    yield from guarded("account", look_at_account)
    sight, whole = _sight(bot, admin)
    yield from whole
    site: Mapping[str, Any] | None = None
    try:
        site = admins.site_for_us(bot)
    except BotError as exc:
        yield Finding("site", False, str(exc), "Try again later; a forum that keeps answering so has to be mended.")
    groups = account[0].group_ids if account else frozenset()
    if wanted.in_staff_category:
        yield from guarded("drafts", lambda: staff_drafts(bot, sight, wanted.drafts_category_id))
    else:
        yield from guarded("drafts", lambda: shared_drafts(bot, sight, site, groups))
    yield from guarded("whispers", lambda: whispers(sight, site, groups))
    yield from guarded("destination", lambda: destination(bot, wanted))
    for other in wanted.others:
        yield from guarded("destination", partial(destination_of, bot, other))
    every_tag = tuple(dict.fromkeys([*wanted.tags, *(tag for other in wanted.others for tag in other.tags)]))
    yield from guarded("tags", lambda: known_tags(bot, site, every_tag))
    yield from guarded("limits", lambda: limits(bot.rules(), wanted))
    yield from guarded("titles", lambda: titles(sight))
    yield from guarded("plugins", lambda: plugins(sight))
    yield from guarded("forum's own mail", lambda: own_mail(sight, sends_digests=wanted.sends_digests))
    yield from guarded("webhooks", lambda: _webhooks(admin, sight, wanted, ping))


# --- the checks ------------------------------------------------------------------------------------------------------


def clock(server: dt.datetime | None, now: dt.datetime) -> Finding:
    """The forum's clock and ours agree; edits and reminders are dated by both."""
    if server is None:
        return Finding("clock", None, "the forum's answers carry no date", "Compare this machine's clock by hand.")
    off_s = (now - server).total_seconds()
    if abs(off_s) <= CLOCK_TOLERANCE_S:
        return Finding("clock", True, f"within {max(abs(off_s), 1):.0f} s of the forum's")
    way = "ahead of" if off_s > 0 else "behind"
    return Finding(
        "clock",
        False,
        f"this machine is {abs(off_s):.0f} s {way} the forum",
        "Switch time synchronisation on, on the machine that is wrong (`timedatectl set-ntp true`).",
    )


def key_scopes(bot: Discourse) -> Iterator[Finding]:
    """The key is accepted for the account, and opens what the bot does."""
    try:
        names = {scope.name for scope in bot.scopes()}
    except ForbiddenError:
        yield Finding(
            "key",
            False,
            f'the forum does not accept the key for the account "{bot.username}"',
            "Correct FORUM_API_KEY and FORUM_API_USER: the key must be bound to exactly that account, not revoked, and "
            "the account not suspended (`paperbot setup-forum --new-key` makes a key).",
        )
        return
    yield Finding("key", True, f'the forum accepts it for the account "{bot.username}"')
    yield scopes_of(names, may_look_up=not names or _may_look_up(bot))


def scopes_of(names: set[str], *, may_look_up: bool) -> Finding:
    """What the key opens; no scope at all means everything its account may."""
    if not names:
        return Finding("key's scopes", True, "none: it may do all its account may (setup-forum makes a narrower one)")
    lacking = [need for need, ways in SCOPES.items() if names.isdisjoint(ways)]
    if not lacking and not may_look_up:
        lacking = ["global:read"]
    if lacking:
        return Finding(
            "key's scopes",
            False,
            f"without {', '.join(lacking)}",
            "Make a key with these scopes: `paperbot setup-forum --apply --new-key`, or Admin → API. A forum that does "
            "not know one of them needs global:read instead.",
        )
    return Finding("key's scopes", True, f"all that are needed, of {len(names)}")


def _may_look_up(bot: Discourse) -> bool:
    """Forums before 2025 have no scope for the look-up by external id but `global:read`."""
    try:
        bot.find_topic(PROBE_KEY)
    except ForbiddenError:
        return False
    return True


def _account(bot: Discourse, admin: Discourse | None) -> Account:
    seen = admins.account(bot, bot.username)
    for eye in filter(None, (admin, bot)):
        try:
            more = admins.account_for_staff(eye, seen.id)
        except RejectedError:
            continue
        state = {name: getattr(more, name) for name in ("active", "suspended_till", "silenced_till")}
        return seen.model_copy(update={name: value for name, value in state.items() if value is not None})
    return seen


def account_rights(account: Account) -> Iterator[Finding]:
    """The bot's account is a moderator that may write."""
    name = account.username
    page = f"Admin → Users → {name}"
    if account.suspended_till or account.silenced_till or account.active is False:
        state = "suspended" if account.suspended_till else "silenced" if account.silenced_till else "not active"
        yield Finding("account", False, f"{name} is {state}", f"{page}: lift it, or activate the account.")
    elif not (account.moderator or account.admin):
        yield Finding(
            "account",
            False,
            f"{name} is no moderator, so it has no shared drafts and may be held for approval",
            f"{page} → Permissions → Grant Moderation.",
        )
    elif account.admin:
        yield Finding("account", True, f"{name} is an administrator; a moderator would do, and is safer")
    elif account.active is None:
        yield Finding("account", True, f"{name} is a moderator (whether it is silenced {NO_MARK})")
    else:
        yield Finding("account", True, f"{name} is a moderator, active and not silenced")


def _sight(bot: Discourse, admin: Discourse | None) -> tuple[Sight, list[Finding]]:
    """The settings, all of them if an administrator's key shows them, and what went wrong in reading."""
    values: dict[str, str] = {}
    troubles: list[Finding] = []
    try:
        values |= admins.client_settings(bot)
    except BotError as exc:
        mend = "Try again later; what depends on them is open until then."
        troubles.append(Finding("forum's settings", False, str(exc), mend))
    if admin is None:
        return Sight(values), troubles
    try:
        values |= admins.site_settings(admin)
    except TransientError as exc:
        troubles.append(Finding("administrator's key", None, str(exc), "Try again later."))
        return Sight(values), troubles
    except RejectedError:
        message = "FORUM_ADMIN_KEY with FORUM_ADMIN_USER is no administrator's key without limits"
        troubles.append(Finding("administrator's key", False, message, "Correct both, or leave both empty."))
        return Sight(values), troubles
    return Sight(values, is_whole=True), troubles


def shared_drafts(
    bot: Discourse, sight: Sight, site: Mapping[str, Any] | None, groups: frozenset[str]
) -> Iterator[Finding]:
    """Shared drafts are on, for the bot too, in a category that the public does not see and that asks for nothing."""
    name, mend = "drafts", "`paperbot setup-forum --apply`, or Admin → Settings → shared_drafts_category."
    shown = sight.get("shared_drafts_category")
    told = (site or {}).get("shared_drafts_category_id")
    number = told if isinstance(told, int) else int(shown) if shown and shown.isdecimal() else None
    if number is None:
        if shown is None and site is None and not sight.is_whole:
            yield Finding(name, None, f"shared_drafts_category {NO_MARK}", "Look at Admin → Settings → shared drafts.")
        else:
            yield Finding(name, False, "shared_drafts_category is not set: no draft can be made", mend)
        return
    if not _may_share(sight, site, groups):
        setting = "shared_drafts_allowed_groups" if "shared_drafts_allowed_groups" in sight.values else "shared drafts"
        yield Finding(
            name,
            False,
            f'shared drafts are on, but not for "{bot.username}"',
            f"`paperbot setup-forum --apply`, or Admin → Settings → {setting}: let moderators in.",
        )
        return
    yield _drafts_place(bot, number)


def staff_drafts(bot: Discourse, sight: Sight, number: int | None) -> Iterator[Finding]:
    """The category of drafts on a forum without shared drafts: a draft moved out of it keeps its whole history."""
    if number is None:
        mend = "Set DRAFTS_CATEGORY_ID to the number of a category that only staff see; setup-forum can make one."
        yield Finding("drafts", False, "REVIEW_FLOW is staff_category, and DRAFTS_CATEGORY_ID is not set", mend)
        return
    yield _drafts_place(bot, number)
    if sight.get("edit_history_visible_to_public") == "true":
        message = "everybody may read it (edit_history_visible_to_public), a published draft's earlier wordings too"
        yield Finding("edit history", True, message)


def _drafts_place(bot: Discourse, number: int) -> Finding:
    try:
        place = admins.category(bot, number)
    except (ForbiddenError, NotFoundError):
        message = f'the drafts category {number} is closed to "{bot.username}", or gone'
        return Finding("drafts", False, message, "Let staff create, reply and see in that category's Security tab.")
    return drafts_category(place)


def _may_share(sight: Sight, site: Mapping[str, Any] | None, groups: frozenset[str]) -> bool:
    """As far as it can be seen: `/site.json` names the category to those only who may use shared drafts."""
    if site is not None:
        return isinstance(site.get("shared_drafts_category_id"), int)
    allowed = sight.get("shared_drafts_allowed_groups")
    if allowed is not None:
        return not groups or not groups.isdisjoint(allowed.split("|"))
    return sight.get("shared_drafts_min_trust_level") != "admin"


def drafts_category(place: Category) -> Finding:
    """The drafts category itself."""
    name, security = "drafts", f'Open the category "{place.name}" → Edit → '
    if not place.read_restricted:
        message = f'everybody can read the drafts category "{place.name}"'
        return Finding(
            name, False, message, f"{security}Security: remove `everyone`, add `staff` (create, reply, see)."
        )
    if place.permission != admins.CREATE:
        message = f'the bot may not open topics in the drafts category "{place.name}"'
        return Finding(name, False, message, f"{security}Security: give `staff` create, reply and see.")
    if place.asks_for_tags or place.is_limited_to_tags:
        message = f'the drafts category "{place.name}" has rules for tags, which refuse drafts'
        return Finding(name, False, message, f"{security}Tags: remove the required and the allowed tags.")
    return Finding(name, True, f'drafts go to "{place.name}", which only staff see')


def whispers(sight: Sight, site: Mapping[str, Any] | None, groups: frozenset[str]) -> Finding:
    """The bot may whisper: its report for moderators is one."""
    name, setting = "whispers", "whispers_allowed_groups"
    mend = "`paperbot setup-forum --apply`, or Admin → Settings → "
    switch = sight.get("enable_whispers")
    if switch is not None:
        if switch == "true":
            return Finding(name, True, "on, for staff")
        return Finding(name, False, "off: no report can be left beside a draft", f"{mend}enable_whispers: on.")
    allowed = sight.get(setting)
    if allowed is None and site is not None:
        is_in = bool(site.get("whispers_allowed_groups_names"))
    elif allowed is None:
        return Finding(name, None, f"{setting} {NO_MARK}", f"Look at Admin → Settings → {setting}: moderators.")
    else:
        is_in = bool(allowed) and not groups.isdisjoint(allowed.split("|"))
    if is_in:
        return Finding(name, True, "on, for the bot too")
    message = "off, or not for the bot: no report can be left beside a draft"
    return Finding(name, False, message, f"{mend}{setting}: add `moderators`.")


def destination(bot: Discourse, wanted: Wanted) -> Finding:
    """The category weekly posts are published to exists and takes them."""
    if wanted.category_id is None:
        return Finding(
            "destination",
            False,
            "WEEKLY_CATEGORY_ID is not set",
            "Put the category's number into WEEKLY_CATEGORY_ID (`/c/papers/12` is 12), or let `paperbot setup-forum` "
            "make one.",
        )
    return destination_of(bot, Destination("weekly", wanted.category_id, wanted.tags))


def destination_of(bot: Discourse, wanted: Destination) -> Finding:
    """The category of a series exists and takes its posts."""
    try:
        place = admins.category(bot, wanted.category_id)
    except (ForbiddenError, NotFoundError):
        message = f'category {wanted.category_id} does not exist, or is closed to "{bot.username}"'
        mend = f"Correct {wanted.settings[0]}, or open the category to staff."
        return Finding("destination", False, message, mend)
    return destination_rules(place, wanted)


def destination_rules(place: Category, wanted: Destination) -> Finding:
    """What the destination asks of a topic."""
    name, edit = "destination", f'the category "{place.name}" → Edit → '
    series, tags, tags_setting = wanted.series, wanted.tags, wanted.settings[1]
    if place.permission != admins.CREATE:
        return Finding(name, False, f'the bot may not open topics in "{place.name}"', f"Open {edit}Security: `staff`.")
    lacking = max((place.minimum_required_tags or 0) - len(tags), 0)
    if lacking or place.required_tag_groups:
        message = f'"{place.name}" requires tags that {series} posts do not have'
        return Finding(name, False, message, f"Add tags to {tags_setting}, or remove the requirement: {edit}Tags.")
    strange = sorted(set(tags) - set(place.allowed_tag_names))
    if place.is_limited_to_tags and strange and not place.allowed_tag_groups:
        message = f'"{place.name}" does not take the tags {", ".join(strange)}'
        return Finding(name, False, message, f"Take them out of {tags_setting}, or allow them: {edit}Tags.")
    public = "only some people see it" if place.read_restricted else "everybody sees it"
    moderated = "; topics of members wait for approval there, the bot's do not" if place.is_moderated else ""
    return Finding(name, True, f'{series} posts go to "{place.name}" ({public}{moderated})')


def known_tags(bot: Discourse, site: Mapping[str, Any] | None, tags: Sequence[str]) -> Finding:
    """The tags of our posts exist, or the bot may make them: unknown ones are dropped without a word."""
    if not tags:
        return Finding("tags", True, "no tags are set: none are used")
    if site is not None and site.get("can_create_tag"):
        return Finding("tags", True, f"{', '.join(tags)}: the bot may use them, and makes those that are missing")
    try:
        known = {name.lower() for name in admins.tags(bot)}
    except (ForbiddenError, NotFoundError):
        return Finding("tags", None, f"the forum's tags: {NO_MARK}", "Look at /tags whether those of our posts exist.")
    unknown = [tag for tag in tags if tag.lower() not in known]
    if not unknown:
        return Finding("tags", True, f"{', '.join(tags)} exist")
    listed = ", ".join(unknown)
    if site is None:
        message = f"{listed} do not exist yet; whether the bot may make them {NO_MARK}"
        return Finding("tags", None, message, "Make them under /tags, or wait: staff may usually make tags.")
    return Finding("tags", False, f"the forum does not know {listed} and would drop them", "Make them under /tags.")


def limits(rules: SiteRules, wanted: Wanted) -> Finding:
    """The forum takes a weekly post: title, tags, length."""
    title = wanted.title or "x" * rules.min_title_length
    try:
        check_limits(title, ["가" * max(rules.min_first_post_length, 1)], wanted.tags, rules)
    except RejectedError as exc:
        mend = "Change the setting that the sentence names, under Admin → Settings."
        return Finding("limits", False, str(exc), mend)
    length = f"{rules.max_post_length:,} characters a post"
    if rules.max_post_length < WHOLE_ARTICLE:
        return Finding(
            "limits", True, f"{length}: longer articles are split (max_post_length {WHOLE_ARTICLE} avoids it)"
        )
    return Finding("limits", True, f"{length}: articles stay in one piece")


def titles(sight: Sight) -> Finding:
    """Titles stay as they are: Hangul counts as capitals, so one abbreviation gets the whole title lowered."""
    if sight.get("title_prettify") == "false" or sight.get("allow_uppercase_posts") == "true":
        return Finding("titles", True, "kept as they are written")
    if sight.get("title_prettify") is None:
        return Finding("titles", None, f"title_prettify {NO_MARK}", "Look at Admin → Settings → title_prettify: off.")
    message = "the forum rewrites titles: `ICLR 논문` becomes `Iclr 논문`"
    return Finding(
        "titles", False, message, "`paperbot setup-forum --apply`, or Admin → Settings → title_prettify: off."
    )


PLUGINS = {"details_enabled": "details", "enable_markdown_footnotes": "footnotes", "discourse_math_enabled": "math"}


def plugins(sight: Sight) -> Finding:
    """Extensions of the markup. Posts do without; where they are missing, moderators cannot use them either."""
    seen = {label: sight.values[name] == "true" for name, label in PLUGINS.items() if name in sight.values}
    if not seen:
        if sight.is_whole:
            return Finding("markup", True, "no extension has a switch here; posts need none")
        return Finding("markup", None, f"its extensions: {NO_MARK}; posts need none", "Look at Admin → Plugins.")
    on = ", ".join(label for label, is_on in seen.items() if is_on) or "none"
    off = ", ".join(label for label, is_on in seen.items() if not is_on) or "none"
    changing = [n for n in ("remove_full_quote", "download_remote_images_to_local") if sight.get(n) == "true"]
    extra = f"; the forum may edit posts itself ({', '.join(changing)}), which is taken over" if changing else ""
    return Finding("markup", True, f"extensions on: {on}; off: {off}; posts need none{extra}")


def own_mail(sight: Sight, *, sends_digests: bool = False) -> Finding:
    """The forum's own digests, so that nobody gets two."""
    switch, minutes = sight.get("disable_digest_emails"), sight.get("default_email_digest_frequency")
    if switch is None:
        return Finding("forum's own mail", None, f"its digests: {NO_MARK}", "Look at Admin → Settings → digest.")
    if switch == "true":
        return Finding("forum's own mail", True, "the forum sends no digests")
    every = f"every {int(minutes) / 1440:g} days by default" if minutes and minutes.isdecimal() else "on"
    if sends_digests:
        mend = "Switch on disable_digest_emails (Admin → Settings), or empty DIGEST_FROM."
        return Finding("forum's own mail", False, f"the forum's digests are on, {every}: members get two", mend)
    return Finding("forum's own mail", True, f"the forum's digests are on, {every}; paperbot sends no other ones")


# --- webhooks --------------------------------------------------------------------------------------------------------


def content_hook(hooks: Hooks, url: str) -> Hook | None:
    """The webhook that tells us of posts, topics and likes, if there is one."""
    return _hook_for(hooks, url, CONTENT_EVENTS)


def queue_hook(hooks: Hooks, url: str) -> Hook | None:
    """The webhook that tells us of the review queue, if there is one: it has no filter by category."""
    found = _hook_for(hooks, url, QUEUE_EVENTS)
    return None if found is not None and found.category_ids else found


def _hook_for(hooks: Hooks, url: str, kinds: Sequence[str]) -> Hook | None:
    ours = [hook for hook in hooks.hooks if hook.payload_url.rstrip("/") == url.rstrip("/")]
    wanted = hooks.ids(*kinds)
    matching = [hook for hook in ours if hook.wildcard_web_hook or hook.event_ids & wanted]
    # One that is complete is preferred to one that happens to come first.
    return max(matching, key=lambda hook: (hook.active, len(hook.event_ids & wanted)), default=None)


def hook_faults(
    hook: Hook, hooks: Hooks, kinds: Sequence[str], *, category_ids: Sequence[int], secrets: Sequence[str]
) -> list[str]:
    """What is wrong with a webhook, as clauses; a filter that leaves some of `category_ids` out is."""
    faults: list[str] = []
    if not hook.active:
        faults.append("is switched off")
    if len(hook.secret or "") < SHORTEST_SECRET:
        faults.append("has no secret, so it is not signed")
    elif secrets and hook.secret not in secrets:
        faults.append("is signed with a secret that WEBHOOK_SECRETS does not hold")
    if not hook.wildcard_web_hook:
        lacking = [kind for kind in kinds if not hooks.ids(kind) <= hook.event_ids]
        if lacking:
            faults.append(f"does not send {', '.join(lacking)} events")
    missing = sorted(set(category_ids) - set(hook.category_ids)) if hook.category_ids else []
    if missing:
        faults.append(f"leaves out category {', '.join(map(str, missing))}")
    return faults


def _webhooks(admin: Discourse | None, sight: Sight, wanted: Wanted, ping: Ping) -> Iterator[Finding]:
    name = "webhooks"
    if wanted.hook_url is None:
        yield Finding(name, None, "not looked at: it takes PUBLIC_URL to know ours")
        return
    if admin is None or not sight.is_whole:
        where = f"Look at Admin → API → Webhooks for {wanted.hook_url}, or set FORUM_ADMIN_KEY for this run."
        yield Finding(name, None, f"those of the forum: {NO_MARK}", where)
        return
    drafts = sight.get("shared_drafts_category") or ""
    if wanted.in_staff_category:
        drafts = str(wanted.drafts_category_id or "")
    places = [int(drafts)] if drafts.isdecimal() else []
    places += [wanted.category_id] if wanted.category_id is not None else []
    places = list(dict.fromkeys([*places, *(other.category_id for other in wanted.others)]))
    hooks = admins.hooks(admin)
    parts: tuple[tuple[str, Hook | None, Sequence[str], Sequence[int]], ...] = (
        ("webhook: posts", content_hook(hooks, wanted.hook_url), CONTENT_EVENTS, places),
        ("webhook: queue", queue_hook(hooks, wanted.hook_url), QUEUE_EVENTS, ()),
    )
    for label, hook, kinds, category_ids in parts:
        if hook is None:
            message = f"none sends {', '.join(kinds)} events to {wanted.hook_url}"
            yield Finding(label, False, message, "`paperbot setup-forum --apply`, or Admin → API → Webhooks.")
            continue
        faults = hook_faults(hook, hooks, kinds, category_ids=category_ids, secrets=wanted.secrets)
        if faults:
            mend = "`paperbot setup-forum --apply` corrects it (Admin → API → Webhooks)."
            yield Finding(label, False, f"number {hook.id} {', '.join(faults)}", mend)
            continue
        yield _delivery(hook, label, ping(admin, hook.id))
    if sight.get("retry_web_hook_events") == "false":
        message = "off: a webhook met by an error is lost, and noticed by the next sweep only"
        mend = "`paperbot setup-forum --apply`, or Admin → Settings → retry_web_hook_events: on."
        yield Finding("webhook retries", False, message, mend)
    elif sight.get("retry_web_hook_events") == "true":
        yield Finding("webhook retries", True, "on")


def _delivery(hook: Hook, label: str, status: int | None) -> Finding:
    """Whether a ping arrived."""
    if status is None:
        where = f"See its log: Admin → API → Webhooks → {hook.id}."
        return Finding(label, None, f"number {hook.id} is right; its ping was not answered within seconds", where)
    if not 200 <= status < 300:
        answer = "nothing" if status < 0 else f"status {status}"
        mend = "Start the web part (`paperbot up`), and let the TLS proxy pass PUBLIC_URL/hooks/discourse on to it."
        if status == REFUSED:
            mend = "Restart the web part with today's WEBHOOK_SECRETS, and let WEBHOOK_HOSTS name the forum's own host."
        return Finding(
            label,
            False,
            f"number {hook.id} is right, but a ping to {hook.payload_url} was answered with {answer}",
            mend,
        )
    return Finding(label, True, f"number {hook.id} is signed and complete, and a ping arrives")
