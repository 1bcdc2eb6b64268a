"""A moderator at work in a browser: what they write in the forum's pages outlives everything the bot renders."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.jobs import editions
from bot.sandbox.world import MODERATOR
from bot.store.tables import Topic
from bot.translation.drafting import Again
from tests.integration.desks import cloned, submit_once
from tests.integration.test_review import Desk, answer_anew

OURS = "운영자가 브라우저에서 고친 문장입니다."


@pytest.fixture
def desk(postgres: str, template: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(submit_once(postgres, template, "now", tmp_path), postgres, tmp_path / "clone") as made:
        yield made


def test_edited_sentence_outlives_the_bots_next_renderings(page: Page, desk: Desk, tmp_path: Path) -> None:
    old = desk.sentence(5, "abstract", 1)
    title = desk.world.forum.topic(desk.topic_id).title

    page.goto(desk.world.forum_url)
    page.get_by_label("누구로 볼까요").select_option(MODERATOR)
    page.get_by_role("button", name="바꾸기").click()
    page.get_by_role("link", name=title).click()
    article = page.locator("article.post").first
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    dropped = article.get_by_role("heading", name="Murmuration", exact=True)
    expect(dropped).to_be_visible()
    page.screenshot(path=tmp_path / "1-draft.png")

    article.get_by_role("link", name="고치기").click()
    body = page.get_by_label("본문")
    raw = body.input_value()
    assert raw.count(old) == 1
    body.fill(raw.replace(old, OURS))
    page.screenshot(path=tmp_path / "2-editing.png")
    page.get_by_role("button", name="저장하기").click()
    expect(article).to_contain_text(OURS)
    desk.read()
    revision = desk.current(OURS)
    assert revision is not None
    assert revision.author == MODERATOR

    page.get_by_label("답글", exact=True).fill("2번 빼줘. 지난달에 이미 다룬 논문이라서요.")
    page.get_by_label("귓속말").check()
    page.get_by_role("button", name="올리기").click()
    desk.read()
    page.reload()
    expect(dropped).to_have_count(0)
    expect(article).to_contain_text(OURS)
    expect(page.locator("article.whisper").last).to_contain_text("2번")
    page.screenshot(path=tmp_path / "3-answered.png")

    page.get_by_role("button", name="공개하기").click()
    expect(page.get_by_role("button", name="공개하기")).to_have_count(0)
    assert "published" in desk.read().news

    answer_anew(desk)
    with desk.sessions() as session:
        edition_id = session.get_one(Topic, desk.topic_row_id).edition_id
    editions.redraft(desk.sessions, desk.settings, edition_id, (5, 6), Again(1))
    assert desk.read().pushed_parts == [1]

    page.get_by_label("누구로 볼까요").select_option("minji")
    page.get_by_role("button", name="바꾸기").click()
    expect(article).to_contain_text("새 문장 0입니다.")
    expect(article).to_contain_text(OURS)
    expect(page.locator("article.whisper")).to_have_count(0)
    page.screenshot(path=tmp_path / "4-published.png")
