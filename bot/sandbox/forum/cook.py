"""How the forum turns a post's Markdown into HTML, close to Discourse and rather too eager than too shy.

`cook` is CommonMark with tables and strikethrough, hard line breaks, typographer and link detection, plus what
Discourse adds: emoji codes (without surrounding spaces, as on Korean sites), smileys, @mentions, #hashtags, BBCode,
link cards and an HTML allow-list. It is eager where the real forum depends on its data: every plausible emoji name,
user name and hashtag counts as existing, unicode user names are on, and every lone address becomes a card. Text that
survives here unchanged survives there. A backslash or an entity protects neither a mention nor an emoji code, here as
there.

Not reproduced: heading anchors, unicode emoji as images, math, polls, footnotes with separate definitions.

Facts: discourse/discourse `frontend/discourse-markdown-it/src/` (engine, features), `pretty-text/addon/sanitizer.js`
and `allow-lister.js`, read in versions of 2022 to 2026.
"""

import html
import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from bot.sandbox.forum.sanitize import sanitize

# Site setting markdown_linkify_tlds, its default: other endings are not taken for bare domains.
LINKIFY_TLDS = [
    "com",
    "net",
    "org",
    "io",
    "onion",
    "co",
    "tv",
    "ru",
    "cn",
    "us",
    "uk",
    "me",
    "de",
    "fr",
    "fi",
    "gov",
    "ddd",
]

# Smileys need a space or the end after them, and a space, punctuation or the start before them.
SMILEYS = {
    ":)": "slight_smile",
    ":-)": "slight_smile",
    "^_^": "slight_smile",
    "^__^": "slight_smile",
    ":(": "frowning",
    ":-(": "frowning",
    ";)": "wink",
    ";-)": "wink",
    ":'(": "cry",
    ":'-(": "cry",
    ":-'(": "cry",
    ":p": "stuck_out_tongue",
    ":P": "stuck_out_tongue",
    ":-P": "stuck_out_tongue",
    ":O": "open_mouth",
    ":-O": "open_mouth",
    ":D": "smiley",
    ":-D": "smiley",
    ":|": "expressionless",
    ":-|": "expressionless",
    ":/": "confused",
    "8-)": "sunglasses",
    ";P": "stuck_out_tongue_winking_eye",
    ";-P": "stuck_out_tongue_winking_eye",
    ";p": "stuck_out_tongue_winking_eye",
    ":$": "blush",
    ":-$": "blush",
}

# Numbers alone are no emoji names, but for these two; 10:30:45 stays a time.
_EMOJI_CODE = re.compile(r":(?:100|1234|(?=[^:\s]*[A-Za-z+\-])[A-Za-z0-9_+\-]{1,59})(?::t[2-6])?:")
_SMILEY = re.compile("|".join(re.escape(s) for s in sorted(SMILEYS, key=len, reverse=True)))
_MENTION_OR_TAG = re.compile(
    r"@(?P<mention>\w[\w.\-]{0,58}[^\W_]|\w)"
    r"|(?<!/)#(?P<tag>[\u00C0-\u1FFF\u2C00-\uD7FF\w:\-](?:[\u00C0-\u1FFF\u2C00-\uD7FF\w:.\-]{0,99}"
    r"[\u00C0-\u1FFF\u2C00-\uD7FF\w:\-])?)"
    r"|\[(?P<date>date(?:-range)?(?:[ =][^\]]*)?)\]"
)

_IMAGE_SUFFIX = re.compile(r"(video|audio|thumbnail|[1-9][0-9]*x[1-9][0-9]*(\s*,\s*x?[1-9][0-9]{0,2}[%x]?)?|\w+=.*)")


def cook(raw: str) -> str:
    """The HTML a reader sees for a post's raw text; pure, safe to put into a page."""
    with _lock:
        rendered = str(_engine.render(raw))
    return sanitize(rendered).strip()


