"""What a weekly list gets wrong although its form is right: links that belong to something else, texts cut off.

The rules were measured on the whole list (1,300 rows): tweets outside their weeks, links to another paper, the same
paper in two weeks, descriptions without an end. They find; people decide.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.editions import records
from bot.languages.ko import review as words
from bot.store.tables import Edition, EditionItem, Sighting
from bot.translation.checks.base import Category, Severity

TWEETS_FROM = dt.timedelta(days=14)
"""So long before its week's Monday a tweet may be: 1,221 of 1,232 are younger, and older than the Monday after."""
_TWITTER_EPOCH_MS = 1_288_834_974_657
_STATUS = re.compile(r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/[^/]+(?:/web)?/status/(\d{15,20})")
_WORD = re.compile(r"[a-z0-9]{3,}")
_SAYS_NOTHING = frozenset(
    """
    a an and are at by can do for from how in into is its of on or the their this to toward towards via what when why
    with without you your using use new model models language large llm llms vlm vlms ai agent agents learning deep
    neural network networks machine foundation approach method framework system systems survey study paper data
    training generative multimodal
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_ENDED = re.compile(r"[.!?…:)\]\"'”’]\s*$")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something of a list's row that does not fit.

    Attributes:
        about: the kind of passage it is best shown with.
        message: one Korean sentence for moderators.
    """

    about: str
    category: Category
    severity: Severity
    message: str


def doubts(session: Session, edition: Edition) -> dict[int, list[Doubt]]:
    """By item: what does not fit; empty for a series whose list has no such facts."""
    if edition.series != "weekly":
        return {}
    before = _listed_before(session, edition)
    found: dict[int, list[Doubt]] = {}
    for item in edition.items:
        sighting = item.sighting
        said = [
            *of_row(
                sighting.label,
                sighting.description,
                [link["url"] for link in sighting.links],
                edition.period_start,
                sighting.paper.title if sighting.paper.metadata_source else None,
                sighting.paper.abstract,
            )
        ]
        if item.id in before:
            message = words.LISTED_BEFORE.format(week=before[item.id])
            said.append(Doubt("description", Category.REPETITION, Severity.MINOR, message))
        if said:
            found[item.id] = said
    return found


def of_row(
    label: str, description: str, urls: Sequence[str], week: dt.date, own_title: str | None, abstract: str | None
) -> Iterator[Doubt]:
    """What does not fit in one row.

    Args:
        week: the first day of its week.
        own_title: the title of the work its link leads to; None where nobody told.
    """
    for url in urls:
        day = tweeted_on(url)
        if day is not None and not week - TWEETS_FROM <= day <= week + dt.timedelta(days=7):
            message = words.TWEET_OUT_OF_WEEK.format(day=day)
            yield Doubt("description", Category.MISTRANSLATION, Severity.MAJOR, message)
            break
    if own_title is not None and not shares_words(label, own_title):
        message = words.LINK_TO_ANOTHER.format(label=label, title=own_title)
        # A label of other words than the title's is often one of the abstract's; a wrong link seldom.
        severity = Severity.MINOR if abstract and shares_words(label, abstract) else Severity.CRITICAL
        yield Doubt("title", Category.MISTRANSLATION, severity, message)
    if description and not _ENDED.search(description):
        yield Doubt("description", Category.OMISSION, Severity.MINOR, words.CUT_UPSTREAM)


def tweeted_on(url: str) -> dt.date | None:
    """The day (UTC) of a post on X: its number holds the time. None for any other address."""
    found = _STATUS.match(url)
    if found is None:
        return None
    return dt.datetime.fromtimestamp(((int(found[1]) >> 22) + _TWITTER_EPOCH_MS) / 1000, dt.UTC).date()


def shares_words(label: str, text: str) -> bool:
    """Whether a label has a telling word in common with a text; true for a label without any."""
    told = {_stem(word) for word in _WORD.findall(label.lower()) if word not in _SAYS_NOTHING}
    there = {_stem(word) for word in _WORD.findall(text.lower())}
    joined = "".join(char for char in text.lower() if char.isalnum())
    return not told or bool(told & there) or any(len(word) > 4 and word in joined for word in told)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _listed_before(session: Session, edition: Edition) -> dict[int, dt.date]:
    """By item: the day of the newest earlier list of the same source that has the same work."""
    groups = records.same_work(session, [item.sighting.paper_id for item in edition.items])
    found = {}
    for item in edition.items:
        day = session.scalar(
            select(Sighting.list_date)
            .join(EditionItem, EditionItem.sighting_id == Sighting.id)
            .where(
                Sighting.paper_id.in_(groups[item.sighting.paper_id]),
                Sighting.source == item.sighting.source,
                Sighting.list_date < item.sighting.list_date,
            )
            .order_by(Sighting.list_date.desc())
            .limit(1)
        )
        if day is not None:
            found[item.id] = day
    return found
