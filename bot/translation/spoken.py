"""A talk's transcript as passages: pieces of a readable size, cut where the speaker pauses or turns to something else.

Everything that was said stands in exactly one passage, in order, but for stretches that the transcript has twice.
"""

import itertools
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.sources.transcripts import Cue, Transcript
from bot.translation import segments
from bot.translation.hearing import Hearing, Repair

LONGEST_PASSAGE = 1_200
"""Characters."""
_SHORTEST_PASSAGE = 500
_LONGEST_SENTENCE, _SHORTEST_LINE = 400, 20
"""Speech without stops is cut into lines of at most so many characters, at pauses."""
SECTION_FROM, SECTION_UP_TO = 4_500, 9_000
"""Characters of a section, where no chapters tell better."""
_CHARACTERS_PER_S = 15.0
"""Quick speech; what a caption stays on the screen longer is a pause."""
_LONG_PAUSE_S = 2.5
_LONGEST_QUESTION = 900
_REPEAT_WINDOW, _REPEAT_FROM = 12, 40
"""Words: so many in a row make a repeat likely, and so many make it one."""

_TURNS_TO = re.compile(
    r"(?:so|now|okay|ok|alright|all right|next|let's|let me|finally|first|second|third|another|in summary|to conclude|"
    r"moving on|the next|thank you|questions?)\b",
    re.IGNORECASE,
)
_DIRECTION = re.compile(r"(?P<direction>\[[^\[\]]{1,30}\])\s+(?=\S)")
_ALONE = re.compile(r"\[[^\[\]]{1,30}\]")
_ASKER = re.compile(r"q|question|audience(?: member)?|attendee|student", re.IGNORECASE)
_CHAPTER = re.compile(r"\s*[\[(]?(?:(\d{1,2}):)?(\d{1,2}):(\d{2})[\])]?\s*[-–—:|.]?\s*(?P<title>\S.{0,150})")


@dataclass(frozen=True, slots=True)
class Turn:
    """Where in a passage somebody else begins to speak.

    Attributes:
        start: offset in the passage's text; the turn is a line of its own there.
        speaker: the name the transcript gives; empty if it gives none.
        is_question: whether what is said there is a question to the speaker.
    """

    start: int
    speaker: str
    is_question: bool


@dataclass(frozen=True, slots=True)
class SpokenPassage:
    """A piece of the talk: at most `LONGEST_PASSAGE` characters, its first word said at `start_s`."""

    text: str
    start_s: float | None
    turns: tuple[Turn, ...]
    section: int
    """From 1."""
    repairs: tuple[Repair, ...] = ()
    """Names in it that the transcript has otherwise."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch that the transcript has a second time, left out there."""

    start_s: float | None
    first_said_s: float | None
    words: int
    opening: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that the video's description names."""

    start_s: float
    title: str


@dataclass(frozen=True, slots=True)
class SpokenText:
    """The whole talk.

    Attributes:
        titles: of the sections, by number; empty where nobody named them.
    """

    passages: tuple[SpokenPassage, ...]
    titles: tuple[str, ...]
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    start_s: float | None
    pause_s: float
    """Silence before it."""
    turn: Turn | None
    """Set where it opens one; its offset is of no meaning yet."""
    repairs: tuple[Repair, ...]
    is_line: bool
    """Whether it has to stand on a line of its own, because it ends without a stop."""


def chapters_in(description: str) -> tuple[Chapter, ...]:
    """The chapters of a video's description, by the player's rule: three or more, the first at 0:00, rising."""
    found = [match for line in description.splitlines() if (match := _CHAPTER.fullmatch(line))]
    chapters = [
        Chapter(int(m[1] or 0) * 3600 + int(m[2]) * 60 + int(m[3]), " ".join(m["title"].split())) for m in found
    ]
    starts = [chapter.start_s for chapter in chapters]
    is_list = len(chapters) >= 3 and starts[0] == 0 and all(a < b for a, b in itertools.pairwise(starts))
    return tuple(chapters) if is_list else ()


def cut(transcript: Transcript, chapters: Sequence[Chapter] = (), hearing: Hearing | None = None) -> SpokenText:
    """The talk in passages of whole sentences, in the sections of `chapters` or in sections of some minutes.

    Args:
        hearing: what writes names as they are written.
    """
    turns = _turns(transcript.cues)
    said = [sentence for turn, cues in turns for sentence in _sentences(turn, cues, hearing)]
    kept, repeats = _without_repeats(said)
    if not transcript.has_times:
        chapters = ()
    parts = [(passage, chapter) for chapter, own in _by_chapter(kept, chapters) for passage in _passages(own)]
    numbers, titles = _sections(parts, chapters)
    return SpokenText(
        tuple(replace(passage, section=number) for (passage, _), number in zip(parts, numbers, strict=True)),
        titles,
        repeats,
    )


