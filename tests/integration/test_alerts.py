"""The operator is told once what needs a person: by mail, else as a message on the forum."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import text as sql

from bot.errors import DoubtfulError, RejectedError, SettingsError, TransientError
from bot.figures.alerts import Need
from bot.jobs import alerts, calendar, queue
from bot.jobs.tasks import TASKS, Parts
from bot.sandbox import world as sandbox
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Alert, Topic
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk
from tests.integration.test_figures import lists, submitted

NOW = MONDAY
OPERATOR = "operator@example.org"


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(
        sessions, operator_address=OPERATOR, forum_api_user="paperbot", forum_api_key="a-key", daily_category_id=5
    ) as made:
        yield made


def waiting_draft(desk: Desk, *, since: dt.datetime = NOW - 2 * DAY - HOUR) -> None:
    topic_id, _ = desk.edition(NOW, "Ship One")
    submitted(desk, topic_id, since, published=False)


def failing_job(desk: Desk, *, tries: int = 3, task: str = "sweep_posts", at: dt.datetime = NOW) -> int:
    with desk.sessions.begin() as session:
        queue.defer(session, task)
        job_id = int(session.execute(sql("select max(id) from procrastinate_jobs")).scalar_one())
        queue.note(session, job_id, tries=tries, failing_since=at.isoformat(), error="TransientError: no answer")
    return job_id


def tell(desk: Desk, now: dt.datetime = NOW) -> str:
    return alerts.tell_operator(desk.sessions, desk.settings, now=now)


def told(desk: Desk) -> list[str]:
    return [mail.part("plain") for mail in desk.mailbox.to(OPERATOR)]


def test_everything_that_is_new_is_one_message_and_is_said_once(desk: Desk) -> None:
    monday = NOW.date() - dt.timedelta(days=NOW.weekday())
    waiting_draft(desk)
    failing_job(desk)
    with desk.sessions.begin() as session:
        lists(session, "dair", *(monday - dt.timedelta(weeks=number) for number in range(2, 8)))
    assert tell(desk) == "3 told"
    [text] = told(desk)
    assert "작업 sweep_posts(1번): 3번 실패했고 다시 시도합니다. 이유: TransientError: no answer" in text
    assert "2일째 아무도 손대지 않았습니다." in text
    assert "주간 목록(DAIR)" in text
    for later in (NOW + HOUR, NOW + 3 * DAY):
        assert tell(desk, later) == "nothing new"
    assert len(told(desk)) == 1


def test_what_is_well_is_not_told(desk: Desk) -> None:
    waiting_draft(desk, since=NOW - DAY)
    failing_job(desk, tries=2)
    monday = NOW.date() - dt.timedelta(days=NOW.weekday())
    with desk.sessions.begin() as session:
        lists(session, "dair", *(monday - dt.timedelta(weeks=number) for number in range(6)))
    assert tell(desk) == "nothing new"
    assert told(desk) == []


def test_draft_that_somebody_works_on_or_holds_is_not_told(desk: Desk) -> None:
    waiting_draft(desk)
    waiting_draft(desk)
    with desk.sessions.begin() as session:
        first, second = session.query(Topic).order_by(Topic.id)
        first.touched_at = NOW - HOUR
        second.held_by = "sujin"
    assert tell(desk) == "nothing new"


def test_outage_with_many_failing_jobs_is_one_line_a_task_and_day(desk: Desk) -> None:
    for _ in range(4):
        failing_job(desk)
    tell(desk)
    failing_job(desk)
    assert tell(desk, NOW + HOUR) == "nothing new"
    [text] = told(desk)
    assert text.count("sweep_posts") == 1
    assert "같은 작업 3개가 더 있습니다." in text
    failing_job(desk, at=NOW + DAY)
    assert tell(desk, NOW + DAY) == "1 told"


def test_mail_server_that_is_busy_is_tried_again(desk: Desk) -> None:
    waiting_draft(desk)
    desk.mailbox.fail_next("DATA", "451 4.3.0 try later")
    with pytest.raises(TransientError):
        tell(desk)
    assert told(desk) == []
    assert tell(desk, NOW + HOUR) == "1 told"
    assert len(told(desk)) == 1


def test_refused_mail_stays_to_be_told(desk: Desk) -> None:
    waiting_draft(desk)
    desk.mailbox.fail_next("RCPT", "550 5.1.1 no such person")
    with pytest.raises(RejectedError):
        tell(desk)
    assert tell(desk, NOW + HOUR) == "1 told"


def test_wrong_address_is_told_later_when_it_is_right(desk: Desk) -> None:
    waiting_draft(desk)
    right = desk.settings
    desk.settings = right.model_copy(update={"operator_address": "Operator <operator@example.org>"})
    with pytest.raises(SettingsError, match="OPERATOR_ADDRESS"):
        tell(desk)
    desk.settings = right
    assert tell(desk, NOW + HOUR) == "1 told"


def test_mail_that_may_have_arrived_is_not_sent_again(desk: Desk) -> None:
    waiting_draft(desk)
    desk.mailbox.fail_next("AFTER", "drop")
    with pytest.raises(DoubtfulError, match="draft-weekly"):
        tell(desk)
    assert tell(desk, NOW + HOUR) == "nothing new"
    assert len(told(desk)) == 1
    with desk.sessions() as session:
        assert [(row.said_at, row.tried_at) for row in session.query(Alert)] == [(None, NOW)]


def test_two_processes_tell_once(desk: Desk) -> None:
    waiting_draft(desk)
    with desk.sessions.begin() as first:
        alerts._note(first, [Need("k", "text")])
        assert len(alerts._claim(first, NOW)) == 1
        with desk.sessions.begin() as second:
            assert alerts._claim(second, NOW) == []


def test_without_a_mail_server_it_is_a_message_on_the_forum(sessions: Sessions) -> None:
    with sandbox.running() as world, open_desk(sessions) as desk:
        world.forum.add_user("operator", trust_level=1)
        desk.settings = Settings(_env_file=None, operator_forum_user="operator", **world.settings)
        waiting_draft(desk)
        assert tell(desk) == "1 told"
        assert tell(desk, NOW + HOUR) == "nothing new"
        with world.forum.lock:
            [topic] = [t for t in world.forum.state.topics.values() if t.archetype == "private_message"]
            operator = world.forum.state.user_named("operator")
            assert operator is not None
            assert operator.id in topic.allowed_user_ids
        assert topic.title == "[paperbot] 확인이 필요한 일 1건"
        [post] = world.forum.posts(topic.id)
        assert "2일째 아무도 손대지 않았습니다." in post.raw


def test_lost_answer_of_the_forum_is_not_said_again(sessions: Sessions) -> None:
    with sandbox.running() as world, open_desk(sessions) as desk:
        world.forum.add_user("operator", trust_level=1)
        desk.settings = Settings(_env_file=None, operator_forum_user="operator", **world.settings)
        waiting_draft(desk)
        world.forum.fail_next("drop_after", "POST /posts")
        with pytest.raises(DoubtfulError):
            tell(desk)
        assert tell(desk, NOW + HOUR) == "nothing new"
        with world.forum.lock:
            assert sum(t.archetype == "private_message" for t in world.forum.state.topics.values()) == 1


def test_calendar_tells_only_where_there_is_a_way(desk: Desk) -> None:
    def asks(settings: Settings) -> bool:
        return any(rule.task == "tell_operator" for rule in calendar.rules_of(settings))

    assert asks(desk.settings)
    assert not asks(desk.settings.model_copy(update={"operator_address": None}))
    assert asks(desk.settings.model_copy(update={"operator_address": None, "digest_report_to": OPERATOR}))
    assert not asks(desk.settings.model_copy(update={"smtp_host": None}))
    assert asks(desk.settings.model_copy(update={"smtp_host": None, "operator_forum_user": "operator"}))


def test_the_queue_knows_the_task(desk: Desk) -> None:
    waiting_draft(desk)
    assert TASKS["tell_operator"].run(Parts(desk.settings, desk.sessions, now=lambda: NOW)) == "1 told"
