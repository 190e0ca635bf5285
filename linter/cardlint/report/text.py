"""``--format text``: what a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cardlint.findings import (
    Finding,
    Ignored,
    IgnoredBy,
    Location,
    Report,
    RuleInfo,
    Severity,
    TargetReport,
)
from cardlint.report import gaps, paint
from cardlint.report.escape import absolute, path_of, visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span
from cardlint.report.summary import sentence, statistics

MAX_EVIDENCE = 300
"""Characters of one value; the JSON report has them all."""
MARK = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def render(report: Report, style: Style) -> str:
    """Findings by target, then what was not checked, then the counts."""
    lines = list(_lines(report, style))
    return paint.render(lines, style)


def _lines(report: Report, style: Style) -> Iterator[Line]:
    if style.statistics:
        yield from statistics(report)
        yield Line()
    else:
        explained = dict(report.rules) if style.explain else {}
        for target in report.targets:
            if target.findings or _ignored_of(target, style):
                yield from _target(target, style, explained)
        yield from _gaps(report.targets, style)
    for entry in report.stale:
        yield Line(f"baseline: {visible(entry)} matches nothing any more (--prune-baseline)")
    yield Line(*sentence(report))


def _target(target: TargetReport, style: Style, explained: dict[str, RuleInfo]) -> Iterator[Line]:
    """One repository; ``explained`` loses each rule once its manual was quoted."""
    at = f" @ {target.revision[:12]}" if target.revision else ""
    yield Line(Span(visible(target.target), "bold"), Span(at, "dim"))
    if style.explain and target.settings:
        told = f"settings {visible(target.settings)}, profile {visible(target.profile)}"
        yield Line(Span(told, "dim"), indent=2)
    for finding in target.findings:
        yield from _finding(finding, target)
        if style.explain:
            yield from _explanation(finding, explained.pop(finding.rule, None))
    for ignored in _ignored_of(target, style):
        yield from _ignored(ignored, target)
    yield Line()


def _ignored_of(target: TargetReport, style: Style) -> list[Ignored]:
    """What a card that is not the reader's own keeps back is always shown; the rest on request."""
    return [
        ignored
        for ignored in target.ignored
        if style.explain or (target.root is None and ignored.by is IgnoredBy.CARD)
    ]


def _finding(finding: Finding, target: TargetReport) -> Iterator[Line]:
    at = finding.location
    yield Line(
        Span(_place(target, at), "place", link=_link(finding, target)),
        Span("  "),
        Span(MARK[finding.severity], finding.severity.value),
        Span(f" {visible(finding.rule)}", "bold"),
        Span(f" ({finding.confidence.value})", "dim"),
        indent=2,
    )
    yield Line(visible(finding.message), indent=4)
    yield Line(Span("→ "), visible(finding.next_step), indent=4, hang=2)
    if finding.related:
        yield Line(Span(f"see {_places(target, finding.related)}", "dim"), indent=4, hang=4)
    if finding.fix and target.root is not None:
        how = "--fix" if finding.fix.safe else "--fix --unsafe-fixes"
        yield Line(Span(f"{how} can {_lowered(visible(finding.fix.title))}", "dim"), indent=4)


def _place(target: TargetReport, at: Location) -> str:
    """A local file as the user can open it; of a remote one, its path: the target stands above."""
    path = visible(at.path) if target.root is None else path_of(target, at.path)
    return f"{path}:{at.line}:{at.column}"


def _places(target: TargetReport, related: Sequence[Location]) -> str:
    """Several places, each file named once."""
    told: list[str] = []
    last = None
    for at in related:
        told.append(_place(target, at) if at.path != last else f"{at.line}:{at.column}")
        last = at.path
    return ", ".join(told)


def _lowered(title: str) -> str:
    """A title inside a sentence; an abbreviation such as NOTICE keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _explanation(finding: Finding, rule: RuleInfo | None) -> Iterator[Line]:
    """The figures, and at a rule's first finding why it matters and who says so."""
    for key, value in finding.evidence.items():
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(written) > MAX_EVIDENCE:
            written = f"{written[:MAX_EVIDENCE]}… (whole in --format json)"
        yield Line(Span(f"{visible(key)}: {visible(written)}", "dim"), indent=6, hang=2)
    for heading in ("Why it matters", "Sources") if rule else ():
        section = rule.manual.partition(f"## {heading}\n")[2].partition("\n## ")[0] if rule else ""
        text = " ".join(section.split()).removeprefix("- ").replace(" - ", "; ")
        yield Line(Span(f"{heading}: ", "dim"), visible(text), indent=4, hang=2)


def _ignored(ignored: Ignored, target: TargetReport) -> Iterator[Line]:
    place = _place(target, ignored.finding.location)
    by = f"by {ignored.by.value}" + (f" ({visible(ignored.where)})" if ignored.where else "")
    reason = f": {visible(ignored.reason)}" if ignored.reason else ""
    yield Line(
        Span(
            f"{place}  ignored {visible(ignored.finding.rule)} {by}{reason}",
            "dim",
        ),
        indent=2,
    )


def _link(finding: Finding, target: TargetReport) -> str | None:
    """Where a click leads: the file on this disk, or its page on the Hub at that commit."""
    from urllib.parse import quote

    at = finding.location
    if target.root is not None:
        return "file://" + quote(f"{absolute(target.root)}/{at.path}")
    if target.repository and target.revision:
        page = f"{target.repository}/blob/{target.revision}/{at.path}"
        return f"https://huggingface.co/{quote(page)}#L{at.line}"
    return None


def _gaps(targets: Sequence[TargetReport], style: Style) -> Iterator[Line]:
    found = gaps.gather(targets, every=style.explain)
    if found:
        yield Line(Span("not checked", "bold"))
    for gap in found:
        where = f" in {visible(gap.where)}" if len(targets) > 1 else ""
        yield Line(
            Span(visible(gap.what), "bold"),
            Span(f"{where}, because {visible(gap.why)}"),
            indent=2,
            hang=2,
        )
        if gap.stopped:
            yield Line(Span(f"{gap.stopped} could not say anything", "dim"), indent=4)
        if gap.remedy:
            yield Line(Span("→ "), visible(gap.remedy), indent=4, hang=2)
    if found:
        yield Line()
