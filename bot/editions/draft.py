"""From a collected edition to Korean for every segment: which texts lack one, and asking for all of them at once.

Sentences that the translation memory knows are taken over and not asked. When all is drafted, checks and judge read it
(`quality.py`).

Papers are drafted in parallel. The first call goes ahead until its answer begins: from that moment its system prompt is
in the provider's cache, and the others, released then, pay a tenth for it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import lifecycle, quality
from bot.editions.quality import Improved
from bot.errors import BotError, RejectedError, TransientError
from bot.languages.ko import labels
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Passage, Revision, Segment
from bot.translation import calls, drafting, memory, passages
from bot.translation.answers import (
    AnswerCutError,
    AnswerInvalidError,
    AnswerRefusedError,
    ModelAccessError,
    RequestRefusedError,
)
from bot.translation.asking import Desk
from bot.translation.checks import run
from bot.translation.drafting import Again, IntroducedPaper, Introduction, SourceSegment, Translation
from bot.translation.memory import Match
from bot.translation.passages import FirstDraft

_HOPELESS = (ModelAccessError, calls.SpendingCapError)
"""After one of these no other call would fare better."""

OnProgress = Callable[[int, int, str], None]
"""Called with (done, all, what was just done)."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a drafting run did.

    Attributes:
        asked: papers (and the introduction) that needed a draft.
        failed: ranks that could not be drafted, with the reason for moderators; 0 is the introduction.
        waiting: what could not be drafted or checked *now*; empty when the edition is complete or has only failures.
        retry_after_s: when the model asked to come back, if it said so.
        why: what one of the waiting calls met.
    """

    asked: int
    failed: dict[int, str]
    waiting: tuple[str, ...] = ()
    retry_after_s: float | None = None
    why: str = ""
    remembered: int = 0
    """Segments taken over from the translation memory."""
    improved: Improved = field(default_factory=Improved)


@dataclass(frozen=True, slots=True)
class _Work:
    """One paper's missing Korean: what to ask, and which segment each id stands for."""

    rank: int
    item_id: int
    paper_id: int
    label: str
    title: str | None
    segments: tuple[SourceSegment, ...]
    segment_ids: dict[str, int]
    references: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class _Signals:
    """What the calls of one run tell each other."""

    prefix_cached: threading.Event = field(default_factory=threading.Event)
    """The first paper's answer has begun (or failed): the others may ask."""
    hopeless: threading.Event = field(default_factory=threading.Event)
    """No call can work now: none is begun any more."""


def draft(desk: Desk, edition_id: int, *, concurrency: int, on_progress: OnProgress = lambda *_: None) -> Drafted:
    """Draft what the edition still lacks and store it, each answer as soon as it is there. Repeatable.

    A paper that cannot be drafted is marked, visible in the post, and does not stop the others.

    Raises:
        ConflictError: another process is drafting this edition.
        ModelAccessError, SpendingCapError: no call can work now; what was drafted before is kept.
    """
    with locks.held(desk.sessions, f"edition {edition_id}"):
        calls.settle_lost(desk.sessions, edition_id)
        with desk.sessions.begin() as session:
            edition = session.get_one(Edition, edition_id)
            if edition.state == "collecting":
                raise RejectedError(
                    f"Edition {edition.series} {edition.period} is not collected yet: "
                    f"run `paperbot collect {edition.series} --period {edition.period}` first."
                )
            if edition.state not in ("drafting", "checked", "submitted"):
                return Drafted(0, {})
            known = passages.load_all(session, edition)
            remembered = _remember(session, known)
            works = _once([work for item in edition.items if (work := _missing(known, item))])
            works = [replace(work, references=_references(session, work)) for work in works]
            papers = _introduced(edition) if passages.introduction_of(known) is None else []
        outcome = replace(_run(desk, edition_id, works, papers, concurrency, on_progress), remembered=remembered)
        if outcome.waiting:
            return outcome
        improved = quality.improve(desk, edition_id, concurrency=concurrency, on_progress=on_progress)
        if improved.waiting:
            return replace(outcome, waiting=improved.waiting, retry_after_s=improved.retry_after_s, why=improved.why)
        _finish(desk.sessions, edition_id)
        return replace(outcome, improved=improved)


