"""Write the sampled weights of a model to one small file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sketch", epilog="Example: cardlint sketch org/model -o model.safetensors")
@click.argument("model", metavar="MODEL")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; safetensors.",
)
@click.option(
    "--hub",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder hub: DIR/org/name is a folder or a bare git repository.",
)
@click.option("--offline", is_flag=True, help="Never ask the network; say what could not be seen.")
@click.option(
    "--budget",
    type=click.IntRange(1, 1 << 20),
    default=64,
    show_default=True,
    metavar="MIB",
    help="Weights read at most, in MiB.",
)
def command(model: str, output: Path, hub: Path | None, offline: bool, budget: int) -> int:
    """Write the sampled weights of a model to one small file.

    MODEL is a folder, org/name, org/name@revision or hf://org/name@revision. The file takes the
    place of the model in `cardlint compare` and needs no network; two sketches made years apart
    hold the same positions.
    """
    from cardlint.source.resolve import Resolver
    from cardlint.weights.read import sketch
    from cardlint.weights.sketch_file import save

    with Resolver(hub=hub, offline=offline).target(model) as source:
        read = sketch(source, budget=budget << 20, name=model)
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
    return 0
