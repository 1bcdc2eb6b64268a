"""Measuring models and prompts with evidence: the same texts drafted by each, compared with references and by checks.

A variant is a model with a folder of prompts. Texts are drafted as in production, without judge and repair, so that the
figures are those of the draft itself. Answers are kept like all others: the same variant again costs nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, select

from bot.errors import RejectedError
from bot.store.engine import Sessions
from bot.store.tables import ModelCall, ReplayCase
from bot.translation import drafting
from bot.translation.asking import Desk
from bot.translation.checks import pairing, run
from bot.translation.checks.base import Text
from bot.translation.drafting import SourceSegment
from bot.translation.segments import Span, split


@dataclass(frozen=True, slots=True)
class Pair:
    """One text with its reference: `field` of paper `paper` in document `doc`."""

    doc: str
    paper: str
    field: str
    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class Variant:
    """What is measured: a model, and other prompts than the shipped ones if `prompt_folder` names them."""

    model: str
    prompt_folder: Path | None = None

    @property
    def name(self) -> str:
        """How it is called in the table."""
        return self.model if self.prompt_folder is None else f"{self.model} + {self.prompt_folder.name}"


@dataclass(frozen=True, slots=True)
class Replay:
    """An accepted correction, drafted again: whether the old mistake came back."""

    source: str
    bad: str
    drafted: str

    @property
    def came_back(self) -> bool:
        """Whether the words that were corrected stand there again."""
        return "".join(self.bad.split()) in "".join(self.drafted.split())


@dataclass(frozen=True, slots=True)
class Figures:
    """What one variant did. Rates are findings per 1,000 Korean characters, by category; seconds are of its calls."""

    variant: Variant
    texts: int
    chrf: float
    chrf_by_field: Mapping[str, float]
    findings_by_category: Mapping[str, float]
    cost_usd: Decimal
    mean_latency_s: float
    seconds: float
    failed: Sequence[str]
    replays: Sequence[Replay] = field(default=())


def measure(
    desk: Desk,
    variant: Variant,
    pairs: Sequence[Pair],
    *,
    concurrency: int,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Figures:
    """Draft all texts with the variant and compare them with their references.

    Raises:
        RejectedError: no text could be drafted.
        BotError: no call can work now.
    """
    own = replace(desk, model=variant.model, prompt_folder=variant.prompt_folder)
    papers: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        papers.setdefault((pair.doc, pair.paper), []).append(pair)
    with desk.sessions() as session:
        cases = session.scalars(select(ReplayCase).order_by(ReplayCase.id)).all()
    started = time.monotonic()
    drafted: list[tuple[Pair, Text]] = []
    call_ids: set[int] = set()
    failed: list[str] = []
    replays: list[Replay] = []
    with ThreadPoolExecutor(concurrency, thread_name_prefix="eval") as pool:
        jobs = {name: pool.submit(_draft, own, paper) for name, paper in papers.items()}
        replayed = [(case, pool.submit(_draft_sentence, own, case.source)) for case in cases]
        for done, (name, job) in enumerate(jobs.items(), 1):
            try:
                texts, ids = job.result()
                drafted += texts
                call_ids |= ids
            except RejectedError as exc:
                failed.append(f"{' '.join(name)}: {exc}")
            on_progress(done, len(jobs), " ".join(name))
        for case, sentence in replayed:
            text, ids = sentence.result()
            call_ids |= ids
            replays.append(Replay(case.source, case.bad, text))
    if not drafted:
        raise RejectedError(f"{variant.name} drafted none of {len(papers)} papers: {failed[0]}")
    cost, latency = _bill(desk.sessions, call_ids)
    return Figures(
        variant=variant,
        texts=len(drafted),
        chrf=_chrf([(text.target, pair.reference) for pair, text in drafted]),
        chrf_by_field=_by_field(drafted),
        findings_by_category=_rates(own, drafted),
        cost_usd=cost,
        mean_latency_s=latency,
        seconds=time.monotonic() - started,
        failed=tuple(failed),
        replays=tuple(replays),
    )


def _draft(desk: Desk, paper: Sequence[Pair]) -> tuple[list[tuple[Pair, Text]], set[int]]:
    """Every text of one paper, drafted in one call as in production."""
    title = next((pair for pair in paper if pair.field == "title"), None)
    spans: dict[str, tuple[Span, ...]] = {}
    asked: list[SourceSegment] = []
    for number, pair in enumerate(paper):
        if pair is title:
            continue
        letter = "d" if pair.field in ("intro", "description") else "a"
        spans[pair.field] = split(pair.source)
        asked += [
            SourceSegment(f"{letter}{number}-{position}", pair.source[start:end])
            for position, (start, end) in enumerate(spans[pair.field], 1)
        ]
    done = drafting.translate_paper(
        desk, title=title.source if title else None, segments=asked, edition_id=None, paper_id=None
    )
    texts = list(_texts(paper, title, spans, [done.texts[segment.id] for segment in asked], done.title or ""))
    return texts, set(done.call_ids.values())


def _texts(
    paper: Sequence[Pair],
    title: Pair | None,
    spans: Mapping[str, Sequence[Span]],
    targets: Sequence[str],
    korean_title: str,
) -> Iterator[tuple[Pair, Text]]:
    left = iter(targets)
    for pair in paper:
        if pair is title:
            yield pair, pairing.of_segments(pair.field, [(pair.source, korean_title)])
        else:
            sentences = [(pair.source[start:end], next(left)) for start, end in spans[pair.field]]
            yield pair, pairing.of_segments(pair.field, sentences)


def _draft_sentence(desk: Desk, source: str) -> tuple[str, set[int]]:
    segment = SourceSegment("a1", source)
    done = drafting.translate_paper(desk, title=None, segments=[segment], edition_id=None, paper_id=None)
    return done.texts["a1"], set(done.call_ids.values())


def _chrf(pairs: Sequence[tuple[str, str]]) -> float:
    """chrF of all texts together, 0 to 100 (sacrebleu's chrF2: character 6-grams, beta 2)."""
    from sacrebleu.metrics.chrf import CHRF  # imported late: only this command needs it

    with_reference = [(said, reference) for said, reference in pairs if reference.strip()]
    if not with_reference:
        return float("nan")
    said, references = zip(*with_reference, strict=True)
    return float(CHRF().corpus_score(list(said), [list(references)]).score)


def _by_field(drafted: Sequence[tuple[Pair, Text]]) -> dict[str, float]:
    fields = sorted({pair.field for pair, _ in drafted})
    return {
        name: _chrf([(text.target, pair.reference) for pair, text in drafted if pair.field == name]) for name in fields
    }


def _rates(desk: Desk, drafted: Sequence[tuple[Pair, Text]]) -> dict[str, float]:
    counted: Counter[str] = Counter()
    papers: dict[tuple[str, str], list[Text]] = {}
    for pair, text in drafted:
        papers.setdefault((pair.doc, pair.paper), []).append(text)
    for (doc, _), texts in papers.items():
        edition = [text for (other, _), own in papers.items() if other == doc for text in own]
        for found in run.find_all(texts, desk.termbase, edition):
            counted.update(finding.category.value for finding in found)
    thousands = sum(len(text.target) for _, text in drafted) / 1000
    return {category: count / thousands for category, count in sorted(counted.items())}


def _bill(sessions: Sessions, call_ids: set[int]) -> tuple[Decimal, float]:
    with sessions() as session:
        cost, latency = session.execute(
            select(
                func.coalesce(func.sum(func.coalesce(ModelCall.cost_usd, ModelCall.worst_case_usd)), 0),
                func.coalesce(func.avg(ModelCall.latency_s), 0.0),
            ).where(ModelCall.id.in_(call_ids))
        ).one()
    return Decimal(cost), float(latency)
