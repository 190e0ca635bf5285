"""A comparison as text: the sentence first, then where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cardlint.weights.evidence import Comparison, Component, Interval

NUMBERS = "{:>10} {:>12} {:>9} {:>12}"


def render(c: Comparison) -> str:
    """Verdict, coefficients, relations, tables by component and layer, controls, coverage."""
    lines = [plain(c.verdict.statement), ""]
    said = [f"verdict     {c.verdict.kind}"]
    said += [f"method      {c.verdict.method}"] if c.verdict.method else []
    said += [f"arithmetic  {c.verdict.arithmetic}"] if c.verdict.arithmetic else []
    said += [f"confidence  {c.verdict.confidence}"]
    said += [f"{k:<11} {v}" for k, v in c.verdict.parameters.items() if not isinstance(v, dict)]
    if c.verdict.missing_parent:
        said.append("missing     the given parents do not close the sum")
    lines += [plain(x) for x in said]
    if c.verdict.coefficients:
        lines += ["", "coefficient  of"]
        lines += [f"{_interval(v)}  {plain(k)}" for k, v in c.verdict.coefficients.items()]
    lines += ["", "similarity         p  identical  distance  relation       parent"]
    lines += [
        f"{r.similarity:>10.4f} {r.p_text:>9} {r.identical:>10.4f} {r.distance:>9.4f}  "
        f"{r.kind:<13}  {plain(r.parent)}" + (f"  ({plain(r.note)})" if r.note else "")
        for r in c.relations
    ]
    lines += ["", f"alpha: the coefficient of {plain(c.parents[0])}"] if len(c.parents) > 1 else []
    lines += _table("component", c.components, lambda row: row.component)
    layers = [row for row in c.components if row.layer is not None]
    if layers:
        lines += _table("layer", layers, lambda row: f"{row.layer:>4}")
    if c.controls:
        lines += ["", "consistency  control (must stay low)"]
        lines += [f"{x.consistency:>11.4f}  {plain(x.name)}" for x in c.controls]
    lines += ["", _coverage(c)]
    if c.verdict.not_followed:
        lines += ["", f"tensors that do not follow the recipe: {_some(c.verdict.not_followed)}"]
    lines += [f"not checked: {plain(n.what)}: {plain(n.why)}" for n in c.not_checked[:10]]
    if len(c.not_checked) > 10:
        lines.append(f"not checked: {len(c.not_checked) - 10} more (all in --format json)")
    if c.verdict.would_change:
        lines += ["", f"What would change this: {plain(c.verdict.would_change)}"]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Without control characters: names come from files of strangers."""
    return "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in text)


def _interval(c: Interval) -> str:
    if c.high - c.low < 5e-4:
        return f"{c.value:>11.6f}"
    return f"{c.value:>11.4f} [{c.low:.4f}, {c.high:.4f}]"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(plain(n) for n in names[:6]) + more


def _table(title: str, rows: Iterable[Component], key: Callable[[Component], str]) -> list[str]:
    groups: dict[str, list[Component]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    width = max(len(plain(name)) for name in (*groups, title))
    head = NUMBERS.format("elements", "alpha", "cos_fit", "consistency")
    lines = ["", f"{title:<{width}} {head}"]
    for name, members in groups.items():
        n = sum(m.n for m in members)
        cells = [_mean([(getattr(m, f), m.n) for m in members]) for f in FIGURES]
        lines.append(f"{plain(name):<{width}} " + NUMBERS.format(f"{n:,}", *cells))
    return lines


FIGURES = ("alpha", "cos_fit", "consistency")


def _mean(pairs: Sequence[tuple[float | None, int]]) -> str:
    """The mean weighted by elements, as text."""
    told = [(value, n) for value, n in pairs if value is not None]
    total = sum(n for _, n in told)
    return f"{sum(v * n for v, n in told) / total:.4f}" if total else "–"


def _coverage(c: Comparison) -> str:
    elements = c.coverage.get("elements")
    if isinstance(elements, dict):
        read, of = elements["read"], elements["of"]
        return f"coverage: {read:,} of {of:,} elements read; {c.coverage['compared_tensors']} tensors compared"
    return "coverage: unknown"
