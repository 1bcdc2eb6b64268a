"""Reading a text from a file or the web, within limits."""

import contextlib
import datetime as dt
import gzip
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import respx

from bot import clock
from bot.errors import RejectedError, TransientError
from bot.sources.fetch import read_text

ADDRESS = "https://lists.test/readme.md"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as made:
        yield made


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_exactly(tmp_path: Path, client: httpx.Client) -> None:
    path = tmp_path / "list.md"
    path.write_bytes("한글\r\nline\n".encode())
    assert read_text(str(path), client=client) == "한글\r\nline\n"


def test_files_that_cannot_be_read_are_rejected(tmp_path: Path, client: httpx.Client) -> None:
    with pytest.raises(RejectedError, match="There is no file"):
        read_text(str(tmp_path / "none"), client=client)
    with pytest.raises(RejectedError, match="is a folder"):
        read_text(str(tmp_path), client=client)
    with pytest.raises(RejectedError, match="cannot be read"):
        read_text("nul\x00", client=client)


def test_a_file_may_have_exactly_the_allowed_bytes(tmp_path: Path, client: httpx.Client) -> None:
    path = tmp_path / "list.md"
    path.write_bytes(b"x" * 100)
    assert len(read_text(str(path), client=client, max_bytes=100)) == 100
    with pytest.raises(RejectedError, match="longer than 99 bytes"):
        read_text(str(path), client=client, max_bytes=99)


def test_an_endless_file_is_cut(client: httpx.Client) -> None:
    with pytest.raises(RejectedError, match="longer than 1,000 bytes"):
        read_text("/dev/zero", client=client, max_bytes=1000)


def test_only_utf8_is_text(tmp_path: Path, client: httpx.Client) -> None:
    path = tmp_path / "list.md"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(RejectedError, match=r"not UTF-8 text \(byte 4"):
        read_text(str(path), client=client)


@pytest.mark.parametrize("location", ["ftp://lists.test/x", "file:///etc/hostname"])
def test_other_schemes_are_rejected(location: str, client: httpx.Client) -> None:
    with pytest.raises(RejectedError, match="neither a path nor"):
        read_text(location, client=client)


# --- statuses ---------------------------------------------------------------------------------------------------------


@respx.mock
def test_an_address_is_read(client: httpx.Client) -> None:
    respx.get(ADDRESS).respond(content="## 제목\n".encode(), headers={"Content-Type": "text/plain; charset=latin-1"})
    assert read_text(ADDRESS, client=client) == "## 제목\n"


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410])
@respx.mock
def test_refusals_are_rejected(status: int, client: httpx.Client) -> None:
    respx.get(ADDRESS).respond(status)
    with pytest.raises(RejectedError, match=f"answers {status}"):
        read_text(ADDRESS, client=client)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
