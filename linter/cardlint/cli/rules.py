"""List the rules."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli._check_options import Chosen
from cardlint.cli._check_options import chosen as chosen_options


@click.command("rules", epilog="Example: cardlint rules --profile strict --on")
@click.option("--on", "only_on", is_flag=True, help="Only those that would run here.")
@chosen_options()
@options.output("text", "json", "markdown")
def command(only_on: bool, chosen: Chosen, output: options.Output) -> int:
    """List the rules: id, severity, whether it runs under the settings in force, summary.

    As Markdown, this is rules/README.md.
    """
    from pathlib import Path

    from cardlint.cli._checking import checker
    from cardlint.report import manual, rule_index
    from cardlint.rule import registry

    run = checker(str(Path()), options.Sources(), chosen)
    on = {rule.id for rule in run.selection(run.settings(str(Path()))).rules}
    listed = [cls for id_, cls in registry().items() if id_ in on or not only_on]
    if output.format == "json":
        output.emit(manual.as_json(listed, on))
    elif output.format == "markdown":
        output.emit(rule_index.page(listed))
    else:
        output.emit(manual.table(listed, on, output.style()))
    return cli.OK
