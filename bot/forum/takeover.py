"""Taking over what people decided about a topic: publication, rejection, withdrawal, title, tags, category.

Nothing here writes to the forum. Publication is told by the category alone: a topic that no longer lies in the drafts
category is published, whatever events or versions say.
"""

import datetime as dt

from sqlalchemy.orm import Session

from bot.editions import lifecycle
from bot.forum.answers import Topic as ForumTopic
from bot.store.tables import Edition, Topic

FORUM = "forum"
"""Actor of moves whose person the forum does not tell."""
OPEN = frozenset({"submitted", "in_review"})
PUBLIC = frozenset({"published", "revised"})


def take_over(session: Session, topic: Topic, seen: ForumTopic | None, *, now: dt.datetime) -> list[str]:
    """Bring our record of the topic in step with what was seen; returns what is news, in words for the log.

    Args:
        seen: the topic as the forum shows it now; None where it shows none any more.
    """
    edition = topic.edition
    news: list[str] = []
    if seen is None or seen.deleted:
        return _gone(session, edition)
    if edition.state == "rejected" and topic.discourse_id is not None and _was_deleted(session, edition):
        lifecycle.move(session, edition, "submitted", actor=FORUM, reason="the deleted draft was restored")
        news.append("restored")
    news += _metadata(topic, seen)
    is_draft = seen.category_id == topic.drafts_category_id
    if not is_draft and edition.state == "rejected":
        lifecycle.move(session, edition, "submitted", actor=FORUM, reason="published although it was rejected")
    if not is_draft and edition.state in OPEN:
        lifecycle.move(session, edition, "published", actor=FORUM, reason=f"moved to category {seen.category_id}")
        topic.touched_at = now
        topic.held_by = None  # it held the draft; in a public topic nobody could release it
        news.append("published")
    if is_draft and topic.flow == "shared_draft" and not seen.is_shared_draft and edition.state in OPEN:
        # Publication was tried and its category change refused (a tag rule of the destination, say).
        news.append("limbo")
    if edition.state in PUBLIC and not seen.visible:
        lifecycle.move(session, edition, "withdrawn", actor=FORUM, reason="unlisted on the forum")
        news.append("withdrawn")
    elif edition.state == "withdrawn" and seen.visible and not is_draft:
        lifecycle.move(session, edition, "published", actor=FORUM, reason="listed again on the forum")
        news.append("published")
    topic.is_listed = seen.visible
    return news


def note_person(session: Session, topic: Topic, *, actor: str, what: str, now: dt.datetime) -> None:
    """A person has worked on the topic: a draft is in review from then on, an article is revised."""
    topic.touched_at = now
    if topic.edition.state == "submitted":
        lifecycle.move(session, topic.edition, "in_review", actor=actor, reason=what)


def _gone(session: Session, edition: Edition) -> list[str]:
    if edition.state in OPEN:
        lifecycle.move(session, edition, "rejected", actor=FORUM, reason=DELETED)
        return ["rejected"]
    if edition.state in PUBLIC:
        lifecycle.move(session, edition, "withdrawn", actor=FORUM, reason="deleted on the forum")
        return ["withdrawn"]
    return []


DELETED = "the draft was deleted on the forum"


def _was_deleted(session: Session, edition: Edition) -> bool:
    last = lifecycle.last_move(session, edition)
    return last is not None and last.to_state == "rejected" and last.reason == DELETED


def _metadata(topic: Topic, seen: ForumTopic) -> list[str]:
    news = []
    if topic.title is not None and topic.title != seen.title:
        news.append("title changed")
    if topic.title is not None and topic.tags != list(seen.tags):
        news.append("tags changed")
    topic.title, topic.tags = seen.title, list(seen.tags)
    if seen.destination_category_id is not None and seen.destination_category_id != topic.category_id:
        topic.category_id = seen.destination_category_id
        news.append("destination changed")
    if topic.drafts_category_id is None and seen.is_shared_draft:
        topic.drafts_category_id = seen.category_id
    topic.forum_category_id = seen.category_id
    return news
