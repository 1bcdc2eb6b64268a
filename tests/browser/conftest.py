"""A headless Chromium: the system's own, driven by Playwright. Nothing is downloaded.

Without a browser these tests are skipped; `PAPERBOT_TEST_BROWSER=required` makes that a failure.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture
def page() -> Iterator[Page]:
    """A fresh page in a Korean browser of a moderator's usual size."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        without = "no Chromium found (Debian: apt-get install chromium)"
        if os.environ.get("PAPERBOT_TEST_BROWSER") == "required":
            pytest.fail(without)
        pytest.skip(without)
    # Chromium's own sandbox does not start for root; these pages are ours.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        context = browser.new_context(locale="ko-KR", viewport={"width": 1100, "height": 900})
        context.set_default_timeout(15_000)
        yield context.new_page()
        browser.close()
