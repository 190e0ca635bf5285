"""``--report-to-hub`` and ``--as-pr``: what was found, told to the owners, on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from cardlint.checker import Checker
from cardlint.cli.options import Command, gather
from cardlint.errors import UsageError
from cardlint.findings import Report


@dataclass(frozen=True, slots=True)
class Telling:
    """What is written on the Hub."""

    report_to_hub: bool = False
    as_pr: bool = False


def telling() -> Callable[[Command], Command]:
    """Add the options that write on the Hub."""
    return gather(
        "telling",
        Telling,
        [
            click.option(
                "--report-to-hub",
                is_flag=True,
                help="Open one discussion in each repository with findings, or edit it.",
            ),
            click.option(
                "--as-pr",
                is_flag=True,
                help="With --report-to-hub: propose the safe fixes in one pull request instead.",
            ),
        ],
    )


def tell(run: Checker, report: Report, how: Telling) -> None:
    """Write to each repository, and say on stderr what was written.

    Raises:
        UsageError: the options contradict each other.
        Unavailable: the Hub does not take it.
    """
    from cardlint import hubreport

    if how.as_pr and not how.report_to_hub:
        raise UsageError("--as-pr writes on the Hub", remedy="Add --report-to-hub.")
    if not how.report_to_hub:
        return
    if run.options.offline:
        raise UsageError("--report-to-hub needs the network", remedy="Leave out --offline.")
    for target in report.targets:
        if not target.checked:
            continue
        if how.as_pr:
            done = hubreport.propose(report, target, run.resolver.target(target.target))
        else:
            done = hubreport.post(report, target)
        where = f": {done.url}" if done.url else ""
        click.echo(f"cardlint: {target.target}: {done.what}{where}", err=True)
