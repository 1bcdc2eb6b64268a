"""Webhooks: events are put into a line when they happen and sent by a thread of their own, over real HTTP.

The body is the snapshot of that moment. Nothing is promised about order. A delivery that nobody answers is not retried;
one with a wrong answer is, with a new event id, if the site is set so. Waiting deliveries and the log are part of the
forum's state.

Facts: discourse/discourse `app/models/web_hook.rb`, `app/jobs/regular/emit_web_hook_event.rb`,
`app/services/web_hook_emitter.rb`.
"""

import datetime as dt
import functools
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.sandbox.forum import hook_types
from bot.sandbox.forum.hook_faults import HookFault, HookFaultKind, HookFaults
from bot.sandbox.forum.signing import headers_for
from bot.sandbox.forum.state import HookEvent, Settings, State, Topic, WebHook

RETRY_MINUTES = (1, 5, 25, 125)
NEVER_RETRIED = (404, 410)
LOGGED = 200
"""So many deliveries are remembered; Discourse keeps thirty days."""

_UNFILTERED = ("reviewable", "user", "category", "group", "tag")
_LOOK_EVERY_S = 0.5


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than most deliveries."""
    return ssl.create_default_context()


def is_refused_address(url: str, settings: Settings) -> bool:
    """Whether the newer forum would not send there: a private address that is not allowed by name."""
    host = urlsplit(url).hostname or ""
    if host in settings.allowed_internal_hosts:
        return False
    if host == "localhost":
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return not host


class WebHooks:
    """The webhooks of one forum.

    Attributes:
        timeout_s: how long a receiver may take for connecting and for answering.
        instance: the forum's own address, told in a header.
    """

    def __init__(
        self,
        state: Callable[[], State],
        lock: threading.RLock,
        writing: Callable[[], AbstractContextManager[None]],
        now: Callable[[], dt.datetime],
    ) -> None:
        self.timeout_s = 20.0
        self.instance = "http://forum.test"
        self._state = state
        self._writing = writing
        self._now = now
        self._faults = HookFaults()
        self._changed = threading.Condition(lock)
        self._thread: threading.Thread | None = None
        self._sending: HookEvent | None = None
        self._hurry = False
        self._hold = False

    # --- what tests and the demo use ---------------------------------------------------------------------------------

    def fail_next(self, kind: HookFaultKind, times: int = 1, match: str = "", *, seconds: float = 60.0) -> HookFault:
        """Let the next matching deliveries go wrong; `fired` of the returned fault counts how often it happened.

        Args:
            kind: see `hook_faults.HookFaultKind`.
            match: a regular expression searched in `EVENT ADDRESS`, e.g. `topic_edited`.
            seconds: how late a `delay` is, by the forum's clock.
        """
        with self._changed:
            return self._faults.add(HookFault(kind, match, times, seconds))

    def flush(self, timeout_s: float = 10.0, *, hurry: bool = True) -> None:
        """Wait until nothing is waiting to be sent.

        Args:
            hurry: send what is delayed, held back or to be retried now. Otherwise wait only for what is due.

        Raises:
            TimeoutError: some are still waiting.
        """
        end = time.monotonic() + timeout_s
        with self._changed:
            self._hurry = hurry
            try:
                self._wake()
                while self._sending is not None or self._next(hurry=hurry) is not None:
                    if not self._changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                        raise TimeoutError(f"{len(self.waiting())} webhook deliveries are still waiting")
            finally:
                self._hurry = False

    def pause(self) -> None:
        """Send nothing until `resume`: events gather."""
        with self._changed:
            self._hold = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._changed:
            self._hold = False
            self._wake()

    def waiting(self) -> list[HookEvent]:
        """Deliveries not sent yet."""
        with self._changed:
            return [e for e in self._state().hook_events if e.status is None or e.redelivering]

    def log(self, hook_id: int | None = None) -> list[HookEvent]:
        """Deliveries done, oldest first; of one hook or of all."""
        with self._changed:
            done = [e for e in self._state().hook_events if e.status is not None]
            return [e for e in done if hook_id is None or e.hook_id == hook_id]

    def send_forged(
        self,
        hook_id: int,
        event_type: str,
        event: str,
        payload: object,
        *,
        secret: str | None = "a-wrong-secret",  # noqa: S107 - wrong on purpose
        headers: dict[str, str] | None = None,
    ) -> int:
        """Send what did not happen to a hook's address, at once and past the log; returns the answer's status.

        Args:
            payload: the value under the body key `event_type`; text is sent as it is.
            secret: signs the body; None sends no signature.
            headers: replace or add.
        """
        hook = self._state().web_hooks[hook_id]
        text = payload if isinstance(payload, str) else json.dumps({event_type: payload}, ensure_ascii=False)
        body = text.encode()
        signed = headers_for(
            mode=self._state().mode,
            instance=self.instance,
            event_id=999_999,
            event_type=event_type,
            event=event,
            body=body,
            secret=secret or "",
            content_type=hook.content_type,
        )
        with httpx.Client(verify=_tls(), trust_env=False, timeout=self.timeout_s) as client:
            return client.post(hook.payload_url, content=body, headers=signed | (headers or {})).status_code

    # --- what the forum uses -----------------------------------------------------------------------------------------

    def happened(
        self, event_type: str, event: str, subject: str, body: Callable[[], dict[str, Any]], topic: Topic | None = None
    ) -> None:
        """Put an event into the line of every hook that wants it; hold the forum's lock.

        Args:
            subject: what it is about, e.g. `post 21`.
            body: makes the payload; called only if somebody wants it.
            topic: what category and tag filters look at; events without one pass no filter.
        """
        state = self._state()
        text: str | None = None
        for hook in state.web_hooks.values():
            wanted = hook.active and hook_types.wants(hook, event_type, event, state.mode)
            if not wanted or not _passes(hook, event_type, topic):
                continue
            if text is None:
                text = json.dumps({event_type: body()}, ensure_ascii=False)
            self._line_up(hook, event_type, event, subject, text)

    def ping(self, hook_id: int) -> None:
        """Send a ping, even to an inactive hook."""
        hook = self._state().web_hooks[hook_id]
        with self._writing():
            self._line_up(hook, "ping", "ping", "ping", json.dumps({"ping": "OK"}))

    def redeliver(self, event_id: int) -> HookEvent:
        """Send a logged delivery once more, with the same id and body.

        Raises:
            KeyError: it is not in the log.
        """
        with self._writing():
            event = next((e for e in self._state().hook_events if e.id == event_id), None)
            if event is None:
                raise KeyError(event_id)
            event.redelivering = True
            self._wake()
            return event

    def start(self) -> None:
        """Go on with what was waiting when the forum stopped."""
        with self._changed:
            self._wake()

    # --- the line ----------------------------------------------------------------------------------------------------

    def _line_up(self, hook: WebHook, event_type: str, event: str, subject: str, text: str, tries: int = 0) -> None:
        state, now = self._state(), self._now()
        what = f"{event} {hook.payload_url}"
        due_at, held, twice = now, False, False
        if tries:
            due_at = now + dt.timedelta(minutes=RETRY_MINUTES[tries - 1])
        else:
            fault = self._faults.take(what, "double", "delay", "reorder", "old_snapshot")
            if fault is not None and fault.kind == "delay":
                due_at = now + dt.timedelta(seconds=fault.seconds)
            elif fault is not None and fault.kind == "old_snapshot":
                text = self._older(hook, event_type, subject) or text
            held = fault is not None and fault.kind == "reorder"
            twice = fault is not None and fault.kind == "double"
        for _ in range(1 + twice):
            number = state.next_id("hook_event")
            state.hook_events.append(
                HookEvent(number, hook.id, event_type, event, text, subject, now, due_at, held, tries)
            )
        self._wake()

    def _older(self, hook: WebHook, event_type: str, subject: str) -> str | None:
        for event in reversed(self._state().hook_events):
            if (event.hook_id, event.event_type, event.subject) == (hook.id, event_type, subject):
                return event.body
        return None

    def _next(self, *, hurry: bool) -> HookEvent | None:
        """The delivery to send now; in a hurry those that are kept back come last."""
        if self._hold:
            return None
        waiting = self.waiting()
        now = self._now()
        for event in waiting:
            if event.redelivering or (not event.held and event.due_at <= now):
                return event
        return min(waiting, key=lambda e: (e.due_at, e.id)) if hurry and waiting else None

    def _wake(self) -> None:
        """Make sure that somebody sends."""
        if self.waiting() and not self._hold and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                event = self._next(hurry=self._hurry)
                while event is None:
                    if not self.waiting() or self._hold:
                        self._thread = None
                        self._changed.notify_all()
                        return
                    self._changed.wait(_LOOK_EVERY_S)
                    event = self._next(hurry=self._hurry)
                self._sending = event
                hook = self._state().web_hooks.get(event.hook_id)
            try:
                self._deliver(event, hook)
            finally:
                with self._changed:
                    self._sending = None
                    self._changed.notify_all()

    def _deliver(self, event: HookEvent, hook: WebHook | None) -> None:
        state = self._state()
        body = event.body.encode()
        url = hook.payload_url if hook is not None else ""
        headers = headers_for(
            mode=state.mode,
            instance=self.instance,
            event_id=event.id,
            event_type=event.event_type,
            event=event.event,
            body=body,
            secret=hook.secret if hook is not None else "",
            content_type=hook.content_type if hook is not None else 1,
        )
        with self._changed:
            fault = self._faults.take(f"{event.event} {url}", "lost", "timeout", "500")
        started = time.monotonic()
        status, answer_headers, answer = -1, dict[str, str](), ""
        refused = hook is None or (state.mode == "now" and is_refused_address(url, state.settings))
        if fault is not None and fault.kind == "500":
            status, answer = 500, "scripted"
        elif not refused and (fault is None or fault.kind != "lost"):
            try:
                with httpx.Client(verify=_tls(), trust_env=False, timeout=self.timeout_s) as client:
                    response = client.post(url, content=body, headers=headers)
                status, answer_headers, answer = response.status_code, dict(response.headers), response.text[:2000]
            except httpx.HTTPError as error:
                answer = type(error).__name__
            if fault is not None:  # a timeout: what was answered is not heard
                status, answer_headers, answer = -1, {}, "ReadTimeout"
        with self._writing():
            event.status, event.request_headers = status, headers
            event.response_headers, event.response_body = answer_headers, answer
            event.duration_ms = round((time.monotonic() - started) * 1000)
            by_hand, event.redelivering = event.redelivering, False
            self._settle(event, hook, again=not by_hand)

    def _settle(self, event: HookEvent, hook: WebHook | None, *, again: bool) -> None:
        state = self._state()
        for other in state.hook_events:
            if other.held and other.hook_id == event.hook_id and other.id != event.id:
                other.held = False  # overtaken
        failed = event.status is not None and event.status > 0 and not 200 <= event.status < 300
        if hook is not None and failed and again and state.settings.retry_web_hook_events:
            if event.status in NEVER_RETRIED:
                if event.tries >= len(RETRY_MINUTES):
                    hook.active = False
            elif event.tries < len(RETRY_MINUTES):
                self._line_up(hook, event.event_type, event.event, event.subject, event.body, event.tries + 1)
        done = [e for e in state.hook_events if e.status is not None and not e.redelivering]
        for old in done[:-LOGGED]:
            state.hook_events.remove(old)


def _passes(hook: WebHook, event_type: str, topic: Topic | None) -> bool:
    """Filters by category and tag; what has neither, a personal message included, passes no filter."""
    if not hook.category_ids and not hook.tag_names:
        return True
    if topic is None or event_type in _UNFILTERED:
        return False
    if hook.category_ids and topic.category_id not in hook.category_ids:
        return False
    return not hook.tag_names or not set(hook.tag_names).isdisjoint(topic.tags)
