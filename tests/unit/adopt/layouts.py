"""An adopted post without a database: its pieces and runs, and what stands in them."""

import json
from dataclasses import dataclass

from bot.editions.layout import Kept
from bot.forum import adopt_plan, regions
from bot.forum.parse import Parsed
from bot.forum.published import read_post
from bot.forum.regions import Run
from tests.shared import shared_path

TITLE = "[2024/06/03 ~ 06/09] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)"


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A post as `regions.find` takes it; segments are numbered in its order from 1."""

    pieces: tuple[Kept, ...]
    runs: tuple[Run, ...]
    texts: dict[int, str]

    @property
    def text(self) -> str:
        return self.showing(self.texts)

    def showing(self, texts: dict[int, str]) -> str:
        """The post with other texts of its segments."""
        return "".join(piece.text if piece.segment is None else texts.get(piece.segment, "") for piece in self.pieces)

    def find(self, raw: str) -> Parsed:
        return regions.find(self.pieces, self.runs, self.texts, raw)


def laid_out(raw: str) -> LaidOut:
    """The post with every item as a paper."""
    post = read_post(raw, title=TITLE)
    plan = adopt_plan.plan(post, {item.number for item in post.items})
    passages = {key: number for number, key in enumerate(plan.passages)}
    pieces: list[Kept] = []
    passage_of: dict[int, int] = {}
    texts: dict[int, str] = {}
    for slot in plan.slots:
        if slot.passage is None:
            pieces.append(Kept(slot.text, item=slot.item))
            continue
        segment = len(texts) + 1
        texts[segment] = slot.text
        passage_of[segment] = passages[slot.passage]
        pieces.append(Kept(slot.text, segment, segment, slot.item))
    return LaidOut(tuple(pieces), regions.runs_of(pieces, passage_of), texts)


def recorded_week() -> str:
    """A real week, where its recording is at hand, in the form of 2024."""
    lines = shared_path("data/recorded/2024-06-03.jsonl").read_text("utf-8").splitlines()
    papers = [json.loads(line) for line in lines if line.strip()]
    blocks = [
        "\n\n".join(
            [
                f"## {paper['title']['ko']} / {paper['title']['en']}",
                *("### 논문 소개", paper["intro"]["ko"], f"> {paper['intro']['en']}"),
                *("### 논문 초록(Abstract)", paper["abstract"]["ko"], f"> {paper['abstract']['en']}"),
                *("### 논문 링크", paper["links"][0]["url"]),
            ]
        )
        for paper in papers
        if paper.get("abstract")
    ]
    return "\n\n---\n\n".join(["PyTorchKR:fire::kr:", *blocks, "## 원문"])
