"""Pairs of sentences with numbers in every form, whose truth is known because they are made, right or wrong on purpose.

The Korean is written by this file's own small rules, so that the code under test is never its own judge.
"""

import random
from collections.abc import Callable
from typing import NamedTuple


class Pair(NamedTuple):
    form: str
    source: str
    target: str
    is_right: bool


Made = tuple[str, str, list[str]]
"""English, right Korean, wrong Korean."""

_NATIVE = {2: "두", 3: "세", 4: "네", 5: "다섯", 6: "여섯", 7: "일곱", 8: "여덟", 9: "아홉", 10: "열"}
_NATIVE_NOUN = {2: "둘", 3: "셋", 4: "넷"}
_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}
_MONTHS = "January February March April June July August September October November December".split()  # noqa: SIM905
_VAGUE = {
    "hundreds": "수백", "thousands": "수천", "tens of thousands": "수만", "hundreds of thousands": "수십만",
    "millions": "수백만", "tens of millions": "수천만", "hundreds of millions": "수억", "billions": "수십억",
    "tens of billions": "수백억", "hundreds of billions": "수천억", "trillions": "수조",
}  # fmt: skip


def counted(value: int) -> str:
    """1234567 as 123만 4,567."""
    if value < 10_000:
        return f"{value:,}"
    parts = [
        f"{value // 10**e % 10**4:,}{sign}" for e, sign in ((12, "조"), (8, "억"), (4, "만")) if value // 10**e % 10**4
    ]
    return " ".join([*parts, *([f"{value % 10**4:,}"] if value % 10**4 else [])])


