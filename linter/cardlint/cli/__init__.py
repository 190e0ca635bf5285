"""The command line: one file for each command, imported when it is called for."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from cardlint.errors import CardlintError

OK, FINDINGS, USAGE, NOTHING_CHECKED, INTERRUPTED = 0, 1, 2, 3, 130


class Commands(click.Group):
    """Finds a command in the module of its name, so that ``--help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The modules beside this one."""
        here = Path(__file__).parent
        return sorted(
            p.stem.replace("_", "-") for p in here.glob("[a-z]*.py") if p.stem != "options"
        )

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import ``cardlint.cli.NAME`` and take its ``command``."""
        if name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"cardlint.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands with the first line of each module's docstring, without importing it."""
        import ast

        rows = []
        for name in self.list_commands(ctx):
            file = Path(__file__).parent / f"{name.replace('-', '_')}.py"
            doc = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
            rows.append((name, doc.partition("\n")[0]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cardlint", prog_name="cardlint")
def cardlint() -> None:
    """Check model repositories: card, license, lineage, history and weights, read together."""


def main(args: list[str] | None = None) -> Any:
    """The console script.

    Exit codes: 0 clean, 1 findings at or above ``--fail-on``, 2 usage, configuration or internal
    error, 3 nothing could be checked, 130 interrupted.
    """
    try:
        code = cardlint.main(args, prog_name="cardlint", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except CardlintError as error:
        click.echo(f"cardlint: {error.message}", err=True)
        if error.remedy:
            click.echo(f"  → {error.remedy}", err=True)
        code = USAGE
    sys.exit(code if isinstance(code, int) else OK)
