"""``--format junit``: a test suite for each target, a test case for each rule.

There is no standard; this is the part that Jenkins, GitLab and Azure DevOps all read. A rule that
could not look is *skipped*, with the reason; a target that could not be read is an *error*.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from cardlint.findings import Finding, Report, Severity, TargetReport
from cardlint.report.escape import path_of, visible
from cardlint.report.interface import Style


def render(report: Report, style: Style) -> str:
    """The whole document; without times, so that the same run gives the same bytes."""
    del style  # data looks the same everywhere
    top = ET.Element("testsuites", name="cardlint")
    for target in report.targets:
        _suite(top, target)
    ET.indent(top)
    text: str = ET.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(top: ET.Element, target: TargetReport) -> None:
    suite = ET.SubElement(top, "testsuite", name=visible(target.target))
    skipped: dict[str, str] = {}
    for gap in target.not_checked:
        for rule in gap.rules or (gap.what,):
            skipped[rule] = f"{gap.what}: {gap.why}"
    found: dict[str, list[Finding]] = {}
    for finding in target.findings:
        found.setdefault(finding.rule, []).append(finding)
    tests = failures = errors = 0
    for rule in sorted({*target.rules_run, *skipped, *found}):
        case = ET.SubElement(
            suite, "testcase", classname=f"cardlint.{rule.partition('/')[0]}", name=visible(rule)
        )
        tests += 1
        failures += _outcome(case, found.get(rule, []), target)
        if rule in skipped and not found.get(rule):
            if target.checked:
                ET.SubElement(case, "skipped", message=f"not checked: {visible(skipped[rule])}")
            else:
                ET.SubElement(case, "error", message=visible(skipped[rule]), type="not checked")
                errors += 1
    suite.set("tests", str(tests))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _outcome(case: ET.Element, findings: list[Finding], target: TargetReport) -> int:
    """Add what a rule found; notes are output of a test that passes."""
    told = [f for f in findings if f.severity is not Severity.INFO]
    if told:
        worst = min(told, key=lambda f: f.severity.rank)
        failure = ET.SubElement(
            case, "failure", message=visible(worst.message), type=worst.severity.value
        )
        failure.text = "\n".join(_line(f, target) for f in findings)
    elif findings:
        ET.SubElement(case, "system-out").text = "\n".join(_line(f, target) for f in findings)
    return int(bool(told))


def _line(finding: Finding, target: TargetReport) -> str:
    at = finding.location
    return (
        f"{path_of(target, at.path)}:{at.line}:{at.column}: {finding.severity.value} "
        f"({finding.confidence.value}): {visible(finding.message)} → {visible(finding.next_step)}"
    )