def _remember(session: Session, known: Sequence[Passage]) -> int:
    """Give segments without Korean what was approved for the same English elsewhere; how many there were."""
    lacking = [
        segment
        for passage in known
        for segment in passage.segments
        if segment.source and passages.current(segment) is None
    ]
    matches = memory.exact(session, [segment.source_hash for segment in lacking])
    found = [(segment, matches[segment.source_hash]) for segment in lacking if segment.source_hash in matches]
    for segment, match in found:
        passages.add_revision(
            session,
            segment,
            match.target,
            author_kind="memory",
            author=match.author,
            reason="translation memory",
            replacing=None,
        )
    return len(found)


def _references(session: Session, work: _Work) -> tuple[Match, ...]:
    return tuple(memory.near(session, [segment.text for segment in work.segments]))


@dataclass(frozen=True, slots=True)
class Redrafted:
    """What became of papers that were to be drafted again.

    Attributes:
        changed: segments that have a new text.
        kept: segments left alone because a person wrote them.
        failed: ranks that could not be drafted, with the reason for moderators.
    """

    changed: int
    kept: int
    failed: dict[int, str]


def redraft(desk: Desk, edition_id: int, ranks: Sequence[int], again: Again) -> Redrafted:
    """Draft papers once more, all but the sentences that a person wrote. Repeatable: the same attempt is paid once.

    Raises: as `draft`; TransientError if the model is busy.
    """
    changed = kept = 0
    failed: dict[int, str] = {}
    with locks.held(desk.sessions, f"edition {edition_id}"):
        for rank in ranks:
            with desk.sessions() as session:
                edition = session.get_one(Edition, edition_id)
                item = next(item for item in edition.items if item.rank == rank)
                known = passages.load_all(session, edition)
                work = _missing(known, item, also_drafted=True)
                kept += _count_of_people(known, item)
                before = _present(known, work)
            if work is None:
                continue
            try:
                translation = drafting.translate_paper(
                    desk,
                    title=work.title,
                    segments=work.segments,
                    edition_id=edition_id,
                    paper_id=work.paper_id,
                    cached_prefix=False,
                    again=again,
                )
            except _HOPELESS:
                raise
            except RejectedError as exc:
                failed[rank] = _reason(exc)
                continue
            with desk.sessions.begin() as session:
                changed += _replace_drafts(session, work, translation, before)
        # The new text is in the store whatever becomes of this; a busy judge is asked at the next draft.
        quality.improve(desk, edition_id, concurrency=len(ranks))
    return Redrafted(changed, kept, failed)


def _count_of_people(known: Sequence[Passage], item: EditionItem) -> int:
    """How many of the paper's segments have a person's text."""
    own = [p for p in known if p.paper_id == item.sighting.paper_id or p.sighting_id == item.sighting_id]
    revisions = [passages.current(segment) for passage in own for segment in passage.segments]
    return sum(revision is not None and revision.author_kind != "model" for revision in revisions)


def _present(known: Sequence[Passage], work: _Work | None) -> dict[int, int]:
    """By segment: the id of its current revision, for the segments that are asked again."""
    asked = set(work.segment_ids.values()) if work else set()
    return {
        segment.id: revision.id
        for passage in known
        for segment in passage.segments
        if segment.id in asked and (revision := passages.current(segment)) is not None
    }


def _replace_drafts(session: Session, work: _Work, translation: Translation, before: dict[int, int]) -> int:
    texts = dict(translation.texts) | ({"title": translation.title} if translation.title is not None else {})
    changed = 0
    for short_id, text in texts.items():
        segment = session.get_one(Segment, work.segment_ids[short_id])
        replacing = session.get(Revision, before.get(segment.id, 0))
        if replacing is not None and replacing.text == text:
            continue
        changed += passages.add_revision(
            session,
            segment,
            text,
            author_kind="model",
            author=translation.model,
            reason="drafted again",
            replacing=replacing,
            prompt_version=translation.prompt_version,
            model_call_id=translation.call_ids[short_id],
        )
    session.execute(update(EditionItem).where(EditionItem.id == work.item_id).values(failure=None))
    return changed


