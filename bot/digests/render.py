"""From a digest's content to its two texts, once for all readers that get the same, with marks where they differ."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.digests.compose import Content, Section, shortened
from bot.languages.ko import digest as ko

TEMPLATES = Path(ko.__file__).parent / "templates"
LARGEST_HTML = 80_000
"""Bytes, decoded; with its base64 it stays under the 102 KB at which Gmail cuts a mail."""
LARGEST_ENCODED = 100_000
MARKS = ("address", "unsubscribe", "preferences")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the papers in a digest.

    Attributes:
        archive: the digest's page.
        contact: who sends it and where to write.
    """

    cadence: str
    subject: str
    sender: str
    contact: str
    archive: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two texts; where readers differ stands `BOUNDARY-NAME`, for each name in `MARKS`."""

    html: str
    plain: str
    boundary: str
    content: Content


def render(content: Content, language: str, frame: Frame, *, boundary: str | None = None) -> Rendered:
    """Both texts, under the size limits: papers are left out from the end and counted, then introductions.

    The boundary is random: nothing that was written outside can hold a mark.
    """
    boundary = boundary or secrets.token_hex(12)
    while True:
        rendered = _render(content, language, frame, boundary)
        size = len(rendered.html.encode())
        encoded = len(base64.b64encode(rendered.html.encode())) * 78 // 76
        shorter = shortened(content) if size > LARGEST_HTML or encoded > LARGEST_ENCODED else None
        if shorter is None:
            return rendered
        content = shorter


def mark(boundary: str, name: str) -> str:
    """What stands in a rendering in the place of something that differs from reader to reader."""
    return f"{boundary}-{name}"


def filled(text: str, boundary: str, values: dict[str, str]) -> str:
    """A rendering with its marks replaced: for previews and the archive, where speed does not matter."""
    for name, value in values.items():
        text = text.replace(mark(boundary, name), value)
    return text


def _render(content: Content, language: str, frame: Frame, boundary: str) -> Rendered:
    sections = (*content.best, *content.others)
    talks = sum(item.paper_id < 0 for section in sections for item in section.items)
    papers = sum(len(section.items) + section.left_out for section in sections) - talks
    context = {
        "language": language,
        "subject": frame.subject,
        "heading": frame.subject.removeprefix(ko.ADVERTISING).partition(" · ")[0],
        "sender": frame.sender,
        "contact": frame.contact,
        "archive": frame.archive,
        "cadence_name": ko.CADENCES[frame.cadence],
        "lead": ko.lead(frame.cadence, papers, talks),
        "preheader": ko.preheader(_titles(content.best, language)),
        "best": content.best,
        "others": content.others,
        "errata": content.errata,
        "more_errata": content.more_errata,
        "marks": {name: mark(boundary, name) for name in MARKS},
        "shortened": ko.shortened,
        "liked": ko.liked,
        "thanks": ko.thanks,
    }
    html = _inliner().inline(environment().get_template("digest.html").render(context))
    text = environment().get_template("digest.txt").render(context)
    return Rendered(html.replace("\n", "\r\n"), text.replace("\n", "\r\n"), boundary, content)


def _titles(sections: Sequence[Section], language: str) -> list[str]:
    return [
        item.title_en if language == "en" or not item.title_ko else item.title_ko
        for section in sections
        for item in section.items
    ]


@cache
def environment() -> Environment:
    """The templates of mails and pages; every value in HTML is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
