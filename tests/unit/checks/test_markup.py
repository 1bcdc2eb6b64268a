import pytest

from bot.translation.checks import markup
from bot.translation.checks.markup import check
from tests.unit.checks.case import CheckCase
from tests.unit.checks.form_case import findings, marked, repaired


class TestMarkup(CheckCase):
    module = markup
    hit = ("It runs in $O(n \\log n)$ time.", "$O(n \\log m)$ 시간에 실행됩니다.")
    hit_at = "$O(n \\log m)$"
    suggestion = "$O(n \\log n)$"
    good = ("It runs in $O(n \\log n)$ time.", "$O(n\\log n)$ 시간에 실행됩니다.")
    ignored = ("It costs $5 and $10, see \\emph{this}.", "비용은 5달러와 10달러입니다. \\emph{이것}을 보세요.")


@pytest.mark.parametrize(
    ("source", "wrong", "right"),
    [
        ("Call `run()` first.", "먼저 `실행()`을 부릅니다.", None),
        ("See https://a.example/x.", "https://a.example/y 를 보세요.", "https://a.example/x 를 보세요."),
        ("Use <think> tags.", "<생각> 태그를 씁니다.", None),
        ("Ask @kim_ml now.", "@kim_m1 님께 물어보세요.", "@kim_ml 님께 물어보세요."),
    ],
)
def test_altered_pieces_are_found(source: str, wrong: str, right: str | None) -> None:
    assert findings(check, (source, wrong))
    if right:
        assert repaired(check, (source, wrong)) == right


@pytest.mark.parametrize(
    ("source", "korean", "mark"),
    [
        ("The loss is good.", "손실 $L$은 좋습니다.", "$L$"),
        ("The code is good.", "코드는 https://made.up/x 에 있습니다.", "https://made.up/x"),
        ("A good model.", "**좋은** 모델입니다.", "**"),
        ("Use `a` and `b`.", "`a`와 `b`와 `를 씁니다.", "`"),
    ],
)
def test_invented_and_open_markup_is_marked(source: str, korean: str, mark: str) -> None:
    assert marked(check, (source, korean)) == [mark]


def test_a_lost_formula_points_at_its_sentence() -> None:
    assert marked(check, ("Fine.", "좋습니다."), ("The cost is $O(n)$.", "비용은 선형입니다.")) == [
        "비용은 선형입니다."
    ]


def test_pieces_may_change_places() -> None:
    assert findings(check, ("From $a$ to $b$ with `c`.", "`c`로 $b$까지 $a$에서 갑니다.")) == []
