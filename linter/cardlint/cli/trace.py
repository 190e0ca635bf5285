"""Find the parents of a model, also those that nobody named."""

from __future__ import annotations

import os

import click

from cardlint import cli
from cardlint.cli import _cost, options
from cardlint.errors import Unavailable, UsageError


@click.command("trace", epilog="Example: cardlint trace org/model --atlas ./atlas")
@click.argument("model", metavar="MODEL")
@click.option("--atlas", metavar="ATLAS", help="Look it up in this atlas too (folder or address).")
@options.sources(candidates=True)
@options.output("text", "json")
@_cost.option()
def command(
    model: str,
    atlas: str | None,
    sources: options.Sources,
    output: options.Output,
    verbose: bool,
) -> int:
    """Find the parents of a model, also those that nobody named.

    MODEL is a folder, org/name or org/name@revision. Candidates are what it names, the family of
    its declared bases, --candidate and --atlas.
    """
    # Many small products: threads of the linear algebra library only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import json

    from cardlint.lineage.atlas.store import open_atlas
    from cardlint.lineage.trace import trace
    from cardlint.lineage.trace_text import text
    from cardlint.report.escape import json_text
    from cardlint.repository import Repository

    if sources.weights == "off":
        raise UsageError("trace reads weights", remedy="Leave out --weights off.")
    resolver = sources.resolver()
    _cost.watch(resolver, verbose=verbose)
    opened = open_atlas(atlas) if atlas else None
    try:
        found = trace(Repository(resolver.target(model), resolver, sources.options()), opened)
    except Unavailable as reason:
        return cli.not_checked(reason)
    if output.format == "json":
        data = found.json() | _cost.run(resolver)
        output.emit(json_text(json.dumps(data, indent=2, ensure_ascii=False)) + "\n")
    else:
        output.emit(text(found, output.style()))
    return cli.OK
