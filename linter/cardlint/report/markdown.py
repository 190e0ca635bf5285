"""``--format markdown``: a job summary, a comment, a discussion."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Report, Severity, TargetReport
from cardlint.report import gaps
from cardlint.report.escape import code, markdown, path_of
from cardlint.report.interface import Style
from cardlint.report.summary import sentence, statistics

MAX_FINDINGS = 500
"""More are counted, not listed: GitHub takes a summary of 1 MiB at most."""
SIGN = {Severity.ERROR: "❌ error", Severity.WARNING: "⚠️ warning", Severity.INFO: "note"}


def render(report: Report, style: Style) -> str:
    """A table for each target, what was not checked, and the counts."""
    lines = ["## cardlint", "", "**" + "".join(s.text for s in sentence(report)) + "**", ""]
    if style.statistics:
        lines += ["```text", *(str(line) for line in statistics(report)), "```", ""]
    else:
        left = MAX_FINDINGS
        for target in report.targets:
            if target.findings and left > 0:
                lines += _table(target, left)
            left -= len(target.findings)
        if left < 0:
            lines += [f"… and {-left:,} more findings.", ""]
    lines += _gaps(report)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(target: TargetReport, limit: int) -> Iterator[str]:
    revision = f" @ {code(target.revision[:12])}" if target.revision else ""
    yield f"### {code(target.target)}{revision}"
    yield ""
    yield "| | where | rule | what was found |"
    yield "|---|---|---|---|"
    for f in target.findings[:limit]:
        at = f.location
        place = code(f"{path_of(target, at.path)}:{at.line}:{at.column}").replace("|", r"\|")
        what = f"{markdown(f.message)}<br>→ {markdown(f.next_step)}"
        yield f"| {SIGN[f.severity]} | {place} | {code(f.rule)} ({f.confidence.value}) | {what} |"
    yield ""


def _gaps(report: Report) -> Iterator[str]:
    found = gaps.gather(report.targets)
    if found:
        yield "### Not checked"
        yield ""
    for gap in found:
        where = f" in {len(gap.targets):,} repositories" if len(gap.targets) > 1 else ""
        stopped = f" ({markdown(gap.stopped)})" if gap.stopped else ""
        yield f"- {markdown(gap.what)}{where}, because {markdown(gap.why)}{stopped}"
