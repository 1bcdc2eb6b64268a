"""The forum's JSON, parsed at the border: what the rest of the program sees are these frozen values, never a raw dict.

A payload that lacks a field we need is refused whole (`UnreadableAnswerError`); fields that only some versions or some
rights bring are optional here. Field names: Discourse's OpenAPI of August 2026 and its serializers of June 2022.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.forum.errors import UnreadableAnswerError

WHISPER = 4
"""Post type that only staff sees."""
LIKE = 2
"""Post action of a like."""

# Settings with these languages switch title cleaning off by default (Discourse `config/site_settings.yml`).
_LOCALES_WITHOUT_PRETTIFY = ("ja", "zh")


@dataclass(frozen=True)
class SiteRules:
    """What the forum accepts, from `/site.json` and `/site/settings.json`; defaults are Discourse's own.

    Attributes:
        max_post_length: most characters of a post, HTML comments included.
        min_post_length: fewest characters of a reply as the forum counts them (`limits.counted_length`).
        min_first_post_length: the same for the first post of a topic.
        min_title_length: fewest characters of a title (admins escape it).
        max_title_length: most characters of a title.
        max_tags: most tags on a topic.
        max_tag_length: most characters of a tag.
        tags_are_objects: True where the site speaks of tags as `{"name": ...}`, False for plain strings.
        can_create_tags: whether our user may bring new tags; if not, the forum drops unknown ones silently.
        shared_drafts_category_id: the drafts category, None where shared drafts are off or not for our user.
        title_prettify: whether titles are rewritten; None where the site does not say (the setting is not public).
        default_locale: the site's language, e.g. `ko`; None where the site does not say.
        whispers: whether whispers are switched on; None where the site does not say.
        category_ids: the categories our user sees; None where the site does not list them.
    """

    max_post_length: int = 32_000
    min_post_length: int = 20
    min_first_post_length: int = 20
    min_title_length: int = 15
    max_title_length: int = 255
    max_tags: int = 5
    max_tag_length: int = 20
    tags_are_objects: bool = False
    can_create_tags: bool = False
    shared_drafts_category_id: int | None = None
    title_prettify: bool | None = None
    default_locale: str | None = None
    whispers: bool | None = None
    category_ids: frozenset[int] | None = None

    @property
    def may_rewrite_titles(self) -> bool:
        """Whether a title has to be expected back in another form."""
        if self.title_prettify is not None:
            return self.title_prettify
        return not (self.default_locale or "").startswith(_LOCALES_WITHOUT_PRETTIFY)


@dataclass(frozen=True)
class Post:
    """One post as the forum holds it.

    Attributes:
        id: unique over the whole forum.
        topic_id: the topic it belongs to.
        number: position in the topic from 1; numbers can be missing.
        raw: the Markdown as stored, which is not always what was sent (`limits.normalised`); empty for notices.
        version: a hint only: it stands still in the grace period and falls back to 1 at publication.
        username: the author, not the last editor.
        updated_at: last change, with time zone; None if the forum left it out.
        url: address for people.
        post_type: 1 regular, 2 moderator action, 3 small action, 4 whisper.
        hidden: hidden by flags.
        deleted: deleted by staff or by its author.
        is_staff: whether its author is an administrator or moderator.
        reply_to: number of the post it answers; None for one to the topic as a whole.
        action_code: set for notices of the forum itself (moved, closed); such a post is nobody's words.
        edit_reason: of the last edit.
        likes: how many people like it.
        is_liked: whether our user is one of them.
    """

    id: int
    topic_id: int
    number: int
    raw: str
    version: int
    username: str
    updated_at: datetime | None
    url: str
    post_type: int = 1
    hidden: bool = False
    deleted: bool = False
    is_staff: bool = False
    reply_to: int | None = None
    action_code: str | None = None
    edit_reason: str | None = None
    likes: int = 0
    is_liked: bool = False

    @property
    def is_whisper(self) -> bool:
        """Whether only staff sees it."""
        return self.post_type == WHISPER


@dataclass(frozen=True)
class ListedTopic:
    """One topic as a list shows it; a list says nothing about edits of a topic with replies.

    Attributes:
        id: unique over the whole forum.
        title: as stored.
        posts_count: regular posts, whispers and deleted ones not counted.
        highest_post_number: whispers count here for staff.
        bumped_at: when it last moved up.
    """

    id: int
    title: str
    posts_count: int
    highest_post_number: int
    bumped_at: datetime | None


@dataclass(frozen=True)
class Topic:
    """One topic with all its posts.

    Attributes:
        id: unique over the whole forum.
        slug: Latin remnants of the title, often just `topic`.
        title: as stored, after the forum's cleaning.
        category_id: where it lies; for a draft the drafts category. None for messages.
        tags: names, in the forum's order.
        external_id: our key, None if the topic has none or the forum hides it.
        is_shared_draft: a draft that only the drafts group sees.
        destination_category_id: where a draft is meant to go; None for other topics.
        deleted: soft-deleted; only staff get such a topic at all.
        visible: listed; drafts and unlisted topics are not.
        posts: with raw, in the order of `stream`.
        stream: ids of all posts in reading order.
        url: address for people.
    """

    id: int
    slug: str
    title: str
    category_id: int | None
    tags: tuple[str, ...]
    external_id: str | None
    is_shared_draft: bool
    destination_category_id: int | None
    deleted: bool
    visible: bool
    posts: tuple[Post, ...]
    stream: tuple[int, ...]
    url: str

    def post(self, post_id: int) -> Post | None:
        """The post with this id; None if it is not (or no longer) in the topic."""
        return next((post for post in self.posts if post.id == post_id), None)


@dataclass(frozen=True)
class HeldForApproval:
    """The forum queued a post for its reviewers: no topic exists yet, and none can be found by external id.

    Sending it again would queue it twice, so the hold has to be recorded.

    Attributes:
        reviewable_id: the queue entry, None if the forum did not say.
        pending_count: how many posts of ours wait.
        reason: the forum's reason, shown to staff only.
    """

    reviewable_id: int | None
    pending_count: int
    reason: str | None


@dataclass(frozen=True)
class Scope:
    """One permission of the API key, e.g. `topics:write`.

    Attributes:
        resource: the part before the colon.
        key: the part after it.
        urls: the routes it covers, as the forum prints them.
    """

    resource: str
    key: str
    urls: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name people write: `resource:key`."""
        return f"{self.resource}:{self.key}"


