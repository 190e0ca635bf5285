"""``--format concise``: one line for each finding, for a log or a search."""

from __future__ import annotations

from cardlint.findings import Report
from cardlint.report import paint
from cardlint.report.escape import path_of, visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span
from cardlint.report.summary import sentence, statistics


def render(report: Report, style: Style) -> str:
    """``path:line:column: severity rule message``, then the counts."""
    lines: list[Line] = []
    if style.statistics:
        lines += statistics(report)
    else:
        for target in report.targets:
            for f in target.findings:
                at = f.location
                lines.append(
                    Line(
                        Span(f"{path_of(target, at.path)}:{at.line}:{at.column}: ", "place"),
                        Span(f.severity.value, f.severity.value),
                        f" {visible(f.rule)} {visible(f.message)}",
                    )
                )
            for gap in target.not_checked:
                where = visible(target.target)
                lines.append(
                    Line(f"{where}: not checked: {visible(gap.what)}, because {visible(gap.why)}")
                )
    return paint.render(
        [*lines, Line(*sentence(report))],
        Style(color=style.color, hyperlinks=style.hyperlinks),
    )
