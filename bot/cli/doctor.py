"""`paperbot doctor`: what is wrong, and how to mend it; `paperbot setup-forum`: doing most of it on the forum."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from bot.forum.discourse import Discourse
    from bot.forum.doctor import Finding
    from bot.forum.setup import Done, Plan, Wish
    from bot.settings import Settings

MARKS = {True: "✓", False: "✗", None: "?"}
NAME_WIDTH = 21
"""Holds the longest name of a check and its colon."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Check everything paperbot needs, and say how to mend what is wrong. Changes nothing.

    With FORUM_ADMIN_USER and FORUM_ADMIN_KEY set, it sees the forum's settings and webhooks too.
    """
    findings: list[Finding] = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            _print(finding)
    counts = {mark: sum(finding.ok is mark for finding in findings) for mark in MARKS}
    if as_json:
        report = {"ok": not counts[False], "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        unseen = f", {counts[None]} that could not be looked at" if counts[None] else ""
        click.echo(f"\n{counts[True]} in order, {counts[False]} to mend{unseen}.")
    sys.exit(1 if counts[False] else 0)


def _print(finding: Finding) -> None:
    click.echo(f"{MARKS[finding.ok]} {finding.check + ':':<{NAME_WIDTH}} {finding.message}")
    if finding.mend and finding.ok is not True:
        click.echo(f"    {finding.mend}")


def _findings() -> Iterator[Finding]:
    from bot import clock
    from bot.errors import SettingsError
    from bot.forum import doctor as forum_doctor
    from bot.forum.doctor import Finding
    from bot.jobs import checkup
    from bot.settings import load

    try:
        settings = load()
    except SettingsError as exc:
        yield Finding("settings", False, str(exc), "Correct it in the environment or in .env (see .env.example).")
        return
    yield from checkup.machine(settings, clock.now())
    missing = list(checkup.forum_settings(settings))
    bot, admin = connections(settings)
    if bot is None:
        yield from missing
    else:
        with bot:
            wanted = checkup.wanted_of(settings, clock.now())
            yield from forum_doctor.examine(bot, admin, wanted, now=clock.now)
    if admin is not None:
        admin.close()
    yield from checkup.services(settings)


def connections(settings: Settings) -> tuple[Discourse | None, Discourse | None]:
    """The forum seen with the bot's key and with an administrator's; None where the settings lack one."""
    from bot.forum.discourse import Discourse

    if settings.forum_url is None:
        return None, None

    def connect(user: str | None, key: SecretStr | None) -> Discourse | None:
        if user is None or key is None:
            return None
        address, text = str(settings.forum_url), key.get_secret_value()
        return Discourse(address, username=user, api_key=text, timeout_s=settings.forum_timeout_s)

    return (
        connect(settings.forum_api_user, settings.forum_api_key),
        connect(settings.forum_admin_user, settings.forum_admin_key),
    )


@click.command("setup-forum")
@click.option("--apply/--dry-run", "does_it", default=False, help="Do it; the default shows the plan only.")
@click.option("--optional", "with_optional", is_flag=True, help="Also change what is a matter of taste.")
@click.option("--new-key", is_flag=True, help="Make another key for the bot although there is one.")
@click.option("--drafts-category", "drafts_name", metavar="NAME", default="초안 검토", show_default=True)
@click.option("--category", "category_name", metavar="NAME", default="논문", show_default=True)
def setup_forum(does_it: bool, with_optional: bool, new_key: bool, drafts_name: str, category_name: str) -> None:
    """Make on the forum what paperbot needs: categories, settings, the bot's key, webhooks.

    Takes FORUM_ADMIN_USER and FORUM_ADMIN_KEY: an administrator's key without limits, made for this and deleted after.
    Shows the plan; --apply does it. A second run finds nothing to do.
    """
    import secrets

    from bot.forum import setup
    from bot.jobs import checkup
    from bot.settings import load

    settings = load()
    settings.require("forum_url", "forum_admin_user", "forum_admin_key")
    bot, admin = connections(settings)
    assert admin is not None
    with admin:
        wish = setup.Wish(
            bot=settings.forum_api_user,
            bot_key_scopes=_held_scopes(bot),
            category_id=settings.weekly_category_id,
            public_url=str(settings.public_url) if settings.public_url is not None else None,
            new_secret=secrets.token_hex(32),
            secrets=checkup.secrets_of(settings),
            drafts_name=drafts_name,
            category_name=category_name,
            with_optional=with_optional,
            new_key=new_key,
            in_staff_category=settings.review_flow == "staff_category",
            drafts_category_id=settings.drafts_category_id,
            others=checkup.other_destinations(settings),
        )
        plan = setup.plan(setup.survey(admin, settings.forum_api_user), wish)
        _show_plan(plan, does_it=does_it)
        if does_it and plan.steps:
            _apply(admin, plan, wish)


def _held_scopes(bot: Discourse | None) -> frozenset[str] | None:
    """What the bot's key opens; None without a key the forum accepts."""
    from bot.forum.errors import ForbiddenError

    if bot is None:
        return None
    with bot:
        try:
            return frozenset(scope.name for scope in bot.scopes())
        except ForbiddenError:
            return None


def _show_plan(plan: Plan, *, does_it: bool) -> None:
    for text in plan.advice:
        click.echo(f"! {text}")
    for proposal in plan.optional:
        click.echo(f"? {proposal.line()}; optional: --optional")
    if not plan.steps:
        click.echo("Nothing to do: the forum has everything that can be set up from here.")
        return
    click.echo("To be done:" if does_it else "This would be done:")
    for number, step in enumerate(plan.steps, 1):
        click.echo(f"{number:3}. {step.line()}")
    if not does_it:
        click.echo("Nothing was changed. Run this again with --apply to do it.")


def _apply(admin: Discourse, plan: Plan, wish: Wish) -> None:
    """Do the plan; what is to be kept is printed at once, so that a refusal later does not lose it."""
    from bot.errors import BotError
    from bot.forum import setup

    done: list[Done] = []

    def tell(step: Done) -> None:
        done.append(step)
        click.echo(f"✓ {step.line}")
        for line in step.env:
            click.echo(f"    into .env, shown this once: {line}")

    click.echo("")
    try:
        setup.apply(admin, plan.steps, wish=wish, on_done=tell)
    except BotError:
        left = len(plan.steps) - len(done)
        click.echo(f"✗ {plan.steps[len(done)].line()}")
        click.echo(f"Stopped there; {left} of {len(plan.steps)} steps are not done. Run this again to go on.")
        raise
    finally:
        if done:
            click.echo("\nTo undo, in this order:")
            for step in reversed(done):
                click.echo(f"  - {step.undo}")
    say("Delete the administrator's key now (Admin → API), empty FORUM_ADMIN_KEY, and run `paperbot doctor`.")
