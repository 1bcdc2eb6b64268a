"""Talks from YouTube: captions with title and description, and a clear end of every way in which it refuses."""

from collections.abc import Iterator

import pytest

from bot.errors import BotError, RejectedError, TransientError
from bot.papers import videos
from bot.sandbox.server import serve
from bot.sandbox.youtube import Fault, Video, YouTubeStandIn
from bot.sources import youtube

VIDEO = Video(
    "abcDEF123_-",
    "Tides & Models",
    "Harbor Institute",
    "A talk about tides.\n0:00 Start",
    ((0.0, "hello <everyone>"), (2.5, "&amp; welcome")),
)


@pytest.fixture
def host() -> Iterator[tuple[YouTubeStandIn, str]]:
    stand_in = YouTubeStandIn([VIDEO])
    with serve(stand_in) as url:
        yield stand_in, url
    assert not stand_in.unfired


def test_captions_come_with_title_channel_and_description(host: tuple[YouTubeStandIn, str]) -> None:
    video, captions = youtube.fetch(VIDEO.video_id, base_url=host[1])
    assert video == youtube.Video(VIDEO.video_id, VIDEO.title, VIDEO.channel, VIDEO.description)
    assert [(cue.start_s, cue.text) for cue in captions.transcript.cues] == [(0.0, "hello"), (2.5, "& welcome")]
    assert captions.is_generated
    assert "oembed" not in host[0].requests  # the player has told it all


def test_a_page_alone_is_told_by_oembed(host: tuple[YouTubeStandIn, str]) -> None:
    video = youtube.describe(VIDEO.video_id, base_url=host[1])
    assert (video.title, video.channel) == (VIDEO.title, VIDEO.channel)
    with pytest.raises(RejectedError, match="no public video"):
        youtube.describe("00000000000", base_url=host[1])


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("captcha", RejectedError, "data centres.*--transcript FILE"),
        ("bot_detected", RejectedError, "data centres.*--transcript FILE"),
        ("too_many", RejectedError, "data centres.*--transcript FILE"),
        ("server_error", TransientError, "try again later"),
        ("no_captions", RejectedError, "no English captions.*--transcript FILE"),
        ("unplayable", RejectedError, "available in your country"),
        ("changed_page", RejectedError, "Update the package.*--transcript FILE"),
        ("empty_captions", RejectedError, "Update the package.*--transcript FILE"),
        ("html_captions", RejectedError, "Update the package.*--transcript FILE"),
        ("foreign_captions", RejectedError, "Update the package.*--transcript FILE"),
        ("endless", TransientError, "cannot be reached"),
    ],
)
def test_what_youtube_refuses_ends_in_a_message(
    host: tuple[YouTubeStandIn, str], fault: Fault, error: type[BotError], message: str
) -> None:
    host[0].fail_next(fault)
    with pytest.raises(error, match=message):
        youtube.fetch(VIDEO.video_id, base_url=host[1])


def test_an_unknown_video_is_told(host: tuple[YouTubeStandIn, str]) -> None:
    with pytest.raises(RejectedError, match="no public video 00000000000"):
        youtube.fetch("00000000000", base_url=host[1])


def test_a_host_that_is_down_is_told() -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        youtube.fetch(VIDEO.video_id, base_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    "given",
    [
        "abcDEF123_-",
        "https://www.youtube.com/watch?v=abcDEF123_-&t=40s",
        "https://youtu.be/abcDEF123_-?si=xyz",
        "youtube.com/watch?app=desktop&v=abcDEF123_-",
        "https://m.youtube.com/live/abcDEF123_-?feature=share",
        "https://www.youtube.com/embed/abcDEF123_-",
        "https://www.youtube.com/shorts/abcDEF123_-",
    ],
)
def test_every_form_of_address_means_the_video(given: str) -> None:
    assert videos.video_id_of(given) == "abcDEF123_-"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "abcDEF123",
        "https://vimeo.com/abcDEF123_-",
        "https://www.youtube.com.evil.example/watch?v=abcDEF123_-",
        "https://www.youtube.com/watch?v=abcDEF123_-)x",
        "javascript://www.youtube.com/watch?v=abcDEF123_-",
        "https://[/",
    ],
)
def test_other_addresses_mean_none(given: str) -> None:
    with pytest.raises(RejectedError, match="no YouTube video"):
        videos.video_id_of(given)


def test_moments_are_written_as_players_do() -> None:
    assert [videos.clock(s) for s in (0, 7.9, 187, 3723)] == ["0:00", "0:07", "3:07", "1:02:03"]
    assert videos.watch_url("abcDEF123_-", 754.9) == "https://www.youtube.com/watch?v=abcDEF123_-&t=754s"
