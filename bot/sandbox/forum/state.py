"""What the forum holds: plain records, saved as one JSON file.

Field names follow Discourse's where its JSON shows them. Times are aware, in UTC.
"""

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

Mode = Literal["now", "2022"]


@dataclass
class Settings:
    """Site settings with their defaults; names as in Discourse's `config/site_settings.yml` where they exist there.

    Attributes:
        admin_api_requests_per_minute: the limiter shared by all admin keys; None switches it off.
        staff_may_share_drafts: stands for `shared_drafts_allowed_groups` (now) and `..._min_trust_level` (2022).
        whispers_allowed_groups: looked at in the newer mode, names of groups; empty means that nobody whispers.
        enable_whispers: looked at in the mode of 2022.
        retry_web_hook_events: whether an answer other than 2xx, 404 and 410 brings up to four more tries.
        allowed_internal_hosts: hosts that webhooks may reach although they are private; differs from Discourse's
            default (empty), as receivers run on the same machine here.
    """

    title: str = "논문 나눔터"
    description: str = "함께 읽는 최신 논문"
    default_locale: str = "ko"
    shared_drafts_category: int | None = None
    staff_may_share_drafts: bool = True
    admin_api_requests_per_minute: int | None = 60
    min_topic_title_length: int = 15
    max_topic_title_length: int = 255
    title_prettify: bool = True
    allow_uppercase_posts: bool = False
    allow_duplicate_topic_titles: bool = False
    min_post_length: int = 20
    max_post_length: int = 32_000
    unique_posts_mins: int = 5
    tagging_enabled: bool = True
    max_tags_per_topic: int = 5
    max_tag_length: int = 20
    create_tag_min_trust_level: int = 3
    allow_uncategorized_topics: bool = False
    detailed_404: bool = False
    editing_grace_period_s: int = 300
    editing_grace_period_max_diff: int = 100
    editing_grace_period_max_diff_high_trust: int = 400
    whispers_allowed_groups: list[str] = field(default_factory=list)
    enable_whispers: bool = False
    edit_history_visible_to_public: bool = True
    create_post_for_category_and_tag_changes: bool = False
    download_remote_images_to_local: bool = True
    remove_full_quote: bool = True
    delete_removed_posts_after: int = 24
    max_likes_per_day: int = 50
    retry_web_hook_events: bool = False
    allowed_internal_hosts: list[str] = field(default_factory=lambda: ["127.0.0.1", "localhost", "::1"])
    disable_digest_emails: bool = False
    default_email_digest_frequency: int = 10_080
    min_personal_message_post_length: int = 10
    max_consecutive_replies: int = 3
    moderators_view_emails: bool = False
    details_enabled: bool = True
    enable_markdown_footnotes: bool = True
    discourse_math_enabled: bool = False


@dataclass
class User:
    """An account; ids below 1 are the system's.

    Attributes:
        groups: groups of its own, besides the automatic ones.
    """

    id: int
    username: str
    name: str
    created_at: dt.datetime
    admin: bool = False
    moderator: bool = False
    trust_level: int = 1
    suspended: bool = False
    email: str = ""
    secondary_emails: list[str] = field(default_factory=list)
    active: bool = True
    staged: bool = False
    silenced: bool = False
    groups: list[str] = field(default_factory=list)
    email_digests: bool = True
    digest_after_minutes: int = 10_080
    mailing_list_mode: bool = False

    @property
    def staff(self) -> bool:
        """Whether the account is an admin or a moderator."""
        return self.admin or self.moderator


@dataclass
class ApiKey:
    """A key, of which only the digest is kept; no user means a key for all users, no scopes a global key."""

    id: int
    digest: str
    username: str | None
    scopes: list[str] | None
    revoked: bool = False
    description: str = ""
    created_at: dt.datetime | None = None


@dataclass
class Category:
    """`permissions`: group to level, 1 create, 2 reply, 3 see; `everyone` is a group.

    Attributes:
        allowed_tags: only these may be used here, and they may be used in no category that does not name them too.
        minimum_required_tags: of topics of people who are not staff.
    """

    id: int
    name: str
    slug: str
    color: str
    description: str = ""
    permissions: dict[str, int] = field(default_factory=lambda: {"everyone": 1})
    allowed_tags: list[str] = field(default_factory=list)
    minimum_required_tags: int = 0
    parent_category_id: int | None = None
    text_color: str = "FFFFFF"

    @property
    def read_restricted(self) -> bool:
        """Whether some people cannot see it."""
        return "everyone" not in self.permissions


@dataclass
class Tag:
    """A tag; topics refer to it by name."""

    id: int
    name: str


@dataclass
class Topic:
    """A topic.

    Attributes:
        category_id: 0 for a personal message, which lies in no category.
        draft_destination: the shared-draft record; None means that the topic is no shared draft.
        allowed_user_ids: who takes part in a personal message.
        publish_at: when the timer publishes it into `publish_to`.
    """

    id: int
    title: str
    slug: str
    category_id: int
    user_id: int
    created_at: dt.datetime
    bumped_at: dt.datetime
    external_id: str | None = None
    tags: list[str] = field(default_factory=list)
    draft_destination: int | None = None
    visible: bool = True
    closed: bool = False
    archived: bool = False
    deleted_at: dt.datetime | None = None
    deleted_by: int | None = None
    pinned: bool = False
    archetype: Literal["regular", "private_message"] = "regular"
    allowed_user_ids: list[int] = field(default_factory=list)
    publish_at: dt.datetime | None = None
    publish_to: int | None = None
    bookmarked_by: list[int] = field(default_factory=list)


