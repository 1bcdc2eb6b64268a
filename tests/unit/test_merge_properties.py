"""People and the store edit one article at random, 2,000 times: what people did is there afterwards, all of it."""

import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from bot.editions.markdown import escape_inline
from bot.forum.align import align
from bot.forum.merge import Merged, merge
from bot.forum.parse import Parsed, parse_article
from bot.forum.tokens import tokens
from bot.languages.ko import labels
from bot.languages.ko.sentences import split as cut
from bot.translation.segments import split
from tests.unit.article import Article, Paper, Text, Writer, with_korean

CASES = 2_000
SHARDS = 20
SEED = 20_261_121
ARRIVAL = 0.9

MARK = re.compile(r"사람\d+표")


# --- the store changes -----------------------------------------------------------------------------------------------


@dataclass
class Store:
    """Redrafts, corrections, papers that arrive or go."""

    writer: Writer

    def change(self, article: Article) -> Article:
        chance = self.writer.chance
        for _ in range(chance.randint(1, 3)):
            article = chance.choices(
                [
                    self.some_segments,
                    self.a_paper_redrafted,
                    self.missing_korean,
                    self.drop,
                    self.note,
                    self.introduction,
                ],
                [10, 3, 3, 1, 1, 2],
            )[0](article)
        return article

    def some_segments(self, article: Article) -> Article:
        papers = list(article.papers)
        for _ in range(self.writer.chance.randint(1, 6)):
            i = self.writer.chance.randrange(len(papers))
            papers[i] = self.one_segment(papers[i])
        return replace(article, papers=tuple(papers))

    def one_segment(self, paper: Paper) -> Paper:
        text = self.writer.chance.choice([paper.description, paper.abstract])
        if text is None or not text.korean:
            return paper
        changed = self.reworded(text, [self.writer.chance.randrange(len(text.korean))])
        return replace(paper, description=changed) if text is paper.description else replace(paper, abstract=changed)

    def a_paper_redrafted(self, article: Article) -> Article:
        i = self.writer.chance.randrange(len(article.papers))
        paper = article.papers[i]
        new = replace(
            paper,
            korean_title=paper.korean_title and paper.korean_title + " 연구",
            description=self.reworded(paper.description, range(len(paper.description.korean or ()))),
            abstract=paper.abstract and self.reworded(paper.abstract, range(len(paper.abstract.korean or ()))),
        )
        return replace(article, papers=(*article.papers[:i], new, *article.papers[i + 1 :]))

    def reworded(self, text: Text, numbers: "list[int] | range") -> Text:
        assert text.korean is not None or not numbers
        changes = {}
        for number in numbers:
            old = (text.korean or ())[number]
            changes[number] = (
                old.replace("번째", "번째로") if self.writer.chance.random() < 0.5 else self.writer.korean()
            )
        return with_korean(text, changes) if changes else text

    def missing_korean(self, article: Article) -> Article:
        return replace(article, papers=tuple(self.filled(paper) for paper in article.papers))

    def filled(self, paper: Paper) -> Paper:
        if paper.description.korean is not None:
            return paper
        texts = [
            text and replace(text, korean=tuple(self.writer.korean() for _ in split(text.english)))
            for text in (paper.description, paper.abstract)
        ]
        assert texts[0] is not None
        return replace(paper, korean_title=f"새 제목 {paper.key}번", description=texts[0], abstract=texts[1])

    def drop(self, article: Article) -> Article:
        if len(article.papers) < 2:
            return article
        gone = self.writer.chance.choice(article.papers)
        return replace(article, papers=tuple(paper for paper in article.papers if paper is not gone))

    def note(self, article: Article) -> Article:
        return replace(article, note=article.note + " 고맙습니다.")

    def introduction(self, article: Article) -> Article:
        i = self.writer.chance.randrange(len(article.introduction))
        parts = [article.introduction[i][a:b] for a, b in cut(article.introduction[i])]
        j = self.writer.chance.randrange(len(parts))
        parts[j] = self.writer.korean()
        bullets = (*article.introduction[:i], " ".join(parts), *article.introduction[i + 1 :])
        return replace(article, introduction=bullets)


