"""``--format sarif``: SARIF 2.1.0 as GitHub's code scanning takes it.

Sources: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub
documentation, "SARIF support for code scanning". GitHub refuses a whole file for one result without
a physical location, so every result has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardlint.findings import (
    Confidence,
    Edit,
    Finding,
    Location,
    Report,
    RuleInfo,
    Severity,
    TargetReport,
)
from cardlint.report.escape import block, dumps, uri_of, visible
from cardlint.report.interface import Style
from cardlint.report.summary import counts

LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
PRECISION = {
    Confidence.CERTAIN: "very-high",
    Confidence.HIGH: "high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}
MAX_DESCRIPTION = 1024
"""Characters of a description that GitHub takes."""


def render(report: Report, style: Style) -> str:
    """One run with all targets."""
    del style  # data looks the same everywhere
    from cardlint import __version__

    index = {id_: n for n, id_ in enumerate(report.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "cardlint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(info) for info in report.rules.values()],
            }
        },
        "automationDetails": {"id": "cardlint/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": all(t.checked for t in report.targets),
                "toolExecutionNotifications": [
                    notice for target in report.targets for notice in _gaps(target)
                ],
            }
        ],
        "results": [_result(f, t, index) for t in report.targets for f in t.findings],
        "properties": {"summary": counts(report)},
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return dumps(log, indent=1)


def _rule(info: RuleInfo) -> dict[str, Any]:
    family, _, name = info.id.partition("/")
    text = block(info.manual)
    return {
        "id": info.id,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": info.summary},
        "fullDescription": {"text": _checks(info)[:MAX_DESCRIPTION]},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": LEVEL[info.severity]},
        "properties": {
            "tags": [family, *info.frameworks],
            "precision": PRECISION[info.confidence],
            "problem.severity": PROBLEM[info.severity],
            "since": info.since,
            "status": info.status,
        },
    }


def _checks(info: RuleInfo) -> str:
    """The manual's first section, or its first line."""
    section = info.manual.partition("## What it checks\n")[2].partition("\n## ")[0].strip()
    return " ".join(section.split()) or info.summary


def _result(found: Finding, target: TargetReport, index: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "level": LEVEL[found.severity],
        "message": {"text": f"{visible(found.message)}\n→ {visible(found.next_step)}"},
        "locations": [_location(found.location, target)],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{found.fingerprint}:1",
            "cardlint/v1": found.fingerprint,
        },
        "properties": {
            "confidence": found.confidence.value,
            "precision": PRECISION[found.confidence],
            "problem.severity": PROBLEM[found.severity],
            "target": visible(target.target),
            "revision": target.revision,
            "evidence": dict(found.evidence),
        },
    }
    if found.rule in index:
        result["ruleIndex"] = index[found.rule]
    if found.related:
        result["relatedLocations"] = [_location(at, target) for at in found.related]
    if found.fix and found.fix.safe:
        result["fixes"] = [
            {
                "description": {"text": visible(found.fix.title)},
                "artifactChanges": [_change(edit, target) for edit in found.fix.edits],
            }
        ]
    return result


def _location(at: Location, target: TargetReport) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": at.line, "startColumn": at.column}
    if at.end_line is not None:
        region["endLine"] = at.end_line
    if at.end_column is not None:
        region["endColumn"] = at.end_column
    artifact = {"uri": uri_of(target, at.path)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _change(edit: Edit, target: TargetReport) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": uri_of(target, edit.path)},
        "replacements": [
            {
                "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
                "insertedContent": {"text": edit.text},
            }
        ],
    }


def _gaps(target: TargetReport) -> list[dict[str, Any]]:
    return [
        {
            "level": "note" if target.checked else "error",
            "descriptor": {"id": "not-checked"},
            "message": {
                "text": f"{visible(target.target)}: {visible(gap.what)} was not checked, because "
                f"{visible(gap.why)}"
            },
            "properties": {"remedy": gap.remedy, "rules": list(gap.rules)},
        }
        for gap in target.not_checked
    ]