def _run(
    desk: Desk,
    edition_id: int,
    works: list[_Work],
    papers: list[IntroducedPaper],
    concurrency: int,
    on_progress: OnProgress,
) -> Drafted:
    total = len(works) + bool(papers)
    if not total:
        return Drafted(0, {})
    signals = _Signals()
    jobs: dict[Future[None], tuple[int, str]] = {}
    # The longest paper goes ahead, so that waiting for the cache does not lengthen the whole.
    ordered = sorted(works, key=lambda work: -sum(len(segment.text) for segment in work.segments))
    threading.Thread(target=_load_checks, args=(signals,), name="load-checks", daemon=True).start()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="draft") as pool:
        if papers:
            jobs[pool.submit(_draft_introduction, desk, edition_id, papers, signals)] = (0, "introduction")
        for place, work in enumerate(ordered):
            job = pool.submit(_draft_paper, desk, edition_id, work, signals, place == 0, len(ordered) > 1)
            jobs[job] = (work.rank, work.label)
        failed: dict[int, str] = {}
        waiting: list[str] = []
        retry_after_s: float | None = None
        why = ""
        stop: BotError | None = None
        try:
            for done, job in enumerate(as_completed(jobs), 1):
                rank, name = jobs[job]
                error = job.exception()
                if isinstance(error, _HOPELESS):
                    stop = stop or error
                    continue
                if isinstance(error, TransientError):
                    waiting.append(name)
                    why = str(error)
                    if error.retry_after_s is not None:
                        retry_after_s = max(retry_after_s or 0.0, error.retry_after_s)
                elif isinstance(error, RejectedError):
                    failed[rank] = _reason(error)
                    _mark(desk.sessions, edition_id, rank, failed[rank])
                elif error is not None:
                    raise error
                if not signals.hopeless.is_set():
                    on_progress(done, total, name)
        except BaseException:  # Ctrl-C above all: what waits at the gate shall not begin a paid call any more
            signals.hopeless.set()
            signals.prefix_cached.set()
            raise
    signals.prefix_cached.set()  # where there was only an introduction to write, nobody else did
    if stop is not None:
        raise stop
    return Drafted(total, failed, tuple(waiting), retry_after_s, why)


def _load_checks(signals: _Signals) -> None:
    """Load what the checks need while the model writes. It stops the whole process for most of a second, so it waits
    until all questions are on their way."""
    signals.prefix_cached.wait()
    time.sleep(1.0)
    run.warm_up()


def _draft_paper(
    desk: Desk, edition_id: int, work: _Work, signals: _Signals, is_first: bool, shares_prefix: bool
) -> None:
    if not is_first:
        signals.prefix_cached.wait()
    try:
        if signals.hopeless.is_set():
            return
        translation = drafting.translate_paper(
            desk,
            title=work.title,
            segments=work.segments,
            edition_id=edition_id,
            paper_id=work.paper_id,
            cached_prefix=shares_prefix,
            on_started=signals.prefix_cached.set,
            references=work.references,
        )
    except _HOPELESS:
        signals.hopeless.set()
        raise
    finally:
        signals.prefix_cached.set()
    with desk.sessions.begin() as session:
        _store_translation(session, work, translation)


def _draft_introduction(desk: Desk, edition_id: int, papers: list[IntroducedPaper], signals: _Signals) -> None:
    if signals.hopeless.is_set():
        return
    try:
        introduction = drafting.introduce_week(desk, papers, edition_id=edition_id)
    except _HOPELESS:
        signals.hopeless.set()
        raise
    with desk.sessions.begin() as session:
        _store_introduction(session, edition_id, introduction)


def _missing(known: Sequence[Passage], item: EditionItem, *, also_drafted: bool = False) -> _Work | None:
    """What of this paper has no Korean yet (or, `also_drafted`, none of a person's); None if all has.

    A title of one word is a name and stays as it is (formats of the published posts), so it is not asked for.
    """
    sighting, paper = item.sighting, item.sighting.paper
    title_passage = passages.find(known, "title", paper.title, paper_id=paper.id)
    texts = [("d", passages.find(known, "description", sighting.description, sighting_id=sighting.id))]
    if paper.abstract:
        texts.append(("a", passages.find(known, "abstract", paper.abstract, paper_id=paper.id)))
    title = None
    segment_ids: dict[str, int] = {}
    if title_passage is not None and not passages.is_name_only(paper.title):
        (segment,) = title_passage.segments
        if _is_wanted(segment, also_drafted):
            title, segment_ids["title"] = paper.title, segment.id
    asked: list[SourceSegment] = []
    for letter, passage in texts:
        for segment in passage.segments if passage else ():
            if _is_wanted(segment, also_drafted):
                short_id = f"{letter}{segment.position + 1}"
                asked.append(SourceSegment(short_id, segment.source))
                segment_ids[short_id] = segment.id
    if not segment_ids:
        return None
    return _Work(item.rank, item.id, paper.id, sighting.label, title, tuple(asked), segment_ids)


