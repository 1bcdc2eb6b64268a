"""A talk's post: title and contents, summary with a time link at each point, and all that was said, section by section.

The form is that of the community's talks (a Jekyll page), with what a forum wants: the player is the bare address, and
posts are cut between sections.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.editions import compose, markdown, series
from bot.editions.compose import Article, Frame
from bot.languages.ko import labels
from bot.papers.videos import clock, watch_url
from bot.store.tables import Edition, Omission, Passage, Revision, Segment, Spoken, Talk, TalkSection
from bot.translation import passages

JOINT = "\n\n"
ANOTHER_VOICE = "—"
"""Stands before what somebody else says whose name is not known."""


@dataclass(frozen=True, slots=True)
class Point:
    """One of the summary's points: Markdown of its heading (None if a person deleted it) and of its bullets, each with
    its moment."""

    heading: str | None
    bullets: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True, slots=True)
class TalkText:
    """What there is to show of a talk, as Markdown; texts from outside are escaped.

    Attributes:
        opening: paragraphs of the summary, before its points; empty while there is none.
        sections: those that are in, with their headings and paragraphs.
    """

    opening: str
    points: tuple[Point, ...]
    closing: str
    sections: tuple[tuple[TalkSection, str, tuple[str, ...]], ...]


def article(session: Session, edition: Edition, frame: Frame) -> Article:
    """The post's blocks: `opening`, `summary`, one a section (`section-ID`), `closing`."""
    talk = edition.talk
    assert talk is not None
    text = read(session, edition)
    blocks = {
        "opening": _opening(talk, text),
        "summary": JOINT.join([f"## {labels.TALK_SUMMARY}", *_summary(talk, edition, text)]),
    }
    for place, (section, heading, paragraphs) in enumerate(text.sections):
        lines = [f"## {labels.TALK_DETAILS}"] if place == 0 else []
        lines.append(f"### {section.rank}. {heading}")
        if talk.video_id is not None and section.start_s is not None:
            lines.append(time_link(talk.video_id, section.start_s))
        blocks[f"section-{section.id}"] = JOINT.join([*lines, *paragraphs])
    made = compose.provenance(session, edition, frame.zone, series.of(edition).kinds)
    notes = [*frame.notes[:1], *([made] if made else [])]
    if notes:
        blocks["closing"] = JOINT.join(["---", *notes])
    return Article(blocks, JOINT)


def read(session: Session, edition: Edition) -> TalkText:
    """The talk's Korean as it is stored now, without what moderators took out."""
    talk = edition.talk
    assert talk is not None
    omitted = frozenset(session.scalars(select(Omission.segment_id).where(Omission.edition_id == edition.id)))
    known = passages.load_all(session, edition)
    spoken = {
        row.passage_id: row for row in session.scalars(select(Spoken).where(Spoken.passage_id.in_(p.id for p in known)))
    }
    opening, points, closing = _read_summary(known, spoken, omitted)
    headings = _headings(known, talk, omitted)
    sections = tuple(
        (section, headings[section.id], tuple(_paragraphs(known, section, spoken, omitted)))
        for section in talk.sections
        if section.dropped_by is None
    )
    return TalkText(opening, points, closing, sections)


def time_link(video_id: str, start_s: float) -> str:
    """A moment as a link into the video."""
    return f"[{clock(start_s)}]({watch_url(video_id, start_s)})"


def title_line(talk: Talk) -> str:
    """The talk's own title, leading to the video."""
    title = markdown.escape_inline(talk.title)
    return f"# [{title}]({watch_url(talk.video_id)})" if talk.video_id is not None else markdown.heading(1, talk.title)


def speaker_lines(talk: Talk) -> str:
    """One line a speaker."""
    return "\n".join(f"* {markdown.escape_inline(speaker)}" for speaker in talk.speakers)


def summary_blocks(talk: Talk, text: TalkText) -> list[str]:
    """The summary's paragraphs and lists; empty while there is none."""
    blocks = [text.opening] if text.opening else []
    for number, point in enumerate(text.points, 1):
        if point.heading is not None:
            blocks.append(f"### **{number}. {point.heading}:**")
        if point.bullets:
            blocks.append("\n".join(f"* {bullet}{_moment(talk, start_s)}" for bullet, start_s in point.bullets))
    if text.closing:
        blocks.append(f"{labels.TALK_CONCLUDES} {text.closing}")
    return blocks


