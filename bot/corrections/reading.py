"""A model's reading of what rules leave open in a comment: which sentence is meant, and a wording where there is none.

The comment travels as data, without its author's name. Whatever comes back is looked up in the article again: a
sentence that was not shown or words that do not stand there are dropped, so that nothing is put where it does not
belong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.corrections.article import Article, Sentence
from bot.corrections.detected import LONGEST_REASON, Detected
from bot.translation import prompts
from bot.translation.answers import AnswerInvalidError, ModelAnswer, parse_structured
from bot.translation.asking import Asking, Desk, room_for
from bot.translation.calls import Purpose

LONGEST_COMMENT = 4_000
"""Characters of a comment that a model reads."""
MOST_ITEMS = 8
METHOD = "model"

KINDS = ("correction", "report", "term", "question", "thanks", "other")
SCHEMA: dict[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["items"],
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "sentence", "old", "new", "draft", "reason"],
                "properties": {
                    "kind": {"type": "string", "enum": list(KINDS)},
                    "sentence": {"type": "string"},
                    "old": {"type": "string"},
                    "new": {"type": "string"},
                    "draft": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Read:
    """One thing a comment says, as a model reads it; `is_model_wording` where the reader gave no words."""

    found: Detected
    is_model_wording: bool = False


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["correction", "report", "term", "question", "thanks", "other"]
    sentence: str
    old: str
    new: str
    draft: str
    reason: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    items: list[_Item]


def read(
    desk: Desk, article: Article, raw: str, about: Sequence[str] = (), *, edition_id: int | None = None
) -> list[Read]:
    """What the comment says, as far as it can be placed in the article.

    Args:
        raw: the comment's Markdown.
        about: keys of the sentences that rules know to be meant; none: any sentence of the article may be.

    Raises: as `Asking.usable`.
    """
    shown = {
        f"s{number}": sentence
        for number, sentence in enumerate(article.sentences, start=1)
        if not about or sentence.key in about
    }
    version = prompts.load("read_comment", desk.prompt_folder).version
    asking = Asking(desk, Purpose("read_comment", version, edition_id, None), SCHEMA)
    data: dict[str, object] = {
        "comment": raw[:LONGEST_COMMENT],
        "sentences": [
            {"id": short_id, "where": sentence.key, "ko": sentence.text, "en": sentence.english or ""}
            for short_id, sentence in shown.items()
        ],
        "is_about_these": bool(about),
    }
    if about:
        data |= prompts.terms_data(desk.termbase, [sentence.english or "" for sentence in shown.values()])

    def use(received: ModelAnswer) -> list[Read]:
        answer = parse_structured(received, _Answer)
        if len(answer.items) > MOST_ITEMS:
            raise AnswerInvalidError(f"more than {MOST_ITEMS} items.", answer=received)
        return [_verified(item, shown.get(item.sentence)) for item in answer.items]

    found, _ = asking.usable(data, room_for(len(raw)), use)
    return found


def _verified(item: _Item, sentence: Sentence | None) -> Read:
    """The item where it can be placed, else what is left of it without a place."""
    said = " ".join(item.reason.split())[:LONGEST_REASON]
    if item.kind in ("question", "thanks", "other"):
        return Read(Detected(item.kind, METHOD, reason=said))
    if sentence is None:
        return Read(Detected("unclear", METHOD, reason=said))
    old, new, draft = item.old.strip(), " ".join(item.new.split()), " ".join(item.draft.split())
    if old and new and old != new and sentence.text.count(old) == 1:
        start = sentence.text.index(old)
        return Read(Detected(item.kind, METHOD, sentence, start, old, new, said))
    if draft and draft != sentence.text:
        found = Detected("report", METHOD, sentence, 0, sentence.text, draft, said)
        return Read(found, is_model_wording=True)
    return Read(Detected("report", METHOD, sentence, 0, sentence.text, None, said))