# --- people change ---------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Edits a post as text; every word typed carries a mark of its own."""

    chance: random.Random
    typed: int = 0

    def edit(self, text: str) -> str:
        moves = [
            (self.insert_sentence, 4), (self.insert_word, 4), (self.insert_paragraph, 2), (self.note_between_papers, 3),
            (self.delete_word, 3), (self.delete_sentence, 3), (self.delete_paragraph, 1), (self.delete_paper, 1),
            (self.swap_paragraphs, 1), (self.swap_papers, 1), (self.retype, 5), (self.paste_copy, 1),
            (self.change_label, 1), (self.retitle, 2), (self.fill_in, 1), (self.blank_lines, 1),
        ]  # fmt: skip
        for _ in range(self.chance.randint(1, 4)):
            text = self.chance.choices([move for move, _ in moves], [weight for _, weight in moves])[0](text)
        return text

    def word(self) -> str:
        self.typed += 1
        return f"사람{self.typed}표"

    def sentence(self) -> str:
        return f"{self.word()} 이 문장은 {self.word()} 사람이 썼습니다."

    def place(self, text: str) -> tuple[int, int]:
        """Some sentence of some Korean line."""
        lines = [
            line
            for line in re.finditer(r"(?m)^(?:- )?(?=\S)(?![>#\-]|https?:)(.+)$", text)
            if re.search("[가-힣]", line[1])
        ]
        if not lines:
            return 0, 0
        line = self.chance.choice(lines)
        start, end = self.chance.choice(cut(line[1]))
        return line.start(1) + start, line.start(1) + end

    def paragraphs(self, text: str) -> list[str]:
        return text.split("\n\n")

    def papers(self, text: str) -> list[str]:
        return text.split("\n\n---\n\n")

    def insert_sentence(self, text: str) -> str:
        start, end = self.place(text)
        if self.chance.random() < 0.5:
            return f"{text[:start]}{self.sentence()} {text[start:]}"
        return f"{text[:end]} {self.sentence()}{text[end:]}"

    def insert_word(self, text: str) -> str:
        start, end = self.place(text)
        spaces = [start, *(start + i for i, char in enumerate(text[start:end]) if char == " ")]
        at = self.chance.choice(spaces)
        return (
            f"{text[:at]} {self.word()} {text[at:].lstrip(' ')}"
            if at > start
            else f"{text[:at]}{self.word()} {text[at:]}"
        )

    def insert_paragraph(self, text: str) -> str:
        parts = self.paragraphs(text)
        parts.insert(self.chance.randint(0, len(parts)), self.sentence())
        return "\n\n".join(parts)

    def note_between_papers(self, text: str) -> str:
        parts = self.papers(text)
        i = self.chance.randrange(len(parts))
        note = self.sentence()
        if self.chance.random() < 0.3:
            note = f"## {self.word()} 알림\n\n{note}"
        if self.chance.random() < 0.5:
            parts.insert(i, note)
        else:
            parts[i] = f"{note}\n\n{parts[i]}" if self.chance.random() < 0.5 else f"{parts[i]}\n\n{note}"
        return "\n\n---\n\n".join(parts)

    def delete_word(self, text: str) -> str:
        start, end = self.place(text)
        words = text[start:end].split(" ")
        if len(words) < 3:
            return text
        del words[self.chance.randrange(len(words))]
        return text[:start] + " ".join(words) + text[end:]

    def delete_sentence(self, text: str) -> str:
        start, end = self.place(text)
        return text[:start] + text[end:].lstrip(" ")

    def delete_paragraph(self, text: str) -> str:
        parts = self.paragraphs(text)
        del parts[self.chance.randrange(len(parts))]
        return "\n\n".join(parts)

    def delete_paper(self, text: str) -> str:
        parts = self.papers(text)
        if len(parts) > 2:
            del parts[self.chance.randrange(1, len(parts) - 1)]
        return "\n\n---\n\n".join(parts)

    def swap_paragraphs(self, text: str) -> str:
        return "\n\n".join(self.swapped(self.paragraphs(text)))

    def swap_papers(self, text: str) -> str:
        return "\n\n---\n\n".join(self.swapped(self.papers(text)))

    def swapped(self, parts: list[str]) -> list[str]:
        if len(parts) < 2:
            return parts
        i, j = self.chance.sample(range(len(parts)), 2)
        parts[i], parts[j] = parts[j], parts[i]
        return parts

    def retype(self, text: str) -> str:
        start, end = self.place(text)
        return text[:start] + self.sentence() + text[end:]

    def paste_copy(self, text: str) -> str:
        separator = self.chance.choice(["\n\n---\n\n", "\n\n"])
        parts = text.split(separator)
        parts.insert(self.chance.randint(0, len(parts)), self.chance.choice(parts))
        return separator.join(parts)

    def blank_lines(self, text: str) -> str:
        at = self.chance.choice([found.start() for found in re.finditer("\n", text)] or [0])
        return text[:at] + "\n" * self.chance.randint(1, 3) + text[at:]

    def change_label(self, text: str) -> str:
        label = self.chance.choice([labels.DESCRIPTION, labels.ABSTRACT, labels.READ_MORE])
        return text.replace(f"### {label}", f"### {label} {self.word()}", 1)

    def retitle(self, text: str) -> str:
        titles = list(re.finditer(r"(?m)^## (.+) / ", text))
        if not titles:
            return text
        title = self.chance.choice(titles)
        new = f"{self.word()} {title[1]}" if self.chance.random() < 0.5 else f"{self.word()} 새 제목"
        return text[: title.start(1)] + new + text[title.end(1) :]

    def fill_in(self, text: str) -> str:
        return re.sub(r"(### 논문 소개\n\n)(?=>)", lambda found: f"{found[1]}{self.sentence()}\n\n", text, count=1)


