"""Faults of machine translation, put into good Korean one at a time: how much of each kind the checks find.

`python -m tests.unit.checks.faults KIND FILE...` prints a table, with further good pairs from files of JSON lines with
`en` and `ko`, and the faults of one kind that stay unfound.
"""

import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bot.languages.ko import sentences
from bot.languages.ko.particles import with_particle
from bot.translation.checks.base import Finding
from bot.translation.checks.pairing import paired
from bot.translation.checks.run import find_all
from bot.translation.termbase import shipped

HERE = Path(__file__).parent
WEEK = HERE.parents[2] / "bot" / "sandbox" / "sample" / "week.jsonl"
Spoil = Callable[[str], Iterable[str]]


class Fault(NamedTuple):
    """A good pair and what became of its Korean."""

    kind: str
    english: str
    good: str
    bad: str


def good_pairs(extra: Iterable[Path] = ()) -> list[tuple[str, str]]:
    """English and Korean of the sample week, of the clean texts of these tests and of further files."""
    pairs: list[tuple[str, str]] = []
    for path in (HERE / "clean_form.jsonl", HERE / "clean_texts.jsonl", *extra):
        pairs += [(row["en"], row["ko"]) for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())]
    for line in WEEK.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pairs += [(row[field]["en"], row[field]["ko"]) for field in ("intro", "abstract") if row.get(field)]
    return pairs


def _replaced(*rules: tuple[str, str]) -> Spoil:
    """One version for each place where a pattern stands."""

    def spoil(korean: str) -> Iterator[str]:
        for pattern, new in rules:
            for match in re.finditer(pattern, korean):
                yield korean[: match.start()] + match.expand(new) + korean[match.end() :]

    return spoil


def _swapped(*pairs: str) -> Spoil:
    both = [pair.split("/") for pair in pairs]
    return _replaced(*((one, other) for one, other in both), *((other, one) for one, other in both))


def _without_sentence(korean: str) -> Iterator[str]:
    for line in korean.splitlines():
        spans = sentences.split(line)
        for start, end in spans if len(spans) > 1 else ():
            if end - start > 20:
                yield korean.replace(line, (line[:start] + line[end:]).strip().replace("  ", " "))


def _without_clause(korean: str) -> Iterator[str]:
    for match in re.finditer(r"(?<=[,.] )[^,.()]{18,80}(?:[고며만서]|하여|도록), ", korean):
        yield korean[: match.start()] + korean[match.end() :]
    for match in re.finditer(r"(?:(?<=\. )|^)[^,.()]{18,80}(?:[고며만서]|하여|도록), ", korean):
        yield korean[: match.start()] + korean[match.end() :]


def _doubled_word(korean: str) -> Iterator[str]:
    for match in re.finditer(r"(?<![가-힣])([가-힣]{2,}) ([가-힣]{2,}) ([가-힣]{2,})(?![가-힣])", korean):
        yield korean[: match.start()] + f"{match[1]} {match[2]} {match[1]} {match[3]}" + korean[match.end() :]


def _other_speaker(korean: str) -> Iterator[str]:
    for speaker in ("유니티", "당사", "우리 회사", "위키", "웨이모", "위챗", "구글", "아우어스"):
        for match in re.finditer(r"저희(는|가)(?![가-힣])", korean):
            yield korean[: match.start()] + with_particle(speaker, match[1]) + korean[match.end() :]


def _plain_ending(korean: str) -> Iterator[str]:
    yield from _replaced((r"합니다\.", "한다."), (r"됩니다\.", "된다."), (r"입니다\.", "이다."))(korean)


def _other_letters(korean: str) -> Iterator[str]:
    """An acronym with two letters changed about, or one changed."""
    for match in re.finditer(r"(?<![A-Za-z\d-])[A-Z]{3,6}(?![A-Za-z\d-])", korean):
        word = match.group()
        for new in (word[:-2] + word[-1] + word[-2], word[:-1] + ("K" if word[-1] != "K" else "P"), word[:-1]):
            if new != word:
                yield korean[: match.start()] + new + korean[match.end() :]


