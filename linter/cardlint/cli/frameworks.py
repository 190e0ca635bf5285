"""List the compliance frameworks that a report can answer."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Output


@click.command("frameworks", epilog="Example: cardlint frameworks --format json")
@options.output("text", "json")
def command(output: Output) -> int:
    """List frameworks with source, state and date."""
    import json
    from dataclasses import asdict

    from cardlint.compliance.framework import frameworks, of_profile
    from cardlint.profiles import names

    if output.format == "json":
        rows = [asdict(f) for f in frameworks().values()]
        output.emit(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return cli.OK
    carried = {name: of_profile(name) for name in names()}
    lines = []
    for framework in frameworks().values():
        sets = [name for name, ids in carried.items() if framework.id in ids]
        lines += [
            f"{framework.id}  ({framework.kind}; profiles: {', '.join(sets) or 'by name only'})",
            f"  {framework.title}",
            f"  {len(framework.clauses)} clauses; as of {framework.as_of}, {framework.verified}",
            f"  {framework.source}",
            "",
        ]
    output.emit("\n".join(lines))
    return cli.OK
