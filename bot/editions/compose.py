"""From the store to the post: the weekly article in Markdown, and its parts where the forum's limit asks for several.

The form is the one the community has used since 2024: for each paper its Korean beside its English, then its links.
Texts from outside are escaped (`markdown.py`), so that nothing in them changes the page.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.editions import markdown, records, series
from bot.editions.records import Mention
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.papers.identity import canonical_url, is_research_page, is_status
from bot.settings import Settings
from bot.store.tables import Edition, EditionItem, Omission, Passage, Revision, Segment
from bot.translation import passages

RULE = "\n\n---\n\n"
MOST_MENTIONS = 3

# Private-use characters, none of which is escaped.
_FIRST_MARK, _LAST_MARK = 0xF0000, 0xFFFFD


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the papers: lines of the operator's own, in Markdown; None leaves one out."""

    byline: str | None
    notes: tuple[str, ...]
    source_page: str
    zone: str
    machine_note: str | None = None
    """The first of the notes, alone: for posts that have no other."""
    forum_url: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A post in blocks, by their keys and in order. Posts are cut between blocks only.

    Attributes:
        blocks: Markdown by key; a paper's block is `item-ID`, what opens and closes the post `opening` and `closing`.
        joint: what stands between two blocks.
    """

    blocks: Mapping[str, str]
    joint: str

    def text(self, keys: Iterable[str] | None = None) -> str:
        """The whole post, or the blocks of these keys as far as they are there."""
        wanted = self.blocks if keys is None else [key for key in keys if key in self.blocks]
        return self.joint.join(self.blocks[key] for key in wanted)


def frame_of(settings: Settings) -> Frame:
    """The frame the settings ask for; the word `none` leaves a line out."""
    machine_note = _line(settings.note_machine, labels.NOTE_MACHINE)
    notes = (
        machine_note,
        _line(settings.note_digest, labels.NOTE_DIGEST),
        _line(settings.note_like, labels.NOTE_LIKE),
    )
    return Frame(
        _line(settings.byline, labels.BYLINE),
        tuple(note for note in notes if note),
        str(settings.dair_page),
        settings.time_zone,
        machine_note,
        str(settings.forum_url or "").rstrip("/"),
    )


def weekly_blocks(session: Session, edition: Edition, frame: Frame) -> list[str]:
    """The article's blocks in order: opening, one a paper, closing. Joined by `RULE` they are the whole article.

    What moderators took out of this edition (a paper, a sentence) is left out.
    """
    left_out = omitted(session, edition)
    known = passages.load_all(session, edition, series.of(edition).kinds)
    earlier = records.mentions(session, edition)
    return [
        _opening(known, edition, frame, left_out),
        *(
            _paper(known, item, left_out, mention_lines(earlier.get(item.sighting.paper_id, []), frame))
            for item in edition.items
            if item.dropped_by is None
        ),
        _closing(session, edition, frame),
    ]


def omitted(session: Session, edition: Edition) -> frozenset[int]:
    """The segments that people deleted from this edition's post."""
    return frozenset(session.scalars(select(Omission.segment_id).where(Omission.edition_id == edition.id)))


def mention_lines(mentions: Sequence[Mention], frame: Frame) -> list[str]:
    """Links to the earlier articles about the same work, newest first; nothing if there is none."""
    links = [
        f"[{markdown.heading(3, mention.title).removeprefix('### ')}]({frame.forum_url}/t/{mention.discourse_id})"
        for mention in mentions[:MOST_MENTIONS]
    ]
    return [f"{labels.EARLIER} {', '.join(links)}"] if links else []


def weekly_keys(edition: Edition) -> list[str]:
    """The keys of `weekly_blocks`, in the same order: `opening`, `item-ID`, ..., `closing`."""
    return ["opening", *(f"item-{item.id}" for item in edition.items if item.dropped_by is None), "closing"]


def split(blocks: Sequence[str], limit: int, joint: str = RULE) -> list[str]:
    """The blocks as texts of at most `limit` characters, in order, cut between blocks only.

    Raises:
        RejectedError: one block alone is longer.
    """
    parts: list[str] = []
    for block in blocks:
        if len(block) > limit:
            raise RejectedError(
                f"One paper alone makes {len(block)} characters, and the forum takes {limit} in a post: "
                "raise max_post_length on the forum (100,000 is recommended)."
            )
        if parts and len(parts[-1]) + len(joint) + len(block) <= limit:
            parts[-1] += joint + block
        else:
            parts.append(block)
    return parts


@dataclass(frozen=True, slots=True)
class _Korean:
    """A Korean text to be escaped, in which marks stand for what a person wrote with markup of their own."""

    text: str
    verbatim: Mapping[str, str]

    def filled(self, escaped: str) -> str:
        """`escaped` (the escaped text) with each mark replaced by what it stands for."""
        for mark, written in self.verbatim.items():
            escaped = escaped.replace(mark, written)
        return escaped


def _opening(known: Sequence[Passage], edition: Edition, frame: Frame, omitted: frozenset[int]) -> str:
    introduction = passages.introduction_of(known)
    lines = [frame.byline] if frame.byline else []
    if introduction is not None:
        paragraphs = _paragraphs(introduction.segments, omitted)
        lines.append("\n".join(f"- {text.filled(markdown.escape_inline(text.text))}" for text in paragraphs))
    elif edition.introduction_failure:
        lines.append(labels.INTRODUCTION_FAILED.format(reason=edition.introduction_failure))
    else:
        lines.append(labels.INTRODUCTION_WAITS)
    return "\n\n".join(lines)


