"""Check one or more model repositories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardlint import cli
from cardlint.errors import Unavailable
from cardlint.findings import NotChecked, Report, Severity, TargetReport

if TYPE_CHECKING:
    from cardlint.repository import Options
    from cardlint.rule import Rule
    from cardlint.source.resolve import Resolver


@click.command("check")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--hub",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder hub: DIR/org/name is a folder or a bare git repository.",
)
@click.option("--offline", is_flag=True, help="Never ask the network; say what could not be seen.")
@click.option(
    "--weights",
    type=click.Choice(["auto", "off", "sample", "full"]),
    default="auto",
    show_default=True,
)
@click.option("--format", "format_", default="text", show_default=True)
@click.option("--select", multiple=True, metavar="RULE|FAMILY")
@click.option("--ignore", multiple=True, metavar="RULE|FAMILY")
@click.option(
    "--fail-on", type=click.Choice([s.value for s in Severity]), default="error", show_default=True
)
def command(
    targets: tuple[str, ...],
    hub: Path | None,
    offline: bool,
    weights: str,
    format_: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
) -> int:
    """Check model repositories.

    TARGET is a folder, a README.md, org/name, org/name@revision or hf://org/name@revision.
    """
    import importlib

    from cardlint.report.interface import Style
    from cardlint.repository import Options
    from cardlint.settings import Settings, selected
    from cardlint.source.resolve import Resolver

    rules = selected(Settings(select=select, ignore=ignore))
    resolver = Resolver(hub=hub, offline=offline)
    options = Options(weights=weights, offline=offline)
    report = Report(tuple(check_one(t, resolver, options, rules) for t in targets))
    out = importlib.import_module(f"cardlint.report.{format_}").render(report, Style())
    click.echo(out, nl=False)
    return exit_code(report, Severity(fail_on))


def check_one(target: str, resolver: Resolver, options: Options, rules: list[Rule]) -> TargetReport:
    """Check one target; that it cannot be read is a result."""
    from cardlint.engine import run
    from cardlint.repository import Repository

    try:
        source = resolver.target(target)
        repo = Repository(source, resolver, options)
        repo.files  # noqa: B018  # a repository without a file list is not there
    except Unavailable as reason:
        gap = NotChecked("repository", reason.message, reason.remedy)
        return TargetReport(target, None, None, (), (gap,), checked=False)
    return run(repo, rules, target)


def exit_code(report: Report, fail_on: Severity) -> int:
    """0, 1, 2 or 3, as documented at :func:`cardlint.cli.main`."""
    if any(f.rule.startswith("internal/") for t in report.targets for f in t.findings):
        return cli.USAGE
    if not any(t.checked for t in report.targets):
        return cli.NOTHING_CHECKED
    worst = [f.severity.rank for t in report.targets for f in t.findings]
    return cli.FINDINGS if worst and min(worst) <= fail_on.rank else cli.OK
