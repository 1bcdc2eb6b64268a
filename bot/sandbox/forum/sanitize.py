"""The forum's HTML allow-list: what is not on it disappears, tags first, and whole bodies where they are dangerous.

Facts: discourse/discourse `pretty-text/addon/sanitizer.js`, `allow-lister.js` (default list and those of the bundled
details, footnote, spoiler and table features).
"""

import html
import re
from html.parser import HTMLParser

_PLAIN = re.compile(
    "b|big|blockquote|br|code|dd|del|div|dl|dt|em|h[1-6]|hr|i|ins|kbd|li|mark|ol|p|picture|pre|s|small|span|strike|strong"
    "|sub|sup|ul|ruby|rb|rp|rt|a|abbr|aside|audio|video|source|track|img|table|thead|tbody|tr|th|td|details|summary"
    "|section|header|article"
)
_ATTRIBUTES = {
    "a": {"class", "href", "name", "title", "rel", "target", "data-bbcode"},
    "abbr": {"title"},
    "aside": {"class", "data-*"},
    "audio": {"controls", "preload"},
    "code": {"class"},
    "details": {"open"},
    "div": {"class", "align", "lang", "dir", "data-*"},
    "header": {"class"},
    "article": {"class"},
    "img": {"alt", "class", "height", "width", "title", "src", "loading"},
    "ol": {"reversed", "start", "type"},
    "p": {"lang"},
    "pre": {"data-code-wrap"},
    "source": {"src", "type"},
    "span": {"class", "lang", "data-*"},
    "sup": {"class"},
    "td": {"style"},
    "th": {"style"},
    "video": {"controls", "height", "width", "poster", "preload"},
}
# Classes a person may not claim are dropped with their attribute; these are the ones the forum's own features set.
_CLASSES = re.compile(
    r"(anchor|attachment|emoji|hashtag|hashtag-raw|hashtag-cooked|mention|mention-group|onebox|onebox-body|inline-onebox|source"
    r"|quote|no-group|title|quote-controls|excerpt|md-table|spoiler|poll|d-wrap|d-grid|footnote-ref|discourse-local-date"
    r"|bbcode-[bius]|lang-[\w+#.\-]+)"
)
_VOID = {"br", "hr", "img", "source", "track"}
_SAFE_HREF = re.compile(r"((https?:)?//[\w.\-]+|/[\w.\-]+|#[\w.\-]+|mailto:[\w.\-@]+)", re.IGNORECASE)
_SWALLOWED = {"script", "style"}


def sanitize(text: str) -> str:
    """`text` with unknown tags and attributes gone, comments gone, every open tag closed."""
    text = re.sub(r"<!--.*?(-->|\Z)", "", text, flags=re.DOTALL)
    text = re.sub(r"<(?=[!?])", "&lt;", text)  # declarations are no tags
    parser = _Cleaner()
    parser.feed(text)
    parser.close()
    return parser.result()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._out: list[str] = []
        self._open: list[str] = []
        self._swallowing = ""

    def result(self) -> str:
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SWALLOWED:
            self._swallowing = tag
        if self._swallowing or not _PLAIN.fullmatch(tag):
            return
        kept = "".join(self._attribute(tag, name, value) for name, value in attrs)
        self._out.append(f"<{tag}{kept}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SWALLOWED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._swallowing:
            self._swallowing = ""
        if self._swallowing or tag not in self._open:
            return
        while self._open:
            closed = self._open.pop()
            self._out.append(f"</{closed}>")
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._swallowing:
            self._out.append(html.escape(data, quote=False))

    def handle_entityref(self, name: str) -> None:
        if not self._swallowing:
            self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        if not self._swallowing:
            self._out.append(f"&#{name};")

    def _attribute(self, tag: str, name: str, value: str | None) -> str:
        allowed = _ATTRIBUTES.get(tag, set())
        given = value or ""
        if name not in allowed and not (name.startswith("data-") and "data-*" in allowed):
            return ""
        if name in ("href", "src") and not _SAFE_HREF.match(given) and not given.startswith("upload://"):
            return ""
        if name == "class":
            given = " ".join(part for part in given.split() if _CLASSES.fullmatch(part))
            if not given:
                return ""
        if name == "style" and not re.fullmatch(r"text-align:\s*(left|right|center);?", given):
            return ""
        return f' {name}="{html.escape(given)}"' if given or value is not None else f" {name}"
