"""Reading the weekly list, and cutting texts into segments: work without any waiting."""

from markdown_it import MarkdownIt
from sentencex import segment  # type: ignore[import-untyped, unused-ignore]  # the wheel brings no types

from benchmarks import inputs
from benchmarks.figures import Figure, interleaved, ratios
from bot.sources.dair import parse
from bot.translation.segments import split

LIST_BAR_S = 0.5


def list_parsing(repeats: int) -> list[Figure]:
    """The whole list; beside it a general Markdown parser that only finds the same tables."""
    text, origin = inputs.weekly_list()
    parsed = parse(text)
    papers = sum(len(week.papers) for week in parsed.weeks)
    ours, general = interleaved(repeats, lambda: parse(text), lambda: MarkdownIt().enable("table").parse(text))
    read = f"{len(parsed.weeks)} weeks, {papers:,} papers, {len(parsed.problems)} refused"
    note = f"{origin}: {len(text):,} characters, {read}"
    return [
        Figure("list parsing, whole file", "s", ours, LIST_BAR_S, note),
        Figure("  against markdown-it on the same file", "x", ratios(ours, general)),
    ]


def segments(repeats: int) -> list[Figure]:
    """Segments a second, and what our rules cost on top of the library they stand around."""
    texts, origin = inputs.english_texts()
    count = sum(len(split(text)) for text in texts)
    ours, library = interleaved(
        repeats,
        lambda: [split(text) for text in texts],
        lambda: [list(segment("en", text)) for text in texts],
    )
    note = f"{origin}: {len(texts)} texts, {count:,} segments"
    return [
        Figure("segments split", "/s", tuple(count / seconds for seconds in ours), None, note),
        Figure(
            "  time against sentencex alone",
            "x",
            ratios(ours, library),
            None,
            "a compiled library; our rules are Python",
        ),
    ]