def parse_rules(site: Any, settings: Any) -> SiteRules:
    """The rules out of the answers of `/site.json` and `/site/settings.json`."""
    site, settings = _object(site, "site"), _object(settings, "site settings")
    usual = SiteRules()
    minimum = _int_or(settings, "min_post_length", usual.min_post_length)
    return SiteRules(
        max_post_length=_int_or(settings, "max_post_length", usual.max_post_length),
        min_post_length=minimum,
        min_first_post_length=_int_or(settings, "min_first_post_length", minimum),
        min_title_length=_int_or(settings, "min_topic_title_length", usual.min_title_length),
        max_title_length=_int_or(settings, "max_topic_title_length", usual.max_title_length),
        max_tags=_int_or(settings, "max_tags_per_topic", usual.max_tags),
        max_tag_length=_int_or(settings, "max_tag_length", usual.max_tag_length),
        tags_are_objects=_tags_are_objects(site),
        can_create_tags=bool(site.get("can_create_tag")),
        shared_drafts_category_id=_optional_int(site, "shared_drafts_category_id"),
        title_prettify=_optional_bool(settings, "title_prettify"),
        default_locale=_optional_str(settings, "default_locale"),
        whispers=_whispers(site, settings),
        category_ids=_category_ids(site),
    )


def _category_ids(site: Mapping[str, Any]) -> frozenset[int] | None:
    # Forums with many categories may leave the list out and load it piece by piece.
    listed = site.get("categories")
    if not isinstance(listed, list) or not listed:
        return None
    return frozenset(_int(_object(category, "category"), "id") for category in listed)


