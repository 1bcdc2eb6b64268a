"""Reading DAIR's list, with invented weeks in every form that was seen."""

import datetime as dt
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.sources.dair import Awaited, Link, ListedPaper, ParsedList, parse, week_of

JUNE_23 = "Top ML Papers of the Week (June 23 - June 29) - 2025"
JUNE_16 = "Top ML Papers of the Week (June 16 - June 22) - 2025"
PAPER_LINK = "[Paper](https://papers.test/1)"


def row(rank: int, first: str = "Invented Title  Introduces something.", links: str = PAPER_LINK) -> str:
    return f"| {rank}) {first} | {links} |"


def rows(*special: str, count: int = 10) -> list[str]:
    """`count` rows, the first of which are the given ones."""
    return [*special, *(row(rank) for rank in range(len(special) + 1, count + 1))]


def section(table_rows: list[str], heading: str = JUNE_23) -> str:
    return "\n".join(
        [f"## {heading}", "| **Paper**  | **Links** | ", "| ------------- | ------------- |", *table_rows, ""]
    )


def a_list(*sections: str) -> str:
    index = f"# ML Papers of The Week\n\n## 2025\n- [{JUNE_23}](./#somewhere)\n\n"
    return index + "\n".join(sections) + "\n---\n\nSome closing words.\n"


def first_paper(first_row: str) -> ListedPaper:
    parsed = parse(section(rows(first_row)))
    assert parsed.problems == ()
    return parsed.weeks[0].papers[0]


def only_reason(text: str) -> str:
    parsed = parse(text)
    assert parsed.weeks == ()
    (problem,) = parsed.problems
    return f"{problem.line}: {problem.reason}"


# --- whole lists ------------------------------------------------------------------------------------------------------


def test_a_list_keeps_the_order_of_its_weeks_and_papers() -> None:
    parsed = parse(a_list(section(rows()), section(rows(), JUNE_16)))
    assert parsed.problems == ()
    assert [(week.start, week.end, week.line) for week in parsed.weeks] == [
        (dt.date(2025, 6, 23), dt.date(2025, 6, 29), 6),
        (dt.date(2025, 6, 16), dt.date(2025, 6, 22), 20),
    ]
    assert [(paper.rank, paper.line) for paper in parsed.weeks[0].papers] == [(rank, 8 + rank) for rank in range(1, 11)]


def test_line_ends_byte_order_mark_comments_and_blank_lines_change_nothing() -> None:
    text = section(rows())
    disguised = "\ufeff" + text.replace("2025\n", "2025\n\n<!-- a note -->\n").replace("\n", "\r\n")
    papers = parse(disguised).weeks[0].papers
    assert [paper.title for paper in papers] == [paper.title for paper in parse(text).weeks[0].papers]
    assert papers[0].line == 6


@pytest.mark.parametrize(
    "text", ["", "<!DOCTYPE html><html><body>Not found</body></html>", "# Another list\n| a | b |"]
)
def test_another_text_is_one_problem_that_says_what_was_expected(text: str) -> None:
    parsed = parse(text)
    assert "## Top ML Papers of the Week (" in parsed.problems[0].reason
    with pytest.raises(RejectedError, match="cannot be read as DAIR's weekly list"):
        week_of(parsed, dt.date(2025, 6, 23))


def test_a_refused_week_leaves_the_others_alone() -> None:
    parsed = parse(a_list(section(rows(count=2)), section(rows(), JUNE_16)))
    assert [week.start for week in parsed.weeks] == [dt.date(2025, 6, 16)]
    (problem,) = parsed.problems
    assert (problem.heading, problem.start, problem.line) == (JUNE_23, dt.date(2025, 6, 23), 6)
    assert problem.reason == "the week has 2 papers instead of 10"


def test_a_table_outside_any_week_is_reported_once() -> None:
    parsed = parse(section(rows()) + "---\n" + "\n".join(rows()))
    assert [(problem.line, problem.heading) for problem in parsed.problems] == [(15, None)]
    assert len(parsed.weeks) == 1


