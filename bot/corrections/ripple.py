"""The same mistake elsewhere: found by an index over all current texts, offered as one batch, applied post by post.

    correction applied ──offer──> whisper with examples ──수락──> apply_next, topic by topic, as the day's budget allows

Every step can be repeated: a sentence is offered once for a correction; a text that changed meanwhile is left alone.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections import lifecycle
from bot.corrections.rule import Rule, rules
from bot.editions import markdown
from bot.forum import notices
from bot.languages.ko import corrections as words
from bot.languages.ko import particles
from bot.languages.ko.renderings import Renderings
from bot.store.tables import Correction, EditionItem, Passage, Revision, Ripple, Segment, Sighting, Topic
from bot.translation import passages
from bot.translation.checks import pairing, run
from bot.translation.checks.base import Severity
from bot.translation.termbase import Termbase

MOST_IN_BATCH = 300
"""Sentences offered at once; when these are applied, the next are."""
MOST_LOOKED_AT = 5_000
EXAMPLES = 5
_WORD = re.compile(r"[가-힣A-Za-z0-9]+")

_SEARCH = text("""
    select revisions.id, revisions.segment_id, revisions.text, revisions.is_markdown, segments.source
    from revisions join segments on segments.id = revisions.segment_id
    where revisions.current and to_tsvector('simple', revisions.text) @@ to_tsquery('simple', :words)
      and position(:squeezed in replace(lower(revisions.text), ' ', '')) > 0
    limit :most
""")


@dataclass(frozen=True, slots=True)
class Hit:
    """A stored sentence with the mistake, and what it would become."""

    segment_id: int
    revision_id: int
    source: str
    before: str
    after: str


def find(session: Session, rule: Rule, termbase: Termbase) -> list[Hit]:
    """All current texts that hold the rule's old words, where the English is about the same; at most `MOST_LOOKED_AT`.

    An index finds the words; a look at each text then leaves out those where they are part of other words.
    """
    prefixes = [f"{word}:*" for word in _WORD.findall(rule.old.lower())]
    if not prefixes:
        return []
    found = session.execute(
        _SEARCH,
        {
            "words": " & ".join(prefixes),
            "squeezed": "".join(rule.old.lower().split()),
            "most": MOST_LOOKED_AT,
        },
    )
    finder = Renderings([rule.old])
    hits = []
    for row in found:
        after = replaced(row.text, rule, finder, is_markdown=row.is_markdown)
        if after != row.text and _is_about(rule, row.source, termbase):
            hits.append(Hit(row.segment_id, row.id, row.source, row.text, after))
    return sorted(hits, key=lambda hit: hit.segment_id)


def replaced(korean: str, rule: Rule, finder: Renderings, *, is_markdown: bool) -> str:
    """The text with the rule's words exchanged wherever they stand as words, and the particles after them adjusted."""
    new = markdown.escape_inline(rule.new) if is_markdown else rule.new
    found = {(hit.start, hit.end) for hit in finder.find(korean) if hit.whole}
    for start, end in sorted(found, reverse=True):
        if not korean[start : end + len(new)].startswith(new):  # what is right already may begin with the old words
            korean = particles.replace(korean, start, end, new)
    return korean


def offer(session: Session, correction: Correction, termbase: Termbase) -> int:
    """Offer moderators to mend what has the correction's mistake too; how many sentences. The caller commits."""
    before, after = _texts(session, correction)
    segment = session.get_one(Segment, correction.segment_id)
    found: dict[int, tuple[Rule, Hit]] = {}
    for rule in rules(segment.source, before, after, termbase):
        for hit in find(session, rule, termbase):
            if hit.segment_id != segment.id:
                found.setdefault(hit.segment_id, (rule, hit))
    known = set(session.scalars(select(Ripple.segment_id).where(Ripple.correction_id == correction.id)))
    fresh = [one for segment_id, one in sorted(found.items()) if segment_id not in known][:MOST_IN_BATCH]
    good, left_out = _checked(fresh, termbase)
    if not good:
        return 0
    topics = _topics_of(session, [hit.segment_id for _, hit in good])
    notice_id = _tell(session, correction, good, left_out, topics)
    rows = [
        {
            "correction_id": correction.id,
            "segment_id": hit.segment_id,
            "topic_id": topics.get(hit.segment_id),
            "base_revision_id": hit.revision_id,
            "text": hit.after,
            "state": "offered",
            "notice_id": notice_id,
        }
        for _, hit in good
    ]
    session.execute(insert(Ripple).values(rows).on_conflict_do_nothing())
    return len(rows)


def next_topic(session: Session) -> tuple[bool, int | None]:
    """Whether accepted sentences wait, and the topic whose turn it is (None: those that stand on no page)."""
    row = session.execute(
        select(Ripple.topic_id).where(Ripple.state == "accepted").order_by(Ripple.topic_id.nulls_first()).limit(1)
    ).one_or_none()
    return (False, None) if row is None else (True, row.topic_id)


def apply_topic(session: Session, topic_id: int | None, *, now: dt.datetime) -> list[int]:
    """Store the accepted sentences of one topic; the topics whose pages have to follow. The caller commits."""
    mine = Ripple.topic_id.is_(None) if topic_id is None else Ripple.topic_id == topic_id
    waiting = session.scalars(
        select(Ripple).where(Ripple.state == "accepted", mine).order_by(Ripple.id).with_for_update()
    ).all()
    touched = []
    for one in waiting:
        segment = session.get_one(Segment, one.segment_id)
        present = passages.current(segment)
        is_same = present is not None and present.id == one.base_revision_id
        if is_same and _stored(session, one, segment, present):
            one.state, one.applied_at = "applied", now
            touched.append(one.segment_id)
        else:
            one.state = "stale"
    session.flush()
    return sorted(set(_all_topics_of(session, touched)))


