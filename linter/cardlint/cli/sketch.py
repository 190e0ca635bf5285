"""Write the sampled weights of a model to one small file."""

from __future__ import annotations

from pathlib import Path

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Sources
from cardlint.errors import Unavailable, UsageError


@click.command("sketch", epilog="Example: cardlint sketch org/name -o name.sketch")
@click.argument("model")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write; safetensors.",
)
@options.sources()
def command(model: str, output: Path, sources: Sources) -> int:
    """Write the sampled weights of a model to one small file.

    MODEL is a folder, org/name, org/name@revision or hf://org/name@revision. The file takes the
    place of the model in `cardlint compare` and needs no network; two sketches made years apart
    hold the same positions.
    """
    if sources.weights in {"off", "full"}:
        raise UsageError(
            f"a sketch is a sample of the weights, which --weights {sources.weights} is not",
            remedy="Leave it out; a larger --budget reads more.",
        )
    from cardlint.weights.read import sketch
    from cardlint.weights.sketch_file import save

    try:
        with sources.resolver().target(model) as source:
            read = sketch(source, budget=sources.budget, name=model)
    except Unavailable as reason:
        click.echo(f"not checked: {reason.message}", err=True)
        if reason.remedy:
            click.echo(f"  → {reason.remedy}", err=True)
        return cli.NOTHING_CHECKED
    save(read, output)
    cover = read.coverage
    click.echo(
        f"{output}: {cover.tensors[0]:,} of {cover.tensors[1]:,} tensors,"
        f" {cover.elements[0]:,} of {cover.elements[1]:,} elements,"
        f" {cover.layers[0]} of {cover.layers[1]} layers",
        err=True,
    )
    for gap in read.gaps:
        click.echo(f"  not read: {gap}", err=True)
    return cli.OK
