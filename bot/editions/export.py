"""An edition as a file: the post's Markdown, all of its texts as data, or a page to open in a browser."""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from sqlalchemy.orm import Session

from bot.editions import jekyll, layout, series
from bot.editions.compose import Frame
from bot.errors import RejectedError
from bot.languages.ko import labels
from bot.store.tables import Edition, EditionItem, Passage, Segment, Talk
from bot.translation import passages

_EMOJI = re.compile(r":([a-z0-9_+-]+):")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")
_STYLE = """
body{margin:0 auto;max-width:44rem;padding:1.5rem;font:1rem/1.65 system-ui,sans-serif;color:#222;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.3rem;margin-top:2rem}h3{font-size:1.1rem}
blockquote{margin:1rem 0;padding:.5rem 1rem;border-left:4px solid #ddd;background:#f7f7f7;color:#444}
a{color:#0b6bcb;overflow-wrap:anywhere}hr{border:0;border-top:1px solid #ddd;margin:2rem 0}code{background:#f2f2f2}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}blockquote{background:#262626;color:#bbb}
a{color:#6db3f2}code{background:#2b2b2b}}
"""

Format = Callable[[Session, Edition, Frame], str]


def as_markdown(session: Session, edition: Edition, frame: Frame) -> str:
    """The post as it would be submitted now; of an adopted edition as it is to stand on the forum, byte for byte."""
    text = _post(session, edition, frame)
    return text if edition.layout is not None else text + "\n"


def _post(session: Session, edition: Edition, frame: Frame) -> str:
    if edition.layout is not None:
        return layout.article(session, edition, edition.layout)
    return series.of(edition).article(session, edition, frame).text()


def as_json(session: Session, edition: Edition, _frame: Frame) -> str:
    """Everything the edition says, sentence beside sentence, with who wrote it and what it rests on."""
    of = series.of(edition)
    known = passages.load_all(session, edition, of.kinds if edition.layout is None else None)
    introduction = passages.introduction_of(known)
    data: dict[str, Any] = {
        "series": edition.series,
        "period": edition.period,
        "start": edition.period_start.isoformat(),
        "end": edition.period_end.isoformat(),
        "title": edition.title,
        "state": edition.state,
        "topic": edition.topic.discourse_id if edition.topic else None,
        "introduction": None if introduction is None else _passage(introduction),
        "papers": [
            {
                "rank": item.rank,
                "left_out": item.dropped_by is not None,
                "label": item.sighting.label,
                "title": item.sighting.paper.title,
                "url": item.sighting.paper.url,
                "arxiv_id": item.sighting.paper.arxiv_id,
                "arxiv_version": item.sighting.paper.arxiv_version,
                "doi": item.sighting.paper.doi,
                "authors": item.sighting.authors or item.sighting.paper.authors,
                "votes": item.sighting.votes,
                "metadata_source": item.sighting.paper.metadata_source,
                "links": item.sighting.links,
                "texts": [_passage(passage) for passage in _texts(edition, known, item)],
            }
            for item in edition.items
        ],
    }
    if edition.layout is not None:
        own = [p for p in known if p.edition_id == edition.id and p is not introduction]
        data |= {
            "adopted_from": edition.layout.origin,
            "published_by": edition.layout.author,
            "other_texts": [_passage(passage) for passage in own],
        }
    if edition.talk is not None:
        del data["introduction"], data["papers"]
        data["talk"] = _talk(known, edition.talk)
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _texts(edition: Edition, known: Sequence[Passage], item: EditionItem) -> Sequence[Passage]:
    """The paper's texts in the post; an adopted post has its own, whatever other editions say of the same paper."""
    if edition.layout is not None:
        return [passage for passage in known if passage.sighting_id == item.sighting_id]
    return series.of(edition).texts(known, item)


