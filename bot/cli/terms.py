"""`paperbot terms`: the community's words, in both languages."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from bot.store.engine import Sessions
    from bot.translation.termbase import Term


@click.group()
def terms() -> None:
    """The termbase: shipped entries and your changes over them, used in prompts and checks."""


@terms.command("list")
@click.argument("words", nargs=-1)
@click.option("--changed", is_flag=True, help="Only entries that people added or changed.")
def list_(words: tuple[str, ...], changed: bool) -> None:
    """Print terms, one a line; with WORDS only those that hold one of them, in either language."""
    from bot.translation import stored_terms

    with _store() as sessions, sessions() as session:
        entries = stored_terms.entries(session)
    shown = 0
    for entry in entries:
        term = entry.term
        text = " ".join((term.source, *term.also, term.target, *term.accepted)).casefold()
        if (changed and entry.origin == "shipped") or (words and not any(word.casefold() in text for word in words)):
            continue
        shown += 1
        click.echo(f"{term.source}\t{term.target}\t{', '.join(term.accepted)}\t{entry.origin}")
    say(f"{shown} of {len(entries)} terms.")


@terms.command()
@click.argument("source")
@click.argument("target")
@click.option("--also", multiple=True, help="Another English word for the same thing.")
@click.option("--accepted", multiple=True, help="Other Korean that is right.")
@click.option("--avoid", multiple=True, help="Korean that is understood but not used here.")
@click.option("--wrong", multiple=True, help="Korean that means something else.")
@click.option("--unless", multiple=True, help="English words that make the wrong Korean right.")
@click.option("--kind", type=click.Choice(["term", "name", "phrase"]), default="term", show_default=True)
@click.option("--note", default="", help="Which sense is meant.")
def add(
    source: str,
    target: str,
    also: tuple[str, ...],
    accepted: tuple[str, ...],
    avoid: tuple[str, ...],
    wrong: tuple[str, ...],
    unless: tuple[str, ...],
    kind: str,
    note: str,
) -> None:
    """Add a term, or change the one of this English SOURCE; TARGET is its Korean.

    It counts from the next draft on; posts that are out are not changed by it.
    """
    from bot import clock
    from bot.translation import stored_terms
    from bot.translation.termbase import Kind, Term

    term = Term(
        source=" ".join(source.split()),
        target=" ".join(target.split()),
        also=also,
        accepted=accepted,
        avoid=avoid,
        wrong=wrong,
        unless=unless,
        kind=Kind(kind),
        note=note,
    )
    if not term.source or not term.target:
        raise click.UsageError("SOURCE and TARGET must not be empty.")
    if doubled := sorted({*term.good} & {*avoid, *wrong}):
        raise click.UsageError(f"{doubled[0]!r} cannot be both right and wrong.")
    with _store() as sessions, sessions.begin() as session:
        stored_terms.add(session, [term], origin="operator", author=getpass.getuser(), now=clock.now())
    click.echo(f"{term.source} = {term.target}")


@terms.command()
@click.argument("source")
def retire(source: str) -> None:
    """Take a term out of use, a shipped one too; `terms add` brings it back."""
    from bot import clock
    from bot.errors import RejectedError
    from bot.translation import stored_terms

    with _store() as sessions, sessions.begin() as session:
        if not stored_terms.retire(session, source, author=getpass.getuser(), now=clock.now()):
            raise RejectedError(f"There is no term {source!r}; `paperbot terms list {source}` shows what is like it.")
    click.echo(f"{source} is out of use.")


@terms.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def import_(path: Path, dry_run: bool) -> None:
    """Add or change terms from a CSV file (columns as `terms export` writes them) or a TBX file (.tbx, .xml).

    Nothing is taken from a file with a faulty line.
    """
    from bot import clock
    from bot.translation import stored_terms

    read = _read_terms(path)
    with _store() as sessions, sessions.begin() as session:
        known = {entry.term.source: entry.term for entry in stored_terms.entries(session)}
        changed = [term for term in read if known.get(term.source) != term]
        for term in changed:
            before = known.get(term.source)
            click.echo(f"{term.source}: {before.target + ' -> ' if before else ''}{term.target}")
        if not dry_run:
            stored_terms.add(session, changed, origin="import", author=getpass.getuser(), now=clock.now())
    say(f"{len(changed)} of {len(read)} terms {'would change' if dry_run else 'changed'}.")


@terms.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--format", "form", type=click.Choice(["csv", "tbx"]), help="Default: by the name, else csv.")
def export(path: Path | None, form: str | None) -> None:
    """Write the termbase in force to PATH, or to standard output."""
    from bot.translation import exchange, stored_terms

    with _store() as sessions, sessions() as session:
        written = [entry.term for entry in stored_terms.entries(session)]
    form = form or ("tbx" if path is not None and path.suffix in (".tbx", ".xml") else "csv")
    with _output(path) as file:
        (exchange.write_tbx if form == "tbx" else exchange.write_csv)(written, file)
    say(f"{len(written)} terms.")


@terms.command()
@click.argument("word")
def explain(word: str) -> None:
    """Say what the termbase knows of a WORD or sentence: Korean, what not to write and why, where it comes from."""
    from bot.errors import RejectedError
    from bot.translation import stored_terms
    from bot.translation.termbase import Termbase

    with _store() as sessions, sessions() as session:
        entries = {entry.term.source: entry for entry in stored_terms.entries(session)}
    squeezed = word.replace(" ", "")
    found = [entries[term.source] for term in Termbase(e.term for e in entries.values()).relevant([word])]
    found += [
        entry
        for entry in entries.values()
        if entry not in found and squeezed in {words.replace(" ", "") for words, _ in entry.term.renderings()}
    ]
    if not found:
        raise RejectedError(f"The termbase knows nothing of {word!r}; `paperbot terms add` teaches it.")
    for entry in found:
        term = entry.term
        click.echo(f"{term.source}{f' ({term.note})' if term.note else ''} = {term.target}")
        for title, words in (
            ("also", term.also),
            ("accepted", term.accepted),
            ("avoid (minor)", term.avoid),
            ("wrong (major)", (*term.wrong, *term.nonsense)),
            ("unless the English has", term.unless),
        ):
            if words:
                click.echo(f"  {title}: {', '.join(words)}")
        click.echo(f"  from: {entry.origin}{f', {entry.author}' if entry.author else ''}")


def _read_terms(path: Path) -> list[Term]:
    if path.suffix.lower() in (".tbx", ".xml"):
        from bot.translation.exchange import read_tbx

        with path.open("rb") as file:
            return read_tbx(file, str(path))
    from bot.errors import RejectedError
    from bot.translation import termbase

    try:
        return termbase.read_rows(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise RejectedError(f"{path} is not UTF-8 text; save it as UTF-8.") from None


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        yield file
    partial.replace(path)


@contextmanager
def _store() -> Iterator[Sessions]:
    from bot.settings import load
    from bot.store.engine import opened

    with opened(load(), say=say) as sessions:
        yield sessions