def _once(works: Sequence[_Work]) -> list[_Work]:
    """The works without what an earlier one asks already: a list may name the same paper twice."""
    asked: set[int] = set()
    once = []
    for work in works:
        own = {short_id: segment_id for short_id, segment_id in work.segment_ids.items() if segment_id not in asked}
        asked |= set(own.values())
        if own:
            segments = tuple(segment for segment in work.segments if segment.id in own)
            once.append(replace(work, title=work.title if "title" in own else None, segments=segments, segment_ids=own))
    return once


def _is_wanted(segment: Segment, also_drafted: bool) -> bool:
    revision = passages.current(segment)
    return revision is None or (also_drafted and revision.author_kind == "model")


def _introduced(edition: Edition) -> list[IntroducedPaper]:
    return [
        IntroducedPaper(
            rank=item.rank,
            label=item.sighting.label,
            title=item.sighting.paper.title,
            description=item.sighting.description,
            abstract=item.sighting.paper.abstract,
        )
        for item in edition.items
    ]


def _store_translation(session: Session, work: _Work, translation: Translation) -> None:
    texts = dict(translation.texts)
    if translation.title is not None:
        texts["title"] = translation.title
    passages.add_first_revisions(
        session,
        [
            FirstDraft(
                work.segment_ids[short_id],
                text,
                translation.model,
                translation.prompt_version,
                translation.call_ids[short_id],
            )
            for short_id, text in texts.items()
        ],
    )
    session.execute(update(EditionItem).where(EditionItem.id == work.item_id).values(failure=None))


def _store_introduction(session: Session, edition_id: int, introduction: Introduction) -> None:
    passage_id = session.scalar(
        insert(Passage)
        .values(kind=passages.INTRODUCTION, source="", source_hash=passages.text_hash(""), edition_id=edition_id)
        .on_conflict_do_nothing()
        .returning(Passage.id)
    )
    if passage_id is None:
        return  # another process was first; its introduction stays
    session.execute(update(Edition).where(Edition.id == edition_id).values(introduction_failure=None))
    edition = session.get_one(Edition, edition_id)
    sighting_ids = {item.rank: item.sighting_id for item in edition.items}
    sentences = [
        (number, sentence) for number, paragraph in enumerate(introduction.paragraphs) for sentence in paragraph
    ]
    segments = [
        Segment(
            passage_id=passage_id,
            position=position,
            start=0,
            end=0,
            source="",
            source_hash=passages.text_hash(""),
            paragraph=number,
            rests_on=[sighting_ids[rank] for rank in sentence.ranks],
        )
        for position, (number, sentence) in enumerate(sentences)
    ]
    session.add_all(segments)
    session.flush()
    passages.add_first_revisions(
        session,
        [
            FirstDraft(segment.id, sentence.text, introduction.model, introduction.prompt_version, introduction.call_id)
            for segment, (_, sentence) in zip(segments, sentences, strict=True)
        ],
    )


def _mark(sessions: Sessions, edition_id: int, rank: int, reason: str) -> None:
    """Note a failure where the post will show it; rank 0 is the introduction."""
    with sessions.begin() as session:
        if rank == 0:
            session.execute(update(Edition).where(Edition.id == edition_id).values(introduction_failure=reason))
            return
        session.execute(
            update(EditionItem)
            .where(EditionItem.edition_id == edition_id, EditionItem.rank == rank)
            .values(failure=reason)
        )


def _reason(error: RejectedError) -> str:
    """Why a draft failed, for moderators."""
    match error:
        case AnswerRefusedError():
            return labels.REFUSED
        case AnswerCutError():
            return labels.CUT
        case AnswerInvalidError():
            return labels.UNUSABLE
        case RequestRefusedError():
            return labels.REQUEST_REFUSED
        case _:
            return labels.ODD_ANSWER


def _finish(sessions: Sessions, edition_id: int) -> None:
    with sessions.begin() as session:
        edition = session.get_one(Edition, edition_id)
        if edition.state == "drafting":
            lifecycle.move(session, edition, "checked", actor="paperbot", reason="every paper drafted or marked")
