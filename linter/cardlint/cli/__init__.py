"""The command line: one file for each command, imported when it is called for."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from cardlint.errors import CardlintError, Unavailable

OK, FINDINGS, USAGE, NOTHING_CHECKED, INTERRUPTED = 0, 1, 2, 3, 130
NO_COMMANDS = {"options"}
"""Modules beside this one that are shared by commands; those that begin with ``_`` are too."""


class Commands(click.Group):
    """Finds a command in the module of its name, so that ``--help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The modules beside this one."""
        here = Path(__file__).parent
        names = {p.stem for p in here.glob("[a-z]*.py")} - NO_COMMANDS
        return sorted(n.replace("_", "-") for n in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``cardlint.cli.NAME`` and take its ``command``."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"cardlint.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands with the first line of each module's docstring, without importing it."""
        rows = []
        for name in self.list_commands(ctx):
            file = Path(__file__).parent / f"{name.replace('-', '_')}.py"
            with file.open(encoding="utf-8") as lines:
                rows.append((name, lines.readline().strip().strip('"')))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from cardlint import __version__
    from cardlint.card import vocabulary
    from cardlint.rule import registry

    click.echo(
        f"cardlint {__version__}: {len(registry())} rules, "
        f"the Hub's vocabulary of {vocabulary.date()}"
    )
    ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: cardlint check org/name. `cardlint COMMAND --help` says more.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, the number of rules and the date of the vocabulary.",
)
def cardlint() -> None:
    """Check model repositories: card, license, lineage, history and weights, read together."""


def main(args: list[str] | None = None) -> Any:
    """The console script.

    Exit codes: 0 clean, 1 findings at or above ``--fail-on``, 2 usage, settings or internal
    error, 3 a target could not be checked at all, 130 interrupted. A reader that closes the pipe is content:
    that is 0, and quiet.
    """
    gc.set_threshold(100_000, 20, 100)  # a card is many small objects, and few cycles: 15 % of time
    if os.environ.get("CARDLINT_DEBUG"):
        import logging

        logging.basicConfig(level=logging.DEBUG)
    try:
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        code = OK
        _silence()
    except OSError as error:
        _silence()
        _say(f"the output cannot be written: {error.strerror}", "Make room, or name another place.")
        code = USAGE
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # Python's own exit code would be 1, which means "findings"
        if os.environ.get("CARDLINT_DEBUG"):
            raise
        _say(
            f"internal error: {type(error).__name__}: {error}",
            "Report it as a bug; CARDLINT_DEBUG=1 shows where it came from.",
        )
        code = USAGE
    sys.exit(code)


def _run(args: list[str] | None) -> int:
    try:
        code = cardlint.main(args, prog_name="cardlint", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CardlintError as error:
        _say(error.message, error.remedy)
        return USAGE
    except SystemExit as end:  # click ends so after a completion, and after a closed pipe, with 1
        closed = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        return OK if closed or not isinstance(end.code, int) else end.code
    return code if isinstance(code, int) else OK


def not_checked(reason: Unavailable) -> int:
    """Say why nothing could be looked at; returns the exit code for it."""
    from cardlint.report.escape import visible

    click.echo(f"not checked: {visible(reason.message)}", err=True)
    if reason.remedy:
        click.echo(f"  → {visible(reason.remedy)}", err=True)
    return NOTHING_CHECKED


def _say(message: str, remedy: str | None) -> None:
    from cardlint.report.escape import visible

    click.echo(f"cardlint: {visible(message)}", err=True)
    if remedy:
        click.echo(f"  → {visible(remedy)}", err=True)


def _silence() -> None:
    """Let Python close stdout without a second complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
