"""`paperbot digest`: look at the next mail, send what is due, see what became of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import say
from bot.cli.text import A_NUMBER

if TYPE_CHECKING:
    from bot.digests.states import Cadence
    from bot.settings import Settings
    from bot.store.engine import Sessions

cadence_option = click.option(
    "--cadence", type=click.Choice(["weekly", "daily"]), default="weekly", show_default=True, help="Which rhythm."
)
language_option = click.option(
    "--language", type=click.Choice(["ko", "both", "en"]), default="ko", show_default=True, help="Of the papers."
)


@click.group()
def digest() -> None:
    """Digests: look at the next one, send, see what became of it."""


@digest.command()
@cadence_option
@language_option
@click.option("--out", type=click.Path(path_type=Path), help="File for the HTML; default: under DATA_DIR.")
@click.option("--text", "as_text", is_flag=True, help="Print the plain text instead.")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
def preview(cadence: Cadence, language: str, out: Path | None, as_text: bool, opens: bool) -> None:
    """Make the next mail as it would be now; nothing is planned and nothing sent."""
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    with opened(settings, say=say, must_exist=True) as sessions:
        html, plain = _preview(sessions, settings, cadence, language)
    if as_text:
        click.echo(plain)
        return
    path = out or settings.data_dir / f"digest-{cadence}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    click.echo(path.resolve().as_uri())
    if opens:
        click.launch(path.resolve().as_uri())


@digest.command()
@click.argument("to", metavar="ADDRESS")
@cadence_option
@language_option
def test(to: str, cadence: Cadence, language: str) -> None:
    """Mail the next digest to ADDRESS alone, through the real mail server; its links lead to the form."""
    from bot import clock
    from bot.digests import addresses, office
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    settings.require(*office.NEEDED)
    address = addresses.parse(to)
    with opened(settings, say=say, must_exist=True) as sessions:
        html, plain = _preview(sessions, settings, cadence, language)
    answer = office.send_test(settings, html, plain, address.given, cadence=cadence, now=clock.now())
    click.echo(f"Sent to {address.given}: {answer}")


def _preview(sessions: Sessions, settings: Settings, cadence: Cadence, language: str) -> tuple[str, str]:
    from bot import clock
    from bot.errors import RejectedError
    from bot.jobs import by_hand, editions

    made = by_hand.preview(sessions, settings, cadence, language, forum_of=editions.forum_of, now=clock.now())
    if made is None:
        raise RejectedError("Nothing was published since the last digest: there would be no mail.")
    return made


@digest.command()
@click.argument("digest_id", type=A_NUMBER, required=False)
@click.option("--now", "cadence", type=click.Choice(["weekly", "daily"]), help="Send one now, outside of the rhythm.")
@click.option("--zone", default="Asia/Seoul", show_default=True, help="Of the readers; only with --now.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
def send(digest_id: int | None, cadence: Cadence | None, zone: str, yes: bool) -> None:
    """Plan and send here what is due, or go on with DIGEST_ID, which may be paused. Other workers may help."""
    from bot.jobs import by_hand
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    stop = threading.Event()
    with opened(settings, say=say, must_exist=True) as sessions:
        if not yes:  # before anything is planned: workers send what is planned
            click.confirm(by_hand.question(sessions, digest_id, cadence, zone), abort=True)
        ids = by_hand.begin(sessions, settings, digest_id, cadence, zone)
        if not ids:
            click.echo("Nothing is due.")
            return
        for number in ids:
            by_hand.plan_now(sessions, settings, number)
            with by_hand.interruptible(stop):
                report = by_hand.send_all(sessions, settings, number, stop=stop)
            click.echo(report.line())


@digest.command()
@click.argument("digest_id", type=A_NUMBER, required=False)
def status(digest_id: int | None) -> None:
    """Print the newest digests, or one, in numbers that add up."""
    from bot.digests import outcome
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        reports = [outcome.report(session, digest_id)] if digest_id is not None else outcome.newest(session)
        events = outcome.events_of(session, digest_id) if digest_id is not None else {}
    if not reports:
        click.echo("No digests yet.")
    for report in reports:
        click.echo(report.line())
    for kind, count in sorted(events.items()):
        click.echo(f"    came back as {kind}: {count}")


@digest.command()
@click.argument("digest_id", type=A_NUMBER, required=False)
def doubtful(digest_id: int | None) -> None:
    """Print the mails that may have arrived or not: their sender died, or the server did not answer."""
    from bot.digests import outcome
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions, sessions() as session:
        found = outcome.doubts(session, digest_id)
    for doubt in found:
        click.echo(
            f"{doubt.delivery_id}  digest {doubt.digest_id}  {doubt.address or '(erased)'}  {doubt.at:%Y-%m-%d %H:%MZ}"
            f"  attempt {doubt.attempts}  {doubt.server or '-'}  {doubt.reason or '-'}"
        )
    if found:
        say("Most of these arrived. Send one again with: paperbot digest resend NUMBER ...")
    else:
        click.echo("No mail is in doubt.")


@digest.command()
@click.argument("delivery_ids", type=A_NUMBER, nargs=-1)
@click.option("--digest", "digest_id", type=A_NUMBER, help="All that are in doubt of this digest.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
def resend(delivery_ids: tuple[int, ...], digest_id: int | None, yes: bool) -> None:
    """Plan mails in doubt once more, the same bytes under the same Message-ID; a worker or `digest send` sends them."""
    from bot.digests import outcome
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions:
        with sessions() as session:
            chosen = [d.delivery_id for d in outcome.doubts(session, digest_id)] if digest_id else list(delivery_ids)
        if not chosen:
            click.echo("Nothing to send again; `paperbot digest doubtful` prints numbers.")
            return
        if not yes:
            click.confirm(f"{len(chosen)} readers may get a second copy. Go on?", abort=True)
        with sessions.begin() as session:
            count = outcome.resend(session, chosen)
    click.echo(f"{count} mails are planned again.")
