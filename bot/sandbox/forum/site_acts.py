"""The furniture: accounts, keys, categories, tags, webhooks; and the switches that tests use most."""

import secrets
from collections.abc import Sequence

from bot.sandbox.forum import hook_types, keys, tags
from bot.sandbox.forum.base import ForumBase
from bot.sandbox.forum.state import ApiKey, Category, Tag, User, WebHook


class SiteActs(ForumBase):
    """What an administrator does."""

    def add_user(
        self,
        name: str,
        *,
        admin: bool = False,
        moderator: bool = False,
        trust_level: int = 1,
        full_name: str = "",
        email: str = "",
        groups: Sequence[str] = (),
    ) -> User:
        """The account of that name, made if it is not there yet."""
        with self.writing():
            known = self.state.user_named(name)
            if known is None:
                number = self.state.next_id("user")
                known = User(number, name, full_name or name, self.now(), admin, moderator, trust_level)
                known.email = email or f"{name}@forum.test"
                known.groups = list(groups)
                known.digest_after_minutes = self.settings.default_email_digest_frequency
                self.state.users[number] = known
                self._user_event("user_created", known)
            return known

    def set_digests(self, user: User | str, *, email_digests: bool | None = None, minutes: int | None = None) -> User:
        """Change when an account gets the forum's own digest; None leaves a thing as it is."""
        with self.writing():
            known = self._user(user)
            if email_digests is not None:
                known.email_digests = email_digests
            if minutes is not None:
                known.digest_after_minutes = minutes
            self._user_event("user_updated", known)
            return known

    def add_api_key(
        self, user: str | None = None, scopes: Sequence[str] | None = None, *, key: str = "", description: str = ""
    ) -> str:
        """A key in clear text; without `user` it is for all users, without `scopes` it is global.

        Args:
            key: use this text; adding the same again changes nothing.
        """
        with self.writing():
            key = key or secrets.token_hex(32)
            if all(known.digest != keys.digest(key) for known in self.state.keys):
                number = self.state.next_id("key")
                wanted = list(scopes) if scopes is not None else None
                self.state.keys.append(
                    ApiKey(number, keys.digest(key), user, wanted, description=description, created_at=self.now())
                )
            return key

    def add_category(
        self,
        name: str,
        slug: str,
        *,
        staff_only: bool = False,
        description: str = "",
        permissions: dict[str, int] | None = None,
        allowed_tags: Sequence[str] = (),
        minimum_required_tags: int = 0,
    ) -> Category:
        """The category with this slug, made if it is not there yet."""
        with self.writing():
            for known in self.state.categories.values():
                if known.slug == slug:
                    return known
            number = self.state.next_id("category")
            color = ("0088CC", "E45735", "9EB83B", "3AB54A", "B3B5B4")[number % 5]
            allowed = permissions or ({"staff": 1} if staff_only else {"everyone": 1})
            category = Category(number, name, slug, color, description, allowed)
            category.allowed_tags = list(allowed_tags)
            category.minimum_required_tags = minimum_required_tags
            tags.ensure_tags(category.allowed_tags, self.state)
            self.state.categories[number] = category
            return category

    def add_tag(self, name: str) -> Tag:
        """The tag of that name, made if it is not there yet."""
        with self.writing():
            tags.ensure_tags([name], self.state)
            return self.state.tags[name]

    def allow_whispers(self, *groups: str) -> None:
        """Open whispers: to these groups (default: moderators) now, to staff in 2022."""
        with self.writing():
            self.settings.enable_whispers = True
            self.settings.whispers_allowed_groups = list(groups or ("admins", "moderators"))

    def add_web_hook(
        self,
        payload_url: str,
        *,
        secret: str = "",
        events: Sequence[str] | None = None,
        category_ids: Sequence[int] = (),
        tag_names: Sequence[str] = (),
        active: bool = True,
        content_type: int = 1,
    ) -> WebHook:
        """A webhook; unlike the other `add_` methods it makes a new one each time, as Discourse does.

        Args:
            secret: blank means unsigned.
            events: types (`post`) or events (`post_created`); None means all there are.
            category_ids: topics, posts and likes of these only; a filter drops all other types.
        """
        with self.writing():
            number = self.state.next_id("web_hook")
            ids = hook_types.ids_of(list(events), self.mode) if events is not None else []
            hook = WebHook(number, payload_url, secret, content_type, events is None, ids, list(category_ids))
            hook.tag_names, hook.active = list(tag_names), active
            self.state.web_hooks[number] = hook
            return hook

    def flush_webhooks(self, timeout_s: float = 10.0, *, hurry: bool = True) -> None:
        """Wait until every webhook event is delivered; see `WebHooks.flush`.

        Raises:
            TimeoutError: some are still waiting.
        """
        self.webhooks.flush(timeout_s, hurry=hurry)
