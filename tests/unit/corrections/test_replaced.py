"""A rule put to a sentence: its words change where they stand as words, particles fit, all else is as it was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.corrections.ripple import replaced
from bot.corrections.rule import Rule, rules
from bot.editions import markdown
from bot.languages.ko.hangul import is_korean
from bot.languages.ko.renderings import Renderings
from bot.translation.termbase import Termbase

PARTICLES = {"topic": ("은", "는"), "subject": ("이", "가"), "object": ("을", "를"), "means": ("으로", "로")}
OLD = ("퍼플렉서티", "확산 모형", "구배값", "프롬프트", "공구", "침대", "분유기", "어텐숀")
NEW = (
    "혼란도",
    "디퓨전 모델",
    "변화도",
    "입력문",
    "도구",
    "CoT",
    "분류기",
    "어텐션",
    "정렬",
    "손실",
    "토큰",
    "별",
    "LLM",
)
AROUND = (
    "이 방법은",
    "높은 정확도를",
    "보입니다.",
    "논문에서",
    "(그림 2)",
    "GPT-4보다",
    "세 배",
    "‘새로운’",
    "10%",
    "결과가",
)


def ending(word: str) -> int:
    """The final consonant of the last syllable as Unicode numbers them: 0 none, 8 is ㄹ; Latin as it is read."""
    if word in ("CoT", "LLM"):
        return 0 if word == "CoT" else 16
    return (ord(word[-1]) - 0xAC00) % 28


def right(word: str, kind: str) -> str:
    after_consonant, after_vowel = PARTICLES[kind]
    is_open = ending(word) == 0 or (kind == "means" and ending(word) == 8)
    return after_vowel if is_open else after_consonant


_words = st.lists(st.sampled_from(AROUND), max_size=5).map(" ".join)
_kinds = st.sampled_from(sorted(PARTICLES))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OLD), st.sampled_from(NEW), st.lists(st.tuples(_words, _kinds), min_size=1, max_size=3), _words)
def test_every_place_has_the_new_words_with_fitting_particles_and_nothing_else_changes(
    old: str, new: str, places: list[tuple[str, str]], end: str
) -> None:
    before, after = "", ""
    for around, kind in places:
        before += f"{around} {old}{right(old, kind)} "
        after += f"{around} {new}{right(new, kind)} "
    assert replaced(before + end, Rule(old, new), Renderings([old]), is_markdown=False) == after + end


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(OLD), st.sampled_from(NEW), _words, _kinds, st.sampled_from(["초", "비", "대"]))
def test_other_words_that_hold_the_old_ones_are_left_alone(
    old: str, new: str, around: str, kind: str, first: str
) -> None:
    sentence = f"{around} {first}{old}{right(old, kind)} {around}"
    assert replaced(sentence, Rule(old, new), Renderings([old]), is_markdown=False) == sentence


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(OLD), st.sampled_from(NEW), _words, _words, _kinds)
def test_what_one_correction_teaches_mends_its_own_sentence(
    old: str, new: str, around: str, end: str, kind: str
) -> None:
    before = f"{around} {old}{right(old, kind)} {end} 보입니다.".strip()
    after = f"{around} {new}{right(new, kind)} {end} 보입니다.".strip()
    (rule,) = rules("It shows an effect.", before, after, Termbase([]))
    assert replaced(before, rule, Renderings([rule.old]), is_markdown=False) == after


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.sampled_from(OLD), st.text(max_size=60))
def test_any_text_around_stays_letter_by_letter(left: str, old: str, right_side: str) -> None:
    sentence = f"{left} {old} {right_side}"
    changed = replaced(sentence, Rule(old, "혼란도"), Renderings([old]), is_markdown=False)
    if old not in left and old not in right_side and not is_korean(right_side[:1]):
        assert changed.startswith(f"{left} ")
        assert changed.endswith(f" {right_side}")


def test_words_in_markdown_come_as_characters() -> None:
    sentence = "**중요한** 침대는 [여기](https://lab.example/bed)에 있습니다."
    changed = replaced(sentence, Rule("침대", "*CoT*"), Renderings(["침대"]), is_markdown=True)
    assert changed == sentence.replace("침대", markdown.escape_inline("*CoT*"))


def test_links_lead_where_they_led() -> None:
    for sentence in ("GPT는 [여기](https://lab.example/GPT)에 있습니다.", "GPT는 https://lab.example/GPT 에 있습니다."):
        assert replaced(sentence, Rule("GPT", "LLM"), Renderings(["GPT"]), is_markdown=True) == sentence
