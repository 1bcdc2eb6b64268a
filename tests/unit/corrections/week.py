"""The sample week as a post in the form that people see, and as it looks when copied from the page."""

import json
from pathlib import Path

import bot.sandbox
from bot.editions import markdown
from bot.editions.compose import RULE
from bot.languages.ko import labels
from bot.sandbox.upstream import read_recorded

SAMPLE = Path(bot.sandbox.__file__).parent / "sample"


MISTAKES = (
    ("셀프 어텐션은 모든", "셀프 어텐숀은 모든"),
    ("210개의 중간 체크포인트를 공개하며", "210개의 중간 체크포인드를 공개하며"),
    ("1억 1,000만 개인 분류기가", "1억 1,000만 개인 분유기가"),
    ("CoT(Chain-of-Thought, 생각의 사슬) 프롬프팅에서 작성된", "침대 프롬프트에서 작성된"),
    ("조건으로 하는 디퓨전 모델로", "조건으로 하는 확산 모형으로"),
    ("실패의 대부분은 잘못된 도구 호출이", "실패의 대부분은 잘못된 공구 호출이"),
    ("컨텍스트 윈도우보다 오래", "문맥 창문보다 오래"),
    ("각 가중치를 변화도(gradient)가", "각 가중치를 구배값(gradient)이"),
    ("정확하게 만든다고 주장하지는 않으며", "정확하게 만든다고 주장하며"),
    (
        "공개 전문가 혼합(MoE, Mixture-of-Experts) 언어 모델군인",
        "공개 전문가의 혼합물(MoE, Mixture-of-Experts) 언어 모델군인",
    ),
)
"""Mistakes put into the good Korean of the sample, for readers to find."""


def with_mistakes() -> str:
    """The week with `MISTAKES` in it."""
    raw = rendered()
    for good, bad in MISTAKES:
        assert raw.count(good) == 1, good
        raw = raw.replace(good, bad)
    return raw


def rendered() -> str:
    """The week in today's form."""
    introduction = json.loads((SAMPLE / "introduction.json").read_text(encoding="utf-8"))
    bullets = [" ".join(sentence["ko"] for sentence in part["sentences"]) for part in introduction]
    blocks = [labels.BYLINE + "\n\n" + "\n".join(f"- {markdown.escape_inline(bullet)}" for bullet in bullets)]
    for paper in read_recorded(SAMPLE / "week.jsonl"):
        title = paper["title"]
        shown = title["en"] if title["ko"] == title["en"] else f"{title['ko']} / {title['en']}"
        parts = [markdown.heading(2, shown)]
        for label, part in ((labels.DESCRIPTION, paper["intro"]), (labels.ABSTRACT, paper["abstract"])):
            if part:
                parts += [f"### {label}", markdown.paragraph_block(part["ko"]), markdown.quote_block(part["en"])]
        parts += [f"### {labels.PAPER_LINK}", markdown.link_line(paper["links"][0]["url"])]
        parts += [f"### {labels.READ_MORE}", markdown.link_line(paper["links"][-1]["url"])]
        blocks.append("\n\n".join(parts))
    blocks.append(f"## {labels.SOURCE_LIST}\n\nhttps://github.com/dair-ai/ML-Papers-of-the-Week")
    blocks.append("\n\n".join((labels.NOTE_MACHINE, labels.NOTE_DIGEST, labels.NOTE_LIKE)))
    return RULE.join(blocks) + "\n"