def _wrong_values(rng: random.Random, value: int) -> list[int]:
    return [value * 10, value // 10 if value % 10 == 0 and value > 10 else value * 100, value + max(1, value // 3)]


def _magnitude(rng: random.Random) -> Made:
    size = rng.choice([10**3, 10**6, 10**9, 10**12])
    tenths = rng.choice([rng.randint(2, 99) * 10, rng.randint(11, 99)])
    value = tenths * size // 10
    digits = f"{tenths / 10:g}"
    word = {10**3: "thousand", 10**6: "million", 10**9: "billion", 10**12: "trillion"}[size]
    letter = {10**3: "K", 10**6: "M", 10**9: "B", 10**12: "T"}[size]
    english = rng.choice([f"{digits} {word}", f"{digits}{letter}", f"{value:,}", f"{digits}-{word}"])
    noun = rng.choice([("tokens", "개의 토큰"), ("samples", "개의 샘플"), ("images", "장의 이미지")])
    korean = [f"{counted(wrong)}{noun[1]}" for wrong in _wrong_values(rng, value)]
    right = rng.choice([counted(value), f"{value:,}"])
    return f"{english} {noun[0]}", right + noun[1], korean


def _plain(rng: random.Random) -> Made:
    value = rng.randint(11, 9_999)
    english = rng.choice([f"{value:,}", str(value)])
    return f"{english} tasks", f"{value:,}개의 과제", [f"{value + 1:,}개의 과제", f"{value * 10:,}개의 과제"]


def _vague(rng: random.Random) -> Made:
    english, korean = rng.choice(list(_VAGUE.items()))
    wrong = [other for other in _VAGUE.values() if other != korean]
    return f"{english} of pages", f"{korean} 개의 문서", [f"{rng.choice(wrong)} 개의 문서"]


def _times(rng: random.Random) -> Made:
    value = rng.choice([str(rng.randint(2, 90)), f"{rng.randint(11, 95) / 10:g}"])
    english = rng.choice(["{}x", "{}×", "{}X", "{} times", "{}-fold", "$ {}\\times$".replace(" ", "")]).format(value)
    wrong = [f"{float(value) + 1:g}배", f"{float(value) * 10:g}배", f"{value}%"]
    return f"a gain of {english}", f"{value}배의 이득", [f"{korean}의 이득" for korean in wrong]


def _times_range(rng: random.Random) -> Made:
    low = rng.randint(2, 8)
    high = low + rng.randint(1, 30)
    english = rng.choice([f"{low}-{high}x", f"{low}–{high}×", f"{low}x to {high}x", f"{low} to {high} times"])
    korean = rng.choice([f"{low}~{high}배", f"{low}배에서 {high}배", f"{low}배~{high}배"])
    return (
        f"a speedup of {english}",
        f"{korean} 빠른 속도",
        [f"{low}~{high + 7}배 빠른 속도", f"{low * 10}~{high}배 빠른 속도"],
    )


def _percent(rng: random.Random) -> Made:
    value = rng.choice([str(rng.randint(11, 99)), f"{rng.randint(101, 999) / 10:g}", f"0.{rng.randint(1, 9)}"])
    english = rng.choice(["{}%", "{} percent", "{} per cent", "{}\\%", "${}\\%$"]).format(value)
    wrong = [f"{float(value) + 3:g}%", f"{value}%p", f"{value}배"]
    return f"an accuracy of {english}", f"{value}%의 정확도", [f"{korean}의 정확도" for korean in wrong]


def _percent_range(rng: random.Random) -> Made:
    low = rng.randint(3, 40)
    high = low + rng.randint(2, 50)
    english = rng.choice([f"{low}-{high}%", f"{low}% to {high}%", f"{low}%–{high}%", f"between {low}% and {high}%"])
    korean = rng.choice([f"{low}~{high}%", f"{low}%에서 {high}% 사이", f"{low}%~{high}%"])
    return f"savings of {english}", f"{korean}의 절감", [f"{low}~{high + 1}%의 절감", f"{low + high}~{high}%의 절감"]


def _points(rng: random.Random) -> Made:
    value = rng.choice([str(rng.randint(2, 40)), f"{rng.randint(11, 99) / 10:g}"])
    if rng.random() < 0.5:
        english = rng.choice(["{} percentage points", "{}% points", "{} pp"]).format(value)
        return f"a lead of {english}", f"{value}%p의 우위", [f"{value}%의 우위", f"{float(value) + 2:g}%p의 우위"]
    right = rng.choice([f"{value}점", f"{value}포인트", f"{value}%p"])
    return f"a lead of {value} points", f"{right}의 우위", [f"{value}%의 우위", f"{float(value) + 2:g}점의 우위"]


def _word(rng: random.Random) -> Made:
    value, word = rng.choice(list(_WORDS.items()))
    other = rng.choice([n for n in _NATIVE if n != value])
    english = word if rng.random() < 0.8 or value != 2 else "both"
    right = rng.choice([f"{_NATIVE[value]} 가지 방법", f"{value}가지 방법", f"{_NATIVE[value]} 개의 방법"])
    if english == "both":
        return "both methods", rng.choice(["두 방법 모두", "둘 다", "양쪽 방법"]), []
    return f"{english} methods", right, [f"{_NATIVE[other]} 가지 방법", f"{other}가지 방법"]


def _noun_word(rng: random.Random) -> Made:
    value = rng.choice(list(_NATIVE_NOUN))
    other = rng.choice([n for n in _NATIVE_NOUN if n != value])
    return f"the other {_WORDS[value]}", f"나머지 {_NATIVE_NOUN[value]}", [f"나머지 {_NATIVE_NOUN[other]}"]


def _digit(rng: random.Random) -> Made:
    value = rng.choice(list(_WORDS))
    other = rng.choice([n for n in _NATIVE if n != value])
    right = rng.choice([f"{value}개의 벤치마크", f"{_NATIVE[value]} 개의 벤치마크"])
    return f"{value} benchmarks", right, [f"{_NATIVE[other]} 개의 벤치마크", f"{other}개의 벤치마크"]


def _dozen(rng: random.Random) -> Made:
    count, word = rng.choice([(12, "a dozen"), (24, "two dozen"), (36, "three dozen")])
    right = "열두 개의 모델" if count == 12 and rng.random() < 0.5 else f"{count}개의 모델"
    return f"{word} models", right, ["열 개의 모델", f"{count + 12}개의 모델", "20개의 모델"]


def _fraction(rng: random.Random) -> Made:
    name, lower = rng.choice([("third", 3), ("quarter", 4), ("fifth", 5), ("tenth", 10)])
    upper = rng.randint(1, min(lower - 1, 4))
    numeral = "one" if upper == 1 else _WORDS[upper]
    english = f"{numeral}{rng.choice(' -')}{name}{'' if upper == 1 else 's'}"
    right = rng.choice([f"{lower}분의 {upper}", f"{upper}/{lower}"])
    if rng.random() < 0.2:
        return "half of the data", rng.choice(["데이터의 절반", "데이터의 1/2", "데이터의 50%"]), []
    wrong = [f"{lower + 1}분의 {upper}", f"{lower}배", f"{lower}분의 {lower * 2}"]
    return f"{english} of the data", f"데이터의 {right}", [f"데이터의 {korean}" for korean in wrong]


def _smaller(rng: random.Random) -> Made:
    value = rng.randint(2, 12)
    english = f"a {value}x smaller model"
    right = rng.choice([f"크기가 {value}분의 1인 모델", f"{value}배 작은 모델"])
    return english, right, [f"크기가 {value + 1}분의 1인 모델", f"{value * 10}배 작은 모델"]


def _ordinal(rng: random.Random) -> Made:
    value, word = rng.choice(list(_ORDINALS.items()))
    other = rng.choice([n for n in _ORDINALS if n != value])
    english = rng.choice([word, {2: "2nd", 3: "3rd"}.get(value, f"{value}th")])
    right = rng.choice([f"{_NATIVE[value]} 번째", f"{value}번째"])
    return f"the {english} layer", f"{right} 층", [f"{_NATIVE[other]} 번째 층", f"{other}번째 층"]


def _date(rng: random.Random) -> Made:
    month, year, day = rng.randrange(len(_MONTHS)), rng.randint(1995, 2030), rng.randint(1, 28)
    number = month + 1 if month < 4 else month + 2
    if rng.random() < 0.5:
        english, right = f"{_MONTHS[month]} {year}", f"{year}년 {number}월"
        return english, right, [f"{year + 1}년 {number}월", f"{year}년 {number % 12 + 1}월"]
    english, right = f"{_MONTHS[month]} {day}, {year}", f"{year}년 {number}월 {day}일"
    return english, right, [f"{year}년 {number}월 {day + 29}일", f"{year - 10}년 {number}월 {day}일"]


def _decade(rng: random.Random) -> Made:
    year = rng.choice([1950, 1960, 1970, 1980, 1990, 2010])
    return f"the {year}s", f"{year}년대", [f"{year + 10}년대"]


def _power(rng: random.Random) -> Made:
    exponent = rng.randint(4, 12)
    english = rng.choice(["10^{}", "$10^{{{}}}$", "1e{}"]).format(exponent)
    right = rng.choice([f"10^{exponent}", counted(10**exponent)])
    return f"{english} steps", f"{right} 스텝", [f"10^{exponent + 1} 스텝", f"{counted(10 ** (exponent - 1))} 스텝"]


def _small_power(rng: random.Random) -> Made:
    factor, exponent = rng.randint(2, 9), rng.randint(3, 6)
    english = rng.choice([f"{factor}e-{exponent}", f"{factor}×10^-{exponent}", f"${factor}\\times 10^{{-{exponent}}}$"])
    right = rng.choice([f"{factor}e-{exponent}", f"{factor}×10^-{exponent}"])
    return (
        f"a learning rate of {english}",
        f"학습률 {right}",
        [f"학습률 {factor}e-{exponent + 1}", f"학습률 {factor + 1}e-{exponent}"],
    )


def _size(rng: random.Random) -> Made:
    value = rng.choice([1, 3, 7, 8, 13, 34, 65, 70, 175, 405])
    kept, converted = f"{value}B 모델", f"매개변수가 {counted(value * 10**9)} 개인 모델"
    return f"a {value}B model", rng.choice([kept, converted]), [f"{value + 1}B 모델", f"매개변수가 {value}억 개인 모델"]


def _money(rng: random.Random) -> Made:
    value = rng.randint(2, 900)
    return f"${value}K", f"{counted(value * 1000)}달러", [f"{counted(value * 10000)}달러", f"{value}달러"]


def _decimal(rng: random.Random) -> Made:
    value = f"{rng.randint(0, 9)}.{rng.randint(1, 99):02d}"
    return (
        f"a loss of {value}",
        f"{value}의 손실",
        [f"{float(value) + 0.1:.2f}의 손실", f"{float(value) * 10:g}의 손실"],
    )


def _unit(rng: random.Random) -> Made:
    value = rng.randint(2, 640)
    english, right = rng.choice(
        [("{}GB", "{}GB"), ("{} GB", "{}GB"), ("{}ms", "{}ms"), ("{} hours", "{}시간"), ("{}W", "{}W")]
    )
    return english.format(value), right.format(value), [right.format(value + 11), right.format(value * 10)]


def _at_least(rng: random.Random) -> Made:
    value = rng.randint(11, 99)
    if rng.random() < 0.5:
        english = rng.choice(["at least", "more than", "no fewer than"])
        return (
            f"{english} {value} papers",
            f"{value}편 이상의 논문",
            [f"{value}편 이하의 논문", f"최대 {value}편의 논문"],
        )
    english = rng.choice(["at most", "fewer than", "no more than", "up to"])
    right = rng.choice([f"최대 {value}편의 논문", f"{value}편 이하의 논문"])
    return f"{english} {value} papers", right, [f"{value}편 이상의 논문", f"최소 {value}편의 논문"]


def _change(rng: random.Random) -> Made:
    value = rng.randint(11, 90)
    if rng.random() < 0.5:
        english, wrong = f"reducing memory by {value}%", [f"메모리를 {value}%로 줄여", f"메모리가 {value}%로 감소하여"]
        return english, rng.choice([f"메모리를 {value}% 줄여", f"메모리를 {value}%만큼 줄여"]), wrong
    return (
        f"reducing memory to {value}%",
        f"메모리를 {value}%로 줄여",
        [f"메모리를 {value}% 줄여", f"메모리를 {value}%만큼 줄여"],
    )


def _from_to(rng: random.Random) -> Made:
    low = rng.randint(11, 40)
    high = low + rng.randint(5, 50)
    first, second = rng.choice([(low, high), (high, low)])
    sign = rng.choice(["%", ""])
    wrong = [
        f"점수가 {second}{sign}에서 {first}{sign}로 바뀌어",
        f"점수가 {first}{sign}에서 {second + 90}{sign}로 바뀌어",
    ]
    right = f"점수가 {first}{sign}에서 {second}{sign}로 바뀌어"
    return f"with scores changing from {first}{sign} to {second}{sign}", right, wrong


FORMS: dict[str, Callable[[random.Random], Made]] = {
    maker.__name__.removeprefix("_"): maker
    for maker in (
        *(
            _magnitude,
            _plain,
            _vague,
            _times,
            _times_range,
            _percent,
            _percent_range,
            _points,
            _word,
            _noun_word,
            _digit,
        ),
        *(_dozen, _fraction, _smaller, _ordinal, _date, _decade, _power, _small_power, _size, _money, _decimal, _unit),
        *(_at_least, _change, _from_to),
    )
}
_FRAMES = [
    ("We report {} in this setting.", "이 설정에서 {}에 대해 보고합니다."),
    ("Compared with GPT-4, our method shows {} on CIFAR-10.", "GPT-4와 비교하여 CIFAR-10에서 {}을 보입니다."),
    (
        "The results, {}, hold for Llama 3 on H100 GPUs.",
        "이 결과, 즉 {}은 H100 GPU에서 실행한 Llama 3에서도 유지됩니다.",
    ),
    ("{} is what the k-sparse variant needs.", "{}은 k-sparse 변형에 필요한 것입니다."),
    ("First, we describe {}, which the state-of-the-art T5 lacks.", "먼저 최신 모델인 T5에는 없는 {}을 설명합니다."),
]


def pairs(count: int, seed: int) -> list[Pair]:
    """`count` pairs over all forms in turn, about half of them wrong."""
    rng = random.Random(seed)
    made: list[Pair] = []
    for number in range(count):
        form, maker = list(FORMS.items())[number % len(FORMS)]
        source, right, wrong = maker(rng)
        frame, korean_frame = rng.choice(_FRAMES)
        spoiled = [
            *wrong,
            *([rng.choice(["그 내용", "이 수치"])] if form not in _MAY_GO and rng.random() < 0.2 else []),
        ]
        is_right = not spoiled or rng.random() < 0.5
        target = right if is_right else rng.choice(spoiled)
        made.append(Pair(form, frame.format(source), korean_frame.format(target), is_right))
    return made


_MAY_GO = {"word", "noun_word", "ordinal", "fraction", "dozen", "vague"}
"""Forms in words, which may go without a number in Korean (`둘 다` and `모두`)."""
