"""The shared test of a check: it proves a hit, a pass and an ignore, each with real parts."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from bot.translation.checks.base import Background, Check, Finding, Text
from bot.translation.checks.pairing import paired
from bot.translation.termbase import Termbase, read_rows


class CheckCase:
    """Subclass it as `TestX(CheckCase)` with the check and one example of each."""

    module: ModuleType
    """The module of the check."""
    hit: tuple[str, str]
    """English and Korean with a problem ..."""
    hit_at: str
    """... which lies in these letters of the Korean."""
    suggestion: str | None = None
    good: tuple[str, str]
    """The same without the problem."""
    ignored: tuple[str, str]
    """What looks like the problem and is none."""

    def test_hit(self) -> None:
        found = find(self.module.check, self.hit)
        assert [self.hit[1][one.start : one.end] for one in found] == [self.hit_at]
        assert found[0].suggestion == self.suggestion
        assert found[0].check == self.module.__name__.rpartition(".")[2]
        assert found[0].message.endswith(".")

    def test_good_passes(self) -> None:
        assert find(self.module.check, self.good) == []

    def test_similar_is_ignored(self) -> None:
        assert find(self.module.check, self.ignored) == []

    def test_nothing_to_say_without_text(self) -> None:
        assert find(self.module.check, ("", "")) == []
        assert find(self.module.check, (self.hit[0], "")) == []


def find(check: Check, pair: tuple[str, str], *others: tuple[str, str]) -> list[Finding]:
    """The findings in the first pair; the others are further texts of the same paper."""
    return find_in_paper(check, [pair, *others])[0]


def find_in_paper(check: Check, pairs: Sequence[tuple[str, str]]) -> list[list[Finding]]:
    """The findings in each text of a paper."""
    texts: list[Text] = [paired("abstract", english, korean) for english, korean in pairs]
    background = Background(termbase(), paper=texts)
    return [sorted(check(text, background), key=lambda found: found.start) for text in texts]


@cache
def termbase() -> Termbase:
    """A small termbase of its own, so that these tests do not change with the shipped one."""
    path = Path(__file__).with_name("terms.csv")
    return Termbase(read_rows(path.read_text(encoding="utf-8"), path.name))
