"""The counts that end every report: what was ignored and what was not checked is always there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cardlint.findings import IgnoredBy, Report, Severity
from cardlint.report.paint import Line, Span


def counts(report: Report) -> dict[str, int]:
    """The counts as data."""
    by = Counter(i.by for t in report.targets for i in t.ignored)
    here = [t for t in report.targets if t.root is not None]  # nothing else can be written
    fixes = [f.fix for t in here for f in t.findings if f.fix]
    return {
        "targets": len(report.targets),
        "targets_checked": sum(t.checked for t in report.targets),
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "infos": report.count(Severity.INFO),
        "ignored": by[IgnoredBy.CARD] + by[IgnoredBy.SETTINGS],
        "waived": by[IgnoredBy.WAIVER],
        "baselined": by[IgnoredBy.BASELINE],
        "below_confidence": by[IgnoredBy.CONFIDENCE],
        "not_checked": sum(len(t.not_checked) for t in report.targets),
        "safe_fixes": sum(f.safe for f in fixes),
        "unsafe_fixes": sum(not f.safe for f in fixes),
        "rules_run": len({r for t in report.targets for r in t.rules_run}),
    }


def sentence(report: Report) -> list[Span]:
    """The counts as the last line of the text."""
    n = counts(report)
    told = [
        Span(_some(n["errors"], "error"), "error" if n["errors"] else ""),
        Span(", "),
        Span(_some(n["warnings"], "warning"), "warning" if n["warnings"] else ""),
        Span(", "),
        Span(_some(n["infos"], "note"), "info" if n["infos"] else ""),
    ]
    if not (n["errors"] or n["warnings"] or n["infos"]):
        told = [Span("No findings" if n["targets_checked"] else "Nothing was checked")]
    where = f" in {n['targets_checked']:,} repositories" if n["targets"] > 1 else ""
    unread = n["targets"] - n["targets_checked"]
    aside = [f"{n['ignored']:,} ignored", f"{n['waived']:,} waived"]
    aside += [f"{n['baselined']:,} in the baseline", f"{n['not_checked']:,} not checked"]
    if n["below_confidence"]:
        aside.insert(3, f"{n['below_confidence']:,} below --min-confidence")
    tail = f"; {_some(unread, 'target')} could not be read" if unread else ""
    more = ""
    if n["safe_fixes"] or n["unsafe_fixes"]:
        more = f"; --fix mends {n['safe_fixes']:,}"
        more += f", --unsafe-fixes {n['unsafe_fixes']:,} more" if n["unsafe_fixes"] else ""
    return [*told, Span(f"{where}; {', '.join(aside)}{tail}{more}")]


def statistics(report: Report) -> Iterator[Line]:
    """How often each rule spoke, the most frequent first."""
    spoken = Counter((f.rule, f.severity) for t in report.targets for f in t.findings)
    repos = Counter(
        key for t in report.targets for key in {(f.rule, f.severity) for f in t.findings}
    )
    width = max((len(rule) for rule, _ in spoken), default=0)
    for (rule, severity), number in sorted(spoken.items(), key=lambda row: (-row[1], row[0])):
        yield Line(
            f"{number:>7,}  ",
            Span(f"{severity.value:<7}", severity.value),
            f"  {rule:<{width}}",
            Span(f"  in {repos[rule, severity]:,} of {len(report.targets):,}", "dim"),
        )


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
