"""Names heard wrongly are written right, ordinary words stay, and each repair tells what was heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.translation import termbase
from bot.translation.hearing import Hearing, Voucher
from bot.translation.termbase import Kind, Term, Termbase

TERMS = Termbase(
    [
        *(
            Term(name, name, kind=Kind.NAME)
            for name in ("ChatGPT", "OpenAI", "DeepSeek", "Qwen", "Llama", "ReAct", "Lion")
        ),
        *(Term(name, name, kind=Kind.NAME) for name in ("The Pile", "LoRA", "Hugging Face", "GPT-4o")),
        Term("attention", "어텐션"),
        Term("context window", "컨텍스트 윈도우"),
    ]
)


def hearing(title: str = "", description: str = "", speakers: tuple[str, ...] = ()) -> Hearing:
    return Hearing(title, description, speakers, TERMS)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("we asked chat gpt about it", "we asked ChatGPT about it"),
        ("open ai and deep seek", "OpenAI and DeepSeek"),
        ("OpenAi's model", "OpenAI's model"),
        ("then Quen 2 came", "then Qwen 2 came"),
        ("the lama 3 weights", "the Llama 3 weights"),
        ("and GPT 4o answers", "and GPT-4o answers"),
        ("see hugging phase 2", "see Hugging Face 2"),
    ],
)
def test_names_of_the_termbase_are_written_as_there(heard: str, written: str) -> None:
    assert hearing().mend(heard)[0] == written


@pytest.mark.parametrize(
    "text",
    [
        "they react to the pile of papers",
        "a lion and a lama in the zoo",
        "pay attention to the context windows",
        "ChatGPT, OpenAI and DeepSeek",
        "it is open. AI is here",
    ],
)
def test_ordinary_words_and_right_names_stay(text: str) -> None:
    assert hearing().mend(text) == (text, ())


def test_speakers_and_names_of_the_page_are_put_right_by_sound() -> None:
    own = hearing(
        "Tidewater: Sorting Keys",
        "In this talk we present work with Anneke Visscher on windows.",
        ("Mina Park (Example University)",),
    )
    text, repairs = own.mend("hi, i am meena park and tide water was made with Aneke Vischer")
    assert text == "hi, i am Mina Park and Tidewater was made with Anneke Visscher"
    assert [(r.heard, r.written, r.voucher) for r in repairs] == [
        ("meena park", "Mina Park", Voucher.SPEAKER),
        ("tide water", "Tidewater", Voucher.TITLE),
        ("Aneke Vischer", "Anneke Visscher", Voucher.DESCRIPTION),
    ]


def test_offsets_of_repairs_are_those_of_the_new_text() -> None:
    text, repairs = hearing().mend("chat gpt, open ai, chat gpt.")
    assert [text[r.start : r.start + len(r.written)] for r in repairs] == ["ChatGPT", "OpenAI", "ChatGPT"]


def test_names_nobody_vouches_for_are_told() -> None:
    own = hearing("A Talk", "", ("Mina Park",))
    said = ["Then Mina Park and Berta Quill met.", "Then came Berta Quill, with OpenAI behind her. I agree."]
    assert own.unknown_names(said) == ("Berta Quill",)


@given(st.text(max_size=200))
def test_any_text_can_be_put_together_again_from_its_repairs(text: str) -> None:
    mended, repairs = hearing("Tidewater: x", "", ("Mina Park",)).mend(text)
    for repair in reversed(repairs):
        assert mended[repair.start :].startswith(repair.written)
        mended = mended[: repair.start] + repair.heard + mended[repair.start + len(repair.written) :]
    assert mended == text


def test_the_shipped_termbase_leaves_plain_prose_alone() -> None:
    prose = (
        "So the lion and the falcon react to the git of the matter, and we copilot the cursor while Adam and the bard "
        "muse over math. It is a spider on the helm, a comet in the clip, and the fair ruler of the orca."
    )
    assert Hearing("", "", (), termbase.shipped()).mend(prose) == (prose, ())
