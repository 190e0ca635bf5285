"""``--format github``: workflow commands, which GitHub shows beside the lines of a pull request.

Source: GitHub documentation, "Workflow commands for GitHub Actions". GitHub shows ten annotations
of a kind for each step, so errors come first.
"""

from __future__ import annotations

from cardlint.findings import Finding, Report, Severity, TargetReport
from cardlint.report import gaps
from cardlint.report.escape import host_path, visible
from cardlint.report.interface import Style
from cardlint.report.summary import sentence

COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, style: Style) -> str:
    """A command for each finding and each reason why something was not checked; then the counts."""
    del style  # commands look the same everywhere
    found = [(f, t) for t in report.targets for f in t.findings]
    found.sort(key=lambda row: row[0].severity.rank)
    lines = [_command(finding, target) for finding, target in found]
    for gap in gaps.gather(report.targets):
        message = f"{gap.where}: not checked: {gap.what}, because {gap.why}"
        lines.append(f"::notice title=not checked::{_data(message)}")
    lines.append("cardlint: " + "".join(span.text for span in sentence(report)))
    return "\n".join(lines) + "\n"


def _command(finding: Finding, target: TargetReport) -> str:
    at = finding.location
    where = [f"file={_property(host_path(target, at.path))}", f"line={at.line}"]
    if at.end_line in {None, at.line}:  # with columns, GitHub refuses a range over several lines
        where.append(f"col={at.column}")
        if at.end_column is not None:
            where.append(f"endColumn={at.end_column}")
    else:
        where.append(f"endLine={at.end_line}")
    where.append(f"title={_property(f'{finding.rule} ({finding.confidence.value})')}")
    text = _data(f"{finding.message}\n→ {finding.next_step}")
    return f"::{COMMAND[finding.severity]} {','.join(where)}::{text}"


def _data(text: str) -> str:
    shown = "\n".join(visible(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
