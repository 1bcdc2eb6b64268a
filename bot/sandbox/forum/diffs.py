"""Differences of two texts as HTML, the only form in which the forum tells what a revision changed."""

import difflib
import html
import re

_PIECE = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


def _marked(pieces: list[str], tag: str) -> str:
    text = html.escape("".join(pieces), quote=False)
    return f"<{tag}>{text}</{tag}>" if text and tag else text


def _shared(a: str, b: str) -> int:
    """How many characters both begin with, up to a border between words."""
    same = next((number for number, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return max((match.start() for match in re.finditer(r"\s+", a[:same])), default=0)


def inline(before: str, after: str) -> str:
    """One text with `<del>` and `<ins>`, word by word."""
    # Comparing takes time with the square of the length: what is the same at both ends is put aside.
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    tail = before[len(before) - end :]
    a = _PIECE.findall(before[start : len(before) - end])
    b = _PIECE.findall(after[start : len(after) - end])
    parts: list[str] = [_marked([before[:start]], "")]
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(_marked(a[i:j], ""))
        else:
            parts += [_marked(a[i:j], "del"), _marked(b[k:m], "ins")]
    return "".join([*parts, _marked([tail], "")])


def line_by_line(before: str, after: str) -> str:
    """`inline`, a paragraph a line; unchanged stretches of more than three lines are cut short."""
    a, b = before.split("\n"), after.split("\n")
    shown: list[str] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            lines = [f"<p>{html.escape(line, quote=False)}</p>" for line in a[i:j]]
            shown += lines if len(lines) <= 4 else [lines[0], "<p>…</p>", lines[-1]]
        else:
            shown.append(f"<p>{inline(chr(10).join(a[i:j]), chr(10).join(b[k:m]))}</p>".replace("\n", "<br>"))
    return f'<div class="inline-diff">{"".join(shown)}</div>'


def side_by_side(before: str, after: str, *, markdown: bool) -> str:
    """The old text left, the new one right."""
    if markdown:
        left, right = html.escape(before, quote=False), html.escape(after, quote=False)
        return (
            '<table class="markdown"><tr>'
            f'<td class="diff-del">{left}</td><td class="diff-ins">{right}</td></tr></table>'
        )
    return f'<div class="revision-content">{inline(before, before)}</div><div>{inline(before, after)}</div>'
