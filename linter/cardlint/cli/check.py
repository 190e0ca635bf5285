"""Check one or more model repositories."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardlint import cli
from cardlint.cli import _check_options as groups
from cardlint.cli import _cost, _hub, options
from cardlint.errors import UsageError

if TYPE_CHECKING:
    from cardlint.checker import Checker
    from cardlint.findings import Report, TargetReport


@click.command("check", epilog="Example: cardlint check . --profile strict -o sarif:cardlint.sarif")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--files-from",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE|-",
    help="Read more targets from a file or stdin, one a line.",
)
@options.sources(candidates=True, online=True)
@groups.chosen()
@groups.aside()
@groups.fixing()
@_hub.telling()
@groups.results()
@_cost.option()
def command(
    targets: tuple[str, ...],
    files_from: str | None,
    sources: options.Sources,
    chosen: groups.Chosen,
    aside: groups.Aside,
    fixing: groups.Fixing,
    telling: _hub.Telling,
    results: groups.Results,
    verbose: bool,
) -> int:
    """Check model repositories.

    TARGET is a folder, a README.md, org/name, org/name@revision or hf://org/name@revision; by
    default the current folder.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage, settings or internal error,
    3 a target could not be checked at all, 130 interrupted.
    """
    from cardlint.cli._checking import checker

    everything = [*targets, *_listed(files_from)] if targets or files_from else ["."]
    if not everything:
        raise UsageError(f"{files_from} names no target", remedy="Write one on each line.")
    outputs = results.files()
    run = checker(everything[0], sources, chosen, aside)
    _cost.watch(run.resolver, verbose=verbose)
    checked = list(_each(run, everything, results))
    if fixing.wanted:
        from cardlint.cli._fixing import mend

        checked = mend(run, checked, fixing)
    report = run.report(checked)
    if aside.write_baseline or aside.prune_baseline:
        from cardlint.cli._baselines import write

        write(run, report, aside)
    _hub.tell(run, report, telling)
    for note in run.notes:
        click.echo(f"cardlint: {note}", err=True)
    _tell(report, results, outputs, stdout=results.to_stdout and not fixing.diff)
    code = exit_code(report, failing=run.failing)
    return cli.OK if results.exit_zero and code == cli.FINDINGS else code


def _listed(files_from: str | None) -> list[str]:
    """The targets of ``--files-from``; empty lines are left out."""
    if files_from is None:
        return []
    try:
        if files_from == "-":
            text = sys.stdin.read()
        else:
            text = Path(files_from).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{files_from} cannot be read: {error}", remedy="Name a text file, one target a line."
        ) from error
    return [line.strip() for line in text.replace("\0", "\n").splitlines() if line.strip()]


def _each(run: Checker, targets: Sequence[str], results: groups.Results) -> Iterator[TargetReport]:
    """Check one after the other, counting on stderr when a person is watching."""
    from cardlint.cli._terminal import progress_wanted

    shown = results.progress and len(targets) > 1 and progress_wanted(results.format)
    for number, target in enumerate(targets, 1):
        if shown:
            click.echo(f"\r\x1b[K{number}/{len(targets)} {target[:60]}", err=True, nl=False)
        yield run.check(target)
    if shown:
        click.echo("\r\x1b[K", err=True, nl=False)


def _tell(
    report: Report, results: groups.Results, outputs: list[tuple[str, Path]], *, stdout: bool
) -> None:
    """Write every output; stdout comes last, so that a full disk is known by then."""
    from cardlint.report.interface import render

    for format_, path in outputs:
        options.write_file(path, render(format_, report, results.style(file=True)))
    if stdout:
        click.echo(render(results.format, report, results.style()), nl=False, color=True)


def exit_code(report: Report, *, failing: bool) -> int:
    """0, 1, 2 or 3, as documented at :func:`cardlint.cli.main`."""
    if any(f.rule == "internal/rule-crashed" for t in report.targets for f in t.findings):
        return cli.USAGE
    if failing:
        return cli.FINDINGS
    return cli.OK if all(t.checked for t in report.targets) else cli.NOTHING_CHECKED
