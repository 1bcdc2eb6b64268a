"""A measured figure, and the table that people read. Standard library only: whoever imports this stays small."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_COLUMNS = ("figure", "median", "lowest - highest", "n", "bar", "", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity; lower is better where there is a bar.

    Attributes:
        unit: `s`, `x` (a ratio), `MB`, `$`, `/s`, or empty for a count.
        bar: the median should not be above it; None: the figure is only watched.
        note: what a reader of the table needs to know, e.g. the input.
    """

    name: str
    unit: str
    samples: tuple[float, ...]
    bar: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the samples; half of a busy machine's bad moments do not move it."""
        return statistics.median(self.samples)

    @property
    def verdict(self) -> str:
        """`ok` or `OVER`; empty without a bar."""
        if self.bar is None:
            return ""
        return "ok" if self.median <= self.bar else "OVER"


def merged(figures: Iterable[Figure]) -> list[Figure]:
    """One figure a name, in order of first appearance, with the samples of all."""
    by_name: dict[str, Figure] = {}
    for figure in figures:
        known = by_name.get(figure.name)
        by_name[figure.name] = replace(known, samples=known.samples + figure.samples) if known else figure
    return list(by_name.values())


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text with aligned columns."""
    rows = [_COLUMNS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    right = {1, 2, 3, 4}
    lines = []
    for row in rows:
        cells = [
            cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def save(path: Path, figures: Iterable[Figure]) -> None:
    """Write figures for `load`."""
    path.write_text(json.dumps([asdict(figure) for figure in figures]), encoding="utf-8")


def load(path: Path) -> list[Figure]:
    """What `save` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Figure(**{**row, "samples": tuple(row["samples"])}) for row in rows]


def seconds_of(action: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(repeats: int, *actions: Callable[[], object]) -> list[tuple[float, ...]]:
    """For each action the seconds of its calls; the actions take turns, so that a busy moment meets them all.

    Each is called once before, unmeasured.
    """
    for action in actions:
        action()
    rounds = [[seconds_of(action) for action in actions] for _ in range(repeats)]
    return list(zip(*rounds, strict=True))


def ratios(above: Iterable[float], below: Iterable[float]) -> tuple[float, ...]:
    """Pair by pair, as `interleaved` measured them."""
    return tuple(a / b for a, b in zip(above, below, strict=True))


def _row(figure: Figure) -> tuple[str, ...]:
    low, high = (_number(value, figure.unit) for value in (min(figure.samples), max(figure.samples)))
    return (
        figure.name,
        f"{_number(figure.median, figure.unit)} {figure.unit}".strip(),
        _spread(low, high, len(figure.samples)),
        str(len(figure.samples)),
        "" if figure.bar is None else f"{figure.bar:g}",
        figure.verdict,
        figure.note,
    )


def _spread(low: str, high: str, count: int) -> str:
    if count == 1:
        return ""
    return f"{low} - {high}" if low != high else "same"


def _number(value: float, unit: str) -> str:
    match unit:
        case "s" | "$":
            return f"{value:.3f}"
        case "x":
            return f"{value:.2f}"
        case _:
            return f"{value:,.0f}"
