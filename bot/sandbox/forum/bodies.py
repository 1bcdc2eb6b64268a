"""Bodies: what is cleaned away on arrival, and how length is counted.

Facts: discourse/discourse `lib/text_cleaner.rb`, `lib/validators/stripped_length_validator.rb`.
"""

import re
from collections.abc import Mapping

from bot.sandbox.forum.state import Mode, Settings

_SPACES = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_COMMENT = re.compile(r"<!--(.*?)-->")  # on one line only, as there
_EMOJI = re.compile(r":\w+(:\w+)?:", re.ASCII)


def normalise_spaces(text: str) -> str:
    """`text` with every exotic space turned into a plain one."""
    return _SPACES.sub(" ", text)


def normalise_raw(raw: str) -> str:
    """The raw the forum stores: often not the one that was sent."""
    return normalise_spaces(raw.replace("\0", "")).rstrip()


def counted(text: str) -> int:
    """The length held against the minimum: no comments, emoji codes as one, runs of dots and commas as one."""
    text = _EMOJI.sub("X", _COMMENT.sub("", text))
    text = re.sub(r",{2,}", ",", re.sub(r"\.{2,}", "…", text))
    return len(text.strip())


def body_errors(
    raw: str, settings: Settings, mode: Mode, texts: Mapping[str, str], *, least: int | None = None
) -> list[str]:
    """What is wrong with a body. The newer forum holds the whole text against the maximum, 2022 the counted one.

    Args:
        least: the minimum, if it is another than that of ordinary posts.
    """
    minimum = settings.min_post_length if least is None else least
    length = len(raw) if mode == "now" else counted(raw)
    if not raw.strip():
        return [texts["body_blank"]]
    if length > settings.max_post_length:
        return [texts["body_long"].format(count=settings.max_post_length, length=length)]
    if counted(raw) < minimum:
        return [texts["body_short"].format(count=minimum)]
    return []