@respx.mock
def test_a_busy_server_is_tried_again_later(status: int, client: httpx.Client) -> None:
    respx.get(ADDRESS).respond(status, headers={"Retry-After": "120"})
    with pytest.raises(TransientError, match=f"answers {status}") as caught:
        read_text(ADDRESS, client=client)
    assert caught.value.retry_after_s == 120.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, 86_400.0),
        ("Wed, 01 Jan 2025 00:01:30 GMT", 90.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
@respx.mock
def test_the_wait_that_was_asked_for_is_understood(
    value: str, seconds: float | None, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    respx.get(ADDRESS).respond(503, headers={"Retry-After": value})
    with pytest.raises(TransientError) as caught:
        read_text(ADDRESS, client=client)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
@respx.mock
def test_a_broken_connection_is_tried_again_later(fault: type[Exception], client: httpx.Client) -> None:
    respx.get(ADDRESS).mock(side_effect=fault)
    with pytest.raises(TransientError, match="try again later"):
        read_text(ADDRESS, client=client)


@pytest.mark.parametrize("address", ["http://", "https://[::1", "http://a.test:port/"])
def test_a_malformed_address_is_rejected(address: str, client: httpx.Client) -> None:
    with pytest.raises(RejectedError, match="check it"):
        read_text(address, client=client)


@respx.mock
def test_messages_hold_no_secret_of_the_address(client: httpx.Client) -> None:
    respx.get(url__startswith="https://").respond(404)
    with pytest.raises(RejectedError) as caught:
        read_text("https://me:secret@lists.test/readme.md?token=secret#secret", client=client)
    assert str(caught.value) == "https://lists.test/readme.md answers 404 Not Found; check the address."


# --- redirects --------------------------------------------------------------------------------------------------------


@respx.mock
def test_three_redirects_are_followed(client: httpx.Client) -> None:
    for step in range(3):
        respx.get(f"https://lists.test/{step}").respond(302, headers={"Location": f"/{step + 1}"})
    respx.get("https://lists.test/3").respond(text="there")
    assert read_text("https://lists.test/0", client=client) == "there"


@respx.mock
def test_a_fourth_redirect_is_not(client: httpx.Client) -> None:
    route = respx.get(ADDRESS).respond(302, headers={"Location": ADDRESS})
    with pytest.raises(RejectedError, match="redirects more than 3 times"):
        read_text(ADDRESS, client=client)
    assert route.call_count == 4


@respx.mock
def test_a_redirect_away_from_the_web_is_rejected(client: httpx.Client) -> None:
    respx.get(ADDRESS).respond(302, headers={"Location": "file:///etc/hostname"})
    with pytest.raises(RejectedError, match="no web address"):
        read_text(ADDRESS, client=client)


# --- bodies, over a real connection -----------------------------------------------------------------------------------

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server on loopback that gives one answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):  # the client stopped reading
                answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{made.server_port}/list.md"
        finally:
            made.shutdown()
            thread.join()


def whole(body: bytes, **headers: str) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_gzip_is_unpacked(client: httpx.Client) -> None:
    text = "한글 " * 100_000
    two_members = gzip.compress(text.encode()) + gzip.compress(b"end")
    with server(whole(two_members, Content_Encoding="gzip")) as address:
        assert read_text(address, client=client) == text + "end"


def test_the_limit_counts_what_gzip_unpacks_to(client: httpx.Client) -> None:
    packed = gzip.compress(b"\0" * 5_000_000)
    assert len(packed) < 10_000
    with (
        server(whole(packed, Content_Encoding="gzip")) as address,
        pytest.raises(RejectedError, match="longer than 100,000 bytes"),
    ):
        read_text(address, client=client, max_bytes=100_000)


@pytest.mark.parametrize(
    ("body", "message"),
    [(gzip.compress(b"text" * 99, mtime=0)[:-9], "breaks off"), (b"not packed at all", "garbled gzip")],
)
def test_damaged_gzip_is_tried_again_later(body: bytes, message: str, client: httpx.Client) -> None:
    with (
        server(whole(body, Content_Encoding="gzip")) as address,
        pytest.raises(TransientError, match=message),
    ):
        read_text(address, client=client)


def test_another_packing_is_rejected(client: httpx.Client) -> None:
    with (
        server(whole(b"", Content_Encoding="br")) as address,
        pytest.raises(RejectedError, match="packed as 'br'"),
    ):
        read_text(address, client=client)


def test_a_body_shorter_than_announced_is_tried_again_later(client: httpx.Client) -> None:
    with (
        server(whole(b"half", Content_Length="8")) as address,
        pytest.raises(TransientError, match="cannot be reached"),
    ):
        read_text(address, client=client)


def test_an_endless_body_is_cut(client: httpx.Client) -> None:
    sent: list[int] = []

    def endless(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            sent.append(request.wfile.write(b"x" * 10_000))

    with server(endless) as address, pytest.raises(RejectedError, match="longer than 50,000 bytes"):
        read_text(address, client=client, max_bytes=50_000)
    assert sum(sent) < 50_000_000


def test_a_trickling_body_ends_at_the_deadline(client: httpx.Client) -> None:
    def trickle(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x")
            time.sleep(0.05)

    started = time.monotonic()
    with server(trickle) as address, pytest.raises(TransientError, match=r"longer than 0.2 seconds"):
        read_text(address, client=client, deadline_s=0.2)
    assert time.monotonic() - started < 2.0


def test_a_silent_server_ends_at_the_deadline(client: httpx.Client) -> None:
    release = threading.Event()

    def silent(request: http.server.BaseHTTPRequestHandler) -> None:
        release.wait(5)

    with server(silent) as address:
        with pytest.raises(TransientError, match="does not answer in time"):
            read_text(address, client=client, deadline_s=0.2)
        release.set()
