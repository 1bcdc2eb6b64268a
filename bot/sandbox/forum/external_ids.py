"""External ids: 1 to 50 of letters, digits, hyphen and underscore; unique without regard to case, for ever.

A soft-deleted topic keeps its id: looking it up finds nothing, creating with it is refused.
Facts: discourse/discourse `app/models/topic.rb`, `app/controllers/topics_controller.rb`.
"""

import re
from collections.abc import Iterable, Mapping

from bot.sandbox.forum.state import Topic


def external_id_errors(external_id: str, topics: Iterable[Topic], texts: Mapping[str, str]) -> list[str]:
    """What is wrong with an id for a new topic; `topics` are all, deleted ones too."""
    if len(external_id) > 50:
        return [texts["external_id_long"]]
    if not re.fullmatch(r"[A-Za-z0-9_-]+", external_id):
        return [texts["external_id_format"]]
    if any(t.external_id and t.external_id.lower() == external_id.lower() for t in topics):
        return [texts["external_id_taken"]]
    return []


def find_by_external_id(external_id: str, topics: Iterable[Topic]) -> Topic | None:
    """The living topic with exactly this id."""
    return next((t for t in topics if t.external_id == external_id and t.deleted_at is None), None)
