"""Keep a folder of sketches that models can be looked up in."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options


@click.group("atlas", epilog="Example: cardlint atlas add ./atlas org/base org/tuned")
def command() -> None:
    """Keep a folder of sketches that models can be looked up in.

    An atlas is laid out by architecture; it may be copied, uploaded to a Hub dataset repository and
    merged with others. `cardlint trace --atlas ATLAS` looks a model up in it.
    """


@command.command("add", epilog="Example: cardlint atlas add ./atlas org/base org/tuned")
@click.argument("atlas", metavar="ATLAS")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@options.sources()
def add(atlas: str, models: tuple[str, ...], sources: options.Sources) -> int:
    """Add models, sketch files, or all of another atlas.

    MODEL is a folder, org/name, org/name@revision, a sketch file, or another atlas.
    """
    import os

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cardlint.errors import Unavailable
    from cardlint.lineage.atlas.store import open_atlas
    from cardlint.lineage.sketching import sketches

    into = open_atlas(atlas)
    resolver = sources.resolver()
    failed = 0
    for model in models:
        try:
            for sketch in sketches(model, resolver, sources.budget):
                click.echo(into.add(sketch))
        except Unavailable as reason:
            failed += 1
            click.echo(f"{model} was not added: {reason.message}", err=True)
            if reason.remedy:
                click.echo(f"  → {reason.remedy}", err=True)
    return cli.NOTHING_CHECKED if failed == len(models) else cli.OK


@command.command("list")
@click.argument("atlas", metavar="ATLAS")
@options.output("text", "json")
def list_(atlas: str, output: options.Output) -> int:
    """List the sketches of an atlas."""
    import json

    from cardlint.lineage.atlas.store import open_atlas
    from cardlint.report.escape import json_text, visible

    rows = list(open_atlas(atlas).entries())
    if output.format == "json":
        data = [{"architecture": key, **row} for key, row in rows]
        output.emit(json_text(json.dumps(data, indent=2)) + "\n")
    else:
        output.emit(
            "".join(
                f"{key}  {visible(row['repo_id'] or row['name'])}  {(row['commit'] or '')[:7]}\n"
                for key, row in rows
            )
        )
    return cli.OK


@command.command("check")
@click.argument("atlas", metavar="ATLAS")
def check(atlas: str) -> int:
    """Check that an atlas is whole: every file, hash and fingerprint."""
    from cardlint.lineage.atlas.store import open_atlas
    from cardlint.report.escape import visible

    opened = open_atlas(atlas)
    wrong = list(opened.check())
    for sentence in wrong:
        click.echo(visible(sentence))
    count = sum(1 for _ in opened.entries()) if not wrong else None
    if count is not None:
        click.echo(f"{count:,} sketches of {len(opened.keys()):,} architectures; all whole")
    return cli.FINDINGS if wrong else cli.OK
