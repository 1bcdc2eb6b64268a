"""What the forum does to texts and what it accepts, as pure functions, so that a refusal is known before sending.

Sources: Discourse `lib/text_cleaner.rb`, `lib/validators/stripped_length_validator.rb` and `app/models/topic.rb`
(copies of 2022 to 2024), agreeing in everything used here.
"""

import re
from collections.abc import Sequence

from bot.errors import RejectedError
from bot.forum.answers import SiteRules

# Every space the forum replaces by a plain one.
_ODD_SPACES = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
# Ruby's idea of trailing space, which includes NUL and leaves other Unicode spaces alone.
_TRAILING = "\x00\t\n\v\f\r "

_COMMENT = re.compile(r"<!--.*?-->")
_EMOJI_CODE = re.compile(r":\w+(?::\w+)?:", re.ASCII)  # as in Ruby, where \w means ASCII
_DOTS = re.compile(r"\.{2,}")
_COMMAS = re.compile(r",{2,}")

_TOKEN_LINE = re.compile(r"^<!-- paperbot ([A-Za-z0-9_-]+) -->[ \t]*$", re.MULTILINE)
# Two hyphens would end the comment for some parsers.
_TOKEN = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,50}")


def normalised(raw: str) -> str:
    """The text as the forum stores it: odd spaces become plain ones, NULs and trailing space go.

    Apply it to both sides before comparing what was sent with what came back.
    """
    return _ODD_SPACES.sub(" ", raw).replace("\x00", "").rstrip(_TRAILING)


def counted_length(raw: str) -> int:
    """Characters as the forum counts them for its *minimum*.

    HTML comments on one line count nothing, an emoji code 1, a run of dots or of commas 1, outer space nothing. The
    maximum is another matter: it holds for the whole stored text, comments included.
    """
    text = _COMMENT.sub("", normalised(raw))
    text = _EMOJI_CODE.sub("X", text)
    text = _COMMAS.sub(",", _DOTS.sub("…", text))
    return len(text.strip(_TRAILING))


def stored_title(title: str, rules: SiteRules) -> str:
    """The title as the forum will store it.

    Where titles are prettified, a title without any small letter is lowered, and Hangul counts as having none: one
    Latin abbreviation is enough to turn `ICLR 논문` into `Iclr 논문`.
    """
    text = _prettified(title) if rules.may_rewrite_titles else title
    text = re.sub(" +", " ", text)
    return _ODD_SPACES.sub(" ", text).strip(_TRAILING).replace("\u200b", "")


def _prettified(title: str) -> str:
    text = re.sub(r"\?+", "?", re.sub("!+", "!", title))
    if text == text.upper():
        text = text.lower()
    first, *rest = text.split(maxsplit=1) or [""]
    if first == first.lower():
        text = " ".join([first.capitalize(), *rest])
    return re.sub(r"([^.])\.+(\s*)\Z", r"\1\2", text)


def check_limits(title: str, parts: Sequence[str], tags: Sequence[str], rules: SiteRules) -> None:
    """Refuse an article the forum would refuse, before anything is sent.

    Args:
        title: the topic's title.
        parts: the first post and the replies that continue it, tokens included.
        tags: names of tags.
        rules: the forum's limits.

    Raises:
        RejectedError: with every limit that is broken and what to change; a retry does not help.
    """
    complaints = [
        *_title_complaints(title, rules),
        *(text for number, part in enumerate(parts, 1) for text in _part_complaints(number, len(parts), part, rules)),
        *_tag_complaints(tags, rules),
    ]
    if not parts:
        complaints.append("there is no text: compose at least one part")
    if complaints:
        raise RejectedError("the forum would not take this article: " + "; ".join(complaints))


def _title_complaints(title: str, rules: SiteRules) -> list[str]:
    stored = stored_title(title, rules)
    length = len(stored)
    if length < rules.min_title_length:
        return [
            f'the title "{stored}" has {length} characters, the forum wants at least {rules.min_title_length}: '
            "lengthen it or lower min_topic_title_length"
        ]
    if length > rules.max_title_length:
        return [
            f'the title "{stored[:40]}…" has {length} characters, the forum takes at most {rules.max_title_length}: '
            f"shorten it by {length - rules.max_title_length}"
        ]
    return []


def _part_complaints(number: int, count: int, part: str, rules: SiteRules) -> list[str]:
    name = "the text" if count == 1 else f"part {number} of {count}"
    whole, counted = len(normalised(part)), counted_length(part)
    least = rules.min_first_post_length if number == 1 else rules.min_post_length
    if whole > rules.max_post_length:
        return [
            f"{name} has {whole} characters, the forum takes at most {rules.max_post_length}: "
            "split it further or raise max_post_length"
        ]
    if counted < least:
        return [f"{name} has {counted} characters as the forum counts, it wants at least {least}: lengthen it"]
    return []


def _tag_complaints(tags: Sequence[str], rules: SiteRules) -> list[str]:
    complaints = [
        f'the tag "{tag}" has {len(tag)} characters, the forum takes at most {rules.max_tag_length}: shorten it'
        for tag in tags
        if len(tag) > rules.max_tag_length
    ]
    if len(tags) > rules.max_tags:
        complaints.append(
            f"there are {len(tags)} tags, the forum takes at most {rules.max_tags}: drop {len(tags) - rules.max_tags} "
            "or raise max_tags_per_topic"
        )
    return complaints


def check_external_id(external_id: str) -> None:
    """Refuse a topic key the forum cannot hold: 1 to 50 of `A-Z a-z 0-9 _ -` (dots of arXiv ids become hyphens).

    Raises:
        RejectedError: naming the key.
    """
    if not _EXTERNAL_ID.fullmatch(external_id):
        raise RejectedError(
            f'the external id "{external_id}" does not fit the forum: '
            "use 1 to 50 letters, digits, hyphens and underscores"
        )


def with_token(raw: str, token: str) -> str:
    """The text with the token as an HTML comment at its end; readers do not see it, and it does not count as length.

    A token already at the end is replaced, so doing it twice changes nothing.

    Args:
        raw: Markdown.
        token: letters, digits, underscores and single hyphens.

    Raises:
        ValueError: the token has other characters, which could end the comment early.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"not usable as a token: {token!r}")
    return f"{without_token(raw)}\n\n<!-- paperbot {token} -->"


def without_token(raw: str) -> str:
    """The text before the token at its end, or all of it where there is none."""
    text = raw.rstrip()
    last = _last_token_line(text)
    return text[: last.start()].rstrip() if last and last.end() == len(text) else text


def token_of(raw: str) -> str | None:
    """The token a text carries, also if somebody wrote a paragraph after it; None without one.

    Anybody can type such a comment: trust it only in a post whose author is the bot itself.
    """
    last = _last_token_line(raw)
    return last[1] if last else None


def _last_token_line(raw: str) -> re.Match[str] | None:
    found = None
    for found in _TOKEN_LINE.finditer(raw):  # noqa: B007 - the last one is wanted
        pass
    return found
