"""`paperbot adopt`: what a post published before the bot existed would become. Stores nothing yet."""

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", help="The topic's title, which tells the week; default: looked for in the text.")
@click.option("--dry-run", is_flag=True, help="Show the mapping; nothing is stored.")
def adopt(file: Path, title: str | None, dry_run: bool) -> None:
    """Read a published post (weekly, daily or talk) and show what of it is which passage.

    What has no place in the form is kept as it is, and listed.
    """
    from bot.cli.status import print_table
    from bot.cli.text import read_text_file
    from bot.forum.adopt import HEADS, mapping
    from bot.forum.published import read_post, rendered

    if not dry_run:
        raise click.UsageError("Storing adopted posts is not possible yet; add --dry-run to see the mapping.")
    raw = read_text_file(file)
    post = read_post(raw, title=title)
    click.echo(f"series: {post.series or 'none of the known forms'}")
    click.echo(f"period: {post.period or 'not told (give the topic title with --title)'}")
    click.echo(f"title:  {post.title or '-'}\n")
    print_table([list(HEADS), *(list(row) for row in mapping(post))], right={0, 2, 3})
    links = sum(len(item.links) for item in post.items)
    click.echo(f"\n{len(post.items)} items, {links} links.")
    if post.unmapped:
        click.echo(f"{len(post.unmapped)} lines have no place in the form and stay as they are:")
        for line in post.unmapped:
            click.echo(f"  | {line}")
    equal = rendered(post).encode() == raw.encode()
    click.echo(f"Rendered again: {'equal to the file, byte for byte' if equal else 'NOT equal to the file'}.")
