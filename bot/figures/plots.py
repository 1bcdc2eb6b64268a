"""Where the shapes of a plot lie: pure geometry, which the month's template draws as SVG. No script, no library."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 220
LEFT, RIGHT, TOP, BOTTOM = 48, 8, 10, 26
MOST_LABELS = 16
ROW = 30
NAMES = 190
"""Width of the names beside horizontal bars; the numbers behind the bars have `NUMBERS`."""
NUMBERS = 70
NAME_LETTERS = 22
"""So many letters of a name fit; a Hangul syllable takes the place of two."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar; `series` is the number of its colour, `tip` what the pointer shows."""

    x: float
    y: float
    width: float
    height: float
    series: int
    tip: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at its place; a horizontal line of the grid runs from those of the axis."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Something to draw.

    Attributes:
        below: names under the columns, or beside the bars.
        grid: values at the lines of the grid; for bars, values behind them.
        legend: names of the series in the order of their colours; empty where there can be only one.
    """

    width: int
    height: int
    bars: tuple[Rect, ...]
    below: tuple[Label, ...]
    grid: tuple[Label, ...]
    legend: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not self.bars


def columns(labels: Sequence[str], series: Mapping[str, Sequence[float]], *, unit: str = "", digits: int = 0) -> Plot:
    """Stacked columns, one a label.

    Args:
        labels: under the columns; where they are many, only some are written.
        series: by name, one value a label, none below 0; a series without any value is left out.
        unit: behind the values that the pointer shows.
        digits: of those values behind the point; 0: they are counts.
    """
    shown = {name: values for name, values in series.items() if any(values)}
    totals = [sum(values[at] for values in shown.values()) for at in range(len(labels))]
    ticks = axis(max(totals, default=0.0), smallest=0.0 if digits else 1.0)
    top = ticks[-1]
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    width = min(step * 0.7, 44.0)
    inner = HEIGHT - TOP - BOTTOM
    bars = []
    for at, label in enumerate(labels):
        x, below = LEFT + step * (at + 0.5) - width / 2, 0.0
        for number, (name, values) in enumerate(shown.items()):
            if values[at] > 0:
                height = values[at] / top * inner
                y = TOP + inner - (below / top * inner) - height
                tip = f"{label} · {name}: {values[at]:,.{digits}f}{unit}"
                bars.append(Rect(x, y, width, height, number, tip))
                below += values[at]
    every = math.ceil(len(labels) / MOST_LABELS)
    names = [
        Label(LEFT + step * (at + 0.5), HEIGHT - 8, label) for at, label in enumerate(labels) if at % max(every, 1) == 0
    ]
    grid = [Label(LEFT, TOP + inner - tick / top * inner, f"{tick:g}") for tick in ticks]
    return Plot(WIDTH, HEIGHT, tuple(bars), tuple(names), tuple(grid), tuple(shown) if len(series) > 1 else ())


def rows(values: Sequence[tuple[str, float, str]]) -> Plot:
    """Horizontal bars, one under the other.

    Args:
        values: name, length, and the text behind the bar.
    """
    longest = max((value for _, value, _ in values), default=0.0) or 1.0
    room = WIDTH - NAMES - NUMBERS
    bars, names, numbers = [], [], []
    for at, (name, value, said) in enumerate(values):
        y, width = at * ROW + 6.0, max(value / longest * room, 1.0)
        bars.append(Rect(NAMES, y, width, ROW - 12.0, 0, f"{name}: {said}"))
        names.append(Label(NAMES - 10, y + 14, _cut(name)))
        numbers.append(Label(NAMES + width + 8, y + 14, said))
    return Plot(WIDTH, len(values) * ROW + 6, tuple(bars), tuple(names), tuple(numbers))


def axis(highest: float, *, smallest: float = 0.0) -> list[float]:
    """Round values from 0 to `highest` or a little more, at most six of them, at least `smallest` apart."""
    if highest <= 0:
        return [0.0, 1.0]
    raw = highest / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999999)
    step = max(step, smallest)
    return [round(step * number, 10) for number in range(math.ceil(highest / step - 1e-9) + 1)]


def _cut(name: str) -> str:
    """At most what fits beside a bar."""
    width, kept = 0, ""
    for letter in name:
        width += 2 if ord(letter) > 0x1100 else 1
        if width > NAME_LETTERS:
            return f"{kept}…"
        kept += letter
    return name
