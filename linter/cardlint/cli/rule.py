"""Show the manual of a rule."""

from __future__ import annotations

from difflib import get_close_matches

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.errors import UsageError


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from cardlint.rule import registry

    return [id_ for id_ in registry() if id_.startswith(incomplete)]


@click.command("rule", epilog="Example: cardlint rule license/text-missing")
@click.argument("rule", metavar="ID", shell_complete=_complete)
@options.output("text", "json")
def command(rule: str, output: options.Output) -> int:
    """Show what a rule checks, why, an example, how to fix it, and its sources."""
    from cardlint.report import manual
    from cardlint.rule import canonical, registry

    known = registry()
    id_ = canonical(rule)
    if id_ not in known:
        close = get_close_matches(rule, known, n=1)
        raise UsageError(
            f"no rule is called {rule}",
            remedy=f"Did you mean {close[0]}?" if close else "`cardlint rules` lists them all.",
        )
    if output.format == "json":
        output.emit(manual.as_json([known[id_]]))
    else:
        output.emit(manual.page(known[id_], output.style()))
    return cli.OK
