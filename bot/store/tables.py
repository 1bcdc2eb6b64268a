"""The mapped classes: what paperbot remembers. Migrations are held to them by a test.

Conventions: times are UTC; every name below is a word of the product's language (README, docs); a text that people or
models wrote is never updated in place, it gets a new row in `revisions`.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all mapped classes; decides column types by annotation."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        str: Text,
        dt.datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        list[int]: ARRAY(Integer),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


def _created_at() -> Mapped[dt.datetime]:
    return mapped_column(server_default=text("now()"))


class Paper(Base):
    """One work, stored once however many editions mention it."""

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    arxiv_id: Mapped[str | None] = mapped_column(unique=True)
    """Without version."""
    arxiv_version: Mapped[int | None]
    doi: Mapped[str | None] = mapped_column(unique=True)
    url: Mapped[str] = mapped_column(unique=True)
    """Canonical address; readers are sent here."""
    title: Mapped[str]
    """The paper's own title where it is known, else the list's label."""
    authors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    abstract: Mapped[str | None]
    published_at: Mapped[dt.datetime | None]
    withdrawn: Mapped[bool] = mapped_column(server_default=text("false"))
    metadata_source: Mapped[str | None]
    """Where title and abstract came from: `arxiv`, `crossref`, ...; NULL while only the list is known."""
    metadata_at: Mapped[dt.datetime | None]
    same_as: Mapped[int | None] = mapped_column(ForeignKey("papers.id"), index=True)
    """The record of the same work under another address, where that is found out after both were stored."""
    created_at: Mapped[dt.datetime] = _created_at()

    passages: Mapped[list["Passage"]] = relationship(back_populates="paper")


class Lookup(Base):
    """What one upstream said of a paper that is not on arXiv: asked once, kept whatever the answer was."""

    __tablename__ = "lookups"
    __table_args__ = (UniqueConstraint("paper_id", "origin"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    origin: Mapped[str]
    """`crossref`, `datacite`, `semantic_scholar`, or `page`."""
    asked: Mapped[str]
    """The DOI or address that was asked for."""
    outcome: Mapped[str]
    """`found`, `nothing` (it knows no such work), `refused` (it lets no program in), or `failed`."""
    note: Mapped[str] = mapped_column(server_default=text("''"))
    """Why, in a sentence, where nothing was found."""
    title: Mapped[str | None]
    authors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    abstract: Mapped[str | None]
    doi: Mapped[str | None]
    arxiv_id: Mapped[str | None]
    looked_at: Mapped[dt.datetime]


class ClosedHost(Base):
    """A host that refused us: it is not asked again before `until`."""

    __tablename__ = "closed_hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    until: Mapped[dt.datetime]


class PaperVersion(Base):
    """A later version of a paper than the one we posted, as arXiv had it when it was seen first."""

    __tablename__ = "paper_versions"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    abstract: Mapped[str]
    withdrawn: Mapped[bool]
    seen_at: Mapped[dt.datetime]


class Sighting(Base):
    """A paper in a source's list: what the list said about it."""

    __tablename__ = "sightings"
    __table_args__ = (UniqueConstraint("source", "list_date", "rank"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    source: Mapped[str]
    """`dair` or `huggingface`; for what an adopted post tells, `adopted-weekly` or `adopted-daily`."""
    list_date: Mapped[dt.date] = mapped_column(Date)
    """First day of the list's period."""
    rank: Mapped[int]
    label: Mapped[str]
    """The list's own name for the paper."""
    description: Mapped[str]
    links: Mapped[list[dict[str, Any]]]
    """`[{"label": ..., "url": ...}]` in the list's order, as written there."""
    votes: Mapped[int | None]
    authors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """As the list has them; empty where it names none."""
    seen_at: Mapped[dt.datetime] = _created_at()

    paper: Mapped[Paper] = relationship(lazy="joined", innerjoin=True)


class Edition(Base):
    """One topic on the forum: a week's papers, a day's papers, or one talk."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("series", "period"), Index("ix_editions_state", "state"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    series: Mapped[str]
    period: Mapped[str]
    """What makes it unique in its series; for a week its Monday, `YYYY-MM-DD`."""
    period_start: Mapped[dt.date] = mapped_column(Date)
    period_end: Mapped[dt.date] = mapped_column(Date)
    state: Mapped[str]
    title: Mapped[str]
    introduction_failure: Mapped[str | None]
    """Why its introduction could not be written, in a sentence for moderators; NULL while all is well."""
    created_at: Mapped[dt.datetime] = _created_at()

    items: Mapped[list["EditionItem"]] = relationship(back_populates="edition", order_by="EditionItem.rank")
    passages: Mapped[list["Passage"]] = relationship(back_populates="edition")
    topic: Mapped["Topic | None"] = relationship(back_populates="edition")
    layout: Mapped["Layout | None"] = relationship(back_populates="edition")
    talk: Mapped["Talk | None"] = relationship(back_populates="edition")

    @property
    def entries(self) -> "Sequence[EditionItem | TalkSection]":
        """What moderators call by its number: the edition's papers, or the sections of its talk."""
        return self.talk.sections if self.talk is not None else self.items


class Layout(Base):
    """The form of an adopted edition: its post, which people published before the bot, in pieces."""

    __tablename__ = "layouts"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    origin: Mapped[str]
    """The topic's address, or the file's name."""
    author: Mapped[str]
    """Who published it."""
    pieces: Mapped[list[dict[str, Any]]]
    """In order, each with its `text` as it was found; put together they are the post, byte for byte. One that is the
    Korean of a segment has `segment` and the `revision` it was stored as; one that is part of a paper, its `item`."""
    created_at: Mapped[dt.datetime] = _created_at()

    edition: Mapped[Edition] = relationship(back_populates="layout")


class EditionItem(Base):
    """One paper of an edition, with what the list said about it there."""

    __tablename__ = "edition_items"
    __table_args__ = (UniqueConstraint("edition_id", "rank"), UniqueConstraint("edition_id", "sighting_id"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    sighting_id: Mapped[int] = mapped_column(ForeignKey("sightings.id"))
    rank: Mapped[int]
    failure: Mapped[str | None]
    """Why its draft could not be made, in a sentence for moderators; NULL while all is well."""
    remark: Mapped[str | None]
    """What a moderator asked to be followed when it is drafted again."""
    judge_failure: Mapped[str | None]
    """Why the judge could not read its draft, in a sentence for moderators; NULL while all is well."""
    dropped_by: Mapped[str | None]
    """The moderator who took the paper out of this edition; NULL while it is in."""

    edition: Mapped[Edition] = relationship(back_populates="items")
    sighting: Mapped[Sighting] = relationship(lazy="joined", innerjoin=True)

    @property
    def label(self) -> str:
        """What people call the paper."""
        return self.sighting.label


class Talk(Base):
    """A talk whose transcript is an edition of its own."""

    __tablename__ = "talks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), unique=True)
    video_id: Mapped[str | None] = mapped_column(unique=True)
    """On YouTube; NULL where only a transcript is known."""
    title: Mapped[str]
    speakers: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """`Name` or `Name (Affiliation)`."""
    channel: Mapped[str | None]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    """What the video's page says."""
    transcript_source: Mapped[str]
    """`youtube`, or the file's name."""
    transcript_hash: Mapped[str]
    is_generated: Mapped[bool | None]
    """Whether a machine wrote the transcript; NULL: unknown."""
    repeats: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Stretches that the transcript has twice, left out once: `start_s`, `first_said_s`, `words`, `opening`."""
    unknown_names: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Names that neither the talk's page nor the termbase vouches for."""
    created_at: Mapped[dt.datetime] = _created_at()

    edition: Mapped[Edition] = relationship(back_populates="talk")
    sections: Mapped[list["TalkSection"]] = relationship(back_populates="talk", order_by="TalkSection.rank")


class TalkSection(Base):
    """Some minutes of a talk, with a heading of their own in the post."""

    __tablename__ = "talk_sections"
    __table_args__ = (UniqueConstraint("talk_id", "rank"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    rank: Mapped[int]
    """From 1, in the talk's order."""
    title: Mapped[str]
    """The chapter's, from the video's page; empty where nobody named it."""
    start_s: Mapped[float | None]
    failure: Mapped[str | None]
    """Why its draft could not be made, in a sentence for moderators; NULL while all is well."""
    judge_failure: Mapped[str | None]
    """Why the judge could not read its draft, in a sentence for moderators; NULL while all is well."""
    dropped_by: Mapped[str | None]
    """The moderator who took the section out; NULL while it is in."""

    talk: Mapped[Talk] = relationship(back_populates="sections")
    passages: Mapped[list["Passage"]] = relationship(back_populates="talk_section", order_by="Passage.id")

    @property
    def label(self) -> str:
        """What people call the section."""
        return self.title


class Spoken(Base):
    """What a passage of a transcript has besides its text."""

    __tablename__ = "spoken"

    passage_id: Mapped[int] = mapped_column(ForeignKey("passages.id"), primary_key=True)
    number: Mapped[int]
    """Of the passage in the whole talk, from 1."""
    start_s: Mapped[float | None]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Where somebody else begins to speak: `start` in the passage's text, `speaker`, `is_question`."""
    repairs: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Names written otherwise than the transcript has them: `start`, `heard`, `written`, `voucher`."""

    passage: Mapped["Passage"] = relationship(back_populates="spoken")


class Passage(Base):
    """A text that is drafted as a whole: a paper's title, description or abstract, or an edition's introduction.

    A title or abstract belongs to the paper, a description to the sighting (another list says something else), an
    introduction to the edition; a piece of a transcript belongs to a section of its talk. A summary belongs to the
    paper, so that it serves every day that lists it. Texts of an adopted post belong to its own sightings, or to the
    edition where the post does not tell a paper: what another edition says of the same paper is another text.
    """

    __tablename__ = "passages"
    __table_args__ = (
        CheckConstraint("num_nonnulls(paper_id, sighting_id, edition_id, talk_section_id) = 1", name="one_owner"),
        UniqueConstraint("paper_id", "kind", "source_hash"),
        UniqueConstraint("sighting_id", "kind", "source_hash"),
        UniqueConstraint("talk_section_id", "kind", "source_hash"),
        UniqueConstraint("edition_id", "kind"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    sighting_id: Mapped[int | None] = mapped_column(ForeignKey("sightings.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    talk_section_id: Mapped[int | None] = mapped_column(ForeignKey("talk_sections.id"))
    kind: Mapped[str]
    """`title`, `description`, `abstract`, `summary`, `introduction`; of a talk `transcript`, `overview`, `outline`; in
    adopted posts also `details`."""
    source: Mapped[str]
    """The English text, whole; for a summary the abstract it sums up; empty for what is written freely and rests on
    other passages, and where an adopted post has none."""
    source_hash: Mapped[str]

    paper: Mapped[Paper | None] = relationship(back_populates="passages")
    edition: Mapped[Edition | None] = relationship(back_populates="passages")
    talk_section: Mapped[TalkSection | None] = relationship(back_populates="passages")
    spoken: Mapped[Spoken | None] = relationship(back_populates="passage")
    segments: Mapped[list["Segment"]] = relationship(back_populates="passage", order_by="Segment.position")


class Segment(Base):
    """Unit of translation: `passage.source[start:end]`, usually a sentence. What lies between segments is glue."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("passage_id", "position"),
        Index("ix_segments_source_words", text("to_tsvector('simple', source)"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey("passages.id"))
    position: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    source: Mapped[str]
    source_hash: Mapped[str] = mapped_column(index=True)
    paragraph: Mapped[int] = mapped_column(server_default=text("0"))
    """For freely written text: which paragraph the sentence stands in, from 0."""
    rests_on: Mapped[list[int]] = mapped_column(server_default=text("'{}'"))
    """What freely written text is about: for an introduction the ids of sightings (listed papers), for a summary those
    of the abstract's segments, for a talk's overview and outline those of passages."""

    passage: Mapped[Passage] = relationship(back_populates="segments")
    revisions: Mapped[list["Revision"]] = relationship(back_populates="segment", order_by="Revision.id")


class Revision(Base):
    """One successive Korean text of a segment. Append-only; exactly one is current."""

    __tablename__ = "revisions"
    __table_args__ = (
        Index("uq_revisions_current", "segment_id", unique=True, postgresql_where=text("current")),
        Index(
            "ix_revisions_words",
            text("to_tsvector('simple', text)"),
            postgresql_using="gin",
            postgresql_where=text("current"),
        ),
        Index(
            "ix_revisions_by_people",
            "created_at",
            postgresql_where=text("author_kind in ('moderator', 'reader')"),
        ),
        CheckConstraint("author_kind in ('model', 'memory', 'moderator', 'reader')", name="author_kind"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"), index=True)
    text: Mapped[str]
    current: Mapped[bool]
    author_kind: Mapped[str]
    """`memory`: an approved text taken over: a translation of the same English from elsewhere, or what an adopted post
    says, of which nobody knows whether a person wrote it or a machine."""
    author: Mapped[str]
    """The model's id, or the person's name on the forum; for `memory`, who wrote or published the text taken over."""
    reason: Mapped[str]
    is_markdown: Mapped[bool] = mapped_column(server_default=false())
    """Whether a person wrote it on the forum with markup of their own; otherwise it is plain text."""
    prompt_version: Mapped[str | None]
    model_call_id: Mapped[int | None] = mapped_column(ForeignKey("model_calls.id"))
    checked_at: Mapped[dt.datetime | None]
    """When checks and judge were through with it; NULL: not yet (people's texts are not checked)."""
    created_at: Mapped[dt.datetime] = _created_at()

    segment: Mapped[Segment] = relationship(back_populates="revisions")


class StoredFinding(Base):
    """One quality problem of a segment's text, found by a check or by the judge."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_segment_id_fingerprint", "segment_id", "fingerprint"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)
    check: Mapped[str]
    """The check's module name, or `judge`."""
    category: Mapped[str]
    severity: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    """`revision.text[start:end]`."""
    message: Mapped[str]
    suggestion: Mapped[str | None]
    fingerprint: Mapped[str]
    """What makes it the same finding in a later text of the segment: check, category and the words it is about."""
    dismissed_by: Mapped[str | None]
    """The moderator who said that it is none; it stays dismissed for this segment."""
    dismissed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = _created_at()


class StoredTerm(Base):
    """An entry of the termbase that people added or changed; it stands over the shipped entry of the same source."""

    __tablename__ = "terms"
    __table_args__ = (
        CheckConstraint("kind in ('term', 'name', 'phrase')", name="kind"),
        CheckConstraint("status in ('approved', 'retired')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str] = mapped_column(unique=True)
    also: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    target: Mapped[str]
    accepted: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    avoid: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    wrong: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    unless: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[str] = mapped_column(server_default=text("'approved'"))
    """`retired` takes a shipped entry out of use."""
    origin: Mapped[str]
    """Where it came from: `operator`, `import`, `correction`."""
    author: Mapped[str]
    updated_at: Mapped[dt.datetime] = _created_at()


class ReplayCase(Base):
    """An accepted correction as a test of later prompts: this English must not come out with the old wording again."""

    __tablename__ = "replay_cases"
    __table_args__ = (UniqueConstraint("source", "bad"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    """The English segment."""
    bad: Mapped[str]
    """Words that must not stand in its Korean."""
    good: Mapped[str]
    """What stands there now."""
    created_at: Mapped[dt.datetime] = _created_at()


class ModelCall(Base):
    """One paid call of a model: intent before, answer and cost after. Answers are reused by `input_hash`."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("uq_model_calls_answer", "input_hash", unique=True, postgresql_where=text("state = 'answered'")),
        Index("ix_model_calls_input_hash", "input_hash"),
        Index("ix_model_calls_started_at", "started_at"),
        CheckConstraint("state in ('started', 'answered', 'failed', 'lost', 'forgotten')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    purpose: Mapped[str]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    model: Mapped[str]
    prompt_version: Mapped[str]
    input_hash: Mapped[str]
    state: Mapped[str]
    """`started` until an outcome is stored; `lost` if the process died in between (it may have been paid);
    `forgotten` when its answer was deleted for its age."""
    worst_case_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    """NULL while unknown; then the worst case counts against the cap."""
    input_tokens: Mapped[int | None]
    cache_write_tokens: Mapped[int | None]
    cache_read_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    latency_s: Mapped[float | None]
    stop_reason: Mapped[str | None]
    request_id: Mapped[str | None]
    answer: Mapped[str | None]
    error: Mapped[str | None]
    started_at: Mapped[dt.datetime] = _created_at()
    finished_at: Mapped[dt.datetime | None]


class Topic(Base):
    """An edition's presence on the forum."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), unique=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    discourse_id: Mapped[int | None] = mapped_column(unique=True)
    """NULL while the topic is only intended."""
    category_id: Mapped[int]
    """Where it is to be published."""
    held_reviewable_id: Mapped[int | None]
    """Set while the forum holds the post in its review queue: it must not be posted a second time."""
    title: Mapped[str | None]
    """As the forum has it; a moderator may have changed it."""
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    flow: Mapped[str] = mapped_column(server_default=text("'shared_draft'"))
    """`shared_draft`, or `staff_category`: made as an ordinary topic where only staff reads."""
    drafts_category_id: Mapped[int | None]
    """Where it was made; it is published when it lies elsewhere."""
    forum_category_id: Mapped[int | None]
    """Where it lies now."""
    is_listed: Mapped[bool] = mapped_column(server_default=text("true"))
    read_at: Mapped[dt.datetime | None]
    """When all of it was last read from the forum."""
    touched_at: Mapped[dt.datetime | None]
    """When a person last edited it, answered in it or published it, as far as was seen."""
    held_by: Mapped[str | None]
    """The moderator who told the bot to keep its hands off; NULL: it may edit."""
    created_at: Mapped[dt.datetime] = _created_at()

    edition: Mapped[Edition] = relationship(back_populates="topic")
    posts: Mapped[list["Post"]] = relationship(back_populates="topic", order_by="Post.part")


class Post(Base):
    """One part of a topic that the bot wrote: the first post, or a reply that carries on a long article."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("topic_id", "part"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    part: Mapped[int]
    """From 1; part 1 is the topic's first post."""
    discourse_id: Mapped[int] = mapped_column(unique=True)
    post_number: Mapped[int]
    base_raw: Mapped[str]
    """The text that store and forum last agreed on, as the server returned it."""
    rendered_raw: Mapped[str]
    """The store's rendering that was last merged into the post: the base of the next three-way merge."""
    blocks: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Keys of the article's blocks that stand in this part, in order."""
    shown: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """By segment id: its Markdown as it stands in `base_raw`."""
    version: Mapped[int]
    seen_at: Mapped[dt.datetime] = _created_at()

    topic: Mapped[Topic] = relationship(back_populates="posts")


class Omission(Base):
    """A segment that a person deleted from one edition's post: it stays out of it, and in the store."""

    __tablename__ = "omissions"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    actor: Mapped[str]
    created_at: Mapped[dt.datetime] = _created_at()


class Offer(Base):
    """A text of the bot's that lost to a person's on the page: shown to moderators, never applied by itself."""

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("post_id", "forum_text", "our_text"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    forum_text: Mapped[str]
    """What stands on the page and stays."""
    our_text: Mapped[str]
    created_at: Mapped[dt.datetime] = _created_at()
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    """The whisper it was shown in; NULL until then."""


class Notice(Base):
    """Something the bot says in a topic besides the article: a report, an answer, a reminder, an offer. Said once."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Made of domain facts, e.g. `report-weekly-2026-11-09-1`; it is also the token at the end of the post."""
    kind: Mapped[str]
    raw: Mapped[str]
    is_whisper: Mapped[bool] = mapped_column(server_default=text("true"))
    """For staff only; otherwise everybody reads it."""
    reply_to: Mapped[int | None]
    """Post number it answers."""
    discourse_id: Mapped[int | None] = mapped_column(unique=True)
    """NULL while it is only intended."""
    created_at: Mapped[dt.datetime] = _created_at()
    sent_at: Mapped[dt.datetime | None]


class Comment(Base):
    """A reader's post under an article, as it was last read."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    discourse_id: Mapped[int] = mapped_column(unique=True)
    post_number: Mapped[int]
    author: Mapped[str] = mapped_column(index=True)
    raw: Mapped[str]
    raw_hash: Mapped[str]
    """Of the text that was last searched for corrections."""
    kinds: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """What it says: `correction`, `report`, `term`, `question`, `thanks`, `other`, `unclear`."""
    is_gone: Mapped[bool] = mapped_column(server_default=false())
    """Deleted or hidden on the forum."""
    signed_at: Mapped[dt.datetime | None]
    """When its author got a sign that it was seen."""
    settled_at: Mapped[dt.datetime | None]
    """When all that this text asks for had been worked out; NULL while a model is to be asked."""
    created_at: Mapped[dt.datetime] = _created_at()


class Correction(Base):
    """A proposed change of one segment that readers asked for, and what became of it."""

    __tablename__ = "corrections"
    __table_args__ = (
        Index(
            "uq_corrections_open",
            "segment_id",
            text("md5(text)"),
            unique=True,
            postgresql_where=text("state in ('detected', 'proposed', 'accepted')"),
        ),
        Index("ix_corrections_state", "state"),
        Index("ix_corrections_created_at", "created_at"),
        Index("ix_corrections_applied_at", "applied_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"), index=True)
    state: Mapped[str]
    kind: Mapped[str]
    method: Mapped[str]
    """How it was found: a rule's name, or `model`."""
    old: Mapped[str]
    """The words on the page that are to go, as plain text."""
    new: Mapped[str | None]
    """What is to stand there; NULL while nobody has a wording."""
    text: Mapped[str | None]
    """The segment's whole Korean with the change; NULL while nobody has a wording."""
    is_markdown: Mapped[bool] = mapped_column(server_default=false())
    is_model_wording: Mapped[bool] = mapped_column(server_default=false())
    """Whether the wording is a model's, for a report without one."""
    reason: Mapped[str] = mapped_column(server_default="")
    """What the reader said to it."""
    base_revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    """The whisper it was proposed in."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[dt.datetime | None]
    decision_note: Mapped[str | None]
    """What the decider said to it, for the reader."""
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    """The segment's text that it became."""
    applied_at: Mapped[dt.datetime | None]
    """When the page showed it."""
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    """The reply that told its readers what became of it."""
    created_at: Mapped[dt.datetime] = _created_at()

    reports: Mapped[list["CorrectionReport"]] = relationship(order_by="CorrectionReport.comment_id")


class CorrectionReport(Base):
    """A comment that asks for a correction; everybody who asks for the same is credited."""

    __tablename__ = "correction_reports"

    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"), primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True, index=True)

    comment: Mapped[Comment] = relationship(lazy="joined", innerjoin=True)


class Ripple(Base):
    """Another segment with the mistake that a correction mended, and what became of it."""

    __tablename__ = "ripples"
    __table_args__ = (UniqueConstraint("correction_id", "segment_id"), Index("ix_ripples_state", "state"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"))
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"), index=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topics.id"))
    """The newest topic that shows it; NULL for what stands on no page."""
    base_revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    text: Mapped[str]
    state: Mapped[str]
    """`offered`, `accepted`, `rejected`, `applied`, or `stale`: the text is another one by now."""
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    decided_by: Mapped[str | None]
    applied_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = _created_at()


class Decision(Base):
    """A staff member's post that was read as a decision on corrections; each is carried out once."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("discourse_id", "raw_hash"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    discourse_id: Mapped[int]
    raw_hash: Mapped[str]
    author: Mapped[str]
    action: Mapped[str]
    """`accept`, `reject`, or `reword`."""
    outcome: Mapped[str | None]
    created_at: Mapped[dt.datetime] = _created_at()


class Instruction(Base):
    """A staff member's post in a draft that was read as an instruction to the bot, and what came of it."""

    __tablename__ = "instructions"
    __table_args__ = (UniqueConstraint("discourse_id", "raw_hash"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    discourse_id: Mapped[int]
    post_number: Mapped[int]
    raw_hash: Mapped[str]
    author: Mapped[str]
    raw: Mapped[str]
    action: Mapped[str]
    """`show`, `redraft`, `drop`, `hold`, `release`, `explain`, `reject`, or `unclear`."""
    ranks: Mapped[list[int]] = mapped_column(server_default=text("'{}'"))
    remark: Mapped[str | None]
    outcome: Mapped[str | None]
    """What was done, in a sentence; NULL until it is."""
    created_at: Mapped[dt.datetime] = _created_at()
    done_at: Mapped[dt.datetime | None]


class InboxEvent(Base):
    """A webhook as it came. The key is made of its content, because a forum repeats events under new ids."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_unprocessed", "id", postgresql_where=text("processed_at is null")),
        Index("ix_inbox_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_type: Mapped[str]
    """`post`, `topic`, `like`, ..."""
    event: Mapped[str]
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    content_key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    received_at: Mapped[dt.datetime] = _created_at()
    processed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]


class HookCount(Base):
    """How often each webhook event came, those included that nobody handles."""

    __tablename__ = "hook_counts"

    event: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    """`stored`, `repeated`, `ignored`, `refused`."""
    count: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[dt.datetime]


class Cursor(Base):
    """How far a sweep has come."""

    __tablename__ = "cursors"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    moved_at: Mapped[dt.datetime]
    """When the sweep came through last, with or without news."""


class DueRun(Base):
    """A slot of the calendar that was begun: whoever writes the row defers the job, everybody else finds it there."""

    __tablename__ = "due_runs"

    task: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime] = _created_at()


class Transition(Base):
    """The audit trail: every change of a state, with who and why."""

    __tablename__ = "transitions"
    __table_args__ = (
        Index("ix_transitions_subject", "subject", "subject_id"),
        Index(
            "ix_transitions_published",
            "at",
            postgresql_where=text("subject = 'edition' and to_state = 'published'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str]
    """`edition`."""
    subject_id: Mapped[int] = mapped_column(BigInteger)
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[dt.datetime] = _created_at()


class Pace(Base):
    """When the next call to an outside service may start, over all processes."""

    __tablename__ = "paces"

    service: Mapped[str] = mapped_column(primary_key=True)
    next_free_at: Mapped[dt.datetime]


class ForumCalls(Base):
    """How many calls of the forum ended in one way on one day (UTC)."""

    __tablename__ = "forum_calls"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    """`ok`, `limited` (429), `refused` (other 4xx), `failed` (5xx), or `unanswered`."""
    count: Mapped[int] = mapped_column(BigInteger)


class Alert(Base):
    """Something that needs the operator; said once."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_unsaid", "created_at", postgresql_where=text("said_at is null")),)

    key: Mapped[str] = mapped_column(primary_key=True)
    """Made of domain facts, e.g. `draft-weekly-2026-11-09-2026-11-16`."""
    text: Mapped[str]
    created_at: Mapped[dt.datetime] = _created_at()
    tried_at: Mapped[dt.datetime | None]
    """When it was about to be said; with `said_at` NULL, nobody knows whether it was."""
    said_at: Mapped[dt.datetime | None]


class Subscriber(Base):
    """A reader of the digest: one row per address, whatever it came from. Addresses stand here and nowhere else."""

    __tablename__ = "subscribers"
    __table_args__ = (
        CheckConstraint(
            "state in ('pending', 'active', 'unsubscribed', 'bounced', 'complained', 'erased')", name="state"
        ),
        CheckConstraint("cadence in ('weekly', 'daily')", name="cadence"),
        CheckConstraint("language in ('ko', 'both', 'en')", name="language"),
        CheckConstraint("(address is null) = (state = 'erased')", name="address_until_erased"),
        Index("ix_subscribers_active", "cadence", "zone", postgresql_where=text("state = 'active'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    address: Mapped[str | None]
    """In the spelling it was given; mail goes there. NULL once erased."""
    address_key: Mapped[str] = mapped_column(unique=True)
    """For comparison: NFC, lower case, domain in ASCII. Once erased: a keyed hash of it, which blocks imports."""
    state: Mapped[str]
    state_before: Mapped[str | None]
    """Where a pending row returns to when nobody confirms; NULL: it is deleted then."""
    state_since: Mapped[dt.datetime] = _created_at()
    cadence: Mapped[str] = mapped_column(server_default=text("'weekly'"))
    language: Mapped[str] = mapped_column(server_default=text("'ko'"))
    zone: Mapped[str] = mapped_column(server_default=text("'Asia/Seoul'"))
    source: Mapped[str]
    """`form`, `member` or `import`."""
    token_version: Mapped[int] = mapped_column(server_default=text("0"))
    """In preference links; raising it makes earlier ones void."""
    confirmations: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was confirmed; in confirmation links, so that one works once."""
    confirmation_sent_at: Mapped[dt.datetime | None]
    confirmed_at: Mapped[dt.datetime | None]
    wording: Mapped[str | None]
    """Version of the words it agreed to."""
    network_hash: Mapped[str | None]
    """Keyed hash of the network address it was confirmed from."""
    covered_until: Mapped[dt.datetime | None]
    """Editions published before this were in a digest to this reader, or older than the first."""
    mailed_until: Mapped[dt.datetime | None]
    """As `covered_until`, by digests that made a mail."""
    forum_user_id: Mapped[int | None] = mapped_column(unique=True)
    forum_username: Mapped[str | None]
    forum_base: Mapped[str | None]
    """The member's forum preference at the last sync: `none`, `daily` or `weekly`."""
    created_at: Mapped[dt.datetime] = _created_at()


class Digest(Base):
    """One mailing: a cadence's period in one time zone. Frozen when it is planned."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("cadence", "zone", "period"),
        CheckConstraint("state in ('due', 'sending', 'paused', 'sent', 'empty', 'missed')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    cadence: Mapped[str]
    zone: Mapped[str]
    period: Mapped[str]
    """The local date, or the ISO week (`2026-W47`)."""
    window_start: Mapped[dt.datetime]
    slot_at: Mapped[dt.datetime]
    """When it was due; editions published before this are in it."""
    state: Mapped[str]
    reason: Mapped[str | None]
    """Why it is paused or missed."""
    frozen_at: Mapped[dt.datetime | None]
    subject: Mapped[str | None]
    rate_factor: Mapped[float] = mapped_column(server_default=text("1"))
    """Part of the allowed rate after the relay asked for less, at `slowed_at`."""
    slowed_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = _created_at()


class Rendering(Base):
    """The text of a digest for readers whose coverage and language agree, with marks where they differ."""

    __tablename__ = "renderings"
    __table_args__ = (UniqueConstraint("digest_id", "language", "start", "mailed_until", "seen"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    language: Mapped[str]
    start: Mapped[dt.datetime]
    mailed_until: Mapped[dt.datetime]
    """Corrections since then are told; earlier than `start` where the last digest had nothing new and made no mail."""
    seen: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Papers of the period that these readers had before, in ascending order."""
    paper_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Papers that are in the mail; none: there is no mail."""
    boundary: Mapped[str]
    html: Mapped[str]
    plain: Mapped[str]


class Delivery(Base):
    """The sending of a digest to one subscriber."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("digest_id", "subscriber_id"),
        CheckConstraint(
            "state in ('planned', 'sending', 'sent', 'refused', 'skipped', 'doubtful', 'bounced', 'complained')",
            name="state",
        ),
        Index("ix_deliveries_subscriber_id", "subscriber_id"),
        Index("ix_deliveries_waiting", "digest_id", "id", postgresql_where=text("state = 'planned'")),
        Index("ix_deliveries_leased", "lease_until", postgresql_where=text("lease_until is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    rendering_id: Mapped[int] = mapped_column(ForeignKey("renderings.id"))
    state: Mapped[str]
    reason: Mapped[str | None]
    """Why it is in this state, where that needs a word: `unsubscribed`, `empty`, `550 5.1.1`, ..."""
    answer: Mapped[str | None]
    """The mail server's last answer; with 250 it holds the queue's id."""
    server: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    first_tried_at: Mapped[dt.datetime | None]
    not_before: Mapped[dt.datetime | None]
    owner: Mapped[str | None]
    """Who works on it; every write of theirs names it."""
    lease_until: Mapped[dt.datetime | None]
    may_be_second_copy: Mapped[bool] = mapped_column(server_default=false())
    changed_at: Mapped[dt.datetime] = _created_at()


class BounceEvent(Base):
    """What came back about a delivery: a bounce, a complaint, a request to leave."""

    __tablename__ = "bounce_events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    content_key: Mapped[str] = mapped_column(unique=True)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    kind: Mapped[str]
    """`hard`, `soft`, `delayed`, `policy`, `complaint`, `leave`, `other`."""
    status: Mapped[str | None]
    """The enhanced status code, `5.1.1`."""
    outcome: Mapped[str]
    at: Mapped[dt.datetime] = _created_at()


class BounceScore(Base):
    """How often mail to an address came back, under a keyed hash of it: it outlives the reader's row."""

    __tablename__ = "bounce_scores"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float]
    last_day: Mapped[dt.date] = mapped_column(Date)
    """The last day that counted: one bounce a day does."""


class Attempt(Base):
    """Something a stranger asked for, to count how often: under keyed hashes of address and network."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_who_at", "who", "at"), Index("ix_attempts_at", "at"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    who: Mapped[str]
    at: Mapped[dt.datetime] = _created_at()
