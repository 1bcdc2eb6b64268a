"""One pace for an outside service over all processes and machines: a row that says when the next call may start."""

import time
from collections.abc import Callable

from sqlalchemy import text

from bot.errors import TransientError
from bot.store.engine import Sessions

LONGEST_WAIT_S = 5.0
"""A longer wait is not slept: the caller gives the work back and comes again."""

_TAKE = text(
    """
    insert into paces (service, next_free_at)
    values (:service, clock_timestamp() + make_interval(secs => :interval_s))
    on conflict (service) do update
        set next_free_at = greatest(paces.next_free_at, clock_timestamp()) + make_interval(secs => :interval_s)
        where paces.next_free_at <= clock_timestamp() + make_interval(secs => :longest_s)
    returning extract(epoch from next_free_at - clock_timestamp()) - :interval_s
    """
)
_ASK = text("select extract(epoch from next_free_at - clock_timestamp()) from paces where service = :service")
_HOLD = text(
    """
    insert into paces (service, next_free_at) values (:service, clock_timestamp() + make_interval(secs => :hold_s))
    on conflict (service) do update
        set next_free_at = greatest(paces.next_free_at, clock_timestamp() + make_interval(secs => :hold_s))
    """
)


def take_turn(
    sessions: Sessions, service: str, interval_s: float, *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until this process may call `service`; callers anywhere start at least `interval_s` apart.

    Raises:
        TransientError: the turn would come later than `LONGEST_WAIT_S` from now; `retry_after_s` says when.
    """
    with sessions.begin() as session:
        wait_s = session.execute(
            _TAKE, {"service": service, "interval_s": interval_s, "longest_s": LONGEST_WAIT_S}
        ).scalar_one_or_none()
        if wait_s is None:
            later_s = float(session.execute(_ASK, {"service": service}).scalar_one())
            raise TransientError(
                f"{service} asked for a pause; its next call may start in {later_s:.0f} s. Try again then.",
                retry_after_s=max(later_s, 0.0),
            )
    if wait_s > 0:
        sleep(float(wait_s))


def hold(sessions: Sessions, service: str, hold_s: float) -> None:
    """Let nobody call `service` for `hold_s` seconds: it asked for a pause."""
    with sessions.begin() as session:
        session.execute(_HOLD, {"service": service, "hold_s": hold_s})
