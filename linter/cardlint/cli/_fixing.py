"""``--fix``, ``--unsafe-fixes`` and ``--diff``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from cardlint.checker import Checker
from cardlint.cli._check_options import Fixing
from cardlint.errors import UsageError
from cardlint.findings import TargetReport
from cardlint.fixing import apply, write
from cardlint.report.escape import block

MAX_PASSES = 10
"""A fix may uncover another one; two that undo each other must end."""


def mend(run: Checker, reports: Sequence[TargetReport], fixing: Fixing) -> list[TargetReport]:
    """Mend each target, and say what was done on stderr.

    Returns:
        What is left to tell of each target.
    """
    return [_mend(run, report, fixing) for report in reports]


def _mend(run: Checker, report: TargetReport, fixing: Fixing) -> TargetReport:
    if not any(f.fix for f in report.findings):
        return report
    if report.root is None:
        click.echo(f"cardlint: {report.target} is not a folder here: nothing is mended", err=True)
        return report
    root = Path(report.root)
    if fixing.diff:
        click.echo("".join(_diff(root, *_changes(root, report, fixing))), nl=False)
        return report
    for _ in range(MAX_PASSES):
        before, after = _changes(root, report, fixing)
        if before == after:
            break
        for path, text in after.items():
            if before.get(path) != text:
                _inside(root, path)
                write(root / path, text)
                click.echo(f"cardlint: mended {root / path}", err=True)
        report = run.check(report.target)
    return report


def _changes(
    root: Path, report: TargetReport, fixing: Fixing
) -> tuple[dict[str, str], dict[str, str]]:
    """What the files hold, and what they would hold."""
    paths = {e.path for f in report.findings if f.fix for e in f.fix.edits}
    before = {p: _read(root, p) for p in sorted(paths) if (root / p).exists()}
    return before, apply(before, report.findings, unsafe=fixing.unsafe_fixes)


def _read(root: Path, path: str) -> str:
    """The text with its line ends as they are."""
    _inside(root, path)
    try:
        return (root / path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{root / path} cannot be read: {error}", remedy="Mend it by hand."
        ) from error


def _inside(root: Path, path: str) -> None:
    """Refuse what leads out of the folder, by whatever link."""
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{root / path} leads out of the folder", remedy="Mend it by hand.")


def _diff(root: Path, before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for path, text in after.items():
        old = block(before.get(path, "")).splitlines(keepends=True)
        new = block(text).splitlines(keepends=True)
        named = str(root / path)
        for line in difflib.unified_diff(old, new, named if path in before else "/dev/null", named):
            yield line if line.endswith("\n") else line + "\n"