# --- headings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "start", "end"),
    [
        ("(June 23 - June 29) - 2025", "2025-06-23", "2025-06-29"),
        ("(December 30 - January 5) - 2025", "2024-12-30", "2025-01-05"),
        ("(Mar 27 - April 2)", "2023-03-27", "2023-04-02"),
        ("(Feb 20-26)", "2023-02-20", "2023-02-26"),
        ("(Feb 13 - 19)", "2023-02-13", "2023-02-19"),
        ("(May 29-June 4)", "2023-05-29", "2023-06-04"),
        ("(March4 - March 10) - 2024", "2024-03-04", "2024-03-10"),
        ("(Sept. 4 – Sept. 10)", "2023-09-04", "2023-09-10"),
        ("(Jan 1-8)", "2023-01-01", "2023-01-08"),
        ("(March 26 - March 31) - 2024", "2024-03-26", "2024-03-31"),
        ("(March 18 - March 25) - 2024", "2024-03-18", "2024-03-25"),
        ("(April 6 - April 13) - 2025", "2025-04-06", "2025-04-13"),
    ],
)
def test_dates_are_read_from_the_heading(dates: str, start: str, end: str) -> None:
    (week,) = parse(section(rows(), f"Top ML Papers of the Week {dates}")).weeks
    assert (week.start.isoformat(), week.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ("(January 1 - January 5) - 2025", "2025-01-01 to 2025-01-05 is no week (5 days from Wednesday to Sunday)"),
        ("(June 24 - June 30) - 2025", "is no week (7 days from Tuesday to Monday)"),
        ("(January 8 - January 14)", "is no week"),  # 2024, its year forgotten
        ("(June 29 - June 23) - 2025", "is no week"),
        ("(June 23 - July 29) - 2025", "is no week"),
        ("(Juni 23 - Juni 29) - 2025", "unknown month"),
        ("(February 24 - February 30) - 2025", "a day that does not exist"),
        ("(June 23 - June 29) - 0000", "a day that does not exist"),
        ("(June 23 to June 29) - 2025", "cannot be read"),
        ("(June 23 - June 29) - 2025 - draft", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_heading_without_a_clear_week_is_refused_at_its_line(dates: str, reason: str) -> None:
    found = only_reason(section(rows(), f"Top ML Papers of the Week {dates}"))
    assert found.startswith("1: ")
    assert reason in found


@pytest.mark.parametrize("second", [rows(), rows(count=2)])
def test_two_sections_with_one_heading_are_both_refused(second: list[str]) -> None:
    parsed = parse(a_list(section(second), section(rows()), section(rows(), JUNE_16)))
    assert [week.start for week in parsed.weeks] == [dt.date(2025, 6, 16)]
    assert len(parsed.problems) == 2
    first, last = parsed.problems
    assert f"line {last.line} too" in first.reason
    assert f"line {first.line} too" in last.reason


def test_the_same_week_in_other_words_counts_as_the_same_heading() -> None:
    parsed = parse(section(rows()) + section(rows(), "Top ML Papers of the Week (Jun 23-29) - 2025"))
    assert (parsed.weeks, len(parsed.problems)) == ((), 2)


# --- rows: title and description --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first_row",
    [
        "| 1) **A Title** - some text. | {} |",
        "| 1)  **A Title**  - some text. | {} |",
        "| 1) **A Title**- some text. | {} |",
        "| 1) **A Title** -some text. | {} |",
        "| 1) **A Title** -  some text. | {} |",
        "| 1) **A Title** - some text. -  | {} |",
        "| 1) A Title  some text. | {} |",
        "| 1) A Title - some text. | {} |",
        "| 1) A Title - some  text. | {} |",
        "| 1) *8A Title** - some text. | {} |",
        "|**1). A Title** - some text.|{}|",
        "|**1) A Title** - some text.|{}|",
        "|**1).**  **A Title -** some text.|{}|",
        "|**1).**  **A Title - some** text.|{}|",
    ],
)
def test_title_and_description_are_told_apart(first_row: str) -> None:
    paper = first_paper(first_row.format(PAPER_LINK))
    assert (paper.rank, paper.title, paper.description) == (1, "A Title", "some text.")


@pytest.mark.parametrize("opening", ["Introduces", "This paper shows"])
def test_a_single_blank_before_the_usual_first_words_separates(opening: str) -> None:
    paper = first_paper(row(1, f"A Title for Tests {opening} some  text."))
    assert (paper.title, paper.description) == ("A Title for Tests", f"{opening} some text.")


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Journey - Part 2", "Journey - Part 2"),
        ("Why—and How: A/B? & More", "Why—and How: A/B? & More"),
        (r"Q\&A in Σ", "Q&A in Σ"),
        ("A*-like", "A*-like"),
    ],
)
def test_a_bold_title_is_kept_whole(title: str, plain: str) -> None:
    assert first_paper(row(1, f"**{title}** - text.")).title == plain