def _paragraphs(segments: Iterable[Segment], omitted: frozenset[int]) -> list[_Korean]:
    kept: dict[int, list[Revision]] = {}
    for segment in segments:
        revision = passages.current(segment)
        if revision is not None and segment.id not in omitted:
            kept.setdefault(segment.paragraph, []).append(revision)
    return [_marked([(" ", revision) for revision in kept[number]]) for number in sorted(kept)]


def _paper(known: Sequence[Passage], item: EditionItem, omitted: frozenset[int], mentions: Sequence[str] = ()) -> str:
    sighting, paper = item.sighting, item.sighting.paper
    is_research = paper.arxiv_id is None and is_research_page(paper.url)
    title = passages.find(known, "title", paper.title, paper_id=paper.id)
    parts = [_heading(paper.title, _korean(title, omitted))]
    description = passages.find(known, "description", sighting.description, sighting_id=sighting.id)
    abstract = passages.find(known, "abstract", paper.abstract, paper_id=paper.id) if paper.abstract else None
    wanted = (None if passages.is_name_only(paper.title) else title, description, abstract)
    if any(passage is not None and _korean(passage, omitted) is None for passage in wanted):
        failed = item.failure
        parts.append(labels.PAPER_FAILED.format(reason=failed) if failed else labels.PAPER_WAITS)
    if description is not None:
        label = labels.RESEARCH_DESCRIPTION if is_research else labels.DESCRIPTION
        english = description.source[:1].upper() + description.source[1:]
        parts += _bilingual(label, _korean(description, omitted), english)
    if abstract is not None:
        label = labels.RESEARCH_ABSTRACT if is_research else labels.ABSTRACT
        parts += _bilingual(label, _korean(abstract, omitted), abstract.source)
    label = labels.RESEARCH_LINK if is_research else labels.PAPER_LINK
    parts += [f"### {label}", markdown.link_line(paper.url)]
    more = _more_links([link["url"] for link in sighting.links], paper.url)
    if more or mentions:
        parts.append(f"### {labels.READ_MORE}")
    if more:
        parts.append("\n".join(more))
    parts += mentions
    return "\n\n".join(parts)


def _heading(english: str, korean: _Korean | None) -> str:
    if korean is None or korean.text == english or (passages.is_name_only(english) and not korean.verbatim):
        return markdown.heading(2, english)
    return korean.filled(markdown.heading(2, f"{korean.text} / {english}"))


def _korean(passage: Passage | None, omitted: frozenset[int]) -> _Korean | None:
    """The passage's Korean as a whole, without what was omitted; None unless every segment has one."""
    if passage is None:
        return None
    pieces: list[tuple[str, Revision]] = []
    end = 0
    for segment in passage.segments:
        revision = passages.current(segment)
        if revision is None:
            return None
        glue = passage.source[end : segment.start]
        end = segment.end
        if segment.id not in omitted:
            pieces.append((glue or " ", revision))
    return _marked(pieces) if pieces or passage.segments else None


def _marked(pieces: Sequence[tuple[str, Revision]]) -> _Korean:
    """The texts of revisions, each after its glue; texts with markup as marks that occur nowhere else."""
    taken = "".join(revision.text for _, revision in pieces)
    marks = (mark for mark in map(chr, range(_FIRST_MARK, _LAST_MARK)) if mark not in taken)
    verbatim: dict[str, str] = {}
    text = ""
    for glue, revision in pieces:
        shown = revision.text
        if revision.is_markdown:
            shown = next(marks)
            verbatim[shown] = revision.text
        text += (glue if text else glue.lstrip(" \n")) + shown
    return _Korean(text, verbatim)


def inline(revisions: Sequence[Revision]) -> str:
    """Korean sentences as one line of Markdown."""
    found = _marked([(" ", revision) for revision in revisions])
    return found.filled(markdown.escape_inline(found.text))


def _bilingual(label: str, korean: _Korean | None, english: str) -> list[str]:
    shown = [korean.filled(markdown.paragraph_block(korean.text))] if korean is not None and korean.text else []
    return [f"### {label}", *shown, markdown.quote_block(english)]


def _more_links(urls: Sequence[str], main_url: str) -> list[str]:
    """All further addresses of the row, tweets first, without tracking and without the paper's own address again."""
    lines: list[str] = []
    for url in sorted(urls, key=lambda url: not is_status(url)):
        try:
            canonical = canonical_url(url)
            line = markdown.link_line(canonical)
        except RejectedError:
            continue  # not an address of the web; shown to moderators by `paperbot source dair`
        if canonical != main_url and line not in lines:
            lines.append(line)
    return lines


def _closing(session: Session, edition: Edition, frame: Frame) -> str:
    source = f"## {labels.SOURCE_LIST}\n\n{markdown.link_line(frame.source_page)}"
    made = provenance(session, edition, frame.zone, series.of(edition).kinds)
    notes = [*frame.notes, *([made] if made else [])]
    return RULE.join([source, "\n\n".join(notes)]) if notes else source


def provenance(session: Session, edition: Edition, zone: str, kinds: Collection[str]) -> str | None:
    """Which models drafted the edition's texts of these kinds, and the day the last of them did."""
    known = passages.load_all(session, edition, kinds)
    segment_ids = [segment.id for passage in known for segment in passage.segments]
    rows: Sequence[tuple[str, datetime]] = [
        (model, last)
        for model, last in session.execute(
            select(Revision.author, func.max(Revision.created_at))
            .where(Revision.author_kind == "model", Revision.segment_id.in_(segment_ids))
            .group_by(Revision.author)
        )
    ]
    if not rows:
        return None
    day = max(last for _, last in rows).astimezone(ZoneInfo(zone)).date()
    return labels.provenance(sorted(model for model, _ in rows), day)


def _line(setting: str | None, default: str) -> str | None:
    if setting is None:
        return default
    return None if setting.strip().lower() == "none" else setting
