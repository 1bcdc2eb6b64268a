"""Whatever becomes of the webhooks, the store ends up equal to the forum; what is forged changes nothing."""

import datetime as dt
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import func, select, text

from bot.editions import layout
from bot.sandbox.forum.hook_faults import HookFaultKind
from bot.sandbox.forum.state import Mode
from bot.sandbox.world import MODERATOR
from bot.settings import Settings
from bot.store.tables import InboxEvent, Instruction, Omission, Topic
from bot.translation import passages
from bot.web import app
from tests.integration.clockwork import Clockwork
from tests.integration.desks import cloned, submit_once
from tests.integration.test_review import Desk, Submitted

SECRET = "the forum's and the bot's secret"
KINDS: tuple[HookFaultKind, ...] = get_args(HookFaultKind)


@pytest.fixture(scope="module", params=["now", "2022"])
def submitted(
    request: pytest.FixtureRequest, postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Submitted:
    mode: Mode = request.param
    return submit_once(postgres, template, mode, tmp_path_factory.mktemp(f"forum-{mode}"))


@dataclass
class Review:
    """A service that hears of the forum by its webhooks, and the moderator who keeps it busy."""

    desk: Desk
    service: Clockwork
    hook_id: int
    dice: random.Random = field(default_factory=random.Random)
    wrote: dict[int, str] = field(default_factory=dict)
    """By segment: the last words of a person."""
    count: int = 0

    # --- what people do ----------------------------------------------------------------------------------------------

    def edit(self) -> None:
        """Retype a sentence that the bot or a person wrote before."""
        segment_id, old = self.dice.choice(self.sentences())
        self.count += 1
        new = f"사람이 {self.count}번째로 고친 문장입니다."
        self.desk.edit(old, new)
        self.wrote[segment_id] = new

    def title(self) -> None:
        """Give the topic another title."""
        self.count += 1
        title = f"이번 주에 꼭 읽어야 할 머신러닝 논문 {self.count}"
        self.desk.world.forum.edit_topic(MODERATOR, self.desk.topic_id, title=title)

    def drop(self) -> None:
        """Have the bot take a paper out."""
        self.desk.say(f"{self.dice.randint(2, 10)}번 빼줘")

    def redraft(self) -> None:
        """Have the bot draft a paper again."""
        self.desk.say(f"{self.dice.randint(1, 10)}번 다시 번역")

    def explain(self) -> None:
        """Ask the bot what it is."""
        self.desk.say("설명")

    def publish(self) -> None:
        """Publish, if it is still a draft."""
        forum = self.desk.world.forum
        if forum.topic(self.desk.topic_id).draft_destination is not None:
            forum.publish(MODERATOR, self.desk.topic_id, forum.papers_category.id)

    def unlist(self) -> None:
        """Take the topic off the lists, or put it back."""
        forum = self.desk.world.forum
        topic = forum.topic(self.desk.topic_id)
        if topic.draft_destination is None:
            forum.set_status(MODERATOR, topic.id, "visible", not topic.visible)

    def sentences(self) -> list[tuple[int, str]]:
        """What stands exactly once in the post and nowhere inside another, by segment."""
        raw = self.desk.first.raw
        with self.desk.sessions() as session:
            edition = session.get_one(Topic, self.desk.topic_row_id).edition
            segments = [s for passage in passages.load_all(session, edition) for s in passage.segments]
            current = [(s.id, self.wrote.get(s.id) or layout.as_markdown(s)) for s in segments]
        found = [(segment_id, known) for segment_id, known in current if known and len(known) > 12]
        return [(segment_id, known) for segment_id, known in found if raw.count(known) == 1]

    def until_all_is_read(self) -> None:
        """So much time that every recent article is read, whatever got lost."""
        self.service.advance(dt.timedelta(hours=7), step=dt.timedelta(hours=2, minutes=20))

    # --- what must be so in the end ----------------------------------------------------------------------------------

    def check(self) -> None:
        """The store says what the forum shows."""
        forum, desk = self.desk.world.forum, self.desk
        there = forum.topic(desk.topic_id)
        posts = {post.id: post for post in forum.posts(desk.topic_id)}
        with desk.sessions() as session:
            topic = session.get_one(Topic, desk.topic_row_id)
            edition = topic.edition
            assert topic.title == there.title
            assert topic.tags == there.tags
            assert topic.forum_category_id == there.category_id
            assert edition.state in self._states()
            for post in topic.posts:
                assert post.base_raw == posts[post.discourse_id or 0].raw
            omitted = set(session.scalars(select(Omission.segment_id)))
            gone = {
                segment.id
                for item in edition.items
                if item.dropped_by is not None
                for passage in passages.load_all(session, edition)
                if passage.paper_id == item.sighting.paper_id or passage.sighting_id == item.sighting_id
                for segment in passage.segments
            }
            page = "\n\n".join(posts[post.discourse_id or 0].raw for post in topic.posts)
            shown = {int(key): value for post in topic.posts for key, value in post.shown.items()}
            for passage in passages.load_all(session, edition):
                for segment in passage.segments:
                    if segment.id in gone | omitted:
                        assert segment.id not in shown
                        continue
                    known = layout.as_markdown(segment)
                    if known is None:  # e.g. a list's own words that the abstract made needless
                        assert segment.id not in shown
                        continue
                    assert plain(shown[segment.id]) == plain(known)
                    assert shown[segment.id] in page
                    if segment.id in self.wrote:
                        revision = passages.current(segment)
                        assert revision is not None
                        assert (revision.author_kind, revision.text) == ("moderator", self.wrote[segment.id])
            assert session.scalar(select(func.count(Instruction.id)).where(Instruction.done_at.is_(None))) == 0
        said = [raw.rsplit("<!--", 1)[1] for raw in desk.bot_says()]
        assert len(said) == len(set(said))

    def _states(self) -> tuple[str, ...]:
        there = self.desk.world.forum.topic(self.desk.topic_id)
        if there.draft_destination is not None:
            return ("submitted", "in_review")
        return ("published", "revised") if there.visible else ("withdrawn",)


@pytest.fixture
def review(submitted: Submitted, postgres: str, tmp_path: Path) -> Iterator[Review]:
    with reviewing(submitted, postgres, tmp_path) as made:
        yield made


@contextmanager
def reviewing(submitted: Submitted, postgres: str, folder: Path) -> Iterator[Review]:
    with cloned(submitted, postgres, folder) as desk:
        settings = Settings(
            _env_file=None,
            **desk.settings.model_dump(exclude={"webhook_secrets", "web_port"}),
            webhook_secrets=SECRET,
            web_port=0,
        )
        with app.serving(settings, desk.sessions) as url:
            yield Review(desk, Clockwork(desk), desk.world.send_webhooks_to(url, SECRET))


def plain(markdown_text: str) -> str:
    """Escapes put aside, which depend on the neighbours: what a reader sees of it."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown_text)


def dump(desk: Desk) -> dict[str, list[Any]]:
    """What a forged webhook must not change: all that is known of topics and texts, and what is to be done."""
    queries = {
        "topics": "select * from topics order by id",
        "posts": "select * from posts order by id",
        "revisions": "select * from revisions order by id",
        "editions": "select * from editions order by id",
        "inbox": "select id, content_key, processed_at from inbox order by id",
        "jobs": "select id, task_name from procrastinate_jobs order by id",
    }
    with desk.sessions() as session:
        return {name: [tuple(row) for row in session.execute(text(query))] for name, query in queries.items()}


def test_webhooks_that_arrive_are_enough(review: Review) -> None:
    """Without any fault nobody waits for a sweep."""
    service = review.service
    for act in (review.edit, review.title, review.publish, review.edit):
        act()
        review.desk.world.forum.flush_webhooks()
        service.work()
        service.now += dt.timedelta(seconds=3)
        service.work()
        review.check()
    assert service.ran["sweep_topics"] == service.ran["sweep_posts"] == 0


def test_each_fault_in_turn_leaves_the_store_equal_to_the_forum(review: Review) -> None:
    acts = (review.edit, review.explain, review.title, review.edit, review.drop, review.publish, review.edit)
    for kind, act in zip(KINDS, acts, strict=True):
        fault = review.desk.world.forum.webhooks.fail_next(kind, times=1000, seconds=300)
        act()
        review.service.advance(dt.timedelta(minutes=4), step=dt.timedelta(minutes=2))
        assert fault.fired > 0
        fault.times = 0
    review.until_all_is_read()
    review.check()


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_acts_and_faults_ends_with_the_store_equal_to_the_forum(review: Review, seed: int) -> None:
    dice = review.dice = random.Random(f"{seed} {review.desk.world.forum.mode}")
    webhooks = review.desk.world.forum.webhooks
    acts = [review.edit, review.edit, review.edit, review.title, review.drop, review.redraft, review.explain]
    for number in range(12):
        for _ in range(dice.randint(0, 2)):
            webhooks.fail_next(dice.choice(KINDS), times=dice.randint(1, 3), seconds=dice.randint(1, 1200))
        dice.choice(acts if number < 7 else [review.publish, review.edit, review.title, review.unlist])()
        if dice.random() < 0.7:
            review.service.advance(dt.timedelta(seconds=dice.choice([1, 3, 90, 900])), step=dt.timedelta(minutes=5))
    if not review.desk.world.forum.topic(review.desk.topic_id).visible:
        review.unlist()  # the texts of a withdrawn article are taken in when it is listed again
    review.until_all_is_read()
    review.check()


def test_forged_webhooks_change_nothing(review: Review) -> None:
    desk, webhooks = review.desk, review.desk.world.forum.webhooks
    review.service.advance(dt.timedelta(minutes=10))
    before = dump(desk)
    post = {"id": desk.first.id, "topic_id": desk.topic_id, "post_type": 1, "raw": "지어낸 글입니다."}
    topic = {"id": desk.topic_id, "title": "지어낸 제목", "category_id": desk.world.forum.papers_category.id}
    answers = [
        webhooks.send_forged(review.hook_id, "post", "post_edited", post),
        webhooks.send_forged(review.hook_id, "post", "post_edited", post, secret=None),
        webhooks.send_forged(review.hook_id, "topic", "topic_destroyed", topic),
        webhooks.send_forged(review.hook_id, "topic", "topic_edited", topic, secret=None),
    ]
    assert answers == [403, 403, 403, 403]
    review.service.work()
    assert dump(desk) == before


def test_webhook_with_a_stolen_secret_only_makes_the_bot_look(review: Review) -> None:
    desk, webhooks = review.desk, review.desk.world.forum.webhooks
    review.edit()
    review.service.advance(dt.timedelta(minutes=10))
    raw, title = desk.first.raw, desk.world.forum.topic(desk.topic_id).title
    post = {"id": desk.first.id, "topic_id": desk.topic_id, "post_type": 1, "raw": "지어낸 글입니다."}
    topic = {"id": desk.topic_id, "title": "지어낸 제목", "category_id": desk.world.forum.papers_category.id}
    assert webhooks.send_forged(review.hook_id, "post", "post_edited", post, secret=SECRET) == 200
    assert webhooks.send_forged(review.hook_id, "topic", "topic_destroyed", topic, secret=SECRET) == 200
    readings = review.service.ran["read_topic"]
    review.service.now += dt.timedelta(seconds=1)
    review.service.work()
    review.service.now += dt.timedelta(seconds=3)
    review.service.work()
    assert review.service.ran["read_topic"] == readings + 1
    assert (desk.first.raw, desk.world.forum.topic(desk.topic_id).title) == (raw, title)
    review.check()
    with desk.sessions() as session:
        assert session.scalar(select(func.count(InboxEvent.id)).where(InboxEvent.processed_at.is_(None))) == 0
