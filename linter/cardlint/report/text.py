"""``--format text``: what a person reads."""

from __future__ import annotations

from cardlint.findings import Report, TargetReport
from cardlint.report.interface import Style
from cardlint.report.json import summary


def render(report: Report, style: Style) -> str:
    """Findings by target, then what was not checked, then the counts."""
    del style
    lines: list[str] = []
    for target in report.targets:
        lines += _target(target)
    lines.append(_counts(report))
    return "\n".join(lines) + "\n"


def _target(target: TargetReport) -> list[str]:
    at = f"@{target.revision[:12]}" if target.revision else ""
    lines = [f"{target.target}{at}"]
    for f in target.findings:
        place = f"{f.location.path}:{f.location.line}:{f.location.column}"
        lines += [
            f"  {place}  {f.severity.value} {f.rule} ({f.confidence.value})",
            f"    {f.message}",
            f"    → {f.next_step}",
        ]
    for gap in target.not_checked:
        lines.append(f"  not checked: {gap.what}, because {gap.why}")
        if gap.remedy:
            lines.append(f"    → {gap.remedy}")
    return [*lines, ""]


def _counts(report: Report) -> str:
    n = summary(report)
    return (
        f"{n['errors']} errors, {n['warnings']} warnings, {n['infos']} notes; "
        f"{n['ignored']} ignored; {n['not_checked']} not checked"
    )
