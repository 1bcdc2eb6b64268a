"""Asking the model for Korean: one call a paper, one for a week's introduction.

A paper's texts travel with opaque tokens in place of formulas, addresses, code and names, with the terms that occur in
them and with approved translations of sentences like them. An answer that was cut off is asked in two halves, then with
a larger limit; what else can go wrong is met in `asking.py`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel, ConfigDict

from bot.translation import prompts, protection
from bot.translation.answers import AnswerCutError, AnswerInvalidError, ModelAnswer, parse_structured
from bot.translation.asking import LARGEST_LIMIT, SMALLEST_LIMIT, Asking, Desk, room_for
from bot.translation.calls import Purpose
from bot.translation.memory import Match
from bot.translation.protection import Protected, UnknownTokenError


@dataclass(frozen=True, slots=True)
class SourceSegment:
    """One segment as the model sees it: a short id (`d1`, `a3`) and its English text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Again:
    """Why texts are drafted once more: the attempt's number keeps the stored answer from being used again."""

    attempt: int
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """Korean by segment id, the Korean title (None if none was asked), and the calls they came from."""

    title: str | None
    texts: Mapping[str, str]
    model: str
    prompt_version: str
    call_ids: Mapping[str, int] = field(default_factory=dict)
    """By segment id; the title's call is under `title`."""


@dataclass(frozen=True, slots=True)
class IntroducedPaper:
    """A paper as the introduction's prompt shows it."""

    rank: int
    label: str
    title: str
    description: str
    abstract: str | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an introduction and the ranks of the papers it rests on (at least one)."""

    text: str
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Introduction:
    """Paragraphs of sentences, and the call they came from."""

    paragraphs: tuple[tuple[Sentence, ...], ...]
    model: str
    prompt_version: str
    call_id: int


@dataclass(frozen=True, slots=True)
class Bullet:
    """One Korean sentence of a summary and the ids of the English segments it rests on; none: it has no support."""

    text: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The bullets of a paper, and the call they came from."""

    bullets: tuple[Bullet, ...]
    model: str
    prompt_version: str
    call_id: int


class _SegmentAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    ko: str


class _TranslationAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str
    segments: list[_SegmentAnswer]


class _SentenceAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    papers: list[int]


class _ParagraphAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    sentences: list[_SentenceAnswer]


class _IntroductionAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    paragraphs: list[_ParagraphAnswer]


class _BulletAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    ko: str
    rests_on: list[str]


class _SummaryAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    bullets: list[_BulletAnswer]


MOST_BULLETS = 10


def translate_paper(
    desk: Desk,
    *,
    title: str | None,
    segments: Sequence[SourceSegment],
    edition_id: int | None,
    paper_id: int | None,
    cached_prefix: bool = False,
    on_started: Callable[[], None] | None = None,
    again: Again | None = None,
    references: Sequence[Match] = (),
) -> Translation:
    """Korean for every segment asked, each exactly once, and for the title unless it is None.

    Args:
        again: for another draft of texts that were drafted before.
        references: approved translations of similar sentences.
        cached_prefix: whether other calls share the system prompt soon, so that it pays to cache it.
        on_started: called when the first answer begins to arrive; from then on the prefix is in the cache.

    Raises: as `Asking.usable`.
    """
    version = prompts.load("translate_paper", desk.prompt_folder).version
    purpose = Purpose("translate_paper", version, edition_id, paper_id)
    asking = Asking(desk, purpose, prompts.TRANSLATION_SCHEMA, cached_prefix, on_started)
    return _translate(asking, title, tuple(segments), again, tuple(references), {}, may_halve=True)


def translate_talk(
    desk: Desk,
    *,
    segments: Sequence[SourceSegment],
    context: Mapping[str, object],
    edition_id: int,
    cached_prefix: bool = False,
    on_started: Callable[[], None] | None = None,
    again: Again | None = None,
    references: Sequence[Match] = (),
) -> Translation:
    """Korean for one passage of a talk, every segment exactly once; the translation's title is None.

    Args:
        context: what the model sees besides: the talk, the names so far, the passage before. The same for the same
            passage, or its stored answer is not found again.

    Raises: as `Asking.usable`.
    """
    version = prompts.load("translate_talk", desk.prompt_folder).version
    purpose = Purpose("translate_talk", version, edition_id)
    asking = Asking(desk, purpose, prompts.TRANSLATION_SCHEMA, cached_prefix, on_started)
    return _translate(asking, None, tuple(segments), again, tuple(references), context, may_halve=True)


