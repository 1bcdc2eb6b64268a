"""A talk's captions, title and description from YouTube, by the video's id.

The captions come through youtube-transcript-api, which follows YouTube's changes; its calls go through a session of
ours that has time limits, reads no endless body and leaves YouTube's host never. Title and channel come from oEmbed
(https://www.youtube.com/oembed), title and description also from the player's answer that the package asks for anyway.

YouTube blocks the addresses of cloud machines as a rule. That is no fault to retry: somebody downloads the captions
elsewhere and gives the file.
"""

import json
import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

import requests
from defusedxml.common import DefusedXmlException
from youtube_transcript_api import YouTubeTranscriptApi
from youtube_transcript_api._errors import (  # the package exports most, not all of them
    AgeRestricted,
    CouldNotRetrieveTranscript,
    InvalidVideoId,
    NoTranscriptFound,
    PoTokenRequired,
    RequestBlocked,
    TranscriptsDisabled,
    VideoUnavailable,
    VideoUnplayable,
    YouTubeRequestFailed,
    YouTubeTranscriptApiException,
)

from bot.errors import BotError, RejectedError, TransientError
from bot.papers.videos import watch_url
from bot.sources import transcripts
from bot.sources.plain_text import storable
from bot.sources.transcripts import Transcript

HOST = "https://www.youtube.com"
LANGUAGES = ("en", "en-US", "en-GB", "en-CA", "en-AU", "en-IN")
MAX_BYTES = 10_000_000
DEADLINE_S = 30.0
LONGEST_TITLE, LONGEST_DESCRIPTION = 300, 20_000
_SILENCE = (5.0, 10.0)
"""Seconds to connect, and between two pieces of an answer."""
_ELSEWHERE = (
    "Download the captions on another machine (yt-dlp --skip-download --write-auto-subs --sub-langs en --sub-format "
    "json3 ADDRESS) and give the file: paperbot run talk --video ADDRESS --transcript FILE"
)


@dataclass(frozen=True, slots=True)
class Video:
    """What the video's page says; texts are somebody else's."""

    video_id: str
    title: str
    channel: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Captions:
    """The words of the video, and whether a machine wrote them down."""

    transcript: Transcript
    is_generated: bool


def fetch(video_id: str, *, base_url: str = HOST) -> tuple[Video, Captions]:
    """The video's page and its English captions, those that people wrote before those of a machine.

    Raises:
        RejectedError: there is no such video, it has no English captions, or YouTube lets this machine not read them;
            the message says what to do instead.
        TransientError: YouTube is down or slow.
    """
    with _Session(base_url) as session:
        captions = _captions(session, video_id)
        return _video(session, video_id), captions


def describe(video_id: str, *, base_url: str = HOST) -> Video:
    """The video's page alone, for a transcript that is at hand: title and channel.

    Raises: as `fetch`.
    """
    with _Session(base_url) as session:
        return _video(session, video_id)