# --- judging ---------------------------------------------------------------------------------------------------------


@dataclass
class Score:
    """How many of the store's changes could arrive, did, or were reported instead."""

    possible: int = 0
    arrived: int = 0
    reported: int = 0


@lru_cache(maxsize=8)
def texts_of(text: str) -> Counter[str]:
    return Counter(token.text for token in tokens(text) if token.kind == "text")


def is_within(needle: list[str], hay: list[str]) -> bool:
    rest = iter(hay)
    return all(item in rest for item in needle)


def judge(base: str, forum: str, fresh: str, merged: Merged) -> None:
    on_forum, before, rendered, after = texts_of(forum), texts_of(base), texts_of(fresh), texts_of(merged.text)
    # Every word typed is there, in the order in which it stood.
    assert MARK.findall(merged.text) == MARK.findall(forum)
    # So is every sentence that people wrote, changed, or pasted.
    own = [token.text for token in tokens(forum) if token.kind == "text" and token.text not in before]
    assert is_within(own, [token.text for token in tokens(merged.text)])
    for text, count in (on_forum - before).items():
        assert after[text] >= min(count, on_forum[text] - before[text] + min(before[text], rendered[text])), text
    for text in before | on_forum:
        if before[text] == rendered[text]:
            # What the store left alone is as the forum has it, and what people deleted stays deleted.
            assert after[text] == on_forum[text], text


def segments(article: Article) -> dict[tuple[object, ...], str]:
    """The Korean of every segment as Markdown, by its place in the store."""
    found: dict[tuple[object, ...], str] = {}
    for i, bullet in enumerate(article.introduction):
        found |= {("introduction", i, j): bullet[a:b] for j, (a, b) in enumerate(cut(bullet))}
    for paper in article.papers:
        for kind, text in (("description", paper.description), ("abstract", paper.abstract)):
            found |= {(paper.key, kind, j): korean for j, korean in enumerate((text and text.korean) or ())}
    return {place: escape_inline(f"가 {text}")[2:] for place, text in found.items()}