def _whispers(site: Mapping[str, Any], settings: Mapping[str, Any]) -> bool | None:
    # Now a list of groups, shown to those in one of them; until 2022 a switch.
    groups = site.get("whispers_allowed_groups_names")
    if isinstance(groups, list):
        return bool(groups)
    return _optional_bool(settings, "enable_whispers")


def parse_post(payload: Any, *, base_url: str) -> Post:
    """One post with raw."""
    post = _object(payload, "post")
    topic_id, number = _int(post, "topic_id"), _int(post, "post_number")
    post_type = _int_or(post, "post_type", 1)
    likes = _likes(post)
    return Post(
        id=_int(post, "id"),
        topic_id=topic_id,
        number=number,
        raw=_raw(post, post_type),
        version=_int_or(post, "version", 1),
        username=_str(post, "username"),
        updated_at=_time(post, "updated_at"),
        url=f"{base_url}/t/{topic_id}/{number}",
        post_type=post_type,
        hidden=bool(post.get("hidden")),
        deleted=bool(post.get("deleted_at") or post.get("user_deleted")),
        is_staff=any(post.get(mark) is True for mark in ("staff", "moderator", "admin")),
        reply_to=_optional_int(post, "reply_to_post_number"),
        action_code=_optional_str(post, "action_code"),
        edit_reason=_optional_str(post, "edit_reason"),
        likes=_int_or(likes, "count", 0),
        is_liked=likes.get("acted") is True,
    )


