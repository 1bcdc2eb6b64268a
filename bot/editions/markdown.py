"""Text from outside as forum Markdown that changes nothing: readers see its characters, and nothing else happens.

Abstracts, titles, transcripts, comments and model answers are data. What this module returns renders on Discourse, of
2022 and of today, as plain text: no emphasis, link, mention, hashtag, emoji, formula, quote, poll, image or HTML.

Three forms are used, the lightest that works (reasons and sources: docs/notes/escaping.md):

* a backslash for what Markdown itself reads: `\\*`, `\\[`, `\\$`, line starts;
* an empty HTML comment inside what the forum looks for in *finished* text: `:<!-- -->smile:`, `@<!-- -->name`,
  `example.<!-- -->com`. Escapes and entities are resolved before that search and protect nothing; a comment parts the
  text and is gone from the page;
* `&#91;` for a bracket at the start of a line that `\\[` would turn into a displayed formula.

One thing is left to the forum on purpose: its typographer curls straight quotation marks.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

from bot.errors import RejectedError

COMMENT = "<!-- -->"

# Endings for which a bare `name.ending` becomes a link: the default of the site setting markdown_linkify_tlds, then
# those a machine learning forum is likely to have added. Anything else needs `//` in front, which is parted anyway.
_LINKED_ENDINGS = "com|net|org|io|onion|co|tv|ru|cn|us|uk|me|de|fr|fi|gov|ddd|ai|app|biz|dev|edu|info|jp|kr"

# --- control characters ----------------------------------------------------------------------------------------------

# Category Cf (zero-width, bidi, tags) goes, but for these, which are drawn.
_DRAWN_FORMAT_CHARACTERS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd")
# Drawn as nothing, whatever their category: grapheme joiner, Hangul and Khmer fillers, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f\ufdd0-\ufdef\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def strip_control(text: str) -> str:
    """`text` in NFC without characters that are not drawn; line ends become `\\n`, tabs stay.

    Gone are control and zero-width characters, bidi marks, tag characters, variation selectors, fillers, lone
    surrogates and noncharacters; joined emoji fall apart into their drawn parts. Letters, accents and symbols stay.
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).replace("\u2800", " ")  # the Braille cell without dots
    # NFC last: it also maps look-alikes onto marks we escape (U+1FEF becomes a backtick).
    return unicodedata.normalize("NFC", "".join(c for c in text if c in "\n\t" or _is_drawn(c)))


def _is_drawn(char: str) -> bool:
    if ord(char) & 0xFFFE == 0xFFFE:  # noncharacters, the last two of each plane
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs") or char in _DRAWN_FORMAT_CHARACTERS


# --- where a comment has to part the text ----------------------------------------------------------------------------

# What follows the first character of the forum's smileys.
_SMILEYS = {
    ":": r"-?[)(pPOD|/$]|-?'-?\(",
    ";": r"-?[)pP]",
    "8": r"-\)",
    r"\^": r"__?\^",
}


def _smiley_partings() -> Iterator[str]:
    for first, rest in _SMILEYS.items():
        # Parting at a later place must not end this one: `//` after `:/`, and the next of two caret smileys.
        after = "" if first == r"\^" else r"(?=\s|$|(?<=:/)/)"
        yield rf"(?<={first})(?<![^\W_]{first})(?=(?:{rest}){after})"


# Each alternative is empty and matches where the comment goes. Left of every such place stands punctuation, so parting
# the text there never completes another trigger.
_PARTINGS = re.compile(
    "|".join(
        (
            # :name:, not 10:30:15; the forum of Korean sites wants no space before it
            r"(?<=:)(?!(?!100:|1234:)\d+:)(?=[A-Za-z0-9_+\-]{1,60}:)",
            *_smiley_partings(),
            # @name and #tag, unless glued to a word in front
            r"(?<=@)(?<![^\W_]@)(?=\w)",
            r"(?<=\#)(?<![^\W_]\#)(?=[\u00C0-\u1FFF\u2C00-\uD7FF\w:\-])",
            # https://, //, name.com, mailto:
            r"(?<=/)(?=/\S)",
            rf"(?<=[^\s.]\.)(?=(?:(?i:{_LINKED_ENDINGS}|xn--[a-z0-9\-]{{1,59}}))(?![^\W_]))",
            r"(?<=[Mm][Aa][Ii][Ll][Tt][Oo]:)(?=\S)",
            # [date=...] and check boxes, found in finished text by bundled plugins
            r"(?<=\[)(?=date(?:=|-range )|[ xX_*\-]?\])",
        )
    )
)

# --- where a backslash has to stand ----------------------------------------------------------------------------------

