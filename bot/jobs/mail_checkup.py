"""What keeps digests from being sent: `doctor` for the mail server, its mailbox and their settings. Sends no mail."""

from collections.abc import Iterator

from bot.digests import links, mailbox, office, periods, smtp
from bot.errors import BotError
from bot.forum.doctor import Finding, guarded
from bot.settings import Settings

ASKED_FOR = ("digest_from", "smtp_host", "digest_secrets")
"""Whoever sets one of these wants digests."""
SMTP_MEND = "Correct SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USER, SMTP_PASSWORD, or start the server."


def mail(settings: Settings) -> Iterator[Finding]:
    """The digest's settings, mail server and mailbox; one line where no digests are wanted."""
    if all(getattr(settings, name) is None for name in ASKED_FOR):
        yield Finding("digest", True, "not set up (DIGEST_FROM): no digests are sent")
        return
    if settings.smtp_host is not None:
        yield from guarded("mail server", lambda: _server(settings), SMTP_MEND)
    missing = [name.upper() for name in office.NEEDED if getattr(settings, name) is None]
    if missing:
        yield Finding("digest", False, f"{', '.join(missing)} not set: no digests are sent", "Set them (.env.example).")
        return
    yield from guarded("digest", lambda: _settings(settings), "Correct the DIGEST_ settings (.env.example).")
    if settings.imap_host is None and settings.bounce_hook_secrets is None:
        message = "neither IMAP_HOST nor BOUNCE_HOOK_SECRETS is set: returned mail and complaints are not read"
        yield Finding("returned mail", False, message, "Set IMAP_HOST to the mailbox of DIGEST_BOUNCE_DOMAIN.")
    elif settings.imap_host is not None:
        yield from guarded("returned mail", lambda: _mailbox(settings), "Correct the IMAP_ settings.")


def _settings(settings: Settings) -> Finding:
    links.signer_of(settings)
    periods.rules_of(settings)
    office.check_names(settings)
    address = str(settings.public_url)
    if settings.smtp_security != "none" and not address.startswith("https://"):
        mend = "Set PUBLIC_URL to the https address of the TLS proxy: mail programmes want it for their button."
        return Finding("digest", False, f"PUBLIC_URL ({address}) is not https", mend)
    times = f"weekly {settings.digest_weekly_at}, daily {settings.digest_daily_at}"
    return Finding("digest", True, f"{times}, from {settings.digest_from}")


def _server(settings: Settings) -> Finding:
    try:
        return Finding("mail server", True, smtp.greet(smtp.server_of(settings)))
    except BotError as exc:
        return Finding("mail server", False, str(exc), SMTP_MEND)


def _mailbox(settings: Settings) -> Finding:
    count = mailbox.waiting(settings)
    return Finding("returned mail", True, f"{settings.imap_folder} at {settings.imap_host}: {count} wait to be read")
