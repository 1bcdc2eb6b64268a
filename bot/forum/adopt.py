"""What a post from before the bot would become: for a person to look at before anything is stored."""

from bot.forum.published import Item, PublishedPost, Section
from bot.languages.ko import sentences as korean
from bot.translation import segments as english

HEADS = ("item", "passage", "Korean", "English", "paired", "text")
LONGEST_SHOWN = 60
"""Characters of a text that are shown."""


def mapping(post: PublishedPost) -> list[tuple[str, ...]]:
    """One row a title or passage, as `HEADS` name the columns: sentences are counted on both sides.

    `paired` says whether each Korean sentence has its English one: then segments get both, else the passage does.
    """
    rows = [_passage("-", passage) for passage in post.passages]
    for item in post.items:
        rows.append(_title(item))
        rows += [_passage(str(item.number), passage) for passage in item.sections]
    return rows


def _title(item: Item) -> tuple[str, ...]:
    korean_title, english_title = item.korean_title, item.english_title
    counts = [str(int(title is not None)) for title in (korean_title, english_title)]
    paired = "yes" if korean_title and english_title else "-"
    return (str(item.number), "title", *counts, paired, _short(korean_title or english_title or ""))


def _passage(item: str, passage: Section) -> tuple[str, ...]:
    ours = sum(len(korean.split(line)) for line in passage.korean)
    theirs = len(english.split("\n".join(passage.english)))
    paired = "-" if not theirs else "yes" if ours == theirs else "no"
    text = (*passage.korean, *passage.english)[0]
    return (item, passage.field, str(ours), str(theirs), paired, _short(text))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
