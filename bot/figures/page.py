"""The editors' month as a page: one file, no script, nothing loaded from elsewhere."""

import bisect
import datetime as dt
from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from bot.digests.render import environment
from bot.figures import effort, plots
from bot.figures.effort import Approved
from bot.figures.month import Month
from bot.figures.standing import day_of, median
from bot.languages.ko import figures as words

STATES = tuple(words.CORRECTION_STATES)


def page(month: Month, *, forum: str, now: dt.datetime) -> str:
    """The month in HTML.

    Args:
        forum: the forum's name or address, for the head.
        now: when the figures were taken.
    """
    span = month.span
    return (
        environment()
        .get_template("month.html")
        .render(
            title=words.month_title(span.year, span.month),
            forum=forum,
            taken=now.astimezone(ZoneInfo(span.zone)),
            is_over=now >= span.end,
            zone=span.zone,
            month=month,
            tiles=_tiles(month),
            posts_plot=_posts_plot(month),
            publish_plot=_publish_plot(month.posts),
            effort_plot=_effort_plot(month),
            series_rows=_series_rows(month.posts),
            correction_heads=[words.CORRECTION_STATES[state] for state in STATES],
            correction_rows=_correction_rows(month),
            correction_plot=_correction_plot(month),
            reporter_plot=plots.rows(
                [(one.name, one.reported, f"{one.applied}/{one.reported}") for one in month.reporters]
            ),
            cost_plot=_cost_plot(month),
            months_plot=plots.columns(
                list(month.cost_by_month), {"cost": [float(usd) for usd in month.cost_by_month.values()]}, digits=2
            ),
            digest_plot=_digest_plot(month),
            words=words,
            local=lambda at: at.astimezone(ZoneInfo(span.zone)),
        )
    )


def _tiles(month: Month) -> list[tuple[str, str, str]]:
    """The figures at the top: name, value, and what is beside it."""
    corrections = _by_state(month)
    people = Counter[str]()
    for one in month.changed:
        people[one.by] += one.characters
    sent = sum(one.sent for one in month.digests)
    untouched = sum(one.touched == 0 for one in month.posts)
    subscribers = sum(month.subscribers.values())
    values = (
        (words.COUNTED_POSTS.format(len(month.posts)), words.TILE_UNTOUCHED_POSTS.format(untouched)),
        (words.hours(median([one.hours for one in month.posts])), words.TILE_MEDIAN),
        (words.percent(effort.untouched_rate(month.posts)), words.TILE_UNTOUCHED),
        (
            words.COUNTED_LETTERS.format(people.total()),
            words.TILE_PEOPLE.format(people["moderator"], people["reader"]),
        ),
        (
            words.COUNTED_CORRECTIONS.format(corrections.total()),
            words.TILE_CORRECTIONS.format(corrections["applied"], words.hours(month.hours_to_apply)),
        ),
        (f"${month.spent:.2f}", words.TILE_CAP.format(month.cap)),
        (words.COUNTED_MAILS.format(sent), words.TILE_READERS.format(subscribers)),
    )
    return [(name, value, beside) for name, (value, beside) in zip(words.TILES, values, strict=True)]


def _posts_plot(month: Month) -> plots.Plot:
    found = Counter((one.series, day_of(one.published_at, month.span.zone)) for one in month.posts)
    series = {name: [found[key, day] for day in month.span.days] for key, name in words.SERIES.items()}
    return plots.columns(_days(month), series, unit=words.UNITS["posts"])


def _publish_plot(posts: Iterable[Approved]) -> plots.Plot:
    """How many posts took how long, by series."""
    limits = [limit for limit, _ in words.WAITED]
    found = Counter((one.series, bisect.bisect_right(limits, one.hours)) for one in posts)
    series = {name: [found[key, at] for at in range(len(words.WAITED) + 1)] for key, name in words.SERIES.items()}
    return plots.columns([*(name for _, name in words.WAITED), words.WAITED_LONGER], series, unit=words.UNITS["posts"])


def _effort_plot(month: Month) -> plots.Plot:
    found: Counter[tuple[str, dt.date]] = Counter()
    for one in month.changed:
        found[one.by, day_of(one.at, month.span.zone)] += one.characters
    series = {name: [found[key, day] for day in month.span.days] for key, name in words.PEOPLE.items()}
    return plots.columns(_days(month), series, unit=words.UNITS["letters"])


def _series_rows(posts: Iterable[Approved]) -> list[tuple[str, int, int, str, str]]:
    """By series: posts, sentences, untouched part, median time to publication."""
    groups: dict[str, list[Approved]] = {}
    for one in posts:
        groups.setdefault(one.series, []).append(one)
    return [
        (
            words.SERIES.get(series, series),
            len(group),
            sum(one.sentences for one in group),
            words.percent(effort.untouched_rate(group)),
            words.hours(median([one.hours for one in group])),
        )
        for series, group in sorted(groups.items())
    ]


def _by_state(month: Month) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, _, state), count in month.corrections.items():
        found[state] += count
    return found


def _correction_rows(month: Month) -> list[tuple[str, str, list[int], int]]:
    """By series and kind: counts by state, and their sum."""
    found = []
    for series, kind in sorted({(series, kind) for series, kind, _ in month.corrections}):
        counts = [month.corrections[series, kind, state] for state in STATES]
        found.append((words.SERIES.get(series, series), words.CORRECTION_KINDS.get(kind, kind), counts, sum(counts)))
    return found


def _correction_plot(month: Month) -> plots.Plot:
    kinds = sorted({(series, kind) for series, kind, _ in month.corrections})
    labels = [f"{words.SERIES.get(s, s)} · {words.CORRECTION_KINDS.get(k, k)}" for s, k in kinds]
    series = {words.CORRECTION_STATES[state]: [month.corrections[s, k, state] for s, k in kinds] for state in STATES}
    return plots.columns(labels, series, unit=words.UNITS["corrections"])


def _cost_plot(month: Month) -> plots.Plot:
    values = [float(month.cost_by_day.get(day, 0)) for day in month.span.days]
    return plots.columns(_days(month), {"USD": values}, digits=4)


def _digest_plot(month: Month) -> plots.Plot:
    days = sorted({one.day for one in month.digests})
    found = Counter[tuple[str, dt.date]]()
    for one in month.digests:
        found[one.cadence, one.day] += one.sent
    labels = [f"{day.month}/{day.day}" for day in days]
    return plots.columns(
        labels,
        {name: [found[key, day] for day in days] for key, name in words.CADENCES.items()},
        unit=words.UNITS["mails"],
    )


def _days(month: Month) -> list[str]:
    return [str(day.day) for day in month.span.days]
