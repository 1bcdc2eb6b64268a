"""Korean words cut into morphemes by kiwipiepy, whose model loads at the first use, since it costs a second."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kiwipiepy import Kiwi


class Morpheme(NamedTuple):
    """One morpheme and where it stands in the text, end exclusive.

    `tag` is Kiwi's (https://github.com/bab2min/Kiwi#품사-태그): NNG noun, NNP proper noun, SL Latin letters,
    J* particles, E* endings, V* predicates; what follows a hyphen (`VV-I`) is left out.
    """

    form: str
    tag: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def morphemes(text: str) -> tuple[Morpheme, ...]:
    """The morphemes of `text` in reading order. Kept, since several checks look at the same sentence."""
    return tuple(
        Morpheme(token.form, token.tag.partition("-")[0], token.start, token.end) for token in _kiwi().tokenize(text)
    )


@cache
def _kiwi() -> "Kiwi":
    from kiwipiepy import Kiwi

    # Without the dictionary of encyclopedia titles it loads in one second instead of two and a half.
    return Kiwi(num_workers=1, load_multi_dict=False)
