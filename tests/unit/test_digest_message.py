"""The mail in bytes: what other programmes read in it, and what must never be in it."""

import base64
import datetime as dt
import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from fast_mail_parser import parse_email
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.digests import message, render
from bot.digests.addresses import NoAddressError, masked, parse
from bot.digests.compose import Content, Item, Section, cleaned
from bot.digests.links import Links, Signer
from bot.digests.message import Envelope, Message, Reader, Splicer, UnfitMessageError

NOW = dt.datetime(2026, 11, 15, 23, tzinfo=dt.UTC)
SIGNER = Signer((b"s" * 40,))
LINKS = Links("https://news.example.org")


def envelope(**changes: Any) -> Envelope:
    given_ = {
        "from_address": "digest@news.example.org",
        "sender": "파이토치 한국 사용자 모임",
        "domain": "news.example.org",
        "bounce_domain": "bounce.news.example.org",
        "list_id": "weekly.news.example.org",
        "help_url": LINKS.subscribe,
        "subject": "이번 주 ML 논문 소식 · 2026년 11월 16일",
        "date": NOW,
        **changes,
    }
    return Envelope(**given_)


def content(text: str = "배가 길을 찾습니다.", title: str = "배 1호") -> Content:
    item = Item(1, "Ship One", title, ["Kim"], "Finds its way.", text, "https://papers.example/1")
    return Content((Section(NOW, "이번 주의 논문", "https://forum.example.org/t/1", 3, 1, (text,), (item,)),), (), ())


def frame() -> render.Frame:
    return render.Frame("weekly", envelope().subject, envelope().sender, "hello@example.org", LINKS.archive(7))


def splicer(what: Content | None = None, **changes: Any) -> Splicer:
    made = render.render(what or content(), "both", frame())
    return Splicer(envelope(**changes), html_text=made.html, plain_text=made.plain, boundary=made.boundary)


def reader(address: str = "minji@naver.com", number: int = 123_456) -> Reader:
    leave = SIGNER.token("unsubscribe", number)
    return Reader(
        7,
        number,
        address,
        LINKS.unsubscribe(leave),
        leave,
        LINKS.preferences(SIGNER.token("preferences", number)),
        SIGNER.token("bounce", number),
    )


def raw_headers(mail: Message) -> dict[str, str]:
    """Names and unfolded raw values: read by hand, not by the library that could hide an encoding."""
    head = mail.data.split(b"\r\n\r\n", 1)[0].decode("ascii")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


def parsed(mail: Message) -> EmailMessage:
    found = message_from_bytes(mail.data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def body_of(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_headers_are_what_receivers_ask_for() -> None:
    mail = splicer().message(reader())
    headers = raw_headers(mail)
    token = SIGNER.token("unsubscribe", 123_456)
    assert headers["List-Unsubscribe"] == (f"<https://news.example.org/u/{token}>, <mailto:u+{token}@news.example.org>")
    assert len(f"https://news.example.org/u/{token}") < 70
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-ID"] == "<weekly.news.example.org>"
    assert headers["Message-ID"] == "<d7.123456@news.example.org>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Precedence"] == "list"
    assert headers["To"] == "<minji@naver.com>"
    assert mail.sender == f"b+{SIGNER.token('bounce', 123_456)}@bounce.news.example.org"
    assert len(mail.sender.split("@")[0]) <= 64
    found = parsed(mail)
    assert found["Subject"] == "이번 주 ML 논문 소식 · 2026년 11월 16일"
    assert len(found["Subject"]) < 60
    assert found["From"].addresses[0].display_name == "파이토치 한국 사용자 모임"
    assert found["Date"].datetime == NOW


def test_unsubscribe_line_stays_raw_ascii_however_long_the_host() -> None:
    host = "news." + "long-name." * 8 + "example.org"
    mail = splicer(domain=host).message(reader())
    assert raw_headers(mail)["List-Unsubscribe"].endswith(f"@{host}>")


def test_both_parts_are_whole_and_say_the_same() -> None:
    found = parsed(splicer().message(reader()))
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    plain, html = (found.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    for part in (plain, html):
        assert part["Content-Transfer-Encoding"] == "base64"
        text = part.get_content()
        for wanted in ("배 1호", "Ship One", "배가 길을 찾습니다.", "https://forum.example.org/t/1", "minji@naver.com"):
            assert wanted in text
        assert set(re.findall(r"https://[^\s\"<]+", text)) == {
            "https://forum.example.org/t/1",
            "https://papers.example/1",
            "https://news.example.org/digests/7",
            reader().unsubscribe_url,
            reader().preferences_url,
        }


def test_another_reader_than_pythons_sees_the_same() -> None:
    """mailparse, in Rust."""
    mail = splicer().message(reader())
    found = parse_email(mail.data)
    assert found.subject == "이번 주 ML 논문 소식 · 2026년 11월 16일"
    assert found.headers["From"] == ["파이토치 한국 사용자 모임 <digest@news.example.org>"]
    assert found.headers["List-Unsubscribe"] == [raw_headers(mail)["List-Unsubscribe"]]
    assert len(found.text_plain) == len(found.text_html) == 1
    library = parsed(mail)
    for text, kind in ((found.text_plain[0], "plain"), (found.text_html[0], "html")):
        body = library.get_body((kind,))
        assert body is not None
        assert text.replace("\r\n", "\n") == body.get_content().replace("\r\n", "\n")


def test_mail_is_seven_bit_in_short_lines_that_end_in_crlf() -> None:
    data = splicer(content("가" * 5_000)).message(reader()).data
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 200
    assert data.endswith(b"\r\n")


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1, max_size=400), number=st.integers(1, 10**12), name=st.text("abc+._-", max_size=20))
def test_spliced_mail_equals_one_built_by_the_library(text: str, number: int, name: str) -> None:
    made = render.render(content(cleaned(text), cleaned(text)[:40]), "both", frame())
    own = reader(f"x{name}y@example.com", number)
    spliced = parsed(
        Splicer(envelope(), html_text=made.html, plain_text=made.plain, boundary=made.boundary).message(own)
    )
    values = {"address": own.address, "unsubscribe": own.unsubscribe_url, "preferences": own.preferences_url}
    slow = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    slow["Subject"] = envelope().subject
    slow.set_content(render.filled(made.plain, made.boundary, values), cte="base64")
    slow.add_alternative(render.filled(made.html, made.boundary, values), subtype="html", cte="base64")
    built = message_from_bytes(slow.as_bytes(), policy=policy.default)
    for kind in ("plain", "html"):
        assert body_of(spliced, kind).split() == body_of(built, kind).split()
    assert spliced["Subject"] == built["Subject"]


