"""A reader and a moderator in a browser, the whole service behind webhooks: comment, yes, better post."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from bot.sandbox.world import MODERATOR, READERS
from tests.integration.desks import cloned, submit_once
from tests.integration.test_corrections import ARROW, NEW, OLD
from tests.integration.test_review import Desk

COMMAND = Path(sys.executable).with_name("paperbot")
SECRET = "a secret of the forum"
STARTS_S, FOLLOWS_MS = 60.0, 60_000


@pytest.fixture
def desk(postgres: str, template: str, tmp_path: Path) -> Iterator[Desk]:
    with cloned(submit_once(postgres, template, "now", tmp_path), postgres, tmp_path / "clone") as made:
        made.world.forum.settings.min_post_length = 2
        made.world.forum.publish(MODERATOR, made.topic_id, made.world.forum.papers_category.id)
        made.read()
        yield made


@pytest.fixture
def service(desk: Desk, tmp_path: Path) -> Iterator[None]:
    """`paperbot up` beside the forum, told of everything by webhooks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert desk.settings.database_url is not None
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    environment |= {name.upper(): str(value) for name, value in desk.world.settings.items()}
    environment |= {"DATABASE_URL": desk.settings.database_url.get_secret_value(), "DATA_DIR": str(tmp_path)}
    environment |= {"WEB_PORT": str(port), "WEBHOOK_SECRETS": SECRET}
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "up"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            desk.world.send_webhooks_to(f"http://127.0.0.1:{port}/hooks/discourse", SECRET)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(url: str) -> None:
    end = time.monotonic() + STARTS_S
    while True:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "the service did not start"
        time.sleep(0.1)


def be(page: Page, name: str) -> None:
    page.get_by_label("누구로 볼까요").select_option(name)
    page.get_by_role("button", name="바꾸기").click()


def seconds_until(page: Page, text: str, selector: str, since: float) -> float:
    """Load the page again and again until the text is there; how long that took."""
    end = since + FOLLOWS_MS / 1000
    while page.locator(selector, has_text=text).count() == 0:
        assert time.monotonic() < end, f"no {text!r} in {selector}"
        page.wait_for_timeout(50)
        page.reload()
    return time.monotonic() - since


@pytest.mark.usefixtures("service")
def test_a_readers_comment_betters_the_post_as_soon_as_a_moderator_says_yes(
    page: Page, desk: Desk, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    title = desk.world.forum.topic(desk.topic_id).title
    article = page.locator("article.post").first
    page.goto(desk.world.forum_url)
    be(page, READERS[0])
    page.get_by_role("link", name=title).click()
    expect(article).to_contain_text(OLD)
    page.get_by_label("답글", exact=True).fill(ARROW)
    page.get_by_role("button", name="올리기").click()
    commented = time.monotonic()
    expect(page.locator("article.whisper")).to_have_count(0)
    page.screenshot(path=tmp_path / "1-comment.png")

    be(page, MODERATOR)
    proposed_s = seconds_until(page, "독자의 교정 제안입니다", "article.whisper", commented)
    whisper = page.locator("article.whisper", has_text="독자의 교정 제안입니다")
    expect(whisper).to_contain_text(NEW)
    expect(article).to_contain_text(OLD)
    page.screenshot(path=tmp_path / "2-whisper.png")
    whisper.get_by_role("link", name="답하기").click()
    page.get_by_label("답글", exact=True).fill("수락")
    page.get_by_label("귓속말").check()
    page.get_by_role("button", name="올리기").click()
    applied_s = seconds_until(page, NEW, "article.post >> nth=0", time.monotonic())
    expect(article).not_to_contain_text(OLD)

    be(page, READERS[0])
    seconds_until(page, "덕분에 글을 고쳤습니다", "article.post", time.monotonic())
    thanks = page.locator("article.post", has_text="덕분에 글을 고쳤습니다")
    expect(thanks).to_contain_text(f"@{READERS[0]}")
    expect(thanks).to_contain_text("답함")
    expect(page.locator("article.whisper")).to_have_count(0)
    page.screenshot(path=tmp_path / "3-thanks.png")
    record_property("comment_to_whisper_s", round(proposed_s, 2))
    record_property("acceptance_to_page_s", round(applied_s, 2))
    sys.stdout.write(f"\ncomment to whisper {proposed_s:.2f} s, acceptance to page {applied_s:.2f} s\n")
