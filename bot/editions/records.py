"""One paper, one record: which work a list's row is about, and finding or making its row in the store.

A work is known by its arXiv id, its DOI, or the canonical address of its page. Versions of an arXiv paper are one
work. Where two records turn out to be one work (arXiv tells the DOI of the published article, a page names its arXiv
id), one points at the other (`papers.same_as`), at the one on arXiv if there is one, because its abstract is known:
what was posted stays as it is, and both are one from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.errors import RejectedError
from bot.papers.identity import ArxivId, arxiv_id_of, canonical_url, doi_of, is_status
from bot.sources.dair import Link
from bot.store.tables import Edition, EditionItem, Paper, Sighting, Topic

PUBLIC = ("published", "revised")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a work is known by; `url` always, the rest where the address tells.

    Attributes:
        arxiv: with the version that was named, if one was.
    """

    url: str
    arxiv: ArxivId | None = None
    doi: str | None = None

    @property
    def kind(self) -> Literal["arxiv", "doi", "url"]:
        """The best of what it is known by."""
        return "arxiv" if self.arxiv else "doi" if self.doi else "url"

    @property
    def id(self) -> str:
        """Its value: an arXiv id without version, a DOI, or the canonical address."""
        return self.arxiv.id if self.arxiv else self.doi or self.url


@dataclass(frozen=True, slots=True)
class Mention:
    """An earlier edition on the forum that mentions the same work."""

    title: str
    discourse_id: int


def of_url(url: str) -> Identity:
    """The identity that one address gives.

    Raises:
        RejectedError: it is no usable address.
    """
    canonical = canonical_url(url)
    return Identity(canonical, arxiv_id_of(url), doi_of(canonical))


def of_links(links: Sequence[Link]) -> Identity:
    """The best identity of a list's row: an arXiv paper under any label, else `Paper`, else the first that is no tweet.

    Raises:
        RejectedError: no link of the row is a usable address.
    """
    versions = [found for link in links if (found := arxiv_id_of(link.url))]
    if versions:
        same = [one for one in versions if one.id == versions[0].id]
        named = next((one for one in same if one.version), same[0])
        return Identity(f"https://arxiv.org/abs/{named.id}", named)
    ordered = sorted(links, key=lambda link: (not link.label.startswith("Paper"), is_status(link.url)))
    for link in ordered:
        try:
            return of_url(link.url)
        except RejectedError:
            continue
    raise RejectedError(f"No usable address among the row's links: {', '.join(link.url for link in links)[:200]}")


def paper_id(session: Session, identity: Identity, title: str) -> int:
    """The record of the work, made if there is none. The caller commits."""
    made = session.scalar(
        insert(Paper)
        .values(
            url=identity.url,
            arxiv_id=identity.arxiv.id if identity.arxiv else None,
            arxiv_version=identity.arxiv.version if identity.arxiv else None,
            doi=identity.doi,
            title=title,
        )
        .on_conflict_do_nothing()
        .returning(Paper.id)
    )
    if made is not None:
        return int(made)
    rows = session.execute(select(Paper.id, Paper.same_as).where(_is(identity)).order_by(Paper.id)).all()
    works = sorted({same_as or own for own, same_as in rows})
    for other in works[1:]:
        join(session, works[0], other)
    if identity.doi:
        note_doi(session, session.get_one(Paper, works[0]), identity.doi)
    return works[0]


def note_arxiv(session: Session, paper: Paper, arxiv_id: str) -> None:
    """A page says that the work is this arXiv paper: note it, or join the two records. The caller commits."""
    _note(session, paper, Paper.arxiv_id == arxiv_id, arxiv_id=arxiv_id)


def note_doi(session: Session, paper: Paper, doi: str) -> None:
    """An upstream says that the work has this DOI: note it, or join the two records. The caller commits."""
    found = doi_of(doi)
    if found is not None and paper.doi is None:
        _note(session, paper, Paper.doi == found, doi=found)


def join(session: Session, first: int, second: int) -> None:
    """Two records are one work from now on. The caller commits."""
    works = {_work(session, first), _work(session, second)}
    if len(works) == 1:
        return
    order = (Paper.arxiv_id.is_(None), Paper.id)  # those on arXiv first, then the oldest
    one, other = session.scalars(select(Paper.id).where(Paper.id.in_(works)).order_by(*order)).all()
    session.execute(update(Paper).where(or_(Paper.id == other, Paper.same_as == other)).values(same_as=one))


def follow(session: Session, edition_id: int) -> None:
    """Let an edition that is still being collected show the records its papers were joined to. The caller commits."""
    items = select(EditionItem.sighting_id).where(EditionItem.edition_id == edition_id)
    query = select(Sighting, Paper.same_as).join(Paper, Paper.id == Sighting.paper_id)
    for sighting, same_as in session.execute(query.where(Sighting.id.in_(items), Paper.same_as.is_not(None))):
        sighting.paper_id = same_as or sighting.paper_id
    session.flush()


def same_work(session: Session, paper_ids: Sequence[int]) -> dict[int, list[int]]:
    """By each of these records: the ids of all records of its work, its own among them."""
    rows = session.execute(select(Paper.id, Paper.same_as).where(Paper.id.in_(paper_ids))).all()
    works = {own: same_as or own for own, same_as in rows}
    members: dict[int, list[int]] = {}
    query = select(Paper.id, Paper.same_as).where(or_(Paper.id.in_(works.values()), Paper.same_as.in_(works.values())))
    for own, same_as in session.execute(query.order_by(Paper.id)):
        members.setdefault(same_as or own, []).append(own)
    return {own: members[work] for own, work in works.items()}


def mentions(session: Session, edition: Edition) -> dict[int, list[Mention]]:
    """By record: the earlier editions in public that mention the same work, newest first."""
    own = [item.sighting.paper_id for item in edition.items]
    groups = same_work(session, own)
    works = {member: paper for paper, members in groups.items() for member in members}
    rows = session.execute(
        select(Sighting.paper_id, Edition.title, Topic.discourse_id)
        .join(EditionItem, EditionItem.sighting_id == Sighting.id)
        .join(Edition, Edition.id == EditionItem.edition_id)
        .join(Topic, Topic.edition_id == Edition.id)
        .where(
            Sighting.paper_id.in_(works),
            Edition.id < edition.id,
            Edition.state.in_(PUBLIC),
            EditionItem.dropped_by.is_(None),
            Topic.discourse_id.is_not(None),
        )
        .order_by(Edition.id.desc())
    )
    found: dict[int, list[Mention]] = {}
    for seen, title, discourse_id in rows:
        for paper, members in groups.items():
            mention = Mention(title, discourse_id or 0)
            if seen in members and mention not in found.setdefault(paper, []):
                found[paper].append(mention)
    return {paper: seen for paper, seen in found.items() if seen}


def _is(identity: Identity) -> ColumnElement[bool]:
    known = [Paper.url == identity.url]
    if identity.arxiv:
        known.append(Paper.arxiv_id == identity.arxiv.id)
    if identity.doi:
        known.append(Paper.doi == identity.doi)
    return or_(*known)


def _work(session: Session, paper: int) -> int:
    return session.scalars(select(Paper.same_as).where(Paper.id == paper)).one() or paper


def _note(session: Session, paper: Paper, is_other: ColumnElement[bool], **values: str) -> None:
    other = session.scalar(select(Paper.id).where(is_other, Paper.id != paper.id))
    if other is not None:
        join(session, paper.id, other)
        return
    session.execute(update(Paper).where(Paper.id == paper.id).values(**values))