def _opening(talk: Talk, text: TalkText) -> str:
    parts = [title_line(talk), *([speaker_lines(talk)] if talk.speakers else [])]
    if talk.video_id is not None:
        parts.append(watch_url(talk.video_id))
    contents = []
    for section, heading, _ in text.sections:
        start = section.start_s
        has_link = talk.video_id is not None and start is not None
        link = f"{time_link(talk.video_id, start)} " if has_link and talk.video_id and start is not None else ""
        contents.append(f"* {link}{section.rank}. {heading}")
    return JOINT.join([*parts, f"## {labels.TALK_CONTENTS}", "\n".join(contents)])


def _summary(talk: Talk, edition: Edition, text: TalkText) -> list[str]:
    if edition.introduction_failure:
        return [labels.TALK_SUMMARY_FAILED.format(reason=edition.introduction_failure)]
    return summary_blocks(talk, text) or [labels.TALK_SUMMARY_WAITS]


def _moment(talk: Talk, start_s: float | None) -> str:
    return "" if talk.video_id is None or start_s is None else f" ({time_link(talk.video_id, start_s)})"


def _read_summary(
    known: Sequence[Passage], spoken: Mapping[int, Spoken], omitted: frozenset[int]
) -> tuple[str, tuple[Point, ...], str]:
    passage = next((passage for passage in known if passage.kind == passages.OVERVIEW), None)
    if passage is None or not passage.segments:
        return "", (), ""
    last = max(segment.paragraph for segment in passage.segments)
    own: dict[int, list[Segment]] = {}
    for segment in passage.segments:
        own.setdefault(segment.paragraph, []).append(segment)

    def shown(segments: Sequence[Segment]) -> list[tuple[Segment, Revision]]:
        pairs = [(segment, passages.current(segment)) for segment in segments if segment.id not in omitted]
        return [(segment, revision) for segment, revision in pairs if revision is not None]

    def line(segments: Sequence[Segment]) -> str:
        return compose.inline([revision for _, revision in shown(segments)]) if shown(segments) else ""

    points = []
    for number in sorted(own):
        if 0 < number < last:
            heading, *bullets = own[number]
            made = tuple((compose.inline([revision]), _start(segment, spoken)) for segment, revision in shown(bullets))
            points.append(Point(line([heading]) or None, made))
    return line(own.get(0, [])), tuple(points), line(own[last])


def _start(segment: Segment, spoken: Mapping[int, Spoken]) -> float | None:
    row = spoken.get(segment.rests_on[0]) if segment.rests_on else None
    return row.start_s if row is not None else None


def _headings(known: Sequence[Passage], talk: Talk, omitted: frozenset[int]) -> dict[int, str]:
    outline = next((passage for passage in known if passage.kind == passages.OUTLINE), None)
    segments = {segment.position: segment for segment in outline.segments} if outline is not None else {}
    found = {}
    for section in talk.sections:
        segment = segments.get(section.rank - 1)
        revision = passages.current(segment) if segment is not None and segment.id not in omitted else None
        plain = section.title or labels.TALK_SECTION.format(rank=section.rank)
        found[section.id] = compose.inline([revision]) if revision is not None else markdown.escape_inline(plain)
    return found


def _paragraphs(
    known: Sequence[Passage], section: TalkSection, spoken: Mapping[int, Spoken], omitted: frozenset[int]
) -> Iterator[str]:
    for passage in known:
        if passage.talk_section_id != section.id:
            continue
        if any(passages.current(segment) is None for segment in passage.segments):
            yield labels.TALK_FAILED.format(reason=section.failure) if section.failure else labels.TALK_WAITS
            continue
        turns = spoken[passage.id].turns
        lines: list[tuple[str, list[Revision]]] = []
        end = 0
        for segment in passage.segments:
            turn = next((turn for turn in turns if end <= turn["start"] <= segment.start), None)
            if turn is not None or not lines or "\n" in passage.source[end : segment.start]:
                lines.append((voice(turn["speaker"], turn["is_question"]) if turn else "", []))
            end = segment.end
            revision = passages.current(segment)
            if segment.id not in omitted and revision is not None:
                lines[-1][1].append(revision)
        yield from (mark + compose.inline(revisions) for mark, revisions in lines if revisions)


def voice(speaker: str, is_question: bool) -> str:
    """The mark in front of what somebody else says, with the blank behind it."""
    name = markdown.escape_inline(speaker.replace("*", ""))  # first, since it would part a mark from its backslash
    if is_question:
        return f"**{labels.TALK_QUESTION}{f' ({name})' if name and not is_label(speaker) else ''}:** "
    return f"**{name}:** " if name else f"{ANOTHER_VOICE} "


def is_label(speaker: str) -> bool:
    """Whether the transcript's name for somebody says no more than that it is a question."""
    return speaker.lower() in ("q", "question", "audience", "audience member")
