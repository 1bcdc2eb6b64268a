"""Scripted faults: what a real forum, or what stands before it, does on a bad day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from bot.sandbox.forum.refusals import Refusal, errors, rate_limited
from bot.sandbox.forum.state import Mode

FaultKind = Literal[
    "429_json",  # a limiter inside the application, with its code
    "429_no_code",  # the same, of a limiter that has no code
    "429_text",  # a limiter before the application: plain text
    "500",  # generic JSON, nothing written
    "502_html",  # the web server while the application restarts, nothing written
    "503_read_only",  # read-only mode
    "drop_before",  # the connection closes, nothing written
    "drop_after",  # the write happens, then the connection closes
    "502_after",  # the write happens, the answer is a 502
    "empty_200",  # success without content, nothing written
    "failed_200",  # `{"failed":"FAILED"}`, which has no `errors`, nothing written
    "failed_422",  # the same with the status that a refused timestamp has
    "slow",  # the usual answer, late
    "race_500",  # another request wins the unique index: its write is there, this one gets a 500
]
BEFORE: frozenset[str] = frozenset(
    {
        "429_json",
        "429_no_code",
        "429_text",
        "500",
        "502_html",
        "503_read_only",
        "drop_before",
        "empty_200",
        "failed_200",
        "failed_422",
    }
)
AFTER: frozenset[str] = frozenset({"drop_after", "502_after", "race_500"})

_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """One entry of the script.

    Attributes:
        match: a regular expression searched in `METHOD /path?query`; empty means any request with a key.
        times: how often it is still to happen.
        wait_s: the delay a 429 asks for.
        seconds: how late a `slow` answer comes.
        fired: how often it has happened.
    """

    kind: FaultKind
    match: str = ""
    times: int = 1
    wait_s: int = 30
    seconds: float = 1.0
    fired: int = 0


class Faults:
    """The script, in order; the first fault that matches a request happens to it."""

    def __init__(self) -> None:
        self.script: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Append to the script.

        Raises:
            ValueError: no such kind.
        """
        if fault.kind not in get_args(FaultKind):
            raise ValueError(f"no such fault: {fault.kind}; there are {', '.join(get_args(FaultKind))}")
        self.script.append(fault)
        return fault

    def take(self, request: str) -> Fault | None:
        """The fault for this request, used up once."""
        for fault in self.script:
            if fault.times > 0 and re.search(fault.match, request):
                fault.times -= 1
                fault.fired += 1
                return fault
        return None


def fault_answer(fault: Fault, mode: Mode, texts: Mapping[str, str]) -> Refusal:
    """What the caller gets instead of the usual answer (`drop_*` and `slow` have none)."""
    newer = mode == "now"
    wait_s = fault.wait_s
    match fault.kind:
        case "429_json":
            return rate_limited(texts, wait_s, code="admin_api_key_rate_limit", newer=newer)
        case "429_no_code":
            return rate_limited(texts, wait_s, newer=newer)
        case "429_text":
            headers = {"Retry-After": str(wait_s), "Discourse-Rate-Limit-Error-Code": "ip_10_secs_limit"}
            if newer:
                headers["Content-Type"] = "text/plain; charset=utf-8"
            return Refusal(429, texts["rate_limit_text"].format(wait=wait_s), headers)
        case "500" | "race_500":
            return Refusal(500, {"status": 500, "error": "Internal Server Error"})
        case "502_html" | "502_after":
            return Refusal(502, _BAD_GATEWAY, {"Content-Type": "text/html"})
        case "503_read_only":
            return errors(503, texts["read_only"], error_type="read_only")
        case "failed_200" | "failed_422":
            return Refusal(int(fault.kind[-3:]), {"failed": "FAILED"})
        case _:
            return Refusal(200, None)
