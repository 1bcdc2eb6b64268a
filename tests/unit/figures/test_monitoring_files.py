"""Dashboard, alert rules and documentation speak of the figures that `/metrics` shows, and of all of them."""

import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.figures.metrics import metrics
from bot.figures.silence import Source
from bot.figures.standing import Corrections, Draft, Effort, Mailing, Money, Standing
from bot.jobs.backlog import Backlog

DOCS = Path(__file__).resolve().parents[3] / "docs"
NOW = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
FULL = Standing(
    at=NOW,
    editions={("weekly", "published"): 3},
    drafts=(Draft("weekly", "2026-11-09", NOW - dt.timedelta(hours=5), None, None),),
    effort=Effort(3, 1, 0.9, {"moderator": 40, "reader": 2}, 5.0),
    corrections=Corrections({"proposed": 1}, 4, 2.5),
    money=Money(Decimal("3.5"), Decimal(20), 40, 1),
    forum_calls={"ok": 90, "limited": 2},
    forum_calls_today={},
    webhooks={"stored": 7},
    swept_at=NOW,
    mailings=(Mailing("weekly", "2026-W46", ("sent",), {"sent": 9, "doubtful": 1}),),
    subscribers={"weekly": 9, "daily": 1},
    sources=(Source("dair", NOW.date(), NOW, dt.timedelta(days=2), dt.timedelta(days=7)),),
    queue=Backlog(1, 2.0, 0, 0, 1),
    failing=(),
    untold=0,
)


@pytest.fixture(scope="module")
def shown() -> dict[str, set[str]]:
    """Names of what `/metrics` shows, with the names of their labels."""
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(metrics(FULL).decode())
        for sample in family.samples
    }


def named(text: str) -> set[str]:
    return set(re.findall(r"\bpaperbot_[a-z_]+", text))


def test_every_figure_has_a_line_and_a_place_in_the_docs(shown: dict[str, set[str]]) -> None:
    assert named((DOCS / "monitoring.md").read_text(encoding="utf-8")) == set(shown)


def expressions() -> list[str]:
    rules = yaml.safe_load((DOCS / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    board = json.loads((DOCS / "monitoring" / "grafana.json").read_text(encoding="utf-8"))
    return [
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
        *(target["expr"] for panel in board["panels"] for target in panel.get("targets", [])),
    ]


@pytest.mark.parametrize("expression", expressions())
def test_expressions_ask_for_figures_and_labels_that_exist(expression: str, shown: dict[str, set[str]]) -> None:
    names = named(expression)
    assert names
    assert names <= set(shown)
    labels = {name for part in re.findall(r"by \(([^)]*)\)", expression) for name in re.split(r"\s*,\s*", part)}
    labels |= set(re.findall(r"(\w+)=~?\"", expression))
    assert labels <= set().union(*(shown[name] for name in names))
    assert expression.count("(") == expression.count(")")


def test_panels_do_not_lie_on_each_other() -> None:
    board = json.loads((DOCS / "monitoring" / "grafana.json").read_text(encoding="utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
