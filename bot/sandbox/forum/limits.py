"""The limiter that all admin API keys of a site share.

Facts: discourse/discourse `lib/rate_limiter.rb`, `lib/auth/default_current_user_provider.rb`.
"""

import datetime as dt
import math
from collections import deque
from collections.abc import Mapping

from bot.sandbox.forum.refusals import rate_limited
from bot.sandbox.forum.state import Mode, Settings

WINDOW_S = 60


class AdminApiLimiter:
    """At most so many requests in any 60 seconds; a refused request does not count."""

    def __init__(self) -> None:
        self._at: deque[dt.datetime] = deque()

    def count(self, now: dt.datetime, settings: Settings, mode: Mode, texts: Mapping[str, str]) -> None:
        """Count one request.

        Raises:
            Refusal: 429 with the whole seconds to wait.
        """
        limit = settings.admin_api_requests_per_minute
        if limit is None:
            return
        while self._at and (now - self._at[0]).total_seconds() >= WINDOW_S:
            self._at.popleft()
        if len(self._at) >= limit:
            wait_s = max(1, math.ceil(WINDOW_S - (now - self._at[0]).total_seconds()))
            raise rate_limited(texts, wait_s, code="admin_api_key_rate_limit", newer=mode == "now")
        self._at.append(now)
