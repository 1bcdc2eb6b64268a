"""After drafting: checks and judge find, the worst is mended, and moderators see what is left with a proposal."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.editions import report
from bot.editions.draft import Drafted
from bot.languages.ko import labels
from bot.sandbox.model import FaultKind
from bot.sandbox.world import World
from bot.store.engine import Sessions
from bot.store.tables import Edition, EditionItem, Revision, Segment, StoredFinding
from bot.translation import findings
from bot.translation.repairing import LARGEST_SHARE
from tests.integration.world import NOW, Stage, Store, outside_world, paper, papers

JUDGE = "claude-haiku-5-5"
GOOD = "등불에는 초 100개가 들어갑니다."
SLIP = "등불에는 초 100마리가 들어갑니다."
SLIPPED = paper(
    1,
    abstract=(
        "Ship 1 sails at night. Its lamp holds 100 candles. It never stops. The harbor is far away.",
        f"배 1호는 밤에 항해합니다. {SLIP} 배는 멈추지 않습니다. 항구는 멉니다.",
    ),
)
LISTED = papers(4, SLIPPED)
SAID = {
    "quote": "100마리가",
    "category": "accuracy/mistranslation",
    "severity": "major",
    "explanation": "초는 마리로 세지 않습니다.",
    "suggestion": "100개가",
}


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return store.emptied()


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with outside_world(LISTED) as made:
        yield made


@pytest.fixture
def stage(outside: World, stage: Stage) -> Stage:
    outside.model.judgements = [SAID]
    return stage


@pytest.fixture
def edition_id(stage: Stage) -> int:
    return stage.collected(LISTED)


def _draft(stage: Stage, edition_id: int) -> Drafted:
    return stage.draft(edition_id, stage.desk(judge_model=JUDGE))


def _current(stage: Stage, source: str) -> Revision:
    with stage.sessions() as session:
        return session.scalars(select(Revision).join(Segment).where(Segment.source == source, Revision.current)).one()


def _found(stage: Stage, *, check: str = "judge") -> list[StoredFinding]:
    with stage.sessions() as session:
        return list(session.scalars(select(StoredFinding).filter_by(check=check).order_by(StoredFinding.id)))


def _report(stage: Stage, edition_id: int) -> str:
    with stage.sessions() as session:
        return report.for_moderators(session, session.get_one(Edition, edition_id))


def test_a_serious_finding_is_mended_once_and_the_draft_is_kept(stage: Stage, edition_id: int) -> None:
    _draft(stage, edition_id)
    mended = _current(stage, "Its lamp holds 100 candles.")
    assert mended.text == GOOD
    assert mended.checked_at is not None
    with stage.sessions() as session:
        texts = session.scalars(
            select(Revision.text).filter_by(segment_id=mended.segment_id).order_by(Revision.id)
        ).all()
    assert texts == [SLIP, GOOD]
    assert _found(stage) == []
    assert len(stage.seen('"task": "judge_paper"')) == 4
    assert len(stage.seen('"task": "repair_paper"')) == 1


def test_what_a_repair_does_not_mend_is_shown_with_reason_english_and_proposal(stage: Stage, edition_id: int) -> None:
    stage.model.judgements = [{**SAID, "severity": "minor", "suggestion": "100송이가"}]
    _draft(stage, edition_id)
    shown = _report(stage, edition_id)
    assert "1번 Ship 1 · 초록" in shown
    assert SAID["explanation"] in shown
    assert "100마리가 → 100송이가" in shown
    assert "> Its lamp holds 100 candles." in shown


def test_a_repair_that_makes_it_worse_is_dropped(stage: Stage, edition_id: int) -> None:
    worse = "100마리의 100마리가"
    stage.model.judgements = [{**SAID, "suggestion": worse}]
    _draft(stage, edition_id)
    assert _current(stage, "Its lamp holds 100 candles.").text == SLIP
    assert [one.suggestion for one in _found(stage)] == [worse]


def test_only_a_share_of_the_edition_is_mended_the_worst_first(stage: Stage, edition_id: int) -> None:
    stage.model.judgements = [
        {**SAID, "quote": "니다.", "severity": "major", "suggestion": "니다!"},
        {**SAID, "severity": "critical"},
    ]
    _draft(stage, edition_id)
    with stage.sessions() as session:
        drafts = session.scalars(select(Revision).where(Revision.author_kind == "model")).all()
    whole = sum(len(one.text) for one in drafts if one.current)
    changed = [one for one in drafts if one.reason == "mended after checks"]
    assert 0 < sum(len(one.text) for one in changed) <= LARGEST_SHARE * whole * 1.1
    assert any("100개가" in one.text for one in changed)


def test_a_second_run_asks_and_pays_nothing(stage: Stage, edition_id: int) -> None:
    _draft(stage, edition_id)
    calls, revisions = len(stage.model.calls), len(stage.revisions())
    assert _draft(stage, edition_id).asked == 0
    assert (len(stage.model.calls), len(stage.revisions())) == (calls, revisions)


@pytest.mark.parametrize("fault", ["unauthorized", "refusal", "not_json"])
def test_without_the_judge_checks_alone_do_and_moderators_are_told(
    stage: Stage, edition_id: int, fault: FaultKind
) -> None:
    stage.model.fail_next(fault, times=4 if fault == "unauthorized" else 8, match='"task": "judge_paper"')
    _draft(stage, edition_id)
    assert stage.state(edition_id) == "checked"
    with stage.sessions() as session:
        failures = session.scalars(select(EditionItem.judge_failure)).all()
    assert failures == [labels.JUDGE_FAILED] * 4
    assert "1, 2, 3, 4번 논문은 두 번째 모델이 검토하지 못해" in _report(stage, edition_id)


def test_a_busy_judge_leaves_the_edition_waiting_and_nothing_paid_is_lost(stage: Stage, edition_id: int) -> None:
    stage.model.fail_next("rate_limited", match='"task": "judge_paper"')
    waiting = _draft(stage, edition_id)
    assert (len(waiting.waiting), waiting.retry_after_s) == (1, 3600)
    assert stage.state(edition_id) == "drafting"
    before = len(stage.seen('"task": "judge_paper"'))
    assert _draft(stage, edition_id).waiting == ()
    assert len(stage.seen('"task": "judge_paper"')) == before + 1
    assert stage.state(edition_id) == "checked"


def test_a_dismissed_finding_stays_away_from_its_sentence(stage: Stage, edition_id: int) -> None:
    stage.model.judgements = [{**SAID, "severity": "minor"}]
    _draft(stage, edition_id)
    (found,) = _found(stage)
    with stage.sessions.begin() as session:
        assert findings.dismiss(session, found.id, by="수진", now=NOW) is not None
    assert SAID["explanation"] not in _report(stage, edition_id)
    with stage.sessions.begin() as session:
        session.query(Revision).update({"checked_at": None})
    _draft(stage, edition_id)
    assert [one.dismissed_by for one in _found(stage)] == ["수진"]
    assert SAID["explanation"] not in _report(stage, edition_id)


@pytest.mark.parametrize("fails", [False, True])
def test_what_the_judge_said_of_other_papers_outlives_the_redraft_of_one(
    stage: Stage, edition_id: int, fails: bool
) -> None:
    stage.model.judgements = [{**SAID, "quote": "항구는", "severity": "minor", "suggestion": "항구가"}]
    _draft(stage, edition_id)
    before = [(one.segment_id, one.message) for one in _found(stage)]
    assert len(before) == 4
    redrafted = before[0][0]
    with stage.sessions.begin() as session:
        session.query(Revision).filter_by(segment_id=redrafted).update(
            {"checked_at": None, "text": "항구는 가깝습니다."}
        )
    stage.model.calls.clear()
    if fails:
        stage.model.fail_next("refusal", times=2, match='"task": "judge_paper"')
    _draft(stage, edition_id)
    assert stage.seen('"task": "judge_paper"')
    assert sorted((one.segment_id, one.message) for one in _found(stage)) == sorted(before)


def test_a_person_s_words_are_neither_mended_nor_found_fault_with(stage: Stage, edition_id: int) -> None:
    stage.draft(edition_id)
    first = _current(stage, "Its lamp holds 100 candles.")
    with stage.sessions.begin() as session:
        session.query(Revision).filter_by(id=first.id).update({"author_kind": "moderator", "author": "수진"})
        session.query(Revision).update({"checked_at": None})
    with stage.sessions.begin() as session:
        session.query(Edition).update({"state": "drafting"})
    _draft(stage, edition_id)
    assert _current(stage, "Its lamp holds 100 candles.").text == SLIP
    assert _found(stage) == []


def test_the_introduction_may_name_nothing_its_papers_do_not_have(
    stage: Stage, edition_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [{"sentences": [{"text": "Ship 1은 Zeppelin과 함께 77척을 이끕니다.", "papers": [1]}]}] * 2
    monkeypatch.setattr(stage.model, "_introduction", lambda _: said)
    _draft(stage, edition_id)
    messages = [one.message for one in _found(stage, check="grounding")]
    assert sum("Zeppelin" in message for message in messages) == 2
    assert sum("77" in message for message in messages) == 2
    assert len(messages) == 4
    assert "이번 주 소개" in _report(stage, edition_id)
