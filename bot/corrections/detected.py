"""What was found in a comment, as a value, and how a change of words becomes a change of a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.corrections import locate
from bot.corrections.article import Sentence
from bot.corrections.folding import key
from bot.corrections.locate import Place
from bot.languages.ko import particles

Kind = Literal["correction", "report", "term", "question", "thanks", "other", "unclear"]


NEW_WORDING_PCT = 45
"""Likeness from which a text beside a sentence that was pointed at is its new wording."""
LONGEST_REASON = 500
"""Characters of the comment that are kept beside what was found."""


@dataclass(frozen=True, slots=True)
class Detected:
    """One thing a comment says.

    Attributes:
        sentence: where it belongs; None if that is open or there is no place.
        start: where `old` begins in the sentence.
        old: the text to be replaced as it stands in the article: the words, or the whole sentence. Of a term proposal,
            the term.
        new: what is to stand there; None if the reader gave no wording.
        method: how it was found: `quote`, `arrow`, `pair`, `before_after`, `substitution`, `position`, `typo`, `word`,
            `rewrite`; `words` for what is told by the kind of words alone.
        reason: what the reader said to it.
        candidates: keys of the sentences that may be meant, where it is unclear.
    """

    kind: Kind
    method: str
    sentence: Sentence | None = None
    start: int = 0
    old: str | None = None
    new: str | None = None
    reason: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def result(self) -> str | None:
        """The whole sentence as it would be."""
        if self.sentence is None or self.old is None or self.new is None:
            return None
        text = self.sentence.text
        return text[: self.start] + self.new + text[self.start + len(self.old) :]


def reason(said: str) -> str:
    """What the reader said, on one line and not too long."""
    return " ".join(said.split())[:LONGEST_REASON]


def sentences_of(places: Sequence[Place]) -> list[Sentence]:
    """The sentences that the places are in, each once."""
    return list({place.sentence.key: place.sentence for place in places}.values())


def are_alike(old: str, new: str) -> bool:
    """Whether one is a correction of the other by its looks: a letter or two, or a word of several."""
    if locate.likeness(old, new) >= 0.55:
        return True
    shared = {key(word) for word in old.split()} & {key(word) for word in new.split()}
    return any(len(word) >= 2 for word in shared)


def correction(places: Sequence[Place], new: str, method: str, said: str) -> Detected:
    """The change as the smallest stretch of its sentence, with the particle after it if that has to change too."""
    sentence = places[0].sentence
    text = sentence.text
    if len(places) > 1:
        result = text
        for place in sorted(places, key=lambda p: -p.start):
            result = particles.replace(result, place.start, place.end, _without_particle(new, text, place))
        return Detected("correction", method, sentence, 0, text, result, reason(said))
    place = places[0]
    new = _without_particle(new, text, place)
    result = particles.replace(text, place.start, place.end, new)
    end = place.end
    while end < len(text) and not result.endswith(text[end:]):
        end += 1
    changed = result[place.start : len(result) - (len(text) - end)]
    return Detected("correction", method, sentence, place.start, text[place.start : end], changed, reason(said))


def _without_particle(new: str, text: str, place: Place) -> str:
    """The new words without a particle of their own where the text has one."""
    following = particles.particle_at(text, place.end)
    pair = particles.pair_of(following.form) if following else None
    if pair is None or len(key(new)) < 3:
        return new
    own = next((form for form in sorted(pair, key=len, reverse=True) if new.endswith(form)), None)
    fits = own is not None and particles.adjust(new.removesuffix(own), own) == own
    return new.removesuffix(own) if own is not None and fits and new[-len(own) - 1].isalnum() else new


def report(sentence: Sentence, method: str, said: str) -> Detected:
    """A sentence that is called wrong, without another wording."""
    return Detected("report", method, sentence, 0, sentence.text, None, reason(said))
