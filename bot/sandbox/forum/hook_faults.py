"""Scripted faults of webhook deliveries."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

HookFaultKind = Literal[
    "lost",  # never sent; the log says that nobody answered
    "double",  # sent twice, the second time with another event id, as when the forum's own job ran twice
    "delay",  # sent `seconds` later, others overtake it
    "reorder",  # sent right after the next delivery to the same hook
    "old_snapshot",  # sent with the body of the event before about the same thing
    "timeout",  # arrives, but the forum does not wait for the answer: never retried
    "500",  # does not arrive, something in between answers 500: retried if the forum does that
]


@dataclass
class HookFault:
    """One entry of the script.

    Attributes:
        match: a regular expression searched in `EVENT ADDRESS`; empty means any delivery.
        times: how often it is still to happen.
        seconds: how late a `delay` is.
        fired: how often it has happened.
    """

    kind: HookFaultKind
    match: str = ""
    times: int = 1
    seconds: float = 60.0
    fired: int = 0


class HookFaults:
    """The script, in order."""

    def __init__(self) -> None:
        self.script: list[HookFault] = []

    def add(self, fault: HookFault) -> HookFault:
        """Append to the script.

        Raises:
            ValueError: no such kind.
        """
        if fault.kind not in get_args(HookFaultKind):
            raise ValueError(f"no such fault: {fault.kind}; there are {', '.join(get_args(HookFaultKind))}")
        self.script.append(fault)
        return fault

    def take(self, delivery: str, *kinds: HookFaultKind) -> HookFault | None:
        """The fault of one of these kinds for this delivery, used up once."""
        for fault in self.script:
            if fault.times > 0 and fault.kind in kinds and re.search(fault.match, delivery):
                fault.times -= 1
                fault.fired += 1
                return fault
        return None
