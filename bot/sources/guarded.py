"""Reading pages that nobody vouches for: within limits of size and time, over public addresses only, as text.

A page's host is resolved here, every address it has must be public, and the connection goes to the very address that
was checked: a name that is asked twice can give two answers. Each redirect is checked anew. No credentials, no cookies,
no other ports than 80 and 443. A connection ends at its deadline whatever is being read, headers too.
"""

import codecs
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from bot.errors import RejectedError, TransientError
from bot.sources.fetch import shown

MAX_REDIRECTS = 3
MAX_BYTES = 3_000_000
DEADLINE_S = 20.0
CONNECT_TIMEOUT_S = 5.0
MOST_ADDRESSES = 3
"""Of a host that does not answer, so many of its addresses are tried."""
PORTS = frozenset({80, 443})
REFUSALS = frozenset({401, 403, 406, 451})
_READABLE = ("text/html", "application/xhtml+xml", "application/json", "text/plain", "application/xml", "text/xml")

NO_HOSTS = frozenset({"example", "invalid", "test", "localhost", "local", "internal", "onion", "arpa"})
"""Endings kept for other purposes (RFC 2606, RFC 6761, RFC 6762)."""

_UNICAST = ipaddress.ip_network("2000::/3")
"""What IPv6 has given out; old forms outside of it hold IPv4 addresses (`::127.0.0.1`) or are of the site alone."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))
_NOT_FOR_TEXT = frozenset({"undefined", "idna", "punycode"})
"""Codecs of Python that no page is written in, and that raise errors of their own."""

Resolve = Callable[[str, int], Iterable[str]]
"""Host and port to the addresses it has now."""


class HostRefusesError(RejectedError):
    """The host lets no program in; it is not to be asked again for a while."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was read: the last address, and the body as text."""

    url: str
    text: str
    content_type: str


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: no loopback, private, link-local, multicast or mapped one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        return found in _UNICAST and found.is_global
    return found.is_global and not found.is_multicast and not any(found in relays for relays in _RELAYS)


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them. Names that no host of the internet has are not looked up."""
    if host.rpartition(".")[2].lower() in NO_HOSTS:
        raise RejectedError(f"{host} is no host of the internet; it is not read.")
    try:
        return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as exc:
        raise TransientError(f"{host} cannot be found ({exc}); try again later.") from exc


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only; what is checked is what is connected to."""

    def __init__(
        self,
        resolve: Resolve = resolved,
        is_allowed: Callable[[str], bool] = is_public,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._resolve, self._is_allowed, self._deadline_s = resolve, is_allowed, deadline_s
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the host's addresses, all of which must be public."""
        addresses = list(dict.fromkeys(self._resolve(host, port)))
        if not addresses:
            raise TransientError(f"{host} has no address; try again later.")
        if bad := next((address for address in addresses if not self._is_allowed(address)), None):
            raise RejectedError(f"{host} is at {bad}, which is no address of the internet; it is not read.")
        ends_at = time.monotonic() + self._deadline_s
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                stream = self._real.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            return _Ending(stream, ends_at)
        return _Ending(self._real.connect_tcp(last, port, timeout, local_address, socket_options), ends_at)


class _Ending(httpcore.NetworkStream):
    """A connection that gives nothing any more after its deadline."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream, self._ends_at = stream, ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the connection does, before the deadline."""
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the connection does, before the deadline."""
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection with TLS, and the same deadline."""
        return _Ending(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._ends_at)

    def get_extra_info(self, info: str) -> object:
        """As the connection does."""
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the connection's deadline")
        return left if timeout is None else min(timeout, left)


def client(
    resolve: Resolve = resolved, is_allowed: Callable[[str], bool] = is_public, deadline_s: float = DEADLINE_S
) -> httpx.Client:
    """A client whose every connection is checked, serves one request, and ends after `deadline_s`."""
    transport = httpx.HTTPTransport(trust_env=False, retries=0)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        max_keepalive_connections=0,
        network_backend=GuardedBackend(resolve, is_allowed, deadline_s),
    )
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=False)


