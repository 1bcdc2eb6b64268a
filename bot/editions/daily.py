"""The daily series: Hugging Face's papers of a day with votes and pictures, their abstracts as Korean bullets.

The day is the list's own (UTC). A day without papers makes no post; a list that is still open is waited for.
"""

import datetime as dt
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.editions import collect, compose, daily_draft, lifecycle, markdown, records
from bot.editions.collect import Collected
from bot.editions.compose import RULE, Article, Frame
from bot.editions.records import Mention
from bot.editions.series import Foreseen, NotCollected, Reach, Series
from bot.editions.weekly import day_of
from bot.errors import TransientError
from bot.languages.ko import labels
from bot.papers.identity import ArxivId
from bot.settings import Settings
from bot.sources import huggingface
from bot.sources.huggingface import DailyPaper
from bot.store.tables import Edition, EditionItem, Paper, Passage, Sighting
from bot.translation import passages

NAME = "daily"
HUGGINGFACE = "huggingface"
THUMBNAIL = "Thumbnail"
MOST_AUTHORS = 50
"""Longer lists are cut, with the number of those left out."""
KINDS = frozenset({passages.SUMMARY})


def chosen(papers: Sequence[DailyPaper], *, min_votes: int, max_papers: int | None) -> tuple[DailyPaper, ...]:
    """The papers that the operator wants of a day's list, in its order."""
    return tuple(paper for paper in papers if paper.votes >= min_votes)[:max_papers]


def closes_at(day: dt.date, at: dt.time) -> dt.datetime:
    """When the list of a day counts as complete; the setting is a time of its own zone, UTC."""
    return dt.datetime.combine(day, at, dt.UTC)


def authors_line(names: Sequence[str]) -> str:
    """The authors in their order, as a line of the post."""
    shown = [markdown.escape_inline(name) for name in names[:MOST_AUTHORS]]
    left = len(names) - len(shown)
    return f"Authors: {', '.join(shown)}" + (f" {labels.MORE_AUTHORS.format(count=left)}" if left else "")


def _collect(reach: Reach, given: str) -> Collected | NotCollected:
    day = day_of(given)
    stored = _stored(reach, day)
    if stored is None:
        closing = closes_at(day, reach.settings.daily_closes_at)
        if reach.now() < closing:
            reason = f"The list of {day} is open until {closing:%Y-%m-%d %H:%M} UTC."
            return NotCollected(reason, comes=True, again_after=closing - reach.now())
        reach.on_step("list")
        listed = huggingface.read_day(day, client=reach.http, base_url=str(reach.settings.huggingface_url))
        papers = chosen(listed, min_votes=reach.settings.daily_min_votes, max_papers=reach.settings.daily_max_papers)
        if not papers:
            return NotCollected(_nothing(day, len(listed), reach.settings.daily_min_votes), comes=False)
        stored = _store(reach, day, papers)
    edition_id, count, new = stored
    with reach.sessions() as session:
        if session.get_one(Edition, edition_id).state != "collecting":
            return Collected(edition_id, count, new, 0)
    reach.on_step("arxiv")
    try:
        found, unknown = collect.ask_arxiv(
            reach.sessions,
            edition_id,
            http=reach.http,
            arxiv_url=str(reach.settings.arxiv_url),
            arxiv_interval_s=reach.settings.arxiv_interval_s,
            contact=reach.settings.contact or str(reach.settings.forum_url or "paperbot"),
        )
    except TransientError:
        found, unknown = {}, ()  # the list's own copy of the abstract does for a day
    with reach.sessions.begin() as session:
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        if edition.state == "collecting":
            collect.store_metadata(session, found, reach.now())
            _store_texts(session, edition, reach.now())
            lifecycle.move(session, edition, "drafting", actor="paperbot", reason="list and abstracts collected")
        withdrawn = tuple(item.sighting.label for item in edition.items if item.sighting.paper.withdrawn)
    return Collected(edition_id, count, new, len(found), unknown, withdrawn)


def _nothing(day: dt.date, listed: int, min_votes: int) -> str:
    if listed:
        return f"None of the {listed} papers of {day} has {min_votes} votes: no post."
    return f"There are no papers on the list of {day}, a {day:%A}: no post."


def _stored(reach: Reach, day: dt.date) -> tuple[int, int, bool] | None:
    """The edition's id and number of papers, if an earlier run stored it: votes are taken once."""
    with reach.sessions() as session:
        edition = session.scalars(select(Edition).filter_by(series=NAME, period=day.isoformat())).one_or_none()
        return None if edition is None else (edition.id, len(edition.items), False)


