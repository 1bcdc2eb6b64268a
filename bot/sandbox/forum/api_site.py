"""Addresses of the site: categories, tags, users, keys' scopes, notifications.

Facts: discourse/discourse `config/routes.rb`, `app/controllers/{site,categories,users,session}_controller.rb`.
"""

from starlette.responses import Response

from bot.sandbox.forum import keys, notices, refusals, sight
from bot.sandbox.forum.asks import Ask, Endpoints, Row, as_json
from bot.sandbox.forum.state import User


class SiteEndpoints(Endpoints):
    """What the site tells of itself and of its members."""

    def table(self) -> list[Row]:
        """The addresses."""
        return [
            ("GET", "/c/{category_id:int}/show.json", "categories/show", self.show_category),
            ("GET", "/categories.json", "categories/index", self.categories),
            ("GET", "/tags.json", "tags/index", self.tag_list),
            ("GET", "/site.json", "site/site", self.site),
            ("GET", "/site/basic-info.json", "site/basic_info", self.basic_info),
            ("GET", "/site/settings.json", "site/settings", self.client_settings),
            ("GET", "/about.json", "about/index", self.about),
            ("GET", "/session/scopes.json", "session/scopes", self.scopes),
            ("GET", "/notifications.json", "notifications/index", self.notifications),
            ("GET", "/u/{username}/emails.json", "users/check_emails", self.emails),
            ("GET", "/u/{username}.json", "users/show", self.show_user),
            ("PUT", "/u/{username}.json", "users/update", self.update_user),
        ]

    def show_category(self, ask: Ask) -> Response:
        """A category with its permissions."""
        category = self.forum.state.categories.get(ask.path_int("category_id"))
        if category is None:
            raise refusals.not_found(self.forum.texts)
        if not sight.sees_category(ask.user, category):
            raise refusals.invalid_access(self.forum.texts)
        return as_json(self.view(ask).category_details(category))

    def categories(self, ask: Ask) -> Response:
        """All categories the caller sees."""
        return as_json(self.view(ask).category_list())

    def tag_list(self, ask: Ask) -> Response:
        """All tags."""
        return as_json(self.view(ask).tag_list())

    def site(self, ask: Ask) -> Response:
        """What the site is like for the caller."""
        return as_json(self.view(ask).site())

    def basic_info(self, ask: Ask) -> Response:
        """Name and language of the site."""
        return as_json(self.view(ask).basic_info())

    def client_settings(self, ask: Ask) -> Response:
        """The settings a browser is told."""
        return as_json(self.view(ask).client_settings())

    def about(self, ask: Ask) -> Response:
        """Version and staff."""
        return as_json(self.view(ask).about())

    def scopes(self, ask: Ask) -> Response:
        """What the caller's key opens."""
        if ask.key is None:
            raise refusals.not_logged_in(self.forum.texts)
        return as_json(keys.show_scopes(ask.key, self.forum.mode))

    def notifications(self, ask: Ask) -> Response:
        """What concerns the caller."""
        return as_json(notices.show(self.user(ask), self.forum.state))

    def _named(self, ask: Ask) -> User:
        user = self.forum.state.user_named(ask.path_text("username"))
        if user is None:
            raise refusals.not_found(self.forum.texts)
        return user

    def show_user(self, ask: Ask) -> Response:
        """One account."""
        return as_json(self.view(ask).user_details(self._named(ask), self.forum.now()))

    def emails(self, ask: Ask) -> Response:
        """The addresses of an account, for itself and for admins."""
        user, caller = self._named(ask), self.user(ask)
        if not caller.admin and caller.id != user.id:
            raise refusals.invalid_access(self.forum.texts)
        more = {"secondary_emails": user.secondary_emails, "unconfirmed_emails": [], "associated_accounts": []}
        return as_json({"email": user.email, **more})

    def update_user(self, ask: Ask) -> Response:
        """Digest preferences. 2022 compares with the exact word `true`: any other one switches digests off."""
        user, caller = self._named(ask), self.user(ask)
        if not caller.staff and caller.id != user.id:
            raise refusals.invalid_access(self.forum.texts)
        digests = ask.text("email_digests")
        on = None if digests is None else digests == "true"
        if self.forum.mode == "now" and digests is not None:
            on = digests not in ("false", "False", "0", "f", "off", "")
        self.forum.set_digests(user, email_digests=on, minutes=ask.number("digest_after_minutes"))
        return as_json({"success": "OK", "user": self.view(ask).user_details(user, self.forum.now())["user"]})
