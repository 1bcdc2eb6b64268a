"""Putting together what a model is sent. The words are files in `bot/languages/ko/`; this module only joins them.

The system prompt is the same bytes for every paper (style guide, examples), so that it is paid once and then read from
the provider's cache; terms travel with the texts they occur in. Text from outside travels in one JSON block that cannot
be closed from within.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.translation.checks.base import Category, Severity
from bot.translation.termbase import Termbase

_KOREAN = files("bot.languages.ko")
_DATA_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_MOST_NEVER = 6
"""Wrong words shown with a term: the lists are for the checks; a model needs to see only which way it may go wrong."""

TRANSLATION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "segments"],
    "properties": {
        "title": {"type": "string"},
        "segments": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "ko"],
                "properties": {"id": {"type": "string"}, "ko": {"type": "string"}},
            },
        },
    },
}
REPAIR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["segments"],
    "properties": {"segments": TRANSLATION_SCHEMA["properties"]["segments"]},
}
JUDGE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["findings"],
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "quote", "category", "severity", "explanation", "suggestion"],
                "properties": {
                    "id": {"type": "string"},
                    "quote": {"type": "string"},
                    "category": {"type": "string", "enum": [category.value for category in Category]},
                    "severity": {"type": "string", "enum": [severity.value for severity in Severity]},
                    "explanation": {"type": "string"},
                    "suggestion": {"type": "string"},
                },
            },
        }
    },
}
SUMMARY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["bullets"],
    "properties": {
        "bullets": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["ko", "rests_on"],
                "properties": {
                    "ko": {"type": "string"},
                    "rests_on": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}
INTRODUCTION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["paragraphs"],
    "properties": {
        "paragraphs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["sentences"],
                "properties": {
                    "sentences": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["text", "papers"],
                            "properties": {
                                "text": {"type": "string"},
                                "papers": {"type": "array", "items": {"type": "integer"}},
                            },
                        },
                    }
                },
            },
        }
    },
}

_STATEMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "passages"],
    "properties": {"text": {"type": "string"}, "passages": {"type": "array", "items": {"type": "integer"}}},
}
TALK_SUMMARY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["opening", "points", "closing", "headings"],
    "properties": {
        "opening": {"type": "array", "items": _STATEMENT_SCHEMA},
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["heading", "bullets"],
                "properties": {
                    "heading": {"type": "string"},
                    "bullets": {"type": "array", "items": _STATEMENT_SCHEMA},
                },
            },
        },
        "closing": _STATEMENT_SCHEMA,
        "headings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["section", "text"],
                "properties": {"section": {"type": "integer"}, "text": {"type": "string"}},
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One task's words: what is sent as system blocks, what stands before the data, and a version made of both."""

    task: str
    system: tuple[str, ...]
    instructions: str

    @property
    def version(self) -> str:
        """Task and the first 12 hex digits of a hash over every word: changes when any of them changes."""
        digest = hashlib.sha256("\0".join((*self.system, self.instructions)).encode()).hexdigest()
        return f"{self.task}-{digest[:12]}"

    def with_data(self, data: Mapping[str, object], *remarks: str) -> str:
        """The user message: instructions, remarks, then `data` as a closed block of JSON."""
        return "\n\n".join([self.instructions, *remarks, data_block({"task": self.task, **data})])


@cache
def load(task: str, folder: Path | None = None) -> Prompt:
    """The prompt of `task`: `translate_paper`, `summarize_paper`, `introduce_week`, `read_comment`, ....

    Args:
        folder: other prompts than the shipped ones; a file that it lacks is taken from the shipped ones.

    Raises:
        SettingsError: a file in `folder` is not UTF-8 text.
    """
    system = (_read("style_guide.md", folder), _read("examples.md", folder))
    return Prompt(task, system, _read(f"prompts/{task}.md", folder))


@cache
def remark(name: str) -> str:
    """A remark that is added to a second try, e.g. `repair` (has a `{problem}` to fill in)."""
    return _read(f"prompts/{name}.md", None)


def terms_data(termbase: Termbase, texts: Iterable[str]) -> dict[str, object]:
    """The `terms` of a request: the entries that occur in `texts`, in order; nothing if there are none."""
    rows = []
    for term in termbase.relevant(texts):
        row: dict[str, object] = {"en": term.source, "ko": term.target}
        if never := [*term.wrong, *term.nonsense, *term.avoid][:_MOST_NEVER]:
            row["never"] = never
        if term.note:
            row["note"] = term.note
        rows.append(row)
    return {"terms": rows} if rows else {}


def data_block(data: Mapping[str, object]) -> str:
    """`data` as JSON between the lines `<data>` and `</data>`; no text inside can end the block early."""
    packed = json.dumps(data, ensure_ascii=False, indent=1).translate(_DATA_ESCAPES)
    return f"<data>\n{packed}\n</data>"


def quoted(text: str) -> str:
    """`text` as one JSON string on one line, for a remark: words of an earlier answer stay words there."""
    return json.dumps(text, ensure_ascii=False).translate(_DATA_ESCAPES)


def _read(name: str, folder: Path | None) -> str:
    if folder is not None and (own := folder / name).is_file():
        try:
            return own.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise SettingsError(f"{own} is not UTF-8 text; save it as UTF-8.") from None
    return _KOREAN.joinpath(name).read_text(encoding="utf-8").strip()
