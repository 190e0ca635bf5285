"""Show, shorten or empty the cache of what the Hub sent."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options


@click.group("cache", epilog="Example: cardlint cache prune --size 500MiB")
def command() -> None:
    """Show, shorten or empty the cache of what the Hub sent.

    It holds pieces of files by their content hash, which can never be out of date. It lies in the
    system's folder for caches, or where CARDLINT_CACHE_DIR says. The Hugging Face cache is another
    one, and is never touched.
    """


@command.command("info")
@options.output("text", "json")
def info(output: options.Output) -> int:
    """Show where the cache is and how large."""
    import json

    from cardlint.source.store import Store

    store = Store()
    held = store.info()
    if output.format == "json":
        row = {
            "schema": "cardlint/cache/1",
            "folder": str(held.folder),
            "pieces": held.pieces,
            "bytes": held.bytes,
            "max_bytes": store.max_bytes,
        }
        output.emit(json.dumps(row, indent=2) + "\n")
    else:
        output.emit(
            f"{held.folder}\n"
            f"{held.pieces:,} pieces, {held.bytes:,} bytes of at most {store.max_bytes:,}\n"
        )
    return cli.OK


@command.command("clear")
def clear() -> int:
    """Remove everything in the cache."""
    from cardlint.source.store import Store

    removed = Store().clear()
    click.echo(f"Removed {removed.pieces:,} pieces, {removed.bytes:,} bytes.")
    return cli.OK


@command.command("prune")
@click.option(
    "--size",
    "bytes_",
    type=options.size,
    default="1GiB",
    show_default=True,
    metavar="SIZE",
    help="Bytes that may stay.",
)
def prune(bytes_: int) -> int:
    """Remove what was used longest ago, until no more than SIZE is left."""
    from cardlint.source.store import Store

    removed = Store().prune(bytes_)
    click.echo(f"Removed {removed.pieces:,} pieces, {removed.bytes:,} bytes.")
    return cli.OK
