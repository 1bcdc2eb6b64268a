"""What the mail benchmark's sender works with."""

from benchmarks.mail import NOW
from bot.digests import smtp
from bot.digests.links import Links, Signer
from bot.digests.message import Envelope, Reader, Splicer
from bot.digests.send import Office
from bot.store.engine import Sessions

SIGNER = Signer((b"s" * 40,))
LINKS = Links("https://news.example.org")
ENVELOPE = Envelope(
    from_address="digest@news.example.org",
    sender="모임",
    domain="news.example.org",
    bounce_domain="news.example.org",
    list_id="weekly.news.example.org",
    help_url=LINKS.subscribe,
    subject="소식 · 오늘",
    date=NOW,
)


def office_for(sessions: Sessions, port: int, lines: int) -> Office:
    """No limit of the rate, and the sink as mail server."""
    return Office(
        sessions,
        smtp.Server("127.0.0.1", port, "none"),
        SIGNER,
        LINKS,
        lambda _: ENVELOPE,
        rate_per_second=1_000_000.0,
        lines=lines,
    )


def message_of(html: str, plain: str, boundary: str) -> bytes:
    """One of the mails, for the other sender to repeat."""
    reader = Reader(
        1,
        1,
        "r@example.com",
        LINKS.unsubscribe(SIGNER.token("unsubscribe", 1)),
        SIGNER.token("unsubscribe", 1),
        LINKS.preferences(SIGNER.token("preferences", 1)),
        SIGNER.token("bounce", 1),
    )
    return Splicer(ENVELOPE, html_text=html, plain_text=plain, boundary=boundary).message(reader).data