_CITATION = re.compile(r"(?<![\^!])\[\d[\d, \-–]*\](?![\[(:])")
_MARKS = re.compile(
    r"""
      [`$\[\]]
    | \\(?=[!-/:-@\[-`{-~]|$)                 # a backslash the forum would eat
    | <(?=[A-Za-z/!?\-])
    | &(?=(?:\#[xX][0-9A-Fa-f]{1,6}|\#\d{1,7}|[A-Za-z][A-Za-z0-9]{1,31});)
    | (?<=\S)\*|\*(?=\S)
    | (?<!\w)_+(?=[^\s_])|(?<=[^\s_])_+(?!\w) # not inside snake_case
    | ~{2,}
    """,
    re.VERBOSE,
)
# What the typographer would redraw: which character of a match gets the first backslash, and each how many-th after it.
_TYPOGRAPHER = (
    (re.compile(r"\.{2,}|,{2,}"), 1, 2),
    (re.compile(r"-{2,}"), 0, 2),
    (re.compile(r"[?!]{4,}"), 3, 4),
    (re.compile(r"(?<=\+)-"), 0, 1),
    # Arrows, unless glued to a word; a word of one letter after a backslash does not count, the engine parts it there.
    (re.compile(r"(?<=--)>|(?<=-)(?<![^\W_]-)>|(?<=\\\w-)>"), 0, 1),
    (re.compile(r"(?<=\([tT][mM])\)|(?<=\([pP][aA])\)"), 0, 1),
)
_PERCENT = re.compile(r"(?<![^\W_])%+")
_LINE_START = re.compile(
    r"""
      \#{1,6}(?=\s|$)
    | >
    | [\-+*](?=\s|$)
    | \d{1,9}(?P<delimiter>[.)])(?=\s|$)
    | =+\s*$
    | (?:_\s*){3,}$
    | (?=[^\-]*-)[|:\-][|:\-\s]*$             # the second row of a table
    """,
    re.VERBOSE,
)


def escape_inline(text: str) -> str:
    """`text` as one line of Markdown that shows the same characters and nothing but characters.

    Whitespace of every kind, line ends too, becomes one blank; ends are trimmed; control characters go. Fit for a
    paragraph, a list item, or the text of a link; not for a table cell. What a template puts directly beside it (no
    blank between) can form something new with it: keep blanks or line ends around.

    Not idempotent: the result is Markdown, and escaping it again shows the escapes.
    """
    return _escape(_one_line(text), at_line_start=True)


def escape_lines(text: str) -> list[str]:
    """Lines of Markdown for text of several lines, where a line starting with `- ` is a bullet.

    Bullets stay bullets, other lines stay lines of a paragraph; empty lines part paragraphs. An empty line is added
    between a paragraph and a list, and none is kept within a list or doubled. Joined by `\\n`, it is a complete block.
    """
    out: list[str] = []
    previous = "blank"
    gap = False
    for raw_line in strip_control(text).split("\n"):
        line = _one_line(raw_line)
        if not line:
            gap = True
            continue
        kind = "bullet" if line.startswith("- ") else "line"
        if out and (kind != previous or (gap and kind == "line")):
            out.append("")
        bullet, content = ("- ", line[2:]) if kind == "bullet" else ("", line)
        out.append(bullet + _escape(content, at_line_start=True))
        previous, gap = kind, False
    return out


def paragraph_block(text: str) -> str:
    """`escape_lines` as one string, without line end at the end."""
    return "\n".join(escape_lines(text))


def quote_block(text: str) -> str:
    """The same as a `> ` block quote; its empty lines are `>`, so that it stays one quote."""
    return "\n".join(f"> {line}" if line else ">" for line in escape_lines(text))


def heading(level: int, text: str) -> str:
    """A heading line of level 1 to 6.

    Raises:
        ValueError: for another level, a mistake of the caller.
        RejectedError: if nothing of `text` can be seen; an empty heading is never wanted.
    """
    if not 1 <= level <= 6:
        raise ValueError(f"heading level {level}, not 1 to 6")
    content = _escape(_one_line(text), at_line_start=False)
    if not content:
        raise RejectedError("A heading has no visible text; give the paper or section a title.")
    if re.search(r"(?:^|\s)#+$", content):
        # Closing number signs would be taken for decoration.
        content = f"{content[:-1]}\\#"
    return f"{'#' * level} {content}"


_ESCAPED = re.compile(rf"\\(?P<char>[!-/:-@\[-`{{-~])|{re.escape(COMMENT)}")


