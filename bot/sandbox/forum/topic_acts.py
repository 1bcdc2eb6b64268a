"""Acts on topics: open, change, publish, delete, and everything a moderator sets on them."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from bot.sandbox.forum import bodies, drafts, external_ids, refusals, sight, tag_rules, tags, timestamps, titles
from bot.sandbox.forum.base import ForumBase
from bot.sandbox.forum.edits import Edit, FieldValue
from bot.sandbox.forum.state import Category, Post, State, Topic, User

Status = Literal["visible", "closed", "archived", "pinned"]


class TopicActs(ForumBase):
    """What people do with topics."""

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
            found = titles.title_errors(title, user, settings, _compared(self.state), texts)
            if external_id:
                found += external_ids.external_id_errors(external_id, self.state.topics.values(), texts)
            found += tag_errors or tag_rules.category_tag_errors(names, category, user, self.state, texts)
            found += self._body_errors(user, raw, None)
            if found:
                raise refusals.create_refused(found)
            at = created_at or self.now()
            tags.ensure_tags(names, self.state)
            topic = self._open(user, title, category.id, at)
            topic.external_id, topic.tags = external_id or None, names
            topic.draft_destination = destination if shared_draft else None
            return self._append_post(topic, user, raw, at)

    def create_message(self, author: User | str, *, recipients: Sequence[User | str], title: str, raw: str) -> Post:
        """A personal message; returns its first post.

        Raises:
            Refusal: 403 or 422.
        """
        with self.writing():
            user = self._user(author)
            people = [known for name in recipients if (known := self._known(name)) is not None]
            raw, title = bodies.normalise_raw(raw), titles.clean_title(title, self.settings)
            if not user.staff and user.trust_level < 1:
                raise refusals.invalid_access(self.texts)
            least = self.settings.min_personal_message_post_length
            found = bodies.body_errors(raw, self.settings, self.mode, self.texts, least=least)
            found += [] if people and len(people) == len(recipients) else [self.texts["no_recipients"]]
            if found:
                raise refusals.create_refused(found)
            topic = self._open(user, title, 0, self.now())
            topic.archetype = "private_message"
            topic.allowed_user_ids = list(dict.fromkeys([*(p.id for p in people), user.id]))
            return self._append_post(topic, user, raw, self.now())

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

        What is equal already changes nothing and tells nobody, and neither does a new destination.

        Raises:
            Refusal: 400, 403, 404 or 422.
        """
        with self.writing():
            user = self._user(editor)
            topic = self.visible_topic(user, topic_id)
            if not sight.may_edit(user, topic.user_id):
                raise refusals.invalid_access(self.texts)
            if topic.draft_destination is not None and category_id is not None:
                topic.draft_destination, category_id = category_id, None
            fields = self._topic_changes(user, topic, title, category_id, tag_names)
            first = self.state.posted(topic.id, 1)
            if fields and first is not None:
                self._revise(first, user, Edit(fields=fields), topic_asked=True)
            return topic

    def _topic_changes(
        self,
        user: User,
        topic: Topic,
        title: str | None,
        category_id: int | None,
        tag_names: Sequence[str] | None,
    ) -> dict[str, tuple[FieldValue, FieldValue]]:
        """What of the wishes is a change, checked."""
        fields: dict[str, tuple[FieldValue, FieldValue]] = {}
        found: list[str] = []
        if title is not None and (cleaned := titles.clean_title(title, self.settings)) != topic.title:
            author = self.state.users[topic.user_id]
            found += titles.title_errors(cleaned, author, self.settings, _compared(self.state, topic), self.texts)
            fields["title"] = (topic.title, cleaned)
        names = topic.tags
        if tag_names is not None:
            names, tag_errors = tags.resolve_tags(
                list(tag_names), user, self.state, self.mode, self.texts, creating=False
            )
            found += tag_errors
            if sorted(names) != sorted(topic.tags):
                fields["tags"] = (list(topic.tags), names)
        if category_id is not None and category_id != topic.category_id and topic.archetype == "regular":
            category = self._usable_category(user, category_id)
            fields["category_id"] = (topic.category_id, category.id)
        if "tags" in fields or "category_id" in fields:
            to = fields["category_id"][1] if "category_id" in fields else topic.category_id
            place = self.state.categories.get(to if isinstance(to, int) else 0)
            if place is not None:
                found += tag_rules.category_tag_errors(names, place, user, self.state, self.texts)
        if found:
            raise refusals.errors(422, *found)
        if "tags" in fields:
            tags.ensure_tags(names, self.state)
        return fields

    def set_destination(self, by: User | str, topic_id: int, category_id: int) -> None:
        """Change where a shared draft is to be published.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            user = self._user(by)
            topic = self.visible_topic(user, topic_id)
            if not sight.may_use_shared_drafts(user, self.state):
                raise refusals.invalid_access(self.texts)
            topic.draft_destination = category_id

    def publish(self, by: User | str, topic_id: int, destination_category_id: int) -> Topic:
        """Discourse's Publish button; see `drafts.publish`. The destination stored with the draft is not looked at.

        A destination whose tag rules the topic breaks leaves it in limbo, without a word.

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
            self._publish(topic, user, category)
            return topic

    def _publish(self, topic: Topic, user: User, category: Category) -> None:
        moves = not tag_rules.category_tag_errors(topic.tags, category, user, self.state, self.texts)
        first = self.state.posted(topic.id, 1)
        if moves and first is not None:
            first.last_editor_id = user.id
        drafts.publish(
            topic,
            category.id,
            self.state,
            self.now(),
            moves=moves,
            moved=lambda: self._topic_event("topic_edited", topic),
        )
        if moves and self.settings.create_post_for_category_and_tag_changes:
            self._small_action(topic, user, "category_changed", whisper=True)

    def set_timer(self, by: User | str, topic_id: int, at: dt.datetime | None, category_id: int | None) -> Topic:
        """Publish a draft by itself at a given time, or no more (`at` None).

        Raises:
            Refusal: 400, 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            if at is not None and (at <= self.now() or category_id not in self.state.categories):
                raise refusals.invalid_parameters(self.texts, "time")
            topic.publish_at, topic.publish_to = at, category_id if at is not None else None
            return topic

    def run_timers(self) -> list[Topic]:
        """Publish, as the system user, what is due; every request to the forum does this first."""
        with self.lock:
            due = [t for t in self.topics if t.publish_at is not None and t.publish_at <= self.now()]
        if due:
            with self.writing():
                for topic in due:
                    category = self.state.categories.get(topic.publish_to or 0)
                    topic.publish_at = topic.publish_to = None
                    if category is not None:
                        self._publish(topic, self.state.users[-1], category)
        return due

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
                    self._post_event("post_destroyed", post)
                self._topic_event("topic_destroyed", topic)

    def recover_topic(self, by: User | str, topic_id: int) -> None:
        """Undo a soft delete.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            if topic.deleted_at is None:
                return
            topic.deleted_at = topic.deleted_by = None
            self._topic_event("topic_recovered", topic)
            for post in self.state.posts_of(topic.id)[:1]:
                post.deleted_at = None
                self._post_event("post_recovered", post)

    def set_visible(self, by: User | str, topic_id: int, visible: bool) -> None:
        """List or unlist a topic; see `set_status`."""
        self.set_status(by, topic_id, "visible", visible)

    def set_status(self, by: User | str, topic_id: int, status: Status, enabled: bool) -> None:
        """Set one of the topic's switches; closing, archiving and unlisting leave a small action in the topic.

        Raises:
            Refusal: 400, 403 or 404.
        """
        with self.writing():
            user = self._user(by)
            topic = self.visible_topic(user, topic_id)
            if not user.staff and user.trust_level < 4:
                raise refusals.invalid_access(self.texts)
            if status not in ("visible", "closed", "archived", "pinned"):
                raise refusals.invalid_parameters(self.texts, "status")
            if getattr(topic, status) == enabled:
                return
            setattr(topic, status, enabled)
            self._small_action(topic, user, f"{status}.{'enabled' if enabled else 'disabled'}")
            self._topic_event(f"topic_{status}_status_updated", topic)

    def change_timestamp(self, by: User | str, topic_id: int, at: dt.datetime) -> bool:
        """Set the topic's time, and move its posts along; False if it lies in the future.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            return timestamps.change_timestamp(topic, at, self.state, self.now())

    def reset_bump_date(self, by: User | str, topic_id: int) -> None:
        """Put the topic where its last ordinary post belongs in lists.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            topic, _ = self._staff_topic(by, topic_id)
            ordinary = [p.created_at for p in self.posts(topic.id) if p.post_type == 1]
            topic.bumped_at = max(ordinary, default=topic.created_at)

    def bookmark(self, by: User | str, topic_id: int) -> None:
        """Bookmark a topic for oneself.

        Raises:
            Refusal: 400 if it is one already, or 404.
        """
        with self.writing():
            user = self._user(by)
            topic = self.visible_topic(user, topic_id)
            if user.id in topic.bookmarked_by:
                raise refusals.errors(400, self.texts["bookmarked_already"])
            topic.bookmarked_by.append(user.id)

    def _open(self, user: User, title: str, category_id: int, at: dt.datetime) -> Topic:
        topic = Topic(
            id=self.state.next_id("topic", at_least=11),
            title=title,
            slug=titles.slug_of(title),
            category_id=category_id,
            user_id=user.id,
            created_at=at,
            bumped_at=at,
        )
        self.state.topics[topic.id] = topic
        return topic

    def _known(self, who: User | str) -> User | None:
        return who if isinstance(who, User) else self.state.user_named(who)

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


def _compared(state: State, but: Topic | None = None) -> list[Topic]:
    """The topics among which a title has to be the only one: personal messages are not compared."""
    return [t for t in state.topics.values() if t is not but and t.archetype == "regular"]
