"""Emoji pictures, drawn from the system's own font instead of fetched."""

# The ones that occur; any other is shown by its code.
_GLYPHS = {
    "slight_smile": "🙂",
    "smile": "😄",
    "smiley": "😃",
    "wink": "😉",
    "frowning": "😦",
    "cry": "😢",
    "heart": "❤️",
    "+1": "👍",
    "tada": "🎉",
    "rocket": "🚀",
    "fire": "🔥",
    "robot": "🤖",
    "kr": "🇰🇷",
    "thinking": "🤔",
    "speech_balloon": "💬",
    "books": "📚",
    "eyes": "👀",
    "memo": "📝",
    "bulb": "💡",
    "link": "🔗",
    "warning": "⚠️",
    "page_facing_up": "📄",
    "scroll": "📜",
    "star": "⭐",
    "pray": "🙏",
}


def picture(name: str) -> str | None:
    """An SVG; None for a name that is not among them."""
    glyph = _GLYPHS.get(name)
    if glyph is None:
        return None
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
        f'<text x="10" y="16" font-size="16" text-anchor="middle">{glyph}</text></svg>'
    )
