"""An invented weekly article in the form the store renders, for tests that edit it from both sides."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from bot.editions import markdown
from bot.editions.compose import RULE
from bot.forum.parse import KnownPaper, KnownPassage
from bot.languages.ko import labels
from bot.translation.segments import Span, split

_NOUNS = (
    "어텐션",
    "검색",
    "추론",
    "메모리",
    "라우터",
    "에이전트",
    "데이터",
    "보상",
    "토큰",
    "윈도우",
    "로봇",
    "정책",
    "평가",
)
_VERBS = ("줄입니다", "높입니다", "제안합니다", "보여 줍니다", "비교합니다", "측정합니다", "공개합니다")
_ENGLISH = ("sparse", "routing", "memory", "tokens", "rewards", "policies", "agents", "budget", "windows", "retrieval")
_TAILS = (
    "",
    " (예: 고정 윈도우)",
    " 62.5% 만큼",
    " *별표*",
    " $O(n \\log n)$ 수준으로",
    " [12]",
    " e.g. 검색으로",
    " a_b_c",
)


@dataclass(frozen=True)
class Text:
    """A passage: its English, and the Korean of each segment; Korean of None is still to come."""

    english: str
    korean: tuple[str, ...] | None

    def rendered(self) -> str | None:
        """The Korean as the composer puts it together."""
        return None if self.korean is None else rebuild(self.english, split(self.english), self.korean)


@dataclass(frozen=True)
class Paper:
    """One paper of the article."""

    key: int
    title: str
    korean_title: str | None
    description: Text
    abstract: Text | None

    def known(self) -> KnownPaper:
        """What the parser is told of it."""
        passages = [KnownPassage("title", self.title), KnownPassage("description", self.description.english)]
        if self.abstract is not None:
            passages.append(KnownPassage("abstract", self.abstract.english))
        return KnownPaper(self.key, self.title, tuple(passages))

    @cache  # noqa: B019 - the papers of a test run are few
    def rendered(self) -> str:
        """Its block of the article."""
        title = f"{self.korean_title} / {self.title}" if self.korean_title else self.title
        parts = [markdown.heading(2, title)]
        if self.description.korean is None or (self.abstract and self.abstract.korean is None):
            parts.append(labels.PAPER_WAITS)
        for label, text in ((labels.DESCRIPTION, self.description), (labels.ABSTRACT, self.abstract)):
            if text is not None:
                parts.append(f"### {label}")
                korean = text.rendered()
                if korean is not None:
                    parts.append(markdown.paragraph_block(korean))
                parts.append(markdown.quote_block(text.english))
        parts += [f"### {labels.PAPER_LINK}", markdown.link_line(f"https://arxiv.org/abs/2611.{90000 + self.key}")]
        parts += [f"### {labels.READ_MORE}", markdown.link_line(f"https://x.com/example/status/{70000 + self.key}")]
        return "\n\n".join(parts)


@dataclass(frozen=True)
class Article:
    """The whole of it."""

    introduction: tuple[str, ...]
    papers: tuple[Paper, ...]
    note: str = labels.NOTE_LIKE

    def rendered(self) -> str:
        """The article as one post."""
        bullets = "\n".join(f"- {markdown.escape_inline(text)}" for text in self.introduction)
        source = f"## {labels.SOURCE_LIST}\n\nhttps://github.com/dair-ai/ML-Papers-of-the-Week"
        notes = f"{labels.NOTE_MACHINE}\n\n{self.note}"
        opening = f"{labels.BYLINE}\n\n{bullets}"
        return RULE.join([opening, *(paper.rendered() for paper in self.papers), source, notes])

    def known(self) -> list[KnownPaper]:
        """All its papers."""
        return [paper.known() for paper in self.papers]


@dataclass
class Writer:
    """Invents sentences, no two alike."""

    chance: random.Random
    written: int = field(default=0)

    def korean(self) -> str:
        """A sentence."""
        self.written += 1
        nouns = self.chance.sample(_NOUNS, 3)
        tail = self.chance.choice(_TAILS)
        end = self.chance.choice(_VERBS)
        return f"{nouns[0]}의 {self.written}번째 {nouns[1]}에서{tail} {nouns[2]} 비용을 {end}."

    def english(self) -> str:
        """A sentence."""
        self.written += 1
        return f"We study {' '.join(self.chance.sample(_ENGLISH, 4))} at scale {self.written}."

    def text(self, most: int, *, has_bullets: bool = False, is_missing: bool = False) -> Text:
        """A passage of up to so many sentences."""
        lines = [" ".join(self.english() for _ in range(self.chance.randint(1, most)))]
        if has_bullets:
            lines += ["", *(f"- {self.english()}" for _ in range(3))]
        english = "\n".join(lines)
        # A segment's Korean is now and then two sentences, or one without an end mark.
        korean = tuple(
            f"{self.korean()} {self.korean()}" if self.chance.random() < 0.1 else self.korean() for _ in split(english)
        )
        return Text(english, None if is_missing else korean)

    def paper(self, key: int) -> Paper:
        """A paper."""
        chance = self.chance.random()
        title = " ".join(self.chance.sample(_ENGLISH, 4)).title() + f" {key}"
        is_missing = chance < 0.08
        return Paper(
            key,
            f"A / B {title}" if chance > 0.95 else title,
            None if is_missing else f"{self.chance.choice(_NOUNS)} {key}번의 {self.chance.choice(_NOUNS)}",
            self.text(2, has_bullets=chance > 0.7, is_missing=is_missing),
            self.text(6, is_missing=is_missing) if chance < 0.9 else None,
        )

    def article(self, most_papers: int = 6) -> Article:
        """An article."""
        introduction = tuple(" ".join(self.korean() for _ in range(self.chance.randint(2, 4))) for _ in range(3))
        return Article(
            introduction, tuple(self.paper(key) for key in range(1, self.chance.randint(2, most_papers) + 1))
        )


def with_korean(text: Text, changes: dict[int, str]) -> Text:
    """The passage with other Korean for some of its segments."""
    korean: Sequence[str] = text.korean or ()
    return replace(text, korean=tuple(changes.get(i, old) for i, old in enumerate(korean)))


def rebuild(text: str, spans: Sequence[Span], targets: Sequence[str]) -> str:
    """`text` with each span replaced by its target, glue kept; spans that touch get a single blank between.

    `spans` come from `split(text)`; one target per span, same order.
    """
    parts: list[str] = []
    end = 0
    for number, (span, target) in enumerate(zip(spans, targets, strict=True)):
        glue = text[end : span.start]
        parts += (" " if number and not glue else glue, target)
        end = span.end
    return "".join(parts) + text[end:]
