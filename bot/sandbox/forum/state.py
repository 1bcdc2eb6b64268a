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


@dataclass
class User:
    """An account; ids below 1 are the system's."""

    id: int
    username: str
    name: str
    created_at: dt.datetime
    admin: bool = False
    moderator: bool = False
    trust_level: int = 1
    suspended: bool = False

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


@dataclass
class Category:
    """`permissions`: group to level, 1 create, 2 reply, 3 see; groups known here are `everyone` and `staff`."""

    id: int
    name: str
    slug: str
    color: str
    description: str = ""
    permissions: dict[str, int] = field(default_factory=lambda: {"everyone": 1})

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
    """`draft_destination` is the shared-draft record: None means that the topic is no shared draft."""

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


@dataclass
class Revision:
    """One stored change of a post; `number` is the version it led to."""

    number: int
    user_id: int
    created_at: dt.datetime
    edit_reason: str | None
    before: str
    after: str


@dataclass
class Post:
    """`post_type`: 1 regular, 2 moderator action, 3 small action, 4 whisper."""

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


@dataclass
class State:
    """Everything that survives a restart."""

    settings: Settings = field(default_factory=Settings)
    users: dict[int, User] = field(default_factory=dict)
    keys: list[ApiKey] = field(default_factory=list)
    categories: dict[int, Category] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    last_id: dict[str, int] = field(default_factory=dict)

    def next_id(self, kind: str, *, at_least: int = 1) -> int:
        """A number never given before for this kind of thing, not even to one that is gone."""
        self.last_id[kind] = max(self.last_id.get(kind, 0) + 1, at_least)
        return self.last_id[kind]

    def user_named(self, username: str) -> User | None:
        """The account of that name, in any case."""
        return next((u for u in self.users.values() if u.username.lower() == username.lower()), None)

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
