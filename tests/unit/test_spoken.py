"""Passages of a talk: all words once, in order, none too long, cut where something new begins."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from bot.sources.transcripts import Cue, Transcript
from bot.translation import spoken
from bot.translation.hearing import Hearing
from bot.translation.spoken import Chapter, SpokenText
from bot.translation.termbase import Kind, Term, Termbase


def talk(*cues: tuple[float, str] | tuple[float, str, str]) -> Transcript:
    made = [Cue(cue[0], cue[0] + 3, cue[1], cue[2] if len(cue) == 3 else None) for cue in cues]
    return Transcript(tuple(made))


def sentence(number: int, words: int = 12) -> str:
    return f"Sentence {number} " + " ".join(f"word{number}x{i}" for i in range(words - 2)) + "."


def long_talk(sentences: int) -> Transcript:
    return talk(*((7.0 * n, sentence(n)) for n in range(sentences)))


def all_words(text: SpokenText) -> list[str]:
    return [word for passage in text.passages for word in passage.text.split()]


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abc .?!", min_size=1, max_size=300).filter(lambda t: any(c.isalpha() for c in t)),
            st.sampled_from([None, None, None, "", "Mina", "Q"]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_every_word_is_in_one_passage_in_order_and_no_passage_is_too_long(said: list[tuple[str, str | None]]) -> None:
    # Numbers in between, so that nothing is a repeat.
    cues = [Cue(3.0 * n, 3.0 * n + 2, " ".join(f"{n} {text}".split()), who) for n, (text, who) in enumerate(said)]
    cut = spoken.cut(Transcript(tuple(cues)))
    assert all_words(cut) == [word for cue in cues for word in cue.text.split()]
    assert all(len(passage.text) <= spoken.LONGEST_PASSAGE for passage in cut.passages)
    numbers = [passage.section for passage in cut.passages]
    assert sorted(numbers) == numbers
    assert set(numbers) == set(range(1, len(cut.titles) + 1))


def test_a_passage_ends_before_a_long_pause() -> None:
    cues = [(4.0 * n, f"Here is number {n}, and it is about the tide of the day.") for n in range(15)]
    cues += [(90.0 + 4 * n, f"There is number {n}, which tells of boats in the harbor.") for n in range(15)]
    cut = spoken.cut(talk(*cues))
    assert [passage.start_s for passage in cut.passages][1] == 90.0


def test_speech_without_stops_becomes_lines_that_end_at_pauses() -> None:
    cues = [(3.0 * n + (10 if n >= 20 else 0), f"and then we take the number {n} and go on") for n in range(40)]
    lines = [line for passage in spoken.cut(talk(*cues)).passages for line in passage.text.split("\n")]
    assert all(len(line) <= 400 for line in lines)
    assert any(line.startswith("and then we take the number 20 ") for line in lines)


def test_turns_stand_on_lines_of_their_own_and_questions_are_marked() -> None:
    cut = spoken.cut(
        talk(
            (0, "Thank you for listening."),
            (4, "How deep is the harbor?", ""),
            (8, "It is ten metres deep. We measured it.", ""),
            (12, "Please repeat that", "Audience"),
        )
    )
    (passage,) = cut.passages
    assert passage.text.split("\n") == [
        "Thank you for listening.",
        "How deep is the harbor?",
        "It is ten metres deep. We measured it.",
        "Please repeat that",
    ]
    shown = [(passage.text[turn.start :].split(" ", 1)[0], turn.speaker, turn.is_question) for turn in passage.turns]
    assert shown == [("How", "", True), ("It", "", False), ("Please", "Audience", True)]


def test_names_are_mended_over_captions_and_each_repair_has_its_place() -> None:
    hearing = Hearing("A Talk", "", ("Mina Park",), Termbase([Term("ChatGPT", "ChatGPT", kind=Kind.NAME)]))
    cut = spoken.cut(talk((0, "I am meena park. I ask"), (3, "chat"), (4, "gpt today.")), hearing=hearing)
    (passage,) = cut.passages
    assert passage.text == "I am Mina Park. I ask ChatGPT today."
    assert [passage.text[r.start : r.start + len(r.written)] for r in passage.repairs] == ["Mina Park", "ChatGPT"]


def test_what_is_no_speech_stands_on_a_line_of_its_own() -> None:
    (passage,) = spoken.cut(talk((0, "It was cold."), (3, "[Laughter]"), (5, "So we went home."))).passages
    assert passage.text == "It was cold.\n[Laughter]\nSo we went home."


def test_who_speaks_most_asks_the_room_and_not_the_speaker() -> None:
    said = ((0, "I begin with the tide, and I go on with it for a while.", "Mina"), (4, "How deep is it?", "Jo"))
    (passage,) = spoken.cut(talk(*said, (8, "Who knows?", "Mina"))).passages
    assert [(turn.speaker, turn.is_question) for turn in passage.turns] == [
        ("Mina", False),
        ("Jo", True),
        ("Mina", False),
    ]


def test_a_transcript_joined_to_itself_is_taken_once_and_the_repeat_is_told() -> None:
    once = [(7.0 * n, sentence(n)) for n in range(20)]
    again = [(500 + start, text) for start, text in once]
    cut = spoken.cut(talk(*once, *again))
    assert all_words(cut) == [word for _, text in once for word in text.split()]
    assert [(r.start_s, r.first_said_s, r.words) for r in cut.repeats] == [(500.0, 0.0, 240)]


def test_a_phrase_that_a_speaker_likes_is_no_repeat() -> None:
    phrase = "Attention is all that you need, as they say, and so it is today in this room."
    cut = spoken.cut(talk(*((9.0 * n, f"{sentence(n)} {phrase}") for n in range(10))))
    assert not cut.repeats
    assert sum(passage.text.count(phrase) for passage in cut.passages) == 10


def test_chapters_make_the_sections_and_no_passage_crosses_one() -> None:
    chapters = (Chapter(0, "Opening"), Chapter(70, "Tides"), Chapter(210, "Boats"))
    cut = spoken.cut(long_talk(40), chapters)
    firsts = {
        number: next(passage for passage in cut.passages if passage.section == number).start_s
        for number in range(1, len(cut.titles) + 1)
    }
    assert cut.titles == ("Opening", "Tides", "Boats")
    assert firsts == {1: 0.0, 2: 70.0, 3: 210.0}


def test_long_talks_have_sections_of_some_minutes() -> None:
    cut = spoken.cut(long_talk(600))
    lengths = [sum(len(p.text) for p in cut.passages if p.section == n) for n in range(1, len(cut.titles) + 1)]
    assert max(lengths) <= spoken.SECTION_UP_TO
    assert min(lengths) >= spoken.SECTION_FROM // 2


def test_chapters_are_read_from_a_description_by_the_players_rule() -> None:
    description = "A talk.\n0:00 Opening\n01:10 - Tides\n1:03:30 Boats & more\nSee you at 10:00 tomorrow"
    assert [(c.start_s, c.title) for c in spoken.chapters_in(description)] == [
        (0, "Opening"),
        (70, "Tides"),
        (3810, "Boats & more"),
    ]
    assert spoken.chapters_in("0:00 Only\n1:00 two") == ()
    assert spoken.chapters_in("0:10 a\n1:00 b\n2:00 c") == ()


def test_a_two_hour_talk_is_cut_in_seconds() -> None:
    started = time.monotonic()
    cut = spoken.cut(long_talk(1000))
    assert sum(len(passage.text) for passage in cut.passages) > 100_000
    assert time.monotonic() - started < 10
    assert not re.search(r"\s\n|\n\s|  ", "\n".join(passage.text for passage in cut.passages))
