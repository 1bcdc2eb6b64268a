"""The editors' month in a real browser: readable on a desk and on a phone, by day and by night, without script."""

import datetime as dt
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from bot.figures.effort import Approved, Changed
from bot.figures.month import Cost, Month, Reporter, Sent, span_of
from bot.figures.page import page as written

SHOTS = "PAPERBOT_TEST_SHOTS"
OVERLAPS = """
() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const out = [];
  const frame = svg.getBoundingClientRect();
  boxes.forEach(([a, r], i) => {
    if (r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 2) out.push('outside: ' + a);
    boxes.slice(i + 1).forEach(([b, s]) => {
      if (r.left < s.right - 1 && s.left < r.right - 1 && r.top < s.bottom - 3 && s.top < r.bottom - 3)
        out.push(a + ' on ' + b);
    });
  });
  return out;
})
"""
"""Words of a plot that lie on each other or leave it."""


def busy_month() -> Month:
    """A month with something of everything, and long names."""
    span = span_of("2026-11", "Asia/Seoul")
    posts = [
        Approved("daily", f"{day}", f"Daily Papers ({day})", at(day), 1.0 + day.day % 7 * 3, 120, day.day % 5)
        for day in span.days
        if day.weekday() < 5
    ]
    weekly = [
        Approved("weekly", f"{day}", f"[{day:%Y/%m/%d}] 이번 주의 주요 ML 논문", at(day, 9), 30.5, 240, 14)
        for day in span.days
        if day.weekday() == 1
    ]
    talk = Approved(
        "talk",
        "dQw4w9WgXcQ",
        "아주 긴 제목을 가진 발표: 대규모 언어 모델을 작은 기계에서",
        at(span.days[12]),
        80,
        400,
        61,
    )
    changed = [
        Changed(at(day), who, day.day * size) for day in span.days for who, size in (("moderator", 9), ("reader", 2))
    ]
    corrections = Counter(
        {
            ("weekly", "correction", "applied"): 14,
            ("weekly", "correction", "rejected"): 3,
            ("weekly", "report", "open"): 2,
            ("daily", "correction", "applied"): 6,
            ("daily", "term", "applied"): 4,
            ("talk", "report", "other"): 1,
            ("talk", "term", "open"): 1,
        }
    )
    names = ["minji", "jiho", "a_reader_with_a_very_long_name_indeed", "밝은별이빛나는밤에논문읽는사람", "sam"]
    day_cost = {day: Decimal("0.31") + Decimal(day.day) / 50 for day in span.days}
    months = ("2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11")
    digests = [
        Sent("weekly" if day.weekday() == 0 else "daily", day, "sent", 1_840 if day.weekday() == 0 else 410, 3, 0, 1, 2)
        for day in span.days
    ]
    return Month(
        span=span,
        posts=tuple(sorted([*posts, *weekly, talk], key=lambda one: one.published_at)),
        changed=tuple(changed),
        corrections=corrections,
        hours_to_apply=7.25,
        reporters=tuple(Reporter(name, 12 - number * 2, 9 - number * 2) for number, name in enumerate(names)),
        costs=(Cost("translate_paper", 1_204, Decimal("14.2")), Cost("judge_paper", 611, Decimal("2.1"))),
        cost_by_day=day_cost,
        cost_by_month={name: Decimal(9 + number) for number, name in enumerate(months)},
        cap=Decimal(20),
        digests=tuple(digests),
        subscribers={"weekly": 1_846, "daily": 412},
        joined=131,
        left=17,
    )


def at(day: dt.date, hour: int = 3) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_month_is_readable_everywhere(page: Page, tmp_path: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None)
    file = tmp_path / "report.html"
    now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    file.write_text(written(busy_month(), forum="forum.example.org", now=now), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    if folder := os.environ.get(SHOTS):
        page.screenshot(path=Path(folder) / f"report-{width}-{scheme}.png", full_page=True)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERLAPS) == []
    assert page.locator("svg").count() == 8
    # Letters of plots stay readable on a phone, where the plot scrolls in its frame instead.
    assert page.evaluate("document.querySelector('svg .name').getBoundingClientRect().height") >= 9
