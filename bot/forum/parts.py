"""Which blocks of the article stand in which of a topic's posts, and moving them where a post grew too long.

A block moves from the end of a post to the beginning of the next, the last ones into a new post. Only text that no
person has touched moves: what somebody wrote or put somewhere stays there, and moderators are told instead.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.editions import series
from bot.editions.compose import Article, Frame
from bot.forum.answers import Post as ForumPost
from bot.forum.answers import Topic as ForumTopic
from bot.forum.limits import normalised, token_of, with_token, without_token
from bot.forum.merge import Merged, merge
from bot.languages.ko import labels
from bot.store.tables import Topic

FIRST_PART = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One post of the article as the store knows it, beside what stands on the forum.

    Attributes:
        rendered: the rendering that was merged into it last.
        there: the post on the forum.
    """

    number: int
    keys: tuple[str, ...]
    rendered: str
    there: ForumPost


def token(external_id: str, part: int) -> str:
    """What the posts after the first carry at their end, so that each is found again."""
    return f"{external_id}-part-{part}"


def post_of(topic: ForumTopic, external_id: str, part: int, username: str) -> ForumPost | None:
    """The post on the forum that is this part; None if it is not there."""
    if part == FIRST_PART:
        return next((post for post in topic.posts if post.number == 1), None)
    ours = [post for post in topic.posts if post.username.lower() == username.lower()]
    return next((post for post in ours if token_of(post.raw) == token(external_id, part)), None)


def article_of(session: Session, topic: Topic, frame: Frame) -> Article:
    """The store's rendering of the article, without what was taken out."""
    return series.of(topic.edition).article(session, topic.edition, frame)


def text_of(keys: Sequence[str], article: Article, external_id: str, part: int) -> str:
    """The rendering of one part, as the server would return it; a sentence where all its papers were taken out."""
    text = article.text(keys) or labels.PART_IS_EMPTY
    return normalised(text if part == FIRST_PART else with_token(text, token(external_id, part)))


def rearranged(
    keys: Sequence[Sequence[str]], room: Sequence[int], article: Article, fixed: AbstractSet[str]
) -> list[list[str]] | None:
    """The blocks of each part so that all fit; there may be more parts then. None if they cannot be made to fit.

    Args:
        keys: what stands in the parts now.
        room: characters each part has for its blocks; new parts have as many as the last.
        fixed: blocks that have to stay in their part.
    """
    parts = [list(part) for part in keys]
    number = 0
    while number < len(parts):
        limit = room[min(number, len(room) - 1)]
        while len(article.text(parts[number])) > limit:
            if len(parts[number]) < 2 or parts[number][-1] in fixed:
                return None
            if number + 1 == len(parts):
                parts.append([])
            parts[number + 1].insert(0, parts[number].pop())
        number += 1
    return parts


def plan(parts: Sequence[Part], article: Article, external_id: str, limit: int) -> list[list[str]] | None:
    """The blocks of each part so that what is to stand on the forum fits its limit, and nothing of a person is lost.

    None if there is nothing to do, or nothing that can be done safely.
    """
    blocks = article.blocks
    merged = [merge(part.rendered, part.there.raw, _fresh(part, article, external_id)) for part in parts]
    if all(len(result.text) <= limit for result in merged):
        return None
    room = [limit - _written_by_people(result, part, article) for result, part in zip(merged, parts, strict=True)]
    fixed = {key for part in parts for key in part.keys} - {key for part in parts for key in _untouched(part, article)}
    found = rearranged([part.keys for part in parts], room, article, fixed)
    if found is None:
        return None
    for part, keys in zip(parts, found, strict=False):
        wish = text_of(keys, article, external_id, part.number)
        result = merge(part.rendered, part.there.raw, wish)
        arrived = [key for key in keys if key not in part.keys and key in blocks]
        gone = [key for key in part.keys if key not in keys and key in blocks]
        if len(result.text) > limit or not all(normalised(blocks[key]) in result.text for key in arrived):
            return None
        if any(_first_line(blocks[key]) in result.text for key in gone):
            return None
    return found


def _fresh(part: Part, article: Article, external_id: str) -> str:
    return text_of(part.keys, article, external_id, part.number)


def _written_by_people(merged: Merged, part: Part, article: Article) -> int:
    """Characters that stand in the post besides our own blocks, the token among them."""
    ours = normalised(article.text(part.keys))
    return max(0, len(merged.text) - len(ours))


def _untouched(part: Part, article: Article) -> list[str]:
    """The blocks at the end of the part that stand on the forum exactly as they were rendered last."""
    blocks, joint = article.blocks, article.joint
    shown = [key for key in part.keys if key in blocks]
    pieces = without_token(part.rendered).split(joint)
    sizes = [blocks[key].count(joint) + 1 for key in shown]
    if sum(sizes) != len(pieces):
        return []  # a paper was taken out since, so that pieces and blocks do not belong together
    page = without_token(part.there.raw)
    kept: list[str] = []
    end = len(pieces)
    for key, size in zip(reversed(shown), reversed(sizes), strict=True):
        tail = joint.join(pieces[end - size :])
        if page != tail and not page.endswith(joint + tail):
            break
        kept.append(key)
        end -= size
    return kept


def _first_line(block: str) -> str:
    return normalised(block).split("\n", 1)[0]
