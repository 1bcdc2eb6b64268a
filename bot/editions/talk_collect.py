"""From a video or a transcript file to a stored talk: sections, passages, and what was put right in them."""

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.editions import lifecycle
from bot.editions.collect import Collected
from bot.errors import RejectedError
from bot.papers.videos import video_id_of
from bot.sources.transcripts import Transcript
from bot.sources.youtube import Video
from bot.store.engine import Sessions
from bot.store.tables import Edition, Spoken, Talk, TalkSection
from bot.translation import passages, spoken
from bot.translation.hearing import Hearing
from bot.translation.spoken import SpokenText
from bot.translation.termbase import Termbase

TALK = "talk"
"""The name of the series."""
LONGEST_TITLE = 250
MOST_UNKNOWN_NAMES = 60
_PERIOD = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class GivenTalk:
    """What is known of a talk before its words are read.

    Attributes:
        source: where the transcript comes from: `youtube`, or a file's name.
        is_generated: whether a machine wrote the transcript; None where nobody says.
        held_on: the day of the talk, as far as it is known.
    """

    title: str
    speakers: tuple[str, ...]
    video_id: str | None
    channel: str | None
    description: str
    source: str
    is_generated: bool | None
    held_on: dt.date

    @property
    def period(self) -> str:
        """What makes the talk unique: its video's id, else a name made of title and speakers."""
        if self.video_id is not None:
            return self.video_id
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:24].strip("-") or "talk"
        digest = hashlib.sha256("\0".join([self.title, *self.speakers]).encode()).hexdigest()
        return f"{slug}-{digest[:8]}"


def period_of(given: str) -> str:
    """The period that an address of a video, its id, or a stored talk's period means.

    Raises:
        RejectedError: it can mean no talk.
    """
    try:
        return video_id_of(given)
    except RejectedError:
        if _PERIOD.fullmatch(given):
            return given
        raise


def of_video(
    video: Video,
    *,
    source: str,
    is_generated: bool | None,
    speakers: Sequence[str],
    day: dt.date,
    title: str | None = None,
) -> GivenTalk:
    """The talk that a video is; `title` stands over its page's."""
    plain = " ".join((title or video.title).split())[:LONGEST_TITLE]
    return GivenTalk(
        plain, tuple(speakers), video.video_id, video.channel, video.description, source, is_generated, day
    )


def stored(session: Session, period: str, transcript: Transcript) -> Collected | None:
    """The talk that was stored earlier, with a remark if its transcript was another; None if there is none."""
    known = session.scalars(select(Edition).filter_by(series=TALK, period=period)).one_or_none()
    if known is None:
        return None
    is_same = known.talk is not None and known.talk.transcript_hash == _hash(transcript)
    remarks = () if is_same else ("The transcript differs from the one stored earlier, which stays.",)
    count = len(known.talk.sections) if known.talk is not None else 0
    return Collected(known.id, count, new=False, fetched=0, remarks=remarks)


def store(sessions: Sessions, talk: GivenTalk, transcript: Transcript, termbase: Termbase) -> Collected:
    """Store the talk's edition with its sections and passages. Repeatable: the transcript that came first stays."""
    hearing = Hearing(talk.title, talk.description, talk.speakers, termbase)
    text = spoken.cut(transcript, spoken.chapters_in(talk.description), hearing)
    if not text.passages:
        raise RejectedError("Nothing is left of the transcript; look at the file.")
    with sessions.begin() as session:
        edition = _new_edition(session, talk)
        if edition is None:
            found = stored(session, talk.period, transcript)
            assert found is not None
            return found
        unknown = hearing.unknown_names([passage.text for passage in text.passages])
        row = Talk(
            edition_id=edition.id,
            video_id=talk.video_id,
            title=talk.title,
            speakers=list(talk.speakers),
            channel=talk.channel,
            description=talk.description,
            transcript_source=talk.source,
            transcript_hash=_hash(transcript),
            is_generated=talk.is_generated,
            repeats=[asdict(repeat) for repeat in text.repeats],
            unknown_names=list(unknown[:MOST_UNKNOWN_NAMES]),
        )
        session.add(row)
        session.flush()
        _store_passages(session, row, text)
        lifecycle.move(session, edition, "drafting", actor="paperbot", reason=f"transcript from {talk.source} stored")
        return Collected(edition.id, len(text.titles), new=True, fetched=0)


def _new_edition(session: Session, talk: GivenTalk) -> Edition | None:
    made = session.scalars(
        insert(Edition)
        .values(
            series=TALK,
            period=talk.period,
            period_start=talk.held_on,
            period_end=talk.held_on,
            state="collecting",
            title=talk.title,
        )
        .on_conflict_do_nothing(index_elements=["series", "period"])
        .returning(Edition)
    ).one_or_none()
    if made is not None:
        lifecycle.record(session, made, None, "collecting", actor="paperbot", reason="talk given")
    return made


def _store_passages(session: Session, talk: Talk, text: SpokenText) -> None:
    sections = []
    for rank, title in enumerate(text.titles, 1):
        first = next(passage for passage in text.passages if passage.section == rank)
        sections.append(TalkSection(talk_id=talk.id, rank=rank, title=title, start_s=first.start_s))
    session.add_all(sections)
    session.flush()
    seen: set[int] = set()
    for number, passage in enumerate(text.passages, 1):
        section = sections[passage.section - 1]
        row = passages.store(session, passages.TRANSCRIPT, passage.text, talk_section_id=section.id)
        if row.id in seen:
            continue  # the same words again, too few to be told as a repeat
        seen.add(row.id)
        session.add(
            Spoken(
                passage_id=row.id,
                number=number,
                start_s=passage.start_s,
                turns=[asdict(turn) for turn in passage.turns],
                repairs=[{**asdict(repair), "voucher": repair.voucher.value} for repair in passage.repairs],
            )
        )


def _hash(transcript: Transcript) -> str:
    return passages.text_hash("\n".join(cue.text for cue in transcript.cues))