def _store(reach: Reach, day: dt.date, papers: Sequence[DailyPaper]) -> tuple[int, int, bool]:
    with reach.sessions.begin() as session:
        title = labels.DAILY_TITLE.format(day=day)
        edition, new = collect.store_edition(session, NAME, day.isoformat(), day, day, title)
        if new:
            for rank, listed in enumerate(papers, 1):
                url = f"https://arxiv.org/abs/{listed.arxiv_id}"
                paper_id = records.paper_id(session, records.Identity(url, ArxivId(listed.arxiv_id)), listed.title)
                # Authors stand here until arXiv is asked; a record that has them keeps its own.
                session.execute(
                    update(Paper)
                    .where(Paper.id == paper_id, Paper.metadata_source.is_(None))
                    .values(authors=list(listed.authors))
                )
                collect.store_item(
                    session,
                    edition,
                    paper_id,
                    source=HUGGINGFACE,
                    list_date=day,
                    rank=rank,
                    label=listed.title,
                    description=listed.abstract,
                    links=[{"label": "Paper", "url": url}, {"label": THUMBNAIL, "url": listed.thumbnail}],
                    votes=listed.votes,
                    authors=list(listed.authors),
                )
        return edition.id, len(papers), new


def _store_texts(session: Session, edition: Edition, now: dt.datetime) -> None:
    """Settle which abstract is summed up: arXiv's if it is at hand, else the list's copy; and cut it into segments."""
    session.expire_all()
    for item in edition.items:
        sighting, paper = item.sighting, item.sighting.paper
        if paper.metadata_source is None:
            paper.abstract, paper.metadata_source, paper.metadata_at = sighting.description or None, HUGGINGFACE, now
            paper.title = sighting.label
        elif paper.abstract and paper.metadata_source == "arxiv":
            sighting.description = paper.abstract
        if sighting.description:
            passages.store(session, "abstract", sighting.description, paper_id=paper.id)


def _foresee(settings: Settings, given: str) -> Foreseen:
    day = day_of(given)
    least = f" with {settings.daily_min_votes} votes or more" if settings.daily_min_votes else ""
    most = f", at most {settings.daily_max_papers}" if settings.daily_max_papers else ""
    return Foreseen(
        (
            f"Edition: {labels.DAILY_TITLE.format(day=day)}",
            f"Would ask {settings.huggingface_url} for the papers of {day}{least}{most}.",
            f"Would ask {settings.arxiv_url} for their abstracts in one request.",
        ),
        calls=settings.daily_max_papers or huggingface.DEFAULT_PAGE,
    )


def _article(session: Session, edition: Edition, frame: Frame) -> Article:
    known = passages.load_all(session, edition, KINDS)
    omitted = compose.omitted(session, edition)
    earlier = records.mentions(session, edition)
    blocks = {"opening": markdown.heading(2, edition.title)}
    for item in edition.items:
        if item.dropped_by is None:
            mentions = earlier.get(item.sighting.paper_id, [])
            blocks[f"item-{item.id}"] = _paper(known, item, omitted, mentions, frame)
    made = compose.provenance(session, edition, frame.zone, KINDS)
    if notes := [note for note in (frame.machine_note, made) if note]:
        blocks["closing"] = RULE.strip("\n") + "\n\n" + "\n\n".join(notes)
    return Article(blocks, "\n\n")


def _paper(
    known: Sequence[Passage], item: EditionItem, omitted: frozenset[int], mentions: Sequence[Mention], frame: Frame
) -> str:
    sighting = item.sighting
    title = markdown.heading(3, sighting.label).removeprefix("### ")
    thumbnail = next((link["url"] for link in sighting.links if link["label"] == THUMBNAIL), None)
    parts = [f"### [{title}]({markdown.link_line(sighting.links[0]['url'])})"]
    if thumbnail:
        parts.append(f"![]({markdown.link_line(thumbnail)})")
    parts.append(f"Vote: {sighting.votes or 0}")
    if sighting.authors:
        parts.append(authors_line(sighting.authors))
    summary = summary_of(known, sighting)
    if summary is not None:
        bullets = [
            revision.text if revision.is_markdown else markdown.escape_inline(revision.text)
            for segment in summary.segments
            if segment.id not in omitted and (revision := passages.current(segment)) is not None
        ]
        if bullets:
            parts.append("\n".join(f"- {text}" for text in bullets))
    elif item.failure:
        parts.append(labels.PAPER_FAILED.format(reason=item.failure))
    elif sighting.description:
        parts.append(labels.PAPER_WAITS)
    parts += compose.mention_lines(mentions, frame)
    return "\n\n".join(parts)


def summary_of(known: Sequence[Passage], sighting: Sighting) -> Passage | None:
    """The bullets of the abstract that stood on the list's day, if they were drafted."""
    return passages.find(known, passages.SUMMARY, sighting.description, paper_id=sighting.paper_id)


def _texts(known: Sequence[Passage], item: EditionItem) -> list[Passage]:
    found = summary_of(known, item.sighting)
    return [] if found is None else [found]


DAILY = Series(
    name=NAME,
    what="day",
    kinds=KINDS,
    period_of=lambda given: day_of(given).isoformat(),
    newest=lambda today: (today - dt.timedelta(days=1)).isoformat(),
    collect=_collect,
    foresee=_foresee,
    tasks=partial(daily_draft.tasks, summary_of),
    redraft=daily_draft.redraft,
    article=_article,
    texts=_texts,
    place=("daily_category_id", "daily_tags"),
)