# --- text after all Markdown is parsed -------------------------------------------------------------------------------


def _is_boundary(char: str) -> bool:
    return char.isspace() or unicodedata.category(char)[0] in "PS"


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _replace_text(state: StateCore, split: Callable[[str], list[Token] | None], *, in_named_links: bool) -> None:
    """Run `split` on the text outside automatic links, and on that of links with a text of their own if so wished."""
    for block in state.tokens:
        if block.type != "inline" or block.children is None:
            continue
        out: list[Token] = []
        depth = 0
        for token in block.children:
            if token.type in ("link_open", "link_close"):
                if token.info == "auto" or not in_named_links:
                    depth += token.nesting
            elif token.type == "html_inline" and not in_named_links:
                if re.match(r"<a(\s.*)?>", token.content, re.IGNORECASE | re.DOTALL):
                    depth += 1
                elif token.content.lower().startswith("</a>"):
                    depth -= 1
            parts = split(token.content) if token.type == "text" and depth == 0 else None
            out.extend([token] if parts is None else parts)
        block.children = out


def _emoji_token(code: str) -> Token:
    name = code.lower()
    return Token(
        "emoji",
        "img",
        0,
        attrs={
            "src": f"/images/emoji/twitter/{name}.png?v=12",
            "title": f":{name}:",
            "class": "emoji",
            "alt": f":{name}:",
            "loading": "lazy",
            "width": "20",
            "height": "20",
        },
    )


def _split_emoji(content: str) -> list[Token] | None:
    out: list[Token] = []
    start = i = 0
    while i < len(content) - 1:
        code, end = "", i
        if found := _EMOJI_CODE.match(content, i):
            code, end = found[0][1:-1], found.end()
        elif found := _SMILEY.match(content, i):
            before_ok = i == 0 or _is_boundary(content[i - 1]) or content[i - 1] == "\u200b"
            after_ok = found.end() == len(content) or content[found.end()] in " \t\n"
            if before_ok and after_ok:
                code, end = SMILEYS[found[0]], found.end()
        if not code:
            i += 1
            continue
        if i > start:
            out.append(_text(content[start:i]))
        out.append(_emoji_token(code))
        start = i = end
    if not out:
        return None
    if start < len(content):
        out.append(_text(content[start:]))
    return out


def _split_mentions(content: str) -> list[Token] | None:
    out: list[Token] = []
    start = 0
    for found in _MENTION_OR_TAG.finditer(content):
        before, after = found.start() - 1, found.end()
        if (before >= 0 and not _is_boundary(content[before])) or (
            after < len(content) and not _is_boundary(content[after])
        ):
            continue
        if found.start() > start:
            out.append(_text(content[start : found.start()]))
        css = "mention" if found["mention"] else "hashtag-raw" if found["tag"] else "discourse-local-date"
        out.append(Token(f"{css}_open", "span", 1, attrs={"class": css}))
        out.append(_text(found[0].strip("[]") if found["date"] else found[0]))
        out.append(Token(f"{css}_close", "span", -1))
        start = after
    if not out:
        return None
    if start < len(content):
        out.append(_text(content[start:]))
    return out


def _emoji(state: StateCore) -> None:
    _replace_text(state, _split_emoji, in_named_links=True)


def _text_post_process(state: StateCore) -> None:
    _replace_text(state, _split_mentions, in_named_links=False)


