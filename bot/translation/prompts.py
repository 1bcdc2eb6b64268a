"""Putting together what a model is sent. The words are files in `bot/languages/ko/`; this module only joins them.

The system prompt is the same bytes for every paper (style guide, terms, examples), so that it is paid once and then
read from the provider's cache. Text from outside travels in one JSON block that cannot be closed from within.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_KOREAN = files("bot.languages.ko")
_DATA_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)

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
def load(task: str) -> Prompt:
    """The prompt of `task`: `translate_paper` or `introduce_week`."""
    system = (_read("style_guide.md"), _terms_block(_read("terms.csv")), _read("examples.md"))
    return Prompt(task, system, _read(f"prompts/{task}.md"))


@cache
def remark(name: str) -> str:
    """A remark that is added to a second try, e.g. `repair` (has a `{problem}` to fill in)."""
    return _read(f"prompts/{name}.md")


def data_block(data: Mapping[str, object]) -> str:
    """`data` as JSON between the lines `<data>` and `</data>`; no text inside can end the block early."""
    packed = json.dumps(data, ensure_ascii=False, indent=1).translate(_DATA_ESCAPES)
    return f"<data>\n{packed}\n</data>"


def quoted(text: str) -> str:
    """`text` as one JSON string on one line, for a remark: words of an earlier answer stay words there."""
    return json.dumps(text, ensure_ascii=False).translate(_DATA_ESCAPES)


def _read(name: str) -> str:
    return _KOREAN.joinpath(name).read_text(encoding="utf-8").strip()


def _terms_block(table: str) -> str:
    lines = ["# Terms", "", "English | Korean | never | note", "--- | --- | --- | ---"]
    lines.extend(_term_lines(list(csv.DictReader(io.StringIO(table)))))
    return "\n".join(lines)


def _term_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"{row['source']} | {row['target'] or row['source']} | {row['forbidden'].replace('|', ', ')} | {row['note']}"
        for row in rows
    ]