def _likes(post: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of likes; empty where nobody likes the post."""
    summary = post.get("actions_summary")
    entries = summary if isinstance(summary, list) else []
    return next((entry for entry in entries if isinstance(entry, dict) and entry.get("id") == LIKE), {})


def parse_likers(payload: Any) -> tuple[str, ...]:
    """The names of those who like a post."""
    users = _list(_object(payload, "likes"), "post_action_users")
    return tuple(_str(_object(user, "user"), "username") for user in users)


def parse_posts(payload: Any, *, base_url: str) -> tuple[Post, ...]:
    """The posts of a `post_stream`, in the order they came."""
    stream = _object(_object(payload, "topic").get("post_stream"), "post_stream")
    return tuple(parse_post(post, base_url=base_url) for post in _list(stream, "posts"))


def parse_topic(payload: Any, *, base_url: str) -> Topic:
    """A topic view and the posts it brought (the first 20 at most)."""
    topic = _object(payload, "topic")
    posts = parse_posts(topic, base_url=base_url)
    # Topics of more than 10,000 posts come without the list of ids.
    stream = _object(topic["post_stream"], "post_stream").get("stream") or [post.id for post in posts]
    topic_id = _int(topic, "id")
    return Topic(
        id=topic_id,
        slug=_str(topic, "slug"),
        title=_str(topic, "title"),
        category_id=_optional_int(topic, "category_id"),
        tags=tag_names(topic.get("tags") or []),
        external_id=_optional_str(topic, "external_id"),
        is_shared_draft=topic.get("is_shared_draft") is True,
        destination_category_id=_optional_int(topic, "destination_category_id"),
        deleted=topic.get("deleted_at") is not None,
        visible=topic.get("visible") is not False,
        posts=posts,
        stream=tuple(int(post_id) for post_id in stream),
        url=f"{base_url}/t/{topic_id}",
    )


def parse_topic_list(payload: Any) -> tuple[ListedTopic, ...]:
    """One page of a category's or the site's topics."""
    topics = _list(_object(_object(payload, "list").get("topic_list"), "topic_list"), "topics")
    return tuple(
        ListedTopic(
            id=_int(topic, "id"),
            title=_str(topic, "title"),
            posts_count=_int_or(topic, "posts_count", 0),
            highest_post_number=_int_or(topic, "highest_post_number", 0),
            bumped_at=_time(topic, "bumped_at"),
        )
        for topic in (_object(entry, "topic") for entry in topics)
    )


def parse_latest_posts(payload: Any, *, base_url: str) -> tuple[Post, ...]:
    """One page of the newest posts of the whole forum, newest first; posts of notices without text are left out."""
    entries = [_object(entry, "post") for entry in _list(_object(payload, "posts"), "latest_posts")]
    return tuple(parse_post(entry, base_url=base_url) for entry in entries)


def parse_category_slug(payload: Any) -> str:
    """The slug of a category, which its lists are addressed by."""
    return _str(_object(_object(payload, "answer").get("category"), "category"), "slug")


def parse_last_editor(payload: Any) -> str:
    """Who made the newest revision."""
    return _str(_object(payload, "revision"), "username")


def parse_created(payload: Any, *, base_url: str) -> Post | HeldForApproval:
    """The answer to a new topic or reply: the post, or the news that it waits for approval."""
    answer = _object(payload, "post")
    if answer.get("action") != "enqueued":
        return parse_post(answer, base_url=base_url)
    pending = answer.get("pending_post")
    return HeldForApproval(
        reviewable_id=_optional_int(pending, "id") if isinstance(pending, dict) else None,
        pending_count=_int_or(answer, "pending_count", 1),
        reason=_optional_str(answer, "reason"),
    )


def parse_edited(payload: Any, *, base_url: str) -> Post:
    """The answer to an edit."""
    return parse_post(_object(payload, "edit").get("post"), base_url=base_url)


def parse_scopes(payload: Any) -> tuple[Scope, ...]:
    """The scopes of the key; none means a key without limits."""
    scopes = [_object(scope, "scope") for scope in _list(_object(payload, "scopes"), "scopes")]
    return tuple(
        Scope(_str(scope, "resource"), _str(scope, "key"), tuple(str(url) for url in scope.get("urls") or []))
        for scope in scopes
    )


def tag_names(tags: Iterable[Any]) -> tuple[str, ...]:
    """Names of tags given as strings or as objects with `name` (older answers: `text`)."""
    return tuple(_tag_name(tag) for tag in tags)


def _tag_name(tag: Any) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(tag, dict):
        name = tag.get("name") or tag.get("text")
        if isinstance(name, str):
            return name
    raise _unreadable("tag", "a name")


def _tags_are_objects(site: Mapping[str, Any]) -> bool:
    # The first tag tells which form the site speaks; without any tag the form that every version read so far accepts.
    top_tags = site.get("top_tags") or []
    return bool(top_tags) and isinstance(top_tags[0], dict)


def _raw(post: Mapping[str, Any], post_type: int) -> str:
    raw = post.get("raw")
    if isinstance(raw, str):
        return raw
    # Moderator and small actions are notices without text of their own.
    if post_type in (2, 3):
        return ""
    raise _unreadable("post", "raw")


def _unreadable(what: str, field: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"the forum's answer has a {what} without {field}: "
        "this version of the forum is not supported yet, or a plugin changes its answers"
    )


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise _unreadable(what, "fields")


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if isinstance(value, list):
        return value
    raise _unreadable("list", name)


def _int(fields: Mapping[str, Any], name: str) -> int:
    value = _optional_int(fields, name)
    if value is None:
        raise _unreadable("number", name)
    return value


def _int_or(fields: Mapping[str, Any], name: str, usual: int) -> int:
    value = _optional_int(fields, name)
    return usual if value is None else value


def _optional_int(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _str(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise _unreadable("text", name)


def _optional_str(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _optional_bool(fields: Mapping[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    return value if isinstance(value, bool) else None


def _time(fields: Mapping[str, Any], name: str) -> datetime | None:
    value = fields.get(name)
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError as exc:
        raise _unreadable("time", f"a readable {name}") from exc