def introduce_week(
    desk: Desk, papers: Sequence[IntroducedPaper], *, edition_id: int, on_started: Callable[[], None] | None = None
) -> Introduction:
    """The week's introduction; every sentence names papers of the week.

    Raises: as `Asking.usable`.
    """
    prompt = prompts.load("introduce_week", desk.prompt_folder)
    purpose = Purpose("introduce_week", prompt.version, edition_id)
    asking = Asking(desk, purpose, prompts.INTRODUCTION_SCHEMA, on_started=on_started)
    data: dict[str, object] = {
        **prompts.terms_data(desk.termbase, [text for p in papers for text in (p.title, p.description)]),
        "papers": [
            {"rank": p.rank, "label": p.label, "title": p.title, "description": p.description}
            | ({"abstract": p.abstract} if p.abstract else {})
            for p in papers
        ],
    }
    ranks = {paper.rank for paper in papers}

    def use(answer: ModelAnswer) -> tuple[tuple[Sentence, ...], ...]:
        return _introduction(answer, ranks)

    try:
        paragraphs, booked = asking.usable(data, SMALLEST_LIMIT, use)
    except AnswerCutError:
        paragraphs, booked = asking.usable(data, LARGEST_LIMIT, use)
    return Introduction(paragraphs, booked.answer.model, prompt.version, booked.call_id)


def summarize_paper(
    desk: Desk,
    *,
    title: str,
    segments: Sequence[SourceSegment],
    edition_id: int | None,
    paper_id: int | None,
    cached_prefix: bool = False,
    on_started: Callable[[], None] | None = None,
    again: Again | None = None,
    references: Sequence[Match] = (),
) -> Summary:
    """The abstract in Korean bullets, in its order; each names the segments it rests on.

    Args, Raises: as `translate_paper`.
    """
    prompt = prompts.load("summarize_paper", desk.prompt_folder)
    purpose = Purpose("summarize_paper", prompt.version, edition_id, paper_id)
    asking = Asking(desk, purpose, prompts.SUMMARY_SCHEMA, cached_prefix, on_started)
    texts = [segment.text for segment in segments]
    protected = protection.protect(texts, desk.termbase)
    data: dict[str, object] = {
        "title": title,
        "segments": [{"id": s.id, "text": text} for s, text in zip(segments, protected.texts, strict=True)],
        **prompts.terms_data(desk.termbase, [title, *texts]),
        **_more(protected, references, again),
    }

    def use(answer: ModelAnswer) -> tuple[Bullet, ...]:
        return _bullets(answer, [segment.id for segment in segments], protected)

    limit = room_for(sum(map(len, texts)))
    try:
        bullets, booked = asking.usable(data, limit, use)
    except AnswerCutError:
        if limit >= LARGEST_LIMIT:
            raise
        bullets, booked = asking.usable(data, LARGEST_LIMIT, use)
    return Summary(bullets, booked.answer.model, prompt.version, booked.call_id)


def _more(protected: Protected, references: Sequence[Match], again: Again | None) -> dict[str, object]:
    """What a request has besides texts and terms: what tokens stand for, similar sentences, a moderator's remark."""
    data: dict[str, object] = {}
    if protected.originals:
        data["protected"] = protected.originals
    if references:
        data["references"] = [
            {"en": match.source, "ko": match.target, "similarity_pct": match.similarity_pct} for match in references
        ]
    if again is not None:
        data["attempt"] = again.attempt
        if again.remark:
            data["remark"] = again.remark
    return data


def _translate(
    asking: Asking,
    title: str | None,
    segments: tuple[SourceSegment, ...],
    again: Again | None,
    references: tuple[Match, ...],
    context: Mapping[str, object],
    *,
    may_halve: bool,
) -> Translation:
    texts = [title or "", *(segment.text for segment in segments)]
    limit = room_for(sum(map(len, texts)))
    protected = protection.protect(texts, asking.desk.termbase)
    sent = protected.texts
    data: dict[str, object] = {
        **context,
        "title": sent[0] if title is not None else None,
        "segments": [{"id": segment.id, "text": text} for segment, text in zip(segments, sent[1:], strict=True)],
        **prompts.terms_data(asking.desk.termbase, texts),
        **_more(protected, references, again),
    }

    def use(answer: ModelAnswer) -> tuple[str | None, dict[str, str]]:
        return _translation(answer, title, segments, protected)

    try:
        (korean_title, korean), booked = asking.usable(data, limit, use)
    except AnswerCutError:
        if may_halve and len(segments) > 1:
            middle = len(segments) // 2
            first = _translate(asking, title, segments[:middle], again, references, context, may_halve=False)
            second = _translate(asking, None, segments[middle:], again, references, context, may_halve=False)
            return replace(first, texts={**first.texts, **second.texts}, call_ids={**first.call_ids, **second.call_ids})
        if limit >= LARGEST_LIMIT:
            raise
        (korean_title, korean), booked = asking.usable(data, LARGEST_LIMIT, use)
    call_ids = dict.fromkeys([*korean, "title"], booked.call_id)
    return Translation(korean_title, korean, booked.answer.model, asking.purpose.prompt_version, call_ids)


