"""Addresses of posts.

Facts: discourse/discourse `config/routes.rb`, `app/controllers/{posts,post_actions,post_action_users}_controller.rb`.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import PlainTextResponse, Response

from bot.sandbox.forum import latest_posts, likes, refusals, revisions, sight, tags
from bot.sandbox.forum.asks import Ask, Endpoints, Row, as_json
from bot.sandbox.forum.booleans import means_yes
from bot.sandbox.forum.state import Post
from bot.sandbox.forum.whispers import may_whisper

MOST_LIKERS = 200


class PostEndpoints(Endpoints):
    """Create, show, edit, delete, like; revisions, replies, the newest."""

    def table(self) -> list[Row]:
        """The addresses."""
        post = "/posts/{post_id:int}"
        return [
            ("POST", "/posts.json", "posts/create", self.create_post),
            ("POST", "/posts", "posts/create", self.create_post),
            ("GET", "/posts.json", "posts/latest", self.latest),
            ("GET", f"{post}/revisions/latest.json", "posts/latest_revision", self.revision),
            ("GET", post + "/revisions/{number:int}.json", "posts/revisions", self.revision),
            ("GET", f"{post}/replies.json", "posts/replies", self.replies),
            ("GET", f"{post}/raw", "posts/raw", self.raw_of),
            ("PUT", f"{post}/recover.json", "posts/recover", self.recover),
            ("GET", f"{post}.json", "posts/show", self.show_post),
            ("PUT", f"{post}.json", "posts/update", self.update_post),
            ("DELETE", f"{post}.json", "posts/destroy", self.delete_post),
            ("POST", "/post_actions.json", "post_actions/create", self.like),
            ("DELETE", "/post_actions/{post_id:int}.json", "post_actions/destroy", self.unlike),
            ("GET", "/post_action_users.json", "post_action_users/index", self.likers),
            ("GET", "/raw/{topic_id:int}/{post_number:int}", "posts/markdown_num", self.raw_post),
        ]

    def create_post(self, ask: Ask) -> Response:
        """A new topic, a shared draft, a reply, a whisper or a message; remembered for 120 seconds."""
        forum, params, user = self.forum, ask.params, self.user(ask)
        raw = ask.text("raw")
        if not raw:
            raise refusals.missing_parameter(forum.texts, "raw")
        shared_draft = means_yes(params.get("shared_draft"), forum.mode)
        if shared_draft and not sight.may_use_shared_drafts(user, forum.state):
            raise refusals.invalid_parameters(forum.texts, "shared_draft")
        if params.get("category") not in (None, "") and ask.number("category") is None:
            raise refusals.invalid_parameters(forum.texts, "category")
        whisper = means_yes(params.get("whisper"), forum.mode)
        if whisper and not may_whisper(user, forum.state):
            raise refusals.invalid_access(forum.texts)

        def create() -> dict[str, Any]:
            topic_id = ask.number("topic_id")
            try:
                created_at = parse_time(ask.text("created_at"))
            except ValueError as error:
                raise refusals.invalid_parameters(forum.texts, "created_at") from error
            if topic_id is not None:
                post = forum.reply(
                    user,
                    topic_id=topic_id,
                    raw=raw,
                    reply_to_post_number=ask.number("reply_to_post_number"),
                    created_at=created_at,
                    whisper=whisper,
                )
            elif ask.text("archetype") == "private_message":
                names = [name for name in (ask.text("target_recipients") or "").split(",") if name]
                post = forum.create_message(user, recipients=names, title=ask.text("title") or "", raw=raw)
            else:
                post = forum.create_topic(
                    user,
                    title=ask.text("title") or "",
                    raw=raw,
                    category_id=ask.number("category"),
                    tag_names=tags.wanted_names(params.get("tags"), forum.state, forum.mode),
                    external_id=ask.text("external_id"),
                    shared_draft=shared_draft,
                    created_at=created_at,
                )
            return self.view(ask).written_post(post)

        client = ask.request.client
        memo_key = (
            user.id,
            json.dumps(params, sort_keys=True, default=str),
            client.host if client else "",
            ask.request.headers.get("user-agent", ""),
        )
        answer = forum.memo.answer(memo_key, forum.now(), create)
        if means_yes(params.get("nested_post"), "now"):
            return as_json({"success": True, "action": "create_post", "post": answer})
        return as_json(answer)

    def _post(self, ask: Ask) -> Post:
        return self.forum.visible_post(ask.user, ask.path_int("post_id"))

    def show_post(self, ask: Ask) -> Response:
        """One post, with raw; that of an old version is right only under conditions, see `revisions`."""
        post = self._post(ask)
        answer = self.view(ask).post(post, raw=True)
        version = ask.number("version")
        if version is not None and sight.sees_history(ask.user, post, self.forum.state):
            answer["raw"] = revisions.raw_of_version(post, version)
        return as_json(answer)

    def update_post(self, ask: Ask) -> Response:
        """Edit; without `post[raw]` the new raw is empty, hence refused."""
        forum = self.forum
        given = ask.params.get("post")
        if not isinstance(given, Mapping):
            raise refusals.missing_parameter(forum.texts, "post")
        raw_old = given.get("raw_old")
        if raw_old in (None, "") and forum.mode == "now":
            raw_old = given.get("original_text")
        category = str(given.get("category_id", ""))
        sent_tags = ask.params.get("tags")
        post = forum.edit_post(
            self.user(ask),
            ask.path_int("post_id"),
            str(given.get("raw") or ""),
            reason=given.get("edit_reason") or None,
            raw_old=str(raw_old) if raw_old else None,
            bypass_bump=means_yes(ask.params.get("bypass_bump", given.get("bypass_bump")), forum.mode),
            title=ask.text("title"),
            category_id=int(category) if category.isdecimal() else None,
            tag_names=None if sent_tags is None else tags.wanted_names(sent_tags, forum.state, forum.mode),
        )
        return as_json({"post": self.view(ask).written_post(post)})

    def delete_post(self, ask: Ask) -> Response:
        """Delete; success is empty."""
        self.forum.delete_post(self.user(ask), ask.path_int("post_id"))
        return Response(None, 200)

    def recover(self, ask: Ask) -> Response:
        """Undo a deletion."""
        self.forum.recover_post(self.user(ask), ask.path_int("post_id"))
        return as_json(self.view(ask).post(self._post(ask), raw=True))

    def raw_post(self, ask: Ask) -> Response:
        """A post's Markdown and nothing else."""
        topic = self.forum.visible_topic(ask.user, ask.path_int("topic_id"))
        for post in self.view(ask).posts(topic):
            if post.post_number == ask.path_int("post_number"):
                return PlainTextResponse(post.raw)
        raise refusals.not_found(self.forum.texts)

    def raw_of(self, ask: Ask) -> Response:
        """The same by the post's id."""
        return PlainTextResponse(self._post(ask).raw)

    def revision(self, ask: Ask) -> Response:
        """The latest revision or a numbered one: differences only."""
        post = self._post(ask)
        if not sight.sees_history(ask.user, post, self.forum.state):
            raise refusals.invalid_access(self.forum.texts)
        number = ask.request.path_params.get("number")
        found = revisions.find(post, number)
        if found is None or (number is not None and number < 2):
            raise refusals.not_found(self.forum.texts)
        return as_json(revisions.show(post, found, self.forum.state))

    def replies(self, ask: Ask) -> Response:
        """The direct replies."""
        return as_json(self.view(ask).replies(self._post(ask), ask.number("after") or 0))

    def latest(self, ask: Ask) -> Response:
        """The newest posts of the site."""
        found = latest_posts.latest_posts(ask.user, self.forum.state, ask.number("before"))
        return as_json({"latest_posts": [self.view(ask).latest_post(p) for p in found]})

    def like(self, ask: Ask) -> Response:
        """Like a post; other actions are not known here."""
        user, number = self.user(ask), ask.number("id")
        if number is None or ask.number("post_action_type_id") != likes.LIKE:
            raise refusals.invalid_parameters(self.forum.texts, "post_action_type_id")
        post = self.forum.like(user, number)
        left, most = likes.allowance(user, self.forum.state, self.forum.now())
        headers = {"Discourse-Actions-Remaining": str(left), "Discourse-Actions-Max": str(most)}
        return as_json(self.view(ask).post(post, raw=False) | {"badges_granted": []}, headers=headers)

    def likers(self, ask: Ask) -> Response:
        """Who likes a post, the first first, at most 200."""
        number = ask.number("id")
        if number is None or ask.number("post_action_type_id") != likes.LIKE:
            raise refusals.missing_parameter(self.forum.texts, "post_action_type_id")
        post = self.forum.visible_post(ask.user, number)
        by_time = sorted(post.likes, key=lambda user_id: post.likes[user_id])
        users = [self.forum.state.users[user_id] for user_id in by_time[:MOST_LIKERS]]
        return as_json({"post_action_users": [{"id": user.id, "username": user.username} for user in users]})

    def unlike(self, ask: Ask) -> Response:
        """Take a like back."""
        if ask.number("post_action_type_id") != likes.LIKE:
            raise refusals.invalid_parameters(self.forum.texts, "post_action_type_id")
        post = self.forum.unlike(self.user(ask), ask.path_int("post_id"))
        return as_json(self.view(ask).post(post, raw=False))


def parse_time(text: str | None) -> dt.datetime | None:
    """A time as a parameter; without a zone it is UTC.

    Raises:
        ValueError: not a time.
    """
    if not text:
        return None
    parsed = dt.datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
