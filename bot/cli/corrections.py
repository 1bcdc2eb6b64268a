"""`paperbot corrections`: what readers' comments ask to be changed."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import say
from bot.cli.text import A_NUMBER, read_text_file
from bot.errors import RejectedError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from bot.corrections.article import Article
    from bot.corrections.credit import Erratum
    from bot.corrections.detected import Detected
    from bot.store.engine import Sessions
    from bot.store.tables import Correction
    from bot.translation.asking import Desk

a_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Comment:
    """A line of the file of comments."""

    id: str | int
    author: str
    raw: str


@click.group()
def corrections() -> None:
    """Readers' corrections: what they ask for, deciding on it, and what became of it."""


@corrections.command()
@click.option("--article", required=True, type=a_file, help="The post that the comments stand under, in Markdown.")
@click.option("--comments", required=True, type=a_file, help="One JSON object a line: id, author, raw.")
@click.option("--title", help="The topic's title.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@click.option("--no-model", is_flag=True, help="Use rules alone, and ask no model about what they leave open.")
def detect(article: Path, comments: Path, title: str | None, form: str, no_model: bool) -> None:
    """Show what comments say of an article: corrections, reports, terms, questions, thanks. Stores nothing.

    At least one line a comment; what may be meant in several places is `unclear` and names them.
    """
    from bot.corrections.article import read_article
    from bot.corrections.detect import detect as detect_in

    about = read_article(read_text_file(article), title=title)
    if not about.sentences:
        raise RejectedError(f"{article} holds no Korean text that a comment could be about.")
    as_text = _jsonl if form == "jsonl" else _readable
    with ExitStack() as stack:
        desk = None if no_model else stack.enter_context(_desk())
        if desk is None and not no_model:
            say("Only rules were used, because ANTHROPIC_API_KEY is not set; --no-model silences this line.")
        for comment in _read_comments(comments):
            said: Sequence[Detected] = detect_in(about, comment.raw)
            if desk is not None:
                said = _with_model(desk, about, comment.raw, said)
            for found in said:
                # Bytes: JSON lines are UTF-8 whatever the terminal's encoding; half a surrogate pair stays escaped.
                click.echo(as_text(comment, found).encode(errors="backslashreplace"))


@corrections.command("list")
@click.option("--all", "shows_all", is_flag=True, help="Also those that are decided.")
def list_(shows_all: bool) -> None:
    """Print corrections that wait for a decision, oldest first: number, state, readers, old and new words."""
    from sqlalchemy import select

    from bot.corrections.apply import reporters
    from bot.corrections.lifecycle import UNDER_WAY
    from bot.store.tables import Correction

    with _store() as sessions, sessions() as session:
        query = select(Correction).order_by(Correction.id)
        found = session.scalars(query if shows_all else query.where(Correction.state.in_(UNDER_WAY))).all()
        for one in found:
            readers = ", ".join(reporters(one)) or "-"
            click.echo(f"{one.id}\t{one.state}\t{readers}\t{one.old}  ->  {one.new or '?'}")
    say(f"{len(found)} corrections. `paperbot corrections show NUMBER` for both sentences.")


@corrections.command()
@click.argument("number", type=A_NUMBER)
def show(number: int) -> None:
    """Print one correction: the sentence now and then, its English, what readers said, and its history."""
    from sqlalchemy import select

    from bot.corrections.apply import reporters
    from bot.store.tables import Revision, Segment, Topic, Transition

    with _store() as sessions, sessions() as session:
        one = _correction(session, number)
        topic = session.get_one(Topic, one.topic_id)
        click.echo(f"correction {one.id} ({one.kind}, found by {one.method}): {one.state}")
        click.echo(f"  topic    {topic.title or topic.external_id}")
        click.echo(f"  english  {session.get_one(Segment, one.segment_id).source}")
        click.echo(f"  now      {session.get_one(Revision, one.base_revision_id).text}")
        click.echo(
            f"  then     {one.text or '(no wording yet)'}{' (written by a model)' if one.is_model_wording else ''}"
        )
        click.echo(f"  readers  {', '.join(reporters(one)) or '-'}: {one.reason}")
        moves = select(Transition).where(Transition.subject == "correction", Transition.subject_id == one.id)
        for move in session.scalars(moves.order_by(Transition.id)):
            click.echo(f"  {move.at:%Y-%m-%d %H:%M}  {move.to_state} by {move.actor}: {move.reason}")


@corrections.command()
@click.argument("numbers", nargs=-1, type=A_NUMBER, required=True)
def accept(numbers: tuple[int, ...]) -> None:
    """Accept corrections; the service brings them to the page, thanks the readers and looks for the same elsewhere."""
    _decide(numbers, "accept")


@corrections.command()
@click.argument("numbers", nargs=-1, type=A_NUMBER, required=True)
@click.option("--because", default="", help="What the reader is told.")
def reject(numbers: tuple[int, ...], because: str) -> None:
    """Reject corrections; the readers are told so, politely."""
    _decide(numbers, "reject", because)


@corrections.command()
@click.argument("number", type=A_NUMBER)
@click.argument("sentence")
def edit(number: int, sentence: str) -> None:
    """Accept a correction with another SENTENCE than the reader's."""
    _decide((number,), "reword", sentence)


@corrections.command()
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="From this day on; default: all."
)
@click.option("--format", "form", type=click.Choice(["jsonl", "markdown"]), default="markdown", show_default=True)
def export(since: dt.datetime | None, form: str) -> None:
    """Print the corrections that pages show: old and new sentence, English, readers."""
    from bot.corrections.credit import errata
    from bot.jobs.calendar import zone_of
    from bot.settings import load

    settings = load()
    zone = zone_of(settings)
    begin = since.replace(tzinfo=zone) if since is not None else dt.datetime.min.replace(tzinfo=dt.UTC)
    forum_url = str(settings.forum_url or "").rstrip("/")
    with _store() as sessions, sessions() as session:
        found = errata(session, begin, forum_url=forum_url)
    for one in found:
        if form == "jsonl":
            fields = {**asdict(one), "applied_at": one.applied_at.isoformat()}
            click.echo(json.dumps(fields, ensure_ascii=False).encode())
        else:
            click.echo(_markdown(one, zone).encode())
    say(f"{len(found)} corrections.")


