"""Transcript files: every form gives the same words once, with times and speakers; what is none is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.sources import transcripts
from bot.sources.transcripts import Cue, Transcript

WORDS = ["hello everyone and welcome", "today we measure tides", "with a very small model"]


def said(transcript: Transcript) -> str:
    return " ".join(cue.text for cue in transcript.cues)


def stamp(seconds: float, mark: str = ".") -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{round(seconds % 1 * 1000):03}"


def json3(lines: list[str]) -> str:
    events: list[dict[str, object]] = [{"tStartMs": 0, "dDurationMs": 60_000, "id": 1, "wpWinPosId": 1}]
    for number, line in enumerate(lines):
        segs = [{"utf8": f"{word} ", "tOffsetMs": 200 * i} for i, word in enumerate(line.split())]
        events.append({"tStartMs": 2000 * number, "dDurationMs": 4000, "segs": segs})
        events.append({"tStartMs": 2000 * number + 1990, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    return json.dumps({"wireMagic": "pb3", "events": events})


def scrolling_vtt(lines: list[str]) -> str:
    """As YouTube's automatic WebVTT: a line grows word by word, stands still, then stands above the next."""
    out = ["WEBVTT", "Kind: captions", "Language: en", ""]
    above = " "
    for number, line in enumerate(lines):
        start, end = 2.0 * number, 2.0 * number + 1.99
        grown = "".join(f"<{stamp(start + 0.2)}><c> {word}</c>" for word in line.split()[1:])
        out += [f"{stamp(start)} --> {stamp(end)} align:start position:0%", above, line.split()[0] + grown, ""]
        out += [f"{stamp(end)} --> {stamp(end + 0.01)} align:start position:0%", line, " ", ""]
        above = line
    return "\n".join(out)


def srt(lines: list[str]) -> str:
    return "\n".join(
        f"{number + 1}\n{stamp(2.0 * number, ',')} --> {stamp(2.0 * number + 2, ',')}\n{line}\n"
        for number, line in enumerate(lines)
    )


def snippets(lines: list[str]) -> str:
    return json.dumps([{"text": line, "start": 2.0 * n, "duration": 4.5} for n, line in enumerate(lines)])


def whisper(lines: list[str]) -> str:
    found = [{"id": n, "start": 2.0 * n, "end": 2.0 * n + 2, "text": f" {line}"} for n, line in enumerate(lines)]
    return json.dumps({"text": " ".join(lines), "segments": found, "language": "en"})


def copied(lines: list[str]) -> str:
    return "\n".join(f"0:{2 * n:02}\n{line}" for n, line in enumerate(lines))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk.json3", json3(WORDS)),
        ("talk.vtt", scrolling_vtt(WORDS)),
        ("talk.srt", srt(WORDS)),
        ("talk.json", snippets(WORDS)),
        ("talk.json", whisper(WORDS)),
        ("talk.json", json3(WORDS)),
        ("talk.txt", copied(WORDS)),
        ("TALK.SRT", "\ufeff" + srt(WORDS).replace("\n", "\r\n")),
    ],
    ids=["json3", "auto vtt", "srt", "snippets", "whisper", "json3 in json", "copied text", "srt of Windows"],
)
def test_every_form_gives_the_words_once_with_their_times(name: str, text: str) -> None:
    transcript = transcripts.read(text, name)
    assert said(transcript) == " ".join(WORDS)
    assert [cue.start_s for cue in transcript.cues] == [0, 2, 4]
    assert transcript.has_times


def test_a_text_without_times_has_none() -> None:
    transcript = transcripts.read("Hello there.\n\nAnd good bye.", "talk.txt")
    assert transcript.cues == (Cue(None, None, "Hello there."), Cue(None, None, "And good bye."))
    assert not transcript.has_times


def test_a_line_that_scrolls_is_said_once_and_counted() -> None:
    assert transcripts.read(scrolling_vtt(WORDS), "a.vtt").repeated > len(WORDS)


def test_what_a_speaker_repeats_in_captions_that_do_not_scroll_stays() -> None:
    lines = ["no", "no", "no that is wrong", "it is a tide", "it is a tide", *(f"line {n}" for n in range(9))]
    assert said(transcripts.read(srt(lines), "a.srt")) == " ".join(lines)


