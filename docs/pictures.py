"""Takes the pictures of these pages anew, from the demo in a headless Chromium: `make pictures`."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from bot.sandbox.world import MODERATOR, READERS

IMAGES = Path(__file__).parent / "images"
PAPERBOT = Path(sys.executable).with_name("paperbot")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_S = 60.0
BETTER = "아무런 이점도"
REPORTED = f"어떠한 이점도 → {BETTER}"


def main() -> None:
    """Write every picture into `docs/images`."""
    with tempfile.TemporaryDirectory() as folder, _demo(Path(folder)) as output, _page() as page:
        topic = re.findall(r"http://\S+/t/\d+", output.read_text(encoding="utf-8"))[-1]
        mails = re.findall(r"the mails: (\S+)", output.read_text(encoding="utf-8"))[0]
        _moderate(page, topic)
        _correct(page, topic)
        _read_mail(page, mails)


def _moderate(page: Page, topic: str) -> None:
    page.goto(topic.split("/t/")[0])
    _be(page, MODERATOR)
    page.goto(topic.split("/t/")[0])
    _take(page.locator("main"), "forum-drafts")
    page.goto(topic)
    _take(page.locator("article.whisper").first, "report", height=760)
    page.locator("article.post").first.get_by_role("link", name="고치기").click()
    page.get_by_label("본문").wait_for()
    _take(page.locator("main"), "edit", height=620)
    page.goto(topic)
    page.get_by_role("button", name="공개하기").scroll_into_view_if_needed()
    _take(page.locator("main"), "publish", height=420)
    page.get_by_role("button", name="공개하기").click()
    page.wait_for_timeout(3_000)  # the bot reads the topic before anybody comments


def _correct(page: Page, topic: str) -> None:
    _be(page, READERS[0])
    page.goto(topic)
    page.get_by_label("답글", exact=True).fill(REPORTED)
    page.get_by_role("button", name="올리기").click()
    _be(page, MODERATOR)
    _until(page, topic, "article.whisper", BETTER)
    proposal = page.locator("article.whisper", has_text=BETTER).last
    _take(proposal, "proposal")
    proposal.get_by_role("button", name="좋아요").click()
    _until(page, topic, "article.post:not(.whisper)", "감사")
    _take(page.locator("article.post:not(.whisper)", has_text="감사").last, "thanks")


def _read_mail(page: Page, mails: str) -> None:
    _until(page, mails, "body", "이번 주 ML 논문 소식")
    page.goto(f"{mails}/mails/1/html")
    _take(page.locator("body"), "mail", height=700)


def _take(what: Locator, name: str, *, height: int | None = None) -> None:
    box = what.bounding_box()
    assert box is not None
    if height is not None:
        box["height"] = min(box["height"], height)
    what.page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=62, clip=box, full_page=True)


def _be(page: Page, name: str) -> None:
    page.get_by_label("누구로 볼까요").select_option(name)
    page.get_by_role("button", name="바꾸기").click()


def _until(page: Page, address: str, selector: str, text: str) -> None:
    end = time.monotonic() + WAIT_S
    page.goto(address)
    while page.locator(selector, has_text=text).count() == 0:
        if time.monotonic() > end:
            sys.exit(f"No {text!r} at {address} within {WAIT_S:.0f} s.")
        page.wait_for_timeout(500)
        page.goto(address)


@contextmanager
def _demo(folder: Path) -> Iterator[Path]:
    output = folder / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [PAPERBOT, "demo"], env={**os.environ, "DATA_DIR": str(folder)}, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        end = time.monotonic() + 2 * WAIT_S
        while "sign up for them" not in output.read_text(encoding="utf-8"):
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"The demo did not come up:\n{output.read_text(encoding='utf-8')}")
            time.sleep(0.2)
        yield output
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@contextmanager
def _page() -> Iterator[Page]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("No Chromium found (Debian: apt-get install chromium).")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser.new_context(locale="ko-KR", viewport={"width": 860, "height": 900}).new_page()
        browser.close()


if __name__ == "__main__":
    main()
