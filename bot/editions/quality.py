"""After drafting: checks, judge and repair. What is found is stored for the moderators' report.

Every paper is judged at once; then the worst sentences of the whole edition are mended, as far as the share that a
repair may change reaches, and checked again. Answers of models are kept, so a run that was stopped pays nothing twice;
what was found is stored in one transaction at the end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.editions import sheets as reading
from bot.editions.sheets import Place, Sheet
from bot.errors import BotError, TransientError
from bot.languages.ko import labels
from bot.store.tables import Edition, EditionItem, Revision, Segment, TalkSection
from bot.translation import findings as stored
from bot.translation import judging, passages, repairing
from bot.translation.asking import Desk
from bot.translation.checks.base import Finding
from bot.translation.findings import CheckedText
from bot.translation.repairing import Mended

OnProgress = Callable[[int, int, str], None]
"""Called with (done, all, what was just done)."""
Findings = dict[int, list[Finding]]
"""By segment; offsets are those of its Korean."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Improved:
    """What checks, judge and repair did.

    Attributes:
        findings: how many were stored.
        mended: segments whose text was replaced by a better one.
        waiting: papers that could not be judged or mended *now*; then nothing was stored.
        why: what one of the waiting calls met.
    """

    findings: int = 0
    mended: int = 0
    waiting: tuple[str, ...] = ()
    retry_after_s: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Answers(Generic[Result]):
    """What the models said of the papers, by rank; of each paper either a result or a failure."""

    results: Mapping[int, Result]
    failures: Mapping[int, BotError]

    @property
    def waiting(self) -> Improved | None:
        """What to come back for, if a model was busy."""
        busy = {rank: error for rank, error in self.failures.items() if isinstance(error, TransientError)}
        if not busy:
            return None
        delays = [error.retry_after_s for error in busy.values() if error.retry_after_s is not None]
        return Improved(
            waiting=tuple(f"paper {rank}" for rank in sorted(busy)),
            retry_after_s=max(delays, default=None),
            why=str(next(iter(busy.values()))),
        )


def improve(desk: Desk, edition_id: int, *, concurrency: int, on_progress: OnProgress = lambda *_: None) -> Improved:
    """Check, judge and mend what was drafted and not looked at yet. Repeatable. The caller holds the edition's lock.

    Where the judge fails, the checks alone must do, and the moderators are told so.
    """
    with desk.sessions() as session:
        everything = reading.of_edition(session, session.get_one(Edition, edition_id))
        places = {place.segment_id: place for sheet in everything for place in sheet.drafted}
        dismissed = stored.dismissed(session, list(places))
    fresh = [sheet for sheet in everything if not all(place.is_checked for place in sheet.drafted)]
    if not fresh:
        return Improved()

    def seen_by_checks(over: Mapping[int, str]) -> Findings:
        return _undismissed(reading.findings(everything, desk.termbase, over), places, over, dismissed)

    papers = [sheet for sheet in fresh if sheet.rank]
    with ThreadPoolExecutor(1, thread_name_prefix="checks") as aside:
        checked = aside.submit(seen_by_checks, {})  # while the judge reads
        judged = _ask_for_each(
            papers if desk.judge_model else [],
            concurrency,
            lambda sheet: _judge(desk, edition_id, sheet),
            lambda done, total: on_progress(done, total, "read by the judge"),
        )
        if judged.waiting:
            return judged.waiting
        said = _joined(
            [_said_before(desk, [s for s in everything if s.rank not in judged.results]), *judged.results.values()]
        )
        opinions = _undismissed(said, places, {}, dismissed)
        before = _merged(checked.result(), opinions)
    chosen = _to_mend(papers, places, before)
    mended = _ask_for_each(
        [sheet for sheet in papers if chosen.intersection(place.segment_id for place in sheet.drafted)],
        concurrency,
        lambda sheet: _mend(desk, edition_id, sheet, before, chosen),
        lambda done, total: on_progress(done, total, "asked once more"),
    )
    if mended.waiting:
        return mended.waiting

    def found_in(over: Mapping[int, str]) -> Findings:
        return _merged(seen_by_checks(over), _still_standing(opinions, places, over)) if over else before

    proposed = {key: text for one in mended.results.values() for key, (text, _) in one.items()}
    after = found_in(proposed)
    better = {
        key: (text, call)
        for one in mended.results.values()
        for key, (text, call) in one.items()
        if repairing.penalty(after.get(key, [])) < repairing.penalty(before.get(key, []))
    }
    texts = {key: text for key, (text, _) in better.items()}
    # Beside the sentences, not about them: nothing for the model to mend.
    final = _joined_with(found_in(texts), _undismissed(reading.doubtful(everything, texts), places, texts, dismissed))
    with desk.sessions.begin() as session:
        count = _store(session, desk, places, better, final)
        for sheet in papers:
            failed = labels.JUDGE_FAILED if sheet.rank in judged.failures else None
            of = EditionItem if sheet.paper_id is not None else TalkSection
            session.execute(update(of).where(of.id == sheet.item_id).values(judge_failure=failed))
    return Improved(count, len(better))


