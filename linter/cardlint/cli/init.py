"""Write a card for a model folder from what its files say."""

from __future__ import annotations

from pathlib import Path

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Sources
from cardlint.errors import UsageError

CARD = "README.md"


@click.command("init", epilog="Example: cardlint init ./my-model --hub mirror -o -")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FILE|-", help="Write there instead; - is stdout.")
@click.option("--force", is_flag=True, help="Write over a README.md that is there.")
@options.sources(weights=False)
def command(folder: Path, output: str | None, force: bool, sources: Sources) -> int:
    """Write README.md for the model in FOLDER.

    From config, weight headers, adapter and merge recipe, and from what the base models' cards say.
    Nothing is made up: what is not known is left to you, and `cardlint check` finds it.
    """
    from cardlint.drafting import draft
    from cardlint.repository import Repository

    resolver = sources.resolver()
    repo = Repository(resolver.target(str(folder)), resolver, sources.options())
    if not repo.files:
        raise UsageError(f"{folder} is empty", remedy="Name the folder that holds the model.")
    made = draft(repo)
    if output == "-":
        click.echo(made.text, nl=False)
    else:
        path = Path(output) if output else folder / CARD
        if path.is_symlink():
            raise UsageError(f"{path} is a link", remedy="Name the file itself with -o.")
        if path.exists() and not force:
            raise UsageError(f"{path} is there", remedy="Give --force to write over it, or -o -.")
        options.write_file(path, made.text)
        click.echo(f"wrote {path}", err=True)
    click.echo(f"left to you: {', '.join(made.unknown)}", err=True)
    return cli.OK
