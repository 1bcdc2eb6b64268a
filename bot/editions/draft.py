"""From a collected edition to Korean for every segment: which texts lack one, and asking for all of them at once.

Sentences that the translation memory knows are taken over and not asked. When all is drafted, checks and judge read it
(`quality.py`).

Papers are drafted in parallel. The first call goes ahead until its answer begins: from that moment its system prompt is
in the provider's cache, and the others, released then, pay a tenth for it.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.editions import lifecycle, quality, series
from bot.editions.quality import Improved
from bot.errors import BotError, RejectedError, TransientError
from bot.languages.ko import labels
from bot.store import locks
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Passage, Revision
from bot.translation import calls, memory, passages
from bot.translation.answers import (
    AnswerCutError,
    AnswerInvalidError,
    AnswerRefusedError,
    ModelAccessError,
    RequestRefusedError,
)
from bot.translation.asking import Desk
from bot.translation.checks import run
from bot.translation.drafting import Again

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
class Task:
    """One question to the model: what has no Korean yet, and how to get it.

    Attributes:
        rank: the paper's; 0 for what belongs to the edition itself.
        name: what people call it.
        length: characters of what is asked; the longest is asked first.
        ask: ask, and store the answer. Gets whether others share its system prompt soon (so that it pays to cache it),
            and what to call when the answer begins to arrive.
        shares_prefix: whether its system prompt is that of the others.
    """

    rank: int
    name: str
    length: int
    ask: Callable[[bool, Callable[[], None]], None]
    shares_prefix: bool = True


@dataclass(frozen=True, slots=True)
class Redone:
    """What became of one paper that was drafted again: segments with a new text, and those a person wrote."""

    changed: int
    kept: int


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
            of = series.of(edition)
            remembered = _take_over(session, passages.load_all(session, edition), of.kinds)
            remembered += _remember(session, passages.load_all(session, edition, of.kinds))
            tasks = of.tasks(session, desk, edition)
        outcome = replace(_run(desk.sessions, edition_id, tasks, concurrency, on_progress), remembered=remembered)
        if outcome.waiting:
            return outcome
        improved = quality.improve(desk, edition_id, concurrency=concurrency, on_progress=on_progress)
        if improved.waiting:
            return replace(outcome, waiting=improved.waiting, retry_after_s=improved.retry_after_s, why=improved.why)
        _finish(desk.sessions, edition_id)
        return replace(outcome, improved=improved)


def _take_over(session: Session, known: Sequence[Passage], kinds: Collection[str]) -> int:
    """Give segments without Korean what the same sentence has in another text of the same paper; how many that were.

    A paper of a daily edition that a weekly one lists later is not translated twice, published or not.
    """
    there: dict[tuple[int, str], Revision] = {}
    for passage in known:
        for segment in passage.segments if passage.paper_id else ():
            revision = passages.current(segment)
            if revision is not None and segment.source and not revision.is_markdown:
                there.setdefault((passage.paper_id or 0, segment.source_hash), revision)
    lacking = [
        (segment, there[passage.paper_id, segment.source_hash])
        for passage in known
        if passage.kind in kinds and passage.paper_id
        for segment in passage.segments
        if passages.current(segment) is None and (passage.paper_id, segment.source_hash) in there
    ]
    return sum(passages.take_over(session, segment, revision) for segment, revision in lacking)


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
        with desk.sessions() as session:
            of = series.of(session.get_one(Edition, edition_id))
        for rank in ranks:
            try:
                done = of.redraft(desk, edition_id, rank, again)
            except _HOPELESS:
                raise
            except RejectedError as exc:
                failed[rank] = reason_of(exc)
                continue
            changed += done.changed
            kept += done.kept
        # The new text is in the store whatever becomes of this; a busy judge is asked at the next draft.
        quality.improve(desk, edition_id, concurrency=len(ranks))
    return Redrafted(changed, kept, failed)


def _run(
    sessions: Sessions, edition_id: int, tasks: Sequence[Task], concurrency: int, on_progress: OnProgress
) -> Drafted:
    if not tasks:
        return Drafted(0, {})
    signals = _Signals()
    jobs: dict[Future[None], tuple[int, str]] = {}
    # The longest goes ahead, so that waiting for the cache does not lengthen the whole.
    sharing = sorted((task for task in tasks if task.shares_prefix), key=lambda task: -task.length)
    alone = [task for task in tasks if not task.shares_prefix]
    threading.Thread(target=_load_checks, args=(signals,), name="load-checks", daemon=True).start()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="draft") as pool:
        for task in alone:
            jobs[pool.submit(_ask_alone, task, signals)] = (task.rank, task.name)
        for place, task in enumerate(sharing):
            job = pool.submit(_ask, task, signals, place == 0, len(sharing) > 1)
            jobs[job] = (task.rank, task.name)
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
                    failed[rank] = reason_of(error)
                    _mark(sessions, edition_id, rank, failed[rank])
                elif error is not None:
                    raise error
                if not signals.hopeless.is_set():
                    on_progress(done, len(tasks), name)
        except BaseException:  # Ctrl-C above all: what waits at the gate shall not begin a paid call any more
            signals.hopeless.set()
            signals.prefix_cached.set()
            raise
    signals.prefix_cached.set()  # where there was only an introduction to write, nobody else did
    if stop is not None:
        raise stop
    return Drafted(len(tasks), failed, tuple(waiting), retry_after_s, why)


def _load_checks(signals: _Signals) -> None:
    """Load what the checks need while the model writes. It stops the whole process for most of a second, so it waits
    until all questions are on their way."""
    signals.prefix_cached.wait()
    time.sleep(1.0)
    run.warm_up()


def _ask(task: Task, signals: _Signals, is_first: bool, has_others: bool) -> None:
    if not is_first:
        signals.prefix_cached.wait()
    try:
        if signals.hopeless.is_set():
            return
        task.ask(has_others, signals.prefix_cached.set)
    except _HOPELESS:
        signals.hopeless.set()
        raise
    finally:
        signals.prefix_cached.set()


def _ask_alone(task: Task, signals: _Signals) -> None:
    if signals.hopeless.is_set():
        return
    try:
        task.ask(False, lambda: None)
    except _HOPELESS:
        signals.hopeless.set()
        raise


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


def reason_of(error: RejectedError) -> str:
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