def _decide(numbers: Sequence[int], action: str, text: str = "") -> None:
    from bot import clock
    from bot.corrections import decide, lifecycle
    from bot.jobs.tasks import defer_reading

    text = " ".join(text.split())
    with _store() as sessions:
        for number in numbers:
            with sessions.begin() as session:
                one = _correction(session, number)
                if one.state == "detected":
                    lifecycle.move(session, one, "proposed", actor=getpass.getuser(), reason="looked at by an operator")
                if one.state != "proposed":
                    raise RejectedError(f"Correction {number} is {one.state} already; nothing was changed.")
                said = decide.Said(action, text=text)
                problem = decide.decide_one(session, one, said, actor=getpass.getuser(), now=clock.now())
                if problem is not None:
                    raise RejectedError(problem)
                defer_reading(session, one.topic_id)
            click.echo(f"{number} {'rejected' if action == 'reject' else 'accepted'}")
    say("The running service (`paperbot up`) brings it to the forum.")


def _correction(session: Session, number: int) -> Correction:
    from bot.store.tables import Correction

    one = session.get(Correction, number)
    if one is None:
        raise RejectedError(f"There is no correction {number}; `paperbot corrections list --all` shows them.")
    return one


def _markdown(one: Erratum, zone: ZoneInfo) -> str:
    from bot.editions.markdown import escape_inline

    readers = ", ".join(map(escape_inline, one.reporters)) or "-"
    lines = [
        f"- {one.applied_at.astimezone(zone):%Y-%m-%d} [{escape_inline(one.topic_title)}]({one.topic_url}) ({readers})",
        f"  - {escape_inline(one.old)}",
        f"  - → {escape_inline(one.new)}",
    ]
    return "\n".join([*lines, f"  - {escape_inline(one.source)}"] if one.source else lines)


@contextmanager
def _store() -> Iterator[Sessions]:
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say, must_exist=True) as sessions:
        yield sessions


@contextmanager
def _desk() -> Iterator[Desk | None]:
    """What a model is asked with; None without a key."""
    from bot.jobs.editions import model_desk
    from bot.settings import load
    from bot.store.engine import opened

    settings = load()
    if settings.anthropic_api_key is None:
        yield None
        return
    with opened(settings, say=say) as sessions, model_desk(sessions, settings) as desk:
        yield desk


def _with_model(desk: Desk, about: Article, raw: str, said: Sequence[Detected]) -> Sequence[Detected]:
    """What rules found, or where they leave the place open, what a model reads."""
    from bot.corrections import reading

    if any(one.kind != "unclear" for one in said):
        return said
    candidates = list(dict.fromkeys(key for one in said for key in one.candidates))
    return [one.found for one in reading.read(desk, about, raw, candidates)]


def _read_comments(path: Path) -> Iterator[Comment]:
    for number, line in enumerate(read_text_file(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as exc:
            raise RejectedError(f"{path}:{number}: this line is no JSON.") from exc
        if not isinstance(fields, dict) or not isinstance(fields.get("raw"), str) or "id" not in fields:
            raise RejectedError(f"{path}:{number}: this line needs `id` and a text `raw`.")
        yield Comment(fields["id"], str(fields.get("author", "")), fields["raw"])


def _jsonl(comment: Comment, found: Detected) -> str:
    sentence = found.sentence
    return json.dumps(
        {
            "id": comment.id,
            "kind": found.kind,
            "old": found.old,
            "new": found.new,
            "segment": sentence.key if sentence else None,
            "method": found.method,
            "sentence": sentence.text if sentence else None,
            "result": found.result,
            "english": sentence.english if sentence else None,
            "reason": found.reason,
            "candidates": list(found.candidates),
        },
        ensure_ascii=False,
    )


def _readable(comment: Comment, found: Detected) -> str:
    where = found.sentence.key if found.sentence else ", ".join(found.candidates) or "-"
    lines = [f"{comment.id}  {found.kind} ({found.method})  {where}"]
    lines += [f"    - {found.old}"] if found.old else []
    lines += [f"    + {found.new}"] if found.new else []
    return "\n".join(lines)
