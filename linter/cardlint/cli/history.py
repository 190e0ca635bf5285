"""Show what the card and the weight files were at each commit."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import _cost, options
from cardlint.errors import Unavailable


@click.command("history", epilog="Example: cardlint history org/model --format svg -o history.svg")
@click.argument("model", metavar="MODEL")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Also commits that change only words, or neither card nor weights.",
)
@options.sources(weights=False)
@options.output("text", "json", "svg")
@_cost.option()
def command(
    model: str, every: bool, sources: options.Sources, output: options.Output, verbose: bool
) -> int:
    """Show what the card and the weight files were at each commit.

    MODEL is a git repository, org/name or org/name@revision. Text, JSON, or a figure.
    """
    import json

    from cardlint.history import figure, table, telling
    from cardlint.history.timeline import read
    from cardlint.report.escape import json_text

    resolver = sources.resolver()
    _cost.watch(resolver, verbose=verbose)
    try:
        source = resolver.target(model)
        timeline = read(source)
    except Unavailable as reason:
        return cli.not_checked(reason)
    name = source.identity.repo_id or model
    if output.format == "json":
        data = telling.document(timeline, name) | _cost.run(resolver)
        text = json.dumps(data, indent=2, ensure_ascii=False)
        output.emit(json_text(text) + "\n")
    elif output.format == "svg":
        output.emit(figure.svg(timeline, name))
    else:
        output.emit(table.text(timeline, name, output.style(), every=every))
    return cli.OK
