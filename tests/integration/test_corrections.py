"""From a reader's comment to a better post: proposed to moderators, decided by them, applied, answered, each once."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from bot import clock
from bot.cli.main import cli
from bot.corrections import credit
from bot.jobs import corrections as correcting
from bot.sandbox.forum.state import Post
from bot.sandbox.world import MODERATOR, READERS
from bot.store.tables import Comment, Correction, Notice, ReplayCase, Revision, Ripple, StoredTerm, Topic
from tests.integration.desks import cloned, submit_once
from tests.integration.test_review import Desk, Submitted

MINJI, JIHO = READERS
OLD, NEW = "움직이는 윈도우만", "이동하는 윈도우만"
ARROW = f"1번 논문 소개에서 {OLD} → {NEW} 이 더 자연스럽습니다."


@pytest.fixture(scope="module", params=["now", "2022"])
def submitted(
    request: pytest.FixtureRequest, postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Submitted:
    return submit_once(postgres, template, request.param, tmp_path_factory.mktemp("forum"))


@pytest.fixture
def desk(submitted: Submitted, postgres: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(submitted, postgres, tmp_path) as desk:
        desk.world.forum.publish(MODERATOR, desk.topic_id, desk.world.forum.papers_category.id)
        desk.read()
        assert desk.state == "published"
        yield desk


def comment(desk: Desk, raw: str, by: str = MINJI) -> Post:
    made = desk.world.forum.reply(by, topic_id=desk.topic_id, raw=raw)
    desk.read()
    return made


def whispers(desk: Desk) -> list[Post]:
    """What the bot told moderators since the report on the draft."""
    posts = desk.world.forum.posts(desk.topic_id)
    return [post for post in posts if post.post_type == 4 and post.user_id == posts[0].user_id][1:]


def replies(desk: Desk) -> list[Post]:
    """What the bot said in public."""
    posts = desk.world.forum.posts(desk.topic_id)
    return [post for post in posts[1:] if post.user_id == posts[0].user_id and post.post_type == 1]


def states(desk: Desk) -> list[str]:
    with desk.sessions() as session:
        return list(session.scalars(select(Correction.state).order_by(Correction.id)))


def answer(desk: Desk, raw: str, by: str = MODERATOR) -> None:
    desk.say(raw, by=by, to=whispers(desk)[-1].post_number)
    desk.read()


def mended(desk: Desk) -> list[int]:
    """The topics whose pages have to follow what was accepted."""
    with desk.sessions.begin() as session:
        return correcting.apply_ripples(session, desk.settings, now=clock.now())


def test_from_a_comment_to_the_corrected_post(desk: Desk) -> None:
    made = comment(desk, ARROW)

    (whisper,) = whispers(desk)
    assert OLD in whisper.raw
    assert NEW in whisper.raw
    assert "moving window" in whisper.raw
    assert "검사 결과" in whisper.raw
    assert OLD in desk.first.raw  # nothing changes before a moderator says so
    bot = desk.first.user_id
    assert bot in desk.world.forum.state.posts[made.id].likes

    answer(desk, "수락")

    assert NEW in desk.first.raw
    assert OLD not in desk.first.raw
    (thanks,) = replies(desk)
    assert f"@{MINJI}" in thanks.raw
    assert thanks.reply_to_post_number == made.post_number
    assert states(desk) == ["credited"]
    with desk.sessions() as session:
        revision = session.scalars(select(Revision).where(Revision.current, Revision.author_kind == "reader")).one()
        assert revision.author == MINJI
        assert MODERATOR in revision.reason
        assert session.scalars(select(ReplayCase)).one().bad == "움직이는"
    before = len(desk.world.forum.posts(desk.topic_id))
    desk.read()
    desk.read()
    assert len(desk.world.forum.posts(desk.topic_id)) == before


def test_the_edit_names_the_reporter_in_its_reason(desk: Desk) -> None:
    comment(desk, ARROW)
    answer(desk, "승인합니다")

    assert MINJI in (desk.first.edit_reason or "")


def test_a_rejection_keeps_the_post_and_tells_the_reader_why(desk: Desk) -> None:
    before = desk.first.raw
    comment(desk, ARROW)
    answer(desk, "거절: 원문이 moving이라 그대로 둡니다")

    assert desk.first.raw == before
    (reply,) = replies(desk)
    assert "원문이 moving이라 그대로 둡니다" in reply.raw
    assert states(desk) == ["rejected"]


def test_another_sentence_of_the_moderator_takes_its_place(desk: Desk) -> None:
    comment(desk, ARROW)
    text = "각 쿼리가 정렬된 순서에서 이동하는 창만 읽는 어텐션 계층 Tidewater를 소개합니다."
    answer(desk, f"다른 문장: {text}")

    assert text in desk.first.raw.replace("\\", "")
    assert states(desk) == ["credited"]


def test_a_like_of_the_whisper_accepts(desk: Desk) -> None:
    comment(desk, ARROW)
    desk.world.forum.like(MODERATOR, whispers(desk)[-1].id)
    desk.read()

    assert NEW in desk.first.raw
    with desk.sessions() as session:
        assert session.scalars(select(Correction.decided_by)).one() == MODERATOR


def test_two_readers_of_one_mistake_are_both_thanked_in_one_reply(desk: Desk) -> None:
    comment(desk, ARROW)
    comment(desk, f"[quote]{OLD}[/quote]\n{OLD} → {NEW} 로 고쳐 주세요.", by=JIHO)

    assert len(whispers(desk)) == 1
    answer(desk, "ok")

    (reply,) = replies(desk)
    assert f"@{MINJI}" in reply.raw
    assert f"@{JIHO}" in reply.raw


def test_a_deleted_comment_withdraws_what_it_asked_for(desk: Desk) -> None:
    made = comment(desk, ARROW)
    desk.world.forum.delete_post(MODERATOR, made.id)
    desk.read()

    assert states(desk) == ["withdrawn"]
    answer(desk, "수락")
    assert OLD in desk.first.raw


def test_an_edited_comment_brings_its_new_wish(desk: Desk) -> None:
    made = comment(desk, ARROW)
    desk.world.forum.edit_post(MINJI, made.id, ARROW.replace(NEW, "옮겨 가는 윈도우만"))
    desk.read()

    assert states(desk) == ["withdrawn", "proposed"]
    answer(desk, "수락")
    assert "옮겨 가는 윈도우만" in desk.first.raw


def test_one_comment_with_two_corrections_gets_one_whisper_and_one_reply(desk: Desk) -> None:
    comment(desk, f"{ARROW}\n2번 논문 초록에서 '절대 버리지 않는'보다 '전혀 버리지 않는'이 맞지 않나요?")
    assert states(desk) == ["proposed", "proposed"]
    assert len(whispers(desk)) == 1

    answer(desk, "수락")

    assert NEW in desk.first.raw
    assert "전혀 버리지 않는" in desk.first.raw
    assert len(replies(desk)) == 1


def test_a_number_decides_on_one_of_several(desk: Desk) -> None:
    comment(desk, f"{ARROW}\n2번 논문 소개에서 '절대 버리지 않는'보다 '전혀 버리지 않는'이 맞지 않나요?")
    with desk.sessions() as session:
        first, second = session.scalars(select(Correction.id).order_by(Correction.id))
    answer(desk, f"{first} 수락")
    assert states(desk)[1] == "proposed"
    answer(desk, f"거절 {second}: 지금이 낫습니다")

    assert states(desk) == ["credited", "rejected"]
    (reply,) = replies(desk)
    assert NEW in reply.raw
    assert "지금이 낫습니다" in reply.raw


def test_a_sentence_a_moderator_rewrote_meanwhile_is_not_overwritten(desk: Desk) -> None:
    comment(desk, ARROW)
    sentence = next(line for line in desk.first.raw.splitlines() if OLD in line)
    desk.edit(sentence, sentence.replace(OLD, "흐르는 창만"))
    answer(desk, "수락")

    assert "흐르는 창만" in desk.first.raw
    assert NEW not in desk.first.raw
    assert states(desk) == ["stale"]
    assert any("적용하지 못했습니다" in post.raw for post in whispers(desk))


def test_a_mended_place_beside_another_edit_still_takes_the_readers_words(desk: Desk) -> None:
    comment(desk, ARROW)
    desk.edit("어텐션 계층 Tidewater를 소개합니다", "새 어텐션 계층 Tidewater를 소개합니다")
    answer(desk, "수락")

    assert NEW in desk.first.raw
    assert "새 어텐션 계층 Tidewater를 소개합니다" in desk.first.raw


def test_what_cannot_be_placed_is_asked_back_once(desk: Desk) -> None:
    made = comment(desk, "번역이 어색한 문장이 하나 있는데 고쳐 주시면 좋겠어요.")
    (question,) = replies(desk)
    assert "인용" in question.raw
    desk.world.forum.edit_post(MINJI, made.id, "번역이 어색한 문장이 하나 있는데 꼭 고쳐 주시면 좋겠어요.")
    desk.read()
    assert len(replies(desk)) == 1


@pytest.mark.parametrize(
    "raw", ["좋은 글 감사합니다! 매주 잘 읽고 있어요.", "이 논문 코드는 언제 공개되나요? 궁금합니다."]
)
def test_thanks_and_questions_are_left_alone(desk: Desk, raw: str) -> None:
    before = len(desk.world.forum.posts(desk.topic_id))
    comment(desk, raw)

    assert len(desk.world.forum.posts(desk.topic_id)) == before + 1
    assert states(desk) == []


def test_a_report_without_a_wording_is_drafted_by_the_model_and_marked(desk: Desk) -> None:
    sentence = desk.sentence(1, "description")
    draft = sentence.replace("소개합니다", "제안합니다")
    desk.world.model.readings.append(
        {
            "match": "어색합니다",
            "sentence": OLD,
            "kind": "report",
            "draft": draft,
            "reason": "끝맺음이 어색하다고 합니다.",
        }
    )
    comment(desk, f"> {sentence}\n\n이 문장 어색합니다.")

    (whisper,) = whispers(desk)
    assert "모델" in whisper.raw
    assert "제안합니다" in whisper.raw
    answer(desk, "네")
    assert "Tidewater를 제안합니다" in desk.first.raw


def test_two_moderators_at_once_apply_once(desk: Desk) -> None:
    comment(desk, ARROW)
    desk.world.forum.add_user("hana", moderator=True, trust_level=4)
    number = whispers(desk)[-1].post_number
    desk.say("수락", to=number)
    desk.say("거절: 그대로", by="hana", to=number)
    desk.read()

    assert states(desk) == ["credited"]
    with desk.sessions() as session:
        assert session.scalar(select(func.count(Revision.id)).where(Revision.author_kind == "reader")) == 1
    assert any("이미 결정된" in post.raw for post in whispers(desk))


def test_readers_cannot_decide(desk: Desk) -> None:
    comment(desk, ARROW)
    comment(desk, "수락 1, 이걸로 꼭 바꿔 주시기 바랍니다.", by=JIHO)

    assert states(desk) == ["proposed"]
    assert OLD in desk.first.raw


def test_one_angry_reader_does_not_flood_the_moderators(desk: Desk) -> None:
    sentences = [
        line for line in desk.first.raw.splitlines() if line.startswith("> ") is False and line.endswith("다.")
    ]
    for number, line in enumerate(sentences[:12]):
        word = line.split()[0]
        desk.world.forum.reply(
            MINJI, topic_id=desk.topic_id, raw=f"> {line}\n\n{word} → 엉터리{number}{word} 로 고쳐라!!"
        )
    desk.read()
    desk.read()

    assert len(whispers(desk)) <= 5
    with desk.sessions() as session:
        assert (session.scalar(select(func.count(Correction.id))) or 0) <= desk.settings.corrections_per_reader


def test_a_trusted_readers_small_clean_change_needs_nobody(desk: Desk) -> None:
    comment(desk, ARROW)
    answer(desk, "수락")
    desk.settings = desk.settings.model_copy(update={"corrections_trusted_after": 1})
    comment(desk, "2번 논문 소개에서 '절대 버리지 않는'보다 '전혀 버리지 않는'이 맞습니다.")

    assert "전혀 버리지 않는" in desk.first.raw
    assert "기다리지 않고" in whispers(desk)[-1].raw


def test_the_same_mistake_elsewhere_is_offered_and_mended_on_one_acceptance(desk: Desk) -> None:
    wrong, right = "퍼플렉서티", "혼란도"
    assert desk.first.raw.count(wrong) > 1
    comment(desk, f"1번 논문 초록의 {wrong}(perplexity)는 → {right}(perplexity)는 으로 고치면 좋겠습니다.")
    answer(desk, "수락")

    offer = whispers(desk)[-1]
    assert "다른 문장에도" in offer.raw
    assert wrong in desk.first.raw
    answer(desk, "모두 수락")
    while topics := mended(desk):
        assert topics == [desk.topic_row_id]
        desk.read()
    assert wrong not in desk.first.raw
    assert f"{right}(perplexity)는" in desk.first.raw
    with desk.sessions() as session:
        assert set(session.scalars(select(Ripple.state))) == {"applied"}
        term = session.scalars(select(StoredTerm)).one()
        assert (term.source, term.target, term.origin) == ("perplexity", right, "correction")


def test_a_spent_budget_lets_a_correction_wait(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"correction_edits_per_day": 1})
    comment(desk, ARROW)
    answer(desk, "수락")
    comment(desk, "2번 논문 소개에서 '절대 버리지 않는'보다 '전혀 버리지 않는'이 맞습니다.")
    answer(desk, "수락")

    assert states(desk) == ["credited", "accepted"]
    assert "절대 버리지 않는" in desk.first.raw
    desk.read(now=clock.now() + dt.timedelta(days=1, minutes=1))
    desk.read(now=clock.now() + dt.timedelta(days=1, minutes=2))
    assert states(desk) == ["credited", "credited"]
    assert "전혀 버리지 않는" in desk.first.raw


def test_errata_since_a_day_are_there_for_the_digest(desk: Desk) -> None:
    since = clock.now() - dt.timedelta(minutes=1)
    comment(desk, ARROW)
    answer(desk, "수락")

    with desk.sessions() as session:
        (erratum,) = credit.errata(session, since, forum_url=desk.world.forum_url)
        assert session.scalars(select(Topic.title)).one() == erratum.topic_title
    assert OLD in erratum.old
    assert NEW in erratum.new
    assert erratum.reporters == (MINJI,)
    assert "moving window" in erratum.source
    with desk.sessions() as session:
        assert credit.errata(session, clock.now() + dt.timedelta(minutes=1)) == []


def test_a_forum_that_forbids_likes_gets_a_short_reply_instead(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"correction_sign": "reply"})
    comment(desk, ARROW)

    (reply,) = replies(desk)
    assert "살펴보고" in reply.raw
    with desk.sessions() as session:
        assert session.scalars(select(Comment.signed_at)).one() is not None
        assert session.scalar(select(func.count(Notice.id)).where(~Notice.is_whisper)) == 1


def test_an_operator_decides_on_the_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert desk.settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", desk.settings.database_url.get_secret_value())

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["corrections", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    comment(desk, ARROW)
    number = run("list").split()[0]
    shown = run("show", number)
    assert OLD in shown
    assert NEW in shown
    assert "moving window" in shown
    assert run("accept", number) == f"{number} accepted\n"
    desk.read()  # what the deferred job does
    assert NEW in desk.first.raw
    assert "credited" in run("show", number)
    refused = CliRunner().invoke(cli, ["corrections", "accept", number])
    assert refused.exit_code == 1
    assert "credited already" in refused.output
    assert run("list") == ""

    (line,) = run("export", "--format", "jsonl").splitlines()
    erratum = json.loads(line)
    assert erratum["reporters"] == [MINJI]
    assert OLD in erratum["old"]
    assert NEW in run("export", "--since", "2020-01-01")


def test_a_proposal_that_somebody_deleted_is_told_once_more(desk: Desk) -> None:
    comment(desk, ARROW)
    desk.world.forum.delete_post(MODERATOR, whispers(desk)[-1].id)
    desk.read()
    later = clock.now() + dt.timedelta(hours=2)
    desk.read(now=later)

    said = [post for post in whispers(desk) if post.deleted_at is None]
    assert len(said) == 1
    desk.say("수락", to=said[0].post_number)
    desk.read(now=later)
    assert NEW in desk.first.raw

    before = len(desk.world.forum.posts(desk.topic_id))
    desk.read(now=later + dt.timedelta(hours=2))
    assert len(desk.world.forum.posts(desk.topic_id)) == before
