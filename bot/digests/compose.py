"""What is in a digest: published editions, in the words that stand on the forum, best first.

Only texts that a moderator published are read (`Post.shown`): a newer draft in the store waits for the forum.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from bot.corrections import credit
from bot.corrections.credit import Erratum
from bot.forum.submit import topic_url
from bot.papers.videos import watch_url
from bot.store.tables import Edition, EditionItem, Passage, Segment, Talk, Topic, Transition
from bot.translation import passages

PUBLIC = ("published", "revised")
BEST = 5
"""So many editions are shown whole, the others by title."""
LONGEST_TEXT = 2_000
"""Characters of one summary or paragraph; no text from outside alone makes a mail too large."""
MOST_ERRATA = 10
LONGEST_ERRATUM = 300
"""Characters of a corrected sentence."""

_markdown = MarkdownIt("commonmark", {"html": False})
# What no reader should meet: control characters, and those that reorder or hide a text.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff]")


@dataclass(frozen=True, slots=True)
class Received:
    """How a post was received on the forum."""

    likes: int = 0
    replies: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A paper or talk in the digest; a Korean text is None where the forum shows none.

    Attributes:
        paper_id: of a talk, which is no paper, its edition's id with a minus.
    """

    paper_id: int
    title_en: str
    title_ko: str | None
    authors: list[str]
    summary_en: str | None
    summary_ko: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """One edition, i.e. one topic on the forum.

    Attributes:
        left_out: papers that are on the forum, but not in the mail.
    """

    published_at: dt.datetime
    title: str
    url: str
    likes: int
    replies: int
    introduction: tuple[str, ...]
    items: tuple[Item, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What one group of readers gets, best first.

    Attributes:
        errata: corrections since their last digest, the newest of them, in order; `more_errata` are not told.
    """

    best: tuple[Section, ...]
    others: tuple[Section, ...]
    errata: tuple[Erratum, ...]
    more_errata: int = 0

    @property
    def paper_ids(self) -> list[int]:
        """The papers and talks that are told of, in ascending order."""
        return sorted({item.paper_id for section in (*self.best, *self.others) for item in section.items})

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing new; corrections alone make no mail."""
        return not self.best


def topics_of(session: Session, start: dt.datetime, slot: dt.datetime) -> list[int]:
    """The forum's ids of the topics published from `start` until before `slot`."""
    return [topic.discourse_id for _, _, topic in _published(session, start, slot) if topic.discourse_id is not None]


def load(
    session: Session, start: dt.datetime, slot: dt.datetime, *, forum_url: str, received: Mapping[int, Received]
) -> list[Section]:
    """The editions published from `start` until before `slot`, with every paper, in order of publication.

    Args:
        received: by the forum's topic id.
    """
    sections = []
    for edition, published_at, topic in _published(session, start, slot):
        assert topic.discourse_id is not None
        known = passages.load_all(session, edition)
        shown = {int(number): text for post in topic.posts for number, text in post.shown.items()}
        url = topic_url(forum_url, topic.discourse_id)
        items = tuple(_item(known, item, shown) for item in edition.items if item.dropped_by is None)
        if edition.talk is not None:
            items = (_talk(known, edition.talk, shown, url),)
        at = received.get(topic.discourse_id, Received())
        sections.append(
            Section(
                published_at,
                plain(topic.title or edition.title),
                url,
                at.likes,
                at.replies,
                _introduction(known, shown),
                items,
            )
        )
    return sections


def for_readers(
    sections: Iterable[Section],
    errata: Iterable[Erratum],
    *,
    start: dt.datetime,
    slot: dt.datetime,
    mailed_until: dt.datetime,
    seen: frozenset[int],
) -> Content:
    """What is new to readers covered until `start` who had the papers `seen` before: no paper twice, best first.

    Args:
        mailed_until: since when corrections are new to them.
    """
    told = set(seen)
    found = []
    ordered = sorted(sections, key=lambda s: (-(s.likes + s.replies), s.published_at, s.url))
    for section in ordered:
        if not start <= section.published_at < slot:
            continue
        items = tuple(item for item in section.items if item.paper_id not in told)
        told |= {item.paper_id for item in items}
        if items:
            found.append(replace(section, items=items))
    new = sorted((e for e in errata if mailed_until <= e.applied_at < slot), key=lambda e: e.applied_at)
    told_of = new[-MOST_ERRATA:]
    return Content(tuple(found[:BEST]), tuple(found[BEST:]), tuple(told_of), len(new) - len(told_of))


def shortened(content: Content) -> Content | None:
    """The same with a little less: the last paper of the last edition that has two; where there is none, the last
    introduction, and then the last edition but for its title. None if nothing is left to leave out."""
    numbers = range(len(content.best) - 1, -1, -1)
    for number in numbers:
        section = content.best[number]
        if len(section.items) > 1:
            return _with(content, number, replace(section, items=section.items[:-1], left_out=section.left_out + 1))
    for number in numbers:
        if content.best[number].introduction:
            return _with(content, number, replace(content.best[number], introduction=()))
    if len(content.best) > 1:
        return replace(content, best=content.best[:-1], others=(content.best[-1], *content.others))
    return None


def _with(content: Content, number: int, section: Section) -> Content:
    return replace(content, best=(*content.best[:number], section, *content.best[number + 1 :]))


def errata(session: Session, start: dt.datetime, slot: dt.datetime, *, forum_url: str) -> list[Erratum]:
    """The corrections that pages of listed topics show since `start`, all as plain text, in order."""
    listed = set(session.scalars(select(Topic.id).where(Topic.is_listed, Topic.discourse_id.is_not(None))))
    return [
        replace(
            one,
            topic_title=plain(one.topic_title),
            old=_cut(plain(one.old), LONGEST_ERRATUM),
            new=_cut(plain(one.new), LONGEST_ERRATUM),
            source=_cut(cleaned(one.source), LONGEST_ERRATUM),
            reporters=tuple(cleaned(name) for name in one.reporters),
        )
        for one in credit.errata(session, start, slot, forum_url=forum_url.rstrip("/"))
        if one.topic_id in listed
    ]


def plain(text: str) -> str:
    """Markdown of one paragraph as plain text in one line, without characters that hide or reorder."""
    words = []
    for token in _markdown.parseInline(text)[0].children or []:
        if token.type in ("text", "code_inline", "text_special", "image"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
    return " ".join(_HARMFUL.sub("", "".join(words)).split())


def cleaned(text: str) -> str:
    """Plain text from outside in one line, without characters that hide or reorder."""
    return " ".join(_HARMFUL.sub("", text.replace("\u2028", " ").replace("\u2029", " ")).split())


def _published(session: Session, start: dt.datetime, slot: dt.datetime) -> list[tuple[Edition, dt.datetime, Topic]]:
    """By their first publication: one that was withdrawn and restored is no news."""
    first = func.min(Transition.at)
    rows = session.execute(
        select(Edition, first, Topic)
        .join(Topic, Topic.edition_id == Edition.id)
        .join(
            Transition,
            (Transition.subject == "edition")
            & (Transition.subject_id == Edition.id)
            & (Transition.to_state == "published"),
        )
        .where(Edition.state.in_(PUBLIC), Topic.discourse_id.is_not(None), Topic.is_listed)
        .group_by(Edition.id, Topic.id)
        .having(first >= start, first < slot)
        .order_by(first, Edition.id)
        .options(selectinload(Topic.posts), selectinload(Edition.items).joinedload(EditionItem.sighting))
    ).all()
    return [(edition, at, topic) for edition, at, topic in rows]


def _item(known: Sequence[Passage], item: EditionItem, shown: Mapping[int, str]) -> Item:
    sighting, paper = item.sighting, item.sighting.paper
    title = passages.find(known, "title", paper.title, paper_id=paper.id)
    description = passages.find(known, "description", sighting.description, sighting_id=sighting.id)
    summary = passages.find(known, passages.SUMMARY, sighting.description, paper_id=paper.id)
    english = description.source if description is not None else sighting.description
    return Item(
        paper.id,
        cleaned(paper.title),
        _korean(title, shown),
        [cleaned(author) for author in paper.authors],
        _cut(cleaned(english[:1].upper() + english[1:])) or None,
        _korean(description, shown) or _korean(summary, shown),
        paper.url,
    )


def _talk(known: Sequence[Passage], talk: Talk, shown: Mapping[int, str], url: str) -> Item:
    """A talk, with what its summary begins with."""
    overview = next((passage for passage in known if passage.kind == passages.OVERVIEW), None)
    opening = [segment for segment in overview.segments if segment.paragraph == 0] if overview is not None else []
    return Item(
        -talk.edition_id,
        cleaned(talk.title),
        None,
        [cleaned(speaker) for speaker in talk.speakers],
        None,
        _joined(opening, shown) or None,
        url if talk.video_id is None else watch_url(talk.video_id),
    )


def _korean(passage: Passage | None, shown: Mapping[int, str]) -> str | None:
    """The passage as the forum shows it, without sentences that people took out; None if nothing of it is there."""
    if passage is None:
        return None
    return _joined(passage.segments, shown) or None


def _introduction(known: Sequence[Passage], shown: Mapping[int, str]) -> tuple[str, ...]:
    passage = passages.introduction_of(known)
    if passage is None:
        return ()
    numbers = sorted({segment.paragraph for segment in passage.segments})
    paragraphs = (_joined([s for s in passage.segments if s.paragraph == number], shown) for number in numbers)
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _joined(segments: Iterable[Segment], shown: Mapping[int, str]) -> str:
    return _cut(" ".join(text for segment in segments if (text := plain(shown.get(segment.id, "")))))


def _cut(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
