"""Compose NOTICE, license copies and the attribution paragraph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Sources
from cardlint.errors import UsageError


@click.command("notice", epilog="Example: cardlint notice . --hub mirror --write")
@click.argument("model")
@click.option("--write", is_flag=True, help="Write the files into the folder MODEL.")
@options.sources(weights=False)
def command(model: str, write: bool, sources: Sources) -> int:
    """Compose what MODEL owes its base models.

    NOTICE, THIRD_PARTY_LICENSES and a paragraph of the card, from the base models' own files:
    texts are copied, never made up, and what cannot be had is listed. Your own words stay; writing
    twice changes nothing. Not legal advice.
    """
    from cardlint.licensing.notice import compose, root_of
    from cardlint.report.escape import block
    from cardlint.repository import Repository

    resolver = sources.resolver()
    declared = replace(sources.options(), weights="off")  # a notice states what is declared
    repo = Repository(resolver.target(model), resolver, declared)
    composed = compose(repo)
    root = root_of(repo)
    if write and root is None:
        raise UsageError(
            f"{model} is not a folder that can be written", remedy="Clone it, and give the folder."
        )
    for path, text in composed.files.items():
        if write and root is not None:
            options.write_file(_inside(Path(root), path), text)
            click.echo(f"wrote {path}", err=True)
        else:
            click.echo(f"==> {path}\n\n{block(text)}")
    for path in composed.unchanged:
        click.echo(f"{path} is as it should be", err=True)
    if composed.to_do:
        click.echo("Still to do:", err=True)
        for line in composed.to_do:
            click.echo(f"  - {block(line)}", err=True)
    return cli.OK


def _inside(root: Path, path: str) -> Path:
    """A file of the folder; one that is a link out of it is not written."""
    file = root / path
    if not file.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{file} leads out of the folder", remedy="Write it by hand.")
    return file
