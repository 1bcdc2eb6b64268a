"""The memory of creations: the same request again within 120 seconds gets the first answer, success or refusal.

Facts: discourse/discourse `app/controllers/posts_controller.rb` (create), `lib/distributed_memoizer.rb`.
"""

import datetime as dt
from collections.abc import Callable, Hashable
from typing import Any

from bot.sandbox.forum.refusals import Refusal

KEPT_S = 120


class CreateMemo:
    """Answers by user, parameters and client."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[dt.datetime, Any]] = {}

    def answer(self, key: Hashable, now: dt.datetime, create: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The remembered answer for `key`, or that of `create()`; refusals are remembered and raised again."""
        known = self._answers.get(key)
        if known is None or (now - known[0]).total_seconds() >= KEPT_S:
            result: dict[str, Any] | Refusal
            try:
                result = create()
            except Refusal as refusal:
                result = refusal
            known = self._answers[key] = (now, result)
        if isinstance(known[1], Refusal):
            raise known[1]
        answer: dict[str, Any] = known[1]
        return answer
