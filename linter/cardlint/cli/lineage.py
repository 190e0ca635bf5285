"""Show a model's family tree, declared beside evidenced."""

from __future__ import annotations

import os

import click

from cardlint import cli
from cardlint.cli import options


@click.command("lineage", epilog="Example: cardlint lineage org/model --format mermaid")
@click.argument("model", metavar="MODEL")
@options.sources(candidates=True)
@options.output("text", "json", "mermaid", "svg")
def command(model: str, sources: options.Sources, output: options.Output) -> int:
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
    found = tree(Repository(resolver.target(model), resolver, sources.options()))
    if output.format == "json":
        output.emit(json_text(json.dumps(found.json(), indent=2, ensure_ascii=False)) + "\n")
    elif output.format == "mermaid":
        output.emit(render_text.mermaid(found))
    elif output.format == "svg":
        output.emit(render_svg.svg(found))
    else:
        output.emit(render_text.text(found, output.style()))
    return cli.OK