def _other_number(korean: str) -> Iterator[str]:
    for match in re.finditer(r"(?<![A-Za-z\d.,-])\d+(?:\.\d+)?(?![A-Za-z\d])", korean):
        for new in (str(int(match.group()[0]) % 9 + 1) + match.group()[1:], ""):
            yield korean[: match.start()] + new + korean[match.end() :]


NAMES = {
    "Tidewater": "타이드워터",
    "Murmuration": "머머레이션",
    "Kestrel": "케스트렐",
    "NorthStar": "노스스타",
    "Vega": "베가",
    "Self-Discover": "셀프 디스커버",
    "Kolmogorov-Arnold": "콜모고로프-아놀드",
    "TestGen-LLM": "테스트젠-LLM",
    "JetMoE": "제트모이",
    "ALOHA": "알로하",
    "Instagram": "인스타그램",
    "Bard": "바드",
    "Audio2Video": "오디오투비디오",
    "Mystery Blocksworld": "미스터리 블록스월드",
    "BigBench-Hard": "빅벤치-하드",
    "Mixture-of-Transformers": "믹스처 오브 트랜스포머",
    "DreamPaint": "드림페인트",
    "Spider": "스파이더",
    "TruthfulQA": "트루스풀QA",
    "NestedUNet": "네스티드유넷",
    "Tencent": "텐센트",
    "Leaderboard": "리더보드",
}


def _in_hangul(korean: str) -> Iterator[str]:
    for name, hangul in NAMES.items():
        for match in re.finditer(rf"(?<![A-Za-z-]){name}(?![a-zA-Z])", korean):
            yield korean[: match.start()] + hangul + korean[match.end() :]


def _sides_swapped(korean: str) -> Iterator[str]:
    for match in re.finditer(
        r"(?<![가-힣A-Za-z])([가-힣A-Za-z0-9-]+(?: [가-힣A-Za-z0-9-]+)?) 대신 ([가-힣A-Za-z0-9-]+)(을|를|"
        r"에|이|가|로|으로)(?![가-힣])",
        korean,
    ):
        yield korean[: match.start()] + f"{match[2]} 대신 {with_particle(match[1], match[3])}" + korean[match.end() :]
    for match in re.finditer(
        r"(?<![가-힣A-Za-z])([A-Za-z0-9-]+)(은|는|이|가) ([^,.]{0,30}?)([A-Za-z0-9-]+)(보다|[을를](?= 능가))", korean
    ):
        new = with_particle(match[4], match[2]) + f" {match[3]}" + with_particle(match[1], match[5])
        yield korean[: match.start()] + new + korean[match.end() :]


