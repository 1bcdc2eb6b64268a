"""Posts from before the bot: stored once, shown byte for byte as they were, and from then on tended like its own."""

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, make_url, select
from sqlalchemy.orm import Session

from bot import clock
from bot.cli.main import cli
from bot.editions import layout
from bot.errors import ConflictError, RejectedError, TransientError
from bot.forum import adopting, readback
from bot.forum.adopting import Adopted
from bot.forum.discourse import Discourse
from bot.forum.review import Reading
from bot.jobs import review as reviewing
from bot.sandbox.forum.faults import FaultKind
from bot.sandbox.forum.state import Mode, Post
from bot.sandbox.world import BOT_USER, MODERATOR, READERS
from bot.store import locks
from bot.store.tables import (
    Base,
    Correction,
    Edition,
    EditionItem,
    Layout,
    Omission,
    Paper,
    Passage,
    Revision,
    Segment,
    Topic,
    Transition,
)
from bot.translation import memory, passages
from tests.integration.test_review import Desk, open_desk
from tests.integration.world import Store
from tests.unit.adopt.layouts import recorded_week
from tests.unit.adopt.posts import COPIED_FROM_PAGE, DAILY, NO_KNOWN_FORM, TALK, WEEKLY_2023, WEEKLY_2024

WEEK_OF_2023 = "[2023/11/13 ~ 11/19] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)"
WEEK_OF_2024 = "[2024/06/03 ~ 06/09] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)"
POSTS = {
    "weekly 2023": (WEEK_OF_2023, WEEKLY_2023),
    "weekly 2024": (WEEK_OF_2024, WEEKLY_2024),
    "daily": ("Daily Papers (2024-06-10) 오늘의 논문", DAILY),
    "talk": ("The Future of Lanterns: A Perspective on Light", TALK),
    "without addresses": (WEEK_OF_2024, COPIED_FROM_PAGE),
}
every_form = pytest.mark.parametrize("form", POSTS)
AUTHOR = "hana"


@dataclass
class Archive:
    """A forum with a post from before the bot."""

    desk: Desk
    topic_id: int

    @property
    def first(self) -> Post:
        return self.desk.world.forum.posts(self.topic_id)[0]

    @property
    def address(self) -> str:
        return f"{self.desk.world.forum_url}/t/topic/{self.topic_id}"

    def adopt(self) -> Adopted:
        return adopting.adopt(self.desk.sessions, adopting.from_forum(self.desk.forum, self.topic_id))

    def read(self) -> Reading:
        with self.desk.sessions() as session:
            row = session.scalars(select(Topic.id).where(Topic.discourse_id == self.topic_id)).one()
        return reviewing.read_topic(self.desk.sessions, self.desk.settings, self.desk.forum, row, now=clock.now())

    def edit(self, old: str, new: str) -> None:
        assert self.first.raw.count(old) == 1
        self.desk.world.forum.edit_post(MODERATOR, self.first.id, self.first.raw.replace(old, new))

    def correct(self, old: str, new: str) -> None:
        """What an accepted correction does to the store."""
        with self.desk.sessions.begin() as session:
            revision = session.scalars(select(Revision).where(Revision.current, Revision.text == old)).one()
            segment = session.get_one(Segment, revision.segment_id)
            changed = passages.add_revision(
                session, segment, new, author_kind="reader", author="minji", reason="corrected", replacing=revision
            )
            assert changed

    def current(self, text: str) -> Revision | None:
        return self.desk.current(text)

    @property
    def state(self) -> str:
        with self.desk.sessions() as session:
            return session.scalars(select(Edition.state)).one()


@pytest.fixture
def desk(request: pytest.FixtureRequest, store: Store) -> Iterator[Desk]:
    """On a forum of today, or of the age that the test asks for."""
    mode: Mode = getattr(request, "param", "now")
    store.emptied()
    with ExitStack() as stack:
        yield open_desk(stack, make_url(store.url), mode, None)


on_forums_of_both_ages = pytest.mark.parametrize("desk", ["now", "2022"], indirect=True)


def published(desk: Desk, form: str) -> Archive:
    title, raw = POSTS[form]
    forum = desk.world.forum
    forum.add_user(AUTHOR, trust_level=2, full_name="하나")
    post = forum.create_topic(AUTHOR, title=title, raw=raw, category_id=forum.papers_category.id)
    return Archive(desk, post.topic_id)


