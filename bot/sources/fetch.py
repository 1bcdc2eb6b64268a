"""Reads one text from a file or from the web, within limits on size, redirects and time."""

import datetime as dt
import email.utils
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot import clock
from bot.errors import RejectedError, TransientError

MAX_REDIRECTS = 3
_LONGEST_SILENCE_S = 10.0  # between two pieces of an answer; the deadline is checked after each piece
_RETRY_STATUSES = frozenset({408, 425, 429})
_LONGEST_WAIT_S = 86_400.0  # a `Retry-After` beyond a day is cut to it, so that a job looks again
_AT_ONCE = 64 * 1024  # bytes
_RESET = re.compile(r";\s*t=(\d{1,9})(?!\d)")


def read_text(location: str, *, client: httpx.Client, max_bytes: int = 10_000_000, deadline_s: float = 30.0) -> str:
    """Reads a whole UTF-8 text; `location` is an http(s) address or the path of a file.

    Nothing beyond `max_bytes` is held in memory, neither of the body as sent nor of what it unpacks to. The web's
    answer has to be complete within `deadline_s` (a last piece may come up to ten seconds late).

    Raises:
        RejectedError: there is no such text, or it may not be read, is too long or not UTF-8; a retry does not help.
        TransientError: the other side is down, slow or busy; `retry_after_s` is set where it said when to come back.
    """
    if "://" not in location:
        content = _read_file(location, max_bytes)
    elif location.lower().startswith(("http://", "https://")):
        content = _read_web(location, client, max_bytes, deadline_s)
    else:
        raise RejectedError(f"{shown(location)} is neither a path nor an http(s) address; give one of these.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1} fits nowhere"
        raise RejectedError(
            f"{shown(location)} is not UTF-8 text ({place}); check that it is the right one."
        ) from error


def shown(location: str) -> str:
    """The location without what may be secret in an address: user, password, query."""
    scheme, mark, rest = location.partition("://")
    if not mark:
        return location
    host_and_path = rest.partition("?")[0].partition("#")[0]
    host, slash, path = host_and_path.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _too_long(location: str, max_bytes: int) -> RejectedError:
    return RejectedError(f"{shown(location)} is longer than {max_bytes:,} bytes; check that it is the right one.")


# --- files ------------------------------------------------------------------------------------------------------------


def _read_file(path: str, max_bytes: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise RejectedError(f"There is no file {path}; check the path.") from error
    except IsADirectoryError as error:
        raise RejectedError(f"{path} is a folder; give the path of a file in it.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise RejectedError(f"The file {path!r} cannot be read ({error}); check its path and permissions.") from error
    if len(content) > max_bytes:
        raise _too_long(path, max_bytes)
    return content


# --- the web ----------------------------------------------------------------------------------------------------------


def _read_web(address: str, client: httpx.Client, max_bytes: int, deadline_s: float) -> bytes:
    ends_at = time.monotonic() + deadline_s
    with _translated(address):
        # Only gzip is asked for: its decoder can be told when to stop, so a tiny body cannot fill the memory.
        headers = {"Accept-Encoding": "gzip"}
        request = client.build_request("GET", address, headers=headers, timeout=min(_LONGEST_SILENCE_S, deadline_s))
        for _ in range(MAX_REDIRECTS + 1):
            response = client.send(request, stream=True, follow_redirects=False)
            try:
                if response.next_request is None:
                    _require_text(response, address)
                    return _body(response, address, max_bytes, ends_at, deadline_s)
                request = response.next_request
            finally:
                response.close()
            if request.url.scheme not in ("http", "https"):
                raise RejectedError(f"{shown(address)} redirects to something that is no web address; check it.")
            _require_time(address, ends_at, deadline_s)
    raise RejectedError(f"{shown(address)} redirects more than {MAX_REDIRECTS} times; give the final address.")


@contextmanager
def _translated(address: str) -> Iterator[None]:
    """Turns httpx's exceptions into ours."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise RejectedError(f"{shown(address)} is not a usable web address ({error}); check it.") from error
    except httpx.TimeoutException as error:
        raise TransientError(f"{shown(address)} does not answer in time; try again later.") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise TransientError(f"{shown(address)} cannot be reached ({reason}); try again later.") from error


def _require_text(response: httpx.Response, address: str) -> None:
    status = response.status_code
    if status in _RETRY_STATUSES or status >= 500:
        raise TransientError(
            f"{shown(address)} answers {status} {response.reason_phrase}; try again later.",
            retry_after_s=_retry_after_s(response.headers),
        )
    if status != 200:
        raise RejectedError(f"{shown(address)} answers {status} {response.reason_phrase}; check the address.")


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Seconds to wait, from `Retry-After` (RFC 9110, 10.2.3: seconds or a date); None where it is absent or garbled.

    Hugging Face says it in `RateLimit` instead (`"api";r=0;t=143`, huggingface.co/docs/hub/rate-limits).
    """
    value = headers.get("Retry-After", "").strip()
    if not value and (found := _RESET.search(headers.get("RateLimit", ""))):
        value = found[1]
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT_S)
    try:
        until = email.utils.parsedate_to_datetime(value)
        wait = (until if until.tzinfo else until.replace(tzinfo=dt.UTC)) - clock.now()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, wait.total_seconds()), _LONGEST_WAIT_S)


def _body(response: httpx.Response, address: str, max_bytes: int, ends_at: float, deadline_s: float) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise RejectedError(
            f"{shown(address)} answers packed as {encoding!r}, which was not asked for; try another address."
        )
    pieces = _sent(response, address, max_bytes, ends_at, deadline_s)
    body = bytearray()
    for piece in pieces if encoding in ("identity", "") else _unpacked(pieces, address):
        body += piece
        if len(body) > max_bytes:
            raise _too_long(address, max_bytes)
    return bytes(body)


def _sent(response: httpx.Response, address: str, max_bytes: int, ends_at: float, deadline_s: float) -> Iterator[bytes]:
    size = 0
    for piece in response.iter_raw():
        _require_time(address, ends_at, deadline_s)
        size += len(piece)
        if size > max_bytes:
            raise _too_long(address, max_bytes)
        yield piece


def _unpacked(pieces: Iterator[bytes], address: str) -> Iterator[bytes]:
    """Unpacks gzip in steps of at most `_AT_ONCE` bytes; one body may be several gzip members in a row."""
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                if member.eof:
                    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                yield member.decompress(waiting, _AT_ONCE)
                waiting = member.unconsumed_tail or member.unused_data
        while tail := member.decompress(b"", _AT_ONCE):
            yield tail
    except zlib.error as error:
        raise TransientError(f"{shown(address)} sends garbled gzip ({error}); try again later.") from error
    if not member.eof:
        raise TransientError(f"The answer of {shown(address)} breaks off; try again later.")


def _require_time(address: str, ends_at: float, deadline_s: float) -> None:
    if time.monotonic() > ends_at:
        raise TransientError(f"{shown(address)} takes longer than {deadline_s:g} seconds; try again later.")