def test_same_mail_is_the_same_bytes() -> None:
    made = splicer()
    assert made.message(reader()).data == made.message(reader()).data
    assert made.message(reader(number=1)).data != made.message(reader(number=2)).data


HOSTILE = [
    "a@example.com\r\nBcc: victim@example.com",
    "a@example.com\nBcc: victim@example.com",
    "a@example.com\x0bBcc: x",
    "a@example.com\u2028Bcc: x",
    "=?utf-8?q?a=0d=0aBcc:x?=@example.com",
    '"a\r\nBcc: x"@example.com',
    "a@example.com, b@example.com",
    "<a@example.com>",
    "a b@example.com",
    "a@exa\r\nmple.com",
    "a@example.com>\r\nRCPT TO:<b@example.com",
    "a@[127.0.0.1]",
    "a@localhost",
    "@example.com",
    "a@",
    "a..b@example.com",
    "a" * 65 + "@example.com",
    "a@" + "b" * 250 + ".com",
    "",
]


def test_an_ip_address_is_no_domain() -> None:
    with pytest.raises(NoAddressError):
        parse("a@127.0.0.1")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_address_is_refused_at_the_border(text: str) -> None:
    try:
        found = parse(text)
    except NoAddressError:
        return
    # A legal local part may look odd; then it stays a local part.
    assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+", found.given)
    headers = raw_headers(splicer().message(reader(found.given)))
    assert headers["To"] == f"<{found.given}>"
    assert "Bcc" not in headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "a@b.example\r\nBcc: x@example.com"),
        ("unsubscribe_url", "https://x\r\n\r\n"),
        ("address", "a\0@b.c"),
    ],
)
def test_header_block_that_came_out_wrong_is_not_sent(field: str, value: str) -> None:
    with pytest.raises(UnfitMessageError):
        splicer().message(replace(reader(), **{field: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sender", ["=?utf-8?q?a=0d=0aBcc:x?=", "a\r\nBcc: x", "a\u2028Bcc: x", '"quoted" <x@y.example>', "모임\x0bBcc: x"]
)
def test_hostile_sender_name_stays_a_name(sender: str) -> None:
    mail = splicer(sender=sender, subject=f"{sender} 소식").message(reader())
    assert set(raw_headers(mail)) == set(message.NAMES)
    assert [one.addr_spec for one in parsed(mail)["From"].addresses] == ["digest@news.example.org"]


def test_text_that_looks_like_a_mark_is_not_one() -> None:
    made = render.render(content("0-unsubscribe 000000000000000000000000-unsubscribe"), "ko", frame())
    mail = Splicer(envelope(), html_text=made.html, plain_text=made.plain, boundary=made.boundary).message(reader())
    assert "000000000000000000000000-unsubscribe" in body_of(parsed(mail), "plain")


def test_size_of_korean_in_base64() -> None:
    data = splicer(content("가" * 1_000)).message(reader()).data
    html = render.render(content("가" * 1_000), "both", frame()).html
    assert len(data) < len(base64.b64encode(html.encode())) * 2.2


@pytest.mark.parametrize(
    ("text", "given_", "key"),
    [
        ("Minji@Naver.COM", "Minji@naver.com", "minji@naver.com"),
        (" a+tag@example.com ", "a+tag@example.com", "a+tag@example.com"),
        ("a.b@example.com", "a.b@example.com", "a.b@example.com"),
        ("a@한국.example.com", "a@xn--3e0b707e.example.com", "a@xn--3e0b707e.example.com"),
        ("민지@example.com", "민지@example.com", "민지@example.com"),
    ],
)
def test_addresses_compare_by_mailbox(text: str, given_: str, key: str) -> None:
    found = parse(text)
    assert (found.given, found.key) == (given_, key)


def test_letters_that_only_fold_to_others_are_another_mailbox() -> None:
    assert parse("ſmith@example.org").key != parse("smith@example.org").key


def test_address_is_shown_masked() -> None:
    assert masked("kimminji@naver.com") == "k***@naver.com"


def test_token_opens_only_what_it_is_for() -> None:
    token = SIGNER.token("unsubscribe", 5)
    assert SIGNER.is_valid(token, "unsubscribe")
    assert SIGNER.is_valid(token.upper(), "unsubscribe")
    assert not SIGNER.is_valid(token, "preferences")
    assert not SIGNER.is_valid(SIGNER.token("preferences", 5, 1), "preferences", 2)
    assert not SIGNER.is_valid("6" + token[1:], "unsubscribe")
    assert not SIGNER.is_valid(token[:-1], "unsubscribe")
    assert Signer((b"s" * 40, b"n" * 40)).is_valid(token, "unsubscribe")
    assert not Signer((b"n" * 40,)).is_valid(token, "unsubscribe")
    assert len(token.split("-")[1]) * 5 >= 128