def counts(session: Session) -> dict[str, int]:
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def rendering(session: Session) -> str:
    edition = session.scalars(select(Edition)).one()
    assert edition.layout is not None
    return layout.article(session, edition, edition.layout)


# --- storing ---------------------------------------------------------------------------------------------------------


@on_forums_of_both_ages
@every_form
def test_an_adopted_post_is_rendered_byte_for_byte_and_not_touched(desk: Desk, form: str) -> None:
    archive = published(desk, form)
    before = archive.first.raw
    done = archive.adopt()
    assert done.new
    assert done.segments
    with desk.sessions() as session:
        assert rendering(session).encode() == before.encode()
    for _ in range(2):
        reading = archive.read()
        assert (reading.news, reading.edited_parts, reading.pushed_parts, reading.changed) == ([], [], [], 0)
    assert archive.first.raw == before
    assert archive.first.version == 1
    assert archive.state == "published"


def test_a_weekly_post_becomes_papers_passages_and_pairs_of_sentences(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    done = archive.adopt()
    assert (done.papers, done.without_address) == (3, ())
    assert done.kept == ("어느 분이 덧붙인 말입니다.",)
    with desk.sessions() as session:
        edition = session.scalars(select(Edition)).one()
        assert (edition.series, edition.period, edition.title) == ("weekly", "2024-06-03", WEEK_OF_2024)
        assert str(edition.period_end) == "2024-06-09"
        assert [item.sighting.paper.url for item in edition.items] == [
            "https://arxiv.org/abs/2406.90001",
            "https://lab.example/testing",
            "https://lab.example/harbinger",
        ]
        assert edition.items[1].sighting.paper.title == "On A / B Testing"
        rows = session.execute(select(Segment.source, Revision.text).join(Revision))
        pairs = {row.source: row.text for row in rows}
        assert pairs["Searching is hard."] == "찾기는 어렵습니다."
        assert pairs["Lantern: Searching Where It Is Dark"] == "등불: 어두운 곳에서 찾기"
        authors = session.execute(select(Revision.author_kind, Revision.author).distinct()).all()
        assert [tuple(row) for row in authors] == [("memory", AUTHOR)]
        (move,) = session.scalars(select(Transition)).all()
        assert (move.from_state, move.to_state, move.actor) == (None, "published", AUTHOR)


@pytest.mark.parametrize("form", ["weekly 2024", "without addresses"])
def test_what_was_published_is_in_the_translation_memory(desk: Desk, form: str) -> None:
    published(desk, form).adopt()
    english = "This paper shows an easy way."
    with desk.sessions() as session:
        found = memory.exact(session, [passages.text_hash(english)])
    assert [(match.target, match.author) for match in found.values()] == [("이 논문은 쉬운 길을 보입니다.", AUTHOR)]


def test_the_texts_of_a_paper_that_another_edition_has_too_stay_as_they_are(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    with desk.sessions.begin() as session:
        paper = Paper(url="https://arxiv.org/abs/2406.90001", arxiv_id="2406.90001", title="Lantern")
        session.add(paper)
        session.flush()
        stored = passages.store(
            session, "abstract", "Searching is hard. This paper shows an easy way.", paper_id=paper.id
        )
        passages.add_revision(
            session,
            stored.segments[0],
            "탐색은 어렵다.",
            author_kind="moderator",
            author=MODERATOR,
            reason="edited on the forum",
            replacing=None,
        )
    archive.adopt()
    with desk.sessions() as session:
        assert session.scalars(select(Paper.title).where(Paper.arxiv_id == "2406.90001")).one() == "Lantern"
        assert rendering(session) == archive.first.raw
    assert desk.current("탐색은 어렵다.") is not None
    assert desk.current("찾기는 어렵습니다.") is not None


def test_papers_whose_address_is_lost_are_told_and_their_texts_kept_with_the_edition(desk: Desk) -> None:
    done = published(desk, "without addresses").adopt()
    assert (done.papers, done.without_address) == (0, (1, 2))
    with desk.sessions() as session:
        assert session.scalars(select(EditionItem)).all() == []
        kinds = session.scalars(select(Passage.kind).where(Passage.edition_id.is_not(None))).all()
        assert sorted(kinds) == ["abstract", "description", "introduction", "title"]


def test_adopting_twice_does_nothing_twice(desk: Desk) -> None:
    archive = published(desk, "weekly 2023")
    first = archive.adopt()
    with desk.sessions() as session:
        before = counts(session)
    second = archive.adopt()
    assert (second.new, second.edition_id) == (False, first.edition_id)
    with desk.sessions() as session:
        assert counts(session) == before


def test_a_post_edited_after_adoption_is_still_known(desk: Desk) -> None:
    archive = published(desk, "weekly 2023")
    archive.adopt()
    archive.edit("느린 강을 다룹니다.", "아주 느린 강을 다룹니다.")
    assert not archive.adopt().new


@pytest.mark.parametrize("step", ["_store_item", "_store_passage", "_pieces", "_store_topic"])
def test_killed_anywhere_it_has_stored_nothing_and_goes_through_the_next_time(
    desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = published(desk, "weekly 2024")
    with desk.sessions() as session:
        before = counts(session)
    done = getattr(adopting, step)

    def killed(*args: object) -> None:
        done(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adopting, step, killed)
        with pytest.raises(KeyboardInterrupt):
            archive.adopt()
    with desk.sessions() as session:
        assert counts(session) == before
    assert archive.adopt().new


def test_two_who_adopt_the_same_at_once_do_it_once(desk: Desk) -> None:
    archive = published(desk, "daily")
    with locks.held(desk.sessions, "daily 2024-06-10"), pytest.raises(ConflictError):
        archive.adopt()
    assert archive.adopt().new


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_article_of_the_bots_own_is_refused_in_a_sentence(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    archive.adopt()
    with desk.sessions.begin() as session:
        session.delete(session.scalars(select(Layout)).one())
    with pytest.raises(RejectedError, match=r"is an article of the bot's own \(weekly 2024-06-03\)"):
        archive.adopt()


def test_a_week_that_the_bot_has_already_is_refused(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    archive.adopt()
    title, raw = POSTS["weekly 2024"]
    again = desk.world.forum.create_topic(
        AUTHOR, title=f"{title} 2", raw=f"{raw}\n\n두 번째", category_id=desk.world.forum.papers_category.id
    )
    with pytest.raises(RejectedError, match=r"was adopted from .* already"):
        Archive(desk, again.topic_id).adopt()


def test_a_post_without_a_known_form_is_refused(desk: Desk) -> None:
    forum = desk.world.forum
    forum.add_user(AUTHOR, trust_level=2)
    post = forum.create_topic(
        AUTHOR, title="다음 주 공지를 알려 드립니다", raw=NO_KNOWN_FORM, category_id=forum.papers_category.id
    )
    with pytest.raises(RejectedError, match="none of the known forms"):
        Archive(desk, post.topic_id).adopt()


@on_forums_of_both_ages
def test_drafts_deleted_topics_and_missing_ones_are_refused(desk: Desk) -> None:
    title, raw = POSTS["weekly 2024"]
    forum = desk.world.forum
    draft = forum.create_topic(MODERATOR, title=title, raw=raw, shared_draft=True, category_id=forum.papers_category.id)
    with pytest.raises(RejectedError, match="only published articles"):
        Archive(desk, draft.topic_id).adopt()
    archive = published(desk, "daily")
    forum.delete_topic(MODERATOR, archive.topic_id)
    with pytest.raises(RejectedError, match="deleted"):
        archive.adopt()
    with pytest.raises(RejectedError, match="is not on the forum"):
        Archive(desk, 999_999).adopt()


# --- afterwards ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "old", "new"),
    [
        ("weekly 2023", "느린 강을 다룹니다.", "천천히 흐르는 강을 다룹니다."),
        ("weekly 2023", "느린 강", "천천히 흐르는 강"),
        ("weekly 2024", "찾기는 어렵습니다.", "탐색은 어렵습니다."),
        ("weekly 2024", "비용을 줄이려는 흐름입니다.", "비용을 아끼려는 흐름입니다."),
        ("daily", "속도는 그대로입니다.", "속도는 같습니다."),
        ("talk", "왜 등불인가", "어째서 등불인가"),
        ("talk", "저는 등불을 연구합니다.", "저는 빛을 연구합니다."),
        ("without addresses", "느린 강을 다룹니다.", "천천히 흐르는 강을 다룹니다."),
    ],
)
def test_a_corrected_sentence_changes_on_the_page_and_nothing_else(desk: Desk, form: str, old: str, new: str) -> None:
    archive = published(desk, form)
    before = archive.first.raw
    archive.adopt()
    place = before.index(old)
    archive.correct(old, new)
    assert archive.read().pushed_parts == [1]
    assert archive.first.raw == before[:place] + new + before[place + len(old) :]
    assert archive.read().pushed_parts == []


@on_forums_of_both_ages
@pytest.mark.parametrize(
    ("form", "old", "new"),
    [
        ("weekly 2023", "느린 강을 다룹니다.", "천천히 흐르는 강을 다룹니다."),
        ("weekly 2023", "이 논문은 쉬운 길을 보입니다.", "이 글은 더 쉬운 길을 보여 줍니다."),
        ("weekly 2024", "등불: 어두운 곳에서 찾기", "등불(Lantern): 어두운 곳 찾기"),
        ("weekly 2024", "두 모델을 소개합니다.", "모델 두 개를 소개합니다."),
        ("daily", "느린 강을 다룸.", "느린 강을 다룹니다."),
        ("talk", "등불은 쌉니다.", "등불은 값이 쌉니다."),
        ("talk", "앞으로의 길", "앞으로 갈 길"),
    ],
)
def test_a_moderators_edit_is_read_back_in_their_name(desk: Desk, form: str, old: str, new: str) -> None:
    archive = published(desk, form)
    archive.adopt()
    archive.edit(old, new)
    edited = archive.first.raw
    reading = archive.read()
    assert (reading.edited_parts, reading.changed, reading.pushed_parts) == ([1], 1, [])
    revision = archive.current(new)
    assert revision is not None
    assert (revision.author_kind, revision.author) == ("moderator", MODERATOR)
    assert archive.first.raw == edited


def test_edits_and_corrections_meet_in_one_post(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    archive.adopt()
    archive.correct("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    archive.edit("두 모델을 소개합니다.", "모델 두 개를 소개합니다.")
    archive.edit("어느 분이 덧붙인 말입니다.", "운영자가 고친 덧붙임입니다.")
    expected = archive.first.raw.replace("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    archive.read()
    assert archive.first.raw == expected
    archive.correct("모델 두 개를 소개합니다.", "모델 둘을 소개합니다.")
    archive.read()
    assert archive.first.raw == expected.replace("모델 두 개를", "모델 둘을")


def test_a_sentence_deleted_on_the_forum_stays_away(desk: Desk) -> None:
    archive = published(desk, "daily")
    archive.adopt()
    archive.edit("- 어두운 곳을 찾는 방법을 제안합니다.\n", "")
    expected = archive.first.raw.replace("느린 강을 다룸.", "느린 강을 다룹니다.")
    archive.read()
    with desk.sessions() as session:
        assert len(session.scalars(select(Omission)).all()) == 1
    archive.correct("느린 강을 다룸.", "느린 강을 다룹니다.")
    archive.read()
    assert archive.first.raw == expected


def test_a_paper_taken_out_stays_out_and_can_be_put_back(desk: Desk) -> None:
    archive = published(desk, "weekly 2023")
    archive.adopt()
    whole = archive.first.raw
    start, end = whole.index("##느린 강"), whole.index("## 원문")
    archive.edit(whole[start:end], "")
    archive.read()
    with desk.sessions() as session:
        dropped = session.scalars(select(EditionItem).where(EditionItem.dropped_by == MODERATOR)).all()
        assert [item.sighting.label for item in dropped] == ["Slow Rivers"]
        assert session.scalars(select(Omission)).all() == []
    archive.correct("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    archive.read()
    assert "느린 강을" not in archive.first.raw
    archive.edit("## 원문", f"{whole[start:end]}## 원문")
    archive.read()
    with desk.sessions() as session:
        assert session.scalars(select(EditionItem).where(EditionItem.dropped_by.is_not(None))).all() == []
    assert archive.first.raw == whole.replace("찾기는 어렵습니다.", "탐색은 어렵습니다.")


def test_papers_in_another_order_are_still_known(desk: Desk) -> None:
    archive = published(desk, "weekly 2023")
    archive.adopt()
    raw = archive.first.raw
    one, two, last = raw.index("## 등불"), raw.index("##느린 강"), raw.index("## 원문")
    turned = raw[:one] + raw[two:last] + raw[one:two] + raw[last:]
    turned = turned.replace("느린 강을 다룹니다.", "천천히 흐르는 강을 다룹니다.")
    desk.world.forum.edit_post(MODERATOR, archive.first.id, turned)
    reading = archive.read()
    assert reading.changed == 1
    assert archive.current("천천히 흐르는 강을 다룹니다.") is not None
    with desk.sessions() as session:
        assert session.scalars(select(Omission)).all() == []
        assert session.scalars(select(EditionItem).where(EditionItem.dropped_by.is_not(None))).all() == []
    assert archive.first.raw == turned


def test_a_note_of_a_moderators_stays_where_it_is_and_is_no_sentence(desk: Desk) -> None:
    archive = published(desk, "daily")
    archive.adopt()
    archive.edit(
        "속도는 그대로입니다.\n", "속도는 그대로입니다.\n\n운영자 한마디: 이 논문은 꼭 읽어 보시기 바랍니다.\n"
    )
    noted = archive.first.raw
    assert archive.read().changed == 0
    archive.correct("속도는 그대로입니다.", "속도는 같습니다.")
    archive.read()
    assert archive.first.raw == noted.replace("속도는 그대로입니다.", "속도는 같습니다.")


def test_comments_written_before_adoption_are_there_afterwards(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    forum = desk.world.forum
    forum.add_user("minji")
    said = "'찾기는'보다 '탐색은'이 맞지 않나요? 확인 부탁드립니다."
    forum.reply("minji", topic_id=archive.topic_id, raw=said)
    archive.adopt()
    archive.read()
    seen = desk.forum.topic(archive.topic_id)
    assert [post.raw for post in seen.posts if post.username == "minji"] == [said]
    with desk.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        (post,) = topic.posts
        texts = readback.anatomy(session, topic.edition).texts()
        assert {int(id_): text for id_, text in post.shown.items()} == texts


@on_forums_of_both_ages
@pytest.mark.parametrize("scopes", [("topics:write", "topics:read", "posts:list", "global:read")])
def test_a_key_that_may_not_edit_is_told_to_moderators_once_and_tried_again(
    desk: Desk, scopes: tuple[str, ...]
) -> None:
    archive = published(desk, "weekly 2024")
    before = archive.first.raw
    archive.adopt()
    archive.correct("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    key = desk.world.forum.add_api_key(BOT_USER, scopes)
    with Discourse(desk.world.forum_url, username=BOT_USER, api_key=key) as narrow:
        poor = Archive(replace(desk, forum=narrow), archive.topic_id)
        for _ in range(2):
            assert poor.read().pushed_parts == []
    assert archive.first.raw == before
    (told,) = desk.world.forum.posts(archive.topic_id)[1:]
    assert told.post_type == 4
    assert "포럼이 허락하지 않았습니다" in told.raw
    assert archive.read().pushed_parts == [1]
    assert "탐색은 어렵습니다." in archive.first.raw


def test_a_bot_that_is_no_moderator_leaves_the_post_and_goes_on(desk: Desk) -> None:
    archive = published(desk, "weekly 2024")
    before = archive.first.raw
    archive.adopt()
    archive.correct("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    bot = desk.world.forum.state.user_named(BOT_USER)
    assert bot is not None
    bot.moderator, bot.trust_level = False, 1
    assert archive.read().pushed_parts == []
    assert archive.first.raw == before
    bot.moderator = True
    assert archive.read().pushed_parts == [1]


@on_forums_of_both_ages
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_an_edit_whose_answer_is_lost_is_made_once_and_is_nobodys_words(desk: Desk, fault: FaultKind) -> None:
    archive = published(desk, "weekly 2024")
    before = archive.first.raw
    archive.adopt()
    archive.correct("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    desk.world.forum.fail_next(fault, match="PUT /posts")
    with pytest.raises(TransientError):
        archive.read()
    archive.read()
    assert archive.first.raw == before.replace("찾기는 어렵습니다.", "탐색은 어렵습니다.")
    assert archive.first.version == 2
    archive.correct("시험은 유용합니다.", "시험은 쓸모가 있습니다.")
    archive.read()
    assert "시험은 쓸모가 있습니다." in archive.first.raw
    with desk.sessions() as session:
        assert session.scalars(select(Revision).where(Revision.author_kind == "moderator")).all() == []


@on_forums_of_both_ages
@pytest.mark.parametrize(
    ("form", "said", "old", "new"),
    [
        ("weekly 2023", "'찾기는 어렵습니다' → '탐색은 어렵습니다'가 맞습니다.", "찾기는", "탐색은"),
        ("daily", "'느린 강을 다룸' → '느린 강을 다룹니다'로 고쳐 주세요.", "다룸", "다룹니다"),
        ("talk", "'등불은 쌉니다' → '등불은 저렴합니다'가 자연스럽습니다.", "쌉니다", "저렴합니다"),
    ],
    ids=["weekly", "daily", "talk"],
)
def test_a_comment_under_an_adopted_post_becomes_a_correction_even_if_the_forum_refuses_at_first(
    desk: Desk, form: str, said: str, old: str, new: str
) -> None:
    archive = published(desk, form)
    before = archive.first.raw
    forum = desk.world.forum
    forum.reply(READERS[0], topic_id=archive.topic_id, raw=said)
    archive.adopt()
    archive.read()
    whisper = forum.posts(archive.topic_id)[-1]
    assert whisper.post_type == 4
    said = "수락\n\n저도 그렇게 생각합니다. 고맙습니다!"
    forum.reply(MODERATOR, topic_id=archive.topic_id, raw=said, whisper=True, reply_to_post_number=whisper.post_number)
    key = forum.add_api_key(BOT_USER, ("topics:write", "topics:read", "posts:list", "global:read"))
    with Discourse(desk.world.forum_url, username=BOT_USER, api_key=key) as narrow:
        Archive(replace(desk, forum=narrow), archive.topic_id).read()
    assert archive.first.raw == before
    archive.read()
    assert archive.first.raw == before.replace(old, new, 1)
    with desk.sessions() as session:
        correction = session.scalars(select(Correction)).one()
        assert correction.state in ("applied", "credited")


ADDED = ("새 문단입니다.", "> 인용한 말입니다.", "", "- 새 항목입니다.", "https://new.example/x", "## 새 제목")


def edited_at_random(chance: random.Random, raw: str) -> str:
    lines = raw.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        block = lines[at : at + chance.randint(1, 8)]
        match chance.randrange(5):
            case 0:
                del lines[at : at + len(block)]
            case 1:
                lines.insert(at, chance.choice(ADDED))
            case 2:
                lines[at] += " 덧붙인 문장입니다."
            case 3:
                words = lines[at].split(" ")
                words[chance.randrange(len(words))] = chance.choice(["고친", ""])
                lines[at] = " ".join(words)
            case _:
                del lines[at : at + len(block)]
                to = chance.randrange(len(lines) + 1)
                lines[to:to] = block
        lines = lines if len(lines) > 1 else raw.split("\n")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_do_to_a_post_it_stays_and_corrections_still_arrive(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    archive = published(desk, chance.choice(list(POSTS)))
    archive.adopt()
    for step in range(4):
        edited = edited_at_random(chance, archive.first.raw)
        if len(edited) < 30:
            break
        desk.world.forum.edit_post(MODERATOR, archive.first.id, edited)
        page = archive.first.raw
        archive.read()
        assert archive.first.raw == page
        assert archive.read().changed == 0
        with desk.sessions.begin() as session:
            shown = session.scalars(select(Topic)).one().posts[0].shown
            assert all(text in page for text in shown.values())
            once = [id_ for id_, text in shown.items() if text and page.count(text) == 1]
            if not once:
                continue
            number = chance.choice(once)
            segment = session.get_one(Segment, int(number))
            passages.add_revision(
                session,
                segment,
                f"고침 {step}번입니다.",
                author_kind="reader",
                author="minji",
                reason="corrected",
                replacing=passages.current(segment),
            )
        archive.read()
        assert archive.first.raw == page.replace(shown[number], f"고침 {step}번입니다.")


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    assert desk.settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", desk.settings.database_url.get_secret_value())
    for name in ("forum_url", "forum_api_user", "forum_api_key"):
        monkeypatch.setenv(name.upper(), str(desk.world.settings[name]))
    return desk


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["adopt", *arguments])
    return done.exit_code, done.output


def test_the_command_shows_a_topic_and_then_stores_it_once(environment: Desk) -> None:
    archive = published(environment, "weekly 2024")
    code, shown = run(archive.address, "--dry-run")
    assert code == 0
    assert f"author: {AUTHOR}" in shown
    assert "equal to the post, byte for byte" in shown
    with environment.sessions() as session:
        assert session.scalars(select(Edition)).all() == []
    assert "Adopted: 3 papers, 11 sentences, 8 of them with their English." in run(archive.address)[1]
    assert "adopted already" in run(archive.address)[1]


def test_the_command_refuses_addresses_that_are_no_topic_of_the_forum(environment: Desk) -> None:
    code, shown = run("https://elsewhere.example/t/5")
    assert code == 1
    assert "is not the address of a topic on" in shown


def test_a_file_is_adopted_and_gets_its_topic_later(environment: Desk, tmp_path: Path) -> None:
    archive = published(environment, "weekly 2024")
    file = tmp_path / "week.md"
    file.write_bytes(archive.first.raw.encode())
    code, shown = run(str(file), "--title", WEEK_OF_2024, "--author", AUTHOR)
    assert (code, shown.splitlines()[0].split(":")[0]) == (0, "Adopted")
    assert "adopted already" in run(str(file), "--title", WEEK_OF_2024)[1]
    assert "it has its topic now" in run(archive.address)[1]
    archive.edit("두 모델을 소개합니다.", "모델 두 개를 소개합니다.")
    assert archive.read().changed == 1


@every_form
def test_the_command_exports_an_adopted_post_byte_for_byte_as_data_and_as_a_page(environment: Desk, form: str) -> None:
    archive = published(environment, form)
    archive.adopt()
    with environment.sessions() as session:
        edition = session.scalars(select(Edition)).one()
        name = f"{edition.series}-{edition.period}"

    def exported(form: str) -> tuple[int, bytes]:
        done = CliRunner().invoke(cli, ["export", name, "--format", form])
        return done.exit_code, done.stdout_bytes

    assert exported("markdown") == (0, archive.first.raw.encode())
    code, page = exported("html")
    assert code == 0
    assert page.startswith(b"<!doctype html>")
    code, text = exported("json")
    data = json.loads(text)
    assert (code, data["published_by"]) == (0, AUTHOR)
    assert data["adopted_from"].endswith(f"/t/{archive.topic_id}")
    texts = [*data["other_texts"], *(text for paper in data["papers"] for text in paper["texts"])]
    texts += [data["introduction"]] if data["introduction"] else []
    with environment.sessions() as session:
        assert sum(len(text["segments"]) for text in texts) == session.scalar(select(func.count(Segment.id)))
    assert exported("jekyll") == (1, b"")


def test_the_command_says_why_an_adopted_talk_becomes_no_page_of_jekyll(environment: Desk) -> None:
    archive = published(environment, "talk")
    archive.adopt()
    with environment.sessions() as session:
        period = session.scalars(select(Edition.period)).one()
    done = CliRunner().invoke(cli, ["export", f"talk-{period}", "--format", "jekyll"])
    assert done.exit_code == 1
    assert "was adopted" in done.output


def test_a_recorded_week_is_adopted_and_one_sentence_of_it_corrected(desk: Desk) -> None:
    raw = recorded_week()
    desk.world.forum.settings.max_post_length = 100_000
    desk.world.forum.add_user(AUTHOR, trust_level=2)
    post = desk.world.forum.create_topic(
        AUTHOR, title=WEEK_OF_2024, raw=raw, category_id=desk.world.forum.papers_category.id
    )
    archive = Archive(desk, post.topic_id)
    before = archive.first.raw
    done = archive.adopt()
    assert done.paired > 0.6 * done.segments
    assert archive.read().edited_parts == []
    with desk.sessions() as session:
        old = session.scalars(select(Revision.text).where(~Revision.is_markdown).order_by(Revision.id)).all()[20]
    assert before.count(old) == 1
    archive.correct(old, "새로 고친 문장입니다.")
    assert archive.read().pushed_parts == [1]
    assert archive.first.raw == before.replace(old, "새로 고친 문장입니다.")
