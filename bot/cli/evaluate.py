"""`paperbot eval`: which model, which prompts? Measured on texts whose Korean is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from bot.cli.output import progress, say

if TYPE_CHECKING:
    from bot.translation.evaluation import Figures, Pair


@click.command("eval")
@click.option(
    "--pairs",
    "path",
    type=click.File("rb"),
    required=True,
    help="JSON lines with doc, paper, field, en, and the reference in ko.",
)
@click.option("--model", "models", multiple=True, help="A model to measure; several stand side by side.")
@click.option(
    "--prompts",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with other prompts (style_guide.md, examples.md, prompts/translate_paper.md); may be repeated.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def evaluate(path: BinaryIO, models: tuple[str, ...], folders: tuple[Path, ...], form: str) -> None:
    """Draft the texts with every model and every set of prompts, and compare the results.

    Prints chrF against the references, findings per 1,000 characters by category, cost and latency. Accepted
    corrections are drafted again, and the command fails if one of the old mistakes comes back. It costs what drafting
    the texts costs; answers are kept, so the same again is free.
    """
    from bot.jobs import editions
    from bot.settings import load
    from bot.store.engine import opened
    from bot.translation.evaluation import Variant, measure

    settings = load()
    pairs = _read(path)
    shipped: list[Path | None] = [None]
    variants = [
        Variant(model, folder)
        for model in models or (settings.draft_model,)
        for folder in ([*shipped, *folders] if folders else shipped)
    ]
    measured: list[Figures] = []
    with opened(settings, say=say) as sessions, editions.model_desk(sessions, settings) as desk:
        for variant in variants:
            with progress(f"eval {variant.name}") as on_progress:
                measured.append(
                    measure(
                        desk,
                        variant,
                        pairs,
                        concurrency=settings.model_concurrency,
                        on_progress=on_progress,
                    )
                )
    if form == "json":
        click.echo(json.dumps([_figures(one) for one in measured], ensure_ascii=False, indent=2))
    else:
        _print(measured)
    came_back = [(one, replay) for one in measured for replay in one.replays if replay.came_back]
    for one, replay in came_back:
        say(f"{one.variant.name}: a corrected mistake came back: {replay.bad!r} in {replay.drafted!r}")
    if came_back:
        sys.exit(1)


def _read(file: BinaryIO) -> list[Pair]:
    from bot.cli.pairs import read_pairs
    from bot.errors import RejectedError
    from bot.translation.evaluation import Pair

    pairs = [
        Pair(row.doc, str(row.paper), row.field, row.en, row.ko)
        for row in read_pairs(file, file.name)
        if row.en.strip()
    ]
    if not pairs:
        raise RejectedError(f"{file.name} holds no text with English (`en`), so there is nothing to draft.")
    return pairs


def _print(measured: list[Figures]) -> None:
    rows = [["", *(one.variant.name for one in measured)]]
    rows.append(["texts", *(str(one.texts) for one in measured)])
    rows.append(["failed papers", *(str(len(one.failed)) for one in measured)])
    rows.append(["chrF", *(f"{one.chrf:.1f}" for one in measured)])
    for name in sorted({name for one in measured for name in one.chrf_by_field}):
        rows.append([f"  {name}", *(f"{one.chrf_by_field.get(name, float('nan')):.1f}" for one in measured)])
    rows.append(
        ["findings per 1,000 characters", *(f"{sum(one.findings_by_category.values()):.2f}" for one in measured)]
    )
    for name in sorted({name for one in measured for name in one.findings_by_category}):
        rows.append([f"  {name}", *(f"{one.findings_by_category.get(name, 0.0):.2f}" for one in measured)])
    rows.append(["cost, USD", *(f"{one.cost_usd:.4f}" for one in measured)])
    rows.append(["mean latency of a call, s", *(f"{one.mean_latency_s:.1f}" for one in measured)])
    rows.append(["corrected mistakes that came back", *(_replays(one) for one in measured)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        click.echo("  ".join(cells))
    for one in measured:
        for failure in one.failed:
            say(f"{one.variant.name}: {failure}")


def _replays(one: Figures) -> str:
    return f"{sum(replay.came_back for replay in one.replays)} of {len(one.replays)}"


def _figures(one: Figures) -> dict[str, object]:
    return {
        "model": one.variant.model,
        "prompts": str(one.variant.prompt_folder) if one.variant.prompt_folder else None,
        "texts": one.texts,
        "chrf": one.chrf,
        "chrf_by_field": dict(one.chrf_by_field),
        "findings_per_1000_characters": dict(one.findings_by_category),
        "cost_usd": float(one.cost_usd),
        "mean_latency_s": one.mean_latency_s,
        "failed": list(one.failed),
        "replays": [
            {"source": replay.source, "bad": replay.bad, "drafted": replay.drafted, "came_back": replay.came_back}
            for replay in one.replays
        ],
    }
