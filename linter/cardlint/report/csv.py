"""``--format csv``: a row for each finding, ignored finding and thing not checked."""

from __future__ import annotations

import csv
import io
from typing import Any

from cardlint.findings import Finding, Report, TargetReport
from cardlint.report.escape import visible
from cardlint.report.interface import Style

COLUMNS = (
    "kind",
    "target",
    "revision",
    "path",
    "line",
    "column",
    "severity",
    "confidence",
    "rule",
    "message",
    "next_step",
    "by",
)


def render(report: Report, style: Style) -> str:
    """RFC 4180, with a header."""
    del style  # data looks the same everywhere
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for target in report.targets:
        rows: list[list[Any]] = [_row("finding", f, target, "") for f in target.findings]
        rows += [_row("ignored", i.finding, target, i.by.value) for i in target.ignored]
        rows += [
            [
                *("not checked", target.target, target.revision, "", "", "", "", ""),
                *(gap.what, gap.why, gap.remedy or "", ""),
            ]
            for gap in target.not_checked
        ]
        writer.writerows([_cell(v) for v in row] for row in rows)
    return out.getvalue()


def _row(kind: str, f: Finding, target: TargetReport, by: str) -> list[Any]:
    at = f.location
    place = [kind, target.target, target.revision, at.path, at.line, at.column]
    return [*place, f.severity.value, f.confidence.value, f.rule, f.message, f.next_step, by]


def _cell(value: Any) -> str:
    """A cell that a spreadsheet shows and does not run (OWASP, "CSV Injection")."""
    text = visible("" if value is None else str(value))
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
