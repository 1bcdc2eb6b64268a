"""What a reader's wording may change: the words of one sentence, and nothing else.

Whatever passes here is stored as plain text and escaped wherever it is shown; this check keeps out what would look like
markup, a link or a call to somebody even so.
"""

import re
import unicodedata

from bot.languages.ko import corrections as words

LONGEST_FACTOR, LONGEST_MORE = 2, 80
"""A new sentence has at most so many times the characters of the old one, and so many more."""

_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:(?://)?\S)|(?:\bwww\.\S)|(?:\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|kr|me|ly|ai|dev|app|gg|to|co|xyz)\b)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w.])[@＠][\w.-]+|(?<![\w&])[#＃][\w-]+")
_EMOJI_CODE = re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE)
_MARKUP = re.compile(
    r"""
      <[!/?a-zA-Z] | &\#?\w+;                         # HTML and entities
    | !?\[[^\]]*\]\( | !?\[[^\]]*\]\[                 # links and images
    | \[/?[a-z]+(?:[=\s][^\]]*)?\]                    # BBCode: quote, poll, details
    | ^\s{0,3}(?:\#{1,6}\s|>|```|~~~|[-*+]\s|\d+[.)]\s|={3,}|-{3,}) | ```
    | \*\*\S | __\S | \|.*\|
    """,
    re.VERBOSE | re.IGNORECASE,
)


def problem(old: str, new: str) -> str | None:
    """Why the Korean sentence `new` may not stand in place of `old`, in a sentence for moderators; None if it may."""
    if not new.strip():
        return words.PROBLEM_EMPTY
    if new.strip() == old.strip():
        return words.PROBLEM_SAME
    if len(new.splitlines()) > 1:
        return words.PROBLEM_LINES
    if any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Cn") or _is_variation(char) for char in new):
        return words.PROBLEM_HIDDEN
    if len(new) > LONGEST_FACTOR * len(old) + LONGEST_MORE:
        return words.PROBLEM_LONG
    flat_old, flat_new = (unicodedata.normalize("NFKC", text) for text in (old, new))
    for pattern, reason in (
        (_LINK, words.PROBLEM_LINK),
        (_MENTION, words.PROBLEM_MENTION),
        (_EMOJI_CODE, words.PROBLEM_MARKUP),
        (_MARKUP, words.PROBLEM_MARKUP),
    ):
        known = set(pattern.findall(flat_old))
        if any(found not in known for found in pattern.findall(flat_new)):
            return reason
    return None


def _is_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
