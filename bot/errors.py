"""The error tree, split by what the caller should do.

    BotError
    ├── TransientError   the same call may work later; `retry_after_s` says when, where it is known
    ├── RejectedError    the same call will never work; a person or a setting has to change something
    │   └── SettingsError   a setting is missing or contradicts another
    ├── ConflictError    somebody did it already or changed it meanwhile: look up, then go on
    └── DoubtfulError    it may or may not have happened, and nobody can be asked: show it to a person

Adapters translate vendors' exceptions into these at their border (`raise ... from exc`). The message is one sentence
that says what happened and what to do next; it never holds a secret.
"""


class BotError(Exception):
    """Base of every error that paperbot raises on purpose."""


class TransientError(BotError):
    """The outside world was not ready; trying again later may help.

    Attributes:
        retry_after_s: seconds to wait before the next try, if the other side said so.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RejectedError(BotError):
    """The other side, or a rule of ours, refuses this; repeating it changes nothing."""


class SettingsError(RejectedError):
    """A setting is missing or wrong; the message names it."""


class ConflictError(BotError):
    """The effect exists already, or its object changed since it was read."""


class DoubtfulError(BotError):
    """An effect may or may not have happened, and it cannot be looked up."""
