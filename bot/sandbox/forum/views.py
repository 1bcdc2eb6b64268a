"""The forum's records in Discourse's JSON, as one user sees them in one mode.

Shapes: the official OpenAPI description (August 2026) and discourse/discourse `app/serializers/`.
"""

import datetime as dt
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.forum import likes, sight
from bot.sandbox.forum.groups import group_id, groups_of
from bot.sandbox.forum.signing import VERSIONS
from bot.sandbox.forum.state import Category, Mode, Post, State, Topic, User
from bot.sandbox.forum.tags import may_create_tags, show_tags
from bot.sandbox.forum.times import stamp
from bot.sandbox.forum.whispers import may_whisper

CHUNK = 20  # posts in one topic view
LIST_PAGE = 30  # topics in one list
DAY_S = 86_400


def fancy(title: str) -> str:
    """A title as HTML."""
    return html.escape(title, quote=False)


def _avatar(user: User) -> str:
    return f"/letter_avatar_proxy/v4/letter/{user.username[0]}/90db22/{{size}}.png"


def basic_user(user: User) -> dict[str, Any]:
    """A user as others mention one."""
    return {"id": user.id, "username": user.username, "name": user.name, "avatar_template": _avatar(user)}


@dataclass(frozen=True)
class View:
    """What `user` (None: no account) sees of `state`."""

    state: State
    mode: Mode
    user: User | None

    def posts(self, topic: Topic) -> list[Post]:
        """The topic's posts this user sees, in order."""
        return [p for p in self.state.posts_of(topic.id) if sight.sees_post(self.user, p, self.state)]

    def _counted(self, topic: Topic) -> list[Post]:
        return [p for p in self.state.posts_of(topic.id) if p.deleted_at is None and p.post_type != 4]

    # --- posts -------------------------------------------------------------------------------------------------------

    def post(self, post: Post, *, raw: bool, single: bool = True) -> dict[str, Any]:
        """One post.

        Args:
            raw: with its Markdown; a single post always comes with it, one in a topic only if asked for.
            single: as answered by the post's own address, not as part of a topic.
        """
        topic = self.state.topics[post.topic_id]
        author = self.state.users[post.user_id]
        siblings = self.state.posts_of(topic.id)
        mine = self.user is not None and self.user.id == post.user_id
        editable = sight.may_edit(self.user, post.user_id)
        staff = self.user is not None and self.user.staff
        answer: dict[str, Any] = {
            "id": post.id,
            "name": author.name,
            "username": author.username,
            "avatar_template": _avatar(author),
            "created_at": stamp(post.created_at),
            "cooked": post.cooked,
            "post_number": post.post_number,
            "post_type": post.post_type,
            "updated_at": stamp(post.updated_at),
            "reply_count": sum(p.reply_to_post_number == post.post_number for p in siblings),
            "reply_to_post_number": post.reply_to_post_number,
            "quote_count": 0,
            "incoming_link_count": 0,
            "reads": 1,
            "readers_count": 0,
            "score": 0.2,
            "yours": mine,
            "topic_id": topic.id,
            "topic_slug": topic.slug,
            "display_username": author.name,
            "primary_group_name": None,
            "flair_name": None,
            "flair_url": None,
            "flair_bg_color": None,
            "flair_color": None,
            "version": post.version,
            "can_edit": editable,
            "can_delete": (staff or (mine and not post.user_deleted)) and post.post_number > 1,
            "can_recover": staff and (post.deleted_at is not None or post.user_deleted),
            "can_see_hidden_post": staff,
            "can_wiki": staff,
            "user_title": None,
            "bookmarked": False,
            "actions_summary": likes.summary(self.user, post, topic),
            "moderator": author.moderator,
            "admin": author.admin,
            "staff": author.staff,
            "user_id": author.id,
            "hidden": False,
            "trust_level": author.trust_level,
            "deleted_at": stamp(post.deleted_at),
            "user_deleted": post.user_deleted,
            "edit_reason": post.edit_reason,
            "can_view_edit_history": sight.sees_history(self.user, post, self.state),
            "wiki": False,
            "reviewable_id": 0,
            "reviewable_score_count": 0,
            "reviewable_score_pending_count": 0,
        }
        if raw:
            answer["raw"] = post.raw
        if post.action_code is not None:
            answer["action_code"] = post.action_code
        if single:
            answer |= {"posts_count": len(self._counted(topic)), "flair_group_id": None}
            if self.mode == "now":
                answer["post_url"] = f"/t/{topic.slug}/{topic.id}/{post.post_number}"
        else:
            answer |= {"link_counts": [], "read": True}
        return answer

    def written_post(self, post: Post) -> dict[str, Any]:
        """A post as answered to the one who wrote or edited it."""
        return {**self.post(post, raw=True), "draft_sequence": 0, "badges_granted": []}

    def latest_post(self, post: Post) -> dict[str, Any]:
        """A post in the list of the site's newest, with its topic's title and its Markdown."""
        topic = self.state.topics[post.topic_id]
        answer = self.post(post, raw=True) | {
            "topic_title": topic.title,
            "topic_html_title": fancy(topic.title),
            "category_id": topic.category_id,
            "badges_granted": [],
            "reviewable_id": None,
        }
        if self.mode == "now":
            answer |= {"excerpt": html.escape(post.raw[:200], quote=False), "truncated": True}
        return answer

    def replies(self, post: Post, after: int) -> list[dict[str, Any]]:
        """The direct replies to a post, without their Markdown; the newer forum gives twenty after a post number."""
        topic = self.state.topics[post.topic_id]
        found = [p for p in self.posts(topic) if p.reply_to_post_number == post.post_number and p.deleted_at is None]
        if self.mode == "now":
            found = [p for p in found if p.post_number > after][:CHUNK]
        author = basic_user(self.state.users[post.user_id])
        return [self.post(p, raw=False) | {"reply_to_user": author} for p in found]

    # --- topics ------------------------------------------------------------------------------------------------------

    def likes_of(self, topic: Topic) -> int:
        """All likes of a topic's posts."""
        return sum(len(p.likes) for p in self._counted(topic))

    def basic_topic(self, topic: Topic) -> dict[str, Any]:
        """The short answer after a change."""
        return {
            "id": topic.id,
            "title": topic.title,
            "fancy_title": fancy(topic.title),
            "slug": topic.slug,
            "posts_count": len(self._counted(topic)),
        }

    def post_stream(self, posts: Sequence[Post], *, raw: bool) -> list[dict[str, Any]]:
        """Posts as part of a topic."""
        return [self.post(p, raw=raw, single=False) for p in posts]

    def topic(self, topic: Topic, *, raw: bool, page: int = 1) -> dict[str, Any]:
        """A topic with one page of 20 posts and the ids of all.

        Args:
            raw: each post with its Markdown.
            page: from 1.
        """
        posts = self.posts(topic)
        counted = self._counted(topic)
        author = self.state.users[topic.user_id]
        last = max(counted or posts, key=lambda p: p.post_number)
        staff = self.user is not None and self.user.staff
        shown = posts[(max(page, 1) - 1) * CHUNK :][:CHUNK]
        permission = sight.topic_permission(self.user, topic, self.state)
        writers = list(dict.fromkeys(p.user_id for p in counted))
        answer: dict[str, Any] = {
            **self.basic_topic(topic),
            "post_stream": {"posts": self.post_stream(shown, raw=raw), "stream": [p.id for p in posts]},
            "timeline_lookup": [[1, 0]],
            "suggested_topics": [],
            "tags": show_tags(topic.tags, self.state, self.mode),
            "tags_descriptions": {},
            "created_at": stamp(topic.created_at),
            "views": 1,
            "reply_count": sum(p.reply_to_post_number is not None for p in counted),
            "like_count": self.likes_of(topic),
            "last_posted_at": stamp(last.created_at),
            "visible": topic.visible,
            "closed": topic.closed,
            "archived": topic.archived,
            "has_summary": False,
            "archetype": topic.archetype,
            "category_id": topic.category_id or None,
            "word_count": sum(len(p.raw.split()) for p in counted),
            "deleted_at": stamp(topic.deleted_at),
            "user_id": topic.user_id,
            "featured_link": None,
            "pinned_globally": False,
            "pinned_at": None,
            "pinned_until": None,
            "image_url": None,
            "slow_mode_seconds": 0,
            "draft": None,
            "draft_key": f"topic_{topic.id}",
            "draft_sequence": 0,
            "unpinned": None,
            "pinned": topic.pinned,
            "current_post_number": 1,
            "highest_post_number": max(p.post_number for p in posts),
            "deleted_by": None if topic.deleted_by is None else basic_user(self.state.users[topic.deleted_by]),
            "has_deleted": False,
            "actions_summary": [],
            "chunk_size": CHUNK,
            "bookmarked": self.user is not None and self.user.id in topic.bookmarked_by,
            "bookmarks": [],
            "topic_timer": self._timer(topic),
            "message_bus_last_id": 0,
            "participant_count": len(writers),
            "show_read_indicator": False,
            "thumbnails": None,
            "slow_mode_enabled_until": None,
            "details": {
                "can_edit": sight.may_edit(self.user, topic.user_id),
                "notification_level": 1,
                "can_move_posts": staff,
                "can_delete": staff,
                "can_remove_allowed_users": staff,
                "can_create_post": self.user is not None and permission in (1, 2),
                "can_reply_as_new_topic": self.user is not None,
                "can_convert_topic": staff,
                "can_review_topic": staff,
                "can_close_topic": staff,
                "can_archive_topic": staff,
                "can_split_merge_topic": staff,
                "can_edit_staff_notes": staff,
                "can_toggle_topic_visibility": staff,
                "can_pin_unpin_topic": staff,
                "can_moderate_category": staff,
                "can_remove_self_id": 0 if self.user is None else self.user.id,
                "participants": [
                    {
                        **basic_user(self.state.users[number]),
                        "post_count": sum(p.user_id == number for p in counted),
                        "primary_group_name": None,
                        "flair_name": None,
                        "flair_url": None,
                        "flair_color": None,
                        "flair_bg_color": None,
                        "flair_group_id": None,
                        "admin": self.state.users[number].admin,
                        "moderator": self.state.users[number].moderator,
                        "trust_level": self.state.users[number].trust_level,
                    }
                    for number in writers
                ],
                "created_by": basic_user(author),
                "last_poster": basic_user(self.state.users[last.user_id]),
            },
        }
        if topic.external_id:
            answer["external_id"] = topic.external_id
        if topic.draft_destination is not None and sight.may_use_shared_drafts(self.user, self.state):
            answer |= {"is_shared_draft": True, "destination_category_id": topic.draft_destination}
        return answer

    def _timer(self, topic: Topic) -> dict[str, Any] | None:
        if topic.publish_at is None:
            return None
        timer = {"id": topic.id, "status_type": "publish_to_category", "execute_at": stamp(topic.publish_at)}
        return timer | {"based_on_last_post": False, "duration_minutes": None, "category_id": topic.publish_to}

    # --- lists -------------------------------------------------------------------------------------------------------

    def list_item(self, topic: Topic) -> dict[str, Any]:
        """A topic in a list; a draft shows its destination as `category_id` there."""
        counted = self._counted(topic)
        last = counted[-1] if counted else self.state.posts_of(topic.id)[-1]
        posters = list(dict.fromkeys([topic.user_id, last.user_id]))
        return {
            **self.basic_topic(topic),
            "reply_count": sum(p.reply_to_post_number is not None for p in counted),
            "highest_post_number": last.post_number,
            "image_url": None,
            "created_at": stamp(topic.created_at),
            "last_posted_at": stamp(last.created_at),
            "bumped": True,
            "bumped_at": stamp(topic.bumped_at),
            "archetype": "regular",
            "unseen": False,
            "pinned": False,
            "unpinned": None,
            "excerpt": "",
            "visible": topic.visible,
            "closed": topic.closed,
            "archived": topic.archived,
            "bookmarked": None,
            "liked": None,
            "tags": show_tags(topic.tags, self.state, self.mode),
            "tags_descriptions": {},
            "views": 1,
            "like_count": self.likes_of(topic),
            "op_like_count": sum(len(p.likes) for p in counted[:1] if p.post_number == 1),
            "has_summary": False,
            "last_poster_username": self.state.users[last.user_id].username,
            "category_id": topic.category_id if topic.draft_destination is None else topic.draft_destination,
            "pinned_globally": False,
            "featured_link": None,
            "posters": [
                {
                    "extras": "latest single" if len(posters) == 1 else ("latest" if number == last.user_id else ""),
                    "description": "글쓴이" if number == topic.user_id else "최근 글쓴이",
                    "user_id": number,
                    "primary_group_id": None,
                }
                for number in posters
            ],
        }

    def topic_list(self, category: Category | None, *, page: int = 0, order: str = "") -> dict[str, Any]:
        """One page of 30 topics: the latest, or those of a category.

        Drafts are never among the latest; a destination's list carries its drafts apart, as `shared_drafts`.
        """
        staff = self.user is not None and self.user.staff
        topics = [t for t in self.state.topics.values() if t.deleted_at is None and t.archetype == "regular"]
        topics = [t for t in topics if t.visible or staff]
        topics = [t for t in topics if sight.sees_topic(self.user, t, self.state)]
        drafts_id = self.state.settings.shared_drafts_category
        if category is None:
            shown = [t for t in topics if t.category_id != drafts_id]
        else:
            shown = [t for t in topics if t.category_id == category.id]
        shown.sort(key=lambda t: (t.created_at if order == "created" else t.bumped_at, t.id), reverse=True)
        here = shown[page * LIST_PAGE :][:LIST_PAGE]
        creatable = self.user is not None and (category is None or sight.may_create_in(self.user, category))
        answer: dict[str, Any] = {
            "can_create_topic": creatable,
            "per_page": LIST_PAGE,
            "top_tags": show_tags(list(self.state.tags), self.state, self.mode),
            "topics": [self.list_item(t) for t in here],
        }
        if len(shown) > (page + 1) * LIST_PAGE:
            answer["more_topics_url"] = f"?page={page + 1}"
        if category is not None and category.id != drafts_id and sight.may_use_shared_drafts(self.user, self.state):
            answer["shared_drafts"] = [self.list_item(t) for t in topics if t.draft_destination == category.id]
        people = dict.fromkeys(p["user_id"] for t in answer["topics"] for p in t["posters"])
        users = [basic_user(self.state.users[number]) for number in people]
        return {"users": users, "primary_groups": [], "topic_list": answer}

    # --- categories, tags, users, site -------------------------------------------------------------------------------

    def category(self, category: Category) -> dict[str, Any]:
        """A category as the site lists it."""
        topics = [t for t in self.state.topics.values() if t.category_id == category.id and t.deleted_at is None]
        return {
            "id": category.id,
            "name": category.name,
            "color": category.color,
            "text_color": category.text_color,
            "style_type": "square",
            "emoji": None,
            "icon": None,
            "slug": category.slug,
            "topic_count": len(topics),
            "post_count": sum(len(self._counted(t)) for t in topics),
            "position": category.id,
            "description": category.description or None,
            "description_text": category.description or None,
            "description_excerpt": category.description or None,
            "topic_url": None,
            "read_restricted": category.read_restricted,
            "permission": sight.permission(self.user, category),
            "notification_level": 1,
            "can_edit": self.user is not None and self.user.admin,
            "topic_template": None,
            "topic_title_placeholder": None,
            "has_children": False,
            "subcategory_count": None,
            "sort_order": None,
            "sort_ascending": None,
            "show_subcategory_list": False,
            "num_featured_topics": 3,
            "default_view": None,
            "subcategory_list_style": "rows_with_featured_topics",
            "default_top_period": "all",
            "default_list_filter": "all",
            "minimum_required_tags": category.minimum_required_tags,
            "navigate_to_first_post_after_read": False,
            "uploaded_logo": None,
            "uploaded_logo_dark": None,
            "uploaded_background": None,
            "uploaded_background_dark": None,
        }

    def visible_categories(self) -> list[Category]:
        """The categories this user may know of."""
        return [c for c in self.state.categories.values() if sight.sees_category(self.user, c)]

    def category_list(self) -> dict[str, Any]:
        """The answer of `/categories.json`."""
        spans = {"topics_day": 0, "topics_week": 0, "topics_month": 0, "topics_year": 0}
        categories = []
        for category in self.visible_categories():
            basic = self.category(category)
            more = {**spans, "topics_all_time": basic["topic_count"], "subcategory_ids": []}
            if category.slug == "uncategorized":
                more["is_uncategorized"] = True
            categories.append({**basic, **more})
        return {
            "category_list": {
                "can_create_category": self.user is not None and self.user.admin,
                "can_create_topic": self.user is not None,
                "categories": categories,
            }
        }

    def category_details(self, category: Category) -> dict[str, Any]:
        """The answer of `/c/ID/show.json`."""
        answer = self.category(category) | {
            "custom_fields": {},
            "allowed_tags": show_tags(
                [n for n in category.allowed_tags if n in self.state.tags], self.state, self.mode
            ),
            "allowed_tag_groups": [],
            "allow_global_tags": False,
            "required_tag_groups": [],
            "read_only_banner": None,
            "available_groups": [],
            "auto_close_hours": None,
            "auto_close_based_on_last_post": False,
            "allow_unlimited_owner_edits_on_first_post": False,
            "default_slow_mode_seconds": None,
            "group_permissions": [
                {"permission_type": level, "group_name": group, "group_id": group_id(group)}
                for group, level in category.permissions.items()
            ],
            "email_in": None,
            "email_in_allow_strangers": False,
            "mailinglist_mirror": False,
            "all_topics_wiki": False,
            "can_delete": False,
            "allow_badges": True,
            "topic_featured_link_allowed": True,
            "search_priority": 0,
        }
        if self.mode == "now":
            answer |= {
                "category_setting": {
                    "auto_bump_cooldown_days": 1,
                    "num_auto_bump_daily": None,
                    "topic_posting_review_mode": "no_one",
                    "reply_posting_review_mode": "no_one",
                },
                "topic_posting_review_group_ids": [],
                "reply_posting_review_group_ids": [],
            }
        else:
            answer["custom_fields"] = {"require_topic_approval": None, "require_reply_approval": None}
        return {"category": answer}

    def tag_list(self) -> dict[str, Any]:
        """The answer of `/tags.json`."""
        tags = []
        for tag in self.state.tags.values():
            count = sum(tag.name in t.tags for t in self.state.topics.values() if t.deleted_at is None)
            entry: dict[str, Any] = {"id": tag.id, "text": tag.name, "name": tag.name, "count": count, "pm_count": 0}
            if self.mode == "now":
                entry |= {"slug": tag.name, "target_tag": None}
            else:
                entry["id"] = tag.name
            tags.append(entry)
        return {"tags": tags, "extras": {"categories": []}}

    def user_details(self, user: User, now: dt.datetime) -> dict[str, Any]:
        """The answer of `/u/NAME.json`; options only for staff and for oneself."""
        groups = [name for name in groups_of(user) if name != "everyone"]
        answer: dict[str, Any] = {
            **basic_user(user),
            "created_at": stamp(user.created_at),
            "last_posted_at": None,
            "last_seen_at": stamp(now),
            "trust_level": user.trust_level,
            "moderator": user.moderator,
            "admin": user.admin,
            "title": None,
            "suspended_till": stamp(now + dt.timedelta(days=365)) if user.suspended else None,
            "post_count": sum(p.user_id == user.id for p in self.state.posts.values()),
            "topic_count": sum(t.user_id == user.id for t in self.state.topics.values()),
            "groups": [{"id": group_id(n), "automatic": n not in user.groups, "name": n} for n in groups],
        }
        if self.user is not None and (self.user.staff or self.user.id == user.id):
            answer["user_option"] = {
                "user_id": user.id,
                "email_digests": user.email_digests,
                "digest_after_minutes": user.digest_after_minutes,
                "mailing_list_mode": user.mailing_list_mode,
            }
            answer["can_edit"] = True
        return {"user_badges": [], "user": answer}

    def site(self) -> dict[str, Any]:
        """The answer of `/site.json`, without the catalogues of notification, flag and theme kinds."""
        settings = self.state.settings
        answer: dict[str, Any] = {
            "default_archetype": "regular",
            "post_types": {"regular": 1, "moderator_action": 2, "small_action": 3, "whisper": 4},
            "trust_levels": {"newuser": 0, "basic": 1, "member": 2, "regular": 3, "leader": 4},
            "uncategorized_category_id": 1,
            "can_create_tag": self.user is not None and may_create_tags(self.user, settings),
            "can_tag_topics": self.user is not None and settings.tagging_enabled,
            "top_tags": show_tags(list(self.state.tags), self.state, self.mode),
            "categories": [self.category(c) for c in self.visible_categories()],
        }
        if sight.may_use_shared_drafts(self.user, self.state):
            answer["shared_drafts_category_id"] = settings.shared_drafts_category
        if self.mode == "now" and may_whisper(self.user, self.state):
            answer["whispers_allowed_groups_names"] = list(settings.whispers_allowed_groups)
        return answer

    def basic_info(self) -> dict[str, Any]:
        """The answer of `/site/basic-info.json`."""
        settings = self.state.settings
        return {
            "logo_url": "",
            "logo_small_url": "",
            "apple_touch_icon_url": "",
            "favicon_url": "",
            "mobile_logo_url": "",
            "title": settings.title,
            "description": settings.description,
            "header_primary_color": "333333",
            "header_background_color": "ffffff",
            "login_required": False,
            "locale": settings.default_locale,
            "include_in_discourse_discover": False,
        }

    def about(self) -> dict[str, Any]:
        """The answer of `/about.json`; the version tells the mode."""
        settings = self.state.settings
        return {
            "about": {
                "title": settings.title,
                "description": settings.description,
                "locale": settings.default_locale,
                "version": VERSIONS[self.mode],
                "https": False,
                "moderators": [basic_user(u) for u in self.state.users.values() if u.moderator and u.id > 0],
                "admins": [basic_user(u) for u in self.state.users.values() if u.admin and u.id > 0],
            }
        }

    def client_settings(self) -> dict[str, Any]:
        """The answer of `/site/settings.json`: what a browser is told."""
        s = self.state.settings
        answer: dict[str, Any] = {
            "title": s.title,
            "default_locale": s.default_locale,
            "min_topic_title_length": s.min_topic_title_length,
            "max_topic_title_length": s.max_topic_title_length,
            "min_post_length": s.min_post_length,
            "min_first_post_length": s.min_post_length,
            "max_post_length": s.max_post_length,
            "title_prettify": s.title_prettify,
            "allow_uppercase_posts": s.allow_uppercase_posts,
            "tagging_enabled": s.tagging_enabled,
            "max_tags_per_topic": s.max_tags_per_topic,
            "max_tag_length": s.max_tag_length,
            "allow_uncategorized_topics": s.allow_uncategorized_topics,
            "enable_inline_emoji_translation": s.default_locale == "ko",
            "enable_markdown_typographer": True,
            "enable_markdown_linkify": True,
            "shared_drafts_category": str(s.shared_drafts_category or ""),
            "disable_digest_emails": s.disable_digest_emails,
        }
        if self.mode == "2022":
            answer["enable_whispers"] = s.enable_whispers
        return answer