def test_a_description_may_be_missing_after_a_bold_title() -> None:
    paper = first_paper(row(1, "**A Title**" + " " * 80))
    assert (paper.title, paper.description) == ("A Title", "")


def test_a_description_becomes_plain_text_and_is_otherwise_left_as_it_is() -> None:
    text = "Lead <think> with it[s Site](https://site.test/).   <br>● costs  $32K   <br> ● cut off in mid wo"
    paper = first_paper(row(1, f"A Title  {text}"))
    assert paper.description == "Lead <think> with its Site.\n- costs $32K\n- cut off in mid wo"
    assert paper.description_links == (Link("s Site", "https://site.test/"),)


# --- rows: links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "[Paper](https://a.test/1), [Tweet](https://x.test/2?s=20&t=3)",
        "[Paper](https://a.test/1) ,  [Tweet](https://x.test/2?s=20&t=3)    ",
        "[Paper](https://a.test/1)  [Tweet)](https://x.test/2?s=20&t=3)",
        "[Paper](https://a.test/1)[Tweet](https://x.test/2?s=20&t=3)",
        "[Paper](https://a.test/1)), [Tweet](https://x.test/2?s=20&t=3)",
        "[Paper](https://a.test/1), [Tweet](https://x.test/2?s=20&t=3)_",
        "[Paper](https://a.test/1) | [Tweet](https://x.test/2?s=20&t=3)",
        "[Paper][https://a.test/1], [Tweet][(https://x.test/2?s=20&t=3)]",
        "[Paper](https://a.test/1), [Tweet]([XXX](https://x.test/2?s=20&t=3))",
    ],
)
def test_links_are_read_in_order_with_their_queries(cell: str) -> None:
    links = first_paper(row(1, links=cell)).links
    assert links == (Link("Paper", "https://a.test/1"), Link("Tweet", "https://x.test/2?s=20&t=3"))


@pytest.mark.parametrize(
    ("cell", "link"),
    [
        ("[Code & Data](http://a.test)", Link("Code & Data", "http://a.test")),
        ("[paper](https://a.test/x_(y))", Link("paper", "https://a.test/x_(y)")),
        (r"[Paper](https://a.test/x\_y)", Link("Paper", "https://a.test/x_y")),
        ("[Code (JAX)](https://a.test)", Link("Code (JAX)", "https://a.test")),
        ("[(Code](https://a.test)", Link("Code", "https://a.test")),
    ],
)
def test_labels_and_addresses_are_kept_as_written(cell: str, link: Link) -> None:
    assert first_paper(row(1, links=cell)).links == (link,)