def finished(session: Session) -> list[Correction]:
    """Corrections whose last batch was full and is done, so that there may be more of the same mistake."""
    open_states = ("offered", "accepted")
    full = (
        select(Ripple.correction_id)
        .group_by(Ripple.correction_id, Ripple.notice_id)
        .having(func.count(Ripple.id) >= MOST_IN_BATCH, func.bool_or(Ripple.state == "applied"))
    )
    busy = select(Ripple.correction_id).where(Ripple.state.in_(open_states))
    return list(
        session.scalars(
            select(Correction).where(
                Correction.id.in_(full), Correction.id.not_in(busy), Correction.state.in_(lifecycle.DONE)
            )
        )
    )


def _is_about(rule: Rule, source: str, termbase: Termbase) -> bool:
    """Whether the English speaks of the same; where nobody knows which English it is, moderators see for themselves."""
    if rule.english is None:
        return True
    if any(rule.english in mention.term.sources for mention in termbase.mentions(source)):
        return True
    return re.search(rf"(?<!\w){re.escape(rule.english)}s?(?!\w)", source, re.IGNORECASE) is not None


def _checked(found: Sequence[tuple[Rule, Hit]], termbase: Termbase) -> tuple[list[tuple[Rule, Hit]], int]:
    """Those that the checks have no more serious complaints about than before, and how many others there were."""
    good = [
        (rule, hit)
        for rule, hit in found
        if _serious(hit.source, hit.after, termbase) <= _serious(hit.source, hit.before, termbase)
    ]
    return good, len(found) - len(good)


def _serious(source: str, korean: str, termbase: Termbase) -> int:
    (found,) = run.find_all([pairing.of_segments("", [(source, korean)])], termbase)
    return sum(finding.severity is not Severity.MINOR for finding in found)


def _tell(
    session: Session,
    correction: Correction,
    good: Sequence[tuple[Rule, Hit]],
    left_out: int,
    topics: dict[int, int],
) -> int:
    rule = good[0][0]
    rows = session.execute(select(Topic.id, Topic.title).where(Topic.id.in_(set(topics.values()))))
    titles = {row.id: row.title for row in rows}
    lines = []
    for _, hit in good[:EXAMPLES]:
        where = titles.get(topics.get(hit.segment_id, 0)) or words.RIPPLE_NOWHERE
        shown = words.RIPPLE_EXAMPLE.format(where=markdown.escape_inline(where), text=markdown.escape_inline(hit.after))
        lines.append(shown)
    if len(good) > EXAMPLES:
        lines.append(words.RIPPLE_MORE.format(count=len(good) - EXAMPLES))
    head = words.RIPPLE_HEAD.format(
        old=markdown.escape_inline(rule.old), new=markdown.escape_inline(rule.new), count=len(good)
    )
    blocks = [head, "\n".join(lines)]
    if left_out:
        blocks.append(words.RIPPLE_LEFT_OUT.format(count=left_out))
    blocks.append(words.RIPPLE_HOW)
    # The first of its sentences tells one batch from the next.
    key = f"ripple-{correction.id}-{good[0][1].segment_id}"
    return notices.plan(session, correction.topic_id, key, "ripple", "\n\n".join(blocks))


def _stored(session: Session, one: Ripple, segment: Segment, present: Revision | None) -> bool:
    return passages.add_revision(
        session,
        segment,
        one.text,
        author_kind="reader",
        author=", ".join(_reporters(session, one.correction_id)) or "reader",
        reason=f"the same as correction {one.correction_id}, accepted by {one.decided_by}",
        is_markdown=present.is_markdown if present is not None else False,
        replacing=present,
    )


def _reporters(session: Session, correction_id: int) -> list[str]:
    correction = session.get_one(Correction, correction_id)
    return list(dict.fromkeys(report.comment.author for report in correction.reports))


def _texts(session: Session, correction: Correction) -> tuple[str, str]:
    base = session.get_one(Revision, correction.base_revision_id)
    after = session.get_one(Revision, correction.revision_id) if correction.revision_id is not None else base
    return base.text, after.text


def _topics_of(session: Session, segment_ids: Sequence[int]) -> dict[int, int]:
    """By segment: the newest topic that shows it."""
    return dict(sorted(_showing(session, segment_ids)))


def _all_topics_of(session: Session, segment_ids: Sequence[int]) -> list[int]:
    return [topic_id for _, topic_id in _showing(session, segment_ids)]


def _showing(session: Session, segment_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of a segment and a topic of the forum whose article it belongs to."""
    if not segment_ids:
        return
    of_papers = (
        select(Segment.id, Topic.id)
        .join(Passage, Passage.id == Segment.passage_id)
        .join(Sighting, (Sighting.paper_id == Passage.paper_id) | (Sighting.id == Passage.sighting_id))
        .join(EditionItem, EditionItem.sighting_id == Sighting.id)
        .join(Topic, Topic.edition_id == EditionItem.edition_id)
    )
    of_editions = (
        select(Segment.id, Topic.id)
        .join(Passage, Passage.id == Segment.passage_id)
        .join(Topic, Topic.edition_id == Passage.edition_id)
    )
    for query in (of_papers, of_editions):
        rows = session.execute(query.where(Segment.id.in_(segment_ids), Topic.discourse_id.is_not(None)).distinct())
        yield from ((segment_id, topic_id) for segment_id, topic_id in rows)
