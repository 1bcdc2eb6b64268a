"""Markdown of a list's cell to plain text, for short passages that were written by hand and not always correctly.

A Markdown parser is the wrong tool here: it takes `<think>` for a tag and drops it, while the authors meant the word.
So only what the lists use is resolved (emphasis with stars or single underscores, backslash escapes, inline links,
`<br>`, bullets); everything else, angle brackets, braces, dollar signs and lone stars included, is text and stays.
"""

import re
from typing import NamedTuple

ADDRESS = r"https?://[^\s()\[\]<>/][^\s()\[\]<>]*(?:\([^\s()\[\]<>]*\)[^\s()\[\]<>]*)*"
"""Pattern of an absolute web address; round brackets inside it must be in pairs, without nesting."""

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK = re.compile(rf"\[([^\[\]]*)\]\(\s*({ADDRESS})\s*\)")
_BREAK = re.compile(r"<[bB][rR]\s*/?>")
_BULLET = re.compile(r"[●•]")
# An opening star has no letter or digit before it and no blank after it: `A* search` and `2**3` are not emphasis.
_BOLD = re.compile(r"(?<!\w)\*\*(?=\S)(.{1,500}?)(?<=\S)\*\*")
_ITALICS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![\w*])")
_UNDERSCORED = re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]+)(?<=\S)_(?![\w_])")
_EMPHASIS = (("**", _BOLD), ("*", _ITALICS), ("_", _UNDERSCORED))

_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")

# Escaped punctuation waits in a private-use plane until emphasis is resolved, so that `\*` never opens or closes any.
_ASIDE = 0xF0000
_BACK = {_ASIDE + code: chr(code) for code in range(0x21, 0x7F)}


class InlineLink(NamedTuple):
    """A link inside running text."""

    text: str
    url: str


def storable(text: str) -> str:
    """The text without control characters and halves of surrogate pairs: JSON may hold them, Postgres takes none."""
    return _UNSTORABLE.sub("", text)


def unescape(markdown: str) -> str:
    """Resolves backslash escapes of ASCII punctuation (`\\_`, `\\&`), as CommonMark defines them."""
    return _ESCAPE.sub(r"\1", markdown)


def plain_text(markdown: str) -> str:
    """Turns a cell's Markdown into plain text with meaningful line breaks.

    `<br>` ends a line, a bullet sign starts a line with `- `, blanks inside a line collapse to one, empty lines vanish.
    An inline link becomes its text, joined to its surroundings as written (`it[s Claude](…)` gives `its Claude`).
    """
    text = _ESCAPE.sub(lambda match: chr(_ASIDE + ord(match[1])), markdown)
    text = _LINK.sub(r"\1", text)
    text = _BULLET.sub("\n- ", _BREAK.sub("\n", text))
    for sign, emphasis in _EMPHASIS:
        if sign in text:  # most cells have none, and looking for the sign alone is much quicker
            text = emphasis.sub(r"\1", text)
    lines = (" ".join(line.split()) for line in text.translate(_BACK).split("\n"))
    return "\n".join(line for line in lines if line not in ("", "-"))


def inline_links(markdown: str) -> tuple[InlineLink, ...]:
    """The links that `plain_text` reduces to their text, in reading order."""
    return tuple(InlineLink(plain_text(text), unescape(url)) for text, url in _LINK.findall(markdown))