@dataclass
class Revision:
    """One stored change of a post; `number` is the version it led to.

    Attributes:
        before: the raw before, equal to `after` if the change was one of the topic only.
        fields: what else changed, of `title`, `tags` and `category_id`: the value before and the one after.
    """

    number: int
    user_id: int
    created_at: dt.datetime
    edit_reason: str | None
    before: str
    after: str
    fields: dict[str, tuple[str | int | list[str] | None, str | int | list[str] | None]] = field(default_factory=dict)


@dataclass
class Post:
    """A post.

    Attributes:
        post_type: 1 regular, 2 moderator action, 3 small action, 4 whisper.
        action_code: what a small action tells, e.g. `closed.enabled`.
        grace_raw: the raw before the first edit of the running grace period, remembered until `grace_until`.
        likes: account to the time of its like.
        settled: whether the forum's own jobs have looked at the present raw.
        delete_at: when an author's deletion becomes real.
    """

    id: int
    topic_id: int
    post_number: int
    user_id: int
    raw: str
    cooked: str
    created_at: dt.datetime
    updated_at: dt.datetime
    last_version_at: dt.datetime
    last_editor_id: int
    version: int = 1
    edit_reason: str | None = None
    reply_to_post_number: int | None = None
    post_type: int = 1
    deleted_at: dt.datetime | None = None
    revisions: list[Revision] = field(default_factory=list)
    action_code: str | None = None
    user_deleted: bool = False
    grace_raw: str | None = None
    grace_until: dt.datetime | None = None
    likes: dict[int, dt.datetime] = field(default_factory=dict)
    settled: bool = False
    delete_at: dt.datetime | None = None


@dataclass
class Notification:
    """What the forum tells one account. `kind`: 1 mentioned, 2 replied, 3 quoted, 4 edited, 5 liked, 9 posted."""

    id: int
    user_id: int
    kind: int
    post_id: int
    by_user_id: int
    created_at: dt.datetime
    read: bool = False


@dataclass
class WebHook:
    """A subscription.

    Attributes:
        content_type: 1 JSON, 2 form; the body is JSON in both.
        event_type_ids: see `hook_types`; not looked at with `wildcard`.
        category_ids: topics, posts and likes of these categories only; none means all.
    """

    id: int
    payload_url: str
    secret: str = ""
    content_type: int = 1
    wildcard: bool = False
    event_type_ids: list[int] = field(default_factory=list)
    category_ids: list[int] = field(default_factory=list)
    tag_names: list[str] = field(default_factory=list)
    active: bool = True
    verify_certificate: bool = True


@dataclass
class HookEvent:
    """One delivery, waiting or done; its id travels in `X-Discourse-Event-Id`.

    Attributes:
        body: the text sent; made when the event happened.
        subject: what it is about, e.g. `post 21`.
        due_at: not sent before.
        held: kept back until another delivery overtakes it.
        tries: how many deliveries of this event came before.
        status: the receiver's; -1 without an answer, None while waiting.
        redelivering: sent once more by hand, with the same id.
    """

    id: int
    hook_id: int
    event_type: str
    event: str
    body: str
    subject: str
    created_at: dt.datetime
    due_at: dt.datetime
    held: bool = False
    tries: int = 0
    status: int | None = None
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    duration_ms: int = 0
    redelivering: bool = False


@dataclass
class State:
    """Everything that survives a restart."""

    mode: Mode = "now"
    settings: Settings = field(default_factory=Settings)
    users: dict[int, User] = field(default_factory=dict)
    keys: list[ApiKey] = field(default_factory=list)
    categories: dict[int, Category] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    notifications: list[Notification] = field(default_factory=list)
    web_hooks: dict[int, WebHook] = field(default_factory=dict)
    hook_events: list[HookEvent] = field(default_factory=list)
    last_id: dict[str, int] = field(default_factory=dict)

    def next_id(self, kind: str, *, at_least: int = 1) -> int:
        """A number never given before for this kind of thing, not even to one that is gone."""
        self.last_id[kind] = max(self.last_id.get(kind, 0) + 1, at_least)
        return self.last_id[kind]

    def user_named(self, username: str) -> User | None:
        """The account of that name, in any case."""
        return next((u for u in self.users.values() if u.username.lower() == username.lower()), None)

    def posted(self, topic_id: int, number: int | None) -> Post | None:
        """The post of that number."""
        return next((p for p in self.posts.values() if p.topic_id == topic_id and p.post_number == number), None)

    def posts_of(self, topic_id: int) -> list[Post]:
        """All posts of a topic in order, deleted ones too."""
        return sorted((p for p in self.posts.values() if p.topic_id == topic_id), key=lambda p: p.post_number)


_adapter = TypeAdapter(State)


def load(path: Path) -> State:
    """The state saved at `path`.

    Raises:
        ValueError: the file is not a saved forum.
    """
    return _adapter.validate_json(path.read_bytes())


def save(state: State, path: Path) -> None:
    """Replace the file at `path` in one step: a process killed at any moment leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(_adapter.dump_json(state))
        file.flush()
    temporary.replace(path)
