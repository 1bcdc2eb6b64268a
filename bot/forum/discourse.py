"""The forum adapter: the only module that speaks to Discourse, through pydiscourse over one kept-alive httpx client.

pydiscourse knows the calls; its own request loop is replaced, because it opens a connection per call, knows no timeout,
sleeps through rate limits (for up to a day) and takes an unexpected content type for a failure (pydiscourse 1.7.0).
Nothing here waits: a rate limit is raised at once with its delay, and the queue decides when to try again.

All booleans travel as the words `true` and `false`: forums of 2022 compare them with exactly these strings, so a JSON
true in `shared_draft` would publish the article at once.
"""

import logging
import re
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import httpx
from pydiscourse import DiscourseClient

from bot.errors import RejectedError, SettingsError
from bot.forum.answers import (
    LIKE,
    HeldForApproval,
    ListedTopic,
    Post,
    Scope,
    SiteRules,
    Topic,
    parse_category_slug,
    parse_created,
    parse_edited,
    parse_last_editor,
    parse_latest_posts,
    parse_likers,
    parse_posts,
    parse_rules,
    parse_scopes,
    parse_topic,
    parse_topic_list,
)
from bot.forum.errors import (
    SHOWN_CHARACTERS,
    ForbiddenError,
    LostAnswerError,
    NotFoundError,
    Sent,
    UnreadableAnswerError,
    error_in,
    http_date,
    read_json,
    transport_error,
    unanswered,
)
from bot.forum.limits import check_external_id

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
POSTS_PER_CALL = 50
CALLS_KEPT = 1_000

_category_slugs: dict[tuple[str, int], str] = {}
"""By forum and category, for the whole process: each sweep opens a connection of its own, and calls are few."""


@dataclass(frozen=True)
class Call:
    """One request that was made, for reports.

    Attributes:
        method: the HTTP verb.
        route: the forum's name of the route (`topics/show`), else the path with its ids left out.
        status: the HTTP status, None if no answer came.
    """

    method: str
    route: str
    status: int | None

    @property
    def outcome(self) -> str:
        """How it ended: `ok`, `limited` (429), `refused` (other 4xx), `failed` (5xx), or `unanswered`."""
        if self.status is None:
            return "unanswered"
        if self.status == 429:
            return "limited"
        return "ok" if self.status < 400 else "refused" if self.status < 500 else "failed"