_TYPOGRAPHER: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\(tm\)", re.IGNORECASE), "™"),
    (re.compile(r"\(pa\)", re.IGNORECASE), "¶"),
    (re.compile(r"\+-"), "±"),
    (re.compile(r"(^|\s)-{1,2}>(\s|$)", re.MULTILINE), " → "),
    (re.compile(r"(^|\s)<-{1,2}(\s|$)", re.MULTILINE), " ← "),
    (re.compile(r"(^|\s)<-{1,2}>(\s|$)", re.MULTILINE), " ↔ "),
    (re.compile(r"\.{2,}"), "…"),
    (re.compile(r"([?!])…"), r"\1.."),
    (re.compile(r"([?!]){4,}"), r"\1\1\1"),
    (re.compile(r",{2,}"), ","),
    (re.compile(r"(^|[^-])---(?=[^-]|$)", re.MULTILINE), r"\1—"),
    (re.compile(r"(^|\s)--(?=\s|$)", re.MULTILINE), r"\1–"),
    (re.compile(r"(^|[^-\s])--(?=[^-\s]|$)", re.MULTILINE), r"\1–"),
)


def _typographer(state: StateCore) -> None:
    """Discourse's own replacements: arrows, but no (c), (r) and (p)."""
    for block in state.tokens:
        depth = 0
        for token in block.children or ():
            if token.type in ("link_open", "link_close") and token.info == "auto":
                depth += token.nesting
            elif token.type == "text" and depth == 0:
                for pattern, replacement in _TYPOGRAPHER:
                    token.content = pattern.sub(replacement, token.content)


# --- link cards ------------------------------------------------------------------------------------------------------


def _card(href: str) -> Token:
    address = html.escape(href)
    host = html.escape(urlsplit(href).netloc)
    content = (
        f'<aside class="onebox" data-onebox-src="{address}">'
        f'<header class="source"><a href="{address}">{host}</a></header>'
        f'<article class="onebox-body"><h3><a href="{address}">{address}</a></h3></article></aside>\n'
    )
    return Token("html_block", "", 0, content=content, block=True)


def _is_bare_link(children: list[Token], i: int) -> bool:
    opening = children[i]
    return (
        opening.type == "link_open"
        and opening.markup == "linkify"
        and bool(re.match(r"https?:|//", str(opening.attrGet("href") or ""), re.IGNORECASE))
        and i + 2 < len(children)
        and children[i + 2].type == "link_close"
    )


def _onebox(state: StateCore) -> None:
    """An address alone on a line of a top-level paragraph becomes a card; in a sentence, the title of its page."""
    out: list[Token] = []
    tokens = state.tokens
    for index, block in enumerate(tokens):
        if block.type != "inline" or not block.children:
            out.append(block)
            continue
        children = block.children
        paragraph = tokens[index - 1]
        top_level = paragraph.type == "paragraph_open" and paragraph.level == 0
        pieces: list[list[Token] | Token] = [[]]
        i = 0
        while i < len(children):
            child = children[i]
            if _is_bare_link(children, i):
                href = str(child.attrGet("href"))
                alone = (i == 0 or children[i - 1].tag == "br") and (
                    i + 3 == len(children) or children[i + 3].tag == "br"
                )
                if top_level and alone:
                    pieces += [_card(href), []]
                    i += 3
                    continue
                parts = urlsplit(href if "://" in href else f"http:{href}")
                if parts.path.strip("/") or parts.query:
                    child.attrSet("class", "inline-onebox")
                    children[i + 1].content = f"[{parts.netloc} 페이지 제목]"
            run = pieces[-1]
            if isinstance(run, list):
                run.append(child)
            i += 1
        if len(pieces) == 1:
            out.append(block)
            continue
        out.pop()  # the paragraph's opening; each run of text gets a paragraph of its own
        for piece in pieces:
            if isinstance(piece, Token):
                out.append(piece)
                continue
            while piece and piece[0].tag == "br":
                piece.pop(0)
            while piece and piece[-1].tag == "br":
                piece.pop()
            if piece:
                out.append(Token("paragraph_open", "p", 1, block=True))
                out.append(Token("inline", "", 0, children=piece, content=block.content, block=True))
                out.append(Token("paragraph_close", "p", -1, block=True))
        tokens[index + 1].hidden = True  # the original closing
        tokens[index + 1].tag = ""
    state.tokens = [t for t in out if not (t.type == "paragraph_close" and t.tag == "")]


