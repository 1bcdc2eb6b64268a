"""Which video an address means, and the addresses we write for it. Only ids that were checked become addresses."""

import re
from urllib.parse import parse_qs, urlsplit

from bot.errors import RejectedError

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "www.youtube-nocookie.com"})
_PATHS = ("embed", "live", "shorts", "v")


def video_id_of(given: str) -> str:
    """The id of the YouTube video that an address, or a bare id, means.

    Raises:
        RejectedError: it means none.
    """
    text = given.strip()
    if _ID.fullmatch(text):
        return text
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").lower()
    except ValueError:
        raise _no_video(given) from None
    steps = [step for step in parts.path.split("/") if step]
    found = ""
    if parts.scheme in ("http", "https") and host == "youtu.be" and steps:
        found = steps[0]
    elif parts.scheme in ("http", "https") and host in _HOSTS:
        if steps[:1] == ["watch"]:
            found = parse_qs(parts.query).get("v", [""])[0]
        elif len(steps) > 1 and steps[0] in _PATHS:
            found = steps[1]
    if not _ID.fullmatch(found):
        raise _no_video(given)
    return found


def watch_url(video_id: str, start_s: float | None = None) -> str:
    """Where people watch the video, from a moment on if one is given (whole seconds)."""
    address = f"https://www.youtube.com/watch?v={_checked(video_id)}"
    return address if start_s is None else f"{address}&t={int(start_s)}s"


def embed_url(video_id: str) -> str:
    """Where the player for other pages is."""
    return f"https://www.youtube.com/embed/{_checked(video_id)}"


def clock(start_s: float) -> str:
    """A moment as players show it: `3:07`, `1:02:03`."""
    whole = int(start_s)
    minutes = f"{whole // 60 % 60}:{whole % 60:02}"
    return f"{whole // 3600}:{minutes:0>5}" if whole >= 3600 else minutes


def _checked(video_id: str) -> str:
    if not _ID.fullmatch(video_id):
        raise _no_video(video_id)
    return video_id


def _no_video(given: str) -> RejectedError:
    return RejectedError(
        f"{given[:100]!r} is no YouTube video; give an address like https://www.youtube.com/watch?v=ID, "
        "or a transcript with --transcript."
    )
