"""What checks find in a text is stored at the segment it stands in, whatever the checks cut the text into."""

from bot.editions.sheets import Place, Sheet, findings
from bot.translation.termbase import Termbase

LONG = (
    "The model has 7B parameters; it was trained on 40 accelerators. It was released in June.",
    "이 모델의 파라미터는 7B입니다. 이 모델은 가속기 90개에서 학습되었습니다. 6월에 공개되었습니다.",
)
SHORT = ("It runs on 12 machines.", "이 모델은 기계 13대에서 실행됩니다.")


def place(segment_id: int, pair: tuple[str, str]) -> Place:
    return Place(segment_id, segment_id, f"a{segment_id}", *pair, is_drafted=True, is_checked=False)


def test_findings_in_a_segment_of_several_clauses_keep_their_place() -> None:
    sheet = Sheet(1, 1, 1, {"abstract": (place(1, LONG), place(2, SHORT))})
    found = findings([sheet], Termbase([]), {})
    shown = {
        key: {LONG[1][f.start : f.end] if key == 1 else SHORT[1][f.start : f.end] for f in own}
        for key, own in found.items()
    }
    assert any("90" in text for text in shown[1])
    assert any("13" in text for text in shown[2])
