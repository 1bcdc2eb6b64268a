"""How the digest and its pages look in Chromium, on a phone and beside it, by day and by night.

The pictures lie in pytest's folder; their paths are printed. What can be checked by rule is: nothing is wider than the
screen, letters are large and stand out enough.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bot.digests.compose import Received
from bot.sandbox.server import serve
from bot.store.engine import Sessions
from bot.web import subscriptions
from tests.integration.digest_world import DAY, HOUR, MONDAY, Desk, open_desk

TITLES = (
    "Lamplight: Efficient Long-Context Navigation for Small Ships without Maps",
    "Tides",
    "A Very Long Title about How Harbor Pilots Learn to Steer Large Language Models through Fog and Ice",
)
KOREAN = (
    "작은 배가 지도 없이 먼 길을 찾아가는 방법을 제안하고, 세 가지 항로에서 적은 연료로 더 멀리 갈 수 있음을 "
    "보입니다. "
    "밤에도 등불 하나만으로 방향을 잡을 수 있습니다."
)


@pytest.fixture
def desk(sessions: Sessions) -> Iterator[Desk]:
    with open_desk(sessions) as made:
        first, _ = made.edition(
            MONDAY - DAY,
            *TITLES,
            korean=KOREAN,
            topic_title="[2026/11/09 ~ 11/15] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)",
            authors=["Kim Minji", "Lee Jun", "Park Sujin", "Choi Hana"],
        )
        for number in range(6):
            made.edition(MONDAY - DAY + number * HOUR, f"Harbor {number}", topic_title=f"오늘의 논문 {number + 1}")
        made.reader("minji@naver.com", language="both")
        made.corrected(first, MONDAY - HOUR, "침대 프롬프트를 씁니다.", "생각의 사슬(CoT) 프롬프트를 씁니다.", "minji")
        made.run(MONDAY, received={first: Received(12, 4)})
        yield made


PALE = """
() => {
  const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const numbers = c => c.match(/[0-9.]+/g).map(Number);
  const light = c => { const [r, g, b] = numbers(c); return .2126*channel(r) + .7152*channel(g) + .0722*channel(b); };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (numbers(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || e.closest('.hidden, .trap') || e.tagName === 'OPTION') continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(style.color), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5 || parseFloat(style.fontSize) < 15) found.push([e.tagName, e.className, ratio, style.fontSize]);
  }
  return found;
}
"""


def look(page: Page, url: str, name: str, folder: Path) -> None:
    for width in (375, 700):
        for scheme in ("light", "dark"):
            given: Any = scheme
            page.emulate_media(color_scheme=given)
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(url)
            path = folder / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=True)
            print(f"screenshot: {path}")  # noqa: T201 - for whoever looks
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, scheme)
            assert page.evaluate(PALE) == [], (width, scheme)


def test_mail_is_readable_on_a_phone_and_at_night(page: Page, desk: Desk, tmp_path: Path) -> None:
    [mail] = desk.mailbox.to("minji@naver.com")
    file = tmp_path / "mail.html"
    file.write_text(mail.part("html"), encoding="utf-8")
    look(page, file.as_uri(), "mail", tmp_path)


def test_pages_are_readable_and_work_without_script(page: Page, desk: Desk, tmp_path: Path) -> None:
    from fastapi import FastAPI

    from bot.web.app import strict_headers

    pages = subscriptions.pages_of(desk.settings, desk.sessions)
    assert pages is not None
    app = FastAPI()
    app.include_router(subscriptions.router_of(pages))
    number = 1
    with serve(strict_headers(app)) as url:
        look(page, f"{url}/subscribe", "subscribe", tmp_path)
        look(page, f"{url}/u/{desk.signer.token('unsubscribe', number)}", "unsubscribe", tmp_path)
        look(page, f"{url}/p/{desk.signer.token('preferences', number)}", "preferences", tmp_path)
        look(page, f"{url}/digests", "archive", tmp_path)
        page.goto(f"{url}/p/{desk.signer.token('preferences', number)}")
        page.get_by_label("매일").check()
        page.get_by_role("button", name="저장하기").click()
        assert "저장했습니다" in page.content()
        assert page.get_by_label("매일").is_checked()
        page.get_by_role("button", name="그만 받기").click()
        assert desk.state(number) == "unsubscribed"
