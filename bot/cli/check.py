"""`paperbot check`: what the checks find in pairs of texts. Reads one file, stores nothing, calls nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import click

from bot.cli.pairs import Pair, read_pairs

if TYPE_CHECKING:
    from bot.translation.checks.base import Finding


@click.command()
@click.option(
    "--pairs", type=click.File("rb"), required=True, help="JSON lines: doc, paper, field, en, ko; - reads stdin."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="For people, or one JSON object a finding.",
)
def check(pairs: BinaryIO, form: str) -> None:
    """Check translations: every line of the file is a text in English (may be empty) and Korean.

    Texts with the same doc and paper are read together, and the papers of a doc as one edition.
    """
    read = read_pairs(pairs, pairs.name)
    for pair, found in _findings(read):
        # Bytes, since JSON lines are UTF-8 whatever the terminal's encoding.
        click.echo((_jsonl(pair, found) if form == "jsonl" else _readable(pair, found)).encode())


def _findings(pairs: list[Pair]) -> Iterator[tuple[Pair, Finding]]:
    # Imported here, so that `paperbot --help` does not wait for them.
    from bot.translation.checks.pairing import paired
    from bot.translation.checks.run import find_all
    from bot.translation.termbase import shipped

    texts = [paired("description" if pair.field == "intro" else pair.field, pair.en, pair.ko) for pair in pairs]
    papers: dict[tuple[str, str | int], list[int]] = {}
    for index, pair in enumerate(pairs):
        papers.setdefault((pair.doc, pair.paper), []).append(index)
    for (doc, paper), own in papers.items():
        others = [texts[index] for index, pair in enumerate(pairs) if pair.doc == doc and pair.paper != paper]
        found = find_all([texts[index] for index in own], shipped(), others)
        for index, findings in zip(own, found, strict=True):
            yield from ((pairs[index], finding) for finding in findings)


def _jsonl(pair: Pair, found: Finding) -> str:
    row = {
        "doc": pair.doc,
        "paper": pair.paper,
        "field": pair.field,
        "start": found.start,
        "end": found.end,
        "check": found.check,
        "category": found.category,
        "severity": found.severity,
        "message": found.message,
        "suggestion": found.suggestion,
    }
    return json.dumps(row, ensure_ascii=False)


def _readable(pair: Pair, found: Finding) -> str:
    better = f" -> {found.suggestion}" if found.suggestion else ""
    place = f"{pair.doc} {pair.paper} {pair.field} {found.start}-{found.end}"
    return f"{place} {found.severity} {found.check}: {pair.ko[found.start : found.end]}{better}\n    {found.message}"
