"""Acts on posts: write, whisper, edit, delete, like; and the forum's own edits."""

import datetime as dt
from collections.abc import Sequence

from bot.sandbox.forum import bodies, hook_payloads, likes, notices, refusals, sight, system_edits
from bot.sandbox.forum.edits import Edit
from bot.sandbox.forum.state import Post, User
from bot.sandbox.forum.topic_acts import TopicActs
from bot.sandbox.forum.whispers import WHISPER, is_whisper, may_whisper


class PostActs(TopicActs):
    """What people and the forum itself do with posts."""

    def reply(
        self,
        author: User | str,
        *,
        topic_id: int,
        raw: str,
        reply_to_post_number: int | None = None,
        created_at: dt.datetime | None = None,
        whisper: bool = False,
    ) -> Post:
        """A reply; an answer to a whisper is one, asked for or not.

        Raises:
            Refusal: 403, 404 or 422.
        """
        with self.writing():
            user = self._user(author)
            topic = self.visible_topic(user, topic_id)
            level = sight.topic_permission(user, topic, self.state)
            if level not in (1, 2) or ((topic.closed or topic.archived) and not user.staff):
                raise refusals.invalid_access(self.texts)
            hidden = is_whisper(whisper, self.state.posted(topic_id, reply_to_post_number))
            if hidden and not may_whisper(user, self.state):
                raise refusals.invalid_access(self.texts)
            raw = bodies.normalise_raw(raw)
            found = self._body_errors(user, raw, topic)
            if found:
                raise refusals.create_refused(found)
            return self._append_post(
                topic,
                user,
                raw,
                created_at or self.now(),
                reply_to_post_number=reply_to_post_number,
                post_type=WHISPER if hidden else 1,
            )

    def edit_post(
        self,
        editor: User | str,
        post_id: int,
        raw: str,
        *,
        reason: str | None = None,
        raw_old: str | None = None,
        bypass_bump: bool = False,
        title: str | None = None,
        category_id: int | None = None,
        tag_names: Sequence[str] | None = None,
    ) -> Post:
        """Change a post's raw. The same raw again changes nothing; a raw left out is an empty one, hence too short.

        Args:
            raw_old: the raw last seen; another one in the forum is a conflict.
            bypass_bump: the topic keeps its place; newer forum only, staff and level 4 only.
            title: with `category_id` and `tag_names` looked at for a first post only; asking for them makes the event
                one of the topic.

        Raises:
            Refusal: 400, 403, 404, 409 or 422.
        """
        with self.writing():
            user = self._user(editor)
            post = self.visible_post(user, post_id)
            if not sight.may_edit(user, post.user_id) or (post.user_deleted and not user.staff):
                raise refusals.invalid_access(self.texts)
            if raw_old is not None and raw_old != post.raw:
                raise refusals.errors(409, self.texts["edit_conflict"])
            raw = bodies.normalise_raw(raw)
            topic = self.state.topics[post.topic_id]
            asked = post.post_number == 1 and not (title is None and category_id is None and tag_names is None)
            if raw == post.raw and (reason is None or reason == post.edit_reason) and not asked:
                return post
            least = self.settings.min_personal_message_post_length if topic.archetype == "private_message" else None
            found = bodies.body_errors(raw, self.settings, self.mode, self.texts, least=least)
            if found:
                raise refusals.errors(422, *found)
            fields = self._topic_changes(user, topic, title, category_id, tag_names) if asked else {}
            stays = bypass_bump and self.mode == "now" and (user.staff or user.trust_level >= 4)
            self._revise(post, user, Edit(raw, reason, fields), topic_asked=asked, bypass_bump=stays)
            return post

    def delete_post(self, by: User | str, post_id: int) -> None:
        """Delete a post: staff at once; an author leaves a phrase, and the post goes a day later.

        Staff who delete a first post delete the topic.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            user = self._user(by)
            post = self.visible_post(user, post_id)
            if post.post_number == 1:
                self.delete_topic(user, post.topic_id)
            elif user.staff:
                if post.deleted_at is None:
                    post.deleted_at = self.now()
                    self._post_event("post_destroyed", post)
            elif user.id == post.user_id and not post.user_deleted:
                self._revise(post, user, Edit(self.texts["deleted_by_author"]), force_version=True, bypass_bump=True)
                post.user_deleted = True
                post.delete_at = self.now() + dt.timedelta(hours=self.settings.delete_removed_posts_after)
            else:
                raise refusals.invalid_access(self.texts)

    def recover_post(self, by: User | str, post_id: int) -> None:
        """Undo a deletion; of an author's own one the text comes back too.

        Raises:
            Refusal: 403 or 404.
        """
        with self.writing():
            user = self._user(by)
            post = self.visible_post(user, post_id)
            if not user.staff and user.id != post.user_id:
                raise refusals.invalid_access(self.texts)
            if post.post_number == 1:
                self.recover_topic(user, post.topic_id)
                return
            post.deleted_at = post.delete_at = None
            if post.user_deleted and post.revisions:
                post.user_deleted = False
                self._revise(post, user, Edit(post.revisions[-1].before), force_version=True, bypass_bump=True)
            self._post_event("post_recovered", post)

    def like(self, by: User | str, post_id: int) -> Post:
        """Like a post.

        Raises:
            Refusal: 403 (again, own post, archived) or 404.
        """
        with self.writing():
            user = self._user(by)
            post = self.visible_post(user, post_id)
            if not likes.may_like(user, post, self.state.topics[post.topic_id]):
                raise refusals.errors(403, self.texts["like_refused"])
            if likes.allowance(user, self.state, self.now())[0] == 0 and not user.staff:
                raise refusals.rate_limited(self.texts, 86_400, newer=self.mode == "now")
            post.likes[user.id] = self.now()
            notices.tell(post.user_id, notices.LIKED, post, user, self.state, self.now())
            topic = self.state.topics[post.topic_id]
            self.webhooks.happened(
                "like",
                "post_liked",
                f"like {post.id} {user.id}",
                lambda: hook_payloads.like_body(post, user, self.state),
                topic,
            )
            return post

    def unlike(self, by: User | str, post_id: int) -> Post:
        """Take a like back, which no event tells.

        Raises:
            Refusal: 403 after ten minutes, 404 if there is none.
        """
        with self.writing():
            user = self._user(by)
            post = self.visible_post(user, post_id)
            if user.id not in post.likes:
                raise refusals.not_found(self.texts)
            if not likes.may_undo(user, post, self.now()):
                raise refusals.invalid_access(self.texts)
            del post.likes[user.id]
            return post

    def run_system_edits(self) -> list[Post]:
        """Do what the forum does by itself after a while, as far as it is due; returns the posts it touched.

        Remote images become uploads 301 seconds after the last change; a reply that begins with a quote of the whole
        post above loses it; posts deleted by their authors a day ago go. Neither limits nor the bump are touched.
        """
        touched: list[Post] = []
        with self.writing():
            now = self.now()
            for post in list(self.state.posts.values()):
                if post.deleted_at is not None:
                    continue
                if post.delete_at is not None and now >= post.delete_at:
                    post.deleted_at, post.delete_at = now, None
                    self._post_event("post_destroyed", post)
                    touched.append(post)
                    continue
                if post.settled:
                    continue
                if self.settings.remove_full_quote and post.version == 1:
                    touched += self._as_system(post, system_edits.without_full_quote(post, self.state), "quote")
                age_s = (now - post.updated_at).total_seconds()
                if age_s >= system_edits.IMAGES_AFTER_S:
                    if self.settings.download_remote_images_to_local:
                        touched += self._as_system(post, system_edits.with_own_images(post.raw), "images")
                    post.settled = True
        return list({post.id: post for post in touched}.values())

    def _as_system(self, post: Post, raw: str, why: str) -> list[Post]:
        if raw == post.raw:
            return []
        edit = Edit(raw, self.texts[f"edit_reason_{why}"])
        self._revise(post, self.state.users[-1], edit, bypass_bump=True)
        return [post]
