"""Opaque tokens for what a translation must copy: formulas, code, addresses, citations and names.

The model gets `⟦1⟧` in the sentence and a table of what each token stands for, so that it can choose particles. What it
sends back is put together again here. A token that got lost is no reason to refuse an answer: the checks compare
formulas, addresses and names with the source and find what is missing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.translation.termbase import Kind, Termbase

_TOKEN = re.compile(r"⟦\s*(\d+)\s*⟧")
_COPIED = re.compile(
    r"""
      https?://[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]                       # an address, without the stop of its sentence
    | `[^`\n]+`                                                      # code
    | \$\$[^$]+\$\$ | \$(?!\s)[^$\n]{1,300}?(?<![\s\\])\$(?!\d)      # TeX; `$5 and $10` is none
    | \\\(.{1,300}?\\\) | \\\[.{1,300}?\\\]
    | \\(?:cite|citep|citet|ref|url|label)\{[^{}\n]*\}
    | </?[A-Za-z][\w-]{0,30}>                                        # a tag such as <think>
    | [A-Z][\w'-]+(?:\ (?:and|&)\ [A-Z][\w'-]+|\ et\ al\.),?\ \(?(?:19|20)\d\d[a-z]?\)?   # Ostrander et al. (2025)
    | \[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]                             # [12], [3, 4]
    """,
    re.VERBOSE,
)


class UnknownTokenError(ValueError):
    """A text has a token that was never given out."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Texts with tokens, same order as given; `originals` says by token what stood there."""

    texts: tuple[str, ...]
    originals: Mapping[str, str]

    def restored(self, text: str) -> str:
        """`text` with every token replaced by what it stands for.

        Raises:
            UnknownTokenError: a token is none of ours.
        """

        def original(match: re.Match[str]) -> str:
            token = f"⟦{match[1]}⟧"
            if token not in self.originals:
                raise UnknownTokenError(f"the token {token} was not in the request")
            return self.originals[token]

        return _TOKEN.sub(original, text) if self.originals else text

    def masked(self, text: str) -> str:
        """`text` with the originals replaced by their tokens, the longest first: for Korean that has them already."""
        for token, original in sorted(self.originals.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(original, token)
        return text


def protect(texts: Sequence[str], termbase: Termbase) -> Protected:
    """The texts with tokens in place of what must be copied, names of the termbase among it; same thing, same token.

    Texts that hold such brackets themselves are left as they are.
    """
    if any("⟦" in text or "⟧" in text for text in texts):
        return Protected(tuple(texts), {})
    tokens: dict[str, str] = {}
    masked = []
    for text in texts:
        pieces, end = [], 0
        for start, stop in _spans(text, termbase):
            original = text[start:stop]
            pieces += [text[end:start], tokens.setdefault(original, f"⟦{len(tokens) + 1}⟧")]
            end = stop
        masked.append("".join(pieces) + text[end:])
    return Protected(tuple(masked), {token: original for original, token in tokens.items()})


def _spans(text: str, termbase: Termbase) -> list[tuple[int, int]]:
    """What is copied, in order, without overlap; a formula or address wins over a name inside it."""
    copied = [match.span() for match in _COPIED.finditer(text)]
    names = [
        (mention.start, mention.end)
        for mention in termbase.mentions(text)
        if mention.term.kind is Kind.NAME and not mention.inner
    ]
    return sorted(copied + [(start, end) for start, end in names if not any(a < end and start < b for a, b in copied)])
