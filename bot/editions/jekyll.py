"""A talk as a page of a Jekyll site: front matter in YAML, then the post with the player as an iframe.

The form is that of the community's talk pages: the five keys in their order, the title in quotes where YAML asks for
them, the player before the details, no notes.
"""

import datetime as dt
import re
import unicodedata

import yaml
from sqlalchemy.orm import Session

from bot.editions import talk_article
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.papers.videos import embed_url
from bot.store.tables import Edition, Talk

CATEGORIES = ("artificial intelligence",)
TAGS = ("seminar",)
_PLAYER = (
    '<iframe width="600" height="400" src="{url}" title="YouTube video player" frameborder="0" allow="accelerometer; '
    'autoplay; clipboard-write; encrypted-media; gyroscope; picture-in-picture; web-share" '
    'referrerpolicy="strict-origin-when-cross-origin" allowfullscreen></iframe>'
)


def page(session: Session, edition: Edition) -> str:
    """The whole file, with its final line end.

    Raises:
        RejectedError: the edition is no talk, or was not drafted yet.
    """
    talk = _talk_of(edition)
    if edition.state in ("collecting", "drafting"):
        raise RejectedError(
            f"Talk {edition.period} is not drafted yet: run `paperbot draft talk --period {edition.period}` first."
        )
    text = talk_article.read(session, edition)
    blocks = [talk_article.title_line(talk), *([talk_article.speaker_lines(talk)] if talk.speakers else [])]
    if summary := talk_article.summary_blocks(talk, text):
        blocks += [f"## {labels.TALK_SUMMARY}", *summary]
    if talk.video_id is not None:
        blocks.append(_PLAYER.format(url=embed_url(talk.video_id)))
    blocks.append(f"## {labels.TALK_DETAILS}")
    for section, heading, paragraphs in text.sections:
        blocks.append(f"### {section.rank}. {heading}")
        if talk.video_id is not None and section.start_s is not None:
            blocks.append(talk_article.time_link(talk.video_id, section.start_s))
        blocks += paragraphs
    return front_matter(talk.title, edition.period_start) + "\n" + _without_liquid("\n\n".join(blocks)) + "\n"


def file_name(edition: Edition) -> str:
    """The name that Jekyll wants: `YYYY-MM-DD-slug.md`.

    Raises:
        RejectedError: the edition is no talk.
    """
    plain = unicodedata.normalize("NFKD", _talk_of(edition).title).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or edition.period
    return f"{edition.period_start:%Y-%m-%d}-{slug}.md"


def front_matter(title: str, day: dt.date) -> str:
    """The page's head, valid YAML whatever the title holds."""
    fields = {
        "layout": "post",
        "title": title,
        "date": day,
        "categories": _Flow(CATEGORIES),
        "tags": _Flow(TAGS),
    }
    packed = yaml.dump(fields, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{packed}---\n"


class _Flow(list[str]):
    """A list that is written on one line: `[a, b]`."""


class _Dumper(yaml.SafeDumper):
    """Writes `_Flow` lists on one line."""


_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", list(data), flow_style=True)
)


def _without_liquid(text: str) -> str:
    """Jekyll reads `{{` and `{%` as its own language, in a talk's words too."""
    return text.replace("{{", "{&#123;").replace("{%", "&#123;%")


def _talk_of(edition: Edition) -> Talk:
    if edition.talk is None and edition.layout is not None and edition.series == "talk":
        raise RejectedError(
            f"Talk {edition.period} was adopted: its post is kept as people wrote it, without a transcript to make a "
            "Jekyll page of. Export it as markdown."
        )
    if edition.talk is None:
        raise RejectedError(f"Edition {edition.series} {edition.period} is no talk: only talks become Jekyll pages.")
    return edition.talk
