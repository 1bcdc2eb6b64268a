"""Stand-in for YouTube: watch page, player, captions and oEmbed of videos we made up, over HTTP on loopback.

    GET  /watch?v=ID               the page a caption library reads a key from
    POST /youtubei/v1/player       the player's answer: details and caption tracks
    GET  /api/timedtext?v=ID       captions in XML
    GET  /oembed?url=...           title and channel

Shapes come from what youtube-transcript-api 1.2.4 reads. Faults are scripted with `fail_next` and used up in order.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

Fault = Literal[
    "captcha",  # the watch page is a captcha
    "bot_detected",  # the player wants a login
    "too_many",  # 429
    "server_error",  # 500
    "no_captions",  # the player's answer has no tracks
    "unplayable",  # the player gives a reason
    "changed_page",  # no key on the page
    "empty_captions",  # captions without a body
    "html_captions",  # a page instead of captions
    "foreign_captions",  # captions on another host
    "endless",  # captions that go on and on
]
_AT: Final[Mapping[str, str]] = {
    "captcha": "watch",
    "changed_page": "watch",
    "too_many": "watch",
    "server_error": "watch",
    "bot_detected": "player",
    "no_captions": "player",
    "unplayable": "player",
    "foreign_captions": "player",
    "empty_captions": "captions",
    "html_captions": "captions",
    "endless": "captions",
}


@dataclass(frozen=True)
class Video:
    """A video: captions are (start in seconds, text), shown until some time into the next."""

    video_id: str
    title: str
    channel: str
    description: str
    captions: tuple[tuple[float, str], ...]
    is_generated: bool = True
    language: str = "en"


def read_video(path: Path) -> Video:
    """A video from a JSON file: its fields, and `sentences` with `start` and `heard`."""
    told = json.loads(path.read_text(encoding="utf-8"))
    captions = tuple((float(one["start"]), str(one.get("heard", one["en"]))) for one in told["sentences"])
    return Video(told["video_id"], told["title"], told["channel"], told["description"], captions)


class YouTubeStandIn:
    """The host of videos in one ASGI application, with a log of requests and scripted faults."""

    def __init__(self, videos: Iterable[Video] = ()) -> None:
        self.videos = {video.video_id: video for video in videos}
        self.requests: list[str] = []
        self._faults: deque[Fault] = deque()
        self._app = Starlette(
            routes=[
                Route("/watch", self._watch),
                Route("/youtubei/v1/player", self._player, methods=["POST"]),
                Route("/api/timedtext", self._captions),
                Route("/oembed", self._oembed),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        await self._app(scope, receive, send)

    def fail_next(self, kind: Fault, times: int = 1) -> None:
        """Let `kind` happen at the next request that it can happen to."""
        self._faults.extend([kind] * times)

    @property
    def unfired(self) -> list[Fault]:
        """Faults that were armed and have not happened yet."""
        return list(self._faults)

    def _fault(self, at: str) -> Fault | None:
        self.requests.append(at)
        if self._faults and _AT[self._faults[0]] == at:
            return self._faults.popleft()
        return None

    async def _watch(self, _request: Request) -> Response:
        match self._fault("watch"):
            case "captcha":
                return _page('<form><div class="g-recaptcha"></div></form>')
            case "changed_page":
                return _page("<p>Nothing to see.</p>")
            case "too_many":
                return Response("Too Many Requests", 429)
            case "server_error":
                return Response("Internal Server Error", 500)
        return _page('<script>ytcfg.set({"INNERTUBE_API_KEY": "sandboxkey"});</script>')

    async def _player(self, request: Request) -> Response:
        fault = self._fault("player")
        asked = await request.json()
        video = self.videos.get(asked.get("videoId", ""))
        if fault == "bot_detected":
            return _status("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot")
        if fault == "unplayable":
            return _status("UNPLAYABLE", "The uploader has not made this video available in your country")
        if video is None:
            return _status("ERROR", "This video is unavailable")
        host = "https://captions.example" if fault == "foreign_captions" else "https://www.youtube.com"
        track: dict[str, Any] = {
            "baseUrl": f"{host}/api/timedtext?v={video.video_id}&lang={video.language}",
            "name": {"runs": [{"text": "English"}]},
            "languageCode": video.language,
            "isTranslatable": True,
            **({"kind": "asr"} if video.is_generated else {}),
        }
        tracks = {"playerCaptionsTracklistRenderer": {"captionTracks": [track], "translationLanguages": []}}
        return JSONResponse(
            {
                "playabilityStatus": {"status": "OK"},
                "videoDetails": {
                    "videoId": video.video_id,
                    "title": video.title,
                    "author": video.channel,
                    "shortDescription": video.description,
                },
                **({} if fault == "no_captions" else {"captions": tracks}),
            }
        )

    async def _captions(self, request: Request) -> Response:
        match self._fault("captions"):
            case "empty_captions":
                return Response("", media_type="text/xml")
            case "html_captions":
                return _page("<p>Sorry</p><br>")
            case "endless":
                return StreamingResponse(_endless(), media_type="text/xml")
        video = self.videos[request.query_params["v"]]
        lines = "".join(
            f'<text start="{start}" dur="4.2">{escape(escape(text))}</text>' for start, text in video.captions
        )
        return Response(
            f'<?xml version="1.0" encoding="utf-8" ?><transcript>{lines}</transcript>', media_type="text/xml"
        )

    async def _oembed(self, request: Request) -> Response:
        self._fault("oembed")
        asked = parse_qs(urlsplit(request.query_params.get("url", "")).query).get("v", [""])[0]
        video = self.videos.get(asked)
        if video is None:
            return Response("Not Found", 404)
        return JSONResponse({"title": video.title, "author_name": video.channel, "type": "video", "version": "1.0"})


def _page(body: str) -> Response:
    return Response(f"<!DOCTYPE html><html><body>{body}</body></html>", media_type="text/html")


def _status(status: str, reason: str) -> Response:
    return JSONResponse({"playabilityStatus": {"status": status, "reason": reason}})


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(1000):
        yield b" " * 65_536