def arrivals(article: Article, changed: Article, forum: str, merged: Merged) -> Score:
    """Where the store reworded a sentence: it arrived, or it was reported, or a person has been there before."""
    score = Score()
    offered = " ".join(conflict.fresh for conflict in merged.conflicts)
    after = segments(changed)
    for place, old in segments(article).items():
        new = after.get(place)
        if new is None or new == old:
            continue
        if old not in forum:
            assert new not in merged.text, (old, new)
        elif forum.count(old) == 1:
            score.possible += 1
            if new in merged.text:
                assert old not in merged.text, (old, new)
                score.arrived += 1
            else:
                assert old in merged.text, (old, new)
                assert new in offered, (old, new)
                score.reported += 1
    return score


def taken_over(article: Article, base: str, forum: str) -> str:
    """The post as the store renders it once it has taken over what people wrote into its passages."""
    known = article.known()
    before, now = parse_article(base, known), parse_article(forum, known)
    old = segments(article)
    rendered = base
    for region in sorted(before.regions, key=lambda region: -region.start):
        there = now.find(region.kind, region.paper)
        if there is None:
            continue
        place = "introduction" if region.paper is None else region.paper
        texts = [
            text for key, text in old.items() if key[0] == place and (place == "introduction" or key[1] == region.kind)
        ]
        if region.kind == "title":
            texts = [base[region.start : region.end]]
        aligned = align(texts, forum[there.start : there.end], forum, set(old.values()) - set(texts))
        glue, at = [], region.start
        for text in texts:
            start = base.index(text, at)
            glue.append(base[at:start])
            at = start + len(text)
        # The store keeps its segments in the order of the English; one moved on the page is moved there alone.
        kept = [number for number, fate in enumerate(aligned.fates) if fate.text]
        between = ["", *(glue[number] for number in kept[1:])]
        new = "".join(g + aligned.fates[number].text for g, number in zip(between, kept, strict=False))
        new = glue[0] + new if new else f"{aligned.unassigned}\n\n" if aligned.unassigned else ""
        rendered = rendered[: region.start] + new + rendered[region.end :]
    return rendered


def found_in(parsed: Parsed) -> set[tuple[str, int | None]]:
    return {(region.kind, region.paper) for region in parsed.regions}


def case(seed: int) -> Score:
    chance = random.Random(seed)
    writer = Writer(chance)
    article = writer.article(most_papers=4)
    base = article.rendered()
    forum = Person(chance).edit(base)
    changed = Store(writer).change(article)
    fresh = changed.rendered()
    merged = merge(base, forum, fresh)
    judge(base, forum, fresh, merged)
    assert merge(base, forum, base) == Merged(forum, ())
    assert merge(base, base, fresh) == Merged(fresh, ())
    assert merge(base, forum, forum) == Merged(forum, ())
    # Once merged, the same rendering again changes nothing.
    assert merge(fresh, merged.text, fresh) == Merged(merged.text, ())
    # What people wrote goes into the store and comes out of it again: the post stays as they have it.
    back = merge(base, forum, taken_over(article, base, forum))
    assert is_within(MARK.findall(forum), MARK.findall(back.text))
    before, on_forum = texts_of(base), texts_of(forum)
    if all(on_forum[text] <= count for text, count in before.items()):
        # Beside a pasted copy, what a person changed in one of the two may reach the other.
        assert back.text == forum
    known = article.known()
    left = {None, *(paper.key for paper in changed.papers)}
    there = {item for item in found_in(parse_article(forum, known)) if item[1] in left}
    assert there <= found_in(parse_article(merged.text, known))
    return arrivals(article, changed, forum, merged)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_of_people_is_lost_and_the_store_arrives_elsewhere(shard: int) -> None:
    total = Score()
    for number in range(CASES // SHARDS):
        seed = SEED + shard * (CASES // SHARDS) + number
        try:
            score = case(seed)
        except AssertionError as failure:
            failure.add_note(f"seed {seed}")
            raise
        total.possible += score.possible
        total.arrived += score.arrived
        total.reported += score.reported
    print(f"{total.arrived} of {total.possible} changes arrived, {total.reported} were reported")  # noqa: T201
    assert total.arrived >= ARRIVAL * total.possible
