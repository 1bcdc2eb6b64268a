"""The forum itself: its state, its rules, and what people and programs can do in it.

Everything a request can do is a method, so that tests and the demo can play the moderator without HTTP. A method that
changes something holds the lock, checks first, changes then, and saves before it returns. The methods live in
`topic_acts`, `post_acts` and `site_acts`; what they share in `base`.
"""

from starlette.types import ASGIApp

from bot.sandbox.forum.base import Call
from bot.sandbox.forum.post_acts import PostActs
from bot.sandbox.forum.site_acts import SiteActs
from bot.sandbox.forum.state import User

__all__ = ["Call", "Forum"]


class Forum(PostActs, SiteActs):
    """A small honest forum."""

    def app(self) -> ASGIApp:
        """The forum over HTTP: Discourse's JSON for programs, pages for people."""
        from bot.sandbox.forum.api import build_app  # which needs this class

        return build_app(self)

    def _furnish(self) -> None:
        self.state.users[-1] = User(-1, "system", "system", self.now(), admin=True, moderator=True, trust_level=4)
        self.add_user("moderator", moderator=True, trust_level=4, full_name="운영자")
        self.add_user("minji", full_name="민지")
        self.add_user("junho", full_name="준호")
        self.add_category("미분류", "uncategorized")
        self.add_category("운영진", "staff", staff_only=True)
        drafts_category = self.add_category(
            "초안 검토", "drafts", staff_only=True, description="공개 전에 함께 다듬는 곳"
        )
        self.add_category("논문", "papers", description="매주 고른 논문을 우리말과 영어로 함께 읽습니다")
        self.settings.shared_drafts_category = drafts_category.id
