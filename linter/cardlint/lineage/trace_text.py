"""A trace for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.lineage.trace import Trace
from cardlint.report.escape import visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span, render

MAX_SHOWN = 12
"""Models of one kind that are listed; the rest is counted."""


def text(trace: Trace, style: Style) -> str:
    """What the weights say, what it rests on, and what was not looked at."""
    return render(list(_lines(trace)), style)


def _lines(trace: Trace) -> Iterator[Line]:
    said = trace.answer
    yield Line(Span(visible(trace.model), "bold"))
    yield Line(visible(said.statement), indent=2, hang=2)
    yield Line(f"confidence: {said.confidence}", indent=2)
    if trace.declared:
        yield Line(visible(f"declared: {', '.join(trace.declared)}"), indent=2, hang=2)
    if trace.undeclared:
        shown = visible(f"not declared: {', '.join(trace.undeclared)}")
        yield Line(Span(shown, "warning"), indent=2, hang=2)
    compared = said.comparison
    if compared:
        shares = compared.verdict.coefficients.items()
        for name, c in sorted(shares, key=lambda share: -share[1].value):
            yield Line(visible(f"{c.value:9.5f}  [{c.low:.5f}, {c.high:.5f}]  {name}"), indent=4)
        for control in compared.controls:
            result = "fails, as it must" if control.failed else "so this recipe is not the only one"
            share = f"explains {control.consistency:.0%} of the elements in the first one's place"
            yield Line(visible(f"control {control.name}: {share}; {result}"), indent=4, hang=2)
        if said.kind == "merge" and not compared.controls:
            yield Line(
                "no control: no other relative was there to try in a parent's place", indent=4
            )
    for name, others in said.same.items():
        told = f"{name} and {', '.join(others)} differ by no more than a rounding: any may be meant"
        yield Line(visible(told), indent=2, hang=2)
    for title, names in (
        ("the same weights, in whatever encoding or order", said.copies),
        ("seem made from this model", said.descendants),
    ):
        if names:
            yield Line(visible(f"{title}: {', '.join(names)}"), indent=2, hang=2)
    yield Line("")
    read = [x for x in trace.looked if x.left_out is None]
    out = [x for x in trace.looked if x.left_out is not None]
    away = dict(said.distances)
    what = f"{len(read)} model{'' if len(read) == 1 else 's'}"
    yield Line(f"Looked at {what} (before each, its distance: 0 the same, 1.4 unrelated):")
    read.sort(key=lambda x: (x.id not in said.parents, away.get(x.id, 9.0)))
    for x in read[:MAX_SHOWN]:
        distance = f"{away[x.id]:.4f}" if x.id in away else "  –   "
        yield Line(f"{distance}  ", visible(f"{x.id} ({x.why})"), indent=2, hang=8)
    if len(read) > MAX_SHOWN:
        yield Line(f"and {len(read) - MAX_SHOWN} more", indent=2)
    if out:
        yield Line(f"Not looked at: {len(out)}")
    for x in out[:MAX_SHOWN]:
        yield Line(visible(f"{x.id} ({x.why}): {x.left_out}"), indent=2, hang=2)
    if len(out) > MAX_SHOWN:
        yield Line(f"and {len(out) - MAX_SHOWN} more", indent=2)
    for gap in trace.not_checked[:MAX_SHOWN]:
        yield Line(Span("not checked: ", "warning"), visible(f"{gap.what}: {gap.why}"), hang=2)