def _translation(
    received: ModelAnswer, title: str | None, segments: Sequence[SourceSegment], protected: Protected
) -> tuple[str | None, dict[str, str]]:
    """The checked content of an answer: Korean title and Korean by id, in the asked order."""
    answer = parse_structured(received, _TranslationAnswer)
    asked = [segment.id for segment in segments]
    counted = Counter(segment.id for segment in answer.segments)
    problems = []
    if missing := [sid for sid in asked if sid not in counted]:
        problems.append(f"segments {', '.join(missing)} are missing")
    if extra := [sid for sid in counted if sid not in asked]:
        problems.append(f"segments {', '.join(extra)[:200]} were not asked for")
    if doubled := [sid for sid, count in counted.items() if count > 1]:
        problems.append(f"segments {', '.join(doubled)[:200]} come more than once")
    if empty := [segment.id for segment in answer.segments if not segment.ko.strip()]:
        problems.append(f"segments {', '.join(empty)[:200]} are empty")
    if title is not None and not answer.title.strip():
        problems.append("the title is empty")
    if problems:
        raise AnswerInvalidError("; ".join(problems) + ".", answer=received)
    try:
        by_id = {segment.id: protected.restored(" ".join(segment.ko.split())) for segment in answer.segments}
        korean_title = protected.restored(" ".join(answer.title.split())) if title is not None else None
    except UnknownTokenError as exc:
        raise AnswerInvalidError(f"{exc}.", answer=received) from None
    return korean_title, {sid: by_id[sid] for sid in asked}


def _introduction(received: ModelAnswer, ranks: set[int]) -> tuple[tuple[Sentence, ...], ...]:
    answer = parse_structured(received, _IntroductionAnswer)
    paragraphs = []
    for paragraph in answer.paragraphs:
        for sentence in paragraph.sentences:
            if not sentence.text.strip():
                raise AnswerInvalidError("a sentence is empty.", answer=received)
            if not sentence.papers or not set(sentence.papers) <= ranks:
                problem = f"every sentence must name papers of this week by rank: {sentence.text[:80]!r}."
                raise AnswerInvalidError(problem, answer=received)
        paragraphs.append(
            tuple(Sentence(" ".join(s.text.split()), tuple(dict.fromkeys(s.papers))) for s in paragraph.sentences)
        )
    if not 2 <= len(paragraphs) <= 3 or not all(1 <= len(sentences) <= 5 for sentences in paragraphs):
        problem = "it must have two or three paragraphs of up to five sentences."
        raise AnswerInvalidError(problem, answer=received)
    return tuple(paragraphs)


def _bullets(received: ModelAnswer, asked: Sequence[str], protected: Protected) -> tuple[Bullet, ...]:
    """The checked bullets; one that names no segment is kept, as moderators are shown what has no support."""
    answer = parse_structured(received, _SummaryAnswer)
    problems = []
    if not 1 <= len(answer.bullets) <= MOST_BULLETS:
        problems.append(f"there must be one to {MOST_BULLETS} bullets, not {len(answer.bullets)}")
    if any(not bullet.ko.strip() for bullet in answer.bullets):
        problems.append("a bullet is empty")
    named = [short_id for bullet in answer.bullets for short_id in bullet.rests_on]
    if unknown := [short_id for short_id in dict.fromkeys(named) if short_id not in asked]:
        problems.append(f"there are no segments {', '.join(unknown)[:200]}")
    if missing := [short_id for short_id in asked if short_id not in named]:
        problems.append(f"no bullet covers the segments {', '.join(missing)}")
    if problems:
        raise AnswerInvalidError("; ".join(problems) + ".", answer=received)
    order = {short_id: place for place, short_id in enumerate(asked)}
    try:
        return tuple(
            Bullet(
                protected.restored(" ".join(one.ko.split())), tuple(sorted(set(one.rests_on), key=order.__getitem__))
            )
            for one in answer.bullets
        )
    except UnknownTokenError as exc:
        raise AnswerInvalidError(f"{exc}.", answer=received) from None
