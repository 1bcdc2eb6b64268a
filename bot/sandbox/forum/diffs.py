"""Differences of two texts as HTML, the only form in which the forum tells what a revision changed."""

import difflib
import html
import re

_PIECE = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


def _marked(pieces: list[str], tag: str) -> str:
    text = html.escape("".join(pieces), quote=False)
    return f"<{tag}>{text}</{tag}>" if text and tag else text


def inline(before: str, after: str) -> str:
    """One text with `<del>` and `<ins>`, word by word."""
    a, b = _PIECE.findall(before), _PIECE.findall(after)
    parts: list[str] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(_marked(a[i:j], ""))
        else:
            parts += [_marked(a[i:j], "del"), _marked(b[k:m], "ins")]
    return "".join(parts)


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
