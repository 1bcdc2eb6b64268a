"""Reading a talk's transcript file: YouTube's json3, WebVTT, SubRip, lists of snippets in JSON, plain text.

Where the forms come from: json3 and snippets as yt-dlp and youtube-transcript-api 1.2.4 write them, Whisper's JSON
(`segments` with `start`, `end`, `text`, perhaps `speaker`), https://www.w3.org/TR/webvtt1/, and texts as people copy
them from a player (a time, then a line). A file is somebody else's text: what cannot be read is refused with its place.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import PurePath
from typing import Any

from bot.errors import RejectedError
from bot.sources import scrolling
from bot.sources.scrolling import Shown

MAX_CHARACTERS = 1_000_000
"""More than sixteen hours of quick speech."""
MAX_CUES = 200_000
MAX_SECONDS = 24 * 3600.0
FORMATS = ("json3", "vtt", "srt", "json", "txt")

_CLOCK = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{2}(?:[.,]\d{1,3})?)"
_ARROW = re.compile(r"\s*(?P<start>[\d:.,]{4,16})\s*-->\s*(?P<end>[\d:.,]{4,16})(?:\s.*)?")
_TIME = re.compile(_CLOCK)
_TIMED_LINE = re.compile(rf"\s*[\[(]?{_CLOCK}[\])]?(?=\s|$)\s*[-–—:]?\s*(?P<text>.*)")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]{1,80})>")
_TAG = re.compile(r"</?(?:[a-zA-Z]{1,8}(?:[.\s][^<>]{0,200})?|\d\d[\d:.]*)>|\{\\[^{}]{1,80}\}")
_MUSIC = re.compile(r"\[(?:music|음악|blank_audio)\]|\((?:upbeat |soft )?music\)|[♪♫]+", re.IGNORECASE)
_CHANGE = re.compile(r"\s*>>+\s*:?\s*")
_DASH = re.compile(r"\s*[-–—]\s*(?=\S)")
_LABEL = re.compile(r"\s*(?P<name>[^\W\d_][\w.'’\-]*(?: [\w.'’\-]+){0,3}(?: \([^()]{1,30}\))?)\s*:\s+(?=\S)")
_SURE_LABEL = re.compile(
    r"speaker ?\w{1,3}|q|a|question|answer|audience(?: member)?|moderator|host|interviewer|attendee|student",
    re.IGNORECASE,
)
_NOT_SPOKEN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What was said from one moment on.

    Attributes:
        start_s: seconds from the beginning; None where the file has no times.
        text: one line without markup.
        speaker: who begins to speak here, where the file says so; empty: somebody else, unnamed. None: no change.
    """

    start_s: float | None
    end_s: float | None
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A talk's words in the order in which they were said; nothing is said twice because it stood on two screens.

    Attributes:
        cues: at least one; times never go back.
        repeated: words that were left out because the captions showed them more than once.
    """

    cues: tuple[Cue, ...]
    repeated: int = 0

    @property
    def has_times(self) -> bool:
        """Whether it is known when things were said."""
        return self.cues[0].start_s is not None


def read(text: str, name: str) -> Transcript:
    """The transcript in `text`, in the form that the ending of the file's `name` says.

    Raises:
        RejectedError: it is not in that form, holds nothing that was said, or is too long; the message names the place.
    """
    form = PurePath(name).suffix.removeprefix(".").lower()
    shown = PurePath(name).name
    if form not in FORMATS:
        raise RejectedError(f"{shown} ends in none of {', '.join('.' + known for known in FORMATS)}; rename it.")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if re.match(r"\s*<(?:!doctype|html|\?xml)", text, re.IGNORECASE):
        raise RejectedError(f"{shown} is a web page or XML, no transcript; download the captions themselves.")
    if "\x00" in text:
        raise RejectedError(f"{shown} holds binary data, no transcript.")
    try:
        cues = list(_cues(text, form))
    except _FormatError as exc:
        raise RejectedError(f"{shown} cannot be read as .{form}: {exc}.") from exc
    return _finished(cues, shown)


def of_snippets(snippets: Iterable[tuple[str, float, float]], name: str) -> Transcript:
    """The transcript made of (text, start in seconds, duration) as a caption library hands them on.

    Raises:
        RejectedError: nothing is said in them, or they are too long.
    """
    try:
        cues = [_cue(text, start, start + duration) for text, start, duration in snippets]
    except _FormatError as exc:
        raise RejectedError(f"The captions of {name} cannot be read: {exc}.") from exc
    return _finished(cues, name)


class _FormatError(Exception):
    """What is wrong, and where; `read` says in which file."""


def _cues(text: str, form: str) -> Iterator[Cue]:
    match form:
        case "json3" | "json":
            return _from_json(text)
        case "vtt":
            if not text.startswith("WEBVTT"):
                raise _FormatError("its first line is not WEBVTT")
            return _from_blocks(text)
        case "srt":
            return _from_blocks(text)
        case _:
            return _from_lines(text)


# --- JSON ------------------------------------------------------------------------------------------------------------


def _from_json(text: str) -> Iterator[Cue]:
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise _FormatError(f"not JSON ({exc})") from exc
    except RecursionError as exc:
        raise _FormatError("it is nested too deeply") from exc
    if isinstance(document, dict) and isinstance(document.get("events"), list):
        return _from_events(document["events"])
    for key in ("segments", "snippets", "transcript", "captions"):
        if isinstance(document, dict) and isinstance(document.get(key), list):
            document = document[key]
    if not isinstance(document, list):
        raise _FormatError("neither json3 `events`, nor `segments`, nor a list of snippets is in it")
    return _from_snippets(document)


def _from_events(events: Sequence[object]) -> Iterator[Cue]:
    for number, event in enumerate(events, 1):
        segs = event.get("segs") if isinstance(event, dict) else None
        if not isinstance(event, dict) or not isinstance(segs, list | None):
            raise _FormatError(f"event {number} is none")
        words = "".join(_text_of(seg, "utf8", f"event {number}") for seg in segs or [])
        if words.strip():
            start = _seconds(event.get("tStartMs"), f"event {number}", scale=1000)
            length = _seconds(event.get("dDurationMs", 0), f"event {number}", scale=1000)
            yield _cue(words, start, start + length)


def _from_snippets(snippets: Sequence[object]) -> Iterator[Cue]:
    previous: str | None = None
    for number, snippet in enumerate(snippets, 1):
        where = f"entry {number}"
        words = _text_of(snippet, "text", where)
        assert isinstance(snippet, dict)
        speaker = snippet.get("speaker")
        named = speaker.strip() if isinstance(speaker, str) and speaker.strip() != previous else None
        previous = speaker.strip() if isinstance(speaker, str) else previous
        if "start" not in snippet:
            yield replace(_cue(words, None, None), speaker=named)
            continue
        start = _seconds(snippet["start"], where)
        end = start + _seconds(snippet["duration"], where) if "duration" in snippet else snippet.get("end")
        cue = _cue(words, start, start if end is None else _seconds(end, where))
        yield cue if named is None else replace(cue, speaker=named)


def _text_of(value: object, key: str, where: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise _FormatError(f"{where} has no `{key}`")
    return found


def _seconds(value: Any, where: str, scale: float = 1) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _FormatError(f"{where} has no time")
    return _checked(value / scale if abs(value) < 1e12 else math.inf, where)


def _checked(seconds: float, where: str) -> float:
    if not 0 <= seconds <= MAX_SECONDS:
        raise _FormatError(f"the time of {where} is not within {MAX_SECONDS / 3600:.0f} hours")
    return float(seconds)


# --- WebVTT and SubRip -----------------------------------------------------------------------------------------------


def _from_blocks(text: str) -> Iterator[Cue]:
    """One cue for each line on the screen: scrolling captions show a line twice, and whole lines are what repeats."""
    lines = text.split("\n")
    times = [_ARROW.fullmatch(line) for line in lines]
    if not any(times):
        raise _FormatError("no line of it has times (00:00:01.000 --> 00:00:02.000)")
    is_spoken = False
    start = end = 0.0
    for i, (line, found) in enumerate(zip(lines, times, strict=True)):
        follows_blank = i == 0 or not lines[i - 1]
        if found:
            start, end = (_clock(found[key], f"line {i + 1}") for key in ("start", "end"))
            is_spoken = True
        elif times[i + 1 : i + 2] != [None] and i + 1 < len(lines) and (follows_blank or line.strip().isdigit()):
            continue  # the number or name of the cue that follows
        elif follows_blank and _NOT_SPOKEN.match(line):
            is_spoken = False
        elif is_spoken and line.strip():
            yield _spoken_line(line, start, end)


def _spoken_line(line: str, start: float, end: float) -> Cue:
    if voice := _VOICE.match(line.strip()):
        return replace(_cue(line, start, end), speaker=_plain(voice["name"]))
    if dash := _DASH.match(line):
        return replace(_cue(line[dash.end() :], start, end), speaker="")
    return _cue(line, start, end)


def _clock(value: str, where: str) -> float:
    found = _TIME.fullmatch(value)
    if found is None:
        raise _FormatError(f"the time {value[:20]!r} in {where} is none")
    return _checked(_seconds_of(found), where)


def _seconds_of(found: re.Match[str]) -> float:
    return int(found["hours"] or 0) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"].replace(",", "."))


# --- plain text ------------------------------------------------------------------------------------------------------


def _from_lines(text: str) -> Iterator[Cue]:
    """Lines of a text; where at least two begin with a time (or are one), times count, and all else is text."""
    lines = [(line, _TIMED_LINE.fullmatch(line)) for line in text.split("\n")]
    is_timed = sum(found is not None for _, found in lines) >= 2
    start: float | None = 0.0 if is_timed else None
    for number, (line, found) in enumerate(lines, 1):
        if is_timed and found:
            start = _checked(_seconds_of(found), f"line {number}")
        spoken = found["text"] if is_timed and found else line
        if spoken.strip():
            yield _cue(spoken, start, start)


# --- all of them -----------------------------------------------------------------------------------------------------


def _cue(words: str, start: float | None, end: float | None) -> Cue:
    text = _plain(_MUSIC.sub(" ", _TAG.sub("", words)))
    change = _CHANGE.match(text)
    if change is None:
        return Cue(start, end, text)
    return Cue(start, end, text[change.end() :].replace(">>", " ").strip(), "")


def _plain(text: str) -> str:
    """One line of characters that are drawn, entities resolved."""
    drawn = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", unescape(text))
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn")
    )
    return " ".join("".join(drawn).split())


def _finished(cues: Sequence[Cue], name: str) -> Transcript:
    if len(cues) > MAX_CUES or sum(len(cue.text) for cue in cues) > MAX_CHARACTERS:
        raise RejectedError(
            f"{name} holds more than {MAX_CHARACTERS:,} characters or {MAX_CUES:,} captions; "
            "give the transcript of one talk, or of a part of it."
        )
    if any(cue.start_s is None for cue in cues):
        cues = [replace(cue, start_s=None, end_s=None) for cue in cues]
    else:
        cues = sorted(cues, key=lambda cue: cue.start_s or 0.0)
    once, repeated = scrolling.without_repeats([Shown(cue.start_s, cue.end_s, cue.text) for cue in cues])
    spoken = list(_named([replace(cue, text=text) for cue, text in zip(cues, once, strict=True) if text]))
    if not any(char.isalpha() for cue in spoken for char in cue.text):
        raise RejectedError(f"{name} holds nothing that was said; give the transcript of the talk.")
    return Transcript(tuple(spoken), repeated)


def _named(cues: Sequence[Cue]) -> Iterator[Cue]:
    """The cues with `Name: ` at their start taken as who speaks: a usual label, or one that comes twice."""
    labels = [_LABEL.match(cue.text) for cue in cues]
    counted: dict[str, int] = {}
    for found in labels:
        if found:
            counted[found["name"]] = counted.get(found["name"], 0) + 1
    for cue, found in zip(cues, labels, strict=True):
        name = found["name"] if found else ""
        if found and (_SURE_LABEL.fullmatch(name) or (counted[name] > 1 and name[:1].isupper())):
            yield replace(cue, text=cue.text[found.end() :], speaker=name)
        else:
            yield cue
