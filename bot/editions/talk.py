"""The talk series: one talk, from its video or from a transcript, becomes one topic, keyed by the video's id."""

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import httpx

from bot.editions import talk_article, talk_collect, talk_draft
from bot.editions.collect import Collected
from bot.editions.series import Foreseen, NotCollected, Reach, Series, find
from bot.editions.talk_collect import GivenTalk
from bot.errors import RejectedError
from bot.papers.videos import video_id_of, watch_url
from bot.settings import Settings
from bot.sources import transcripts, youtube
from bot.sources.fetch import read_text
from bot.sources.transcripts import Transcript
from bot.store.tables import Edition
from bot.translation import passages, spoken, stored_terms


@dataclass(frozen=True, slots=True)
class Given:
    """A talk as somebody names it.

    Attributes:
        video: address or id of the video; with a transcript for time links and for what its page says.
        transcript: path or address of a transcript; None: YouTube's captions.
        title: None: what the video's page says.
        speakers: each as `Name` or `Name (Affiliation)`.
        held_on: the day of the talk; None: the present one.
    """

    video: str | None = None
    transcript: str | None = None
    title: str | None = None
    speakers: tuple[str, ...] = ()
    held_on: dt.date | None = None

    @property
    def period(self) -> str:
        """What the talk is stored under.

        Raises:
            RejectedError: it does not say enough to tell which talk is meant.
        """
        if self.video is not None:
            return video_id_of(self.video)
        if self.transcript is None:
            raise RejectedError("Say which talk: --video ADDRESS, or --transcript FILE --title TITLE.")
        if not (self.title or "").strip():
            raise RejectedError("A transcript alone does not tell the talk's title: give --title (and --speaker).")
        return self._known(dt.date.min).period

    def _known(self, day: dt.date, *, source: str = "") -> GivenTalk:
        """What is known of it without its video's page."""
        video_id = video_id_of(self.video) if self.video is not None else None
        title = " ".join((self.title or "").split())[: talk_collect.LONGEST_TITLE]
        return GivenTalk(title, self.speakers, video_id, None, "", source, None, day)

    def collect(self, reach: Reach) -> Collected:
        """Store the talk, in sections and passages.

        Raises:
            RejectedError: the transcript is none, or YouTube does not give what was left to it.
            TransientError: YouTube is down.
        """
        day = self.held_on or reach.now().astimezone(ZoneInfo(reach.settings.time_zone)).date()
        base_url = str(reach.settings.youtube_url)
        if self.transcript is None:
            reach.on_step("video")
            found, captions = youtube.fetch(self.period, base_url=base_url)
            transcript, is_generated, source = captions.transcript, captions.is_generated, "youtube"
        else:
            reach.on_step("transcript")
            transcript = _read(self.transcript, reach.http)
            with reach.sessions() as session:
                before = talk_collect.stored(session, self.period, transcript)
            if before is not None:
                return before
            source, is_generated = self.transcript.rsplit("/", 1)[-1], None
            if self.title is not None or self.video is None:
                talk = self._known(day, source=source)
                return talk_collect.store(reach.sessions, talk, transcript, stored_terms.load(reach.sessions))
            reach.on_step("video")
            found = youtube.describe(self.period, base_url=base_url)
        talk = talk_collect.of_video(
            found, source=source, is_generated=is_generated, speakers=self.speakers, day=day, title=self.title
        )
        return talk_collect.store(reach.sessions, talk, transcript, stored_terms.load(reach.sessions))

    def foresee(self) -> Foreseen:
        """What collecting would do, without the network."""
        if self.transcript is None or "://" in self.transcript:
            place = self.transcript or watch_url(self.period)
            return Foreseen((f"Would read {place} (not read now).",))
        with httpx.Client() as http:  # never used: the transcript is a file
            transcript = _read(self.transcript, http)
        cut = spoken.cut(transcript)
        length = sum(len(passage.text) for passage in cut.passages)
        times = "with times" if transcript.has_times else "without times"
        return Foreseen(
            (
                f"Transcript: {length:,} characters {times}, {len(cut.passages)} passages, {len(cut.titles)} sections.",
                *(f"Left out, said twice: {one.words} words from {one.opening!r}." for one in cut.repeats),
            ),
            calls=len(cut.passages) + 1,
        )


def series_for(given: Given) -> Series:
    """The series as it collects this talk."""
    return replace(TALK, collect=lambda reach, _: given.collect(reach), foresee=lambda _settings, _: given.foresee())


def _read(location: str, http: httpx.Client) -> Transcript:
    return transcripts.read(read_text(location, client=http), location.partition("?")[0])


def _collect(reach: Reach, period: str) -> Collected | NotCollected:
    with reach.sessions() as session:
        stored = find(session, TALK, period)
        if stored is not None:  # a talk does not change: what is stored needs no video any more
            edition = session.get_one(Edition, stored)
            count = len(edition.talk.sections) if edition.talk is not None else 0
            return Collected(stored, count, new=False, fetched=0)
    return Given(video=period).collect(reach)


def _foresee(_settings: Settings, period: str) -> Foreseen:
    return Given(video=period).foresee()


TALK = Series(
    name=talk_collect.TALK,
    what="talk",
    kinds=frozenset({passages.TRANSCRIPT, passages.OVERVIEW, passages.OUTLINE}),
    period_of=talk_collect.period_of,
    newest=None,
    collect=_collect,
    foresee=_foresee,
    tasks=talk_draft.tasks,
    redraft=talk_draft.redraft,
    article=talk_article.article,
    texts=lambda _known, _item: (),  # its texts belong to sections
    place=("talk_category_id", "talk_tags"),
)
