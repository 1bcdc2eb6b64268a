"""An edition becomes a shared draft: once, whatever the forum does in between, and never over a person's words."""

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import sessionmaker
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import clock
from bot.editions import compose
from bot.editions.collect import Collected
from bot.editions.lifecycle import ON_FORUM
from bot.editions.weekly import WEEKLY
from bot.errors import BotError, ConflictError, RejectedError, TransientError
from bot.forum import submit as submission
from bot.forum.discourse import Discourse
from bot.forum.errors import LostAnswerError
from bot.forum.submit import Place, Submitted
from bot.jobs import editions
from bot.sandbox import world as sandbox
from bot.sandbox.forum import Forum
from bot.sandbox.forum.faults import Fault, FaultKind
from bot.sandbox.forum.memo import CreateMemo
from bot.sandbox.forum.state import Topic as ForumTopic
from bot.sandbox.server import serve
from bot.settings import Settings
from bot.store.engine import Sessions, make_engine
from bot.store.tables import (
    Edition,
    EditionItem,
    Notice,
    Offer,
    Omission,
    Passage,
    Post,
    Revision,
    Segment,
    Topic,
    Transition,
)
from tests.crash.driver import fresh_database

THREE_PARTS = 7_500
"""A max_post_length that cuts the sample week in three."""
ONE_PART = 32_000
TAGS = ("weekly", "papers")
KEY = "weekly-2026-11-09-ko"

CREATE, SHOW, LOOK_UP = r"POST /posts\.json", r"GET /t/\d+\.json", "GET /t/external_id/"


