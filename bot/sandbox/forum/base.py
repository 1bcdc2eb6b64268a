"""What all acts in the forum stand on: state, lock and clock, who sees what, how a post is added, and who is told."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bot import clock
from bot.sandbox.forum import bodies, external_ids, hook_payloads, notices, refusals, sight, state
from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.edits import Edit, FieldValue, apply_edit
from bot.sandbox.forum.faults import Fault, FaultKind, Faults
from bot.sandbox.forum.limits import AdminApiLimiter
from bot.sandbox.forum.memo import CreateMemo
from bot.sandbox.forum.state import Category, Mode, Post, Settings, State, Topic, User
from bot.sandbox.forum.texts import texts_for
from bot.sandbox.forum.titles import slug_of
from bot.sandbox.forum.webhooks import WebHooks
from bot.sandbox.forum.whispers import WHISPER

SMALL_ACTION = 3


class Call(NamedTuple):
    """One API request; status 0 means that the connection was closed without an answer."""

    method: str
    path: str
    status: int


class ForumBase:
    """State and shared parts; see `forum.Forum`.

    Attributes:
        mode: `now` (2026) or `2022`.
        calls: the API requests of this process, in order.
        faults: the script of faults.
        webhooks: what is sent to subscribers, and the script of its faults.
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
        self.webhooks = WebHooks(lambda: self.state, self.lock, self.writing, now)
        self._state_file = state_file
        if state_file is not None and state_file.exists():
            self.state = state.load(state_file)
            self.state.mode = mode
            self.texts = texts_for(self.settings.default_locale)
        else:
            settings = Settings(default_locale=locale, allow_uncategorized_topics=mode == "2022")
            self.state = State(mode=mode, settings=settings)
            self.texts = texts_for(locale)
            self._furnish()
        self.webhooks.start()

    def _furnish(self) -> None:
        """Put in what a new forum has."""
        raise NotImplementedError

    # --- looking in --------------------------------------------------------------------------------------------------

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
        """The posts of a topic that are not deleted, in order; whispers and small actions too."""
        return [p for p in self.state.posts_of(topic_id) if p.deleted_at is None]

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
                or not sight.sees_post(user, post, self.state)
            ):
                raise refusals.not_found(self.texts)
            return post

    # --- saving, faults ----------------------------------------------------------------------------------------------

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

    def _body_errors(self, user: User, raw: str, topic: Topic | None) -> list[str]:
        """What is wrong with a body; personal messages may be shorter, nobody but staff repeats himself at once."""
        private = topic is not None and topic.archetype == "private_message"
        least = self.settings.min_personal_message_post_length if private else None
        found = bodies.body_errors(raw, self.settings, self.mode, self.texts, least=least)
        if found or user.staff:
            return found
        oldest = self.now() - dt.timedelta(minutes=self.settings.unique_posts_mins)
        again = any(p.user_id == user.id and p.raw == raw and p.created_at > oldest for p in self.state.posts.values())
        return [self.texts["same_body"]] if again else []

    def _append_post(
        self,
        topic: Topic,
        user: User,
        raw: str,
        at: dt.datetime,
        *,
        reply_to_post_number: int | None = None,
        post_type: int = 1,
        action_code: str | None = None,
    ) -> Post:
        """Add a post, bump the topic unless it is a whisper or a small action, and tell everybody concerned."""
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
            post_type=post_type,
            action_code=action_code,
        )
        self.state.posts[post.id] = post
        if post_type not in (WHISPER, SMALL_ACTION):
            topic.bumped_at = max(topic.bumped_at, at)
        if number == 1:
            self._topic_event("topic_created", topic)
        self._post_event("post_created", post)
        if action_code is None:
            for number, kind in notices.of_new_post(post, self.state).items():
                notices.tell(number, kind, post, user, self.state, self.now())
        return post

    def _small_action(self, topic: Topic, by: User, code: str, *, whisper: bool = False) -> None:
        """A line in the topic that tells what was done; as a whisper for staff only."""
        self._append_post(topic, by, "", self.now(), post_type=WHISPER if whisper else SMALL_ACTION, action_code=code)

    def _revise(
        self,
        post: Post,
        editor: User,
        edit: Edit,
        *,
        topic_asked: bool = False,
        bypass_bump: bool = False,
        force_version: bool = False,
    ) -> None:
        """Carry out an edit: revision, bump, events, notification.

        Args:
            topic_asked: whether the request names title, tags or category, changed or not: then the event is one of
                the topic, without raw.
        """
        now = self.now()
        topic = self.state.topics[post.topic_id]
        cooked = post.cooked if edit.raw is None else cook(edit.raw)
        fresh = apply_edit(post, editor, edit, cooked, self.settings, now, force_version=force_version)
        for name, (_, value) in edit.fields.items():
            self._set_topic_field(topic, name, value)
        later = any(p.post_number > post.post_number for p in self.posts(topic.id))
        if fresh and not later and not bypass_bump and post.post_type != WHISPER:
            topic.bumped_at = now
        if topic.deleted_at is None:
            if post.post_number == 1 and topic_asked:
                self._topic_event("topic_edited", topic)
            else:
                self._post_event("post_edited", post)
        if fresh and editor.id not in (post.user_id, -1):
            notices.tell(post.user_id, notices.EDITED, post, editor, self.state, now)
        if self.settings.create_post_for_category_and_tag_changes:
            for name, code in (("category_id", "category_changed"), ("tags", "tags_changed")):
                if name in edit.fields:
                    self._small_action(topic, editor, code, whisper=True)

    def _set_topic_field(self, topic: Topic, name: str, value: FieldValue) -> None:
        if name == "title":
            topic.title = str(value)
            topic.slug = slug_of(topic.title)
        elif name == "category_id":
            assert isinstance(value, int)
            topic.category_id = value
        elif name == "tags":
            assert isinstance(value, list)
            topic.tags = list(value)

    # --- events ------------------------------------------------------------------------------------------------------

    def _post_event(self, event: str, post: Post) -> None:
        topic = self.state.topics[post.topic_id]
        self.webhooks.happened(
            "post", event, f"post {post.id}", lambda: hook_payloads.post_body(post, self.state), topic
        )

    def _topic_event(self, event: str, topic: Topic) -> None:
        self.webhooks.happened(
            "topic", event, f"topic {topic.id}", lambda: hook_payloads.topic_body(topic, self.state), topic
        )

    def _user_event(self, event: str, user: User) -> None:
        self.webhooks.happened("user", event, f"user {user.id}", lambda: hook_payloads.user_body(user))