def _captions(session: "_Session", video_id: str) -> Captions:
    try:
        found = YouTubeTranscriptApi(http_client=session).fetch(video_id, languages=LANGUAGES)
    except YouTubeTranscriptApiException as exc:
        raise _translated(exc, video_id) from exc
    except requests.RequestException as exc:
        if not isinstance(exc, ValueError):
            raise TransientError(f"YouTube cannot be reached ({type(exc).__name__}); try again later.") from exc
        raise _changed(exc, video_id) from exc  # an address, or JSON, that is none
    except (ParseError, DefusedXmlException, ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        # An empty or changed answer breaks the package in many ways; none of them is its own error.
        raise _changed(exc, video_id) from exc
    snippets = [(snippet.text, snippet.start, snippet.duration) for snippet in found.snippets]
    return Captions(transcripts.of_snippets(snippets, f"video {video_id}"), bool(found.is_generated))


def _changed(exc: Exception, video_id: str) -> RejectedError:
    return RejectedError(
        f"YouTube's answer about {video_id} is not what it used to be ({type(exc).__name__}). Update the package "
        f"youtube-transcript-api. Meanwhile: {_ELSEWHERE}"
    )


def _translated(exc: YouTubeTranscriptApiException, video_id: str) -> BotError:
    match exc:
        case RequestBlocked():
            return RejectedError(
                f"YouTube refuses captions to this machine, as it does to most machines in data centres. {_ELSEWHERE}"
            )
        case TranscriptsDisabled() | NoTranscriptFound():
            return RejectedError(
                f"Video {video_id} has no English captions. Give a transcript: "
                "paperbot run talk --video ADDRESS --transcript FILE"
            )
        case VideoUnplayable():
            return RejectedError(f"Video {video_id} cannot be played: {_line(exc.reason or 'no reason given', 200)}.")
        case AgeRestricted():
            return RejectedError(f"Video {video_id} is for adults only, so its captions cannot be read. {_ELSEWHERE}")
        case VideoUnavailable() | InvalidVideoId():
            return RejectedError(f"There is no public video {video_id}; check the address.")
        case YouTubeRequestFailed():
            return TransientError(f"YouTube does not answer about {video_id} as it should; try again later.")
        case PoTokenRequired() | CouldNotRetrieveTranscript() | _:
            return RejectedError(
                f"YouTube wants more of a reader than this version can give ({type(exc).__name__}). Update the package "
                f"youtube-transcript-api. Meanwhile: {_ELSEWHERE}"
            )


def _video(session: "_Session", video_id: str) -> Video:
    details = session.details
    if not details.get("title"):
        details = _oembed(session, video_id)
    title = _line(str(details.get("title") or ""), LONGEST_TITLE)
    if not title:
        raise RejectedError(f"YouTube gives no title for video {video_id}; give one with --title.")
    channel = _line(str(details.get("author") or details.get("author_name") or ""), LONGEST_TITLE)
    description = storable(str(details.get("shortDescription") or ""))[:LONGEST_DESCRIPTION]
    return Video(video_id, title, channel or None, description)


def _oembed(session: "_Session", video_id: str) -> Mapping[str, Any]:
    try:
        response = session.get(f"{HOST}/oembed", params={"url": watch_url(video_id), "format": "json"})
    except requests.RequestException as exc:
        raise TransientError(f"YouTube cannot be reached ({type(exc).__name__}); try again later.") from exc
    if response.status_code == 429 or response.status_code >= 500:
        raise TransientError(f"YouTube answers {response.status_code} about video {video_id}; try again later.")
    if response.status_code in (400, 404):
        raise RejectedError(f"There is no public video {video_id}; check the address.")
    try:
        found = response.json()
    except ValueError:
        found = None
    if response.status_code != 200 or not isinstance(found, dict):
        raise RejectedError(
            f"YouTube does not tell this machine about video {video_id} ({response.status_code}): give --title too."
        )
    return found


def _line(text: str, longest: int) -> str:
    drawn = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text)
    return " ".join(drawn.split())[:longest]


class _Session(requests.Session):
    """Requests to YouTube and to nobody else, with limits on time and size.

    Attributes:
        details: what the last answer of the player said about the video.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = 3
        self.details: Mapping[str, Any] = {}
        self._base_url = base_url.rstrip("/")
        self._ends_at = time.monotonic() + DEADLINE_S

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Ask YouTube; other hosts are refused, also where an answer of YouTube names them."""
        address = url.decode() if isinstance(url, bytes) else url
        if not re.match(re.escape(HOST) + r"[/?]", address):
            raise requests.exceptions.InvalidURL("an address that is not YouTube's")
        address = self._base_url + address.removeprefix(HOST)
        kwargs |= {"timeout": _SILENCE, "stream": True, "allow_redirects": False}
        response = super().request(method, address, *args, **kwargs)
        self._read(response)
        if "/youtubei/v1/player" in address:
            self._note(response)
        return response

    def _read(self, response: requests.Response) -> None:
        body = bytearray()
        for piece in response.iter_content(64 * 1024):
            body += piece
            if len(body) > MAX_BYTES or time.monotonic() > self._ends_at:
                response.close()
                raise requests.exceptions.ReadTimeout("an answer that is too long or too slow")
        response._content = bytes(body)

    def _note(self, response: requests.Response) -> None:
        try:
            found = json.loads(response.content)["videoDetails"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        self.details = found if isinstance(found, dict) else {}
