"""Show a model's family tree, declared beside evidenced."""

from __future__ import annotations

import os

import click

from cardlint import cli
from cardlint.cli import _cost, options
from cardlint.errors import Unavailable


@click.command("lineage", epilog="Example: cardlint lineage org/model --format mermaid")
@click.argument("model", metavar="MODEL")
@options.sources(candidates=True)
@options.output("text", "json", "mermaid", "svg")
@_cost.option()
def command(model: str, sources: options.Sources, output: options.Output, verbose: bool) -> int:
    """Show a model's family tree, declared beside evidenced.

    MODEL is a folder, org/name or org/name@revision. What the weights say is added where they and
    a parent's can be read (--weights off leaves it out).
    """
    # Many small products: threads of the linear algebra library only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import json

    from cardlint.lineage import render_svg, render_text
    from cardlint.lineage.render import tree
    from cardlint.report.escape import json_text
    from cardlint.repository import Repository

    resolver = sources.resolver()
    _cost.watch(resolver, verbose=verbose)
    try:
        found = tree(Repository(resolver.target(model), resolver, sources.options()))
    except Unavailable as reason:
        return cli.not_checked(reason)
    if output.format == "json":
        data = found.json() | _cost.run(resolver)
        output.emit(json_text(json.dumps(data, indent=2, ensure_ascii=False)) + "\n")
    elif output.format == "mermaid":
        output.emit(render_text.mermaid(found))
    elif output.format == "svg":
        output.emit(render_svg.svg(found))
    else:
        output.emit(render_text.text(found, output.style()))
    return cli.OK