KINDS: dict[str, Spoil] = {
    "negation": _replaced(
        (r"하지 않습니다", "합니다"),
        (r"되지 않습니다", "됩니다"),
        (r"지 않고도?(?= )", "고"),
        (r"하지 않(?:는|은)(?= )", "하는"),
        (r"하지 않으면서(?:도)?", "하면서"),
        (r"하지 않으며", "하며"),
        (r"하지 않지만", "하지만"),
        (r"([가-힣]) 없이도?(?= )", r"\1 방식으로"),
        (r" 없이도?(?= )", "으로"),
        (r"수(는|가|도)? 없", r"수\1 있"),
        (r"하지 못(?:했|합|하)", "하"),
        (r"지(는|도)? 못합니다", r"습니다"),
        (r"필요 없", "필요"),
        (r"(?<=[가-힣])(?:이|가) 아니라", "이며"),
        (r"(?<=[가-힣])(?:은|는|이|가) 아닙니다", "입니다"),
        (r"없습니다", "있습니다"),
        (r"없(?=[는으다어지])", "있"),
        (r"실패", "성공"),
        (r"불필요한", "필요한"),
        (r"불가능", "가능"),
    ),
    "direction": _swapped(
        "증가/감소",
        "늘어/줄어",
        "늘리/줄이",
        "늘립/줄입",
        "늘려/줄여",
        "늘릴/줄일",
        "높이/낮추",
        "높입/낮춥",
        "높아/낮아",
        "높은/낮은",
        "높습/낮습",
        "더 많/더 적",
        "많은/적은",
        "빠르/느리",
        "빠른/느린",
        "빨라/느려",
        "개선/악화",
        "향상/저하",
        "상승/하락",
        "커지/작아지",
        "커질/작아질",
        "더 큰/더 작은",
        "더 긴/더 짧은",
        "강화/약화",
        "더 적게/더 많이",
        "덜 /더 ",
        "우수한/열등한",
    ),
    "bound": _swapped(
        "이상/이하",
        "최대/최소",
        "초과/미만",
        "이전에/이후에",
        "하기 전에/한 후에",
        "기 전/은 뒤",
        "넘는/못 되는",
        "넘게/못 되게",
    ),
    "outdone": _replaced(
        (r"[을를] 능가합니다", "에 뒤처집니다"),
        (r"[을를] 능가하", "에 뒤처지"),
        (r"보다 (?:뛰어난|우수한|나은)", "보다 떨어지는"),
        (r"앞섭니다", "뒤처집니다"),
        (r"앞서", "뒤처지"),
        (r"뒤처집니다", "앞섭니다"),
        (r"뒤처지", "앞서"),
        (r"뛰어넘", "밑도"),
        (r"더 (?:좋|나은|낫)", "더 나쁘"),
    ),
    "sides": _sides_swapped,
    "sentence": _without_sentence,
    "clause": _without_clause,
    "particle doubled": _replaced((r"(?<=[가-힣]{2})(을|를|은|는|에서|에|와|으로|까지|부터|도)(?= )", r"\1\1")),
    "particles clash": _replaced(
        (r"(?<=[가-힣]{2})을(?= )", "을를"),
        (r"(?<=[가-힣]{2})의(?= )", "의를"),
        (r"(?<=[가-힣]{2})이(?= )", "이가"),
        (r"(?<=[가-힣]{2})를(?= )", "를는"),
        (r"(?<=[가-힣]{2})에(?= )", "에를"),
    ),
    "word doubled": _replaced((r"(?<![가-힣])([가-힣]{2,})(?= )", r"\1 \1")),
    "noun again": _doubled_word,
    "two objects": _replaced(
        (r"(?<=[가-힣])(?:에|에게|에서|으로|로)(?= [가-힣]+[을를] [가-힣]+)", "을"),
        (r"(?<=[가-힣])의(?= [가-힣]+[을를] [가-힣]+)", "을"),
    ),
    "metric": _replaced((r"(?<=[A-Za-z])(?:으로|로)(?= (?:측정|평가|잰))", "에서")),
    "speaker": _other_speaker,
    "register": _plain_ending,
    "question": _replaced(
        (r"할까요\?", "하는가?"), (r"될까요\?", "되는가?"), (r"일까요\?", "인가?"), (r"는가\?", "을까요?")
    ),
    "name in hangul": _in_hangul,
    "acronym": _other_letters,
    "number": _other_number,
}


def faults(pairs: Iterable[tuple[str, str]], most: int = 60) -> Iterator[Fault]:
    """At most so many faults of each kind, chosen the same way every time."""
    pairs = list(pairs)
    for kind, spoil in KINDS.items():
        made = [
            Fault(kind, english, good, bad)
            for english, good in pairs
            for bad in dict.fromkeys(spoil(good))
            if bad != good and bad
        ]
        random.Random(kind).shuffle(made)
        yield from made[:most]


def _found(english: str, korean: str) -> list[Finding]:
    return find_all([paired("abstract", english, korean)], shipped())[0]


def is_found(fault: Fault) -> bool:
    """Whether the checks say more of the bad Korean than of the good."""
    known = {(one.check, one.message) for one in _found(fault.english, fault.good)}
    return any((one.check, one.message) not in known for one in _found(fault.english, fault.bad))


def _print_table(extra: list[Path], missed: str) -> None:
    counted: dict[str, list[bool]] = {}
    for fault in faults(good_pairs(extra)):
        hit = is_found(fault)
        counted.setdefault(fault.kind, []).append(hit)
        if not hit and fault.kind == missed:
            sys.stdout.write(f"- {fault.english}\n  {fault.bad}\n\n")
    for kind, hits in counted.items():
        sys.stdout.write(f"{kind:18} {sum(hits):3} of {len(hits):3}\n")


if __name__ == "__main__":
    _print_table([Path(name) for name in sys.argv[1:] if name.endswith(".jsonl")], sys.argv[1])
