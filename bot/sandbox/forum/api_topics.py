"""Addresses of topics and lists of topics.

Facts: discourse/discourse `config/routes.rb`, `app/controllers/{topics,list}_controller.rb`.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.sandbox.forum import refusals, sight, tags
from bot.sandbox.forum.api_posts import parse_time
from bot.sandbox.forum.asks import Ask, Endpoints, Row, as_json
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import Topic, User
from bot.sandbox.forum.times import stamp
from bot.sandbox.forum.topic_acts import Status
from bot.sandbox.forum.views import View


class TopicEndpoints(Endpoints):
    """Show, change, publish, delete; lists."""

    def table(self) -> list[Row]:
        """The addresses."""
        topic = "/t/{topic_id:int}"
        return [
            ("GET", "/t/external_id/{external_id}.json", "topics/show_by_external_id", self.by_external_id),
            ("GET", f"{topic}/posts.json", "topics/posts", self.topic_posts),
            ("GET", f"{topic}/post_ids.json", "topics/post_ids", self.topic_post_ids),
            ("PUT", f"{topic}/recover.json", "topics/recover", self.recover_topic),
            ("PUT", f"{topic}/publish.json", "topics/publish", self.publish_topic),
            ("PUT", f"{topic}/shared-draft.json", "topics/update_shared_draft", self.shared_draft),
            ("POST", f"{topic}/timer.json", "topics/timer", self.timer),
            ("PUT", f"{topic}/status", "topics/status", self.topic_status),
            ("PUT", f"{topic}/status.json", "topics/status", self.topic_status),
            ("PUT", f"{topic}/change-timestamp.json", "topics/change_timestamps", self.change_timestamp),
            ("PUT", f"{topic}/reset-bump-date.json", "topics/reset_bump_date", self.reset_bump_date),
            ("PUT", f"{topic}/reset-bump-date", "topics/reset_bump_date", self.reset_bump_date),
            ("PUT", f"{topic}/bookmark.json", "topics/bookmark", self.bookmark),
            ("GET", f"{topic}.json", "topics/show", self.show_topic),
            ("PUT", f"{topic}.json", "topics/update", self.update_topic),
            ("DELETE", f"{topic}.json", "topics/destroy", self.delete_topic),
            ("GET", "/t/{slug}/{topic_id:int}.json", "topics/show", self.show_topic),
            ("PUT", "/t/{slug}/{topic_id:int}.json", "topics/update", self.update_topic),
            ("GET", "/latest.json", "list/latest", self.latest),
            ("GET", "/c/{slug}/{category_id:int}/l/latest.json", "list/category_latest", self.category_latest),
            ("GET", "/c/{slug}/{category_id:int}.json", "list/category_default", self.category_latest),
        ]

    def _topic(self, ask: Ask) -> Topic:
        return self.forum.visible_topic(ask.user, ask.path_int("topic_id"))

    def show_topic(self, ask: Ask) -> Response:
        """A topic; under a wrong slug a redirect to the right one. Any value of `include_raw` counts, even `false`."""
        topic = self._topic(ask)
        slug = ask.request.path_params.get("slug")
        if slug is not None and slug != topic.slug:
            return self._redirect(ask, topic)
        return self.topic_json(topic, ask.user, ask.params)

    def topic_json(self, topic: Topic, user: User | None, params: Mapping[str, Any]) -> Response:
        """A topic as JSON."""
        page = int(params["page"]) if str(params.get("page", "")).isdigit() else 1
        view = View(self.forum.state, self.forum.mode, user)
        return as_json(view.topic(topic, raw="include_raw" in params, page=page))

    def by_external_id(self, ask: Ask) -> Response:
        """A redirect to the topic; one that may not be seen is forbidden, not missing. 2022 forgets the query."""
        topic = self.forum.topic_by_external_id(ask.path_text("external_id"))
        if topic is None:
            raise refusals.not_found(self.forum.texts, topic=True)
        if not sight.sees_topic(ask.user, topic, self.forum.state):
            raise refusals.invalid_access(self.forum.texts)
        return self._redirect(ask, topic)

    def _redirect(self, ask: Ask, topic: Topic) -> Response:
        kept = {k: v for k, v in ask.params.items() if k == "include_raw" and self.forum.mode == "now"}
        query = f"?{urlencode(kept)}" if kept else ""
        address = ask.request.url.replace(path=f"/t/{topic.slug}/{topic.id}.json", query="")
        target = f"{str(address).removesuffix('?')}{query}"
        if self.forum.mode == "now":
            return RedirectResponse(target, 301)
        body = f'<html><body>You are being <a href="{target}">redirected</a>.</body></html>'
        return Response(body, 301, {"Location": target}, media_type="text/html; charset=utf-8")

    def topic_posts(self, ask: Ask) -> Response:
        """Chosen posts; unknown and foreign ids drop out silently. Without ids the first twenty."""
        topic, view = self._topic(ask), self.view(ask)
        posts = view.posts(topic)
        wanted = ask.params.get("post_ids")
        if isinstance(wanted, list):
            numbers = {str(number) for number in wanted}
            posts = [p for p in posts if str(p.id) in numbers]
        else:
            posts = posts[:20]
        stream = view.post_stream(posts, raw="include_raw" in ask.params)
        return as_json({"post_stream": {"posts": stream}, "id": topic.id})

    def topic_post_ids(self, ask: Ask) -> Response:
        """The ids of the posts after a number."""
        topic = self._topic(ask)
        after = ask.number("post_number") or 0
        return as_json({"post_ids": [p.id for p in self.view(ask).posts(topic) if p.post_number > after]})

    def update_topic(self, ask: Ask) -> Response:
        """Flat parameters only: a nested `topic` object is not looked at."""
        forum, params = self.forum, ask.params
        topic = self._topic(ask)
        if forum.mode == "now":
            title, names = ask.text("original_title"), params.get("original_tags")
            stale = title is not None and title != topic.title
            if names is not None:
                stale |= sorted(tags.wanted_names(names, forum.state, forum.mode)) != sorted(topic.tags)
            if stale:
                raise refusals.errors(409, forum.texts["edit_conflict"])
        sent_tags = params.get("tags")
        topic = forum.edit_topic(
            self.user(ask),
            topic.id,
            title=ask.text("title"),
            category_id=ask.number("category_id"),
            tag_names=None if sent_tags is None else tags.wanted_names(sent_tags, forum.state, forum.mode),
        )
        answer = self.view(ask).basic_topic(topic)
        if sent_tags is not None and forum.mode == "now":
            answer["tags"] = tags.show_tags(topic.tags, forum.state, forum.mode)
        return as_json({"basic_topic": answer})

    def delete_topic(self, ask: Ask) -> Response:
        """Soft delete; success is empty."""
        self.forum.delete_topic(self.user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def recover_topic(self, ask: Ask) -> Response:
        """Undo a soft delete; success is empty."""
        self.forum.recover_topic(self.user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def topic_status(self, ask: Ask) -> Response:
        """Switch `visible`, `closed`, `archived` or `pinned`."""
        status, enabled = ask.text("status"), ask.text("enabled") == "true"
        if status not in get_args(Status):
            raise refusals.invalid_parameters(self.forum.texts, "status")
        known: Status = status  # type: ignore[assignment] # looked up just above
        self.forum.set_status(self.user(ask), ask.path_int("topic_id"), known, enabled)
        return as_json({"success": "OK", "topic_status_update": None})

    def publish_topic(self, ask: Ask) -> Response:
        """The native publication of a shared draft."""
        destination = ask.number("destination_category_id")
        if destination is None:
            raise refusals.missing_parameter(self.forum.texts, "destination_category_id")
        topic = self.forum.publish(self.user(ask), ask.path_int("topic_id"), destination)
        return as_json({"basic_topic": self.view(ask).basic_topic(topic)})

    def shared_draft(self, ask: Ask) -> Response:
        """Another destination for a draft."""
        category_id = ask.number("category_id")
        if category_id is None:
            raise refusals.missing_parameter(self.forum.texts, "category_id")
        self.forum.set_destination(self.user(ask), ask.path_int("topic_id"), category_id)
        return as_json({"success": "OK"})

    def timer(self, ask: Ask) -> Response:
        """Publish at a time; no time takes the timer away."""
        if ask.text("status_type") != "publish_to_category":
            raise refusals.invalid_parameters(self.forum.texts, "status_type")
        try:
            at = parse_time(ask.text("time"))
        except ValueError as error:
            raise refusals.invalid_parameters(self.forum.texts, "time") from error
        topic = self.forum.set_timer(self.user(ask), ask.path_int("topic_id"), at, ask.number("category_id"))
        answer = {"success": "OK", "execute_at": stamp(topic.publish_at), "duration_minutes": None}
        shown = {"based_on_last_post": False, "closed": topic.closed, "category_id": topic.publish_to}
        return as_json(answer | shown)

    def change_timestamp(self, ask: Ask) -> Response:
        """Move a topic in time; a future one is refused in a shape of its own."""
        seconds = ask.text("timestamp")
        if seconds is None:
            raise refusals.missing_parameter(self.forum.texts, "timestamp")
        try:
            at = dt.datetime.fromtimestamp(float(seconds), dt.UTC)
        except ValueError as error:
            raise refusals.invalid_parameters(self.forum.texts, "timestamp") from error
        if not self.forum.change_timestamp(self.user(ask), ask.path_int("topic_id"), at):
            raise Refusal(422, {"failed": "FAILED"})
        return as_json({"success": "OK"})

    def reset_bump_date(self, ask: Ask) -> Response:
        """Put the topic back in its place; success is empty."""
        self.forum.reset_bump_date(self.user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def bookmark(self, ask: Ask) -> Response:
        """Bookmark; success is empty."""
        self.forum.bookmark(self.user(ask), ask.path_int("topic_id"))
        return Response(None, 200)

    def latest(self, ask: Ask) -> Response:
        """The latest topics."""
        return as_json(self.view(ask).topic_list(None, page=ask.number("page") or 0, order=ask.text("order") or ""))

    def category_latest(self, ask: Ask) -> Response:
        """The latest topics of a category."""
        category = self.forum.state.categories.get(ask.path_int("category_id"))
        if category is None or not sight.sees_category(ask.user, category):
            raise refusals.not_found(self.forum.texts)
        order = ask.text("order") or ""
        return as_json(self.view(ask).topic_list(category, page=ask.number("page") or 0, order=order))