# --- sentences -------------------------------------------------------------------------------------------------------


def _turns(cues: Sequence[Cue]) -> list[tuple[Turn | None, list[Cue]]]:
    """What is said in one go; the first speaker's is no turn unless the transcript names who it is."""
    found: list[tuple[str | None, list[Cue]]] = []
    for cue in cues:
        changes = cue.speaker is not None and (not cue.speaker or not found or cue.speaker != found[-1][0])
        if changes or not found:
            found.append((cue.speaker, []))
        found[-1][1].append(cue)
    lengths: Counter[str] = Counter()
    for speaker, own in found:
        lengths[speaker or ""] += _length(own)
    main = lengths.most_common(1)[0][0] if lengths else ""
    return [(_turn(speaker, own, is_main=bool(speaker) and speaker == main), own) for speaker, own in found]


def _turn(speaker: str | None, cues: Sequence[Cue], *, is_main: bool) -> Turn | None:
    if speaker is None:
        return None
    asks = cues[-1].text.rstrip("\"'”’)").endswith("?") and _length(cues) <= _LONGEST_QUESTION and not is_main
    return Turn(0, speaker, asks or _ASKER.fullmatch(speaker) is not None)


def _length(cues: Sequence[Cue]) -> int:
    return sum(len(cue.text) + 1 for cue in cues)


def _sentences(turn: Turn | None, cues: Sequence[Cue], hearing: Hearing | None) -> Iterator[_Sentence]:
    text = " ".join(cue.text for cue in cues)
    starts = [0]
    for cue in cues:
        starts.append(starts[-1] + len(cue.text) + 1)
    spans = [piece for span in segments.split(text) for piece in _short(text, *span, starts, cues)]
    for number, (start, end, is_line) in enumerate(spans):
        place = bisect_right(starts, start) - 1
        pause = _pause(cues, place) if start == starts[place] else 0.0
        opens = turn if number == 0 else None
        written, repairs = hearing.mend(text[start:end]) if hearing else (text[start:end], ())
        yield _Sentence(written, _time(cues, place, start - starts[place]), pause, opens, repairs, is_line)


def _short(
    text: str, start: int, end: int, starts: Sequence[int], cues: Sequence[Cue]
) -> Iterator[tuple[int, int, bool]]:
    """The sentence, in pieces if it is longer than any should be: cut at the longest pause, else at a blank.

    What is no speech (`[Applause]`) stands alone.
    """
    if direction := _DIRECTION.match(text, start, end):
        yield start, direction.end("direction"), True
        start = direction.end()
    if end - start <= _LONGEST_SENTENCE:
        yield start, end, _ALONE.fullmatch(text, start, end) is not None
        return
    while end - start > _LONGEST_SENTENCE:
        first, last = start + _SHORTEST_LINE, start + _LONGEST_SENTENCE
        borders = [i for i in range(bisect_right(starts, first), bisect_right(starts, last)) if i < len(cues)]
        if borders:
            at = starts[max(borders, key=lambda i: (round(_pause(cues, i)), i))]
        else:
            blank = text.rfind(" ", first, last)
            at = blank + 1 if blank >= 0 else last
        yield start, start + len(text[start:at].rstrip()), True
        start = at
    yield start, end, True


def _pause(cues: Sequence[Cue], place: int) -> float:
    before, here = cues[place - 1] if place else None, cues[place]
    if before is None or before.start_s is None or here.start_s is None:
        return 0.0
    return max(0.0, here.start_s - before.start_s - len(before.text) / _CHARACTERS_PER_S)


def _time(cues: Sequence[Cue], place: int, offset: int) -> float | None:
    cue = cues[place]
    if cue.start_s is None or cue.end_s is None or not offset:
        return cue.start_s
    following = cues[place + 1].start_s if place + 1 < len(cues) else None
    end = cue.end_s if following is None else min(cue.end_s, following)
    return cue.start_s + max(0.0, end - cue.start_s) * offset / len(cue.text)


# --- repeats ---------------------------------------------------------------------------------------------------------