def _ask_for_each(
    sheets: Sequence[Sheet],
    concurrency: int,
    ask: Callable[[Sheet], Result],
    on_progress: Callable[[int, int], None],
) -> _Answers[Result]:
    results: dict[int, Result] = {}
    failures: dict[int, BotError] = {}
    with ThreadPoolExecutor(concurrency, thread_name_prefix="quality") as pool:
        jobs = {pool.submit(ask, sheet): sheet.rank for sheet in sheets}
        for done, job in enumerate(as_completed(jobs), 1):
            try:
                results[jobs[job]] = job.result()
            except BotError as exc:  # also without key or money: the draft is there, and the checks have read it
                failures[jobs[job]] = exc
            on_progress(done, len(jobs))
    return _Answers(results, failures)


def _judge(desk: Desk, edition_id: int, sheet: Sheet) -> Findings:
    said = judging.judge_paper(desk, sheet.drafts, edition_id=edition_id, paper_id=sheet.paper_id)
    return {place.segment_id: said[place.short_id] for place in sheet.drafted if place.short_id in said}


def _said_before(desk: Desk, unread: Sequence[Sheet]) -> Findings:
    """What the judge said of these sheets earlier, where the text is the same still."""
    with desk.sessions() as session:
        known = stored.open_of(session, [place.segment_id for sheet in unread for place in sheet.drafted])
    return {key: [stored.finding_of(row) for row in rows if row.check == judging.JUDGE] for key, rows in known.items()}


def _mend(
    desk: Desk, edition_id: int, sheet: Sheet, found: Findings, chosen: set[int]
) -> dict[int, tuple[str, Mended]]:
    places = [place for place in sheet.drafted if place.segment_id in chosen]
    drafts = [(judging.Draft(place.short_id, place.source, place.target), found[place.segment_id]) for place in places]
    mended = repairing.mend(desk, drafts, edition_id=edition_id, paper_id=sheet.paper_id)
    return {place.segment_id: (mended.texts[place.short_id], mended) for place in places}


def _to_mend(papers: Sequence[Sheet], places: Mapping[int, Place], found: Findings) -> set[int]:
    """The worst segments among those not looked at before, within the share of the edition that may change."""
    fresh = {place.segment_id for sheet in papers for place in sheet.drafted if not place.is_checked}
    lengths = {key: len(place.target) for key, place in places.items()}
    return set(repairing.worst_first({key: found[key] for key in fresh & found.keys()}, lengths))


def _joined_with(found: Findings, more: Findings) -> Findings:
    return {key: [*found.get(key, []), *more.get(key, [])] for key in found.keys() | more.keys()}


def _joined(parts: Iterable[Findings]) -> Findings:
    return {key: said for part in parts for key, said in part.items()}


def _undismissed(
    found: Findings, places: Mapping[int, Place], over: Mapping[int, str], dismissed: set[tuple[int, str]]
) -> Findings:
    def text_of(key: int) -> str:
        return over.get(key, places[key].target)

    return {
        key: [one for one in said if (key, stored.fingerprint(one, text_of(key))) not in dismissed]
        for key, said in found.items()
    }


def _merged(by_checks: Findings, by_judge: Findings) -> Findings:
    """Both; of two about the same words the check's, or the judge's if it alone has a proposal."""
    merged = {key: list(said) for key, said in by_checks.items()}
    for key, said in by_judge.items():
        known = merged.setdefault(key, [])
        for one in said:
            same = [other for other in known if other.start < one.end and one.start < other.end]
            if not same:
                known.append(one)
            elif one.suggestion is not None and all(other.suggestion is None for other in same):
                gravest = max((one, *same), key=lambda finding: repairing.WEIGHTS[finding.severity]).severity
                known[:] = [other for other in known if other not in same]
                known.append(replace(one, severity=gravest))
    return merged


def _still_standing(opinions: Findings, places: Mapping[int, Place], over: Mapping[int, str]) -> Findings:
    """What the judge said, where the words it is about stand in the new text too."""
    standing: Findings = {}
    for key, said in opinions.items():
        for one in said:
            words = places[key].target[one.start : one.end]
            start = over[key].find(words) if key in over else one.start
            if start >= 0:
                standing.setdefault(key, []).append(replace(one, start=start, end=start + len(words)))
    return standing


def _store(
    session: Session,
    desk: Desk,
    places: Mapping[int, Place],
    better: Mapping[int, tuple[str, Mended]],
    found: Findings,
) -> int:
    checked = []
    for key, place in places.items():
        revision_id, text = place.revision_id, place.target
        if key in better:
            text, mended = better[key]
            replaced = passages.add_revision(
                session,
                session.get_one(Segment, key),
                text,
                author_kind="model",
                author=mended.model,
                reason="mended after checks",
                replacing=session.get_one(Revision, place.revision_id),
                prompt_version=mended.prompt_version,
                model_call_id=mended.call_id,
            )
            if not replaced:
                continue  # a person was faster
            current = passages.current(session.get_one(Segment, key))
            assert current is not None
            revision_id = current.id
        checked.append(CheckedText(key, revision_id, text, found.get(key, [])))
    stored.store(session, checked, desk.now())
    return sum(len(one.findings) for one in checked)
