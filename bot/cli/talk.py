"""The options that say which talk is meant."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.editions.talk import Given


@dataclass(frozen=True, slots=True)
class TalkWords:
    """What a person said about a talk on the command line."""

    video: str | None
    transcript: str | None
    title: str | None
    speakers: tuple[str, ...]
    held_on: dt.datetime | None

    @property
    def is_given(self) -> bool:
        """Whether anything was said."""
        return any((self.video, self.transcript, self.title, self.speakers, self.held_on))

    def given(self, series: str, period: str | None) -> Given:
        """The talk.

        Raises:
            click.UsageError: the words belong to no talk.
        """
        from bot.editions.talk import Given

        if series != "talk":
            raise click.UsageError("--video, --transcript, --title, --speaker and --date are for talks: run talk ...")
        if period is not None:
            raise click.UsageError("--period names a talk that is stored already; leave it out, or the other options.")
        held_on = self.held_on.date() if self.held_on else None
        return Given(self.video, self.transcript, self.title, self.speakers, held_on)


def talk_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options, put together as `talk`."""

    @click.option("--video", metavar="URL", help="A talk's video on YouTube.")
    @click.option("--transcript", metavar="FILE", help="A talk's transcript: .json3, .vtt, .srt, .json or .txt.")
    @click.option("--title", help="The talk's title; default: what the video's page says.")
    @click.option("--speaker", "speakers", multiple=True, help="Name (Affiliation); may be given several times.")
    @click.option("--date", "held_on", type=click.DateTime(["%Y-%m-%d"]), help="The day of the talk; default: today.")
    @functools.wraps(command)
    def wrapped(
        video: str | None,
        transcript: str | None,
        title: str | None,
        speakers: tuple[str, ...],
        held_on: dt.datetime | None,
        **others: Any,
    ) -> None:
        command(talk=TalkWords(video, transcript, title, speakers, held_on), **others)

    return wrapped