def _without_repeats(said: Sequence[_Sentence]) -> tuple[list[_Sentence], tuple[Repeat, ...]]:
    """The sentences without long stretches that were there before, word for word: a file joined to itself, say."""
    words = [(word, i) for i, sentence in enumerate(said) for word in _words(sentence.text)]
    seen: dict[int, int] = {}
    first_place: list[int | None] = [None] * len(words)
    for at in range(len(words) - _REPEAT_WINDOW + 1):
        key = hash(tuple(word for word, _ in words[at : at + _REPEAT_WINDOW]))
        before = seen.setdefault(key, at)
        if before + _REPEAT_WINDOW <= at:
            for step in range(_REPEAT_WINDOW):
                if first_place[at + step] is None:
                    first_place[at + step] = before + step
    own: dict[int, list[int | None]] = {}
    for (_, i), before_at in zip(words, first_place, strict=True):
        own.setdefault(i, []).append(before_at)
    again = [bool(own.get(i)) and None not in own[i] for i in range(len(said))]
    kept: list[_Sentence] = []
    repeats: list[Repeat] = []
    i = 0
    while i < len(said):
        end = i
        while end < len(said) and again[end]:
            end += 1
        count = sum(len(own[k]) for k in range(i, end))
        if count < _REPEAT_FROM:
            end = max(end, i + 1)
            kept += said[i:end]
        else:
            first = own[i][0]
            assert first is not None
            repeats.append(Repeat(said[i].start_s, said[words[first][1]].start_s, count, said[i].text[:80]))
        i = end
    return kept, tuple(repeats)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


# --- passages --------------------------------------------------------------------------------------------------------


def _by_chapter(said: Sequence[_Sentence], chapters: Sequence[Chapter]) -> Iterator[tuple[int, list[_Sentence]]]:
    """The sentences of each chapter that has any, with the chapter's place; one chapter of all if there are none."""
    starts = [chapter.start_s for chapter in chapters] or [0.0]
    own: dict[int, list[_Sentence]] = {}
    for sentence in said:
        own.setdefault(max(0, bisect_right(starts, sentence.start_s or 0.0) - 1), []).append(sentence)
    yield from own.items()


def _passages(said: Sequence[_Sentence]) -> Iterator[SpokenPassage]:
    waiting = list(said)
    while waiting:
        fitting = 1
        while fitting < len(waiting) and len(_joined(waiting[: fitting + 1])) <= LONGEST_PASSAGE:
            fitting += 1
        count = fitting if fitting == len(waiting) else _best_cut(waiting, fitting)
        yield _passage(waiting[:count])
        waiting = waiting[count:]


def _best_cut(said: Sequence[_Sentence], fitting: int) -> int:
    """How many sentences make the next passage, of those that fit: up to the plainest border in its second half."""
    lengths = [len(_joined(said[:count])) for count in range(fitting + 1)]
    candidates = [count for count in range(1, fitting + 1) if lengths[count] >= _SHORTEST_PASSAGE] or [fitting]
    return max(candidates, key=lambda count: (_border(said[count]), count))


def _border(sentence: _Sentence) -> int:
    """How plainly something new begins with this sentence."""
    changes = 2 if sentence.turn is not None and sentence.turn.is_question else int(sentence.turn is not None)
    pauses = (sentence.pause_s >= 1) + (sentence.pause_s >= _LONG_PAUSE_S)
    return 2 * changes + 2 * pauses + (_TURNS_TO.match(sentence.text) is not None)


def _joined(said: Sequence[_Sentence]) -> str:
    text = ""
    previous: _Sentence | None = None
    for sentence in said:
        if previous is not None:
            text += "\n" if sentence.turn is not None or previous.is_line or sentence.is_line else " "
        text += sentence.text
        previous = sentence
    return text


def _passage(said: Sequence[_Sentence]) -> SpokenPassage:
    turns: list[Turn] = []
    repairs: list[Repair] = []
    for count, sentence in enumerate(said, 1):
        start = len(_joined(said[:count])) - len(sentence.text)
        if sentence.turn is not None:
            turns.append(replace(sentence.turn, start=start))
        repairs += (replace(repair, start=start + repair.start) for repair in sentence.repairs)
    return SpokenPassage(_joined(said), said[0].start_s, tuple(turns), 0, tuple(repairs))


# --- sections --------------------------------------------------------------------------------------------------------


def _sections(
    parts: Sequence[tuple[SpokenPassage, int]], chapters: Sequence[Chapter]
) -> tuple[list[int], tuple[str, ...]]:
    """The section's number of each passage and the sections' titles. A long chapter makes several sections."""
    numbers: list[int] = []
    titles: list[str] = []
    length = 0
    previous: int | None = None
    for place, (passage, chapter) in enumerate(parts):
        left = sum(len(p.text) for p, c in parts[place : place + 8] if c == chapter)
        is_full = length + len(passage.text) > SECTION_UP_TO or (
            length >= SECTION_FROM and left >= SECTION_FROM // 2 and (not chapters or length + left > SECTION_UP_TO)
        )
        if chapter != previous or is_full:
            titles.append(chapters[chapter].title if chapters and chapter != previous else "")
            length = 0
        length += len(passage.text)
        numbers.append(len(titles))
        previous = chapter
    return numbers, tuple(titles)
