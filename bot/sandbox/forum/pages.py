"""Pages for a person: lists, topics, editing, answering, publishing. They work without scripts.

Every form does what a method of the forum does, and answers with a redirect; what the forum refuses is shown above the
form, with the text still in it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.forum import drafts, likes, revisions, sight, viewers
from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.emoji import picture
from bot.sandbox.forum.forum import Forum
from bot.sandbox.forum.page_templates import templates
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import Post, Topic, User
from bot.sandbox.forum.whispers import WHISPER, may_whisper

TopicJson = Callable[[Topic, User | None, Mapping[str, Any]], Response]
Page = Callable[[Request], Awaitable[Response]]


def page_routes(forum: Forum, topic_json: TopicJson) -> list[BaseRoute]:
    """The addresses of pages.

    Args:
        topic_json: answers a topic's address for those who accept JSON only.
    """
    pages = _Pages(forum, topic_json)
    topic, post = "/t/{topic_id:int}", "/p/{post_id:int}"
    return [
        Route("/", pages.start),
        Route("/viewer", pages.switch, methods=["POST"]),
        Route(topic, pages.topic),
        Route("/t/{slug}/{topic_id:int}", pages.topic),
        Route("/t/{slug}/{topic_id:int}/{post_number:int}", pages.topic),
        Route(topic + "/{post_number:int}/raw", pages.raw),
        Route(f"{topic}/publish", pages.acting(pages.publish), methods=["POST"]),
        Route(f"{topic}/reply", pages.acting(pages.reply), methods=["POST"]),
        Route(f"{topic}/change", pages.acting(pages.change), methods=["POST"]),
        Route(f"{topic}/delete", pages.acting(pages.delete_topic), methods=["POST"]),
        Route(f"{topic}/recover", pages.acting(pages.recover_topic), methods=["POST"]),
        Route(f"{topic}/status", pages.acting(pages.status), methods=["POST"]),
        Route(f"{post}/edit", pages.edit_form, methods=["GET"]),
        Route(f"{post}/edit", pages.acting(pages.edit), methods=["POST"]),
        Route(f"{post}/history", pages.history),
        Route(f"{post}/like", pages.acting(pages.like), methods=["POST"]),
        Route(f"{post}/delete", pages.acting(pages.delete_post), methods=["POST"]),
        Route(f"{post}/recover", pages.acting(pages.recover_post), methods=["POST"]),
        Route("/images/emoji/{emoji_set}/{name}.png", pages.emoji),
    ]


class _Pages:
    def __init__(self, forum: Forum, topic_json: TopicJson) -> None:
        self._forum = forum
        self._topic_json = topic_json

    # --- showing -----------------------------------------------------------------------------------------------------

    def _viewer(self, request: Request) -> User:
        return viewers.viewer(request, self._forum.state)

    def _show(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        state = self._forum.state
        viewer = self._viewer(request)
        shared = {
            "settings": state.settings,
            "users": state.users,
            "categories": state.categories,
            "viewer": viewer,
            "people": viewers.people(state),
            "here": request.url.path if request.method == "GET" else "/",
            "usable": [c for c in state.categories.values() if sight.may_create_in(viewer, c)],
        }
        return HTMLResponse(templates.get_template(template).render(shared | values), status)

    def _missing(self, request: Request) -> Response:
        return self._show(request, "missing.html", 404)

    def _topic(self, request: Request) -> Topic:
        return self._forum.visible_topic(self._viewer(request), request.path_params["topic_id"])

    def _post(self, request: Request) -> Post:
        return self._forum.visible_post(self._viewer(request), request.path_params["post_id"])

    def _seen_posts(self, viewer: User, topic: Topic) -> list[Post]:
        state = self._forum.state
        return [p for p in state.posts_of(topic.id) if sight.sees_post(viewer, p, state)]

    def _count(self, viewer: User, topic: Topic) -> int:
        return len([p for p in self._seen_posts(viewer, topic) if p.deleted_at is None and p.action_code is None])

    async def start(self, request: Request) -> Response:
        """Drafts that wait, then what is public."""
        forum = self._forum
        with forum.lock:
            forum.run_timers()
            viewer = self._viewer(request)
            seen = [t for t in forum.topics if sight.sees_topic(viewer, t, forum.state)]
            seen = [t for t in seen if t.archetype == "regular" and (t.visible or viewer.staff)]
            seen.sort(key=lambda t: (t.bumped_at, t.id), reverse=True)
            waiting = [t for t in seen if t.draft_destination is not None or drafts.is_limbo(t, forum.state)]
            return self._show(
                request,
                "start.html",
                drafts=waiting,
                topics=[t for t in seen if t not in waiting],
                limbo={t.id for t in waiting if t.draft_destination is None},
                counts={t.id: self._count(viewer, t) for t in seen},
            )

    async def topic(self, request: Request) -> Response:
        """A topic; as JSON for those who accept nothing else."""
        forum = self._forum
        with forum.lock:
            forum.run_timers()
            if "application/json" in request.headers.get("accept", ""):
                # Without a key nobody is known: only what the public sees.
                try:
                    topic = forum.visible_topic(None, request.path_params["topic_id"])
                    return self._topic_json(topic, None, request.query_params)
                except Refusal:
                    return Response(None, 404)
            try:
                topic = self._topic(request)
            except Refusal:
                return self._missing(request)
            if request.path_params.get("slug") != topic.slug:
                query = f"?{request.url.query}" if request.url.query else ""
                return RedirectResponse(f"{_address(topic)}{query}", 302)
            answering = request.query_params.get("reply_to", "")
            return self._topic_page(request, topic, reply_to=int(answering) if answering.isdecimal() else None)

    def _topic_page(
        self,
        request: Request,
        topic: Topic,
        status: int = 200,
        *,
        errors: list[str] | None = None,
        typed: str = "",
        reply_to: int | None = None,
        whisper: bool = False,
    ) -> Response:
        state, viewer = self._forum.state, self._viewer(request)
        posts = self._seen_posts(viewer, topic)
        answered = state.posted(topic.id, reply_to)
        permission = sight.topic_permission(viewer, topic, state)
        open_topic = not (topic.closed or topic.archived) or viewer.staff
        return self._show(
            request,
            "topic.html",
            status,
            topic=topic,
            posts=posts,
            count=self._count(viewer, topic),
            limbo=drafts.is_limbo(topic, state),
            errors=errors or [],
            typed=typed,
            reply_to=answered,
            whisper=whisper or (answered is not None and answered.post_type == WHISPER),
            may_whisper=may_whisper(viewer, state),
            may_reply=permission in (1, 2) and open_topic and topic.deleted_at is None,
            may_publish=sight.may_use_shared_drafts(viewer, state),
            may_change=sight.may_edit(viewer, topic.user_id),
            editable={p.id for p in posts if sight.may_edit(viewer, p.user_id)},
            likeable={p.id for p in posts if likes.may_like(viewer, p, topic)},
            with_history={p.id for p in posts if p.revisions and sight.sees_history(viewer, p, state)},
            numbers={p.post_number: p for p in posts},
        )

    async def raw(self, request: Request) -> Response:
        """A post's Markdown."""
        with self._forum.lock:
            try:
                topic = self._topic(request)
            except Refusal:
                return self._missing(request)
            number = request.path_params["post_number"]
            post = next((p for p in self._seen_posts(self._viewer(request), topic) if p.post_number == number), None)
            return self._show(request, "raw.html", topic=topic, post=post) if post else self._missing(request)

    async def history(self, request: Request) -> Response:
        """Who changed what, newest first."""
        state = self._forum.state
        with self._forum.lock:
            try:
                post = self._post(request)
            except Refusal:
                return self._missing(request)
            if not sight.sees_history(self._viewer(request), post, state):
                return self._missing(request)
            shown = [(r, revisions.show(post, r, state)) for r in reversed(post.revisions)]
            return self._show(request, "history.html", topic=state.topics[post.topic_id], post=post, revisions=shown)

    async def emoji(self, request: Request) -> Response:
        """A drawn emoji."""
        drawn = picture(request.path_params["name"])
        return Response(None, 404) if drawn is None else Response(drawn, media_type="image/svg+xml")

    async def switch(self, request: Request) -> Response:
        """Look on as somebody else."""
        form = await request.form()
        back = _text(form, "back")
        answer = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)
        answer.set_cookie(viewers.COOKIE, _text(form, "viewer"), samesite="lax", httponly=True)
        return answer

    # --- acting ------------------------------------------------------------------------------------------------------

    def acting(self, act: Callable[[Request, FormData], Response]) -> Page:
        """What stands around every form: its values, the lock, no foreign page, and refusals as a page."""

        async def endpoint(request: Request) -> Response:
            form = await request.form()
            origin = urlsplit(request.headers.get("origin", "")).netloc
            if origin and origin != request.headers.get("host"):
                return Response(
                    "다른 사이트에서 보낸 요청은 받지 않습니다.", 403, media_type="text/plain; charset=utf-8"
                )
            with self._forum.lock:
                try:
                    return act(request, form)
                except Refusal as refusal:
                    if refusal.status == 404:
                        return self._missing(request)
                    return self._show(request, "refused.html", refusal.status, errors=_errors(refusal))

        return endpoint

    def publish(self, request: Request, form: FormData) -> Response:
        """Publish where the moderator chose, the stored destination otherwise."""
        topic = self._topic(request)
        # The button of a page opened before somebody else published must not publish again.
        if topic.draft_destination is not None:
            chosen = _text(form, "category_id")
            to = int(chosen) if chosen.isdecimal() else topic.draft_destination
            self._forum.publish(self._viewer(request), topic.id, to)
        return RedirectResponse(_address(topic), 303)

    def reply(self, request: Request, form: FormData) -> Response:
        """An answer or a whisper."""
        topic, raw = self._topic(request), _lines(_text(form, "raw"))
        number, whisper = _text(form, "reply_to_post_number"), _text(form, "whisper") == "true"
        reply_to = int(number) if number.isdecimal() else None
        try:
            post = self._forum.reply(
                self._viewer(request), topic_id=topic.id, raw=raw, reply_to_post_number=reply_to, whisper=whisper
            )
        except Refusal as refusal:
            return self._topic_page(
                request,
                topic,
                refusal.status,
                errors=_errors(refusal),
                typed=raw,
                reply_to=reply_to,
                whisper=whisper,
            )
        return RedirectResponse(f"{_address(topic)}#post_{post.post_number}", 303)

    def change(self, request: Request, form: FormData) -> Response:
        """Title, tags, category (of a draft: the destination)."""
        topic = self._topic(request)
        category = _text(form, "category_id")
        try:
            self._forum.edit_topic(
                self._viewer(request),
                topic.id,
                title=_text(form, "title"),
                category_id=int(category) if category.isdecimal() else None,
                tag_names=[name.strip() for name in _text(form, "tags").split(",") if name.strip()],
            )
        except Refusal as refusal:
            return self._topic_page(request, topic, refusal.status, errors=_errors(refusal))
        return RedirectResponse(_address(topic), 303)

    def delete_topic(self, request: Request, form: FormData) -> Response:
        """Delete; staff still see the topic."""
        topic = self._topic(request)
        self._forum.delete_topic(self._viewer(request), topic.id)
        return RedirectResponse(_address(topic), 303)

    def recover_topic(self, request: Request, form: FormData) -> Response:
        """Undo a deletion."""
        topic = self._topic(request)
        self._forum.recover_topic(self._viewer(request), topic.id)
        return RedirectResponse(_address(topic), 303)

    def status(self, request: Request, form: FormData) -> Response:
        """Close, unlist, and the contrary."""
        topic = self._topic(request)
        for status in ("visible", "closed"):
            if _text(form, "status") == status:
                wanted = _text(form, "enabled") == "true"
                self._forum.set_status(self._viewer(request), topic.id, status, wanted)
        return RedirectResponse(_address(topic), 303)

    async def edit_form(self, request: Request) -> Response:
        """The raw in a form."""
        with self._forum.lock:
            try:
                post = self._post(request)
            except Refusal:
                return self._missing(request)
            if not sight.may_edit(self._viewer(request), post.user_id):
                return self._missing(request)
            return self._edit_page(request, post, typed=post.raw, base=post.raw)

    def _edit_page(
        self,
        request: Request,
        post: Post,
        status: int = 200,
        *,
        typed: str,
        base: str,
        reason: str = "",
        errors: list[str] | None = None,
        preview: str | None = None,
    ) -> Response:
        return self._show(
            request,
            "edit.html",
            status,
            topic=self._forum.state.topics[post.topic_id],
            post=post,
            typed=typed,
            base=base,
            reason=reason,
            errors=errors or [],
            preview=preview,
        )

    def edit(self, request: Request, form: FormData) -> Response:
        """Store an edit, unless the post changed since the form was opened."""
        post = self._post(request)
        raw, base = _lines(_text(form, "raw")), _lines(_text(form, "raw_old"))
        reason = _text(form, "edit_reason").strip()
        if "preview" in form:
            return self._edit_page(request, post, typed=raw, base=base, reason=reason, preview=cook(raw))
        seen = post.raw if _lines(post.raw) == base else base
        try:
            self._forum.edit_post(self._viewer(request), post.id, raw, reason=reason or None, raw_old=seen)
        except Refusal as refusal:
            # After a conflict the next attempt is based on what is there now; the person has been told.
            return self._edit_page(
                request, post, refusal.status, typed=raw, base=post.raw, reason=reason, errors=_errors(refusal)
            )
        return self._back(post)

    def like(self, request: Request, form: FormData) -> Response:
        """Like, or take it back."""
        post, viewer = self._post(request), self._viewer(request)
        if viewer.id in post.likes:
            self._forum.unlike(viewer, post.id)
        else:
            self._forum.like(viewer, post.id)
        return self._back(post)

    def delete_post(self, request: Request, form: FormData) -> Response:
        """Delete a post."""
        post = self._post(request)
        self._forum.delete_post(self._viewer(request), post.id)
        return self._back(post)

    def recover_post(self, request: Request, form: FormData) -> Response:
        """Undo a deletion."""
        post = self._post(request)
        self._forum.recover_post(self._viewer(request), post.id)
        return self._back(post)

    def _back(self, post: Post) -> Response:
        address = _address(self._forum.state.topics[post.topic_id])
        return RedirectResponse(f"{address}#post_{post.post_number}", 303)


def _address(topic: Topic) -> str:
    return f"/t/{topic.slug}/{topic.id}"


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _lines(text: str) -> str:
    """Browsers send line ends of two characters."""
    return text.replace("\r\n", "\n")


def _errors(refusal: Refusal) -> list[str]:
    body = refusal.body
    return [str(e) for e in body.get("errors", [])] if isinstance(body, Mapping) else [str(body or "거절되었습니다")]