def _talk(known: Sequence[Passage], talk: Talk) -> dict[str, Any]:
    """A talk's texts; what the transcript has otherwise stands beside each passage."""

    def spoken(passage: Passage) -> dict[str, Any]:
        row = passage.spoken
        assert row is not None
        return {**_passage(passage), "start_s": row.start_s, "turns": row.turns, "repairs": row.repairs}

    return {
        "title": talk.title,
        "speakers": talk.speakers,
        "video_id": talk.video_id,
        "transcript_source": talk.transcript_source,
        "repeats": talk.repeats,
        "texts": [_passage(passage) for passage in known if passage.kind in (passages.OVERVIEW, passages.OUTLINE)],
        "sections": [
            {
                "number": section.rank,
                "left_out": section.dropped_by is not None,
                "title": section.title,
                "start_s": section.start_s,
                "texts": [spoken(passage) for passage in known if passage.talk_section_id == section.id],
            }
            for section in talk.sections
        ],
    }


def as_jekyll(session: Session, edition: Edition, _frame: Frame) -> str:
    """A talk as a page of a Jekyll site."""
    return jekyll.page(session, edition)


def as_html(session: Session, edition: Edition, frame: Frame) -> str:
    """A page that needs nothing else: no script, no picture or style from elsewhere."""
    title = html.escape(edition.title)
    body = rendered(_post(session, edition, frame))
    return (
        f'<!doctype html>\n<html lang="ko">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )


FORMATS: Mapping[str, Format] = {"markdown": as_markdown, "json": as_json, "html": as_html, "jekyll": as_jekyll}


def rendered(markdown: str) -> str:
    """Markdown of a post as HTML, as the forum renders it: lines break where they end, addresses alone on a line are
    links, and HTML is text. Pictures are links to them."""
    return str(_engine().render(markdown))


def find(session: Session, name: str) -> Edition:
    """The edition called `weekly-2026-11-09` (or with a slash, blank or colon in place of the first hyphen).

    Raises:
        RejectedError: there is none.
    """
    found = re.fullmatch(r"([a-z]+)[-/: ](.+)", name.strip())
    if found is None:
        raise RejectedError(f"{name!r} is not the name of an edition; write it like weekly-2026-11-09.")
    of = series.named(found[1])
    edition_id = series.find(session, of, found[2])
    if edition_id is None:
        raise RejectedError(f"There is no edition {of.name} {found[2]}; `paperbot status` lists those there are.")
    return session.get_one(Edition, edition_id)


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "kind": passage.kind,
        "en": passage.source,
        "segments": [_segment(segment) for segment in passage.segments],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    revision = passages.current(segment)
    return {
        "id": segment.id,
        "en": segment.source,
        "ko": revision.text if revision else None,
        "is_markdown": revision.is_markdown if revision else False,
        "by": revision.author_kind if revision else None,
        "author": revision.author if revision else None,
        "rests_on": segment.rests_on,
    }


# --- HTML ------------------------------------------------------------------------------------------------------------


class _Renderer(RendererHTML):
    """HTML in a post is text, but for comments, which are nothing; pictures are links."""

    def html_inline(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return html.escape(_COMMENT.sub("", tokens[idx].content))

    def html_block(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return html.escape(_COMMENT.sub("", tokens[idx].content))

    def image(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        address = html.escape(str(tokens[idx].attrGet("src") or ""))
        return f'<a href="{address}" rel="noreferrer">{labels.PICTURE}</a>'


@cache
def _engine() -> MarkdownIt:
    options = {"html": True, "breaks": True, "typographer": True}
    engine = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    engine.enable(["table", "strikethrough", "replacements", "smartquotes"])
    engine.core.ruler.push("addresses_and_emoji", _finish)
    return engine


def _finish(state: Any) -> None:
    """Bare addresses become links, emoji codes their signs."""
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_finished(token.children))


def _finished(children: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for child in children:
        depth += child.type == "link_open"
        depth -= child.type == "link_close"
        if child.type == "text" and not depth and _ADDRESS.fullmatch(child.content.strip()):
            address = child.content.strip()
            yield Token("link_open", "a", 1, attrs={"href": address, "rel": "noreferrer"})
            yield Token("text", "", 0, content=address)
            yield Token("link_close", "a", -1)
            continue
        if child.type == "text":
            child.content = _EMOJI.sub(lambda found: labels.EMOJI.get(found[1], found[0]), child.content)
        yield child
