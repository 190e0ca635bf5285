"""``--format json``: versioned, with no internal types in it (``schemas/report.json``)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cardlint.findings import Finding, Fix, NotChecked, Report, TargetReport
from cardlint.report.escape import dumps
from cardlint.report.interface import Style
from cardlint.report.summary import counts

SCHEMA = "cardlint/report/1"


def render(report: Report, style: Style) -> str:
    """The report as JSON; see ``schemas/report.json``."""
    del style  # data looks the same everywhere
    return dumps(as_data(report), indent=2)


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data, in the shape of ``schemas/report.json``."""
    from cardlint import __version__

    return {
        "schema": SCHEMA,
        "cardlint": __version__,
        "targets": [_target(t) for t in report.targets],
        "summary": counts(report),
        "stale_baseline": list(report.stale),
        **({"run": {k: dict(v) for k, v in report.run.items()}} if report.run else {}),
    }


def _target(target: TargetReport) -> dict[str, Any]:
    return {
        "target": target.target,
        "repository": target.repository,
        "revision": target.revision,
        "root": target.root,
        "settings": target.settings,
        "profile": target.profile,
        "checked": target.checked,
        "findings": [finding(f) for f in target.findings],
        "ignored": [
            {**finding(i.finding), "by": i.by.value, "reason": i.reason, "where": i.where}
            for i in target.ignored
        ],
        "not_checked": [_not_checked(n) for n in target.not_checked],
        "rules_run": list(target.rules_run),
    }


def finding(found: Finding) -> dict[str, Any]:
    """One finding as plain data."""
    at = found.location
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "confidence": found.confidence.value,
        "message": found.message,
        "next_step": found.next_step,
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "related": [asdict(r) for r in found.related],
        "evidence": dict(found.evidence),
        "fix": _fix(found.fix),
        "fingerprint": found.fingerprint,
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {"title": fix.title, "safe": fix.safe, "edits": [asdict(e) for e in fix.edits]}


def _not_checked(gap: NotChecked) -> dict[str, Any]:
    return {"what": gap.what, "why": gap.why, "remedy": gap.remedy, "rules": list(gap.rules)}
