"""Rules explained: one text, the class docstring, for the command line, the index and JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cardlint.report import paint
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span

if TYPE_CHECKING:
    from cardlint.rule import Rule

SCHEMA = "cardlint/rules/1"


def as_data(rule: type[Rule]) -> dict[str, Any]:
    """All there is to say about a rule."""
    return {
        "id": rule.id,
        "summary": rule.summary(),
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "status": rule.status.value,
        "since": rule.since,
        "aliases": list(rule.aliases),
        "profiles": sorted(rule.profiles),
        "needs": sorted(fact.value for fact in rule.needs),
        "frameworks": list(rule.frameworks),
        "options": dict(rule.options),
        "manual": rule.manual(),
    }


def as_json(rules: Iterable[type[Rule]], on: Collection[str] | None = None) -> str:
    """The rules as JSON, ``on`` saying which would run."""
    rows = [{**as_data(rule), **({} if on is None else {"on": rule.id in on})} for rule in rules]
    return json.dumps({"schema": SCHEMA, "rules": rows}, indent=2, ensure_ascii=False) + "\n"


def page(rule: type[Rule], style: Style) -> str:
    """The manual of one rule for a reader at a terminal."""
    facts = ", ".join(sorted(fact.value for fact in rule.needs)) or "nothing"
    lines = [
        Line(Span(rule.id, "bold")),
        Line(
            Span(rule.severity.value, rule.severity.value),
            Span(
                f" · {rule.confidence.value} · {rule.status.value} since {rule.since} · "
                f"needs {facts} · profiles {', '.join(sorted(rule.profiles)) or 'none'}",
                "dim",
            ),
        ),
    ]
    if rule.aliases:
        lines.append(Line(Span(f"once called {', '.join(rule.aliases)}", "dim")))
    if rule.frameworks:
        lines.append(Line(Span(f"serves {', '.join(rule.frameworks)}", "dim")))
    lines.append(Line())
    for text in rule.manual().splitlines():
        heading = text.startswith("#")
        lines.append(Line(Span(text.lstrip("# ") if heading else text, "bold" if heading else "")))
    if rule.options:
        lines += [Line(), Line(Span("Options", "bold"))]
        lines.append(Line(f'[rules."{rule.id}"]'))
        lines += [Line(f"{name} = {_toml(value)}") for name, value in rule.options.items()]
    return paint.render(lines, style)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def table(rules: Sequence[type[Rule]], on: Collection[str], style: Style) -> str:
    """One line a rule, by family."""
    width = max((len(r.id) for r in rules), default=0)
    lines: list[Line] = []
    for family, members in groupby(rules, key=lambda r: r.id.partition("/")[0]):
        lines.append(Line(Span(family, "bold")))
        for rule in members:
            state = "" if rule.status == "stable" else f" [{rule.status.value}]"
            lines.append(
                Line(
                    Span("● " if rule.id in on else "○ ", "good" if rule.id in on else "dim"),
                    f"{rule.id:<{width}}  ",
                    Span(f"{rule.severity.value:<7}", rule.severity.value),
                    f"  {rule.summary()}{state}",
                    indent=2,
                    hang=width + 13,
                )
            )
    running = sum(r.id in on for r in rules)
    lines += [Line(), Line(f"{running} on (●) of {len(rules)}")]
    return paint.render(lines, style)