def read_page(
    url: str,
    *,
    http: httpx.Client,
    user_agent: str,
    accept: str = "text/html",
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
    ports: frozenset[int] = PORTS,
    method: str = "GET",
    json: object | None = None,
) -> Page:
    """One page as text, after at most three redirects.

    Args:
        http: made by `client`; a page of strangers is read with no other.
        ports: those that may be asked.
        json: a body to send.

    Raises:
        HostRefusesError: 401, 403, 406 or 451: it does not want programs.
        RejectedError: no page to read there, too long, no text, or a place that is not of the internet.
        TransientError: down, slow or busy; `retry_after_s` where it said when to come back.
    """
    ends_at = time.monotonic() + deadline_s
    address = url
    for _ in range(MAX_REDIRECTS + 1):
        _require_web(address, ports)
        try:
            answer = _ask(address, http, user_agent, accept, max_bytes, ends_at, deadline_s, method, json)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as exc:
            raise RejectedError(f"{shown(address)} is not a usable web address; it is not read.") from exc
        except httpx.TimeoutException as exc:
            raise TransientError(f"{shown(address)} does not answer in time; try again later.") from exc
        except httpx.HTTPError as exc:
            raise TransientError(f"{shown(address)} cannot be reached ({type(exc).__name__}).") from exc
        if isinstance(answer, Page):
            return answer
        address = _next(address, answer)
    raise RejectedError(f"{shown(url)} redirects more than {MAX_REDIRECTS} times; it is not read.")


def _next(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError as exc:
        raise RejectedError(f"{shown(address)} redirects to what is no web address; it is not read.") from exc


def _require_web(address: str, ports: frozenset[int]) -> None:
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError as exc:
        raise RejectedError(f"{shown(address)[:200]} is not a web address; it is not read.") from exc
    if port is None or not parts.hostname or parts.username or parts.password:
        raise RejectedError(f"{shown(address)[:200]} is not a web address; it is not read.")
    if port not in ports:
        raise RejectedError(f"{shown(address)[:200]} names port {port}; only the web's own are read.")


def _ask(
    address: str,
    http: httpx.Client,
    user_agent: str,
    accept: str,
    max_bytes: int,
    ends_at: float,
    deadline_s: float,
    method: str,
    json: object | None,
) -> Page | str:
    """The page, or where it sends us."""
    headers = {"User-Agent": user_agent, "Accept": accept, "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(min(10.0, deadline_s), connect=min(CONNECT_TIMEOUT_S, deadline_s))
    http.cookies.clear()
    with http.stream(method, address, headers=headers, timeout=timeout, json=json) as response:
        status = response.status_code
        if status in (301, 302, 303, 307, 308):
            return str(response.headers.get("Location", ""))
        _require_good(response, address)
        kind, charset = _content_type(response.headers.get("Content-Type", ""))
        if not kind.startswith(_READABLE) and "json" not in kind:
            raise RejectedError(f"{shown(address)} is {kind or 'of no known kind'}, not text; it is not read.")
        if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
            raise RejectedError(f"{shown(address)} came packed, which was not asked for; it is not read.")
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > max_bytes:
                raise RejectedError(f"{shown(address)} is longer than {max_bytes:,} bytes; it is not read.")
            if time.monotonic() > ends_at:
                raise TransientError(f"{shown(address)} takes longer than {deadline_s:g} seconds; try again later.")
    return Page(address, _decoded(bytes(body), charset), kind)


def _require_good(response: httpx.Response, address: str) -> None:
    status = response.status_code
    if status in REFUSALS:
        raise HostRefusesError(f"{shown(address)} refuses programs (status {status}).")
    if status == 429 or status >= 500 or status in (408, 425):
        wait = response.headers.get("Retry-After", "")
        wait_s = float(wait) if wait.isdigit() and len(wait) < 7 else None
        raise TransientError(f"{shown(address)} answers {status}; try again later.", retry_after_s=wait_s)
    if status != 200:
        raise RejectedError(f"{shown(address)} answers {status}: there is nothing to read.")


def _content_type(header: str) -> tuple[str, str]:
    message = Message()
    message["content-type"] = header or "application/octet-stream"
    return message.get_content_type(), message.get_content_charset() or "utf-8"


def _decoded(body: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name not in _NOT_FOR_TEXT:
            return body.decode(charset)
    except (LookupError, ValueError):  # no codec, none of text, a name that can be none, or other bytes
        pass
    return body.decode("utf-8", errors="replace")
