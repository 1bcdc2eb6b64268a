"""What the settings say about sending, put together; and mails to one reader outside of digests."""

import datetime as dt
import re
from dataclasses import dataclass

from bot.digests import addresses, smtp
from bot.digests.addresses import NoAddressError
from bot.digests.links import Links, Signer, links_of, signer_of
from bot.digests.message import NAMES, Envelope, Message, simple
from bot.digests.render import environment
from bot.digests.send import Office
from bot.digests.smtp import Connection
from bot.errors import DoubtfulError, RejectedError, SettingsError, TransientError
from bot.languages.ko import digest as ko
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Digest

NEEDED = ("digest_from", "digest_contact", "digest_secrets", "smtp_host", "public_url", "forum_url")


def is_set_up(settings: Settings) -> bool:
    """Whether digests are wanted: all that they need is set."""
    return all(getattr(settings, name) is not None for name in NEEDED)


def office_of(settings: Settings, sessions: Sessions) -> Office:
    """What lines work with.

    Raises:
        SettingsError: something is missing or contradicts another.
    """
    settings.require(*NEEDED)
    check_names(settings)
    if settings.digest_doubtful == "resend" and settings.digest_idempotency_header is None:
        raise SettingsError(
            "DIGEST_DOUBTFUL=resend needs DIGEST_IDEMPOTENCY_HEADER: without it, readers would get second copies."
        )
    return Office(
        sessions,
        smtp.server_of(settings),
        signer_of(settings),
        links_of(settings),
        lambda digest: envelope_of(settings, digest),
        settings.digest_rate_per_second,
        settings.digest_connections,
        resends=settings.digest_doubtful == "resend",
    )


def check_names(settings: Settings) -> None:
    """Whether the settings that stand in header lines are fit for it; found out before mails are made of them.

    Raises:
        SettingsError: one is not.
    """
    for name in ("digest_from", "digest_report_to", "operator_address"):
        value = getattr(settings, name)
        try:
            if value is not None and addresses.parse(value).given.lower() != value.lower():
                raise NoAddressError("It must be written in ASCII, without blanks around it.")
        except NoAddressError as exc:
            raise SettingsError(f"{name.upper()} must be a mail address alone, without a name: {exc}") from None
    domain = settings.digest_bounce_domain
    if domain is not None and not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain):
        raise SettingsError("DIGEST_BOUNCE_DOMAIN must be a domain name such as bounce.example.org.")
    header = settings.digest_idempotency_header
    if header is not None and (
        not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", header) or header.lower() in {name.lower() for name in NAMES}
    ):
        raise SettingsError("DIGEST_IDEMPOTENCY_HEADER must be the name of a header line that mails do not have.")


def envelope_of(settings: Settings, digest: Digest) -> Envelope:
    """What is the same in all mails of a digest."""
    from_address = settings.digest_from or ""
    domain = from_address.rpartition("@")[2]
    assert digest.frozen_at is not None
    assert digest.subject is not None
    return Envelope(
        from_address=from_address,
        sender=settings.digest_sender or ko.SENDER,
        domain=domain,
        bounce_domain=settings.digest_bounce_domain or domain,
        list_id=f"{digest.cadence}.{domain}",
        help_url=links_of(settings).subscribe,
        subject=digest.subject,
        date=digest.frozen_at,
        idempotency_header=settings.digest_idempotency_header,
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one reader outside of digests: a template's name, and what stands in it."""

    template: str
    subject: str
    values: dict[str, str]


def confirmation(links: Links, signer: Signer, subscriber_id: int, confirmations: int) -> Letter:
    """The request to confirm; it carries no text of whoever filled in the form."""
    url = links.confirm(signer.token("confirm", subscriber_id, confirmations))
    return Letter("letter_confirm", ko.CONFIRM_SUBJECT, {"url": url})


def already_subscribed(links: Links, signer: Signer, subscriber_id: int, token_version: int) -> Letter:
    """What a reader gets who asked again."""
    url = links.preferences(signer.token("preferences", subscriber_id, token_version))
    return Letter("letter_already", ko.ALREADY_SUBJECT, {"url": url})


def written(settings: Settings, letter: Letter, to: str, *, key: str, now: dt.datetime) -> Message:
    """The letter as a mail; `key` makes its Message-ID."""
    sender = settings.digest_sender or ko.SENDER
    values = {**letter.values, "sender": sender, "contact": settings.digest_contact or "", "title": letter.subject}
    templates = environment()
    return simple(
        from_address=settings.digest_from or "",
        sender=sender,
        to=to,
        subject=letter.subject,
        text=templates.get_template(f"{letter.template}.txt").render(values),
        html_text=templates.get_template(f"{letter.template}.html").render(values),
        date=now,
        key=key,
    )


def send_test(settings: Settings, html: str, plain: str, to: str, *, cadence: str, now: dt.datetime) -> str:
    """Mail a preview to one address; the server's answer. Raises as `send_now`."""
    message = simple(
        from_address=settings.digest_from or "",
        sender=settings.digest_sender or ko.SENDER,
        to=to,
        subject=ko.TEST_MARK + ko.subject(cadence, now.date(), advertising=settings.digest_advertising),
        text=plain,
        html_text=html,
        date=now,
        key=f"t{int(now.timestamp())}",
    )
    return send_now(settings, message)


def send_now(settings: Settings, message: Message) -> str:
    """Hand one mail in at once; the server's answer.

    Raises:
        TransientError: not taken; it may be later.
        RejectedError: refused.
        DoubtfulError: the line broke after the text.
    """
    with Connection(smtp.server_of(settings)) as connection:
        outcome = connection.send(message)
    match outcome.kind:
        case "sent":
            return outcome.answer
        case "again":
            raise TransientError(f"The mail server did not take the mail: {outcome.answer}")
        case "doubtful":
            raise DoubtfulError(f"The mail may have been sent or not: {outcome.answer}")
    raise RejectedError(f"The mail server refused the mail: {outcome.answer}")
