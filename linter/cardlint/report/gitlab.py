"""``--format gitlab``: a code quality report.

Source: GitLab documentation, "Code Quality", "Implement a custom tool". Fingerprints must be
unique within the report.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from cardlint.findings import Report, Severity, TargetReport
from cardlint.report.escape import dumps, host_path, visible
from cardlint.report.interface import Style

SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, style: Style) -> str:
    """An entry for each finding, and an ``info`` one for each thing that was not checked."""
    del style  # data looks the same everywhere
    seen: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []

    def add(
        target: TargetReport, rule: str, text: str, severity: str, path: str, line: int
    ) -> None:
        known = f"{target.target}\0{rule}\0{path}\0{text}"
        seen[known] += 1
        digest = hashlib.sha256(f"{known}\0{seen[known]}".encode("utf-8", "replace")).hexdigest()
        rows.append(
            {
                "description": visible(text),
                "check_name": rule,
                "fingerprint": digest[:32],
                "severity": severity,
                "location": {"path": host_path(target, path), "lines": {"begin": line}},
            }
        )

    for target in report.targets:
        for f in target.findings:
            text = f"{f.message} → {f.next_step}"
            add(target, f.rule, text, SEVERITY[f.severity], f.location.path, f.location.line)
        for gap in target.not_checked:
            text = f"Not checked: {gap.what}, because {gap.why}"
            add(target, "not-checked", text, "info", "README.md", 1)
    return dumps(rows, indent=1)
