"""Titles: how they are prettified, measured, compared, and turned into addresses.

Facts: discourse/discourse `lib/text_cleaner.rb`, `app/models/topic.rb`, `lib/slug.rb`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from bot.sandbox.forum.bodies import counted, normalise_spaces
from bot.sandbox.forum.state import Settings, Topic, User


def clean_title(title: str, settings: Settings) -> str:
    """The title the forum stores.

    With `title_prettify` a title equal to its own upper-case form is lowered. Hangul has no case, so one Latin word in
    capitals among Korean ones is enough: `ICLR 논문` becomes `Iclr 논문`.
    """
    if settings.title_prettify:
        title = re.sub(r"!+", "!", title)
        title = re.sub(r"\?+", "?", title)
        if not settings.allow_uppercase_posts and re.search(r"[A-Z]", title) and title == title.upper():
            title = re.sub(r"[A-Z]", lambda found: found[0].lower(), title)
        title = re.sub(r"\A[a-z]*\b", lambda found: found[0].capitalize(), title)
        title = re.sub(r"([^.])\.+(\s*)\Z", r"\1\2", title)
    return normalise_spaces(re.sub(r" +", " ", title)).strip()


def title_errors(
    title: str, author: User, settings: Settings, topics: Iterable[Topic], texts: Mapping[str, str]
) -> list[str]:
    """What is wrong with a cleaned title; drafts count as duplicates, deleted topics do not. Only admins escape length.

    Args:
        topics: all others, without the topic itself.
    """
    found: list[str] = []
    minimum = 1 if author.admin else settings.min_topic_title_length
    if not title:
        found.append(texts["title_blank"])
    elif counted(title) < minimum:
        found.append(texts["title_short"].format(count=minimum))
    elif len(title) > settings.max_topic_title_length:
        found.append(texts["title_long"].format(count=settings.max_topic_title_length))
    if len(set(title.replace(" ", ""))) < 3 and title and not author.admin:
        found.append(texts["title_unclear"])
    taken = {t.title.lower() for t in topics if t.deleted_at is None}
    if not settings.allow_duplicate_topic_titles and title.lower() in taken:
        found.append(texts["title_taken"])
    return found


def slug_of(title: str) -> str:
    """The `ascii` slug: Latin remnants of a Korean title, or `topic`."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().replace("'", "")
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
    return slug if re.search(r"[^\d-]", slug) else "topic"