# --- BBCode ----------------------------------------------------------------------------------------------------------

_INLINE_TAGS = {"b": "bbcode-b", "i": "bbcode-i", "u": "bbcode-u", "s": "bbcode-s", "spoiler": "spoiler"}
_INLINE_OPEN = re.compile(r"\[(b|i|u|s|spoiler|code|url|email|img)(?:=([^\]\n]*))?\]", re.IGNORECASE)
_BLOCK_OPEN = re.compile(r"\[(quote|details|spoiler|excerpt|wrap|grid|poll|code)((?:=|\s)[^\n]*?)?\]", re.IGNORECASE)
_QUOTES = "\"'«»“”„‘’‚‹›"


def _bbcode_inline(state: StateInline, silent: bool) -> bool:
    found = _INLINE_OPEN.match(state.src, state.pos, state.posMax)
    if silent or not found:
        return False
    tag = found[1].lower()
    closing = re.compile(re.escape(f"[/{tag}]"), re.IGNORECASE).search(state.src, found.end(), state.posMax)
    if not closing:
        return False
    content = state.src[found.end() : closing.start()]
    value = (found[2] or "").strip(_QUOTES)
    if tag == "code":
        state.push("code_inline", "code", 0).content = content
    elif tag == "img":
        token = state.push("image", "img", 0)
        token.attrs, token.children = {"src": content, "alt": ""}, []
    else:
        if tag in ("url", "email"):
            target = value or content
            if tag == "email":
                target = f"mailto:{target}"
            elif "://" not in target:
                target = f"https://{target}"
            token = state.push("link_open", "a", 1)
            token.attrs = {"href": target, "data-bbcode": "true"}
        else:
            token = state.push(f"bbcode_{tag}_open", "span", 1)
            token.attrs = {"class": _INLINE_TAGS[tag]}
        for inner in state.md.parseInline(content, state.env)[0].children or ():
            if inner.type not in ("link_open", "link_close") or token.tag != "a":
                state.tokens.append(inner)
        state.push("link_close" if token.tag == "a" else f"bbcode_{tag}_close", token.tag, -1)
    state.pos = closing.end()
    return True


def _footnote_inline(state: StateInline, silent: bool) -> bool:
    """`^[text]`, of the bundled footnote plugin."""
    start = state.pos
    if not state.src.startswith("^[", start):
        return False
    end = state.md.helpers.parseLinkLabel(state, start + 1)
    if end < 0:
        return False
    if not silent:
        state.push("footnote_open", "sup", 1).attrs = {"class": "footnote-ref"}
        state.tokens.extend(state.md.parseInline(state.src[start + 2 : end], state.env)[0].children or ())
        state.push("footnote_close", "sup", -1)
    state.pos = end + 1
    return True