def test_words_shown_by_two_captions_at_the_same_time_are_said_once() -> None:
    text = json.dumps(
        [
            {"text": "we take the small model", "start": 0, "duration": 5},
            {"text": "take the small model and train it", "start": 2, "duration": 5},
        ]
    )
    assert said(transcripts.read(text, "a.json")) == "we take the small model and train it"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.vtt",
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mina Park>How deep?\n\n00:03.000 --> 00:04.000\n<v Jo>Ten metres.",
        ),
        ("a.txt", "Mina Park: How deep?\nJo: Ten metres.\nMina Park: Thanks.\nJo: Sure."),
        ("a.json", '[{"text": "How deep?", "speaker": "Mina Park"}, {"text": "Ten metres.", "speaker": "Jo"}]'),
    ],
)
def test_named_speakers_show(name: str, text: str) -> None:
    assert [(cue.speaker, cue.text) for cue in transcripts.read(text, name).cues][:2] == [
        ("Mina Park", "How deep?"),
        ("Jo", "Ten metres."),
    ]


def test_unnamed_changes_of_speaker_show() -> None:
    cues = transcripts.read("WEBVTT\n\n00:01.000 --> 00:02.000\n&gt;&gt; How deep?\n- Ten metres.", "a.vtt").cues
    assert [(cue.speaker, cue.text) for cue in cues] == [("", "How deep?"), ("", "Ten metres.")]


def test_a_colon_alone_makes_no_speaker() -> None:
    (cue,) = transcripts.read("Remember: deep water is cold.", "a.txt").cues
    assert cue == Cue(None, None, "Remember: deep water is cold.")


def test_markup_music_and_invisible_characters_are_no_words() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>Tides</i> [Music] \u200b&amp; <b>waves</b> [Applause]\n"
    assert said(transcripts.read(text, "a.srt")) == "Tides & waves [Applause]"


def test_comments_and_numbers_of_cues_are_no_words() -> None:
    text = (
        "WEBVTT\n\nNOTE not said\nneither this\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000\nTides.\n\n2\n00:03.000 --> 00:04.000\nWaves."
    )
    assert said(transcripts.read(text, "a.vtt")) == "Tides. Waves."


def test_captions_out_of_order_are_put_in_order() -> None:
    text = '[{"text": "second", "start": 5, "duration": 1}, {"text": "first", "start": 1, "duration": 1}]'
    assert said(transcripts.read(text, "a.json")) == "first second"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.pdf", "x", "rename it"),
        ("a.json", "{", "not JSON"),
        ("a.json", "[" * 100_000, "deeply"),
        ("a.json", '{"title": "x"}', "snippets"),
        ("a.json", "[1]", "entry 1 has no `text`"),
        ("a.json", '[{"text": "x", "start": "soon"}]', "entry 1 has no time"),
        ("a.json", '[{"text": "x", "start": NaN}]', "hours"),
        ("a.json", '[{"text": "x", "start": 1e400}]', "hours"),
        ("a.json", '[{"text": "x", "start": -4}]', "hours"),
        ("a.json3", '{"events": [{"segs": 3}]}', "event 1"),
        ("a.json3", '{"events": [{"segs": [{"utf8": "x"}]}]}', "event 1 has no time"),
        ("a.json3", '{"events": []}', "nothing that was said"),
        ("a.vtt", "00:01.000 --> 00:02.000\nx", "WEBVTT"),
        ("a.vtt", "WEBVTT\n\nhello", "no line of it has times"),
        ("a.srt", "1\n99:99:99:99 --> 00:00:02,000\nx", "line 2"),
        ("a.txt", " \n [Music] \n", "nothing that was said"),
        ("a.txt", "<!DOCTYPE html><html>", "web page"),
        ("a.vtt", "WEBVTT\x00", "binary"),
        ("a.txt", "word " * 250_000, "1,000,000 characters"),
    ],
)
def test_what_is_no_transcript_is_refused_with_its_place(name: str, text: str, message: str) -> None:
    with pytest.raises(RejectedError, match=message):
        transcripts.read(text, name)


@given(st.text(max_size=300), st.sampled_from(transcripts.FORMATS))
def test_no_text_whatever_breaks_the_reader(text: str, form: str) -> None:
    for prefix in ("", "WEBVTT\n\n00:01.000 --> 00:02.000\n", "1\n00:00:01,000 --> 00:00:02,000\n"):
        try:
            transcript = transcripts.read(prefix + text, f"a.{form}")
        except RejectedError:
            continue
        assert all(cue.text == " ".join(cue.text.split()) != "" for cue in transcript.cues)


def test_a_hostile_file_is_read_in_time_that_grows_with_its_length() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<c." * 100_000 + "\n" + "[" * 50_000 + "x"
    assert transcripts.read(text, "a.vtt").cues
