"""`paperbot adopt`: a post published before the bot existed becomes one that the bot tends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import say

if TYPE_CHECKING:
    from bot.forum.adopting import Adopted, Found


@click.command()
@click.argument("where", metavar="TOPIC_URL|FILE")
@click.option("--title", help="Of a file: the topic's title, which tells the week; default: looked for in the text.")
@click.option("--author", help="Of a file: who published it.")
@click.option("--dry-run", is_flag=True, help="Show the mapping; nothing is stored.")
def adopt(where: str, title: str | None, author: str | None, dry_run: bool) -> None:
    """Take over a published post (weekly, daily or talk), so that its comments and mistakes are looked after.

    What has no place in the form is kept as it is, and listed. Nothing changes on the forum.
    """
    from bot.forum import adopting
    from bot.settings import load
    from bot.store.engine import opened

    found = _find(where, title, author)
    if dry_run:
        _show(found)
        return
    adopting.checked(found)  # before a database is started for nothing
    with opened(load(), say=say) as sessions:
        _report(adopting.adopt(sessions, found))


def _find(where: str, title: str | None, author: str | None) -> Found:
    from bot.cli.text import read_text_file
    from bot.forum import adopting
    from bot.jobs import weekly
    from bot.settings import load

    if where.startswith(("http://", "https://")):
        if title or author:
            raise click.UsageError("--title and --author are for files; a topic tells its own.")
        settings = load()
        with weekly.forum_of(settings) as forum:
            return adopting.from_forum(forum, adopting.topic_id_of(where, forum.url))
    path = Path(where)
    if not path.is_file():
        raise click.UsageError(f"{where} is neither a file nor the address of a topic.")
    return adopting.Found(path.name, read_text_file(path), title, author or adopting.NOBODY)


def _show(found: Found) -> None:
    from bot.cli.status import print_table
    from bot.forum.adopt import HEADS, mapping
    from bot.forum.published import rendered

    post = found.post
    click.echo(f"series: {post.series or 'none of the known forms'}")
    click.echo(f"period: {post.period or 'not told (give the topic title with --title)'}")
    click.echo(f"title:  {post.title or '-'}")
    click.echo(f"author: {found.author}\n")
    print_table([list(HEADS), *(list(row) for row in mapping(post))], right={0, 2, 3})
    links = sum(len(item.links) for item in post.items)
    click.echo(f"\n{len(post.items)} items, {links} links.")
    _list_kept(post.unmapped)
    equal = rendered(post).encode() == found.raw.encode()
    click.echo(f"Rendered again: {'equal to the post, byte for byte' if equal else 'NOT equal to the post'}.")


def _report(done: Adopted) -> None:
    if done.attached:
        click.echo("It was adopted from a file; it has its topic now.")
        return
    if not done.new:
        click.echo("It was adopted already; nothing is stored twice.")
        return
    click.echo(f"Adopted: {done.papers} papers, {done.segments} sentences, {done.paired} of them with their English.")
    if done.without_address:
        numbers = ", ".join(map(str, done.without_address))
        click.echo(f"No address is told for {numbers}: the texts are stored with the edition, without a paper.")
    _list_kept(done.kept)


def _list_kept(lines: tuple[str, ...]) -> None:
    if lines:
        click.echo(f"{len(lines)} lines have no place in the form and stay as they are:")
        for line in lines:
            click.echo(f"  | {line}")