class Forgetful(CreateMemo):
    """A forum whose short memory of creations is over: nothing here may rest on it."""

    def answer(self, key: object, now: dt.datetime, create: Callable[[], dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002
        """Create, always."""
        return create()


class Stage:
    """One server for all tests, with each test's own forum on it."""

    url = ""
    forum: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the forum of the day."""
        assert self.forum is not None
        await self.forum(scope, receive, send)


@dataclass
class Desk:
    """A drafted edition, a forum, and the adapter between them."""

    sessions: Sessions
    edition_id: int
    settings: Settings
    forum: Forum
    discourse: Discourse
    slept: list[float] = field(default_factory=list)

    def submit(
        self, *, again: bool = False, through: Discourse | None = None, tags: tuple[str, ...] = TAGS
    ) -> Submitted:
        """One run of the submission; the report that it plans counts as said."""
        done = submission.submit(
            self.sessions,
            through or self.discourse,
            self.edition_id,
            frame=compose.frame_of(self.settings),
            place=Place(self.forum.papers_category.id, tags),
            again=again,
            now=clock.now(),
            sleep=self.slept.append,
        )
        with self.sessions.begin() as session:
            session.execute(update(Notice).values(sent_at=clock.now()))
        return done

    @property
    def topic(self) -> ForumTopic:
        """The one topic on the forum; deleted ones count too."""
        (topic,) = self.forum.state.topics.values()
        return topic

    @property
    def raws(self) -> list[str]:
        """The texts of the one topic."""
        return [post.raw for post in self.forum.posts(self.topic.id)]

    @property
    def writes(self) -> list[str]:
        """What was asked of the forum beyond reading."""
        return [f"{call.method} {call.path}" for call in self.forum.calls if call.method != "GET"]

    @property
    def article(self) -> str:
        """What the store says the article is."""
        return editions.preview(self.sessions, self.settings, self.edition_id)

    def fault(self, kind: FaultKind, match: str, nth: int = 1) -> Fault:
        """Arm a fault for the nth request that matches."""
        if nth > 1:
            self.forum.fail_next("slow", match, times=nth - 1, seconds=0)  # does nothing; counts
        return self.forum.fail_next(kind, match)

    def by_hand(self, part: int, change: Callable[[str], str]) -> None:
        """A moderator's edit."""
        post = self.forum.posts(self.topic.id)[part - 1]
        self.forum.edit_post(sandbox.MODERATOR, post.id, change(post.raw))

    def recorded(self) -> list[tuple[int, int, str]]:
        """Part, number and base text of the posts in the store."""
        with self.sessions() as session:
            rows = session.scalars(select(Post).order_by(Post.part))
            return [(row.part, row.post_number, row.base_raw) for row in rows]

    def state(self) -> str:
        """The edition's state."""
        with self.sessions() as session:
            return session.get_one(Edition, self.edition_id).state

    def external_id(self) -> str:
        """The key in the store."""
        with self.sessions() as session:
            return session.scalars(select(Topic.external_id)).one()

    def undraft(self, rank: int) -> None:
        """As if this paper's draft had failed."""
        with self.sessions.begin() as session:
            item = session.scalars(select(EditionItem).where(EditionItem.rank == rank)).one()
            item.failure = "모델이 번역을 거절했습니다."
            session.execute(update(Revision).where(Revision.id.in_(_revisions_of(item))).values(current=False))

    def draft_again(self, rank: int) -> None:
        """The formerly failed paper is drafted after all."""
        with self.sessions.begin() as session:
            item = session.scalars(select(EditionItem).where(EditionItem.rank == rank)).one()
            item.failure = None
            session.execute(update(Revision).where(Revision.id.in_(_revisions_of(item))).values(current=True))


def _revisions_of(item: EditionItem) -> Any:
    return (
        select(Revision.id)
        .join(Segment, Segment.id == Revision.segment_id)
        .join(Passage, Passage.id == Segment.passage_id)
        .where((Passage.sighting_id == item.sighting_id) | (Passage.paper_id == item.sighting.paper_id))
    )


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    shown = Stage()
    with serve(shown) as url:
        shown.url = url
        yield shown


@pytest.fixture(scope="module")
def drafted(
    postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Sessions, int, Settings]]:
    """A store with the sample week, collected and drafted by the production code; tests put back what they change."""
    with fresh_database(postgres, template, f"submit_{secrets.token_hex(4)}") as url:
        engine = make_engine(url)
        sessions = sessionmaker(engine)
        with sandbox.running() as world:
            folder = tmp_path_factory.mktemp("data")
            settings = Settings(_env_file=None, data_dir=folder, arxiv_interval_s=0, **world.settings)
            collected = editions.collect(sessions, settings, WEEKLY, sandbox.SAMPLE_PERIOD)
            assert isinstance(collected, Collected)
            assert editions.draft(sessions, settings, collected.edition_id).failed == {}
        yield sessions, collected.edition_id, settings
        engine.dispose()


@pytest.fixture(params=["now"])
def desk(request: pytest.FixtureRequest, drafted: tuple[Sessions, int, Settings], stage: Stage) -> Iterator[Desk]:
    """A drafted edition and an empty forum; `both_modes` runs a test against both versions of the forum."""
    sessions, edition_id, settings = drafted
    mode: Literal["now", "2022"] = request.param
    forum = Forum(mode=mode)
    forum.memo = Forgetful()
    forum.settings.admin_api_requests_per_minute = None
    forum.settings.max_post_length = THREE_PARTS
    forum.add_user(sandbox.BOT_USER, moderator=True, trust_level=4)
    forum.add_user(sandbox.MODERATOR, moderator=True, trust_level=4)
    key = forum.add_api_key(sandbox.BOT_USER)
    stage.forum = forum.app()
    with Discourse(stage.url, username=sandbox.BOT_USER, api_key=key, timeout_s=5) as discourse:
        yield Desk(sessions, edition_id, settings, forum, discourse)
    with sessions.begin() as session:
        for table in (Offer, Omission, Notice, Post, Topic):
            session.execute(delete(table))
        session.execute(delete(Revision).where(Revision.author_kind == "moderator"))
        session.execute(delete(Transition).where(Transition.from_state.in_(ON_FORUM | {"checked", "rejected"})))
        session.execute(update(Edition).values(state="checked"))
        session.execute(update(EditionItem).values(failure=None))
        session.execute(update(Revision).values(current=True))


@pytest.fixture(scope="module")
def blocks(drafted: tuple[Sessions, int, Settings]) -> list[str]:
    """The article's blocks."""
    sessions, edition_id, settings = drafted
    with sessions() as session:
        return compose.weekly_blocks(session, session.get_one(Edition, edition_id), compose.frame_of(settings))


@pytest.fixture
def composed_once(blocks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares a hundred tests that do not change the store the composing, which takes longer than all their calls."""
    monkeypatch.setattr(compose, "weekly_blocks", lambda *_: list(blocks))


both_modes = pytest.mark.parametrize("desk", ["now", "2022"], indirect=True)


# The usual way


@both_modes
def test_an_edition_is_created_verified_and_recorded_in_at_most_eight_calls(desk: Desk) -> None:
    done = desk.submit()
    assert (done.outcome, done.parts, done.edited_parts, done.remarks) == ("created", 3, (), ())
    assert len(desk.forum.calls) <= 8
    topic = desk.topic
    assert topic.id == done.topic_id
    assert topic.external_id == KEY
    assert topic.draft_destination == desk.forum.papers_category.id
    assert topic.category_id == desk.forum.drafts_category.id
    assert sorted(topic.tags) == sorted(TAGS)
    assert desk.state() == "submitted"
    assert desk.recorded() == [(number, number, raw) for number, raw in enumerate(desk.raws, 1)]


@both_modes
def test_a_second_run_only_looks_whether_the_topic_is_there(desk: Desk) -> None:
    first = desk.submit()
    desk.forum.calls.clear()
    assert desk.submit() == Submitted(first.topic_id, 3, "unchanged")
    assert all(call.method == "GET" for call in desk.forum.calls)


def test_parts_stay_below_the_limit_and_together_are_the_whole_article(desk: Desk) -> None:
    desk.submit()
    assert all(len(raw) <= THREE_PARTS for raw in desk.raws)
    tokens = [f"\n\n<!-- paperbot {KEY}-part-{part} -->" for part in (2, 3)]
    first, second, third = desk.raws
    assert second.endswith(tokens[0])
    assert third.endswith(tokens[1])
    joined = compose.RULE.join([first, second.removesuffix(tokens[0]), third.removesuffix(tokens[1])])
    assert joined == desk.article.rstrip()


def test_a_short_article_is_one_post_without_a_token(desk: Desk) -> None:
    desk.forum.settings.max_post_length = ONE_PART
    assert desk.submit().parts == 1
    assert desk.raws == [desk.article.rstrip()]


def test_an_edition_that_is_not_drafted_is_refused_before_anything_is_asked(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        session.execute(update(Edition).values(state="drafting"))
    with pytest.raises(RejectedError, match=r"drafting, not ready to submit: run `paperbot draft weekly --period"):
        desk.submit()
    assert desk.forum.calls == []


# Every fault at every call

CALLS = [
    (r"GET /site\.json", 1),
    (r"GET /site/settings\.json", 1),
    (LOOK_UP, 1),
    (CREATE, 1),
    (SHOW, 1),
    (CREATE, 2),
    (CREATE, 3),
    (SHOW, 2),
]
ON_READING: list[FaultKind] = [
    "429_json", "429_text", "500", "502_html", "503_read_only", "drop_before", "empty_200", "failed_200",
]  # fmt: skip
ON_WRITING: list[FaultKind] = [
    *ON_READING, "429_no_code", "failed_422", "drop_after", "502_after", "race_500",
]  # fmt: skip
FAULTS = [
    pytest.param(kind, match, nth, id=f"{kind} at {match} {nth}".replace("\\", ""))
    for match, nth in CALLS
    for kind in (ON_WRITING if match == CREATE else ON_READING)
]


@pytest.mark.usefixtures("composed_once")
@pytest.mark.parametrize(("kind", "match", "nth"), FAULTS)
def test_after_a_fault_running_again_gives_one_topic_with_all_parts(
    desk: Desk, kind: FaultKind, match: str, nth: int
) -> None:
    one_fault_and_again(desk, kind, match, nth)


@pytest.mark.usefixtures("composed_once")
@pytest.mark.parametrize("desk", ["2022"], indirect=True)
@pytest.mark.parametrize("kind", ["429_text", "drop_before", "drop_after", "failed_200", "race_500", "empty_200"])
@pytest.mark.parametrize("nth", [1, 3])
def test_after_a_fault_of_an_older_forum_too(desk: Desk, kind: FaultKind, nth: int) -> None:
    one_fault_and_again(desk, kind, CREATE, nth)


def one_fault_and_again(desk: Desk, kind: FaultKind, match: str, nth: int) -> None:
    """Submit over one fault, run again until it is done, and look at what is there."""
    fault = desk.fault(kind, match, nth)
    errors: list[BotError] = []
    posts: dict[int, str] = {}
    for _ in range(3):
        try:
            done = desk.submit()
            break
        except BotError as error:
            errors.append(error)
            posts = {post.id: post.raw for post in desk.forum.state.posts.values()}
    assert all(isinstance(error, TransientError) or kind == "failed_422" for error in errors)
    assert fault.fired == 1
    assert done.parts == 3
    assert desk.topic.draft_destination is not None
    assert len(desk.forum.state.posts) == 3
    assert {post.id: post.raw for post in desk.forum.state.posts.values()}.items() >= posts.items()
    assert desk.recorded() == [(number, number, raw) for number, raw in enumerate(desk.raws, 1)]
    assert desk.state() == "submitted"
    desk.forum.calls.clear()
    assert desk.submit() == Submitted(desk.topic.id, 3, "unchanged")
    assert all(call.method == "GET" for call in desk.forum.calls)


@pytest.mark.parametrize("kind", ["drop_after", "502_after", "race_500"])
def test_a_creation_whose_answer_is_lost_is_adopted_in_the_same_run(desk: Desk, kind: FaultKind) -> None:
    desk.fault(kind, CREATE)
    done = desk.submit()
    assert done.topic_id == desk.topic.id
    assert desk.slept == []


def test_a_lost_creation_that_did_not_happen_is_tried_once_more_after_a_pause(desk: Desk) -> None:
    desk.fault("drop_before", CREATE)
    assert desk.submit().outcome == "created"
    assert desk.slept == [submission.LOST_WAIT_S]
    assert desk.topic.external_id == KEY


def test_after_two_lost_creations_the_run_ends_and_the_next_one_makes_the_topic(desk: Desk) -> None:
    desk.forum.fail_next("500", CREATE, times=2)
    with pytest.raises(LostAnswerError):
        desk.submit()
    assert desk.forum.topics == []
    assert desk.submit().outcome == "created"


def test_a_rate_limit_is_handed_on_with_its_delay_and_not_slept_through(desk: Desk) -> None:
    desk.forum.fail_next("429_json", CREATE, wait_s=77)
    with pytest.raises(TransientError) as caught:
        desk.submit()
    assert caught.value.retry_after_s == 77
    assert desk.slept == []


def test_a_run_that_ended_after_the_creation_is_adopted(desk: Desk) -> None:
    desk.fault("drop_before", SHOW)
    with pytest.raises(TransientError):
        desk.submit()
    assert desk.submit().outcome == "adopted"
    assert len(desk.forum.topics) == 1
    assert len(desk.raws) == 3


def test_a_run_that_ended_between_two_parts_goes_on_with_the_next(desk: Desk) -> None:
    desk.fault("429_text", CREATE, nth=3)
    with pytest.raises(TransientError):
        desk.submit()
    first, second = (post.id for post in desk.forum.posts(desk.topic.id))
    assert desk.submit().outcome == "adopted"
    assert [post.id for post in desk.forum.posts(desk.topic.id)][:2] == [first, second]
    assert len(desk.raws) == 3


def test_a_token_in_somebody_elses_post_does_not_pass_for_our_part(desk: Desk) -> None:
    desk.fault("429_text", CREATE, nth=2)
    with pytest.raises(TransientError):
        desk.submit()
    quoted = f"이 부분을 인용합니다, 스무 글자는 넘겨야 합니다.\n\n<!-- paperbot {KEY}-part-2 -->"
    desk.forum.reply(sandbox.MODERATOR, topic_id=desk.topic.id, raw=quoted)
    assert desk.submit().parts == 3
    assert len(desk.raws) == 4
    assert quoted not in [base for _, _, base in desk.recorded()]


# What the forum would refuse


def test_a_title_that_is_too_short_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.forum.settings.min_topic_title_length = 200
    with pytest.raises(RejectedError, match=r"wants at least 200: lengthen it or lower min_topic_title_length"):
        desk.submit()
    assert desk.writes == []


def test_a_title_that_is_too_long_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.forum.settings.max_topic_title_length = 20
    with pytest.raises(RejectedError, match="takes at most 20: shorten it by"):
        desk.submit()
    assert desk.writes == []


def test_a_paper_that_is_longer_than_a_post_may_be_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.forum.settings.max_post_length = 1_000
    with pytest.raises(RejectedError, match=r"One paper alone makes \d+ characters.*raise max_post_length"):
        desk.submit()
    assert desk.writes == []


def test_too_many_tags_are_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.forum.settings.max_tags_per_topic = 1
    with pytest.raises(RejectedError, match="the forum takes at most 1: drop 1 or raise max_tags_per_topic"):
        desk.submit()
    assert desk.writes == []


def test_a_taken_title_is_refused_with_the_forums_own_words(desk: Desk) -> None:
    with desk.sessions() as session:
        title = session.get_one(Edition, desk.edition_id).title
    raw = "누군가 같은 제목으로 먼저 쓴 글입니다. 스무 글자가 넘습니다."
    desk.forum.create_topic(sandbox.MODERATOR, title=title, raw=raw, category_id=desk.forum.papers_category.id)
    with pytest.raises(RejectedError, match=r"saying: .*제목.*change what it complains about"):
        desk.submit()
    assert [post.raw for post in desk.forum.state.posts.values()] == [raw]
    assert desk.state() == "checked"


@both_modes
def test_without_shared_drafts_nothing_is_made_and_the_setting_is_named(desk: Desk) -> None:
    desk.forum.settings.shared_drafts_category = None
    with pytest.raises(RejectedError, match="shared_drafts_category"):
        desk.submit()
    assert desk.forum.state.topics == {}


@both_modes
def test_a_topic_that_is_public_by_the_forums_fault_is_deleted_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = desk.forum.create_topic

    def careless(*args: Any, **fields: Any) -> Any:
        return honest(*args, **fields | {"shared_draft": False})

    monkeypatch.setattr(desk.forum, "create_topic", careless)
    with pytest.raises(RejectedError, match="an ordinary topic instead of a shared draft; it was deleted again"):
        desk.submit()
    assert desk.topic.deleted_at is not None
    assert desk.state() == "checked"
    assert desk.recorded() == []


def test_tags_that_the_forum_drops_are_remarked(desk: Desk) -> None:
    desk.forum.settings.tagging_enabled = False
    (remark,) = desk.submit().remarks
    assert remark == "the forum dropped the tags weekly, papers: create them there first"


def test_a_title_that_the_forum_rewrites_is_remarked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = desk.forum.create_topic

    def rewriting(*args: Any, **fields: Any) -> Any:
        return honest(*args, **fields | {"title": "다른 제목으로 바뀐 이번 주의 논문 모음"})

    monkeypatch.setattr(desk.forum, "create_topic", rewriting)
    (remark,) = desk.submit().remarks
    assert remark == 'the forum stored the title as "다른 제목으로 바뀐 이번 주의 논문 모음"'


# The review queue


class Holding(httpx.HTTPTransport):
    """A forum that puts a creation into its review queue, as it does for authors it does not trust."""

    def __init__(self, nth: int = 1) -> None:
        super().__init__()
        self.nth = nth
        self.posted = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hold the nth post; pass everything else on."""
        if request.method == "POST":
            self.posted += 1
            if self.posted == self.nth:
                held = {"success": True, "action": "enqueued", "pending_count": 1, "pending_post": {"id": 7}}
                return httpx.Response(200, json=held)
        return super().handle_request(request)


def holding(desk: Desk, nth: int = 1) -> Discourse:
    """An adapter whose nth post is held."""
    key = desk.forum.add_api_key(sandbox.BOT_USER)
    return Discourse(desk.discourse.url, username=sandbox.BOT_USER, api_key=key, transport=Holding(nth))


def test_a_held_draft_is_recorded_and_not_posted_again(desk: Desk) -> None:
    with holding(desk) as forum, pytest.raises(RejectedError, match="review queue"):
        desk.submit(through=forum)
    for _ in range(2):
        with pytest.raises(RejectedError, match="since an earlier run, so it is not sent again"):
            desk.submit()
    assert desk.writes == []
    assert desk.submit(again=True).outcome == "created"
    assert desk.topic.external_id == KEY


def test_a_held_part_is_not_posted_again_and_counts_once_it_is_approved(desk: Desk) -> None:
    with holding(desk, nth=3) as forum, pytest.raises(RejectedError, match="part 3 of topic"):
        desk.submit(through=forum)
    with pytest.raises(RejectedError, match="not sent again"):
        desk.submit()
    assert len(desk.raws) == 2
    blocks = desk.article.split(compose.RULE)
    third = compose.RULE.join(blocks[7:]) + f"\n\n<!-- paperbot {KEY}-part-3 -->"
    desk.forum.reply(sandbox.BOT_USER, topic_id=desk.topic.id, raw=third)  # approved
    assert desk.submit().outcome == "adopted"
    assert len(desk.raws) == 3
    assert desk.submit().outcome == "unchanged"


# A deleted draft


def test_a_draft_deleted_before_it_was_recorded_stays_deleted_until_a_person_says_otherwise(desk: Desk) -> None:
    desk.fault("drop_before", SHOW)
    with pytest.raises(TransientError):
        desk.submit()
    desk.forum.delete_topic(sandbox.MODERATOR, desk.topic.id)
    for _ in range(2):
        with pytest.raises(RejectedError, match="`--new-topic` makes another"):
            desk.submit()
    assert desk.forum.topics == []
    assert desk.submit(again=True).outcome == "created"
    (topic,) = desk.forum.topics
    assert topic.external_id == f"{KEY}-2" == desk.external_id()
    assert len(desk.forum.posts(topic.id)) == 3


def test_a_recorded_draft_that_was_deleted_is_left_so_until_a_person_says_otherwise(desk: Desk) -> None:
    desk.undraft(rank=2)
    first = desk.submit()
    desk.forum.delete_topic(sandbox.MODERATOR, first.topic_id)
    desk.draft_again(rank=2)
    with pytest.raises(RejectedError, match=r"deleted on the forum.*`--new-topic` makes another"):
        desk.submit()
    second = desk.submit(again=True)
    assert second.outcome == "created"
    (topic,) = desk.forum.topics
    assert (topic.id, topic.external_id) == (second.topic_id, f"{KEY}-2")
    assert desk.submit() == Submitted(topic.id, 3, "unchanged")
    with desk.sessions() as session:
        moves = session.execute(select(Transition.to_state, Transition.reason).order_by(Transition.id)).all()
    assert moves[-3:] == [
        ("rejected", "the draft was deleted on the forum"),
        ("rejected", f"topic {first.topic_id} was deleted on the forum; another is made"),
        ("submitted", f"shared draft {second.topic_id} with 3 part(s)"),
    ]


def test_a_third_topic_follows_a_second_deletion(desk: Desk) -> None:
    for attempt in (1, 2):
        done = desk.submit(again=attempt > 1)
        desk.forum.delete_topic(sandbox.MODERATOR, done.topic_id)
    desk.submit(again=True)
    assert [topic.external_id for topic in desk.forum.topics] == [f"{KEY}-3"]


def test_asking_for_a_new_topic_twice_makes_one(desk: Desk) -> None:
    done = desk.submit()
    assert desk.submit(again=True).topic_id == done.topic_id
    desk.forum.delete_topic(sandbox.MODERATOR, done.topic_id)
    desk.fault("drop_before", SHOW, nth=2)  # after the second topic was created
    with pytest.raises(TransientError):
        desk.submit(again=True)
    assert desk.submit(again=True).outcome == "adopted"
    assert [topic.external_id for topic in desk.forum.topics] == [f"{KEY}-2"]


# People's edits


def test_an_untouched_draft_is_updated_when_a_failed_paper_is_drafted_after_all(desk: Desk) -> None:
    desk.undraft(rank=6)
    desk.submit()
    assert "모델이 번역을 거절했습니다" in "".join(desk.raws)
    desk.draft_again(rank=6)
    assert desk.submit().outcome == "updated"
    assert "모델이 번역을 거절했습니다" not in "".join(desk.raws)
    assert [base for _, _, base in desk.recorded()] == desk.raws
    desk.forum.calls.clear()
    assert desk.submit().outcome == "unchanged"
    assert all(call.method == "GET" for call in desk.forum.calls)


def test_a_persons_edit_is_kept_beside_what_is_new(desk: Desk) -> None:
    desk.forum.settings.max_post_length = ONE_PART
    desk.undraft(rank=6)
    desk.submit()
    desk.by_hand(1, lambda raw: raw.replace("이번 주", "지난 한 주"))
    desk.draft_again(rank=6)
    done = desk.submit()
    assert (done.outcome, done.edited_parts) == ("updated", (1,))
    assert "지난 한 주" in desk.raws[0]
    assert "모델이 번역을 거절했습니다" not in desk.raws[0]
    edited = desk.raws
    assert desk.submit() == Submitted(desk.topic.id, 1, "unchanged")
    assert desk.raws == edited


def test_an_edit_made_while_we_write_wins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.undraft(rank=6)
    desk.submit()
    desk.draft_again(rank=6)
    read = desk.discourse.topic

    def slow_read(topic_id: int) -> Any:
        found = read(topic_id)
        desk.by_hand(2, lambda raw: raw.replace("\n\n<!--", "\n\n운영자가 방금 덧붙였습니다.\n\n<!--"))
        return found

    monkeypatch.setattr(desk.discourse, "topic", slow_read)
    with pytest.raises(ConflictError):
        desk.submit()
    monkeypatch.undo()
    assert "운영자가 방금 덧붙였습니다." in desk.raws[1]
    assert desk.submit().edited_parts == (2,)
    assert "운영자가 방금 덧붙였습니다." in desk.raws[1]
    assert "모델이 번역을 거절했습니다" not in "".join(desk.raws)


def test_an_edit_made_before_an_interrupted_run_was_recorded_is_kept(desk: Desk) -> None:
    desk.undraft(rank=6)
    desk.fault("drop_before", SHOW, nth=2)
    with pytest.raises(TransientError):
        desk.submit()
    desk.by_hand(2, lambda raw: raw.replace("\n\n<!--", "\n\n운영자가 먼저 고쳤습니다.\n\n<!--"))
    desk.draft_again(rank=6)
    done = desk.submit()
    assert (done.outcome, done.edited_parts) == ("adopted", (2,))
    assert "운영자가 먼저 고쳤습니다." in desk.raws[1]


def test_a_draft_adopted_after_its_papers_were_drafted_is_brought_up_to_date(desk: Desk) -> None:
    desk.undraft(rank=6)
    desk.fault("drop_before", SHOW, nth=2)
    with pytest.raises(TransientError):
        desk.submit()
    desk.draft_again(rank=6)
    done = desk.submit()
    assert (done.outcome, done.edited_parts) == ("adopted", ())
    assert "모델이 번역을 거절했습니다" not in "".join(desk.raws)
    assert desk.submit() == Submitted(desk.topic.id, 3, "unchanged")


def test_an_update_whose_answer_is_lost_is_found_done(desk: Desk) -> None:
    desk.undraft(rank=6)
    desk.submit()
    desk.draft_again(rank=6)
    fault = desk.fault("drop_after", "PUT /posts/")
    with pytest.raises(LostAnswerError):
        desk.submit()
    assert fault.fired == 1
    done = desk.submit()
    assert (done.outcome, done.edited_parts) == ("updated", ())
    assert [base for _, _, base in desk.recorded()] == desk.raws
    assert desk.submit() == Submitted(desk.topic.id, 3, "unchanged")


# Moderators are quick


def test_a_draft_published_before_it_was_recorded_is_recorded_and_completed(desk: Desk) -> None:
    desk.fault("drop_before", SHOW)
    with pytest.raises(TransientError):
        desk.submit()
    desk.forum.publish(sandbox.MODERATOR, desk.topic.id, desk.forum.papers_category.id)
    assert desk.submit().outcome == "adopted"
    assert desk.topic.deleted_at is None
    assert desk.topic.category_id == desk.forum.papers_category.id
    assert len(desk.raws) == 3


def test_a_published_article_is_followed_like_a_draft(desk: Desk) -> None:
    desk.undraft(rank=6)
    desk.submit()
    desk.forum.publish(sandbox.MODERATOR, desk.topic.id, desk.forum.papers_category.id)
    desk.draft_again(rank=6)
    assert desk.submit().outcome == "updated"
    assert desk.state() == "published"
    assert "모델이 번역을 거절했습니다" not in "".join(desk.raws)


# Two at once


def test_while_one_run_submits_another_one_steps_back(desk: Desk) -> None:
    slow = desk.forum.fail_next("slow", CREATE, seconds=0.3)
    outcomes: list[Submitted] = []
    first = threading.Thread(target=lambda: outcomes.append(desk.submit()))
    first.start()
    while not slow.fired:
        pass
    with pytest.raises(ConflictError, match="Another paperbot process is working on edition"):
        desk.submit()
    first.join(10)
    assert [done.outcome for done in outcomes] == ["created"]
    assert desk.submit().outcome == "unchanged"
    assert len(desk.raws) == 3


def test_two_runs_that_both_found_nothing_make_one_topic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is a courtesy; what holds is the key."""
    found = desk.discourse.find_topic
    key = desk.forum.add_api_key(sandbox.BOT_USER)

    def overtaken(external_id: str) -> Any:
        monkeypatch.undo()
        nothing = found(external_id)
        with desk.sessions() as session, Discourse(desk.discourse.url, username=sandbox.BOT_USER, api_key=key) as other:
            held = "select pg_advisory_unlock_all()"
            session.execute(text(held))
            raw = compose.split(desk.article.split(compose.RULE), THREE_PARTS - submission.TOKEN_ROOM)[0]
            other.create_shared_draft(
                title=session.get_one(Edition, desk.edition_id).title,
                raw=raw,
                destination_category_id=desk.forum.papers_category.id,
                tags=TAGS,
                external_id=external_id,
            )
        return nothing

    monkeypatch.setattr(desk.discourse, "find_topic", overtaken)
    done = desk.submit()
    assert done.topic_id == desk.topic.id
    assert len(desk.raws) == 3