def _bbcode_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    start = state.bMarks[start_line] + state.tShift[start_line]
    line = state.src[start : state.eMarks[start_line]]
    found = _BLOCK_OPEN.match(line)
    if not found or state.is_code_block(start_line):
        return False
    tag = found[1].lower()
    closing = f"[/{tag}]"
    rest = line[found.end() :].strip()
    if rest:
        # Opened and closed on one line, with nothing behind it.
        if not rest.lower().endswith(closing) or closing in rest[: -len(closing)].lower():
            return False
        last_line = start_line
    else:
        depth, last_line = 0, -1
        for number in range(start_line + 1, end_line):
            text = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip()
            opened = _BLOCK_OPEN.match(text)
            if text.lower() == closing:
                if depth == 0:
                    last_line = number
                    break
                depth -= 1
            elif opened and opened[1].lower() == tag and opened.end() == len(text):
                depth += 1
        if last_line < 0:
            return False
    if silent:
        return True
    if tag == "code":
        token = state.push("fence", "code", 0)
        token.content = rest[: -len(closing)] if rest else state.getLines(start_line + 1, last_line, 0, False)
        state.line = last_line + 1
        return True
    closers = _open_block(state, tag, (found[2] or "").strip().removeprefix("="))
    if rest:
        state.push("paragraph_open", "p", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.children = rest[: -len(closing)], []
        inline.map = [start_line, start_line]
        state.push("paragraph_close", "p", -1)
    else:
        old_max, old_parent = state.lineMax, state.parentType
        state.lineMax = last_line
        state.md.block.tokenize(state, start_line + 1, last_line)
        state.lineMax, state.parentType = old_max, old_parent
    for closer in closers:
        state.push(f"bbcode_{closer}_close", closer, -1)
    state.line = last_line + 1
    return True


def _open_block(state: StateBlock, tag: str, value: str) -> list[str]:
    """Push what opens a BBCode block; returns the tags to close, innermost first."""

    def opening(name: str, **attrs: str | int | float) -> None:
        token = state.push(f"bbcode_{name}_open", name, 1)
        token.attrs = {k.rstrip("_").replace("_", "-"): v for k, v in attrs.items()}

    def words(text: str) -> None:
        inline = state.push("inline", "", 0)
        inline.content, inline.children = text, []

    value = value.strip(_QUOTES)
    if tag == "quote":
        name, *details = [part.strip() for part in value.split(",")]
        data = dict(part.split(":", 1) for part in details if ":" in part)
        known = {f"data_{k}": data[k].strip() for k in ("post", "topic", "full") if k in data}
        opening("aside", class_="quote no-group", data_username=data.get("username", name), **known)
        if name:
            opening("div", class_="title")
            state.push("text", "", 0).content = f"{name}:"
            state.push("bbcode_div_close", "div", -1)
        opening("blockquote")
        return ["blockquote", "aside"]
    if tag == "details":
        opening("details")
        opening("summary")
        words(value or "요약")
        state.push("bbcode_summary_close", "summary", -1)
        return ["details"]
    opening("div", class_={"spoiler": "spoiler", "excerpt": "excerpt", "poll": "poll"}.get(tag, f"d-{tag}"))
    return ["div"]


# --- the engine ------------------------------------------------------------------------------------------------------


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Structured suffixes of the alternative text (`|690x388`) are settings, not text."""
        token = tokens[idx]
        parts = self.renderInlineAsText(token.children or [], options, env).split("|")
        while len(parts) > 1 and _IMAGE_SUFFIX.fullmatch(parts[-1]):
            parts.pop()
        token.attrSet("alt", "|".join(parts))
        return self.renderToken(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:  # noqa: ARG002
        token = tokens[idx]
        language = (token.info.split() or ["auto"])[0]
        return f'<pre><code class="lang-{html.escape(language)}">{html.escape(token.content)}</code></pre>\n'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div class="md-table">\n{self.renderToken(tokens, idx, options, env)}'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"{self.renderToken(tokens, idx, options, env)}</div>\n"


def _build_engine() -> MarkdownIt:
    engine = MarkdownIt(
        "default",
        {"html": True, "breaks": True, "xhtmlOut": False, "linkify": True, "typographer": True},
        renderer_cls=_Renderer,
    )
    linkify = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": False})
    linkify.tlds(LINKIFY_TLDS)
    engine.linkify = linkify
    engine.block.ruler.after(
        "fence", "bbcode", _bbcode_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    engine.inline.ruler.push("bbcode_inline", _bbcode_inline)
    engine.inline.ruler.push("footnote_inline", _footnote_inline)
    engine.core.ruler.at("replacements", _typographer)
    engine.core.ruler.after("linkify", "onebox", _onebox)
    # After escapes and entities have become plain text: neither protects a mention or an emoji code, here as there.
    engine.core.ruler.push("emoji", _emoji)
    engine.core.ruler.push("text_post_process", _text_post_process)
    return engine


_engine = _build_engine()
_lock = threading.Lock()  # the link detector keeps state between calls
