"""Addresses of administrators: settings, categories, keys, webhooks, the list of members.

For everybody else they do not exist. Facts: discourse/discourse `config/routes.rb`, `app/controllers/admin/`.
"""

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bot.sandbox.forum import hook_types, keys, refusals, site_settings
from bot.sandbox.forum.asks import Ask, Endpoints, Row, as_json
from bot.sandbox.forum.state import HookEvent, User, WebHook
from bot.sandbox.forum.times import stamp
from bot.sandbox.forum.views import basic_user
from bot.sandbox.forum.webhooks import is_refused_address

HOOKS_A_PAGE = 50
USERS_A_PAGE = 100


class AdminEndpoints(Endpoints):
    """What only administrators may do."""

    def table(self) -> list[Row]:
        """The addresses."""
        hooks = "/admin/api/web_hooks"
        one = hooks + "/{hook_id:int}"
        return [
            ("GET", "/admin/site_settings.json", "site_settings/index", self.settings),
            ("PUT", "/admin/site_settings/{name}.json", "site_settings/update", self.change_setting),
            ("POST", "/categories.json", "categories/create", self.create_category),
            ("GET", "/admin/api/keys/scopes.json", "api/scopes", self.scopes),
            ("POST", "/admin/api/keys.json", "api/create", self.create_key),
            ("GET", "/admin/api/keys.json", "api/index", self.list_keys),
            ("DELETE", "/admin/api/keys/{key_id:int}.json", "api/destroy", self.delete_key),
            ("GET", f"{hooks}.json", "web_hooks/index", self.hooks),
            ("POST", f"{hooks}.json", "web_hooks/create", self.create_hook),
            ("POST", f"{one}/ping.json", "web_hooks/ping", self.ping),
            ("POST", f"{one}/ping", "web_hooks/ping", self.ping),
            ("POST", one + "/events/{event_id:int}/redeliver.json", "web_hooks/redeliver", self.redeliver),
            ("POST", one + "/events/{event_id:int}/redeliver", "web_hooks/redeliver", self.redeliver),
            ("GET", f"{one}.json", "web_hooks/show", self.show_hook),
            ("PUT", f"{one}.json", "web_hooks/update", self.update_hook),
            ("DELETE", f"{one}.json", "web_hooks/destroy", self.delete_hook),
            ("GET", "/admin/api/web_hook_events/{hook_id:int}.json", "web_hooks/list_events", self.hook_events),
            ("GET", "/admin/users/list/{flag}.json", "users/index", self.users),
            ("GET", "/admin/users/{user_id:int}.json", "users/show", self.show_user),
        ]

    # --- settings and categories -------------------------------------------------------------------------------------

    def settings(self, ask: Ask) -> Response:
        """All settings."""
        self.admin(ask)
        return as_json({"site_settings": site_settings.show_all(self.forum.settings, self.forum.mode)})

    def change_setting(self, ask: Ask) -> Response:
        """Change one; success is empty."""
        self.admin(ask)
        name = ask.path_text("name")
        with self.forum.writing():
            try:
                site_settings.change(self.forum.settings, self.forum.mode, name, ask.text(name) or "")
            except (KeyError, ValueError) as error:
                raise refusals.invalid_parameters(self.forum.texts, name) from error
        return Response(None, 200)

    def create_category(self, ask: Ask) -> Response:
        """A new category; a name that is taken is refused."""
        self.admin(ask)
        name, slug = ask.text("name") or "", ask.text("slug") or ""
        if not name:
            raise refusals.missing_parameter(self.forum.texts, "name")
        known = self.forum.state.categories.values()
        if any(c.name.lower() == name.lower() for c in known):
            raise refusals.errors(422, self.forum.texts["category_taken"])
        slug = slug or f"{self.forum.state.last_id['category'] + 1}-category"
        given = ask.params.get("permissions")
        permissions = {str(k): int(v) for k, v in given.items()} if isinstance(given, Mapping) else None
        category = self.forum.add_category(name, slug, permissions=permissions, description="")
        with self.forum.writing():
            category.color = ask.text("color") or category.color
            category.text_color = ask.text("text_color") or category.text_color
            category.parent_category_id = ask.number("parent_category_id")
        return as_json(self.view(ask).category_details(category))

    # --- keys --------------------------------------------------------------------------------------------------------

    def scopes(self, ask: Ask) -> Response:
        """The catalogue of scopes."""
        self.admin(ask)
        catalogue: dict[str, list[dict[str, Any]]] = {}
        for scope, urls in keys.known_scopes(self.forum.mode).items():
            resource, _, name = scope.partition(":")
            entry = {"scope_id": scope, "key": name, "name": scope, "params": [], "urls": urls}
            catalogue.setdefault(resource, []).append(entry)
        return as_json({"scopes": catalogue})

    def create_key(self, ask: Ask) -> Response:
        """A new key; its text is told here and never again."""
        self.admin(ask)
        given = ask.params.get("key")
        if not isinstance(given, Mapping):
            raise refusals.missing_parameter(self.forum.texts, "key")
        username = str(given.get("username") or "") or None
        if username is not None and self.forum.state.user_named(username) is None:
            raise refusals.not_found(self.forum.texts)
        wanted = [str(s.get("scope_id")) for s in given.get("scopes") or [] if isinstance(s, Mapping)]
        known = keys.known_scopes(self.forum.mode)
        if any(scope not in known for scope in wanted):
            raise refusals.invalid_parameters(self.forum.texts, "scopes")
        text = secrets.token_hex(32)
        self.forum.add_api_key(username, wanted or None, key=text, description=str(given.get("description") or ""))
        return as_json({"key": self._key(self.forum.state.keys[-1].id) | {"key": text}})

    def _key(self, number: int) -> dict[str, Any]:
        key = next(k for k in self.forum.state.keys if k.id == number)
        user = self.forum.state.user_named(key.username) if key.username else None
        scopes = [
            {"resource": s.partition(":")[0], "action": s.partition(":")[2], "key": s.partition(":")[2]}
            for s in key.scopes or []
        ]
        return {
            "id": key.id,
            "truncated_key": f"{key.digest[:4]}...",
            "description": key.description,
            "created_at": stamp(key.created_at),
            "last_used_at": None,
            "revoked_at": stamp(key.created_at) if key.revoked else None,
            "user": None if user is None else basic_user(user),
            "api_key_scopes": scopes,
        }

    def list_keys(self, ask: Ask) -> Response:
        """All keys, without their text."""
        self.admin(ask)
        return as_json({"keys": [self._key(k.id) for k in self.forum.state.keys]})

    def delete_key(self, ask: Ask) -> Response:
        """Delete a key."""
        self.admin(ask)
        with self.forum.writing():
            kept = [k for k in self.forum.state.keys if k.id != ask.path_int("key_id")]
            if len(kept) == len(self.forum.state.keys):
                raise refusals.not_found(self.forum.texts)
            self.forum.state.keys = kept
        return as_json({"success": "OK"})

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def _hook(self, ask: Ask) -> WebHook:
        self.admin(ask)
        hook = self.forum.state.web_hooks.get(ask.path_int("hook_id"))
        if hook is None:
            raise refusals.not_found(self.forum.texts)
        return hook

    def _shown(self, hook: WebHook) -> dict[str, Any]:
        catalogue = hook_types.extras(self.forum.mode)
        lists = [catalogue["event_types"]] if self.forum.mode == "2022" else catalogue["grouped_event_types"].values()
        chosen = [entry for entries in lists for entry in entries if entry["id"] in hook.event_type_ids]
        last = next((e for e in reversed(self.forum.webhooks.log(hook.id)) if e.status is not None), None)
        good = last is not None and last.status is not None and 200 <= last.status < 300
        status = 1 if not hook.active or last is None else 3 if good else 2
        categories = [self.forum.state.categories[number] for number in hook.category_ids]
        return {
            "id": hook.id,
            "payload_url": hook.payload_url,
            "content_type": hook.content_type,
            "last_delivery_status": status,
            "secret": hook.secret,
            "wildcard_web_hook": hook.wildcard,
            "verify_certificate": hook.verify_certificate,
            "active": hook.active,
            "web_hook_event_types": chosen,
            "category_ids": hook.category_ids,
            "categories": [{"id": c.id, "name": c.name, "slug": c.slug} for c in categories],
            "tags": hook.tag_names,
            "tag_names": hook.tag_names,
            "groups": [],
            "group_ids": [],
        }

    def hooks(self, ask: Ask) -> Response:
        """All webhooks, their secrets in clear, and the catalogue of events."""
        self.admin(ask)
        offset = ask.number("offset") or 0
        hooks = list(self.forum.state.web_hooks.values())
        return as_json(
            {
                "web_hooks": [self._shown(h) for h in hooks[offset:][:HOOKS_A_PAGE]],
                "extras": hook_types.extras(self.forum.mode),
                "total_rows_web_hooks": len(hooks),
                "load_more_web_hooks": f"/admin/api/web_hooks.json?limit={HOOKS_A_PAGE}&offset={offset + HOOKS_A_PAGE}",
            }
        )

    def show_hook(self, ask: Ask) -> Response:
        """One webhook."""
        hook = self._hook(ask)
        return as_json({"web_hook": self._shown(hook), "extras": hook_types.extras(self.forum.mode)})

    def _given(self, ask: Ask) -> Mapping[str, Any]:
        given = ask.params.get("web_hook")
        if not isinstance(given, Mapping):
            raise refusals.missing_parameter(self.forum.texts, "web_hook")
        return given

    def _fill(self, hook: WebHook, given: Mapping[str, Any]) -> None:
        """Write what was sent into a webhook, after looking at it."""
        forum = self.forum
        url = str(given.get("payload_url", hook.payload_url)).strip()
        secret = str(given.get("secret", hook.secret) or "")
        if not url.startswith(("http://", "https://")) or 0 < len(secret) < 12:
            raise refusals.errors(422, forum.texts["invalid_parameters"].format(name="payload_url, secret"))
        if forum.mode == "now" and is_refused_address(url, forum.settings):
            raise refusals.errors(422, forum.texts["address_refused"])
        wildcard = _yes(given.get("wildcard_web_hook", hook.wildcard))
        sent = given.get("web_hook_event_type_ids", hook.event_type_ids)
        ids = [int(number) for number in sent if str(number).isdecimal()]
        if not set(ids) <= hook_types.all_ids(forum.mode) or not (ids or wildcard):
            raise refusals.errors(422, forum.texts["invalid_parameters"].format(name="web_hook_event_type_ids"))
        categories = given.get("category_ids", hook.category_ids)
        with forum.writing():
            hook.payload_url, hook.secret, hook.wildcard, hook.event_type_ids = url, secret, wildcard, ids
            hook.category_ids = [int(n) for n in categories if str(n).isdecimal()]
            hook.tag_names = [str(n) for n in given.get("tag_names", hook.tag_names) if n]
            hook.active = _yes(given.get("active", hook.active))
            hook.content_type = int(given.get("content_type", hook.content_type))
            hook.verify_certificate = _yes(given.get("verify_certificate", hook.verify_certificate))
            forum.state.web_hooks[hook.id] = hook

    def create_hook(self, ask: Ask) -> Response:
        """A new webhook; nothing keeps two from having one address."""
        self.admin(ask)
        given = self._given(ask)
        number = self.forum.state.next_id("web_hook")
        self._fill(WebHook(number, "", active=False), given)
        return as_json({"web_hook": self._shown(self.forum.state.web_hooks[number])})

    def update_hook(self, ask: Ask) -> Response:
        """Change a webhook; what is not sent stays."""
        hook = self._hook(ask)
        self._fill(hook, self._given(ask))
        return as_json({"web_hook": self._shown(hook)})

    def delete_hook(self, ask: Ask) -> Response:
        """Delete a webhook."""
        hook = self._hook(ask)
        with self.forum.writing():
            del self.forum.state.web_hooks[hook.id]
        return as_json({"success": "OK"})

    def ping(self, ask: Ask) -> Response:
        """Send a ping, even to an inactive one."""
        self.forum.webhooks.ping(self._hook(ask).id)
        return as_json({"success": "OK"})

    def redeliver(self, ask: Ask) -> Response:
        """Send a logged event once more, with the same id and body."""
        self._hook(ask)
        try:
            event = self.forum.webhooks.redeliver(ask.path_int("event_id"))
        except KeyError as error:
            raise refusals.not_found(self.forum.texts) from error
        return as_json({"web_hook_event": self._event(event)})

    def hook_events(self, ask: Ask) -> Response:
        """The log of deliveries, newest first; the newer forum can show the failed ones only."""
        hook = self._hook(ask)
        offset = ask.number("offset") or 0
        events = list(reversed(self.forum.webhooks.log(hook.id)))
        if self.forum.mode == "now" and ask.text("status") == "failed":
            events = [e for e in events if e.status is None or not 200 <= e.status < 300]
        if self.forum.mode == "now" and ask.text("status") == "successful":
            events = [e for e in events if e.status is not None and 200 <= e.status < 300]
        shown = [self._event(e) for e in events[offset:][:HOOKS_A_PAGE]]
        more = f"/admin/api/web_hook_events/{hook.id}.json?limit={HOOKS_A_PAGE}&offset={offset + HOOKS_A_PAGE}"
        return as_json(
            {
                "web_hook_events": shown,
                "total_rows_web_hook_events": len(events),
                "load_more_web_hook_events": more,
                "extras": {"web_hook_id": hook.id},
            }
        )

    def _event(self, event: HookEvent) -> dict[str, Any]:
        hook = self.forum.state.web_hooks.get(event.hook_id)
        return {
            "id": event.id,
            "web_hook_id": event.hook_id,
            "request_url": hook.payload_url if hook else "",
            "headers": json.dumps(event.request_headers),
            "payload": event.body,
            "status": event.status,
            "response_headers": json.dumps(event.response_headers),
            "response_body": event.response_body,
            "duration": event.duration_ms,
            "created_at": stamp(event.created_at),
            "redelivering": event.redelivering,
        }

    # --- members -----------------------------------------------------------------------------------------------------

    def users(self, ask: Ask) -> Response:
        """A hundred members a page, from page 1; the flag sorts but does not filter, the system's are among them."""
        caller = self.user(ask)
        if not caller.staff:
            raise refusals.not_found(self.forum.texts)
        users = list(self.forum.state.users.values())
        if ask.text("order") == "created":
            users.sort(key=lambda u: (u.created_at, u.id), reverse=ask.text("asc") is None)
        else:
            users.sort(key=lambda u: (not u.active, u.id))
        start = (max(ask.number("page") or 1, 1) - 1) * USERS_A_PAGE
        shows = ask.text("show_emails") == "true" and (caller.admin or self.forum.settings.moderators_view_emails)
        return as_json([self._member(u, emails=shows) for u in users[start:][:USERS_A_PAGE]])

    def _member(self, user: User, *, emails: bool) -> dict[str, Any]:
        now = self.forum.now()
        answer: dict[str, Any] = {
            **basic_user(user),
            "active": user.active,
            "admin": user.admin,
            "moderator": user.moderator,
            "last_seen_at": None,
            "last_emailed_at": None,
            "created_at": stamp(user.created_at),
            "last_seen_age": None,
            "last_emailed_age": None,
            "created_at_age": (now - user.created_at).total_seconds(),
            "trust_level": user.trust_level,
            "manual_locked_trust_level": None,
            "title": None,
            "time_read": 0,
            "staged": user.staged,
            "days_visited": 0,
            "posts_read_count": 0,
            "topics_entered": 0,
            "post_count": sum(p.user_id == user.id for p in self.forum.state.posts.values()),
        }
        if emails:
            answer |= {"email": user.email, "secondary_emails": list(user.secondary_emails)}
        later = now + dt.timedelta(days=365)
        if user.suspended:
            answer |= {"suspended_at": stamp(now), "suspended_till": stamp(later), "suspended": True}
        if user.silenced:
            answer |= {"silenced_till": stamp(later), "silenced": True}
        return answer

    def show_user(self, ask: Ask) -> Response:
        """One member with what only staff see."""
        caller = self.user(ask)
        user = self.forum.state.users.get(ask.path_int("user_id"))
        if not caller.staff or user is None:
            raise refusals.not_found(self.forum.texts)
        more = {"bounce_score": 0, "reset_bounce_score_after": None, "suspended_till": None, "silenced_till": None}
        return as_json(more | self._member(user, emails=False))


def _yes(value: object) -> bool:
    return value is True or value in ("true", "1", 1)
