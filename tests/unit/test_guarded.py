"""Pages of strangers are read within limits, and never from an address that is not of the internet."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import httpx
import pytest

from bot.errors import RejectedError, TransientError
from bot.sandbox.server import serve
from bot.sandbox.works import WorksFault, WorksStandIn
from bot.sources import guarded
from bot.sources.guarded import HostRefusesError, is_public, read_page

PRIVATE = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.8",
    "172.16.3.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "2001:0:53aa:64c:0:fb:80ff:fffe",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "fec0::1",
    "192.0.0.8",
    "not an address",
)
PAGE = "<html><head><title>A page</title></head></html>"


@pytest.fixture(scope="module")
def works() -> Iterator[tuple[WorksStandIn, int]]:
    stand_in = WorksStandIn(pages={"lab.org/paper": PAGE})
    with serve(stand_in) as url:
        yield stand_in, int(url.rpartition(":")[2])


class Names:
    """A resolver whose answers a test writes; loopback stands for the internet, other names for what they say."""

    def __init__(self, names: Mapping[str, list[list[str]]]) -> None:
        self.names = names
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        answers = self.names.get(host, [[host]])
        return answers[min(self.asked.count(host), len(answers)) - 1]


def client(names: Names, *allowed: str) -> httpx.Client:
    return guarded.client(names, lambda address: address in allowed or is_public(address))


def read(url: str, http: httpx.Client, port: int, **limits: float) -> guarded.Page:
    ports = frozenset({80, 443, port})
    return read_page(
        url,
        http=http,
        user_agent="tests",
        ports=ports,
        deadline_s=limits.get("deadline_s", 5.0),
        max_bytes=int(limits.get("max_bytes", 100_000)),
    )


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_the_house_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::1.1.1.1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://forum.internal/",
        "https://lab.example/",
    ],
)
def test_addresses_of_the_house_are_refused_in_every_spelling(url: str) -> None:
    with guarded.client() as http, pytest.raises(RejectedError, match="not read"):
        read_page(url, http=http, user_agent="tests", deadline_s=5)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://lab.org/",
        "gopher://lab.org/",
        "http://user:pass@lab.org/",
        "http://lab.org:22/",
        "//",
    ],
)
def test_only_the_webs_own_addresses_are_read(url: str) -> None:
    with guarded.client(Names({})) as http, pytest.raises(RejectedError):
        read_page(url, http=http, user_agent="tests")


def test_page_is_read_as_text(works: tuple[WorksStandIn, int]) -> None:
    _, port = works
    with client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http:
        assert read(f"http://lab.org:{port}/paper", http, port).text == PAGE


def test_one_private_address_among_a_names_answers_is_enough_to_refuse(works: tuple[WorksStandIn, int]) -> None:
    _, port = works
    names = Names({"lab.org": [["93.184.216.34", "10.0.0.1"]]})
    with client(names) as http, pytest.raises(RejectedError, match=r"lab\.org is at 10\.0\.0\.1"):
        read(f"http://lab.org:{port}/paper", http, port)


def test_redirect_to_a_private_address_is_refused(works: tuple[WorksStandIn, int]) -> None:
    stand_in, port = works
    stand_in.private_url = "http://10.0.0.1/admin"
    stand_in.fail_next("redirect_private")
    refused = pytest.raises(RejectedError, match=r"10\.0\.0\.1, which is no address of the internet")
    with client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http, refused:
        read(f"http://lab.org:{port}/paper", http, port)


def test_name_that_turns_private_between_two_requests_is_refused(works: tuple[WorksStandIn, int]) -> None:
    """A redirect to the same name, whose second answer is another one."""
    stand_in, port = works
    stand_in.private_url = f"http://other.org:{port}/paper"
    stand_in.fail_next("redirect_private")
    names = Names({"lab.org": [["127.0.0.1"]], "other.org": [["192.168.0.1"]]})
    with client(names, "127.0.0.1") as http, pytest.raises(RejectedError, match=r"192\.168\.0\.1"):
        read(f"http://lab.org:{port}/paper", http, port)


def test_connection_goes_to_the_address_that_was_checked(works: tuple[WorksStandIn, int]) -> None:
    """A name is asked once a connection: no second answer can slip in between check and use."""
    _, port = works
    names = Names({"lab.org": [["127.0.0.1"], ["10.0.0.1"]]})
    with client(names, "127.0.0.1") as http:
        assert read(f"http://lab.org:{port}/paper", http, port).text == PAGE
    assert names.asked == ["lab.org"]


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("endless", RejectedError, "longer than 100,000 bytes"),
        ("refused", HostRefusesError, "refuses programs"),
        ("redirect_loop", RejectedError, "redirects more than 3 times"),
        ("not_text", RejectedError, "image/png, not text"),
        ("unavailable", TransientError, "503"),
        ("rate_exceeded", TransientError, "429"),
    ],
)
def test_bad_pages_end_in_a_clear_message(
    works: tuple[WorksStandIn, int], fault: WorksFault, error: type[Exception], message: str
) -> None:
    stand_in, port = works
    stand_in.fail_next(fault, 4 if fault == "redirect_loop" else 1)
    with client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http, pytest.raises(error, match=message):
        read(f"http://lab.org:{port}/paper", http, port)
    assert not stand_in.unfired


def test_page_that_drips_is_left_at_the_deadline(works: tuple[WorksStandIn, int]) -> None:
    stand_in, port = works
    stand_in.fail_next("slow")
    started = time.monotonic()
    late = pytest.raises(TransientError, match=r"longer than 0\.5 seconds")
    with client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http, late:
        read(f"http://lab.org:{port}/paper", http, port, deadline_s=0.5)
    assert time.monotonic() - started < 3


@contextmanager
def host_that_says(*pieces: bytes, every_s: float = 0.0) -> Iterator[int]:
    """The port of a host that answers one request with these bytes, and then repeats the last until it is left."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                peer, _ = server.accept()
                with peer:
                    peer.recv(10_000)
                    for piece in pieces:
                        peer.sendall(piece)
                    while every_s:
                        time.sleep(every_s)
                        peer.sendall(pieces[-1])

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)


def test_headers_that_drip_are_left_at_the_deadline() -> None:
    started = time.monotonic()
    names = Names({"lab.org": [["127.0.0.1"]]})
    with host_that_says(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a", every_s=0.1) as port:
        with (
            guarded.client(names, lambda _: True, deadline_s=0.6) as http,
            pytest.raises(TransientError, match="does not answer in time"),
        ):
            read(f"http://lab.org:{port}/", http, port, deadline_s=0.6)
        assert time.monotonic() - started < 3


def test_redirect_to_no_address_at_all_is_refused() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"
    with (
        host_that_says(answer) as port,
        client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http,
        pytest.raises(RejectedError, match="no web address"),
    ):
        read(f"http://lab.org:{port}/", http, port)


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "hex", "no-such", "x''%00", "utf-16"])
def test_any_charset_ends_in_text(charset: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\nContent-Length: 5\r\n\r\na..b\xff"
    with (
        host_that_says(head.encode("latin-1")) as port,
        client(Names({"lab.org": [["127.0.0.1"]]}), "127.0.0.1") as http,
    ):
        assert "a..b" in read(f"http://lab.org:{port}/", http, port).text
