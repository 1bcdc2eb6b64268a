"""`paperbot corrections`: what readers' comments ask to be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import say
from bot.cli.text import read_text_file
from bot.errors import RejectedError

if TYPE_CHECKING:
    from bot.corrections.detected import Detected

a_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Comment:
    """A line of the file of comments."""

    id: str | int
    author: str
    raw: str


@click.group()
def corrections() -> None:
    """Read readers' corrections."""


@corrections.command()
@click.option("--article", required=True, type=a_file, help="The post that the comments stand under, in Markdown.")
@click.option("--comments", required=True, type=a_file, help="One JSON object a line: id, author, raw.")
@click.option("--title", help="The topic's title.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@click.option("--no-model", is_flag=True, help="Use rules alone, and ask no model about what they leave open.")
def detect(article: Path, comments: Path, title: str | None, form: str, no_model: bool) -> None:
    """Show what comments say of an article: corrections, reports, terms, questions, thanks. Stores nothing.

    At least one line a comment; what may be meant in several places is `unclear` and names them.
    """
    from bot.corrections.article import read_article
    from bot.corrections.detect import detect as detect_in

    about = read_article(read_text_file(article), title=title)
    if not about.sentences:
        raise RejectedError(f"{article} holds no Korean text that a comment could be about.")
    if not no_model:
        say("Only rules were used: no model is asked by this command yet. --no-model silences this line.")
    as_text = _jsonl if form == "jsonl" else _readable
    for comment in _read_comments(comments):
        for found in detect_in(about, comment.raw):
            # Bytes, since JSON lines are UTF-8 whatever the terminal's encoding.
            click.echo(as_text(comment, found).encode())


def _read_comments(path: Path) -> Iterator[Comment]:
    for number, line in enumerate(read_text_file(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as exc:
            raise RejectedError(f"{path}:{number}: this line is no JSON.") from exc
        if not isinstance(fields, dict) or not isinstance(fields.get("raw"), str) or "id" not in fields:
            raise RejectedError(f"{path}:{number}: this line needs `id` and a text `raw`.")
        yield Comment(fields["id"], str(fields.get("author", "")), fields["raw"])


def _jsonl(comment: Comment, found: Detected) -> str:
    sentence = found.sentence
    return json.dumps(
        {
            "id": comment.id,
            "kind": found.kind,
            "old": found.old,
            "new": found.new,
            "segment": sentence.key if sentence else None,
            "method": found.method,
            "sentence": sentence.text if sentence else None,
            "result": found.result,
            "english": sentence.english if sentence else None,
            "reason": found.reason,
            "candidates": list(found.candidates),
        },
        ensure_ascii=False,
    )


def _readable(comment: Comment, found: Detected) -> str:
    where = found.sentence.key if found.sentence else ", ".join(found.candidates) or "-"
    lines = [f"{comment.id}  {found.kind} ({found.method})  {where}"]
    lines += [f"    - {found.old}"] if found.old else []
    lines += [f"    + {found.new}"] if found.new else []
    return "\n".join(lines)
