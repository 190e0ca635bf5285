"""Compare a model's weights with possible parents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardlint import cli
from cardlint.cli import _cost, options
from cardlint.cli.options import Output, Sources
from cardlint.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardlint.source.resolve import Resolver
    from cardlint.weights.evidence import Comparison
    from cardlint.weights.sketch import Sketch


@click.command("compare", epilog="Example: cardlint compare org/merged org/base org/tuned")
@click.argument("model")
@click.argument("parents", nargs=-1, required=True, metavar="PARENT...")
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="ID",
    help="A model that should explain nothing, such as another fine-tune of the base.",
)
@click.option(
    "--evidence",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what a third party needs to recompute every figure.",
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg",
    help="Draw coefficient and consistency by layer and component.",
)
@options.sources()
@options.output("text", "json")
@_cost.option()
def command(
    model: str,
    parents: tuple[str, ...],
    controls: tuple[str, ...],
    evidence: Path | None,
    figure: Path | None,
    sources: Sources,
    output: Output,
    verbose: bool,
) -> int:
    """Compare a model's weights with possible parents.

    MODEL and PARENT are folders, org/name, org/name@revision or sketch files. Give the base too
    where a merge is suspected.
    """
    # Many small products: threads of the linear algebra library only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cardlint.weights.compare import compare

    if sources.weights == "off":
        raise UsageError("compare reads weights", remedy="Leave out --weights off.")
    resolver = sources.resolver()
    _cost.watch(resolver, verbose=verbose)
    try:
        sketches = [_open(text, resolver, sources) for text in (model, *parents, *controls)]
    except Unavailable as reason:
        return cli.not_checked(reason)
    k = 1 + len(parents)
    said = compare(sketches[0], sketches[1:k], sketches[k:])
    if sources.weights == "full":
        said = _every_element(said, (model, *parents), resolver)
    if evidence:
        from cardlint.weights.evidence_file import write

        write(evidence, said, sketches[0], sketches[1:k], sketches[k:], budget=sources.budget)
    if figure:
        from cardlint.weights.figure import svg

        options.write_file(figure, svg(said))
    if output.format == "json":
        import json

        output.emit(json.dumps(said.json() | _cost.run(resolver), indent=2) + "\n")
    else:
        from cardlint.weights.table import render

        output.emit(render(said))
    return cli.OK


def _open(text: str, resolver: Resolver, sources: Sources) -> Sketch:
    """A sketch file as it is; anything else is read."""
    path = Path(text)
    if path.is_file():
        from cardlint.weights.sketch_file import is_sketch, load

        if path.suffix == ".safetensors" or is_sketch(path):
            return load(path)
    from cardlint.weights.read import sketch

    return sketch(resolver.target(text), budget=sources.budget, name=text)


def _every_element(said: Comparison, targets: Sequence[str], resolver: Resolver) -> Comparison:
    """The same comparison with the figures of all elements; a stopped scan goes on next time."""
    from platformdirs import user_cache_path
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from cardlint.weights.confirm import confirm

    if any(Path(text).is_file() for text in targets):
        raise UsageError(
            "a sketch holds a sample only",
            remedy="Leave out --weights full, or give the models themselves.",
        )
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    model, *parents = (resolver.target(text) for text in targets)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        return confirm(
            said,
            model,
            parents,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
            state=user_cache_path("cardlint") / "scans",
        )