class Discourse:
    """A Discourse forum, seen as one user with one API key. Safe to share between threads; close it when done.

    Every method may raise `TransientError` (rate limit with `retry_after_s`, forum down, no connection),
    `ForbiddenError`, `NotFoundError`, `RefusedError`, `UnreadableAnswerError`, and, where it writes, `LostAnswerError`:
    look the effect up by external id or token, then call again.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str,
        api_key: str,
        timeout_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare the connection; nothing is sent yet.

        Args:
            url: address of the forum, e.g. `https://forum.example.org`; a folder below it is fine.
            username: the user to act as.
            api_key: a key bound to that user.
            timeout_s: seconds to wait for each piece of an answer; long articles take a while to render.
            transport: replaces the network, for tests.

        Raises:
            SettingsError: the address is not one.
        """
        self._library = _Library(url, username, api_key, timeout_s, transport)
        self._rules: SiteRules | None = None
        self._rules_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the kept connections back."""
        self._library.http.close()

    @property
    def url(self) -> str:
        """The forum's address without trailing slash."""
        return str(self._library.host)

    @property
    def username(self) -> str:
        """The user the bot acts as."""
        return str(self._library.api_username)

    @property
    def calls(self) -> int:
        """How many requests were made so far, redirects included: each counts in the forum's rate limit."""
        return self._library.calls

    @property
    def call_log(self) -> tuple[Call, ...]:
        """The last requests, oldest first."""
        return self._library.call_log

    @property
    def outcomes(self) -> dict[str, int]:
        """How many of all calls so far ended in each way; see `Call.outcome`."""
        return self._library.outcomes

    @property
    def server_time(self) -> datetime | None:
        """The forum's clock at its last answer (`Date`, whole seconds); None before the first."""
        return self._library.server_time

    def read(self, path: str, *, as_visitor: bool = False, **params: str) -> Any:
        """Any address of the forum, undecoded but for JSON: `admin.py` parses what comes.

        Args:
            path: with its slash and `.json`.
            as_visitor: without the key, as anybody reads it.
            params: the query.
        """
        return self._read_as_visitor(path) if as_visitor else self._read(path, **params)

    def write(self, method: str, path: str, fields: Mapping[str, Any]) -> Any:
        """Send `fields` to an address of the administration; None where the forum has nothing to say to it."""
        return self._library._request(method, path, json=fields)

    def rules(self) -> SiteRules:
        """What this forum accepts: two calls the first time, remembered afterwards.

        No scope of an API key covers these two routes but `global:read`. With a narrower key they are read as any
        visitor reads them (a third call), which leaves out only what concerns our user.

        Raises:
            ForbiddenError: neither the key nor a visitor may read them.
        """
        with self._rules_lock:
            if self._rules is None:
                try:
                    site = self._read("/site.json")
                    settings = self._read("/site/settings.json")
                except ForbiddenError:
                    site, settings = self._read_as_visitor("/site.json"), self._read_as_visitor("/site/settings.json")
                    is_visitor = True
                else:
                    is_visitor = False
                rules = parse_rules(site, settings)
                # A visitor sees fewer categories than we do.
                self._rules = replace(rules, category_ids=None) if is_visitor else rules
            return self._rules

    def find_topic(self, external_id: str) -> Topic | None:
        """The topic that carries our key, with raw; None if none is visible.

        None does not promise that the key is free: a deleted topic keeps it and is not found, and so does a topic whose
        key differs in case only (the forum looks up exactly, and refuses duplicates without regard to case).

        Raises:
            RejectedError: the key has a form the forum cannot hold, or the forum points to another host.
        """
        check_external_id(external_id)
        try:
            found = self._library._get(
                f"/t/external_id/{external_id}.json",
                include_raw="1",
                override_request_kwargs={"allow_redirects": True},
            )
        except NotFoundError:
            return None
        return self._complete(parse_topic(self._needed(found, "GET", "/t/external_id"), base_url=self.url))

    def topic(self, topic_id: int) -> Topic:
        """A topic with raw of all its posts: one call for the first 20, another for each 50 after them.

        A deleted topic is an answer with `deleted` for staff, and `NotFoundError` for everybody else.
        """
        return self._complete(parse_topic(self._read(f"/t/{topic_id}.json", include_raw="1"), base_url=self.url))

    def posts(self, topic_id: int, post_ids: Sequence[int]) -> tuple[Post, ...]:
        """Some posts of one topic with raw; ids that are unknown or of another topic are left out."""
        found: list[Post] = []
        for start in range(0, len(post_ids), POSTS_PER_CALL):
            wanted = list(post_ids[start : start + POSTS_PER_CALL])
            answer = self._library.posts(topic_id, wanted, include_raw="1")
            found += parse_posts(self._needed(answer, "GET", "/t/ID/posts.json"), base_url=self.url)
        return tuple(found)

    def create_shared_draft(
        self, *, title: str, raw: str, destination_category_id: int, tags: Sequence[str], external_id: str
    ) -> Post | HeldForApproval:
        """Create a topic as a shared draft and return its first post, as the forum stored it.

        The topic lands in the drafts category; the destination is only remembered, and not checked by the forum. Look
        the key up before; read the topic back afterwards (`confirm_shared_draft`). For two minutes the forum answers
        the very same request from memory, refusals too: a setting corrected in between is not noticed earlier.

        Args:
            title: see `limits.check_limits`.
            raw: Markdown.
            destination_category_id: where a moderator will publish it.
            tags: names; ones the forum does not know are dropped silently unless our user may create tags.
            external_id: the key, once and for all: it cannot be changed, and is not freed by deletion.

        Raises:
            RefusedError: limits, a taken title, a used key (422), or no right to shared drafts (400).
        """
        return self._create(title, raw, destination_category_id, tags, external_id, shared_draft="true")

    def create_topic(
        self, *, title: str, raw: str, category_id: int, tags: Sequence[str], external_id: str
    ) -> Post | HeldForApproval:
        """Create an ordinary topic, visible to whoever may read its category, and return its first post as stored.

        Raises: as `create_shared_draft`.
        """
        return self._create(title, raw, category_id, tags, external_id)

    def _create(
        self, title: str, raw: str, category_id: int, tags: Sequence[str], external_id: str, **more: str
    ) -> Post | HeldForApproval:
        check_external_id(external_id)
        fields: dict[str, Any] = {
            "title": title,
            "raw": raw,
            "category": category_id,
            "external_id": external_id,
            **more,
        }
        if tags:
            fields["tags"] = [{"name": tag} for tag in tags] if self.rules().tags_are_objects else list(tags)
        # JSON, not a form: percent-encoding makes nine bytes of every Hangul syllable, JSON three.
        answer = self._library._post("/posts.json", json=True, **fields)
        with _unreadable_is_lost("POST", "/posts.json", self.username):
            return parse_created(self._needed(answer, "POST", "/posts.json"), base_url=self.url)

    def date_now(self, topic_id: int, now: datetime) -> None:
        """Make a topic as new as `now`, as publishing a shared draft does: its posts are redated, its bump is reset.

        Raises:
            ForbiddenError: no scope of a key covers redating.
        """
        path = f"/t/{topic_id}/change-timestamp.json"
        self._library._put(path, timestamp=str(int(now.timestamp())))
        self._library._put(f"/t/{topic_id}/reset-bump-date.json")

    def confirm_shared_draft(self, topic_id: int) -> Topic:
        """Read a topic back that was created a moment ago, and withdraw it unless it is a shared draft.

        Only for topics just created: one that a moderator has published meanwhile is no draft any more either.

        Raises:
            RejectedError: it was not a draft, so it was public for a moment; it has been deleted, or at least taken off
                all lists where the key may not delete (there is no scope for deletion).
        """
        topic = self.topic(topic_id)
        if topic.is_shared_draft:
            return topic
        what_was_done = self._withdrawn(topic_id)
        raise RejectedError(
            f"the forum made topic {topic_id} an ordinary topic instead of a shared draft; {what_was_done}. "
            f'Set shared_drafts_category, and let "{self.username}" use shared drafts'
        )

    def _withdrawn(self, topic_id: int) -> str:
        """Get a public topic out of sight, by the strongest means the key allows; what was done, as words."""
        try:
            self.delete_topic(topic_id)
        except ForbiddenError:
            try:
                self._library.update_topic_status(topic_id, "visible", False)
            except ForbiddenError:
                return "it IS PUBLIC and the key may neither delete nor unlist it: delete it by hand now"
            return "it was taken off all lists, because the key may not delete it: delete it by hand"
        return "it was deleted again"

    def reply(
        self, topic_id: int, raw: str, *, whisper: bool = False, reply_to: int | None = None
    ) -> Post | HeldForApproval:
        """Append a post to a topic.

        Not safe to repeat: end raw with a token (`limits.with_token`), and look for it in the topic before sending.

        Args:
            whisper: for staff only; where whispers are switched off the forum refuses, or, in versions of 2022, makes
                an ordinary post of it: look at `Post.is_whisper` of what came back.
            reply_to: number of the post it answers; an answer to a whisper is a whisper.

        Raises:
            RefusedError: too short, too long, the same text again, or a closed topic.
            ForbiddenError: among others, where whispers are not allowed.
        """
        fields: dict[str, Any] = {"topic_id": topic_id, "raw": raw, "reply_to_post_number": reply_to}
        if whisper:
            fields["whisper"] = "true"
        answer = self._library._post("/posts.json", json=True, **{k: v for k, v in fields.items() if v is not None})
        with _unreadable_is_lost("POST", "/posts.json", self.username):
            return parse_created(self._needed(answer, "POST", "/posts.json"), base_url=self.url)

    def send_message(self, username: str, *, title: str, raw: str) -> Post | HeldForApproval:
        """Send a personal message to one user. Not safe to repeat: no key is kept for messages.

        Raises:
            RefusedError: no such user, a title or text out of bounds, or messages are switched off.
        """
        answer = self._library._post(
            "/posts.json", json=True, title=title, raw=raw, archetype="private_message", target_recipients=username
        )
        with _unreadable_is_lost("POST", "/posts.json", self.username):
            return parse_created(self._needed(answer, "POST", "/posts.json"), base_url=self.url)

    def like(self, post_id: int) -> None:
        """Like a post, once: look at `Post.is_liked` before, for a second like is refused.

        Raises:
            ForbiddenError: a post of our own, one already liked, or a key without the right.
        """
        self._library._post("/post_actions.json", json=True, id=post_id, post_action_type_id=LIKE)

    def likers(self, post_id: int) -> tuple[str, ...]:
        """Who likes a post: names, at most the first 200."""
        path = "/post_action_users.json"
        return parse_likers(self._read(path, id=str(post_id), post_action_type_id=str(LIKE)))

    def last_editor(self, post_id: int) -> str | None:
        """Who made the newest revision of a post; None where it has none, or its history was wiped by publication."""
        try:
            return parse_last_editor(self._read(f"/posts/{post_id}/revisions/latest.json"))
        except (NotFoundError, ForbiddenError):
            return None

    def latest_posts(self, before: int | None = None) -> tuple[Post, ...]:
        """Up to 50 of the newest public posts of the whole forum, with raw, newest first.

        Args:
            before: only posts with smaller ids. Forums of 2022 look at exactly the 50 ids below it, so an empty page
                does not mean that there is nothing older.
        """
        params = {} if before is None else {"before": str(before)}
        return parse_latest_posts(self._read("/posts.json", **params), base_url=self.url)

    def category_topics(self, category_id: int) -> tuple[ListedTopic, ...]:
        """The 30 most recently bumped topics of a category; the first time a second call asks for its slug."""
        key = (self.url, category_id)
        slug = _category_slugs.get(key)
        if slug is None:
            slug = parse_category_slug(self._read(f"/c/{category_id}/show.json"))
        try:
            listed = self._read(f"/c/{slug}/{category_id}/l/latest.json")
        except RejectedError:
            _category_slugs.pop(key, None)  # renamed, perhaps
            raise
        _category_slugs[key] = slug
        return parse_topic_list(listed)

    def edit_post(self, post_id: int, raw: str, *, raw_old: str, reason: str) -> Post:
        """Change a post from the text we last saw to a new one, without bumping the topic. Repeating it is harmless.

        Args:
            post_id: the post.
            raw: the new Markdown.
            raw_old: the text the change was made from, exactly as the forum gave it.
            reason: shown in the history; a new reason also forces a new version.

        Raises:
            ConflictError: somebody changed the post: read it; equal to the wish means done, else merge.
            RejectedError: raw or raw_old is blank (the forum would take a blank raw_old for "do not check").
        """
        if not raw.strip() or not raw_old.strip():
            raise RejectedError(f"an edit of post {post_id} needs the new text and the text it was made from")
        path = f"/posts/{post_id}.json"
        # 2022 knows the old text as raw_old, later versions as original_text.
        post = {"raw": raw, "edit_reason": reason, "raw_old": raw_old, "original_text": raw_old}
        answer = self._library._put(path, json=True, post=post, bypass_bump="true")
        with _unreadable_is_lost("PUT", path, self.username):
            return parse_edited(self._needed(answer, "PUT", path), base_url=self.url)

    def delete_topic(self, topic_id: int) -> None:
        """Delete a topic softly (staff). Its external id stays taken."""
        self._library._delete(f"/t/{topic_id}.json")

    def delete_post(self, post_id: int) -> None:
        """Delete a post softly (staff; no scope of a key covers it)."""
        self._library._delete(f"/posts/{post_id}.json")

    def scopes(self) -> tuple[Scope, ...]:
        """What the key may do; no scope at all means everything its user may. Any valid key may ask."""
        return parse_scopes(self._read("/session/scopes.json"))

    def _complete(self, topic: Topic) -> Topic:
        """The topic with the posts its first page left out."""
        have = {post.id: post for post in topic.posts}
        missing = [post_id for post_id in topic.stream if post_id not in have]
        if not missing:
            return topic
        have |= {post.id: post for post in self.posts(topic.id, missing)}
        return replace(topic, posts=tuple(have[post_id] for post_id in topic.stream if post_id in have))

    def _read(self, path: str, **params: str) -> Any:
        return self._needed(self._library._get(path, **params), "GET", path)

    def _read_as_visitor(self, path: str) -> Any:
        answer = self._library._request("GET", path, override_request_kwargs={"as_visitor": True})
        return self._needed(answer, "GET", path)

    def _needed(self, answer: Any, method: str, path: str) -> Any:
        """The answer, where an empty one will not do."""
        if answer is None:
            raise unanswered(Sent(method, path, self.username), "an empty answer came back")
        return answer