# --- rows that are refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad_row", "reason"),
    [
        (row(3), "row 2 of the table has the rank 3"),
        (row(1), "row 2 of the table has the rank 1"),
        (f"| **Title** - text | {PAPER_LINK} |", "instead of a rank"),
        (f"| 2) **XXX** XXX | {PAPER_LINK} |", "nothing separates the bold title"),
        (f"| 2) **XXX** - XXX | {PAPER_LINK} |", "placeholder"),
        (f"| 2) **Title** - XXX. | {PAPER_LINK} |", "placeholder"),
        ("| 2) **Title** - text | [Paper](XXX) |", "`Paper](XXX` in the links is no link"),
        ("| 2) **Title** - text | [Paper](https:///x) |", "is no link"),
        ("| 2) **Title** - text | [Paper](javascript:alert) |", "is no link"),
        ("| 2) **Title** - text | |", "the row has no link"),
        ("| 2) **Title** - text | [](https://a.test) |", "a link has no label"),
        ("| 2) **Title** - text |", "two cells"),
        (f"| 2) **Title** - text | {PAPER_LINK}", "two cells"),
        (f"| 2) **Title** - a | b | {PAPER_LINK} |", "`b` in the links is no link"),
        (f"| 2) Only words, one blank each | {PAPER_LINK} |", "nothing separates the title"),
        (f"| 2) {'long ' * 40} - text | {PAPER_LINK} |", "the title would have"),
        (f"| 2) **?** - text | {PAPER_LINK} |", "no title"),
        (f"| 2) **Title** - a &amp; b | {PAPER_LINK} |", "`&amp;`"),
        (f"| 2) **Title** - a \x1b[2J b | {PAPER_LINK} |", "control characters"),
        (f"| 2) **Title** - {'a' * 30_000} | {PAPER_LINK} |", "more than any real one"),
        ("  and the rest of the text.", "is no table row"),
    ],
)
def test_a_bad_row_refuses_its_week_at_its_line(bad_row: str, reason: str) -> None:
    table_rows = rows(row(1), bad_row)
    found = only_reason(section(table_rows))
    assert found.startswith("5: ")
    assert reason in found


@pytest.mark.parametrize("count", [0, 2, 9])
def test_a_short_week_is_refused(count: int) -> None:
    assert only_reason(section(rows(count=count))) == f"1: the week has {count} papers instead of 10"


def test_an_eleventh_paper_refuses_the_week() -> None:
    assert only_reason(section(rows(count=11))) == "14: row 11 of the table has the rank 11"


def test_a_week_needs_its_table_head() -> None:
    assert only_reason(f"## {JUNE_23}\n\nsoon\n") == "3: `soon` is no table row"
    assert only_reason(f"## {JUNE_23}\n\n") == "1: there is no table under the heading"
    assert only_reason("\n".join([f"## {JUNE_23}", *rows()])).startswith("2: the table does not start with")
    assert only_reason("\n".join([f"## {JUNE_23}", "| Paper | Links |", *rows()])).startswith("3: the line under")


def test_two_tables_in_one_week_are_refused() -> None:
    table = section(rows()).split("\n")
    assert only_reason("\n".join([*table, *table[1:]])).startswith("15: the row starts with `**Paper**`")


# --- one week by a day ------------------------------------------------------------------------------------------------


def irregular_list() -> ParsedList:
    headings = [
        "(April 6 - April 13) - 2025",
        "(March 31 - April 6) - 2025",
        "(December 30 - January 5) - 2025",
        "(March 26 - March 31) - 2024",
        "(March 18 - March 25) - 2024",
        "(Jan 1-8)",
    ]
    return parse("\n".join(section(rows(), f"Top ML Papers of the Week {dates}") for dates in headings))


@pytest.mark.parametrize(
    ("day", "start"),
    [
        ("2024-12-30", "2024-12-30"),
        ("2025-01-01", "2024-12-30"),
        ("2025-01-05", "2024-12-30"),
        ("2025-03-31", "2025-03-31"),
        ("2025-04-05", "2025-03-31"),
        ("2025-04-06", "2025-04-06"),  # the first day as the list has it, although the calendar week begins a day later
        ("2025-04-07", "2025-04-06"),
        ("2025-04-13", "2025-04-06"),
        ("2024-03-24", "2024-03-18"),
        ("2024-03-25", "2024-03-26"),  # a Monday belongs to the week it opens
        ("2024-03-26", "2024-03-26"),
        ("2023-01-01", "2023-01-01"),
        ("2023-01-02", "2023-01-01"),
        ("2023-01-08", "2023-01-01"),
    ],
)
def test_any_day_finds_the_week_that_is_meant(day: str, start: str) -> None:
    found = week_of(irregular_list(), dt.date.fromisoformat(day))
    assert not isinstance(found, Awaited)
    assert found.start.isoformat() == start


def test_every_week_stands_for_a_calendar_week_of_its_own() -> None:
    periods = [week.period.isoformat() for week in irregular_list().weeks]
    assert periods == ["2025-04-07", "2025-03-31", "2024-12-30", "2024-03-25", "2024-03-18", "2023-01-02"]


