"""What every check reads and what it answers. A check is one file here with one function, `check`.

A check sees a whole text (a title, a description, an abstract, a talk's passage) cut into units, and may look at the
paper's other texts. It never changes anything: it yields findings, and says nothing where it is not sure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.translation.termbase import Termbase


class Severity(StrEnum):
    """MQM's levels: `critical` misleads readers, `major` hinders them, `minor` only annoys."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class Category(StrEnum):
    """The error types of MQM (https://themqm.org, core typology) that the checks and the judge use."""

    TERMINOLOGY = "terminology/wrong-term"
    INCONSISTENT = "terminology/inconsistent"
    MISTRANSLATION = "accuracy/mistranslation"
    NUMBER = "accuracy/number"
    NAME = "accuracy/name"
    ADDITION = "accuracy/addition"
    OMISSION = "accuracy/omission"
    UNTRANSLATED = "accuracy/untranslated"
    POLARITY = "accuracy/polarity"
    GRAMMAR = "fluency/grammar"
    PUNCTUATION = "fluency/punctuation"
    SPELLING = "fluency/spelling"
    REPETITION = "fluency/repetition"
    REGISTER = "style/register"
    AWKWARD = "style/awkward"
    MARKUP = "markup"


@dataclass(frozen=True, slots=True)
class Unit:
    """One English sentence and where its Korean stands in the text: `target[start:end]`.

    `source` is empty for Korean that no English sentence could be found for; `start == end` for English without Korean.
    """

    source: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its Korean. Units are in reading order, do not overlap and cover all of `target` but blanks."""

    field: str
    """`title`, `description`, `abstract`, `introduction` ...; `intro` of a pairs file is a description."""
    source: str
    """May be empty: then only what Korean alone shows can be found."""
    target: str
    units: tuple[Unit, ...]

    def target_of(self, unit: Unit) -> str:
        """The Korean of one unit."""
        return self.target[unit.start : unit.end]


@dataclass(frozen=True, slots=True)
class Background:
    """What a check may know besides the text: the terms, and the other texts of the same paper and edition."""

    termbase: "Termbase"
    paper: Sequence[Text] = field(default=())
    edition: Sequence[Text] = field(default=())


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem at `target[start:end]` of the whole text (end exclusive, never empty)."""

    start: int
    end: int
    check: str
    """The check's module name, e.g. `numbers`."""
    category: Category
    severity: Severity
    message: str
    """One Korean sentence for the moderator; it may quote both texts."""
    suggestion: str | None = None
    """What `target[start:end]` should be, particles adjusted; None where it is not certain."""


Check = Callable[[Text, Background], Iterator[Finding]]
