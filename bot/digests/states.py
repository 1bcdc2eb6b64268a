"""The states of a subscriber and the moves between them, as pure functions; and which choice of cadence wins."""

from dataclasses import dataclass
from typing import Literal

from bot.errors import BotError

Cadence = Literal["weekly", "daily"]
Choice = Literal["none", "weekly", "daily"]
"""What a member wants by mail."""

Event = Literal[
    "asked", "confirmed", "lapsed", "joined", "left", "bounced", "complained", "erased", "cleared", "returned"
]

MOVES: dict[tuple[str | None, Event], str] = {
    (None, "asked"): "pending",
    ("unsubscribed", "asked"): "pending",
    ("bounced", "asked"): "pending",
    ("pending", "asked"): "pending",
    ("pending", "confirmed"): "active",
    (None, "joined"): "active",
    ("unsubscribed", "returned"): "active",
    ("active", "left"): "unsubscribed",
    ("pending", "left"): "unsubscribed",
    ("active", "bounced"): "bounced",
    ("pending", "bounced"): "bounced",
    ("active", "complained"): "complained",
    ("pending", "complained"): "complained",
    ("unsubscribed", "complained"): "complained",
    ("bounced", "complained"): "complained",
    ("complained", "cleared"): "unsubscribed",
    ("bounced", "cleared"): "unsubscribed",
    **{(state, "erased"): "erased" for state in ("pending", "active", "unsubscribed", "bounced", "complained")},
}
"""Where an event leads; `None` is an address that is not known. `joined` is a member or an import with consent,
`returned` a member who switches digests on again on the forum."""


class IllegalMoveError(BotError):
    """The subscriber's state does not allow this; a mistake in the code, never of a reader."""


def after(state: str | None, event: Event, *, before: str | None = None) -> str | None:
    """The state after an event; None: the row goes.

    Args:
        before: for `lapsed`: the state that a pending row had before somebody asked.

    Raises:
        IllegalMoveError: there is no such move.
    """
    if (state, event) == ("pending", "lapsed"):
        return before
    if (state, event) not in MOVES:
        raise IllegalMoveError(f"A subscriber who is {state or 'unknown'} cannot be {event}.")
    return MOVES[state, event]


def may(state: str | None, event: Event) -> bool:
    """Whether the event leads anywhere from this state."""
    return (state, event) in MOVES or (state, event) == ("pending", "lapsed")


def forum_choice(*, email_digests: bool, minutes: int | None, mailing_list_mode: bool) -> Choice:
    """What a member's forum preference asks of us; longer than a week is none, because weekly would be more mail.

    Source: Discourse's `digest_after_minutes` (0 never, 1440 daily, 10080 weekly, any number by the API).
    """
    if not email_digests or mailing_list_mode or not minutes or minutes > 10_080:
        return "none"
    return "daily" if minutes <= 1440 else "weekly"


_AMOUNT: dict[Choice, int] = {"none": 0, "weekly": 1, "daily": 2}


@dataclass(frozen=True, slots=True)
class Merged:
    """What both sides are to have; `write_back`: the forum has something else."""

    choice: Choice
    write_back: bool


def merge(base: Choice, ours: Choice, theirs: Choice) -> Merged:
    """Three-way merge of a member's choice here and on the forum: who changed it wins; if both did, less mail."""
    if ours == base:
        return Merged(theirs, write_back=False)
    if theirs == base:
        return Merged(ours, write_back=True)
    less = min(ours, theirs, key=lambda choice: _AMOUNT[choice])
    return Merged(less, write_back=less != theirs)
