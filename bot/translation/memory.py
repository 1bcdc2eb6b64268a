"""The translation memory: Korean that people approved, found again by its English.

Exact matches take the place of a model call; near ones show the model how the community says it. The rows come from the
view `translation_memory` (migrations): current texts that people wrote, or that stand in a published edition.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

NEAREST_PCT = 75
"""Less similar sentences say nothing about the wording."""
MOST_REFERENCES = 6
_CANDIDATES = 200
_RARE_WORDS = 6
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{3,}")


@dataclass(frozen=True, slots=True)
class Match:
    """An approved pair; 100 means that the English is the same, letter by letter."""

    source: str
    target: str
    author: str
    similarity_pct: int


_EXACT = sql("""
    select distinct on (source_hash) source_hash, source, text, author from translation_memory
    where source_hash = any(:hashes) and not is_markdown
    order by source_hash, (author_kind in ('moderator', 'reader')) desc, created_at desc, revision_id desc
""")
_NEAR = sql("""
    select source, text, author from translation_memory
    where to_tsvector('simple', source) @@ to_tsquery('simple', :words) and not is_markdown
    order by ts_rank(to_tsvector('simple', source), to_tsquery('simple', :words)) desc, revision_id desc limit :most
""")
_ALL = sql("""
    select source, text, author, created_at from translation_memory where not is_markdown order by revision_id
""")


def exact(session: Session, hashes: Sequence[str]) -> dict[str, Match]:
    """Approved Korean by hash of its English (`passages.text_hash`); a person's text before a published draft's."""
    rows = session.execute(_EXACT, {"hashes": list(hashes)})
    return {row.source_hash: Match(row.source, row.text, row.author, 100) for row in rows}


def near(session: Session, sources: Sequence[str]) -> list[Match]:
    """The approved pairs most like any of `sources`, most similar first, none twice, none equal to one of them."""
    found: dict[str, Match] = {}
    for source in sources:
        for match in _near_one(session, source):
            known = found.get(match.source)
            if match.source not in sources and (known is None or known.similarity_pct < match.similarity_pct):
                found[match.source] = match
    return sorted(found.values(), key=lambda match: (-match.similarity_pct, match.source))[:MOST_REFERENCES]


def everything(session: Session) -> Iterator[Match]:
    """The whole memory, oldest first, read in batches."""
    for row in session.execute(_ALL).yield_per(1000):
        yield Match(row.source, row.text, row.author, 100)


def _near_one(session: Session, source: str) -> Iterator[Match]:
    words = sorted({word.lower() for word in _WORD.findall(source)}, key=lambda word: (-len(word), word))[:_RARE_WORDS]
    if len(words) < 2:
        return
    # Two long words in common: enough to find a similar sentence, few enough rows however large the memory is.
    pairs = " | ".join(f"({a} & {b})" for a, b in itertools.pairwise(words))
    for row in session.execute(_NEAR, {"words": pairs, "most": _CANDIDATES}):
        similarity = int(fuzz.token_sort_ratio(source, row.source))
        if similarity >= NEAREST_PCT:
            yield Match(row.source, row.text, row.author, similarity)
