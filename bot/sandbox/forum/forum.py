"""The forum itself: its state, its rules, and what people and programs can do in it.

Everything a request can do is a method here, so that tests and the demo can play the moderator without HTTP. A method
that changes something holds the lock, checks first, changes then, and saves before it returns.
"""

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from starlette.types import ASGIApp

from bot import clock
from bot.sandbox.forum import bodies, drafts, edits, external_ids, keys, refusals, sight, state, tags, titles
from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.faults import Fault, FaultKind, Faults
from bot.sandbox.forum.limits import AdminApiLimiter
from bot.sandbox.forum.memo import CreateMemo
from bot.sandbox.forum.state import ApiKey, Category, Mode, Post, Settings, State, Tag, Topic, User
from bot.sandbox.forum.texts import texts_for


class Call(NamedTuple):
    """One API request; status 0 means that the connection was closed without an answer."""

    method: str
    path: str
    status: int


class Forum:
    """A small honest forum.

    Attributes:
        mode: `now` (2026) or `2022`.
        calls: the API requests of this process, in order.
        faults: the script of faults.
    """

    def __init__(
        self,
        mode: Mode = "now",
        locale: str = "ko",
        state_file: Path | None = None,
        now: Callable[[], dt.datetime] = clock.now,
    ) -> None:
        """Open the forum saved in `state_file`, or a new one with the categories it needs.

        Args:
            mode: which version's behaviour.
            locale: language of messages; a saved forum keeps its own.
            state_file: where every change is saved; a forum opened again with the same file goes on exactly there.
            now: the clock, aware UTC.
        """
        self.mode: Mode = mode
        self.now = now
        self.calls: list[Call] = []
        self.faults = Faults()
        self.limiter = AdminApiLimiter()
        self.memo = CreateMemo()
        self.lock = threading.RLock()
        self._state_file = state_file
        if state_file is not None and state_file.exists():
            self.state = state.load(state_file)
        else:
            self.state = State(settings=Settings(default_locale=locale, allow_uncategorized_topics=mode == "2022"))
            self._furnish()
        self.texts = texts_for(self.settings.default_locale)

    def app(self) -> ASGIApp:
        """The forum over HTTP: Discourse's JSON for programs, pages for people."""
        from bot.sandbox.forum.api import build_app  # which needs this class

        return build_app(self)

    # --- furniture ---------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The site settings; assign to them to change them."""
        return self.state.settings

    @property
    def drafts_category(self) -> Category:
        """The category of shared drafts, closed to the public."""
        return self.category_by_slug("drafts")

    @property
    def papers_category(self) -> Category:
        """A public category, the usual destination."""
        return self.category_by_slug("papers")

    def category_by_slug(self, slug: str) -> Category:
        """The category with this slug.

        Raises:
            KeyError: there is none.
        """
        for category in self.state.categories.values():
            if category.slug == slug:
                return category
        raise KeyError(slug)

    def add_user(
        self, name: str, *, admin: bool = False, moderator: bool = False, trust_level: int = 1, full_name: str = ""
    ) -> User:
        """The account of that name, made if it is not there yet."""
        with self.writing():
            known = self.state.user_named(name)
            if known is None:
                number = self.state.next_id("user")
                known = User(number, name, full_name or name, self.now(), admin, moderator, trust_level)
                self.state.users[number] = known
            return known

    def add_api_key(self, user: str | None = None, scopes: Sequence[str] | None = None, *, key: str = "") -> str:
        """A key in clear text; without `user` it is for all users, without `scopes` it is global.

        Args:
            key: use this text; adding the same again changes nothing.
        """
        with self.writing():
            key = key or secrets.token_hex(32)
            if all(known.digest != keys.digest(key) for known in self.state.keys):
                number = self.state.next_id("key")
                self.state.keys.append(
                    ApiKey(number, keys.digest(key), user, list(scopes) if scopes is not None else None)
                )
            return key

    def add_category(self, name: str, slug: str, *, staff_only: bool = False, description: str = "") -> Category:
        """The category with this slug, made if it is not there yet."""
        with self.writing():
            for known in self.state.categories.values():
                if known.slug == slug:
                    return known
            number = self.state.next_id("category")
            color = ("0088CC", "E45735", "9EB83B", "3AB54A", "B3B5B4")[number % 5]
            category = Category(number, name, slug, color, description, {"staff": 1} if staff_only else {"everyone": 1})
            self.state.categories[number] = category
            return category

    def add_tag(self, name: str) -> Tag:
        """The tag of that name, made if it is not there yet."""
        with self.writing():
            tags.ensure_tags([name], self.state)
            return self.state.tags[name]

    def _furnish(self) -> None:
        self.state.users[-1] = User(-1, "system", "system", self.now(), admin=True, moderator=True, trust_level=4)
        self.add_user("moderator", moderator=True, trust_level=4, full_name="운영자")
        self.add_category("미분류", "uncategorized")
        self.add_category("운영진", "staff", staff_only=True)
        drafts_category = self.add_category(
            "초안 검토", "drafts", staff_only=True, description="공개 전에 함께 다듬는 곳"
        )
        self.add_category("논문", "papers", description="매주 고른 논문을 우리말과 영어로 함께 읽습니다")
        self.settings.shared_drafts_category = drafts_category.id

    # --- looking in --------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> list[Topic]:
        """All topics that are not deleted, oldest first."""
        return [t for t in self.state.topics.values() if t.deleted_at is None]

    def topic(self, topic_id: int) -> Topic:
        """The topic, deleted or not.

        Raises:
            KeyError: there is none.
        """
        return self.state.topics[topic_id]

    def topic_by_external_id(self, external_id: str) -> Topic | None:
        """The living topic with this external id."""
        return external_ids.find_by_external_id(external_id, self.state.topics.values())

    def posts(self, topic_id: int) -> list[Post]:
        """The posts of a topic that are not deleted, in order."""
        return [p for p in self.state.posts_of(topic_id) if p.deleted_at is None]

    # --- the script of faults ----------------------------------------------------------------------------------------

    def fail_next(
        self, kind: FaultKind, match: str = "", times: int = 1, *, wait_s: int = 30, seconds: float = 1.0
    ) -> Fault:
        """Let the next matching API requests go wrong; `fired` of the returned fault counts how often it happened.

        Args:
            kind: see `faults.FaultKind`.
            match: a regular expression searched in `METHOD /path?query`, e.g. `POST /posts`.
            times: how many requests.
            wait_s: what a 429 asks for.
            seconds: how late a `slow` answer comes.
        """
        with self.lock:
            return self.faults.add(Fault(kind, match, times, wait_s, seconds))

    # --- acts --------------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock; save if nothing was raised."""
        with self.lock:
            yield
            if self._state_file is not None:
                state.save(self.state, self._state_file)

    def save(self) -> None:
        """Save now, for instance after settings were assigned to."""
        with self.writing():
            pass

    def create_topic(
        self,
        author: User | str,
        *,
        title: str,
        raw: str,
        category_id: int | None = None,
        tag_names: Sequence[str] = (),
        external_id: str | None = None,
        shared_draft: bool = False,
        created_at: dt.datetime | None = None,
    ) -> Post:
        """A new topic, or a shared draft whose destination is `category_id`; returns its first post.

        Raises:
            Refusal: 400, 403 or 422, as Discourse answers.
        """
        with self.writing():
            user = self._user(author)
            settings, texts = self.settings, self.texts
            destination = category_id or settings.shared_drafts_category
            if shared_draft:
                if not sight.may_use_shared_drafts(user, self.state):
                    raise refusals.invalid_parameters(texts, "shared_draft")
                category_id = settings.shared_drafts_category
            category = self._usable_category(user, category_id)
            raw = bodies.normalise_raw(raw)
            title = titles.clean_title(title, settings)
            names, tag_errors = tags.resolve_tags(list(tag_names), user, self.state, self.mode, texts, creating=True)
            found = titles.title_errors(title, user, settings, self.state.topics.values(), texts)
            if external_id:
                found += external_ids.external_id_errors(external_id, self.state.topics.values(), texts)
            found += tag_errors
            found += bodies.body_errors(raw, settings, self.mode, texts) or self._same_body(user, raw)
            if found:
                raise refusals.create_refused(found)
            at = created_at or self.now()
            tags.ensure_tags(names, self.state)
            topic = Topic(
                id=self.state.next_id("topic", at_least=11),
                title=title,
                slug=titles.slug_of(title),
                category_id=category.id,
                user_id=user.id,
                created_at=at,
                bumped_at=at,
                external_id=external_id or None,
                tags=names,
                draft_destination=destination if shared_draft else None,
            )
            self.state.topics[topic.id] = topic
            return self._append_post(topic, user, raw, at)

    def reply(
        self,
        author: User | str,
        *,
        topic_id: int,
        raw: str,
        reply_to_post_number: int | None = None,
        created_at: dt.datetime | None = None,
    ) -> Post:
        """A reply.

        Raises:
            Refusal: 403, 404 or 422.
        """
        with self.writing():
            user = self._user(author)
            topic = self.visible_topic(user, topic_id)
            level = sight.permission(user, self.state.categories[topic.category_id])
            if level not in (1, 2) or ((topic.closed or topic.archived) and not user.staff):
                raise refusals.invalid_access(self.texts)
            raw = bodies.normalise_raw(raw)
            found = bodies.body_errors(raw, self.settings, self.mode, self.texts) or self._same_body(user, raw)
            if found:
                raise refusals.create_refused(found)
            at = created_at or self.now()
            post = self._append_post(topic, user, raw, at, reply_to_post_number)
            topic.bumped_at = max(topic.bumped_at, at)
            return post

    def edit_post(
        self, editor: User | str, post_id: int, raw: str, *, reason: str | None = None, raw_old: str | None = None
    ) -> Post:
        """Change a post's raw. The same raw again changes nothing; a raw left out is an empty one, hence too short.

        Args:
            raw_old: the raw last seen; another one in the forum is a conflict.

        Raises:
            Refusal: 403, 404, 409 or 422.
        """
        with self.writing():
            user = self._user(editor)
            post = self.visible_post(user, post_id)
            if not sight.may_edit(user, post.user_id):
                raise refusals.invalid_access(self.texts)
            if raw_old is not None and raw_old != post.raw:
                raise refusals.errors(409, self.texts["edit_conflict"])
            raw = bodies.normalise_raw(raw)
            if raw == post.raw and (reason is None or reason == post.edit_reason):
                return post
            found = bodies.body_errors(raw, self.settings, self.mode, self.texts)
            if found:
                raise refusals.errors(422, *found)
            now = self.now()
            edits.apply_edit(post, user, raw, cook(raw), reason, self.settings, now)
            topic = self.state.topics[post.topic_id]
            if post.post_number == max(p.post_number for p in self.state.posts_of(topic.id)):
                topic.bumped_at = now
            return post

    def edit_topic(
        self,
        editor: User | str,
        topic_id: int,
        *,
        title: str | None = None,
        category_id: int | None = None,
        tag_names: Sequence[str] | None = None,
    ) -> Topic:
        """Change title, category or tags; on a shared draft the category given is its new destination.

        Raises:
            Refusal: 400, 403, 404 or 422.
        """
        with self.writing():
            user = self._user(editor)
            topic = self.visible_topic(user, topic_id)
            if not sight.may_edit(user, topic.user_id):
                raise refusals.invalid_access(self.texts)
            found: list[str] = []
            new_title = None if title is None else titles.clean_title(title, self.settings)
            if new_title is not None and new_title != topic.title:
                others = [t for t in self.state.topics.values() if t.id != topic.id]
                author = self.state.users[topic.user_id]
                found += titles.title_errors(new_title, author, self.settings, others, self.texts)
            names = None
            if tag_names is not None:
                names, tag_errors = tags.resolve_tags(
                    list(tag_names), user, self.state, self.mode, self.texts, creating=False
                )
                found += tag_errors
            if found:
                raise refusals.errors(422, *found)
            if category_id is not None and topic.draft_destination is None:
                topic.category_id = self._usable_category(user, category_id).id
            elif category_id is not None:
                topic.draft_destination = category_id
            if new_title is not None:
                topic.title, topic.slug = new_title, titles.slug_of(new_title)
            if names is not None:
                tags.ensure_tags(names, self.state)
                topic.tags = names
            return topic

    def delete_topic(self, by: User | str, topic_id: int) -> None:
        """Soft delete: staff still see it, and its external id stays taken.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, user = self._staff_topic(by, topic_id)
            if topic.deleted_at is None:
                topic.deleted_at, topic.deleted_by = self.now(), user.id
                for post in self.state.posts_of(topic.id)[:1]:
                    post.deleted_at = topic.deleted_at

    def recover_topic(self, by: User | str, topic_id: int) -> None:
        """Undo a soft delete.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            topic.deleted_at = topic.deleted_by = None
            for post in self.state.posts_of(topic.id)[:1]:
                post.deleted_at = None

    def set_visible(self, by: User | str, topic_id: int, visible: bool) -> None:
        """List or unlist a topic.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            topic.visible = visible

    def publish(self, by: User | str, topic_id: int, destination_category_id: int) -> Topic:
        """Discourse's Publish button; see `drafts.publish`.

        Raises:
            Refusal: 400, 403 or 404.
        """
        with self.writing():
            user = self._user(by)
            topic = self.visible_topic(user, topic_id)
            category = self.state.categories.get(destination_category_id)
            if category is None or category.id == self.settings.shared_drafts_category:
                raise refusals.invalid_parameters(self.texts, "destination_category_id")
            if not sight.may_use_shared_drafts(user, self.state) or not sight.may_create_in(user, category):
                raise refusals.invalid_access(self.texts)
            drafts.publish(topic, category.id, self.state, self.now())
            return topic

    def visible_topic(self, user: User | None, topic_id: int) -> Topic:
        """The topic as far as this user may see it.

        Raises:
            Refusal: 404 (410 for a deleted one with `detailed_404`).
        """
        with self.lock:
            topic = self.state.topics.get(topic_id)
            if topic is None or not sight.sees_topic(user, topic, self.state):
                refusal = refusals.not_found(self.texts, topic=True)
                if topic is not None and topic.deleted_at is not None and self.settings.detailed_404:
                    refusal.status = 410
                raise refusal
            return topic

    def visible_post(self, user: User | None, post_id: int) -> Post:
        """The post as far as this user may see it.

        Raises:
            Refusal: 404.
        """
        with self.lock:
            post = self.state.posts.get(post_id)
            if (
                post is None
                or not sight.sees_topic(user, self.state.topics[post.topic_id], self.state)
                or not sight.sees_post(user, post)
            ):
                raise refusals.not_found(self.texts)
            return post

    # --- parts of the acts -------------------------------------------------------------------------------------------

    def _user(self, who: User | str) -> User:
        if isinstance(who, User):
            return who
        known = self.state.user_named(who)
        if known is None:
            raise KeyError(f"no such user: {who}")
        return known

    def _staff_topic(self, by: User | str, topic_id: int) -> tuple[Topic, User]:
        user = self._user(by)
        topic = self.visible_topic(user, topic_id)
        if not user.staff:
            raise refusals.invalid_access(self.texts)
        return topic, user

    def _usable_category(self, user: User, category_id: int | None) -> Category:
        if category_id is None:
            if not self.settings.allow_uncategorized_topics:
                raise refusals.create_refused([self.texts["category_unusable"]])
            return self.category_by_slug("uncategorized")
        category = self.state.categories.get(category_id)
        if category is None:
            raise refusals.invalid_parameters(self.texts, "category")
        if not sight.may_create_in(user, category):
            raise refusals.invalid_access(self.texts)
        return category

    def _same_body(self, user: User, raw: str) -> list[str]:
        """Nobody but staff says the same thing twice within minutes."""
        oldest = self.now() - dt.timedelta(minutes=self.settings.unique_posts_mins)
        again = any(p.user_id == user.id and p.raw == raw and p.created_at > oldest for p in self.state.posts.values())
        return [self.texts["same_body"]] if again and not user.staff else []

    def _append_post(
        self, topic: Topic, user: User, raw: str, at: dt.datetime, reply_to_post_number: int | None = None
    ) -> Post:
        number = max((p.post_number for p in self.state.posts_of(topic.id)), default=0) + 1
        post = Post(
            id=self.state.next_id("post", at_least=21),
            topic_id=topic.id,
            post_number=number,
            user_id=user.id,
            raw=raw,
            cooked=cook(raw),
            created_at=at,
            updated_at=at,
            last_version_at=at,
            last_editor_id=user.id,
            reply_to_post_number=reply_to_post_number if reply_to_post_number != 1 else None,
        )
        self.state.posts[post.id] = post
        return post
