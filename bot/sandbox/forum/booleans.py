"""Which words the forum takes for yes.

2022: only the exact text `true` (a Python `True` or a JSON `true` is a no). Now: Rails' cast, where everything is a yes
but a short list of words, and `False` is not among them.
"""

from bot.sandbox.forum.state import Mode

_FALSE_WORDS = {"0", "f", "F", "false", "FALSE", "off", "OFF", ""}


def means_yes(value: object, mode: Mode) -> bool:
    """How `shared_draft`, `whisper` and `no_bump` are read; None means that the parameter was absent."""
    if mode == "2022":
        return value == "true"
    if value is None or value is False or value == 0:
        return False
    return not (isinstance(value, str) and value in _FALSE_WORDS)
