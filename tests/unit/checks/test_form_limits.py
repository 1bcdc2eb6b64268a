"""What every check of form promises for any text at all: findings that lie in it, and an end in time."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.checks.form_case import findings
from tests.unit.checks.test_clean_form import CHECKS

PIECES = st.sampled_from(
    [
        "모델",
        "모델을 ",
        "을",
        "를 ",
        " ",
        "  ",
        "LLM",
        "GPT-4",
        "3",
        "1,600만",
        "%",
        "(",
        ")",
        "$",
        "`",
        "**",
        "\\emph{",
        "}",
        ".",
        "? ",
        "다.",
        "습니다.",
        "\n",
        "the ",
        "of ",
        "not ",
        "increases ",
        "two ",
        "16 million ",
        "https://a.b/c",
        "'",
        '"',
        "않",
        "없이 ",
        "도도",
        "수만 ",
        "분의 ",
        "~",
        "-",
        "@kim",
        "<b>",
    ]
)
MIXED = st.lists(PIECES, max_size=25).map("".join)


@given(MIXED, MIXED)
@example("3", "\n")
@example("@kim", "\n")
@settings(max_examples=150, deadline=None)
def test_findings_lie_in_any_text(source: str, target: str) -> None:
    for module in CHECKS:
        findings(module.check, (source, target))


@pytest.mark.parametrize(
    "piece", ["a ", "(", "1,", "9", "$", "모델을 ", "가", "도", "{", "\\a{", "만 ", "- ", "[a ", "the not "]
)
def test_long_odd_texts_end_in_time(piece: str) -> None:
    long = piece * (4_000 // len(piece))
    started = time.perf_counter()
    for module in CHECKS:
        findings(module.check, (long, long))
        findings(module.check, ("An English sentence.", long))
    assert time.perf_counter() - started < 10