@contextmanager
def _unreadable_is_lost(method: str, path: str, username: str) -> Iterator[None]:
    """After a write an answer we cannot read leaves the same doubt as none."""
    try:
        yield
    except UnreadableAnswerError as exc:
        raise LostAnswerError(str(unanswered(Sent(method, path, username), str(exc)))) from exc


class _Library(DiscourseClient):  # type: ignore[misc]  # pydiscourse carries no types
    """pydiscourse's calls over our own transport."""

    def __init__(
        self, url: str, username: str, api_key: str, timeout_s: float, transport: httpx.BaseTransport | None
    ) -> None:
        base = _base_url(url)
        super().__init__(str(base).rstrip("/"), username, api_key, timeout=timeout_s)
        self._lock = threading.Lock()
        self._call_log: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.calls = 0
        self._outcomes: Counter[str] = Counter()
        self.server_time: datetime | None = None
        self.http = httpx.Client(
            headers={
                "Accept": "application/json",
                "Api-Key": api_key,
                "Api-Username": username,
                # No words of AI vendors in here: forums slow their crawlers down to one call a minute.
                "User-Agent": f"paperbot/{_version()}",
            },
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, pool=timeout_s),
            # A session cookie would make us a browser in the forum's eyes.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            # A proxy from the environment serves the internet, not a forum on this machine.
            trust_env=not _is_loopback(base.host),
            transport=transport,
        )

    @property
    def call_log(self) -> tuple[Call, ...]:
        with self._lock:
            return tuple(self._call_log)

    @property
    def outcomes(self) -> dict[str, int]:
        with self._lock:
            return dict(self._outcomes)

    def _request(
        self,
        verb: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        files: Any = None,
        data: Mapping[str, Any] | None = None,
        json: Any = None,
        override_request_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send once and give back the decoded JSON, None for an empty success; see `bot.forum.errors` for the rest."""
        sent = Sent(verb, path, self.api_username)
        query = _words(params or {})
        request = self.http.build_request(
            verb,
            self.host + path,
            params=query or None,
            files=files,
            data=_words(data) if data is not None else None,
            json=_words(json) if json is not None else None,
        )
        options = override_request_kwargs or {}
        if options.get("as_visitor"):
            del request.headers["Api-Key"], request.headers["Api-Username"]
        response = self._send(request, sent)
        if options.get("allow_redirects") and response.is_redirect:
            target = self._same_host(response, sent)
            response = self._send(self.http.build_request(verb, target, params=query or None), sent)
        error = error_in(response, sent)
        if error is not None:
            raise error
        return read_json(response)

    def _send(self, request: httpx.Request, sent: Sent) -> httpx.Response:
        try:
            response = self.http.send(request)
        except httpx.HTTPError as exc:
            self._count(Call(sent.method, _template(request.url.path), None))
            log.debug("forum call failed: %s: %s", sent, exc)
            raise transport_error(exc, sent) from exc
        self.server_time = http_date(response.headers.get("Date", "")) or self.server_time
        route = response.headers.get("X-Discourse-Route") or _template(request.url.path)
        self._count(Call(sent.method, route, response.status_code))
        log.debug(
            "forum answered: %s status=%d route=%s user=%s",
            sent,
            response.status_code,
            route,
            response.headers.get("X-Discourse-Username", "-"),
        )
        if not response.is_success or read_json(response) is None:
            log.debug("forum answer begins: %r", response.text[:SHOWN_CHARACTERS])
        return response

    def _count(self, call: Call) -> None:
        with self._lock:
            self.calls += 1
            self._outcomes[call.outcome] += 1
            self._call_log.append(call)

    def _same_host(self, response: httpx.Response, sent: Sent) -> httpx.URL:
        """The address a redirect points to, on our own scheme and port: the key must travel nowhere else.

        A forum behind a proxy often names itself with another scheme or port than the ones it is reached by.
        """
        here = httpx.URL(self.host)
        try:
            target = response.request.url.join(response.headers.get("Location", ""))
        except httpx.InvalidURL as exc:
            raise UnreadableAnswerError(f"the forum answers {sent} with a redirect that is no address: {exc}") from exc
        if target.host != here.host:
            raise RejectedError(
                f"the forum answers {sent} by pointing to the host {target.host}, and the key is not sent there: "
                "set the forum's address to the one it uses itself"
            )
        return here.copy_with(raw_path=target.raw_path.split(b"?")[0])


def _base_url(url: str) -> httpx.URL:
    try:
        base = httpx.URL(url.strip())
    except httpx.InvalidURL as exc:
        raise SettingsError(f'the forum\'s address "{url}" is not an address: {exc}') from exc
    if base.scheme not in ("http", "https") or not base.host:
        raise SettingsError(f'the forum\'s address "{url}" must begin with https:// or http:// and name a host')
    return base.copy_with(raw_path=base.raw_path.split(b"?")[0], fragment=None)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _version() -> str:
    try:
        return version("paperbot")
    except PackageNotFoundError:
        return "0"


def _template(path: str) -> str:
    """A path without its ids, so that calls of one kind count together."""
    path = re.sub(r"/external_id/[^/]+?(?=\.json|$)", "/external_id/KEY", path)
    return re.sub(r"/\d+(?=[./]|$)", "/ID", path)


def _words(value: Any) -> Any:
    """The same value with booleans as the words the forum understands and absent fields left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {name: _words(field) for name, field in value.items() if field is not None}
    if isinstance(value, list | tuple):
        return [_words(item) for item in value]
    return value