def unescape(line: str, *, at_line_start: bool = True) -> str | None:
    """The text that `escape_inline` made this line of Markdown from; None if it cannot have made it.

    None means that a person used Markdown there (`**bold**`, a link), or typed what we would have escaped: such a line
    is kept as it is. Otherwise escaping the result gives `line` again, character for character. The inverse holds the
    other way round as well: for any `text`, `unescape(escape_inline(text))` is `text` in one line, without characters
    that are not drawn.

    Args:
        line: one line of Markdown, without its bullet or heading mark.
        at_line_start: False for a sentence from within a line, or a heading, where marks of blocks (`1.`, `-`, `#`)
            mean nothing and are not escaped.
    """
    bare = f"[{line[5:]}" if line.startswith("&#91;") else line
    text = _ESCAPED.sub(lambda found: found["char"] or "", bare)
    return text if _escape(_one_line(text), at_line_start=at_line_start) == line else None


def _one_line(text: str) -> str:
    return " ".join(strip_control(text).split())


def _escape(line: str, *, at_line_start: bool) -> str:
    backslashes = set(_backslashes(line))
    if at_line_start and (found := _LINE_START.match(line)):
        backslashes.add(found.start("delimiter") if found["delimiter"] else 0)
    comments = {found.start() for found in _PARTINGS.finditer(line)}
    out: list[str] = []
    for i, char in enumerate(line):
        if i in comments:
            out.append(COMMENT)
        out.append(f"\\{char}" if i in backslashes else char)
    escaped = "".join(out)
    if at_line_start and escaped.startswith("\\[") and (escaped.endswith("\\]") or escaped == "\\["):
        # With LaTeX delimiters switched on, such a line is a displayed formula.
        return f"&#91;{escaped[2:]}"
    return escaped


def _backslashes(line: str) -> Iterator[int]:
    citations = {i for found in _CITATION.finditer(line) for i in (found.start(), found.end() - 1)}
    for found in _MARKS.finditer(line):
        if found.start() not in citations:
            yield from range(*found.span())
    for pattern, first, step in _TYPOGRAPHER:
        for found in pattern.finditer(line):
            yield from range(found.start() + first, found.end(), step)
    last_percent = line.rfind("%")
    for found in _PERCENT.finditer(line):
        if found.end() <= last_percent:
            # AsciiMath, an option of the math plugin, takes % for a delimiter when another one follows.
            yield from range(*found.span())


# --- links -----------------------------------------------------------------------------------------------------------

_NOT_IN_A_URL = re.compile(r"[\s<>\"\\\x00-\x20\x7f]")
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_UNDERSCORES = re.compile(r"_+")
# Left as they are; all else becomes %XX, so that link detection takes the whole address and Markdown none of it.
_URL_SAFE = "/:@&=+,;%~.-_"
_URL_TRAPS = (
    (re.compile(r"%(?![0-9A-Fa-f]{2})"), "%25"),
    (re.compile(r"~(?=~)|(?<=~)~"), "%7E"),
    (re.compile(r"\.(?=\.)"), "%2E"),
    (re.compile(r"(?<=[&])(\w+);"), r"\1%3B"),  # an entity, to Markdown
    (re.compile(r"\.$"), "%2E"),
    (re.compile(r",$"), "%2C"),
    (re.compile(r";$"), "%3B"),
)


def _emphasises(url: str) -> bool:
    """Whether underscores in it could open emphasis and later close it: in `user__name` they do not."""
    runs = list(_UNDERSCORES.finditer(url))
    opening = [run.start() for run in runs if not url[: run.start()][-1:].isalnum()]
    return any(run.start() > opening[0] and not url[run.end() :][:1].isalnum() for run in runs) if opening else False


def link_line(url: str) -> str:
    """An address from the store, alone on its line, where the forum makes a preview of it.

    Characters that Markdown or link detection would stumble over are percent-encoded, non-ASCII ones too.

    Raises:
        RejectedError: if it is not an http(s) address with a host, or holds whitespace, control characters, `<`, `>`,
            `"`, a backslash, or a user name.
    """
    shown = ascii(url[:80])
    if _NOT_IN_A_URL.search(url) or strip_control(url) != unicodedata.normalize("NFC", url):
        raise RejectedError(f"The address {shown} holds characters no address has; correct it at its source.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as exc:
        raise RejectedError(f"The address {shown} cannot be read; correct it at its source.") from exc
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise RejectedError(f"The address {shown} is not a plain http or https address; correct it at its source.")
    path, query, fragment = (_plain_url_part(part) for part in parts[2:])
    if query or fragment:
        # Without a slash, link detection takes what stands before an @ for a user name.
        path = path or "/"
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", path, query, fragment))


def _plain_url_part(part: str) -> str:
    encoded = quote(part, safe=_URL_SAFE)
    for trap, replacement in _URL_TRAPS:
        encoded = trap.sub(replacement, encoded)
    return encoded.replace("_", "%5F") if _emphasises(encoded) else encoded