def test_a_week_that_is_not_listed_is_awaited() -> None:
    assert week_of(parse(section(rows())), dt.date(2025, 7, 2)) == Awaited(dt.date(2025, 6, 30))


@pytest.mark.parametrize("day", ["2025-06-23", "2025-06-29"])
def test_asking_for_a_refused_week_says_where_and_why(day: str) -> None:
    parsed = parse(a_list(section(rows(count=9)), section(rows(), JUNE_16)))
    with pytest.raises(RejectedError, match="line 6: the week has 9 papers"):
        week_of(parsed, dt.date.fromisoformat(day))
    assert week_of(parsed, dt.date(2025, 6, 16)) == parsed.weeks[0]


def test_a_week_with_wrong_dates_is_refused_rather_than_awaited() -> None:
    parsed = parse(section(rows(), "Top ML Papers of the Week (January 1 - January 5) - 2025"))
    with pytest.raises(RejectedError, match="is no week"):
        week_of(parsed, dt.date(2024, 12, 30))


# --- any input --------------------------------------------------------------------------------------------------------

SMALL_LIST = a_list(
    section(
        rows(
            row(
                1,
                "**Bold** - text with [a link](https://a.test).",
                "[Paper](https://a.test/1), [Tweet](https://x.test/2)",
            ),
            row(2, "Plain  Introduces <think> and `x`.  <br>● one <br>● two"),
            row(3, "Plain - with a dash"),
        )
    ),
    section(rows(), JUNE_16),
)
PIECES = [
    "|",
    "\n",
    "*",
    "**",
    "[",
    "]",
    "(",
    ")",
    "](",
    " ",
    "  ",
    " - ",
    "## ",
    "---",
    "1) ",
    "XXX",
    "\\",
    "●",
    "<br>",
    "&lt;",
    "\x00",
]

Mutation = Callable[[str], str]


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    start = draw(st.integers(0, len(SMALL_LIST)))
    length = draw(st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 400)))
    instead = draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)))
    return lambda text: text[:start] + instead + text[start + length :]


def check(parsed: ParsedList) -> None:
    assert parsed.weeks or parsed.problems
    for week in parsed.weeks:
        assert [paper.rank for paper in week.papers] == list(range(1, 11))
        assert 6 <= (week.end - week.start).days + 1 <= 8
        assert week.period.weekday() == 0
        assert all(paper.title and paper.links for paper in week.papers)
        assert all("\n" not in paper.title for paper in week.papers)
    assert len({week.period for week in parsed.weeks}) == len(parsed.weeks)
    assert all(problem.line >= 1 and problem.reason for problem in parsed.problems)


@settings(max_examples=300, deadline=None)
@given(st.lists(mutations(), min_size=1, max_size=4))
def test_a_damaged_list_gives_whole_weeks_or_problems(changes: list[Mutation]) -> None:
    text = SMALL_LIST
    for change in changes:
        text = change(text)
    check(parse(text))


@settings(deadline=None)
@given(st.text(), st.text(alphabet="|*[]()-1234567890 \nabXJ", max_size=200), st.text(max_size=60))
def test_any_text_gives_whole_weeks_or_problems(before: str, body: str, dates: str) -> None:
    parsed = parse(f"{before}\n## Top ML Papers of the Week ({dates})\n{body}")
    check(parsed)


@settings(deadline=None)
@given(st.dates(dt.date.min, dt.date.max))
def test_any_day_can_be_asked_for(day: dt.date) -> None:
    parsed = irregular_list()
    found = week_of(parsed, day)
    assert isinstance(found, Awaited) or found in parsed.weeks


@pytest.mark.parametrize(
    "filling", ["**a ", "*a ", "[", "[a](https://a", "](", " ", "XXX", " -", "\\", "● ", "_a ", "<br", "(a"]
)
def test_hostile_repetition_is_read_quickly(filling: str) -> None:
    cell = (filling * 20_000)[:19_000]
    text = section(rows(f"| 1) **T** - {cell} | {PAPER_LINK} |"))
    text += section(rows(f"| 1) {cell} | {cell} |"), JUNE_16)
    started = time.perf_counter()
    check(parse(text))
    assert time.perf_counter() - started < 2.0
