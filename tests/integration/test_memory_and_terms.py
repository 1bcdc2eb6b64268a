"""What people approved is used again: sentences without a model call, words in prompts, files for other tools."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import RejectedError
from bot.sandbox.world import World
from bot.store.engine import Sessions
from bot.store.tables import Edition, Revision, Segment
from bot.translation import exchange, memory, passages, stored_terms, termbase
from bot.translation.memory import Match
from bot.translation.termbase import Kind, Term
from tests.integration.world import (
    MONDAY,
    NOW,
    InventedPaper,
    Stage,
    Store,
    listed_week,
    outside_world,
    paper,
    papers,
)

SHARED = "Its lamp holds many candles of yellow wax."
NEARLY = "Its lamp holds many candles of white wax."


def _with(rank: int, sentence: str, korean: str) -> InventedPaper:
    return paper(
        rank,
        abstract=(
            f"Ship {rank} sails at night. {sentence} It never stops.",
            f"배 {rank}호는 밤에 항해합니다. {korean} 멈추지 않습니다.",
        ),
    )


FIRST = papers(2, _with(1, SHARED, "등불에는 노란 밀랍 초가 많이 들어갑니다."))
LATER = [
    _with(3, SHARED, "등에는 많은 황초가 있습니다."),
    _with(4, NEARLY, "등불에는 흰 밀랍 초가 많이 들어갑니다."),
]
LANTERN = Term(
    "lantern",
    "등불",
    also=("lamp",),
    accepted=("랜턴",),
    avoid=("등잔불",),
    wrong=("가로등",),
    nonsense=("침대 등",),
    note="a light",
)
BENCH = Term("OrchardBench", "OrchardBench", kind=Kind.NAME)


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with outside_world([*FIRST, *LATER]) as made:
        yield made


def _published(stage: Stage) -> None:
    stage.draft(stage.collected(FIRST))
    with stage.sessions.begin() as session:
        session.query(Edition).update({"state": "published"})


def _later(stage: Stage) -> int:
    return stage.collect(listed_week(LATER, MONDAY.replace(day=16))).edition_id


def _texts(stage: Stage, source: str) -> list[Revision]:
    with stage.sessions() as session:
        found = select(Revision).join(Segment).where(Segment.source == source, Revision.current).order_by(Revision.id)
        return list(session.scalars(found))


def test_a_published_sentence_is_taken_over_without_asking(stage: Stage) -> None:
    _published(stage)
    edition_id = _later(stage)
    assert stage.draft(edition_id).remembered > 0
    first, second = _texts(stage, SHARED)
    assert second.text == first.text
    assert (second.author_kind, second.reason) == ("memory", "translation memory")
    asked = [segment["text"] for call in stage.seen() if call.data for segment in call.data["segments"]]
    assert asked.count(SHARED) == 1


def test_an_unpublished_draft_is_no_memory(stage: Stage) -> None:
    stage.draft(stage.collected(FIRST))
    assert stage.draft(_later(stage)).remembered == 0


def test_a_moderator_s_wording_goes_before_a_published_draft(stage: Stage) -> None:
    _published(stage)
    (segment_id,) = (one.segment_id for one in _texts(stage, SHARED))
    with stage.sessions.begin() as session:
        segment = session.get_one(Segment, segment_id)
        passages.add_revision(
            session,
            segment,
            "등불에 노란 초가 가득합니다.",
            author_kind="moderator",
            author="수진",
            reason="edited on the forum",
            replacing=passages.current(segment),
        )
    stage.draft(_later(stage))
    assert [one.text for one in _texts(stage, SHARED)] == ["등불에 노란 초가 가득합니다."] * 2


def test_similar_sentences_travel_as_references(stage: Stage) -> None:
    _published(stage)
    stage.draft(_later(stage))
    (asked,) = (call for call in stage.seen() if call.data and NEARLY in str(call.data.get("segments")))
    assert asked.data is not None
    reference = next(one for one in asked.data["references"] if one["en"] == SHARED)
    assert memory.NEAREST_PCT <= reference["similarity_pct"] < 100


def test_the_memory_is_written_as_tmx(stage: Stage) -> None:
    _published(stage)
    file = io.BytesIO()
    with stage.sessions() as session:
        count = exchange.write_tmx(memory.everything(session), file, NOW)
    root = ET.fromstring(file.getvalue())
    units = root.findall("./body/tu")
    assert (root.get("version"), len(units)) == ("1.4", count)
    pairs = {(unit.findtext("tuv[1]/seg"), unit.findtext("tuv[2]/seg")) for unit in units}
    assert (SHARED, "등불에는 노란 밀랍 초가 많이 들어갑니다.") in pairs


def test_tmx_holds_any_text(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    odd = Match("a < b & \x0b c", "]]> <seg> \ud7a3", "수진", 100)
    with path.open("wb") as file:
        assert exchange.write_tmx(iter([odd]), file, NOW) == 1
    (unit,) = ET.parse(path).getroot().iter("tu")
    assert [seg.text for seg in unit.iter("seg")] == ["a < b &  c", "]]> <seg> 힣"]


def test_a_term_of_the_community_stands_over_the_shipped_one(sessions: Sessions) -> None:
    shipped = termbase.shipped().terms[0]
    changed = Term(shipped.source, "다른 말")
    with sessions.begin() as session:
        assert stored_terms.add(session, [LANTERN, changed], origin="operator", author="op", now=NOW) == 2
    known = {term.source: term for term in stored_terms.load(sessions).terms}
    assert (known["lantern"], known[shipped.source]) == (LANTERN, changed)
    with sessions.begin() as session:
        assert stored_terms.retire(session, shipped.source, author="op", now=NOW)
        assert not stored_terms.retire(session, "no such term", author="op", now=NOW)
    assert shipped.source not in {term.source for term in stored_terms.load(sessions).terms}
    with sessions.begin() as session:
        stored_terms.add(session, [changed], origin="operator", author="op", now=NOW)
    assert changed in stored_terms.load(sessions).terms


@pytest.mark.parametrize("write", [exchange.write_csv, exchange.write_tbx])
def test_terms_come_back_from_a_file_as_they_were(write: object) -> None:
    file = io.BytesIO()
    if write is exchange.write_csv:
        exchange.write_csv([LANTERN, BENCH], file)
        assert termbase.read_rows(file.getvalue().decode(), "file") == [LANTERN, BENCH]
        return
    exchange.write_tbx([LANTERN, BENCH], file)
    file.seek(0)
    read = exchange.read_tbx(file, "file")
    assert read[1] == BENCH
    assert (read[0].good, read[0].avoid, read[0].sources) == (LANTERN.good, LANTERN.avoid, LANTERN.sources)
    assert read[0].wrong == (*LANTERN.wrong, *LANTERN.nonsense)  # TBX knows one kind of wrong


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no xml", "is not XML"),
        (b"<tbx/>", "no conceptEntry"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><tbx>&a;</tbx>', "is not XML"),
        (
            b'<tbx xmlns="urn:iso:std:iso:30042:ed-2"><text><body><conceptEntry id="c9"><langSec xml:lang="en">'
            b"<termSec><term>x</term></termSec></langSec></conceptEntry></body></text></tbx>",
            "entry c9",
        ),
    ],
)
def test_a_file_that_is_no_termbase_is_refused_in_a_sentence(body: bytes, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        exchange.read_tbx(io.BytesIO(body), "words.tbx")
