"""``--write-baseline`` and ``--prune-baseline``."""

from __future__ import annotations

from pathlib import Path

import click

from cardlint import baseline
from cardlint.checker import Checker
from cardlint.cli._check_options import Aside
from cardlint.cli.options import write_file
from cardlint.errors import UsageError
from cardlint.findings import Report


def write(run: Checker, report: Report, aside: Aside) -> None:
    """Write what was asked for, and say so on stderr.

    Raises:
        UsageError: there is no baseline to prune, or it cannot be written.
    """
    if aside.write_baseline:
        file = aside.write_baseline
        before = baseline.read(file) if file.exists() else {}
        entries = baseline.collect(report.targets, file, before)
        write_file(file, baseline.dump(entries))
        click.echo(f"cardlint: {file}: {sum(e.count for e in entries.values())} findings", err=True)
    if aside.prune_baseline:
        files = {run.settings(t.target).baseline for t in report.targets} - {None}
        if not files:
            raise UsageError(
                "there is no baseline to prune", remedy="Name one: --baseline FILE --prune-baseline"
            )
        for named in sorted(f for f in files if f):
            _prune(named, report)


def _prune(file: Path, report: Report) -> None:
    entries = baseline.read(file)
    from dataclasses import replace

    from cardlint.findings import IgnoredBy

    # What was set aside is told again, so that it is matched against the file as it is now.
    whole = [
        replace(
            t,
            findings=(
                *t.findings,
                *(i.finding for i in t.ignored if i.by is IgnoredBy.BASELINE),
            ),
        )
        for t in report.targets
    ]
    _, stale = baseline.apply(whole, file, entries)
    write_file(file, baseline.dump(baseline.pruned(entries, stale)))
    click.echo(f"cardlint: {file}: {sum(e.count for e in stale)} findings taken out", err=True)
