"""Reading what a staff member says to the bot in a draft: a closed list of actions, found by rules, never guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.languages.ko import review as words

_QUOTE = re.compile(r"\[quote[^\]]*\].*?\[/quote\]", re.DOTALL | re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMOJI = re.compile(r"(?<!\w):[a-z0-9_+\-]+:(?!\w)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?~]+(?:\s+|$)|\n+")
_NUMBER = re.compile(r"\d{1,9}")
LONGEST = 400
"""Characters; anything longer is a discussion, not an instruction."""
SHORTEST_NAME = 3
"""Characters a paper's name must have to stand for its number."""
MOST_OF_A_LINE = 60
"""Characters of a line that may be a misunderstood instruction; what is longer is talk."""


@dataclass(frozen=True, slots=True)
class Said:
    """One instruction.

    Attributes:
        action: `show`, `dismiss`, `redraft`, `drop`, `restore`, `hold`, `release`, `explain`, `reject`; `unclear` for
            words addressed to the bot that are none of these.
        ranks: papers that are meant, in the order named; for `dismiss` the numbers of findings.
        remark: what to follow when drafting again.
    """

    action: str
    ranks: tuple[int, ...] = ()
    remark: str | None = None


def read(raw: str, *, bot: str, is_addressed: bool, names: Mapping[str, int] | None = None) -> Said | None:
    """The instruction in a post, or None where people talk to each other.

    A post that is an instruction, as a whole or in its first sentence, is one, to whomever it is addressed. Other posts
    are only answered if they are addressed to the bot (a reply to one of its posts, or with its name in it), or if they
    nearly are an instruction.

    Args:
        raw: the post's Markdown; quotes in it are left out.
        bot: the bot's user name.
        is_addressed: whether the post replies to one of the bot's own.
        names: names of papers, each with its number: who writes `drop Murmuration` means the paper.
    """
    text = _COMMENT.sub(" ", _QUOTED_LINE.sub(" ", _QUOTE.sub(" ", raw)))
    mention = re.compile(rf"(?<!\w)@?{re.escape(bot)}(?![\w-])[,:]?", re.IGNORECASE)
    is_addressed = is_addressed or bool(re.search(rf"(?<!\w)@{re.escape(bot)}(?![\w-])", text, re.IGNORECASE))
    text = _EMOJI.sub(" ", mention.sub(" ", text)).strip().strip("`\"'“”‘’*").strip()
    first, rest = _first_sentence(text)
    if len(text) <= LONGEST and (said := _match(text, names or {})) is not None:
        return said
    if len(first) <= LONGEST and (said := _match(first, names or {})) is not None:
        # A forum wants twenty characters, so people go on: with what to follow, or with anything at all.
        remark = said.remark or (" ".join(rest.split())[:LONGEST] if said.action == "redraft" else None)
        return Said(said.action, said.ranks, remark)
    is_near = len(first) <= MOST_OF_A_LINE and words.NEARLY.fullmatch(_numbered(first, names or {})) is not None
    return Said("unclear") if text and (is_addressed or is_near) else None


def _first_sentence(text: str) -> tuple[str, str]:
    end = _SENTENCE_END.search(text)
    return (text[: end.start()].strip(), text[end.end() :].strip()) if end else (text, "")


def _match(text: str, names: Mapping[str, int]) -> Said | None:
    for form in dict.fromkeys((text, _numbered(text, names))):
        for action, pattern in words.PATTERNS:
            if match := pattern.fullmatch(form):
                return _said(action, match.groupdict())
    return None


def _numbered(text: str, names: Mapping[str, int]) -> str:
    """The line with papers by their numbers; the remark behind a colon stays as it was written."""
    head, colon, remark = re.split(r"([:：])", text, maxsplit=1) if re.search(r"[:：]", text) else (text, "", "")
    for name in sorted(names, key=len, reverse=True):
        if len(name) >= SHORTEST_NAME:
            head = re.sub(
                rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", str(names[name]), head, flags=re.IGNORECASE
            )
    return words.with_digits(head) + colon + remark


def _said(action: str, groups: dict[str, str | None]) -> Said:
    ranks = tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(groups.get("ranks") or "")))
    remark = groups.get("remark") or groups.get("bracketed")
    return Said(action, ranks, " ".join(remark.split()) if remark else None)


def known(said: Said, ranks: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The meant papers that the edition has, and those it has not."""
    return (
        tuple(rank for rank in said.ranks if rank in ranks),
        tuple(rank for rank in said.ranks if rank not in ranks),
    )
